"""A few parts beside one another of which some are chosen, such as the sheets of a workbook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from ui.languages import plain
from ui.theme import ICON_PX, TINY, icon
from ui.widgets.flow_layout import FlowLayout

_LETTERS = str.maketrans("0123456789", "jabcdefghi")  # object names hold letters only


@dataclass(frozen=True)
class Part:
    """One part: its words in the language in force, whether it is chosen, and whether it can be."""

    say: Callable[[], str]
    chosen: bool
    usable: bool = True


class SomeOf(QWidget):
    """One button a part, each down or up. A screen reader says the words of `label_code` before each."""

    pressed = Signal(int)  # by the person: the place of the part

    def __init__(self, name: str, label_code: str, help_code: str, parts: Sequence[Part]) -> None:
        """Be the choice `name`."""
        super().__init__()
        self.setObjectName(name)
        self._codes, self._parts = (label_code, help_code), parts
        self.buttons = [QPushButton() for _ in parts]
        flow = FlowLayout(TINY)
        for place, (part, button) in enumerate(zip(parts, self.buttons, strict=True)):
            button.setObjectName(f"{name}.{str(place + 1).translate(_LETTERS)}")
            button.setProperty("role", "choice")
            button.setCheckable(True)
            button.setChecked(part.chosen)
            button.setEnabled(part.usable)
            button.setAutoDefault(False)
            button.setIconSize(QSize(ICON_PX + TINY, ICON_PX))
            button.toggled.connect(self._draw)
            button.clicked.connect(lambda _=False, place=place: self.pressed.emit(place))
            flow.addWidget(button)
        self.setLayout(flow)
        self._say()
        self._draw()

    def chosen(self) -> frozenset[int]:
        """Return the places of the parts that are chosen."""
        return frozenset(place for place, button in enumerate(self.buttons) if button.isChecked())

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language and the colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
        elif event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _say(self) -> None:
        label, more = map(plain, self._codes)
        for part, button in zip(self._parts, self.buttons, strict=True):
            said = part.say()
            button.setText(said.replace("&", "&&"))
            button.setAccessibleName(f"{label}: {said}")
            button.setAccessibleDescription(more)
            button.setToolTip(more)

    def _draw(self) -> None:
        for button in self.buttons:
            down = button.isChecked()  # a sign says so without colour
            colour = "accent" if down else "muted"
            button.setIcon(icon("circle-check" if down else "circle", colour, gap_px=TINY))
