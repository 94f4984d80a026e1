"""Changes of who may open the vault, and what they keep out: each header is read back as the program reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from desktop.crypto import people, sealing
from desktop.crypto.access_list import SUSPENDED, RecoveryKind, VaultKind, sign_list, verify_chain
from desktop.crypto.encoding import Malformed
from desktop.crypto.header import serialise
from desktop.crypto.header_changes import pinned_anew
from desktop.crypto.people import NewSlots
from desktop.crypto.slots import open_secrets, open_user_slot
from desktop.crypto.vaultkeys import NewVault, Unlocked, open_with_sheet
from desktop.errors import DeskError, VaultSubstituted, WrongSentence
from tests.keys import CHEAP_BOUNDS, CHEAP_COST, WORDLISTS, WORDS, listed, new_vault, next_list, open_vault

MAKING = NewSlots(WORDS, CHEAP_COST, CHEAP_BOUNDS)


@pytest.fixture
def vault() -> NewVault:
    return new_vault()


def opened(keys: Unlocked, sentence: str, desk_number: int) -> Unlocked:
    return open_vault(keys.header_bytes, keys.header_bytes, sentence, desk_number)


def refusal(attempt: Callable[[], object]) -> str:
    with pytest.raises(DeskError) as caught:
        attempt()
    return str(caught.value.facts.get("reason", caught.value.code))


def test_an_added_clerk_opens_with_a_sentence_of_five_words_and_holds_no_sealed_class(vault: NewVault) -> None:
    made = people.add_user(vault.unlocked, "CLERK", MAKING)
    assert (made.desk_number, len(made.sentence.split())) == (2, 5)
    clerk = opened(made.keys, made.sentence, 2)
    assert (clerk.user_id, clerk.role, clerk.dek, clerk.ed25519, clerk.r) == (
        *(made.user_id, "CLERK", vault.unlocked.dek),
        *(None, {}),
    )
    assert clerk.pin == clerk.access_list.pin() == made.keys.access_list.pin()
    assert made.keys.header.edit == vault.unlocked.header.edit + 1


def test_an_added_supervisor_has_six_words_signs_lists_and_holds_the_sealed_class(vault: NewVault) -> None:
    made = people.add_user(vault.unlocked, "SUPERVISOR", MAKING)
    assert len(made.sentence.split()) == 6
    second = opened(made.keys, made.sentence, 2)
    assert second.r == vault.unlocked.r
    third = people.add_user(second, "CLERK", MAKING)
    assert opened(third.keys, third.sentence, 3).role == "CLERK"


@pytest.mark.parametrize(
    "change",
    [
        lambda keys: people.add_user(keys, "CLERK", MAKING),
        lambda keys: people.suspend(keys, keys.access_list.users[0].id, CHEAP_BOUNDS),
        lambda keys: people.readmit(keys, keys.access_list.users[0].id, "SUPERVISOR", MAKING),
        lambda keys: people.change_role(keys, keys.access_list.users[0].id, "CLERK", CHEAP_BOUNDS),
        lambda keys: people.rekey(keys, MAKING, without=keys.access_list.users[0].id, new_sealed_class=True),
        lambda keys: people.rekey(keys, MAKING, new_sealed_class=False),
        lambda keys: people.let_old_halves_go(keys, CHEAP_BOUNDS),
    ],
)
def test_a_clerk_changes_nobody(vault: NewVault, change: Callable[[Unlocked], object]) -> None:
    made = people.add_user(vault.unlocked, "CLERK", MAKING)
    clerk = opened(made.keys, made.sentence, 2)
    assert refusal(lambda: change(clerk)) == "LIST_NOT_SIGNED"


def test_desk_numbers_of_people_who_left_are_not_given_again(vault: NewVault) -> None:
    assert people.add_user(vault.unlocked, "CLERK", MAKING, taken=(2, 3)).desk_number == 4


def test_64_people_have_slots_and_a_65th_is_refused(vault: NewVault) -> None:
    keys, sentences = vault.unlocked, {1: vault.sentence}
    for number in range(2, 65):
        made = people.add_user(keys, "CLERK" if number % 3 else "SUPERVISOR", MAKING)
        keys, sentences[made.desk_number] = made.keys, made.sentence
    assert sentences.keys() == set(range(1, 65))
    assert refusal(lambda: people.add_user(keys, "CLERK", MAKING)) == "DESK_FULL"
    gone = keys.access_list.users[63].id
    rekeyed = people.rekey(keys, MAKING, without=gone, new_sealed_class=False).keys
    assert {opened(rekeyed, sentences[number], number).dek for number in range(1, 64)} == {rekeyed.dek}
    with pytest.raises(WrongSentence):
        opened(rekeyed, sentences[64], 64)


def test_a_role_that_signs_nothing_changes_and_the_sentence_stays(vault: NewVault) -> None:
    made = people.add_user(vault.unlocked, "CLERK", MAKING)
    keys = people.change_role(made.keys, made.user_id, "CASE_OFFICER", CHEAP_BOUNDS)
    assert opened(keys, made.sentence, 2).role == "CASE_OFFICER"
    assert refusal(lambda: people.change_role(keys, made.user_id, "SUPERVISOR", CHEAP_BOUNDS)) == "MUST_REKEY"


@pytest.mark.parametrize(("supervisors", "code"), [(1, "LAST_SUPERVISOR"), (2, "YOURSELF")])
def test_nobody_changes_themselves_and_so_the_last_supervisor_stays(
    vault: NewVault, supervisors: int, code: str
) -> None:
    keys = vault.unlocked if supervisors == 1 else people.add_user(vault.unlocked, "SUPERVISOR", MAKING).keys
    own = keys.user_id
    attempts: tuple[Callable[[], object], ...] = (
        lambda: people.suspend(keys, own, CHEAP_BOUNDS),
        lambda: people.readmit(keys, own, "SUPERVISOR", MAKING),
        lambda: people.change_role(keys, own, "CLERK", CHEAP_BOUNDS),
        lambda: people.rekey(keys, MAKING, without=own, new_sealed_class=True),
        lambda: people.rekey(keys, MAKING, afresh=(own, "CLERK"), new_sealed_class=True),
    )
    assert {refusal(attempt) for attempt in attempts} == {code}


def test_an_unknown_person_is_told(vault: NewVault) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    assert refusal(lambda: people.suspend(vault.unlocked, nobody)) == "USER_GONE"
    assert refusal(lambda: people.role_of(vault.unlocked, nobody)) == "USER_GONE"


# ------------------------------------------------------------------------------------------ one's own sentence


def test_a_changed_sentence_opens_the_same_keys_and_the_old_one_nothing(vault: NewVault) -> None:
    new = people.sentence_for("SUPERVISOR", WORDS)
    keys = people.change_sentence(vault.unlocked, vault.sentence, new, WORDLISTS, MAKING)
    mine = opened(keys, new, 1)
    assert (mine.x25519, mine.ed25519, mine.dek) == (keys.x25519, keys.ed25519, keys.dek)
    with pytest.raises(WrongSentence):
        opened(keys, vault.sentence, 1)
    assert vault.unlocked.access_list == keys.access_list


def test_without_the_present_sentence_it_is_not_changed(vault: NewVault) -> None:
    new = people.sentence_for("SUPERVISOR", WORDS)
    assert refusal(lambda: people.change_sentence(vault.unlocked, new, new, WORDLISTS, MAKING)) == "OLD_SENTENCE_WRONG"
    assert refusal(lambda: people.change_sentence(vault.unlocked, "xyzzy", new, WORDLISTS, MAKING)) == "WORD_UNKNOWN"


# ------------------------------------------------------------------------------------------ suspended and readmitted


def test_a_suspended_person_does_not_open_and_comes_back_in_the_role_the_lists_signed(vault: NewVault) -> None:
    made = people.add_user(vault.unlocked, "CASE_OFFICER", MAKING)
    suspended = people.suspend(made.keys, made.user_id, CHEAP_BOUNDS)
    listed_now = suspended.access_list.user(made.user_id)
    assert listed_now is not None
    assert listed_now.role == SUSPENDED
    with pytest.raises(WrongSentence):
        opened(suspended, made.sentence, 2)
    assert people.role_of(suspended, made.user_id) == "CASE_OFFICER"
    back = people.readmit(suspended, made.user_id, "CASE_OFFICER", MAKING)
    assert opened(back.keys, back.sentence, 2).user_id == made.user_id
    assert back.sentence != made.sentence


def test_a_suspended_persons_slot_put_back_by_a_holder_of_the_data_key_is_refused(vault: NewVault) -> None:
    made = people.add_user(vault.unlocked, "CLERK", MAKING)
    suspended = people.suspend(made.keys, made.user_id, CHEAP_BOUNDS)
    forged = serialise(replace(suspended.header, user_slots=made.keys.header.user_slots), made.keys.dek, CHEAP_BOUNDS)
    for sentence, number in ((made.sentence, 2), (vault.sentence, 1)):
        with pytest.raises(VaultSubstituted) as caught:
            open_vault(forged, forged, sentence, number)
        assert caught.value.facts == {"reason": "SLOT"}


def test_a_suspended_supervisor_returns_as_one_or_by_rekeying(vault: NewVault) -> None:
    made = people.add_user(vault.unlocked, "SUPERVISOR", MAKING)
    suspended = people.suspend(made.keys, made.user_id, CHEAP_BOUNDS)
    assert refusal(lambda: people.readmit(suspended, made.user_id, "CLERK", MAKING)) == "MUST_REKEY"
    back = people.readmit(suspended, made.user_id, "SUPERVISOR", MAKING)
    assert opened(back.keys, back.sentence, 2).r == vault.unlocked.r


def test_who_forgot_gets_new_keys_under_the_same_id(vault: NewVault) -> None:
    made = people.add_user(vault.unlocked, "CLERK", MAKING)
    old = opened(made.keys, made.sentence, 2)
    back = people.readmit(made.keys, made.user_id, "CLERK", MAKING)
    new = opened(back.keys, back.sentence, 2)
    assert (new.user_id, new.x25519 == old.x25519) == (old.user_id, False)
    with pytest.raises(WrongSentence):
        opened(back.keys, made.sentence, 2)


# ------------------------------------------------------------------------------------------ new keys


def test_a_removed_clerk_opens_nothing_new_and_the_others_need_not_be_there(vault: NewVault) -> None:
    clerk = people.add_user(vault.unlocked, "CLERK", MAKING)
    officer = people.add_user(clerk.keys, "CASE_OFFICER", MAKING)
    before = officer.keys
    made = people.rekey(before, MAKING, without=clerk.user_id, new_sealed_class=False)
    after = made.keys
    assert after.dek != before.dek
    assert after.access_list.key_generation == before.access_list.key_generation + 1
    assert after.access_list.device.code == before.access_list.device.code
    assert after.access_list.device.ed25519 != before.access_list.device.ed25519
    assert sealing.public_key(made.device_x25519) == after.access_list.device.x25519
    with pytest.raises(WrongSentence):
        opened(after, clerk.sentence, 2)
    assert opened(after, officer.sentence, 3).dek == opened(after, vault.sentence, 1).dek == after.dek
    # The copy she took before opens only what was before.
    assert opened(before, clerk.sentence, 2).dek == before.dek
    keys = opened(before, clerk.sentence, 2)
    for slot in after.header.user_slots:
        with pytest.raises(Malformed):
            sealing.open_sealed(slot.dek, keys.x25519)


def test_the_sheet_still_opens_the_vault_after_new_keys(vault: NewVault) -> None:
    after = people.rekey(vault.unlocked, MAKING, new_sealed_class=True).keys
    recovered = open_with_sheet(after.header_bytes, None, vault.sheet_words, WORDS, bounds=CHEAP_BOUNDS)
    assert (recovered.dek, recovered.r) == (after.dek, after.r)
    assert [slot.keys.kind for slot in after.header.recovery_slots] == [RecoveryKind.SHEET]


def test_a_removed_supervisors_half_of_the_sealed_class_opens_nothing_new(vault: NewVault) -> None:
    second = people.add_user(vault.unlocked, "SUPERVISOR", MAKING)
    clerk = people.add_user(second.keys, "CLERK", MAKING)
    old = opened(clerk.keys, second.sentence, 2)
    after = people.rekey(clerk.keys, MAKING, without=second.user_id, new_sealed_class=True).keys
    new_half = after.access_list.r.current
    assert new_half not in old.r
    assert opened(after, vault.sentence, 1).r.keys() == {new_half, *old.r}
    assert opened(after, clerk.sentence, 3).r == {}
    let_go = people.let_old_halves_go(after, CHEAP_BOUNDS)
    assert opened(let_go, vault.sentence, 1).r.keys() == {new_half} == set(let_go.access_list.r.in_use)
    recovered = open_with_sheet(let_go.header_bytes, None, vault.sheet_words, WORDS, bounds=CHEAP_BOUNDS)
    assert recovered.r.keys() == {new_half}


def test_a_removed_supervisor_signs_no_further_list(vault: NewVault) -> None:
    second = people.add_user(vault.unlocked, "SUPERVISOR", MAKING)
    old = opened(second.keys, second.sentence, 2)
    after = people.rekey(second.keys, MAKING, without=second.user_id, new_sealed_class=True).keys
    own = next_list(after.access_list, users=(*after.access_list.users, listed(9)))
    envelopes = (*after.header.access_lists, sign_list(own, old.ed25519 or b""))
    with pytest.raises(Malformed, match="UNKNOWN_KEY"):
        verify_chain(envelopes, after.pin, after.vault_id)


def test_whose_sentence_may_be_known_gets_new_keys_with_everybodys(vault: NewVault) -> None:
    clerk = people.add_user(vault.unlocked, "CLERK", MAKING)
    made = people.rekey(clerk.keys, MAKING, afresh=(clerk.user_id, "CLERK"), new_sealed_class=False)
    assert made.admitted is not None
    again = opened(made.keys, made.admitted.sentence, 2)
    assert (again.user_id, again.dek) == (clerk.user_id, made.keys.dek)
    with pytest.raises(WrongSentence):
        opened(made.keys, clerk.sentence, 2)


def test_a_supervisor_whose_own_sentence_may_be_known_works_on_with_the_new_keys(vault: NewVault) -> None:
    own = vault.unlocked
    made = people.rekey(own, MAKING, afresh=(own.user_id, "SUPERVISOR"), new_sealed_class=True)
    assert made.admitted is not None
    mine = opened(made.keys, made.admitted.sentence, 1)
    assert (mine.x25519, mine.ed25519) == (made.keys.x25519, made.keys.ed25519)
    assert mine.x25519 != own.x25519
    added = people.add_user(made.keys, "CLERK", MAKING)  # signed by the new key
    assert opened(added.keys, added.sentence, 2).role == "CLERK"


def test_who_stops_being_supervisor_signs_nothing_and_holds_nothing_of_the_sealed_class(vault: NewVault) -> None:
    second = people.add_user(vault.unlocked, "SUPERVISOR", MAKING)
    made = people.rekey(second.keys, MAKING, afresh=(second.user_id, "CLERK"), new_sealed_class=True)
    assert made.admitted is not None
    clerk = opened(made.keys, made.admitted.sentence, 2)
    assert (clerk.role, clerk.ed25519, clerk.r, len(made.admitted.sentence.split())) == ("CLERK", None, {}, 5)


def test_an_older_pin_is_made_again_under_the_new_keys(vault: NewVault) -> None:
    clerk = people.add_user(vault.unlocked, "CLERK", MAKING)
    after = people.rekey(clerk.keys, MAKING, new_sealed_class=False).keys
    stale = opened(after, clerk.sentence, 2)
    assert stale.pin != after.access_list.pin()
    fresh = pinned_anew(stale, clerk.sentence, WORDLISTS, bounds=CHEAP_BOUNDS)
    assert opened(fresh, clerk.sentence, 2).pin == after.access_list.pin()


def test_the_class_held_by_the_secretariat_is_not_made_anew_here(vault: NewVault) -> None:
    theirs = sealing.public_key(bytes(range(32)))
    current = vault.unlocked.access_list
    held = replace(current, r=replace(current.r, current=theirs, in_use=(theirs,), held_by=VaultKind.SECRETARIAT))
    keys = replace(vault.unlocked, access_list=held, r={})
    after = people.rekey(keys, MAKING, new_sealed_class=True).keys
    assert (after.access_list.r, after.r) == (held.r, {})


def test_a_chain_of_lists_that_is_full_takes_no_more(vault: NewVault) -> None:
    full = replace(vault.unlocked.header, access_lists=vault.unlocked.header.access_lists * 1_000)
    assert refusal(lambda: people.add_user(replace(vault.unlocked, header=full), "CLERK", MAKING)) == "LISTS_FULL"


def test_a_list_edited_by_a_holder_of_the_data_key_is_refused(vault: NewVault) -> None:
    clerk = people.add_user(vault.unlocked, "CLERK", MAKING)
    mine = opened(clerk.keys, clerk.sentence, 2)
    promoted = next_list(
        mine.access_list,
        users=tuple(
            replace(user, role="CASE_OFFICER") if user.id == mine.user_id else user for user in mine.access_list.users
        ),
    )
    lists = (*mine.header.access_lists, sign_list(promoted, mine.x25519))
    forged = serialise(replace(mine.header, access_lists=lists, edit=99), mine.dek, CHEAP_BOUNDS)
    for sentence, number in ((clerk.sentence, 2), (vault.sentence, 1)):
        with pytest.raises(VaultSubstituted):
            open_vault(forged, forged, sentence, number)


def test_no_secret_of_a_slot_is_sealed_to_a_key_that_the_list_does_not_name(vault: NewVault) -> None:
    second = people.add_user(vault.unlocked, "SUPERVISOR", MAKING)
    after = people.rekey(second.keys, MAKING, new_sealed_class=True).keys
    for slot, sentence in zip(after.header.user_slots, (vault.sentence, second.sentence), strict=True):
        keys, _ = open_user_slot(slot, after.vault_id, sentence, CHEAP_BOUNDS)
        named = after.access_list.user(slot.user_id)
        assert named is not None
        assert named.x25519 == slot.x25519
        assert open_secrets(slot, keys, after.vault_id, 2).r == after.r
        with pytest.raises(Malformed):
            open_secrets(slot, keys, after.vault_id, 1)  # the generation is bound in
