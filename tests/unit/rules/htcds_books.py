"""HTCDS workbooks made in memory, and how the tests read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from desktop import catalogue
from desktop.rules.cells import Cell, CellKind, Row, Sheet, Workbook
from desktop.rules.htcds import RowReading, SheetReading, read_htcds
from desktop.rules.htcds_labels import HEADINGS
from desktop.rules.records import RecordDraft, Value

DATA = Path(__file__).parents[2] / "data"
EXPECTED = json.loads((DATA / "htcds-2.0-filled.expected.json").read_text(encoding="utf-8"))
TODAY = date.fromisoformat(EXPECTED["as_of"])


@cache
def vocabulary() -> catalogue.Catalogue:
    return catalogue.load()


def read(book: Workbook) -> SheetReading:
    known = vocabulary()
    rows = catalogue.table_rows("htcds_map")
    return read_htcds(book, lists=known.lists, forms=known.forms, map_rows=rows, today=TODAY)


def draft(row: RowReading, kind: str) -> Mapping[str, Value]:
    (found,) = [item.fields for item in row.drafts if item.kind == kind]
    return found


def drafts(row: RowReading, kind: str) -> list[RecordDraft]:
    return [item for item in row.drafts if item.kind == kind]


def text(words: str) -> Cell:
    return Cell(CellKind.TEXT, words)


def number(digits: str) -> Cell:
    return Cell(CellKind.NUMBER, digits)


def heading_rows() -> list[Row]:
    return [
        Row(1, {column: text(first) for column, (first, _) in HEADINGS.items() if first}),
        Row(2, {column: text(second) for column, (_, second) in HEADINGS.items()}),
    ]


def book(*rows: Mapping[str, Cell], date1904: bool = False) -> Workbook:
    made = [Row(at, cells) for at, cells in enumerate(rows, start=3)]
    return Workbook((Sheet("Sheet1", False, (*heading_rows(), *made), len(made) + 2, 39),), date1904)


PERSON = {"D": text("Wambui"), "H": text("Feminine"), "G": text("14/03/1998"), "X": text("Forced labour")}


def one(cells: Mapping[str, Cell] | None = None, *, date1904: bool = False) -> RowReading:
    (row,) = read(book({**PERSON, **(cells or {})}, date1904=date1904)).rows
    return row


def codes(remarks: tuple[Any, ...]) -> list[str]:
    return [remark.code for remark in remarks]
