"""The columns this office had remembered: which lists are read without asking, and forgetting them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.clock import NAIROBI, parse_stamp
from desktop.services.lists import MappingSummary
from ui.languages import day
from ui.models.rows import Cell, Column, Row
from ui.theme import SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.row_list import RowList

_COLUMNS = (Column("COLUMNS_KEPT_NAME", 3), Column("COLUMNS_KEPT_ON", 2))

_MOST_ROWS = 5


class KeptColumns(QWidget):
    """Shown only where something is remembered. `forget_wanted` carries a MappingSummary."""

    forget_wanted = Signal(object)

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__()
        self._kept: Sequence[MappingSummary] = ()
        self._list = RowList("importWorkbook.kept", _COLUMNS, "COLUMNS_KEPT")
        self._list.setMaximumHeight((_MOST_ROWS + 1) * self._list.row_px())
        self._forget = ActionButton(
            "importWorkbook.forget", "COLUMNS_FORGET", sign="x", help_code="COLUMNS_FORGET_HELP"
        )
        card = frame("sheet")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self._list)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self._forget)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(SMALL)
        whole.addWidget(Words("COLUMNS_KEPT", "strong", wraps=True))
        whole.addWidget(card)
        whole.addLayout(foot)
        whole.addStretch(1)
        self.hide()
        self._forget.clicked.connect(self._on_forget)

    def show_kept(self, known: Sequence[MappingSummary]) -> None:
        """Show the mappings kept here; those that come with the program cannot be forgotten."""
        self._kept = [item for item in known if item.id]
        self._show_rows()
        self.setVisible(bool(self._kept))

    def changeEvent(self, event: QEvent) -> None:
        """Say the days in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show_rows()

    def _show_rows(self) -> None:
        self._list.show_rows(
            [
                Row(item.id or "", (Cell(item.mapping.name, strong=True), Cell(_day(item.kept_at), colour="muted")))
                for item in self._kept
            ]
        )

    def _on_forget(self) -> None:
        found = next((item for item in self._kept if item.id == self._list.current_id()), None)
        if found is not None:
            self.forget_wanted.emit(found)


def _day(kept_at: str | None) -> str:
    return day(parse_stamp(kept_at).astimezone(NAIROBI).date().isoformat()) if kept_at else ""
