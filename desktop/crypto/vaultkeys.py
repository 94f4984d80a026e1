"""A vault's keys from end to end: made anew, opened with a sentence, opened with the recovery sheet.

The order of the checks is that of `docs/formats.md` section 4 up to the header's HMAC. What follows (the vault file
itself, and what it notes about list and edit) is for whoever opens the file.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from desktop.crypto import sealing, sheet
from desktop.crypto.access_list import (
    SUPERVISOR,
    SUSPENDED,
    VAULT_ID_BYTES,
    AccessList,
    Device,
    ListedUser,
    Pin,
    RecoveryKeys,
    SealedClassKeys,
    VaultKind,
    dek_id,
    sign_list,
    verify_chain,
)
from desktop.crypto.encoding import Malformed
from desktop.crypto.header import HeaderCopy, KeyHeader, choose_copy, serialise
from desktop.crypto.kdf import KDF_BOUNDS, KdfBounds, KdfCost
from desktop.crypto.sheet import SheetKeys
from desktop.crypto.slots import (
    SlotOwner,
    UserKeys,
    VaultSecrets,
    ed25519_public,
    make_recovery_slot,
    make_user_slot,
    open_recovery_slot,
    open_secrets,
    open_user_slot,
)
from desktop.crypto.words import (
    ENTROPY_BYTES,
    SUPERVISOR_WORDS,
    RandomBytes,
    UnknownWord,
    WordList,
    generate_sentence,
    normalise_sentence,
    sheet_entropy,
    sheet_words,
)
from desktop.errors import HeaderDamaged, NewerVault, VaultSubstituted, WrongSentence

FIRST_DESK_NUMBER = 1
_KEY_BYTES = 32


@dataclass(frozen=True, repr=False)
class Unlocked:
    """An open vault in one user's hands. Private keys are 32 raw bytes; `r` maps public to private halves."""

    vault_id: bytes
    user_id: str
    desk_number: int
    role: str
    dek: bytes
    x25519: bytes
    ed25519: bytes | None
    r: Mapping[bytes, bytes]
    access_list: AccessList
    list_sha256: str
    header: KeyHeader
    header_bytes: bytes
    pin: Pin


@dataclass(frozen=True, repr=False)
class NewVault:
    """A vault's keys just made. Sentence and sheet words are shown once and kept nowhere.

    `header` is what both header copies hold. The device's private keys live in the vault file, not in the header.
    """

    header: bytes
    sentence: str
    sheet_words: str
    device_ed25519: bytes
    device_x25519: bytes
    unlocked: Unlocked


@dataclass(frozen=True, repr=False)
class Recovered:
    """A vault opened with the recovery sheet. Nobody is signed in; the sheet's signing key may sign the next list."""

    vault_id: bytes
    sheet: SheetKeys
    dek: bytes
    r: Mapping[bytes, bytes]
    access_list: AccessList
    list_sha256: str
    header: KeyHeader
    header_bytes: bytes


def create_vault_keys(
    words: WordList,
    *,
    kind: VaultKind,
    practice: bool,
    cost: KdfCost,
    bounds: KdfBounds = KDF_BOUNDS,
    random_bytes: RandomBytes = os.urandom,
) -> NewVault:
    """Make the keys of a new vault: its first supervisor at desk number 1, the sheet, the device and list 1.

    Raises:
        Malformed: KDF_BOUNDS.
        Obstacle: MEMORY_SHORT.
    """
    vault_id = random_bytes(VAULT_ID_BYTES)
    first_user = str(uuid.UUID(bytes=random_bytes(16), version=4))
    signing = random_bytes(_KEY_BYTES)
    keys = UserKeys(x25519=random_bytes(_KEY_BYTES), ed25519=signing)
    device_ed25519, device_x25519, r_private = (random_bytes(_KEY_BYTES) for _ in range(3))
    r_public = sealing.public_key(r_private)
    secrets = VaultSecrets(dek=random_bytes(_KEY_BYTES), r={r_public: r_private})
    entropy = random_bytes(ENTROPY_BYTES)
    sheet_keys = sheet.derive(entropy, vault_id)
    sentence = generate_sentence(words, SUPERVISOR_WORDS, random_bytes)

    first_list = AccessList(
        vault_id=vault_id,
        version=1,
        previous=None,
        key_generation=1,
        dek_id=dek_id(secrets.dek, vault_id, 1),
        kind=kind,
        practice=practice,
        device=Device(
            code=random_bytes(16).hex(),
            ed25519=ed25519_public(device_ed25519),
            x25519=sealing.public_key(device_x25519),
        ),
        r=SealedClassKeys(current=r_public, in_use=(r_public,), held_by=kind),
        recovery=(sheet_keys.public(),),
        users=(
            ListedUser(
                id=first_user,
                desk_number=FIRST_DESK_NUMBER,
                role=SUPERVISOR,
                x25519=keys.public_x25519(),
                ed25519=keys.public_ed25519(),
            ),
        ),
    )
    pin = first_list.pin()
    slot = make_user_slot(
        SlotOwner(vault_id, first_user, FIRST_DESK_NUMBER, first_list.key_generation),
        keys,
        pin,
        secrets,
        sentence=sentence,
        wordlist=words.name,
        cost=cost,
        bounds=bounds,
        random_bytes=random_bytes,
    )
    header = KeyHeader(
        vault_id=vault_id,
        edit=1,
        access_lists=(sign_list(first_list, signing),),
        user_slots=(slot,),
        recovery_slots=(make_recovery_slot(sheet_keys.public(), secrets, vault_id, first_list.key_generation),),
        sheet_pins=(sheet.sign_pin(sheet_keys, vault_id, pin),),
    )
    data = serialise(header, secrets.dek, bounds)
    unlocked = _unlocked(HeaderCopy(header, data), first_list, first_list.users[0], keys, secrets, pin)
    return NewVault(data, sentence, sheet_words(words, entropy), device_ed25519, device_x25519, unlocked)


def unlock(
    copy_a: bytes | None,
    copy_b: bytes | None,
    desk_number: int,
    sentence: str,
    wordlists: Mapping[str, WordList],
    *,
    bounds: KdfBounds = KDF_BOUNDS,
) -> Unlocked:
    """Open a vault's keys with a user's sentence, as typed.

    Raises:
        HeaderDamaged: HEADER_DAMAGED. No copy is whole and within the bounds.
        NewerVault: VAULT_NEWER. The header is of a later version.
        WrongSentence: WRONG_SENTENCE (no such desk number, or the sentence does not open its slot), or WORD_UNKNOWN
            with the position of a word that is not in the list; then no guess was made.
        VaultSubstituted: VAULT_SUBSTITUTED. The slot opened, and what it leads to is not what it pins.
        Obstacle: MEMORY_SHORT.
    """
    copy = _choose((copy_a, copy_b), bounds)
    header = copy.header
    slot = header.slot(desk_number)
    if slot is None:
        raise WrongSentence("WRONG_SENTENCE")
    words = wordlists.get(slot.wordlist)
    if words is None:
        raise HeaderDamaged("HEADER_DAMAGED", reason="WORDLIST")
    full = normalised(words, sentence)
    with _substitution():
        try:
            keys, pin = open_user_slot(slot, header.vault_id, full, bounds)
        except Malformed as refusal:
            if str(refusal) == "WRONG_SENTENCE":
                raise WrongSentence("WRONG_SENTENCE") from None
            raise
        current = _current_list(header, pin)
        user = current.user(slot.user_id)
        if user is None or (keys.public_x25519(), keys.public_ed25519()) != (user.x25519, user.ed25519):
            raise Malformed("KEYS")
        secrets = open_secrets(slot, keys, header.vault_id, current.key_generation)
        _check_sealed_class(current, secrets, holds=user.role == SUPERVISOR)
        _check_dek(copy, current, secrets.dek)
        return _unlocked(copy, current, user, keys, secrets, pin)


def open_with_sheet(
    copy_a: bytes | None, copy_b: bytes | None, typed_words: str, words: WordList, *, bounds: KdfBounds = KDF_BOUNDS
) -> Recovered:
    """Open a vault's keys with the twelve words of the recovery sheet.

    Raises:
        HeaderDamaged, NewerVault: As `unlock`.
        WrongSentence: WORD_UNKNOWN with its position, SHEET_WORDS_WRONG (count or checksum), or SHEET_OTHER_VAULT.
        VaultSubstituted: VAULT_SUBSTITUTED. The sheet belongs here, and what the header leads to is not what it pins.
    """
    copy = _choose((copy_a, copy_b), bounds)
    header = copy.header
    keys = sheet.derive(entropy_of(words, typed_words), header.vault_id)
    slot = next((slot for slot in header.recovery_slots if slot.keys == keys.public()), None)
    if slot is None:
        raise WrongSentence("SHEET_OTHER_VAULT")
    with _substitution():
        current = _current_list(header, _sheet_pin(header, slot.keys))
        secrets = open_recovery_slot(slot, keys.x25519, header.vault_id, current.key_generation)
        _check_sealed_class(current, secrets, holds=True)
        _check_dek(copy, current, secrets.dek)
    return Recovered(
        vault_id=header.vault_id,
        sheet=keys,
        dek=secrets.dek,
        r=secrets.r,
        access_list=current,
        list_sha256=current.pin().sha256,
        header=header,
        header_bytes=copy.data,
    )


def entropy_of(words: WordList, typed_words: str) -> bytes:
    """Return the 16 bytes behind a sheet's words. Raises WrongSentence WORD_UNKNOWN or SHEET_WORDS_WRONG."""
    try:
        return sheet_entropy(words, typed_words)
    except UnknownWord as unknown:
        raise WrongSentence("WORD_UNKNOWN", position=unknown.position) from None
    except Malformed:
        raise WrongSentence("SHEET_WORDS_WRONG") from None


@contextmanager
def _substitution() -> Iterator[None]:
    """Behind the sentence or sheet nothing is a slip of the hand: whatever does not fit is not our vault."""
    try:
        yield
    except Malformed as refusal:
        raise VaultSubstituted("VAULT_SUBSTITUTED", reason=str(refusal)) from None


def _choose(copies: Sequence[bytes | None], bounds: KdfBounds) -> HeaderCopy:
    try:
        return choose_copy(copies, bounds)
    except Malformed as refusal:
        reason = str(refusal)
        if reason == "NEWER":
            raise NewerVault("VAULT_NEWER") from None
        if reason == "COPIES_DIFFER":
            raise VaultSubstituted("VAULT_SUBSTITUTED", reason=reason) from None
        raise HeaderDamaged("HEADER_DAMAGED", reason=reason) from None


def normalised(words: WordList, sentence: str) -> str:
    """Return a typed sentence in full words. Raises WrongSentence WORD_UNKNOWN with the first wrong position."""
    try:
        return normalise_sentence(words, sentence)
    except UnknownWord as unknown:
        raise WrongSentence("WORD_UNKNOWN", position=unknown.position) from None


def _current_list(header: KeyHeader, pin: Pin) -> AccessList:
    """Return the current list, reached from the pin; every slot of the header must be one that it names.

    Whoever is suspended has none: one put back by a holder of the data key is a forgery.
    """
    current = verify_chain(header.access_lists, pin, header.vault_id)
    for slot in header.user_slots:
        user = current.user(slot.user_id)
        listed = None if user is None or user.role == SUSPENDED else (user.desk_number, user.x25519, user.ed25519)
        if listed != (slot.desk_number, slot.x25519, slot.ed25519):
            raise Malformed("SLOT")
    if any(slot.keys not in current.recovery for slot in header.recovery_slots):
        raise Malformed("SLOT")
    return current


def _sheet_pin(header: KeyHeader, keys: RecoveryKeys) -> Pin:
    """Return the latest pin that this sheet signed."""
    found = []
    for envelope in header.sheet_pins:
        try:
            found.append(sheet.verify_pin(envelope, keys.ed25519, header.vault_id))
        except Malformed:
            continue  # another sheet's pin; a missing one of this sheet is refused below
    if not found:
        raise Malformed("PIN")
    return max(found, key=lambda pin: pin.version)


def _check_sealed_class(current: AccessList, secrets: VaultSecrets, *, holds: bool) -> None:
    """Whoever holds the sealed class holds every half in use; the Secretariat's own half is held by nobody here."""
    in_use = set(current.r.in_use)
    if not holds:
        fits = not secrets.r
    elif current.r.held_by == current.kind:
        fits = secrets.r.keys() == in_use
    else:
        fits = secrets.r.keys() <= in_use - {current.r.current}
    if not fits:
        raise Malformed("SEALED_CLASS")


def _check_dek(copy: HeaderCopy, current: AccessList, dek: bytes) -> None:
    if dek_id(dek, current.vault_id, current.key_generation) != current.dek_id:
        raise Malformed("DEK")
    copy.check_hmac(dek)


def _unlocked(
    copy: HeaderCopy, current: AccessList, user: ListedUser, keys: UserKeys, secrets: VaultSecrets, pin: Pin
) -> Unlocked:
    return Unlocked(
        vault_id=current.vault_id,
        user_id=user.id,
        desk_number=user.desk_number,
        role=user.role,
        dek=secrets.dek,
        x25519=keys.x25519,
        ed25519=keys.ed25519,
        r=secrets.r,
        access_list=current,
        list_sha256=current.pin().sha256,
        header=copy.header,
        header_bytes=copy.data,
        pin=pin,
    )
