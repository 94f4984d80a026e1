"""How one record is stored: checked, split into open and sealed values, hashed, journaled, never overwritten.

Helpers of the services; each runs in its caller's transaction.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.office import Office, Record, Revision
from desktop.bundles.records import (
    StoredRevision,
    fresh_salt,
    parse_revision,
    revision_bytes,
    revision_hash,
)
from desktop.clock import today
from desktop.crypto.encoding import Malformed
from desktop.errors import DeskError, NotAccepted, Obstacle
from desktop.rules.consent import CONSENT
from desktop.rules.dates import bounds, is_child, is_partial_date, was_child
from desktop.rules.forms import Form
from desktop.rules.journal_chain import Act
from desktop.rules.records import Missing, RecordDraft, Value, encode_fields
from desktop.rules.validation import Surroundings, blocking, check, read_fields
from desktop.services import journal
from desktop.services.sealed import seal_fields
from desktop.services.session import OpenVault

_WITH_BASIS = frozenset({"consent", "referral"})


class RevisionConflict(DeskError):
    """Somebody saved the record after it was opened; both versions are kept and a person decides."""

    exit_status = 8


@dataclass(frozen=True)
class StoredRecord:
    """A record as it stands: its open values, and which values are sealed.

    `altered`: the stored bytes are not those that were saved. The fields are shown as far as they can be read.
    `source` is the revision itself; None where its bytes cannot be read.
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
    """Return the office's own row."""
    return session.execute(select(Office)).scalar_one()


def put(
    session: Session,
    vault: OpenVault,
    draft: RecordDraft,
    *,
    act: Act = Act.RECORD_SAVED,
    void: str | None = None,
    reason: str | None = None,
    taken_over: bool = False,
) -> StoredRecord:
    """Write a draft as the next revision of its record, with its journal entry, in the caller's transaction.

    Raises:
        NotAccepted: Blocking problems; nothing was written.
        RevisionConflict: The stored revision is not the one the draft was opened at.
    """
    form = form_of(vault, draft.kind)
    draft = _with_basis(session, vault, draft)
    around = Surroundings(was_child=_was_child(session, vault, draft), taken_over=taken_over)
    stopping = blocking(check(form, draft.fields, vault.catalogue.lists, vault.clock.now(), around))
    if stopping:
        raise NotAccepted(stopping)
    record = session.get(Record, draft.record_id) if draft.record_id else None
    here = (record.kind, record.case_id, record.rev) if record else (draft.kind, draft.case_id, 0)
    if here != (draft.kind, draft.case_id, draft.revision):
        raise RevisionConflict("REVISION_CONFLICT")
    record_id = draft.record_id or str(uuid.uuid4())
    rev = draft.revision + 1
    parent = _hash_of(session, record_id, draft.revision) if draft.revision else None
    sealed_values = {name: value for name, value in draft.fields.items() if name in form.sealed_names}
    open_values = {name: value for name, value in draft.fields.items() if name not in form.sealed_names}
    sealed_file, note = seal_fields(vault, draft.case_id, record_id, rev, sealed_values)
    body = StoredRevision(
        kind=draft.kind,
        id=record_id,
        case=draft.case_id,
        rev=rev,
        parent=parent,
        at=vault.now(),
        by=vault.user,
        device=vault.device,
        form=form.version,
        fields=encode_fields(open_values),
        sealed=note,
        void=void,
    )
    stored = revision_bytes(body)
    random = fresh_salt()
    made = revision_hash(random, stored)
    if record is None:
        record = Record(id=record_id, kind=draft.kind, case_id=draft.case_id, rev=0, sent_rev=0, unsent=True, void=None)
        session.add(record)
        session.flush()
    record.rev, record.unsent, record.void = rev, True, void
    session.add(
        Revision(record_id=record_id, rev=rev, hash=bytes.fromhex(made), body=stored, random=random, sealed=sealed_file)
    )
    journal.append(session, vault, act, record_id, revision_hash=made, reason=reason)
    earlier = _sealed_names(session, [record_id]).get(record_id, frozenset()) if parent else frozenset()
    return StoredRecord(
        record_id=record_id,
        kind=draft.kind,
        case_id=draft.case_id,
        revision=rev,
        fields=read_fields(form, body.fields),
        sealed=earlier | frozenset(note.names if note else ()),
        void=void,
        at=body.at,
        by=body.by,
        hash=made,
        source=body,
    )


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


def _hash_of(session: Session, record_id: str, rev: int) -> str:
    found = session.execute(select(Revision.hash).where(Revision.record_id == record_id, Revision.rev == rev))
    return found.scalar_one().hex()


# Every record with its newest revision.
_STANDING = select(
    *(Record.id, Record.kind, Record.case_id, Record.rev, Record.void, Revision.body, Revision.hash, Revision.random)
).join(Revision, (Record.id == Revision.record_id) & (Record.rev == Revision.rev))


def load(session: Session, vault: OpenVault, record_id: str) -> StoredRecord:
    """Return a record as it stands. Raises Obstacle RECORD_GONE when there is none."""
    row = session.execute(_STANDING.where(Record.id == record_id)).first()
    if row is None:
        raise Obstacle("RECORD_GONE")
    return _stored(vault, row, _sealed_names(session, [record_id]))


def of_case(session: Session, vault: OpenVault, case_id: str) -> tuple[StoredRecord, ...]:
    """Return every record of a case that is not void, in the order they were first kept."""
    rows = session.execute(_STANDING.where(Record.case_id == case_id, Record.void.is_(None))).all()
    names = _sealed_names(session, [row.id for row in rows])
    found = [_stored(vault, row, names) for row in rows]
    return tuple(sorted(found, key=lambda record: (record.kind, record.at, record.record_id)))


def of_kind(session: Session, vault: OpenVault, kind: str) -> tuple[StoredRecord, ...]:
    """Return every record of a kind that belongs to no case, such as providers."""
    rows = session.execute(
        _STANDING.where(Record.kind == kind, Record.void.is_(None), Record.case_id.is_(None)).order_by(Record.id)
    ).all()
    names = _sealed_names(session, [row.id for row in rows])
    return tuple(_stored(vault, row, names) for row in rows)


def _sealed_names(session: Session, record_ids: list[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    rows = session.execute(
        select(Revision.record_id, Revision.body).where(
            Revision.record_id.in_(record_ids), Revision.sealed.is_not(None)
        )
    )
    for record_id, body in rows:
        with contextlib.suppress(Malformed):
            note = parse_revision(body).sealed
            if note is not None:
                found[record_id] = found.get(record_id, frozenset()) | frozenset(note.names)
    return found


def _stored(vault: OpenVault, row: Any, sealed: Mapping[str, frozenset[str]]) -> StoredRecord:
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
    whole = (revision.id, revision.kind, revision.case, revision.rev) == (row.id, row.kind, row.case_id, row.rev)
    return StoredRecord(
        record_id=row.id,
        kind=row.kind,
        case_id=row.case_id,
        revision=row.rev,
        fields=read_fields(form_of(vault, row.kind), revision.fields),
        sealed=sealed.get(row.id, frozenset()),
        void=revision.void,
        at=revision.at,
        by=revision.by,
        hash=made,
        altered=not whole or revision_hash(row.random, body) != made,
        source=revision,
    )
