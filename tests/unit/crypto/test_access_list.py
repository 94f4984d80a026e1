from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.crypto import access_list as al
from desktop.crypto import sealing
from desktop.crypto.access_list import (
    PAYLOAD_TYPE,
    AccessList,
    Device,
    Pin,
    RecoveryKeys,
    RecoveryKind,
    SealedClassKeys,
    VaultKind,
    dek_id,
    sign_list,
    verify_chain,
)
from desktop.crypto.encoding import Malformed, canonical_json
from desktop.crypto.signing import sign_envelope
from desktop.crypto.slots import ed25519_public
from tests.keys import key, listed, next_list

VAULT = bytes(range(16))
DEK = key(200)
SUPERVISOR, CLERK, SECOND_SUPERVISOR, SHEET, DEVICE, R = 1, 2, 3, 10, 11, 12


def first_list() -> AccessList:
    return AccessList(
        vault_id=VAULT,
        version=1,
        previous=None,
        key_generation=1,
        dek_id=dek_id(DEK, VAULT, 1),
        kind=VaultKind.OFFICE,
        practice=False,
        device=Device(code="ab" * 16, ed25519=ed25519_public(key(DEVICE)), x25519=sealing.public_key(key(DEVICE))),
        r=SealedClassKeys(
            current=sealing.public_key(key(R)), in_use=(sealing.public_key(key(R)),), held_by=VaultKind.OFFICE
        ),
        recovery=(RecoveryKeys(RecoveryKind.SHEET, sealing.public_key(key(SHEET)), ed25519_public(key(SHEET))),),
        users=(listed(SUPERVISOR, "SUPERVISOR"),),
    )


FIRST = first_list()
SECOND = next_list(FIRST, users=(*FIRST.users, listed(CLERK)))
THIRD = next_list(SECOND, users=(*SECOND.users, listed(SECOND_SUPERVISOR, "SUPERVISOR")))
CHAIN = (sign_list(FIRST, key(SUPERVISOR)), sign_list(SECOND, key(SUPERVISOR)), sign_list(THIRD, key(SHEET)))


def signed_json(value: object, signer: int = SUPERVISOR, *, canonical: bool = True) -> bytes:
    """Sign any payload, also one that the program would not make."""
    payload = canonical_json(value) if canonical else json.dumps(value).encode()
    return sign_envelope(PAYLOAD_TYPE, payload, Ed25519PrivateKey.from_private_bytes(key(signer)))


def refusal(envelopes: tuple[bytes, ...], pin: Pin, vault: bytes = VAULT) -> str:
    with pytest.raises(Malformed) as caught:
        verify_chain(envelopes, pin, vault)
    return str(caught.value)


@pytest.mark.parametrize("pinned", [FIRST, SECOND, THIRD])
def test_a_chain_is_followed_from_any_pinned_list_to_the_last(pinned: AccessList) -> None:
    assert verify_chain(CHAIN, pinned.pin(), VAULT) == THIRD


def test_a_chain_whose_oldest_lists_were_dropped_is_followed_from_the_pin() -> None:
    assert verify_chain(CHAIN[1:], SECOND.pin(), VAULT) == THIRD
    assert verify_chain(CHAIN[1:], THIRD.pin(), VAULT) == THIRD


def test_a_list_reads_back_as_it_was_written() -> None:
    # A list that a recovery key signed, with every kind of member.
    assert verify_chain(CHAIN[2:], THIRD.pin(), VAULT) == THIRD
    assert THIRD.user(listed(CLERK).id) == listed(CLERK)
    assert THIRD.user("nobody") is None


def test_the_payload_has_the_members_of_the_format_and_nothing_else() -> None:
    assert json.loads(FIRST.payload()) == {
        "dek_id": FIRST.dek_id.hex(),
        "device": {"code": "ab" * 16, "ed25519": FIRST.device.ed25519.hex(), "x25519": FIRST.device.x25519.hex()},
        "key_generation": 1,
        "kind": "OFFICE",
        "list": 1,
        "practice": False,
        "previous": None,
        "r": {"current": FIRST.r.current.hex(), "held_by": "OFFICE", "in_use": [FIRST.r.current.hex()]},
        "recovery": [
            {"ed25519": FIRST.recovery[0].ed25519.hex(), "kind": "SHEET", "x25519": FIRST.recovery[0].x25519.hex()}
        ],
        "root": None,
        "users": [
            {
                "desk_number": 1,
                "ed25519": ed25519_public(key(1)).hex(),
                "id": "00000000-0000-4000-8000-000000000001",
                "role": "SUPERVISOR",
                "x25519": sealing.public_key(key(1)).hex(),
            }
        ],
        "vault": VAULT.hex(),
    }


def test_no_list_is_trusted_without_its_pin() -> None:
    assert refusal(CHAIN, Pin(4, THIRD.pin().sha256)) == "PIN"
    assert refusal(CHAIN, Pin(3, "00" * 32)) == "PIN"
    assert refusal(CHAIN[1:], FIRST.pin()) == "PIN"
    assert refusal((), FIRST.pin()) == "COUNT"


def test_a_list_older_than_the_pin_is_refused() -> None:
    assert refusal(CHAIN[:2], THIRD.pin()) == "PIN"


def test_a_fork_of_the_pinned_version_is_refused_though_a_supervisor_signed_it() -> None:
    fork = next_list(FIRST, users=(*FIRST.users, listed(9)))
    assert refusal((CHAIN[0], sign_list(fork, key(SUPERVISOR))), SECOND.pin()) == "PIN"


@pytest.mark.parametrize(
    ("signer", "reason"),
    [(CLERK, "UNKNOWN_KEY"), (DEVICE, "UNKNOWN_KEY"), (SECOND_SUPERVISOR, "UNKNOWN_KEY"), (77, "UNKNOWN_KEY")],
)
def test_only_a_supervisor_or_recovery_key_of_the_predecessor_signs(signer: int, reason: str) -> None:
    # SECOND_SUPERVISOR is in the very list that it would sign: that does not count.
    assert refusal((*CHAIN[:2], sign_list(THIRD, key(signer))), FIRST.pin()) == reason


def test_a_list_with_two_signatures_is_refused() -> None:
    keys = [Ed25519PrivateKey.from_private_bytes(key(number)) for number in (SUPERVISOR, SHEET)]
    double = sign_envelope(PAYLOAD_TYPE, SECOND.payload(), *keys)
    assert refusal((CHAIN[0], double), FIRST.pin()) == "THRESHOLD"


def test_list_1_is_signed_by_its_only_supervisor() -> None:
    assert refusal((sign_list(FIRST, key(SHEET)),), FIRST.pin()) == "UNKNOWN_KEY"
    two = replace(FIRST, users=(*FIRST.users, listed(SECOND_SUPERVISOR, "SUPERVISOR")))
    assert refusal((sign_list(two, key(SUPERVISOR)),), two.pin()) == "CHAIN"
    late = replace(FIRST, key_generation=2)
    assert refusal((sign_list(late, key(SUPERVISOR)),), late.pin()) == "CHAIN"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 3}, "CHAIN"),
        ({"previous": "00" * 32}, "CHAIN"),
        ({"key_generation": 2}, "CHAIN"),
        ({"dek_id": bytes(32)}, "CHAIN"),
        ({"dek_id": bytes(32), "key_generation": 3}, "CHAIN"),
        ({"practice": True}, "CONSTANT"),
        ({"kind": VaultKind.SECRETARIAT}, "CONSTANT"),
        ({"vault_id": bytes(16)}, "CONSTANT"),
    ],
)
def test_a_break_in_the_chain_is_refused_though_a_supervisor_signed_it(changes: dict[str, Any], reason: str) -> None:
    broken = sign_list(replace(SECOND, **changes), key(SUPERVISOR))
    assert refusal((CHAIN[0], broken), FIRST.pin()) == reason


def test_a_new_data_key_comes_with_the_next_key_generation() -> None:
    rotated = next_list(SECOND, key_generation=2, dek_id=dek_id(key(201), VAULT, 2))
    envelopes = (*CHAIN[:2], sign_list(rotated, key(SUPERVISOR)))
    assert verify_chain(envelopes, FIRST.pin(), VAULT) == rotated


def test_a_chain_of_another_vault_is_refused() -> None:
    assert refusal(CHAIN, FIRST.pin(), bytes(16)) == "CONSTANT"


def test_a_gap_in_the_chain_is_refused() -> None:
    assert refusal((CHAIN[0], CHAIN[2]), FIRST.pin()) == "CHAIN"
    assert refusal((CHAIN[1], CHAIN[0]), FIRST.pin()) == "CHAIN"
    assert refusal((CHAIN[0], CHAIN[0]), FIRST.pin()) == "CHAIN"


def test_the_numbers_of_lists_and_bytes_are_limited() -> None:
    assert refusal((CHAIN[0],) * 1_001, FIRST.pin()) == "COUNT"
    assert refusal((CHAIN[0] + b" " * 65_536,), FIRST.pin()) == "TOO_LONG"
    crowd = tuple(listed(number) for number in range(20, 83))
    full = replace(FIRST, users=(*FIRST.users, *crowd))
    assert verify_chain((sign_list(full, key(SUPERVISOR)),), full.pin(), VAULT) == full
    with pytest.raises(Malformed, match="COUNT"):
        sign_list(replace(full, users=(*full.users, listed(90))), key(SUPERVISOR))


def test_the_fullest_list_the_numbers_allow_fits_its_bytes() -> None:
    halves = tuple(sealing.public_key(bytes([number, 7]) * 16) for number in range(64))
    crowd = tuple(replace(listed(number), role="R" + "O" * 31) for number in range(20, 83))
    recovery = tuple(
        RecoveryKeys(RecoveryKind.SECRETARIAT, sealing.public_key(key(number)), ed25519_public(key(number)))
        for number in range(100, 108)
    )
    fullest = replace(
        FIRST,
        users=(*FIRST.users, *crowd),
        recovery=recovery,
        r=SealedClassKeys(halves[0], halves, VaultKind.OFFICE),
    )
    assert len(sign_list(fullest, key(SUPERVISOR))) <= al.MAX_LIST_BYTES


def change(path: tuple[str | int, ...], value: object) -> Callable[[Any], None]:
    def apply(payload: Any) -> None:
        for step in path[:-1]:
            payload = payload[step]
        payload[path[-1]] = value

    return apply


def without(name: str) -> Callable[[Any], None]:
    return lambda payload: payload.pop(name)


IDENTITY_POINT = (1).to_bytes(32, "little").hex()
SHEET_X = sealing.public_key(key(SHEET)).hex()
SHEET_ED = ed25519_public(key(SHEET)).hex()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (change(("more",), 1), "MEMBERS"),
        (without("practice"), "MEMBERS"),
        (change(("device", "more"), 1), "MEMBERS"),
        (change(("users", 0, "name"), "text"), "MEMBERS"),
        (change(("r", "more"), 1), "MEMBERS"),
        (change(("recovery", 0, "more"), 1), "MEMBERS"),
        (change(("list",), 0), "RANGE"),
        (change(("list",), True), "RANGE"),
        (change(("list",), 2), "CHAIN"),
        (change(("previous",), "00" * 32), "CHAIN"),
        (change(("key_generation",), 0), "RANGE"),
        (change(("kind",), "COUNTY"), "UNKNOWN"),
        (change(("practice",), 0), "TYPE"),
        (change(("vault",), "00"), "HEX"),
        (change(("dek_id",), "AB" * 32), "HEX"),
        (change(("device", "code"), "ab"), "HEX"),
        (change(("device", "ed25519"), IDENTITY_POINT), "KEY"),
        (change(("device", "x25519"), IDENTITY_POINT), "KEY"),
        (change(("device", "x25519"), SHEET_X), "DUPLICATE"),
        (change(("device", "ed25519"), SHEET_ED), "DUPLICATE"),
        (change(("r", "current"), SHEET_X), "SEALED_CLASS"),
        (change(("r", "in_use"), []), "COUNT"),
        (change(("r", "in_use"), [FIRST.r.current.hex()] * 2), "DUPLICATE"),
        (change(("r", "in_use"), [FIRST.r.current.hex(), SHEET_X]), "DUPLICATE"),
        (change(("r", "in_use"), [FIRST.r.current.hex(), IDENTITY_POINT]), "KEY"),
        (change(("r", "held_by"), "COUNTY"), "UNKNOWN"),
        (change(("recovery", 0, "kind"), "FRIEND"), "UNKNOWN"),
        (change(("recovery", 0, "ed25519"), IDENTITY_POINT), "KEY"),
        (change(("recovery", 0, "x25519"), IDENTITY_POINT), "KEY"),
        (change(("users",), []), "COUNT"),
        (change(("users",), {}), "COUNT"),
        (change(("users", 0, "desk_number"), 0), "RANGE"),
        (change(("users", 0, "desk_number"), 1000), "RANGE"),
        (change(("users", 0, "id"), "1"), "ID"),
        (change(("users", 0, "role"), "clerk"), "ROLE"),
        (change(("users", 0, "role"), None), "ROLE"),
        (change(("users", 0, "role"), "CLERK"), "ROLE"),
        (change(("users", 0, "ed25519"), None), "ROLE"),
        (change(("users", 0, "ed25519"), IDENTITY_POINT), "KEY"),
        (change(("users", 0, "x25519"), IDENTITY_POINT), "KEY"),
        (change(("users", 0, "x25519"), SHEET_X), "DUPLICATE"),
        (change(("users", 0, "ed25519"), SHEET_ED), "DUPLICATE"),
    ],
)
def test_a_list_that_breaks_a_rule_is_refused_with_its_reason(spoil: Callable[[Any], None], reason: str) -> None:
    payload = json.loads(FIRST.payload())
    spoil(payload)
    assert refusal((signed_json(payload),), FIRST.pin()) == reason


@pytest.mark.parametrize(
    "users",
    [
        (listed(1, "SUPERVISOR"), replace(listed(2), id=listed(1).id)),
        (listed(1, "SUPERVISOR"), listed(2, desk_number=1)),
        (listed(1, "SUPERVISOR"), replace(listed(2), x25519=listed(1).x25519)),
    ],
)
def test_no_user_number_or_key_stands_twice(users: Any) -> None:
    with pytest.raises(Malformed, match="DUPLICATE"):
        sign_list(replace(FIRST, users=users), key(SUPERVISOR))


def test_a_list_without_a_supervisor_is_refused() -> None:
    with pytest.raises(Malformed, match="NO_SUPERVISOR"):
        sign_list(replace(SECOND, users=(listed(CLERK),)), key(SUPERVISOR))


def test_a_payload_in_another_spelling_is_refused() -> None:
    assert refusal((signed_json(json.loads(FIRST.payload()), canonical=False),), FIRST.pin()) == "NOT_CANONICAL"


def test_an_envelope_for_another_purpose_is_refused() -> None:
    other = sign_envelope(
        "application/vnd.rufaa.roster.v1+json", FIRST.payload(), Ed25519PrivateKey.from_private_bytes(key(SUPERVISOR))
    )
    assert refusal((other,), FIRST.pin()) == "PAYLOAD_TYPE"


def test_the_data_key_id_depends_on_key_vault_and_generation() -> None:
    ids = {dek_id(dek, vault, number) for dek in (key(1), key(2)) for vault in (VAULT, bytes(16)) for number in (1, 2)}
    assert len(ids) == 8


def test_every_flipped_byte_and_every_truncation_of_a_list_is_refused() -> None:
    good = CHAIN[1]
    spoilt = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))]
    spoilt += [good[:length] for length in range(len(good))] + [good + b" "]
    reasons = [refusal((CHAIN[0], data), FIRST.pin()) for data in spoilt]
    assert len(reasons) == 2 * len(good) + 1
