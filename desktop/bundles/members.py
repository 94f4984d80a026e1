"""Strict reading of the members of a JSON object: exactly the names expected, each of one type, within its range.

Every function returns the value in the type the program uses, or raises `Malformed("MEMBER")`. What a foreign
document holds is never part of the error.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from desktop.crypto.encoding import JSONValue, Malformed, b64decode, strict_canonical_json
from desktop.crypto.sealing import check_recipient
from desktop.crypto.signing import check_public_key

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

MAX_NUMBER = 2**53 - 1
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
# From 1970 on. `fromisoformat` says whether the day and the time are there, but reads other spellings as well.
_MOMENT = re.compile(r"(?:19[7-9]|[2-9][0-9]{2})[0-9](?:-[0-9]{2}){2}T(?:[01][0-9]|2[0-3])(?::[0-9]{2}){2}\.[0-9]{3}Z")
_COUNTY = re.compile(r"[0-9]{3}")
_ADDRESS = re.compile(r"https://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[1-9][0-9]{0,4})?(?:/[A-Za-z0-9._~/-]*)?")
_VERSION = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){2}")
_MAX_TEXT = 200
_MAX_ADDRESS = 500
_MAX_PORT = 65535


def _refuse() -> Malformed:
    return Malformed("MEMBER")


def _matching(pattern: re.Pattern[str], value: JSONValue) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _refuse()
    return value


def document(payload: bytes, limit_bytes: int) -> JSONValue:
    """Parse a canonical JSON document; any other spelling of the same value is refused."""
    return strict_canonical_json(payload, limit_bytes=limit_bytes)


def members(value: JSONValue, names: frozenset[str]) -> dict[str, JSONValue]:
    """Return an object that has exactly these members."""
    if not isinstance(value, dict) or value.keys() != names:
        raise _refuse()
    return value


def whole(value: JSONValue, low: int = 0, high: int = MAX_NUMBER) -> int:
    """Return a whole number within bounds, both included."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _refuse()
    return value


def positive(value: JSONValue) -> int:
    """Return a whole number of at least 1."""
    return whole(value, 1)


def truth(value: JSONValue) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise _refuse()
    return value


def text(value: JSONValue) -> str:
    """Return a label a person wrote: 1 to 200 characters, none of them a control or format character."""
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_TEXT:
        raise _refuse()
    if any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} for character in value):
        raise _refuse()
    return value


def code(value: JSONValue) -> str:
    """Return a code: ASCII letters, digits, point, hyphen, low line; at most 64."""
    return _matching(_CODE, value)


def name(value: JSONValue) -> str:
    """Return a field name as forms declare them."""
    return _matching(_NAME, value)


def county(value: JSONValue) -> str:
    """Return a county code, three digits."""
    return _matching(_COUNTY, value)


def version(value: JSONValue) -> str:
    """Return a program version, three numbers."""
    return _matching(_VERSION, value)


def address(value: JSONValue) -> str:
    """Return an https address: host, port, path; no credentials, query or fragment, at most 500 characters."""
    found = _matching(_ADDRESS, value)
    port = re.match(r"https://[^/:]*:([0-9]+)", found)
    if len(found) > _MAX_ADDRESS or (port is not None and int(port[1]) > _MAX_PORT):
        raise _refuse()
    return found


def uid(value: JSONValue) -> str:
    """Return a UUIDv4 in lower case with hyphens."""
    return _matching(_UUID4, value)


def hex_id(value: JSONValue) -> str:
    """Return 16 bytes as hex: a vault, a device, an incarnation."""
    return hexes(value, 16)


def digest(value: JSONValue) -> str:
    """Return a SHA-256 as hex."""
    return hexes(value, 32)


def hexes(value: JSONValue, size_bytes: int) -> str:
    """Return lower-case hex of exactly `size_bytes` bytes."""
    found = _matching(_HEX, value)
    if len(found) != 2 * size_bytes:
        raise _refuse()
    return found


def signing_key(value: JSONValue) -> bytes:
    """Return a raw Ed25519 public key; small-order and non-canonical ones are refused."""
    return check_public_key(bytes.fromhex(digest(value)))


def sealing_key(value: JSONValue) -> bytes:
    """Return a raw X25519 public key; low-order and non-canonical ones are refused."""
    return check_recipient(bytes.fromhex(digest(value)))


def moment(value: JSONValue) -> str:
    """Return a time in the one spelling `clock.stamp` writes."""
    found = _matching(_MOMENT, value)
    try:
        datetime.fromisoformat(found)
    except ValueError:
        raise _refuse() from None
    return found


def envelope(value: JSONValue) -> bytes:
    """Return bytes carried as strict base64."""
    return b64decode(value)


def optional(value: JSONValue, check: Callable[[JSONValue], T]) -> T | None:
    """Return None for null, else what `check` returns."""
    return None if value is None else check(value)


def several(value: JSONValue, check: Callable[[JSONValue], T], low: int, high: int) -> tuple[T, ...]:
    """Return the items of an array, each checked; the array holds `low` to `high` of them."""
    if not isinstance(value, list) or not low <= len(value) <= high:
        raise _refuse()
    return tuple(check(item) for item in value)


def distinct(items: tuple[T, ...]) -> tuple[T, ...]:
    """Return the items if no two are equal."""
    if len(set(items)) != len(items):
        raise _refuse()
    return items


def one_of(value: JSONValue, codes: type[E]) -> E:
    """Return the member of a code enumeration that the value names."""
    for member in codes:
        if member.value == value:
            return member
    raise _refuse()
