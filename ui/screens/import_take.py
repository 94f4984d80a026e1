"""What stands below a preview: the county that new cases get, and the button that takes the rows in."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox

from ui.languages import plural, words
from ui.widgets.basics import ActionButton


class StillChoice(QComboBox):
    """A choice that the wheel does not change: scrolling past a field must not alter it (field report N03)."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()


class TakeButton(ActionButton):
    """The main button says how many rows it takes in."""

    def __init__(self) -> None:
        """Take in no row yet."""
        super().__init__("importWorkbook.take", "IMPORT_TAKE", role="main", sign="download", colour="on_accent")
        self._rows = 0

    def show_count(self, rows: int) -> None:
        """Say how many; none cannot be taken in."""
        self._rows = rows
        self.setEnabled(rows > 0)
        self._count()

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._count()

    def _count(self) -> None:
        said = plural("IMPORT_TAKE", self._rows) if self._rows else words("IMPORT_TAKE")
        self.setText(said)
        self.setAccessibleName(said.replace("&", ""))
