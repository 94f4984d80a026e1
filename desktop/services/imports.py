"""Taking in a workbook or list: a preview of every row first, then one transaction, and the same row never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from db.models.office import ImportedRow, SearchKey
from db.queries.visible import is_hidden
from desktop.catalogue import table_rows
from desktop.clock import today
from desktop.crypto.encoding import tagged_sha256
from desktop.errors import NotAccepted, Obstacle, Problem
from desktop.rules.columns import ColumnMapping
from desktop.rules.htcds import RowOutcome, RowReading, SheetReading, read_htcds
from desktop.rules.htcds_row import Remark
from desktop.rules.journal_chain import Act
from desktop.rules.likeness import contradict, is_said, names_of
from desktop.rules.names import name_keys
from desktop.rules.records import Outcome, RecordDraft, Topic, Value
from desktop.services import case_rows, exported_rows, journal, records
from desktop.services.cases import create_in
from desktop.services.lists import read_with
from desktop.services.records import StoredRecord
from desktop.services.session import OpenVault
from desktop.workbooks.sheets import read_table

_MARKS = {
    "exploitation_episode": ("exploitation_type",),
    "referral": ("direction",),
    "import_note": ("heading", "question"),
}

# What tells one person from another. Most persons here share the last, so that it speaks only against being the same.
_TELLS_APART = ("dob", "sex", "phone", "age_at_registration", "citizenship")
_TELLS_OF_ONE = _TELLS_APART[:-1]

Report = Callable[[int, int], object]  # told how many rows are done, of how many


def _unwatched(done: int, of: int) -> None:
    """Nobody watches."""


class RowAction(StrEnum):
    """What applying the preview would do with a row."""

    ADD = "ADD"
    CHANGE = "CHANGE"
    SKIP = "SKIP"
    REFUSE = "REFUSE"


@dataclass(frozen=True)
class PlannedRow:
    """One row of the preview: what it says, what would happen, and every remark with the facts its sentence names."""

    reading: RowReading
    action: RowAction
    remarks: tuple[Remark, ...]
    case_id: str | None
    source: bytes = field(repr=False)
    fingerprint: bytes = field(repr=False)

    @property
    def key(self) -> str:
        """What tells the row from the others of its file: its number, after that of its sheet where it has several."""
        return f"{self.reading.sheet}!{self.reading.row}" if self.reading.sheet else str(self.reading.row)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes of the remarks."""
        return tuple(remark.code for remark in self.remarks)

    @property
    def takes_in(self) -> bool:
        """Whether applying would write anything of the row."""
        return self.action in (RowAction.ADD, RowAction.CHANGE)


@dataclass(frozen=True)
class ImportPreview:
    """Every case of the file; nothing was written."""

    file_sha256: str
    sheet: SheetReading
    rows: tuple[PlannedRow, ...]

    def count(self, action: RowAction) -> int:
        """Return how many rows would be treated so."""
        return sum(row.action is action for row in self.rows)


class ImportService:
    """Preview and apply."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def preview(
        self,
        data: bytes,
        mapping: ColumnMapping | None = None,
        *,
        sheets: Collection[int] | None = None,
        report: Report = _unwatched,
    ) -> ImportPreview:
        """Read a file in the limited child and say what each row would do. `report` is called before each row.

        Args:
            data: A workbook or delimited text file.
            mapping: How the columns of the list are read; None for the HTCDS form, whose columns are known.
            sheets: With a mapping, the places, from 0, of the sheets to read; None for all that have its headings.
            report: Told how many rows were looked at, of how many; of a list also while its rows are read.

        Raises:
            NotTrusted: The file is hostile or too demanding; nothing of it was kept.
            NotAccepted: HEADINGS_UNKNOWN, it is no HTCDS workbook; MAPPING_DOES_NOT_FIT, the list has other headings.
            Stopped: `report` raised it.
        """
        self._vault.require("import.preview")
        reading = self._read_htcds(data) if mapping is None else read_with(self._vault, data, mapping, report, sheets)
        with self._vault.reading() as session:
            rows = tuple(self._planned(session, reading.rows, lambda done: report(done, len(reading.rows))))
        return ImportPreview(hashlib.sha256(data).hexdigest(), reading, rows)

    def _read_htcds(self, data: bytes) -> SheetReading:
        return read_htcds(
            read_table(data),
            lists=self._vault.catalogue.lists,
            forms=self._vault.catalogue.forms,
            map_rows=table_rows("htcds_map"),
            today=today(self._vault.clock),
        )

    def _planned(
        self, session: Session, readings: Sequence[RowReading], report: Callable[[int], object]
    ) -> Iterator[PlannedRow]:
        """Yield what each row would do; no two rows change the same case."""
        tables = exported_rows.tables_of(readings)
        changed: set[str] = set()
        for done, reading in enumerate(readings):
            report(done)
            row = self._plan(session, reading, tables, changed)
            if row.action is RowAction.CHANGE and row.case_id is not None:
                changed.add(row.case_id)
            yield row

    def _plan(
        self, session: Session, reading: RowReading, tables: exported_rows.Tables, changed: Collection[str]
    ) -> PlannedRow:
        user = self._vault.user
        fingerprint, sources = exported_rows.fingerprint_of(reading), _sources_of(reading, tables)
        first = sources[0]
        if reading.outcome is RowOutcome.REFUSE:
            refusal = (Remark(reading.refused_row),) if reading.refused_row else ()
            return PlannedRow(reading, RowAction.REFUSE, refusal, None, first, fingerprint)
        ours = exported_rows.case_of(session, user, reading, tables)
        if ours is not None:
            return PlannedRow(reading, RowAction.SKIP, (Remark("ROW_OF_OUR_TABLE"),), ours, first, fingerprint)
        known, free = _known(session, user, sources, fingerprint)
        alike = _by_content(session, user, fingerprint)
        same = next((row for row in known.values() if row.fingerprint == fingerprint), None)
        if same is None and exported_rows.is_known_by_itself(reading):
            same = alike
        if same is not None:
            seen = (Remark("ROW_ALREADY_TAKEN_IN"),)
            return PlannedRow(reading, RowAction.SKIP, seen, same.case_id, first, fingerprint)
        remarks = (*reading.asks, *_unasked_refusals(reading), *reading.warnings)
        for source, row in known.items():
            if row.case_id not in changed and self._may_be_same(session, reading, row.case_id):
                return PlannedRow(reading, RowAction.CHANGE, remarks, row.case_id, source, fingerprint)
        if alike is not None:
            remarks = (*remarks, Remark("ROW_LIKE_ANOTHER_TABLES"))
        if known:
            remarks = (*remarks, Remark("ROW_OF_ANOTHER_PERSON"))
        phone = case_rows.digits(str(reading.accepted.get("Person.phone") or ""))
        if phone and _has_key(session, user, phone):
            remarks = (*remarks, Remark("POSSIBLE_DUPLICATE_IN_OFFICE"))
        return PlannedRow(reading, RowAction.ADD, remarks, None, free, fingerprint)

    def _may_be_same(self, session: Session, reading: RowReading, case_id: str) -> bool:
        """Say whether a row tells of the person of a case: nothing speaks against it and something for it.

        That both have the same name is enough only beside a number that some other register gave the case.
        """
        found = next((r for r in records.of_case(session, self._vault, case_id) if r.kind == "person"), None)
        person = found.fields if found is not None else {}
        drafted = next((draft.fields for draft in reading.drafts if draft.kind == "person"), {})
        if contradict(person, drafted, _TELLS_APART):
            return False
        shared = any(is_said(drafted.get(name)) and drafted.get(name) == person.get(name) for name in _TELLS_OF_ONE)
        return shared or (reading.numbered and bool(names_of(drafted)) and names_of(drafted) == names_of(person))

    def county(self, chosen: str | None = None) -> str:
        """Return the code of the county that new cases get: the chosen one, else this office's.

        Raises:
            NotAccepted: It is none.
        """
        self._vault.require("import.preview")
        with self._vault.reading() as session:
            return self._county(session, chosen)

    def _county(self, session: Session, chosen: str | None) -> str:
        code = records.office(session).county if chosen is None else chosen
        if code not in self._vault.catalogue.lists["counties"]:
            raise NotAccepted((Problem("VALUE_NOT_IN_LIST", "case.county"),))
        return code

    def apply(
        self,
        preview: ImportPreview,
        *,
        county: str | None = None,
        leave_out: Iterable[int | str] = (),
        report: Report = _unwatched,
    ) -> Outcome:
        """Write what the preview planned, in one transaction.

        Args:
            preview: What the person looked at.
            county: The county of every new case whose file has no column for it. This office's, where not given.
            leave_out: The keys of the rows not to take in; of an HTCDS workbook they are the row numbers.
            report: Told how many rows are written, of how many, before each row is looked at again and written.

        Raises:
            NotAccepted: The county is none, or a row has blocking problems; nothing was written.
            Obstacle: IMPORT_PREVIEW_OLD, the vault changed since the preview; nothing was written.
            Stopped: `report` raised it; nothing was written.
        """
        self._vault.require("import.apply")
        left_out = frozenset(map(str, leave_out))
        taken = sum(row.takes_in and row.key not in left_out for row in preview.rows)
        written: list[str] = []
        with self._vault.writing() as session:
            place = self._county(session, county)
            # All are planned before one is written, or two rows that say the same would hide each other.
            readings = [row.reading for row in preview.rows]
            planned = list(self._planned(session, readings, lambda _: report(0, taken)))
            if [row.action for row in planned] != [seen.action for seen in preview.rows]:
                raise Obstacle("IMPORT_PREVIEW_OLD")
            for row in planned:
                if row.key in left_out or not row.takes_in:
                    continue
                report(len(written), taken)
                case_id = self._add(session, row, place) if row.case_id is None else self._change(session, row)
                entry = session.get(ImportedRow, row.source) or ImportedRow(source=row.source)
                entry.fingerprint, entry.case_id = row.fingerprint, case_id
                session.add(entry)
                session.flush()
                written.append(case_id)
            journal.append(session, self._vault, Act.IMPORTED, "", revision_hash=preview.file_sha256)
        return Outcome(tuple(written), 1, frozenset({Topic.CASES, Topic.IMPORTS}))

    def _add(self, session: Session, row: PlannedRow, county: str) -> str:
        drafts = [
            replace(draft, fields={"county": county} | dict(draft.fields)) if draft.kind == "case" else draft
            for draft in row.reading.drafts
        ]
        return create_in(session, self._vault, drafts, taken_over=True)[0]

    def _change(self, session: Session, row: PlannedRow) -> str:
        case_id = row.case_id or ""
        found = records.of_case(session, self._vault, case_id)
        for draft in row.reading.drafts:
            existing = _counterpart(found, draft)
            fields: Mapping[str, Value] = {**existing.fields, **draft.fields} if existing else draft.fields
            if existing is not None and fields == existing.fields:
                continue
            records.put(
                session,
                self._vault,
                RecordDraft(
                    draft.kind,
                    fields,
                    existing.record_id if existing else None,
                    case_id,
                    existing.revision if existing else 0,
                ),
                reason="IMPORT",
                taken_over=True,
            )
        case_rows.refresh(session, self._vault, case_id)
        return case_id


def _sources_of(reading: RowReading, tables: exported_rows.Tables) -> list[bytes]:
    """Return the hashes that say which row of which kind of file it is, the one to look for first in front."""
    if not exported_rows.is_known_by_itself(reading):
        return [tagged_sha256("rufaa-import-source-v1", b"TABLE", *exported_rows.place_of(reading, tables))]
    if reading.key:
        keys = dict.fromkeys((reading.key, reading.other_key))
        return [tagged_sha256("rufaa-import-source-v1", b"LIST", *(part.encode() for part in key)) for key in keys]
    names = name_keys(reading.accepted.get("Person.first_name"), reading.accepted.get("Person.surname"))
    return [tagged_sha256("rufaa-import-source-v1", b"HTCDS", b"%d" % reading.row, " ".join(names).encode())]


def _known(
    session: Session, user: str, sources: Sequence[bytes], fingerprint: bytes
) -> tuple[dict[bytes, ImportedRow], bytes]:
    """Return the rows taken in from these sources, and a source that is free for a new one.

    Somebody else's row of the same number or name must never be written over, so it keeps its own source. A row whose
    case is hidden from this person is not known to them and keeps its source as well.
    """
    known: dict[bytes, ImportedRow] = {}
    free: bytes | None = None
    for source in sources:
        row = session.get(ImportedRow, source)
        if row is None:
            free = free or source
        elif not _is_hidden(session, user, row):
            known[source] = row
    beside = sources[0]
    while free is None:
        beside = tagged_sha256("rufaa-import-source-v1", beside, fingerprint)
        row = session.get(ImportedRow, beside)
        if row is None:
            free = beside
        elif not _is_hidden(session, user, row):
            known[beside] = row
    return known, free


def _is_hidden(session: Session, user: str, row: ImportedRow) -> bool:
    return bool(session.scalar(select(is_hidden(literal(row.case_id), user))))


def _by_content(session: Session, user: str, fingerprint: bytes) -> ImportedRow | None:
    alike = select(ImportedRow).where(ImportedRow.fingerprint == fingerprint, ~is_hidden(ImportedRow.case_id, user))
    return session.scalars(alike.limit(1)).first()


def _has_key(session: Session, user: str, key: str) -> bool:
    query = select(SearchKey.case_id).where(SearchKey.key == key, ~is_hidden(SearchKey.case_id, user))
    return session.scalars(query.limit(1)).first() is not None


def _unasked_refusals(reading: RowReading) -> tuple[Remark, ...]:
    """Return a remark for each refused cell that no question speaks of."""
    asked = {remark.code for remark in reading.asks}
    return tuple(
        Remark(code, {"column": column}) for column, code in reading.refused_cells.items() if code not in asked
    )


def _counterpart(found: Iterable[StoredRecord], draft: RecordDraft) -> StoredRecord | None:
    """Return the stored record a row's draft speaks of: the only one of its kind, or the one with the same marks."""
    marks = _MARKS.get(draft.kind, ())
    for record in found:
        if record.kind == draft.kind and all(record.fields.get(mark) == draft.fields.get(mark) for mark in marks):
            return record
    return None
