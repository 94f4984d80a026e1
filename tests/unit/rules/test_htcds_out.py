from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from desktop.catalogue import load, table_rows
from desktop.rules import dates
from desktop.rules.htcds_labels import HEADINGS, labels_by_field, standard_name
from desktop.rules.htcds_out import _LISTS, CellValue, htcds_cells, workbook_words
from desktop.rules.records import Missing, Value
from tests.unit.rules.test_table_cases import made

MAP = table_rows("htcds_map")
WORDS = workbook_words(MAP, load().lists)
PERSON: Mapping[str, Value] = {
    "first_name": "Wambui",
    "surname": "Ng'ang'a",
    "other_names": "W.",
    "known_as": "Mama K",
    "sex": "F",
    "dob": "1986-03-22",
    "dob_estimated": False,
    "citizenship": ("KEN", "DEU", "XXA"),
    "phone": "+254799999003",
    "gender_identity": "WOMAN",
}
HOUSEHOLDS = (
    "Activities of households as employers; undifferentiated goods- and services- producing activities of households "
    "for own use"
)
FREE: Mapping[str, Value] = {"to_provider_name": "Haki Desk", "to_person": "K.", "reason_short": "Needs a bed."}


def cells(*records: tuple[str, Mapping[str, Value]], named: bool = False) -> dict[str, CellValue]:
    return htcds_cells(made(*records, named=named), WORDS)


def test_an_unnamed_row_says_what_happened_and_not_to_whom() -> None:
    found = cells(
        ("case", {"status": "ON_HOLD", "officer": "A. Officer", "source": "POLICE", "incoming_date": "2026-07"}),
        ("person", PERSON),
        ("determination", {"status": "IDENTIFIED", "decided_by_type": "DCS", "purposes": ("SERVITUDE",)}),
        ("recruitment", {"method": "RADIO"}),
        ("journey_leg", {"seq": 1, "type": "RECRUITMENT", "county": "040", "country": "KEN", "place": "the market"}),
        ("journey_leg", {"seq": 2, "type": "TRANSIT", "country": "UGA"}),
        ("exploitation_episode", {"exploitation_type": "DOMESTIC_SERVITUDE", "country": "SAU", "place": "Riyadh"}),
        ("exploitation_episode", {"exploitation_type": "DEBT_BONDAGE", "country": "SAU", "control": ("SPIRITUAL",)}),
        ("referral", {"direction": "IN", "reason": "SAFETY", **FREE}),
        ("referral", {"direction": "OUT", "reason": "SERVICE", "to_actor": "AHTCPU", "date": "2026-08-01", **FREE}),
        ("closure", {"reason": "GOALS_MET"}),
    )
    assert found == {
        "H": "Feminine",
        "I": "Kenya;Germany",  # stateless has no value, and an empty part is none
        "S": "Actual victim of trafficking",
        "T": "Non-police governmental organization",
        "U": "Other",
        "V": "Busia, Kenya",
        "W": "Other;Debt bondage ",
        "X": "Servitude;Other",
        "Y": HOUSEHOLDS,
        "AA": "Saudi Arabia",
        "AB": "Active",
        "AC": "Police",
        "AD": "2026-07",
        "AF": "Migration Or Change Of Location",
        "AH": load().lists["nrm_actors"].label("AHTCPU", "en"),
        "AJ": "Additional Services Required",
        "AK": date(2026, 8, 1),
    }


def test_a_named_row_adds_names_birth_date_phone_and_owner_and_no_free_text() -> None:
    records: tuple[tuple[str, Mapping[str, Value]], ...] = (
        ("case", {"status": "OPEN", "officer": "A. Officer", "source_name": "Sgt. H.", "narrative": "Told at night."}),
        ("person", PERSON),
        ("journey_leg", {"seq": 1, "type": "RECRUITMENT", "place": "the market"}),
        ("exploitation_episode", {"exploitation_type": "BEGGING", "place": "the bridge"}),
        ("referral", {"direction": "OUT", **FREE}),
    )
    without, named = cells(*records), cells(*records, named=True)
    added = {column: value for column, value in named.items() if column not in without}
    assert added == {
        "B": "A. Officer",
        "D": "Wambui",
        "E": "Ng'ang'a",
        "G": date(1986, 3, 22),
        "M": "+254799999003",
    }
    assert {column: named[column] for column in without} == without


@pytest.mark.parametrize(
    ("person", "cell"),
    [
        ({"dob": "1987"}, "1987"),
        ({"dob": "1987-05"}, "1987-05"),
        ({"age_at_registration": 13}, "about 13"),
        ({"dob": Missing.DK}, None),
    ],
)
def test_what_is_known_of_a_birth_is_read_back_alike(person: Mapping[str, Value], cell: str | None) -> None:
    assert cells(("person", person), named=True).get("G") == cell
    assert "G" not in cells(("person", person))
    if cell is not None:
        read = dates.parse_typed(cell, date(2026, 11, 25))
        assert (read.value or read.age) == (person.get("dob") or person.get("age_at_registration"))


def test_a_reason_for_closing_stands_only_where_the_case_is_closed() -> None:
    closure: tuple[str, Mapping[str, Value]] = ("closure", {"reason": "REINTEGRATED"})
    assert cells(("case", {"status": "CLOSED"}), closure)["AM"] == "Reintegrated and stable"
    assert "AM" not in cells(("case", {"status": "REOPENED"}), closure)


def test_what_is_not_known_is_an_empty_cell() -> None:
    unknown: tuple[tuple[str, Mapping[str, Value]], ...] = (
        ("case", {"status": "DUPLICATE", "source": Missing.NOT_ASKED}),
        ("person", {"sex": Missing.REFUSED, "citizenship": ("XXX",), "first_name": Missing.DK}),
        ("determination", {"status": "UNDECIDED"}),
        ("recruitment", {"method": "UNKNOWN"}),
        ("exploitation_episode", {"exploitation_type": "SEXUAL", "sex_forms": ("SEX_TOURISM",), "control": ("NONE",)}),
    )
    assert cells(*unknown, named=True) == {"X": "Sexual exploitation"}


def test_every_published_value_goes_out_byte_for_byte_and_comes_back_as_its_code() -> None:
    labels, seen = labels_by_field(MAP), 0
    for column, names in _LISTS.items():
        for row in MAP:
            if row["our_list"] not in names or row["htcds_field"] != standard_name(column) or row["fit"] != "exact":
                continue
            if row["direction"] != "both":
                continue
            cell = WORDS.value(column, [row["our_code"]])
            assert cell == row["workbook_value"]
            hits, rest = labels[standard_name(column)].find(cell)
            assert ([hit.code for hit in hits], rest) == ([row["our_code"]], ())
            seen += 1
    assert seen == 328
    assert WORDS.value("W", ["DEBT_BONDAGE", "OTHER"]) == "Debt bondage ;Other"


def test_each_code_has_at_most_one_value_on_the_way_out() -> None:
    out = [
        (row["htcds_field"], row["our_list"], row["our_code"])
        for row in MAP
        if row["direction"] in ("both", "export") and row["workbook_value"]
    ]
    assert len(out) == len(set(out))
    assert set(_LISTS) <= set(HEADINGS)
