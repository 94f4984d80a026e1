"""Strict readers for the members of parsed JSON: exact names, exact types, exact lengths.

`strict_json` refuses what is not JSON of ours; these refuse what is not the value a format names. A boolean never
passes for a number, upper-case hex never for lower-case, and no member is unknown or absent.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from desktop.crypto.encoding import JSONValue, Malformed, b64decode, canonical_json, strict_json

_HEX = re.compile(r"(?:[0-9a-f]{2})+", re.ASCII)
_Item = TypeVar("_Item")


def canonical_value(data: bytes, limit_bytes: int) -> JSONValue:
    """Parse JSON that must be in its canonical spelling. Raises Malformed, NOT_CANONICAL for another spelling."""
    value = strict_json(data, limit_bytes=limit_bytes)
    if canonical_json(value) != data:
        raise Malformed("NOT_CANONICAL")
    return value


def members(value: JSONValue, *names: str) -> dict[str, Any]:
    """Return `value` if it is an object with exactly these members. Raises Malformed MEMBERS."""
    if not isinstance(value, dict) or value.keys() != set(names):
        raise Malformed("MEMBERS")
    return value


def hex_bytes(value: JSONValue, length: int) -> bytes:
    """Read `length` bytes from lower-case hex. Raises Malformed HEX."""
    if not isinstance(value, str) or len(value) != 2 * length or not _HEX.fullmatch(value):
        raise Malformed("HEX")
    return bytes.fromhex(value)


def hex_digest(value: JSONValue) -> str:
    """Read a SHA-256 and leave it as its 64 lower-case hex digits. Raises Malformed HEX."""
    return hex_bytes(value, 32).hex()


def whole(value: JSONValue, least: int, most: int) -> int:
    """Read a whole number within the bounds, both included. Raises Malformed RANGE."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Malformed("RANGE")
    return value


def boolean(value: JSONValue) -> bool:
    """Read `true` or `false`. Raises Malformed TYPE."""
    if not isinstance(value, bool):
        raise Malformed("TYPE")
    return value


def one_of(value: JSONValue, allowed: frozenset[str]) -> str:
    """Read a text that must be one of those allowed. Raises Malformed UNKNOWN."""
    if not isinstance(value, str) or value not in allowed:
        raise Malformed("UNKNOWN")
    return value


def sealed_bytes(value: JSONValue, limit_bytes: int) -> bytes:
    """Read strict base64 of at most `limit_bytes`. Raises Malformed."""
    if isinstance(value, str) and len(value) > 4 * (limit_bytes + 2) // 3 + 4:
        raise Malformed("TOO_LONG")
    data = b64decode(value)
    if not 1 <= len(data) <= limit_bytes:
        raise Malformed("TOO_LONG")
    return data


def user_id(value: JSONValue) -> str:
    """Read a UUIDv4 in lower case with hyphens. Raises Malformed ID."""
    try:
        parsed = uuid.UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise Malformed("ID") from None
    if str(parsed) != value or parsed.version != 4:
        raise Malformed("ID")
    return str(parsed)


def items(value: JSONValue, read: Callable[[JSONValue], _Item], *, least: int, most: int) -> tuple[_Item, ...]:
    """Read an array with a bounded number of items. Raises Malformed COUNT."""
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise Malformed("COUNT")
    return tuple(read(item) for item in value)


def check_distinct(values: list[Any] | tuple[Any, ...]) -> None:
    """Refuse a value that stands twice. Raises Malformed DUPLICATE."""
    if len(set(values)) != len(values):
        raise Malformed("DUPLICATE")
