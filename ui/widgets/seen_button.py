"""A button at the end of a page that scrolls where the window is low."""

from __future__ import annotations

from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QScrollArea

from ui.widgets.basics import ActionButton


class SeenButton(ActionButton):
    """Whoever comes to it by keys sees it."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Be scrolled to."""
        super().focusInEvent(event)
        around = self.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if around is not None:
            around.ensureWidgetVisible(self)
