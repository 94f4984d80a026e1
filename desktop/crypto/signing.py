"""DSSE envelopes over exact bytes, signed with Ed25519 (RFC 8032).

Own code instead of securesystemslib (docs/adr/0003): here a verifier names the one payload type and the keys it
expects, and anything beyond the required signatures is refused; the library accepts extra signatures, lenient base64
and unknown members.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from desktop.crypto.encoding import Malformed, b64decode, b64encode, canonical_json, strict_json

MAX_ENVELOPE_BYTES = 2 * 1024 * 1024
MAX_SIGNATURES = 16
# The eight points of small order on edwards25519 in their canonical and non-canonical spellings, and nothing else,
# satisfy the equation for keys OpenSSL accepts; y of each, little-endian with the sign bit cleared.
_SMALL_ORDER_Y = frozenset(
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
_FIELD_PRIME = 2**255 - 19


@dataclass(frozen=True)
class Signed:
    """A verified payload and the public keys that signed it."""

    payload: bytes
    signers: frozenset[bytes]


def keyid(public_key: bytes) -> str:
    """Return the key id: SHA-256 of the raw 32-byte public key, 64 hex digits. A hint, always recomputed."""
    return hashlib.sha256(public_key).hexdigest()


def check_public_key(raw: bytes) -> bytes:
    """Return `raw` if it is a usable Ed25519 public key, else raise Malformed.

    Refuses non-canonical encodings and points of small order, which OpenSSL would accept (threat-model 5.5).
    """
    if len(raw) != 32:
        raise Malformed("KEY")
    y = raw[:31] + bytes([raw[31] & 0x7F])
    if y in _SMALL_ORDER_Y or int.from_bytes(y, "little") >= _FIELD_PRIME:
        raise Malformed("KEY")
    return raw


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """Return the raw 32-byte public key."""
    return key.public_key().public_bytes_raw()


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding: the bytes that are signed (DSSE v1 protocol)."""
    kind = payload_type.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_envelope(payload_type: str, payload: bytes, *keys: Ed25519PrivateKey) -> bytes:
    """Return the DSSE envelope as canonical JSON bytes, one signature per key."""
    signed = pae(payload_type, payload)
    signatures = [{"keyid": keyid(public_bytes(key)), "sig": b64encode(key.sign(signed))} for key in keys]
    return canonical_json({"payload": b64encode(payload), "payloadType": payload_type, "signatures": signatures})


def peek_payload(envelope: bytes, payload_type: str) -> bytes:
    """Return the payload of an envelope *without* verifying it, to learn which key it claims.

    Raises:
        Malformed: The envelope breaks the format or has another payload type.
    """
    return _open(envelope, payload_type)[0]


def verify_envelope(envelope: bytes, payload_type: str, keys: tuple[bytes, ...], threshold: int = 1) -> Signed:
    """Verify an envelope against the raw public keys expected, and return its payload.

    Every signature present must verify and belong to `keys`; at least `threshold` distinct public keys must have
    signed; with `threshold` 1 there is exactly one signature.

    Raises:
        Malformed: BAD_SIGNATURE, UNKNOWN_KEY, THRESHOLD or a format reason.
    """
    payload, signatures = _open(envelope, payload_type)
    by_id = {keyid(key): check_public_key(key) for key in keys}
    if threshold < 1 or (threshold == 1 and len(signatures) != 1):
        raise Malformed("THRESHOLD")
    signed = pae(payload_type, payload)
    signers: set[bytes] = set()
    for key_id, signature in signatures:
        key = by_id.get(key_id)
        if key is None:
            raise Malformed("UNKNOWN_KEY")
        if key in signers:
            raise Malformed("DUPLICATE_SIGNATURE")
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
        except InvalidSignature:
            raise Malformed("BAD_SIGNATURE") from None
        signers.add(key)
    if len(signers) < threshold:
        raise Malformed("THRESHOLD")
    return Signed(payload, frozenset(signers))


def _open(envelope: bytes, payload_type: str) -> tuple[bytes, list[tuple[str, bytes]]]:
    parsed = strict_json(envelope, limit_bytes=MAX_ENVELOPE_BYTES)
    if not isinstance(parsed, dict) or parsed.keys() != {"payload", "payloadType", "signatures"}:
        raise Malformed("ENVELOPE")
    if canonical_json(parsed) != envelope:
        raise Malformed("NOT_CANONICAL")
    if parsed["payloadType"] != payload_type:
        raise Malformed("PAYLOAD_TYPE")
    listed = parsed["signatures"]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_SIGNATURES:
        raise Malformed("SIGNATURES")
    signatures: list[tuple[str, bytes]] = []
    for item in listed:
        if not isinstance(item, dict) or item.keys() != {"keyid", "sig"} or not isinstance(item["keyid"], str):
            raise Malformed("SIGNATURES")
        signature = b64decode(item["sig"])
        if len(signature) != 64:
            raise Malformed("SIGNATURES")
        signatures.append((item["keyid"], signature))
    return b64decode(parsed["payload"]), signatures
