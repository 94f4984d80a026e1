"""The journal checked in steps, so that saves and the lock come between: the chain, what was saved, the anchor.

Unlike `JournalService.verify` it does not end at the first thing that is wrong: it goes on and tells all of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Row, case, cast, func, null, select, tuple_, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import NullType

from db.models.base import JournalEntry
from db.models.office import CaseRow, Office, Record, Revision
from db.queries.visible import is_shown
from desktop.bundles.records import parse_revision, revision_hash
from desktop.crypto.access_list import VaultKind
from desktop.crypto.encoding import Malformed
from desktop.errors import NotTrusted
from desktop.rules.journal_chain import ZERO_HASH, Act, Entry, verify_run
from desktop.rules.journal_reading import Found, Verdict
from desktop.services.sealed import BEFORE_ALL, look_at_batch
from desktop.services.session import OpenVault

_ENTRIES, _REVISIONS, _SEALED = 1000, 500, 200  # looked at in one step: some tens of milliseconds
_HASH_BYTES = 32
_MOST_NAMED = 5
_SAVING = frozenset(
    {Act.CASE_CREATED, Act.RECORD_SAVED, Act.RECORD_VOIDED, Act.CONSENT_RECORDED, Act.REFERRAL_MOVED}
)  # each of them names the revision it wrote
_TEXTS, _BYTES = ("at", "user", "act", "object", "reason"), ("previous", "revision_hash", "hash")
_MAY_BE_NONE = frozenset({"reason", "revision_hash"})


def raw(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Return a column as it stands in the file: somebody with another tool may have written something else there."""
    return type_coerce(column, NullType()).label(column.key)


def _text(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Return a column of text as its bytes, 0 for what is no text: not even its letters need to be right there."""
    written = case((func.typeof(column) == "text", cast(column, LargeBinary)), (column.is_(None), null()), else_=0)
    return type_coerce(written, NullType()).label(column.key)


ENTRY = (
    JournalEntry.n,
    *(_text(getattr(JournalEntry, name)) for name in _TEXTS),
    *(raw(getattr(JournalEntry, name)) for name in _BYTES),
)
REVISION = (
    *(Revision.record_id, Revision.rev, raw(Revision.body), raw(Revision.hash), raw(Revision.random)),
    Revision.sealed.is_not(None).label("has_sealed"),
)


@dataclass
class JournalCheck:
    """A check under way. `verdict` is None until it is at its end."""

    of: int
    entries: int = 0
    revisions: int = 0
    verdict: Verdict | None = None
    _judged_to: int = 0  # the last entry when it began: what it saved is looked at for certain
    _head: str | None = ZERO_HASH  # None: not known, behind an entry that is none
    _next: int = 1
    _seen: int | None = None  # the last entry's own number
    _at: str = ""
    _last: tuple[str, int] = ("", 0)
    _saved: set[bytes] = field(default_factory=set, repr=False)
    _owed: dict[bytes, int] = field(default_factory=dict, repr=False)  # saved, and not met yet; by which entry
    _broken: list[int] = field(default_factory=list)
    _set_back: list[int] = field(default_factory=list)
    _altered: list[str] = field(default_factory=list)
    _sealed_to: int = BEFORE_ALL
    _unsealed: list[str] = field(default_factory=list)  # the record of each sealed value that is not what was saved
    _anchor: tuple[int, bytes] | None = None
    _anchored: bytes | None = None

    @property
    def done(self) -> int:
        """How many entries and revisions were looked at, of `of`."""
        return min(self.entries + self.revisions, self.of)


def begin(session: Session, vault: OpenVault) -> JournalCheck:
    """Return a check that has looked at nothing yet."""
    of = session.scalar(select(func.count()).select_from(JournalEntry)) or 0
    check = JournalCheck(of)
    check._judged_to = session.scalar(select(func.max(JournalEntry.n))) or 0
    if vault.kind == VaultKind.OFFICE:
        check.of += session.scalar(select(func.count()).select_from(Revision)) or 0
        count, head = session.execute(select(Office.anchored_count, raw(Office.anchored_head))).one()
        if count and head:
            check._anchor = (count, head)
    return check


def step(session: Session, vault: OpenVault, check: JournalCheck) -> None:
    """Look at some more. Entries come first, also those written since the last step: they vouch for the revisions."""
    query = select(*ENTRY).order_by(JournalEntry.n).limit(_ENTRIES)
    if check._seen is not None:
        query = query.where(JournalEntry.n > check._seen)
    rows = session.execute(query).all()
    for row in rows:
        _look_at_entry(check, row, owes=vault.kind == VaultKind.OFFICE)
    if rows:
        return
    revisions = _revisions(session, check._last) if vault.kind == VaultKind.OFFICE else []
    for revision in revisions:
        _look_at_revision(check, revision)
    if revisions or (vault.kind == VaultKind.OFFICE and _look_at_sealed(session, vault, check)):
        return
    check.verdict = _verdict(session, vault.user, check)
    check._saved.clear()
    check._owed.clear()


def _look_at_sealed(session: Session, vault: OpenVault, check: JournalCheck) -> bool:
    """Look at some sealed values, last of all; say whether there were any."""
    batch, records = look_at_batch(session, vault, check._sealed_to, _SEALED)
    check._sealed_to = batch.last
    check._unsealed += records
    return batch.looked_at > 0


def _look_at_entry(check: JournalCheck, row: Row[Any], *, owes: bool) -> None:
    check._seen = row.n
    check.entries += 1
    entry = entry_of(row)
    if entry is None:
        check._broken.append(check._next)
        check._head, check._next = None, row.n + 1
        return
    try:
        verify_run((entry,), entry.previous if check._head is None else check._head, check._next)
    except NotTrusted:
        check._broken.append(check._next)
    if entry.at < check._at:
        check._set_back.append(entry.n)
    if check._anchor is not None and entry.n == check._anchor[0]:
        check._anchored = row.hash
    if row.revision_hash is not None:
        saved = _saved_as(entry.object, row.revision_hash)
        check._saved.add(saved)
        if owes and entry.act in _SAVING and row.n <= check._judged_to:
            check._owed.setdefault(saved, row.n)
    # From here on as if it were right: what follows is judged by what it says itself.
    check._head, check._next, check._at = entry.hash, entry.n + 1, entry.at


def entry_of(row: Row[Any]) -> Entry | None:
    """Return a row of `ENTRY` as the chain's entry; None where a column holds what no entry has there."""
    found: dict[str, Any] = {"n": row.n}
    for name in _TEXTS:
        written = getattr(row, name)
        try:
            found[name] = written.decode("utf-8") if isinstance(written, bytes) else written
        except UnicodeDecodeError:
            return None
    for name in _BYTES:
        written = getattr(row, name)
        if written is not None and not (isinstance(written, bytes) and len(written) == _HASH_BYTES):
            return None
        found[name] = written.hex() if written is not None else None
    return Entry(**found) if _is_entry(found) else None


def _is_entry(found: dict[str, Any]) -> bool:
    # An empty reason would hash like none.
    return found["reason"] != "" and all(
        isinstance(found[name], str) or (found[name] is None and name in _MAY_BE_NONE) for name in (*_TEXTS, *_BYTES)
    )


def hash_of(written: object) -> str:
    """Return an entry's hash as what follows builds on it: zeros where something else stands there.

    Whoever spoiled the last entry must not stop work; the check names it.
    """
    return written.hex() if isinstance(written, bytes) and len(written) == _HASH_BYTES else ZERO_HASH


def _revisions(session: Session, last: tuple[str, int]) -> list[Row[Any]]:
    query = (
        select(*REVISION)
        .where(tuple_(Revision.record_id, Revision.rev) > last)
        .order_by(Revision.record_id, Revision.rev)
        .limit(_REVISIONS)
    )
    return list(session.execute(query))


def _look_at_revision(check: JournalCheck, row: Row[Any]) -> None:
    named = isinstance(row.record_id, str) and isinstance(row.hash, bytes)
    saved = _saved_as(row.record_id, row.hash) if named else b""
    check._owed.pop(saved, None)
    if saved not in check._saved or not is_as_saved(row):
        check._altered.append(row.record_id)
    check._last = (row.record_id, row.rev)
    check.revisions += 1


def is_as_saved(row: Row[Any]) -> bool:
    """Say whether a revision hashes to what stands beside it, and has sealed values where it says so and only there."""
    if not all(isinstance(part, bytes) for part in (row.body, row.hash, row.random)):
        return False
    try:
        if revision_hash(row.random, row.body) != row.hash.hex():
            return False
        return (parse_revision(row.body).sealed is not None) == bool(row.has_sealed)
    except Malformed:  # of a later program
        return True
    except ValueError:  # the random bytes are too many or too few
        return False


def _saved_as(object_id: str, hashed: bytes) -> bytes:
    """Return sixteen bytes for an object and a hash: there may be a million of them in memory."""
    return hashlib.sha256(object_id.encode("utf-8") + b"\0" + hashed).digest()[:16]


def _verdict(session: Session, user: str, check: JournalCheck) -> Verdict:
    found = []
    if check._broken:
        found.append(Found("JOURNAL_FOUND_BROKEN", {"n": check._broken[0], "count": len(check._broken)}))
    if check._anchor is not None and check._anchored != check._anchor[1]:
        found.append(Found("JOURNAL_FOUND_ANCHOR", {"n": check._anchor[0]}))
    if check._altered:
        cases = _cases_of(session, user, [record for record in check._altered if isinstance(record, str)])
        found.append(Found("JOURNAL_FOUND_ALTERED", {"count": len(check._altered), "cases": cases}))
    if check._unsealed:
        cases = _cases_of(session, user, check._unsealed)
        found.append(Found("JOURNAL_FOUND_SEALED", {"count": len(check._unsealed), "cases": cases}))
    if check._owed:
        found.append(Found("JOURNAL_FOUND_MISSING", {"n": min(check._owed.values()), "count": len(check._owed)}))
    if check._set_back:
        facts: dict[str, int | str] = {"n": check._set_back[0], "count": len(check._set_back)}
        found.append(Found("JOURNAL_FOUND_CLOCK", facts, grave=False))
    return Verdict(check.entries, check.revisions, tuple(found))


def _cases_of(session: Session, user: str, records: list[str]) -> str:
    """Return the numbers of the first cases that altered records belong to; a dash where they belong to none shown.

    A case hidden from whoever checks (L-06) is among those counted and is not named.
    """
    query = (
        select(CaseRow.case_ref)
        .join(Record, Record.case_id == CaseRow.case_id)
        .where(Record.id.in_(sorted(set(records))[:_ENTRIES]), is_shown(user))
        .distinct()
        .order_by(CaseRow.case_ref)
        .limit(_MOST_NAMED + 1)
    )
    named = list(session.scalars(query))
    more = ", …" if len(named) > _MOST_NAMED else ""
    return ", ".join(named[:_MOST_NAMED]) + more or "–"
