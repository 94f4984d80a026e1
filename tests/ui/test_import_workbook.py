from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QPlainTextEdit, QPushButton

from desktop.errors import Stopped
from desktop.messages import Language, sentence
from desktop.rules.access import Role
from tests.factory import DATA, WORKBOOK
from tests.ui.desks import in_lane, show_alone
from tests.ui.screen_hands import Heard, check_heard_and_reached, focus_name, part, press, settle, text
from ui import languages
from ui.screens.import_workbook import ImportWorkbook
from ui.screens.screen import Screen
from ui.seat import Place, Seat
from ui.widgets.file_line import FileLine
from ui.widgets.progress_strip import time_left
from ui.widgets.row_list import RowList

FILE = str(DATA / "htcds-2.0-filled.xlsx")
ROWS = json.loads((DATA / "htcds-2.0-filled.expected.json").read_text(encoding="utf-8"))["rows"]
NAMES = [
    " ".join(filter(None, (row["accepted"].get("Person.first_name"), row["accepted"].get("Person.surname"))))
    for row in ROWS
]
TAKEN = sum(row["outcome"] != "REFUSE" for row in ROWS)
ASKING = sum(row["outcome"] == "ASK" for row in ROWS)


def shown(seat: Seat) -> tuple[ImportWorkbook, Heard]:
    screen = ImportWorkbook(seat, Place("importWorkbook"))
    heard = Heard(screen)
    show_alone(screen)
    return screen, heard


def rows(screen: Screen) -> list[list[str]]:
    found = part(screen, RowList, "importWorkbook.rows")
    shown = [place for place in range(found.model().columnCount()) if not found.isColumnHidden(place)]
    return [[row.cells[place].text for place in shown] for row in found.rows()] if found.isVisible() else []


def read(screen: ImportWorkbook, path: str = FILE) -> None:
    field = part(screen, QLineEdit, "importWorkbook.file")
    field.clear()
    QTest.keyClicks(field, path)
    QTest.keyClick(field, Qt.Key.Key_Return)
    settle(screen.seat)


def keys(screen: ImportWorkbook, *pressed: Qt.Key) -> None:
    for key in pressed:
        QTest.keyClick(part(screen, RowList, "importWorkbook.rows"), key)


def to_last_row(screen: ImportWorkbook) -> None:
    QTest.keyClick(part(screen, RowList, "importWorkbook.rows"), Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)


def cases(seat: Seat) -> int:
    return in_lane(seat.jobs, seat.desk.cases.count)


def test_before_a_workbook_is_read_the_screen_says_what_belongs_there(seat: Seat) -> None:
    screen, _ = shown(seat)
    assert text(screen, "importWorkbook.empty.title") == "No workbook read yet"
    assert focus_name() == "importWorkbook.file"
    assert not part(screen, QPushButton, "importWorkbook.read").isEnabled()


def test_the_preview_says_for_each_row_what_happens_and_writes_nothing(seat: Seat) -> None:
    screen, heard = shown(seat)
    read(screen)
    found = rows(screen)
    assert [row[0] for row in found] == [str(row["row"]) for row in ROWS]
    assert [row[2] for row in found] == NAMES
    assert Counter(row[1] for row in found) == {"New case": TAKEN, "Refused": 1}
    assert text(screen, "importWorkbook.counts") == f"{TAKEN} new cases · 1 row refused · {ASKING} rows with questions"
    assert text(screen, "importWorkbook.whole_file").startswith("The two headings of columns N to R disagree")
    assert part(screen, QPushButton, "importWorkbook.take").text() == f"Take &in {TAKEN} rows"
    assert part(screen, QPushButton, "importWorkbook.read").text() == "&Read workbook again"
    assert focus_name() == "importWorkbook.rows"
    assert (heard.told, heard.hindered, heard.places) == ([], [], [])
    assert cases(seat) == 0


@pytest.mark.parametrize("language", ["en", "sw"])
def test_all_remarks_of_the_marked_row_stand_below_the_list(seat: Seat, language: Language) -> None:
    screen, _ = shown(seat)
    read(screen)
    languages.switch(language)
    settle(seat)
    remarks = part(screen, QPlainTextEdit, "importWorkbook.remarks")
    both = [sentence("CONSENT_ONE_TICK", language), sentence("SERVITUDE_WITH_T", language)]
    assert remarks.toPlainText().split("\n") == both
    assert rows(screen)[0][3] == {"en": f"(1 more) {both[0]}", "sw": f"(na 1 zaidi) {both[0]}"}[language]
    keys(screen, Qt.Key.Key_Down)
    assert remarks.toPlainText() == sentence("IMPORT_NO_REMARKS", language)
    to_last_row(screen)
    assert remarks.toPlainText() == sentence("NO_PERSON", language)


def test_space_leaves_a_row_out_and_takes_it_again(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen)
    keys(screen, Qt.Key.Key_Down, Qt.Key.Key_Space)
    assert rows(screen)[1][1] == "Left out by you"
    asking = f"{ASKING} rows with questions"
    said = f"{TAKEN - 1} new cases · 1 row refused · {asking} · 1 row left out by you"
    assert text(screen, "importWorkbook.counts") == said
    assert part(screen, QPushButton, "importWorkbook.take").text() == f"Take &in {TAKEN - 1} rows"
    assert part(screen, QPushButton, "importWorkbook.leave_out").text() == "&Take row again"
    keys(screen, Qt.Key.Key_Space)
    assert rows(screen)[1][1] == "New case"
    assert part(screen, QPushButton, "importWorkbook.take").text() == f"Take &in {TAKEN} rows"
    to_last_row(screen)
    keys(screen, Qt.Key.Key_Space)
    assert rows(screen)[-1][1] == "Refused"
    assert not part(screen, QPushButton, "importWorkbook.leave_out").isEnabled()


def test_rows_are_taken_in_but_those_left_out_and_their_county_is_the_chosen_one(seat: Seat) -> None:
    screen, heard = shown(seat)
    read(screen)
    press(screen, "importWorkbook.leave_out")
    county = part(screen, QComboBox, "importWorkbook.county")
    assert county.currentData() == "001"  # the office's own
    county.setFocus()
    QTest.keyClick(county, Qt.Key.Key_Down)
    press(screen, "importWorkbook.take")
    settle(seat)
    assert heard.told == [f"{TAKEN - 1} rows of the workbook are taken in."]
    assert heard.places == [Place("cases")]
    assert cases(seat) == TAKEN - 1
    desk = seat.desk
    newest = in_lane(seat.jobs, lambda: desk.cases.open(desk.cases.list()[0].case_id))
    stored = newest.one("case")
    assert stored is not None
    assert stored.fields["county"] == "002"


def test_the_same_workbook_again_is_skipped_row_by_row(seat: Seat) -> None:
    imports = seat.desk.imports
    in_lane(seat.jobs, lambda: imports.apply(imports.preview(WORKBOOK)))
    screen, _ = shown(seat)
    read(screen)
    assert text(screen, "importWorkbook.counts") == f"{TAKEN} rows skipped · 1 row refused"
    assert not part(screen, QPushButton, "importWorkbook.take").isEnabled()
    assert part(screen, QPushButton, "importWorkbook.take").text() == "Take &in rows"


def test_stop_takes_nothing_in_and_keeps_the_preview(seat: Seat) -> None:
    screen, heard = shown(seat)
    read(screen)
    press(screen, "importWorkbook.take")
    assert focus_name() == "importWorkbook.progress.stop"
    assert text(screen, "importWorkbook.progress.words").startswith("Taking in the rows")
    press(screen, "importWorkbook.progress.stop")
    assert text(screen, "importWorkbook.progress.words") == "Stopping"
    settle(seat)
    assert heard.told == ["Stopped. Nothing was taken in."]
    assert (heard.hindered, heard.places, cases(seat)) == ([], [], 0)
    assert not part(screen, QPushButton, "importWorkbook.progress.stop").isVisible()
    press(screen, "importWorkbook.take")
    settle(seat)
    assert cases(seat) == TAKEN


def test_leaving_the_screen_stops_the_work_and_nothing_is_half_done(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen)
    press(screen, "importWorkbook.take")
    screen.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    settle(seat)
    assert cases(seat) == 0


def test_the_service_reports_each_row_and_a_stop_in_the_middle_takes_all_back(seat: Seat) -> None:
    imports, previewed, applied = seat.desk.imports, list[tuple[int, int]](), list[tuple[int, int]]()
    preview = in_lane(
        seat.jobs, lambda: imports.preview(WORKBOOK, report=lambda done, of: previewed.append((done, of)))
    )
    assert previewed == [(done, len(ROWS)) for done in range(len(ROWS))]

    def stop_late(done: int, of: int) -> None:
        applied.append((done, of))
        if done == of - 1:
            raise Stopped("STOPPED")

    with pytest.raises(Stopped):
        in_lane(seat.jobs, lambda: imports.apply(preview, report=stop_late))
    assert applied[: len(ROWS)] == [(0, TAKEN)] * len(ROWS)
    assert applied[len(ROWS) :] == [(done, TAKEN) for done in range(TAKEN)]
    assert cases(seat) == 0
    again = in_lane(seat.jobs, lambda: imports.preview(WORKBOOK))
    assert [row.action for row in again.rows] == [row.action for row in preview.rows]


@pytest.mark.parametrize(
    ("content", "code"), [(b"no\x00table", "TABLE_NOT_TEXT"), (None, "FILE_NOT_READABLE")], ids=["text", "none"]
)
def test_what_is_no_workbook_is_said_under_the_line_and_not_where_it_lies(
    seat: Seat, tmp_path: Path, content: bytes | None, code: str
) -> None:
    file = tmp_path / "wambui-gachanja.xlsx"
    if content is not None:
        file.write_bytes(content)
    screen, heard = shown(seat)
    read(screen, str(file))
    assert text(screen, "importWorkbook.file.note") == sentence(code, "en")
    assert "wambui" not in text(screen, "importWorkbook.file.note")
    assert focus_name() == "importWorkbook.file"
    assert (heard.told, heard.hindered, rows(screen)) == ([], [], [])
    QTest.keyClicks(part(screen, QLineEdit, "importWorkbook.file"), "x")
    assert text(screen, "importWorkbook.file.note") == ""


def test_an_old_preview_is_refused_and_reading_again_is_offered(seat: Seat) -> None:
    screen, heard = shown(seat)
    read(screen)
    keys(screen, Qt.Key.Key_Space)
    imports = seat.desk.imports
    others = range(4, 1000)
    in_lane(seat.jobs, lambda: imports.apply(imports.preview(WORKBOOK), leave_out=others))
    press(screen, "importWorkbook.take")
    settle(seat)
    assert text(screen, "importWorkbook.file.note") == sentence("IMPORT_PREVIEW_OLD", "en")
    assert focus_name() == "importWorkbook.read"
    assert (heard.told, heard.hindered, heard.places, cases(seat)) == ([], [], [], 1)
    press(screen, "importWorkbook.read")
    settle(seat)
    assert rows(screen)[0][1] == "Skipped"
    press(screen, "importWorkbook.take")
    settle(seat)
    assert cases(seat) == TAKEN


def test_rows_left_out_stay_so_when_the_same_file_is_read_again(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen)
    keys(screen, Qt.Key.Key_Space)
    press(screen, "importWorkbook.read")
    settle(seat)
    assert rows(screen)[0][1] == "Left out by you"


def test_a_clerk_looks_at_the_preview_and_takes_nothing_in(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seat.desk.vault, "role", Role.CLERK)
    screen, _ = shown(seat)
    read(screen)
    assert len(rows(screen)) == len(ROWS)
    assert text(screen, "importWorkbook.only_officers").startswith("A case officer or the supervisor")
    assert not part(screen, QPushButton, "importWorkbook.take").isVisible()
    assert not part(screen, QPushButton, "importWorkbook.leave_out").isVisible()
    keys(screen, Qt.Key.Key_Space)
    assert rows(screen)[0][1] == "New case"


@pytest.mark.parametrize("language", ["en", "sw"])
def test_every_part_is_heard_and_reached_by_its_own_letter(seat: Seat, language: Language) -> None:
    languages.switch(language)
    screen, _ = shown(seat)
    read(screen)
    check_heard_and_reached(screen)
    press(screen, "importWorkbook.take")
    check_heard_and_reached(screen)


def test_nothing_is_cut_off_on_a_small_screen(seat: Seat) -> None:
    languages.switch("sw")
    screen, _ = shown(seat)
    screen.resize(932, 540)
    read(screen)
    for button in screen.findChildren(QPushButton):
        assert not button.isVisible() or button.width() >= button.sizeHint().width(), button.objectName()
    assert part(screen, RowList, "importWorkbook.rows").height() >= 100


@pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)
def test_a_file_looked_for_stands_in_the_line_and_qt_keeps_no_trace_of_its_folder(seat: Seat, tmp_path: Path) -> None:
    folder = tmp_path / "wambui"
    folder.mkdir()
    (folder / "list.xlsx").write_bytes(WORKBOOK)
    screen, _ = shown(seat)
    press(screen, "importWorkbook.file.browse")
    dialog = part(screen, QFileDialog, "importWorkbook.file.dialog")
    dialog.setDirectory(str(folder))
    dialog.selectFile("list.xlsx")
    dialog.accept()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert screen.findChild(QFileDialog) is None
    assert part(screen, QLineEdit, "importWorkbook.file").text() == (folder / "list.xlsx").as_posix()
    assert focus_name() == "importWorkbook.file"
    settings = QSettings(QSettings.Scope.UserScope, "QtProject")
    assert [key for key in settings.allKeys() if key.startswith("FileDialog")] == []
    press(screen, "importWorkbook.read")
    settle(seat)
    assert len(rows(screen)) == len(ROWS)


@pytest.mark.parametrize(
    ("typed", "paths"),
    [
        ("", ()),
        ("  /media/stick/a b.xlsx ", ("/media/stick/a b.xlsx",)),
        ('"C:\\Users\\a b.xlsx"', ("C:\\Users\\a b.xlsx",)),
        ('"/media/a" "/media/b c"', ("/media/a", "/media/b c")),
    ],
)
def test_a_path_is_understood_as_typed_or_copied(application: QApplication, typed: str, paths: tuple[str, ...]) -> None:
    line = FileLine("importWorkbook.file", ("IMPORT_FILE", "IMPORT_FILE_HELP", "IMPORT_BROWSE"), several=True)
    part(line, QLineEdit, "importWorkbook.file").setText(typed)
    assert line.paths() == paths
    assert line.path() == (paths[0] if paths else "")


@pytest.mark.parametrize(
    ("done", "of", "passed_s", "said"),
    [
        (0, 31, 60.0, ""),
        (5, 31, 1.0, ""),
        (10, 31, 10.0, "about 25 seconds left"),
        (31, 31, 10.0, "about 5 seconds left"),
        (1, 29, 2.0, "about a minute left"),
        (1, 31, 2.0, "about a minute left"),
        (1, 31, 10.0, "about 5 minutes left"),
    ],
)
def test_the_time_left_is_said_once_it_is_known(
    application: QApplication, done: int, of: int, passed_s: float, said: str
) -> None:
    assert time_left(done, of, passed_s) == said
