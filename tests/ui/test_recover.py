"""Back in with the recovery sheet by following the screen only, and every wrong turn on the way."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from desktop import machine
from desktop.attempts import Attempts
from desktop.bootstrap import Door
from desktop.clock import SystemClock
from desktop.crypto.header import choose_copy
from desktop.errors import Obstacle, WrongSentence
from desktop.messages import LANGUAGES
from desktop.rules.records import RecordDraft
from desktop.vault_files import newest_generation, read_header_copies
from tests.flows.conftest import SMALL_LAPTOP_BYTES
from tests.ui import every_screen as look
from tests.ui.conftest import OFFICE, SUPERVISOR, Opened
from tests.ui.desks import in_lane
from tests.ui.hands import unlock_with
from tests.ui.people_hands import at_desk, card_words, heard_texts
from tests.ui.recover_hands import (
    CLERK,
    LONG_MS,
    OTHER,
    Lost,
    enter,
    four,
    is_there,
    make_lost,
    press,
    recover,
    refused,
    seen,
    settle,
    sign_in,
    to_who,
    write_down,
)
from ui import languages
from ui.seat import Place
from ui.widgets.row_list import RowList

Open = Callable[[Path], Opened]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lost:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        return make_lost(tmp_path_factory.mktemp("recover") / "office")


@pytest.fixture
def lost(made: Lost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lost:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
    shutil.copytree(made.folder, tmp_path / "office")
    return Lost(tmp_path / "office", made.sentence, made.other, made.clerk, made.sheet)


def lists(folder: Path) -> int:
    return len(choose_copy(read_header_copies(newest_generation(folder))).header.access_lists)


def test_an_office_gets_back_in_and_has_new_keys_by_following_the_screen_only(
    qtbot: QtBot, lost: Lost, tmp_path: Path, open_window: Open
) -> None:
    old_copy = shutil.copytree(lost.folder, tmp_path / "stick")
    opened = open_window(lost.folder)
    sentence = recover(qtbot, opened, lost.sheet)
    assert seen(opened, "desk.recovery") == "Recovery not finished"
    press(opened, "newKeys.show")
    qtbot.waitUntil(lambda: len(card_words(opened.window, "newKeys.sheet_words")) == 12, timeout=LONG_MS)
    assert opened.window.findChild(QPushButton, "newKeys.later") is not None
    sheet = write_down(opened, "newKeys.sheet")
    qtbot.waitUntil(lambda: is_there(opened, "newKeys.enrol"), timeout=LONG_MS)
    settle(opened)
    assert seen(opened, "desk.recovery") == ""
    assert seen(opened, "window.message") == "All sealed facts have the new key."
    press(opened, "newKeys.today")
    settle(opened)
    assert not is_there(opened, "today.new_keys")
    desk = opened.window._desk
    assert desk is not None
    written_after = in_lane(opened.jobs, lambda: desk.people.add(name="Somebody new", role="CLERK"))
    in_lane(opened.jobs, opened.window.close_vault)
    door = Door(lost.folder)
    assert refused(lambda: door.unlock(1, lost.sentence)) == "WRONG_SENTENCE"
    assert refused(lambda: door.unlock(1, sentence)) == ""
    for number, kept in ((2, lost.other), (3, lost.clerk)):  # nobody else was touched
        assert refused(lambda number=number, kept=kept: door.unlock(number, kept)) == ""  # type: ignore[misc]
    with pytest.raises(WrongSentence, match="SHEET_OTHER_VAULT"):
        Door(lost.folder).vaults.recover_with_sheet(lost.sheet)
    Door(lost.folder).vaults.recover_with_sheet(sheet).close()
    with at_desk(old_copy, 1, lost.sentence) as copy:  # only what was before
        assert written_after.user_id not in {person.id for person in copy.people.list()}
        assert copy.cases.count() == 1


def test_wrong_words_are_told_by_their_number_and_only_whole_guesses_count(
    qtbot: QtBot, lost: Lost, open_window: Open
) -> None:
    opened = open_window(lost.folder)
    attempts = Attempts(lost.folder / "attempts.json", SystemClock())
    words = lost.sheet.split()
    press(opened, "unlock.no_sentence")
    press(opened, "recover.sheet")
    enter(opened, "recoverSheet.words", four(" ".join([*words[:6], "xyzzy", *words[7:]])))
    assert seen(opened, "recoverSheet.words.problem").startswith("Word 7 is not one of the words")
    enter(opened, "recoverSheet.words", " ".join(words[:10]))
    assert seen(opened, "recoverSheet.words.problem").startswith("You typed 10 words; there are 12.")
    assert seen(opened, "recoverSheet.words.count") == "10 of 12 words"
    assert attempts.count() == 0
    swapped = next(
        changed
        for n in range(11)
        if refused_checksum(changed := " ".join([*words[:n], words[n + 1], words[n], *words[n + 2 :]]))
    )
    enter(opened, "recoverSheet.words", swapped)
    qtbot.waitUntil(
        lambda: seen(opened, "recoverSheet.words.problem").startswith("These are not the twelve words"),
        timeout=LONG_MS,
    )
    settle(opened)
    assert attempts.count() == 1
    line = opened.window.findChild(QLineEdit, "recoverSheet.words")
    assert line is not None
    assert line.hasFocus()
    assert not line.isReadOnly()
    for _ in range(9):
        attempts.failed()
    enter(opened, "recoverSheet.words", swapped)
    qtbot.waitUntil(lambda: seen(opened, "recoverSheet.state").startswith("Next try in 0:"), timeout=LONG_MS)
    button = opened.window.findChild(QPushButton, "recoverSheet.next")
    assert button is not None
    assert not button.isEnabled()


def refused_checksum(words: str) -> bool:
    from desktop import wordlists
    from desktop.crypto.encoding import Malformed
    from desktop.crypto.words import sheet_entropy

    try:
        sheet_entropy(wordlists.load()[wordlists.DEFAULT], words)
    except Malformed:
        return True
    return False


def test_before_the_words_nothing_of_the_office_is_said_and_the_words_are_never_text(
    qtbot: QtBot, lost: Lost, open_window: Open
) -> None:
    opened = open_window(lost.folder)
    press(opened, "unlock.no_sentence")
    settle(opened)
    said = " ".join(heard_texts(opened.window))
    assert not any(name in said for name in (SUPERVISOR, OTHER, CLERK, OFFICE))
    press(opened, "recover.sheet")
    line = opened.window.findChild(QLineEdit, "recoverSheet.words")
    assert line is not None
    QTest.keyClicks(line, lost.sheet)
    said = " ".join(heard_texts(opened.window))
    assert not any(f" {word} " in said for word in lost.sheet.split() if len(word) > 5)
    assert line.displayText() == "●" * len(lost.sheet)


def test_leaving_after_the_words_changes_nothing_and_the_process_goes_with_what_it_knows(
    qtbot: QtBot, lost: Lost, open_window: Open
) -> None:
    before = lists(lost.folder)
    opened = open_window(lost.folder)
    to_who(qtbot, opened, lost.sheet)
    press(opened, "recoverSheet.next")
    assert seen(opened, "recoverSheet.who.problem") == "Choose who you are first."
    press(opened, "recoverSheet.who.2")
    press(opened, "recoverSheet.next")
    qtbot.waitUntil(lambda: len(card_words(opened.window, "recoverSheet.new_words")) == 6, timeout=LONG_MS)
    first = card_words(opened.window, "recoverSheet.new_words")
    press(opened, "recoverSheet.back")  # the wrong person was chosen
    press(opened, "recoverSheet.who.1")
    press(opened, "recoverSheet.next")
    assert card_words(opened.window, "recoverSheet.new_words") == ()  # the same sentence, covered since
    press(opened, "recoverSheet.new_written")
    assert card_words(opened.window, "recoverSheet.new_words") == first
    opened.window._idle.warned.emit()
    assert card_words(opened.window, "recoverSheet.new_words") == ()
    press(opened, "recoverSheet.back")
    press(opened, "recoverSheet.back")
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=LONG_MS)
    assert lists(lost.folder) == before
    assert refused(lambda: Door(lost.folder).unlock(1, lost.sentence)) == ""


def test_nobody_at_the_laptop_ends_the_way_back_as_a_lock_ends_a_desk(
    qtbot: QtBot, lost: Lost, open_window: Open
) -> None:
    opened = open_window(lost.folder)
    to_who(qtbot, opened, lost.sheet)
    assert opened.window.findChild(QPushButton, "recoverSheet.who.1") is not None
    opened.window._idle.gone.emit()
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=LONG_MS)
    assert not is_there(opened, "recoverSheet.who.1")
    assert refused(lambda: Door(lost.folder).unlock(1, lost.sentence)) == ""  # and the vault was let go


def test_later_keeps_the_band_lets_enter_and_refuses_to_send_and_the_page_comes_again(
    qtbot: QtBot, lost: Lost, open_window: Open
) -> None:
    opened = open_window(lost.folder)
    sentence = recover(qtbot, opened, lost.sheet)
    press(opened, "newKeys.later")
    settle(opened)
    assert seen(opened, "desk.recovery") == "Recovery not finished"
    assert is_there(opened, "today.new_keys")
    assert is_there(opened, "today.new")
    desk = opened.window._desk
    assert desk is not None
    with pytest.raises(Obstacle, match="RECOVERY_UNFINISHED"):
        in_lane(opened.jobs, desk.exports.make)
    in_lane(opened.jobs, opened.window.close_vault)
    again = open_window(lost.folder)
    sign_in(again, 1, sentence)
    qtbot.waitUntil(lambda: is_there(again, "newKeys.show"), timeout=LONG_MS)
    look.frame_of(again.window).go(Place("cases"))
    settle(again)
    assert seen(again, "desk.recovery") == "Recovery not finished"


def test_a_clerk_is_told_of_the_unfinished_recovery_and_not_led_to_the_keys(
    qtbot: QtBot, lost: Lost, open_window: Open
) -> None:
    recovery = Door(lost.folder).vaults.recover_with_sheet(lost.sheet)
    recovery.let_in(recovery.supervisors()[0].user_id, recovery.offer_sentence())
    opened = open_window(lost.folder)
    sign_in(opened, 3, lost.clerk)
    qtbot.waitUntil(lambda: seen(opened, "desk.recovery") == "Recovery not finished", timeout=LONG_MS)
    settle(opened)
    assert not is_there(opened, "newKeys.show")
    assert not is_there(opened, "today.new_keys")
    assert seen(opened, "today.last_saved") != ""


@pytest.mark.parametrize("size", [(1366, 738), (910, 482)], ids=str)
def test_every_page_of_the_way_is_heard_reached_and_whole(
    qtbot: QtBot, lost: Lost, open_window: Open, size: tuple[int, int]
) -> None:
    opened = open_window(lost.folder)
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
    check("ways")
    press(opened, "recover.sheet")
    check("words")
    enter(opened, "recoverSheet.words", four(lost.sheet))
    qtbot.waitUntil(lambda: is_there(opened, "recoverSheet.who.1"), timeout=LONG_MS)
    check("who")
    press(opened, "recoverSheet.who.1")
    press(opened, "recoverSheet.next")
    qtbot.waitUntil(lambda: len(card_words(opened.window, "recoverSheet.new_words")) == 6, timeout=LONG_MS)
    check("sentence")
    press(opened, "recoverSheet.new_written")
    check("typed back")
    assert found == []


def test_a_closed_desk_says_so_and_leads_to_the_two_ways_that_are_left(
    qtbot: QtBot, lost: Lost, open_window: Open
) -> None:
    with at_desk(lost.folder, 1, lost.sentence) as desk:
        desk.sheets.close_desk(lost.sheet)
    opened = open_window(lost.folder)
    assert seen(opened, "unlock.sentence.problem").startswith("A supervisor closed this desk")
    unlock_with(opened, lost.sentence)
    qtbot.waitUntil(
        lambda: seen(opened, "unlock.sentence.problem").startswith("The vault did not open"), timeout=LONG_MS
    )
    press(opened, "unlock.no_sentence")
    assert not is_there(opened, "recover.supervisor")
    press(opened, "recover.back")
    settle(opened)
    assert seen(opened, "unlock.sentence.problem").startswith("A supervisor closed this desk")
    recover(qtbot, opened, lost.sheet)
    label = opened.window.findChild(QLabel, "newKeys.standing")
    assert label is not None
    assert f"by {SUPERVISOR}" in label.text()
    look.frame_of(opened.window).go(Place("people"))
    qtbot.waitUntil(lambda: seen(opened, "people.sheet_state") != "", timeout=LONG_MS)
    settle(opened)
    listed = opened.window.findChild(RowList, "people.list")
    assert listed is not None
    assert [row.cells[3].text for row in listed.rows()] == ["Active", "To be let in", "To be let in"]


def test_a_clerk_removed_in_the_window_opens_the_vault_no_more_and_an_old_copy_only_as_it_was(
    qtbot: QtBot, lost: Lost, tmp_path: Path, open_window: Open
) -> None:
    old_copy = shutil.copytree(lost.folder, tmp_path / "stick")
    opened = open_window(lost.folder)
    sign_in(opened, 1, lost.sentence)
    qtbot.waitUntil(lambda: seen(opened, "today.last_saved") != "", timeout=LONG_MS)
    desk = opened.window._desk
    assert desk is not None
    clerk = next(person for person in in_lane(opened.jobs, desk.people.list) if person.name == CLERK)
    look.frame_of(opened.window).go(Place("people", record_id=clerk.id))
    qtbot.waitUntil(lambda: is_there(opened, "people.remove"), timeout=LONG_MS)
    press(opened, "people.remove")
    press(opened, "people.now")
    qtbot.waitUntil(lambda: "The vault has new keys" in seen(opened, "window.message"), timeout=LONG_MS)
    in_lane(
        opened.jobs, lambda: desk.cases.create([RecordDraft("case", {}), RecordDraft("person", {"first_name": "A"})])
    )
    opened.window.lock()
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=LONG_MS)
    after = open_window(lost.folder)
    sign_in(after, 3, lost.clerk)
    qtbot.waitUntil(
        lambda: seen(after, "unlock.sentence.problem").startswith("The vault did not open"), timeout=LONG_MS
    )
    assert after.window._desk is None
    copied = open_window(old_copy)
    sign_in(copied, 3, lost.clerk)
    qtbot.waitUntil(lambda: seen(copied, "today.cases") == "1", timeout=LONG_MS)
