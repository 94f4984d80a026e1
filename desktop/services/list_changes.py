"""What a signed access list changed, and who signed it: told to the journal where the act itself was cut off.

The header is written before the transaction that notes it. Where that one never came, the next unlock notes the list;
the act and its author then stand in the two lists themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from desktop.crypto.access_list import (
    PAYLOAD_TYPE,
    SUSPENDED,
    AccessList,
    ListedUser,
    RecoveryKeys,
    RecoveryKind,
    read_list,
)
from desktop.crypto.encoding import Malformed
from desktop.crypto.signing import verify_envelope
from desktop.crypto.vaultkeys import Unlocked
from desktop.rules.journal_chain import Act
from desktop.services import journal

CAUGHT_UP = "CAUGHT_UP"  # the reason of an entry that was noted later than what it tells
BY_SECRETARIAT = "secretariat"
BY_SHEET = "sheet"
_BY_RECOVERY = {RecoveryKind.SHEET: BY_SHEET, RecoveryKind.SECRETARIAT: BY_SECRETARIAT}


@dataclass(frozen=True)
class Change:
    """One thing that a list changed, as the journal tells it."""

    act: Act
    object: str
    reason: str | None = None


@dataclass(frozen=True)
class _Signer:
    """The author of what is noted: who signed the list, and the instant it is noted."""

    user: str
    at: str

    def now(self) -> str:
        """Return the instant of noting."""
        return self.at


def note_caught_up(session: Session, vault: journal.Author, keys: Unlocked) -> None:
    """Write the entries of the newest list, which no transaction noted, in the name of who signed it."""
    lists = keys.header.access_lists
    before = read_list(lists[-2]) if len(lists) > 1 else None
    author = _Signer(signer_of(lists[-1], before) or vault.user, vault.now())
    changes = changes_of(before, keys.access_list) if before else ()
    # What no act tells by itself: that no person signed, the root trusted, the ways of recovery.
    codes = [CAUGHT_UP, *(["LIST_BY_RECOVERY"] if author.user in _BY_RECOVERY.values() else [])]
    codes += _further(before, keys.access_list) if before else ()
    journal.append(
        session,
        author,
        Act.ACCESS_LIST_CHANGED,
        author.user,
        revision_hash=keys.list_sha256,
        reason=" ".join(codes),
    )
    for change in changes:
        let_in = author.user == BY_SHEET and change.act is Act.USER_READMITTED
        act = Act.RECOVERED_BY_SHEET if let_in else change.act  # the one thing a sheet signs
        journal.append(session, author, act, change.object, reason=change.reason)


def signer_of(envelope: bytes, before: AccessList | None) -> str | None:
    """Return who signed a list: a user's id, `sheet` or `secretariat`; None where its predecessor is not known."""
    if before is None:
        return None
    named = {user.ed25519: user.id for user in before.users if user.ed25519 is not None}
    named |= {keys.ed25519: _BY_RECOVERY[keys.kind] for keys in before.recovery}
    try:
        (signer,) = verify_envelope(envelope, PAYLOAD_TYPE, tuple(named)).signers
    except Malformed:  # the whole chain was verified at unlock
        return None
    return named[signer]


def changes_of(before: AccessList, after: AccessList) -> tuple[Change, ...]:
    """Return what became of people and keys from one list to the next."""
    return tuple(_changes(before, after))


def _changes(before: AccessList, after: AccessList) -> Iterator[Change]:
    for user in before.users:
        if after.user(user.id) is None:
            yield Change(Act.USER_REMOVED, user.id)
    for user in after.users:
        yield from _of_user(before.user(user.id), user)
    if after.key_generation != before.key_generation:
        yield Change(Act.KEYS_CHANGED, after.vault_id.hex())
    if _of_kind(RecoveryKind.SHEET, after) != _of_kind(RecoveryKind.SHEET, before):
        yield Change(Act.SHEET_REMADE, after.vault_id.hex())
    if set(after.r.in_use) < set(before.r.in_use):
        yield Change(Act.SEALED_AGAIN, after.vault_id.hex())


def _of_user(was: ListedUser | None, user: ListedUser) -> Iterator[Change]:
    if was is None:
        yield Change(Act.USER_ADDED, user.id, user.role)
    elif user.role == SUSPENDED:
        if was.role != SUSPENDED:
            yield Change(Act.USER_SUSPENDED, user.id)
    elif was.role == SUSPENDED:
        yield Change(Act.USER_READMITTED, user.id, user.role)
    elif was.role != user.role:
        yield Change(Act.USER_ROLE_CHANGED, user.id, user.role)
    elif was.x25519 != user.x25519:
        yield Change(Act.USER_READMITTED, user.id, user.role)


def _further(before: AccessList, after: AccessList) -> Iterator[str]:
    if after.root != before.root:
        yield "LIST_ROOT"
    for kind, code in ((RecoveryKind.SHEET, "LIST_SHEET"), (RecoveryKind.SECRETARIAT, "LIST_SECRETARIAT")):
        if _of_kind(kind, before) != _of_kind(kind, after):
            yield code


def _of_kind(kind: RecoveryKind, access_list: AccessList) -> set[RecoveryKeys]:
    return {keys for keys in access_list.recovery if keys.kind is kind}
