from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.rules.records import RecordDraft
from tests.factory import PERSON
from tests.ui.conftest import Office
from tests.ui.desks import case_with, in_lane, make_practice_office, open_desk, refer, show_alone
from tests.ui.screen_hands import check_heard_and_reached, part
from ui.screens.today import Today
from ui.seat import Place, Seat
from ui.widgets.row_list import RowList


@pytest.fixture
def own_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_practice_office(tmp_path_factory.mktemp("today"))


@pytest.fixture
def seat(application: QApplication, own_office: Office) -> Iterator[Seat]:
    with open_desk(own_office.folder, own_office.sentence) as opened:
        yield opened


def shown(seat: Seat) -> Today:
    screen = Today(seat, Place("today"))
    show_alone(screen)
    for _ in range(2):
        in_lane(seat.jobs, lambda: None)
    return screen


def test_an_empty_desk_says_what_belongs_there_and_begins_with_a_new_case(seat: Seat, qtbot: QtBot) -> None:
    screen = shown(seat)
    assert part(screen, QWidget, "today.empty").isVisible()
    new = part(screen, QPushButton, "today.new")
    qtbot.waitUntil(new.hasFocus)
    wanted: list[Place] = []
    screen.place_wanted.connect(wanted.append)
    QTest.keyClick(new, Qt.Key.Key_Space)
    assert wanted == [Place("cases", section="new")]
    check_heard_and_reached(screen)


def test_what_waits_stands_there_late_first_and_opens_by_enter(seat: Seat) -> None:
    case = case_with(seat, **{**PERSON, "first_name": "Achieng"})
    urgent = refer(seat, case, "URGENT", "Tumaini Clinic (invented)")
    refer(seat, case_with(seat, **PERSON), "NORMAL", "Mwangaza House (invented)")
    screen = shown(seat)
    list_ = part(screen, RowList, "today.list")
    assert [row.cells[1].text for row in list_.rows()] == ["Tumaini Clinic (invented)", "Mwangaza House (invented)"]
    assert "Achieng" not in str([cell.text for row in list_.rows() for cell in row.cells])
    wanted: list[Place] = []
    screen.place_wanted.connect(wanted.append)
    QTest.keyClick(list_, Qt.Key.Key_Return)
    assert wanted == [Place("caseFile", case, urgent, section="referral")]


def test_unsaved_work_is_offered_again_and_the_last_comes_first(seat: Seat) -> None:
    first, last = case_with(seat, first_name="Achieng", sex="F"), case_with(seat, first_name="Baraka", sex="M")
    screen = shown(seat)
    go_on = part(screen, QPushButton, "today.go_on")
    assert not go_on.isVisible()
    for case in (first, last):
        draft = RecordDraft("case", {"remarks": "Half a th"}, case_id=case)
        in_lane(seat.jobs, lambda draft=draft: seat.desk.drafts.keep([draft]))  # type: ignore[misc]
    screen = shown(seat)
    assert part(screen, QLabel, "today.drafts").text() == "2 cases have work you have not saved yet"
    wanted: list[Place] = []
    screen.place_wanted.connect(wanted.append)
    part(screen, QPushButton, "today.go_on").click()
    assert wanted == [Place("caseFile", last)]


def test_a_laptop_that_is_not_enrolled_is_led_to_it(seat: Seat) -> None:
    screen = shown(seat)
    wanted: list[Place] = []
    screen.place_wanted.connect(wanted.append)
    part(screen, QPushButton, "today.enrol").click()
    assert wanted == [Place("enrolment")]
