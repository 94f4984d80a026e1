"""Changes of an open vault's header: a next access list, a slot that pins it. The caller writes and notes them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from desktop.crypto.access_list import MAX_LISTS, AccessList, RecoveryKeys, RecoveryKind, read_list, sign_list
from desktop.crypto.header import KeyHeader, serialise
from desktop.crypto.kdf import KDF_BOUNDS, KdfBounds, KdfCost
from desktop.crypto.sheet import SheetKeys, sign_pin
from desktop.crypto.slots import (
    SlotOwner,
    UserKeys,
    UserSlot,
    VaultSecrets,
    make_recovery_slot,
    make_user_slot,
)
from desktop.crypto.vaultkeys import Unlocked, normalised
from desktop.crypto.words import RandomBytes, WordList
from desktop.errors import NotPermitted, Obstacle


def trust_root(keys: Unlocked, root_sha256: str, bounds: KdfBounds = KDF_BOUNDS) -> Unlocked:
    """Return the keys with a next list that names the root document, signed by this supervisor, in a next header.

    Raises:
        NotPermitted: LIST_NOT_SIGNED, this user signs no lists.
        Obstacle: LISTS_FULL.
    """
    following = next_list(keys, replace(keys.access_list, root=root_sha256))
    return signed_next(keys, following, keys.header.user_slots, bounds)


def renew_sheet(keys: Unlocked, sheet: SheetKeys, bounds: KdfBounds = KDF_BOUNDS) -> Unlocked:
    """Return the keys with a next list that names a new recovery sheet in place of the one before, in a next header.

    The data key stays: whoever knows the words of the sheet before opens with them what was copied before, and with
    the data key in that copy whatever is written until `people.rekey`.

    Raises:
        NotPermitted: LIST_NOT_SIGNED.
        Obstacle: SHEET_NOT_NEW, LISTS_FULL.
    """
    recipients = recovery_recipients(keys, sheet)
    following = next_list(keys, replace(keys.access_list, recovery=recipients))
    kept = tuple(slot for slot in keys.header.recovery_slots if slot.keys in recipients)
    secrets = VaultSecrets(keys.dek, keys.r)
    slot = make_recovery_slot(sheet.public(), secrets, keys.vault_id, following.key_generation)
    base = replace(keys, header=replace(keys.header, recovery_slots=(slot, *kept)))
    return signed_next(base, following, keys.header.user_slots, bounds, sheet)


def pinned_anew(
    keys: Unlocked, sentence: str, wordlists: Mapping[str, WordList], *, bounds: KdfBounds = KDF_BOUNDS
) -> Unlocked:
    """Return the keys with this user's slot pinning the current list, in a next header.

    Until then the slot pins an older list: still sound, but whoever holds the data key could cut the newer ones off.

    Raises:
        Obstacle: MEMORY_SHORT.
    """
    old = own_slot(keys)
    return with_own_slot(keys, sentence, wordlists[old.wordlist], cost=old.kdf.cost, bounds=bounds)


def own_slot(keys: Unlocked) -> UserSlot:
    """Return the slot of the user whose keys these are."""
    return next(slot for slot in keys.header.user_slots if slot.user_id == keys.user_id)


def with_own_slot(
    keys: Unlocked,
    sentence: str,
    words: WordList,
    *,
    cost: KdfCost,
    bounds: KdfBounds,
    random_bytes: RandomBytes = os.urandom,
) -> Unlocked:
    """Return the keys with this user's slot under a sentence as typed, pinning the current list, in a next header.

    Raises:
        Obstacle: MEMORY_SHORT.
    """
    old, pin = own_slot(keys), keys.access_list.pin()
    slot = make_user_slot(
        SlotOwner(keys.vault_id, keys.user_id, keys.desk_number, keys.access_list.key_generation),
        UserKeys(keys.x25519, keys.ed25519),
        pin,
        VaultSecrets(keys.dek, keys.r),
        sentence=normalised(words, sentence),
        wordlist=words.name,
        cost=cost,
        bounds=bounds,
        random_bytes=random_bytes,
    )
    slots = tuple(slot if other is old else other for other in keys.header.user_slots)
    return in_next_header(replace(keys, pin=pin), replace(keys.header, user_slots=slots), bounds)


def recovery_recipients(keys: Unlocked, sheet: SheetKeys | None) -> tuple[RecoveryKeys, ...]:
    """Return to whom the vault's secrets are sealed for recovery: a new `sheet` stands for every one before it.

    Raises:
        Obstacle: SHEET_NOT_NEW, a list so far names this sheet.
    """
    present = tuple(slot.keys for slot in keys.header.recovery_slots)
    if sheet is None:
        return present
    new = sheet.public()
    if any(new in read_list(envelope).recovery for envelope in keys.header.access_lists):
        raise Obstacle("SHEET_NOT_NEW")
    return (new, *(recipient for recipient in present if recipient.kind is not RecoveryKind.SHEET))


def next_list(keys: Unlocked, changed: AccessList) -> AccessList:
    """Return `changed` as the list that follows the current one."""
    return replace(changed, version=keys.access_list.version + 1, previous=keys.access_list.pin().sha256)


def check_signs(keys: Unlocked) -> None:
    """Let pass who signs lists, while there is room for one. Raises NotPermitted or Obstacle LISTS_FULL."""
    if keys.ed25519 is None:
        raise NotPermitted("LIST_NOT_SIGNED")
    if len(keys.header.access_lists) >= MAX_LISTS:
        raise Obstacle("LISTS_FULL", limit=MAX_LISTS)


def signed_next(
    keys: Unlocked,
    following: AccessList,
    slots: tuple[UserSlot, ...],
    bounds: KdfBounds,
    sheet: SheetKeys | None = None,
) -> Unlocked:
    """Return the keys with the next list, signed, in a next header; a new `sheet` signs the pin of that list.

    Pins of sheets before a new one leave the header: nothing opens with them any more.

    Raises:
        NotPermitted: LIST_NOT_SIGNED.
        Obstacle: LISTS_FULL.
    """
    check_signs(keys)
    lists = (*keys.header.access_lists, sign_list(following, keys.ed25519 or b""))
    pins = keys.header.sheet_pins if sheet is None else (sign_pin(sheet, keys.vault_id, following.pin()),)
    header = replace(keys.header, access_lists=lists, user_slots=slots, sheet_pins=pins)
    return in_next_header(replace(keys, access_list=following), header, bounds)


def in_next_header(keys: Unlocked, header: KeyHeader, bounds: KdfBounds) -> Unlocked:
    """Return the keys with a header of the next edit, closed under their data key."""
    edited = replace(header, edit=header.edit + 1)
    return replace(
        keys,
        list_sha256=keys.access_list.pin().sha256,
        header=edited,
        header_bytes=serialise(edited, keys.dek, bounds),
    )
