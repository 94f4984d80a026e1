"""What the tests do and see, by object name, as a person at the keyboard would."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from tests.ui.conftest import Opened
from ui.screens.today import Today

Kind = TypeVar("Kind", bound=QObject)


def part(opened: Opened, kind: type[Kind], name: str) -> Kind:
    found = opened.window.findChild(kind, name)
    assert isinstance(found, kind), name
    return found


def on_screen(opened: Opened, name: str) -> str:
    label = part(opened, QLabel, name)
    assert label.isVisible()
    return label.text()


def unlock_with(opened: Opened, sentence: str) -> None:
    field = part(opened, QLineEdit, "unlock.sentence")
    QTest.keyClicks(field, sentence)
    QTest.keyClick(field, Qt.Key.Key_Return)


def start_page(qtbot: QtBot, opened: Opened) -> None:
    qtbot.waitUntil(lambda: opened.window.findChild(Today) is not None, timeout=20_000)
    qtbot.waitUntil(lambda: on_screen(opened, "today.last_saved") != "", timeout=20_000)
