"""A workbook as plain values, as the limited child read it. Cells are named by column letter and row number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CellKind(StrEnum):
    """What a cell holds. A formula's text is never read, so it is not here."""

    TEXT = "s"
    NUMBER = "n"
    TRUTH = "b"
    DATE = "d"
    FORMULA = "f"
    ERROR = "e"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that holds something.

    `text` is the text itself, a number in digits, `true` or `false`, an ISO 8601 date, time or both, or an error's
    name such as `#REF!`; empty for a formula. `number_format` is the spreadsheet's, for numbers and dates.
    """

    kind: CellKind
    text: str = field(repr=False)
    number_format: str = "General"


@dataclass(frozen=True)
class Row:
    """One row that holds something: its number in the sheet and its cells by column letter."""

    number: int
    cells: Mapping[str, Cell] = field(repr=False)


@dataclass(frozen=True)
class Sheet:
    """One sheet. `rows` leaves out empty rows; `last_row` and `last_column` count from 1, 0 when it is empty."""

    name: str = field(repr=False)
    hidden: bool
    rows: tuple[Row, ...]
    last_row: int
    last_column: int


@dataclass(frozen=True)
class Workbook:
    """All sheets. `date1904` says that day numbers count from 1904 instead of 1900."""

    sheets: tuple[Sheet, ...]
    date1904: bool
