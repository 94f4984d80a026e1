"""What each row of a workbook would do, as rows of ready texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from desktop.commands.workbook import remark_in_words
from desktop.rules.htcds_row import Remark
from desktop.services.imports import ImportPreview, PlannedRow, RowAction
from ui.languages import current, number, plural, words
from ui.models.rows import Cell, Column, Row

SHEET, WHOLE_FILE = 0, "file"  # the place of the column that names the sheet; the id of the row for the whole file

IMPORT_COLUMNS = (
    Column("IMPORT_SHEET", 1),
    Column("IMPORT_ROW_NUMBER", 1, right=True),
    Column("IMPORT_HAPPENS", 3),
    Column("IMPORT_NAME", 4, personal=True),
    Column("IMPORT_REMARKS", 10, personal=True),
)
_SHEET_CHARACTERS = 14
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


def import_row(planned: PlannedRow, *, left_out: bool, sheet: str = "") -> Row:
    """Return one row of the preview in the language in force; `sheet` is the name of its sheet."""
    code, sign, colour = ("IMPORT_LEFT_OUT", "circle-dashed", "muted") if left_out else _ACTIONS[planned.action]
    ink = "" if planned.takes_in and not left_out else "muted"
    return Row(
        planned.key,
        (
            # Remarks count the sheets, people know them by name.
            Cell(f"{planned.reading.sheet} · {_short(sheet)}" if sheet else "", colour="muted"),
            Cell(number(planned.reading.row), colour="muted"),
            Cell(words(code), sign=sign, colour=colour),
            Cell(_name(planned), colour=ink, strong=not ink),
            _remarks_cell(remarks(planned), asks=bool(planned.reading.asks) and planned.takes_in),
        ),
    )


def whole_file_row(preview: ImportPreview) -> Row:
    """Return the row that stands above all others where there are remarks on the file itself."""
    said = Cell(words("IMPORT_WHOLE_FILE_ROW"), sign="info", colour="info")
    return Row(WHOLE_FILE, (Cell(""), Cell(""), said, Cell(""), _remarks_cell(in_words(preview.sheet.remarks))))


def remarks(planned: PlannedRow) -> tuple[str, ...]:
    """Return every remark on a row in words; one that names no column is said once."""
    return in_words(planned.remarks)


def in_words(said: Iterable[Remark]) -> tuple[str, ...]:
    """Return remarks in the language in force, each once."""
    return tuple(dict.fromkeys(remark_in_words(remark, current()) for remark in said))


def counts(preview: ImportPreview, left_out: Collection[str]) -> str:
    """Return in words how many rows would be treated how; what does not occur is not named."""
    found = dict.fromkeys(_COUNTS, 0)
    for row in preview.rows:
        if row.key not in left_out:
            found[row.action] += 1
    said = [plural(code, found[action]) for action, code in _COUNTS.items() if found[action]]
    asking = sum(bool(row.reading.asks) and row.takes_in and row.key not in left_out for row in preview.rows)
    if asking:
        said.append(plural("IMPORT_ASKING", asking))
    if left_out:
        said.append(plural("IMPORT_LEAVES", len(left_out)))
    return " · ".join(said)


def _name(planned: PlannedRow) -> str:
    said = planned.reading.accepted
    names = (said.get("Person.first_name"), said.get("Person.surname"))
    return " ".join(name for name in names if isinstance(name, str))


def _remarks_cell(said: tuple[str, ...], *, asks: bool = False) -> Cell:
    first = "".join(said[:1])
    text = words("IMPORT_MORE_REMARKS", n=number(len(said) - 1), text=first) if len(said) > 1 else first
    return Cell(text, sign="triangle-alert" if asks else "", colour="warn" if asks else "muted")


def _short(name: str) -> str:
    return name if len(name) <= _SHEET_CHARACTERS else f"{name[: _SHEET_CHARACTERS - 1]}…"
