"""What the numbers of other registers join: lines of one case, never two persons, and never without end."""

from __future__ import annotations

import pytest

from desktop.errors import NotAccepted, Stopped
from desktop.rules.cells import Workbook
from desktop.rules.columns import ColumnMapping, parse_mapping
from desktop.rules.htcds import RowReading
from desktop.rules.likeness import contradict
from desktop.rules.lists import read_list
from desktop.rules.records import Missing, Value
from tests.unit.rules.foreign_lists import TODAY, listing, mapping_of, rows_of, sheet_of, vocabulary, words

NUMBER = "Case.external_refs[CPIMS]"
COLUMNS = mapping_of(A=NUMBER, B="Person.name", C="Person.sex", D="Person.dob", E="Person.citizenship").columns
NUMBERED = ColumnMapping("numbered", (1,), 2, COLUMNS, one_case_by=(NUMBER,))
AMINA = ["12", "Amina Hassan", "F", "2001-03-04"]


def asked(row: RowReading) -> list[tuple[str, int | str | None]]:
    return [(ask.code, ask.facts.get("row")) for ask in row.asks if ask.code.startswith(("NUMBER_", "LINES_"))]


@pytest.mark.parametrize(
    "other",
    [
        ["12", "Beatrice Otieno", "F", "2001-03-04"],
        ["12", "Amina Otieno", "F", "2001-03-04"],
        ["12", "Amina Hassan", "M", "2001-03-04"],
        ["12", "Amina Hassan", "F", "2001-03-05"],
        ["12", "Amina Hassan", "F", "2002"],
        ["12", "", "M"],
    ],
    ids=["another name", "another surname", "another sex", "another day", "another year", "only another sex"],
)
def test_lines_of_one_number_that_tell_of_two_persons_are_two_cases_and_asked(other: list[str]) -> None:
    first, second = rows_of(NUMBERED, AMINA, other).rows
    assert (first.lines, second.lines) == ((2,), (3,))
    assert (asked(first), asked(second)) == ([], [("NUMBER_OF_TWO_CASES", 2)])
    assert first.numbered
    assert second.numbered
    assert first.key != second.key
    assert first.accepted["Person.first_name"] == "Amina"
    # Each is known by a key of its own, whatever line comes first, and looked for under the number too.
    assert first.other_key == second.other_key
    assert first.other_key[1:] == ("12",)


@pytest.mark.parametrize(
    "other",
    [
        ["12", "AMINA  hassan", "F", "2001"],
        ["12", "Hassan Amina", "?", "2001-03"],
        ["12", "Amina", "", ""],
        ["12", "Amina Njeri Hassan", "F", ""],
        ["12", "", "", "2001-03-04"],
    ],
    ids=["spelling", "turned round", "a name less", "a name more", "no name"],
)
def test_lines_that_only_say_less_or_more_of_one_person_are_one_case(other: list[str]) -> None:
    (case,) = rows_of(NUMBERED, AMINA, other).rows
    assert case.lines == (2, 3)
    assert ("NUMBER_OF_TWO_CASES", 2) not in asked(case)


def test_a_later_line_joins_the_case_of_its_own_person() -> None:
    beatrice = ["12", "Beatrice Otieno", "F", "1999-01-01"]
    first, second = rows_of(NUMBERED, AMINA, beatrice, [*beatrice, "Kenyan"], AMINA).rows
    assert (first.lines, second.lines) == ((2, 5), (3, 4))
    assert second.accepted["Person.citizenship"] == ("KEN",)


def test_a_number_on_more_lines_than_a_case_has_joins_no_more_and_asks() -> None:
    first, *others = rows_of(NUMBERED, *([*AMINA, f"x{at}"] for at in range(1000))).rows
    assert len(first.lines) == 50
    assert len(others) == 950
    assert all(("NUMBER_ON_MANY_LINES", None) in asked(row) for row in others)
    assert not any(row.numbered for row in others)
    assert len({row.key for row in (first, *others)}) == 951


def test_a_number_of_more_persons_than_a_case_has_lines_is_no_longer_compared() -> None:
    rows = rows_of(NUMBERED, *(["12", f"Name{at}"] for at in range(200))).rows
    assert [asked(row)[0][0] for row in rows[1:]] == ["NUMBER_OF_TWO_CASES"] * 49 + ["NUMBER_ON_MANY_LINES"] * 150


@pytest.mark.parametrize(
    "target", ["Person.sex", "Person.phone", "Person.name", "Case.county", "Case.date_opened", "KEEP"]
)
def test_only_numbers_name_a_case(target: str) -> None:
    document = mapping_of(A="LegalProcess.ob_number", B=NUMBER, C=target).document()
    with pytest.raises(NotAccepted) as refused:
        parse_mapping(document | {"one_case_by": [NUMBER, target]}, vocabulary().lists)
    assert [problem.field for problem in refused.value.problems] == ["mapping.one_case_by"]
    allowed = ["LegalProcess.ob_number", NUMBER]
    assert parse_mapping(document | {"one_case_by": allowed}, vocabulary().lists).one_case_by == tuple(allowed)


def test_no_line_of_the_listing_contradicts_the_others_of_its_case() -> None:
    assert not [row for row in listing().rows if asked(row)]


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ({"sex": "F"}, {"sex": "M"}, True),
        ({"sex": "F"}, {"sex": "U"}, False),
        ({"sex": "F"}, {"sex": Missing.DK}, False),
        ({"dob": "2001"}, {"dob": "2001-03-04"}, False),
        ({"dob": "2001-02"}, {"dob": "2001-03-04"}, True),
        ({"surname": "Ng'ang'a"}, {"surname": "NGANGA"}, False),
        ({"surname": "Hassan"}, {"first_name": "Amina"}, True),
        ({}, {"first_name": "Amina", "sex": "F"}, False),
    ],
)
def test_what_is_not_said_contradicts_nothing(one: dict[str, Value], other: dict[str, Value], differ: bool) -> None:
    assert contradict(one, other, ("sex", "dob")) == contradict(other, one, ("sex", "dob")) == differ


def test_whoever_waits_is_told_before_every_row_and_can_stop_the_reading() -> None:
    headings = [item.heading for item in NUMBERED.columns]
    book = Workbook((sheet_of(headings, *(["", f"Amani {at}"] for at in range(30))),), date1904=False)
    told: list[tuple[int, int]] = []

    def stop_at_the_tenth(done: int, of: int) -> None:
        told.append((done, of))
        if len(told) == 10:
            raise Stopped("STOPPED")

    with pytest.raises(Stopped):
        read_list(
            book,
            NUMBERED,
            words=words(),
            lists=vocabulary().lists,
            forms=vocabulary().forms,
            today=TODAY,
            report=stop_at_the_tenth,
        )
    assert told == [(0, 31)] * 10
