from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from desktop import errors
from desktop.attempts import Attempts
from desktop.clock import FixedClock, SystemClock
from desktop.messages import LANGUAGES, Language, explain
from tests.ui.conftest import OFFICE, SUPERVISOR, Office, Opened
from tests.ui.hands import on_screen, part, start_page, unlock_with
from ui import languages
from ui.screens import notice
from ui.screens.unlock import Unlock
from ui.widgets.passphrase_edit import HINTS, PassphraseEdit, SentenceStrip

Open = Callable[[Path], Opened]

REFUSALS = (
    errors.HeaderDamaged("HEADER_DAMAGED"),
    errors.NotEncrypted("VAULT_NOT_ENCRYPTED"),
    errors.VaultSubstituted("VAULT_SUBSTITUTED", reason="NOTE"),
    errors.VaultDamaged("VAULT_DAMAGED"),
    errors.VaultBusy("VAULT_BUSY"),
    errors.NewerVault("VAULT_NEWER"),
)


def problem(opened: Opened) -> str:
    return on_screen(opened, "unlock.sentence.problem")


def test_the_right_sentence_typed_and_entered_opens_the_desk(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    assert on_screen(opened, "today.office") == OFFICE
    assert SUPERVISOR in on_screen(opened, "today.last_saved.by")
    assert on_screen(opened, "today.cases") == "None yet"
    assert opened.window.findChild(QLabel, "desk.practice") is None
    assert opened.window.findChild(Unlock) is None or not part(opened, Unlock, "unlock").isVisible()


def test_four_letters_of_each_word_open_the_desk_from_the_button(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    opened = open_window(office.folder)
    field = part(opened, QLineEdit, "unlock.sentence")
    QTest.keyClicks(field, " ".join(word[:4] for word in office.sentence.split()))
    QTest.mouseClick(part(opened, QPushButton, "unlock.unlock"), Qt.MouseButton.LeftButton)
    assert on_screen(opened, "unlock.state") == "Opening the vault…"
    assert field.isReadOnly()
    start_page(qtbot, opened)


def test_the_window_title_and_the_message_hold_nothing_personal(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    assert opened.window.windowTitle() == "Rufaa"


def test_a_practice_vault_is_marked_on_the_start_page(qtbot: QtBot, practice_office: Office, open_window: Open) -> None:
    opened = open_window(practice_office.folder)
    unlock_with(opened, practice_office.sentence)
    start_page(qtbot, opened)
    assert on_screen(opened, "desk.practice") == "PRACTICE"


def test_a_wrong_sentence_is_told_in_place_and_selected_for_typing_over(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    opened = open_window(office.folder)
    wrong = " ".join(reversed(office.sentence.split()))
    unlock_with(opened, wrong)
    expected = explain(errors.WrongSentence("WRONG_SENTENCE"), "en")
    qtbot.waitUntil(lambda: problem(opened) == expected, timeout=20_000)
    field = part(opened, QLineEdit, "unlock.sentence")
    assert field.hasFocus()
    assert field.selectionLength() == len(wrong)
    assert field.accessibleDescription() == expected
    assert not field.isReadOnly()
    QTest.keyClicks(field, office.sentence)
    assert problem(opened) == ""
    QTest.keyClick(field, Qt.Key.Key_Enter)
    start_page(qtbot, opened)


def test_a_word_that_is_not_in_the_list_is_told_by_its_number(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    words = office.sentence.split()
    unlock_with(opened, " ".join([*words[:2], "zzzz", *words[3:]]))
    qtbot.waitUntil(lambda: problem(opened).startswith("Word 3 is not in the word list"), timeout=20_000)


def test_without_a_sentence_nothing_is_tried(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    unlock_with(opened, "  ")
    assert problem(opened) == "Type your password sentence here first."
    assert Attempts(office.folder / "attempts.json", SystemClock()).count() == 0


def test_the_wait_after_failures_is_counted_down_and_holds_the_button(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    file = office.folder / "attempts.json"
    try:
        for _ in range(10):  # the tenth failure costs 32 seconds
            Attempts(file, SystemClock()).failed()
        opened = open_window(office.folder)
        button = part(opened, QPushButton, "unlock.unlock")
        assert not button.isEnabled()
        assert on_screen(opened, "unlock.state").startswith("Next try in 0:")
        assert "wait a little" in problem(opened)
        first = on_screen(opened, "unlock.state")
        qtbot.waitUntil(lambda: on_screen(opened, "unlock.state") != first)
        unlock_with(opened, office.sentence)
        assert on_screen(opened, "unlock.state").startswith("Next try in 0:")
    finally:
        file.unlink()


def test_after_the_wait_the_button_is_free_again(qtbot: QtBot, office: Office, open_window: Open) -> None:
    file = office.folder / "attempts.json"
    try:
        earlier = FixedClock(datetime.now(UTC) - timedelta(milliseconds=200))
        for _ in range(5):  # the fifth failure costs one second
            Attempts(file, earlier).failed()
        opened = open_window(office.folder)
        button = part(opened, QPushButton, "unlock.unlock")
        qtbot.waitUntil(button.isEnabled)
        assert on_screen(opened, "unlock.state") == ""
        unlock_with(opened, office.sentence)
        start_page(qtbot, opened)
    finally:
        file.unlink(missing_ok=True)


def test_a_wait_that_another_window_earned_is_counted_down_too(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    file = office.folder / "attempts.json"
    try:
        for _ in range(10):
            Attempts(file, SystemClock()).failed()
        unlock_with(opened, office.sentence)
        qtbot.waitUntil(lambda: on_screen(opened, "unlock.state").startswith("Next try in 0:"), timeout=20_000)
    finally:
        file.unlink()


def test_a_folder_without_a_vault_in_it_is_found_out_after_the_first_paint(tmp_path: Path, open_window: Open) -> None:
    assert on_screen(open_window(tmp_path), "firstRun.step") == "Step 1 of 5"


def test_a_second_window_on_the_same_vault_is_told_that_it_is_open(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    first, second = open_window(office.folder), open_window(office.folder)
    unlock_with(first, office.sentence)
    start_page(qtbot, first)
    unlock_with(second, office.sentence)
    qtbot.waitUntil(lambda: second.window.findChild(QLabel, "refusal.text") is not None, timeout=20_000)
    assert on_screen(second, "refusal.text") == explain(errors.VaultBusy("VAULT_BUSY"), "en")
    QTest.mouseClick(part(second, QPushButton, "refusal.try_again"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: second.window.findChild(QLineEdit, "unlock.sentence") is not None)


def test_a_plain_database_in_the_vaults_place_takes_the_page(
    qtbot: QtBot, tmp_path: Path, office: Office, open_window: Open
) -> None:
    for file in sorted((office.folder / "vault" / "g1").iterdir()):
        (tmp_path / "vault" / "g1").mkdir(parents=True, exist_ok=True)
        (tmp_path / "vault" / "g1" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "vault" / "g1" / "vault.db").write_bytes(b"SQLite format 3\0" + bytes(4080))
    opened = open_window(tmp_path)
    unlock_with(opened, office.sentence)
    qtbot.waitUntil(lambda: opened.window.findChild(QLabel, "refusal.code") is not None, timeout=20_000)
    assert on_screen(opened, "refusal.code") == "VAULT_NOT_ENCRYPTED"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: error.code)
def test_a_vault_that_must_not_be_opened_takes_the_page_and_cannot_be_opened_anyway(
    qtbot: QtBot, tmp_path: Path, open_window: Open, error: errors.DeskError, language: Language
) -> None:
    languages.switch(language)
    opened = open_window(tmp_path)
    page = notice.refusal(error)
    opened.window._show_page(page)
    assert on_screen(opened, "refusal.text") == explain(error, language)
    assert on_screen(opened, "refusal.code") == error.code
    names = {button.objectName() for button in page.findChildren(QPushButton)}
    allowed = {"refusal.close", "language.english", "language.swahili"}
    if isinstance(error, errors.Obstacle):
        allowed.add("refusal.try_again")
    assert names == allowed


def test_an_obstacle_is_told_at_the_top_and_the_sentence_stays(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    QTest.keyClicks(part(opened, QLineEdit, "unlock.sentence"), "abandon")
    error = errors.Obstacle("MEMORY_SHORT", mebibytes=256)
    part(opened, Unlock, "unlock")._on_failed(error)
    assert on_screen(opened, "window.message") == explain(error, "en")
    languages.switch("sw")
    qtbot.waitUntil(lambda: on_screen(opened, "window.message") == explain(error, "sw"))
    assert part(opened, QLineEdit, "unlock.sentence").text() == "abandon"
    QTest.mouseClick(part(opened, QPushButton, "window.message.dismiss"), Qt.MouseButton.LeftButton)
    assert not part(opened, QLabel, "window.message").isVisible()


def test_switching_the_language_keeps_what_was_typed_and_where_one_is(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    opened = open_window(office.folder)
    number, sentence = part(opened, QSpinBox, "unlock.desk_number"), part(opened, QLineEdit, "unlock.sentence")
    number.setFocus()
    number.selectAll()
    QTest.keyClicks(number, "12")
    QTest.keyClick(number, Qt.Key.Key_Return)
    assert sentence.hasFocus()
    QTest.keyClicks(sentence, "abandon ability")
    QTest.keyClick(sentence, Qt.Key.Key_K, Qt.KeyboardModifier.AltModifier)
    button = part(opened, QPushButton, "unlock.unlock")
    qtbot.waitUntil(lambda: button.text() == "&Fungua dawati")
    assert number.value() == 12
    assert sentence.text() == "abandon ability"
    assert sentence.accessibleName() == "Sentensi ya siri"
    assert part(opened, QPushButton, "language.swahili").isChecked()
    QTest.keyClick(sentence, Qt.Key.Key_E, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: button.text() == "&Unlock desk")


def test_the_wheel_does_not_change_the_desk_number(qtbot: QtBot, office: Office, open_window: Open) -> None:
    number = part(open_window(office.folder), QSpinBox, "unlock.desk_number")
    number.setFocus()
    turn = QWheelEvent(
        QPointF(5, 5),
        QPointF(number.mapToGlobal(QPoint(5, 5))),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(number, turn)
    assert number.value() == 1


def test_the_words_are_shown_to_the_eye_alone(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    field = part(opened, PassphraseEdit, "unlock.sentence")
    strip = opened.window.findChild(SentenceStrip)
    assert isinstance(strip, SentenceStrip)
    QTest.keyClicks(field, "abandon ability")
    before = strip.grab().toImage()
    QTest.keyClick(field, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    assert strip.shown
    assert strip.grab().toImage() != before
    QGuiApplication.clipboard().setText("of before")
    field.selectAll()
    field.copy()
    field.cut()
    assert QGuiApplication.clipboard().text() == "of before"
    QTest.keyClicks(field, "abandon ability")
    for widget in (field, strip):
        for content in (QAccessible.Text.Value, QAccessible.Text.Name, QAccessible.Text.Description):
            told = QAccessible.queryAccessibleInterface(widget).text(content)
            assert "abandon" not in told
    value = QAccessible.queryAccessibleInterface(field).text(QAccessible.Text.Value)
    assert len(value) == len("abandon ability")
    assert len(set(value)) == 1
    QTest.keyClick(field, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    assert not strip.shown
    assert strip.grab().toImage() == before


def test_a_word_longer_than_the_line_begins_a_new_one(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    strip = opened.window.findChild(SentenceStrip)
    assert isinstance(strip, SentenceStrip)
    strip.show_words(True)
    field = part(opened, PassphraseEdit, "unlock.sentence")

    def drawn_below_the_first_line() -> bool:
        picture = strip.grab().toImage()
        lower = picture.copy(0, picture.height() // 2, picture.width(), picture.height() // 2)
        return len({lower.pixel(x, y) for x in range(lower.width()) for y in range(lower.height())}) > 1

    field.setText("abandon ability able")
    assert not drawn_below_the_first_line()
    field.setText("abandon ability absorb abstract academic accident acoustic actress")
    assert drawn_below_the_first_line()


def test_the_sentence_field_asks_input_methods_to_remember_nothing(office: Office, open_window: Open) -> None:
    field = part(open_window(office.folder), PassphraseEdit, "unlock.sentence")
    assert field.inputMethodHints() & HINTS == HINTS
    assert field.echoMode() == QLineEdit.EchoMode.Password


def wait_for_practice(qtbot: QtBot, opened: Opened) -> None:
    """The way into the practice office comes after the first paint."""
    qtbot.waitUntil(
        lambda: (way := opened.window.findChild(QPushButton, "unlock.practice_office")) is not None and way.isVisible()
    )


def test_tab_goes_through_the_fields_in_reading_order(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    wait_for_practice(qtbot, opened)
    part(opened, QWidget, "unlock.desk_number").setFocus()
    passed = []
    for _ in range(8):
        at = opened.window.focusWidget()
        assert at is not None
        passed.append(at.objectName())
        QTest.keyClick(at, Qt.Key.Key_Tab)
    assert passed == [
        "unlock.desk_number",
        "unlock.sentence",
        "unlock.show_words",
        "unlock.unlock",
        "unlock.no_sentence",
        "unlock.practice_office",
        "language.english",
        "unlock.desk_number",
    ]


def test_the_arrow_keys_choose_the_language(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    english = part(opened, QPushButton, "language.english")
    english.setFocus()
    QTest.keyClick(english, Qt.Key.Key_Right)
    assert languages.current() == "sw"
    assert part(opened, QPushButton, "language.swahili").hasFocus()


def test_the_practice_office_is_made_and_a_new_process_opens_it(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    opened = open_window(office.folder)
    wait_for_practice(qtbot, opened)
    part(opened, QPushButton, "unlock.practice_office").click()
    qtbot.waitUntil(lambda: opened.replaced != [], timeout=60_000)
    (folder,) = opened.replaced
    practice = open_window(Path(folder))
    qtbot.waitUntil(lambda: practice.window.findChild(QLabel, "unlock.practice") is not None)
    unlock_with(practice, part(practice, QLabel, "unlock.practice").text())
    start_page(qtbot, practice)
    assert on_screen(practice, "today.cases") == "40"
    assert on_screen(practice, "desk.practice") == "PRACTICE"
