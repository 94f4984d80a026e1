from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from desktop.rules.forms import Sensitivity
from tests.factory import PERSON
from tests.ui.case_files import hold
from tests.ui.conftest import Office, Opened
from tests.ui.desks import SCREEN_PX, case_with
from tests.ui.hands import part, start_page, unlock_with
from ui.models.rows import Cell, Column, Row
from ui.screens.history_panel import HistoryPanel
from ui.seat import Seat
from ui.veil import KEY, Veil, personal, veil
from ui.widgets.field_row import FieldRow
from ui.widgets.letter_pages import LetterPages
from ui.widgets.row_list import RowList

OTHER = {**PERSON, "first_name": "Achieng", "surname": "Odhiambo", "safe_alias": "Zawadi"}


@pytest.fixture(autouse=True)
def drawn(application: QApplication) -> Iterator[Veil]:
    yield veil()
    if veil().drawn:
        veil().toggle()


def seen(widget: QWidget) -> QImage:
    """Return what is to be seen where a widget stands, by a grab of its window."""
    window = widget.window()
    place = QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size())
    return window.grab(place).toImage()


def pictures(seat: Seat, names: tuple[str, ...]) -> list[list[QImage]]:
    found = []
    for fields in (PERSON, OTHER):
        held = hold(seat, case_with(seat, **fields), "person")
        found.append([seen(held.part(name)) for name in names])
        held.screen.window().close()
    return found


NAMES = ("person.first_name", "person.surname", "caseFile.band.shown_as")


def test_two_people_look_the_same_while_it_is_drawn_and_not_before(seat: Seat) -> None:
    one, other = pictures(seat, NAMES)
    assert all(mine != theirs for mine, theirs in zip(one, other, strict=True))
    veil().toggle()
    one, other = pictures(seat, NAMES)
    assert all(mine == theirs for mine, theirs in zip(one, other, strict=True))


def test_every_sensitive_answer_of_a_form_is_covered_and_office_use_is_not(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON), "person")
    veil().toggle()
    rows = held.screen.findChildren(FieldRow)
    assert len(rows) > 20
    for row in rows:
        covered = row.editor.graphicsEffect() is not None
        assert covered == (row.item.sensitivity in {Sensitivity.S3, Sensitivity.S4}), row.item.name
    veil().toggle()
    assert all(row.editor.graphicsEffect() is None for row in rows)


def test_what_is_typed_under_it_is_kept(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON), "person")
    veil().toggle()
    field = held.part("person.first_name")
    assert isinstance(field, QLineEdit)
    field.setFocus(Qt.FocusReason.OtherFocusReason)
    field.selectAll()
    QTest.keyClicks(field, "Nyokabi")
    assert field.text() == "Nyokabi"
    veil().toggle()
    assert "Nyokabi" in [row.editor.read() for row in held.screen.findChildren(FieldRow)]


def test_a_list_covers_its_personal_columns_at_once(application: QApplication) -> None:
    shown = RowList("some.list", (Column("CASES_NUMBER", 1), Column("CASES_NAME", 1, personal=True)), "CASES_LIST")
    shown.resize(*SCREEN_PX)
    images = {}
    for name in ("Wambui Gachanja", "Ali"):
        shown.show_rows([Row("1", (Cell("035"), Cell(name)))])
        veil().toggle()
        images[name] = shown.grab().toImage()
        veil().toggle()
        assert shown.grab().toImage() != images[name]
    assert images["Wambui Gachanja"] == images["Ali"]


def test_what_is_made_while_it_is_drawn_comes_covered(application: QApplication) -> None:
    veil().toggle()
    pages, line = LetterPages("some.pages", "LETTER_PAGES", "LETTER_PAGES_HELP"), QLineEdit()
    personal(line)
    assert pages.view.graphicsEffect() is not None
    assert line.graphicsEffect() is not None


def test_a_history_is_covered(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON), "person")
    veil().toggle()
    held.press("person.history")
    panel = held.screen.findChild(HistoryPanel)
    assert panel is not None
    name = panel.findChild(QWidget, f"{panel.objectName()}.revision.1.first_name")
    assert isinstance(name, QWidget)
    assert name.graphicsEffect() is not None


def test_one_key_draws_it_on_an_open_desk_and_says_so_and_the_rail_does_too(
    qtbot: QtBot, open_window: Callable[[Path], Opened], office: Office
) -> None:
    opened = open_window(office.folder)
    QTest.keyClick(opened.window, Qt.Key.Key_F9)
    assert not veil().drawn  # nothing is open that could be covered
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    band = part(opened, QLabel, "desk.someone")
    assert not band.isVisible()
    QTest.keyClick(opened.window, Qt.Key.Key_F9)
    assert veil().drawn
    assert band.isVisible()
    part(opened, QToolButton, "rail.someone").click()
    assert not veil().drawn
    assert not band.isVisible()
    assert KEY == "F9"
