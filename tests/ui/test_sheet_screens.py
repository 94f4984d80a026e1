"""The recovery sheet of an open desk: made anew, with a removal, tried; what Today says; closing the desk."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from desktop import machine
from desktop.bootstrap import Door
from desktop.clock import FixedClock
from desktop.errors import WrongSentence
from desktop.messages import LANGUAGES
from tests.flows.conftest import SMALL_LAPTOP_BYTES
from tests.ui import every_screen as look
from tests.ui.conftest import SUPERVISOR
from tests.ui.desks import in_lane, open_desk, show_alone
from tests.ui.people_hands import at_desk, card_words, do, is_seen, people, shown, write_down
from tests.ui.recover_hands import OTHER, Lost, four, make_lost, refused
from tests.ui.screen_hands import Heard, focus_name, part, press, settle, text
from ui import languages
from ui.screens.make_screen import make_screen
from ui.screens.screen import Screen
from ui.screens.sentence import SentenceScreen
from ui.screens.today import Today
from ui.seat import Place, Seat


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lost:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        return make_lost(tmp_path_factory.mktemp("sheets") / "office")


@pytest.fixture
def place(made: Lost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lost:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
    shutil.copytree(made.folder, tmp_path / "office")
    return Lost(tmp_path / "office", made.sentence, made.other, made.clerk, made.sheet)


@pytest.fixture
def seat(application: QApplication, place: Lost) -> Iterator[Seat]:
    with open_desk(place.folder, place.sentence) as opened:
        yield opened


def screen_of(seat: Seat, name: str) -> tuple[Screen, Heard]:
    screen = make_screen(seat, Place(name))
    heard = Heard(screen)
    show_alone(screen)
    settle(seat)
    return screen, heard


def today(seat: Seat) -> tuple[Today, Heard]:
    screen, heard = screen_of(seat, "today")
    assert isinstance(screen, Today)
    settle(seat)
    return screen, heard


def type_words(screen: Screen, name: str, words: str) -> None:
    line = part(screen, QLineEdit, name)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, four(words))
    QTest.keyClick(line, Qt.Key.Key_Return)
    settle(screen.seat)


def opens(folder: Path, words: str) -> bool:
    try:
        Door(folder).vaults.recover_with_sheet(words).close()
    except WrongSentence:
        return False
    return True


def test_a_new_sheet_is_written_down_typed_back_and_counts_from_then_on(seat: Seat, place: Lost) -> None:
    people_screen, heard_there = shown(seat)
    assert text(people_screen, "people.sheet_state").endswith(f"by {SUPERVISOR}. Never tried yet.")
    press(people_screen, "people.sheet_new")
    assert heard_there.places == [Place("newSheet")]
    screen, heard = screen_of(seat, "newSheet")
    assert text(screen, "newSheet.means").startswith("The old words open the vault no more")
    generation = seat.desk.vault.generation.number
    do(screen, "newSheet.show")
    assert len(card_words(screen, "newSheet.sheet_words")) == 12
    screen.cover()
    assert card_words(screen, "newSheet.sheet_words") == ()
    press(screen, "newSheet.sheet_written")
    line = part(screen, QLineEdit, "newSheet.sheet")
    version = seat.desk.vault.list_version
    words = card_words(screen, "newSheet.sheet_words")
    press(screen, "newSheet.sheet_written")
    QTest.keyClicks(line, " ".join(reversed(words)))
    QTest.keyClick(line, Qt.Key.Key_Return)
    settle(seat)
    assert text(screen, "newSheet.sheet.problem").startswith("Word 1 is another one")
    assert seat.desk.vault.list_version == version
    line.clear()
    press(screen, "newSheet.sheet_written")
    new = write_down(screen, "newSheet.sheet")
    settle(seat)
    assert heard.told[0].startswith("The new recovery sheet is in force.")
    assert heard.places == [Place("people")]
    assert seat.desk.vault.generation.number == generation  # no new keys were asked for
    in_lane(seat.jobs, seat.desk.lock)
    assert (opens(place.folder, place.sheet), opens(place.folder, new)) == (False, True)


def test_words_that_are_left_open_nothing_and_the_present_sheet_stays(seat: Seat, place: Lost) -> None:
    screen, _ = screen_of(seat, "newSheet")
    do(screen, "newSheet.show")
    words = " ".join(card_words(screen, "newSheet.sheet_words"))
    press(screen, "newSheet.sheet_leave")
    assert focus_name() == "newSheet.show"
    in_lane(seat.jobs, seat.desk.lock)
    assert (opens(place.folder, place.sheet), opens(place.folder, words)) == (True, False)


def test_new_keys_that_are_stopped_change_nothing_and_go_on_with_the_same_paper(
    qtbot: QtBot, seat: Seat, place: Lost
) -> None:
    screen, heard = screen_of(seat, "newSheet")
    part(screen, QPushButton, "newSheet.with_keys").click()
    assert text(screen, "newSheet.means").startswith("Vault and laptop get new keys too")
    do(screen, "newSheet.show")
    words = " ".join(card_words(screen, "newSheet.sheet_words"))
    go, generation = threading.Event(), seat.desk.vault.generation.number
    press(screen, "newSheet.sheet_written")
    line = part(screen, QLineEdit, "newSheet.sheet")
    QTest.keyClicks(line, four(words))
    QTest.keyClick(line, Qt.Key.Key_Return)
    seat.jobs.run(go.wait, owner=screen, done=lambda _: None, failed=lambda _: None)  # before the keys are made
    stopping = part(screen, QPushButton, "newSheet.progress.stop")
    qtbot.waitUntil(stopping.isVisible)
    stopping.click()
    go.set()
    settle(seat)
    assert heard.told[0].startswith("Stopped. Nothing was changed")
    assert seat.desk.vault.generation.number == generation
    do(screen, "newSheet.show")
    settle(seat)
    assert is_seen(screen, "newSheet.enrol")
    assert seat.desk.vault.generation.number == generation + 1
    in_lane(seat.jobs, seat.desk.lock)
    assert (opens(place.folder, place.sheet), opens(place.folder, words)) == (False, True)


def test_a_removed_supervisor_is_out_with_the_sheet_in_the_same_step(seat: Seat, place: Lost, tmp_path: Path) -> None:
    other = next(person for person in people(seat) if person.name == OTHER)
    old_copy = shutil.copytree(place.folder, tmp_path / "stick")
    screen, heard = shown(seat, other.id)
    press(screen, "people.remove")
    assert text(screen, "people.with_sheet_why").startswith("The recovery sheet: this person may have seen its words")
    assert part(screen, QPushButton, "people.with_sheet").isChecked()
    do(screen, "people.now")
    assert [person.left for person in people(seat)] == [False, False, False]  # first the words
    assert len(card_words(screen, "people.sheet_words")) == 12
    new = write_down(screen, "people.sheet")
    for _ in range(3):
        settle(seat)
    assert [person.left for person in people(seat)] == [False, True, False]
    assert any("The new recovery sheet is in force." in told for told in heard.told)
    assert not any("A new recovery sheet is due" in told for told in heard.told)
    assert not is_seen(screen, "people.sheet_due")
    in_lane(seat.jobs, seat.desk.lock)
    assert (opens(place.folder, place.sheet), opens(place.folder, new)) == (False, True)
    assert refused(lambda: Door(place.folder).unlock(2, place.other)) == "WRONG_SENTENCE"
    with at_desk(old_copy, 2, place.other) as desk:
        assert desk.vault.role == "SUPERVISOR"


def test_without_the_new_sheet_people_and_today_go_on_saying_that_it_is_due(seat: Seat) -> None:
    other = next(person for person in people(seat) if person.name == OTHER)
    screen, heard = shown(seat, other.id)
    press(screen, "people.remove")
    press(screen, "people.without_sheet")
    do(screen, "people.now")
    settle(seat)
    assert any("A new recovery sheet is due" in told for told in heard.told)
    assert text(screen, "people.sheet_due").startswith("A new recovery sheet is due")
    first, heard_there = today(seat)
    assert [is_seen(first, f"today.{name}") for name in ("sheet", "drill", "new_keys")] == [True, False, False]
    press(first, "today.sheet")
    assert heard_there.places == [Place("newSheet")]
    again, _ = screen_of(seat, "newSheet")
    assert part(again, QPushButton, "newSheet.with_keys").isChecked()  # a copy of the header may be with them


def test_a_clerk_who_is_removed_takes_no_sheet_with_them(seat: Seat) -> None:
    clerk = next(person for person in people(seat) if person.role == "CLERK")
    screen, _ = shown(seat, clerk.id)
    press(screen, "people.remove")
    assert not is_seen(screen, "people.with_sheet")
    do(screen, "people.now")
    assert [person.left for person in people(seat)] == [False, False, True]


def test_the_drill_says_what_was_proved_and_counts_no_guess(seat: Seat, place: Lost) -> None:
    screen, _ = screen_of(seat, "trySheet")
    header = seat.desk.vault.keys.header_bytes
    type_words(screen, "trySheet.words", " ".join(["zoo"] * 12))
    assert text(screen, "trySheet.words.problem").startswith("These are not the twelve words")
    assert text(screen, "trySheet.proved") == ""
    type_words(screen, "trySheet.words", place.sheet)
    assert text(screen, "trySheet.proved").startswith("The words open the vault and a sealed fact in it.")
    assert part(screen, QLineEdit, "trySheet.words").text() == ""
    assert text(screen, "trySheet.standing").count(SUPERVISOR) == 2
    assert seat.desk.vault.keys.header_bytes == header
    assert in_lane(seat.jobs, Door(place.folder).vaults.status).wait_seconds == 0
    screen.cover()


def test_today_shows_what_is_due_to_supervisors_and_nothing_when_nothing_is(seat: Seat, place: Lost) -> None:
    names = ("new_keys", "see_reported", "sheet", "drill", "unused", "recovery")
    screen, _ = today(seat)
    assert [name for name in names if is_seen(screen, f"today.{name}")] == []
    seat.desk.vault.clock = FixedClock(datetime.now(UTC) + timedelta(days=366))
    screen, heard = today(seat)
    assert [name for name in names if is_seen(screen, f"today.{name}")] == ["sheet", "drill"]
    press(screen, "today.drill")
    assert heard.places == [Place("trySheet")]
    type_words(screen_of(seat, "trySheet")[0], "trySheet.words", place.sheet)
    screen, heard = today(seat)
    assert [name for name in names if is_seen(screen, f"today.{name}")] == ["sheet"]
    press(screen, "today.sheet")
    assert heard.places == [Place("newSheet")]


def test_today_names_the_desks_that_nobody_came_to_since_new_keys(application: QApplication, place: Lost) -> None:
    with at_desk(place.folder, 1, place.sentence) as desk:
        desk.sheets.renew_with_new_keys(desk.sheets.take(desk.sheets.offer()))
    Door(place.folder, FixedClock(datetime.now(UTC) + timedelta(days=15))).unlock(1, place.sentence).lock()
    with open_desk(place.folder, place.sentence) as seat:
        screen, heard = today(seat)
        button = part(screen, QPushButton, "today.unused")
        assert (button.isVisible(), button.text()) == (True, "Not here since new keys: desk 3")
        press(screen, "today.unused")
        assert heard.places == [Place("people")]


def test_who_says_that_a_sentence_may_be_known_changes_it_at_once_and_today_leads_to_the_person(
    application: QApplication, place: Lost
) -> None:
    with open_desk(place.folder, place.clerk, 3) as seat:
        screen = SentenceScreen(seat, Place("sentence"))
        heard = Heard(screen)
        show_alone(screen)
        settle(seat)
        part(screen, QPushButton, "sentence.known").click()
        QTest.keyClicks(part(screen, QLineEdit, "sentence.old"), place.clerk)
        do(screen, "sentence.offer")
        new = write_down(screen, "sentence.new")
        settle(seat)
        assert heard.told[0].startswith("Your sentence is changed, and the supervisors are told")
        assert not is_seen(today(seat)[0], "today.see_reported")
    assert refused(lambda: Door(place.folder).unlock(3, place.clerk)) == "WRONG_SENTENCE"
    assert refused(lambda: Door(place.folder).unlock(3, new)) == ""
    with open_desk(place.folder, place.sentence) as seat:
        first, heard = today(seat)
        button = part(first, QPushButton, "today.see_reported")
        assert button.text() == "A sentence may be known: desk 3"
        press(first, "today.see_reported")
        clerk = next(person for person in people(seat) if person.role == "CLERK")
        assert heard.places == [Place("people", record_id=clerk.id)]


def test_closing_the_desk_wants_the_sheets_words_and_then_locks(seat: Seat, place: Lost, tmp_path: Path) -> None:
    old_copy = shutil.copytree(place.folder, tmp_path / "stick")
    screen, heard = screen_of(seat, "closeDesk")
    locked: list[bool] = []
    screen.lock_wanted.connect(lambda: locked.append(True))
    press(screen, "closeDesk.now")
    assert text(screen, "closeDesk.words.problem").startswith("You typed 0 words")
    type_words(screen, "closeDesk.words", " ".join(["zoo"] * 12))
    assert text(screen, "closeDesk.words.problem").startswith("These are not the twelve words")
    assert (locked, heard.hindered) == ([], [])
    type_words(screen, "closeDesk.words", place.sheet)
    assert locked == [True]
    in_lane(seat.jobs, seat.desk.lock)
    door = Door(place.folder)
    for number, sentence in ((1, place.sentence), (2, place.other), (3, place.clerk)):
        assert refused(lambda number=number, sentence=sentence: door.unlock(number, sentence)) == "WRONG_SENTENCE"  # type: ignore[misc]
    assert opens(place.folder, place.sheet)
    with at_desk(old_copy, 3, place.clerk) as desk:
        assert desk.vault.role == "CLERK"


@pytest.mark.parametrize("size", [(1274, 738), (818, 482)], ids=str)
@pytest.mark.parametrize("name", ["newSheet", "newKeys"])
def test_the_words_of_a_new_sheet_are_heard_and_whole(seat: Seat, name: str, size: tuple[int, int]) -> None:
    screen, _ = screen_of(seat, name)
    screen.resize(*size)
    do(screen, f"{name}.show")
    found: list[str] = []
    for covered in (False, True):
        for language in LANGUAGES:
            languages.switch(language)
            for _ in range(3):
                settle(seat)
                QApplication.processEvents()
            for one in (look.misnamed, look.unlabelled, look.twice_used_letters, look.cut):
                found += [f"{covered} {language} {what}" for what in one(screen)]
        screen.cover()
    languages.switch("en")
    assert found == []
