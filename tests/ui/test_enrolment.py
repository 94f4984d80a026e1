from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from db.models.base import JournalEntry
from desktop import machine
from desktop.messages import Language
from desktop.rules.access import Role
from desktop.rules.journal_chain import Act
from tests import factory
from tests.flows.conftest import SMALL_LAPTOP_BYTES
from tests.sticks import Rack, make_rack
from tests.ui.desks import SCREEN_PX, in_lane, open_desk, show_alone
from tests.ui.screen_hands import hear
from ui import languages
from ui.screens.enrolment import EnrolmentScreen
from ui.seat import Place, Seat

Kind = TypeVar("Kind", bound=QObject)

# The offscreen platform warns of the least size that the system's dialog works out for itself.
no_size_hints = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


@dataclass
class Desk:
    """The screen in a window of its own, with what it said."""

    seat: Seat
    screen: EnrolmentScreen
    rack: Rack
    told: list[str] = field(default_factory=list)
    hindered: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    def part(self, kind: type[Kind], name: str) -> Kind:
        found = self.screen.findChild(kind, name)
        assert isinstance(found, kind), name
        return found

    def text(self, name: str) -> str:
        return self.part(QLabel, name).text()

    def press(self, name: str) -> None:
        button = self.part(QPushButton, name)
        assert button.isVisible(), name
        assert button.isEnabled(), name
        QTest.keyClick(button, Qt.Key.Key_Space)
        self.settle()

    def type_in(self, name: str, text: str) -> None:
        field = self.part(QLineEdit, name)
        field.clear()
        QTest.keyClicks(field, text)

    def settle(self) -> None:
        for _ in range(4):
            in_lane(self.seat.jobs, lambda: None)

    def files_made(self) -> int:
        vault = self.seat.desk.vault

        def count() -> int:
            with vault.reading() as session:
                made = select(func.count()).where(JournalEntry.act == Act.ENROLMENT_FILE_MADE.value)
                return session.scalar(made) or 0

        return in_lane(self.seat.jobs, count)


@pytest.fixture
def rack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rack:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
    (tmp_path / "rack").mkdir()
    return make_rack(tmp_path / "rack", monkeypatch)


@pytest.fixture
def national(tmp_path: Path, rack: Rack) -> Iterator[factory.Secretariat]:
    place = factory.make_secretariat(tmp_path / "national")
    yield place
    place.lock()


@pytest.fixture
def desk(application: QApplication, tmp_path: Path, rack: Rack) -> Iterator[Desk]:
    office = factory.make_office(tmp_path / "office")
    office.lock()
    with open_desk(office.folder, office.sentence) as seat:
        yield shown(seat, rack)


def shown(seat: Seat, rack: Rack) -> Desk:
    screen = EnrolmentScreen(seat, Place("enrolment"))
    opened = Desk(seat, screen, rack)
    hear(screen, opened.told, opened.hindered)
    screen.place_wanted.connect(opened.places.append)
    show_alone(screen)
    opened.settle()
    return opened


def enrolled(desk: Desk, national: factory.Secretariat, stick: Path) -> str:
    """The file goes to the Secretariat, its package comes back on the same stick. Returns the digits one hears."""
    desk.press("enrolment.save")
    (file,) = stick.glob("E-*.rufaa")
    answer = national.desk.secretariat.enrol(file.read_bytes(), desk.text("enrolment.own_digits"))
    (stick / answer.file_name).write_bytes(answer.package)
    return answer.root_digits


def test_the_two_steps_enrol_the_laptop_by_keys_and_lead_to_sending(
    desk: Desk, national: factory.Secretariat, qtbot: QtBot
) -> None:
    label = desk.part(QLineEdit, "enrolment.label")
    qtbot.waitUntil(label.hasFocus)
    assert not desk.part(QWidget, "enrolment.own_digits").isVisible()
    stick = desk.rack.put_in("OFISI")
    heard = enrolled(desk, national, stick)
    digits = desk.text("enrolment.own_digits")
    assert [len(group) for group in digits.split(" ")] == [5] * 6
    assert desk.told[-1].startswith("The enrolment file E-")
    desk.type_in("enrolment.digits", heard.replace(" ", "-"))
    QTest.keyClick(desk.part(QLineEdit, "enrolment.digits"), Qt.Key.Key_Return)
    desk.settle()
    assert desk.hindered == []
    assert desk.places == [Place("sending")]
    assert in_lane(desk.seat.jobs, desk.seat.desk.office.sheet).enrolled


def test_digits_that_were_misheard_or_left_out_are_said_under_their_field(
    desk: Desk, national: factory.Secretariat, qtbot: QtBot
) -> None:
    heard = enrolled(desk, national, desk.rack.put_in("OFISI"))
    problem = "enrolment.digits.problem"
    desk.press("enrolment.take")
    assert desk.text(problem).startswith("Ring the Secretariat")
    desk.type_in("enrolment.digits", heard[:-1])
    desk.press("enrolment.take")
    assert desk.text(problem).startswith("There must be 30 digits; 29 were typed")
    wrong = heard[:12] + str((int(heard[12]) + 1) % 10) + heard[13:]
    desk.type_in("enrolment.digits", wrong)
    desk.press("enrolment.take")
    assert desk.text(problem).startswith("Group 3 of the six differs")
    qtbot.waitUntil(desk.part(QLineEdit, "enrolment.digits").hasFocus)
    assert desk.hindered == []
    assert desk.places == []
    assert not in_lane(desk.seat.jobs, desk.seat.desk.office.sheet).enrolled
    desk.type_in("enrolment.digits", heard)
    desk.press("enrolment.take")
    assert desk.places == [Place("sending")]


@no_size_hints
def test_one_file_with_one_set_of_digits_is_made_for_a_name_however_often_it_is_saved(
    desk: Desk, tmp_path: Path
) -> None:
    desk.press("enrolment.save")
    assert desk.text("enrolment.stick.problem").startswith("No stick is in")
    assert not desk.part(QWidget, "enrolment.own_digits").isVisible()
    stick = desk.rack.put_in("OFISI")
    desk.press("enrolment.save")
    assert desk.text("enrolment.stick.problem") == ""
    first = desk.text("enrolment.own_digits")
    folder = tmp_path / "folder"
    folder.mkdir()
    desk.press("enrolment.folder")
    dialog = desk.part(QFileDialog, "enrolment.folder_choice")
    dialog.filesSelected.emit([str(folder)])
    dialog.close()
    desk.settle()
    assert desk.text("enrolment.own_digits") == first
    assert [item.read_bytes() for item in stick.iterdir()] == [item.read_bytes() for item in folder.iterdir()]
    assert desk.files_made() == 1
    desk.type_in("enrolment.label", "laptop 2")
    desk.press("enrolment.save")
    assert desk.text("enrolment.own_digits") != first
    assert desk.files_made() == 2


def test_a_name_that_the_file_cannot_carry_is_said_under_it(desk: Desk) -> None:
    desk.rack.put_in("OFISI")
    desk.type_in("enrolment.label", "   ")
    desk.press("enrolment.save")
    assert desk.text("enrolment.label.problem").startswith("This is empty")
    assert desk.files_made() == 0
    assert list((desk.rack.media / "OFISI").iterdir()) == []


@no_size_hints
def test_a_package_of_another_laptop_is_passed_over_and_alone_it_is_refused(
    desk: Desk, national: factory.Secretariat
) -> None:
    desk.press("enrolment.take")
    stick = desk.rack.put_in("OFISI")
    desk.press("enrolment.take")
    assert desk.hindered == ["STICK_NONE", "PACKAGE_NONE_FOUND"]
    foreign = stick / "T-222222222A.rufaa"
    foreign.write_bytes(os.urandom(2000))
    desk.press("enrolment.file")
    dialog = desk.part(QFileDialog, "enrolment.file_choice")
    dialog.filesSelected.emit([str(foreign)])
    dialog.close()
    desk.settle()
    assert desk.hindered[2:] == ["PACKAGE_NOT_FOR_US_OR_DAMAGED"]
    desk.type_in("enrolment.digits", enrolled(desk, national, stick))
    desk.press("enrolment.take")
    assert desk.places == [Place("sending")]


def test_once_enrolled_a_newer_package_needs_no_digits(desk: Desk, national: factory.Secretariat) -> None:
    stick = desk.rack.put_in("OFISI")
    desk.type_in("enrolment.digits", enrolled(desk, national, stick))
    desk.press("enrolment.take")
    again = shown(desk.seat, desk.rack)
    assert again.part(QWidget, "enrolment.enrolled").isVisible()
    again.press("enrolment.take")
    assert again.places == [Place("sending")]
    assert again.hindered == []


def test_who_may_not_enrol_is_told_who_may(
    application: QApplication, tmp_path: Path, rack: Rack, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = factory.make_office(tmp_path / "office")
    office.lock()
    with open_desk(office.folder, office.sentence) as seat:
        monkeypatch.setattr(seat.desk.vault, "role", Role.CASE_OFFICER)
        desk = shown(seat, rack)
        assert desk.screen.findChildren(QPushButton) == []
        assert "A supervisor enrols this laptop. Please ask yours." in [
            label.text() for label in desk.screen.findChildren(QLabel)
        ]


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("size", [SCREEN_PX, (932, 570)], ids=str)
def test_nothing_is_cut_off(desk: Desk, language: Language, size: tuple[int, int]) -> None:
    desk.rack.put_in("OFISI")
    desk.press("enrolment.save")
    languages.switch(language)
    desk.screen.resize(*size)
    desk.settle()
    for label in desk.screen.findChildren(QLabel):
        if label.isVisible() and label.text():
            needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
            assert label.height() >= needed - 1, label.text()
    for button in desk.screen.findChildren(QPushButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.objectName()
