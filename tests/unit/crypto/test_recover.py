"""The sheet signs a way back in, gives way to a new sheet, and the lists tell what a recovery laid open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from desktop.crypto import people, recover, sealing, sheet
from desktop.crypto.access_list import Pin, RecoveryKeys, RecoveryKind, SealedClassKeys, VaultKind, sign_list
from desktop.crypto.encoding import Malformed
from desktop.crypto.header import serialise
from desktop.crypto.header_changes import renew_sheet
from desktop.crypto.people import NewSlots
from desktop.crypto.sheet import SheetKeys, derive, sign_pin
from desktop.crypto.slots import VaultSecrets, ed25519_public, make_recovery_slot
from desktop.crypto.vaultkeys import NewVault, Recovered, Unlocked, open_with_sheet
from desktop.crypto.words import sheet_words
from desktop.errors import DeskError, WrongSentence
from tests.keys import CHEAP_BOUNDS, CHEAP_COST, WORDS, key, new_vault, next_list, open_vault

MAKING = NewSlots(WORDS, CHEAP_COST, CHEAP_BOUNDS)
SENTENCE = "abandon ability able about above absent"
ENTROPY = bytes(range(16))


@pytest.fixture(scope="module")
def vault() -> NewVault:
    return new_vault()


def opened(header: bytes, words: str) -> Recovered:
    return open_with_sheet(header, header, words, WORDS, bounds=CHEAP_BOUNDS)


def refusal(attempt: Callable[[], object]) -> str:
    with pytest.raises(DeskError) as caught:
        attempt()
    return str(caught.value.facts.get("reason", caught.value.code))


def second_sheet(keys: Unlocked, entropy: bytes = ENTROPY) -> tuple[str, SheetKeys]:
    return sheet_words(WORDS, entropy), derive(entropy, keys.vault_id)


def let_in(header: bytes, words: str, user_id: str) -> Unlocked:
    hands = recover.in_the_sheets_hands(opened(header, words))
    return recover.readmit_with_sheet(hands, user_id, MAKING, SENTENCE).keys


# ------------------------------------------------------------------------------------------ let in


def test_the_sheet_signs_a_list_in_which_one_supervisor_has_fresh_keys_and_a_slot_that_pins_it(vault: NewVault) -> None:
    clerk = people.add_user(vault.unlocked, "CLERK", MAKING)
    after = let_in(clerk.keys.header_bytes, vault.sheet_words, vault.unlocked.user_id)
    mine = open_vault(after.header_bytes, after.header_bytes, SENTENCE)
    before = clerk.keys.access_list
    assert (mine.dek, mine.r, mine.pin) == (vault.unlocked.dek, vault.unlocked.r, mine.access_list.pin())
    assert mine.access_list.version == before.version + 1
    assert mine.access_list.users[1:] == before.users[1:]
    assert {mine.x25519, mine.ed25519}.isdisjoint({vault.unlocked.x25519, vault.unlocked.ed25519})
    assert replace(mine.access_list, users=before.users, version=before.version, previous=before.previous) == before
    with pytest.raises(WrongSentence):
        open_vault(after.header_bytes, None, vault.sentence)
    assert open_vault(after.header_bytes, None, clerk.sentence, 2).role == "CLERK"
    assert opened(after.header_bytes, vault.sheet_words).access_list == mine.access_list
    assert len(people.add_user(mine, "CLERK", MAKING).sentence.split()) == 5


def test_only_a_supervisor_of_the_list_is_let_in(vault: NewVault) -> None:
    clerk = people.add_user(vault.unlocked, "CLERK", MAKING)
    hands = recover.in_the_sheets_hands(opened(clerk.keys.header_bytes, vault.sheet_words))
    for user_id in (clerk.user_id, "", "00000000-0000-4000-8000-000000000000"):
        assert refusal(lambda user_id=user_id: recover.readmit_with_sheet(hands, user_id, MAKING, SENTENCE)) == (  # type: ignore[misc]
            "USER_GONE"
        )


def test_a_sheet_that_left_the_list_signs_nothing_more(vault: NewVault) -> None:
    hands = recover.in_the_sheets_hands(opened(vault.header, vault.sheet_words))
    renewed = renew_sheet(vault.unlocked, second_sheet(vault.unlocked)[1], CHEAP_BOUNDS)
    stale = replace(hands, access_list=renewed.access_list, header=renewed.header)
    forged = recover.readmit_with_sheet(stale, vault.unlocked.user_id, MAKING, SENTENCE).keys.header_bytes
    assert refusal(lambda: open_vault(forged, forged, SENTENCE)) == "UNKNOWN_KEY"
    other = people.add_user(renewed, "SUPERVISOR", MAKING)
    stale = replace(hands, access_list=other.keys.access_list, header=other.keys.header)
    forged = recover.readmit_with_sheet(stale, vault.unlocked.user_id, MAKING, SENTENCE).keys.header_bytes
    assert refusal(lambda: open_vault(forged, forged, other.sentence, 2)) == "UNKNOWN_KEY"


# ------------------------------------------------------------------------------------------ a new sheet


@pytest.mark.parametrize("new_keys", [False, True])
def test_a_new_sheet_opens_and_the_one_before_opens_nothing_of_the_new_header(vault: NewVault, new_keys: bool) -> None:
    words, new = second_sheet(vault.unlocked)
    if new_keys:
        after = people.rekey(vault.unlocked, MAKING, new_sealed_class=True, sheet=new).keys
    else:
        after = renew_sheet(vault.unlocked, new, CHEAP_BOUNDS)
    found = opened(after.header_bytes, words)
    assert (found.dek, found.r, found.access_list.version) == (after.dek, after.r, 2)
    assert (found.dek == vault.unlocked.dek) is not new_keys
    assert refusal(lambda: opened(after.header_bytes, vault.sheet_words)) == "SHEET_OTHER_VAULT"
    old = derive_old(vault)
    assert len(after.header.recovery_slots) == len(after.header.sheet_pins) == 1
    with pytest.raises(Malformed):
        sealing.open_sealed(after.header.recovery_slots[0].sealed, old.x25519)
    assert open_vault(after.header_bytes, None, vault.sentence).dek == after.dek


def derive_old(vault: NewVault) -> SheetKeys:
    return opened(vault.header, vault.sheet_words).sheet


def test_a_sheet_once_used_is_no_new_one(vault: NewVault) -> None:
    keys = renew_sheet(vault.unlocked, second_sheet(vault.unlocked)[1], CHEAP_BOUNDS)
    for used in (second_sheet(vault.unlocked)[1], derive_old(vault)):
        assert refusal(lambda used=used: renew_sheet(keys, used, CHEAP_BOUNDS)) == "SHEET_NOT_NEW"  # type: ignore[misc]
        assert (
            refusal(lambda used=used: people.rekey(keys, MAKING, new_sealed_class=True, sheet=used))  # type: ignore[misc]
            == "SHEET_NOT_NEW"
        )


def test_the_secretariats_recovery_keys_stay_when_the_sheet_is_made_anew(vault: NewVault) -> None:
    keys = with_secretariat(vault.unlocked)
    theirs = keys.access_list.recovery[1]
    for after in (
        renew_sheet(keys, second_sheet(keys)[1], CHEAP_BOUNDS),
        people.rekey(keys, MAKING, new_sealed_class=True, sheet=second_sheet(keys)[1]).keys,
    ):
        assert after.access_list.recovery[1:] == (theirs,)
        assert [slot.keys for slot in after.header.recovery_slots] == list(after.access_list.recovery)
        assert open_vault(after.header_bytes, None, vault.sentence).dek == after.dek


def test_a_clerk_makes_no_new_sheet(vault: NewVault) -> None:
    clerk = people.add_user(vault.unlocked, "CLERK", MAKING)
    hands = open_vault(clerk.keys.header_bytes, None, clerk.sentence, 2)
    assert refusal(lambda: renew_sheet(hands, second_sheet(hands)[1], CHEAP_BOUNDS)) == "LIST_NOT_SIGNED"


def test_a_holder_of_the_data_key_cannot_put_the_old_sheet_back(vault: NewVault) -> None:
    keys = renew_sheet(vault.unlocked, second_sheet(vault.unlocked)[1], CHEAP_BOUNDS)
    first = vault.unlocked.header
    both = {"recovery_slots": first.recovery_slots, "sheet_pins": first.sheet_pins}
    forged = serialise(replace(keys.header, **both), keys.dek, CHEAP_BOUNDS)  # type: ignore[arg-type]
    assert refusal(lambda: opened(forged, vault.sheet_words)) == "SLOT"
    assert refusal(lambda: open_vault(forged, forged, vault.sentence)) == "SLOT"
    cut_off = serialise(replace(keys.header, access_lists=first.access_lists, **both), keys.dek, CHEAP_BOUNDS)  # type: ignore[arg-type]
    # Sound by itself, and behind what the vault noted: whoever opens the file refuses it (NOTE).
    assert opened(cut_off, vault.sheet_words).access_list.version == 1


def test_a_new_sheets_slot_with_the_pin_of_a_list_before_it_or_of_another_vault_is_refused(vault: NewVault) -> None:
    words, new = second_sheet(vault.unlocked)
    keys = renew_sheet(vault.unlocked, new, CHEAP_BOUNDS)
    for pins in (
        vault.unlocked.header.sheet_pins,
        (sign_pin(new, bytes(16), keys.access_list.pin()),),
        (sign_pin(new, keys.vault_id, Pin(2, "ab" * 32)),),
    ):
        forged = serialise(replace(keys.header, sheet_pins=pins), keys.dek, CHEAP_BOUNDS)
        assert refusal(lambda forged=forged: opened(forged, words)) == "PIN"  # type: ignore[misc]


def test_the_sheet_of_another_vault_and_a_slot_that_was_put_together_are_refused(vault: NewVault) -> None:
    other = new_vault()
    assert refusal(lambda: opened(vault.header, other.sheet_words)) == "SHEET_OTHER_VAULT"
    slot = vault.unlocked.header.recovery_slots[0]
    for secrets, reason in (
        (VaultSecrets(bytes(32), vault.unlocked.r), "DEK"),
        (VaultSecrets(vault.unlocked.dek, {}), "SEALED_CLASS"),
        (VaultSecrets(vault.unlocked.dek, other.unlocked.r), "SEALED_CLASS"),
    ):
        forged_slot = make_recovery_slot(slot.keys, secrets, vault.unlocked.vault_id, 1)
        header = replace(vault.unlocked.header, recovery_slots=(forged_slot,))
        forged = serialise(header, vault.unlocked.dek, CHEAP_BOUNDS)
        assert refusal(lambda forged=forged: opened(forged, vault.sheet_words)) == reason  # type: ignore[misc]


# ------------------------------------------------------------------------------------------ what the lists tell


def with_secretariat(keys: Unlocked) -> Unlocked:
    """The vault with recovery keys of the Secretariat, which `key(50)` signs for."""
    theirs = RecoveryKeys(RecoveryKind.SECRETARIAT, sealing.public_key(key(50)), ed25519_public(key(50)))
    following = next_list(keys.access_list, recovery=(*keys.access_list.recovery, theirs))
    slot = make_recovery_slot(theirs, VaultSecrets(keys.dek, keys.r), keys.vault_id, following.key_generation)
    header = replace(
        keys.header,
        edit=keys.header.edit + 1,
        access_lists=(*keys.header.access_lists, sign_list(following, keys.ed25519 or b"")),
        recovery_slots=(*keys.header.recovery_slots, slot),
    )
    return replace(keys, access_list=following, header=header, header_bytes=serialise(header, keys.dek, CHEAP_BOUNDS))


def due(keys: Unlocked) -> bool:
    return recover.recovery_due(keys.header.access_lists)


def test_a_recovery_is_due_until_data_key_class_and_sheet_are_all_new(vault: NewVault) -> None:
    clerk = people.add_user(vault.unlocked, "CLERK", MAKING)
    assert not due(clerk.keys)
    hands = let_in(clerk.keys.header_bytes, vault.sheet_words, vault.unlocked.user_id)
    mine = open_vault(hands.header_bytes, None, SENTENCE)
    assert due(mine)
    assert due(people.add_user(mine, "CLERK", MAKING).keys)
    new = second_sheet(mine)[1]
    for partly in (
        people.rekey(mine, MAKING, new_sealed_class=True).keys,
        people.rekey(mine, MAKING, without=clerk.user_id, new_sealed_class=False, sheet=new).keys,
        renew_sheet(mine, new, CHEAP_BOUNDS),
    ):
        assert due(partly)
        whole = people.rekey(partly, MAKING, new_sealed_class=True, sheet=second_sheet(mine, bytes(16))[1]).keys
        assert not due(whole)
        assert not due(people.let_old_halves_go(whole, CHEAP_BOUNDS))


def test_a_recovery_by_the_secretariat_is_due_in_the_same_way(vault: NewVault) -> None:
    keys = with_secretariat(vault.unlocked)
    assert not due(keys)
    theirs = people.add_user(replace(keys, ed25519=key(50)), "SUPERVISOR", MAKING)
    fresh = open_vault(theirs.keys.header_bytes, None, theirs.sentence, 2)
    assert due(fresh)
    assert due(people.rekey(fresh, MAKING, new_sealed_class=True).keys)
    assert not due(people.rekey(fresh, MAKING, new_sealed_class=True, sheet=second_sheet(keys)[1]).keys)


def test_where_the_secretariat_holds_the_class_a_new_data_key_and_sheet_are_enough(vault: NewVault) -> None:
    keys = vault.unlocked
    held = replace(keys.access_list.r, held_by=VaultKind.SECRETARIAT)
    theirs = sealing.public_key(key(40))
    held = SealedClassKeys(theirs, (theirs, *held.in_use), VaultKind.SECRETARIAT)
    following = next_list(keys.access_list, r=held)
    header = replace(
        keys.header,
        edit=2,
        access_lists=(*keys.header.access_lists, sign_list(following, keys.ed25519 or b"")),
    )
    data = serialise(header, keys.dek, CHEAP_BOUNDS)
    mine = open_vault(let_in(data, vault.sheet_words, keys.user_id).header_bytes, None, SENTENCE)
    assert due(mine)
    assert not due(people.rekey(mine, MAKING, new_sealed_class=True, sheet=second_sheet(keys)[1]).keys)


def test_who_was_supervisor_since_the_sheet_was_made_is_named_until_there_is_a_new_one(vault: NewVault) -> None:
    second = people.add_user(vault.unlocked, "SUPERVISOR", MAKING)
    clerk = people.add_user(second.keys, "CLERK", MAKING)
    assert gone(people.suspend(clerk.keys, clerk.user_id, CHEAP_BOUNDS)) == set()
    suspended = people.suspend(clerk.keys, second.user_id, CHEAP_BOUNDS)
    assert gone(suspended) == {second.user_id}
    assert gone(people.readmit(suspended, second.user_id, "SUPERVISOR", MAKING).keys) == set()
    new = second_sheet(vault.unlocked)[1]
    assert gone(renew_sheet(suspended, new, CHEAP_BOUNDS)) == set()
    without = people.rekey(clerk.keys, MAKING, without=second.user_id, new_sealed_class=True)
    assert gone(without.keys) == {second.user_id}
    together = people.rekey(clerk.keys, MAKING, without=second.user_id, new_sealed_class=True, sheet=new)
    assert gone(together.keys) == set()
    demoted = people.rekey(clerk.keys, MAKING, afresh=(second.user_id, "CLERK"), new_sealed_class=True)
    assert gone(demoted.keys) == {second.user_id}


def gone(keys: Unlocked) -> set[str]:
    return set(recover.supervisors_gone(keys.header.access_lists))


def test_a_pin_of_a_new_sheet_is_that_sheets_own(vault: NewVault) -> None:
    new = second_sheet(vault.unlocked)[1]
    keys = renew_sheet(vault.unlocked, new, CHEAP_BOUNDS)
    (envelope,) = keys.header.sheet_pins
    assert sheet.verify_pin(envelope, new.public().ed25519, keys.vault_id) == keys.access_list.pin()
