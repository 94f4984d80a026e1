"""age v1 with X25519 recipients: raw keys in and out, and the purpose line that opens every sealed plaintext.

pyrage knows keys only in age's bech32 spelling; the conversion from raw bytes is BIP-173, encode side only.
"""

from __future__ import annotations

import io
import os

import pyrage
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from desktop.crypto.encoding import Malformed, canonical_json, strict_json

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_READ_BYTES = 64 * 1024
_MAX_PURPOSE_BYTES = 1024
_LOW_ORDER = frozenset(
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)


def generate_secret() -> bytes:
    """Return a fresh X25519 private key, 32 raw bytes."""
    return os.urandom(32)


def public_key(secret: bytes) -> bytes:
    """Return the X25519 public key of a raw private key."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def check_recipient(raw: bytes) -> bytes:
    """Return `raw` if it is a usable X25519 public key; raise Malformed for low-order or non-canonical points."""
    if len(raw) != 32:
        raise Malformed("KEY")
    u = raw[:31] + bytes([raw[31] & 0x7F])
    if u in _LOW_ORDER or int.from_bytes(raw, "little") >= 2**255 - 19:
        raise Malformed("KEY")
    return raw


def age_recipient(raw: bytes) -> str:
    """Return a raw public key in age's spelling, `age1…`."""
    return _bech32("age", check_recipient(raw))


def recipient_key(text: str) -> bytes:
    """Return the raw public key that somebody typed in age's spelling. Raises Malformed KEY when it is none."""
    typed = text.strip().lower()
    raw = _unspelt(typed, "age1")
    # Spelt again it must be what was typed: so prefix, signs, filling and check signs are compared at once.
    if age_recipient(raw) != typed:
        raise Malformed("KEY")
    return raw


def identity_secret(text: str) -> bytes:
    """Return the raw private key of an identity in age's spelling. Raises Malformed KEY when it is none."""
    typed = text.strip().lower()
    raw = _unspelt(typed, "age-secret-key-1")
    if age_identity(raw).lower() != typed:
        raise Malformed("KEY")
    return raw


def _unspelt(typed: str, prefix: str) -> bytes:
    signs = typed.removeprefix(prefix)[:-6]  # the last six are the check signs
    if len(signs) != 52:
        raise Malformed("KEY")
    value = 0
    for sign in signs:
        value = value << 5 | max(0, _CHARSET.find(sign))
    return (value >> 4).to_bytes(32, "big")  # 52 signs hold four bits more than 32 bytes


def age_identity(secret: bytes) -> str:
    """Return a raw private key in age's spelling, `AGE-SECRET-KEY-1…`. For the program `age` and for pyrage only."""
    return _bech32("age-secret-key-", secret).upper()


def seal(plaintext: bytes, *recipients: bytes) -> bytes:
    """Seal bytes to raw X25519 public keys as an age file.

    The reader and writer are Python objects so that other threads keep running: the library's own file call holds
    the interpreter for its whole length.
    """
    if not recipients:
        raise ValueError("no recipient")
    target = io.BytesIO()
    keys = [pyrage.x25519.Recipient.from_str(age_recipient(raw)) for raw in recipients]
    pyrage.encrypt_io(_Reader(plaintext), target, keys)
    return target.getvalue()


def open_sealed(sealed: bytes, secret: bytes) -> bytes:
    """Open an age file with a raw X25519 private key; all of it or nothing.

    Raises:
        Malformed: NOT_FOR_US_OR_DAMAGED. age does not tell a wrong key from a changed byte, and neither do we.
    """
    target = io.BytesIO()
    try:
        pyrage.decrypt_io(_Reader(sealed), target, [pyrage.x25519.Identity.from_str(age_identity(secret))])
    except (pyrage.DecryptError, OSError, ValueError, EOFError):
        raise Malformed("NOT_FOR_US_OR_DAMAGED") from None
    return target.getvalue()


def with_purpose(body: bytes, **purpose: str | int) -> bytes:
    """Put the purpose line (canonical JSON and a line feed) before what is to be sealed (threat-model 5.2)."""
    return canonical_json(purpose) + b"\n" + body


def without_purpose(plaintext: bytes, **expected: str | int) -> bytes:
    """Return the body behind the purpose line, which must be exactly the expected one. Raises Malformed PURPOSE."""
    line, separator, body = plaintext.partition(b"\n")
    if not separator or len(line) > _MAX_PURPOSE_BYTES:
        raise Malformed("PURPOSE")
    if strict_json(line, limit_bytes=_MAX_PURPOSE_BYTES) != expected or canonical_json(expected) != line:
        raise Malformed("PURPOSE")
    return body


class _Reader(io.RawIOBase):
    """Hands out bytes in small pieces, so that the interpreter is released between them."""

    def __init__(self, data: bytes) -> None:
        self._view = memoryview(data)
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        step = _READ_BYTES if size < 0 else min(size, _READ_BYTES)
        piece = self._view[self._at : self._at + step]
        self._at += len(piece)
        return bytes(piece)


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for index in range(5):
            check ^= _GENERATOR[index] if top >> index & 1 else 0
    return check


def _bech32(prefix: str, data: bytes) -> str:
    bits = int.from_bytes(data, "big") << (-len(data) * 8 % 5)
    count = (len(data) * 8 + 4) // 5
    words = [bits >> 5 * (count - 1 - index) & 31 for index in range(count)]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = _polymod([*expanded, *words, 0, 0, 0, 0, 0, 0]) ^ 1
    words += [check >> 5 * (5 - index) & 31 for index in range(6)]
    return prefix + "1" + "".join(_CHARSET[word] for word in words)
