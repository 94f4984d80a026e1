"""The Secretariat's signed answer to a bundle (docs/formats.md section 8)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.bundles import frame
from desktop.bundles import members as m
from desktop.bundles.codes import ReceiptReason
from desktop.bundles.roster import Roster
from desktop.crypto.encoding import JSONValue, Malformed, canonical_json, sha256_hex, tagged_sha256
from desktop.crypto.signing import MAX_ENVELOPE_BYTES, sign_envelope, verify_envelope
from desktop.errors import NotTrusted

RECEIPT_TYPE = "application/vnd.rufaa.receipt.v1+json"
RECEIPT_MAGIC = b"RUFAAA1\n"
MAX_RECEIPT_FILE_BYTES = 4 * 1024 * 1024
MAX_MISSING = 100
MAX_RETURNED = 5_000
_MAX_LINE = 20_000
_HASH_BYTES = 32
_MEMBERS = frozenset(
    (
        "bundle",
        "bundle_sha256",
        "device",
        "incarnation",
        "journal",
        "ledger_head",
        "min_app",
        "missing",
        "next_sequence",
        "outcome",
        "practice",
        "reason",
        "received_at",
        "returned",
        "roster_version",
        "sequence",
        "taken",
    )
)


class Outcome(StrEnum):
    """What became of a bundle: taken, sent back, waiting for an earlier one, or taken and in doubt."""

    RECEIVED = "RECEIVED"
    RETURNED = "RETURNED"
    HELD = "HELD"
    DISPUTED = "DISPUTED"


@dataclass(frozen=True)
class JournalMark:
    """The journal entry the Secretariat has anchored: number and hash; 0 and zeros for none."""

    count: int
    head: str


@dataclass(frozen=True)
class Returned:
    """One record sent back. `line` counts from 1; id and revision are None where the line did not tell them."""

    line: int
    id: str | None
    rev: int | None
    reason: str


@dataclass(frozen=True)
class Receipt:
    """Everything a receipt says. `ledger_head` is the intake ledger's head before this receipt's own entry."""

    bundle: str
    bundle_sha256: str
    device: str
    incarnation: str
    journal: JournalMark
    ledger_head: str
    min_app: str
    missing: tuple[int, ...]
    next_sequence: int
    outcome: Outcome
    practice: bool
    reason: str | None
    received_at: str
    returned: tuple[Returned, ...]
    roster_version: int
    sequence: int
    taken: int


@dataclass(frozen=True)
class SealedReceipt:
    """A receipt sealed to its device. These bytes are kept and given again for the same bundle."""

    content: bytes = field(repr=False)
    file_name: str
    sha256: str
    payload: bytes = field(repr=False)
    payload_sha256: str


@dataclass(frozen=True)
class OpenedReceipt:
    """A verified receipt."""

    receipt: Receipt
    payload_sha256: str


def receipt_payload(receipt: Receipt) -> bytes:
    """Return the canonical payload. Raises Malformed for what `parse_receipt` would refuse."""
    values = {name: getattr(receipt, name) for name in _MEMBERS}
    values["journal"] = {"count": receipt.journal.count, "head": receipt.journal.head}
    values["returned"] = [
        {"id": item.id, "line": item.line, "reason": item.reason, "rev": item.rev} for item in receipt.returned
    ]
    body = canonical_json(values)
    parse_receipt(body)
    return body


def parse_receipt(payload: bytes) -> Receipt:
    """Read a receipt's payload. Raises Malformed."""
    found = m.members(m.document(payload, MAX_ENVELOPE_BYTES), _MEMBERS)
    missing = m.several(found["missing"], m.positive, 0, MAX_MISSING)
    if list(missing) != sorted(set(missing)):
        raise Malformed("MEMBER")
    returned = m.several(found["returned"], _returned, 0, MAX_RETURNED)
    m.distinct(tuple(item.line for item in returned))
    return Receipt(
        bundle=m.uid(found["bundle"]),
        bundle_sha256=m.digest(found["bundle_sha256"]),
        device=m.hex_id(found["device"]),
        incarnation=m.hex_id(found["incarnation"]),
        journal=_journal(found["journal"]),
        ledger_head=m.digest(found["ledger_head"]),
        min_app=m.version(found["min_app"]),
        missing=missing,
        next_sequence=m.positive(found["next_sequence"]),
        outcome=m.one_of(found["outcome"], Outcome),
        practice=m.truth(found["practice"]),
        reason=m.optional(found["reason"], m.code),
        received_at=m.moment(found["received_at"]),
        returned=returned,
        roster_version=m.positive(found["roster_version"]),
        sequence=m.positive(found["sequence"]),
        taken=m.whole(found["taken"], 0, _MAX_LINE),
    )


def _journal(value: JSONValue) -> JournalMark:
    found = m.members(value, frozenset(("count", "head")))
    return JournalMark(m.whole(found["count"]), m.digest(found["head"]))


def _returned(value: JSONValue) -> Returned:
    found = m.members(value, frozenset(("id", "line", "reason", "rev")))
    return Returned(
        line=m.whole(found["line"], 1, _MAX_LINE),
        id=m.optional(found["id"], m.uid),
        rev=m.optional(found["rev"], m.positive),
        reason=m.code(found["reason"]),
    )


def make_receipt(receipt: Receipt, signing_key: Ed25519PrivateKey, recipient: bytes) -> SealedReceipt:
    """Sign a receipt by a receipt key of the roster and seal it to the device's receiving key."""
    payload = receipt_payload(receipt)
    sealed = frame.seal_document("A", RECEIPT_MAGIC, sign_envelope(RECEIPT_TYPE, payload, signing_key), recipient)
    return SealedReceipt(sealed.content, sealed.file_name, sealed.sha256, payload, sha256_hex(payload))


def open_receipt(
    content: bytes, *, secrets: tuple[bytes, ...], roster: Roster, device: str, practice: bool
) -> OpenedReceipt:
    """Open and verify a receipt for this device; which bundle it answers, the caller matches by hash.

    Raises:
        NotTrusted: With a `ReceiptReason`, or DOCUMENT_NEWER.
    """
    try:
        if len(content) > MAX_RECEIPT_FILE_BYTES:
            raise Malformed("TOO_LONG")
        plaintext, _ = frame.open_with_any(content, secrets)
    except Malformed:
        raise NotTrusted(ReceiptReason.RECEIPT_NOT_FOR_US_OR_DAMAGED) from None
    return read_receipt(plaintext, roster=roster, device=device, practice=practice)


def read_receipt(plaintext: bytes, *, roster: Roster, device: str, practice: bool) -> OpenedReceipt:
    """Verify the plaintext of a receipt. Raises NotTrusted with a `ReceiptReason`, or DOCUMENT_NEWER."""
    try:
        envelope = frame.unframe_page(RECEIPT_MAGIC, plaintext)
    except Malformed:
        raise NotTrusted(ReceiptReason.RECEIPT_FRAME_WRONG) from None
    try:
        signed = verify_envelope(envelope, RECEIPT_TYPE, roster.receipt_keys)
    except Malformed:
        raise frame.refuse(envelope, RECEIPT_TYPE, ReceiptReason.RECEIPT_SIGNATURE_WRONG) from None
    try:
        receipt = parse_receipt(signed.payload)
    except Malformed:
        raise NotTrusted(ReceiptReason.RECEIPT_CONTENT_WRONG) from None
    if receipt.device != device:
        raise NotTrusted(ReceiptReason.RECEIPT_FOR_ANOTHER_DEVICE)
    if receipt.practice != practice:
        raise NotTrusted(ReceiptReason.RECEIPT_PRACTICE_MISMATCH)
    return OpenedReceipt(receipt, sha256_hex(signed.payload))


def ledger_hash(n: int, previous: str | None, bundle_sha256: str, receipt_payload_sha256: str) -> str:
    """Return the hash of entry `n` of the intake ledger; `previous` is None for the first."""
    return tagged_sha256(
        "rufaa-ledger-v1",
        n.to_bytes(8, "big"),
        bytes.fromhex(previous) if previous else bytes(_HASH_BYTES),
        bytes.fromhex(bundle_sha256),
        bytes.fromhex(receipt_payload_sha256),
    ).hex()
