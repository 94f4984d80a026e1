from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from db.models.base import JournalEntry
from desktop.rules.journal_chain import Act
from desktop.rules.records import RecordDraft
from tests.ui.conftest import Office
from tests.ui.desks import case_with, in_lane, make_practice_office, open_desk, show_alone
from ui import languages
from ui.models.case_rows import CASE_COLUMNS, NAME
from ui.models.rows import Cell, Row, RowsModel
from ui.screens.case_list import CaseList
from ui.seat import Place, Seat
from ui.widgets.row_list import RowList

MANY = 100_000


@pytest.fixture(scope="module")
def cases_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_practice_office(tmp_path_factory.mktemp("cases"))


@pytest.fixture
def seat(application: QApplication, cases_office: Office) -> Iterator[Seat]:
    with open_desk(cases_office.folder, cases_office.sentence) as opened:
        yield opened


def shown(seat: Seat, section: str = "") -> CaseList:
    screen = CaseList(seat, Place("cases", section=section))
    show_alone(screen)
    return screen


def part(screen: CaseList, name: str) -> QWidget:
    found = screen.findChild(QWidget, name)
    assert isinstance(found, QWidget), name
    return found


def listed(screen: CaseList) -> list[str]:
    found = part(screen, "cases.list")
    assert isinstance(found, RowList)
    return [row.row_id for row in found.rows()] if found.isVisible() else []


def type_into_search(screen: CaseList, text: str) -> None:
    field = part(screen, "cases.search")
    assert isinstance(field, QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, text)


def press(screen: CaseList, name: str) -> None:
    button = part(screen, name)
    assert isinstance(button, QPushButton)
    QTest.keyClick(button, Qt.Key.Key_Space)


def acts(seat: Seat, act: Act) -> int:
    def count() -> int:
        with seat.desk.vault.reading() as session:
            rows = session.scalars(select(JournalEntry.act)).all()
        return sum(row == act for row in rows)

    return in_lane(seat.jobs, count)


def test_says_what_belongs_there_and_asks_for_the_name_before_the_first_case(
    qtbot: QtBot, application: QApplication, tmp_path: Path
) -> None:
    new_office = make_practice_office(tmp_path)
    with open_desk(new_office.folder, new_office.sentence) as seat:
        screen = shown(seat, "new")
        assert part(screen, "cases.empty").isVisible()
        qtbot.waitUntil(part(screen, "cases.search").hasFocus)
        note = part(screen, "cases.search.problem")
        assert isinstance(note, QLabel)
        assert note.text() == languages.words("CASES_TYPE_NAME_FIRST")


def test_a_search_with_no_hit_lets_the_case_be_made(qtbot: QtBot, seat: Seat) -> None:
    screen = shown(seat)
    type_into_search(screen, "Zuhura")
    with qtbot.waitSignal(screen.place_wanted) as wanted:
        press(screen, "cases.new")  # before the answer is there: it waits for it
    place = wanted.args[0]
    assert (place.screen, place.section) == ("caseFile", "person")
    assert [record.kind for record in in_lane(seat.jobs, lambda: seat.desk.cases.open(place.case_id)).records] == [
        "case"
    ]
    type_into_search(screen, "Nobodyhere")
    qtbot.waitUntil(part(screen, "cases.no_hits").isVisible)


def test_a_case_is_found_as_one_types_and_opened_with_enter(qtbot: QtBot, seat: Seat) -> None:
    amina = case_with(seat, first_name="Amina", surname="Wekesa", sex="F", age_at_registration=15)
    case_with(seat, first_name="Baraka", surname="Otieno", sex="M")
    screen = shown(seat)
    list_ = part(screen, "cases.list")
    assert isinstance(list_, RowList)
    qtbot.waitUntil(lambda: len(listed(screen)) >= 2)
    assert list_.isColumnHidden(NAME)
    assert not any("Amina" in cell.text for row in list_.rows() for cell in row.cells)
    before = acts(seat, Act.SEARCHED)
    type_into_search(screen, "ami")
    qtbot.waitUntil(lambda: listed(screen) == [amina])
    assert not list_.isColumnHidden(NAME)
    assert list_.rows()[0].cells[NAME].text == "Amina Wekesa"
    QTest.keyClick(part(screen, "cases.search"), Qt.Key.Key_Down)
    assert list_.hasFocus()
    with qtbot.waitSignal(screen.place_wanted) as wanted:
        QTest.keyClick(list_, Qt.Key.Key_Return)
    assert wanted.args[0] == Place("caseFile", case_id=amina)
    assert acts(seat, Act.SEARCHED) == before + 1


def test_a_new_case_waits_until_what_was_found_is_looked_through(qtbot: QtBot, seat: Seat) -> None:
    case_with(seat, first_name="Chebet", surname="Koech", sex="F")
    screen = shown(seat)
    type_into_search(screen, "chebet")
    qtbot.waitUntil(lambda: len(listed(screen)) == 1)
    count = in_lane(seat.jobs, seat.desk.cases.count)
    press(screen, "cases.new")
    note = part(screen, "cases.search.problem")
    assert isinstance(note, QLabel)
    assert note.text() == languages.words("CASES_LOOK_FIRST")
    assert in_lane(seat.jobs, seat.desk.cases.count) == count
    with qtbot.waitSignal(screen.place_wanted):
        press(screen, "cases.new")
    assert in_lane(seat.jobs, seat.desk.cases.count) == count + 1


def test_a_settled_search_is_journaled_once(qtbot: QtBot, seat: Seat) -> None:
    case_with(seat, first_name="Dalila", surname="Juma", sex="F")
    screen = shown(seat)
    before = acts(seat, Act.SEARCHED)
    type_into_search(screen, "dalila")
    qtbot.waitUntil(lambda: len(listed(screen)) == 1)
    assert acts(seat, Act.SEARCHED) == before
    qtbot.waitUntil(lambda: acts(seat, Act.SEARCHED) == before + 1, timeout=4000)


@pytest.mark.parametrize(("name", "by_leaving"), [("Tatu", True), ("Upendo", False)])
def test_a_search_left_before_it_is_settled_is_journaled_once(
    qtbot: QtBot, seat: Seat, name: str, by_leaving: bool
) -> None:
    case_with(seat, first_name=name, sex="F")
    case_with(seat, first_name="Baraka", sex="M")  # one more, whatever ran before: the list grows again
    screen = shown(seat)
    before = acts(seat, Act.SEARCHED)
    type_into_search(screen, name)
    list_ = part(screen, "cases.list")
    assert isinstance(list_, RowList)
    qtbot.waitUntil(lambda: len(listed(screen)) == 1 and not list_.isColumnHidden(NAME))
    if by_leaving:
        screen.hide()
    else:
        field = part(screen, "cases.search")
        assert isinstance(field, QLineEdit)
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda: len(listed(screen)) > 1)
        screen.hide()
    assert acts(seat, Act.SEARCHED) == before + 1


def test_a_found_name_does_not_go_into_the_clipboard(qtbot: QtBot, seat: Seat) -> None:
    case_with(seat, first_name="Mwajuma", surname="Rono", sex="F")
    case_with(seat, first_name="Mwajuma", surname="Sifa", sex="F")
    screen = shown(seat)
    type_into_search(screen, "mwajuma")
    qtbot.waitUntil(lambda: len(listed(screen)) == 2)
    list_ = part(screen, "cases.list")
    assert isinstance(list_, RowList)
    list_.setCurrentIndex(list_.model().index(0, NAME))
    clipboard = QApplication.clipboard()
    clipboard.setText("before")
    QTest.keyClick(list_, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard.text() == "before"


def test_names_are_shown_journaled_and_fall_back(qtbot: QtBot, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.screens.case_list._NAMES_MS", 400)
    case = case_with(seat, first_name="Esther", surname="Naliaka", sex="F")
    screen = shown(seat)
    list_ = part(screen, "cases.list")
    assert isinstance(list_, RowList)
    before = acts(seat, Act.NAMES_SHOWN)
    press(screen, "cases.show_names")
    qtbot.waitUntil(lambda: any(row.cells[NAME].text == "Esther Naliaka" for row in list_.rows()))
    assert acts(seat, Act.NAMES_SHOWN) == before + 1
    qtbot.waitUntil(lambda: list_.isColumnHidden(NAME))
    assert case in listed(screen)
    qtbot.waitUntil(lambda: not any(row.cells[NAME].text for row in list_.rows()))


def test_more_pages_come_near_the_end_and_new_cases_show(qtbot: QtBot, seat: Seat) -> None:
    def make() -> None:
        for _ in range(60):
            seat.desk.cases.create([RecordDraft("case", {})])

    in_lane(seat.jobs, make)
    count = in_lane(seat.jobs, seat.desk.cases.count)
    screen = shown(seat)
    list_ = part(screen, "cases.list")
    qtbot.waitUntil(lambda: len(listed(screen)) == 50)
    QTest.keyClick(list_, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(listed(screen)) == count)
    assert len(set(listed(screen))) == count
    newest = case_with(seat, first_name="Faraja", sex="F")
    qtbot.waitUntil(lambda: listed(screen)[0] == newest)


def test_every_word_follows_the_language(qtbot: QtBot, seat: Seat) -> None:
    screen = shown(seat)
    languages.switch("sw")
    qtbot.waitUntil(lambda: part(screen, "cases.search").accessibleName() == languages.plain("CASES_SEARCH"))
    button = part(screen, "cases.new")
    assert isinstance(button, QPushButton)
    assert button.text() == "Kesi &mpya"


def test_rows_model_keeps_qt_contract(qtmodeltester: ModelTester, application: QApplication) -> None:
    model = RowsModel(CASE_COLUMNS)
    rows = many_rows(3)
    model.replace(rows[:2])
    model.extend(rows[2:])
    qtmodeltester.check(model, force_py=True)  # type: ignore[no-untyped-call]  # pytest-qt does not type it
    assert model.row_of(rows[2].row_id) == 2


def test_each_key_moves_and_repaints_a_list_of_a_hundred_thousand_rows(qtbot: QtBot, application: QApplication) -> None:
    list_ = RowList("cases.list", CASE_COLUMNS, "CASES_LIST")
    qtbot.addWidget(list_)
    list_.resize(1270, 700)
    list_.show_rows(many_rows(MANY))
    with qtbot.waitExposed(list_):
        list_.show()
    list_.activateWindow()
    list_.setFocus()
    qtbot.waitUntil(list_.hasFocus)
    painted = Painted()
    list_.viewport().installEventFilter(painted)
    for step in range(200):
        before, row = painted.times, list_.currentIndex().row()
        QTest.keyClick(list_, Qt.Key.Key_PageDown if step % 2 else Qt.Key.Key_Down)
        list_.viewport().repaint()
        assert painted.times > before
        assert list_.currentIndex().row() > row


class Painted(QObject):
    """Counts how often a widget was painted."""

    times = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.times += event.type() == QEvent.Type.Paint
        return False


def many_rows(count: int) -> list[Row]:
    return [
        Row(
            str(n),
            tuple(
                Cell(f"{column.code} {n:,} of this list", strong=not place) for place, column in enumerate(CASE_COLUMNS)
            ),
        )
        for n in range(count)
    ]
