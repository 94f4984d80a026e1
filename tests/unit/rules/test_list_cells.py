"""Single cells as offices write them: what is taken, what is asked, and that nothing is guessed."""

from __future__ import annotations

import pytest

from desktop.rules.cells import Cell, CellKind
from desktop.rules.foreign_words import ForeignWords
from desktop.rules.list_cells import sheet_year
from desktop.rules.list_rows import colour_word
from tests.unit.rules.foreign_lists import mapping_of, one, reader, text


def number(digits: str) -> Cell:
    return Cell(CellKind.NUMBER, digits)


@pytest.mark.parametrize(
    ("said", "value", "estimated"),
    [
        ("34", 34, False),
        (" 34 ", 34, False),
        ("34yrs", 34, False),
        ("34 years old", 34, False),
        ("miaka 12", 12, False),
        ("umri 12", 12, False),
        ("abt 21", 21, True),
        ("About 21", 21, True),
        ("kama 21", 21, True),
        ("kama miaka 21", 21, True),
        ("miezi 8", 0, False),
        ("18 months", 1, False),
    ],
)
def test_ages_in_figures_and_words_are_years(said: str, value: int, estimated: bool) -> None:
    read = reader().age(text(said))
    assert (read.value, read.question, read.estimated) == (value, None, estimated)
    assert reader().age(number("34.0")).value == 34


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("17/18", "AGE_AT_LIMIT"),
        ("16-20", "AGE_AT_LIMIT"),
        ("20 to 25", "AGE_RANGE"),
        ("8-9", "AGE_RANGE"),
        ("30s", "AGE_RANGE"),
        ("10s", "AGE_AT_LIMIT"),
        ("1987", "AGE_IS_YEAR"),
        ("2077", "AGE_NOT_UNDERSTOOD"),
        ("140", "AGE_OUT_OF_RANGE"),
        ("mzee", "AGE_WORD"),
        ("see file", "AGE_NOT_UNDERSTOOD"),
    ],
)
def test_an_age_that_is_none_is_asked(said: str, question: str) -> None:
    read = reader().age(text(said))
    assert (read.value, read.question) == (None, question)


def test_a_child_without_an_age_is_a_child_and_a_question() -> None:
    row = one(mapping_of(A="Person.first_name", B="Person.age_at_registration"), "Amani", "mtoto")
    assert row.accepted == {"Person.first_name": "Amani", "Person.is_child": True}
    assert [ask.code for ask in row.asks] == ["AGE_WORD"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Muranga", "021"),
        ("Murang\N{RIGHT SINGLE QUOTATION MARK}a", "021"),
        ("MURANGA ", "021"),
        ("Tanariver", "004"),
        ("Elgeyo/Marakwet", "028"),
        ("Keiyo-Marakwet", "028"),
        ("TAITA/TAVETA", "006"),
        ("Wasin Gishu", "027"),
        ("Tharaka - Nithi", "013"),
        ("Kirinyaga County", "020"),
        ("Kaunti ya Kilifi", "003"),
        ("Nairobi county", "047"),
        ("Jiji la Nairobi", "047"),
        ("Msa (Mombasa)", "001"),
    ],
)
def test_counties_are_known_in_every_spelling(said: str, code: str) -> None:
    assert (reader().county(text(said)).value, reader().county(text(said)).question) == (code, None)


@pytest.mark.parametrize(
    ("said", "question", "offered"),
    [
        ("Kitale", "COUNTY_IS_TOWN", "026"),
        ("Matayos", "COUNTY_IS_TOWN", "040"),
        ("Nbi", "COUNTY_ABBREVIATED", "047"),
        ("Msa", "COUNTY_ABBREVIATED", "001"),
        ("Coast Province", "COUNTY_IS_PROVINCE", None),
        ("Mkoa wa Pwani", "COUNTY_IS_PROVINCE", None),
        ("Meru/Embu", "COUNTY_TWO", None),
        ("Meru na Embu", "COUNTY_TWO", None),
        ("Kampala", "VALUE_NOT_IN_LIST", None),
    ],
)
def test_a_place_that_is_no_county_is_asked_with_what_it_may_be(said: str, question: str, offered: str | None) -> None:
    read = reader().county(text(said))
    assert (read.value, read.question, read.facts.get("county")) == (None, question, offered)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("0799 999 031", "+254799999031"),
        ("0799-999031", "+254799999031"),
        ("254799999031", "+254799999031"),
        ("+254 799 999 031", "+254799999031"),
        ("799999031", "+254799999031"),
    ],
)
def test_phones_become_e164(said: str, value: str) -> None:
    read = reader().phone(text(said))
    assert (read.value, read.question) == (value, None)
    assert reader().phone(number("799999031.0")).value == "+254799999031"


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("079999903", "PHONE_SHORT"),
        ("07OO 000 512", "PHONE_LETTERS"),
        ("079999903O", "PHONE_LETTERS"),
        ("mama 0799999031", "PHONE_WITH_WORDS"),
        ("ask the chief", "PHONE_NOT_UNDERSTOOD"),
    ],
)
def test_a_number_that_is_not_the_persons_own_or_not_whole_is_asked(said: str, question: str) -> None:
    read = reader().phone(text(said))
    assert (read.value, read.question) == (None, question)


def test_of_two_numbers_the_first_is_taken_and_both_are_kept() -> None:
    row = one(mapping_of(A="Person.first_name", B="Person.phone"), "Amani", "0799999031 / 0799999032")
    assert row.accepted["Person.phone"] == "+254799999031"
    assert ("PHONE_TWO", {"column": "B", "numbers": 2}) in [(ask.code, ask.facts) for ask in row.asks]
    assert row.kept_as_text == {"heading B": "0799999031 / 0799999032"}


@pytest.mark.parametrize("said", ["hana", "N/A", "-", "none"])
def test_a_cell_that_says_none_stays_empty_and_is_told(said: str) -> None:
    row = one(mapping_of(A="Person.first_name", B="Person.phone"), "Amani", said)
    assert "Person.phone" not in row.accepted
    assert "CELL_SAYS_NONE" in [remark.code for remark in row.warnings]


@pytest.mark.parametrize(
    ("said", "value", "question"),
    [
        ("✓", "GIVEN", None),
        ("✔\N{VARIATION SELECTOR-16}", "GIVEN", None),
        ("√", "GIVEN", None),
        ("Ndiyo", "GIVEN", None),
        ("✗", "REFUSED", None),
        ("la", "REFUSED", None),
        ("X", None, "YES_NO_UNCLEAR"),
        ("labda", None, "YES_NO_UNCLEAR"),
        ("ndio lakini si kwa polisi", "LIMITED", "CONSENT_HAS_LIMITS"),
        ("yes, but not the school", "LIMITED", "CONSENT_HAS_LIMITS"),
        ("hapana, ila baadaye", None, "YES_NO_UNCLEAR"),
    ],
)
def test_answers_to_consent(said: str, value: str | None, question: str | None) -> None:
    read = reader().answer(text(said))
    assert (read.value, read.question) == (value, question)


@pytest.mark.parametrize(
    ("said", "value", "question"),
    [
        ("ngono", ("SEXUAL",), None),
        ("early marriage (14)", ("CHILD_MARRIAGE",), None),
        ("Organ / tissue removal", ("ORGAN",), None),
        ("Kulazimishwa kuombaomba", ("BEGGING",), None),
        ("ngono + ombaomba", ("SEXUAL", "BEGGING"), "TYPE_TWO"),
        ("ngono + kitu kingine", None, "VALUE_NOT_IN_LIST"),
        ("kazi za ndani", None, "VALUE_NOT_IN_LIST"),
        ("Saudi", None, "TYPE_IS_PLACE"),
        ("Mombasa", None, "TYPE_IS_PLACE"),
        ("defilement", None, "TYPE_NOT_TRAFFICKING"),
    ],
)
def test_kinds_of_exploitation(said: str, value: tuple[str, ...] | None, question: str | None) -> None:
    read = reader().types(text(said))
    assert (read.value, read.question) == (value, question)


@pytest.mark.parametrize(
    ("said", "value", "question"),
    [
        ("Mkenya", ("KEN",), None),
        ("Ug", ("UGA",), None),
        ("S. Sudan", ("SSD",), None),
        ("Kenyan / Ugandan", ("KEN", "UGA"), None),
        ("Denmark", ("DNK",), None),
        ("no", None, "VALUE_NOT_IN_LIST"),
        ("Msomali", None, "NATIONALITY_OR_COMMUNITY"),
        ("Congo", None, "NATIONALITY_TWO_COUNTRIES"),
        ("Kenyan / Congo", None, "NATIONALITY_TWO_COUNTRIES"),
    ],
)
def test_nationalities(said: str, value: tuple[str, ...] | None, question: str | None) -> None:
    read = reader().countries(text(said))
    assert (read.value, read.question) == (value, question)


@pytest.mark.parametrize(
    ("cell", "value", "question"),
    [
        (text("5/6/2021"), "2021-06-05", None),
        (text("05.06.21"), "2021-06-05", None),
        (text("11/2021"), "2021-11", None),
        (number("2021"), "2021", None),
        (number("44340"), "2021-05-24", None),
        (text("5/23/2021"), None, "DATE_IMPOSSIBLE"),
        (text("31/6/2021"), None, "DATE_IMPOSSIBLE"),
        (text("Jan"), None, "DATE_WITHOUT_YEAR"),
        (text("Januari"), None, "DATE_WITHOUT_YEAR"),
        (text("leo"), "2026-11-25", None),
        (text("later"), None, "DATE_NOT_UNDERSTOOD"),
        (Cell(CellKind.DATE, "2042-03-01T00:00:00"), None, "DATE_IN_FUTURE"),
    ],
)
def test_dates_are_read_day_first_and_never_turned_round(cell: Cell, value: str | None, question: str | None) -> None:
    read = reader().day(cell, None)
    assert (read.value, read.question) == (value, question)


def test_F07_a_date_that_could_be_read_both_ways_is_told_with_its_column() -> None:
    row = one(mapping_of(A="Person.first_name", B="Case.date_opened"), "Amani", "12/7/2025")
    assert row.accepted["Case.date_opened"] == "2025-07-12"
    assert ("DATE_DAY_FIRST", {"column": "B"}) in [(remark.code, remark.facts) for remark in row.warnings]


def test_a_date_far_from_the_year_of_its_sheet_is_asked_and_one_of_the_year_before_is_told() -> None:
    near, far = reader().day(text("5/6/2021"), 2022), reader().day(text("5/6/2013"), 2022)
    assert (near.value, near.question, "DATE_OTHER_YEAR" in near.notes) == ("2021-06-05", None, True)
    assert (far.value, far.question) == (None, "DATE_OTHER_YEAR")
    assert [sheet_year(name) for name in ("2022", "Kesi 2022", "2021-2022", "Sheet1", "12022")] == [
        *(2022, 2022, None, None, None),
    ]


def test_a_sub_county_is_read_within_its_county_only() -> None:
    assert reader().sub_county(text("Matayos"), "040").value is not None
    assert reader().sub_county(text("Matayos"), "047").question == "VALUE_NOT_IN_LIST"
    assert reader().sub_county(text("Matayos"), None).question == "VALUE_NOT_IN_LIST"


@pytest.mark.parametrize(
    ("fill", "word"),
    [
        *(("FF9999", "RED"), ("BFBFBF", "GREY"), ("C6EFCE", "GREEN"), ("FFFF00", "YELLOW"), ("FFC000", "ORANGE")),
        *(("9BC2E6", "BLUE"), ("7030A0", "PURPLE"), ("OTHER", "OTHER")),
    ],
)
def test_colours_have_plain_names(fill: str, word: str) -> None:
    assert colour_word(fill) == word


@pytest.mark.parametrize(
    "row",
    [
        {"use": "sexx", "word": "f", "means": "F", "question": ""},
        {"use": "sex", "word": "f", "means": "F", "question": "NOT_A_QUESTION"},
    ],
)
def test_a_word_of_no_known_use_or_question_stops_the_program(row: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="foreign words"):
        ForeignWords([row])


def test_a_word_twice_stops_the_program() -> None:
    row = {"use": "sex", "word": "Mke", "means": "F", "question": ""}
    with pytest.raises(ValueError, match="foreign words"):
        ForeignWords([row, row | {"word": "mke"}])
