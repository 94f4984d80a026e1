"""The rail: where one can go on this desk, an icon and a word each, one of them lit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QLabel, QSizePolicy, QToolButton, QVBoxLayout

from ui.languages import plain, words
from ui.theme import SMALL, TINY, icon, tokens

RAIL_PX = 92
_ICON_PX = 20
_BETWEEN_PX = 2
_GAP_PX = 4  # between icon and word, as Qt's style has it


@dataclass(frozen=True)
class Stop:
    """One place of the rail: the screen's name, its words and icon. `low` stands apart at the bottom.

    `action` is what one must be allowed for it to be there; everybody where it is empty. `help_code` says more.
    """

    screen: str
    code: str
    sign: str
    low: bool = False
    action: str = ""
    help_code: str = ""


class Rail(QFrame):
    """The rail at the left edge of an open desk."""

    stop_wanted = Signal(str)  # the screen's name
    cover_wanted = Signal()  # somebody is here, or is gone

    def __init__(self, stops: Sequence[Stop]) -> None:
        """Show these stops, top to bottom."""
        super().__init__()
        self.setObjectName("rail")
        self.setProperty("role", "rail")
        self.setMinimumWidth(RAIL_PX)  # a longer word or larger text takes what it needs
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._buttons: dict[str, _StopButton] = {}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(TINY, SMALL, TINY, SMALL)
        column.setSpacing(_BETWEEN_PX)
        for stop in (*(stop for stop in stops if not stop.low), None, *(stop for stop in stops if stop.low)):
            if stop is None:
                column.addStretch(1)
                continue
            button = _StopButton(stop)
            button.clicked.connect(lambda _=False, name=stop.screen: self.stop_wanted.emit(name))
            self._group.addButton(button)
            self._buttons[stop.screen] = button
            column.addWidget(button)
        self._someone = _StopButton(Stop("someone", "RAIL_SOMEONE", "eye-off", help_code="RAIL_SOMEONE_HELP"))
        self._someone.clicked.connect(self.cover_wanted)
        self._buttons["someone"] = self._someone
        column.addWidget(self._someone)
        self._person = _Person()
        column.addWidget(self._person)

    def show_person(self, name: str, desk_number: int) -> None:
        """Show who is signed in, at the foot, on whatever screen one is (threat-model attack 38)."""
        self._person.show_person(name, desk_number)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the icons out where the window is too low for them: the words stay."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        high = sum(button.tall() for button in self._buttons.values()) + len(self._buttons) * _BETWEEN_PX
        short = self.height() < high + self._person.sizeHint().height() + 2 * SMALL
        for button in self._buttons.values():
            button.leave_out_icon(short)
        if column := self.layout():
            edge = TINY if short else SMALL
            column.setContentsMargins(TINY, edge, TINY, edge)
            column.setSpacing(0 if short else _BETWEEN_PX)
            column.activate()  # at once: the words are not cut even for the moment until the next turn

    def show_covered(self, covered: bool) -> None:
        """Show whether what is personal is covered."""
        self._someone.setChecked(covered)

    def light(self, screen: str) -> None:
        """Show on which stop one is; a screen without a stop of its own leaves the last one lit."""
        if screen in self._buttons:
            self._buttons[screen].setChecked(True)

    def buttons(self) -> Sequence[QToolButton]:
        """Return the stops in the order of Tab."""
        return tuple(self._buttons.values())


class _StopButton(QToolButton):
    def __init__(self, stop: Stop) -> None:
        super().__init__()
        self._stop = stop
        self.setObjectName(f"rail.{stop.screen}")
        self.setProperty("role", "stop")
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setIconSize(QSize(_ICON_PX, _ICON_PX))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.toggled.connect(self._draw)
        self._say()
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Follow language and colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
        elif event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _say(self) -> None:
        self.setText(words(self._stop.code))
        self.setAccessibleName(plain(self._stop.code))
        if self._stop.help_code:
            self.setToolTip(words(self._stop.help_code))
            self.setAccessibleDescription(words(self._stop.help_code))

    def _draw(self) -> None:
        self.setIcon(icon(self._stop.sign, "accent" if self.isChecked() else "muted", side=_ICON_PX))

    def tall(self) -> int:
        """Return the height with icon and word."""
        without = self.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonTextOnly
        return self.sizeHint().height() + (_ICON_PX + _GAP_PX if without else 0)

    def leave_out_icon(self, out: bool) -> None:
        """Show the word alone, or with its icon."""
        style = Qt.ToolButtonStyle.ToolButtonTextOnly if out else Qt.ToolButtonStyle.ToolButtonTextUnderIcon
        if self.toolButtonStyle() is not style:
            self.setToolButtonStyle(style)


class _Person(QLabel):
    """Who is signed in: the name, cut where it is long and whole to a screen reader, over the desk number."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("rail.person")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "help")
        self._who = "", 0

    def show_person(self, name: str, desk_number: int) -> None:
        self._who = name, desk_number
        self._say()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def sizeHint(self) -> QSize:
        # As wide as the rail is anyway: a long name makes it no wider.
        return QSize(1, 2 * self.fontMetrics().lineSpacing() + TINY)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, metrics, line = QPainter(self), self.fontMetrics(), self.fontMetrics().lineSpacing()
        colours, centre = tokens(), Qt.AlignmentFlag.AlignCenter
        for place, (text, colour) in enumerate(
            zip(self.text().split("\n"), (colours.ink, colours.muted), strict=False)
        ):
            painter.setPen(QColor(colour))
            cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self.width())
            painter.drawText(QRect(0, place * line, self.width(), line), centre, cut)
        painter.end()

    def _say(self) -> None:
        name, number = self._who
        text = "\n".join((name, words("RAIL_DESK", n=number)))
        self.setText(text)
        self.setToolTip(text)
        self.setAccessibleName(words("TODAY_SIGNED_IN", name=name, n=number))
