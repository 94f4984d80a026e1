"""The settings screen in the real window: choices take effect at once and are there after a restart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from desktop.settings import load
from tests.ui.conftest import Opened, make_office
from tests.ui.hands import on_screen, part, start_page, unlock_with
from ui import languages, theme
from ui.screens.settings import SettingsScreen

Open = Callable[[Path], Opened]


def settings_of(qtbot: QtBot, open_window: Open, folder: Path) -> Opened:
    made = make_office(folder, practice=False)
    opened = open_window(made.folder)
    unlock_with(opened, made.sentence)
    start_page(qtbot, opened)
    part(opened, QToolButton, "rail.settings").click()
    qtbot.waitUntil(lambda: opened.window.findChild(SettingsScreen) is not None)
    qtbot.waitUntil(lambda: part(opened, QLineEdit, "settings.name").text() != "")
    return opened


def test_choices_take_effect_at_once_and_are_kept(
    qtbot: QtBot, open_window: Open, tmp_path: Path, application: QApplication
) -> None:
    opened = settings_of(qtbot, open_window, tmp_path / "data")
    for name in ("language.sw", "theme.dark", "text.115", "idle.2"):
        part(opened, QPushButton, f"settings.{name}").click()
    assert languages.current() == "sw"
    assert application.palette().color(QPalette.ColorRole.Window) == QColor(theme.DARK.paper)
    assert application.font().pointSizeF() == theme.BASE_PT * 1.15
    kept = load(tmp_path / "data")
    assert (kept.language, kept.theme, kept.text_percent, kept.idle_minutes) == ("sw", "dark", 115, 2)
    theme.choose(application, "system", 100)


def test_the_letterhead_is_saved_and_an_empty_name_is_refused_at_its_field(
    qtbot: QtBot, open_window: Open, tmp_path: Path
) -> None:
    opened = settings_of(qtbot, open_window, tmp_path / "data")
    field = part(opened, QLineEdit, "settings.name")
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    part(opened, QPushButton, "settings.save").click()
    qtbot.waitUntil(lambda: part(opened, QLabel, "settings.name.problem").text() != "")
    QTest.keyClicks(field, "Children's office, Likoni")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: on_screen(opened, "window.message") != "")
    assert part(opened, QLabel, "settings.name.problem").text() == ""
