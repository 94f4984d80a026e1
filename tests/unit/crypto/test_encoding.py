from __future__ import annotations

import contextlib
import hashlib
import json
import time
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from desktop.crypto import encoding
from desktop.crypto.encoding import Malformed

SAFE = 2**53 - 1
LIMIT = 1_000_000
names = st.text(st.characters(max_codepoint=127), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-SAFE, SAFE) | st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(names, inner, max_size=5), max_leaves=25
)


@given(values)
def test_canonical_json_is_byte_for_byte_that_of_an_rfc_8785_library(value: Any) -> None:
    assert encoding.canonical_json(value) == rfc8785.dumps(value)


@given(values)
def test_what_was_written_is_read_back_strictly(value: Any) -> None:
    assert encoding.strict_json(encoding.canonical_json(value), limit_bytes=LIMIT) == value


def test_canonical_json_gives_the_strings_of_rfc_8785() -> None:
    # Section 3.2.2 of the RFC, the string of its example.
    text = '\u20ac$\u000f\nA\'B"\\\\"/'
    assert encoding.canonical_json(text) == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'


def test_tuples_are_written_as_arrays() -> None:
    assert encoding.canonical_json((1, "a")) == b'[1,"a"]'


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1.0, "TYPE"),
        (json.loads(b"[" * 18 + b"]" * 18), "DEPTH"),
        (float("nan"), "TYPE"),
        (b"bytes", "TYPE"),
        ({1: 2}, "NAME"),
        ({"jina la mtu ŋ": 2}, "NAME"),
        (SAFE + 1, "NUMBER"),
        (-SAFE - 1, "NUMBER"),
        ("\ud800", "SURROGATE"),
        ({"a": ["\udfff"]}, "SURROGATE"),
    ],
)
def test_values_outside_our_json_are_not_written(value: object, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        encoding.canonical_json(value)
    assert caught.value.args == (reason,)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b'{"a":1}x', "JSON"),
        (b"'a'", "JSON"),
        (b'{"a":1,"a":1}', "DUPLICATE_NAME"),
        (b'{"b":{"a":1,"a":2}}', "DUPLICATE_NAME"),
        (b'{"a":1,"\\u0061":1}', "DUPLICATE_NAME"),
        (b"1.0", "NUMBER"),
        (b"1e3", "NUMBER"),
        (b"NaN", "NUMBER"),
        (b"[-Infinity]", "NUMBER"),
        (b"9007199254740992", "NUMBER"),
        (b"1" * 200, "NUMBER"),
        (b"\xff", "UTF8"),
        (b'"\xed\xa0\x80"', "UTF8"),
        (b'"\\ud800"', "SURROGATE"),
        (b'{"\\u00e9":1}', "NAME"),
        (nested(encoding.MAX_DEPTH + 1), "DEPTH"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, "DEPTH"),
        (b" " * (LIMIT + 1), "TOO_LONG"),
    ],
)
def test_foreign_json_outside_the_rules_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as caught:
        encoding.strict_json(data, limit_bytes=LIMIT)
    assert caught.value.args == (reason,)


@given(values)
def test_only_the_canonical_spelling_is_read_as_canonical(value: Any) -> None:
    written = encoding.canonical_json(value)
    assert encoding.strict_canonical_json(written, limit_bytes=LIMIT) == value
    with pytest.raises(Malformed, match="NOT_CANONICAL"):
        encoding.strict_canonical_json(b" " + written, limit_bytes=LIMIT)


def test_lone_surrogates_are_refused_in_both_readings_and_pairs_are_no_surrogates() -> None:
    for read in (encoding.strict_json, encoding.strict_canonical_json):
        for data in (b'"\\uD800"', b'{"a":["\\udfff\\ud800"]}'):
            with pytest.raises(Malformed, match="SURROGATE"):
                read(data, limit_bytes=LIMIT)
    assert encoding.strict_json(b'"\\ud83d\\ude00"', limit_bytes=LIMIT) == "\N{GRINNING FACE}"


@pytest.mark.parametrize("value", [{"a": [{"b": 1.5}]}, [[2**53]], {"a": {"ŋ": 1}}, ({"a": b""},)])
def test_values_deep_inside_are_checked_when_they_are_written(value: Any) -> None:
    with pytest.raises(Malformed):
        encoding.canonical_json(value)


def test_the_deepest_permitted_nesting_is_read() -> None:
    assert encoding.canonical_json(json.loads(nested(16))) == nested(16)
    assert encoding.strict_json(nested(16), limit_bytes=LIMIT) == json.loads(nested(16))


def test_brackets_and_digits_inside_strings_do_not_count() -> None:
    text = "[" * 50 + "9" * 50 + '\\"' + "]" * 20
    assert encoding.strict_json(json.dumps(text).encode(), limit_bytes=LIMIT) == text


@pytest.mark.parametrize(
    "data",
    [b"[" * LIMIT, b"9" * LIMIT, b'"' * LIMIT, b'"\\' * (LIMIT // 2), b"{" * LIMIT, b"[]," * (LIMIT // 3)],
    ids=["brackets", "digits", "quotes", "escapes", "braces", "pairs"],
)
def test_hostile_json_is_refused_within_a_second(data: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(Malformed):
        encoding.strict_json(data, limit_bytes=LIMIT)
    assert time.process_time() - begun < 1


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_but_never_crash(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        encoding.strict_json(data, limit_bytes=LIMIT)


@given(st.lists(st.binary(max_size=20), max_size=5), st.lists(st.binary(max_size=20), max_size=5))
def test_different_lists_of_parts_never_give_the_same_bytes(first: list[bytes], second: list[bytes]) -> None:
    assert (encoding.length_prefixed(*first) == encoding.length_prefixed(*second)) == (first == second)


def test_a_tagged_hash_is_sha256_over_label_and_parts_with_their_lengths() -> None:
    joined = b"\0\0\0\x0drufaa-test-v1" + b"\0\0\0\x01a" + b"\0\0\0\0"
    assert encoding.tagged_sha256("rufaa-test-v1", b"a", b"") == hashlib.sha256(joined).digest()


@given(st.binary(max_size=100))
def test_base64_leads_back(data: bytes) -> None:
    assert encoding.b64decode(encoding.b64encode(data)) == data


@pytest.mark.parametrize("text", ["QQ", "QR==", "QQ==\n", " QQ==", "Q-_=", "QQ===", "Q", 5, None, b"QQ=="])
def test_base64_has_one_spelling(text: object) -> None:
    with pytest.raises(Malformed, match="BASE64"):
        encoding.b64decode(text)
