"""Slots of the key header: a user's private keys under a sentence, and what is sealed to keys.

`docs/formats.md` section 3. A slot opens or does not open; whether its keys are the right ones is decided by whoever
holds the verified access list (`desktop.crypto.vaultkeys`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop.crypto import sealing
from desktop.crypto.access_list import (
    MAX_DESK_NUMBER,
    MAX_SEALED_CLASS_KEYS,
    MAX_VERSION,
    Pin,
    RecoveryKeys,
    recovery_kind,
)
from desktop.crypto.encoding import JSONValue, Malformed, b64encode, canonical_json, length_prefixed
from desktop.crypto.fields import (
    canonical_value,
    check_distinct,
    hex_bytes,
    hex_digest,
    items,
    members,
    sealed_bytes,
    user_id,
    whole,
)
from desktop.crypto.kdf import SALT_BYTES, KdfBounds, KdfCost, KdfParameters, derive_key, parse_kdf
from desktop.crypto.signing import check_public_key
from desktop.crypto.words import RandomBytes

NONCE_BYTES = 12
_LABEL = b"rufaa-slot-v1"
_MAX_SLOT_PLAINTEXT = 4 * 1024
_MAX_SEALED = 4 * 1024
_MAX_RECOVERY_SEALED = 64 * 1024
_MAX_WORDLIST_NAME = 16


@dataclass(frozen=True, repr=False)
class UserKeys:
    """A user's private halves, 32 raw bytes each; `ed25519` for supervisors only."""

    x25519: bytes
    ed25519: bytes | None

    def public_x25519(self) -> bytes:
        """Return the public half that things are sealed to."""
        return sealing.public_key(self.x25519)

    def public_ed25519(self) -> bytes | None:
        """Return the public half that lists are verified with, None where the user signs none."""
        return None if self.ed25519 is None else ed25519_public(self.ed25519)


@dataclass(frozen=True, repr=False)
class SealedHalf:
    """One private half of the sealed class, sealed to a supervisor; `public` says which."""

    public: bytes
    sealed: bytes


@dataclass(frozen=True, repr=False)
class UserSlot:
    """What the header holds for one user. Nothing in it names a person."""

    user_id: str
    desk_number: int
    wordlist: str
    kdf: KdfParameters
    nonce: bytes
    sealed: bytes
    x25519: bytes
    ed25519: bytes | None
    dek: bytes
    r: tuple[SealedHalf, ...]

    def as_json(self) -> JSONValue:
        """Return the slot as it stands in the header."""
        return {
            "dek": b64encode(self.dek),
            "desk_number": self.desk_number,
            "ed25519": None if self.ed25519 is None else self.ed25519.hex(),
            "kdf": self.kdf.as_json(),
            "nonce": self.nonce.hex(),
            "r": [{"public": half.public.hex(), "sealed": b64encode(half.sealed)} for half in self.r],
            "sealed": b64encode(self.sealed),
            "user": self.user_id,
            "wordlist": self.wordlist,
            "x25519": self.x25519.hex(),
        }


@dataclass(frozen=True, repr=False)
class RecoverySlot:
    """The data key and the sealed class for a recovery recipient. Never a signing key."""

    keys: RecoveryKeys
    sealed: bytes

    def as_json(self) -> JSONValue:
        """Return the slot as it stands in the header."""
        return {
            "ed25519": self.keys.ed25519.hex(),
            "kind": str(self.keys.kind),
            "sealed": b64encode(self.sealed),
            "x25519": self.keys.x25519.hex(),
        }


@dataclass(frozen=True, repr=False)
class VaultSecrets:
    """What a slot leads to. `r` maps public to private halves and is empty for those who hold none."""

    dek: bytes
    r: Mapping[bytes, bytes]


@dataclass(frozen=True, repr=False)
class SlotOwner:
    """To whom a slot is made: the vault, the user, and the key generation that the access list names."""

    vault_id: bytes
    user_id: str
    desk_number: int
    key_generation: int


def ed25519_public(private: bytes) -> bytes:
    """Return the public half of a raw Ed25519 private key."""
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def make_user_slot(
    owner: SlotOwner,
    keys: UserKeys,
    pin: Pin,
    secrets: VaultSecrets,
    *,
    sentence: str,
    wordlist: str,
    cost: KdfCost,
    bounds: KdfBounds,
    random_bytes: RandomBytes = os.urandom,
) -> UserSlot:
    """Wrap a user's keys under a normalised sentence, and seal the vault's secrets to them.

    Raises:
        Malformed: KDF_BOUNDS.
        Obstacle: MEMORY_SHORT.
    """
    kdf = KdfParameters(cost, random_bytes(SALT_BYTES))
    nonce = random_bytes(NONCE_BYTES)
    x25519, ed25519 = keys.public_x25519(), keys.public_ed25519()
    plaintext = canonical_json(
        {
            "ed25519": None if keys.ed25519 is None else keys.ed25519.hex(),
            "pin": pin.as_json(),
            "x25519": keys.x25519.hex(),
        }
    )
    associated = _associated(owner.vault_id, owner.user_id, x25519, ed25519, kdf)
    sealed = AESGCM(derive_key(sentence, kdf, bounds)).encrypt(nonce, plaintext, associated)
    wrapped = UserSlot(
        user_id=owner.user_id,
        desk_number=owner.desk_number,
        wordlist=wordlist,
        kdf=kdf,
        nonce=nonce,
        sealed=sealed,
        x25519=x25519,
        ed25519=ed25519,
        dek=b"",
        r=(),
    )
    return sealed_anew(wrapped, secrets, owner.vault_id, owner.key_generation)


def sealed_anew(slot: UserSlot, secrets: VaultSecrets, vault_id: bytes, key_generation: int) -> UserSlot:
    """Seal other secrets to a slot's owner, who need not be there: their sentence opens it as before."""
    dek_purpose = _purpose("dek", vault_id, slot.user_id, key_generation)
    r_purpose = _purpose("r", vault_id, slot.user_id, key_generation)
    return replace(
        slot,
        dek=sealing.seal(sealing.with_purpose(secrets.dek, **dek_purpose), slot.x25519),
        r=tuple(
            SealedHalf(
                public, sealing.seal(sealing.with_purpose(private, **r_purpose, public=public.hex()), slot.x25519)
            )
            for public, private in secrets.r.items()
        ),
    )


def open_user_slot(slot: UserSlot, vault_id: bytes, sentence: str, bounds: KdfBounds) -> tuple[UserKeys, Pin]:
    """Open a slot with a normalised sentence: private keys and the pin of a list.

    Raises:
        Malformed: WRONG_SENTENCE (or a changed slot: the cipher does not tell), KDF_BOUNDS, or the plaintext's reason.
        Obstacle: MEMORY_SHORT.
    """
    associated = _associated(vault_id, slot.user_id, slot.x25519, slot.ed25519, slot.kdf)
    try:
        plaintext = AESGCM(derive_key(sentence, slot.kdf, bounds)).decrypt(slot.nonce, slot.sealed, associated)
    except InvalidTag:
        raise Malformed("WRONG_SENTENCE") from None
    found = members(canonical_value(plaintext, _MAX_SLOT_PLAINTEXT), "ed25519", "pin", "x25519")
    pin = members(found["pin"], "list", "sha256")
    signing = None if found["ed25519"] is None else hex_bytes(found["ed25519"], 32)
    keys = UserKeys(x25519=hex_bytes(found["x25519"], 32), ed25519=signing)
    return keys, Pin(whole(pin["list"], 1, MAX_VERSION), hex_digest(pin["sha256"]))


def open_secrets(slot: UserSlot, keys: UserKeys, vault_id: bytes, key_generation: int) -> VaultSecrets:
    """Open what a slot seals to its user's key: the data key, and `R`'s private halves, each fitting its public half.

    Raises:
        Malformed: Not for this user, another purpose, or a half that does not fit.
    """
    dek = sealing.without_purpose(
        sealing.open_sealed(slot.dek, keys.x25519), **_purpose("dek", vault_id, slot.user_id, key_generation)
    )
    r = {}
    for half in slot.r:
        r[half.public] = sealing.without_purpose(
            sealing.open_sealed(half.sealed, keys.x25519),
            **_purpose("r", vault_id, slot.user_id, key_generation),
            public=half.public.hex(),
        )
    return _checked(VaultSecrets(dek, r))


def make_recovery_slot(
    recipient: RecoveryKeys, secrets: VaultSecrets, vault_id: bytes, key_generation: int
) -> RecoverySlot:
    """Seal the vault's secrets to a recovery recipient."""
    halves = [{"private": private.hex(), "public": public.hex()} for public, private in secrets.r.items()]
    body = canonical_json({"dek": secrets.dek.hex(), "r": halves})
    purpose = _purpose("recovery", vault_id, str(recipient.kind), key_generation)
    return RecoverySlot(recipient, sealing.seal(sealing.with_purpose(body, **purpose), recipient.x25519))


def open_recovery_slot(slot: RecoverySlot, x25519: bytes, vault_id: bytes, key_generation: int) -> VaultSecrets:
    """Open a recovery slot with the recipient's private key.

    Raises:
        Malformed: Not for this key, another purpose, or a half that does not fit.
    """
    body = sealing.without_purpose(
        sealing.open_sealed(slot.sealed, x25519),
        **_purpose("recovery", vault_id, str(slot.keys.kind), key_generation),
    )
    found = members(canonical_value(body, _MAX_RECOVERY_SEALED), "dek", "r")
    halves = items(found["r"], _parse_half, least=0, most=MAX_SEALED_CLASS_KEYS)
    check_distinct([public for public, _ in halves])
    return _checked(VaultSecrets(hex_bytes(found["dek"], 32), dict(halves)))


def parse_user_slot(value: JSONValue, bounds: KdfBounds) -> UserSlot:
    """Read a user slot. Raises Malformed, KDF_BOUNDS for parameters outside the bounds."""
    found = members(
        value,
        *("dek", "desk_number", "ed25519", "kdf", "nonce", "r", "sealed", "user", "wordlist", "x25519"),
    )
    wordlist = found["wordlist"]
    if not isinstance(wordlist, str) or not 1 <= len(wordlist) <= _MAX_WORDLIST_NAME:
        raise Malformed("WORDLIST")
    r = items(found["r"], _parse_sealed_half, least=0, most=MAX_SEALED_CLASS_KEYS)
    check_distinct([half.public for half in r])
    return UserSlot(
        user_id=user_id(found["user"]),
        desk_number=whole(found["desk_number"], 1, MAX_DESK_NUMBER),
        wordlist=wordlist,
        kdf=parse_kdf(found["kdf"], bounds),
        nonce=hex_bytes(found["nonce"], NONCE_BYTES),
        sealed=sealed_bytes(found["sealed"], _MAX_SEALED),
        x25519=sealing.check_recipient(hex_bytes(found["x25519"], 32)),
        ed25519=None if found["ed25519"] is None else check_public_key(hex_bytes(found["ed25519"], 32)),
        dek=sealed_bytes(found["dek"], _MAX_SEALED),
        r=r,
    )


def parse_recovery_slot(value: JSONValue) -> RecoverySlot:
    """Read a recovery slot. Raises Malformed."""
    found = members(value, "ed25519", "kind", "sealed", "x25519")
    keys = RecoveryKeys(
        kind=recovery_kind(found["kind"]),
        x25519=sealing.check_recipient(hex_bytes(found["x25519"], 32)),
        ed25519=check_public_key(hex_bytes(found["ed25519"], 32)),
    )
    return RecoverySlot(keys, sealed_bytes(found["sealed"], _MAX_RECOVERY_SEALED))


def _parse_sealed_half(value: JSONValue) -> SealedHalf:
    found = members(value, "public", "sealed")
    return SealedHalf(hex_bytes(found["public"], 32), sealed_bytes(found["sealed"], _MAX_SEALED))


def _parse_half(value: JSONValue) -> tuple[bytes, bytes]:
    found = members(value, "private", "public")
    return hex_bytes(found["public"], 32), hex_bytes(found["private"], 32)


def _checked(secrets: VaultSecrets) -> VaultSecrets:
    if len(secrets.dek) != 32:
        raise Malformed("DEK")
    for public, private in secrets.r.items():
        if len(private) != 32 or sealing.public_key(private) != public:
            raise Malformed("SEALED_CLASS")
    return secrets


def _purpose(purpose: str, vault_id: bytes, user: str, key_generation: int) -> dict[str, str | int]:
    return {"generation": key_generation, "purpose": purpose, "user": user, "vault": vault_id.hex()}


def _associated(vault_id: bytes, user: str, x25519: bytes, ed25519: bytes | None, kdf: KdfParameters) -> bytes:
    return length_prefixed(
        _LABEL, vault_id, user.encode("ascii"), x25519, ed25519 or b"", canonical_json(kdf.as_json())
    )
