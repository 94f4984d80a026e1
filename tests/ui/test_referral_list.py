from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.clock import FixedClock
from desktop.rules.records import RecordDraft
from desktop.services import case_rows, records
from desktop.services.referral_rows import ReferralSummary
from tests.factory import PERSON
from tests.ui.conftest import Office
from tests.ui.desks import case_with, in_lane, make_practice_office, open_desk, refer, show_alone
from ui import languages
from ui.models.referral_rows import referral_rows
from ui.models.rows import Row
from ui.screens.referral_list import ReferralList
from ui.seat import Place, Seat
from ui.widgets.row_list import RowList

NOON = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
def office_of_referrals(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_practice_office(tmp_path_factory.mktemp("referrals"))


@pytest.fixture
def seat(application: QApplication, office_of_referrals: Office) -> Iterator[Seat]:
    with open_desk(office_of_referrals.folder, office_of_referrals.sentence) as opened:
        yield opened


def shown(seat: Seat) -> ReferralList:
    screen = ReferralList(seat, Place("referrals"))
    show_alone(screen)
    in_lane(seat.jobs, lambda: None)
    return screen


def rows(screen: ReferralList) -> list[Row]:
    found = screen.findChild(RowList, "referrals.list")
    assert isinstance(found, RowList)
    return list(found.rows()) if found.isVisible() else []


def test_says_what_belongs_there_while_it_is_empty(seat: Seat, qtbot: QtBot) -> None:
    screen = shown(seat)
    empty = screen.findChild(QWidget, "referrals.empty")
    assert isinstance(empty, QWidget)
    assert empty.isVisible()
    assert rows(screen) == []
    button = screen.findChild(QPushButton, "referrals.with_closed")
    assert isinstance(button, QPushButton)
    qtbot.waitUntil(button.hasFocus)


def test_the_first_due_stands_first_and_enter_opens_it_in_its_case(seat: Seat, qtbot: QtBot) -> None:
    case_id = case_with(seat, **PERSON)
    later = refer(seat, case_id, "NORMAL", "Haki Lawyers (invented)")
    sooner = refer(seat, case_id, "EMERGENCY", "Uzima Dispensary (invented)")
    screen = shown(seat)
    assert [row.row_id for row in rows(screen)] == [sooner, later]
    texts = [cell.text for cell in rows(screen)[0].cells]
    assert texts[0].endswith("/R2")
    assert texts[1:4] == ["Uzima Dispensary (invented)", "Draft", "Emergency"]
    assert "Wambui" not in "".join(texts)
    wanted: list[Place] = []
    screen.place_wanted.connect(wanted.append)
    found = screen.findChild(RowList, "referrals.list")
    assert isinstance(found, RowList)
    qtbot.waitUntil(found.hasFocus)
    QTest.keyClick(found, Qt.Key.Key_Down)
    QTest.keyClick(found, Qt.Key.Key_Return)
    assert wanted == [Place("caseFile", case_id, later, section="referral")]


def test_a_referral_made_elsewhere_on_the_desk_appears(seat: Seat) -> None:
    screen = shown(seat)
    assert rows(screen) == []
    case_id = case_with(seat, **PERSON)
    made = refer(seat, case_id, "URGENT", "Uzima Dispensary (invented)")
    desk = seat.desk

    def touch() -> object:
        record = next(item for item in desk.cases.open(case_id).records if item.kind == "person")
        return desk.cases.save(
            RecordDraft("person", {**record.fields, "surname": "Otieno"}, record.record_id, case_id, record.revision)
        )

    in_lane(seat.jobs, touch)
    in_lane(seat.jobs, lambda: None)
    assert [row.row_id for row in rows(screen)] == [made]


def test_closed_referrals_are_shown_below_the_open_ones_when_asked_for(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    closed = refer(seat, case_id, "EMERGENCY", "Uzima Dispensary (invented)")
    still_open = refer(seat, case_id, "NORMAL", "Haki Lawyers (invented)")
    desk = seat.desk

    def close() -> None:
        with desk.vault.writing() as session:
            record = records.load(session, desk.vault, closed)
            fields = {**record.fields, "status": "SERVED"}
            records.put(session, desk.vault, RecordDraft("referral", fields, closed, case_id, record.revision))
            case_rows.refresh(session, desk.vault, case_id)

    in_lane(seat.jobs, close)
    screen = shown(seat)
    assert [row.row_id for row in rows(screen)] == [still_open]
    button = screen.findChild(QPushButton, "referrals.with_closed")
    assert isinstance(button, QPushButton)
    QTest.keyClick(button, Qt.Key.Key_Space)
    in_lane(seat.jobs, lambda: None)
    assert [row.row_id for row in rows(screen)] == [still_open, closed]


def summary(due_at: str, *, is_open: bool = True) -> ReferralSummary:
    return ReferralSummary(
        "r", "c", "001-001-26-0001-0/R1", "Clinic (invented)", "ISSUED", "URGENT", is_open, due_at, "2026-11-20"
    )


@pytest.mark.parametrize(
    ("due_at", "is_open", "en", "sw", "colour", "sign"),
    [
        ("2026-11-22T09:00:00.000Z", True, "3 days late", "Imechelewa siku 3", "danger", "circle-alert"),
        ("2026-11-24T20:59:00.000Z", True, "1 day late", "Imechelewa siku 1", "danger", "circle-alert"),
        ("2026-11-24T21:00:00.000Z", True, "Today", "Leo", "warn", "hourglass"),
        ("2026-11-25T20:59:00.000Z", True, "Today", "Leo", "warn", "hourglass"),
        ("2026-11-25T21:00:00.000Z", True, "26 November 2026", "26 Novemba 2026", "", ""),
        ("2026-11-22T09:00:00.000Z", False, "22 November 2026", "22 Novemba 2026", "muted", ""),
    ],
)
def test_what_is_late_says_by_how_many_days_in_kenya_with_a_sign(
    seat: Seat, due_at: str, is_open: bool, en: str, sw: str, colour: str, sign: str
) -> None:
    on = FixedClock(NOON).now().date()
    for language, text in (("en", en), ("sw", sw)):
        languages.switch(language)  # type: ignore[arg-type]
        (row,) = referral_rows([summary(due_at, is_open=is_open)], seat.desk.vault.catalogue, on)
        cell = row.cells[-1]
        assert (cell.text, cell.colour, cell.sign) == (text, colour, sign)
