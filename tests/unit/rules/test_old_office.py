"""The hand-kept workbook of an office against its expected readings, read by the mapping that is suggested for it."""

from __future__ import annotations

import json
from datetime import datetime, time
from typing import Any

import pytest

from desktop import messages
from desktop.clock import NAIROBI
from desktop.rules import validation
from desktop.rules.htcds import RowOutcome
from desktop.rules.htcds_cells import cell_text
from desktop.rules.records import Missing
from tests.unit.rules.foreign_lists import (
    OFFICE,
    TODAY,
    old_office,
    old_office_mapping,
    old_office_rows,
    read,
    vocabulary,
)

READINGS = {(item["sheet"], item["row"]): item for item in OFFICE["readings"]}
MUST_ASK = {(item["sheet"], item["row"]): item["ask"] for item in OFFICE["must_ask"]}
PROVIDER = "Referral[OUT].to_provider_name"
# What the expected file calls a question, where we call it otherwise.
OURS = {
    "COMMENT": "CELL_NOTE",
    "CONSENT_LIMITS": "CONSENT_HAS_LIMITS",
    "DATE_MONTH_ONLY": "DATE_WITHOUT_YEAR",
    "DUPLICATE": "SAME_AS_ROW",
    "PHONE_OF_OTHER": "PHONE_WITH_WORDS",
}


def place(key: tuple[str, int]) -> str:
    return f"{key[0]}-{key[1]}"


def sense(said: str) -> tuple[str, str]:
    """The column, if it names one, and the code of ours for a question such as `D: AGE_WORD: a child`."""
    first, _, rest = said.partition(": ")
    column, code = (first, rest.partition(":")[0]) if len(first) == 1 else ("", first.partition(":")[0])
    return column, OURS.get(code, code)


@pytest.mark.parametrize("key", READINGS, ids=place)
def test_each_chosen_row_is_read_exactly_as_expected(key: tuple[str, int]) -> None:
    accepted: dict[str, Any] = json.loads(json.dumps(dict(old_office_rows()[key].accepted)))
    # The expected file leaves out where the person was sent; we take the words of the cell.
    sent_to = accepted.pop(PROVIDER, None)
    cell = {row.number: row for row in sheet(key[0]).rows}[key[1]].cells.get("P")
    assert sent_to == (cell.text if cell else None)
    assert accepted == READINGS[key]["reading"]


def sheet(name: str) -> Any:
    return next(item for item in old_office().sheets if item.name == name)


def test_the_rows_that_are_asked_about_are_those_that_must_be_and_no_others() -> None:
    assert {key for key, row in old_office_rows().items() if row.asks} == MUST_ASK.keys()


@pytest.mark.parametrize("key", MUST_ASK, ids=place)
def test_each_question_is_asked_by_its_code_and_column(key: tuple[str, int]) -> None:
    asked = {(str(ask.facts.get("column", "")), ask.code) for ask in old_office_rows()[key].asks}
    for said in MUST_ASK[key]:
        column, code = sense(said)
        assert (column, code) in asked if column else code in {found for _, found in asked}
    assert len(asked) == len(MUST_ASK[key])


def test_every_case_is_found_and_nothing_else() -> None:
    rows = old_office_rows()
    assert len(rows) == OFFICE["data_rows"]
    for name, count in OFFICE["sheets"].items():
        assert sum(key[0] == name for key in rows) == count
    assert all(row.outcome is not RowOutcome.REFUSE for row in rows.values())


def test_titles_totals_and_signatures_are_listed_and_are_no_cases() -> None:
    reading = read(old_office(), old_office_mapping())
    told = [(item.code, item.facts["sheet"], item.facts["row"]) for item in reading.remarks if "row" in item.facts]
    titles = [(sheet, row) for code, sheet, row in told if code == "ROW_IS_TITLE"]
    assert titles == [(sheet, row) for sheet in (1, 2, 3) for row in (1, 2, 3)]
    totals = [(sheet, row) for code, sheet, row in told if code == "ROW_IS_TOTAL"]
    begin_so = [
        (position, row.number)
        for position, name in enumerate(OFFICE["sheets"], start=1)
        for row in sheet(name).rows
        if any(cell.text.startswith(("JUMLA NDOGO", "JUMLA KUU", "Imeandaliwa na")) for cell in row.cells.values())
    ]
    assert totals == begin_so
    assert len(begin_so) == 3 * 4
    assert reading.asks_once == ()  # the empty sheet holds nothing to ask about


def test_duplicates_inside_the_file_are_asked_with_the_row_they_repeat() -> None:
    names = [sheet.name for sheet in old_office().sheets]
    found = [
        {"sheet": key[0], "row": key[1], "of": f"{names[int(ask.facts['sheet']) - 1]}!{ask.facts['row']}"}
        for key, row in old_office_rows().items()
        for ask in row.asks
        if ask.code == "SAME_AS_ROW"
    ]
    assert found == OFFICE["duplicates"]


def test_coloured_rows_are_listed_by_their_colour() -> None:
    coloured = [
        place(key).replace("-", "!")
        for key, row in old_office_rows().items()
        if any(remark.code.startswith("ROW_IS_") for remark in row.warnings)
    ]
    assert coloured == OFFICE["coloured_rows"]
    for key, item in READINGS.items():
        said = " ".join(item["ask"])
        codes = {remark.code for remark in old_office_rows()[key].warnings}
        for word, code in {"red =": "ROW_IS_RED", "grey =": "ROW_IS_GREY", "green =": "ROW_IS_GREEN"}.items():
            assert (word in said) == (code in codes)


def test_the_hidden_column_and_rows_are_read_and_shown() -> None:
    reading = read(old_office(), old_office_mapping())
    hidden = [(item.facts["sheet"], item.facts["column"]) for item in reading.remarks if item.code == "COLUMN_HIDDEN"]
    assert hidden == [(1, "L"), (2, "L"), (3, "L")]
    numbers = [key for key, row in old_office_rows().items() if any(r.code == "ROW_HIDDEN" for r in row.warnings)]
    assert numbers == [("2021", 33), ("2022", 33), ("2023", 33)]
    assert any("LegalProcess.ob_number" in row.accepted for row in old_office_rows().values())


def test_a_colour_a_line_or_a_note_changes_no_value() -> None:
    struck, noted = old_office_rows()["2021", 27], old_office_rows()["2021", 14]
    assert "Person.first_name" in struck.accepted
    assert "ExploitationEpisode.exploitation_type" in noted.accepted
    kept = [draft.fields["text"] for draft in noted.drafts if draft.fields.get("question") == "CELL_NOTE"]
    assert kept == ["si hakika / not sure"]
    grey = old_office_rows()["2021", 18]
    assert grey.accepted["Case.status"] == "FOLLOW_UP"


def test_nothing_that_stands_in_a_row_is_lost() -> None:
    left_out = {item.column for item in old_office_mapping().columns if item.target == "LEAVE_OUT"}
    for (name, number), row in old_office_rows().items():
        cells = {r.number: r for r in sheet(name).rows}[number].cells
        said_none = {remark.facts.get("column") for remark in row.warnings if remark.code == "CELL_SAYS_NONE"}
        targets = {item.column: item for item in old_office_mapping().columns}
        for letters, cell in cells.items():
            if letters in left_out or letters in said_none:
                continue
            item = targets[letters]
            kept = row.kept_as_text.get(item.heading)
            assert item.target in row.accepted or kept == cell_text(cell), (name, number, letters)


def test_consent_columns_make_no_consent_and_are_kept_as_notes() -> None:
    for row in old_office_rows().values():
        assert all(draft.kind != "consent" for draft in row.drafts)
        answers = [name for name in row.accepted if name.startswith("Consent[")]
        notes = [draft for draft in row.drafts if str(draft.fields.get("question", "")).startswith("CONSENT_")]
        assert len(notes) == len(answers)


def test_an_age_carries_the_day_it_was_told_so_that_a_child_grows_up() -> None:
    (person,) = [draft.fields for draft in old_office_rows()["2021", 16].drafts if draft.kind == "person"]
    assert (person["age_at_registration"], person["age_said_on"], person["dob_estimated"]) == (15, "2021-09-25", True)
    (person,) = [draft.fields for draft in old_office_rows()["2021", 11].drafts if draft.kind == "person"]
    assert "age_said_on" not in person  # only the year is known


def test_what_the_list_asks_and_the_row_does_not_say_is_never_the_offices_own_answer() -> None:
    (case,) = [draft.fields for draft in old_office_rows()["2021", 13].drafts if draft.kind == "case"]
    assert case["county"] is Missing.NOT_ASKED
    (case,) = [draft.fields for draft in old_office_rows()["2022", 24].drafts if draft.kind == "case"]
    assert case["date_opened"] is Missing.NOT_ASKED
    (case,) = [draft.fields for draft in old_office_rows()["2022", 26].drafts if draft.kind == "case"]
    assert case["external_refs"] == ("OB 1/23/1/2022",)


def test_no_draft_has_a_problem_that_stops_a_save() -> None:
    known, now = vocabulary(), datetime.combine(TODAY, time(9), tzinfo=NAIROBI)
    around = validation.Surroundings(taken_over=True)
    for key, row in old_office_rows().items():
        for draft in row.drafts:
            problems = validation.check(known.forms[draft.kind], draft.fields, known.lists, now, around)
            assert not validation.blocking(problems), (key, problems)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_remark_can_be_said(language: messages.Language) -> None:
    reading = read(old_office(), old_office_mapping())
    for remark in (*reading.remarks, *(r for row in reading.rows for r in (*row.warnings, *row.asks))):
        assert messages.sentence(remark.code, language, **remark.facts)
