"""Where one types what one looks for, over the list that follows each key."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent

from ui.widgets.clipboard import Line


class SearchField(Line):
    """A line of text that Down leaves for the list below; Enter is `returnPressed` as ever."""

    down_pressed = Signal()

    def __init__(self, name: str) -> None:
        """Be the field `name`."""
        super().__init__()
        self.setObjectName(name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on to what was found with Down."""
        if event.key() == Qt.Key.Key_Down:
            self.down_pressed.emit()
            return
        super().keyPressEvent(event)
