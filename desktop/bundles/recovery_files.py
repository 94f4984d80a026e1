"""The two files of recovery by the Secretariat: an office's request and the answer (docs/formats.md section 16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.bundles import frame
from desktop.bundles import members as m
from desktop.bundles.codes import RecoveryReason
from desktop.bundles.enrolment import PlainFile
from desktop.bundles.frame import SealedFile
from desktop.crypto.access_list import (
    MAX_DESK_NUMBER,
    MAX_LIST_BYTES,
    MAX_LISTS,
    MAX_SEALED_CLASS_KEYS,
    SUPERVISOR,
    ListedUser,
)
from desktop.crypto.encoding import JSONValue, Malformed, b64encode, canonical_json, sha256_hex
from desktop.crypto.fields import sealed_bytes
from desktop.crypto.signing import MAX_ENVELOPE_BYTES, peek_payload, sign_envelope, verify_envelope
from desktop.crypto.slots import RecoverySlot, parse_recovery_slot
from desktop.errors import NotTrusted

REQUEST_TYPE = "application/vnd.rufaa.recovery-request.v1+json"
ANSWER_TYPE = "application/vnd.rufaa.recovery-answer.v1+json"
REQUEST_LABEL = "rufaa-recovery-v1"
ANSWER_MAGIC = b"RUFAAV1\n"
MAX_REQUEST_BYTES = MAX_ENVELOPE_BYTES
MAX_ANSWER_BYTES = 256 * 1024
_LISTS_BUDGET_BYTES = 1024 * 1024  # twice in base64 they and the slot stay below the envelope's limit
_REQUEST_MEMBERS = frozenset(("access_lists", "desk_number", "ed25519", "made_at", "slot", "user", "vault", "x25519"))
_ANSWER_MEMBERS = frozenset(("access_list", "dek", "made_at", "r", "request", "vault"))


@dataclass(frozen=True)
class RecoveryRequest:
    """What an office asks with: its lists, oldest first, the Secretariat's slot, a fresh supervisor to be listed."""

    vault: bytes
    access_lists: tuple[bytes, ...] = field(repr=False)
    slot: RecoverySlot
    fresh: ListedUser
    made_at: str


@dataclass(frozen=True)
class OpenedRequest:
    """A request that fits its own signature. Whose it is, only digits and lists tell."""

    request: RecoveryRequest
    payload: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """SHA-256 of the payload: what the answer names."""
        return sha256_hex(self.payload)


@dataclass(frozen=True, repr=False)
class RecoveryAnswer:
    """The next list, and what the office's recovery slot held."""

    vault: bytes
    request: str
    access_list: bytes
    dek: bytes
    r: Mapping[bytes, bytes]
    made_at: str


def lists_that_fit(envelopes: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the newest lists that a request can carry, oldest first."""
    room, kept = _LISTS_BUDGET_BYTES, 0
    for envelope in reversed(envelopes[-MAX_LISTS:]):
        room -= len(envelope)
        if room < 0:
            break
        kept += 1
    return tuple(envelopes[len(envelopes) - kept :])


def make_request(request: RecoveryRequest, signing_key: Ed25519PrivateKey) -> PlainFile:
    """Return the request file, signed by the fresh key it names. Raises Malformed for what cannot be one."""
    payload = canonical_json(
        {
            "access_lists": [b64encode(envelope) for envelope in request.access_lists],
            "desk_number": request.fresh.desk_number,
            "ed25519": (request.fresh.ed25519 or b"").hex(),
            "made_at": request.made_at,
            "slot": request.slot.as_json(),
            "user": request.fresh.id,
            "vault": request.vault.hex(),
            "x25519": request.fresh.x25519.hex(),
        }
    )
    _parse_request(payload)
    return PlainFile(sign_envelope(REQUEST_TYPE, payload, signing_key), frame.file_name("Q"), payload)


def open_request(content: bytes) -> OpenedRequest:
    """Read a request file and check that the fresh key it names signed it.

    Raises:
        NotTrusted: RECOVERY_REQUEST_WRONG or DOCUMENT_NEWER.
    """
    try:
        if len(content) > MAX_REQUEST_BYTES:
            raise Malformed("TOO_LONG")
        request = _parse_request(peek_payload(content, REQUEST_TYPE))
        signed = verify_envelope(content, REQUEST_TYPE, (request.fresh.ed25519 or b"",))
    except Malformed:
        raise frame.refuse(content, REQUEST_TYPE, RecoveryReason.RECOVERY_REQUEST_WRONG) from None
    return OpenedRequest(request, signed.payload)


def _parse_request(payload: bytes) -> RecoveryRequest:
    found = m.members(m.document(payload, MAX_REQUEST_BYTES), _REQUEST_MEMBERS)
    return RecoveryRequest(
        vault=bytes.fromhex(m.hex_id(found["vault"])),
        access_lists=m.several(found["access_lists"], _list, 1, MAX_LISTS),
        slot=parse_recovery_slot(found["slot"]),
        fresh=ListedUser(
            id=m.uid(found["user"]),
            desk_number=m.whole(found["desk_number"], 1, MAX_DESK_NUMBER),
            role=SUPERVISOR,
            x25519=m.sealing_key(found["x25519"]),
            ed25519=m.signing_key(found["ed25519"]),
        ),
        made_at=m.moment(found["made_at"]),
    )


def make_answer(answer: RecoveryAnswer, signing_key: Ed25519PrivateKey, recipient: bytes) -> SealedFile:
    """Return the answer, signed by the Secretariat's recovery key and sealed to the fresh supervisor."""
    payload = canonical_json(
        {
            "access_list": b64encode(answer.access_list),
            "dek": answer.dek.hex(),
            "made_at": answer.made_at,
            "r": [{"private": private.hex(), "public": public.hex()} for public, private in answer.r.items()],
            "request": answer.request,
            "vault": answer.vault.hex(),
        }
    )
    _parse_answer(payload)
    return frame.seal_document("V", ANSWER_MAGIC, sign_envelope(ANSWER_TYPE, payload, signing_key), recipient)


def open_answer(content: bytes, secret: bytes, signers: tuple[bytes, ...]) -> RecoveryAnswer:
    """Open an answer; one of the recovery keys that the office's own list names must have signed it.

    Raises:
        NotTrusted: RECOVERY_ANSWER_NOT_FOR_US_OR_DAMAGED, RECOVERY_ANSWER_SIGNATURE_WRONG, RECOVERY_ANSWER_WRONG or
            DOCUMENT_NEWER.
    """
    try:
        if len(content) > MAX_ANSWER_BYTES:
            raise Malformed("TOO_LONG")
        plaintext, _ = frame.open_with_any(content, (secret,))
    except Malformed:
        raise NotTrusted(RecoveryReason.RECOVERY_ANSWER_NOT_FOR_US_OR_DAMAGED) from None
    try:
        envelope = frame.unframe_page(ANSWER_MAGIC, plaintext, MAX_ANSWER_BYTES)
    except Malformed:
        raise NotTrusted(RecoveryReason.RECOVERY_ANSWER_WRONG) from None
    try:
        signed = verify_envelope(envelope, ANSWER_TYPE, signers)
    except Malformed:
        raise frame.refuse(envelope, ANSWER_TYPE, RecoveryReason.RECOVERY_ANSWER_SIGNATURE_WRONG) from None
    try:
        return _parse_answer(signed.payload)
    except Malformed:
        raise NotTrusted(RecoveryReason.RECOVERY_ANSWER_WRONG) from None


def _parse_answer(payload: bytes) -> RecoveryAnswer:
    found = m.members(m.document(payload, MAX_ANSWER_BYTES), _ANSWER_MEMBERS)
    halves = m.several(found["r"], _half, 0, MAX_SEALED_CLASS_KEYS)
    m.distinct(tuple(public for public, _ in halves))
    return RecoveryAnswer(
        vault=bytes.fromhex(m.hex_id(found["vault"])),
        request=m.digest(found["request"]),
        access_list=_list(found["access_list"]),
        dek=bytes.fromhex(m.digest(found["dek"])),
        r=dict(halves),
        made_at=m.moment(found["made_at"]),
    )


def _list(value: JSONValue) -> bytes:
    return sealed_bytes(value, MAX_LIST_BYTES)


def _half(value: JSONValue) -> tuple[bytes, bytes]:
    found = m.members(value, frozenset(("private", "public")))
    return m.sealing_key(found["public"]), bytes.fromhex(m.digest(found["private"]))
