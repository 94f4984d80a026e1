"""Whoever has not signed in since the keys were changed is let in no more after a fortnight (threat-model attack 6).

Their slot pins a list from before, so that old files put back would not be noticed by them. They return beside a
supervisor, with a new sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models.base import JournalEntry
from desktop.clock import stamp
from desktop.crypto import people
from desktop.crypto.access_list import SUPERVISOR, SUSPENDED, AccessList, read_list
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.access_lists import changing, take_over
from desktop.services.session import OpenVault

UNUSED_DAYS = 14


def unused(session: Session, vault: OpenVault) -> tuple[str, ...]:
    """Return whose slot is to go: made before a change of keys a fortnight ago, and not used since."""
    lists = [read_list(envelope) for envelope in vault.keys.header.access_lists]
    changed = [after.pin().sha256 for before, after in pairwise(lists) if after.key_generation != before.key_generation]
    if not changed:
        return ()
    query = select(JournalEntry.revision_hash, JournalEntry.n, JournalEntry.at).where(
        JournalEntry.act == Act.ACCESS_LIST_CHANGED.value,
        JournalEntry.revision_hash.in_([bytes.fromhex(sha256) for sha256 in changed]),
    )
    noted = {row.revision_hash.hex(): (row.n, row.at) for row in session.execute(query)}
    signed_in = _signed_in(session)
    long_ago = stamp(vault.clock.now() - timedelta(days=UNUSED_DAYS))
    gone = []
    for user in vault.keys.access_list.users:
        # Supervisors stay: one clock that is years ahead would leave a single one of them.
        if user.role in (SUSPENDED, SUPERVISOR) or user.id == vault.user:
            continue
        since = _keys_since(lists, user.id, user.x25519)
        missed = [
            noted[sha256]
            for number, sha256 in ((item.version, item.pin().sha256) for item in lists)
            if number > since and sha256 in noted
        ]
        if any(n > signed_in.get(user.id, 0) and at <= long_ago for n, at in missed):
            gone.append(user.id)
    return tuple(gone)


def drop_unused(vault: OpenVault) -> tuple[str, ...]:
    """Take those slots away, each in a list of its own, and return whose they were.

    Raises:
        NotPermitted: LIST_NOT_SIGNED, whoever signed in signs no lists.
        Obstacle: LISTS_FULL, what the disk refuses, HEADER_UNSURE.
    """
    with vault.reading() as session:
        users = unused(session, vault)
    for user_id in users:
        with changing(vault) as session:
            take_over(session, vault, people.suspend(vault.keys, user_id))
            journal.append(session, vault, Act.UNUSED_SLOT_DROPPED, user_id)
    return users


def dropped(session: Session) -> frozenset[str]:
    """Return whose slot went because it was unused, and not by a supervisor's act since."""
    newest = (
        select(JournalEntry.object, func.max(JournalEntry.n).label("n"))
        .where(JournalEntry.act.in_([Act.UNUSED_SLOT_DROPPED.value, Act.USER_SUSPENDED.value]))
        .group_by(JournalEntry.object)
        .subquery()
    )
    query = (
        select(JournalEntry.object)
        .join(newest, newest.c.n == JournalEntry.n)
        .where(JournalEntry.act == Act.UNUSED_SLOT_DROPPED.value)
    )
    return frozenset(session.scalars(query))


def _signed_in(session: Session) -> Mapping[str, int]:
    query = (
        select(JournalEntry.user, func.max(JournalEntry.n))
        .where(JournalEntry.act == Act.UNLOCKED.value)
        .group_by(JournalEntry.user)
    )
    return {user: n for user, n in session.execute(query)}


def _keys_since(lists: list[AccessList], user_id: str, x25519: bytes) -> int:
    """Return the version of the list that gave a user the keys they have: their slot pins that one or a later."""
    since = lists[-1].version
    for item in reversed(lists):
        user = item.user(user_id)
        if user is None or user.x25519 != x25519:
            break
        since = item.version
    return since
