"""The Secretariat's recovery identity, which two of three custodians open (threat-model 5.1, 5.2; decisions 16).

Its two private halves lie in three nested age files: custodian A's around B's, A's around C's, B's around C's. Any two
custodians open one of them, none alone. What it may do is open an office's recovery slot and sign its next access list.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from desktop.crypto import sealing
from desktop.crypto.access_list import RecoveryKeys, RecoveryKind
from desktop.crypto.encoding import Malformed, canonical_json
from desktop.crypto.fields import canonical_value, hex_bytes, members, one_of, whole
from desktop.crypto.signing import check_public_key
from desktop.crypto.slots import ed25519_public
from desktop.crypto.words import RandomBytes

CUSTODIANS = 3
SHARES = (("AB", 0, 1), ("AC", 0, 2), ("BC", 1, 2))  # whose key is outside, whose inside
MAX_SHARE_BYTES = 4 * 1024
MAX_PUBLIC_BYTES = 1024
MAX_CUSTODIAN_BYTES = 4 * 1024
_MAX_SHARE_PLAINTEXT = 1024
_PURPOSE = "recovery-identity"
_PUBLIC_FORMAT = "rufaa-recovery-public"


@dataclass(frozen=True, repr=False)
class RecoveryIdentity:
    """The Secretariat's two private halves, 32 raw bytes each. In memory only."""

    x25519: bytes
    ed25519: bytes

    def public(self) -> RecoveryKeys:
        """Return the public halves as they stand in roster, access list and recovery slot."""
        return RecoveryKeys(
            RecoveryKind.SECRETARIAT, x25519=sealing.public_key(self.x25519), ed25519=ed25519_public(self.ed25519)
        )


def new_identity(random_bytes: RandomBytes = os.urandom) -> RecoveryIdentity:
    """Return a fresh identity."""
    return RecoveryIdentity(x25519=random_bytes(32), ed25519=random_bytes(32))


def make_shares(identity: RecoveryIdentity, custodians: Sequence[bytes]) -> dict[str, bytes]:
    """Return the three nested age files by name; `custodians` are the public keys of A, B and C.

    Raises:
        Malformed: CUSTODIANS, they are not three different keys.
    """
    if len(custodians) != CUSTODIANS or len(set(custodians)) != CUSTODIANS:
        raise Malformed("CUSTODIANS")
    halves = canonical_json({"ed25519": identity.ed25519.hex(), "x25519": identity.x25519.hex()})
    inner = sealing.with_purpose(halves, **_share_purpose(identity.public()))
    return {
        name: sealing.seal(sealing.seal(inner, custodians[inside]), custodians[outside])
        for name, outside, inside in SHARES
    }


def open_share(share: bytes, secrets: Sequence[bytes], expected: RecoveryKeys) -> RecoveryIdentity:
    """Open one of the three files with two custodians' private keys, in whichever order.

    Raises:
        Malformed: TOO_LONG; NOT_FOR_US_OR_DAMAGED, these two do not open this file; PURPOSE or KEY, it opens, and holds
            another identity than the expected one.
    """
    if len(share) > MAX_SHARE_BYTES:
        raise Malformed("TOO_LONG")
    plaintext = _opened_twice(share, secrets)
    found = members(
        canonical_value(sealing.without_purpose(plaintext, **_share_purpose(expected)), _MAX_SHARE_PLAINTEXT),
        *("ed25519", "x25519"),
    )
    identity = RecoveryIdentity(x25519=hex_bytes(found["x25519"], 32), ed25519=hex_bytes(found["ed25519"], 32))
    if identity.public() != expected:
        raise Malformed("KEY")
    return identity


def _opened_twice(share: bytes, secrets: Sequence[bytes]) -> bytes:
    for outer in secrets:
        for inner in secrets:
            try:
                return sealing.open_sealed(sealing.open_sealed(share, outer), inner)
            except Malformed:
                continue
    raise Malformed("NOT_FOR_US_OR_DAMAGED")


def _share_purpose(keys: RecoveryKeys) -> dict[str, str | int]:
    return {"ed25519": keys.ed25519.hex(), "purpose": _PURPOSE, "x25519": keys.x25519.hex()}


def public_file(keys: RecoveryKeys) -> bytes:
    """Return the public halves as a file, to be named in a roster."""
    return canonical_json(
        {"ed25519": keys.ed25519.hex(), "format": _PUBLIC_FORMAT, "version": 1, "x25519": keys.x25519.hex()}
    )


def read_public_file(data: bytes) -> RecoveryKeys:
    """Read what `public_file` wrote. Raises Malformed."""
    found = members(canonical_value(data, MAX_PUBLIC_BYTES), "ed25519", "format", "version", "x25519")
    one_of(found["format"], frozenset({_PUBLIC_FORMAT}))
    whole(found["version"], 1, 1)
    return RecoveryKeys(
        RecoveryKind.SECRETARIAT,
        x25519=sealing.check_recipient(hex_bytes(found["x25519"], 32)),
        ed25519=check_public_key(hex_bytes(found["ed25519"], 32)),
    )


def custodian_public(data: bytes) -> bytes:
    """Return the public key in a file of one `age1…` line beside remarks that begin with #. Raises Malformed KEY."""
    return sealing.recipient_key(_only_line(data))


def custodian_secret(data: bytes) -> bytes:
    """Return the private key in an identity file as `age-keygen` writes it. Raises Malformed KEY."""
    return sealing.identity_secret(_only_line(data))


def identity_file(secret: bytes) -> bytes:
    """Return a private key as an identity file that the program `age` reads."""
    return f"{sealing.age_identity(secret)}\n".encode("ascii")


def recipient_file(secret: bytes) -> bytes:
    """Return the public half of a private key as a file of one `age1…` line."""
    return f"{sealing.age_recipient(sealing.public_key(secret))}\n".encode("ascii")


def _only_line(data: bytes) -> str:
    if len(data) > MAX_CUSTODIAN_BYTES or not data.isascii():
        raise Malformed("KEY")
    lines = [line.strip() for line in data.decode("ascii").splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if len(keys) != 1:
        raise Malformed("KEY")
    return keys[0]
