"""The spine beside a form: the parts of a case file from top to bottom, each with its state, one of them open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui.languages import current, words
from ui.theme import HUGE, ICON_PX, MEDIUM, RADIUS, SMALL, TINY, paint_icon, tokens
from ui.widgets.basics import Words

SPINE_PX = 220
_WRAP = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap


@dataclass(frozen=True)
class Mark:
    """How a state is shown: the code of its word, an icon and a colour."""

    code: str
    sign: str
    colour: str


@dataclass(frozen=True)
class Entry:
    """One part: its name, its titles by language, and the letter of the government's form, if it is one."""

    name: str
    titles: Mapping[str, str]
    letter: str = ""


class Spine(QFrame):
    """Arrows and first letters show another part and leave the focus here; Enter goes into it."""

    chosen = Signal(str, bool)  # the part's name; whether to go into it

    def __init__(self, name: str, entries: Sequence[Entry], mark: Mark) -> None:
        """Be `name`, with a part `name.part` for each entry, all in the state `mark` until told otherwise."""
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "spine")
        self.setFixedWidth(SPINE_PX)
        self._group = QButtonGroup(self)
        self._parts: dict[str, _Part] = {}
        inside = QWidget()
        inside.setProperty("role", "raised")
        column = QVBoxLayout(inside)
        column.setContentsMargins(SMALL, MEDIUM, SMALL, MEDIUM)
        column.setSpacing(2)
        heading = Words("CASEFILE_SPINE", "help", wraps=True)
        heading.setContentsMargins(SMALL, 0, 0, TINY)
        column.addWidget(heading)
        for entry in entries:
            part = _Part(f"{name}.{entry.name}", entry, mark)
            part.clicked.connect(lambda _=False, name=entry.name: self.chosen.emit(name, True))
            part.moved.connect(self._move)
            part.typed.connect(self._find)
            part.reached.connect(self._bring_into_view)
            self._group.addButton(part)
            self._parts[entry.name] = part
            column.addWidget(part)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 1, 0)
        whole.addWidget(self._scroll)

    def light(self, name: str) -> None:
        """Show which part is open; Tab reaches that one."""
        for other, part in self._parts.items():
            part.setChecked(other == name)
            part.setFocusPolicy(Qt.FocusPolicy.StrongFocus if other == name else Qt.FocusPolicy.ClickFocus)
        self._scroll.ensureWidgetVisible(self._parts[name])

    def show_mark(self, name: str, mark: Mark, *, there: bool = True) -> None:
        """Show the state of a part, or that the case has no such part."""
        self._parts[name].show_mark(mark)
        self._parts[name].setVisible(there)

    def take_focus(self) -> None:
        """Put the focus on the open part."""
        for part in self._parts.values():
            if part.isChecked():
                part.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _bring_into_view(self) -> None:
        reached = self.focusWidget()
        if reached is not None:
            self._scroll.ensureWidgetVisible(reached)

    def _there(self) -> list[str]:
        return [name for name, part in self._parts.items() if not part.isHidden()]

    def _move(self, steps: int) -> None:
        there = self._there()
        place = next((place for place, name in enumerate(there) if self._parts[name].isChecked()), 0)
        self._show(there[min(max(place + steps, 0), len(there) - 1)])

    def _find(self, letter: str) -> None:
        """Show the next part whose title begins with a letter, from the open one down and round."""
        there = self._there()
        place = next((place for place, name in enumerate(there) if self._parts[name].isChecked()), 0)
        for name in (*there[place + 1 :], *there[: place + 1]):
            if self._parts[name].title().casefold().startswith(letter.casefold()):
                self._show(name)
                return

    def _show(self, name: str) -> None:
        self.chosen.emit(name, False)
        self.take_focus()


class _Part(QAbstractButton):
    moved = Signal(int)
    typed = Signal(str)
    reached = Signal()

    def __init__(self, name: str, entry: Entry, mark: Mark) -> None:
        super().__init__()
        self.setObjectName(name)
        self._entry, self._mark = entry, mark
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._say()

    def title(self) -> str:
        return self._entry.titles[current()]

    def show_mark(self, mark: Mark) -> None:
        self._mark = mark
        self._say()
        self.update()

    def sizeHint(self) -> QSize:
        room = QRect(0, 0, SPINE_PX - 2 * SMALL - 1 - self._taken(), 1000)
        needed = self.fontMetrics().boundingRect(room, int(_WRAP), self.title())
        return QSize(SPINE_PX - 2 * SMALL - 1, max(needed.height(), ICON_PX) + 2 * SMALL)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, text = event.key(), event.text()
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Home: -99, Qt.Key.Key_End: 99}
        if key in steps:
            self.moved.emit(steps[Qt.Key(key)])
        elif event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier):
            event.ignore()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
        elif text.isalpha():
            self.typed.emit(text)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.reached.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.LanguageChange, QEvent.Type.FontChange}:
            self._say()
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(colours.accent), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
        lit = self.isChecked() or self.underMouse()
        painter.setBrush(QColor(colours.accent_soft if lit else colours.raised))
        painter.drawRoundedRect(box, RADIUS, RADIUS)
        top = (self.height() - ICON_PX) / 2
        paint_icon(painter, self._mark.sign, self._mark.colour, QRectF(SMALL, top, ICON_PX, ICON_PX))
        painter.setPen(QColor(colours.accent_deep if self.isChecked() else colours.ink))
        left = SMALL + ICON_PX + SMALL
        painter.drawText(QRect(left, 0, self.width() - self._taken(), self.height()), int(_WRAP), self.title())
        painter.setPen(QColor(colours.muted))
        painter.drawText(self.rect().adjusted(0, 0, -SMALL, 0), _RIGHT, self._entry.letter)
        painter.end()

    def _taken(self) -> int:
        """The width that is not the title's."""
        return SMALL + ICON_PX + SMALL + HUGE

    def _say(self) -> None:
        state = words(self._mark.code)
        form = words("CASEFILE_FORM", letter=self._entry.letter) if self._entry.letter else ""
        self.setText(self.title().replace("&", "&&"))
        self.setAccessibleName(", ".join(filter(None, (self.title(), form, state))))
        self.setToolTip(", ".join(filter(None, (form, state))))


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
