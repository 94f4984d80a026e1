"""What each row of a workbook would do, as rows of ready texts."""

from __future__ import annotations

from collections.abc import Collection

from desktop.commands.workbook import remark_in_words
from desktop.services.imports import ImportPreview, PlannedRow, RowAction
from ui.languages import current, number, plural, words
from ui.models.rows import Cell, Column, Row

IMPORT_COLUMNS = (
    Column("IMPORT_ROW_NUMBER", 1, right=True),
    Column("IMPORT_HAPPENS", 3),
    Column("IMPORT_NAME", 4),
    Column("IMPORT_REMARKS", 10),
)
_ACTIONS = {
    RowAction.ADD: ("IMPORT_WILL_ADD", "plus", "accent"),
    RowAction.CHANGE: ("IMPORT_WILL_CHANGE", "pencil", "info"),
    RowAction.SKIP: ("IMPORT_WILL_SKIP", "check", "muted"),
    RowAction.REFUSE: ("IMPORT_WILL_REFUSE", "ban", "warn"),
}
_COUNTS = {
    RowAction.ADD: "IMPORT_ADDS",
    RowAction.CHANGE: "IMPORT_CHANGES",
    RowAction.SKIP: "IMPORT_SKIPS",
    RowAction.REFUSE: "IMPORT_REFUSES",
}


def import_row(planned: PlannedRow, *, left_out: bool) -> Row:
    """Return one row of the preview in the language in force."""
    code, sign, colour = ("IMPORT_LEFT_OUT", "circle-dashed", "muted") if left_out else _ACTIONS[planned.action]
    ink = "" if planned.takes_in and not left_out else "muted"
    return Row(
        str(planned.reading.row),
        (
            Cell(number(planned.reading.row), colour="muted"),
            Cell(words(code), sign=sign, colour=colour),
            Cell(_name(planned), colour=ink, strong=not ink),
            Cell(_first_remark(planned), colour="muted"),
        ),
    )


def remarks(planned: PlannedRow) -> tuple[str, ...]:
    """Return every remark on a row in words; one that names no column is said once."""
    return tuple(dict.fromkeys(remark_in_words(remark, current()) for remark in planned.remarks))


def counts(preview: ImportPreview, left_out: Collection[int]) -> str:
    """Return in words how many rows would be treated how; what does not occur is not named."""
    found = dict.fromkeys(_COUNTS, 0)
    for row in preview.rows:
        if row.reading.row not in left_out:
            found[row.action] += 1
    said = [plural(code, found[action]) for action, code in _COUNTS.items() if found[action]]
    if left_out:
        said.append(plural("IMPORT_LEAVES", len(left_out)))
    return " · ".join(said)


def _name(planned: PlannedRow) -> str:
    said = planned.reading.accepted
    names = (said.get("Person.first_name"), said.get("Person.surname"))
    return " ".join(name for name in names if isinstance(name, str))


def _first_remark(planned: PlannedRow) -> str:
    said = remarks(planned)
    if len(said) < 2:
        return "".join(said)
    return words("IMPORT_MORE_REMARKS", n=number(len(said) - 1), text=said[0])
