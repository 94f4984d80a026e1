"""The journal: append in the transaction of the act itself, read, and verify the whole chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Row, func, insert, select
from sqlalchemy.orm import Session

from db.models.base import Base, DeskUser, JournalEntry
from db.models.office import Revision
from desktop.clock import parse_stamp
from desktop.crypto.access_list import VaultKind
from desktop.errors import NotTrusted
from desktop.rules.journal_chain import ZERO_HASH, Act, Entry, HashRun, Place, next_entry, verify_run
from desktop.rules.journal_reading import JournalPage, JournalPerson, JournalWish, Verdict
from desktop.services import journal_check, journal_page
from desktop.services.journal_check import JournalCheck, entry_of, hash_of
from desktop.services.session import OpenVault

_PLACE = (JournalEntry.n, journal_check.raw(JournalEntry.hash))
_TABLE = Base.metadata.tables["journal"]
Report = Callable[[int, int], object]  # told how many entries and revisions were looked at, of how many


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

    @property
    def n(self) -> int:
        """The last entry's number, as the chain calls it."""
        return self.count


def head(session: Session) -> Head:
    """Return the last entry's number and hash."""
    return _last(session) or Head(0, ZERO_HASH)


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
        reason=reason or None,
    )
    session.add(JournalEntry(**_row(entry)))
    session.flush()
    return Head(entry.n, entry.hash)


@dataclass(frozen=True)
class Saved:
    """One revision just made: when, by which act, of which record."""

    at: str
    act: Act
    object_id: str
    revision_hash: str


def append_all(session: Session, user: str, saved: Iterable[Saved]) -> None:
    """Append an entry for each revision, as `append` would one after the other, in one statement."""
    last: Place | None = _last(session)
    rows = []
    for one in saved:
        last = next_entry(
            last, at=one.at, user=user, act=one.act, object=one.object_id, revision_hash=one.revision_hash
        )
        rows.append(_row(last))
    session.execute(insert(_TABLE), rows)


def _row(entry: Entry) -> dict[str, Any]:
    return vars(entry) | {
        "previous": bytes.fromhex(entry.previous),
        "revision_hash": bytes.fromhex(entry.revision_hash) if entry.revision_hash else None,
        "hash": bytes.fromhex(entry.hash),
    }


def acts_on(session: Session, object_id: str) -> tuple[str, ...]:
    """Return what was done to one object, in its order."""
    query = select(JournalEntry.act).where(JournalEntry.object == object_id).order_by(JournalEntry.n)
    return tuple(session.scalars(query))


def reasons_of(session: Session, act: Act, object_id: str) -> tuple[str, ...]:
    """Return the reasons with which an act was done to one object, in its order."""
    query = select(JournalEntry.reason).where(JournalEntry.object == object_id, JournalEntry.act == act.value)
    return tuple(reason for reason in session.scalars(query.order_by(JournalEntry.n)) if reason)


def _last(session: Session) -> Head | None:
    """Return where the journal stands. What somebody wrote there from outside stops neither unlocking nor saving."""
    row = session.execute(select(*_PLACE).order_by(JournalEntry.n.desc()).limit(1)).first()
    return Head(row.n, hash_of(row.hash)) if row else None


@dataclass(frozen=True)
class LastSaved:
    """What the start screen says: when, by which person of this desk, and which entry."""

    at: str
    by: str
    n: int


def _unwatched(_: int, __: int) -> None:
    """Nobody watches."""


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
                select(*journal_check.ENTRY).where(JournalEntry.n == self._vault.found_at_entry)
            ).first()
            entry = entry_of(row) if row else None
            name = session.scalar(select(DeskUser.name).where(DeskUser.id == entry.user)) if entry else None
        return LastSaved(entry.at, name or "", entry.n) if entry and _is_stamp(entry.at) else None

    def page(self, below: int | None = None, wish: JournalWish = JournalWish()) -> JournalPage:  # noqa: B008  frozen
        """Return entries below the number `below`, the newest first; at most a page, and only some thousands looked at.

        A page may be empty although there is more below it: ask again with its `below` until that is 0.
        """
        self._vault.require("journal.read")
        with self._vault.reading() as session:
            return journal_page.page(session, self._vault, below, wish)

    def people(self) -> tuple[JournalPerson, ...]:
        """Return everybody whose name can stand in the journal, those who left as well."""
        self._vault.require("journal.read")
        with self._vault.reading() as session:
            return journal_page.people_of(session)

    def begin_check(self) -> JournalCheck:
        """Return a check of the whole journal that `check_on` drives, step by step."""
        self._vault.require("journal.verify")
        with self._vault.reading() as session:
            return journal_check.begin(session, self._vault)

    def check_on(self, check: JournalCheck) -> JournalCheck:
        """Go on with a check by one short step and return it."""
        self._vault.require("journal.verify")
        with self._vault.reading() as session:
            journal_check.step(session, self._vault, check)
        return check

    def verify_all(self, report: Report = _unwatched) -> Verdict:
        """Check the whole journal and return everything that is wrong with it; `report` may raise to stop it."""
        check = self.begin_check()
        while check.verdict is None:
            report(self.check_on(check).done, check.of)
        return check.verdict

    def verify(self) -> int:
        """Recompute the whole chain and every stored revision, and return the number of entries.

        Raises:
            NotTrusted: JOURNAL_BROKEN with the number of the first entry that does not fit, or RECORD_ALTERED with
                that of the first revision that is not as it was saved.
        """
        self._vault.require("journal.verify")
        with self._vault.reading() as session:
            query = select(*journal_check.ENTRY).order_by(JournalEntry.n)
            verify_run(_entries(session.execute(query.execution_options(yield_per=1000))))
            if self._vault.kind == VaultKind.OFFICE:
                _check_revisions(session)
            return session.scalar(select(func.count()).select_from(JournalEntry)) or 0


def _is_stamp(at: str) -> bool:
    try:
        parse_stamp(at)
    except ValueError:  # somebody wrote it there from outside
        return False
    return True


def _entries(rows: Iterable[Row[Any]]) -> Iterator[Entry]:
    for n, row in enumerate(rows, start=1):
        entry = entry_of(row)
        if entry is None:
            raise NotTrusted("JOURNAL_BROKEN", n=n)
        yield entry


def run_from(session: Session, first: int) -> HashRun:
    """Return the hashes of the entries `first` and later: what a bundle carries."""
    rows = session.execute(select(*_PLACE).where(JournalEntry.n >= first).order_by(JournalEntry.n))
    return HashRun(first, tuple(hash_of(row.hash) for row in rows))


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
        select(*journal_check.REVISION).order_by(Revision.record_id, Revision.rev).execution_options(yield_per=1000)
    )
    for count, row in enumerate(rows, start=1):
        if not journal_check.is_as_saved(row) or (row.record_id, row.hash) not in known:
            raise NotTrusted("RECORD_ALTERED", n=count)
