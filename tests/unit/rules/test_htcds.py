"""The filled HTCDS 2.0 workbook against its expected reading, and single rows beside it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from desktop import catalogue
from desktop.errors import NotAccepted
from desktop.rules.cells import Cell, CellKind, Row, Sheet, Workbook
from desktop.rules.htcds import RowOutcome, RowReading, SheetReading, read_htcds
from desktop.rules.htcds_labels import HEADINGS
from desktop.rules.records import Missing, RecordDraft, Value
from desktop.workbooks.sheets import read_workbook

DATA = Path(__file__).parents[2] / "data"
EXPECTED = json.loads((DATA / "htcds-2.0-filled.expected.json").read_text(encoding="utf-8"))
TODAY = date.fromisoformat(EXPECTED["as_of"])
ROWS = {row["row"]: row for row in EXPECTED["rows"]}


@cache
def vocabulary() -> catalogue.Catalogue:
    return catalogue.load()


def read(book: Workbook) -> SheetReading:
    known = vocabulary()
    rows = catalogue.table_rows("htcds_map")
    return read_htcds(book, lists=known.lists, forms=known.forms, map_rows=rows, today=TODAY)


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
    assert reading.blank_rows == (11, 12, 31, 38, 45, *range(47, 600))


def test_every_draft_holds_only_declared_fields_with_values_they_can_hold() -> None:
    known = vocabulary()
    for row in filled().rows:
        for draft in row.drafts:
            form = known.forms[draft.kind]
            for name, value in draft.fields.items():
                declared = form[name]
                codes = value if isinstance(value, tuple) else (value,)
                if declared.list_name and not isinstance(value, Missing):
                    assert all(code in known.lists[declared.list_name] for code in codes), (draft.kind, name)
                if declared.max_length and isinstance(value, str):
                    assert len(value) <= declared.max_length, (draft.kind, name)


def draft(row: RowReading, kind: str) -> Mapping[str, Value]:
    (found,) = [item.fields for item in row.drafts if item.kind == kind]
    return found


def drafts(row: RowReading, kind: str) -> list[RecordDraft]:
    return [item for item in row.drafts if item.kind == kind]


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


# --- single rows, made here -----------------------------------------------------------------------------------------


def text(words: str) -> Cell:
    return Cell(CellKind.TEXT, words)


def number(digits: str) -> Cell:
    return Cell(CellKind.NUMBER, digits)


def heading_rows() -> list[Row]:
    return [
        Row(1, {column: text(first) for column, (first, _) in HEADINGS.items() if first}),
        Row(2, {column: text(second) for column, (_, second) in HEADINGS.items()}),
    ]


def book(*rows: Mapping[str, Cell], date1904: bool = False) -> Workbook:
    made = [Row(at, cells) for at, cells in enumerate(rows, start=3)]
    return Workbook((Sheet("Sheet1", False, (*heading_rows(), *made), len(made) + 2, 39),), date1904)


PERSON = {"D": text("Wambui"), "H": text("Feminine"), "G": text("14/03/1998"), "X": text("Forced labour")}


def one(cells: Mapping[str, Cell] | None = None, *, date1904: bool = False) -> RowReading:
    (row,) = read(book({**PERSON, **(cells or {})}, date1904=date1904)).rows
    return row


def codes(remarks: tuple[Any, ...]) -> list[str]:
    return [remark.code for remark in remarks]


def test_a_plain_row_needs_no_word() -> None:
    assert one().outcome is RowOutcome.ACCEPT


@pytest.mark.parametrize("spoiled", ["T1", "AJ2", "N1", "B2"])
def test_other_headings_than_the_published_are_refused(spoiled: str) -> None:
    rows = heading_rows()
    at, column = int(spoiled[-1]) - 1, spoiled[:-1]
    rows[at] = Row(at + 1, {**rows[at].cells, column: text("Something else")})
    with pytest.raises(NotAccepted) as caught:
        read(Workbook((Sheet("Sheet1", False, tuple(rows), 2, 39),), False))
    assert caught.value.code == "HEADINGS_UNKNOWN"


def test_a_missing_heading_row_and_an_empty_book_are_refused() -> None:
    for sheets in ((), (Sheet("a", False, (), 0, 0),), (Sheet("a", False, tuple(heading_rows()[:1]), 1, 39),)):
        with pytest.raises(NotAccepted):
            read(Workbook(sheets, False))


def test_other_sheets_with_content_are_said() -> None:
    made = book(PERSON)
    notes = Sheet("Notes", True, (Row(1, {"A": text("x")}),), 1, 1)
    assert read(Workbook((notes, *made.sheets), False)).asks_once == ("COUNTY_MISSING", "SHEETS_NOT_READ")
    assert read(Workbook((Sheet("Sheet2", False, (), 0, 0), *made.sheets), False)).asks_once == ("COUNTY_MISSING",)


def test_the_empty_published_workbook_asks_nothing() -> None:
    assert read(book({"A": number("1")}, {"A": number("2"), "D": text("   ")})) == SheetReading("Sheet1", (), (), ())


@pytest.mark.parametrize(
    ("cell", "dob", "seen", "asked"),
    [
        (number("35886"), "1998-04-01", ["DATE_FROM_SERIAL"], []),
        (number("35886.0"), "1998-04-01", ["DATE_FROM_SERIAL"], []),
        (number("35886.75"), "1998-04-01", ["DATE_FROM_SERIAL"], []),
        (number("2026"), "2026", ["DATE_YEAR_ONLY"], []),
        (number("2027"), None, [], ["DATE_NOT_UNDERSTOOD", "AGE_UNKNOWN"]),
        (number("14031998"), None, [], ["DATE_NOT_UNDERSTOOD", "AGE_UNKNOWN"]),
        (number("-5"), None, [], ["DATE_NOT_UNDERSTOOD", "AGE_UNKNOWN"]),
        (Cell(CellKind.DATE, "1998-04-01T00:00:00"), "1998-04-01", [], []),
        (Cell(CellKind.DATE, "1998-04-01"), "1998-04-01", [], []),
        (Cell(CellKind.DATE, "1905-06-10T00:00:00"), None, [], ["DATE_TOO_OLD", "AGE_UNKNOWN"]),
        (Cell(CellKind.DATE, "08:30:00"), None, [], ["DATE_NOT_UNDERSTOOD", "AGE_UNKNOWN"]),
        (Cell(CellKind.TRUTH, "true"), None, [], ["DATE_NOT_UNDERSTOOD", "AGE_UNKNOWN"]),
        (Cell(CellKind.ERROR, "#REF!"), None, [], ["CELL_ERROR", "AGE_UNKNOWN"]),
        (text("12/7/2005"), "2005-07-12", ["DATE_DAY_FIRST"], []),
        (text("hajui"), None, ["DOB_NOT_KNOWN"], ["AGE_UNKNOWN"]),
    ],
)
def test_F07_birth_dates_however_they_are_typed(cell: Cell, dob: str | None, seen: list[str], asked: list[str]) -> None:
    row = one({"G": cell})
    assert row.accepted.get("Person.dob") == dob
    assert codes(row.warnings) == seen
    assert codes(row.asks) == asked


def test_day_numbers_of_the_1904_system_mean_four_years_later() -> None:
    assert one({"G": number("34424")}, date1904=True).accepted["Person.dob"] == "1998-04-01"


def test_an_age_instead_of_a_birth_date_is_an_age() -> None:
    row = one({"G": text("about 17")})
    assert row.accepted["Person.age_at_registration"] == 17
    assert codes(row.warnings) == ["AGE_ESTIMATED"]
    assert draft(row, "person")["dob_estimated"] is True
    assert one({"AD": text("about 17"), "AC": text("Police")}).refused_cells == {"AD": "DATE_NOT_UNDERSTOOD"}


@pytest.mark.parametrize(
    ("birth", "incoming", "kind"),
    [
        ("24/11/2008", None, "FORCED_MARRIAGE"),
        ("26/11/2008", None, "CHILD_MARRIAGE"),
        ("24/11/2008", "01/06/2026", "CHILD_MARRIAGE"),  # under 18 when the case came in: a birthday resets nothing
        ("2008", None, "CHILD_MARRIAGE"),  # may be under 18
        ("about 30", None, "FORCED_MARRIAGE"),
        ("unknown", None, "FORCED_MARRIAGE"),
    ],
)
def test_forced_marriage_follows_the_age_when_the_case_came_in(birth: str, incoming: str | None, kind: str) -> None:
    cells = {"G": text(birth), "X": text("Forced marriage")}
    if incoming:
        cells |= {"AC": text("Police"), "AD": text(incoming)}
    row = one(cells)
    assert row.accepted["ExploitationEpisode.exploitation_type"] == (kind,)
    assert ("MAPPED_BY_AGE" in codes(row.warnings)) == (kind == "CHILD_MARRIAGE")


def test_a_label_that_means_more_than_ours_is_kept_beside_the_code() -> None:
    row = one({"X": text("Forced adoption"), "U": text("At a place of business")})
    assert row.accepted["ExploitationEpisode.exploitation_type"] == ("ILLEGAL_ADOPTION",)
    assert row.accepted["Recruitment.method"] == "OTHER"
    assert row.kept_as_text == {
        "vic_TypeOfExploitation": "Forced adoption",
        "vic_MethodOfRecruitment": "At a place of business",
    }
    assert codes(row.warnings) == ["MEANING_LOST", "MEANING_LOST"]


def test_known_values_beside_an_unknown_one_are_taken_and_the_unknown_is_asked() -> None:
    row = one({"W": text("Debt bondage; Sleeps on the floor, Physical abuse")})
    assert row.accepted["ExploitationEpisode.control"] == ("DEBT_BONDAGE", "PHYSICAL")
    assert row.kept_as_text == {"vic_MethodsOfControl": "Sleeps on the floor"}
    assert codes(row.asks) == ["VALUE_NOT_IN_LIST"]


def test_a_part_of_a_label_is_no_label() -> None:
    row = one({"Y": text("Agriculture"), "I": text("Congo, Democratic Republic"), "H": text("Femin")})
    assert row.refused_cells == {"H": "VALUE_NOT_IN_LIST", "Y": "VALUE_NOT_IN_LIST"}
    assert row.accepted["Person.citizenship"] == ("COG",)
    assert row.kept_as_text["prs_Citizenship"] == "Democratic Republic"
    assert row.outcome is RowOutcome.ASK


def test_two_answers_where_one_is_possible_are_asked() -> None:
    row = one({"AB": text("Active; Closed")})
    assert "Case.status" not in row.accepted
    assert row.refused_cells == {"AB": "VALUE_NOT_SINGLE"}
    assert one({"AB": text("Active; Active")}).accepted["Case.status"] == "OPEN"


def test_a_label_in_another_script_case_does_not_break_the_match() -> None:
    assert one({"I": text("\N{KELVIN SIGN}enya")}).refused_cells == {"I": "VALUE_NOT_IN_LIST"}
    assert one({"X": text("\N{LATIN SMALL LETTER LONG S}urrogacy")}).refused_cells == {"X": "VALUE_NOT_IN_LIST"}


def test_a_sex_form_without_its_type_is_asked_and_kept() -> None:
    row = one({"Z": text("Prostitution")})
    assert codes(row.asks) == ["SEX_FORM_WITHOUT_TYPE"]
    assert draft(row, "import_note")["text"] == "PROSTITUTION"
    assert "sex_forms" not in draft(row, "exploitation_episode")


def test_the_industry_goes_to_the_episodes_that_are_work() -> None:
    row = one({"X": text("Forced labour; Sexual exploitation"), "Y": text("Construction"), "Z": text("Pornography")})
    labour, sexual = (item.fields for item in drafts(row, "exploitation_episode"))
    assert (labour["sector"], "sector" in sexual) == (("F",), False)
    assert (sexual["sex_forms"], "sex_forms" in labour) == (("PORNOGRAPHY",), False)


def test_a_reason_for_closing_an_open_case_is_asked() -> None:
    row = one({"AB": text("Active"), "AM": text("Resettled")})
    assert codes(row.asks) == ["CLOSURE_OF_OPEN_CASE"]
    assert draft(row, "closure") == {"reason": "RESETTLED"}


def test_two_long_details_both_reach_the_background_whole() -> None:
    first, second = "a" * 301, "b" * 400
    row = one({"AG": text(first), "AL": text(second)})
    assert row.accepted["Case.narrative"] == f"{first}\n\n{second}"
    assert [dict(remark.facts) for remark in row.warnings] == [
        {"column": "AG", "characters": 301, "limit": 300},
        {"column": "AL", "characters": 400, "limit": 300},
    ]


def test_a_text_too_long_for_its_field_is_asked_and_kept_whole() -> None:
    row = one({"AA": text("x" * 201), "AM": text("y" * 201), "AB": text("Closed")})
    assert row.refused_cells == {"AA": "TEXT_TOO_LONG", "AM": "TEXT_TOO_LONG"}
    assert [len(str(item.fields["text"])) for item in drafts(row, "import_note")] == [201, 201]


def test_a_column_the_standard_does_not_have_is_kept_and_asked() -> None:
    row = one({"AN": text("extra")})
    assert row.kept_as_text == {"column AN": "extra"}
    assert codes(row.asks) == ["COLUMN_UNKNOWN"]


def test_numbers_dates_and_truth_values_in_text_columns_are_kept_as_shown() -> None:
    row = one(
        {"D": number("12.0"), "V": Cell(CellKind.DATE, "2026-07-03T00:00:00"), "AA": Cell(CellKind.TRUTH, "true")}
    )
    assert row.accepted["Person.first_name"] == "12"
    assert row.accepted["JourneyLeg[RECRUITMENT].place"] == "2026-07-03"
    assert row.accepted["ExploitationEpisode.place"] == "TRUE"


def test_phones_with_words_or_without_a_number_are_asked() -> None:
    row = one({"M": text("0700 000 417 (mama)")})
    assert row.accepted["Person.phone"] == "+254700000417"
    assert codes(row.asks) == ["PHONE_WITH_WORDS"]
    assert draft(row, "import_note")["text"] == "0700 000 417 (mama)"
    assert one({"M": text("hana")}).refused_cells == {"M": "PHONE_NOT_UNDERSTOOD"}
    assert codes(one({"M": text("0899 123 456")}).warnings) == ["PHONE_PREFIX_UNKNOWN"]


def test_only_the_same_number_with_a_near_name_is_a_possible_duplicate() -> None:
    def person(first: str, last: str, phone: str) -> dict[str, Cell]:
        return {**PERSON, "D": text(first), "E": text(last), "M": text(phone)}

    reading = read(
        book(
            person("Achieng'", "Odhiambo", "0700000417"),
            person("Otieno", "Odhiambo", "0700000417"),
            person("ACHIENG", "Odhiambo", "+254 700 000 417"),
            person("Achieng'", "Odhiambo", "0700000418"),
            person("Akinyi", "Odhiambo", "0700000419"),
        )
    )
    assert [row.possible_duplicate_of_row for row in reading.rows] == [None, None, 3, None, None]


def test_no_reading_shows_content_when_printed() -> None:
    """A reading may land in a traceback's frame or a debugger's log."""
    assert "Wambui" not in repr(filled())
    assert "Wambui" not in repr(book(PERSON))
