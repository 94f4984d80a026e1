"""Back in with the Secretariat's help in the window: the request, the digits, the answer, the new supervisor's desk."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop import machine, sticks
from desktop.bootstrap import Door
from desktop.bundles.reader import open_and_verify
from desktop.crypto import recovery, sealing
from desktop.messages import LANGUAGES
from desktop.services import intake
from desktop.services.office_recovery import KEY_FILE
from tests.factory import Secretariat, enrol, make_case, make_office, make_secretariat, send
from tests.flows.recovery_world import PHONE, World, name_identity
from tests.ui import every_screen as look
from tests.ui.conftest import Office, Opened
from tests.ui.desks import in_lane
from tests.ui.people_hands import card_words, heard_texts
from tests.ui.recover_hands import LONG_MS, enter, four, is_there, press, refused, seen, settle, write_down
from ui import languages
from ui.screens.recover_answer import RecoverAnswer

Open = Callable[[Path], Opened]
SMALL_LAPTOP_BYTES = 4_000_000_000
NAME = "Wanjiru Njoroge"


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> World:
    """An office that sent a bundle, and its Secretariat with custodians; both locked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        patch.setattr(intake, "open_and_verify_confined", open_and_verify)  # the limited child has tests of its own
        folder = tmp_path_factory.mktemp("world")
        office, national = make_office(folder / "office"), make_secretariat(folder / "national")
        custodians = {name: recovery.identity_file(sealing.generate_secret()) for name in "ABC"}
        identity, shares = name_identity(national, custodians)
        enrol(office, national)
        national.desk.national_recovery.note_coordinator("030", PHONE)
        make_case(office)
        assert national.desk.intake.receive(send(office)).outcome == "RECEIVED"
        office.lock()
        national.lock()
    return World(office, national, identity, shares, custodians)


@pytest.fixture
def world(at_rest: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The office locked, the Secretariat's desk open."""
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
    shutil.copytree(at_rest.office.folder, tmp_path / "office")
    place = at_rest.national.copy_at_rest(tmp_path / "national")
    national = Secretariat(place.folder, place.sentence, place.desk, place.clock, at_rest.national.founded)
    (tmp_path / "stick").mkdir()
    monkeypatch.setattr(sticks, "found", lambda: (sticks.at(tmp_path / "stick"),))
    yield replace(at_rest, office=replace(at_rest.office, folder=tmp_path / "office"), national=national)
    national.lock()


def ask(qtbot: QtBot, opened: Opened) -> tuple[str, str]:
    """By the window: the sentence kept and the digits read out; the file lies on the stick."""
    press(opened, "unlock.no_sentence")
    settle(opened)
    press(opened, "recover.request")
    press(opened, "recoverRequest.next")
    qtbot.waitUntil(lambda: len(card_words(opened.window, "recoverRequest.sentence_words")) == 6, timeout=LONG_MS)
    sentence = write_down(opened, "recoverRequest.sentence")
    qtbot.waitUntil(lambda: is_there(opened, "recoverRequest.save"), timeout=LONG_MS)
    settle(opened)
    press(opened, "recoverRequest.next")
    assert seen(opened, "recoverRequest.stick.problem").startswith("Save the file to a stick")
    press(opened, "recoverRequest.save")
    qtbot.waitUntil(lambda: seen(opened, "recoverRequest.saved").startswith("Saved to stick"), timeout=LONG_MS)
    return sentence, seen(opened, "recoverRequest.digits")


def answer_of(world: World, stick: Path, digits: str) -> Path:
    """What the Secretariat does with the file of the stick: compare, wait, answer by two custodians."""
    (request,) = stick.iterdir()
    content = request.read_bytes()
    world.compare_and_wait(content, digits)
    path = stick / "V-answer.rufaa"
    path.write_bytes(world.answer(content))
    return path


def fill(opened: Opened, path: Path, sentence: str, name: str) -> None:
    page = opened.window.findChild(RecoverAnswer)
    assert page is not None
    page.take_file(path)
    enter(opened, "recoverAnswer.sentence", four(sentence))
    enter(opened, "recoverAnswer.name", name)
    enter(opened, "recoverAnswer.title", "Children's officer")
    enter(opened, "recoverAnswer.phone", "")


def test_the_secretariat_lets_a_new_supervisor_in_by_following_the_screen_only(
    qtbot: QtBot, world: World, tmp_path: Path, open_window: Open
) -> None:
    folder = world.office.folder
    opened = open_window(folder)
    sentence, digits = ask(qtbot, opened)
    assert len(re.sub(r"[^0-9]", "", digits)) == 30
    assert not any(sentence in said for said in heard_texts(opened.window))
    press(opened, "recoverRequest.next")
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=LONG_MS)  # the sentence was in its memory
    path = answer_of(world, tmp_path / "stick", digits)
    again = open_window(folder)
    press(again, "unlock.no_sentence")
    qtbot.waitUntil(lambda: is_there(again, "recover.answer"), timeout=LONG_MS)
    assert not is_there(again, "recover.request")
    press(again, "recover.answer")
    press(again, "recoverAnswer.next")
    assert seen(again, "recoverAnswer.file.problem") == "Choose the Secretariat's file first."
    fill(again, path, sentence, " ")
    settle(again)
    assert seen(again, "recoverAnswer.name.problem") != ""
    assert (folder / KEY_FILE).exists()
    wrong = " ".join(reversed(sentence.split()))
    fill(again, path, wrong, NAME)
    qtbot.waitUntil(lambda: seen(again, "recoverAnswer.sentence.problem") != "", timeout=LONG_MS)
    fill(again, path, sentence, NAME)
    qtbot.waitUntil(lambda: is_there(again, "newKeys.show"), timeout=LONG_MS)
    settle(again)
    assert seen(again, "rail.person") == f"{NAME}\nDesk 2"
    assert seen(again, "desk.recovery") == "Recovery not finished"
    in_lane(again.jobs, again.window.close_vault)
    door = Door(folder)
    assert refused(lambda: door.unlock(2, sentence)) == ""
    assert refused(lambda: door.unlock(1, world.office.sentence)) == ""  # nobody else was touched


def test_a_request_whose_file_nobody_has_is_thrown_away_and_one_that_waits_is_given_up_by_two_presses(
    qtbot: QtBot, world: World, open_window: Open
) -> None:
    folder = world.office.folder
    opened = open_window(folder)
    press(opened, "unlock.no_sentence")
    settle(opened)
    press(opened, "recover.request")
    press(opened, "recoverRequest.next")
    qtbot.waitUntil(lambda: len(card_words(opened.window, "recoverRequest.sentence_words")) == 6, timeout=LONG_MS)
    write_down(opened, "recoverRequest.sentence")
    qtbot.waitUntil(lambda: is_there(opened, "recoverRequest.save"), timeout=LONG_MS)
    settle(opened)
    assert (folder / KEY_FILE).exists()
    press(opened, "recoverRequest.back")
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=LONG_MS)
    assert not (folder / KEY_FILE).exists()
    again = open_window(folder)
    ask(qtbot, again)
    third = open_window(folder)
    press(third, "unlock.no_sentence")
    qtbot.waitUntil(lambda: is_there(third, "recover.give_up"), timeout=LONG_MS)
    press(third, "recover.give_up")
    assert seen(third, "recover.waits").startswith("Given up, an answer that is on its way opens nothing")
    assert (folder / KEY_FILE).exists()
    press(third, "recover.give_up")
    qtbot.waitUntil(lambda: is_there(third, "recover.request"), timeout=LONG_MS)
    assert not (folder / KEY_FILE).exists()


def test_an_office_that_knows_no_recovery_of_the_secretariat_is_told_so(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    opened = open_window(office.folder)
    press(opened, "unlock.no_sentence")
    settle(opened)
    press(opened, "recover.request")
    press(opened, "recoverRequest.next")
    qtbot.waitUntil(
        lambda: seen(opened, "window.message").startswith("This vault knows no recovery key"), timeout=LONG_MS
    )


@pytest.mark.parametrize("size", [(1366, 738), (910, 482)], ids=str)
def test_the_pages_of_request_and_answer_are_heard_reached_and_whole(
    qtbot: QtBot, world: World, open_window: Open, size: tuple[int, int]
) -> None:
    opened = open_window(world.office.folder)
    opened.window.resize(*size)
    found: list[str] = []

    def check(page: str) -> None:
        for language in LANGUAGES:
            languages.switch(language)
            for _ in range(2):
                settle(opened)
            for one in (look.misnamed, look.unlabelled, look.twice_used_letters, look.cut, look.unreached):
                found.extend(f"{page} {language} {what}" for what in one(opened.window))
        languages.switch("en")

    press(opened, "unlock.no_sentence")
    settle(opened)
    press(opened, "recover.request")
    check("what it is")
    press(opened, "recoverRequest.next")
    qtbot.waitUntil(lambda: len(card_words(opened.window, "recoverRequest.sentence_words")) == 6, timeout=LONG_MS)
    check("sentence")
    write_down(opened, "recoverRequest.sentence")
    qtbot.waitUntil(lambda: is_there(opened, "recoverRequest.save"), timeout=LONG_MS)
    settle(opened)
    check("file")
    press(opened, "recoverRequest.save")
    qtbot.waitUntil(lambda: seen(opened, "recoverRequest.saved").startswith("Saved to stick"), timeout=LONG_MS)
    again = open_window(world.office.folder)
    again.window.resize(*size)
    opened.window.hide()
    opened = again
    press(again, "unlock.no_sentence")
    qtbot.waitUntil(lambda: is_there(again, "recover.answer"), timeout=LONG_MS)
    check("waits")
    press(again, "recover.answer")
    check("answer")
    assert found == []
