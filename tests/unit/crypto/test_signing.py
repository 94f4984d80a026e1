from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from desktop.crypto import signing
from desktop.crypto.encoding import Malformed, b64decode, b64encode, canonical_json

KIND = "application/vnd.rufaa.test.v1+json"
PAYLOAD = b'{"a":1}'
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 4)]
PUBLIC = [signing.public_bytes(key) for key in KEYS]


def envelope(*keys: Ed25519PrivateKey) -> bytes:
    return signing.sign_envelope(KIND, PAYLOAD, *keys)


def changed(change: dict[str, Any], *, of: bytes | None = None) -> bytes:
    return canonical_json({**json.loads(of or envelope(KEYS[0])), **change})


# RFC 8032, section 7.1, tests 1 to 3: private key, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("private", "public", "message", "signature"), RFC_8032)
def test_ed25519_gives_the_signatures_of_rfc_8032(private: str, public: str, message: str, signature: str) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private))
    assert signing.public_bytes(key).hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert signing.check_public_key(bytes.fromhex(public)).hex() == public


def test_the_signed_bytes_are_those_of_the_dsse_protocol() -> None:
    # The example of the DSSE v1 protocol.
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert signing.pae("http://example.com/HelloWorld", b"hello world") == expected
    assert signing.pae("", b"") == b"DSSEv1 0  0 "


def test_an_envelope_verifies_with_openssl(tmp_path: Path) -> None:
    signature = b64decode(json.loads(envelope(KEYS[0]))["signatures"][0]["sig"])
    pem = KEYS[0].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for name, data in (("key.pem", pem), ("signed", signing.pae(KIND, PAYLOAD)), ("signature", signature)):
        (tmp_path / name).write_bytes(data)
    command = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed -sigfile signature"
    assert subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "signed").write_bytes(signing.pae(KIND, PAYLOAD + b" "))
    assert subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_an_envelope_gives_its_payload_and_signer() -> None:
    signed = signing.verify_envelope(envelope(KEYS[0]), KIND, (PUBLIC[1], PUBLIC[0]))
    assert (signed.payload, signed.signers) == (PAYLOAD, frozenset({PUBLIC[0]}))
    assert signing.peek_payload(envelope(KEYS[0]), KIND) == PAYLOAD


def test_a_threshold_counts_distinct_keys() -> None:
    signed = signing.verify_envelope(envelope(*KEYS), KIND, tuple(PUBLIC), threshold=2)
    assert signed.signers == frozenset(PUBLIC)
    with pytest.raises(Malformed, match="THRESHOLD"):
        signing.verify_envelope(envelope(KEYS[0]), KIND, tuple(PUBLIC), threshold=2)
    with pytest.raises(Malformed, match="THRESHOLD"):
        signing.verify_envelope(envelope(KEYS[0], KEYS[1]), KIND, tuple(PUBLIC))
    with pytest.raises(Malformed, match="THRESHOLD"):
        signing.verify_envelope(envelope(KEYS[0]), KIND, tuple(PUBLIC), threshold=0)
    with pytest.raises(Malformed, match="DUPLICATE_SIGNATURE"):
        signing.verify_envelope(envelope(KEYS[0], KEYS[0]), KIND, tuple(PUBLIC), threshold=2)


def test_one_stranger_among_the_signers_spoils_the_envelope() -> None:
    with pytest.raises(Malformed, match="UNKNOWN_KEY"):
        signing.verify_envelope(envelope(*KEYS), KIND, (PUBLIC[0], PUBLIC[1]), threshold=2)


def test_the_payload_type_is_inside_what_is_signed() -> None:
    with pytest.raises(Malformed, match="PAYLOAD_TYPE"):
        signing.verify_envelope(envelope(KEYS[0]), "application/vnd.rufaa.other.v1+json", (PUBLIC[0],))
    moved = changed({"payloadType": "application/vnd.rufaa.other.v1+json"})
    with pytest.raises(Malformed, match="BAD_SIGNATURE"):
        signing.verify_envelope(moved, "application/vnd.rufaa.other.v1+json", (PUBLIC[0],))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"payload": b64encode(PAYLOAD + b" ")}, "BAD_SIGNATURE"),
        ({"payload": "eyJhIjoxfQ"}, "BASE64"),
        ({"extra": 1}, "ENVELOPE"),
        ({"signatures": []}, "SIGNATURES"),
        ({"signatures": {}}, "SIGNATURES"),
        ({"signatures": [{"keyid": "", "sig": b64encode(bytes(64))}] * 17}, "SIGNATURES"),
        ({"signatures": [{"keyid": 1, "sig": b64encode(bytes(64))}]}, "SIGNATURES"),
        ({"signatures": [{"keyid": "", "sig": b64encode(bytes(63))}]}, "SIGNATURES"),
        ({"signatures": [{"sig": b64encode(bytes(64))}]}, "SIGNATURES"),
        ({"signatures": [{"keyid": signing.keyid(PUBLIC[1]), "sig": b64encode(bytes(64))}]}, "UNKNOWN_KEY"),
        ({"signatures": [{"keyid": signing.keyid(PUBLIC[0]), "sig": b64encode(bytes(64))}]}, "BAD_SIGNATURE"),
    ],
)
def test_a_changed_envelope_is_refused_with_its_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        signing.verify_envelope(changed(change), KIND, (PUBLIC[0],))
    assert caught.value.args == (reason,)


def test_an_envelope_has_one_spelling() -> None:
    loose = json.dumps(json.loads(envelope(KEYS[0]))).encode()
    with pytest.raises(Malformed, match="NOT_CANONICAL"):
        signing.verify_envelope(loose, KIND, (PUBLIC[0],))


def test_a_signature_by_one_expected_key_under_the_name_of_another_is_refused() -> None:
    signature = json.loads(envelope(KEYS[1]))["signatures"][0]["sig"]
    claimed = changed({"signatures": [{"keyid": signing.keyid(PUBLIC[0]), "sig": signature}]})
    with pytest.raises(Malformed, match="BAD_SIGNATURE"):
        signing.verify_envelope(claimed, KIND, (PUBLIC[0], PUBLIC[1]))


def small_order_spellings() -> list[bytes]:
    prime = 2**255 - 19
    order_8 = int.from_bytes(
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
    )
    ys = [0, 1, prime - 1, order_8, prime - order_8, prime, prime + 1]
    return [(y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1)]


@pytest.mark.parametrize("raw", [*small_order_spellings(), bytes([0xFF]) * 32, b"", bytes(31), bytes(33)])
def test_public_keys_of_small_order_or_another_spelling_are_refused(raw: bytes) -> None:
    with pytest.raises(Malformed, match="KEY"):
        signing.check_public_key(raw)


def test_the_identity_as_key_would_otherwise_sign_anything() -> None:
    # Why the check exists: with the identity point as key, R = identity and s = 0 verify for every message.
    identity = bytes([1]) + bytes(31)
    forged = changed({"signatures": [{"keyid": signing.keyid(identity), "sig": b64encode(identity + bytes(32))}]})
    with pytest.raises(Malformed, match="KEY"):
        signing.verify_envelope(forged, KIND, (identity,))


def test_every_flipped_byte_and_every_truncation_of_an_envelope_is_refused() -> None:
    good = envelope(KEYS[0])
    spoilt = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))]
    spoilt += [good[:length] for length in range(len(good))] + [good + b" ", b" " + good]
    refused = 0
    for data in spoilt:
        with pytest.raises(Malformed):
            signing.verify_envelope(data, KIND, (PUBLIC[0],))
        refused += 1
    assert refused == 2 * len(good) + 2
