"""Turns a delimited text file (.csv) into the same lines as a workbook of one sheet. Runs only in the limited child.

Every cell is text: a file of text does not say what is a number. Read are UTF-8 with or without byte mark (field report
F05), UTF-16 with one, and Windows-1252, as spreadsheet programs write them, with commas, semicolons or tabs between the
cells. Nothing in a file says that it is Windows-1252, so that is told.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from desktop.crypto.encoding import canonical_json
from desktop.errors import NotTrusted
from desktop.rules.cells import MAX_ROWS, column_letters
from desktop.workbooks.gate import MAX_FILE_BYTES, MIB, looks_like_workbook
from desktop.workbooks.reader import (
    MAX_CELL_CHARACTERS,
    MAX_CELLS,
    MAX_COLUMNS,
    bounded,
    cells_of_workbook,
)

_DELIMITERS = ",;\t"
_LOOKED_AT = 64 * 1024  # characters from the beginning that say which delimiter it is
_LOOKED_AT_ROWS = 60
_SHEET = 1
_GUESSED = "cp1252"
# Letters of two to four bytes as UTF-8 writes them (RFC 3629).
_UTF8_LETTERS = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Control characters that no list of cases holds; NUL is the mark of a file that is no text.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def cells_of_table(data: bytes) -> bytes:
    """Return the cells of a workbook or a delimited text file as lines of JSON.

    Raises:
        NotTrusted: The file breaks a rule or passes a cap.
    """
    if looks_like_workbook(data):
        return cells_of_workbook(data)
    if len(data) > MAX_FILE_BYTES:
        raise NotTrusted("FILE_TOO_LARGE", limit_mib=MAX_FILE_BYTES // MIB)
    encoding = _encoding(data)
    return b"".join(canonical_json(line) + b"\n" for line in _lines(_text_of(data, encoding), encoding))


def _encoding(data: bytes) -> str:
    """Return how the bytes are to be read: what they say or prove themselves, else Windows-1252.

    Raises:
        NotTrusted: TABLE_LETTERS_BROKEN, it is UTF-8 with damage in it; read otherwise every letter with a mark would
            come out as two others.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        beyond_ascii = len(data.translate(None, bytes(range(0x80))))
        of_letters = len(data) - len(_UTF8_LETTERS.sub(b"", data))
        if 2 * of_letters > beyond_ascii:
            raise NotTrusted("TABLE_LETTERS_BROKEN") from None
        return _GUESSED
    return "utf-8-sig"


def _text_of(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise NotTrusted("TABLE_NOT_TEXT") from None
    if not text.strip() or _NOT_TEXT.search(text):
        raise NotTrusted("TABLE_NOT_TEXT")
    return text


def _lines(text: str, encoding: str) -> Iterator[dict[str, Any]]:
    yield {"date1904": False, "letters_guessed": encoding == _GUESSED}
    yield {"sheet": {"name": "", "hidden": False}}
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    rows = count = last_row = last_column = 0
    for number, cells in _records(text, _delimiter(text)):
        if len(cells) > MAX_COLUMNS:
            raise NotTrusted("WORKBOOK_TOO_MANY_COLUMNS", limit=MAX_COLUMNS, sheet=_SHEET)
        filled = {column: cell for column, cell in enumerate(cells, start=1) if cell.strip()}
        if not filled:
            continue
        rows, count = rows + 1, count + len(filled)
        if rows > MAX_ROWS:
            raise NotTrusted("WORKBOOK_TOO_MANY_ROWS", limit=MAX_ROWS, sheet=_SHEET)
        if count > MAX_CELLS:
            raise NotTrusted("WORKBOOK_TOO_MANY_CELLS", limit=MAX_CELLS)
        last_row, last_column = number, max(last_column, *filled)
        yield {
            "row": number,
            "cells": {
                column_letters(column): {"t": "s", "v": bounded(cell, _SHEET)} for column, cell in filled.items()
            },
        }
    yield {"rows": last_row, "columns": last_column, "hidden": [], "merged": []}
    yield {"sheets": 1, "cells": count}


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the records numbered from 1, as a spreadsheet program would show them."""
    try:
        yield from enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), start=1)
    except csv.Error as error:
        if "field limit" in str(error):
            raise NotTrusted("WORKBOOK_CELL_TOO_LONG", limit=MAX_CELL_CHARACTERS, sheet=_SHEET) from None
        raise NotTrusted("TABLE_QUOTES_WRONG") from None


def _delimiter(text: str) -> str:
    """Return the delimiter with which most of the first rows have the same number of cells, more than one."""
    start = text[:_LOOKED_AT]
    return max(_DELIMITERS, key=lambda delimiter: _evenness(start, delimiter))


def _evenness(start: str, delimiter: str) -> tuple[int, int]:
    records = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter)
    try:
        widths = Counter(len(cells) for cells in islice(records, _LOOKED_AT_ROWS))
    except csv.Error:
        return 0, 0
    widths.pop(1, None)
    return max(((rows, width) for width, rows in widths.items()), default=(0, 0))
