from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import pytest

from desktop.catalogue import load, table_rows
from desktop.rules.cpims_out import _SUB_CATEGORIES, HEADINGS, cpims_codes, cpims_lines
from desktop.rules.records import Value
from tests.unit.rules.test_table_cases import made

CATALOGUE = load()
CODES = cpims_codes(table_rows("cpims_map"))
CASE: Mapping[str, Value] = {
    "status": "OPEN",
    "case_ref": "030-123-26-0001-5",
    "pseudonym": "W37PC-05FVV-K3",
    "county": "047",
    "sub_county": "001",
    "date_opened": "2026-11-25",
    "external_refs": ("OB 1/2/2026", "CPIMS 9100010"),
}
PERSON: Mapping[str, Value] = {"first_name": "Wambui", "sex": "F", "dob": "2012-09-04", "dob_estimated": False}


def lines(*records: tuple[str, Mapping[str, Value]], named: bool = False) -> list[dict[str, str]]:
    found = cpims_lines(made(*records, named=named), CODES, CATALOGUE.lists, CATALOGUE.age_groups)
    return [dict(zip(HEADINGS[1:], line, strict=True)) for line in found]


def test_the_headings_are_the_fourteen_of_the_listing() -> None:
    printed = (
        "SERIAL,CASE NUMBER,CPIMS_ID,COUNTY,SUBCOUNTY,DATE,CASE CATEGORY,CASE SUB CATEGORY,SEX,DATE OF BIRTH,AGE,"
        "AGERANGE,CASE INTERVENTION,OVCCOUNT"
    )
    assert [list(HEADINGS)] == list(csv.reader(io.StringIO(printed)))


def test_a_named_case_is_printed_as_cpims_prints_it() -> None:
    assert lines(("case", CASE), ("person", PERSON), named=True) == [
        {
            "CASE NUMBER": "030-123-26-0001-5",
            "CPIMS_ID": "9100010",
            "COUNTY": "Nairobi",  # the spelling of CPIMS
            "SUBCOUNTY": "Changamwe",
            "DATE": "2026-11-25",
            "CASE CATEGORY": "Child victim of human trafficking",
            "CASE SUB CATEGORY": "",
            "SEX": "Female",
            "DATE OF BIRTH": "04-Sep-2012",
            "AGE": "14",
            "AGERANGE": "c.[10 - 15 yrs]",
            "CASE INTERVENTION": "",
            "OVCCOUNT": "1",
        }
    ]


def test_an_unnamed_case_has_its_pseudonym_and_the_band_of_the_monthly_return() -> None:
    (line,) = lines(("case", CASE), ("person", PERSON))
    hidden = {name: line[name] for name in ("CASE NUMBER", "CPIMS_ID", "DATE OF BIRTH", "AGE", "AGERANGE")}
    assert hidden == {
        "CASE NUMBER": "W37PC-05FVV-K3",
        "CPIMS_ID": "",
        "DATE OF BIRTH": "",
        "AGE": "",
        "AGERANGE": "[10 - 14 yrs]",
    }


def test_each_sub_category_has_a_line_of_its_own_and_only_one() -> None:
    found = lines(
        ("case", CASE),
        ("determination", {"purposes": ("SERVITUDE", "SLAVERY")}),
        ("exploitation_episode", {"exploitation_type": "DOMESTIC_SERVITUDE"}),  # the same word of CPIMS
        ("exploitation_episode", {"exploitation_type": "FORCED_CRIME"}),  # none
        ("exploitation_episode", {"exploitation_type": "BEGGING"}),
    )
    assert [line["CASE SUB CATEGORY"] for line in found] == ["Involuntary servitude", "Slavery", "Begging"]
    assert len({line["CASE NUMBER"] for line in found}) == 1


@pytest.mark.parametrize(
    ("person", "sex", "printed", "age", "band", "category"),
    [
        ({"sex": "M", "dob": "2008-11-25"}, "Male", "25-Nov-2008", "18", "d.[16 - 18 yrs]", "Trafficked person"),
        ({"sex": "I", "dob": "1970"}, "", "1970", "55", "e.[18+ yrs]", "Trafficked person"),
        ({"sex": "U"}, "", "", "", "", "Trafficked person"),
        ({"age_at_registration": 9}, "", "", "9", "b.[6 - 9 yrs]", "Child victim of human trafficking"),
        ({"age_at_registration": 0}, "", "", "0", "a.[0 - 5 yrs]", "Child victim of human trafficking"),
    ],
)
def test_what_is_not_known_is_not_printed_as_something_else(
    person: Mapping[str, Value], sex: str, printed: str, age: str, band: str, category: str
) -> None:
    (line,) = lines(("case", CASE), ("person", person), named=True)
    assert (line["SEX"], line["DATE OF BIRTH"], line["AGE"], line["AGERANGE"]) == (sex, printed, age, band)
    assert line["CASE CATEGORY"] == category


@pytest.mark.parametrize(("age", "band"), [(16, "[15 - 17 yrs]"), (60, "[50+ yrs]"), (None, "")])
def test_bands_of_unnamed_persons_are_spelt_so_that_no_spreadsheet_makes_a_date_of_them(
    age: int | None, band: str
) -> None:
    (line,) = lines(("case", CASE), ("person", {"sex": "F", "age_at_registration": age}))
    assert line["AGERANGE"] == band


def test_every_code_of_the_map_has_its_word() -> None:
    assert {code for (name, _), code in CODES.items() if name == "trafficking_id"} == set(_SUB_CATEGORIES)
    for county in CATALOGUE.lists["counties"]:
        (line,) = lines(("case", {**CASE, "county": county.code, "sub_county": "nowhere"}))
        assert line["COUNTY"]
        assert line["SUBCOUNTY"] == ""
