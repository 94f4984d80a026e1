"""Byte encodings shared by every permanent format: length-prefixed hashes, canonical JSON, strict JSON and base64.

`docs/formats.md` section 1 is the text of these rules; change nothing here without a new version there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from types import NoneType
from typing import Any

JSONValue = Any  # str | int | bool | None | list | dict; recursive aliases cost more than they tell

MAX_DEPTH = 16
_MAX_DIGITS = 16
_SAFE_INTEGER = 2**53 - 1
_PLAIN = (str, bool, NoneType)
# Possessive, and a string that never ends is eaten to the end: otherwise a megabyte of escapes would take half an hour.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_LONG_NUMBER = re.compile(rb"[0-9.eE+-]{%d,}" % (_MAX_DIGITS + 2))


class Malformed(ValueError):
    """Foreign bytes break an encoding rule. The argument is a short reason code, never the content."""


def length_prefixed(*parts: bytes) -> bytes:
    """Join parts so that no two different lists give the same bytes: each behind its 4-byte big-endian length."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def tagged_sha256(label: str, *parts: bytes) -> bytes:
    """Return SHA-256 over the length-prefixed label and parts (32 bytes). `label` is `rufaa-<use>-v1`."""
    return hashlib.sha256(length_prefixed(label.encode("ascii"), *parts)).digest()


def sha256_hex(data: bytes) -> str:
    """Return the plain SHA-256 of `data` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def canonical_json(value: JSONValue) -> bytes:
    """Serialise by RFC 8785 (JCS) for our values: no floats, whole numbers within 2^53, ASCII member names.

    The standard library's writer gives the same bytes as JCS under these limits, 20 times faster than a library
    written in Python; `tests/unit/crypto/test_encoding.py` compares both.

    Raises:
        Malformed: A value outside the limits.
    """
    _check_value(value, 0)
    return _written(value)


def _written(value: JSONValue) -> bytes:
    """Write a value that is checked but for its texts, which are here."""
    try:
        return _WRITER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed("SURROGATE") from None


def _check_value(value: JSONValue, depth: int) -> None:
    """Check everything but texts. What a list or object holds plainly is not gone into: most values are that."""
    if isinstance(value, _PLAIN):
        return
    if isinstance(value, int):
        if abs(value) > _SAFE_INTEGER:
            raise Malformed("NUMBER")
        return
    if not isinstance(value, list | tuple | dict):
        raise Malformed("TYPE")
    if depth >= MAX_DEPTH:
        raise Malformed("DEPTH")
    if isinstance(value, dict):
        _check_names(value)
    for item in value.values() if isinstance(value, dict) else value:
        if not isinstance(item, _PLAIN):
            _check_value(item, depth + 1)


def _check_names(found: dict[str, JSONValue]) -> None:
    for name in found:
        if not isinstance(name, str) or not name.isascii():
            raise Malformed("NAME")


def _members(pairs: list[tuple[str, JSONValue]]) -> dict[str, JSONValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("DUPLICATE_NAME")
    _check_names(found)
    return found


def _whole(digits: str) -> int:
    value = int(digits)
    if abs(value) > _SAFE_INTEGER:
        raise Malformed("NUMBER")
    return value


def _refuse_constant(_: str) -> JSONValue:
    raise Malformed("NUMBER")


_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_READER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_whole, parse_float=_refuse_constant, parse_constant=_refuse_constant
)


def _check_nesting(skeleton: bytes) -> None:
    """Refuse JSON text without its strings that nests deeper than `MAX_DEPTH`, without building anything.

    Each pass takes the innermost pairs away; what is left after the last one is too deep, or was never closed.
    """
    brackets = skeleton.translate(_AS_SQUARE, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return
        fewer = brackets.replace(b"[]", b"")
        if len(fewer) == len(brackets):
            break
        brackets = fewer
    if brackets:
        balanced = brackets.count(b"[") == brackets.count(b"]")
        raise Malformed("DEPTH" if balanced or brackets.startswith(b"[" * (MAX_DEPTH + 1)) else "JSON")


def strict_json(data: bytes, *, limit_bytes: int) -> JSONValue:
    """Parse foreign JSON: UTF-8, bounded length and depth, no duplicate names, no floats, no lone surrogates.

    Raises:
        Malformed: With a reason code; the content is never part of it.
    """
    value = _read(data, limit_bytes)
    if b"\\u" in data:  # the only way to write a lone surrogate
        _written(value)
    return value


def strict_canonical_json(data: bytes, *, limit_bytes: int) -> JSONValue:
    """Parse foreign JSON as `strict_json` does, and only where it is spelled as `canonical_json` spells its value.

    Raises:
        Malformed: NOT_CANONICAL, or what `strict_json` raises.
    """
    value = _read(data, limit_bytes)
    if _written(value) != data:
        raise Malformed("NOT_CANONICAL")
    return value


def _read(data: bytes, limit_bytes: int) -> JSONValue:
    """Check each value while it is built, but for lone surrogates."""
    if len(data) > limit_bytes:
        raise Malformed("TOO_LONG")
    skeleton = _STRING.sub(b"", data)  # what is left decides depth and number length before anything is built
    _check_nesting(skeleton)
    if _LONG_NUMBER.search(skeleton):
        raise Malformed("NUMBER")
    try:
        return _READER.decode(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise Malformed("UTF8") from None
    except json.JSONDecodeError:
        raise Malformed("JSON") from None


def b64encode(data: bytes) -> str:
    """Encode as standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def b64decode(text: JSONValue) -> bytes:
    """Decode strict base64: the one spelling `b64encode` gives, nothing else. Raises Malformed."""
    if not isinstance(text, str):
        raise Malformed("BASE64")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("BASE64") from None
    if b64encode(data) != text:
        raise Malformed("BASE64")
    return data
