"""The journal: append in the transaction of the act itself, read, and verify the whole chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models.base import DeskUser, JournalEntry
from db.models.office import Revision
from desktop.bundles.records import revision_hash
from desktop.crypto.access_list import VaultKind
from desktop.errors import NotTrusted
from desktop.rules.journal_chain import ZERO_HASH, Act, Entry, HashRun, next_entry, verify_run
from desktop.services.session import OpenVault


class Author(Protocol):
    """Who acts, and when: an open vault, or the one who makes it."""

    @property
    def user(self) -> str:
        """The acting person's id."""
        ...

    def now(self) -> str:
        """Return the present instant as it is stored."""
        ...


@dataclass(frozen=True)
class Head:
    """Where the journal stands: number and hash (hex) of its last entry; 0 and zeros when it is empty."""

    count: int
    hash: str


def head(session: Session) -> Head:
    """Return the last entry's number and hash."""
    last = _last(session)
    return Head(last.n, last.hash) if last else Head(0, ZERO_HASH)


def append(
    session: Session,
    author: Author,
    act: Act,
    object_id: str,
    *,
    revision_hash: str | None = None,
    reason: str | None = None,
) -> Head:
    """Append one entry in the caller's transaction and return the new head. No names, no free text: codes and ids."""
    entry = next_entry(
        _last(session),
        at=author.now(),
        user=author.user,
        act=act,
        object=object_id,
        revision_hash=revision_hash,
        reason=reason,
    )
    session.add(
        JournalEntry(
            n=entry.n,
            previous=bytes.fromhex(entry.previous),
            at=entry.at,
            user=entry.user,
            act=entry.act,
            object=entry.object,
            revision_hash=bytes.fromhex(entry.revision_hash) if entry.revision_hash else None,
            reason=entry.reason,
            hash=bytes.fromhex(entry.hash),
        )
    )
    session.flush()
    return Head(entry.n, entry.hash)


def acts_on(session: Session, object_id: str) -> tuple[str, ...]:
    """Return what was done to one object, in its order."""
    query = select(JournalEntry.act).where(JournalEntry.object == object_id).order_by(JournalEntry.n)
    return tuple(session.scalars(query))


def _entry(row: JournalEntry) -> Entry:
    return Entry(
        n=row.n,
        previous=row.previous.hex(),
        at=row.at,
        user=row.user,
        act=row.act,
        object=row.object,
        revision_hash=row.revision_hash.hex() if row.revision_hash else None,
        reason=row.reason,
        hash=row.hash.hex(),
    )


def _last(session: Session) -> Entry | None:
    row = session.scalars(select(JournalEntry).order_by(JournalEntry.n.desc()).limit(1)).first()
    return _entry(row) if row else None


@dataclass(frozen=True)
class LastSaved:
    """What the start screen says: when, by which person of this desk, and which entry."""

    at: str
    by: str
    n: int


class JournalService:
    """Reading and checking the journal."""

    def __init__(self, vault: OpenVault) -> None:
        """Work on an open vault."""
        self._vault = vault

    def last_saved(self) -> LastSaved | None:
        """Return the entry that stood last when the vault was unlocked, with the name of who made it.

        What this sign-in wrote does not count: the line is there so that a vault somebody put back is noticed.
        """
        with self._vault.reading() as session:
            row = session.execute(
                select(JournalEntry.at, DeskUser.name, JournalEntry.n)
                .join(DeskUser, DeskUser.id == JournalEntry.user, isouter=True)
                .where(JournalEntry.n == self._vault.found_at_entry)
            ).first()
        return LastSaved(row.at, row.name or "", row.n) if row else None

    def verify(self) -> int:
        """Recompute the whole chain and every stored revision, and return the number of entries.

        Raises:
            NotTrusted: JOURNAL_BROKEN with the number of the first entry that does not fit, or RECORD_ALTERED with
                that of the first revision that is not as it was saved.
        """
        self._vault.require("journal.verify")
        with self._vault.reading() as session:
            rows = session.scalars(select(JournalEntry).order_by(JournalEntry.n).execution_options(yield_per=1000))
            verify_run(_entry(row) for row in rows)
            if self._vault.kind == VaultKind.OFFICE:
                _check_revisions(session)
            return session.scalar(select(func.count()).select_from(JournalEntry)) or 0


def run_from(session: Session, first: int) -> HashRun:
    """Return the hashes of the entries `first` and later: what a bundle carries."""
    hashes = session.scalars(select(JournalEntry.hash).where(JournalEntry.n >= first).order_by(JournalEntry.n))
    return HashRun(first, tuple(value.hex() for value in hashes))


def _check_revisions(session: Session) -> None:
    """Recompute every revision's hash and find it in the journal.

    Raises:
        NotTrusted: RECORD_ALTERED with the running number of the first revision that is not as it was saved.
    """
    known = {
        (entry.object, entry.revision_hash)
        for entry in session.execute(
            select(JournalEntry.object, JournalEntry.revision_hash).where(JournalEntry.revision_hash.is_not(None))
        )
    }
    rows = session.execute(
        select(Revision.record_id, Revision.body, Revision.hash, Revision.random)
        .order_by(Revision.record_id, Revision.rev)
        .execution_options(yield_per=1000)
    )
    for count, row in enumerate(rows, start=1):
        body = row.body if isinstance(row.body, bytes) else b""
        if revision_hash(row.random, body) != row.hash.hex() or (row.record_id, row.hash) not in known:
            raise NotTrusted("RECORD_ALTERED", n=count)
