from __future__ import annotations

import re
from typing import Any

import pytest

from desktop.bundles.enrolment import (
    ENROLMENT_LABEL,
    ENROLMENT_TYPE,
    MAX_ENROLMENT_BYTES,
    ROOT_LABEL,
    digits,
    enrolment_payload,
    make_enrolment,
    open_enrolment,
    same_digits,
)
from desktop.crypto.encoding import Malformed, canonical_json, strict_json, tagged_sha256
from desktop.crypto.signing import sign_envelope
from desktop.errors import NotTrusted, Obstacle
from tests.unit.bundles import world

SMALL_ORDER = (
    "00" * 32,
    "01" + "00" * 31,
    "01" + "00" * 30 + "80",
    "ec" + "ff" * 30 + "7f",
    "ed" + "ff" * 30 + "7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
)


def refused(content: bytes) -> bool:
    with pytest.raises(NotTrusted) as error:
        open_enrolment(content)
    return error.value.code == "ENROLMENT_WRONG"


def test_enrolment_comes_back_member_by_member() -> None:
    made = make_enrolment(world.enrolment(), world.DEVICE_KEY)
    opened = open_enrolment(made.content)
    assert (opened.enrolment, opened.payload) == (world.enrolment(), made.payload)
    assert re.fullmatch(r"E-[A-Z2-7]{10}\.rufaa", made.file_name)


def test_only_the_key_it_names_may_sign_it_and_only_once() -> None:
    payload = enrolment_payload(world.enrolment())
    assert refused(sign_envelope(ENROLMENT_TYPE, payload, world.signer("stranger")))
    assert refused(sign_envelope(ENROLMENT_TYPE, payload, world.DEVICE_KEY, world.signer("stranger")))
    assert refused(sign_envelope("application/vnd.rufaa.bundle.v1+json", payload, world.DEVICE_KEY))
    assert refused(b"x" * (MAX_ENROLMENT_BYTES + 1))
    assert refused(b"")


@pytest.mark.parametrize(
    "change",
    [
        *({"ed25519": key} for key in SMALL_ORDER),
        {"x25519": "00" * 32},
        {"x25519": "ff" * 32},
        {"county": "47"},
        {"desk_code": 99},
        {"desk_code": 1000},
        {"desk_code": "381"},
        {"label": ""},
        {"label": "two\nlines"},
        {"label": "a\u202eb"},
        {"label": "x" * 201},
        {"label": 5},
        {"office_name": None},
        {"practice": 1},
        {"vault": world.digest("vault")},
        {"access_list": world.DEVICE},
        {"note": "unknown"},
    ],
)
def test_signed_enrolment_with_a_wrong_member_is_refused(change: dict[str, Any]) -> None:
    value = strict_json(enrolment_payload(world.enrolment()), limit_bytes=10_000)
    assert refused(sign_envelope(ENROLMENT_TYPE, canonical_json(value | change), world.DEVICE_KEY))


def test_maker_refuses_what_its_reader_would() -> None:
    with pytest.raises(Malformed):
        make_enrolment(world.enrolment(label="two\nlines"), world.DEVICE_KEY)


def test_digits_are_thirty_in_six_groups_and_depend_on_label_and_payload() -> None:
    shown = digits(ENROLMENT_LABEL, b"payload")
    assert re.fullmatch(r"(\d{5} ){5}\d{5}", shown)
    number = int.from_bytes(tagged_sha256("rufaa-enrol-v1", b"payload"), "big") % 10**30
    assert int(shown.replace(" ", "")) == number
    assert len({shown, digits(ROOT_LABEL, b"payload"), digits(ENROLMENT_LABEL, b"payload ")}) == 3


@pytest.mark.parametrize("between", [" ", "", "-", "  ", "\n", " - ", "\u00a0"])
def test_digits_may_be_typed_with_or_without_gaps(between: str) -> None:
    same_digits(digits(ENROLMENT_LABEL, b"payload").replace(" ", between), ENROLMENT_LABEL, b"payload")


@pytest.mark.parametrize("at", range(30))
def test_one_wrong_digit_anywhere_is_found_and_its_group_named(at: int) -> None:
    right = digits(ENROLMENT_LABEL, b"payload").replace(" ", "")
    typed = right[:at] + str((int(right[at]) + 1) % 10) + right[at + 1 :]
    with pytest.raises(NotTrusted) as error:
        same_digits(typed, ENROLMENT_LABEL, b"payload")
    assert (error.value.code, error.value.facts) == ("DIGITS_DIFFER", {"group": at // 5 + 1})


@pytest.mark.parametrize(
    ("typed", "count"), [("", 0), ("12345", 5), ("1" * 31, 31), ("1" * 29 + "x", 29), ("\u0661" * 30, 0)]
)
def test_anything_but_thirty_digits_is_incomplete(typed: str, count: int) -> None:
    with pytest.raises(Obstacle) as error:
        same_digits(typed, ENROLMENT_LABEL, b"payload")
    assert (error.value.code, error.value.facts) == ("DIGITS_INCOMPLETE", {"count": count})


@pytest.mark.parametrize(("version", "code"), [(2, "DOCUMENT_NEWER"), (10, "DOCUMENT_NEWER"), (0, "ENROLMENT_WRONG")])
def test_enrolment_of_a_later_version_is_told_from_a_wrong_one(version: int, code: str) -> None:
    content = world.later(make_enrolment(world.enrolment(), world.DEVICE_KEY).content, version)
    assert world.refusal(lambda: open_enrolment(content)) == code
