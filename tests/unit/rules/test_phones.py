from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.rules.phones import ReadPhones, read_phones


@pytest.mark.parametrize(
    "text",
    [
        "+254 729 351 383",
        "254729351383",
        "0729351383",
        "0729-351-383",
        "0729 351 383",
        "(0729) 351383",
        "0729/351/383",
        "0729.351.383",
        "0729\N{NON-BREAKING HYPHEN}351\N{EN DASH}383",
        "+254 (0)729 351 383",
        "+254-0729-351-383",
        "00254 729 351383",
        "000254729351383",
        "\N{FULLWIDTH PLUS SIGN}254 729 351 383",
        "\N{ARABIC-INDIC DIGIT ZERO}729351383",
        "  0729 351 383\N{NO-BREAK SPACE}",
    ],
)
def test_C01_every_way_of_writing_gives_one_number(text: str) -> None:
    assert read_phones(text) == ReadPhones(("+254729351383",))


@pytest.mark.parametrize("text", ["0795 123 456", "0747123456", "0110 123 456"])
def test_C03_new_prefixes_are_in_the_plan(text: str) -> None:
    assert read_phones(text).notes == ()


@pytest.mark.parametrize(("text", "number"), [("0899 123 456", "+254899123456"), ("+999 123 4567", None)])
def test_C03_an_unknown_prefix_is_accepted_with_a_soft_note(text: str, number: str | None) -> None:
    if number is None:
        assert read_phones(text).problem == "PHONE_NOT_UNDERSTOOD"
    else:
        assert read_phones(text) == ReadPhones((number,), ("PHONE_PREFIX_UNKNOWN",))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+966 50 123 4567", "+966501234567"),
        ("+255 712 345 678", "+255712345678"),
        ("00251 911 123456", "+251911123456"),
        ("+44 20 7946 0958", "+442079460958"),
        ("020 2222222", "+254202222222"),
    ],
)
def test_foreign_numbers_and_landlines_are_read(text: str, number: str) -> None:
    assert read_phones(text).numbers == (number,)


def test_a_lost_zero_is_put_back_and_said() -> None:
    assert read_phones("729351383") == ReadPhones(("+254729351383",), ("PHONE_ZERO_PUT_BACK",))
    for digits in ("729351383", "729351383.0"):
        read = read_phones(digits, from_number_cell=True)
        assert read == ReadPhones(("+254729351383",), ("PHONE_NUMBER_CELL",))
    assert read_phones("254729351383.0", from_number_cell=True) == ReadPhones(("+254729351383",))


@pytest.mark.parametrize(
    "text",
    [
        "+254700000220 / 0799999031",
        "0700000220;0799999031",
        "0700 000 220, 0799 999 031",
        "0700000220 or 0799999031",
        "0700000220 au 0799999031",
        "0700000220 na 0799999031",
        "0700000220 0799999031",
        "0700 000 220 0799 999 031",
        "0700000220\n0799999031",
        "0700000220 / 0799999031 / 254700000220",
    ],
)
def test_two_numbers_in_one_text_are_both_found(text: str) -> None:
    assert read_phones(text) == ReadPhones(("+254700000220", "+254799999031"))


@pytest.mark.parametrize("text", ["0729 351 383 (mama)", "Simu: 0729351383", "0729351383 / hana", "call 0729351383"])
def test_words_beside_a_number_are_noticed(text: str) -> None:
    assert read_phones(text) == ReadPhones(("+254729351383",), ("PHONE_WITH_WORDS",))


@pytest.mark.parametrize(
    "text", ["hana simu", "116", "999", "12345", "0729 351", "N/A", "-", "0729351383729351383", "35886"]
)
def test_what_is_no_number_is_not_bent_into_one(text: str) -> None:
    assert read_phones(text) == ReadPhones(problem="PHONE_NOT_UNDERSTOOD")


def test_an_empty_text_is_nothing() -> None:
    assert read_phones("  ") == ReadPhones()


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    read = read_phones(text)
    assert all(number.startswith("+") and number[1:].isdigit() and len(number) <= 16 for number in read.numbers)
    assert bool(read.numbers) != bool(read.problem) or not text.strip()


@given(st.integers(min_value=100_000_000, max_value=199_999_999) | st.integers(700_000_000, 799_999_999))
def test_every_mobile_number_keeps_its_digits_however_it_is_written(digits: int) -> None:
    for text in (f"0{digits}", f"+254{digits}", f"254{digits}", str(digits)):
        assert read_phones(text).numbers == (f"+254{digits}",)
