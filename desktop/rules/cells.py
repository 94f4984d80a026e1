"""A workbook or table as plain values, as the limited child read it. Cells are named by column letter and row number.

Beside the values stand facts that a reader of values does not see: what is hidden, coloured, struck through, noted or
merged. They are shown to the person at the desk and never acted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MAX_ROWS = 20_000  # filled rows of one sheet


def column_letters(number: int) -> str:
    """Return the letters of a column number that counts from 1."""
    named = ""
    while number:
        number, last = divmod(number - 1, 26)
        named = chr(ord("A") + last) + named
    return named


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
    `struck`: shown struck through.
    """

    kind: CellKind
    text: str = field(repr=False)
    number_format: str = "General"
    struck: bool = False


@dataclass(frozen=True)
class Row:
    """One row that holds something: its number in the sheet and its cells by column letter.

    `fills` are the different colours behind its cells, each as six hexadecimal digits or OTHER.
    """

    number: int
    cells: Mapping[str, Cell] = field(repr=False)
    hidden: bool = False
    fills: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """One sheet. `rows` leaves out empty rows; `last_row` and `last_column` count from 1, 0 when it is empty.

    `merged` are the ranges such as `B5:C5` that begin near the top, where headings stand; `notes` are by cell.
    """

    name: str = field(repr=False)
    hidden: bool
    rows: tuple[Row, ...]
    last_row: int
    last_column: int
    hidden_columns: frozenset[str] = frozenset()
    merged: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Workbook:
    """All sheets. `date1904` says that day numbers count from 1904 instead of 1900.

    `letters_guessed`: a text file did not say which signs its bytes stand for, so some letters may be others.
    """

    sheets: tuple[Sheet, ...]
    date1904: bool
    letters_guessed: bool = False
