"""What recovery by the Secretariat does to an office's header (threat-model 5.2).

A list that names the Secretariat's keys; a fresh supervisor's keys, which wait for the answer under their sentence; the
list that names the fresh supervisor, and the header it leads to. Pure: the caller writes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from desktop.crypto.access_list import (
    MAX_DESK_NUMBER,
    MAX_LISTS,
    MAX_USERS,
    SUPERVISOR,
    VAULT_ID_BYTES,
    AccessList,
    ListedUser,
    Pin,
    RecoveryKeys,
    RecoveryKind,
    dek_id,
    read_list,
    sign_list,
)
from desktop.crypto.encoding import Malformed, canonical_json
from desktop.crypto.fields import canonical_value, hex_bytes, hex_digest, members, one_of, whole
from desktop.crypto.header import KeyHeader, serialise
from desktop.crypto.header_changes import in_next_header
from desktop.crypto.kdf import KDF_BOUNDS, KdfBounds, KdfCost
from desktop.crypto.recovery import RecoveryIdentity
from desktop.crypto.slots import (
    RecoverySlot,
    SlotOwner,
    UserKeys,
    UserSlot,
    VaultSecrets,
    make_recovery_slot,
    make_user_slot,
    open_recovery_slot,
    open_user_slot,
    parse_user_slot,
)
from desktop.crypto.vaultkeys import Unlocked
from desktop.crypto.words import RandomBytes, WordList
from desktop.errors import NotPermitted, Obstacle

MAX_WAITING_BYTES = 16 * 1024
_WAITING_FORMAT = "rufaa-recovery-key"


def secretariat_keys(access_list: AccessList) -> RecoveryKeys | None:
    """Return the Secretariat's recovery keys that a list names, the latest where there are several."""
    named = [keys for keys in access_list.recovery if keys.kind is RecoveryKind.SECRETARIAT]
    return named[-1] if named else None


def secretariat_slot(header: KeyHeader, access_list: AccessList) -> RecoverySlot | None:
    """Return the recovery slot of the Secretariat's keys that the list names."""
    keys = secretariat_keys(access_list)
    return next((slot for slot in header.recovery_slots if slot.keys == keys), None)


def may_replace(keys: Unlocked, wanted: RecoveryKeys) -> bool:
    """Say whether the Secretariat's keys `wanted` are to be named in a next list: no list so far named them.

    Keys that were replaced do not come back: a roster that names them is older than the one the office went by, put
    back by somebody who could write rows and can sign no list.
    """
    return not any(wanted in read_list(envelope).recovery for envelope in keys.header.access_lists)


def with_secretariat(keys: Unlocked, wanted: RecoveryKeys, bounds: KdfBounds = KDF_BOUNDS) -> Unlocked:
    """Return the keys with a next list that names the Secretariat's recovery keys in place of earlier ones.

    Raises:
        NotPermitted: LIST_NOT_SIGNED, this user signs no lists.
        Obstacle: LISTS_FULL.
        Malformed: These keys stand in the list as somebody else's.
    """
    if keys.ed25519 is None:
        raise NotPermitted("LIST_NOT_SIGNED")
    if len(keys.header.access_lists) >= MAX_LISTS:
        raise Obstacle("LISTS_FULL", limit=MAX_LISTS)
    current = keys.access_list
    others = tuple(other for other in current.recovery if other.kind is not RecoveryKind.SECRETARIAT)
    following = replace(current, version=current.version + 1, previous=current.pin().sha256, recovery=(*others, wanted))
    slot = make_recovery_slot(wanted, VaultSecrets(keys.dek, keys.r), keys.vault_id, following.key_generation)
    header = replace(
        keys.header,
        access_lists=(*keys.header.access_lists, sign_list(following, keys.ed25519)),
        recovery_slots=(*(other for other in keys.header.recovery_slots if other.keys in others), slot),
    )
    return in_next_header(replace(keys, access_list=following), header, bounds)


def fresh_supervisor(envelopes: Sequence[bytes], user_id: str, keys: UserKeys) -> ListedUser:
    """Return the fresh supervisor, at the lowest desk number that no list so far ever used.

    Raises:
        Obstacle: DESK_FULL.
    """
    used = {user.desk_number for envelope in envelopes for user in read_list(envelope).users}
    free = next((number for number in range(1, MAX_DESK_NUMBER + 1) if number not in used), None)
    if free is None or len(read_list(envelopes[-1]).users) >= MAX_USERS:
        raise Obstacle("DESK_FULL", limit=MAX_USERS)
    return ListedUser(user_id, free, SUPERVISOR, keys.public_x25519(), keys.public_ed25519())


def check_fresh(envelopes: Sequence[bytes], fresh: ListedUser) -> None:
    """Let somebody pass who is in none of the lists, by id, desk number or key.

    Raises:
        Malformed: KNOWN. Whoever comes back as somebody who is listed would sign in their name.
        Obstacle: DESK_FULL, LISTS_FULL.
    """
    if len(envelopes) >= MAX_LISTS:
        raise Obstacle("LISTS_FULL", limit=MAX_LISTS)
    lists = [read_list(envelope) for envelope in envelopes]
    if len(lists[-1].users) >= MAX_USERS:
        raise Obstacle("DESK_FULL", limit=MAX_USERS)
    ours = {fresh.id, fresh.desk_number, fresh.x25519, fresh.ed25519}
    for each in lists:
        known: set[object] = {each.device.x25519, each.device.ed25519, *each.r.in_use, *each.signers()}
        known |= {value for user in each.users for value in (user.id, user.desk_number, user.x25519)}
        if ours & (known | {keys.x25519 for keys in each.recovery}):
            raise Malformed("KNOWN")


def next_with(current: AccessList, fresh: ListedUser) -> AccessList:
    """Return the list that follows `current` with one user more and nothing else changed."""
    return replace(current, version=current.version + 1, previous=current.pin().sha256, users=(*current.users, fresh))


def open_slot(identity: RecoveryIdentity, slot: RecoverySlot, current: AccessList) -> VaultSecrets:
    """Open an office's recovery slot: data key and sealed class must be those of the current list.

    Raises:
        Malformed: Not for this identity, another vault's or generation's, DEK or SEALED_CLASS.
    """
    secrets = open_recovery_slot(slot, identity.x25519, current.vault_id, current.key_generation)
    if dek_id(secrets.dek, current.vault_id, current.key_generation) != current.dek_id:
        raise Malformed("DEK")
    if current.r.held_by == current.kind and secrets.r.keys() != set(current.r.in_use):
        raise Malformed("SEALED_CLASS")
    return secrets


@dataclass(frozen=True, repr=False)
class Waiting:
    """The fresh supervisor's keys, waiting in the data folder under their sentence.

    `slot` is a user slot that seals no data key yet; it pins the list that the request went out with. `request` is the
    SHA-256 of the request's payload.
    """

    vault_id: bytes
    request: str
    slot: UserSlot


def new_keys(random_bytes: RandomBytes = os.urandom) -> UserKeys:
    """Return a fresh supervisor's private halves."""
    return UserKeys(x25519=random_bytes(32), ed25519=random_bytes(32))


def make_waiting(
    keys: UserKeys,
    owner: SlotOwner,
    pin: Pin,
    request_sha256: str,
    sentence: str,
    words: WordList,
    *,
    cost: KdfCost,
    bounds: KdfBounds = KDF_BOUNDS,
) -> bytes:
    """Return the file that keeps a fresh supervisor's keys until the answer comes.

    Raises:
        Obstacle: MEMORY_SHORT.
    """
    nothing = VaultSecrets(dek=b"", r={})
    slot = make_user_slot(owner, keys, pin, nothing, sentence=sentence, wordlist=words.name, cost=cost, bounds=bounds)
    return canonical_json(
        {
            "format": _WAITING_FORMAT,
            "request": request_sha256,
            "slot": slot.as_json(),
            "vault": owner.vault_id.hex(),
            "version": 1,
        }
    )


def read_waiting(data: bytes, bounds: KdfBounds = KDF_BOUNDS) -> Waiting:
    """Read what `make_waiting` wrote. Raises Malformed."""
    found = members(canonical_value(data, MAX_WAITING_BYTES), "format", "request", "slot", "vault", "version")
    one_of(found["format"], frozenset({_WAITING_FORMAT}))
    whole(found["version"], 1, 1)
    slot = parse_user_slot(found["slot"], bounds)
    return Waiting(hex_bytes(found["vault"], VAULT_ID_BYTES), hex_digest(found["request"]), slot)


def open_waiting(waiting: Waiting, sentence: str, bounds: KdfBounds = KDF_BOUNDS) -> tuple[UserKeys, Pin]:
    """Open the waiting keys with a normalised sentence. Raises Malformed WRONG_SENTENCE, Obstacle MEMORY_SHORT."""
    return open_user_slot(waiting.slot, waiting.vault_id, sentence, bounds)


def header_with(
    header: KeyHeader,
    envelope: bytes,
    fresh: ListedUser,
    keys: UserKeys,
    secrets: VaultSecrets,
    sentence: str,
    words: WordList,
    *,
    cost: KdfCost,
    bounds: KdfBounds = KDF_BOUNDS,
) -> bytes:
    """Return the next header: one list more, and in it the fresh supervisor's slot, which pins that list.

    Raises:
        Malformed: A list or slot that the header cannot hold.
        Obstacle: MEMORY_SHORT.
    """
    following = read_list(envelope)
    slot = make_user_slot(
        SlotOwner(header.vault_id, fresh.id, fresh.desk_number, following.key_generation),
        keys,
        following.pin(),
        secrets,
        sentence=sentence,
        wordlist=words.name,
        cost=cost,
        bounds=bounds,
    )
    after = replace(
        header,
        edit=header.edit + 1,
        access_lists=(*header.access_lists, envelope),
        user_slots=(*header.user_slots, slot),
    )
    return serialise(after, secrets.dek, bounds)
