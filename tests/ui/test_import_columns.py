"""A foreign list from file to cases: its columns suggested, changed, remembered and forgotten, by the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QPushButton

from desktop.messages import Language, sentence
from desktop.rules.access import Role
from tests.ui.import_hands import (
    CPIMS_LIST,
    OFFICE_COUNTS,
    OFFICE_LIST,
    ON,
    choose_row,
    column,
    fill,
    go_on,
    in_step,
    note,
    say,
)
from tests.ui.screen_hands import check_heard_and_reached, focus_name, part, press, settle, text
from tests.ui.test_import_workbook import cases, keys, read, rows, shown
from tests.unit.workbooks.test_reader import CANARY, packed, parts
from ui import languages
from ui.models.import_columns import taken_twice
from ui.models.import_rows import WHOLE_FILE
from ui.seat import Place, Seat


def test_a_list_that_nobody_knows_is_asked_about_with_a_suggestion_and_two_examples(seat: Seat) -> None:
    screen, heard = shown(seat)
    read(screen, OFFICE_LIST)
    assert in_step(screen)
    assert focus_name() == "importWorkbook.column.a"
    assert column(screen, "a").text() == "Leave out"
    assert column(screen, "c").text() == "Person: surname"
    assert column(screen, "m").text() == "Consent: To be interviewed"
    assert column(screen, "s").text() == "Keep as a note"
    assert column(screen, "b").accessibleName() == "B: Jina / NAME La kwanza"
    said = [label.text() for label in screen.findChildren(type(screen._title)) if label.isVisible()]
    assert {"Which column is what", "Jina / NAME", "La kwanza", "Warsame\nAdhiambo"} <= set(said)
    assert part(screen, QLineEdit, "importWorkbook.heading_rows").text() == "5, 6"
    assert part(screen, QLineEdit, "importWorkbook.first_row").text() == "7"
    assert not part(screen, QLineEdit, "importWorkbook.file").isVisible()
    assert (heard.told, heard.hindered, cases(seat)) == ([], [], 0)


def test_the_preview_counts_questions_and_says_what_stands_beside_the_cases(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen, OFFICE_LIST)
    go_on(screen)
    assert text(screen, "importWorkbook.counts") == OFFICE_COUNTS
    assert text(screen, "importWorkbook.read_by") == "Read by the columns you chose"
    found = rows(screen)
    assert len(found) == 1 + 120
    assert found[0][2] == "Whole file"
    assert found[1][:4] == ["1 · 2021", "7", "New case", "Warsame Ocen-Odur"]
    remarks = part(screen, QPlainTextEdit, "importWorkbook.remarks")
    assert sentence("ROW_IS_TITLE", "en", sheet=1, row=1) in remarks.toPlainText().split("\n")
    assert not part(screen, QPushButton, "importWorkbook.leave_out").isEnabled()
    choose_row(screen, "1!9")
    assert sentence("AGE_WORD", "en") in remarks.toPlainText()
    # The list has a column for the county.
    assert not part(screen, QComboBox, "importWorkbook.county").isVisible()


def test_another_target_changes_the_preview_and_the_way_back_keeps_it(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen, OFFICE_LIST)
    say(screen, "c", "leave")
    assert focus_name() == "importWorkbook.column.d"
    go_on(screen)
    assert rows(screen)[1][3] == "Warsame"
    press(screen, "importWorkbook.change_columns")
    assert column(screen, "c").text() == "Leave out"
    say(screen, "c", "ukoo")  # a Swahili word finds it in English as well
    assert column(screen, "c").text() == "Person: surname"
    go_on(screen)
    assert rows(screen)[1][3] == "Warsame Ocen-Odur"


def test_choices_of_columns_outlive_reading_the_file_again(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen, OFFICE_LIST)
    say(screen, "c", "leave")
    press(screen, "importWorkbook.other_file")
    assert focus_name() == "importWorkbook.file"
    read(screen, OFFICE_LIST)
    assert column(screen, "c").text() == "Leave out"


def test_two_columns_for_one_field_are_said_at_once_and_hold_one_up(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen, OFFICE_LIST)
    say(screen, "d", "phone")
    assert note(screen, "d") == "Column G is read as this too. Choose one of them."
    assert note(screen, "g") == "Column D is read as this too. Choose one of them."
    assert column(screen, "g").accessibleDescription() == note(screen, "g")
    go_on(screen)
    assert in_step(screen)
    assert focus_name() == "importWorkbook.column.d"
    say(screen, "d", "age in")
    assert (note(screen, "d"), note(screen, "g")) == ("", "")
    say(screen, "d", "qqq")
    QTest.keyClick(column(screen, "e"), Qt.Key.Key_Tab)
    assert note(screen, "d") == sentence("VALUE_NOT_IN_LIST", "en")
    go_on(screen)
    assert focus_name() == "importWorkbook.column.d"


def test_the_cpims_listing_is_known_and_can_be_read_otherwise(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen, CPIMS_LIST)
    assert text(screen, "importWorkbook.read_by") == "Read as “CPIMS listing”"
    assert text(screen, "importWorkbook.counts").startswith("74 new cases")
    assert rows(screen)[0][0] == "2"  # one sheet is not named
    press(screen, "importWorkbook.change_columns")
    assert in_step(screen)
    assert part(screen, QLineEdit, "importWorkbook.columns_name").text() == ""
    say(screen, "c", "keep")
    go_on(screen)
    # Nothing tells any more which lines are of one case.
    assert text(screen, "importWorkbook.counts").startswith("80 new cases")
    assert text(screen, "importWorkbook.read_by") == "Read by the columns you chose"


def test_all_rows_are_taken_in(seat: Seat) -> None:
    screen, heard = shown(seat)
    read(screen, OFFICE_LIST)
    go_on(screen)
    press(screen, "importWorkbook.take")
    settle(seat)
    assert heard.told == ["120 rows of the workbook are taken in."]
    assert heard.places == [Place("cases")]
    assert cases(seat) == 120


def test_the_whole_step_is_done_with_enter(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen, OFFICE_LIST)
    QTest.keyClicks(column(screen, "a"), "keep")  # what stands there is marked, so it is typed over
    assert column(screen, "a").text() == "keep"
    seen = []
    while focus_name() != "importWorkbook.columns_name":
        seen.append(focus_name())
        QTest.keyClick(part(screen, QLineEdit, focus_name()), Qt.Key.Key_Return)
    assert seen == [f"importWorkbook.column.{letter}" for letter in "abcdefghijklmnopqrs"]
    assert column(screen, "a").text() == "Keep as a note"
    QTest.keyClick(part(screen, QLineEdit, "importWorkbook.columns_name"), Qt.Key.Key_Return)
    settle(seat)
    assert text(screen, "importWorkbook.counts") == OFFICE_COUNTS


def test_the_language_is_switched_and_every_choice_stays(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen, OFFICE_LIST)
    say(screen, "c", "leave")
    fill(screen, "importWorkbook.columns_name", "Ours")
    fill(screen, "importWorkbook.first_row", "9")
    say(screen, "d", "phone")
    languages.switch("sw")
    settle(seat)
    assert column(screen, "c").text() == "Iache"
    assert column(screen, "b").text() == "Mhusika: jina la kwanza"
    assert note(screen, "d") == "Safu wima G inasomwa hivyo pia. Chagua moja."
    assert part(screen, QLineEdit, "importWorkbook.columns_name").text() == "Ours"
    assert part(screen, QLineEdit, "importWorkbook.first_row").text() == "9"
    say(screen, "d", "umri")
    go_on(screen)
    assert text(screen, "importWorkbook.read_by") == "Imesomwa kama “Ours”"
    assert rows(screen)[1][1] == "9"


def test_stop_while_a_list_is_read_takes_one_back_into_the_step(seat: Seat) -> None:
    screen, heard = shown(seat)
    read(screen, OFFICE_LIST)
    press(screen, ON)
    assert focus_name() == "importWorkbook.progress.stop"
    press(screen, "importWorkbook.progress.stop")
    settle(seat)
    assert heard.told == ["Stopped. Nothing was taken in."]
    assert in_step(screen)
    assert focus_name() == "importWorkbook.column.a"


def test_f1_explains_the_columns(seat: Seat) -> None:
    screen, _ = shown(seat)
    explained: list[tuple[str, str]] = []
    screen.help_wanted.connect(lambda explain: explained.append(explain()))
    read(screen, OFFICE_LIST)
    QTest.keyClick(column(screen, "a"), Qt.Key.Key_F1)
    QTest.keyClick(column(screen, "a"), Qt.Key.Key_F2)  # there is no reason for no answer
    assert explained == [(sentence("COLUMNS_TITLE", "en"), sentence("COLUMNS_HELP", "en"))]


def test_a_clerk_reads_a_list_and_has_nothing_remembered(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seat.desk.vault, "role", Role.CLERK)
    screen, heard = shown(seat)
    read(screen, OFFICE_LIST)
    assert in_step(screen)
    assert screen.findChild(QLineEdit, "importWorkbook.columns_name") is None
    go_on(screen)
    assert text(screen, "importWorkbook.counts") == OFFICE_COUNTS
    assert (heard.told, heard.hindered) == ([], [])


def test_a_hostile_file_is_refused_with_its_sentence(seat: Seat, tmp_path: Path) -> None:
    file = tmp_path / "list.xlsx"
    file.write_bytes(packed({**parts(), "xl/vbaProject.bin": CANARY}))
    screen, heard = shown(seat)
    read(screen, str(file))
    assert text(screen, "importWorkbook.file.note") == sentence("WORKBOOK_HAS_MACROS", "en")
    assert focus_name() == "importWorkbook.file"
    assert (in_step(screen), heard.told, heard.hindered, rows(screen)) == (False, [], [], [])


@pytest.mark.parametrize("language", ["en", "sw"])
def test_every_part_of_the_step_is_heard_and_reached_by_its_own_letter(seat: Seat, language: Language) -> None:
    languages.switch(language)
    screen, _ = shown(seat)
    read(screen, OFFICE_LIST)
    check_heard_and_reached(screen)
    go_on(screen)
    check_heard_and_reached(screen)


def test_only_a_field_is_taken_twice_never_a_note_or_what_is_left_out() -> None:
    targets = {"A": "KEEP", "B": "KEEP", "C": "LEAVE_OUT", "D": "LEAVE_OUT", "E": "Person.sex", "F": "Case.county"}
    assert taken_twice(targets) == {}
    assert taken_twice(targets | {"G": "Person.sex", "H": "Person.sex"}) == {"E": "G", "G": "E", "H": "E"}


def test_the_row_for_the_whole_file_is_no_row_that_can_be_left_out(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen, OFFICE_LIST)
    go_on(screen)
    choose_row(screen, WHOLE_FILE)
    keys(screen, Qt.Key.Key_Space)
    assert part(screen, QPushButton, "importWorkbook.take").text() == "Take &in 120 rows"
