"""The first run by keys: from an empty folder to a vault that its own words open, and nothing on disk before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from desktop import machine
from desktop.bootstrap import Door
from desktop.messages import LANGUAGES, Language
from desktop.services.practice import practice_office, practice_sentence
from tests.ui.conftest import Office, Opened
from tests.ui.hands import on_screen, part, start_page, unlock_with
from ui import idle, languages
from ui.screens.first_run import FirstRun
from ui.screens.first_run_words import WordsStep
from ui.screens.unlock import Unlock

Open = Callable[[Path], Opened]

# The list of counties opens as a window of its own, which the offscreen platform can neither raise nor give keys.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture(autouse=True)
def _small_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)


def typed(opened: Opened, text: str) -> None:
    """Type into whatever has the focus, and press Enter."""
    field = opened.window.focusWidget()
    assert field is not None
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def reach_the_words(qtbot: QtBot, opened: Opened) -> FirstRun:
    page = part(opened, FirstRun, "firstRun")
    button = part(opened, QPushButton, "firstRun.next")
    qtbot.waitUntil(button.isEnabled)
    qtbot.waitUntil(button.hasFocus)
    QTest.keyClick(button, Qt.Key.Key_Space)
    for line in ("Kilif", "2", "Kilifi sub-county children's office", "", "+254799999001"):
        typed(opened, line)
    assert part(opened, QSpinBox, "firstRun.office_number").value() == 2
    for line in ("Asha Mwakio", "Children's officer", ""):
        typed(opened, line)
    qtbot.waitUntil(lambda: page._prepared is not None, timeout=20_000)
    return page


def test_the_vault_is_made_only_after_both_were_typed_back(qtbot: QtBot, tmp_path: Path, open_window: Open) -> None:
    folder = tmp_path / "data"
    opened = open_window(folder)
    page = reach_the_words(qtbot, opened)
    assert page._prepared is not None
    words = page._prepared
    QTest.keyClick(part(opened, QPushButton, "firstRun.sentence_written"), Qt.Key.Key_Space)
    typed(opened, " ".join(word[:4] for word in words.sentence.split()))
    assert on_screen(opened, "firstRun.step") == "Step 5 of 5"
    QTest.keyClick(part(opened, QPushButton, "firstRun.sheet_written"), Qt.Key.Key_Space)
    assert not folder.exists()
    typed(opened, words.sheet_words)
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=20_000)
    desk = Door(folder).unlock(1, words.sentence)
    assert (desk.office.sheet().code, desk.office.signed_in().name) == ("003-02", "Asha Mwakio")
    desk.lock()


def test_a_wrong_word_is_named_by_its_place_and_nothing_goes_on(
    qtbot: QtBot, tmp_path: Path, open_window: Open
) -> None:
    opened = open_window(tmp_path / "data")
    page = reach_the_words(qtbot, opened)
    assert page._prepared is not None
    words = page._prepared.sentence.split()
    QTest.keyClick(part(opened, QPushButton, "firstRun.sentence_written"), Qt.Key.Key_Space)
    wrong = "zoo" if words[2] != "zoo" else "able"
    typed(opened, " ".join([*words[:2], wrong, *words[3:]]))
    assert part(opened, QLabel, "firstRun.sentence.problem").text().startswith("Word 3 is another one")
    typed(opened, " xyzzy")
    assert "Word 7 is not one" in part(opened, QLabel, "firstRun.sentence.problem").text()
    assert not (tmp_path / "data").exists()


def test_an_unknown_county_and_an_empty_name_are_said_at_their_lines(
    qtbot: QtBot, tmp_path: Path, open_window: Open
) -> None:
    opened = open_window(tmp_path / "data")
    button = part(opened, QPushButton, "firstRun.next")
    qtbot.waitUntil(button.isEnabled)
    button.click()
    typed(opened, "Atlantis")
    button.click()
    assert part(opened, QLabel, "firstRun.office_name.problem").text() != ""
    QTest.keyClicks(opened.window.focusWidget(), "An office")
    button.click()
    assert "No county begins like this" in part(opened, QLabel, "firstRun.county.problem").text()


def test_words_may_be_shown_again_and_going_back_to_the_names_makes_others(
    qtbot: QtBot, tmp_path: Path, open_window: Open
) -> None:
    opened = open_window(tmp_path / "data")
    page = reach_the_words(qtbot, opened)
    assert page._prepared is not None
    first = page._prepared.sentence
    card = part(opened, QWidget, "firstRun.sentence_words")
    shown = card.grab().toImage()
    written = part(opened, QPushButton, "firstRun.sentence_written")
    QTest.keyClick(written, Qt.Key.Key_Space)
    assert card.grab().toImage() != shown
    QTest.keyClick(written, Qt.Key.Key_Space)
    assert card.grab().toImage() == shown
    QTest.keyClick(part(opened, QPushButton, "firstRun.back"), Qt.Key.Key_Space)
    assert on_screen(opened, "firstRun.step") == "Step 3 of 5"
    assert page._prepared is None
    QTest.keyClick(part(opened, QPushButton, "firstRun.next"), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page._prepared is not None, timeout=20_000)
    assert page._prepared.sentence != first


def test_words_that_nobody_looks_at_are_covered_and_may_be_shown_again(
    qtbot: QtBot, tmp_path: Path, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_window(tmp_path / "data")
    page = reach_the_words(qtbot, opened)
    card = part(opened, QWidget, "firstRun.sentence_words")
    shown = card.grab().toImage()
    now = idle.read_clocks()
    for seconds, is_covered in ((299, False), (300, True)):
        monkeypatch.setattr(idle, "read_clocks", lambda passed=seconds: tuple(clock + passed for clock in now))
        page._idle._looked = idle.read_clocks()
        page._idle._last = now
        page._idle._on_look()
        assert (card.grab().toImage() != shown) == is_covered
    monkeypatch.undo()
    toggle = part(opened, QPushButton, "firstRun.sentence_written")
    assert toggle.text() == "&Show the words again"
    QTest.keyClick(toggle, Qt.Key.Key_Space)
    assert card.grab().toImage() == shown
    QTest.keyClick(toggle, Qt.Key.Key_Space)
    QTest.keyClicks(part(opened, QLineEdit, "firstRun.sentence"), "abandon")
    page._idle.gone.emit()  # sleep or a locked screen, and the time runs again
    assert part(opened, QLineEdit, "firstRun.sentence").text() == ""
    assert page._idle._look.isActive()


def test_going_back_to_the_names_leaves_no_words_behind(qtbot: QtBot, tmp_path: Path, open_window: Open) -> None:
    opened = open_window(tmp_path / "data")
    page = reach_the_words(qtbot, opened)
    steps = [step for step in page._steps if isinstance(step, WordsStep)]
    assert [len(step._secret.split()) for step in steps] == [6, 12]
    QTest.keyClick(part(opened, QPushButton, "firstRun.back"), Qt.Key.Key_Space)
    assert [(step._secret, step._card._words) for step in steps] == [("", ()), ("", ())]
    assert page._prepared is None


def test_when_the_disk_refuses_it_is_said_and_the_words_are_kept(
    qtbot: QtBot, tmp_path: Path, open_window: Open
) -> None:
    opened = open_window(tmp_path / "data")
    page = reach_the_words(qtbot, opened)
    assert page._prepared is not None
    words = page._prepared
    QTest.keyClick(part(opened, QPushButton, "firstRun.sentence_written"), Qt.Key.Key_Space)
    typed(opened, words.sentence)
    QTest.keyClick(part(opened, QPushButton, "firstRun.sheet_written"), Qt.Key.Key_Space)
    (tmp_path / "data").write_text("a file in the folder's place")
    typed(opened, words.sheet_words)
    qtbot.waitUntil(lambda: part(opened, QLabel, "window.message").isVisible(), timeout=20_000)
    assert opened.replaced == []
    (tmp_path / "data").unlink()
    typed(opened, words.sheet_words)
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=20_000)
    Door(tmp_path / "data").unlock(1, words.sentence).lock()


def test_the_practice_office_is_made_from_the_first_screen_and_shows_its_sentence_to_unlock_with(
    qtbot: QtBot, tmp_path: Path, open_window: Open
) -> None:
    opened = open_window(tmp_path / "data")
    with qtbot.waitSignal(part(opened, FirstRun, "firstRun").practice_wanted, timeout=60_000):
        QTest.keyClick(part(opened, QPushButton, "firstRun.practice_office"), Qt.Key.Key_Space)
        assert not part(opened, QPushButton, "firstRun.next").isEnabled()
    practice_window = open_window(practice_office(tmp_path / "data"))
    qtbot.waitUntil(lambda: practice_window.window.findChild(QLabel, "unlock.practice") is not None)
    qtbot.waitUntil(lambda: part(practice_window, QLabel, "unlock.practice").isVisible())
    assert practice_window.window.findChild(QPushButton, "unlock.practice_office") is None
    unlock_with(practice_window, on_screen(practice_window, "unlock.practice"))
    start_page(qtbot, practice_window)
    assert on_screen(practice_window, "desk.practice") == "PRACTICE"


def test_making_the_practice_office_can_be_stopped_and_leaves_nothing(
    qtbot: QtBot, tmp_path: Path, open_window: Open
) -> None:
    opened = open_window(tmp_path / "data")
    button = part(opened, QPushButton, "firstRun.practice_office")
    qtbot.waitUntil(part(opened, QPushButton, "firstRun.next").isEnabled)
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert opened.window.focusWidget() is button
    QTest.keyClick(button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: on_screen(opened, "firstRun.practice_state").startswith("Stopped"), timeout=60_000)
    assert part(opened, QPushButton, "firstRun.next").isEnabled()
    assert practice_sentence(practice_office(tmp_path / "data")) is None
    assert [path.name for path in (tmp_path / "data").iterdir() if path.name.startswith("practice")] == []


def test_a_real_offices_unlock_page_leads_to_the_practice_office_and_keeps_the_sentence_typed(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    opened = open_window(office.folder)
    QTest.keyClicks(part(opened, QLineEdit, "unlock.sentence"), "abandon")
    qtbot.waitUntil(lambda: opened.window.findChild(QPushButton, "unlock.practice_office") is not None)
    button = part(opened, QPushButton, "unlock.practice_office")
    qtbot.waitUntil(button.isVisible)
    before = part(opened, QPushButton, "unlock.no_sentence")
    before.setFocus()
    QTest.keyClick(before, Qt.Key.Key_Tab)
    assert button.hasFocus()
    with qtbot.waitSignal(part(opened, Unlock, "unlock").practice_wanted, timeout=60_000):
        QTest.keyClick(button, Qt.Key.Key_Space)
        QTest.keyClick(part(opened, QLineEdit, "unlock.sentence"), Qt.Key.Key_Return)
        assert on_screen(opened, "unlock.state") == ""
    assert opened.window.findChild(QLabel, "unlock.practice") is None
    assert part(opened, QLineEdit, "unlock.sentence").text() == "abandon"
    assert practice_sentence(practice_office(office.folder)) is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_letter_stands_for_two_things_on_any_step(
    qtbot: QtBot, tmp_path: Path, open_window: Open, language: Language
) -> None:
    languages.switch(language)
    opened = open_window(tmp_path / "data")
    qtbot.waitUntil(part(opened, QPushButton, "firstRun.next").isEnabled)
    page = part(opened, FirstRun, "firstRun")
    for place in range(5):
        page._go(place)
        for pressed in ("", "firstRun.sentence_written", "firstRun.sheet_written"):
            if pressed and part(opened, QPushButton, pressed).isVisible():
                part(opened, QPushButton, pressed).click()
            texts = [label.text() for label in page.findChildren(QLabel) if label.isVisible() and label.buddy()]
            texts += [button.text() for button in page.findChildren(QPushButton) if button.isVisible()]
            letters = Counter(text[text.index("&") + 1].lower() for text in texts if "&" in text)
            assert len(letters) >= 4
            assert [letter for letter, times in letters.items() if times > 1] == [], place
