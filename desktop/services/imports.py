"""Taking in an HTCDS workbook: a preview of every row first, then one transaction, and the same row never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.office import ImportedRow, SearchKey
from desktop.catalogue import table_rows
from desktop.clock import today
from desktop.crypto.encoding import canonical_json, tagged_sha256
from desktop.errors import NotAccepted, Obstacle, Problem
from desktop.rules.htcds import RowOutcome, RowReading, SheetReading, read_htcds
from desktop.rules.htcds_row import Remark
from desktop.rules.journal_chain import Act
from desktop.rules.names import name_keys
from desktop.rules.records import Outcome, RecordDraft, Topic, Value, encode_fields
from desktop.services import case_rows, journal, records
from desktop.services.cases import create_in
from desktop.services.records import StoredRecord
from desktop.services.session import OpenVault
from desktop.workbooks.sheets import read_workbook

_MARKS = {
    "exploitation_episode": ("exploitation_type",),
    "referral": ("direction",),
    "import_note": ("heading", "question"),
}

_TELLS_APART = ("dob", "sex", "phone", "age_at_registration", "citizenship")

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
    def reasons(self) -> tuple[str, ...]:
        """The codes of the remarks."""
        return tuple(remark.code for remark in self.remarks)

    @property
    def takes_in(self) -> bool:
        """Whether applying would write anything of the row."""
        return self.action in (RowAction.ADD, RowAction.CHANGE)


@dataclass(frozen=True)
class ImportPreview:
    """Every filled row of the workbook; nothing was written."""

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

    def preview(self, data: bytes, *, report: Report = _unwatched) -> ImportPreview:
        """Read a workbook in the limited child and say what each row would do. `report` is called before each row.

        Raises:
            NotTrusted: The file is hostile or too demanding; nothing of it was kept.
            NotAccepted: HEADINGS_UNKNOWN, it is no HTCDS workbook.
            Stopped: `report` raised it.
        """
        self._vault.require("import.preview")
        reading = read_htcds(
            read_workbook(data),
            lists=self._vault.catalogue.lists,
            forms=self._vault.catalogue.forms,
            map_rows=table_rows("htcds_map"),
            today=today(self._vault.clock),
        )
        rows: list[PlannedRow] = []
        with self._vault.reading() as session:
            for row in reading.rows:
                report(len(rows), len(reading.rows))
                rows.append(self._plan(session, row))
        return ImportPreview(hashlib.sha256(data).hexdigest(), reading, tuple(rows))

    def _plan(self, session: Session, reading: RowReading) -> PlannedRow:
        said = canonical_json([[draft.kind, encode_fields(draft.fields)] for draft in reading.drafts])
        fingerprint = tagged_sha256("rufaa-import-row-v1", said)
        names = name_keys(reading.accepted.get("Person.first_name"), reading.accepted.get("Person.surname"))
        source = tagged_sha256("rufaa-import-source-v1", b"HTCDS", b"%d" % reading.row, " ".join(names).encode())
        if reading.outcome is RowOutcome.REFUSE:
            refusal = (Remark(reading.refused_row),) if reading.refused_row else ()
            return PlannedRow(reading, RowAction.REFUSE, refusal, None, source, fingerprint)
        known = session.get(ImportedRow, source)
        same = known if known is not None and known.fingerprint == fingerprint else _by_content(session, fingerprint)
        if same is not None:
            seen = (Remark("ROW_ALREADY_TAKEN_IN"),)
            return PlannedRow(reading, RowAction.SKIP, seen, same.case_id, source, fingerprint)
        remarks = (*reading.asks, *_unasked_refusals(reading), *reading.warnings)
        if known is not None:
            if names and self._may_be_same(session, reading, known.case_id):
                return PlannedRow(reading, RowAction.CHANGE, remarks, known.case_id, source, fingerprint)
            # Another workbook's row of the same number: somebody else, who must never be written over this person.
            source = tagged_sha256("rufaa-import-source-v1", source, fingerprint)
        phone = case_rows.digits(str(reading.accepted.get("Person.phone") or ""))
        if phone and session.scalars(select(SearchKey.case_id).where(SearchKey.key == phone).limit(1)).first():
            remarks = (*remarks, Remark("POSSIBLE_DUPLICATE_IN_OFFICE"))
        return PlannedRow(reading, RowAction.ADD, remarks, None, source, fingerprint)

    def _may_be_same(self, session: Session, reading: RowReading, case_id: str) -> bool:
        """Say whether nothing that tells persons apart differs between a row and the person of a case."""
        person = next((r for r in records.of_case(session, self._vault, case_id) if r.kind == "person"), None)
        drafted = next((draft.fields for draft in reading.drafts if draft.kind == "person"), {})
        return person is not None and all(
            drafted.get(name) == person.fields.get(name)
            for name in _TELLS_APART
            if drafted.get(name) is not None and person.fields.get(name) is not None
        )

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
        leave_out: Iterable[int] = (),
        report: Report = _unwatched,
    ) -> Outcome:
        """Write what the preview planned, in one transaction.

        Args:
            preview: What the person looked at.
            county: The county of every new case; the workbook has none. This office's, where not given.
            leave_out: Row numbers not to take in.
            report: Told how many rows are written, of how many, before each row is looked at again and written.

        Raises:
            NotAccepted: The county is none, or a row has blocking problems; nothing was written.
            Obstacle: IMPORT_PREVIEW_OLD, the vault changed since the preview; nothing was written.
            Stopped: `report` raised it; nothing was written.
        """
        self._vault.require("import.apply")
        left_out = frozenset(leave_out)
        taken = sum(row.takes_in and row.reading.row not in left_out for row in preview.rows)
        written: list[str] = []
        with self._vault.writing() as session:
            place = self._county(session, county)
            # All are planned before one is written, or two rows that say the same would hide each other.
            planned: list[PlannedRow] = []
            for seen in preview.rows:
                report(0, taken)
                planned.append(self._plan(session, seen.reading))
            if [row.action for row in planned] != [seen.action for seen in preview.rows]:
                raise Obstacle("IMPORT_PREVIEW_OLD")
            for row in planned:
                if row.reading.row in left_out or not row.takes_in:
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


def _by_content(session: Session, fingerprint: bytes) -> ImportedRow | None:
    return session.scalars(select(ImportedRow).where(ImportedRow.fingerprint == fingerprint).limit(1)).first()


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
