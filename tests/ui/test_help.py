"""The sheet of keys and the help of a field, by keys alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from desktop.messages import LANGUAGES, Language, sentence
from tests.ui.conftest import Office, Opened
from tests.ui.hands import on_screen, part, start_page, unlock_with
from ui import languages
from ui.widgets.help_sheet import KEYS, NOT_PROMISED, HelpSheet

Open = Callable[[Path], Opened]


def test_the_keys_come_and_go_and_the_focus_returns(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    sheet, before = part(opened, HelpSheet, "help"), opened.window.focusWidget()
    QTest.keyClick(opened.window, Qt.Key.Key_Slash, Qt.KeyboardModifier.ControlModifier)
    assert sheet.isVisible()
    assert on_screen(opened, "help.title") == "Keys of the desk"
    languages.switch("sw")
    qtbot.waitUntil(lambda: on_screen(opened, "help.title") == "Vitufe vya dawati")
    QTest.keyClick(opened.window.focusWidget(), Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert opened.window.focusWidget() is before
    sheet.explain(lambda: ("Surname", "As the person says it."))
    assert on_screen(opened, "help.text") == "As the person says it."
    assert len({key for key, _ in KEYS}) == len(KEYS)


def documented() -> list[str]:
    """What docs/threat-model.md says that is not promised, in its order."""
    text = (Path(__file__).parents[2] / "docs" / "threat-model.md").read_text(encoding="utf-8")
    section = text.partition("## What we do not promise")[2].partition("\n## ")[0]
    found = re.findall(r"^(\d+)\. (.+)$", section, re.MULTILINE)
    assert [int(number) for number, _ in found] == list(range(1, 13))
    return [limit for _, limit in found]


def test_what_is_not_promised_stands_in_help_word_for_word() -> None:
    assert [sentence(code, "en") for code in NOT_PROMISED] == documented()
    swahili = [sentence(code, "sw") for code in NOT_PROMISED]
    assert len(set(swahili)) == 12
    assert not set(swahili) & set(documented())
    # The marks that a translation must not lose: what is quoted, and the only number.
    for english, translated in zip(documented(), swahili, strict=True):
        assert english.count('"') == translated.count('"'), english
        assert re.findall(r"\d+", english) == re.findall(r"\d+", translated), english


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_twelve_are_reached_and_read_by_keys_before_unlocking_too(
    qtbot: QtBot, office: Office, open_window: Open, language: Language
) -> None:
    opened = open_window(office.folder)
    languages.switch(language)
    QTest.keyClick(opened.window, Qt.Key.Key_Slash, Qt.KeyboardModifier.ControlModifier)
    more = part(opened, QPushButton, "help.not_promised")
    more.setFocus()
    QTest.keyClick(more, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: on_screen(opened, "help.title") == sentence("NOT_PROMISED_TITLE", language))
    shown = [part(opened, QLabel, f"help.not_promised.{letter}") for letter in "abcdefghijkl"]
    assert [label.text() for label in shown] == [sentence(code, language) for code in NOT_PROMISED]
    sheet = part(opened, HelpSheet, "help")
    bar = sheet.findChildren(QScrollArea)[0].verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    QTest.keyClick(sheet, Qt.Key.Key_End)
    assert shown[-1].visibleRegion().boundingRect().height() == shown[-1].height()
    QTest.keyClick(sheet, Qt.Key.Key_Home)
    assert shown[0].visibleRegion().boundingRect().height() == shown[0].height()
    QTest.keyClick(opened.window, Qt.Key.Key_Slash, Qt.KeyboardModifier.ControlModifier)
    assert on_screen(opened, "help.title") == sentence("KEYS_TITLE", language)
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
