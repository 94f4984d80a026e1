"""Foreign lists and how the tests read them: the hand-kept workbook, the CPIMS listing, and small ones made here."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from desktop import catalogue
from desktop.rules.cells import Cell, CellKind, Row, Sheet, Workbook
from desktop.rules.column_suggestions import suggest
from desktop.rules.columns import ColumnMapping, MappedColumn, parse_mapping
from desktop.rules.foreign_words import ForeignWords
from desktop.rules.htcds import RowReading, SheetReading
from desktop.rules.list_cells import CellReader
from desktop.rules.lists import read_list
from desktop.workbooks.sheets import read_table
from tests.factory import LISTING, OLD_OFFICE

OFFICE = json.loads(OLD_OFFICE.with_suffix(".expected.json").read_text(encoding="utf-8"))
COUNTS = json.loads(LISTING.with_suffix(".expected.json").read_text(encoding="utf-8"))
TODAY = date.fromisoformat(OFFICE["as_of"])


@cache
def vocabulary() -> catalogue.Catalogue:
    return catalogue.load()


@cache
def words() -> ForeignWords:
    return ForeignWords(catalogue.table_rows("foreign_words"))


def reader(*, date1904: bool = False) -> CellReader:
    return CellReader(words(), vocabulary().lists, TODAY, date1904)


def read(book: Workbook, mapping: ColumnMapping, only: Collection[int] | None = None) -> SheetReading:
    known = vocabulary()
    return read_list(
        book,
        mapping,
        words=words(),
        lists=known.lists,
        forms=known.forms,
        today=TODAY,
        report=lambda done, of: None,
        only=only,
    )


@cache
def old_office() -> Workbook:
    return read_table(OLD_OFFICE.read_bytes())


@cache
def old_office_mapping() -> ColumnMapping:
    """What is suggested, unchanged by anybody."""
    found = suggest(old_office().sheets[0], words(), vocabulary().lists)
    assert found is not None
    return found


@cache
def old_office_rows() -> Mapping[tuple[str, int], RowReading]:
    names = [sheet.name for sheet in old_office().sheets]
    return {(names[row.sheet - 1], row.row): row for row in read(old_office(), old_office_mapping()).rows}


@cache
def listing_mapping() -> ColumnMapping:
    (document,) = catalogue.built_in_mappings()
    return parse_mapping(document, vocabulary().lists)


@cache
def listing() -> SheetReading:
    return read(read_table(LISTING.read_bytes()), listing_mapping())


def text(said: str, *, struck: bool = False) -> Cell:
    return Cell(CellKind.TEXT, said, struck=struck)


def sheet_of(*rows: Sequence[str], **facts: Any) -> Sheet:
    """A sheet whose first row are headings."""
    made = [
        Row(number, {chr(ord("A") + at): text(cell) for at, cell in enumerate(row) if cell})
        for number, row in enumerate(rows, start=1)
    ]
    return Sheet(facts.pop("name", "Sheet1"), False, tuple(made), len(made), max(map(len, rows)), **facts)


def mapping_of(**targets: str) -> ColumnMapping:
    """A mapping with one heading row, the headings named like the letters of their columns: `A="Person.sex"`."""
    columns = tuple(MappedColumn(letters, f"heading {letters}", target) for letters, target in targets.items())
    return ColumnMapping("test", (1,), 2, columns, not_cases=("jumla", "total"))


def rows_of(mapping: ColumnMapping, *rows: Sequence[str], **facts: Any) -> SheetReading:
    """The reading of rows beneath the headings of `mapping_of`."""
    headings = [item.heading for item in mapping.columns]
    return read(Workbook((sheet_of(headings, *rows, **facts),), date1904=False), mapping)


def one(mapping: ColumnMapping, *cells: str, **facts: Any) -> RowReading:
    (row,) = rows_of(mapping, cells, **facts).rows
    return row
