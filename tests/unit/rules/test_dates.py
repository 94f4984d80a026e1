import os
import time
from collections.abc import Iterator
from datetime import date

import pytest

from desktop.rules import dates
from desktop.rules.dates import AgeGroup, Majority, ReadDate, parse_typed
from desktop.rules.records import Missing, decode_fields, encode_fields

TODAY = date(2026, 11, 25)
GROUPS = dates.parse_age_groups(
    {"scheme": "RETURN", "code": code, "label_en": code, "label_sw": code, "min_years": low, "max_years": high}
    for code, low, high in [("C0_5", "0", "5"), ("C15_17", "15", "17"), ("A50", "50", ""), ("UNK", "", "")]
)


@pytest.mark.parametrize(
    ("typed", "value", "notes"),
    [
        ("12/3/98", "1998-03-12", ("YEAR_TWO_DIGITS",)),
        ("05-07-09", "2009-07-05", ("YEAR_TWO_DIGITS",)),
        ("12 Nov 52", "1952-11-12", ("YEAR_TWO_DIGITS",)),
        ("1/1/26", "2026-01-01", ("YEAR_TWO_DIGITS",)),
        ("1/1/27", "1927-01-01", ("YEAR_TWO_DIGITS",)),
        ("3/4/2001", "2001-04-03", ("DATE_DAY_FIRST",)),
        ("12/7/2025", "2025-07-12", ("DATE_DAY_FIRST",)),
        ("4/4/2001", "2001-04-04", ()),
        ("25.12.1990", "1990-12-25", ()),
        (" 25  12  1990 ", "1990-12-25", ()),
        ("12 Mar 1998", "1998-03-12", ()),
        ("12th March 1998", "1998-03-12", ()),
        ("March 12, 1998", "1998-03-12", ()),
        ("12 Machi 1998", "1998-03-12", ()),
        ("2 oktoba 2003", "2003-10-02", ()),
        ("1998-03-12", "1998-03-12", ()),
        ("3/1998", "1998-03", ("DATE_MONTH_ONLY",)),
        ("1998-03", "1998-03", ("DATE_MONTH_ONLY",)),
        ("Mei 2001", "2001-05", ("DATE_MONTH_ONLY",)),
        ("1998", "1998", ("DATE_YEAR_ONLY",)),
        ("29/2/2008", "2008-02-29", ()),
        ("t", "2026-11-25", ()),
        ("leo", "2026-11-25", ()),
    ],
)
def test_a_date_is_read_day_first(typed: str, value: str, notes: tuple[str, ...]) -> None:
    read = parse_typed(typed, TODAY)
    assert (read.value, read.notes, read.problem) == (value, notes, None)
    assert read.estimated is (notes == ("DATE_YEAR_ONLY",))


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("12/25/1990", "DATE_IMPOSSIBLE"),
        ("31/6/2020", "DATE_IMPOSSIBLE"),
        ("29/2/2007", "DATE_IMPOSSIBLE"),
        ("0/0/2000", "DATE_IMPOSSIBLE"),
        ("1998-13", "DATE_IMPOSSIBLE"),
        ("1/1/1899", "DATE_IMPOSSIBLE"),
        ("14 May 2099", "DATE_IN_FUTURE"),
        ("26/11/2026", "DATE_IN_FUTURE"),
        ("abc", "DATE_NOT_UNDERSTOOD"),
        ("", "DATE_NOT_UNDERSTOOD"),
        ("98", "DATE_NOT_UNDERSTOOD"),
        ("35886", "DATE_NOT_UNDERSTOOD"),
        ("123/4/1998", "DATE_NOT_UNDERSTOOD"),
        ("1/2/123", "DATE_NOT_UNDERSTOOD"),
        ("1/234/1998", "DATE_NOT_UNDERSTOOD"),
        ("12 Foo 1998", "DATE_NOT_UNDERSTOOD"),
        ("١٢/٣/١٩٩٨", "DATE_NOT_UNDERSTOOD"),
        ("about 140", "AGE_OUT_OF_RANGE"),
    ],
)
def test_what_cannot_be_a_date_is_refused_and_never_turned_round(typed: str, problem: str) -> None:
    assert parse_typed(typed, TODAY) == ReadDate(problem=problem)


def test_a_review_date_may_lie_ahead() -> None:
    assert parse_typed("2/12/26", TODAY, may_be_future=True).value == "2026-12-02"


@pytest.mark.parametrize("typed", ["about 14", "Age 14", "kama miaka 14", "umri wa miaka 14", "14 years", "~14"])
def test_an_age_is_kept_as_an_age(typed: str) -> None:
    assert parse_typed(typed, TODAY) == ReadDate(age=14, estimated=True, notes=("AGE_ESTIMATED",))


@pytest.mark.parametrize("typed", ["not known", "Unknown", "Haijulikani", "?", "don’t know"])
def test_not_known_is_an_answer(typed: str) -> None:
    assert parse_typed(typed, TODAY) == ReadDate(missing=Missing.DK)


def test_a_spreadsheet_day_number_and_numbers_that_are_none() -> None:
    assert dates.from_serial(35886) == "1998-04-01"
    assert [dates.from_serial(number) for number in (0, -5, 1987, 99_999, 10**12)] == [None] * 5


@pytest.mark.parametrize(
    ("stored", "english", "swahili"),
    [
        ("2001-04-03", "3 April 2001", "3 Aprili 2001"),
        ("2001-08", "August 2001", "Agosti 2001"),
        ("2001", "2001", "2001"),
    ],
)
def test_a_date_is_spelt_with_its_month_in_words(stored: str, english: str, swahili: str) -> None:
    assert dates.spell(stored, "en") == english
    assert dates.spell(stored, "sw") == swahili


def test_B03_impossible_stored_dates_are_recognised() -> None:
    assert not any(
        map(dates.is_partial_date, ["2024-02-31", "abc", "2024-00", "2024-13", "0000", "2024-1-1", "", "2024-01-01x"])
    )
    with pytest.raises(ValueError, match="not a date"):
        dates.bounds("2024-02-31")


def test_bounds_of_a_partial_date() -> None:
    assert dates.bounds("2008-02") == (date(2008, 2, 1), date(2008, 2, 29))
    assert dates.bounds("2008") == (date(2008, 1, 1), date(2008, 12, 31))


@pytest.mark.parametrize(
    ("dob", "day", "ages"),
    [
        ("2008-11-25", date(2026, 11, 25), (18, 18)),
        ("2008-11-26", date(2026, 11, 25), (17, 17)),
        ("2008-02-29", date(2026, 2, 28), (17, 17)),
        ("2008-02-29", date(2026, 3, 1), (18, 18)),
        ("2008", date(2026, 11, 25), (17, 18)),
        ("2008-11", date(2026, 11, 25), (17, 18)),
    ],
)
def test_age_on_a_day(dob: str, day: date, ages: tuple[int, int]) -> None:
    assert dates.age_on(dob, day) == ages


def test_B05_an_age_told_last_year_grows_and_asks_to_be_checked() -> None:
    said_on = date(2025, 11, 1)
    assert dates.age_from_statement(17, said_on, said_on) == (17, 17)
    assert dates.age_from_statement(17, said_on, TODAY)[0] == 18
    assert dates.majority_on(TODAY, age=17, age_said_on=said_on) is Majority.CHECK
    assert dates.is_child(TODAY, age=17, age_said_on=said_on)


@pytest.mark.parametrize(
    ("ages", "estimated", "found"),
    [
        ((16, 16), True, Majority.CHILD),
        ((17, 17), True, Majority.CHECK),
        ((17, 17), False, Majority.CHILD),
        ((17, 18), False, Majority.CHECK),
        ((18, 18), False, Majority.ADULT),
        ((18, 18), True, Majority.CHECK),
        ((19, 19), True, Majority.ADULT),
    ],
)
def test_majority_in_doubt_is_to_be_checked(ages: tuple[int, int], estimated: bool, found: Majority) -> None:
    assert dates.majority(ages, estimated=estimated) is found


def test_nothing_known_is_treated_as_a_child() -> None:
    assert dates.majority_on(TODAY) is Majority.CHECK
    assert dates.is_child(TODAY)
    assert dates.is_child(TODAY, age=18)
    assert not dates.is_child(TODAY, age=30)
    assert not dates.is_child(TODAY, dob="1998-03-14")
    assert dates.is_child(TODAY, dob="2008", dob_estimated=True)


def test_was_child_rests_on_the_time_of_the_act_and_no_birthday_resets_it() -> None:
    assert dates.was_child(is_child_now=False, age_at_start=17)
    assert not dates.was_child(is_child_now=True, age_at_start=18)
    assert dates.was_child(is_child_now=False, start="2023-05", dob="2007-01-01")
    assert not dates.was_child(is_child_now=False, start="2026-05", dob="2007-01-01")
    assert dates.was_child(is_child_now=False, start="2025", dob="2007-06-01"), "in doubt a child"
    assert dates.was_child(is_child_now=True, start="2025")
    assert not dates.was_child(is_child_now=False, dob="1990")


def test_age_bands_and_the_unknown_age() -> None:
    assert [dates.age_band(GROUPS, "RETURN", age) for age in (0, 5, 17, 50, 99)] == [
        *("C0_5", "C0_5", "C15_17", "A50", "A50")
    ]
    assert dates.age_band(GROUPS, "RETURN", None) == "UNK"
    assert dates.age_band(GROUPS, "CTDC", 3) == "UNK"
    assert not AgeGroup("RETURN", "UNK", {}, None, None).holds(3)


def test_B09_a_child_born_after_the_case_opened_has_an_age_group() -> None:
    born, opened, event = "2026-05-10", date(2026, 4, 1), date(2026, 6, 1)
    for day in (opened, event):
        assert dates.age_band(GROUPS, "RETURN", dates.age_on(born, day)[0]) == "C0_5"


@pytest.fixture
def _zone(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot change its zone inside a process")
@pytest.mark.parametrize("_zone", ["Africa/Nairobi", "Pacific/Kiritimati", "America/Los_Angeles", "UTC"], indirect=True)
@pytest.mark.parametrize(("typed", "value"), [("1 Jan 1960", "1960-01-01"), ("29 Feb 2008", "2008-02-29")])
@pytest.mark.usefixtures("_zone")
def test_B11_a_birth_date_is_the_same_in_every_zone(typed: str, value: str) -> None:
    read = parse_typed(typed, TODAY).value
    assert decode_fields(encode_fields({"dob": read})) == {"dob": value}
    assert dates.spell(value, "en") in ("1 January 1960", "29 February 2008")
