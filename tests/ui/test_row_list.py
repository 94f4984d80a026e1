from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from ui import languages
from ui.models.case_rows import CASE_COLUMNS, NAME
from ui.models.rows import Cell, Row
from ui.widgets.row_list import RowList

STAGE, TOUCHED = 4, 5
ROWS = [
    Row(
        f"case {n}",
        (
            Cell(f"035-545-26-00{n}-7", strong=True),
            Cell("T.B."),
            Cell("Mary-Anne Nyamweya-Oseko"),
            Cell("34, Mwanamke / msichana"),
            Cell("Ametambuliwa"),
            Cell("25 Novemba 2026"),
        ),
    )
    for n in range(10, 40)
]


@pytest.fixture(params=("en", "sw"))
def cases(qtbot: QtBot, application: QApplication, request: pytest.FixtureRequest) -> Iterator[RowList]:
    languages.switch(request.param)
    made = RowList("cases.list", CASE_COLUMNS, "CASES_LIST")
    made.show_column(NAME, False)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    made.show_rows(ROWS)
    yield made
    languages.switch("en")


def left_out(list_: RowList) -> set[int]:
    return {place for place in range(len(CASE_COLUMNS)) if list_.isColumnHidden(place)}


def whole(list_: RowList, place: int) -> bool:
    bold = QFont(list_.font())
    bold.setBold(place == 0)
    return list_.columnWidth(place) > QFontMetrics(bold).horizontalAdvance(ROWS[0].cells[place].text)


def test_with_room_every_column_stands_whole(cases: RowList) -> None:
    cases.resize(QSize(1280, 400))
    cases.show_column(NAME, True)
    assert left_out(cases) == set()
    assert all(whole(cases, place) for place in range(len(CASE_COLUMNS)))


def test_the_name_found_is_read_whole_where_the_last_save_has_no_room_beside_it(cases: RowList) -> None:
    cases.resize(QSize(760, 400))
    assert left_out(cases) == {NAME}
    cases.show_column(NAME, True)
    assert TOUCHED in left_out(cases)
    assert NAME not in left_out(cases)
    assert whole(cases, 0)
    assert whole(cases, NAME)


def test_on_a_very_narrow_list_number_and_name_stay(cases: RowList) -> None:
    cases.resize(QSize(560, 400))
    cases.show_column(NAME, True)
    assert left_out(cases) == {STAGE, TOUCHED}
    assert whole(cases, 0)


def test_columns_left_out_come_back_with_the_room(cases: RowList) -> None:
    cases.resize(QSize(560, 400))
    cases.show_column(NAME, True)
    cases.show_column(NAME, False)
    cases.resize(QSize(1280, 400))
    assert left_out(cases) == {NAME}


def test_a_heading_is_broken_into_the_two_lines_it_has_room_for(cases: RowList) -> None:
    cases.resize(QSize(760, 400))
    cases.show_column(NAME, True)
    head = cases.horizontalHeader()
    metrics = head.fontMetrics()
    for place in set(range(len(CASE_COLUMNS))) - left_out(cases):
        text = languages.words(CASE_COLUMNS[place].code)
        lines = 1 if metrics.horizontalAdvance(text) <= cases.columnWidth(place) else 2
        assert head.height() >= lines * metrics.lineSpacing()
        assert metrics.horizontalAdvance(text) <= lines * cases.columnWidth(place)
