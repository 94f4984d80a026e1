"""The key header: what lies beside the vault file and leads from a sentence to its key.

`docs/formats.md` section 3. SHA-256 shows a damaged copy without any key; the HMAC shows, once the data key is known,
a header that was put together without it. Neither is a signature: the access lists carry those.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from desktop.crypto.access_list import MAX_LIST_BYTES, MAX_LISTS, MAX_RECOVERY, MAX_USERS, MAX_VERSION, VAULT_ID_BYTES
from desktop.crypto.encoding import Malformed, b64encode, canonical_json
from desktop.crypto.fields import canonical_value, check_distinct, hex_bytes, items, members, sealed_bytes, whole
from desktop.crypto.kdf import KDF_BOUNDS, KdfBounds, hkdf
from desktop.crypto.slots import RecoverySlot, UserSlot, parse_recovery_slot, parse_user_slot

MAGIC = b"RUFAAK1\n"
MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_SHEET_PIN_BYTES = 4 * 1024
MAX_SHEET_PINS = 8
_FAMILY = b"RUFAAK"  # what every version begins with
_DIGEST_BYTES = 32
_FIXED_BYTES = len(MAGIC) + 4 + 2 * _DIGEST_BYTES
MAX_HEADER_BYTES = MAX_BODY_BYTES + _FIXED_BYTES


@dataclass(frozen=True, repr=False)
class KeyHeader:
    """One edition of the header. Lists and sheet pins are signed envelopes, not verified here; oldest list first."""

    vault_id: bytes
    edit: int
    access_lists: tuple[bytes, ...]
    user_slots: tuple[UserSlot, ...]
    recovery_slots: tuple[RecoverySlot, ...]
    sheet_pins: tuple[bytes, ...]

    def slot(self, desk_number: int) -> UserSlot | None:
        """Return the slot of a desk number, or None."""
        return next((slot for slot in self.user_slots if slot.desk_number == desk_number), None)


@dataclass(frozen=True, repr=False)
class HeaderCopy:
    """A whole copy: its bytes, and what they say."""

    header: KeyHeader
    data: bytes

    def check_hmac(self, dek: bytes) -> None:
        """Refuse a header that was not closed under this data key. Raises Malformed HMAC."""
        covered, tag = self.data[: -2 * _DIGEST_BYTES], self.data[-2 * _DIGEST_BYTES : -_DIGEST_BYTES]
        if not hmac.compare_digest(_hmac(covered, dek, self.header.vault_id), tag):
            raise Malformed("HMAC")


def serialise(header: KeyHeader, dek: bytes, bounds: KdfBounds = KDF_BOUNDS) -> bytes:
    """Return the bytes of a copy; a header that `parse_header` would refuse is refused here.

    Raises:
        Malformed: With the reason `parse_header` gives.
    """
    body = canonical_json(
        {
            "access_lists": [b64encode(envelope) for envelope in header.access_lists],
            "edit": header.edit,
            "kdf_bounds": bounds.as_json(),
            "recovery_slots": [slot.as_json() for slot in header.recovery_slots],
            "sheet_pins": [b64encode(envelope) for envelope in header.sheet_pins],
            "user_slots": [slot.as_json() for slot in header.user_slots],
            "vault": header.vault_id.hex(),
            "version": 1,
        }
    )
    covered = MAGIC + len(body).to_bytes(4, "big") + body
    closed = covered + _hmac(covered, dek, header.vault_id)
    data = closed + hashlib.sha256(closed).digest()
    parse_header(data, bounds)
    return data


def parse_header(data: bytes, bounds: KdfBounds = KDF_BOUNDS) -> HeaderCopy:
    """Read one copy. The HMAC waits for the data key.

    Raises:
        Malformed: NEWER (whole, but of a later version), SHA256, LENGTH, KDF_BOUNDS or a field's reason.
    """
    if not _FIXED_BYTES < len(data) <= MAX_HEADER_BYTES:
        raise Malformed("LENGTH")
    if hashlib.sha256(data[:-_DIGEST_BYTES]).digest() != data[-_DIGEST_BYTES:]:
        raise Malformed("SHA256")
    if not data.startswith(MAGIC):
        raise Malformed("NEWER" if data.startswith(_FAMILY) else "MAGIC")
    if int.from_bytes(data[len(MAGIC) : len(MAGIC) + 4], "big") != len(data) - _FIXED_BYTES:
        raise Malformed("LENGTH")
    return HeaderCopy(_parse_body(data[len(MAGIC) + 4 : -2 * _DIGEST_BYTES], bounds), data)


def choose_copy(copies: Sequence[bytes | None], bounds: KdfBounds = KDF_BOUNDS) -> HeaderCopy:
    """Return the copy that counts: the higher edit among those that are whole. None stands for a missing copy.

    Raises:
        Malformed: NEWER, COPIES_DIFFER (two whole copies of one edit), or the first copy's reason when none is whole.
    """
    whole_copies: list[HeaderCopy] = []
    reasons: list[str] = []
    for data in copies:
        try:
            whole_copies.append(parse_header(data or b"", bounds))
        except Malformed as refusal:
            reasons.append(str(refusal))
    if "NEWER" in reasons or not whole_copies:
        raise Malformed("NEWER" if "NEWER" in reasons else reasons[0])
    best = max(whole_copies, key=lambda copy: copy.header.edit)
    if any(copy.header.edit == best.header.edit and copy.data != best.data for copy in whole_copies):
        raise Malformed("COPIES_DIFFER")
    return best


def desk_numbers(copies: Sequence[bytes | None], bounds: KdfBounds = KDF_BOUNDS) -> tuple[int, ...] | None:
    """Return which desk numbers have a slot, as far as that can be told before unlocking: None where no copy counts."""
    try:
        return tuple(slot.desk_number for slot in choose_copy(copies, bounds).header.user_slots)
    except Malformed:
        return None


def _hmac(covered: bytes, dek: bytes, vault_id: bytes) -> bytes:
    return hmac.digest(hkdf(dek, vault_id, "rufaa-header-v1"), covered, "sha256")


def _parse_body(body: bytes, bounds: KdfBounds) -> KeyHeader:
    found = members(
        canonical_value(body, MAX_BODY_BYTES),
        *("access_lists", "edit", "kdf_bounds", "recovery_slots", "sheet_pins", "user_slots", "vault", "version"),
    )
    whole(found["version"], 1, 1)
    if found["kdf_bounds"] != bounds.as_json():
        raise Malformed("KDF_BOUNDS")
    slots = items(found["user_slots"], lambda slot: parse_user_slot(slot, bounds), least=0, most=MAX_USERS)
    check_distinct([slot.user_id for slot in slots])
    check_distinct([slot.desk_number for slot in slots])
    recovery = items(found["recovery_slots"], parse_recovery_slot, least=0, most=MAX_RECOVERY)
    check_distinct([slot.keys.x25519 for slot in recovery])
    return KeyHeader(
        vault_id=hex_bytes(found["vault"], VAULT_ID_BYTES),
        edit=whole(found["edit"], 1, MAX_VERSION),
        access_lists=items(
            found["access_lists"], lambda envelope: sealed_bytes(envelope, MAX_LIST_BYTES), least=1, most=MAX_LISTS
        ),
        user_slots=slots,
        recovery_slots=recovery,
        sheet_pins=items(
            found["sheet_pins"],
            lambda envelope: sealed_bytes(envelope, MAX_SHEET_PIN_BYTES),
            least=0,
            most=MAX_SHEET_PINS,
        ),
    )
