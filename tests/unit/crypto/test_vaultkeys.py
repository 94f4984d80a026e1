from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from dataclasses import fields, is_dataclass

import pytest

from desktop.crypto import kdf, vaultkeys
from desktop.crypto.access_list import VaultKind
from desktop.crypto.kdf import KDF_BOUNDS
from desktop.crypto.vaultkeys import Recovered, open_with_sheet, unlock
from desktop.errors import DeskError, HeaderDamaged, NewerVault, VaultSubstituted, WrongSentence
from tests.keys import (
    CHEAP_BOUNDS,
    CHEAP_COST,
    CLERK_SENTENCE,
    WORDLISTS,
    WORDS,
    Office,
    new_vault,
    office_with_clerk,
    open_vault,
)
from tests.unit.crypto.test_header import framed, spoilt_copies


@pytest.fixture(scope="module")
def office() -> Office:
    return office_with_clerk()


def recovered(header: bytes, words: str) -> Recovered:
    return open_with_sheet(header, header, words, WORDS, bounds=CHEAP_BOUNDS)


@pytest.mark.parametrize("kind", list(VaultKind))
@pytest.mark.parametrize("practice", [False, True])
def test_a_new_vault_opens_with_its_sentence_and_leads_to_the_same_keys(kind: VaultKind, practice: bool) -> None:
    new = new_vault(kind, practice=practice)
    opened = open_vault(new.header, new.header, new.sentence)
    for field in fields(opened):
        assert getattr(opened, field.name) == getattr(new.unlocked, field.name), field.name
    assert (opened.access_list.kind, opened.access_list.practice) == (kind, practice)
    assert (opened.desk_number, opened.role, opened.header.edit) == (1, "SUPERVISOR", 1)
    assert opened.list_sha256 == opened.access_list.pin().sha256
    assert opened.header_bytes == new.header


def test_a_new_vault_has_a_supervisors_sentence_and_a_sheet_of_twelve_words() -> None:
    new = new_vault()
    assert len(new.sentence.split()) == 6
    assert len(new.sheet_words.split()) == 12
    assert {*new.sentence.split(), *new.sheet_words.split()} <= set(WORDS.words)


def test_no_two_vaults_share_a_secret() -> None:
    vaults = [new_vault() for _ in range(20)]
    for name in ("vault_id", "user_id", "dek", "x25519", "ed25519"):
        assert len({getattr(new.unlocked, name) for new in vaults}) == 20
    assert len({new.sentence for new in vaults} | {new.sheet_words for new in vaults}) == 40
    assert len({new.device_ed25519 for new in vaults} | {new.device_x25519 for new in vaults}) == 40
    assert len({new.unlocked.access_list.device.code for new in vaults}) == 20
    assert len({half for new in vaults for half in new.unlocked.r}) == 20


def test_the_real_profile_makes_and_opens_a_vault() -> None:
    new = vaultkeys.create_vault_keys(WORDS, kind=VaultKind.OFFICE, practice=False, cost=kdf.cost_for(0))
    assert new.header[12:-64].count(b'"memory_kib":65536') == 1
    assert unlock(new.header, None, 1, new.sentence, WORDLISTS).dek == new.unlocked.dek
    assert KDF_BOUNDS.as_json() == {"memory_kib": [65_536, 262_144], "passes": [3, 10]}


def test_a_sentence_may_be_typed_short_and_in_capitals(office: Office) -> None:
    short = "  " + "  ".join(word[:4].upper() for word in office.vault.sentence.split())
    assert open_vault(office.data, office.data, short).dek == office.dek


def test_a_clerk_opens_the_vault_without_the_sealed_class(office: Office) -> None:
    opened = open_vault(office.data, office.data, CLERK_SENTENCE, 2)
    assert (opened.role, opened.dek, opened.r, opened.ed25519) == ("CLERK", office.dek, {}, None)
    supervisor = open_vault(office.data, office.data, office.vault.sentence)
    assert supervisor.r == office.secrets.r
    assert supervisor.access_list == opened.access_list == office.current


@pytest.mark.parametrize("desk_number", [0, 2, 99])
def test_a_sentence_opens_its_own_desk_number_only(office: Office, desk_number: int) -> None:
    with pytest.raises(WrongSentence) as caught:
        open_vault(office.data, office.data, office.vault.sentence, desk_number)
    assert (caught.value.code, caught.value.exit_status) == ("WRONG_SENTENCE", 10)


def test_a_word_outside_the_list_is_told_by_its_place_and_no_guess_is_made(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kdf, "Argon2id", None)
    with pytest.raises(WrongSentence) as caught:
        open_vault(office.data, office.data, "zoo wrong vote xxxx uncle")
    assert (caught.value.code, caught.value.facts) == ("WORD_UNKNOWN", {"position": 4})


def test_damage_to_both_copies_is_refused_whatever_is_damaged(office: Office) -> None:
    for data in spoilt_copies(office.data)[::11]:
        with pytest.raises(HeaderDamaged) as caught:
            open_vault(data, data[:-2], office.vault.sentence)
        assert (caught.value.code, caught.value.exit_status) == ("HEADER_DAMAGED", 11)
    with pytest.raises(HeaderDamaged):
        open_vault(None, None, office.vault.sentence)


def test_a_vault_opens_through_the_copy_that_is_whole(office: Office) -> None:
    for data in spoilt_copies(office.data)[::499]:
        assert open_vault(data, office.data, office.vault.sentence).header_bytes == office.data
        assert open_vault(office.data, data, office.vault.sentence).header_bytes == office.data


def test_no_flipped_byte_is_accepted_where_the_sha256_was_put_right(office: Office) -> None:
    # SHA-256 needs no key, so whoever edits a header also rights it: the reader behind it must refuse everything.
    body, tag = office.data[12:-64], office.data[-64:-32]
    refusals: dict[str, int] = {}
    for at in range(0, len(body), 4):
        flipped = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        with pytest.raises(DeskError) as caught:
            open_vault(framed(flipped, hmac=tag), None, office.vault.sentence)
        refusals[caught.value.code] = refusals.get(caught.value.code, 0) + 1
    assert refusals.keys() == {"HEADER_DAMAGED", "WRONG_SENTENCE", "VAULT_SUBSTITUTED"}
    assert sum(refusals.values()) == (len(body) + 3) // 4


def test_a_header_of_a_later_version_is_not_called_damaged(office: Office) -> None:
    later = framed(b"{}", magic=b"RUFAAK2\n")
    with pytest.raises(NewerVault) as caught:
        open_vault(later, later, office.vault.sentence)
    assert (caught.value.code, caught.value.exit_status) == ("VAULT_NEWER", 16)
    with pytest.raises(NewerVault):
        recovered(later, "zoo")


def test_a_slot_of_an_unknown_word_list_is_refused(office: Office) -> None:
    with pytest.raises(HeaderDamaged) as caught:
        unlock(office.data, None, 1, office.vault.sentence, {}, bounds=CHEAP_BOUNDS)
    assert caught.value.facts == {"reason": "WORDLIST"}


def test_the_product_refuses_a_vault_made_cheaply(office: Office) -> None:
    with pytest.raises(HeaderDamaged) as caught:
        unlock(office.data, office.data, 1, office.vault.sentence, WORDLISTS)
    assert caught.value.facts == {"reason": "KDF_BOUNDS"}


def test_the_sheet_opens_the_vault_and_signs_nobody_in(office: Office) -> None:
    opened = recovered(office.data, office.vault.sheet_words.upper())
    assert (opened.dek, opened.r) == (office.dek, office.secrets.r)
    assert opened.access_list == office.current
    assert opened.list_sha256 == office.current.pin().sha256
    assert not hasattr(opened, "user_id")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("zoo", "SHEET_WORDS_WRONG"),
        ("zoo " * 12, "SHEET_WORDS_WRONG"),
        ("zoo " * 11 + "xyz", "WORD_UNKNOWN"),
        ("legal winner thank year wave sausage worth useful legal winner thank yellow", "SHEET_OTHER_VAULT"),
    ],
)
def test_words_that_are_not_this_vaults_sheet_are_refused(office: Office, typed: str, code: str) -> None:
    with pytest.raises(WrongSentence) as caught:
        recovered(office.data, typed)
    assert caught.value.code == code


def test_the_words_of_a_sheet_in_another_order_are_refused(office: Office) -> None:
    words = office.vault.sheet_words.split()
    reordered = next(order for at in range(11) if (order := [*words[at:], *words[:at]]) != words)
    with pytest.raises(WrongSentence):
        recovered(office.data, " ".join(reordered))


def secrets_of(office: Office) -> list[str]:
    """Everything that must never be shown, as it could be shown."""
    new, opened = office.vault, office.vault.unlocked
    raw = [opened.dek, opened.x25519, opened.ed25519 or b"", *opened.r.values(), new.device_ed25519, new.device_x25519]
    shown = [text for key in raw for text in (key.hex(), repr(key)[2:-1], str(list(key))[1:-1])]
    return [*shown, new.sentence, new.sheet_words, CLERK_SENTENCE]


def test_no_key_is_shown_by_printing_what_holds_it(office: Office) -> None:
    new = office.vault
    slot = office.header.user_slots[0]
    holders = [new, new.unlocked, recovered(office.data, new.sheet_words), office.secrets, office.header, slot]
    for holder in holders:
        assert is_dataclass(holder)
        for shown in (repr(holder), str(holder), f"{holder}", repr([holder])):
            assert re.fullmatch(r"\[?<desktop\.crypto\.[a-z]+\.[A-Za-z]+ object at 0x[0-9a-f]+>\]?", shown)
            assert not any(secret in shown for secret in secrets_of(office))


def test_no_failure_carries_a_key_or_a_sentence(office: Office) -> None:
    foreign = office_with_clerk()
    attempts: list[Callable[[], object]] = [
        lambda: open_vault(office.data, None, CLERK_SENTENCE),
        lambda: open_vault(office.data, None, office.vault.sentence + " xyzxyz"),
        lambda: open_vault(foreign.closed(user_slots=office.header.user_slots), None, office.vault.sentence),
        lambda: open_vault(office.data[:-1], None, office.vault.sentence),
        lambda: open_vault(office.closed(dek=bytes(32)), None, office.vault.sentence),
        lambda: recovered(foreign.data, office.vault.sheet_words),
        lambda: recovered(office.closed(sheet_pins=()), office.vault.sheet_words),
    ]
    for attempt in attempts:
        with pytest.raises(DeskError) as caught:
            attempt()
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.facts) + repr(caught.value.args)
        told += repr(caught.value.__context__)
        assert not any(secret in told for secret in secrets_of(office))


def test_making_a_vault_below_the_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="KDF_BOUNDS"):
        vaultkeys.create_vault_keys(WORDS, kind=VaultKind.OFFICE, practice=False, cost=CHEAP_COST)


def test_the_order_of_a_fork_between_copies_is_never_chosen_for_the_reader(office: Office) -> None:
    with pytest.raises(VaultSubstituted) as caught:
        open_vault(office.data, office.closed(sheet_pins=()), office.vault.sentence)
    assert caught.value.facts == {"reason": "COPIES_DIFFER"}
