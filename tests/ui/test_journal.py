"""The journal's screen on a real vault: read, sought through, checked, stopped, and the way to a case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton
from sqlalchemy import text as sql

from desktop import machine
from desktop.rules.journal_reading import JournalPage, JournalWish, Kind
from desktop.services import journal_check, journal_page
from tests.factory import consent, make_case, make_office, make_provider, refer
from tests.ui.desks import in_lane, open_desk, show_alone
from tests.ui.screen_hands import Heard, check_heard_and_reached, part, press, settle, text
from ui import languages
from ui.screens.journal import Journal
from ui.screens.settings import SettingsScreen
from ui.screens.today import Today
from ui.seat import Place, Seat
from ui.widgets.row_list import RowList


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
        office = make_office(tmp_path_factory.mktemp("journal") / "data")
        case_id = make_case(office)
        office.desk.cases.open(case_id)
        provider = make_provider(office)
        consent(office, case_id, "SHARE_PROVIDER", recipient=provider)
        office.desk.referrals.issue_letter(refer(office, case_id, provider), "en")
        for _ in range(70):
            office.desk.cases.note_search()
        office.lock()
        return office.folder, office.sentence


@pytest.fixture
def seat(folder: tuple[Path, str], application: QApplication) -> Iterator[Seat]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
        languages.switch("en")
        with open_desk(*folder) as opened:
            yield opened
    languages.switch("en")


@pytest.fixture
def shown(seat: Seat) -> Journal:
    screen = Journal(seat, Place("journal"))
    show_alone(screen)
    settle(seat)
    return screen


def column(screen: Journal, place: int) -> list[str]:
    return [row.cells[place].text for row in part(screen, RowList, "journal.list").rows()]


def choose(screen: Journal, name: str, data: str) -> None:
    field = part(screen, QComboBox, name)
    place = field.findData(data)
    field.setCurrentIndex(place)
    field.activated.emit(place)


def type_day(screen: Journal, typed: str) -> None:
    field = part(screen, QLineEdit, "journal.day")
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    QTest.keyClicks(field, typed)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_the_newest_stands_first_with_who_what_and_on_which_case(seat: Seat, shown: Journal) -> None:
    numbers = [int(number) for number in column(shown, 0)]
    assert numbers == sorted(numbers, reverse=True)
    assert column(shown, 3)[0] == "Signed in"
    assert "Searched for a person" in column(shown, 3)
    assert set(column(shown, 2)) == {"A. Supervisor"}
    check_heard_and_reached(shown)


def test_more_comes_when_one_scrolls_and_every_entry_once(seat: Seat, shown: Journal) -> None:
    rows = part(shown, RowList, "journal.list")
    assert len(rows.rows()) == journal_page.PAGE
    rows.verticalScrollBar().setValue(rows.verticalScrollBar().maximum())
    settle(seat)
    total = in_lane(seat.jobs, lambda: seat.desk.journal.page().lines[0].n)
    assert [int(number) for number in column(shown, 0)] == list(range(total, 0, -1))


def test_kind_person_and_day_narrow_what_is_shown(seat: Seat, shown: Journal) -> None:
    choose(shown, "journal.kind", Kind.LETTERS)
    settle(seat)
    assert column(shown, 3) == ["Letter issued"]
    choose(shown, "journal.kind", "")
    choose(shown, "journal.person", seat.desk.vault.user)
    settle(seat)
    assert len(column(shown, 3)) == journal_page.PAGE
    type_day(shown, "1/1/2020")
    settle(seat)
    assert column(shown, 3) == []
    assert text(shown, "journal.empty.title") == "No entries"
    type_day(shown, "")
    settle(seat)
    assert len(column(shown, 3)) == journal_page.PAGE


def test_a_day_that_is_none_is_told_at_its_field_and_hides_nothing(seat: Seat, shown: Journal) -> None:
    before = column(shown, 0)
    type_day(shown, "11/2026")
    assert text(shown, "journal.day.problem") != ""
    settle(seat)
    assert column(shown, 0) == before


def test_what_lies_far_back_is_found_by_several_short_questions(
    seat: Seat, shown: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_page, "LOOKED_AT", 7)
    asked: list[int | None] = []
    page = seat.desk.journal.page

    def ask(below: int | None, wish: JournalWish) -> JournalPage:
        asked.append(below)
        return page(below, wish)

    monkeypatch.setattr(seat.desk.journal, "page", ask)
    choose(shown, "journal.kind", Kind.OFFICE)
    for _ in range(8):
        settle(seat)
    assert column(shown, 3) == ["Vault made"]
    assert len(asked) > 5


def test_enter_opens_the_case_of_an_entry_and_nothing_where_there_is_none(seat: Seat, shown: Journal) -> None:
    heard = Heard(shown)
    rows = part(shown, RowList, "journal.list")
    rows.setFocus()
    QTest.keyClick(rows, Qt.Key.Key_Return)  # a sign-in
    assert heard.places == []
    choose(shown, "journal.kind", Kind.LETTERS)
    settle(seat)
    QTest.keyClick(rows, Qt.Key.Key_Return)
    case_id = in_lane(seat.jobs, lambda: seat.desk.cases.list()[0].case_id)
    assert heard.places == [Place("caseFile", case_id)]


def check(shown: Journal, seat: Seat) -> str:
    press(shown, "journal.check")
    for _ in range(5):
        settle(seat)
    return text(shown, "journal.verdict")


def test_the_check_says_that_all_is_whole_in_the_language_of_the_window(seat: Seat, shown: Journal) -> None:
    assert check(shown, seat).startswith("The journal is whole: all ")
    assert part(shown, QPushButton, "journal.check").hasFocus()
    languages.switch("sw")
    settle(seat)
    assert text(shown, "journal.verdict").startswith("Kumbukumbu ya matendo ni kamili: ")
    assert column(shown, 3)[0] == "Aliingia"


def test_a_check_can_be_stopped(seat: Seat, shown: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_check, "_ENTRIES", 2)
    heard = Heard(shown)
    press(shown, "journal.check")
    press(shown, "journal.progress.stop")
    settle(seat)
    assert (heard.hindered, text(shown, "journal.verdict")) == ([], "")
    assert part(shown, QPushButton, "journal.check").isEnabled()


def test_other_work_comes_between_the_steps_of_a_check(
    seat: Seat, shown: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_check, "_ENTRIES", 2)
    press(shown, "journal.check")
    in_lane(seat.jobs, seat.desk.cases.note_search)
    assert not part(shown, QPushButton, "journal.check").isEnabled()
    for _ in range(40):
        settle(seat)
    assert text(shown, "journal.verdict").startswith("The journal is whole")


def test_a_rewritten_entry_is_told_in_plain_words(seat: Seat, shown: Journal) -> None:
    def rewrite(act: str) -> None:
        with seat.desk.vault.writing() as session:
            trigger = session.execute(sql("SELECT sql FROM sqlite_master WHERE name = 'journal_no_update'")).scalar()
            session.execute(sql("DROP TRIGGER journal_no_update"))
            session.execute(sql("UPDATE journal SET act = :act WHERE n = 2"), {"act": act})
            session.execute(sql(str(trigger)))

    was = in_lane(seat.jobs, lambda: seat.desk.journal.page(3).lines[0].act)
    in_lane(seat.jobs, lambda: rewrite("ENROLLED"))
    said = check(shown, seat)
    in_lane(seat.jobs, lambda: rewrite(was))
    assert said.startswith("The journal does not fit together at entry 2;")
    assert "call the Secretariat" in said


def test_the_last_saved_line_of_today_leads_there(seat: Seat) -> None:
    screen = Today(seat, Place("today"))
    heard = Heard(screen)
    show_alone(screen)
    settle(seat)
    press(screen, "today.journal")
    assert heard.places == [Place("journal")]


def test_settings_lead_there_and_say_how_the_laptop_stands(seat: Seat) -> None:
    screen = SettingsScreen(seat, Place("settings"))
    heard = Heard(screen)
    show_alone(screen)
    settle(seat)
    press(screen, "settings.journal")
    assert heard.places == [Place("journal")]
    assert (
        text(screen, "settings.health.folder") == "Other accounts of this laptop cannot open the folder of the vault."
    )
    assert text(screen, "settings.health.capture").startswith("This system cannot keep windows out of screenshots")
    languages.switch("sw")
    settle(seat)
    assert text(screen, "settings.health.folder").startswith("Akaunti nyingine")
