"""Turns an .xlsx file into plain cells: lines of canonical JSON. Runs only in the limited child of `confinement`.

Nothing is evaluated, no link is followed, a formula's text is not even handed on. The lines are, in this order: one
`{"date1904": bool}`; for each sheet `{"sheet": {"hidden": bool, "name": text}}`, then one
`{"cells": {"AB": {"t": kind, "v": text, "fmt": format}}, "row": number}` per row that holds something, one
`{"note": {"cell": "AB7", "text": text}}` per cell note, then `{"columns": n, "rows": n}` with the last used column and
row; at the end `{"cells": count, "sheets": count}`. Kinds: s text, n number, b truth value, d date or time, f formula
(no text), e error. Numbers are sent as text. What differs from the ordinary is said beside it: `struck` in a cell,
`hidden` and `fills` in a row, `hidden` columns and `merged` ranges at a sheet's end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from math import isfinite
from typing import Any

from desktop.crypto.encoding import canonical_json
from desktop.errors import NotTrusted
from desktop.rules.cells import MAX_ROWS, column_letters
from desktop.workbooks.gate import check_archive
from desktop.workbooks.looks import Looks

MAX_SHEETS = 50
MAX_COLUMNS = 400
MAX_CELLS = 2_000_000
MAX_CELL_CHARACTERS = 32_767  # what a spreadsheet cell can hold (field report F09)
MAX_NOTES = 2_000
MAX_MERGED = 500
MAX_FILLS = 8  # different colours named for one row

_HEADINGS_WITHIN = 50  # rows from the top in which merged cells are told of
_NOTE_AT = re.compile(r"[A-Z]{1,2}[1-9][0-9]{0,6}")


def cells_of_workbook(data: bytes) -> bytes:
    """Return the cells of a workbook as lines of JSON.

    Raises:
        NotTrusted: The archive or the workbook breaks a rule or passes a cap.
    """
    check_archive(data)
    return b"".join(canonical_json(line) + b"\n" for line in _lines(data))


def _lines(data: bytes) -> Iterator[dict[str, Any]]:
    # Imported after the gate: most hostile files never reach a spreadsheet library.
    import mimetypes

    mimetypes.knownfiles.clear()  # openpyxl would read the machine's lists of types, which the child may not

    import openpyxl
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    if not openpyxl.DEFUSEDXML:
        raise NotTrusted("FILE_UNREADABLE")  # without it XML entities would be expanded
    reader = ExcelReader(BytesIO(data), read_only=True, data_only=False, keep_links=False)
    reader.read()
    book = reader.wb
    # The library passes over a sheet whose part is missing; for us a lost sheet is a damaged file.
    if len(book.sheetnames) != len(reader.parser.sheets):
        raise NotTrusted("ARCHIVE_DAMAGED")
    if len(book.sheetnames) > MAX_SHEETS:
        raise NotTrusted("WORKBOOK_TOO_MANY_SHEETS", limit=MAX_SHEETS)
    yield {"date1904": book.epoch == CALENDAR_MAC_1904}
    count = notes = 0
    looks = Looks(book)
    for number, sheet in enumerate(book.worksheets, start=1):
        yield {"sheet": {"name": bounded(sheet.title, number), "hidden": sheet.sheet_state != "visible"}}
        rows = last_row = last_column = 0
        ends: dict[str, list[str]] = {}
        for row, cells, marks in _rows(sheet, number, looks, ends):
            rows, count = rows + 1, count + len(cells)
            if rows > MAX_ROWS:
                raise NotTrusted("WORKBOOK_TOO_MANY_ROWS", limit=MAX_ROWS, sheet=number)
            if count > MAX_CELLS:
                raise NotTrusted("WORKBOOK_TOO_MANY_CELLS", limit=MAX_CELLS)
            last_row, last_column = row, max(last_column, *cells)
            yield {"row": row, "cells": {column_letters(column): cell for column, cell in cells.items()}} | marks
        for at, text in _notes(reader.archive, sheet):
            notes += 1
            if notes > MAX_NOTES:
                raise NotTrusted("WORKBOOK_TOO_MANY_NOTES", limit=MAX_NOTES)
            yield {"note": {"cell": at, "text": bounded(text, number)}}
        yield {"rows": last_row, "columns": last_column} | ends
    yield {"sheets": len(book.worksheets), "cells": count}


def _rows(
    sheet: Any, number: int, looks: Looks, ends: dict[str, list[str]]
) -> Iterator[tuple[int, dict[int, dict[str, Any]], dict[str, Any]]]:
    """Yield row number, cells by column number and marks of every row that holds something.

    What the sheet says of itself as a whole is put into `ends` once the rows are through. The library's own iteration
    believes the stated size of the sheet and drops rows and cells that come twice or out of order; its parser gives
    them as they stand, and here they are refused.
    """
    from openpyxl.cell.read_only import ReadOnlyCell
    from openpyxl.worksheet._reader import WorkSheetParser

    book = sheet.parent
    before = 0
    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source,
            sheet._shared_strings,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for row, raw_cells in parser.parse():
            if row <= before:
                raise NotTrusted("WORKBOOK_OUT_OF_ORDER", sheet=number, row=before)
            before = row
            cells: dict[int, dict[str, Any]] = {}
            fills: dict[str, None] = {}
            for raw in raw_cells:
                colour, struck = looks.of(raw["style_id"])
                if colour is not None and len(fills) < MAX_FILLS:
                    fills[colour] = None
                if raw["value"] is None and raw["data_type"] != "f":
                    continue
                column = raw["column"]
                if raw["row"] != row or column in cells:
                    raise NotTrusted("WORKBOOK_OUT_OF_ORDER", sheet=number, row=row)
                if column > MAX_COLUMNS:
                    raise NotTrusted("WORKBOOK_TOO_MANY_COLUMNS", limit=MAX_COLUMNS, sheet=number)
                cells[column] = _plain(ReadOnlyCell(sheet, **raw), number) | ({"struck": True} if struck else {})
            if cells:
                hidden = _is_true(parser.row_dimensions.get(str(row), {}).get("hidden"))
                yield row, cells, ({"hidden": True} if hidden else {}) | ({"fills": list(fills)} if fills else {})
    ends |= {"hidden": _hidden_columns(parser), "merged": _merged(parser)}


def _is_true(attribute: str | None) -> bool:
    return attribute in ("1", "true")


def _hidden_columns(parser: Any) -> list[str]:
    found: list[int] = []
    for span in parser.column_dimensions.values():
        if _is_true(span.get("hidden")):
            found += range(int(span["min"]), min(int(span["max"]), MAX_COLUMNS) + 1)
    return [column_letters(column) for column in sorted(set(found))]


def _merged(parser: Any) -> list[str]:
    ranges = parser.merged_cells.mergeCell if parser.merged_cells else ()
    near_top = (item.ref for item in ranges if item.min_row <= _HEADINGS_WITHIN and item.max_col <= MAX_COLUMNS)
    return list(near_top)[:MAX_MERGED]


def _notes(archive: Any, sheet: Any) -> Iterator[tuple[str, str]]:
    """Yield the cell and the text of every note of a sheet. They stand in a part of their own."""
    from openpyxl.packaging.relationship import get_dependents, get_rels_path
    from openpyxl.xml.constants import SHEET_MAIN_NS
    from openpyxl.xml.functions import iterparse

    relations: str = get_rels_path(sheet._worksheet_path)  # type: ignore[no-untyped-call]  # the library has no types
    present = set(archive.namelist())
    for relation in get_dependents(archive, relations) if relations in present else ():
        if not relation.Type.endswith("/comments") or relation.target not in present:
            continue
        with archive.open(relation.target) as source:
            for _, element in iterparse(source):
                if element.tag != f"{{{SHEET_MAIN_NS}}}comment":
                    continue
                at = element.get("ref", "")
                if not _NOTE_AT.fullmatch(at):
                    raise NotTrusted("ARCHIVE_DAMAGED")
                yield at, "".join(part.text or "" for part in element.iter(f"{{{SHEET_MAIN_NS}}}t"))
                element.clear()


def _plain(cell: Any, sheet: int) -> dict[str, str]:
    value, kind = cell.value, cell.data_type
    if kind == "f":
        return {"t": "f", "v": ""}
    if kind == "e":
        return {"t": "e", "v": bounded(str(value), sheet)}
    if isinstance(value, bool):
        return {"t": "b", "v": "true" if value else "false"}
    if isinstance(value, int | float | timedelta):
        amount = value / timedelta(days=1) if isinstance(value, timedelta) else value
        if isinstance(amount, float) and not isfinite(amount):
            return {"t": "e", "v": "#NUM!"}
        return {"t": "n", "v": bounded(repr(amount), sheet), "fmt": bounded(cell.number_format, sheet)}
    if isinstance(value, datetime | date | time):
        return {"t": "d", "v": value.isoformat(), "fmt": bounded(cell.number_format, sheet)}
    return {"t": "s", "v": bounded(str(value), sheet)}


def bounded(text: str, sheet: int) -> str:
    """Return a cell's text. Raises NotTrusted WORKBOOK_CELL_TOO_LONG when no spreadsheet could hold it."""
    if len(text) > MAX_CELL_CHARACTERS:
        raise NotTrusted("WORKBOOK_CELL_TOO_LONG", limit=MAX_CELL_CHARACTERS, sheet=sheet)
    return text
