"""Changes of an open vault's header: a next access list, a slot that pins it. The caller writes and notes them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from desktop.crypto.access_list import sign_list
from desktop.crypto.header import KeyHeader, serialise
from desktop.crypto.kdf import KDF_BOUNDS, KdfBounds, KdfCost
from desktop.crypto.slots import SlotOwner, UserKeys, UserSlot, VaultSecrets, make_user_slot
from desktop.crypto.vaultkeys import Unlocked, normalised
from desktop.crypto.words import RandomBytes, WordList
from desktop.errors import NotPermitted


def trust_root(keys: Unlocked, root_sha256: str, bounds: KdfBounds = KDF_BOUNDS) -> Unlocked:
    """Return the keys with a next list that names the root document, signed by this supervisor, in a next header.

    Raises:
        NotPermitted: LIST_NOT_SIGNED, this user signs no lists.
    """
    if keys.ed25519 is None:
        raise NotPermitted("LIST_NOT_SIGNED")
    current = keys.access_list
    following = replace(current, version=current.version + 1, previous=current.pin().sha256, root=root_sha256)
    lists = (*keys.header.access_lists, sign_list(following, keys.ed25519))
    return in_next_header(replace(keys, access_list=following), replace(keys.header, access_lists=lists), bounds)


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


def in_next_header(keys: Unlocked, header: KeyHeader, bounds: KdfBounds) -> Unlocked:
    """Return the keys with a header of the next edit, closed under their data key."""
    edited = replace(header, edit=header.edit + 1)
    return replace(
        keys,
        list_sha256=keys.access_list.pin().sha256,
        header=edited,
        header_bytes=serialise(edited, keys.dek, bounds),
    )
