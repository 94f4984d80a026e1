"""What tests of one screen do and see, by object name, as a person at the keyboard would."""

from __future__ import annotations

import re
from collections import Counter
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QWidget,
)

from desktop.errors import DeskError
from tests.ui.desks import SCREEN_PX, in_lane
from ui.screens.screen import Screen
from ui.screens.section import Section
from ui.seat import Place, Seat, Telling

Kind = TypeVar("Kind", bound=QWidget)


def hear(speaker: Screen | Section, told: list[str], hindered: list[str]) -> None:
    """Write down what a screen or a part of a case tells, and the codes of what hinders it, from now on."""

    def on_told(telling: Telling) -> None:
        told.append(telling.say())

    def on_hindered(error: DeskError) -> None:
        hindered.append(error.code)

    speaker.told.connect(on_told)
    speaker.hindered.connect(on_hindered)


class Heard:
    """What a screen said to its frame."""

    def __init__(self, screen: Screen) -> None:
        self.told: list[str] = []
        self.hindered: list[str] = []
        self.places: list[Place] = []
        hear(screen, self.told, self.hindered)
        screen.place_wanted.connect(self.places.append)


def hold_section(section: Section) -> QScrollArea:
    """Return the page on which a part of a case stands; it is shown once its signals are heard."""
    host = QScrollArea()
    host.setWidgetResizable(True)
    host.setWidget(section)
    host.setMinimumSize(1, 1)
    host.resize(*SCREEN_PX)
    return host


def settle(seat: Seat) -> None:
    for _ in range(3):
        in_lane(seat.jobs, lambda: None)


def part(screen: QWidget, kind: type[Kind], name: str) -> Kind:
    found = screen.findChild(kind, name)
    assert isinstance(found, kind), name
    return found


def press(screen: Screen, name: str) -> None:
    button = part(screen, QPushButton, name)
    assert button.isVisible()
    assert button.isEnabled()
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


def focus_name() -> str:
    focus = QApplication.focusWidget()
    return focus.objectName() if focus is not None else ""


def text(screen: Screen, name: str) -> str:
    label = part(screen, QLabel, name)
    return label.text() if label.isVisible() else ""


def check_heard_and_reached(screen: Screen) -> None:
    """Each input has a name in the screen's own name, words, a description, a buddy, a tab stop and its own letter."""
    inputs = [
        widget
        for kind in (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox)
        for widget in screen.findChildren(kind)
        if widget.isVisible()
    ]
    labels = [label for label in screen.findChildren(QLabel) if label.isVisible() and label.buddy()]
    buddies = {label.buddy() for label in labels}
    assert inputs
    for widget in inputs:
        name = widget.objectName()
        assert re.fullmatch(rf"{screen.place().screen}(\.[a-z_]+)+", name), name
        assert widget.accessibleName(), name
        assert "&" not in widget.accessibleName(), name
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, name
        if not isinstance(widget, QAbstractButton):
            assert widget in buddies, name
            assert widget.accessibleDescription(), name
    said = [label.text() for label in labels]
    said += [button.text() for button in screen.findChildren(QAbstractButton) if button.isVisible()]
    letters = Counter(letter.lower() for words in said for letter in re.findall("&(.)", words))
    assert [letter for letter, times in letters.items() if times > 1] == []
