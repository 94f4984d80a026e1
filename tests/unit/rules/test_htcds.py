"""The filled HTCDS 2.0 workbook against its expected reading."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, time
from functools import cache
from typing import Any

import pytest

from desktop import messages
from desktop.clock import NAIROBI
from desktop.rules import validation
from desktop.rules.htcds import RowOutcome, RowReading, SheetReading
from desktop.rules.records import Missing
from desktop.workbooks.sheets import read_workbook
from tests.unit.rules.htcds_books import DATA, EXPECTED, TODAY, draft, drafts, read, vocabulary

NOW = datetime.combine(TODAY, time(9), tzinfo=NAIROBI)
ROWS = {row["row"]: row for row in EXPECTED["rows"]}


@cache
def filled() -> SheetReading:
    return read(read_workbook((DATA / "htcds-2.0-filled.xlsx").read_bytes()))


@cache
def filled_row(number: int) -> RowReading:
    return {row.row: row for row in filled().rows}[number]


def senses(remarks: list[str]) -> Counter[str]:
    return Counter(remark.partition(":")[0] for remark in remarks)


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("number", ROWS, ids=lambda number: f"row-{number}")
def test_each_filled_row_is_read_as_expected(number: int) -> None:
    expected, got = ROWS[number], filled_row(number)
    assert as_json(dict(got.accepted)) == expected["accepted"]
    assert got.outcome == expected["outcome"]
    assert got.kept_as_text == expected["kept_as_text"]
    assert Counter(remark.code for remark in got.warnings) == senses(expected["warnings"])
    # What concerns the whole file is asked once, beside the rows.
    assert Counter(remark.code for remark in got.asks) == senses(expected["ask"]) - Counter({"COUNTY_MISSING": 1})
    assert got.refused_cells == {cell: code.partition(":")[0] for cell, code in expected["refused_cells"].items()}
    assert (got.refused_row or "") == expected.get("refused_row", "").partition(":")[0]
    assert got.possible_duplicate_of_row == expected.get("possible_duplicate_of_row")


def test_the_counts_of_the_file_are_as_expected() -> None:
    reading, counts = filled(), EXPECTED["counts"]
    assert [row.row for row in reading.rows] == list(ROWS)
    assert len(reading.rows) == counts["filled_rows"]
    assert {outcome: reading.count(RowOutcome(outcome)) for outcome in RowOutcome} == {
        outcome: counts[outcome] for outcome in RowOutcome
    }
    assert reading.sheet_name == EXPECTED["sheet"]
    assert reading.asks_once == ("COUNTY_MISSING", "ADDRESS_COLUMNS")
    assert [row for blank in reading.blank_rows for row in blank] == [11, 12, 31, 38, 45, *range(47, 600)]


def test_every_draft_holds_only_declared_fields_with_values_they_can_hold() -> None:
    known = vocabulary()
    for row in filled().rows:
        for item in row.drafts:
            form = known.forms[item.kind]
            for name, value in item.fields.items():
                declared = form[name]
                codes = value if isinstance(value, tuple) else (value,)
                if declared.list_name and not isinstance(value, Missing):
                    assert all(code in known.lists[declared.list_name] for code in codes), (item.kind, name)
                if declared.max_length and isinstance(value, str):
                    assert len(value) <= declared.max_length, (item.kind, name)


def test_no_draft_has_a_problem_that_stops_a_save() -> None:
    known = vocabulary()
    around = validation.Surroundings(taken_over=True)
    for row in filled().rows:
        for item in row.drafts:
            problems = validation.check(known.forms[item.kind], item.fields, known.lists, NOW, around)
            assert not validation.blocking(problems), (row.row, problems)
            # A value under a question that does not apply would be dropped by the save.
            assert "QUESTION_SKIPPED" not in {problem.code for problem in problems}, (row.row, item.kind)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_remark_can_be_said(language: messages.Language) -> None:
    for row in filled().rows:
        for remark in (*row.warnings, *row.asks):
            assert messages.sentence(remark.code, language, **remark.facts)
        for code in row.refused_cells.values():
            assert code in messages.sentences()


def test_everything_accepted_or_kept_stands_in_a_draft() -> None:
    for row in filled().rows:
        if row.outcome is RowOutcome.REFUSE:
            continue
        stored: Counter[str] = Counter()
        for item in row.drafts:
            for value in item.fields.values():
                stored.update(value if isinstance(value, tuple) else [str(value)])
        for value in (*row.accepted.values(), *row.kept_as_text.values()):
            for one in value if isinstance(value, tuple) else [str(value)]:
                assert stored[one], row.row
        texts = {item.fields["question"] for item in drafts(row, "import_note") if item.fields.get("question")}
        silent = {"FORMULA_NOT_READ", "CELL_ERROR"}
        assert set(row.refused_cells.values()) - silent <= texts, row.row


def test_several_exploitation_types_make_several_episodes() -> None:
    row = filled_row(7)
    first, second = (item.fields for item in drafts(row, "exploitation_episode"))
    assert first["exploitation_type"] == "SEXUAL"
    assert first["sex_forms"] == ("PROSTITUTION",)
    assert second["exploitation_type"] == "BEGGING"
    assert "sex_forms" not in second
    assert first["control"] == second["control"] == ("THREATS", "TAKES_EARNINGS")
    assert draft(row, "determination")["purposes"] == ("SEXUAL", "BEGGING")


def test_a_row_makes_the_records_it_speaks_of() -> None:
    row = filled_row(5)
    assert Counter(item.kind for item in row.drafts) == Counter(
        {
            "case": 1,
            "person": 1,
            "determination": 1,
            "recruitment": 1,
            "journey_leg": 1,
            "exploitation_episode": 1,
            "referral": 2,
        }
    )
    incoming, outgoing = (item.fields for item in drafts(row, "referral"))
    assert incoming == {"direction": "IN", "date": "2026-03-28", "reason": "SERVICE"}
    assert outgoing == {
        "direction": "OUT",
        "to_provider_name": "Mwangaza House (practice)",
        "to_person": "Practice Sister-in-Charge",
        "reason": "MOVE",
        "date": "2026-04-06",
        "reason_short": "Needs a bed and a check by a nurse.",
    }
    assert draft(row, "journey_leg") == {"seq": 1, "type": "RECRUITMENT", "place": "Thika"}
    assert draft(row, "person")["dob_estimated"] is False
    assert draft(row, "person")["surname"] == "Ng\N{RIGHT SINGLE QUOTATION MARK}ang\N{RIGHT SINGLE QUOTATION MARK}a"


def test_a_row_of_a_name_only_makes_a_draft_case() -> None:
    row = filled_row(32)
    assert draft(row, "case") == {"status": "DRAFT"}
    assert draft(row, "person") == {"first_name": "Upendo"}
    assert len(row.drafts) == 2


def test_words_for_not_known_and_years_stay_what_they_are() -> None:
    assert draft(filled_row(16), "person")["dob"] is Missing.DK
    assert draft(filled_row(22), "person")["dob"] == "1987"
    assert draft(filled_row(22), "person")["dob_estimated"] is True


def test_a_source_that_is_no_label_leaves_the_question_open_and_keeps_the_text() -> None:
    row = filled_row(13)
    assert draft(row, "case")["source"] is Missing.NOT_ASKED
    assert draft(row, "import_note") == {
        "heading": "cas_ReferringOrganisation",
        "text": "Practice Shop Owners' Club",
        "question": "SOURCE_NOT_IN_LIST",
        "settled": False,
    }


def test_a_refused_value_stays_as_a_note_and_its_episode_keeps_the_rest() -> None:
    row = filled_row(29)
    assert draft(row, "import_note")["text"] == "Forced online scamming"
    episode = draft(row, "exploitation_episode")
    assert episode["exploitation_type"] is Missing.NOT_ASKED
    assert episode["place"] == "Riyadh"


def test_the_second_number_and_the_consent_tick_stay_as_notes() -> None:
    assert draft(filled_row(42), "import_note")["text"] == "+254700000220 / 0799999031"
    assert draft(filled_row(3), "import_note")["question"] == "CONSENT_ONE_TICK"
    assert not drafts(filled_row(3), "consent")


def test_a_refused_row_makes_no_record() -> None:
    assert filled_row(601).drafts == ()
