"""The way back in with the recovery sheet, and what the signed lists say of sheets and recoveries (threat-model 5.2).

Pure: the caller writes the header and notes it. The Secretariat's way is in `recovery` and `recovery_lists`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from desktop.crypto.access_list import PAYLOAD_TYPE, SUPERVISOR, AccessList, RecoveryKeys, RecoveryKind, read_list
from desktop.crypto.encoding import Malformed
from desktop.crypto.people import Admitted, NewSlots, admit
from desktop.crypto.signing import verify_envelope
from desktop.crypto.vaultkeys import Recovered, Unlocked
from desktop.errors import Obstacle

_KEPT = 8  # what the last few headers said; the lists are public

Lists = tuple[bytes, ...]


def in_the_sheets_hands(recovered: Recovered) -> Unlocked:
    """Return the vault open in nobody's name: the sheet's own keys stand where a supervisor's would."""
    return Unlocked(
        vault_id=recovered.vault_id,
        user_id="",
        desk_number=0,
        role=SUPERVISOR,
        dek=recovered.dek,
        x25519=recovered.sheet.x25519,
        ed25519=recovered.sheet.ed25519,
        r=recovered.r,
        access_list=recovered.access_list,
        list_sha256=recovered.list_sha256,
        header=recovered.header,
        header_bytes=recovered.header_bytes,
        pin=recovered.access_list.pin(),
    )


def readmit_with_sheet(keys: Unlocked, user_id: str, making: NewSlots, sentence: str) -> Admitted:
    """Give a supervisor new keys and a slot under `sentence`, in a next list that the sheet signs; nobody else changes.

    Args:
        keys: The vault in the sheet's hands.
        user_id: A supervisor of the current list.
        making: How the slot is made.
        sentence: In full words, drawn and written down before.

    Raises:
        Obstacle: USER_GONE, no supervisor of this vault; LISTS_FULL; MEMORY_SHORT.
    """
    user = keys.access_list.user(user_id)
    if user is None or user.role != SUPERVISOR:
        raise Obstacle("USER_GONE")
    return admit(keys, keys.access_list, (user.id, user.desk_number, SUPERVISOR), making, sentence)


@lru_cache(maxsize=_KEPT)
def recovery_due(envelopes: Lists) -> bool:
    """Say whether keys that a recovery brought to light are still in force, by verified lists, the oldest first.

    A list signed by a recovery key is such a recovery. What it laid open: the data key, the class's key, and the sheet,
    whose words were read out or could not be found.
    """
    lists = [read_list(envelope) for envelope in envelopes]
    links = zip(pairwise(lists), envelopes[1:], strict=True)
    return any(
        _signed_by(envelope, before.recovery) and _lays_open(after, lists[-1]) for (before, after), envelope in links
    )


@lru_cache(maxsize=_KEPT)
def supervisors_gone(envelopes: Lists) -> frozenset[str]:
    """Return who was supervisor since the present sheet was made and is none now: they may have seen its words."""
    lists = [read_list(envelope) for envelope in envelopes]
    seen: set[str] = set()
    for each in reversed(lists):
        if _sheets(each) != _sheets(lists[-1]):
            break
        seen |= _supervisors(each)
    return frozenset(seen - _supervisors(lists[-1]))


def _lays_open(recovery: AccessList, current: AccessList) -> bool:
    if recovery.key_generation == current.key_generation or _sheets(recovery) & _sheets(current):
        return True
    # Where the Secretariat alone holds the class, no recovery shows its key and no office makes another.
    return current.r.held_by == current.kind and recovery.r.current == current.r.current


def _signed_by(envelope: bytes, recovery: Iterable[RecoveryKeys]) -> bool:
    try:
        verify_envelope(envelope, PAYLOAD_TYPE, tuple(keys.ed25519 for keys in recovery))
    except Malformed:  # a supervisor signed it
        return False
    return True


def _sheets(access_list: AccessList) -> frozenset[RecoveryKeys]:
    return frozenset(keys for keys in access_list.recovery if keys.kind is RecoveryKind.SHEET)


def _supervisors(access_list: AccessList) -> frozenset[str]:
    return frozenset(user.id for user in access_list.users if user.role == SUPERVISOR)
