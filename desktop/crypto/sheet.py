"""The recovery sheet: twelve hand-written words that open the vault when no sentence is left (threat-model 5.2).

The words' 16 bytes give two keys. One opens the recovery slot; the other signs a pin while the words are on the
screen, so that a sheet recognises its own vault years later.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.crypto import sealing
from desktop.crypto.access_list import MAX_VERSION, VAULT_ID_BYTES, Pin, RecoveryKeys, RecoveryKind
from desktop.crypto.encoding import Malformed, canonical_json
from desktop.crypto.fields import canonical_value, hex_bytes, hex_digest, members, whole
from desktop.crypto.kdf import hkdf
from desktop.crypto.signing import sign_envelope, verify_envelope
from desktop.crypto.slots import ed25519_public

PAYLOAD_TYPE = "application/vnd.rufaa.sheet-pin.v1+json"
_MAX_PIN_PAYLOAD = 1024


@dataclass(frozen=True, repr=False)
class SheetKeys:
    """The sheet's two private keys, 32 raw bytes each."""

    x25519: bytes
    ed25519: bytes

    def public(self) -> RecoveryKeys:
        """Return the public halves as they stand in access list and recovery slot."""
        return RecoveryKeys(
            RecoveryKind.SHEET, x25519=sealing.public_key(self.x25519), ed25519=ed25519_public(self.ed25519)
        )


def derive(entropy: bytes, vault_id: bytes) -> SheetKeys:
    """Return the keys of a sheet for one vault; the same words lead to other keys in another vault."""
    return SheetKeys(
        x25519=hkdf(entropy, vault_id, "rufaa-sheet-x25519-v1"),
        ed25519=hkdf(entropy, vault_id, "rufaa-sheet-ed25519-v1"),
    )


def sign_pin(keys: SheetKeys, vault_id: bytes, pin: Pin) -> bytes:
    """Return the sheet pin: an envelope, signed by the sheet, that names a list of its vault."""
    payload = canonical_json({**pin.as_json(), "vault": vault_id.hex()})
    return sign_envelope(PAYLOAD_TYPE, payload, Ed25519PrivateKey.from_private_bytes(keys.ed25519))


def verify_pin(envelope: bytes, ed25519: bytes, vault_id: bytes) -> Pin:
    """Verify a sheet pin by the sheet's public key.

    Raises:
        Malformed: Another sheet's pin (UNKNOWN_KEY), another vault's (VAULT), or a format reason.
    """
    payload = verify_envelope(envelope, PAYLOAD_TYPE, (ed25519,)).payload
    found = members(canonical_value(payload, _MAX_PIN_PAYLOAD), "list", "sha256", "vault")
    if hex_bytes(found["vault"], VAULT_ID_BYTES) != vault_id:
        raise Malformed("VAULT")
    return Pin(whole(found["list"], 1, MAX_VERSION), hex_digest(found["sha256"]))
