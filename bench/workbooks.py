"""G12's import: a workbook's rows through preview and apply, beside the rows they leave written by the driver alone."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl

from bench.figures import Result, figure, unlocked
from bench.full_offices import FullOffice, full_office
from bench.offices import made_cases
from bench.storage import FEW, database, opened
from desktop.commands.walk import WORKBOOK
from desktop.paths import resource
from desktop.services.imports import RowAction

_ROWS = 500
_FIRST_ROW, _GIVEN, _FAMILY = 3, 3, 4  # below the two rows of headings; columns counted from 0


def measure() -> Iterator[Result]:
    """Yield how fast rows come in, and how much longer that takes than writing the same rows of every table."""
    content = _workbook(_ROWS)
    with tempfile.TemporaryDirectory() as name:
        ours = full_office(FEW).copy_to(Path(name) / "ours")
        other = ours.copy_to(Path(name) / "other")
        with unlocked(ours.office) as desk:
            before = desk.vault.found_at_entry + 1  # its own unlock
            began = time.perf_counter()
            preview = desk.imports.preview(content)
            between = time.perf_counter()
            desk.imports.apply(preview)
            applied = time.perf_counter() - between
            added = preview.count(RowAction.ADD)
        raw = _raw(_written(ours, before), other)
    yield {
        "goal": "G12-import",
        "figure": figure(added / (between - began + applied)),
        "anchor": figure(added / raw),
        "ratio": figure(applied / raw),
        "limit": 1.3,
        "N": 1,
        "rows": added,
        "preview_s": figure(between - began),
        "apply_s": figure(applied),
    }


def _workbook(rows: int) -> bytes:
    """Return the practice workbook with its rows written again, under other names, until there are so many."""
    book = openpyxl.load_workbook(io.BytesIO(resource(*WORKBOOK).read_bytes()))
    sheet = book.worksheets[0]
    every = sheet.iter_rows(min_row=_FIRST_ROW, values_only=True)
    filled = [values for values in every if values[_GIVEN] is not None]
    for number, made in enumerate(islice(made_cases(rows), rows)):
        given, family = made["full_name"].split()
        values = list(filled[number % len(filled)])
        values[0], values[_GIVEN], values[_FAMILY] = number + 1, given, f"{family} {number}"
        for column, value in enumerate(values, start=1):
            sheet.cell(_FIRST_ROW + number, column).value = value
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _written(made: FullOffice, before: int) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows that stand in an office since its journal's entry `before`, by table."""
    path, key = database(made)
    with closing(opened(path, key)) as connection:
        connection.execute("CREATE TEMP TABLE new AS SELECT object AS id FROM journal WHERE n > ?", (before,))
        cases = "(SELECT case_id FROM record WHERE id IN (SELECT id FROM new))"
        return {
            table: connection.execute(f"SELECT * FROM {table} WHERE {where}").fetchall()  # noqa: S608  our own names
            for table, where in (
                ("record", "id IN (SELECT id FROM new)"),
                ("revision", "record_id IN (SELECT id FROM new)"),
                ("case_row", f"case_id IN {cases}"),
                ("search_key", f"case_id IN {cases}"),
                ("referral_row", f"case_id IN {cases}"),
                ("imported_row", f"case_id IN {cases}"),
                ("journal", f"n > {before}"),
            )
        }


def _raw(rows: dict[str, list[tuple[Any, ...]]], other: FullOffice) -> float:
    """Write the same rows into a copy of the office as it was, in one transaction, by the driver alone."""
    path, key = database(other)
    with closing(opened(path, key)) as connection:
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for table, values in rows.items():
            if not values:
                continue
            places = ", ".join("?" * len(values[0]))
            connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({places})", values)  # noqa: S608  as above
        connection.execute("COMMIT")
        return time.perf_counter() - began
