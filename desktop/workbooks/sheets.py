"""A workbook's cells on the desk's side: asks the limited child and takes its answer as foreign bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeVar

from desktop.confinement import run_confined
from desktop.crypto.encoding import Malformed, strict_json
from desktop.errors import NotTrusted
from desktop.rules.cells import Cell, CellKind, Row, Sheet, Workbook
from desktop.workbooks.reader import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_FILLS, MAX_MERGED, MAX_NOTES

_LINE_BYTES = 16 * 1024 * 1024
_LETTERS = re.compile(r"[A-Z]{1,2}")
_CELL = re.compile(r"[A-Z]{1,2}[1-9][0-9]{0,6}")
_RANGE = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}(?::[A-Z]{1,3}[1-9][0-9]{0,6})?")
_FILL = re.compile(r"[0-9A-F]{6}|OTHER")
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


def read_table(data: bytes) -> Workbook:
    """Read the cells of an .xlsx file or of a delimited text file, which makes one sheet, in the limited child.

    Raises:
        NotTrusted: The file is hostile, damaged, too large or no table; the code says which.
        Obstacle: READER_NOT_STARTED.
    """
    return parse_answer(run_confined("read-table", data))


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
    head = _line(lines)
    date1904, guessed = _checked(head["date1904"], bool), _checked(head.get("letters_guessed", False), bool)
    sheets: list[Sheet] = []
    while True:
        line = _line(lines)
        if "sheet" not in line:
            break
        sheets.append(_sheet(line["sheet"], lines))
    total = sum(len(row.cells) for sheet in sheets for row in sheet.rows)
    if line != {"sheets": len(sheets), "cells": total} or next(lines, None) is not None:
        raise Malformed("COUNT")
    return Workbook(tuple(sheets), date1904, guessed)


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
        rows.append(
            Row(
                number,
                {_named(_LETTERS, name): _cell(cell) for name, cell in cells.items()},
                hidden=_checked(line.get("hidden", False), bool),
                fills=_named_list(_FILL, line.get("fills", []), MAX_FILLS),
            )
        )
    notes: dict[str, str] = {}
    while "note" in line:
        note = _checked(line["note"], dict)
        notes[_named(_CELL, note["cell"])] = _text(note["text"])
        if len(notes) > MAX_NOTES:
            raise Malformed("COUNT")
        line = _line(lines)
    return Sheet(
        name=_text(head["name"]),
        hidden=_checked(head["hidden"], bool),
        rows=tuple(rows),
        last_row=_checked(line["rows"], int),
        last_column=_checked(line["columns"], int),
        hidden_columns=frozenset(_named_list(_LETTERS, line.get("hidden", []), MAX_COLUMNS)),
        merged=_named_list(_RANGE, line.get("merged", []), MAX_MERGED),
        notes=notes,
    )


def _cell(value: Any) -> Cell:
    cell = _checked(value, dict)
    kind = _KINDS[cell["t"]]
    text = "" if kind is CellKind.FORMULA else _text(cell["v"])
    if kind in _SHAPES and not _SHAPES[kind].fullmatch(text):
        raise Malformed("VALUE")
    return Cell(kind, text, _text(cell.get("fmt", "General")), _checked(cell.get("struck", False), bool))


def _text(value: Any) -> str:
    text = _checked(value, str)
    if len(text) > MAX_CELL_CHARACTERS:
        raise Malformed("TOO_LONG")
    return text


def _named(shape: re.Pattern[str], name: Any) -> str:
    if not shape.fullmatch(_checked(name, str)):
        raise Malformed("NAME")
    return str(name)


def _named_list(shape: re.Pattern[str], names: Any, most: int) -> tuple[str, ...]:
    if len(_checked(names, list)) > most:
        raise Malformed("COUNT")
    return tuple(_named(shape, name) for name in names)


def _checked(value: Any, kind: type[T]) -> T:
    if type(value) is not kind:  # exactly: a bool is no row number
        raise Malformed("TYPE")
    return value
