from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from desktop import machine
from tests.factory import Secretariat, enrol, make_case, make_office, make_secretariat, send
from tests.ui.desks import in_lane, open_desk, show_alone
from tests.ui.screen_hands import Heard, check_heard_and_reached, focus_name, part, press, settle, text
from ui.screens.lost_laptop import LostLaptop
from ui.screens.offices import Offices
from ui.seat import Place, Seat
from ui.widgets.row_list import RowList


@pytest.fixture(scope="module")
def national(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secretariat]:
    """The Secretariat's store at rest, with one bundle of two cases taken in."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
        office, made = make_office(folder / "office"), make_secretariat(folder / "national")
        enrol(office, made)
        for name in ("Wambui", "Njeri"):
            make_case(office, first_name=name)
        made.desk.intake.receive(send(office))
        office.lock()
        made.lock()
        yield made


@pytest.fixture
def seat(application: QApplication, national: Secretariat, tmp_path: Path) -> Iterator[Seat]:
    shutil.copytree(national.folder, tmp_path / "national")
    with open_desk(tmp_path / "national", national.sentence) as opened:
        yield opened


def shown(seat: Seat) -> tuple[LostLaptop, Heard]:
    screen = LostLaptop(seat, Place("lostLaptop"))
    heard = Heard(screen)
    show_alone(screen)
    settle(seat)
    return screen, heard


def rows(screen: LostLaptop, name: str) -> list[list[str]]:
    found = part(screen, RowList, f"lostLaptop.{name}")
    return [[cell.text for cell in row.cells] for row in found.rows()] if found.isVisible() else []


def choose(screen: LostLaptop) -> None:
    QTest.keyClick(part(screen, RowList, "lostLaptop.list"), Qt.Key.Key_Return)
    settle(screen.seat)


def acts(seat: Seat) -> list[str]:
    with seat.desk.vault.reading() as session:
        connection = session.connection()
        return [row[0] for row in connection.exec_driver_sql("SELECT act FROM journal ORDER BY n DESC LIMIT 3")]


def is_lost(seat: Seat) -> bool:
    (listed,) = in_lane(seat.jobs, seat.desk.lost_devices.devices)
    return listed.lost


def test_what_a_laptop_had_sent_is_shown_before_anything_is_ended(seat: Seat) -> None:
    offices = Offices(seat, Place("offices"))
    led = Heard(offices)
    show_alone(offices)
    press(offices, "offices.lost")
    assert led.places == [Place("lostLaptop")]
    screen, _ = shown(seat)
    assert rows(screen, "list") == [["030-01 County Children's Office (invented)", "laptop 1", "In use"]]
    assert focus_name() == "lostLaptop.list"
    choose(screen)
    said = text(screen, "lostLaptop.said")
    assert "It had sent 2 cases with 4 records. Its last bundle, number 1, was taken in on" in said
    assert "is not known here" in said
    assert [row[1:3] for row in rows(screen, "cases")] == [["2", "1"], ["2", "1"]]
    assert in_lane(seat.jobs, lambda: acts(seat))[0] == "DEVICE_LISTED"
    assert not is_lost(seat)
    check_heard_and_reached(screen)


def test_it_is_reported_only_after_its_meaning_was_read_and_can_be_left(seat: Seat) -> None:
    screen, heard = shown(seat)
    choose(screen)
    press(screen, "lostLaptop.report")
    assert text(screen, "lostLaptop.does").startswith("First take in every bundle")
    assert focus_name() == "lostLaptop.leave"
    press(screen, "lostLaptop.leave")
    assert not part(screen, QWidget, "lostLaptop.does").isVisible()
    assert not is_lost(seat)
    press(screen, "lostLaptop.report")
    press(screen, "lostLaptop.now")
    settle(seat)
    assert heard.told == ["The laptop is noted as lost; roster 3 ends its keys."]
    assert is_lost(seat)
    assert rows(screen, "list")[0][2] == "Lost"
    assert "its keys count no more" in text(screen, "lostLaptop.said")
    assert not part(screen, QPushButton, "lostLaptop.report").isVisible()
    assert in_lane(seat.jobs, lambda: acts(seat))[0] == "DEVICE_LOST"


def test_the_list_goes_to_a_folder_and_holds_pseudonyms_alone(seat: Seat, tmp_path: Path) -> None:
    screen, heard = shown(seat)
    choose(screen)
    field = part(screen, QLineEdit, "lostLaptop.folder")
    field.setFocus()
    QTest.keyClicks(field, str(tmp_path / "stick"))
    QTest.keyClick(field, Qt.Key.Key_Return)
    settle(seat)
    assert heard.told == ["The list is written as lost-laptop.csv."]
    written = (tmp_path / "stick" / "lost-laptop.csv").read_text("utf-8-sig")
    assert [line.split(",")[0] for line in written.splitlines()[1:]] == [row[0] for row in rows(screen, "cases")]
    assert "Wambui" not in written
