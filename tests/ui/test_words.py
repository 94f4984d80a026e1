from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop.errors import VaultBusy
from desktop.messages import LANGUAGES, Language, sentences
from desktop.paths import resource
from tests.ui.conftest import Office, Opened
from tests.ui.hands import start_page, unlock_with
from ui import languages, theme
from ui.screens import notice

Open = Callable[[Path], Opened]


def window_words() -> dict[str, dict[str, str]]:
    """The words of the screens before the desk, and of those behind it."""
    found: dict[str, dict[str, str]] = {}
    for file in resource("messages").iterdir():
        if file.name == "window.toml" or file.name.startswith("screen_"):
            found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found


def test_every_word_of_the_window_is_there_in_both_languages_with_the_same_facts() -> None:
    assert window_words().keys() <= sentences().keys()
    for code, texts in window_words().items():
        facts = {language: set(re.findall(r"\{\w+\}", texts[language])) for language in LANGUAGES}
        assert facts["en"] == facts["sw"], code
        assert all(text.strip() and "!" not in text for text in texts.values()), code


def test_every_code_in_the_window_has_words_and_no_words_are_left_over() -> None:
    project = Path(theme.__file__).parents[1]
    files = [*project.joinpath("ui").rglob("*.py"), *project.joinpath("desktop").rglob("*.py")]
    code = "".join(file.read_text(encoding="utf-8") for file in files)
    used = set(re.findall(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"', code))
    plurals = {f"{base}_{count}" for base in used for count in ("ONE", "MANY")}
    assert window_words().keys() - used - plurals == set()


def test_a_day_is_said_in_the_language_of_the_window() -> None:
    languages.switch("en")
    assert languages.day_and_time("2026-11-25T22:15:30.123Z") == ("Thursday 26 November 2026", "01:15")
    languages.switch("sw")
    assert languages.day_and_time("2026-11-25T05:05:00.000Z") == ("Jumatano 25 Novemba 2026", "08:05")
    languages.switch("en")


def test_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="fr"):
        languages.switch("fr")  # type: ignore[arg-type]


def has_a_reached_neighbour(widget: QWidget) -> bool:
    """In a group of which one is down, Tab reaches that one and the arrows the others."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    down = group.checkedButton() if group is not None and group.exclusive() else None
    return down is not None and bool(down.focusPolicy() & Qt.FocusPolicy.TabFocus)


def screens(qtbot: QtBot, office: Office, open_window: Open) -> list[Opened]:
    """Return every screen there is, each in a window of its own."""
    fresh, empty, refused, fault, desk = (open_window(office.folder) for _ in range(5))
    empty.window._show_page(empty.window._first_run())
    refused.window._show_page(notice.refusal(VaultBusy("VAULT_BUSY")))
    fault.window.show_fault("7K2M")
    unlock_with(desk, office.sentence)
    start_page(qtbot, desk)
    return [fresh, empty, refused, fault, desk]


def visible(opened: Opened, kind: type[QWidget]) -> list[QWidget]:
    return [widget for widget in opened.window.findChildren(kind) if widget.isVisible()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_can_be_heard_and_reached_by_keys(
    qtbot: QtBot, office: Office, open_window: Open, language: Language
) -> None:
    languages.switch(language)
    names = Counter[str]()
    for opened in screens(qtbot, office, open_window):
        inputs = [
            *visible(opened, QAbstractButton),
            *visible(opened, QAbstractSpinBox),
            *(field for field in visible(opened, QLineEdit) if not isinstance(field.parent(), QAbstractSpinBox)),
        ]
        assert inputs
        buddies = {label.buddy() for label in opened.window.findChildren(QLabel)}
        for widget in inputs:
            name = widget.objectName()
            names[name] += 1
            assert re.fullmatch(r"[a-zA-Z]+(\.[a-z_]+)+", name), name
            told = QAccessible.queryAccessibleInterface(widget)
            spoken = told.text(QAccessible.Text.Name)
            assert spoken, name
            assert "&" not in spoken, name
            assert "<" not in spoken + told.text(QAccessible.Text.Description), name
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus or has_a_reached_neighbour(widget), name
            if not isinstance(widget, QAbstractButton):
                assert widget in buddies, name
                assert told.text(QAccessible.Text.Description), name
    assert names["unlock.sentence"] == 1
    assert names["today.lock"] == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_letter_stands_for_two_things_on_one_screen(
    qtbot: QtBot, office: Office, open_window: Open, language: Language
) -> None:
    languages.switch(language)
    for opened in screens(qtbot, office, open_window):
        texts = [label.text() for label in visible(opened, QLabel) if isinstance(label, QLabel) and label.buddy()]
        texts += [button.text() for button in visible(opened, QAbstractButton) if isinstance(button, QAbstractButton)]
        letters = Counter(letter.lower() for text in texts for letter in re.findall("&(.)", text))
        assert [letter for letter, times in letters.items() if times > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [(683, 370), (910, 482), (1024, 570), (1366, 738)], ids=str)
def test_nothing_is_cut_off_and_every_button_can_be_reached_at_every_size(
    qtbot: QtBot, office: Office, open_window: Open, size: tuple[int, int], language: Language
) -> None:
    languages.switch(language)
    for opened in screens(qtbot, office, open_window):
        opened.window.resize(*size)
        qtbot.waitUntil(lambda opened=opened: opened.window.size().toTuple() == size)  # type: ignore[misc]
        for label in visible(opened, QLabel):
            assert isinstance(label, QLabel)
            if label.text():
                needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
                assert label.height() >= needed - 1, label.text()  # lines are rounded to whole pixels
                assert label.wordWrap() or label.width() >= label.sizeHint().width(), label.text()
        for button in visible(opened, QAbstractButton):
            assert button.width() >= button.minimumSizeHint().width(), button.objectName()
            button.setFocus()
            assert not button.visibleRegion().isEmpty() or button.parent() is None, button.objectName()
