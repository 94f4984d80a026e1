"""What the tests of the people's screens do and see, on a real vault, as somebody at the keyboard would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from desktop.bootstrap import Desk, Door
from desktop.services.people_facts import PeopleChanged, Person
from tests.ui.desks import in_lane, show_alone
from tests.ui.screen_hands import Heard, part, press, settle
from ui.screens.people import People
from ui.screens.screen import Screen
from ui.seat import Place, Seat
from ui.widgets.passphrase_edit import PassphraseEdit
from ui.widgets.row_list import RowList
from ui.widgets.typed_words import WordCard

CLERK = "Otieno Were"


def shown(seat: Seat, record_id: str = "") -> tuple[People, Heard]:
    screen = People(seat, Place("people", record_id=record_id))
    heard = Heard(screen)
    show_alone(screen)
    settle(seat)
    return screen, heard


def add(seat: Seat, role: str = "CLERK", name: str = CLERK) -> PeopleChanged:
    people = seat.desk.people
    return in_lane(seat.jobs, lambda: people.add(name=name, role=role))


def people(seat: Seat) -> tuple[Person, ...]:
    return in_lane(seat.jobs, seat.desk.people.list)


def do(screen: Screen, name: str) -> None:
    press(screen, name)
    settle(screen.seat)
    settle(screen.seat)


def is_seen(screen: QWidget, name: str) -> bool:
    return part(screen, QWidget, name).isVisible()


def rows(screen: Screen) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in part(screen, RowList, "people.list").rows()]


def card_words(screen: QWidget, name: str = "people.sentence_words") -> tuple[str, ...]:
    """What stands painted on the card; nothing once it is covered."""
    card = part(screen, WordCard, name)
    return card._words if card._shown and card.isVisible() else ()


def write_down(screen: Screen, name: str = "people.sentence") -> str:
    """Copy the words, hide them, and type four letters of each back; Enter goes on."""
    words = card_words(screen, f"{name}_words")
    press(screen, f"{name}_written")
    field = part(screen, PassphraseEdit, name)
    QTest.keyClicks(field, " ".join(word[:4] for word in words))
    QTest.keyClick(field, Qt.Key.Key_Return)
    settle(screen.seat)
    return " ".join(words)


def type_name(screen: Screen, text: str) -> None:
    field = part(screen, QLineEdit, "people.name")
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


def choose_role(screen: Screen, role: str) -> None:
    part(screen, QPushButton, f"people.role.{role}").click()


def gives_away(window: QWidget, sentence: Sequence[str]) -> list[str]:
    """The texts in which two of the sentence's words follow one another; one alone is a word of the window's too."""
    pairs = [" ".join(pair) for pair in pairwise(sentence)]
    return [said for said in heard_texts(window) if any(pair in said for pair in pairs)]


def heard_texts(window: QWidget) -> Iterator[str]:
    """Everything a screen reader, or another program through it, gets of a window."""
    waiting = [QAccessible.queryAccessibleInterface(window)]
    while waiting:
        found = waiting.pop()
        kinds = (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value, QAccessible.Text.Help)
        yield from (found.text(kind) for kind in kinds)
        children: Sequence[QAccessibleInterface | None] = [found.child(n) for n in range(found.childCount())]
        waiting += [child for child in children if child is not None and child.isValid()]


@contextmanager
def at_desk(folder: Path, number: int, sentence: str) -> Iterator[Desk]:
    desk = Door(folder).unlock(number, sentence)
    try:
        yield desk
    finally:
        desk.lock()
