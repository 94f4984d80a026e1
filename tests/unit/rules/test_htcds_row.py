"""Single rows of the HTCDS workbook, each made for its point."""

from __future__ import annotations

import time

import pytest

from desktop.errors import NotAccepted
from desktop.rules.cells import Cell, CellKind, Row, Sheet, Workbook
from desktop.rules.htcds import RowOutcome, SheetReading
from desktop.rules.htcds_labels import HEADINGS
from tests.unit.rules.htcds_books import PERSON, book, codes, draft, drafts, heading_rows, number, one, read, text


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


def test_sources_and_closing_reasons_are_found_in_any_case_and_either_language() -> None:
    row = one({"AC": text("polisi"), "AM": text("RESETTLED"), "AB": text("Closed")})
    assert row.accepted["Case.source"] == "POLICE"
    assert row.accepted["Closure.reason"] == "RESETTLED"
    assert codes(row.warnings) == ["LABEL_FOLDED", "LABEL_FOLDED"]
    assert one({"AC": text("Polisi")}).outcome is RowOutcome.ACCEPT


def test_a_cell_of_separators_only_says_nothing() -> None:
    assert one({"W": text(" ; , ")}).outcome is RowOutcome.ACCEPT


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


def test_details_beyond_the_background_are_kept_as_a_note() -> None:
    row = one({"AG": text("a" * 32_000), "AL": text("b" * 32_000)})
    assert row.refused_cells == {"AL": "TEXT_TOO_LONG"}
    assert draft(row, "case")["narrative"] == "a" * 32_000
    assert draft(row, "import_note")["text"] == "b" * 32_000


def test_cells_made_to_be_slow_are_not() -> None:
    began = time.monotonic()
    for filling in ("a,", "(", " ", "0", ";", "Kenya,", "=", "7 "):
        long = text((filling * 32_767)[:32_766] + "x")
        one({column: long for column in HEADINGS})
    person = {**PERSON, "M": text("0700000417")}
    read(book(*({**person, "D": text(f"Person {number}")} for number in range(2_000))))
    assert time.monotonic() - began < 5


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
    """A reading may stand in a traceback's frame."""
    assert "Wambui" not in repr(read(book(PERSON)))
    assert "Wambui" not in repr(book(PERSON))


@pytest.mark.parametrize("kind", [CellKind.NUMBER, CellKind.TRUTH, CellKind.DATE, CellKind.TEXT])
def test_a_cell_of_any_kind_without_text_says_nothing(kind: CellKind) -> None:
    blank = {column: Cell(kind, "") for column in ("M", "G", "H", "D", "AC", "AM")}
    assert read(book(blank)) == read(book({"A": number("1")}))


@pytest.mark.parametrize("text", [".0", " .0"])
def test_a_number_cell_without_digits_is_no_phone_number(text: str) -> None:
    assert codes(one({"M": Cell(CellKind.NUMBER, text)}).asks) == ["PHONE_NOT_UNDERSTOOD"]
