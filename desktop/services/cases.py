"""Cases: make, open, save, list, search. One public method, one transaction."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models.office import CaseRow, Office
from db.queries import cases as queries
from db.queries import visible
from desktop.clock import today
from desktop.errors import Obstacle
from desktop.rules import numbers
from desktop.rules.journal_chain import Act
from desktop.rules.records import Outcome, RecordDraft, Topic, Value
from desktop.services import assignments, case_rows, health, history, journal, records, sealed
from desktop.services.assignments import Officer
from desktop.services.drafts import drop_in as drop_draft
from desktop.services.history import Change
from desktop.services.records import StoredRecord
from desktop.services.session import OpenVault

# Kinds with a service of their own: a new case gets its number there, a referral its states, a consent row is never
# changed (DPA s.32(1), L-13).
_OWN_WAY = frozenset({"case", "consent", "referral"})
# How long one entry of the journal stands for all the names shown: to write at every key would slow the search.
_NAMES_NOTED_S = 120.0


@dataclass(frozen=True)
class CaseSummary:
    """One line of a list. `name` is filled only in answer to a search (decisions 31)."""

    case_id: str
    case_ref: str
    shown_as: str
    name: str = field(repr=False)
    born: str | None = field(repr=False)
    age: int | None
    age_on: str | None
    sex: str | None
    status: str
    stage: str | None
    touched_at: str
    restricted: bool = False


@dataclass(frozen=True)
class CaseFile:
    """A case with all its records as they stand."""

    case_id: str
    case_ref: str
    records: tuple[StoredRecord, ...] = field(repr=False)

    def of(self, kind: str) -> tuple[StoredRecord, ...]:
        """Return the records of one kind."""
        return tuple(record for record in self.records if record.kind == kind)

    def one(self, kind: str) -> StoredRecord | None:
        """Return the record of a kind that a case has once, or None."""
        return case_rows.first(self.records, kind)


def create_in(
    session: Session, vault: OpenVault, drafts: Iterable[RecordDraft], *, taken_over: bool = False
) -> tuple[str, list[str]]:
    """Make a case from its drafts in the caller's transaction; return the case id and the record ids.

    The draft of kind `case` need not hold what the program makes: number, pseudonym, office, day. `taken_over`: the
    drafts repeat what another register says.
    """
    office = records.office(session)
    day = today(vault.clock)
    if office.last_case_year != day.year:
        # Not always a new year: a clock that was wrong for a while comes back to a year with numbers already given.
        office.last_case_year, office.last_case_number = day.year, _highest_number(session, office, day.year)
    office.last_case_number += 1
    if office.last_case_number > numbers.LAST_SEQUENCE:
        raise Obstacle("CASE_NUMBERS_USED_UP")
    given = list(drafts)
    draft = next((item for item in given if item.kind == "case"), RecordDraft("case", {}))
    made: dict[str, Value] = {
        "case_ref": numbers.make_case_ref(office.county, int(office.desk_code), day.year, office.last_case_number),
        "pseudonym": numbers.make_pseudonym(secrets.token_bytes(8)),
        "date_opened": day.isoformat(),
        "county": office.county,
        "office": office.code,
        "status": "OPEN",
        "stage": "IDENTIFIED",
    }
    case_id = str(uuid.uuid4())
    fields = made | {name: value for name, value in draft.fields.items() if value is not None}
    first = (replace(draft, fields=fields, case_id=case_id), Act.CASE_CREATED)
    others = ((replace(item, case_id=case_id), Act.RECORD_SAVED) for item in given if item.kind != "case")
    written = records.put_new(session, vault, (first, *others), taken_over=taken_over)
    case_rows.add(session, vault, case_id, written)
    assignments.begin(session, vault, case_id)
    return case_id, [record.record_id for record in written]


def _highest_number(session: Session, office: Office, year: int) -> int:
    """Return the highest running number this incarnation gave in a year, 0 for none."""
    first = numbers.make_case_ref(office.county, int(office.desk_code), year, 1)
    before, number, _ = first.rsplit("-", 2)
    last = session.scalar(select(func.max(CaseRow.case_ref)).where(CaseRow.case_ref.startswith(f"{before}-")))
    return int(last[len(before) + 1 :][: len(number)]) if last else 0


class CaseService:
    """What one does with cases."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault
        self._names_noted: dict[str | None, float] = {}  # by reason, when last
        self._health_noted: set[tuple[str, date]] = set()  # the cases whose health facts were shown, and the day

    def create(self, drafts: Iterable[RecordDraft]) -> tuple[str, Outcome]:
        """Make a case from drafts of its records and return its id.

        Raises:
            NotAccepted: A draft has blocking problems; nothing was written.
            Obstacle: RECORD_OTHER_WAY for a consent row or a referral.
        """
        self._vault.require("case.create")
        given = [self._with_computed(None, draft) for draft in drafts]
        kinds = {draft.kind for draft in given}
        if "determination" in kinds:
            self._vault.require("determination.record")
        if kinds & {"consent", "referral"}:
            raise Obstacle("RECORD_OTHER_WAY")
        with self._vault.writing() as session:
            case_id, written = create_in(session, self._vault, given)
            for draft in given:
                drop_draft(session, self._vault, draft)
        return case_id, Outcome(tuple(written), 1, frozenset({Topic.CASES}))

    def open(self, case_id: str, reason: str | None = None) -> CaseFile:
        """Return a case; the view is journaled, and once a case and day that health facts were in it.

        Whoever may not see those gets the case without them (`services/health`). `reason` is a code of `view_reasons`:
        whoever the case is not assigned to gives one, once per case and day.

        Raises:
            NotAccepted: VALUE_NOT_IN_LIST, the reason is none.
            Obstacle: RECORD_GONE; or VIEW_REASON_NEEDED, and every other act on the case says the same until then.
        """
        self._vault.require("case.open")
        with self._vault.writing() as session:
            noted = assignments.admit(session, self._vault, "case.open", case_id, reason)
            found = load_case(session, self._vault, case_id)
            if not health.may_see(session, self._vault):
                found = replace(found, records=tuple(health.without(self._vault, one) for one in found.records))
            told = health.any_told(self._vault, found.records) and self._is_first_look(case_id)
            if told or not noted:
                journal.append(session, self._vault, Act.CASE_VIEWED, case_id, reason="HEALTH" if told else None)
        self._looked(case_id, told=told)
        return found

    def officers(self, case_id: str) -> tuple[Officer, ...]:
        """Return everybody at the desk, with since when the case is theirs. Raises Obstacle RECORD_GONE."""
        self._vault.require("case.search")
        with self._vault.reading() as session:
            assignments.admit(session, self._vault, "case.search", case_id)
            return assignments.officers(session, case_id)

    def assign(self, case_id: str, user: str) -> Outcome:
        """Make somebody an officer of a case: a supervisor's to do, in a restricted case its officers' as well.

        Raises:
            NotPermitted: ROLE_NOT_PERMITTED.
            Obstacle: RECORD_GONE, USER_GONE, USER_SUSPENDED.
        """
        self._vault.require("case.assign")
        with self._vault.writing() as session:
            # Naming oneself opens the case from then on: it asks for the reason that opening it would.
            assignments.admit(session, self._vault, "case.open" if user == self._vault.user else "case.assign", case_id)
            assignments.assign(session, self._vault, case_id, user)
        return Outcome((case_id,), 0, frozenset({Topic.CASES}))

    def unassign(self, case_id: str, user: str) -> Outcome:
        """Take a case away from an officer. Raises Obstacle RECORD_GONE, LAST_OFFICER."""
        self._vault.require("case.unassign")
        with self._vault.writing() as session:
            assignments.admit(session, self._vault, "case.unassign", case_id)
            assignments.unassign(session, self._vault, case_id, user)
        return Outcome((case_id,), 0, frozenset({Topic.CASES}))

    def save(self, draft: RecordDraft) -> Outcome:
        """Save one record of a case: a new one, or the next revision of one opened before.

        What the program makes (numbers, states, due dates) stays as it is stored, whatever the draft says, and so does
        a health fact that it does not name.

        Raises:
            NotAccepted: Blocking problems; nothing was written.
            RevisionConflict: Somebody saved it since; nothing was written.
            Obstacle: RECORD_APPEND_ONLY for a consent row, RECORD_OTHER_WAY for a new case or referral,
                REFERRAL_ISSUED for a referral whose letter has gone out; RECORD_GONE, VIEW_REASON_NEEDED.
        """
        action = "determination.record" if draft.kind == "determination" else "case.save"
        self._vault.require(action)
        if draft.kind == "consent":
            raise Obstacle("RECORD_APPEND_ONLY")
        if draft.kind in _OWN_WAY and not draft.record_id:
            raise Obstacle("RECORD_OTHER_WAY")
        with self._vault.writing() as session:
            assignments.admit(session, self._vault, action, draft.case_id)
            # Held to the end: the session forgets a row nobody holds, and would read it again for `refresh`.
            row = session.get_one(CaseRow, draft.case_id)
            opened = records.load(session, self._vault, draft.record_id) if draft.record_id else None
            other = opened.case_id if opened is not None and opened.case_id != row.case_id else None
            if other is not None and not assignments.is_there(session, self._vault, other):
                raise Obstacle("RECORD_GONE")
            stored = records.put(session, self._vault, self._with_computed(opened, draft), opened=opened)
            drop_draft(session, self._vault, draft)
            case_rows.refresh(session, self._vault, row.case_id, stored)
        return Outcome((stored.record_id,), stored.revision, frozenset({Topic.CASES}))

    def _with_computed(self, opened: StoredRecord | None, draft: RecordDraft) -> RecordDraft:
        """Return the draft with the values that only the program makes, as they are stored."""
        made = [item.name for item in records.form_of(self._vault, draft.kind).fields if item.computed]
        kept = opened.fields if opened else {}
        if draft.kind == "referral" and kept.get("status") not in (None, "DRAFT"):
            raise Obstacle("REFERRAL_ISSUED")
        fields = {name: value for name, value in draft.fields.items() if name not in made}
        fields |= {name: kept[name] for name in made if name in kept}
        return replace(draft, fields=health.kept(records.form_of(self._vault, draft.kind), kept, fields))

    def list(self, after: CaseSummary | None = None, *, with_names: bool = False) -> tuple[CaseSummary, ...]:
        """Return the next page, the last touched first; that it is with names is journaled (decisions 31)."""
        self._vault.require("case.search")
        with self._vault.reading() as session:
            rows = queries.page(session, self._vault.user, (after.touched_at, after.case_id) if after else None)
        if with_names and rows:
            self._note_names_shown(None)
        return _summaries(rows, with_names=with_names)

    def count(self) -> int:
        """Return how many cases there are on this laptop, hidden ones not counted."""
        self._vault.require("case.search")
        with self._vault.reading() as session:
            return visible.count(session, self._vault.user)

    def search(self, text: str) -> tuple[CaseSummary, ...]:
        """Return the cases whose names, phone or number begin with every word of `text`, with the matched names.

        That names were shown is journaled here; what was one search to its person is for `note_search`.
        """
        self._vault.require("case.search")
        with self._vault.reading() as session:
            rows = queries.matching(session, self._vault.user, case_rows.search_words(text))
        if rows:
            self._note_names_shown("SEARCH")
        return _summaries(rows, with_names=True)

    def note_search(self) -> None:
        """Journal that names were searched; called once a search is settled, not on every key."""
        self._vault.require("case.search")
        with self._vault.writing() as session:
            journal.append(session, self._vault, Act.SEARCHED, "")

    def _note_names_shown(self, reason: str | None) -> None:
        """Journal that names go out, before they do; not again within two minutes, whatever the wall clock says."""
        now, last = time.monotonic(), self._names_noted.get(reason)
        if last is not None and now - last < _NAMES_NOTED_S:
            return
        with self._vault.writing() as session:
            journal.append(session, self._vault, Act.NAMES_SHOWN, "", reason=reason)
        self._names_noted[reason] = now

    def history(self, record_id: str) -> tuple[Change, ...]:
        """Return every revision of a record, the newest first, with what it changed; the look is journaled.

        Raises:
            Obstacle: RECORD_GONE, VIEW_REASON_NEEDED.
        """
        self._vault.require("case.open")
        with self._vault.writing() as session:
            record = self._admit_to(session, record_id)
            found = history.of_record(session, self._vault, record_id)
            form, case_id = records.form_of(self._vault, record.kind), record.case_id or ""
            told = any(one.name in form.health_names for change in found for one in change.fields)
            if told and not health.may_see(session, self._vault):
                found, told = health.changes_without(form, found), False
            told = told and self._is_first_look(case_id)
            said = "HISTORY HEALTH" if told else "HISTORY"
            journal.append(session, self._vault, Act.CASE_VIEWED, record_id, reason=said)
        self._looked(case_id, told=told)
        return found

    def read_sealed(self, record_id: str) -> dict[str, Value]:
        """Open the sealed values of a record; journaled.

        Raises:
            NotPermitted: Without a key of the sealed class.
            Obstacle: RECORD_GONE, VIEW_REASON_NEEDED.
        """
        self._vault.require("case.open")
        with self._vault.writing() as session:
            self._admit_to(session, record_id)
            values = sealed.read_sealed(session, self._vault, record_id)
            journal.append(session, self._vault, Act.CASE_VIEWED, record_id, reason="SEALED")
        return values

    def _admit_to(self, session: Session, record_id: str) -> StoredRecord:
        """Let the signed-in person look at a record; one of no case, such as a provider, is everybody's."""
        record = records.load(session, self._vault, record_id)
        if record.case_id is not None:
            assignments.admit(session, self._vault, "case.open", record.case_id)
        return record

    def _is_first_look(self, case_id: str) -> bool:
        """Say whether the journal does not have it yet that health facts of a case were shown today."""
        return (case_id, today(self._vault.clock)) not in self._health_noted

    def _looked(self, case_id: str, *, told: bool) -> None:
        """Remember what was journaled, once it is."""
        if told:
            self._health_noted.add((case_id, today(self._vault.clock)))


def load_case(session: Session, vault: OpenVault, case_id: str) -> CaseFile:
    """Return a case in the caller's transaction; who may see it was asked before. Raises Obstacle RECORD_GONE."""
    row = session.get(CaseRow, case_id)
    if row is None:
        raise Obstacle("RECORD_GONE")
    return CaseFile(case_id, row.case_ref, records.of_case(session, vault, case_id))


def _summaries(rows: Sequence[Any], *, with_names: bool) -> tuple[CaseSummary, ...]:
    return tuple(
        CaseSummary(
            case_id=row.case_id,
            case_ref=row.case_ref,
            shown_as=row.shown_as,
            name=row.full_name if with_names else "",
            born=row.born,
            age=row.age,
            age_on=row.age_on,
            sex=row.sex,
            status=row.status,
            stage=row.stage,
            touched_at=row.touched_at,
            restricted=row.restricted,
        )
        for row in rows
    )
