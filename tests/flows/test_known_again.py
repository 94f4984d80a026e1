"""Rows that come again: the same person's is known, another person's is never hidden, changed or joined by it."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest

from desktop.errors import Stopped
from desktop.rules.columns import ColumnMapping
from desktop.services.imports import ImportPreview, RowAction
from desktop.services.tables import TableKind
from desktop.workbooks.sheets import read_workbook
from tests.factory import WORKBOOK, Place, count, dump, make_case, make_office
from tests.unit.rules.foreign_lists import mapping_of

ADD, CHANGE, SKIP = RowAction.ADD, RowAction.CHANGE, RowAction.SKIP
NUMBER = "Case.external_refs[CPIMS]"


@pytest.fixture
def office(places: Callable[[Place], Place], tmp_path: Path) -> Place:
    return places(make_office(tmp_path / "data", "035"))


def mapping(*one_case_by: str, **targets: str) -> ColumnMapping:
    made = mapping_of(**targets)
    return ColumnMapping("list", (1,), 2, made.columns, one_case_by=one_case_by)


NUMBERED = mapping(NUMBER, A=NUMBER, B="Person.name", C="Person.sex", D="ExploitationEpisode.place")
NAMELESS = mapping(A="Person.sex", B="Person.age_at_registration", C="ExploitationEpisode.place")


def table(read_by: ColumnMapping, *lines: str) -> bytes:
    return "\n".join([",".join(item.heading for item in read_by.columns), *lines, ""]).encode()


def planned(office: Place, read_by: ColumnMapping, *lines: str) -> ImportPreview:
    return office.desk.imports.preview(table(read_by, *lines), read_by)


def taken(office: Place, read_by: ColumnMapping, *lines: str) -> tuple[str, ...]:
    return office.desk.imports.apply(planned(office, read_by, *lines)).record_ids


def actions(preview: ImportPreview) -> list[RowAction]:
    return [row.action for row in preview.rows]


def first_names(office: Place) -> list[str]:
    return sorted(
        person.text("first_name")
        for summary in office.desk.cases.list()
        if (person := office.desk.cases.open(summary.case_id).one("person"))
    )


def test_another_person_of_the_same_number_is_never_written_over_the_first(office: Place) -> None:
    (amina,) = taken(office, NUMBERED, "12,Amina Hassan,F")
    other = planned(office, NUMBERED, "12,Beatrice Otieno,F")
    assert [(row.action, row.case_id) for row in other.rows] == [(ADD, None)]
    assert "ROW_OF_ANOTHER_PERSON" in other.rows[0].reasons
    office.desk.imports.apply(other)
    assert first_names(office) == ["Amina", "Beatrice"]
    # From now on both are known by the number and the name.
    both = ["12,Amina Hassan,F,Busia", "12,Beatrice Otieno,F,Busia"]
    for lines in (both, both[::-1]):
        again = planned(office, NUMBERED, *lines)
        assert actions(again) == [CHANGE, CHANGE]
        assert len({row.case_id for row in again.rows}) == 2
    (alone,) = planned(office, NUMBERED, both[0]).rows
    assert (alone.action, alone.case_id) == (CHANGE, amina)


def test_two_persons_of_one_number_in_one_file_stay_two_cases_when_it_comes_again(office: Place) -> None:
    lines = ["12,Amina Hassan,F", "12,Beatrice Otieno,F", "12,Chema Njoroge,M"]
    assert len(taken(office, NUMBERED, *lines)) == 3
    assert first_names(office) == ["Amina", "Beatrice", "Chema"]
    assert actions(planned(office, NUMBERED, *lines)) == [SKIP] * 3
    changed = planned(office, NUMBERED, *(f"{line},Busia" for line in lines))
    assert actions(changed) == [CHANGE] * 3
    office.desk.imports.apply(changed)
    assert first_names(office) == ["Amina", "Beatrice", "Chema"]
    for order in itertools.permutations(lines):
        assert ADD not in actions(planned(office, NUMBERED, *(f"{line},Busia" for line in order)))


def test_a_numbered_row_changes_its_case_by_an_equal_name_alone(office: Place) -> None:
    taken(office, NUMBERED, "12,Amina Hassan")
    assert actions(planned(office, NUMBERED, "12,AMINA hassan,,Busia")) == [CHANGE]
    assert actions(planned(office, NUMBERED, "12,Amina,,Busia")) == [ADD]


def test_no_two_rows_of_a_file_change_one_case(office: Place) -> None:
    (known,) = taken(office, NUMBERED, "12,Amina Hassan")
    two = planned(office, NUMBERED, "12,Amina Hassan,F", "12,Amina Hassan,M")
    assert [(row.action, row.case_id) for row in two.rows] == [(CHANGE, known), (ADD, None)]
    assert len(office.desk.imports.apply(two).record_ids) == 2
    assert first_names(office) == ["Amina", "Amina"]


def test_a_number_alone_with_nothing_to_compare_changes_nothing(office: Place) -> None:
    read_by = mapping(NUMBER, A=NUMBER, B="Person.sex", C="Person.age_at_registration")
    taken(office, read_by, "12,,30")
    assert actions(planned(office, read_by, "12,F,")) == [ADD]
    assert actions(planned(office, read_by, "12,F,30")) == [CHANGE]


def form(row: int, **cells: str) -> bytes:
    """The published workbook with one filled row."""
    book = openpyxl.load_workbook(io.BytesIO(WORKBOOK))
    sheet = book["Sheet1"]
    sheet.delete_rows(3, sheet.max_row)
    for column, said in cells.items():
        sheet[f"{column}{row}"] = said
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("first", "second", "action"),
    [
        ({}, {"AA": "Kitale"}, ADD),
        ({"I": "Kenya"}, {"I": "Kenya", "AA": "Kitale"}, ADD),
        ({"H": "Feminine"}, {"AA": "Kitale"}, ADD),
        ({"M": "0799999031"}, {"M": "0799999031", "AA": "Kitale"}, CHANGE),
        ({"G": "1986-03-22"}, {"G": "1986-03-22", "AA": "Kitale"}, CHANGE),
    ],
    ids=["only the name", "only the nationality", "one says nothing", "the same phone", "the same birth date"],
)
def test_two_workbooks_rows_of_one_name_are_one_person_only_where_something_tells_so(
    office: Place, first: Mapping[str, str], second: Mapping[str, str], action: RowAction
) -> None:
    name = {"D": "Mary", "E": "Wanjiru"}
    office.desk.imports.apply(office.desk.imports.preview(form(7, **name, **first)))
    (row,) = office.desk.imports.preview(form(7, **name, **second)).rows
    assert row.action is action
    assert ("ROW_OF_ANOTHER_PERSON" in row.reasons) == (action is ADD)


def test_another_offices_or_months_nameless_row_is_added_with_a_remark_and_the_same_table_is_skipped(
    office: Place,
) -> None:
    january = ["F,30,Busia", "M,12,Kitale", "F,30,Busia"]
    assert len(taken(office, NAMELESS, *january)) == 3
    assert actions(planned(office, NAMELESS, *january)) == [SKIP] * 3
    for other in (["F,30,Busia", "M,12,Kitale", "F,17,Meru"], ["F,30,Busia"], [*january, "M,40,"]):
        seen = planned(office, NAMELESS, *other)
        assert actions(seen) == [ADD] * len(other)
        assert "ROW_LIKE_ANOTHER_TABLES" in seen.rows[0].reasons
        assert "ROW_LIKE_ANOTHER_TABLES" not in seen.rows[-1].reasons or other == ["F,30,Busia"]
    assert len(taken(office, NAMELESS, "F,30,Busia", "F,17,Meru")) == 2
    assert count(office.desk.vault, "case_row") == 5
    assert actions(planned(office, NAMELESS, *january)) == [SKIP] * 3


def test_a_nameless_table_saved_again_by_another_program_is_the_same_table(office: Place) -> None:
    taken(office, NAMELESS, "F,30,Busia", "M,12,Kitale")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in table(NAMELESS, "F,30,Busia", "M,12,Kitale").decode().splitlines():
        sheet.append(line.split(","))
    out = io.BytesIO()
    book.save(out)
    assert actions(office.desk.imports.preview(out.getvalue(), NAMELESS)) == [SKIP] * 2


def test_another_offices_table_that_says_what_ours_did_is_not_taken_for_ours(office: Place, tmp_path: Path) -> None:
    make_case(office)
    ours = office.desk.tables.export_plain(TableKind.HTCDS, "PLANNING", tmp_path).content
    assert actions(office.desk.imports.preview(ours)) == [SKIP]
    book = openpyxl.load_workbook(io.BytesIO(ours))
    book["Sheet1"]["H4"] = "Masculine"
    out = io.BytesIO()
    book.save(out)
    theirs = office.desk.imports.preview(out.getvalue())
    assert actions(theirs) == [ADD, ADD]
    assert "ROW_LIKE_ANOTHER_TABLES" in theirs.rows[0].reasons


def test_the_htcds_form_saved_as_text_is_read_like_the_workbook(office: Place) -> None:
    columns = read_workbook(WORKBOOK).sheets[0]
    out = io.StringIO()
    writer = csv.writer(out)
    letters = sorted({name for row in columns.rows for name in row.cells}, key=lambda name: (len(name), name))
    by_number = {row.number: row.cells for row in columns.rows}
    for number in range(1, columns.last_row + 1):
        cells = by_number.get(number, {})
        writer.writerow([cells[name].text.removesuffix("T00:00:00") if name in cells else "" for name in letters])
    data = out.getvalue().encode("utf-8-sig")
    assert office.desk.lists.headings(data).is_htcds
    whole, text = office.desk.imports.preview(WORKBOOK), office.desk.imports.preview(data)
    assert [row.reading.row for row in text.rows] == [row.reading.row for row in whole.rows]
    names = [[row.reading.accepted.get("Person.first_name") for row in seen.rows] for seen in (whole, text)]
    assert names[0] == names[1]
    assert text.count(ADD) == whole.count(ADD) == 40


def test_letters_that_were_guessed_are_told_for_the_whole_file(office: Place) -> None:
    data = table(NUMBERED, "12,René Odhiambo,M")
    assert office.desk.imports.preview(data, NUMBERED).sheet.asks_once == ("COUNTY_MISSING",)
    guessed = office.desk.imports.preview(data.decode().encode("cp1252"), NUMBERED)
    assert guessed.sheet.asks_once == ("COUNTY_MISSING", "LETTERS_GUESSED")


def test_the_reading_of_a_list_is_stopped_before_its_rows_are_compared_and_nothing_is_written(office: Place) -> None:
    before = dump(office.desk.vault)
    told: list[tuple[int, int]] = []

    def stop(done: int, of: int) -> None:
        told.append((done, of))
        if len(told) == 3:
            raise Stopped("STOPPED")

    data = table(NUMBERED, *(f"{at},Amina Hassan,F" for at in range(10)))
    with pytest.raises(Stopped):
        office.desk.imports.preview(data, NUMBERED, report=stop)
    assert told == [(0, 11)] * 3
    assert dump(office.desk.vault) == before
