"""Tables without a seal that still have to be deleted, as rows of a list: by when, which file, how many cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from desktop.services.tables import PlainCopySummary
from ui.languages import day, number, words
from ui.models.rows import Cell, Column, Row

PLAIN_COPY_COLUMNS = (
    Column("TABLES_COPY_DUE", 40),
    Column("TABLES_COPY_FILE", 48),
    Column("TABLES_COPY_CASES", 12, right=True, spare=1),
)


def plain_copy_rows(copies: Sequence[PlainCopySummary]) -> list[Row]:
    """Return the rows, in the language in force."""
    return [
        Row(
            copy.copy_id,
            (
                _due(copy),
                Cell(PurePath(copy.place).name),
                Cell(number(copy.cases)),
            ),
        )
        for copy in copies
    ]


def _due(copy: PlainCopySummary) -> Cell:
    if copy.overdue:
        overdue = words("TABLES_COPY_OVERDUE", day=day(copy.delete_by))
        return Cell(overdue, sign="circle-alert", colour="danger", strong=True)
    return Cell(day(copy.delete_by), sign="hourglass", strong=True)
