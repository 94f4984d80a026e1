"""A workbook's cells on the desk's side: asks the limited child and takes its answer as foreign bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

from desktop.confinement import run_confined
from desktop.crypto.encoding import Malformed, strict_json
from desktop.errors import NotTrusted
from desktop.rules.cells import Cell, CellKind, Row, Sheet, Workbook
from desktop.workbooks.reader import MAX_CELL_CHARACTERS

_LINE_BYTES = 16 * 1024 * 1024
_LETTERS = re.compile(r"[A-Z]{1,2}")
T = TypeVar("T")
_KINDS = {kind.value: kind for kind in CellKind}
# What the child writes for each kind; rules downstream rely on it. Any text will do for text, and for an error's name.
_SHAPES = {
    CellKind.NUMBER: re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?"),
    CellKind.TRUTH: re.compile(r"true|false"),
    CellKind.DATE: re.compile(r"[0-9T:.+-]{5,40}"),
}


def read_workbook(data: bytes) -> Workbook:
    """Read the cells of an .xlsx file in the limited child.

    Raises:
        NotTrusted: The file is hostile, damaged, too large or no workbook; the code says which.
        Obstacle: READER_NOT_STARTED.
    """
    return parse_answer(run_confined("read-workbook", data))


def parse_answer(answer: bytes) -> Workbook:
    """Build the workbook from the child's lines. Raises NotTrusted FILE_UNREADABLE when they are not as agreed."""
    try:
        return _workbook(iter(answer.splitlines()))
    except (Malformed, StopIteration, KeyError, TypeError):
        # `from None`: such an error's own text could repeat what stands in a cell.
        raise NotTrusted("FILE_UNREADABLE") from None


def _line(lines: Iterator[bytes]) -> dict[str, Any]:
    value = strict_json(next(lines), limit_bytes=_LINE_BYTES)
    if not isinstance(value, dict):
        raise Malformed("TYPE")
    return value


def _workbook(lines: Iterator[bytes]) -> Workbook:
    date1904 = _checked(_line(lines)["date1904"], bool)
    sheets: list[Sheet] = []
    while True:
        line = _line(lines)
        if "sheet" not in line:
            break
        sheets.append(_sheet(line["sheet"], lines))
    total = sum(len(row.cells) for sheet in sheets for row in sheet.rows)
    if line != {"sheets": len(sheets), "cells": total} or next(lines, None) is not None:
        raise Malformed("COUNT")
    return Workbook(tuple(sheets), date1904)


def _sheet(value: Any, lines: Iterator[bytes]) -> Sheet:
    head = _checked(value, dict)
    rows: list[Row] = []
    while True:
        line = _line(lines)
        if "row" not in line:
            break
        number = _checked(line["row"], int)
        if number <= (rows[-1].number if rows else 0):
            raise Malformed("ORDER")
        cells = _checked(line["cells"], dict)
        rows.append(Row(number, {_letters(name): _cell(cell) for name, cell in cells.items()}))
    return Sheet(
        name=_text(head["name"]),
        hidden=_checked(head["hidden"], bool),
        rows=tuple(rows),
        last_row=_checked(line["rows"], int),
        last_column=_checked(line["columns"], int),
    )


def _cell(value: Any) -> Cell:
    cell = _checked(value, dict)
    kind = _KINDS[cell["t"]]
    text = "" if kind is CellKind.FORMULA else _text(cell["v"])
    if kind in _SHAPES and not _SHAPES[kind].fullmatch(text):
        raise Malformed("VALUE")
    return Cell(kind, text, _text(cell.get("fmt", "General")))


def _text(value: Any) -> str:
    text = _checked(value, str)
    if len(text) > MAX_CELL_CHARACTERS:
        raise Malformed("TOO_LONG")
    return text


def _letters(name: str) -> str:
    if not _LETTERS.fullmatch(name):
        raise Malformed("NAME")
    return name


def _checked(value: Any, kind: type[T]) -> T:
    if type(value) is not kind:  # exactly: a bool is no row number
        raise Malformed("TYPE")
    return value
