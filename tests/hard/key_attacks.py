"""What attackers put in the place of a genuine key header (R17): without keys, and with the data key.

Each forgery is one that the program's own writer would make, closed under the key that its attacker has. It says who
must be refused; everybody else may be let in only to what is genuine. `unless_pinned_before` names the first list that
is not the genuine one any more: whoever's slot pins an older list cannot tell (threat-model 7.3), everybody else must.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from desktop.crypto import sealing, sheet
from desktop.crypto.access_list import (
    SUSPENDED,
    AccessList,
    RecoveryKeys,
    RecoveryKind,
    SealedClassKeys,
    dek_id,
    read_list,
    sign_list,
)
from desktop.crypto.encoding import canonical_json, sha256_hex
from desktop.crypto.header import KeyHeader, serialise
from desktop.crypto.kdf import KdfCost
from desktop.crypto.slots import (
    SealedHalf,
    SlotOwner,
    UserKeys,
    UserSlot,
    VaultSecrets,
    ed25519_public,
    make_recovery_slot,
    make_user_slot,
)
from desktop.crypto.words import sheet_entropy
from tests.hard.key_life import Life
from tests.keys import CHEAP_BOUNDS, CHEAP_COST, WORDS, listed

ROGUE_SENTENCE = "abandon ability able about above absent"
EVERYBODY, SHEET, ROGUE = "everybody", "the sheet", "the rogue"
_STRANGER = listed(77)


@dataclass(frozen=True)
class Forgery:
    """A header in the place of both copies, and who must be refused: a person's id, the sheet, the rogue, everybody."""

    data: bytes
    refused: tuple[str, ...] = (EVERYBODY,)
    rogue_desk: int = 0
    unless_pinned_before: int = 0
    keyless: bool = False  # the vault's note is as it was: whoever has no data key cannot write it


Attack = Callable[[Life], Forgery | None]


def _own(life: Life) -> bytes:
    return life.dice.randbytes(32)


def _closed(life: Life, dek: bytes | None = None, **changes: object) -> bytes:
    header: KeyHeader = replace(life.keys.header, edit=life.keys.header.edit + 1, **changes)  # type: ignore[arg-type]
    return serialise(header, dek or life.keys.dek, CHEAP_BOUNDS)


def _with(life: Life, slot: UserSlot) -> tuple[UserSlot, ...]:
    return tuple(slot if other.user_id == slot.user_id else other for other in life.keys.header.user_slots)


def _any_slot(life: Life) -> UserSlot:
    return life.dice.choice(life.keys.header.user_slots)


def _purpose(life: Life, purpose: str, user: str, **more: str) -> dict[str, str | int]:
    generation, vault = life.keys.access_list.key_generation, life.keys.vault_id.hex()
    return {"generation": generation, "purpose": purpose, "user": user, "vault": vault, **more}


def _resealed(life: Life, dek: bytes) -> dict[str, object]:
    """The genuine slots with another data key, sealed to the public keys that everybody can read in the header."""
    slots = tuple(
        replace(slot, dek=sealing.seal(sealing.with_purpose(dek, **_purpose(life, "dek", slot.user_id)), slot.x25519))
        for slot in life.keys.header.user_slots
    )
    secrets = VaultSecrets(dek, life.keys.r)
    current = life.keys.access_list
    recovery = tuple(
        make_recovery_slot(slot.keys, secrets, life.keys.vault_id, current.key_generation)
        for slot in life.keys.header.recovery_slots
    )
    return {"user_slots": slots, "recovery_slots": recovery}


def _framed(body: dict[str, object], tag: bytes) -> bytes:
    written = canonical_json(body)
    closed = b"RUFAAK1\n" + len(written).to_bytes(4, "big") + written + tag
    return closed + bytes.fromhex(sha256_hex(closed))


# ------------------------------------------------------------------------------------------ without any key


def substituted_vault(life: Life) -> Forgery:
    dek = _own(life)
    return Forgery(_closed(life, dek, **_resealed(life, dek)))


def substituted_vault_with_a_list_behind(life: Life) -> Forgery:
    dek, current = _own(life), life.keys.access_list
    generation = current.key_generation + 1
    behind = replace(_next(current), key_generation=generation, dek_id=dek_id(dek, current.vault_id, generation))
    return Forgery(_closed(life, dek, access_lists=_behind(life, behind, _own(life)), **_resealed(life, dek)))


def substituted_vault_with_a_list_of_its_own(life: Life) -> Forgery:
    dek, signing, current = _own(life), _own(life), life.keys.access_list
    founder = replace(_STRANGER, role="SUPERVISOR", ed25519=ed25519_public(signing), desk_number=999)
    own = replace(
        current,
        version=1,
        previous=None,
        key_generation=1,
        dek_id=dek_id(dek, current.vault_id, 1),
        users=(*(replace(user, role="CLERK", ed25519=None) for user in current.users), founder),
    )
    return Forgery(_closed(life, dek, access_lists=(sign_list(own, signing),), **_resealed(life, dek)))


def edited_without_the_key(life: Life) -> Forgery:
    body, tag = json.loads(life.copies[0][12:-64]), life.copies[0][-64:-32]
    change = life.dice.choice(("sheet_pins", "edit", "recovery_slots", "user_slots"))
    body[change] = body[change] + 1 if change == "edit" else body[change][:-1]
    return Forgery(_framed(body, life.dice.choice((tag, bytes(32)))))


def a_cheaper_guess(life: Life) -> Forgery:
    slot = _any_slot(life)
    cheap = replace(slot, kdf=replace(slot.kdf, cost=KdfCost(memory_kib=16, passes=2)))
    return Forgery(_closed(life, user_slots=_with(life, cheap)), (slot.user_id,))


def a_guess_outside_the_bounds(life: Life) -> Forgery:
    body = json.loads(life.copies[0][12:-64])
    body["user_slots"][0]["kdf"]["memory_kib"] = life.dice.choice((1, 7, 2**18 + 1, 2**26))
    return Forgery(_framed(body, life.copies[0][-64:-32]))


def users_swapped(life: Life) -> Forgery | None:
    slots = life.keys.header.user_slots
    if len(slots) < 2:
        return None
    one, other = life.dice.sample(slots, 2)
    swapped = {one.user_id: other.user_id, other.user_id: one.user_id}
    moved = tuple(replace(slot, user_id=swapped.get(slot.user_id, slot.user_id)) for slot in slots)
    return Forgery(_closed(life, user_slots=moved))


# ------------------------------------------------------------------------------------------ with the data key


def rogue_slot(life: Life) -> Forgery:
    slots = (*life.keys.header.user_slots, _slot(life, _STRANGER.id, 998))
    return Forgery(_closed(life, user_slots=slots), (EVERYBODY, ROGUE), 998)


def slot_under_a_listed_name(life: Life) -> Forgery:
    genuine = _any_slot(life)
    rogue = _slot(life, genuine.user_id, genuine.desk_number)
    return Forgery(_closed(life, user_slots=_with(life, rogue)), (EVERYBODY, ROGUE), genuine.desk_number)


def slot_that_shows_listed_keys(life: Life) -> Forgery:
    genuine = _any_slot(life)
    rogue = _slot(life, genuine.user_id, genuine.desk_number)
    shown = replace(rogue, x25519=genuine.x25519, ed25519=genuine.ed25519)
    return Forgery(_closed(life, user_slots=_with(life, shown)), (genuine.user_id, ROGUE), genuine.desk_number)


def suspended_slot_put_back(life: Life) -> Forgery | None:
    idle = [key for key, one in life.truth.people.items() if one.suspended]
    if not idle:
        return None
    user_id = life.dice.choice(sorted(idle))
    one = life.truth.people[user_id]
    slots = (*life.keys.header.user_slots, _slot(life, user_id, one.desk))
    return Forgery(_closed(life, user_slots=slots), (EVERYBODY, ROGUE), one.desk)


def list_behind_the_last(life: Life) -> Forgery:
    """Swapped user, class, recovery keys, device, role: signed by whoever is at hand and may not."""
    return Forgery(_closed(life, access_lists=_behind(life, _swapped(life), _signer(life))))


def list_in_the_place_of_the_last(life: Life) -> Forgery | None:
    """A fork of the same version. Only a supervisor of the list before could sign it so that older pins believe it."""
    lists = life.keys.header.access_lists
    if len(lists) < 2:
        return None
    before, signing = read_list(lists[-2]), _signer(life)
    able = [key for key in _old_keys(life) if ed25519_public(key) in before.signers()]
    if able and life.dice.random() < 0.8:
        signing = life.dice.choice(able)
    fork = replace(_swapped(life), version=before.version + 1, previous=before.pin().sha256)
    data = _closed(life, access_lists=(*lists[:-1], sign_list(fork, signing)), **_fitting(life, fork))
    believed = ed25519_public(signing) in before.signers()
    return Forgery(data, unless_pinned_before=fork.version if believed else 0)


def lists_cut_off(life: Life) -> Forgery | None:
    """The last ones gone, and with them every slot that does not fit what is left."""
    lists = life.keys.header.access_lists
    if len(lists) < 2:
        return None
    kept = len(lists) - life.dice.randint(1, min(3, len(lists) - 1))
    last = read_list(lists[kept - 1])
    data = _closed(life, access_lists=lists[:kept], **_fitting(life, last))
    return Forgery(data, unless_pinned_before=last.version + 1)


def half_of_the_class_swapped(life: Life) -> Forgery:
    able = [slot for slot in life.keys.header.user_slots if slot.ed25519 is not None]
    slot, private = life.dice.choice(able), _own(life)
    public = sealing.public_key(private)
    purpose = _purpose(life, "r", slot.user_id, public=public.hex())
    half = SealedHalf(public, sealing.seal(sealing.with_purpose(private, **purpose), slot.x25519))
    halves = life.dice.choice(((half,), (*slot.r, half), (), slot.r[:-1]))
    return Forgery(_closed(life, user_slots=_with(life, replace(slot, r=halves))), (slot.user_id,))


def class_given_to_a_clerk(life: Life) -> Forgery | None:
    able = [slot for slot in life.keys.header.user_slots if slot.ed25519 is None]
    if not able:
        return None
    slot = life.dice.choice(able)
    halves = []
    for public, private in life.keys.r.items():
        purpose = _purpose(life, "r", slot.user_id, public=public.hex())
        halves.append(SealedHalf(public, sealing.seal(sealing.with_purpose(private, **purpose), slot.x25519)))
    return Forgery(_closed(life, user_slots=_with(life, replace(slot, r=tuple(halves)))), (slot.user_id,))


def rogue_recovery_slot(life: Life) -> Forgery:
    recipient, secrets = _recipient(_own(life)), VaultSecrets(life.keys.dek, life.keys.r)
    rogue = make_recovery_slot(recipient, secrets, life.keys.vault_id, life.keys.access_list.key_generation)
    kept = life.keys.header.recovery_slots if life.dice.random() < 0.5 else ()
    return Forgery(_closed(life, recovery_slots=(*kept, rogue)), (EVERYBODY, SHEET))


def sheet_sealed_to_another_vault(life: Life) -> Forgery:
    dek = _own(life)
    return Forgery(_closed(life, dek, recovery_slots=_resealed(life, dek)["recovery_slots"]), (EVERYBODY, SHEET))


def sheet_pin_forged(life: Life) -> Forgery:
    own = sheet.derive(life.dice.randbytes(16), life.keys.vault_id)
    pin = sheet.sign_pin(own, life.keys.vault_id, life.keys.access_list.pin())
    return Forgery(_closed(life, sheet_pins=life.dice.choice(((), (pin,)))), (SHEET,))


def an_older_header(life: Life) -> Forgery | None:
    """As it was, both copies: what the vault notes is further on."""
    older = [data for data in life.older if data != life.copies[0]]
    return Forgery(life.dice.choice(older), keyless=True) if older else None


ATTACKS: dict[str, Attack] = {
    attack.__name__.replace("_", " "): attack
    for attack in (
        *(substituted_vault, substituted_vault_with_a_list_behind, substituted_vault_with_a_list_of_its_own),
        *(edited_without_the_key, a_cheaper_guess, a_guess_outside_the_bounds, users_swapped, rogue_slot),
        *(slot_under_a_listed_name, slot_that_shows_listed_keys, suspended_slot_put_back, list_behind_the_last),
        *(list_in_the_place_of_the_last, lists_cut_off, half_of_the_class_swapped, class_given_to_a_clerk),
        *(rogue_recovery_slot, sheet_sealed_to_another_vault, sheet_pin_forged, an_older_header),
    )
}


# ------------------------------------------------------------------------------------------ within


def _next(current: AccessList) -> AccessList:
    return replace(current, version=current.version + 1, previous=current.pin().sha256)


def _behind(life: Life, following: AccessList, signing: bytes) -> tuple[bytes, ...]:
    return (*life.keys.header.access_lists, sign_list(following, signing))


def _fitting(life: Life, wanted: AccessList) -> dict[str, Any]:
    """The genuine slots without those that would give a forged list away."""
    users = {(user.id, user.desk_number, user.x25519, user.ed25519): user for user in wanted.users}
    slots = [
        slot
        for slot in life.keys.header.user_slots
        if (user := users.get((slot.user_id, slot.desk_number, slot.x25519, slot.ed25519))) and user.role != SUSPENDED
    ]
    recovery = [slot for slot in life.keys.header.recovery_slots if slot.keys in wanted.recovery]
    return {"user_slots": tuple(slots), "recovery_slots": tuple(recovery)}


def _swapped(life: Life) -> AccessList:
    following, public, signing = _next(life.keys.access_list), sealing.public_key(_own(life)), _own(life)
    users = following.users
    at = life.dice.randrange(len(users))
    rival = replace(users[at], x25519=public)
    if life.dice.random() < 0.5:
        rival = replace(rival, role="SUPERVISOR", ed25519=ed25519_public(signing))
    changes: tuple[dict[str, object], ...] = (
        {"users": (*users[:at], rival, *users[at + 1 :])},
        {"users": (*users, replace(_STRANGER, desk_number=997))},
        {"r": SealedClassKeys(public, (public, *following.r.in_use), following.r.held_by)},
        {"recovery": (_recipient(_own(life)),)},
        {"device": replace(following.device, ed25519=ed25519_public(signing), x25519=public)},
    )
    swapped: AccessList = replace(following, **life.dice.choice(changes))  # type: ignore[arg-type]
    return swapped


def _signer(life: Life) -> bytes:
    """A key that may not sign the next list: one's own, or one that might once."""
    signers = life.keys.access_list.signers()
    left = [key for key in _old_keys(life) if ed25519_public(key) not in signers]
    return life.dice.choice([_own(life), *left[-4:]])


def _old_keys(life: Life) -> list[bytes]:
    """What supervisors signed with who are none any more, and sheets that were made anew."""
    sheets = [sheet.derive(sheet_entropy(WORDS, words), life.keys.vault_id) for words in sorted(life.truth.void_sheets)]
    keys = [gone.ed25519 for gone in life.gone if gone.ed25519] + [one.ed25519 for one in sheets]
    life.dice.shuffle(keys)
    return keys


def _recipient(private: bytes) -> RecoveryKeys:
    return RecoveryKeys(RecoveryKind.SHEET, sealing.public_key(private), ed25519_public(private))


def _slot(life: Life, user_id: str, desk: int) -> UserSlot:
    """A slot with keys of the attacker's own, under a sentence of the attacker's own."""
    current = life.keys.access_list
    signing = _own(life) if life.dice.random() < 0.5 else None
    return make_user_slot(
        SlotOwner(current.vault_id, user_id, desk, current.key_generation),
        UserKeys(_own(life), signing),
        current.pin(),
        VaultSecrets(life.keys.dek, {}),
        sentence=ROGUE_SENTENCE,
        wordlist=WORDS.name,
        cost=CHEAP_COST,
        bounds=CHEAP_BOUNDS,
    )
