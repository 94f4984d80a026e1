from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from desktop.crypto import fields
from desktop.crypto.encoding import Malformed, b64encode

ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda v: fields.members(v, "a", "b"), {"b": 1, "a": 2}, {"a": 2, "b": 1}),
        (lambda v: fields.hex_bytes(v, 2), "00ff", b"\x00\xff"),
        (fields.hex_digest, "ab" * 32, "ab" * 32),
        (lambda v: fields.whole(v, 1, 3), 3, 3),
        (fields.boolean, False, False),
        (lambda v: fields.one_of(v, frozenset({"A"})), "A", "A"),
        (lambda v: fields.sealed_bytes(v, 4), b64encode(b"1234"), b"1234"),
        (fields.user_id, ID, ID),
        (lambda v: fields.items(v, fields.boolean, least=0, most=2), [True, False], (True, False)),
        (lambda v: fields.canonical_value(v, 100), b'{"a":1,"b":2}', {"a": 1, "b": 2}),
    ],
)
def test_what_a_format_names_is_read(read: Callable[[Any], Any], value: object, expected: object) -> None:
    assert read(value) == expected


@pytest.mark.parametrize(
    ("read", "value", "reason"),
    [
        (lambda v: fields.members(v, "a"), {"a": 1, "b": 2}, "MEMBERS"),
        (lambda v: fields.members(v, "a", "b"), {"a": 1}, "MEMBERS"),
        (lambda v: fields.members(v, "a"), ["a"], "MEMBERS"),
        (lambda v: fields.hex_bytes(v, 2), "00FF", "HEX"),
        (lambda v: fields.hex_bytes(v, 2), "00f", "HEX"),
        (lambda v: fields.hex_bytes(v, 2), "00ff\n", "HEX"),
        (lambda v: fields.hex_bytes(v, 2), "0 ff", "HEX"),
        (lambda v: fields.hex_bytes(v, 2), 255, "HEX"),
        (lambda v: fields.whole(v, 0, 3), True, "RANGE"),
        (lambda v: fields.whole(v, 0, 3), 4, "RANGE"),
        (lambda v: fields.whole(v, 0, 3), -1, "RANGE"),
        (lambda v: fields.whole(v, 0, 3), "1", "RANGE"),
        (fields.boolean, 1, "TYPE"),
        (fields.boolean, None, "TYPE"),
        (lambda v: fields.one_of(v, frozenset({"A"})), "B", "UNKNOWN"),
        (lambda v: fields.one_of(v, frozenset({"A"})), ["A"], "UNKNOWN"),
        (lambda v: fields.sealed_bytes(v, 4), b64encode(b"12345"), "TOO_LONG"),
        (lambda v: fields.sealed_bytes(v, 4), "A" * 4000, "TOO_LONG"),
        (lambda v: fields.sealed_bytes(v, 4), "", "TOO_LONG"),
        (lambda v: fields.sealed_bytes(v, 4), "MTI", "BASE64"),
        (lambda v: fields.sealed_bytes(v, 4), None, "BASE64"),
        (fields.user_id, ID.upper(), "ID"),
        (fields.user_id, ID.replace("-", ""), "ID"),
        (fields.user_id, "{" + ID + "}", "ID"),
        (fields.user_id, ID.replace("-41d3-", "-11d3-"), "ID"),
        (fields.user_id, 7, "ID"),
        (lambda v: fields.items(v, fields.boolean, least=1, most=2), [], "COUNT"),
        (lambda v: fields.items(v, fields.boolean, least=1, most=2), [True] * 3, "COUNT"),
        (lambda v: fields.items(v, fields.boolean, least=0, most=2), {}, "COUNT"),
        (lambda v: fields.canonical_value(v, 100), b'{"b":2,"a":1}', "NOT_CANONICAL"),
        (lambda v: fields.canonical_value(v, 100), b'{"a": 1}', "NOT_CANONICAL"),
        (lambda v: fields.canonical_value(v, 5), b'{"a":1}', "TOO_LONG"),
    ],
)
def test_anything_else_is_refused_with_its_reason(read: Callable[[Any], Any], value: object, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        read(value)
    assert caught.value.args == (reason,)


def test_a_value_that_stands_twice_is_refused() -> None:
    fields.check_distinct([b"a", b"b"])
    with pytest.raises(Malformed, match="DUPLICATE"):
        fields.check_distinct([b"a", b"b", b"a"])
