"""How one record is stored: checked, split into open and sealed values, hashed, journaled, never overwritten.

Helpers of the services; each runs in its caller's transaction.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from db.models.base import Base
from db.models.office import Office, Record, Revision
from desktop.bundles.records import StoredRevision, parse_revision, revision_hash
from desktop.clock import today
from desktop.crypto.encoding import Malformed
from desktop.errors import DeskError, NotAccepted, Obstacle
from desktop.rules.consent import CONSENT
from desktop.rules.dates import bounds, is_child, is_partial_date, was_child
from desktop.rules.forms import Form
from desktop.rules.journal_chain import Act
from desktop.rules.records import Missing, RecordDraft, Value
from desktop.rules.validation import Surroundings, blocking, check, read_fields
from desktop.services import journal
from desktop.services.revisions import next_revision
from desktop.services.session import OpenVault

_WITH_BASIS = frozenset({"consent", "referral"})


class RevisionConflict(DeskError):
    """Somebody saved the record after it was opened; both versions are kept and a person decides."""

    exit_status = 8


@dataclass(frozen=True)
class StoredRecord:
    """A record as it stands: its open values, and which values are sealed.

    `altered`: the stored bytes are not those that were saved. The fields are shown as far as they can be read.
    `hidden` names values that are not shown to this person (`services/health`); they stay when the record is saved.
    `source` is the revision itself; None where its bytes cannot be read, and where something of it is hidden.
    """

    record_id: str
    kind: str
    case_id: str | None
    revision: int
    fields: Mapping[str, Value] = field(repr=False)
    sealed: frozenset[str]
    void: str | None
    at: str
    by: str
    hash: str
    altered: bool = False
    source: StoredRevision | None = field(default=None, repr=False, compare=False)
    hidden: frozenset[str] = frozenset()

    def text(self, name: str) -> str:
        """Return a text or code value, or an empty text where there is none."""
        value = self.fields.get(name)
        return str(value) if isinstance(value, str) and not isinstance(value, Missing) else ""

    def codes(self, name: str) -> tuple[str, ...]:
        """Return the codes of a list value."""
        value = self.fields.get(name)
        return value if isinstance(value, tuple) else ()


def form_of(vault: OpenVault, kind: str) -> Form:
    """Return the declaration of a record kind. Raises DeskError for a kind that is none."""
    form = vault.catalogue.forms.get(kind)
    if form is None:
        raise DeskError("RECORD_KIND_UNKNOWN")
    return form


def office(session: Session) -> Office:
    """Return the office's own row, read once in a transaction."""
    found: Office = session.info.get("office") or session.execute(select(Office)).scalar_one()
    session.info["office"] = found  # held, because the session forgets a row nobody holds
    return found


def put(
    session: Session,
    vault: OpenVault,
    draft: RecordDraft,
    *,
    act: Act = Act.RECORD_SAVED,
    void: str | None = None,
    reason: str | None = None,
    taken_over: bool = False,
    opened: StoredRecord | None = None,
) -> StoredRecord:
    """Write a draft as the next revision of its record, with its journal entry, in the caller's transaction.

    `opened` is the record as it stands, where the caller has read it in the same transaction.

    Raises:
        NotAccepted: Blocking problems; nothing was written.
        RevisionConflict: The stored revision is not the one the draft was opened at.
    """
    draft = _with_basis(session, vault, draft)
    _refuse_blocked(vault, draft, was_child=_was_child(session, vault, draft), taken_over=taken_over)
    parent = _parent(session, draft, opened)
    stored, row = _next(vault, draft, parent, void)
    if parent is None:
        session.execute(insert(_RECORDS), _record_row(stored))
    else:
        session.execute(_MOVED, {"of": stored.record_id, "to": stored.revision, "as": void})
        # Of one that cannot be read, what its earlier revisions say.
        known = opened.sealed if opened and opened.source else _sealed_before(session, stored.record_id)
        stored = replace(stored, sealed=known | stored.sealed)
    session.execute(insert(_REVISIONS), row)
    journal.append(session, vault, act, stored.record_id, revision_hash=stored.hash, reason=reason)
    return stored


def put_new(
    session: Session, vault: OpenVault, given: Iterable[tuple[RecordDraft, Act]], *, taken_over: bool = False
) -> list[StoredRecord]:
    """Write the first records of a case as `put` would one after the other, in one statement for each table.

    Raises:
        NotAccepted: A draft has blocking problems; nothing was written.
        RevisionConflict: A draft is of a record that is there already.
    """
    made: list[StoredRecord] = []
    rows, saved = [], []
    for bare, act in given:
        draft = _with_basis(session, vault, bare)
        was_child = draft.kind == "determination" and was_child_in(_in_order(made), today(vault.clock))
        _refuse_blocked(vault, draft, was_child=was_child, taken_over=taken_over)
        if _parent(session, draft, None) is not None:
            raise RevisionConflict("REVISION_CONFLICT")
        stored, row = _next(vault, draft, None, None)
        made.append(stored)
        rows.append(row)
        saved.append(journal.Saved(vault.now(), act, stored.record_id, stored.hash))
    session.execute(insert(_RECORDS), [_record_row(stored) for stored in made])
    session.execute(insert(_REVISIONS), rows)
    journal.append_all(session, vault.user, saved)
    return made


def _refuse_blocked(vault: OpenVault, draft: RecordDraft, *, was_child: bool, taken_over: bool) -> None:
    form = form_of(vault, draft.kind)
    around = Surroundings(was_child=was_child, taken_over=taken_over)
    stopping = blocking(check(form, draft.fields, vault.catalogue.lists, vault.clock.now(), around))
    if stopping:
        raise NotAccepted(stopping)


def _parent(session: Session, draft: RecordDraft, opened: StoredRecord | None) -> str | None:
    """Return the hash of the revision a draft follows, None for a new record. Raises RevisionConflict."""
    there: tuple[object, ...] | None = None
    if opened is not None:
        there = (opened.kind, opened.case_id, opened.revision, opened.hash)
    elif draft.record_id:
        row = session.execute(_HEAD, {"id": draft.record_id}).first()
        there = (row.kind, row.case_id, row.rev, row.hash.hex()) if row else None
    *here, parent = there or (draft.kind, draft.case_id, 0, None)
    if here != [draft.kind, draft.case_id, draft.revision]:
        raise RevisionConflict("REVISION_CONFLICT")
    return str(parent) if parent else None


def _next(
    vault: OpenVault, draft: RecordDraft, parent: str | None, void: str | None
) -> tuple[StoredRecord, Mapping[str, object]]:
    """Return the record as it will stand, its sealed names those of this revision alone, and the revision's row."""
    form = form_of(vault, draft.kind)
    made = next_revision(vault, form, draft, parent, void)
    body = made.body
    stored = StoredRecord(
        record_id=body.id,
        kind=body.kind,
        case_id=body.case,
        revision=body.rev,
        fields=read_fields(form, body.fields),
        sealed=frozenset(body.sealed.names if body.sealed else ()),
        void=void,
        at=body.at,
        by=body.by,
        hash=made.hash,
        source=body,
    )
    return stored, made.row


def _record_row(made: StoredRecord) -> dict[str, object]:
    standing = {"rev": made.revision, "sent_rev": 0, "unsent": True, "void": made.void}
    return {"id": made.record_id, "kind": made.kind, "case_id": made.case_id, **standing}


def _with_basis(session: Session, vault: OpenVault, draft: RecordDraft) -> RecordDraft:
    """Return the draft with the supervisor who takes a ground other than consent: the one signed in, nobody typed.

    Raises:
        NotPermitted: Somebody else would record or change such a ground.
    """
    if draft.kind not in _WITH_BASIS or not names_basis(draft.fields):
        return draft
    stored = load(session, vault, draft.record_id).fields if draft.record_id and draft.revision else {}
    if all(stored.get(name) == draft.fields.get(name) for name in ("lawful_basis", "basis_reason")):
        return replace(draft, fields={**draft.fields, "basis_supervisor": stored.get("basis_supervisor")})
    vault.require("basis.record")
    return replace(draft, fields={**draft.fields, "basis_supervisor": vault.user})


def names_basis(fields: Mapping[str, Value]) -> bool:
    """Say whether a consent row or a referral rests on a ground other than consent."""
    basis = fields.get("lawful_basis")
    return isinstance(basis, str) and not isinstance(basis, Missing) and basis != CONSENT


def _was_child(session: Session, vault: OpenVault, draft: RecordDraft) -> bool:
    """Say whether the person was under 18 when it happened (L-20); the rules of a finding depend on it."""
    if draft.kind != "determination" or draft.case_id is None:
        return False
    return was_child_in(of_case(session, vault, draft.case_id), today(vault.clock))


def is_child_in(found: Iterable[StoredRecord], day: date) -> bool:
    """Say from a case's records whether the person is treated as a child on `day`; with nothing known, yes."""
    person = _first(found, "person")
    if person is None:
        return True
    age, said_on = person.fields.get("age_at_registration"), person.text("age_said_on")
    return is_child(
        day,
        dob=person.text("dob") or None,
        dob_estimated=person.fields.get("dob_estimated") is True,
        age=age if isinstance(age, int) else None,
        age_said_on=date.fromisoformat(said_on) if said_on else None,
    )


def was_child_in(found: Iterable[StoredRecord], day: date) -> bool:
    """Say from a case's records whether the person was under 18 when it happened; in doubt, yes."""
    known = tuple(found)
    person, episode = _first(known, "person"), _first(known, "exploitation_episode")
    if person is None:
        return True
    at_start = episode.fields.get("age_at_start") if episode else None
    return was_child(
        is_child_now=is_child_in(known, day),
        age_at_start=at_start if isinstance(at_start, int) else None,
        start=(episode.text("start") or None) if episode else None,
        dob=person.text("dob") or None,
    )


def opened_on(found: Iterable[StoredRecord]) -> date | None:
    """Return the day a case was opened, the first it can have been where only month or year is known."""
    case = _first(found, "case")
    opened = case.text("date_opened") if case else ""
    return bounds(opened)[0] if is_partial_date(opened) else None


def _first(found: Iterable[StoredRecord], kind: str) -> StoredRecord | None:
    return next((record for record in found if record.kind == kind), None)


# Statements are built once: to build one takes longer than to run it.
_RECORDS, _REVISIONS = (Base.metadata.tables[name] for name in ("record", "revision"))
_MOVED = (
    update(_RECORDS)
    .where(_RECORDS.c.id == bindparam("of"))
    .values(rev=bindparam("to"), unsent=True, void=bindparam("as"))
)
_HEAD = (
    select(Record.kind, Record.case_id, Record.rev, Revision.hash)
    .join(Revision, (Record.id == Revision.record_id) & (Record.rev == Revision.rev), isouter=True)
    .where(Record.id == bindparam("id"))
)
# Every record with its newest revision.
_STANDING = select(
    *(Record.id, Record.kind, Record.case_id, Record.rev, Record.void, Revision.body, Revision.hash, Revision.random),
    Revision.sealed.is_not(None).label("is_sealed"),
).join(Revision, (Record.id == Revision.record_id) & (Record.rev == Revision.rev))
_ONE = _STANDING.where(Record.id == bindparam("id"))
_OF_CASE = _STANDING.where(Record.case_id == bindparam("case"), Record.void.is_(None))
_OF_KINDS = _OF_CASE.where(Record.kind.in_(bindparam("kinds", expanding=True)))
_OF_NO_CASE = _STANDING.where(
    Record.kind == bindparam("kind"), Record.void.is_(None), Record.case_id.is_(None)
).order_by(Record.id)
# The revisions before the newest that have sealed values.
_SEALED_BEFORE = (
    select(Revision.record_id, Revision.body)
    .join(Record, Record.id == Revision.record_id)
    .where(
        Revision.record_id.in_(bindparam("ids", expanding=True)),
        Revision.rev < Record.rev,
        Revision.sealed.is_not(None),
    )
)


def load(session: Session, vault: OpenVault, record_id: str) -> StoredRecord:
    """Return a record as it stands. Raises Obstacle RECORD_GONE when there is none."""
    found = _all_stored(session, vault, session.execute(_ONE, {"id": record_id}).all())
    if not found:
        raise Obstacle("RECORD_GONE")
    return found[0]


def of_case(session: Session, vault: OpenVault, case_id: str) -> tuple[StoredRecord, ...]:
    """Return every record of a case that is not void, in the order they were first kept."""
    return _in_order(_all_stored(session, vault, session.execute(_OF_CASE, {"case": case_id}).all()))


def of_case_with(
    session: Session, vault: OpenVault, case_id: str, kinds: Iterable[str], saved: StoredRecord
) -> tuple[StoredRecord, ...]:
    """Return a case's records of some kinds, with one that was just saved and is not read again."""
    rows = session.execute(_OF_KINDS, {"case": case_id, "kinds": list(kinds)}).all()
    others = _all_stored(session, vault, [row for row in rows if row.id != saved.record_id])
    return _in_order((*others, saved))


def _in_order(found: Iterable[StoredRecord]) -> tuple[StoredRecord, ...]:
    return tuple(sorted(found, key=lambda record: (record.kind, record.at, record.record_id)))


def of_kind(session: Session, vault: OpenVault, kind: str) -> tuple[StoredRecord, ...]:
    """Return every record of a kind that belongs to no case, such as providers."""
    return tuple(_all_stored(session, vault, session.execute(_OF_NO_CASE, {"kind": kind}).all()))


def _all_stored(session: Session, vault: OpenVault, rows: Sequence[Any]) -> list[StoredRecord]:
    before: dict[str, frozenset[str]] = {}
    if revised := [row.id for row in rows if row.rev > 1]:
        for record_id, body in session.execute(_SEALED_BEFORE, {"ids": revised}):
            before[record_id] = before.get(record_id, frozenset()) | _sealed_names(body)
    return [_stored(vault, row, before.get(row.id, frozenset())) for row in rows]


def _sealed_before(session: Session, record_id: str) -> frozenset[str]:
    rows = session.execute(_SEALED_BEFORE, {"ids": [record_id]})
    return frozenset().union(*(_sealed_names(body) for _, body in rows))


def _sealed_names(body: bytes) -> frozenset[str]:
    with contextlib.suppress(Malformed):
        note = parse_revision(body).sealed
        return frozenset(note.names if note else ())
    return frozenset()


def _stored(vault: OpenVault, row: Any, sealed_before: frozenset[str]) -> StoredRecord:
    """Build a record from its row. One that is not what was saved is marked, so that the others stay usable (B03)."""
    made = row.hash.hex()
    # SQLite keeps whatever type somebody else wrote.
    body = row.body if isinstance(row.body, bytes) else b""
    try:
        revision = parse_revision(body)
    except Malformed:
        return StoredRecord(
            row.id, row.kind, row.case_id, row.rev, {}, frozenset(), row.void, "", "", made, altered=True
        )
    sealed_now = frozenset(revision.sealed.names if revision.sealed and row.is_sealed else ())
    whole = (revision.id, revision.kind, revision.case, revision.rev) == (row.id, row.kind, row.case_id, row.rev)
    return StoredRecord(
        record_id=row.id,
        kind=row.kind,
        case_id=row.case_id,
        revision=row.rev,
        fields=read_fields(form_of(vault, row.kind), revision.fields),
        sealed=sealed_before | sealed_now,
        void=revision.void,
        at=revision.at,
        by=revision.by,
        hash=made,
        altered=not whole or revision_hash(row.random, body) != made,
        source=revision,
    )
