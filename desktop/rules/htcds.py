"""The plain HTCDS 2.0 workbook read into record drafts, by column letter (data dictionary, mapping traps 8 to 13).

The workbook is recognised by its two published heading rows. Column A is its row counter and says nothing. The result
is a preview: what each row would become, and every question; nothing is stored and no two rows are ever merged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from desktop.errors import NotAccepted
from desktop.rules.cells import Sheet, Workbook
from desktop.rules.codelists import CodeList
from desktop.rules.forms import Form
from desktop.rules.htcds_labels import HEADINGS, labels_by_field, squeezed
from desktop.rules.htcds_records import drafts_of
from desktop.rules.htcds_row import Remark, RowFacts, RowReader
from desktop.rules.likeness import NamesByPhone
from desktop.rules.names import name_keys
from desktop.rules.records import RecordDraft, Value

_HEADING_ROWS = 2
F = TypeVar("F", bound=RowFacts)


class RowOutcome(StrEnum):
    """What becomes of a row: taken, taken with something to see, held until something is settled, or not taken."""

    ACCEPT = "ACCEPT"
    ACCEPT_WITH_WARNINGS = "ACCEPT_WITH_WARNINGS"
    ASK = "ASK"
    REFUSE = "REFUSE"


@dataclass(frozen=True)
class RowReading:
    """What one row says. `accepted` is keyed `Entity.field`, `refused_cells` by column letter with a code.

    `drafts` are the records the row would make, without ids; a refused row makes none. Of a list by column mapping:
    `sheet` counts the file's sheets from 1 and `lines` are the case's rows. `key` says which case of which list it is:
    by the numbers that a register or the police gave it where it is `numbered`, else by the row it stands in. Numbers
    are given twice at times, so a numbered case has an `other_key`: of the two, one is the numbers alone and one has
    what tells the person from another, which is `key` where the file itself gives the numbers twice.
    """

    row: int
    outcome: RowOutcome
    accepted: Mapping[str, Value] = field(repr=False)
    kept_as_text: Mapping[str, str] = field(repr=False)
    warnings: tuple[Remark, ...]
    asks: tuple[Remark, ...]
    refused_cells: Mapping[str, str]
    refused_row: str | None
    possible_duplicate_of_row: int | None
    drafts: tuple[RecordDraft, ...] = field(repr=False)
    sheet: int = 0
    key: tuple[str, ...] = field(default=(), repr=False)
    other_key: tuple[str, ...] = field(default=(), repr=False)
    lines: tuple[int, ...] = ()
    numbered: bool = False


@dataclass(frozen=True)
class SheetReading:
    """A whole sheet. `asks_once` are codes of what concerns the file; `blank_rows` lie between filled ones.

    Of a list by column mapping, which may have several sheets, `remarks` say what was seen beside the cases: rows that
    are none, hidden columns, notes elsewhere.
    """

    sheet_name: str = field(repr=False)
    rows: tuple[RowReading, ...]
    asks_once: tuple[str, ...]
    blank_rows: tuple[range, ...]
    remarks: tuple[Remark, ...] = ()

    def count(self, outcome: RowOutcome) -> int:
        """Return how many rows came out so."""
        return sum(row.outcome is outcome for row in self.rows)


def read_htcds(
    book: Workbook,
    *,
    lists: Mapping[str, CodeList],
    forms: Mapping[str, Form],
    map_rows: Iterable[Mapping[str, str]],
    today: date,
) -> SheetReading:
    """Read the first sheet that carries the published headings; `map_rows` are those of `htcds_map.csv`.

    Raises:
        NotAccepted: HEADINGS_UNKNOWN, no sheet carries the published headings.
    """
    sheet = next((candidate for candidate in book.sheets if has_published_headings(candidate)), None)
    if sheet is None:
        raise NotAccepted((), "HEADINGS_UNKNOWN")
    reader = RowReader(labels_by_field(map_rows), lists, forms, today, book.date1904)
    read = (reader.read(row) for row in sheet.rows if row.number > _HEADING_ROWS)
    facts = [row for row in read if row is not None]
    likenesses = _possible_duplicates(facts)
    rows = tuple(reading_of(row, drafts_of, likenesses.get(row.row)) for row in facts)
    asks_once = ["COUNTY_MISSING"] if rows else []
    if any(remark.code == "ADDRESS_COLUMNS" for row in rows for remark in row.asks):
        asks_once.append("ADDRESS_COLUMNS")
    if any(other.rows for other in book.sheets if other is not sheet):
        asks_once.append("SHEETS_NOT_READ")
    if book.letters_guessed:
        asks_once.append("LETTERS_GUESSED")
    filled = [row.row for row in rows]
    blank = tuple(range(before + 1, after) for before, after in pairwise(filled) if after > before + 1)
    return SheetReading(sheet.name, rows, tuple(asks_once), blank)


def has_published_headings(sheet: Sheet) -> bool:
    """Say whether the sheet carries the two published heading rows."""
    said: dict[int, Mapping[str, str]] = {
        row.number: {column: squeezed(cell.text) for column, cell in row.cells.items()}
        for row in sheet.rows[:_HEADING_ROWS]
    }
    return all(
        (said.get(1, {}).get(column, ""), said.get(2, {}).get(column, "")) == headings
        for column, headings in HEADINGS.items()
    )


def reading_of(facts: F, drafts: Callable[[F], tuple[RecordDraft, ...]], duplicate_of: int | None = None) -> RowReading:
    """Return what becomes of a row whose cells are read; `drafts` makes its records."""
    accepted = facts.accepted
    person = {"Person.first_name", "Person.surname", "Person.dob", "Person.age_at_registration", "Person.sex"}
    refused_row = None if person & accepted.keys() else "NO_PERSON"
    warnings = list(facts.warnings)
    if duplicate_of is not None:
        warnings.append(Remark("POSSIBLE_DUPLICATE", {"row": duplicate_of}))
    if refused_row:
        outcome = RowOutcome.REFUSE
    elif facts.asks or facts.refused_cells:
        outcome = RowOutcome.ASK
    else:
        outcome = RowOutcome.ACCEPT_WITH_WARNINGS if warnings else RowOutcome.ACCEPT
    return RowReading(
        row=facts.row,
        outcome=outcome,
        accepted={} if refused_row else accepted,
        kept_as_text={} if refused_row else facts.kept_as_text,
        warnings=tuple(warnings),
        asks=tuple(facts.asks),
        refused_cells=facts.refused_cells,
        refused_row=refused_row,
        possible_duplicate_of_row=duplicate_of,
        drafts=() if refused_row else drafts(facts),
    )


def _possible_duplicates(rows: Sequence[RowFacts]) -> dict[int, int]:
    """Return row -> earlier row with the same phone number and a near name. A phone alone is often a family's."""
    earlier: NamesByPhone[int] = NamesByPhone()
    found: dict[int, int] = {}
    for row in rows:
        phone = row.text("Person.phone")
        name = " ".join(name_keys(row.accepted.get("Person.first_name"), row.accepted.get("Person.surname")))
        like = earlier.find_and_add(phone, name, row.row) if phone is not None and name else None
        if like is not None:
            found[row.row] = like
    return found
