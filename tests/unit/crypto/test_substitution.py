"""Attacks 4, 5 and 36 of the threat model on the key header: by somebody without keys, and by a holder of the data key.

Each forged header is one that the program's own writer would make, closed under the data key that the attacker has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop.crypto import sealing, sheet
from desktop.crypto.access_list import (
    SUPERVISOR,
    RecoveryKeys,
    RecoveryKind,
    SealedClassKeys,
    VaultKind,
    dek_id,
    sign_list,
)
from desktop.crypto.encoding import canonical_json, length_prefixed
from desktop.crypto.kdf import derive_key
from desktop.crypto.slots import (
    SealedHalf,
    UserKeys,
    VaultSecrets,
    ed25519_public,
    make_recovery_slot,
)
from desktop.crypto.vaultkeys import Unlocked, open_with_sheet
from desktop.errors import DeskError, VaultSubstituted, WrongSentence
from tests.keys import (
    CHEAP_BOUNDS,
    CLERK_SENTENCE,
    WORDS,
    Office,
    key,
    listed,
    next_list,
    office_with_clerk,
    open_vault,
)
from tests.unit.crypto.test_header import framed

ATTACKERS_DEK = key(66)
ATTACKER = 67
ROGUE_SENTENCE = "abandon ability able about above"


@pytest.fixture(scope="module")
def office() -> Office:
    return office_with_clerk()


def refusal(attempt: Callable[[], object]) -> str:
    with pytest.raises(VaultSubstituted) as caught:
        attempt()
    assert (caught.value.code, caught.value.exit_status) == ("VAULT_SUBSTITUTED", 13)
    return str(caught.value.facts["reason"])


def unlocked(office: Office, header: bytes) -> Unlocked:
    return open_vault(header, header, office.vault.sentence)


def resealed(office: Office, dek: bytes, desk_number: int = 1) -> dict[str, object]:
    """The genuine slots, with a data key of the attacker's sealed to the public key that the header shows."""
    slots = []
    for slot in office.header.user_slots:
        purpose: dict[str, str | int] = {
            "generation": 1,
            "purpose": "dek",
            "user": slot.user_id,
            "vault": office.current.vault_id.hex(),
        }
        sealed = sealing.seal(sealing.with_purpose(dek, **purpose), slot.x25519)
        slots.append(replace(slot, dek=sealed) if slot.desk_number == desk_number else slot)
    return {"user_slots": tuple(slots)}


# ------------------------------------------------------------------------------------------ without any key


def test_a_whole_vault_sealed_to_the_public_keys_of_the_genuine_header_is_refused(office: Office) -> None:
    forged = office.closed(ATTACKERS_DEK, **resealed(office, ATTACKERS_DEK))
    assert refusal(lambda: unlocked(office, forged)) == "DEK"


def test_the_same_with_a_list_of_the_attackers_own_is_refused(office: Office) -> None:
    genuine = office.current
    own = replace(
        genuine,
        version=1,
        previous=None,
        dek_id=dek_id(ATTACKERS_DEK, genuine.vault_id, 1),
        users=(
            *(replace(user, role="CLERK", ed25519=None) for user in genuine.users),
            listed(ATTACKER, SUPERVISOR, desk_number=9),
        ),
    )
    forged = office.closed(
        ATTACKERS_DEK, access_lists=(sign_list(own, key(ATTACKER)),), **resealed(office, ATTACKERS_DEK)
    )
    assert refusal(lambda: unlocked(office, forged)) == "PIN"


def test_the_same_with_a_list_put_behind_the_genuine_ones_is_refused(office: Office) -> None:
    follower = next_list(office.current, key_generation=2, dek_id=dek_id(ATTACKERS_DEK, office.current.vault_id, 2))
    lists = (*office.header.access_lists, sign_list(follower, key(ATTACKER)))
    forged = office.closed(ATTACKERS_DEK, access_lists=lists, **resealed(office, ATTACKERS_DEK))
    assert refusal(lambda: unlocked(office, forged)) == "UNKNOWN_KEY"


def test_another_genuine_vault_in_this_ones_place_does_not_open(office: Office) -> None:
    other = office_with_clerk()
    with pytest.raises(WrongSentence):
        unlocked(office, other.data)
    mixed = other.closed(user_slots=office.header.user_slots)
    with pytest.raises(WrongSentence):
        unlocked(office, mixed)
    moved = other.closed(user_slots=office.header.user_slots, vault_id=office.current.vault_id)
    assert refusal(lambda: unlocked(office, moved)) == "CONSTANT"


def test_lists_cut_off_behind_the_pin_are_missed_without_the_data_key(office: Office) -> None:
    # The supervisor's slot still pins list 1, so a shorter chain is whole; the header's HMAC is not.
    assert open_vault(office.data, None, office.vault.sentence).access_list.version == 2
    body = office.closed(access_lists=office.header.access_lists[:1], user_slots=office.header.user_slots[:1])[12:-64]
    forged = framed(body, hmac=office.data[-64:-32])
    assert refusal(lambda: unlocked(office, forged)) == "HMAC"


def test_a_header_put_together_without_the_data_key_is_refused(office: Office) -> None:
    body = office.closed(sheet_pins=())[12:-64]
    assert refusal(lambda: unlocked(office, framed(body))) == "HMAC"


def test_a_half_of_the_sealed_class_from_somebody_else_is_refused(office: Office) -> None:
    supervisor = office.header.user_slots[0]
    public = sealing.public_key(key(ATTACKER))
    purpose: dict[str, str | int] = {
        "generation": 1,
        "public": public.hex(),
        "purpose": "r",
        "user": supervisor.user_id,
        "vault": office.current.vault_id.hex(),
    }
    swapped = SealedHalf(public, sealing.seal(sealing.with_purpose(key(ATTACKER), **purpose), supervisor.x25519))
    for halves in ((swapped,), (*supervisor.r, swapped), ()):
        slots = (replace(supervisor, r=halves), office.header.user_slots[1])
        assert refusal(partial(unlocked, office, office.closed(user_slots=slots))) == "SEALED_CLASS"


def test_a_swapped_user_does_not_open(office: Office) -> None:
    first, second = office.header.user_slots
    swapped = (replace(first, user_id=second.user_id), replace(second, user_id=first.user_id))
    with pytest.raises(WrongSentence):
        unlocked(office, office.closed(user_slots=swapped))


# ------------------------------------------------------------------------------------------ with the data key


def test_a_fork_of_the_pinned_list_is_refused_though_a_supervisor_signed_it(office: Office) -> None:
    # Both lists 2 are genuine work of the supervisor; the slot's pin says by hash which one counts.
    pinned = office.supervisor_slot(office.current.pin())
    genuine = office.closed(user_slots=(pinned, office.header.user_slots[1]))
    assert unlocked(office, genuine).access_list == office.current
    first = office.vault.unlocked.access_list
    fork = next_list(first, users=(*first.users, listed(ATTACKER, desk_number=2)))
    lists = (office.header.access_lists[0], sign_list(fork, office.signing_key))
    forged = office.closed(access_lists=lists, user_slots=(pinned,))
    assert refusal(lambda: unlocked(office, forged)) == "PIN"


def test_a_list_older_than_the_pin_is_refused(office: Office) -> None:
    pinned = office.supervisor_slot(office.current.pin())
    forged = office.closed(access_lists=office.header.access_lists[:1], user_slots=(pinned,))
    assert refusal(lambda: unlocked(office, forged)) == "PIN"


def test_a_rogue_slot_opens_for_nobody(office: Office) -> None:
    rogue = office.slot(
        9,
        UserKeys(key(ATTACKER), None),
        office.current.pin(),
        ROGUE_SENTENCE,
        VaultSecrets(office.dek, {}),
        listed(ATTACKER).id,
    )
    forged = office.closed(user_slots=(*office.header.user_slots, rogue))
    assert refusal(lambda: open_vault(forged, forged, ROGUE_SENTENCE, 9)) == "SLOT"
    assert refusal(lambda: unlocked(office, forged)) == "SLOT"


@pytest.mark.parametrize("supervisor_keys", [False, True])
def test_a_slot_under_a_listed_users_name_with_other_keys_is_refused(office: Office, supervisor_keys: bool) -> None:
    keys = UserKeys(key(ATTACKER), key(ATTACKER) if supervisor_keys else None)
    for user in office.current.users:
        rogue = office.slot(user.desk_number, keys, office.current.pin(), ROGUE_SENTENCE, office.secrets, user.id)
        others = [slot for slot in office.header.user_slots if slot.user_id != user.id]
        forged = office.closed(user_slots=(*others, rogue))
        assert refusal(partial(open_vault, forged, None, ROGUE_SENTENCE, user.desk_number)) == "SLOT"


def test_a_slot_that_shows_the_listed_public_keys_but_holds_others_is_refused(office: Office) -> None:
    clerk = office.current.users[1]
    rogue = office.slot(
        2,
        UserKeys(key(ATTACKER), None),
        office.current.pin(),
        ROGUE_SENTENCE,
        VaultSecrets(office.dek, {}),
        clerk.id,
    )
    forged = office.closed(user_slots=(office.header.user_slots[0], replace(rogue, x25519=clerk.x25519)))
    with pytest.raises(DeskError) as caught:
        open_vault(forged, None, ROGUE_SENTENCE, 2)
    assert caught.value.code == "WRONG_SENTENCE"  # the sentence binds the public keys


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"ed25519": None, "pin": "genuine", "x25519": key(ATTACKER).hex()}, "KEYS"),
        ({"ed25519": key(2).hex(), "pin": "genuine", "x25519": key(2).hex()}, "KEYS"),
        ({"ed25519": None, "pin": {"list": 2}, "x25519": key(2).hex()}, "MEMBERS"),
        ({"ed25519": None, "x25519": key(2).hex()}, "MEMBERS"),
    ],
)
def test_a_slot_that_holds_other_than_it_shows_is_refused(
    office: Office, content: dict[str, object], reason: str
) -> None:
    genuine = office.header.user_slots[1]
    if content.get("pin") == "genuine":
        content = {**content, "pin": office.current.pin().as_json()}
    associated = length_prefixed(
        b"rufaa-slot-v1",
        office.current.vault_id,
        genuine.user_id.encode(),
        genuine.x25519,
        b"",
        canonical_json(genuine.kdf.as_json()),
    )
    cipher = AESGCM(derive_key(CLERK_SENTENCE, genuine.kdf, CHEAP_BOUNDS))
    hollow = replace(genuine, sealed=cipher.encrypt(genuine.nonce, canonical_json(content), associated))
    forged = office.closed(user_slots=(office.header.user_slots[0], hollow))
    assert refusal(lambda: open_vault(forged, None, CLERK_SENTENCE, 2)) == reason


def test_a_slot_moved_to_another_desk_number_is_refused(office: Office) -> None:
    moved = (replace(office.header.user_slots[0], desk_number=5), office.header.user_slots[1])
    forged = office.closed(user_slots=moved)
    assert refusal(lambda: open_vault(forged, None, office.vault.sentence, 5)) == "SLOT"


@pytest.mark.parametrize("change", ["r", "recovery", "device", "user"])
def test_a_list_with_swapped_keys_is_refused(office: Office, change: str) -> None:
    public, signing = sealing.public_key(key(ATTACKER)), ed25519_public(key(ATTACKER))
    genuine = office.current
    swapped = {
        "r": replace(genuine, r=SealedClassKeys(public, (public,), VaultKind.OFFICE)),
        "recovery": replace(genuine, recovery=(RecoveryKeys(RecoveryKind.SHEET, public, signing),)),
        "device": replace(genuine, device=replace(genuine.device, ed25519=signing, x25519=public)),
        "user": replace(genuine, users=(genuine.users[0], replace(genuine.users[1], x25519=public))),
    }[change]
    in_place = office.closed(access_lists=(office.header.access_lists[0], sign_list(swapped, key(ATTACKER))))
    assert refusal(lambda: unlocked(office, in_place)) == "UNKNOWN_KEY"
    behind = replace(swapped, version=3, previous=genuine.pin().sha256)
    forged = office.closed(access_lists=(*office.header.access_lists, sign_list(behind, key(ATTACKER))))
    assert refusal(lambda: unlocked(office, forged)) == "UNKNOWN_KEY"


def test_a_clerk_who_makes_herself_supervisor_is_refused(office: Office) -> None:
    clerk = replace(office.current.users[1], role=SUPERVISOR, ed25519=ed25519_public(key(2)))
    promoted = next_list(office.current, users=(office.current.users[0], clerk))
    forged = office.closed(access_lists=(*office.header.access_lists, sign_list(promoted, key(2))))
    assert refusal(lambda: open_vault(forged, None, CLERK_SENTENCE, 2)) == "UNKNOWN_KEY"


def test_a_clerk_whose_slot_holds_the_sealed_class_is_refused(office: Office) -> None:
    clerk = office.current.users[1]
    richer = office.slot(2, UserKeys(key(2), None), office.current.pin(), CLERK_SENTENCE, office.secrets, clerk.id)
    forged = office.closed(user_slots=(office.header.user_slots[0], richer))
    assert refusal(lambda: open_vault(forged, None, CLERK_SENTENCE, 2)) == "SEALED_CLASS"


def test_the_sealed_class_held_by_the_secretariat_is_in_no_slot_of_the_office(office: Office) -> None:
    # The office may set this: it writes and cannot read back. The old half stays until re-sealing is done.
    theirs = sealing.public_key(key(40))
    held = next_list(
        office.current, r=SealedClassKeys(theirs, (theirs, office.current.r.current), VaultKind.SECRETARIAT)
    )
    lists = (*office.header.access_lists, sign_list(held, office.signing_key))
    assert unlocked(office, office.closed(access_lists=lists)).r == office.secrets.r
    supervisor = office.current.users[0]
    opened = office.vault.unlocked
    richer = office.slot(
        1,
        UserKeys(opened.x25519, opened.ed25519),
        office.current.pin(),
        office.vault.sentence,
        VaultSecrets(office.dek, {**office.secrets.r, theirs: key(40)}),
        supervisor.id,
    )
    forged = office.closed(access_lists=lists, user_slots=(richer, office.header.user_slots[1]))
    assert refusal(lambda: unlocked(office, forged)) == "SEALED_CLASS"


# ------------------------------------------------------------------------------------------ the sheet


def with_sheet(office: Office, header: bytes) -> object:
    return open_with_sheet(header, header, office.vault.sheet_words, WORDS, bounds=CHEAP_BOUNDS)


def test_a_vault_of_the_attackers_sealed_to_the_genuine_sheet_is_refused(office: Office) -> None:
    keys = office.header.recovery_slots[0].keys
    forged_slot = make_recovery_slot(keys, VaultSecrets(ATTACKERS_DEK, office.secrets.r), office.current.vault_id, 1)
    forged = office.closed(ATTACKERS_DEK, recovery_slots=(forged_slot,))
    assert refusal(lambda: with_sheet(office, forged)) == "DEK"


def test_a_header_without_a_pin_of_this_sheet_is_refused(office: Office) -> None:
    assert refusal(lambda: with_sheet(office, office.closed(sheet_pins=()))) == "PIN"
    strangers = sheet.sign_pin(
        sheet.derive(bytes(16), office.current.vault_id), office.current.vault_id, office.current.pin()
    )
    assert refusal(lambda: with_sheet(office, office.closed(sheet_pins=(strangers,)))) == "PIN"
    among_others = office.closed(sheet_pins=(strangers, *office.header.sheet_pins))
    assert with_sheet(office, among_others)


def test_lists_of_the_attackers_own_do_not_reach_the_sheets_pin(office: Office) -> None:
    own = replace(office.current, version=1, previous=None, users=(listed(ATTACKER, SUPERVISOR, desk_number=1),))
    forged = office.closed(access_lists=(sign_list(own, key(ATTACKER)),), user_slots=())
    assert refusal(lambda: with_sheet(office, forged)) == "PIN"


def test_a_sheet_whose_keys_left_the_list_no_longer_opens(office: Office) -> None:
    public = RecoveryKeys(RecoveryKind.SHEET, sealing.public_key(key(41)), ed25519_public(key(41)))
    remade = next_list(office.current, recovery=(public,))
    lists = (*office.header.access_lists, sign_list(remade, office.signing_key))
    assert refusal(lambda: with_sheet(office, office.closed(access_lists=lists))) == "SLOT"


def test_a_rogue_recovery_slot_is_refused_by_everybody(office: Office) -> None:
    public = RecoveryKeys(RecoveryKind.SHEET, sealing.public_key(key(41)), ed25519_public(key(41)))
    rogue = make_recovery_slot(public, office.secrets, office.current.vault_id, 1)
    for slots in ((rogue,), (*office.header.recovery_slots, rogue)):
        forged = office.closed(recovery_slots=slots)
        assert refusal(partial(unlocked, office, forged)) == "SLOT"
    swapped = office.closed(recovery_slots=(rogue,))
    with pytest.raises(WrongSentence) as caught:
        with_sheet(office, swapped)
    assert caught.value.code == "SHEET_OTHER_VAULT"


def test_a_recovery_slot_without_the_sealed_class_is_refused(office: Office) -> None:
    keys = office.header.recovery_slots[0].keys
    poorer = make_recovery_slot(keys, VaultSecrets(office.dek, {}), office.current.vault_id, 1)
    assert refusal(lambda: with_sheet(office, office.closed(recovery_slots=(poorer,)))) == "SEALED_CLASS"


def test_a_header_closed_by_another_key_is_refused_with_the_sheet_too(office: Office) -> None:
    assert refusal(lambda: with_sheet(office, office.closed(ATTACKERS_DEK))) == "HMAC"
