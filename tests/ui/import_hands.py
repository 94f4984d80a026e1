"""What tests of a foreign list do in the step for its columns, as a person at the keyboard would."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton

from tests.factory import LISTING, OLD_OFFICE
from tests.ui.screen_hands import part, press, settle, text
from ui.screens.import_workbook import ImportWorkbook
from ui.widgets.row_list import RowList

OFFICE_LIST, CPIMS_LIST = str(OLD_OFFICE), str(LISTING)
OFFICE_COUNTS = "120 new cases · 53 rows with questions"
ON = "importWorkbook.show_rows"


def column(screen: ImportWorkbook, letter: str) -> QLineEdit:
    return part(screen, QLineEdit, f"importWorkbook.column.{letter}")


def note(screen: ImportWorkbook, letter: str) -> str:
    return text(screen, f"importWorkbook.column.{letter}.problem")


def say(screen: ImportWorkbook, letter: str, typed: str) -> None:
    """Type into a column's line and take what is marked."""
    line = column(screen, letter)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, typed)
    QTest.keyClick(line, Qt.Key.Key_Return)


def fill(screen: ImportWorkbook, name: str, typed: str) -> None:
    line = part(screen, QLineEdit, name)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, typed)
    QTest.keyClick(line, Qt.Key.Key_Tab)
    settle(screen.seat)


def go_on(screen: ImportWorkbook) -> None:
    press(screen, ON)
    settle(screen.seat)


def in_step(screen: ImportWorkbook) -> bool:
    return part(screen, QPushButton, ON).isVisible()


def choose_row(screen: ImportWorkbook, row_id: str) -> None:
    found = part(screen, RowList, "importWorkbook.rows")
    found.selectRow(next(place for place, row in enumerate(found.rows()) if row.row_id == row_id))
