"""What the tests of the way back do and see, in the real window, as somebody at the keyboard would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from desktop.bootstrap import Desk, Door
from desktop.rules.records import RecordDraft
from desktop.services.vault import OfficeFacts
from tests.ui.conftest import OFFICE, SUPERVISOR, Opened
from tests.ui.desks import in_lane
from tests.ui.people_hands import card_words

OTHER, CLERK = "Juma Otieno", "Otieno Were"
LONG_MS = 20_000


@dataclass(frozen=True)
class Lost:
    """An office with two supervisors, a clerk and a sealed fact, whose sentences are lost; the sheet is there."""

    folder: Path
    sentence: str = field(repr=False)
    other: str = field(repr=False)
    clerk: str = field(repr=False)
    sheet: str = field(repr=False)


def make_lost(folder: Path) -> Lost:
    made = Door(folder).vaults.create_office(OfficeFacts("001", "001-01", OFFICE, "", "", SUPERVISOR, "", ""))
    desk = Door(folder).unlock(1, made.sentence)
    other, clerk = desk.people.add(name=OTHER, role="SUPERVISOR"), desk.people.add(name=CLERK, role="CLERK")
    desk.cases.create([RecordDraft("case", {"narrative": "Kiambatisho"}), RecordDraft("person", {"first_name": "N"})])
    desk.lock()
    return Lost(folder, made.sentence, other.sentence or "", clerk.sentence or "", made.sheet_words)


def four(words: str) -> str:
    """Four letters of each word, as they are typed from paper."""
    return " ".join(word[:4] for word in words.split())


def press(opened: Opened, name: str) -> None:
    button = opened.window.findChild(QPushButton, name)
    assert button is not None, name
    assert button.isVisible(), name
    assert button.isEnabled(), name
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)


def settle(opened: Opened) -> None:
    for _ in range(4):
        in_lane(opened.jobs, lambda: None)


def enter(opened: Opened, name: str, typed: str) -> None:
    """Type over what stands in a line, and Enter."""
    line = opened.window.findChild(QLineEdit, name)
    assert line is not None, name
    assert line.isVisible(), name
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, typed)
    QTest.keyClick(line, Qt.Key.Key_Return)


def seen(opened: Opened, name: str) -> str:
    """What a label says; nothing while it is not to be seen."""
    label = opened.window.findChild(QLabel, name)
    return label.text() if label is not None and label.isVisible() else ""


def is_there(opened: Opened, name: str) -> bool:
    button = opened.window.findChild(QPushButton, name)
    return button is not None and button.isVisible()


def write_down(opened: Opened, name: str) -> str:
    """Copy the words by hand, hide them, type four letters of each back, Enter."""
    words = " ".join(card_words(opened.window, f"{name}_words"))
    press(opened, f"{name}_written")
    enter(opened, name, four(words))
    return words


def to_who(qtbot: QtBot, opened: Opened, sheet: str) -> None:
    """From the unlock page to the question who one is."""
    press(opened, "unlock.no_sentence")
    press(opened, "recover.sheet")
    enter(opened, "recoverSheet.words", four(sheet))
    qtbot.waitUntil(lambda: is_there(opened, "recoverSheet.who.1"), timeout=LONG_MS)


def recover(qtbot: QtBot, opened: Opened, sheet: str) -> str:
    """The whole way by the sheet for desk 1, up to the page that asks for new keys; returns the new sentence."""
    to_who(qtbot, opened, sheet)
    press(opened, "recoverSheet.who.1")
    press(opened, "recoverSheet.next")
    qtbot.waitUntil(lambda: len(card_words(opened.window, "recoverSheet.new_words")) == 6, timeout=LONG_MS)
    sentence = write_down(opened, "recoverSheet.new")
    qtbot.waitUntil(lambda: is_there(opened, "newKeys.show"), timeout=LONG_MS)
    settle(opened)
    return sentence


def sign_in(opened: Opened, number: int, sentence: str) -> None:
    """Type one's own desk number and sentence."""
    field = opened.window.findChild(QSpinBox, "unlock.desk_number")
    assert field is not None
    QTest.keyClicks(field, str(number))
    enter(opened, "unlock.sentence", sentence)


def refused(action: Callable[[], Desk]) -> str:
    """The code with which something is refused; what opens is locked again."""
    from desktop.errors import DeskError

    try:
        action().lock()
    except DeskError as error:
        return error.code
    return ""
