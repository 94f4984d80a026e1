"""Column mappings: suggested from headings, checked as a person edits them, and found again by their headings."""

from __future__ import annotations

from typing import Any

import pytest

from desktop.errors import NotAccepted
from desktop.rules.cells import MAX_ROWS, Sheet
from desktop.rules.column_suggestions import heading_rows, suggest
from desktop.rules.columns import KEEP, LEAVE_OUT, headings_of, is_target, parse_mapping, targets
from tests.unit.rules.foreign_lists import (
    listing_mapping,
    mapping_of,
    old_office,
    old_office_mapping,
    sheet_of,
    vocabulary,
    words,
)

LISTS = vocabulary().lists


def suggestion(*rows: list[str], **facts: Any) -> dict[str, str]:
    found = suggest(sheet_of(*rows, **facts), words(), LISTS)
    assert found is not None
    return {item.column: item.target for item in found.columns}


def test_two_heading_rows_and_merged_cells_are_read_together() -> None:
    sheet = old_office().sheets[0]
    assert heading_rows(sheet, words()) == (5, 6)
    headings = headings_of(sheet, (5, 6))
    assert (headings["B"], headings["C"]) == ("Jina / NAME | La kwanza", "Jina / NAME | Surname / ukoo")
    assert (headings["E"], headings["N"]) == ("Jinsia M/F", "RIDHAA / consent | Kwa polisi")


def test_one_mapping_fits_every_sheet_of_the_office_but_the_empty_one() -> None:
    assert [old_office_mapping().fits(sheet) for sheet in old_office().sheets] == [True, True, True, False]


def test_the_legend_of_colours_is_suggested_only_as_far_as_it_names_a_case_status() -> None:
    assert old_office_mapping().colours == {"GREY": "CLOSED"}


def test_english_and_swahili_headings_are_suggested_alike() -> None:
    english = suggestion(["No", "Full name", "Age", "Sex", "Phone", "County", "Status", "Remarks"], ["1", "a"])
    swahili = suggestion(["Nambari", "Jina", "Umri", "Jinsia", "Simu", "Kaunti", "Hali", "Maoni"], ["1", "a"])
    assert english == swahili
    assert list(english.values()) == [
        *(LEAVE_OUT, "Person.name", "Person.age_at_registration", "Person.sex", "Person.phone", "Case.county"),
        *("Case.status", KEEP),
    ]


def test_a_second_column_for_the_same_field_and_an_unknown_heading_are_kept_as_notes() -> None:
    assert suggestion(["Name", "Sex", "Gender", "Shoe size"], ["a", "F", "F", "38"]) == {
        "A": "Person.name",
        "B": "Person.sex",
        "C": KEEP,
        "D": KEEP,
    }


def test_headings_nobody_knows_are_the_row_with_the_most_texts_and_all_is_kept() -> None:
    found = suggest(sheet_of(["A list"], ["wert", "zuio", "asdf"], ["1", "2"]), words(), LISTS)
    assert found is not None
    assert found.heading_rows == (2,)
    assert {item.target for item in found.columns} == {KEEP}


def test_a_column_with_cells_but_without_a_heading_is_in_the_suggestion() -> None:
    assert suggestion(["Name", "Sex", ""], ["a", "F", "what is this"])["C"] == KEEP


def test_headings_stand_where_a_person_says_so() -> None:
    sheet = sheet_of(("Jina", "Umri"), ("Wanjiru", "12"), ("First", "Second"))
    found = suggest(sheet, words(), vocabulary().lists, rows=(3,))
    assert found is not None
    assert (found.heading_rows, found.first_row) == ((3,), 4)
    assert found.headings() == (("A", "first"), ("B", "second"))


def test_an_empty_sheet_has_no_suggestion() -> None:
    assert suggest(Sheet("empty", False, (), 0, 0), words(), LISTS) is None


def test_answers_in_a_row_are_no_second_row_of_headings() -> None:
    sheet = sheet_of(["Jina", "Mahojiano", "Kwa polisi"], ["Amani", "No", "No"])
    assert heading_rows(sheet, words()) == (1,)


def test_a_mapping_comes_back_from_its_plain_values() -> None:
    for mapping in (old_office_mapping(), listing_mapping()):
        assert parse_mapping(mapping.document() | {"name": "list"}, LISTS).headings() == mapping.headings()
    assert parse_mapping(listing_mapping().document(), LISTS) == listing_mapping()


def test_capitals_and_blanks_in_headings_do_not_make_another_list() -> None:
    mapping = mapping_of(A="Person.first_name", B="Person.sex")
    assert mapping.fits(sheet_of(["HEADING  A", "Heading B "]))
    assert not mapping.fits(sheet_of(["heading A", "heading B", "heading C"]))
    assert not mapping.fits(sheet_of(["heading B", "heading A"]))
    assert not mapping.fits(sheet_of([""], ["heading A", "heading B"]))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": ""}, ("MAPPING_SHAPE_WRONG", "mapping.name")),
        ({"name": 3}, ("MAPPING_SHAPE_WRONG", "mapping.name")),
        ({"heading_rows": []}, ("MAPPING_SHAPE_WRONG", "mapping.heading_rows")),
        ({"heading_rows": [0]}, ("MAPPING_SHAPE_WRONG", "mapping.heading_rows")),
        ({"heading_rows": [True]}, ("MAPPING_SHAPE_WRONG", "mapping.heading_rows")),
        ({"first_row": 1}, ("MAPPING_SHAPE_WRONG", "mapping.first_row")),
        ({"first_row": "2"}, ("MAPPING_SHAPE_WRONG", "mapping.first_row")),
        ({"first_row": MAX_ROWS + 1}, ("MAPPING_SHAPE_WRONG", "mapping.first_row")),
        ({"first_row": 10**30}, ("MAPPING_SHAPE_WRONG", "mapping.first_row")),
        ({"heading_rows": [MAX_ROWS + 1]}, ("MAPPING_SHAPE_WRONG", "mapping.heading_rows")),
        ({"heading_rows": [1] * 6}, ("MAPPING_SHAPE_WRONG", "mapping.heading_rows")),
        ({"not_cases": [""]}, ("MAPPING_SHAPE_WRONG", "mapping.not_cases")),
        ({"not_cases": ["jumla"] * 101}, ("MAPPING_SHAPE_WRONG", "mapping.not_cases")),
        ({"not_cases": ["jumla\x1b[2J"]}, ("MAPPING_SHAPE_WRONG", "mapping.not_cases")),
        ({"name": "list\x1b[2J"}, ("MAPPING_SHAPE_WRONG", "mapping.name")),
        ({"name": "list\x9b2J"}, ("MAPPING_SHAPE_WRONG", "mapping.name")),
        ({"column": [{"column": "A", "heading": "x\x1b[2J", "target": KEEP}]}, ("MAPPING_SHAPE_WRONG", "mapping.A")),
        ({"colours": {"PINK": "CLOSED"}}, ("MAPPING_SHAPE_WRONG", "mapping.colours")),
        ({"colours": {"GREY": "GONE"}}, ("MAPPING_SHAPE_WRONG", "mapping.colours")),
        ({"one_case_by": ["Person.phone"]}, ("MAPPING_SHAPE_WRONG", "mapping.one_case_by")),
        ({"register": "KRA"}, ("VALUE_NOT_IN_LIST", "mapping.register")),
        ({"colour": {}}, ("MAPPING_SHAPE_WRONG", "mapping.mapping")),
        ({"column": []}, ("MAPPING_SHAPE_WRONG", "mapping.column")),
        ({"column": ["A"]}, ("MAPPING_SHAPE_WRONG", "mapping.column")),
        ({"column": [{"column": "A", "heading": 1, "target": KEEP}]}, ("MAPPING_SHAPE_WRONG", "mapping.A")),
        (
            {"column": [{"column": "A", "heading": "x", "target": "Person.tribe"}]},
            ("MAPPING_TARGET_UNKNOWN", "mapping.A"),
        ),
        ({"column": [{"column": "a1", "heading": "x", "target": KEEP}]}, ("MAPPING_SHAPE_WRONG", "mapping.column")),
    ],
)
def test_what_is_wrong_with_an_edited_mapping_is_named(change: dict[str, Any], problem: tuple[str, str]) -> None:
    document = mapping_of(A="Person.first_name", B="Person.sex").document()
    with pytest.raises(NotAccepted) as refused:
        parse_mapping(document | change, LISTS)
    assert refused.value.code == "MAPPING_WRONG"
    assert problem in [(item.code, item.field) for item in refused.value.problems]


def test_one_field_for_two_columns_and_one_column_twice_are_refused() -> None:
    with pytest.raises(NotAccepted) as refused:
        parse_mapping(mapping_of(A="Person.sex", B="Person.sex").document(), LISTS)
    assert [item.code for item in refused.value.problems] == ["MAPPING_TARGET_TWICE"]
    document = mapping_of(A="Person.sex", B=KEEP).document()
    document["column"][1]["column"] = "A"
    with pytest.raises(NotAccepted):
        parse_mapping(document, LISTS)


def test_several_columns_may_be_kept_or_left_out() -> None:
    mapping = mapping_of(A=KEEP, B=KEEP, C=LEAVE_OUT, D=LEAVE_OUT, E="Person.first_name")
    assert parse_mapping(mapping.document(), LISTS) == mapping


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_what_is_no_table_at_all_is_refused(value: object) -> None:
    with pytest.raises(NotAccepted):
        parse_mapping(value, LISTS)


def test_every_offered_target_is_one_and_a_strange_one_is_not() -> None:
    offered = targets(LISTS)
    assert len(set(offered)) == len(offered)
    assert all(is_target(target, LISTS) for target in offered)
    for target in ("", "Person", "Consent[NOTHING].answer", "Case.external_refs[KRA]", "Person.first_name "):
        assert not is_target(target, LISTS)


def test_control_characters_of_a_file_are_no_part_of_a_heading_and_its_mapping_still_fits() -> None:
    sheet = sheet_of(["Jina\x1b[2J", "Jinsia\x9b\x07"], ["Amani", "F"])
    found = suggest(sheet, words(), LISTS, rows=(1,))
    assert found is not None
    assert [item.heading for item in found.columns] == ["Jina [2J", "Jinsia"]
    assert parse_mapping(found.document() | {"name": "list"}, LISTS).fits(sheet)


def test_what_several_titles_say_of_colours_is_read_word_by_word() -> None:
    for title, colours in {
        "Kijivu = closed": {"GREY": "CLOSED"},
        "Rangi: kijivu=closed; kijani = open": {"GREY": "CLOSED"},
        "kijani = wazi   kijivu = closed (imefungwa)": {"GREY": "CLOSED"},
        "kijivu = closed kijani = x": {},
        "= closed": {},
    }.items():
        found = suggest(sheet_of([title], ["Jina", "Jinsia"], ["Amani", "F"]), words(), LISTS)
        assert found is not None
        assert {colour: code for colour, code in found.colours.items() if colour == "GREY"} == colours, title


def test_a_heading_merged_over_the_edge_of_the_sheet_is_read_as_far_as_the_sheet_goes() -> None:
    sheet = sheet_of(["top", "", ""], ["a", "b", "c"], merged=("A1:ZZ1", "odd"))
    assert headings_of(sheet, (1, 2)) == {"A": "top | a", "B": "top | b", "C": "top | c"}
