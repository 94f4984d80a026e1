"""Who may open the vault: changes of an open vault's header, each signed by the supervisor who makes it.

Pure, like `header_changes`: the caller writes the header and notes it. What each change achieves against somebody who
once held the keys is in threat-model 5.2 and 7; only `rekey` keeps anybody out for certain.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from desktop.crypto import sealing
from desktop.crypto.access_list import (
    MAX_DESK_NUMBER,
    MAX_USERS,
    SUPERVISOR,
    SUSPENDED,
    AccessList,
    Device,
    ListedUser,
    dek_id,
    read_list,
)
from desktop.crypto.encoding import Malformed
from desktop.crypto.header_changes import (
    check_signs,
    in_next_header,
    next_list,
    own_slot,
    recovery_recipients,
    signed_next,
    with_own_slot,
)
from desktop.crypto.kdf import KDF_BOUNDS, KdfBounds, KdfCost
from desktop.crypto.sheet import SheetKeys
from desktop.crypto.slots import (
    SlotOwner,
    UserKeys,
    UserSlot,
    VaultSecrets,
    ed25519_public,
    make_recovery_slot,
    make_user_slot,
    open_user_slot,
    sealed_anew,
)
from desktop.crypto.vaultkeys import Unlocked, normalised
from desktop.crypto.words import SENTENCE_WORDS, SUPERVISOR_WORDS, RandomBytes, WordList, generate_sentence
from desktop.errors import NotPermitted, Obstacle, WrongSentence

_KEY_BYTES = 32


@dataclass(frozen=True, repr=False)
class NewSlots:
    """How slots are made: the list the sentences are drawn from, what a guess costs, the bounds, the dice."""

    words: WordList
    cost: KdfCost
    bounds: KdfBounds = KDF_BOUNDS
    random_bytes: RandomBytes = os.urandom


@dataclass(frozen=True, repr=False)
class Admitted:
    """Somebody with keys of their own. The sentence is shown once and kept nowhere."""

    keys: Unlocked
    user_id: str
    desk_number: int
    sentence: str


@dataclass(frozen=True, repr=False)
class Rekeyed:
    """The same vault under a new data key, with a new device; `admitted` where somebody got keys of their own anew."""

    keys: Unlocked
    device_ed25519: bytes
    device_x25519: bytes
    admitted: Admitted | None


def sentence_for(role: str, words: WordList, random_bytes: RandomBytes = os.urandom) -> str:
    """Draw a sentence as long as the role asks: six words for a supervisor, five for everybody else."""
    return generate_sentence(words, SUPERVISOR_WORDS if role == SUPERVISOR else SENTENCE_WORDS, random_bytes)


def role_of(keys: Unlocked, user_id: str) -> str:
    """Return the role that the signed lists give a user: the one before the suspension where there is one.

    Raises:
        Obstacle: USER_GONE, the current list does not name them.
    """
    _listed(keys, user_id)
    for envelope in reversed(keys.header.access_lists):  # all of them verified at unlock
        user = read_list(envelope).user(user_id)
        if user is not None and user.role != SUSPENDED:
            return user.role
    raise Obstacle("USER_GONE")


def add_user(keys: Unlocked, role: str, making: NewSlots, *, taken: Iterable[int] = ()) -> Admitted:
    """Add somebody with a sentence, keys and a slot of their own, at the lowest desk number never used here.

    `taken` are further desk numbers that somebody had: they stand on old papers, as do those in every list so far.

    Raises:
        NotPermitted: LIST_NOT_SIGNED.
        Obstacle: DESK_FULL, 64 people have a slot or every number is used; LISTS_FULL; MEMORY_SHORT.
    """
    check_signs(keys)
    users = keys.access_list.users
    listed = (user for envelope in keys.header.access_lists for user in read_list(envelope).users)
    used = {user.desk_number for user in listed} | set(taken)
    free = next((number for number in range(1, MAX_DESK_NUMBER + 1) if number not in used), None)
    if free is None or len(users) >= MAX_USERS:
        raise Obstacle("DESK_FULL", limit=MAX_USERS)
    user_id = str(uuid.UUID(bytes=making.random_bytes(16), version=4))
    return admit(keys, keys.access_list, (user_id, free, role), making)


def readmit(keys: Unlocked, user_id: str, role: str, making: NewSlots) -> Admitted:
    """Give somebody who forgot, returns or becomes a supervisor a new sentence and new keys, under the same id.

    Raises:
        NotPermitted: LIST_NOT_SIGNED; YOURSELF; LAST_SUPERVISOR; MUST_REKEY, a supervisor who becomes anything less
            keeps what they know until `rekey`.
        Obstacle: USER_GONE, LISTS_FULL, MEMORY_SHORT.
    """
    user = _other(keys, user_id)
    if role_of(keys, user_id) == SUPERVISOR != role:
        raise NotPermitted("MUST_REKEY")
    return admit(keys, keys.access_list, (user.id, user.desk_number, role), making)


def change_role(keys: Unlocked, user_id: str, role: str, bounds: KdfBounds = KDF_BOUNDS) -> Unlocked:
    """Give somebody another role that signs nothing; sentence and slot stay.

    Raises:
        NotPermitted: LIST_NOT_SIGNED; YOURSELF; MUST_REKEY, to or from supervisor needs other keys.
        Obstacle: USER_GONE, USER_SUSPENDED, LISTS_FULL.
    """
    user = _other(keys, user_id)
    if SUPERVISOR in (user.role, role):
        raise NotPermitted("MUST_REKEY")
    if user.role == SUSPENDED:
        raise Obstacle("USER_SUSPENDED")
    changed = _with_user(keys.access_list, replace(user, role=role))
    return signed_next(keys, next_list(keys, changed), keys.header.user_slots, bounds)


def suspend(keys: Unlocked, user_id: str, bounds: KdfBounds = KDF_BOUNDS) -> Unlocked:
    """Take somebody's slot away and list them as suspended; `readmit` brings them back.

    It keeps out whoever has only the sentence. Whoever kept a copy of the header needs `rekey`.

    Raises:
        NotPermitted: LIST_NOT_SIGNED, YOURSELF, LAST_SUPERVISOR.
        Obstacle: USER_GONE, LISTS_FULL.
    """
    user = _other(keys, user_id)
    slots = tuple(slot for slot in keys.header.user_slots if slot.user_id != user_id)
    changed = _with_user(keys.access_list, replace(user, role=SUSPENDED, ed25519=None))
    return signed_next(keys, next_list(keys, changed), slots, bounds)


def without_slots(keys: Unlocked, bounds: KdfBounds = KDF_BOUNDS) -> Unlocked:
    """Take everybody's slot away: only the recovery slots lead into this header from then on. The list stays as it is.

    Every older copy of the header still opens with the sentences of its time, and no key is changed.

    Raises:
        NotPermitted: LIST_NOT_SIGNED.
    """
    if keys.ed25519 is None:
        raise NotPermitted("LIST_NOT_SIGNED")
    return in_next_header(keys, replace(keys.header, user_slots=()), bounds)


def change_sentence(
    keys: Unlocked, old: str, new: str, wordlists: Mapping[str, WordList], making: NewSlots
) -> Unlocked:
    """Wrap the acting person's own keys under another sentence. Old copies of the header still open with the old one.

    Raises:
        WrongSentence: OLD_SENTENCE_WRONG, or WORD_UNKNOWN with its position.
        Obstacle: MEMORY_SHORT.
    """
    slot = own_slot(keys)
    try:
        open_user_slot(slot, keys.vault_id, normalised(wordlists[slot.wordlist], old), making.bounds)
    except Malformed:
        raise WrongSentence("OLD_SENTENCE_WRONG") from None
    return with_own_slot(
        keys, new, making.words, cost=making.cost, bounds=making.bounds, random_bytes=making.random_bytes
    )


def rekey(
    keys: Unlocked,
    making: NewSlots,
    *,
    without: str | None = None,
    afresh: tuple[str, str] | None = None,
    sentence: str | None = None,
    new_sealed_class: bool,
    sheet: SheetKeys | None = None,
) -> Rekeyed:
    """Give the vault a new data key and device keys, sealed to everybody who stays, without their being present.

    Args:
        keys: The acting supervisor's.
        making: For the new slot, where there is one, and for all new keys.
        without: Who is removed.
        afresh: Whose sentence somebody may know, or who stops being supervisor: their id and role from now on. They
            get new keys and a new sentence.
        sentence: The new sentence of `afresh` where it was drawn before; None draws one.
        new_sealed_class: Make a new `R` besides; the old one stays in use until everything is sealed again. Where the
            Secretariat holds the class there is none to make.
        sheet: A new recovery sheet, in the same list: the one before opens nothing from here on.

    Raises:
        NotPermitted: LIST_NOT_SIGNED; YOURSELF or LAST_SUPERVISOR: nobody removes themselves, they would know the new
            key, so that one supervisor always stays.
        Obstacle: USER_GONE, LISTS_FULL, SHEET_NOT_NEW, MEMORY_SHORT.
    """
    check_signs(keys)
    if without is not None:
        _other(keys, without)
    if afresh is not None and (afresh[0] != keys.user_id or afresh[1] != keys.role):
        _other(keys, afresh[0])
    current, header, random_bytes = keys.access_list, keys.header, making.random_bytes
    generation = current.key_generation + 1
    dek, device_ed25519, device_x25519 = (random_bytes(_KEY_BYTES) for _ in range(3))
    r, halves = current.r, dict(keys.r)
    if new_sealed_class and r.held_by == current.kind:
        private = random_bytes(_KEY_BYTES)
        public = sealing.public_key(private)
        r, halves = replace(r, current=public, in_use=(public, *r.in_use)), {public: private, **halves}
    changed = replace(
        current,
        key_generation=generation,
        dek_id=dek_id(dek, keys.vault_id, generation),
        device=Device(current.device.code, ed25519_public(device_ed25519), sealing.public_key(device_x25519)),
        r=r,
        users=tuple(user for user in current.users if user.id != without),
    )
    recipients = recovery_recipients(keys, sheet)
    if sheet is not None:
        changed = replace(changed, recovery=recipients)
    secrets = VaultSecrets(dek, halves)
    gone = {without, afresh[0] if afresh else None}
    header = replace(
        header,
        user_slots=tuple(
            sealed_anew(slot, _secrets_for(slot, secrets), keys.vault_id, generation)
            for slot in header.user_slots
            if slot.user_id not in gone
        ),
        recovery_slots=tuple(
            make_recovery_slot(recipient, secrets, keys.vault_id, generation) for recipient in recipients
        ),
    )
    # One list names new device, keys and people at once: the vault may be one list ahead of its note, not two.
    base = replace(keys, dek=dek, r=halves, header=header)
    if afresh is None:
        after = signed_next(base, next_list(keys, changed), header.user_slots, making.bounds, sheet)
        return Rekeyed(after, device_ed25519, device_x25519, None)
    user = _listed(keys, afresh[0])
    admitted = admit(base, changed, (user.id, user.desk_number, afresh[1]), making, sentence, sheet)
    return Rekeyed(admitted.keys, device_ed25519, device_x25519, admitted)


def let_old_halves_go(keys: Unlocked, bounds: KdfBounds = KDF_BOUNDS) -> Unlocked:
    """List only the current key of the sealed class: nothing is sealed to the others any more.

    Raises:
        NotPermitted: LIST_NOT_SIGNED.
        Obstacle: LISTS_FULL.
    """
    current = keys.access_list
    kept = {public: private for public, private in keys.r.items() if public == current.r.current}
    secrets = VaultSecrets(keys.dek, kept)
    slots = tuple(
        replace(slot, r=tuple(half for half in slot.r if half.public in kept)) for slot in keys.header.user_slots
    )
    recovery = tuple(
        make_recovery_slot(slot.keys, secrets, keys.vault_id, current.key_generation)
        for slot in keys.header.recovery_slots
    )
    changed = replace(current, r=replace(current.r, in_use=(current.r.current,)))
    base = replace(keys, r=kept, header=replace(keys.header, recovery_slots=recovery))
    return signed_next(base, next_list(keys, changed), slots, bounds)


def admit(
    keys: Unlocked,
    changed: AccessList,
    place: tuple[str, int, str],
    making: NewSlots,
    sentence: str | None = None,
    sheet: SheetKeys | None = None,
) -> Admitted:
    """List a user (id, desk number, role) with new keys in what follows `changed`, and make the slot that pins it.

    `sentence` is theirs where it was drawn before, None draws one; a new `sheet` pins the list as well.
    """
    user_id, desk_number, role = place
    check_signs(keys)
    x25519, ed25519 = making.random_bytes(_KEY_BYTES), making.random_bytes(_KEY_BYTES)
    fresh = UserKeys(x25519, ed25519 if role == SUPERVISOR else None)
    user = ListedUser(user_id, desk_number, role, fresh.public_x25519(), fresh.public_ed25519())
    following = next_list(keys, _with_user(changed, user))
    pin = following.pin()
    sentence = sentence or sentence_for(role, making.words, making.random_bytes)
    slot = make_user_slot(
        SlotOwner(keys.vault_id, user_id, desk_number, following.key_generation),
        fresh,
        pin,
        VaultSecrets(keys.dek, keys.r if role == SUPERVISOR else {}),
        sentence=sentence,
        wordlist=making.words.name,
        cost=making.cost,
        bounds=making.bounds,
        random_bytes=making.random_bytes,
    )
    others = tuple(other for other in keys.header.user_slots if other.user_id != user_id)
    after = signed_next(keys, following, (*others, slot), making.bounds, sheet)
    if user_id == keys.user_id:  # the open desk goes on in the hands of the same person, with the new keys
        after = replace(after, x25519=fresh.x25519, ed25519=fresh.ed25519, pin=pin)
    return Admitted(after, user_id, desk_number, sentence)


def _secrets_for(slot: UserSlot, secrets: VaultSecrets) -> VaultSecrets:
    """Return what the owner of a slot may have: whoever signs lists also holds the sealed class."""
    return secrets if slot.ed25519 is not None else VaultSecrets(secrets.dek, {})


def _with_user(access_list: AccessList, user: ListedUser) -> AccessList:
    """Put a user in the place of the one with the same id, or behind all others."""
    users = access_list.users
    if any(other.id == user.id for other in users):
        return replace(access_list, users=tuple(user if other.id == user.id else other for other in users))
    return replace(access_list, users=(*users, user))


def _listed(keys: Unlocked, user_id: str) -> ListedUser:
    user = keys.access_list.user(user_id)
    if user is None:
        raise Obstacle("USER_GONE")
    return user


def _other(keys: Unlocked, user_id: str) -> ListedUser:
    """Return a user who is not the acting supervisor, who stays one: so the last one always stays."""
    check_signs(keys)
    user = _listed(keys, user_id)
    if user_id == keys.user_id:
        supervisors = [other for other in keys.access_list.users if other.role == SUPERVISOR]
        raise NotPermitted("YOURSELF" if len(supervisors) > 1 else "LAST_SUPERVISOR")
    return user
