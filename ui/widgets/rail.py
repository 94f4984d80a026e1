"""The rail: where one can go on this desk, an icon and a word each, one of them lit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QVBoxLayout

from ui.languages import plain, words
from ui.theme import SMALL, TINY, icon

RAIL_PX = 92
_ICON_PX = 20


@dataclass(frozen=True)
class Stop:
    """One place of the rail: the screen's name, its words and icon. `low` stands apart at the bottom."""

    screen: str
    code: str
    sign: str
    low: bool = False


class Rail(QFrame):
    """The rail at the left edge of an open desk."""

    stop_wanted = Signal(str)  # the screen's name

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
        column.setSpacing(2)
        for stop in (*(stop for stop in stops if not stop.low), None, *(stop for stop in stops if stop.low)):
            if stop is None:
                column.addStretch(1)
                continue
            button = _StopButton(stop)
            button.clicked.connect(lambda _=False, name=stop.screen: self.stop_wanted.emit(name))
            self._group.addButton(button)
            self._buttons[stop.screen] = button
            column.addWidget(button)

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

    def _draw(self) -> None:
        self.setIcon(icon(self._stop.sign, "accent" if self.isChecked() else "muted", side=_ICON_PX))
