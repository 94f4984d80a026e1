"""Where one types what one looks for, over the list that follows each key."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent

from ui.veil import personal
from ui.widgets.clipboard import Line


class SearchField(Line):
    """A line of text that Down leaves for the list below; Enter is `returnPressed` as ever."""

    down_pressed = Signal()

    def __init__(self, name: str, *, of_people: bool = False) -> None:
        """Be the field `name`; where it looks for people the veil covers what was typed."""
        super().__init__()
        self.setObjectName(name)
        if of_people:
            personal(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on to what was found with Down."""
        if event.key() == Qt.Key.Key_Down:
            self.down_pressed.emit()
            return
        super().keyPressEvent(event)
