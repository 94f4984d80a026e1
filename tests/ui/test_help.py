"""The sheet of keys and the help of a field, by keys alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.ui.conftest import Office, Opened
from tests.ui.hands import on_screen, part, start_page, unlock_with
from ui import languages
from ui.widgets.help_sheet import KEYS, HelpSheet

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
