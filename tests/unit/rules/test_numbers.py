import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_10

from desktop.errors import NotAccepted
from desktop.rules import numbers

REF = numbers.make_case_ref("047", 123, 2026, 1)


def refused(code: str, text: str) -> None:
    reader = {"CASE": numbers.parse_case_ref, "REFE": numbers.parse_referral_no}.get(code[:4])
    with pytest.raises(NotAccepted) as caught:
        (reader or numbers.parse_reply_code)(text)
    assert caught.value.code == code
    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_case_number_has_seventeen_characters_and_a_check_digit() -> None:
    assert REF == "047-123-26-0001-0"
    assert len(REF) == 17
    mod_11_10.validate(REF.replace("-", ""))


@pytest.mark.parametrize(
    "typed",
    [
        *("0471232600010", "047/123/26/0001/0", " 047 123 26 0001 0 ", "47-123-26-1-0", "047.123.26.0001.0"),
        "047\u2013123\u201326\u20130001\u20130",
    ],
)
def test_E09_a_case_number_reads_the_same_however_it_is_typed(typed: str) -> None:
    assert numbers.parse_case_ref(typed) == REF


@pytest.mark.parametrize("place", range(12))
def test_every_wrong_digit_is_noticed(place: int) -> None:
    digits = REF.replace("-", "")
    for other in set("0123456789") - {digits[place]}:
        with pytest.raises(NotAccepted):
            numbers.parse_case_ref(digits[:place] + other + digits[place + 1 :])


@pytest.mark.parametrize(
    "typed", ["", "047", "047123260001", "04712326000100", "a47-123-26-0001-0", "\u066047-123-26-0001-0"]
)
def test_what_is_no_case_number_is_refused(typed: str) -> None:
    refused("CASE_REF_UNREADABLE", typed)


def test_a_wrong_check_digit_and_parts_out_of_range_are_told_apart() -> None:
    refused("CASE_REF_CHECK", "047-123-26-0001-1")
    refused("CASE_REF_UNREADABLE", str(numbers.CaseRef(48, 123, 26, 1)))
    refused("CASE_REF_UNREADABLE", str(numbers.CaseRef(47, 99, 26, 1)))
    refused("CASE_REF_UNREADABLE", str(numbers.CaseRef(47, 123, 26, 0)))


@pytest.mark.parametrize(
    ("county", "incarnation", "sequence"),
    [("000", 123, 1), ("048", 123, 1), ("1", 99, 1), ("1", 123, 0), ("1", 123, 10_000)],
)
def test_a_part_out_of_range_makes_no_number(county: str, incarnation: int, sequence: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        numbers.make_case_ref(county, incarnation, 2026, sequence)


def test_a_referral_number_there_and_back() -> None:
    made = numbers.make_referral_no(REF, 12)
    assert made == REF + "/R12"
    assert numbers.parse_referral_no(made) == (REF, 12)
    assert numbers.parse_referral_no("0471232600010 r12") == (REF, 12)


@pytest.mark.parametrize("typed", ["", REF, REF + "/R0", REF + "/R", "R1"])
def test_what_is_no_referral_number_is_refused(typed: str) -> None:
    refused("REFERRAL_NO_UNREADABLE", typed)


@pytest.mark.parametrize("typed", ["25", "025", " 0025 ", "0/25", "2-5"])
def test_E09_national_numbers_compare_without_zeros_spaces_and_slashes(typed: str) -> None:
    assert numbers.fold_number(typed) == "25"


def test_E09_letters_of_a_passport_number_count_without_case() -> None:
    assert numbers.fold_number("ak 0000 001") == numbers.fold_number("AK0000001")


@given(st.binary(min_size=7, max_size=7))
def test_pseudonym_and_reply_code_come_back_as_read_aloud(random: bytes) -> None:
    pseudonym, code = numbers.make_pseudonym(random), numbers.make_reply_code(random)
    assert numbers.parse_pseudonym(pseudonym.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == pseudonym
    assert numbers.parse_reply_code(code.replace("-", "").replace("1", "I")) == code
    assert [len(part) for part in pseudonym.split("-")] == [5, 5, 2]
    assert [len(part) for part in code.split("-")] == [4, 4, 2]


@given(st.binary(min_size=5, max_size=5), st.integers(0, 9), st.integers(1, 31))
def test_one_wrong_character_of_a_reply_code_is_noticed(random: bytes, place: int, shift: int) -> None:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    plain = numbers.make_reply_code(random).replace("-", "")
    wrong = alphabet[(alphabet.index(plain[place]) + shift) % 32]
    refused("REPLY_CODE_UNREADABLE", plain[:place] + wrong + plain[place + 1 :])


@given(st.binary(min_size=5, max_size=5), st.integers(0, 8))
def test_two_swapped_characters_of_a_reply_code_are_noticed(random: bytes, place: int) -> None:
    plain = numbers.make_reply_code(random).replace("-", "")
    if plain[place] != plain[place + 1]:
        refused("REPLY_CODE_UNREADABLE", plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :])


@pytest.mark.parametrize("typed", ["", "ABC", "UUUU-UUUU-UU", "0000-0000-000"])
def test_what_is_no_reply_code_is_refused(typed: str) -> None:
    refused("REPLY_CODE_UNREADABLE", typed)


def test_a_mistyped_pseudonym_is_refused() -> None:
    with pytest.raises(NotAccepted) as caught:
        numbers.parse_pseudonym("00000-00000-01")
    assert caught.value.code == "PSEUDONYM_UNREADABLE"


def test_a_bundle_name_is_random_and_says_nothing() -> None:
    assert numbers.make_bundle_name(bytes(7)) == "R-0000000000.rufaa"
    assert numbers.make_bundle_name(b"\xff" * 7) == "R-ZZZZZZZZZZ.rufaa"


def test_too_few_random_bytes_make_nothing() -> None:
    with pytest.raises(ValueError, match="random"):
        numbers.make_pseudonym(bytes(6))


def test_a_case_number_is_the_same_bytes_for_the_same_parts_only() -> None:
    made = {numbers.make_case_ref("001", incarnation, 2026, 1) for incarnation in range(100, 1000)}
    assert len(made) == 900


def test_a_letter_serial_is_ten_signs_that_tell_nothing_of_the_case() -> None:
    serials = {numbers.make_letter_serial(bytes([first, *range(6)])) for first in range(0, 256, 4)}
    assert len(serials) == 64
    assert all(re.fullmatch(r"L-[0-9A-HJKMNP-TV-Z]{10}", serial) for serial in serials)
