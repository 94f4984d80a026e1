"""Case numbers, lists and search as the service gives them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from db.errors import Conflict
from desktop.errors import Obstacle
from desktop.rules.numbers import parse_case_ref
from tests.factory import Place, change, count, make_case, make_office, rows


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Place]:
    made = make_office(tmp_path / "data", "047")
    yield made
    made.lock()


def number_of(office: Place, case_id: str) -> str:
    return office.desk.cases.open(case_id).case_ref


def test_E01_numbers_follow_one_another_and_none_is_given_twice(fresh: Place) -> None:
    numbers = [number_of(fresh, make_case(fresh)) for _ in range(5)]
    assert [number.split("-")[3] for number in numbers] == ["0001", "0002", "0003", "0004", "0005"]
    assert {number[:11] for number in numbers} == {numbers[0][:11]}
    assert numbers[0].startswith("047-")
    assert numbers[0].split("-")[2] == "26"
    assert [parse_case_ref(number) for number in numbers] == numbers


def test_a_new_year_begins_at_one_and_the_year_is_that_of_nairobi(fresh: Place) -> None:
    fresh.clock.instant = datetime(2026, 12, 31, 20, 59, tzinfo=UTC)
    assert number_of(fresh, make_case(fresh)).split("-")[2:4] == ["26", "0001"]
    fresh.clock.instant = datetime(2026, 12, 31, 21, 1, tzinfo=UTC)
    assert number_of(fresh, make_case(fresh)).split("-")[2:4] == ["27", "0001"]


def test_J09_a_clock_that_went_astray_and_came_back_gives_no_number_twice(fresh: Place) -> None:
    numbers = []
    for year in (2026, 2019, 2026, 2099, 2019, 2026):
        fresh.clock.instant = datetime(year, 6, 1, tzinfo=UTC)
        numbers.append(number_of(fresh, make_case(fresh)))
    assert len(set(numbers)) == 6
    assert [number.split("-")[2:4] for number in numbers] == [
        *(["26", "0001"], ["19", "0001"], ["26", "0002"]),
        *(["99", "0001"], ["19", "0002"], ["26", "0003"]),
    ]


def test_the_last_number_of_a_year_is_told_and_nothing_else_stops(fresh: Place) -> None:
    first = make_case(fresh)
    with fresh.desk.vault.writing() as session:
        session.execute(text("UPDATE office SET last_case_number = 9998"))
    assert number_of(fresh, make_case(fresh)).split("-")[3] == "9999"
    before = count(fresh.desk.vault, "journal")
    with pytest.raises(Obstacle, match="CASE_NUMBERS_USED_UP"):
        make_case(fresh)
    assert count(fresh.desk.vault, "journal") == before
    assert change(fresh, first, sex="U") == 2


def test_the_list_shows_no_name_and_pages_through_every_case_once(fresh: Place) -> None:
    made = [make_case(fresh, surname=f"Otieno{number}") for number in range(55)]
    first = fresh.desk.cases.list()
    second = fresh.desk.cases.list(first[-1])
    assert (len(first), len(second)) == (50, 5)
    assert [item.case_id for item in (*first, *second)] == made[::-1]
    assert {item.name for item in first} == {""}
    assert {item.shown_as for item in first} == {"Neema"}  # the alias, where there is one
    assert "Otieno" not in repr(first)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("achieng", True),
        ("ACHI od", True),
        ("odhiambo achieng", True),
        ("odhiambo barasa", False),
        ("", False),
        ("%", False),
        ("_", False),
        ("\uff05", False),
        ("\uff3f", False),
        ("0712 345-678", True),
        ("+254712345678", True),
        ("712345678", False),
    ],
)
def test_D03_search_is_by_beginnings_of_names_and_numbers_and_knows_no_wildcard(
    office: Place, typed: str, found: bool
) -> None:
    case_id = make_case(office, first_name="Achieng", surname="Odhiambo", phone="+254712345678")
    assert (case_id in {item.case_id for item in office.desk.cases.search(typed)}) is found


def test_D01_composed_and_decomposed_letters_find_each_other(office: Place) -> None:
    both = {make_case(office, first_name="Jos\u00e9"), make_case(office, first_name="Jose\u0301")}
    for typed in ("Jos\u00e9", "Jose\u0301", "jose", "JOSE"):
        assert both <= {item.case_id for item in office.desk.cases.search(typed)}


def test_E09_a_case_is_found_by_its_number_in_any_spelling(office: Place) -> None:
    case_id = make_case(office)
    number = number_of(office, case_id)
    for typed in (number, number.replace("-", ""), number.replace("-", " "), number.replace("-", "/"), number[:14]):
        assert case_id in {item.case_id for item in office.desk.cases.search(typed)}, typed


def test_a_renamed_person_is_found_by_the_new_name_only(office: Place) -> None:
    case_id = make_case(office, surname="Quagmire")
    change(office, case_id, surname="Zanzibari")
    assert [item.case_id for item in office.desk.cases.search("zanz")] == [case_id]
    assert office.desk.cases.search("quag") == ()


def names_noted(office: Place) -> list[str | None]:
    entries = sorted(rows(office.desk.vault, "journal"), key=lambda row: row["n"])
    return [row["reason"] for row in entries if row["act"] == "NAMES_SHOWN"]


def test_whoever_gets_names_is_journaled_by_the_call_itself_and_once_in_two_minutes(
    fresh: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    uptime = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: uptime)
    fresh.desk.cases.list(with_names=True)  # there is no case yet, so no name
    make_case(fresh, first_name="Achieng")
    fresh.desk.cases.list()
    assert fresh.desk.cases.search("nobody") == ()
    assert names_noted(fresh) == []
    for typed in ("a", "ac", "ach"):
        assert fresh.desk.cases.search(typed)[0].name
    assert names_noted(fresh) == ["SEARCH"]
    for _ in range(2):  # all names are another look than those of a search
        assert fresh.desk.cases.list(with_names=True)[0].name
    assert names_noted(fresh) == ["SEARCH", None]
    fresh.clock.instant = datetime(2020, 1, 1, tzinfo=UTC)  # a clock set back makes the two minutes no longer
    uptime += 120
    fresh.desk.cases.search("achi")
    fresh.desk.cases.list(with_names=True)
    assert names_noted(fresh) == ["SEARCH", None] * 2
    fresh.reopen()
    fresh.desk.cases.search("achi")
    assert names_noted(fresh) == ["SEARCH", None, "SEARCH", None, "SEARCH"]


def test_names_that_the_journal_does_not_take_are_not_given(fresh: Place) -> None:
    make_case(fresh, first_name="Achieng")
    with fresh.desk.vault.writing() as session:
        session.execute(text("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'no room'); END"))
    with pytest.raises(Conflict):
        fresh.desk.cases.search("ach")
    with pytest.raises(Conflict):
        fresh.desk.cases.list(with_names=True)
    assert fresh.desk.cases.list()
