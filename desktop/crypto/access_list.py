"""The access list: who may open this vault, with which keys, signed and chained from one list to the next.

The format is `docs/formats.md` section 4. A chain is worth nothing by itself: it is trusted only from the list that a
slot or the recovery sheet pins by hash. Nothing here decides what a role may do.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.crypto.encoding import JSONValue, Malformed, canonical_json, length_prefixed, sha256_hex
from desktop.crypto.fields import (
    boolean,
    canonical_value,
    check_distinct,
    hex_bytes,
    hex_digest,
    items,
    members,
    one_of,
    user_id,
    whole,
)
from desktop.crypto.kdf import hkdf
from desktop.crypto.sealing import check_recipient
from desktop.crypto.signing import check_public_key, peek_payload, sign_envelope, verify_envelope

PAYLOAD_TYPE = "application/vnd.rufaa.access.v1+json"
SUPERVISOR = "SUPERVISOR"  # the one role that keys know of: it signs lists and holds the sealed class
# No reader knows this role, so it grants nothing (docs/formats.md 4): a suspension is signed like every other change.
SUSPENDED = "SUSPENDED"
MAX_LIST_BYTES = 64 * 1024
MAX_LISTS = 1_000
MAX_USERS = 64
MAX_RECOVERY = 8
MAX_SEALED_CLASS_KEYS = 64
MAX_DESK_NUMBER = 999
MAX_VERSION = 2**31 - 1
VAULT_ID_BYTES = 16
_ROLE = re.compile(r"[A-Z][A-Z_]{1,31}", re.ASCII)


class VaultKind(StrEnum):
    """Whose vault it is; also who holds the private half of the sealed class."""

    OFFICE = "OFFICE"
    SECRETARIAT = "SECRETARIAT"


class RecoveryKind(StrEnum):
    """The two ways back in when no sentence is left."""

    SHEET = "SHEET"
    SECRETARIAT = "SECRETARIAT"


@dataclass(frozen=True)
class Pin:
    """A list by version and SHA-256 of its payload: where trust in a chain begins."""

    version: int
    sha256: str

    def as_json(self) -> dict[str, JSONValue]:
        """Return the members `list` and `sha256`."""
        return {"list": self.version, "sha256": self.sha256}


@dataclass(frozen=True)
class ListedUser:
    """One user's public halves; `ed25519` for supervisors only. The name is inside the vault."""

    id: str
    desk_number: int
    role: str
    x25519: bytes
    ed25519: bytes | None


@dataclass(frozen=True)
class RecoveryKeys:
    """Public halves of a recovery recipient."""

    kind: RecoveryKind
    x25519: bytes
    ed25519: bytes


@dataclass(frozen=True)
class Device:
    """This laptop's public halves; `code` is 16 random bytes in hex."""

    code: str
    ed25519: bytes
    x25519: bytes


@dataclass(frozen=True)
class SealedClassKeys:
    """Public halves of `R`: the current one, and all that still seal something."""

    current: bytes
    in_use: tuple[bytes, ...]
    held_by: VaultKind


@dataclass(frozen=True)
class AccessList:
    """One version of the list.

    `previous` is the SHA-256 of its predecessor's payload, None for list 1. `root` is the SHA-256 of the payload of the
    first root document this office trusts, None before it is enrolled: a root in the database alone proves nothing.
    """

    vault_id: bytes
    version: int
    previous: str | None
    key_generation: int
    dek_id: bytes
    kind: VaultKind
    practice: bool
    device: Device
    r: SealedClassKeys
    recovery: tuple[RecoveryKeys, ...]
    users: tuple[ListedUser, ...]
    root: str | None = None

    def payload(self) -> bytes:
        """Return the canonical bytes that are signed and hashed."""
        return canonical_json(_as_json(self))

    def pin(self) -> Pin:
        """Return the pin that names this very list."""
        return Pin(self.version, sha256_hex(self.payload()))

    def signers(self) -> tuple[bytes, ...]:
        """Return the public keys that may sign the next list: supervisors and recovery keys."""
        supervisors = tuple(user.ed25519 for user in self.users if user.ed25519 is not None)
        return supervisors + tuple(keys.ed25519 for keys in self.recovery)

    def user(self, wanted: str) -> ListedUser | None:
        """Return the user with this id, or None."""
        return next((user for user in self.users if user.id == wanted), None)


def dek_id(dek: bytes, vault_id: bytes, key_generation: int) -> bytes:
    """Return what a list says about the data key without telling it."""
    key = hkdf(dek, vault_id, "rufaa-dek-id-v1")
    return hmac.digest(key, length_prefixed(vault_id, key_generation.to_bytes(4, "big")), "sha256")


def sign_list(access_list: AccessList, ed25519_private: bytes) -> bytes:
    """Return the list as a signed envelope; a list that this module would not read is refused.

    Raises:
        Malformed: The list breaks a rule.
    """
    payload = access_list.payload()
    _parse_payload(payload)
    return sign_envelope(PAYLOAD_TYPE, payload, Ed25519PrivateKey.from_private_bytes(ed25519_private))


def verify_chain(envelopes: Sequence[bytes], pin: Pin, vault_id: bytes) -> AccessList:
    """Verify the lists, oldest first, from the pinned one on, and return the last: the current one.

    Lists before the pinned one are bound to it by their hashes, so all links are verified alike. The oldest list kept
    has no predecessor to name its signer unless it is list 1; it counts because the pin or a later list names its hash.

    Raises:
        Malformed: PIN (the pinned list is not there), CHAIN (version, predecessor or key generation), CONSTANT (vault,
            kind or practice changed), a signature's or a field's reason.
    """
    if not 1 <= len(envelopes) <= MAX_LISTS:
        raise Malformed("COUNT")
    previous: AccessList | None = None
    pinned = False
    for envelope in envelopes:
        current = _verify_link(envelope, previous)
        if current.vault_id != vault_id:
            raise Malformed("CONSTANT")
        pinned = pinned or current.pin() == pin
        previous = current
    if previous is None or not pinned:
        raise Malformed("PIN")
    return previous


def read_list(envelope: bytes) -> AccessList:
    """Return what one list of an already verified chain says. Raises Malformed."""
    return _parse_payload(peek_payload(envelope, PAYLOAD_TYPE))


def _verify_link(envelope: bytes, previous: AccessList | None) -> AccessList:
    if len(envelope) > MAX_LIST_BYTES:
        raise Malformed("TOO_LONG")
    current = read_list(envelope)
    if previous is not None:
        _check_succession(previous, current)
        verify_envelope(envelope, PAYLOAD_TYPE, previous.signers())
    elif current.version == 1:
        supervisors = tuple(user.ed25519 for user in current.users if user.ed25519 is not None)
        if len(supervisors) != 1 or current.key_generation != 1:
            raise Malformed("CHAIN")
        verify_envelope(envelope, PAYLOAD_TYPE, supervisors)
    return current


def _check_succession(previous: AccessList, current: AccessList) -> None:
    named = current.version == previous.version + 1 and current.previous == previous.pin().sha256
    new_key = current.dek_id != previous.dek_id
    if not named or current.key_generation != previous.key_generation + new_key:
        raise Malformed("CHAIN")
    if (current.vault_id, current.kind, current.practice) != (previous.vault_id, previous.kind, previous.practice):
        raise Malformed("CONSTANT")


def _as_json(access_list: AccessList) -> JSONValue:
    device, r = access_list.device, access_list.r
    return {
        "dek_id": access_list.dek_id.hex(),
        "device": {"code": device.code, "ed25519": device.ed25519.hex(), "x25519": device.x25519.hex()},
        "key_generation": access_list.key_generation,
        "kind": str(access_list.kind),
        "list": access_list.version,
        "practice": access_list.practice,
        "previous": access_list.previous,
        "r": {"current": r.current.hex(), "held_by": str(r.held_by), "in_use": [key.hex() for key in r.in_use]},
        "recovery": [
            {"ed25519": keys.ed25519.hex(), "kind": str(keys.kind), "x25519": keys.x25519.hex()}
            for keys in access_list.recovery
        ],
        "root": access_list.root,
        "users": [
            {
                "desk_number": user.desk_number,
                "ed25519": user.ed25519.hex() if user.ed25519 is not None else None,
                "id": user.id,
                "role": user.role,
                "x25519": user.x25519.hex(),
            }
            for user in access_list.users
        ],
        "vault": access_list.vault_id.hex(),
    }


def _parse_payload(payload: bytes) -> AccessList:
    found = members(
        canonical_value(payload, MAX_LIST_BYTES),
        *("dek_id", "device", "key_generation", "kind", "list", "practice", "previous"),
        *("r", "recovery", "root", "users", "vault"),
    )
    version = whole(found["list"], 1, MAX_VERSION)
    if (found["previous"] is None) != (version == 1):
        raise Malformed("CHAIN")
    access_list = AccessList(
        vault_id=hex_bytes(found["vault"], VAULT_ID_BYTES),
        version=version,
        previous=None if found["previous"] is None else hex_digest(found["previous"]),
        key_generation=whole(found["key_generation"], 1, MAX_VERSION),
        dek_id=hex_bytes(found["dek_id"], 32),
        kind=vault_kind(found["kind"]),
        practice=boolean(found["practice"]),
        device=_parse_device(found["device"]),
        r=_parse_sealed_class(found["r"]),
        recovery=items(found["recovery"], _parse_recovery, least=0, most=MAX_RECOVERY),
        users=items(found["users"], _parse_user, least=1, most=MAX_USERS),
        root=None if found["root"] is None else hex_digest(found["root"]),
    )
    _check_whole(access_list)
    return access_list


def _check_whole(access_list: AccessList) -> None:
    """Check what only the whole list shows: nobody twice, no key twice, somebody to sign the next list."""
    users, recovery = access_list.users, access_list.recovery
    check_distinct([user.id for user in users])
    check_distinct([user.desk_number for user in users])
    check_distinct(
        [user.x25519 for user in users]
        + [keys.x25519 for keys in recovery]
        + [access_list.device.x25519, *access_list.r.in_use]
    )
    check_distinct([*access_list.signers(), access_list.device.ed25519])
    if not any(user.role == SUPERVISOR for user in users):
        raise Malformed("NO_SUPERVISOR")


def vault_kind(value: JSONValue) -> VaultKind:
    """Read OFFICE or SECRETARIAT. Raises Malformed UNKNOWN."""
    return VaultKind(one_of(value, frozenset(VaultKind)))


def recovery_kind(value: JSONValue) -> RecoveryKind:
    """Read SHEET or SECRETARIAT. Raises Malformed UNKNOWN."""
    return RecoveryKind(one_of(value, frozenset(RecoveryKind)))


def _parse_device(value: JSONValue) -> Device:
    found = members(value, "code", "ed25519", "x25519")
    return Device(
        code=hex_bytes(found["code"], 16).hex(),
        ed25519=check_public_key(hex_bytes(found["ed25519"], 32)),
        x25519=check_recipient(hex_bytes(found["x25519"], 32)),
    )


def _parse_sealed_class(value: JSONValue) -> SealedClassKeys:
    found = members(value, "current", "held_by", "in_use")
    in_use = items(
        found["in_use"], lambda key: check_recipient(hex_bytes(key, 32)), least=1, most=MAX_SEALED_CLASS_KEYS
    )
    current = hex_bytes(found["current"], 32)
    if current not in in_use:
        raise Malformed("SEALED_CLASS")
    return SealedClassKeys(current=current, in_use=in_use, held_by=vault_kind(found["held_by"]))


def _parse_recovery(value: JSONValue) -> RecoveryKeys:
    found = members(value, "ed25519", "kind", "x25519")
    return RecoveryKeys(
        kind=recovery_kind(found["kind"]),
        x25519=check_recipient(hex_bytes(found["x25519"], 32)),
        ed25519=check_public_key(hex_bytes(found["ed25519"], 32)),
    )


def _parse_user(value: JSONValue) -> ListedUser:
    found = members(value, "desk_number", "ed25519", "id", "role", "x25519")
    role = found["role"]
    if not isinstance(role, str) or not _ROLE.fullmatch(role):
        raise Malformed("ROLE")
    if (found["ed25519"] is not None) != (role == SUPERVISOR):
        raise Malformed("ROLE")
    return ListedUser(
        id=user_id(found["id"]),
        desk_number=whole(found["desk_number"], 1, MAX_DESK_NUMBER),
        role=role,
        x25519=check_recipient(hex_bytes(found["x25519"], 32)),
        ed25519=None if found["ed25519"] is None else check_public_key(hex_bytes(found["ed25519"], 32)),
    )
