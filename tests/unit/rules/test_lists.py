"""What makes a row of a foreign list a case, a line of one, a repetition or none at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

import pytest

from desktop.clock import NAIROBI
from desktop.errors import NotAccepted
from desktop.rules import validation
from desktop.rules.cells import Cell, CellKind, Row, Sheet, Workbook
from desktop.rules.columns import KEEP, ColumnMapping, MappedColumn
from desktop.rules.htcds import RowOutcome, RowReading
from tests.unit.rules.foreign_lists import (
    TODAY,
    mapping_of,
    one,
    read,
    rows_of,
    sheet_of,
    text,
    vocabulary,
)

PERSONS = mapping_of(A="Person.first_name", B="Person.surname", C="Person.sex", D="Person.phone", E=KEEP)
NUMBERED = ColumnMapping(
    "numbered",
    (1,),
    2,
    mapping_of(
        A="Case.external_refs[OTHER]", B="Person.sex", C="ExploitationEpisode.exploitation_type", D="Person.citizenship"
    ).columns,
    one_case_by=("Case.external_refs[OTHER]",),
)


def codes(row: RowReading) -> list[str]:
    return [remark.code for remark in (*row.asks, *row.warnings)]


def test_only_the_sheets_asked_for_are_read_and_keep_their_place() -> None:
    headings = [item.heading for item in PERSONS.columns]
    book = Workbook(tuple(sheet_of(headings, [name, "", "F"]) for name in ("Amani", "Baraka", "Chema")), date1904=False)
    reading = read(book, PERSONS, only={0, 2})
    assert [(row.sheet, row.accepted["Person.first_name"]) for row in reading.rows] == [(1, "Amani"), (3, "Chema")]


def test_a_file_without_the_headings_of_the_mapping_is_refused() -> None:
    other = Workbook((sheet_of(["heading A", "another"], ["Amani", "F"]),), date1904=False)
    with pytest.raises(NotAccepted) as refused:
        read(other, PERSONS)
    assert refused.value.code == "MAPPING_DOES_NOT_FIT"


def test_other_sheets_with_content_are_told_and_empty_ones_are_not() -> None:
    headings = [item.heading for item in PERSONS.columns]
    first = sheet_of(headings, ["Amani", "Otieno", "F"])
    empty = Sheet("empty", False, (), 0, 0)
    assert read(Workbook((first, empty), date1904=False), PERSONS).asks_once == ("COUNTY_MISSING",)
    other = sheet_of(["something", "else"])
    asked = read(Workbook((first, other), date1904=False), PERSONS).asks_once
    assert asked == ("COUNTY_MISSING", "SHEETS_NOT_READ")


def test_a_row_without_a_person_is_refused_and_an_empty_one_is_none() -> None:
    reading = rows_of(PERSONS, ["", "", "", "", "see file"], ["", "", "", "", ""], ["Amani"])
    assert [(row.row, row.outcome) for row in reading.rows] == [(2, RowOutcome.REFUSE), (4, RowOutcome.ASK)]
    assert reading.rows[0].refused_row == "NO_PERSON"


def test_a_name_that_only_begins_like_a_total_is_a_case() -> None:
    reading = rows_of(PERSONS, ["Totality", "Jumlani"], ["TOTAL", "3"], ["Jumla ndogo", "2"])
    assert [row.row for row in reading.rows] == [2]
    assert [(item.code, item.facts["row"]) for item in reading.remarks] == [("ROW_IS_TOTAL", 3), ("ROW_IS_TOTAL", 4)]


def test_two_rows_that_say_the_same_are_asked_and_both_stay() -> None:
    said = ["Wambui", "Ng'ang'a", "F", "0799999031"]
    first, second = rows_of(PERSONS, said, ["WAMBUI ", "Ng\N{RIGHT SINGLE QUOTATION MARK}ang'a", *said[2:], "x"]).rows
    assert "SAME_AS_ROW" not in codes(first)
    assert ("SAME_AS_ROW", {"sheet": 1, "row": 2}) in [(ask.code, ask.facts) for ask in second.asks]
    assert first.drafts
    assert second.drafts


def test_a_like_name_under_one_number_is_told_and_another_name_is_not() -> None:
    rows = rows_of(PERSONS, ["Wambui", "Gachanja", "F", "0799999031"], ["Wambuy", "Gachanja", "F", "0799999031"]).rows
    assert "LIKE_ROW" in codes(rows[1])
    rows = rows_of(PERSONS, ["Wambui", "Gachanja", "F", "0799999031"], ["Otieno", "Gachanja", "M", "0799999031"]).rows
    assert "LIKE_ROW" not in codes(rows[1])


def test_namesakes_of_whom_nothing_else_is_known_are_no_repetition() -> None:
    rows = rows_of(PERSONS, ["Wambui", "Gachanja"], ["Wambui", "Gachanja"]).rows
    assert all("SAME_AS_ROW" not in codes(row) for row in rows)


def test_lines_of_one_number_are_one_case_with_all_its_kinds() -> None:
    reading = rows_of(NUMBERED, ["7", "F", "Begging", "Kenyan"], ["8", "M", "Slavery"], ["7", "F", "Slavery", "Kenyan"])
    seven, eight = reading.rows
    assert (seven.lines, eight.lines) == ((2, 4), (3,))
    assert seven.accepted["ExploitationEpisode.exploitation_type"] == ("SLAVERY", "BEGGING")  # as in our list
    assert "CASE_OF_LINES" in codes(seven)
    assert "LINES_DIFFER" not in codes(seven)


def test_a_line_that_says_something_else_is_asked_and_kept() -> None:
    (case,) = rows_of(NUMBERED, ["7", "F", "Begging", "Kenyan"], ["7", "F", "Begging", "Ugandan"]).rows
    assert case.accepted["Person.citizenship"] == ("KEN",)
    assert ("LINES_DIFFER", {"row": 3}) in [(ask.code, ask.facts) for ask in case.asks]
    assert case.kept_as_text["Person.citizenship (3)"] == "('UGA',)"


def test_rows_whose_number_is_missing_are_cases_of_their_own() -> None:
    rows = rows_of(NUMBERED, ["", "F", "Begging"], ["", "F", "Begging"]).rows
    assert [(row.lines, row.numbered) for row in rows] == [((2,), False), ((3,), False)]
    assert rows[0].key != rows[1].key


def test_a_column_without_a_mapping_is_asked_and_kept() -> None:
    headings = [item.heading for item in PERSONS.columns]
    book = Workbook((sheet_of(headings, ["Amani", "", "F", "", "", "extra"]),), date1904=False)
    (row,) = read(book, PERSONS).rows
    assert ("COLUMN_NOT_MAPPED", {"column": "F"}) in [(ask.code, ask.facts) for ask in row.asks]
    assert row.kept_as_text["column F"] == "extra"


@pytest.mark.parametrize(
    ("said", "first", "others", "last"),
    [
        ("Amani", "Amani", None, None),
        ("Wambui Gachanja", "Wambui", None, "Gachanja"),
        ("Wambui Njeri Gachanja", "Wambui", "Njeri", "Gachanja"),
        ("Lemayian Ole Sankale", "Lemayian", None, "Ole Sankale"),
        ("Fatuma binti Ali", "Fatuma", None, "binti Ali"),
    ],
)
def test_one_cell_with_all_names_is_taken_apart_and_kept(
    said: str, first: str, others: str | None, last: str | None
) -> None:
    row = one(mapping_of(A="Person.name", B="Person.sex"), said, "F")
    accepted = row.accepted
    assert accepted["Person.first_name"] == first
    assert (accepted.get("Person.other_names"), accepted.get("Person.surname")) == (others, last)
    assert ("NAME_TAKEN_APART" in codes(row)) == (last is not None)
    assert ({"heading A": said} if last else {}) == row.kept_as_text
    (person,) = [draft.fields for draft in row.drafts if draft.kind == "person"]
    assert person.get("other_names") == others


def test_formulas_errors_and_texts_that_look_like_formulas_are_told() -> None:
    sheet = sheet_of([item.heading for item in PERSONS.columns])
    cells = {
        "A": text("Amani"),
        "B": Cell(CellKind.FORMULA, ""),
        "C": text("F"),
        "D": Cell(CellKind.ERROR, "#REF!"),
        "E": text("=1+1"),
    }
    book = Workbook((Sheet("s", False, (*sheet.rows, Row(2, cells)), 2, 5),), date1904=False)
    (row,) = read(book, PERSONS).rows
    assert {"FORMULA_NOT_READ", "CELL_ERROR", "LOOKS_LIKE_FORMULA"} <= set(codes(row))
    assert row.refused_cells == {"B": "FORMULA_NOT_READ", "D": "CELL_ERROR"}
    assert row.kept_as_text == {"heading E": "=1+1"}


def test_a_text_longer_than_its_field_is_asked_and_kept_whole() -> None:
    row = one(PERSONS, "x" * 500, "", "F")
    assert "TEXT_TOO_LONG" in codes(row)
    assert row.kept_as_text["heading A"] == "x" * 500


def test_notes_on_rows_that_are_no_cases_are_told_for_the_file() -> None:
    reading = rows_of(PERSONS, ["Amani", "", "F"], notes={"A1": "a note", "B2": "another", "C9": " "})
    assert ("NOTE_ELSEWHERE", {"sheet": 1, "row": 1}) in [(item.code, item.facts) for item in reading.remarks]
    assert "CELL_NOTE" in codes(reading.rows[0])
    assert reading.rows[0].kept_as_text["heading B *"] == "another"


def test_age_and_birth_date_that_do_not_agree_are_asked() -> None:
    mapping = mapping_of(A="Person.dob", B="Person.age_at_registration", C="Case.date_opened")
    agree = one(mapping, "3 May 2010", "12", "1 June 2022")
    differ = one(mapping, "3 May 2010", "15", "1 June 2022")
    assert "AGE_AND_BIRTH_DIFFER" not in codes(agree)
    assert "AGE_AND_BIRTH_DIFFER" in codes(differ)


def test_notes_of_columns_with_the_same_long_heading_are_told_apart_and_fit_their_field() -> None:
    long = "maoni " * 60
    mapping = ColumnMapping("test", (1,), 2, tuple(MappedColumn(letters, long, KEEP) for letters in "AB"))
    mapping = replace(mapping, columns=(*mapping.columns, MappedColumn("C", "Jina", "Person.first_name")))
    row = read(Workbook((sheet_of([long, long, "Jina"], ["one", "two", "Amani"]),), date1904=False), mapping).rows[0]
    assert sorted(row.kept_as_text.values()) == ["one", "two"]
    assert all(len(heading) <= 200 for heading in row.kept_as_text)


def test_whatever_word_of_a_list_is_read_the_row_can_be_saved() -> None:
    known, now = vocabulary(), datetime.combine(TODAY, time(9), tzinfo=NAIROBI)
    around = validation.Surroundings(taken_over=True)
    targets = {
        "sex": "Person.sex",
        "case_statuses": "Case.status",
        "referral_sources": "Case.source",
        "exploitation_types": "ExploitationEpisode.exploitation_type",
        "counties": "Case.county",
        "iso3166": "Person.citizenship",
    }
    taken = 0
    for list_name, target in targets.items():
        said = [[f"Name {code.code}", code.labels["en"]] for code in known.lists[list_name]]
        for row in rows_of(mapping_of(A="Person.first_name", B=target), *said).rows:
            taken += target in row.accepted
            for draft in row.drafts:
                problems = validation.check(known.forms[draft.kind], draft.fields, known.lists, now, around)
                assert validation.blocking(problems) == (), (row.accepted, problems)
    assert taken > 330
