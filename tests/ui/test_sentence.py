"""One's own sentence is changed, and what other screens say after keys were changed: on real vaults."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from desktop import machine
from desktop.bootstrap import Door
from desktop.errors import WrongSentence
from desktop.messages import LANGUAGES
from desktop.rules.records import RecordDraft
from tests import factory
from tests.flows.conftest import SMALL_LAPTOP_BYTES
from tests.ui import every_screen as look
from tests.ui.conftest import Office, make_office
from tests.ui.desks import in_lane, open_desk, show_alone
from tests.ui.people_hands import add, at_desk, card_words, do, gives_away, is_seen, write_down
from tests.ui.screen_hands import Heard, focus_name, part, press, settle, text
from ui import languages
from ui.screens.sending import Sending
from ui.screens.sentence import SentenceScreen
from ui.screens.today import Today
from ui.seat import Place, Seat


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
    return make_office(tmp_path / "office", practice=False)


@pytest.fixture
def clerk(place: Office) -> Office:
    """The same office, as the clerk of desk 2 opens it."""
    with at_desk(place.folder, 1, place.sentence) as desk:
        made = desk.people.add(name="Otieno Were", role="CLERK")
    return Office(place.folder, made.sentence or "")


@pytest.fixture
def seat(application: QApplication, clerk: Office) -> Iterator[Seat]:
    with open_desk(clerk.folder, clerk.sentence, 2) as opened:
        yield opened


def shown(seat: Seat) -> tuple[SentenceScreen, Heard]:
    screen = SentenceScreen(seat, Place("sentence"))
    heard = Heard(screen)
    show_alone(screen)
    return screen, heard


def type_old(screen: SentenceScreen, sentence: str) -> None:
    field = part(screen, QLineEdit, "sentence.old")
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, sentence)


def test_a_clerk_takes_another_sentence_after_a_slip_in_the_old_one(seat: Seat, clerk: Office) -> None:
    screen, heard = shown(seat)
    press(screen, "sentence.offer")
    assert text(screen, "sentence.old.problem") == "Type your present sentence here first."
    assert not is_seen(screen, "sentence.new_words")
    wrong = "abandon ability able about above"
    type_old(screen, wrong)
    QTest.keyClick(part(screen, QLineEdit, "sentence.old"), Qt.Key.Key_Return)
    settle(seat)
    new = write_down(screen, "sentence.new")
    assert len(new.split()) == 5
    assert text(screen, "sentence.old.problem").startswith("This is not your present sentence. Nothing was changed")
    assert focus_name() == "sentence.old"
    assert heard.told == []
    type_old(screen, clerk.sentence)
    do(screen, "sentence.take")
    assert heard.told == ["Your sentence is changed. The old one opens only copies made before."]
    assert heard.places == [Place("settings")]
    assert gives_away(screen, new.split()) == []
    in_lane(seat.jobs, seat.desk.lock)
    with at_desk(clerk.folder, 2, new) as desk:
        assert desk.vault.role == "CLERK"
    with pytest.raises(WrongSentence):
        Door(clerk.folder).unlock(2, clerk.sentence)


def test_three_are_offered_and_the_words_are_covered_before_the_lock(seat: Seat, clerk: Office) -> None:
    screen, _ = shown(seat)
    type_old(screen, clerk.sentence)
    do(screen, "sentence.offer")
    offered = [card_words(screen, "sentence.new_words")]
    for _ in range(2):
        do(screen, "sentence.other")
        offered.append(card_words(screen, "sentence.new_words"))
    assert len(set(offered)) == 3
    assert not part(screen, QPushButton, "sentence.other").isEnabled()
    screen.cover()
    assert card_words(screen, "sentence.new_words") == ()
    again, _ = shown(seat)
    type_old(again, clerk.sentence)
    do(again, "sentence.offer")
    assert text(again, "sentence.old.problem").startswith("3 sentences were offered already")


@pytest.mark.parametrize("size", [(1274, 738), (818, 482)], ids=str)
def test_the_offer_is_heard_and_whole(seat: Seat, clerk: Office, size: tuple[int, int]) -> None:
    screen, _ = shown(seat)
    screen.resize(*size)
    type_old(screen, clerk.sentence)
    do(screen, "sentence.offer")
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
    assert found == []


def test_today_goes_on_sealing_after_a_supervisor_left(application: QApplication, place: Office) -> None:
    with open_desk(place.folder, place.sentence) as seat:
        desk, other = seat.desk, add(seat, "SUPERVISOR")

        def leave_the_sealing() -> bool:
            drafts = [RecordDraft("case", {"narrative": "Kiambatisho"}), RecordDraft("person", {"first_name": "N"})]
            desk.cases.create(drafts)
            return desk.people.remove(other.user_id).sealing_due

        assert in_lane(seat.jobs, leave_the_sealing)
        screen = Today(seat, Place("today"))
        heard = Heard(screen)
        show_alone(screen)
        settle(seat)
        assert text(screen, "today.sealing_due").startswith("People's keys: sealing goes on")
        do(screen, "today.seal_again")
        assert heard.told == ["All sealed facts have the new key."]
        assert not is_seen(screen, "today.seal_again")
        assert not in_lane(seat.jobs, desk.people.sealing_due)


def test_after_new_keys_sending_and_today_ask_to_enrol_again(
    application: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
    office = factory.make_office(tmp_path / "office")
    national = factory.make_secretariat(tmp_path / "national")
    factory.enrol(office, national)
    clerk = office.desk.people.add(name="Otieno Were", role="CLERK")
    office.lock()
    national.lock()
    shutil.rmtree(national.folder)
    with open_desk(office.folder, office.sentence) as seat:
        screen, today = Sending(seat, Place("sending")), Today(seat, Place("today"))
        for one in (screen, today):
            show_alone(one)
            settle(seat)
        assert [is_seen(screen, "sending.enrol"), is_seen(today, "today.enrol")] == [False, False]
        people = seat.desk.people
        in_lane(seat.jobs, lambda: people.remove(clerk.user_id))
        settle(seat)
        assert [is_seen(screen, "sending.enrol"), is_seen(today, "today.enrol")] == [True, True]
        assert text(screen, "sending.not_enrolled").startswith("The keys of this laptop were changed")
        assert text(today, "today.not_enrolled").startswith("The keys of this laptop were changed")
        assert not is_seen(screen, "sending.seal")
