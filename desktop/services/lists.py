"""Foreign lists and the column mappings by which they are read: suggested, kept, and found again by their headings.

The preview and the taking in are those of `imports`: a list is one more kind of file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import select

from db.models.office import ColumnMapping as KeptMapping
from desktop.catalogue import built_in_mappings, table_rows
from desktop.clock import today
from desktop.crypto.encoding import Malformed, canonical_json, strict_json, tagged_sha256
from desktop.errors import NotAccepted, Obstacle
from desktop.rules.cells import Workbook
from desktop.rules.column_suggestions import suggest
from desktop.rules.columns import ColumnMapping, parse_mapping, sheets_that_fit, targets
from desktop.rules.foreign_words import ForeignWords
from desktop.rules.htcds import SheetReading, has_published_headings
from desktop.rules.htcds_cells import cell_text
from desktop.rules.lists import read_list
from desktop.rules.records import Outcome, Topic
from desktop.services.session import OpenVault
from desktop.workbooks.sheets import read_table

_LONGEST_MAPPING = 400_000  # bytes; 400 columns with long headings take less
_SHOWN_ROWS = 5
_ID = re.compile(r"(?:[0-9a-f]{2})+")


@dataclass(frozen=True)
class ListSheet:
    """One sheet as the person choosing columns sees it: its name, how many rows, and the first texts below.

    `samples` are by column letter, at most five each. `fits`: the mapping offered reads this sheet.
    """

    name: str = field(repr=False)
    hidden: bool
    rows: int
    samples: Mapping[str, tuple[str, ...]] = field(repr=False)
    fits: bool


@dataclass(frozen=True)
class ListHeadings:
    """What a file looks like before it is read as a list.

    `mapping` is the one kept for these headings, else one that comes with the program, else a suggestion;
    `is_suggestion` says which. `targets` is everything a column may be read as.
    """

    is_htcds: bool
    sheets: tuple[ListSheet, ...]
    mapping: ColumnMapping | None
    is_suggestion: bool
    targets: tuple[str, ...]


@dataclass(frozen=True)
class MappingSummary:
    """A mapping that is known. `id` forgets it; a built-in one cannot be forgotten and has none."""

    id: str | None
    mapping: ColumnMapping
    kept_at: str | None


@cache
def _words() -> ForeignWords:
    return ForeignWords(table_rows("foreign_words"))


def read_with(
    vault: OpenVault,
    data: bytes,
    mapping: ColumnMapping,
    report: Callable[[int, int], object],
    sheets: Collection[int] | None = None,
) -> SheetReading:
    """Read a file, or the sheets at some places of it, in the limited child by a mapping.

    `report` is called before each row; what it raises stops the reading.

    Raises:
        NotTrusted: The file is hostile, too demanding or no table.
        NotAccepted: MAPPING_DOES_NOT_FIT.
    """
    return read_list(
        read_table(data),
        mapping,
        words=_words(),
        lists=vault.catalogue.lists,
        forms=vault.catalogue.forms,
        today=today(vault.clock),
        report=report,
        only=sheets,
    )


class ListService:
    """What one does with foreign lists before they are previewed."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def headings(self, data: bytes, *, sheet: int | None = None, rows: tuple[int, ...] = ()) -> ListHeadings:
        """Read a file in the limited child and say what its columns are called and how they would be read.

        Args:
            data: The file.
            sheet: The place, from 0, of the sheet whose columns are asked for; None for the one with the most rows.
            rows: The rows of its headings where a person says so; no kept mapping is looked for then.

        Raises:
            NotTrusted: The file is hostile, too demanding or no table; nothing of it was kept.
        """
        self._vault.require("import.preview")
        book = read_table(data)
        if any(map(has_published_headings, book.sheets)):
            return ListHeadings(is_htcds=True, sheets=(), mapping=None, is_suggestion=False, targets=())
        mappings = () if rows else (item.mapping for item in self._known())
        known = next((mapping for mapping in mappings if _fits(book, mapping, sheet)), None)
        mapping = known or self._suggestion(book, sheet, rows)
        return ListHeadings(
            is_htcds=False,
            sheets=_sheets(book, mapping),
            mapping=mapping,
            is_suggestion=known is None,
            targets=targets(self._vault.catalogue.lists),
        )

    def _suggestion(self, book: Workbook, at: int | None, rows: tuple[int, ...]) -> ColumnMapping | None:
        """Return a suggestion for a sheet, else that with the most rows: others with its headings are read alike."""
        fullest = max(book.sheets, key=lambda sheet: len(sheet.rows), default=None)
        chosen = fullest if at is None else book.sheets[at]
        return suggest(chosen, _words(), self._vault.catalogue.lists, rows=rows) if chosen else None

    def parse(self, document: object) -> ColumnMapping:
        """Return the mapping that plain values stand for, such as an edited file. Raises NotAccepted MAPPING_WRONG."""
        self._vault.require("import.preview")
        return parse_mapping(document, self._vault.catalogue.lists)

    def mappings(self) -> tuple[MappingSummary, ...]:
        """Return the mappings kept here, by name, then those that come with the program."""
        self._vault.require("import.preview")
        return self._known()

    def _known(self) -> tuple[MappingSummary, ...]:
        with self._vault.reading() as session:
            kept = session.scalars(select(KeptMapping)).all()
        own = [item for row in kept if (item := _summary(row, self._vault)) is not None]
        own.sort(key=lambda item: item.mapping.name.casefold())
        lists = self._vault.catalogue.lists
        return (*own, *(MappingSummary(None, parse_mapping(item, lists), None) for item in built_in_mappings()))

    def keep_mapping(self, name: str, mapping: ColumnMapping) -> Outcome:
        """Keep a mapping for every later file with the same headings, in place of the one kept before.

        Raises:
            NotAccepted: MAPPING_WRONG, also for a name that is empty or too long.
        """
        self._vault.require("import.apply")
        kept = parse_mapping(mapping.document() | {"name": name}, self._vault.catalogue.lists)
        key = _key_of(kept)
        with self._vault.writing() as session:
            row = session.get(KeptMapping, key) or KeptMapping(headings=key)
            row.name, row.mapping = kept.name, canonical_json(kept.document())
            row.kept_at = self._vault.now()
            session.add(row)
        return Outcome((key.hex(),), 1, frozenset({Topic.IMPORTS}))

    def forget_mapping(self, mapping_id: str) -> Outcome:
        """Forget a mapping kept here. Raises Obstacle MAPPING_GONE."""
        self._vault.require("import.apply")
        with self._vault.writing() as session:
            row = session.get(KeptMapping, _bytes_of(mapping_id))
            if row is None:
                raise Obstacle("MAPPING_GONE")
            session.delete(row)
        return Outcome((mapping_id,), 1, frozenset({Topic.IMPORTS}))


def _fits(book: Workbook, mapping: ColumnMapping, at: int | None) -> bool:
    fitting = sheets_that_fit(book, mapping)
    return bool(fitting) if at is None else at in fitting


def _bytes_of(mapping_id: str) -> bytes:
    """Return the key of an id; one that is none finds nothing."""
    return bytes.fromhex(mapping_id) if _ID.fullmatch(mapping_id) else b""


def _summary(row: KeptMapping, vault: OpenVault) -> MappingSummary | None:
    """Return a kept mapping, or None for one that this version cannot read: its list is then suggested for anew."""
    try:
        document = strict_json(row.mapping, limit_bytes=_LONGEST_MAPPING)
        return MappingSummary(row.headings.hex(), parse_mapping(document, vault.catalogue.lists), row.kept_at)
    except (Malformed, NotAccepted):
        return None


def _key_of(mapping: ColumnMapping) -> bytes:
    headings = [[column, text] for column, text in mapping.headings()]
    return tagged_sha256("rufaa-list-headings-v1", canonical_json(headings))


def _sheets(book: Workbook, mapping: ColumnMapping | None) -> tuple[ListSheet, ...]:
    fitting = sheets_that_fit(book, mapping) if mapping else ()
    first_row = mapping.first_row if mapping else 1
    found = []
    for at, sheet in enumerate(book.sheets):
        samples: dict[str, tuple[str, ...]] = {}
        for row in sheet.rows:
            for letters, cell in row.cells.items() if row.number >= first_row else ():
                if len(samples.get(letters, ())) < _SHOWN_ROWS:
                    samples[letters] = (*samples.get(letters, ()), cell_text(cell))
        found.append(ListSheet(sheet.name, sheet.hidden, len(sheet.rows), samples, at in fitting))
    return tuple(found)
