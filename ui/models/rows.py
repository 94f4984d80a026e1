"""The one model of the desk's lists: rows of ready texts, replaced as a whole, extended page by page.

A model never asks anybody for anything: a screen reads through the lane and hands the rows over. All texts are made
once, when the rows come, so that painting and scrolling only look them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from ui.languages import words

Index = QModelIndex | QPersistentModelIndex

ID_ROLE = Qt.ItemDataRole.UserRole
MARK_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True)
class Column:
    """A column: the code of its heading, its share of the width, and whether its figures stand on the right.

    Where there is too little room the column with the highest `spare` is left out first, one with 0 never. What is
    `personal` is covered while the veil is drawn.
    """

    code: str
    share: int
    right: bool = False
    spare: int = 0
    personal: bool = False


@dataclass(frozen=True)
class Cell:
    """A text; perhaps an icon and a colour (token) that go with it, never one without the word; perhaps bold."""

    text: str = field(repr=False)
    sign: str = ""
    colour: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Row:
    """A line of a list: the id of what it stands for, one cell for each column, and how a screen reader says it."""

    row_id: str
    cells: tuple[Cell, ...] = field(repr=False)


class RowsModel(QAbstractTableModel):
    """Rows under fixed columns."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """Have these columns and no row yet."""
        super().__init__()
        self._columns = tuple(columns)
        self._rows: list[Row] = []

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns."""
        return self._columns

    def rows(self) -> Sequence[Row]:
        """Return the rows."""
        return self._rows

    def replace(self, rows: Sequence[Row]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._rows = list(rows)
        self.endResetModel()

    def extend(self, rows: Sequence[Row]) -> None:
        """Show more rows below."""
        if rows:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(rows) - 1)
            self._rows.extend(rows)
            self.endInsertRows()

    def row_of(self, row_id: str) -> int:
        """Return where a row stands, or -1."""
        return next((place for place, row in enumerate(self._rows) if row.row_id == row_id), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own signature
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  Qt's own signature
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a cell's text, alignment, or the id of its row."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.cells[index.column()].text
        if role == ID_ROLE:
            return row.row_id
        if role == MARK_ROLE:
            return row.cells[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self._columns[index.column()].right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a heading in the language in force."""
        if orientation is Qt.Orientation.Horizontal and 0 <= section < len(self._columns):
            if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
                return words(self._columns[section].code)
            if role == Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if self._columns[section].right else Qt.AlignmentFlag.AlignLeft
                return (side | Qt.AlignmentFlag.AlignVCenter).value | Qt.TextFlag.TextWordWrap.value
        return None
