"""The frame inside every sealed file: magic line, 4-byte length, envelope, the rest; and neutral file names."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

from desktop.bundles.codes import NewerReason
from desktop.crypto.encoding import Malformed, sha256_hex, strict_json
from desktop.crypto.sealing import open_sealed, seal
from desktop.crypto.signing import MAX_ENVELOPE_BYTES
from desktop.errors import NotTrusted

AGE_MAGIC = b"age-encryption.org/v1\n"
PAGE_BYTES = 4096
_HEADER_BYTES = 4096  # the bundle with the most recipients needs less than half of it
_HEADER_END = b"\n--- "
_LENGTH_BYTES = 4


def neutral_name(letter: str) -> str:
    """Return a random name such as `R-7QK2MZ4DWA`. It tells the kind of file and no more (threat-model A3)."""
    return f"{letter}-{base64.b32encode(secrets.token_bytes(7)).decode('ascii')[:10]}"


def file_name(letter: str) -> str:
    """Return a random name for a file that Rufaa opens, such as `R-7QK2MZ4DWA.rufaa`."""
    return f"{neutral_name(letter)}.rufaa"


def frame(magic: bytes, envelope: bytes) -> bytes:
    """Return magic, length and envelope."""
    return magic + len(envelope).to_bytes(_LENGTH_BYTES, "big") + envelope


def frame_to_page(magic: bytes, envelope: bytes) -> bytes:
    """Return the frame filled with zero bytes to whole pages of 4,096: small documents look alike on the line."""
    framed = frame(magic, envelope)
    return framed + bytes(-len(framed) % PAGE_BYTES)


def unframe(magic: bytes, plaintext: bytes, limit_bytes: int = MAX_ENVELOPE_BYTES) -> tuple[bytes, int]:
    """Return the envelope, at most `limit_bytes` long, and the offset behind it.

    Raises:
        Malformed: FRAME.
    """
    start = len(magic) + _LENGTH_BYTES
    if not plaintext.startswith(magic) or len(plaintext) < start:
        raise Malformed("FRAME")
    length = int.from_bytes(plaintext[len(magic) : start], "big")
    if length > limit_bytes or start + length > len(plaintext):
        raise Malformed("FRAME")
    return plaintext[start : start + length], start + length


def unframe_page(magic: bytes, plaintext: bytes, limit_bytes: int = MAX_ENVELOPE_BYTES) -> bytes:
    """Return the envelope of a document filled to whole pages. Raises Malformed FRAME."""
    envelope, end = unframe(magic, plaintext, limit_bytes)
    if len(plaintext) != end + -end % PAGE_BYTES or not is_zero(plaintext, end):
        raise Malformed("FRAME")
    return envelope


def is_zero(data: bytes, start: int) -> bool:
    """Say whether everything from `start` on is zero bytes."""
    return data.count(b"\0", start) == len(data) - start


def open_with_any(content: bytes, keys: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """Open an age file with the first private key that fits; return the plaintext and that key.

    Raises:
        Malformed: HEADER or NOT_FOR_US_OR_DAMAGED.
    """
    _check_header(content)
    for secret in keys:
        try:
            return open_sealed(content, secret), secret
        except Malformed:
            continue
    raise Malformed("NOT_FOR_US_OR_DAMAGED")


def _check_header(content: bytes) -> None:
    """Refuse an age file whose header is long before anything parses it: the time for that grows with its square.

    The armoured form is refused too; nobody of ours writes it.
    """
    if not content.startswith(AGE_MAGIC) or content.find(_HEADER_END, 0, _HEADER_BYTES) < 0:
        raise Malformed("HEADER")


def is_newer(envelope: bytes, payload_type: str) -> bool:
    """Say whether an envelope that was not accepted holds a document of this kind in a later version than ours."""
    kind, _, _ = payload_type.partition(".v1+json")
    try:
        found = strict_json(envelope, limit_bytes=MAX_ENVELOPE_BYTES)
    except Malformed:
        return False
    named = found.get("payloadType") if isinstance(found, dict) else None
    return isinstance(named, str) and bool(re.fullmatch(re.escape(kind) + r"\.v(?:[2-9]|[1-9][0-9]{1,3})\+json", named))


def refuse(envelope: bytes, payload_type: str, otherwise: StrEnum) -> NotTrusted:
    """Return the refusal of an envelope that was not accepted: DOCUMENT_NEWER, or the reason given."""
    return NotTrusted(NewerReason.DOCUMENT_NEWER if is_newer(envelope, payload_type) else otherwise)


@dataclass(frozen=True)
class SealedFile:
    """A sealed document ready to be written under its neutral name."""

    content: bytes = field(repr=False)
    file_name: str
    sha256: str


def seal_document(letter: str, magic: bytes, envelope: bytes, recipient: bytes) -> SealedFile:
    """Seal a document of whole pages to one receiver."""
    content = seal(frame_to_page(magic, envelope), recipient)
    return SealedFile(content, file_name(letter), sha256_hex(content))
