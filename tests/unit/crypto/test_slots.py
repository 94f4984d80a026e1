from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from desktop.crypto import sealing
from desktop.crypto.access_list import Pin, RecoveryKind
from desktop.crypto.encoding import Malformed, b64encode, canonical_json
from desktop.crypto.kdf import KDF_BOUNDS
from desktop.crypto.sheet import SheetKeys
from desktop.crypto.slots import (
    SlotOwner,
    UserKeys,
    UserSlot,
    VaultSecrets,
    make_recovery_slot,
    make_user_slot,
    open_recovery_slot,
    open_secrets,
    open_user_slot,
    parse_recovery_slot,
    parse_user_slot,
)
from tests.keys import CHEAP_BOUNDS, CHEAP_COST, CLERK_SENTENCE, key

VAULT = bytes(range(16))
OWNER = SlotOwner(VAULT, "00000000-0000-4000-8000-000000000001", 1, key_generation=3)
PIN = Pin(7, "ab" * 32)
R_PUBLIC = sealing.public_key(key(12))
SECRETS = VaultSecrets(key(200), {R_PUBLIC: key(12)})
SUPERVISOR = UserKeys(key(1), key(2))
CLERK = UserKeys(key(1), None)
SHEET = SheetKeys(key(10), key(11))


def make(keys: UserKeys = SUPERVISOR, secrets: VaultSecrets = SECRETS) -> UserSlot:
    return make_user_slot(
        OWNER,
        keys,
        PIN,
        secrets,
        sentence=CLERK_SENTENCE,
        wordlist="en-1",
        cost=CHEAP_COST,
        bounds=CHEAP_BOUNDS,
    )


SLOT = make()


@pytest.mark.parametrize("keys", [SUPERVISOR, CLERK], ids=["supervisor", "clerk"])
def test_a_slot_opens_with_its_sentence(keys: UserKeys) -> None:
    assert open_user_slot(make(keys), VAULT, CLERK_SENTENCE, CHEAP_BOUNDS) == (keys, PIN)


def test_a_slot_leads_to_the_secrets_of_its_vault() -> None:
    assert open_secrets(SLOT, SUPERVISOR, VAULT, 3) == SECRETS
    clerk = make(CLERK, VaultSecrets(SECRETS.dek, {}))
    assert open_secrets(clerk, CLERK, VAULT, 3) == VaultSecrets(SECRETS.dek, {})


@pytest.mark.parametrize("sentence", ["", "zoo", CLERK_SENTENCE + " zoo", CLERK_SENTENCE.replace("zoo", "zone")])
def test_another_sentence_opens_nothing(sentence: str) -> None:
    with pytest.raises(Malformed, match="WRONG_SENTENCE"):
        open_user_slot(SLOT, VAULT, sentence, CHEAP_BOUNDS)


@pytest.mark.parametrize(
    "changed",
    [
        replace(SLOT, user_id="00000000-0000-4000-8000-000000000002"),
        replace(SLOT, x25519=sealing.public_key(key(9))),
        replace(SLOT, ed25519=None),
        replace(SLOT, nonce=bytes(12)),
        replace(SLOT, sealed=SLOT.sealed[:-1] + bytes([SLOT.sealed[-1] ^ 1])),
        replace(SLOT, sealed=SLOT.sealed[:15]),
        replace(SLOT, kdf=replace(SLOT.kdf, salt=bytes(16))),
        replace(SLOT, kdf=replace(SLOT.kdf, cost=replace(CHEAP_COST, passes=2))),
    ],
)
def test_the_sentence_binds_user_keys_and_parameters(changed: UserSlot) -> None:
    with pytest.raises(Malformed, match="WRONG_SENTENCE"):
        open_user_slot(changed, VAULT, CLERK_SENTENCE, CHEAP_BOUNDS)


def test_the_sentence_binds_the_vault() -> None:
    with pytest.raises(Malformed, match="WRONG_SENTENCE"):
        open_user_slot(SLOT, bytes(16), CLERK_SENTENCE, CHEAP_BOUNDS)


def test_a_cheap_slot_is_refused_under_the_real_bounds() -> None:
    with pytest.raises(Malformed, match="KDF_BOUNDS"):
        open_user_slot(SLOT, VAULT, CLERK_SENTENCE, KDF_BOUNDS)


def purposed(body: bytes, **changes: str | int) -> bytes:
    purpose = {"generation": 3, "purpose": "dek", "user": OWNER.user_id, "vault": VAULT.hex(), **changes}
    return sealing.seal(sealing.with_purpose(body, **purpose), SLOT.x25519)


@pytest.mark.parametrize(
    "changed",
    [
        replace(SLOT, dek=purposed(key(200), generation=2)),
        replace(SLOT, dek=purposed(key(200), purpose="r")),
        replace(SLOT, dek=purposed(key(200), user="00000000-0000-4000-8000-000000000002")),
        replace(SLOT, dek=purposed(key(200), vault=bytes(16).hex())),
        replace(SLOT, dek=purposed(key(200)[:31])),
        replace(SLOT, dek=sealing.seal(key(200), SLOT.x25519)),
        replace(SLOT, dek=sealing.seal(key(200), sealing.public_key(key(9)))),
        replace(SLOT, r=(replace(SLOT.r[0], public=sealing.public_key(key(13))),)),
        replace(SLOT, r=(replace(SLOT.r[0], sealed=purposed(key(13), purpose="r", public=R_PUBLIC.hex())),)),
        replace(SLOT, r=(replace(SLOT.r[0], sealed=purposed(key(12)[:8], purpose="r", public=R_PUBLIC.hex())),)),
        replace(SLOT, r=(replace(SLOT.r[0], sealed=SLOT.dek),)),
    ],
)
def test_a_secret_sealed_for_another_purpose_or_of_another_pair_is_refused(changed: UserSlot) -> None:
    with pytest.raises(Malformed):
        open_secrets(changed, SUPERVISOR, VAULT, 3)


def test_slots_of_the_same_keys_and_sentence_share_no_bytes_that_chance_should_choose() -> None:
    first, second = make(), make()
    assert first.kdf.salt != second.kdf.salt
    assert first.nonce != second.nonce
    assert first.sealed != second.sealed
    assert first.dek != second.dek


def test_a_user_slot_survives_its_own_spelling() -> None:
    parsed = json.loads(canonical_json(SLOT.as_json()))
    assert parse_user_slot(parsed, CHEAP_BOUNDS) == SLOT
    clerk = make(CLERK, VaultSecrets(SECRETS.dek, {}))
    assert parse_user_slot(json.loads(canonical_json(clerk.as_json())), CHEAP_BOUNDS) == clerk


def change(path: tuple[str | int, ...], value: object) -> Callable[[Any], None]:
    def apply(slot: Any) -> None:
        for step in path[:-1]:
            slot = slot[step]
        slot[path[-1]] = value

    return apply


LOW_ORDER = bytes(32).hex()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (change(("more",), 1), "MEMBERS"),
        (change(("desk_number",), 0), "RANGE"),
        (change(("user",), "me"), "ID"),
        (change(("wordlist",), ""), "WORDLIST"),
        (change(("wordlist",), "w" * 17), "WORDLIST"),
        (change(("wordlist",), 1), "WORDLIST"),
        (change(("nonce",), "00"), "HEX"),
        (change(("sealed",), b64encode(bytes(5000))), "TOO_LONG"),
        (change(("dek",), "*"), "BASE64"),
        (change(("dek",), b64encode(bytes(5000))), "TOO_LONG"),
        (change(("x25519",), LOW_ORDER), "KEY"),
        (change(("ed25519",), LOW_ORDER), "KEY"),
        (change(("kdf", "memory_kib"), 7), "KDF_BOUNDS"),
        (change(("kdf", "memory_kib"), 2**26), "KDF_BOUNDS"),
        (change(("r",), None), "COUNT"),
        (change(("r",), [SLOT.as_json()["r"][0]] * 2), "DUPLICATE"),
        (change(("r", 0, "more"), 1), "MEMBERS"),
        (change(("r", 0, "public"), "00"), "HEX"),
    ],
)
def test_a_user_slot_in_another_spelling_is_refused(spoil: Callable[[Any], None], reason: str) -> None:
    slot = json.loads(canonical_json(SLOT.as_json()))
    spoil(slot)
    with pytest.raises(Malformed) as caught:
        parse_user_slot(slot, CHEAP_BOUNDS)
    assert caught.value.args == (reason,)


def test_a_recovery_slot_opens_with_its_key_and_survives_its_own_spelling() -> None:
    slot = make_recovery_slot(SHEET.public(), SECRETS, VAULT, 3)
    assert parse_recovery_slot(json.loads(canonical_json(slot.as_json()))) == slot
    assert open_recovery_slot(slot, SHEET.x25519, VAULT, 3) == SECRETS


def test_a_recovery_slot_is_bound_to_vault_generation_and_kind() -> None:
    slot = make_recovery_slot(SHEET.public(), SECRETS, VAULT, 3)
    other_kind = replace(slot, keys=replace(slot.keys, kind=RecoveryKind.SECRETARIAT))
    for opened, vault, generation in ((slot, bytes(16), 3), (slot, VAULT, 2), (other_kind, VAULT, 3)):
        with pytest.raises(Malformed, match="PURPOSE"):
            open_recovery_slot(opened, SHEET.x25519, vault, generation)
    with pytest.raises(Malformed, match="NOT_FOR_US_OR_DAMAGED"):
        open_recovery_slot(slot, key(9), VAULT, 3)


@pytest.mark.parametrize(
    "body",
    [
        canonical_json({"dek": key(200).hex(), "r": [{"private": key(13).hex(), "public": R_PUBLIC.hex()}]}),
        canonical_json({"dek": key(200).hex(), "r": [{"private": key(12).hex(), "public": R_PUBLIC.hex()}] * 2}),
        canonical_json({"dek": key(200).hex(), "r": [{"private": "", "public": R_PUBLIC.hex()}]}),
        canonical_json({"dek": "00", "r": []}),
        canonical_json({"dek": key(200).hex()}),
        b'{"dek": "' + key(200).hex().encode() + b'", "r": []}',
        b"",
    ],
)
def test_a_recovery_slot_with_other_content_is_refused(body: bytes) -> None:
    purpose: dict[str, str | int] = {"generation": 3, "purpose": "recovery", "user": "SHEET", "vault": VAULT.hex()}
    slot = replace(
        make_recovery_slot(SHEET.public(), SECRETS, VAULT, 3),
        sealed=sealing.seal(sealing.with_purpose(body, **purpose), SHEET.public().x25519),
    )
    with pytest.raises(Malformed):
        open_recovery_slot(slot, SHEET.x25519, VAULT, 3)
