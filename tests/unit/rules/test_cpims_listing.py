"""The CPIMS listing by the mapping that comes with the program: its counts, and the traps that stand in it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, time

from desktop import catalogue
from desktop.clock import NAIROBI
from desktop.rules import validation
from desktop.rules.dates import age_band
from desktop.rules.htcds import RowReading
from desktop.workbooks.sheets import read_table
from tests.factory import LISTING
from tests.unit.rules.foreign_lists import COUNTS, TODAY, listing, listing_mapping, vocabulary

NUMBER, PERSON = "Case.external_refs[CPIMS]", "Case.external_refs[CPIMS ID]"
TYPES = "ExploitationEpisode.exploitation_type"


def first_cases() -> list[RowReading]:
    """The first case of each person."""
    found: dict[object, RowReading] = {}
    for row in listing().rows:
        found.setdefault(row.accepted[PERSON], row)
    return list(found.values())


def age(row: RowReading) -> int | None:
    found = row.accepted.get("Person.age_at_registration")
    return found if isinstance(found, int) else None


def column(row: RowReading) -> str:
    years = age(row)
    if years is None:
        return "AGE_UNKNOWN"
    woman, man = ("Girls", "Boys") if years < 18 else ("Women", "Men")
    return woman if row.accepted["Person.sex"] == "F" else man


def codes(row: RowReading) -> set[str]:
    return {remark.code for remark in (*row.asks, *row.warnings)}


def test_lines_cases_numbers_and_persons_are_counted_apart() -> None:
    rows = listing().rows
    assert sum(len(row.lines) for row in rows) == COUNTS["lines"]
    assert len(rows) == COUNTS["cases"]
    assert len({row.accepted[NUMBER] for row in rows}) == COUNTS["distinct_case_numbers"]
    assert len({row.accepted[PERSON] for row in rows}) == COUNTS["persons"]


def test_persons_are_counted_by_the_age_at_their_first_case_and_not_by_the_printed_band() -> None:
    groups = vocabulary().age_groups
    assert Counter(map(column, first_cases())) == COUNTS["persons_by_column_at_first_case"]
    bands = Counter(age_band(groups, "RETURN", age(row)) for row in first_cases())
    assert bands == COUNTS["persons_by_return_band"]
    assert sum(age(row) == 18 for row in first_cases()) == COUNTS["persons_aged_18_at_first_case"]


def test_kinds_of_exploitation_are_counted_over_all_lines_of_a_case() -> None:
    found: Counter[str] = Counter()
    for row in listing().rows:
        kinds = row.accepted.get(TYPES, ())
        assert isinstance(kinds, tuple)
        found.update(kinds)
        episodes = [draft for draft in row.drafts if draft.kind == "exploitation_episode"]
        assert tuple(draft.fields["exploitation_type"] for draft in episodes) == kinds
    assert found == COUNTS["cases_by_exploitation_type"]
    assert sum("TYPE_EMPTY" in codes(row) for row in listing().rows) == COUNTS["cases_without_type"]


def test_the_lines_as_printed_agree() -> None:
    (sheet,) = read_table(LISTING.read_bytes()).sheets
    lines = [row.cells for row in sheet.rows[1:]]

    def printed(letters: str) -> Counter[str]:
        return Counter(cells[letters].text if letters in cells else "" for cells in lines)

    assert printed("L") == COUNTS["lines_by_agerange_as_printed"]
    assert printed("D") == COUNTS["lines_by_county_as_printed"]
    assert printed("I") == COUNTS["lines_by_sex_as_printed"]
    assert printed("J")[""] == COUNTS["lines_without_birth_date"]
    assert printed("D")[""] == COUNTS["lines_without_county"]


def test_every_spelling_of_a_county_is_read_and_an_empty_one_is_asked() -> None:
    counties = vocabulary().lists["counties"]
    for row in listing().rows:
        if "Case.county" in row.accepted:
            assert row.accepted["Case.county"] in counties
            assert "Case.sub_county" in row.accepted
        else:
            assert "COUNTY_EMPTY" in codes(row)
    without = sum(len(row.lines) for row in listing().rows if "Case.county" not in row.accepted)
    assert without == COUNTS["lines_without_county"]


def test_male_is_taken_with_a_doubt_and_female_without() -> None:
    for row in listing().rows:
        assert ("SEX_MAY_BE_UNKNOWN" in codes(row)) == (row.accepted["Person.sex"] == "M")


def test_one_number_of_two_persons_makes_two_cases_and_both_are_told() -> None:
    (twice,) = [row for row in listing().rows if "NUMBER_OF_TWO_CASES" in codes(row)]
    same = [row for row in listing().rows if row.accepted[NUMBER] == twice.accepted[NUMBER]]
    assert len({row.accepted[PERSON] for row in same}) == 2
    others = sum("PERSON_OF_TWO_CASES" in codes(row) for row in listing().rows)
    assert others == COUNTS["cases"] - COUNTS["persons"]


def test_the_numbers_of_the_register_stand_in_the_case() -> None:
    (case,) = [draft.fields for draft in listing().rows[0].drafts if draft.kind == "case"]
    assert case["external_refs"] == ("CPIMS 2100001/2025", "CPIMS ID 9100010")
    assert (case["date_opened"], case["county"]) == ("2025-01-15", "021")
    (person,) = [draft.fields for draft in listing().rows[0].drafts if draft.kind == "person"]
    assert (person["dob"], person["dob_estimated"], person["sex"]) == ("2012-09-04", False, "M")


def test_the_key_of_a_case_is_its_register_number_and_person_whatever_row_it_stands_in() -> None:
    assert listing().rows[0].key == ("CPIMS", "2100001/2025", "9100010")
    assert all(row.numbered for row in listing().rows)
    assert len({row.key for row in listing().rows}) == COUNTS["cases"]


def test_the_built_in_mapping_is_the_listings_and_names_all_its_columns() -> None:
    (sheet,) = read_table(LISTING.read_bytes()).sheets
    assert listing_mapping().fits(sheet)
    assert len(listing_mapping().columns) == len(sheet.rows[0].cells) == 14
    assert len(catalogue.built_in_mappings()) == 1


def test_no_draft_has_a_problem_that_stops_a_save() -> None:
    known, now = vocabulary(), datetime.combine(TODAY, time(9), tzinfo=NAIROBI)
    for row in listing().rows:
        for draft in row.drafts:
            around = validation.Surroundings(taken_over=True)
            problems = validation.check(known.forms[draft.kind], draft.fields, known.lists, now, around)
            assert not validation.blocking(problems), (row.row, json.dumps([p.code for p in problems]))
