"""What the tests of tables for others do and see, and the key that opens what they sealed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pyrage
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton

from desktop.crypto import sealing
from desktop.services.tables import PlainCopySummary
from tests import factory
from tests.sticks import Rack
from tests.ui.desks import in_lane, show_alone
from tests.ui.screen_hands import Heard, part, text
from ui.screens.tables import TablesScreen
from ui.seat import Place, Seat

SECRET = sealing.generate_secret()
KEY = sealing.age_recipient(sealing.public_key(SECRET))


@dataclass
class Desk:
    """The screen in a window of its own, and what it said."""

    seat: Seat
    screen: TablesScreen
    heard: Heard
    rack: Rack

    def settle(self) -> None:
        for _ in range(4):
            in_lane(self.seat.jobs, lambda: None)

    def press(self, name: str) -> None:
        button = part(self.screen, QPushButton, name)
        assert button.isVisible(), name
        assert button.isEnabled(), name
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Space)
        self.settle()

    def type_in(self, name: str, typed: str) -> None:
        line = part(self.screen, QLineEdit, name)
        line.setFocus()
        line.clear()
        QTest.keyClicks(line, typed)

    def text(self, name: str) -> str:
        return text(self.screen, name)

    def copies(self) -> tuple[PlainCopySummary, ...]:
        return in_lane(self.seat.jobs, self.seat.desk.tables.plain_copies)

    def entries(self) -> int:
        return in_lane(self.seat.jobs, lambda: factory.count(self.seat.desk.vault, "journal"))

    def save_plain(self, folder: Path) -> None:
        self.press("tables.purpose.planning")
        self.press("tables.plain")
        self.type_in("tables.plain_folder", str(folder))
        self.press("tables.plain_save")


def shown(seat: Seat, rack: Rack, section: str = "") -> Desk:
    screen = TablesScreen(seat, Place("tables", section=section))
    opened = Desk(seat, screen, Heard(screen), rack)
    show_alone(screen)
    opened.settle()
    return opened


def unsealed(content: bytes, secret: bytes = SECRET) -> bytes:
    opened = pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(sealing.age_identity(secret))])
    assert isinstance(opened, bytes)
    archive = zipfile.ZipFile(io.BytesIO(opened))
    table, padding = archive.namelist()
    assert padding == "padding.bin"
    return archive.read(table)


def surnames(workbook: bytes) -> set[object]:
    return {cell.value for cell in openpyxl.load_workbook(io.BytesIO(workbook)).worksheets[0]["E"][2:]} - {None}


def rows_of(workbook: bytes) -> int:
    sheet = openpyxl.load_workbook(io.BytesIO(workbook)).worksheets[0]
    return sum(any(cell.value is not None for cell in row[1:]) for row in sheet.iter_rows(min_row=3))
