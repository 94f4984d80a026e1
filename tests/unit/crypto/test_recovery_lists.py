"""What recovery by the Secretariat does to a header: lists that name its keys, and whoever comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desktop.crypto import recovery, recovery_lists, sealing
from desktop.crypto.access_list import ListedUser, RecoveryKeys, read_list, sign_list, verify_chain
from desktop.crypto.encoding import Malformed
from desktop.crypto.header import parse_header
from desktop.crypto.slots import SlotOwner, UserKeys
from desktop.crypto.vaultkeys import NewVault, Unlocked, open_with_sheet
from desktop.errors import NotPermitted, Obstacle
from tests.keys import CHEAP_BOUNDS, CHEAP_COST, WORDS, key, listed, new_vault, next_list, open_vault

NEW = new_vault()
IDENTITY = recovery.RecoveryIdentity(x25519=key(71), ed25519=key(72))
LATER = recovery.RecoveryIdentity(x25519=key(73), ed25519=key(74))
SENTENCE = "zoo wrong vote velvet uncle zoo"
USER = "00000000-0000-4000-8000-000000000009"


def with_keys(vault: NewVault = NEW, identity: recovery.RecoveryIdentity = IDENTITY) -> Unlocked:
    return recovery_lists.with_secretariat(vault.unlocked, identity.public(), CHEAP_BOUNDS)


OPEN = with_keys()


def fresh(keys: Unlocked = OPEN) -> tuple[UserKeys, ListedUser]:
    made = recovery_lists.new_keys()
    return made, recovery_lists.fresh_supervisor(keys.header.access_lists, USER, made)


def recovered(keys: Unlocked) -> tuple[bytes, ListedUser]:
    """The header that an answer leads to."""
    made, user = fresh(keys)
    slot = recovery_lists.secretariat_slot(keys.header, keys.access_list)
    assert slot is not None
    held = recovery_lists.open_slot(IDENTITY, slot, keys.access_list)
    envelope = sign_list(recovery_lists.next_with(keys.access_list, user), IDENTITY.ed25519)
    header = recovery_lists.header_with(
        keys.header, envelope, user, made, held, SENTENCE, WORDS, cost=CHEAP_COST, bounds=CHEAP_BOUNDS
    )
    return header, user


def test_the_list_names_the_keys_and_sentence_and_sheet_open_as_before() -> None:
    assert recovery_lists.secretariat_keys(OPEN.access_list) == IDENTITY.public()
    assert open_vault(OPEN.header_bytes, None, NEW.sentence).dek == NEW.unlocked.dek
    assert open_with_sheet(None, OPEN.header_bytes, NEW.sheet_words, WORDS, bounds=CHEAP_BOUNDS).dek == NEW.unlocked.dek


def test_other_keys_take_the_place_of_the_ones_before_and_those_never_come_back() -> None:
    later = recovery_lists.with_secretariat(OPEN, LATER.public(), CHEAP_BOUNDS)
    assert recovery_lists.secretariat_keys(later.access_list) == LATER.public()
    assert [slot.keys for slot in later.header.recovery_slots].count(IDENTITY.public()) == 0
    assert len(later.header.recovery_slots) == 2
    assert not recovery_lists.may_replace(OPEN, IDENTITY.public())  # they are there
    assert recovery_lists.may_replace(OPEN, LATER.public())
    assert not recovery_lists.may_replace(later, IDENTITY.public())


def test_who_signs_no_lists_names_no_keys_and_keys_of_somebody_else_are_none() -> None:
    with pytest.raises(NotPermitted, match="LIST_NOT_SIGNED"):
        recovery_lists.with_secretariat(replace(NEW.unlocked, ed25519=None), IDENTITY.public(), CHEAP_BOUNDS)
    device = NEW.unlocked.access_list.device
    known = RecoveryKeys(IDENTITY.public().kind, device.x25519, IDENTITY.public().ed25519)
    with pytest.raises(Malformed, match="DUPLICATE"):
        recovery_lists.with_secretariat(NEW.unlocked, known, CHEAP_BOUNDS)


def test_a_thousand_lists_are_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_lists, "MAX_LISTS", 1)
    with pytest.raises(Obstacle, match="LISTS_FULL"):
        with_keys()
    with pytest.raises(Obstacle, match="LISTS_FULL"):
        recovery_lists.check_fresh(OPEN.header.access_lists, fresh()[1])


def test_the_fresh_supervisor_unlocks_and_holds_the_sealed_class() -> None:
    header, user = recovered(OPEN)
    opened = open_vault(header, header, SENTENCE, user.desk_number)
    assert (opened.user_id, opened.role, opened.desk_number) == (USER, "SUPERVISOR", 2)
    assert (opened.dek, dict(opened.r)) == (NEW.unlocked.dek, dict(NEW.unlocked.r))
    assert opened.pin == opened.access_list.pin()
    assert open_vault(header, None, NEW.sentence).user_id == NEW.unlocked.user_id  # nobody else is touched
    open_with_sheet(header, None, NEW.sheet_words, WORDS, bounds=CHEAP_BOUNDS)


def test_desk_numbers_of_whoever_was_ever_listed_are_not_given_again() -> None:
    signing = NEW.unlocked.ed25519 or b""
    base = OPEN.access_list
    came = next_list(base, users=(*base.users, listed(2)))
    left = next_list(came, users=base.users)
    lists = (*OPEN.header.access_lists, sign_list(came, signing), sign_list(left, signing))
    assert recovery_lists.fresh_supervisor(lists, USER, recovery_lists.new_keys()).desk_number == 3


@pytest.mark.parametrize("what", ["id", "desk_number", "x25519", "ed25519"])
def test_nobody_comes_back_as_somebody_who_is_or_was_listed(what: str) -> None:
    signing = NEW.unlocked.ed25519 or b""
    base = OPEN.access_list
    came = next_list(base, users=(*base.users, listed(4, "SUPERVISOR")))
    lists = (*OPEN.header.access_lists, sign_list(came, signing), sign_list(next_list(came, users=base.users), signing))
    _, user = fresh()
    recovery_lists.check_fresh(lists, user)
    with pytest.raises(Malformed, match="KNOWN"):
        recovery_lists.check_fresh(lists, replace(user, **{what: getattr(listed(4, "SUPERVISOR"), what)}))


def test_a_full_desk_takes_nobody() -> None:
    base = OPEN.access_list
    full = next_list(base, users=(*base.users, *(listed(number) for number in range(100, 163))))
    lists = (*OPEN.header.access_lists, sign_list(full, NEW.unlocked.ed25519 or b""))
    with pytest.raises(Obstacle, match="DESK_FULL"):
        recovery_lists.fresh_supervisor(lists, USER, recovery_lists.new_keys())
    with pytest.raises(Obstacle, match="DESK_FULL"):
        recovery_lists.check_fresh(lists, fresh()[1])


def test_a_slot_opens_only_for_its_identity_vault_and_keys() -> None:
    slot = recovery_lists.secretariat_slot(OPEN.header, OPEN.access_list)
    assert slot is not None
    other = with_keys(new_vault())
    foreign = recovery_lists.secretariat_slot(other.header, other.access_list)
    assert foreign is not None
    for identity, tried, current in (
        (LATER, slot, OPEN.access_list),
        (IDENTITY, foreign, OPEN.access_list),
        (IDENTITY, slot, replace(OPEN.access_list, key_generation=2)),
        (IDENTITY, slot, replace(OPEN.access_list, dek_id=bytes(32))),
        (
            IDENTITY,
            slot,
            replace(OPEN.access_list, r=replace(OPEN.access_list.r, in_use=(sealing.public_key(key(5)),))),
        ),
    ):
        with pytest.raises(Malformed):
            recovery_lists.open_slot(identity, tried, current)


def test_waiting_keys_open_with_their_sentence_and_seal_no_data_key() -> None:
    made, user = fresh()
    owner = SlotOwner(OPEN.vault_id, user.id, user.desk_number, 1)
    kept = recovery_lists.make_waiting(
        made, owner, OPEN.access_list.pin(), "ab" * 32, SENTENCE, WORDS, cost=CHEAP_COST, bounds=CHEAP_BOUNDS
    )
    assert len(kept) < recovery_lists.MAX_WAITING_BYTES
    waiting = recovery_lists.read_waiting(kept, CHEAP_BOUNDS)
    assert (waiting.vault_id, waiting.request, waiting.slot.user_id) == (OPEN.vault_id, "ab" * 32, user.id)
    assert recovery_lists.open_waiting(waiting, SENTENCE, CHEAP_BOUNDS) == (made, OPEN.access_list.pin())
    assert NEW.unlocked.dek not in sealing.open_sealed(waiting.slot.dek, made.x25519)
    with pytest.raises(Malformed, match="WRONG_SENTENCE"):
        recovery_lists.open_waiting(waiting, "zoo", CHEAP_BOUNDS)
    with pytest.raises(Malformed):  # of another vault
        recovery_lists.open_waiting(replace(waiting, vault_id=bytes(16)), SENTENCE, CHEAP_BOUNDS)
    for wrong in (
        b"",
        kept + b" ",
        kept.replace(b'"version":1', b'"version":2'),
        kept.replace(b"recovery-key", b"key"),
    ):
        with pytest.raises(Malformed):
            recovery_lists.read_waiting(wrong, CHEAP_BOUNDS)


def test_the_chain_takes_the_list_by_the_recovery_key_of_its_predecessor_only() -> None:
    header, _ = recovered(OPEN)
    lists = parse_header(header, CHEAP_BOUNDS).header.access_lists
    pin = read_list(lists[0]).pin()
    assert verify_chain(lists, pin, OPEN.vault_id).version == 3
    following = read_list(lists[-1])
    with pytest.raises(Malformed, match="UNKNOWN_KEY"):
        verify_chain((*lists[:-1], sign_list(following, LATER.ed25519)), pin, OPEN.vault_id)
