"""Turns an .xlsx file into plain cells: lines of canonical JSON. Runs only in the limited child of `confinement`.

Nothing is evaluated, no link is followed, a formula's text is not even handed on. The lines are, in this order: one
`{"date1904": bool}`; for each sheet `{"sheet": {"hidden": bool, "name": text}}`, then one
`{"cells": {"AB": {"t": kind, "v": text, "fmt": format}}, "row": number}` per row that holds something, then
`{"columns": n, "rows": n}` with the last used column and row; at the end `{"cells": count, "sheets": count}`.
Kinds: s text, n number, b truth value, d date or time, f formula (no text), e error. Numbers are sent as text.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from math import isfinite
from typing import Any

from desktop.crypto.encoding import canonical_json
from desktop.errors import NotTrusted
from desktop.workbooks.gate import check_archive

MAX_SHEETS = 50
MAX_ROWS = 20_000
MAX_COLUMNS = 400
MAX_CELLS = 2_000_000
MAX_CELL_CHARACTERS = 32_767  # what a spreadsheet cell can hold (field report F09)


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
    count = 0
    for number, sheet in enumerate(book.worksheets, start=1):
        yield {"sheet": {"name": _bounded(sheet.title, number), "hidden": sheet.sheet_state != "visible"}}
        rows = last_row = last_column = 0
        for row, cells in _rows(sheet, number):
            rows, count = rows + 1, count + len(cells)
            if rows > MAX_ROWS:
                raise NotTrusted("WORKBOOK_TOO_MANY_ROWS", limit=MAX_ROWS, sheet=number)
            if count > MAX_CELLS:
                raise NotTrusted("WORKBOOK_TOO_MANY_CELLS", limit=MAX_CELLS)
            last_row, last_column = row, max(last_column, *cells)
            yield {"row": row, "cells": {_letters(column): cell for column, cell in cells.items()}}
        yield {"rows": last_row, "columns": last_column}
    yield {"sheets": len(book.worksheets), "cells": count}


def _rows(sheet: Any, number: int) -> Iterator[tuple[int, dict[int, dict[str, str]]]]:
    """Yield row number and cells by column number of every row that holds something.

    The library's own iteration believes the stated size of the sheet and drops rows and cells that come twice or out
    of order; its parser gives them as they stand, and here they are refused.
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
            cells: dict[int, dict[str, str]] = {}
            for raw in raw_cells:
                if raw["value"] is None and raw["data_type"] != "f":
                    continue
                column = raw["column"]
                if raw["row"] != row or column in cells:
                    raise NotTrusted("WORKBOOK_OUT_OF_ORDER", sheet=number, row=row)
                if column > MAX_COLUMNS:
                    raise NotTrusted("WORKBOOK_TOO_MANY_COLUMNS", limit=MAX_COLUMNS, sheet=number)
                cells[column] = _plain(ReadOnlyCell(sheet, **raw), number)
            if cells:
                yield row, cells


def _plain(cell: Any, sheet: int) -> dict[str, str]:
    value, kind = cell.value, cell.data_type
    if kind == "f":
        return {"t": "f", "v": ""}
    if kind == "e":
        return {"t": "e", "v": _bounded(str(value), sheet)}
    if isinstance(value, bool):
        return {"t": "b", "v": "true" if value else "false"}
    if isinstance(value, int | float | timedelta):
        amount = value / timedelta(days=1) if isinstance(value, timedelta) else value
        if isinstance(amount, float) and not isfinite(amount):
            return {"t": "e", "v": "#NUM!"}
        return {"t": "n", "v": _bounded(repr(amount), sheet), "fmt": _bounded(cell.number_format, sheet)}
    if isinstance(value, datetime | date | time):
        return {"t": "d", "v": value.isoformat(), "fmt": _bounded(cell.number_format, sheet)}
    return {"t": "s", "v": _bounded(str(value), sheet)}


def _bounded(text: str, sheet: int) -> str:
    if len(text) > MAX_CELL_CHARACTERS:
        raise NotTrusted("WORKBOOK_CELL_TOO_LONG", limit=MAX_CELL_CHARACTERS, sheet=sheet)
    return text


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, last = divmod(column - 1, 26)
        letters = chr(ord("A") + last) + letters
    return letters
