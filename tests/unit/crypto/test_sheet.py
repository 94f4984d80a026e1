from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.crypto import sheet
from desktop.crypto.access_list import Pin, RecoveryKind
from desktop.crypto.encoding import Malformed, b64decode, canonical_json
from desktop.crypto.kdf import hkdf
from desktop.crypto.signing import sign_envelope

VAULT = bytes(range(16))
ENTROPY = bytes(range(16, 32))
KEYS = sheet.derive(ENTROPY, VAULT)
PIN = Pin(2, "cd" * 32)


def test_a_sheet_has_two_keys_of_their_own_for_each_vault() -> None:
    other = sheet.derive(ENTROPY, bytes(16))
    assert KEYS.x25519 == hkdf(ENTROPY, VAULT, "rufaa-sheet-x25519-v1")
    assert KEYS.ed25519 == hkdf(ENTROPY, VAULT, "rufaa-sheet-ed25519-v1")
    assert len({KEYS.x25519, KEYS.ed25519, other.x25519, other.ed25519}) == 4
    assert KEYS.public().kind is RecoveryKind.SHEET


def test_a_sheet_recognises_the_pin_it_signed() -> None:
    envelope = sheet.sign_pin(KEYS, VAULT, PIN)
    assert sheet.verify_pin(envelope, KEYS.public().ed25519, VAULT) == PIN
    payload = json.loads(b64decode(json.loads(envelope)["payload"]))
    assert payload == {"list": 2, "sha256": "cd" * 32, "vault": VAULT.hex()}


def test_a_pin_of_another_sheet_or_vault_is_refused() -> None:
    stranger = sheet.derive(bytes(16), VAULT)
    with pytest.raises(Malformed, match="UNKNOWN_KEY"):
        sheet.verify_pin(sheet.sign_pin(stranger, VAULT, PIN), KEYS.public().ed25519, VAULT)
    with pytest.raises(Malformed, match="VAULT"):
        sheet.verify_pin(sheet.sign_pin(KEYS, bytes(16), PIN), KEYS.public().ed25519, VAULT)


@pytest.mark.parametrize(
    "payload",
    [
        {"list": 0, "sha256": "cd" * 32, "vault": VAULT.hex()},
        {"list": 1, "sha256": "cd", "vault": VAULT.hex()},
        {"list": 1, "sha256": "cd" * 32},
        {"list": 1, "more": 1, "sha256": "cd" * 32, "vault": VAULT.hex()},
    ],
)
def test_a_pin_in_another_form_is_refused_though_the_sheet_signed_it(payload: dict[str, Any]) -> None:
    signer = Ed25519PrivateKey.from_private_bytes(KEYS.ed25519)
    envelope = sign_envelope(sheet.PAYLOAD_TYPE, canonical_json(payload), signer)
    with pytest.raises(Malformed):
        sheet.verify_pin(envelope, KEYS.public().ed25519, VAULT)


def test_an_access_list_does_not_pass_for_a_pin() -> None:
    payload = canonical_json({**PIN.as_json(), "vault": VAULT.hex()})
    signer = Ed25519PrivateKey.from_private_bytes(KEYS.ed25519)
    envelope = sign_envelope("application/vnd.rufaa.access.v1+json", payload, signer)
    with pytest.raises(Malformed, match="PAYLOAD_TYPE"):
        sheet.verify_pin(envelope, KEYS.public().ed25519, VAULT)
