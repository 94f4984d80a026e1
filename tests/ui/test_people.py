from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QSpinBox, QToolButton
from pytestqt.qtbot import QtBot

from desktop import machine
from desktop.bootstrap import Door
from desktop.errors import WrongSentence
from desktop.messages import LANGUAGES
from desktop.rules.records import RecordDraft
from tests.flows.conftest import SMALL_LAPTOP_BYTES
from tests.ui import every_screen as look
from tests.ui.conftest import SUPERVISOR, Office, Opened, make_office
from tests.ui.desks import in_lane, open_desk
from tests.ui.hands import on_screen, part, start_page
from tests.ui.people_hands import (
    CLERK,
    add,
    at_desk,
    card_words,
    choose_role,
    do,
    gives_away,
    is_seen,
    people,
    rows,
    shown,
    type_name,
    write_down,
)
from tests.ui.screen_hands import focus_name, press, settle, text
from tests.ui.screen_hands import part as of
from ui import languages
from ui.screens.people import People
from ui.screens.unlock import Unlock
from ui.seat import Place, Seat

Open = Callable[[Path], Opened]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Office:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        return make_office(tmp_path_factory.mktemp("people") / "office", practice=False)


@pytest.fixture
def place(made: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
    shutil.copytree(made.folder, tmp_path / "office")
    return Office(tmp_path / "office", made.sentence)


@pytest.fixture
def seat(application: QApplication, place: Office) -> Iterator[Seat]:
    with open_desk(place.folder, place.sentence) as opened:
        yield opened


def refused(folder: Path, number: int, sentence: str) -> bool:
    try:
        Door(folder).unlock(number, sentence).lock()
    except WrongSentence:
        return True
    return False


def test_an_added_clerk_types_the_words_back_and_signs_in_at_an_own_desk_without_people(
    qtbot: QtBot, application: QApplication, place: Office, open_window: Open
) -> None:
    with open_desk(place.folder, place.sentence) as seat:
        screen, heard = shown(seat)
        assert rows(screen)[0][:4] == ["1", SUPERVISOR, "County supervisor", "Active"]
        do(screen, "people.new")
        assert focus_name() == "people.name"
        type_name(screen, CLERK)
        choose_role(screen, "clerk")
        do(screen, "people.save")
        assert len(card_words(screen)) == 5
        assert text(screen, "people.sentence_of") == f"{CLERK} (desk 2)"
        assert heard.told == []
        sentence = write_down(screen)
        assert heard.told == ["Done."]
        assert text(screen, "people.heading") == f"{CLERK} (desk 2)"
        assert [row[:5] for row in rows(screen)][1] == ["2", CLERK, "County clerk", "Active", "Never"]
    opened = open_window(place.folder)
    number = part(opened, QSpinBox, "unlock.desk_number")
    assert (number.text(), number.hasFocus()) == ("", True)  # nobody's number is waiting for the next person
    QTest.keyClicks(number, "2")
    QTest.keyClick(number, Qt.Key.Key_Return)
    field = part(opened, QLineEdit, "unlock.sentence")
    QTest.keyClicks(field, sentence)
    QTest.keyClick(field, Qt.Key.Key_Return)
    start_page(qtbot, opened)
    assert on_screen(opened, "rail.person") == f"{CLERK}\nDesk 2"
    assert opened.window.findChild(QToolButton, "rail.people") is None
    assert opened.window.windowTitle() == "Rufaa"
    look.frame_of(opened.window).go(Place("settings"))
    assert opened.window.findChild(QPushButton, "settings.people") is None
    assert opened.window.findChild(QPushButton, "settings.sentence") is not None


def test_without_a_desk_number_nothing_is_tried(qtbot: QtBot, seat: Seat, place: Office, open_window: Open) -> None:
    add(seat)
    opened = open_window(place.folder)
    field = part(opened, QLineEdit, "unlock.sentence")
    QTest.keyClicks(field, "abandon ability")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert on_screen(opened, "unlock.sentence.problem").startswith("Type your own desk number")
    assert Door(place.folder).vaults.status().wait_seconds == 0


def test_a_number_typed_before_the_window_asks_for_it_is_the_desk_number(
    qtbot: QtBot, seat: Seat, place: Office, open_window: Open
) -> None:
    add(seat)
    opened = open_window(place.folder)
    page = part(opened, Unlock, "unlock")
    number, field = part(opened, QSpinBox, "unlock.desk_number"), part(opened, QLineEdit, "unlock.sentence")
    for typed in ("1", "12"):
        field.setFocus()
        QTest.keyClicks(field, typed[0])
        QTest.keyClicks(number, typed[1:])  # where the first figure put the focus
        page.expect((1, 2))
        assert (number.text(), field.text(), number.hasFocus()) == (typed, "", True)


def test_a_removal_is_explained_pressed_twice_and_shuts_out_all_but_old_copies(
    seat: Seat, place: Office, tmp_path: Path
) -> None:
    clerk = add(seat)
    sentence = clerk.sentence or ""
    screen, heard = shown(seat, clerk.user_id)
    old_copy = shutil.copytree(place.folder, tmp_path / "stick")
    press(screen, "people.remove")
    assert text(screen, "people.question") == f"Remove {CLERK} from this desk?"
    assert "copies and sticks made before still open with the old sentence" in text(screen, "people.does_not")
    assert "Printed paper stays where it is" in text(screen, "people.does_not")
    assert text(screen, "people.then").startswith("What is left to you: Enrol this laptop again")
    assert text(screen, "people.keys_go_to").startswith(f"The new keys go to: {SUPERVISOR} (desk 1);")
    press(screen, "people.leave")
    assert focus_name() == "people.remove"
    assert [person.left for person in people(seat)] == [False, False]
    press(screen, "people.remove")
    assert focus_name() == "people.now"
    do(screen, "people.now")
    assert [row[3] for row in rows(screen)] == ["Active", "Removed"]
    assert "The vault has new keys" in heard.told[0]
    assert not is_seen(screen, "people.remove")
    in_lane(seat.jobs, seat.desk.lock)
    assert refused(place.folder, 2, sentence)
    with at_desk(old_copy, 2, sentence) as desk:
        assert desk.vault.role == "CLERK"
    with at_desk(place.folder, 1, place.sentence) as desk:
        assert desk.journal.verify() > 0


def test_a_removal_that_is_stopped_changes_nothing(seat: Seat, place: Office) -> None:
    clerk = add(seat)
    screen, heard = shown(seat, clerk.user_id)
    go = threading.Event()
    seat.jobs.run(go.wait, owner=screen, done=lambda _: None, failed=lambda _: None)  # the lane is busy meanwhile
    press(screen, "people.remove")
    press(screen, "people.now")
    assert not of(screen, QPushButton, "people.now").isEnabled()
    assert not of(screen, QPushButton, "people.new").isEnabled()
    press(screen, "people.progress.stop")
    go.set()
    settle(seat)
    assert heard.told == ["Stopped. Nothing was changed."]
    assert [person.left for person in people(seat)] == [False, False]
    assert of(screen, QPushButton, "people.now").isEnabled()
    in_lane(seat.jobs, seat.desk.lock)
    assert not refused(place.folder, 2, clerk.sentence or "")


def test_a_suspended_person_stays_out_until_let_back_in_with_a_new_sentence(seat: Seat, place: Office) -> None:
    clerk = add(seat)
    screen, heard = shown(seat, clerk.user_id)
    press(screen, "people.suspend")
    assert "copies of the vault made before still open" in text(screen, "people.does_not")
    do(screen, "people.now")
    assert rows(screen)[1][3] == "Suspended"
    assert text(screen, "people.standing").startswith("Suspended")
    assert not is_seen(screen, "people.suspend")
    press(screen, "people.readmit")
    do(screen, "people.now")
    new = write_down(screen)
    assert rows(screen)[1][3] == "Active"
    assert heard.told == ["Done.", "Done."]
    in_lane(seat.jobs, seat.desk.lock)
    assert refused(place.folder, 2, clerk.sentence or "")
    assert not refused(place.folder, 2, new)


def test_the_only_supervisor_cannot_stop_being_one_nor_be_removed(seat: Seat) -> None:
    screen, heard = shown(seat)
    assert text(screen, "people.standing").startswith("This is you.")
    assert [is_seen(screen, f"people.{act}") for act in ("readmit", "suspend", "remove", "may_know")] == [
        *(False, False, False),
        True,
    ]
    choose_role(screen, "clerk")
    press(screen, "people.save")
    settle(seat)
    assert text(screen, "people.question") == f"Let {SUPERVISOR} be a supervisor no more?"
    do(screen, "people.now")
    assert heard.hindered == ["LAST_SUPERVISOR"]
    assert [person.role for person in people(seat)] == ["SUPERVISOR"]


def test_an_officer_becomes_supervisor_with_six_words_and_is_asked_about_before(seat: Seat, place: Office) -> None:
    officer = add(seat, "CASE_OFFICER")
    screen, _ = shown(seat, officer.user_id)
    choose_role(screen, "supervisor")
    do(screen, "people.save")
    assert text(screen, "people.question") == f"Make {CLERK} a supervisor?"
    assert people(seat)[1].role == "CASE_OFFICER"
    do(screen, "people.now")
    new = write_down(screen)
    assert len(new.split()) == 6
    in_lane(seat.jobs, seat.desk.lock)
    with at_desk(place.folder, 2, new) as desk:
        assert desk.vault.role == "SUPERVISOR"


def test_somebody_may_know_ones_own_sentence_and_another_one_opens(seat: Seat, place: Office) -> None:
    add(seat)
    screen, heard = shown(seat)
    press(screen, "people.may_know")
    assert text(screen, "people.own").startswith("The new sentence is your own: first you write it down")
    generation = seat.desk.vault.generation.number
    do(screen, "people.now")
    assert seat.desk.vault.generation.number == generation  # the present one stays until the new one was typed back
    new = write_down(screen)
    settle(seat)
    assert seat.desk.vault.generation.number == generation + 1
    assert "The vault has new keys" in heard.told[0]
    assert text(screen, "people.unseen").endswith(f"mends it: {SUPERVISOR} (desk 1), {CLERK} (desk 2)")
    in_lane(seat.jobs, seat.desk.lock)
    assert refused(place.folder, 1, place.sentence)
    assert not refused(place.folder, 1, new)


def test_a_sentence_is_never_text_and_its_words_go_when_covered_and_when_typed_back(seat: Seat) -> None:
    clerk = add(seat)
    screen, _ = shown(seat, clerk.user_id)
    press(screen, "people.readmit")
    do(screen, "people.now")
    words = card_words(screen)
    assert gives_away(screen, words) == []
    screen.cover()
    assert card_words(screen) == ()
    field = of(screen, QLineEdit, "people.sentence")
    QTest.keyClicks(field, " ".join(words))
    assert gives_away(screen, words) == []
    screen.hide()
    assert field.text() == ""
    screen.show()
    assert card_words(screen) == ()
    press(screen, "people.sentence_written")  # it shows them again
    assert write_down(screen) == " ".join(words)
    held = screen._pages._sentence._step
    assert (held._secret, held._card._words, field.text()) == ("", (), "")
    assert screen._pages._sentence._then is None


def test_the_warning_before_the_lock_covers_the_words(
    qtbot: QtBot, place: Office, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_window(place.folder)
    field = part(opened, QLineEdit, "unlock.sentence")
    QTest.keyClicks(field, place.sentence)
    QTest.keyClick(field, Qt.Key.Key_Return)
    start_page(qtbot, opened)
    part(opened, QToolButton, "rail.people").click()
    qtbot.waitUntil(lambda: on_screen(opened, "people.heading").startswith(SUPERVISOR))
    screen = look.frame_of(opened.window).current()
    assert isinstance(screen, People)
    part(opened, QPushButton, "people.may_know").click()
    part(opened, QPushButton, "people.now").click()
    qtbot.waitUntil(lambda: "_sentence" in vars(screen._pages) and len(card_words(screen)) == 6, timeout=20_000)
    opened.window._idle.warned.emit()
    assert card_words(screen) == ()
    opened.window.lock()
    assert opened.window.findChild(QLabel, "people.heading") is None or not screen.isVisible()


def test_a_name_that_is_not_right_is_told_at_its_field_and_a_new_name_stands_in_the_rail(
    qtbot: QtBot, place: Office, open_window: Open
) -> None:
    opened = open_window(place.folder)
    field = part(opened, QLineEdit, "unlock.sentence")
    QTest.keyClicks(field, place.sentence)
    QTest.keyClick(field, Qt.Key.Key_Return)
    start_page(qtbot, opened)
    part(opened, QToolButton, "rail.people").click()
    qtbot.waitUntil(lambda: on_screen(opened, "people.heading").startswith(SUPERVISOR))
    screen = look.frame_of(opened.window).current()
    assert isinstance(screen, People)
    type_name(screen, " ")
    part(opened, QPushButton, "people.save").click()
    qtbot.waitUntil(lambda: on_screen(opened, "people.name.problem") != "")
    assert on_screen(opened, "people.state").startswith("Not saved yet")
    type_name(screen, "Asha Mwakio Wanyonyi")
    part(opened, QPushButton, "people.save").click()
    qtbot.waitUntil(lambda: on_screen(opened, "rail.person").startswith("Asha Mwakio Wanyonyi"))
    assert opened.window.windowTitle() == "Rufaa"


def test_what_is_typed_stays_over_a_switch_of_the_language_and_another_person(seat: Seat) -> None:
    clerk = add(seat)
    screen, _ = shown(seat, clerk.user_id)
    type_name(screen, "Otieno Were Junior")
    screen._open("")
    type_name(screen, "Somebody else")
    for _ in range(2):
        screen._open(clerk.user_id)
    press(screen, "people.suspend")
    languages.switch("sw")
    settle(seat)
    assert of(screen, QLineEdit, "people.name").text() == "Otieno Were Junior"
    assert text(screen, "people.question") == f"Umsimamishe {CLERK} kwa muda?"
    assert rows(screen)[1][2:5] == ["Karani wa kaunti", "Yupo kazini", "Bado"]
    screen._open("")
    assert of(screen, QLineEdit, "people.name").text() == "Somebody else"
    do(screen, "people.put_back")
    assert of(screen, QLineEdit, "people.name").text() == ""


def test_after_a_supervisor_was_removed_sealing_begins_by_itself_and_all_is_told(seat: Seat) -> None:
    desk, other = seat.desk, add(seat, "SUPERVISOR")
    drafts = [RecordDraft("case", {"narrative": "Kiambatisho"}), RecordDraft("person", {"first_name": "N"})]
    case_id = in_lane(seat.jobs, lambda: desk.cases.create(drafts))[0]
    screen, heard = shown(seat, other.user_id)
    type_name(screen, "Typed and not saved")
    press(screen, "people.remove")
    assert "Sealed facts get a new key as well" in text(screen, "people.does")
    press(screen, "people.without_sheet")
    do(screen, "people.now")
    settle(seat)
    assert heard.told[-1] == "All sealed facts have the new key."
    assert not is_seen(screen, "people.seal_again")
    assert not in_lane(seat.jobs, desk.people.sealing_due)
    record = in_lane(seat.jobs, lambda: desk.cases.open(case_id).one("case"))
    assert record is not None
    record_id = record.record_id
    assert in_lane(seat.jobs, lambda: desk.cases.read_sealed(record_id)) == {"narrative": "Kiambatisho"}


@pytest.mark.parametrize("size", [(1274, 738), (818, 482)], ids=str)
def test_questions_and_words_are_heard_reached_and_whole(seat: Seat, size: tuple[int, int]) -> None:
    clerk = add(seat)
    screen, _ = shown(seat, clerk.user_id)
    screen.resize(*size)
    found: list[str] = []

    def check() -> None:
        for language in LANGUAGES:
            languages.switch(language)
            for _ in range(3):  # a wider word asks its parents for another layout, and they theirs
                settle(seat)
                QApplication.processEvents()
            for one in (look.misnamed, look.unlabelled, look.twice_used_letters, look.cut):
                found.extend(f"{language} {what}" for what in one(screen))

    for act in ("readmit", "suspend", "may_know", "remove"):
        press(screen, f"people.{act}")
        check()
        press(screen, "people.leave")
    press(screen, "people.readmit")
    do(screen, "people.now")
    check()
    screen.cover()
    check()
    assert found == []
