"""What taking in a file asks of the desk's services; called in the vault lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from desktop.bootstrap import Desk
from desktop.commands.workbook import MAX_WORKBOOK_BYTES
from desktop.errors import NotAccepted
from desktop.files import read_file
from desktop.rules.columns import ColumnMapping
from desktop.rules.records import Outcome
from desktop.services.imports import ImportPreview, Report
from desktop.services.lists import ListHeadings


@dataclass(frozen=True)
class ListFile:
    """A file that was read, and what it looks like. `kept` where its columns were chosen in this office before."""

    data: bytes = field(repr=False)
    found: ListHeadings
    kept: bool


@dataclass(frozen=True)
class Previewed:
    """A preview, and the county new cases get where the file says none.

    `read_as` is what the office calls the columns; empty where they were chosen this once, None for the HTCDS workbook.
    """

    preview: ImportPreview
    county: str
    read_as: str | None = field(repr=False)


@dataclass(frozen=True)
class Wanted:
    """What a person chose in the step for columns. `keep_as` is empty where the choice is not to be remembered."""

    document: Mapping[str, Any] = field(repr=False)
    sheets: frozenset[int]
    keep_as: str


def look(desk: Desk, path: str, report: Report) -> tuple[ListFile, Previewed | None]:
    """Read a file; with the preview where it is known how its columns are read.

    Raises:
        NotTrusted: The file is hostile or no table.
        NotAccepted: LIST_HAS_NO_HEADINGS.
        Stopped: `report` raised it.
    """
    data = read_file(path, MAX_WORKBOOK_BYTES)
    file = look_again(desk, data)
    report(0, 0)  # nothing is known of how far it is, but Stop is heard
    if file.found.is_suggestion and file.found.mapping is None:
        raise NotAccepted((), "LIST_HAS_NO_HEADINGS")
    if file.found.is_suggestion:
        return file, None
    mapping = file.found.mapping
    return file, _previewed(desk, data, mapping, None, mapping.name if mapping else None, report)


def look_again(desk: Desk, data: bytes, sheet: int | None = None, rows: tuple[int, ...] = ()) -> ListFile:
    """Look at the headings of another sheet, or in other rows."""
    found = desk.lists.headings(data, sheet=sheet, rows=rows)
    kept = any(item.id and item.mapping == found.mapping for item in desk.lists.mappings()) if found.mapping else False
    return ListFile(data, found, kept)


def read_columns(desk: Desk, data: bytes, wanted: Wanted, report: Report) -> tuple[Previewed, Outcome | None]:
    """Read a list by the columns a person chose; they are kept only once they were of use."""
    report(0, 0)
    mapping = desk.lists.parse(wanted.document)
    made = _previewed(desk, data, mapping, wanted.sheets, wanted.keep_as, report)
    return made, desk.lists.keep_mapping(wanted.keep_as, mapping) if wanted.keep_as else None


def _previewed(
    desk: Desk,
    data: bytes,
    mapping: ColumnMapping | None,
    sheets: frozenset[int] | None,
    read_as: str | None,
    report: Report,
) -> Previewed:
    preview = desk.imports.preview(data, mapping, sheets=sheets, report=report)
    return Previewed(preview, desk.imports.county(), read_as)
