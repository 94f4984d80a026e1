from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QColor, QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from desktop import machine
from desktop.catalogue import load
from tests import desk_stages, screenshots
from tests.ui.conftest import Office, Opened
from tests.ui.desks import in_lane
from tests.ui.every_screen import frame_of
from tests.ui.form_hands import forms, switch
from ui.jobs import JobRunner
from ui.screens.case_sheets import PARTS
from ui.seat import Place
from ui.widgets import clipboard
from ui.widgets.clipboard import Line, Paper
from ui.widgets.digits_field import DigitsField
from ui.widgets.passphrase_edit import PassphraseEdit

ROOT = Path(__file__).resolve().parents[2]
LONGEST_ON_X_S = 120
CONTROL = Qt.KeyboardModifier.ControlModifier
BARE = ("QLineEdit", "QPlainTextEdit", "QTextEdit", "QTextBrowser")
NOTHING: dict[str, list[str]] = {"Clipboard": [], "Selection": []}


@pytest.fixture(autouse=True)
def _small_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)


@pytest.fixture
def shown(application: QApplication) -> Iterator[Callable[..., None]]:
    windows: list[QWidget] = []

    def show(*fields: QWidget) -> None:
        windows.append(QWidget())
        column = QVBoxLayout(windows[-1])
        for field in fields:
            column.addWidget(field)
        windows[-1].setMinimumSize(1, 1)
        windows[-1].show()
        windows[-1].activateWindow()

    yield show
    for window in windows:
        delete(window)
    clipboard.empty()
    QGuiApplication.clipboard().clear()


@pytest.fixture(scope="module")
def on_x() -> dict[str, object]:
    """What another program found on a real X server; see clipboard_on_x.py."""
    run = subprocess.run(
        ["xvfb-run", "-a", sys.executable, "-W", "error", "-m", "tests.ui.clipboard_on_x"],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "xcb"},
        capture_output=True,
        text=True,
        timeout=LONGEST_ON_X_S,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


def press(field: QWidget, key: Qt.Key) -> None:
    QTest.keyClick(field, key, CONTROL)


def outside(text: str = "", html: str = "") -> None:
    """Put into the system's clipboard what another program would."""
    content = QMimeData()
    if text:
        content.setText(text)
    if html:
        content.setHtml(html)
    QGuiApplication.clipboard().setMimeData(content)


def test_on_x_another_program_finds_nothing_of_what_was_selected(on_x: dict[str, object]) -> None:
    found = {name: what for name, what in on_x.items() if ".selected" in name}
    assert found == dict.fromkeys(found, NOTHING)
    assert len(found) == 6


def test_on_x_another_program_finds_a_mark_and_no_text_of_what_was_copied_or_cut(on_x: dict[str, object]) -> None:
    found = {name: what for name, what in on_x.items() if name.startswith(("line.", "paper.")) and "select" not in name}
    assert len(found) == 8
    for buffers in found.values():
        assert isinstance(buffers, dict)
        assert buffers["Selection"] == []
        assert buffers["Clipboard"][0] == "application/x-rufaa-copy"
        assert not [kind for kind in buffers["Clipboard"] if "text" in kind or "STRING" in kind or "Rono" in kind]
    assert on_x["pasted"] == "Mwajuma Rono"
    assert on_x["taken out"] == ""


def test_on_x_what_was_copied_is_gone_after_the_time_and_at_lock(on_x: dict[str, object]) -> None:
    assert on_x["pasted too late"] == ""
    assert on_x["after the time"] == NOTHING
    copied, later = on_x["quote.copy"], on_x["quote after the time"]
    assert isinstance(copied, dict)
    assert "12345" in copied["Clipboard"]  # digits and commands are shown to be copied
    assert "x-kde-passwordManagerHint" in copied["Clipboard"]  # and to be kept by no history
    assert later == NOTHING
    assert on_x["at lock, own"] == NOTHING


def test_on_x_what_another_program_copied_last_is_pasted_and_left_to_it(on_x: dict[str, object]) -> None:
    assert on_x["pasted from outside"] == "from outside"
    theirs = on_x["at lock, of others"]
    assert isinstance(theirs, dict)
    assert "from outside" in theirs["Clipboard"]


def test_what_is_copied_is_kept_for_thirty_seconds() -> None:
    assert clipboard.KEPT_MS == 30_000


def test_text_moves_between_fields_and_not_into_the_clipboard(shown: Callable[..., None]) -> None:
    line, paper, goal = Line(), Paper(), Line()
    shown(line, paper, goal)
    line.setText("Mwajuma Rono")
    line.selectAll()
    press(line, Qt.Key.Key_C)
    assert not QGuiApplication.clipboard().mimeData().hasText()
    press(paper, Qt.Key.Key_V)
    QTest.keyClick(paper, Qt.Key.Key_Return)
    press(paper, Qt.Key.Key_V)
    assert paper.toPlainText() == "Mwajuma Rono\nMwajuma Rono"
    press(paper, Qt.Key.Key_A)
    press(paper, Qt.Key.Key_X)
    assert paper.toPlainText() == ""
    assert not QGuiApplication.clipboard().mimeData().hasText()
    press(goal, Qt.Key.Key_V)
    assert goal.text() == "Mwajuma Rono Mwajuma Rono"
    press(paper, Qt.Key.Key_Z)
    assert paper.toPlainText() == "Mwajuma Rono\nMwajuma Rono"


def test_what_another_program_copies_takes_the_place_of_what_was_copied(shown: Callable[..., None]) -> None:
    line = Line()
    shown(line)
    line.setText("Rono")
    line.selectAll()
    line.copy()
    outside("Sifa")
    line.paste()
    assert line.text() == "Sifa"


def test_undo_takes_a_paste_back_without_what_was_typed_before(shown: Callable[..., None]) -> None:
    line = Line()
    shown(line)
    outside("na")
    QTest.keyClicks(line, "Ami")
    press(line, Qt.Key.Key_V)
    assert line.text() == "Amina"
    press(line, Qt.Key.Key_Z)
    assert line.text() == "Ami"


def test_only_plain_text_comes_in_and_a_line_stays_one_line(shown: Callable[..., None]) -> None:
    line, paper = Line(), Paper()
    shown(line, paper)
    outside(" two\r\nlines\x07\t", "<b>never</b>")
    for field in (line, paper):
        press(field, Qt.Key.Key_V)
    assert line.text() == "two lines"
    assert paper.toPlainText() == " two\nlines\t"
    for field in (line, paper):
        field.clear()
    picture, files = QMimeData(), QMimeData()
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    picture.setImageData(image)
    files.setUrls([QUrl.fromLocalFile("/tmp/a")])
    for content in (picture, files, None):
        if content is None:
            outside(html="<b>never</b>")
        else:
            QGuiApplication.clipboard().setMimeData(content)
        for field in (line, paper):
            press(field, Qt.Key.Key_V)
    assert (line.text(), paper.toPlainText()) == ("", "")


@pytest.mark.parametrize("make", [PassphraseEdit, DigitsField])
def test_a_field_for_a_secret_gives_nothing_and_takes_a_paste(
    shown: Callable[..., None], make: Callable[[str], Line]
) -> None:
    field, goal = make("secret"), Line()
    shown(field, goal)
    outside("12345")
    press(field, Qt.Key.Key_V)
    assert field.text() == "12345"
    QGuiApplication.clipboard().clear()
    for key in (Qt.Key.Key_C, Qt.Key.Key_X):
        field.selectAll()
        press(field, key)
        press(goal, Qt.Key.Key_V)
    assert (field.text(), goal.text()) == ("12345", "")


def test_what_may_only_be_read_is_copied_and_not_changed(shown: Callable[..., None]) -> None:
    line, paper, goal = Line(), Paper(), Line()
    shown(line, paper, goal)
    line.setText("Rono")
    paper.setPlainText("Rono")
    for field in (line, paper):
        field.setReadOnly(True)
        for key in (Qt.Key.Key_A, Qt.Key.Key_X, Qt.Key.Key_C, Qt.Key.Key_V):
            press(field, key)
        press(goal, Qt.Key.Key_V)
        field.cut()
        field.paste()
    assert (line.text(), paper.toPlainText(), goal.text()) == ("Rono", "Rono", "RonoRono")


@pytest.mark.qt_log_ignore("This plugin does not support")  # the platform without a screen grabs no keys for a menu
@pytest.mark.parametrize("make", [Line, Paper])
def test_the_menu_is_our_own_in_both_languages_and_does_what_it_says(
    shown: Callable[..., None], make: Callable[[], Line | Paper]
) -> None:
    field = make()
    field.setObjectName("here")
    shown(field)
    QTest.keyClicks(field, "Rono")
    field.selectAll()
    said = {
        "en": ["Undo", "Redo", "Cut", "Copy inside Rufaa", "Paste", "Select all"],
        "sw": ["Tendua", "Rudia", "Kata", "Nakili ndani ya Rufaa", "Bandika", "Chagua yote"],
    }
    for language in ("en", "sw"):
        switch(language)
        menu = opened_menu(field)
        assert [entry.text().split("\t")[0] for entry in menu.actions()] == said[language]
        assert [entry.isEnabled() for entry in menu.actions()] == [True, False, True, True, True, True]
        delete(menu)
    undo, _, cut, copy, paste, _ = opened_menu(field).actions()
    assert copy.text().endswith("\tCtrl+C")
    cut.trigger()
    assert text_of(field) == ""
    undo.trigger()
    assert text_of(field) == "Rono"
    field.selectAll()
    copy.trigger()
    field.clear()
    paste.trigger()
    paste.trigger()
    assert text_of(field) == "RonoRono"


def opened_menu(field: Line | Paper) -> QMenu:
    at = QPoint(5, 5)
    target = field.viewport() if isinstance(field, Paper) else field
    QApplication.sendEvent(target, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, at, target.mapToGlobal(at)))
    menu = field.findChild(QMenu)
    assert isinstance(menu, QMenu)
    assert menu.isVisible()
    assert menu.objectName() == "here.menu"
    return menu


def text_of(field: Line | Paper) -> str:
    return field.text() if isinstance(field, Line) else field.toPlainText()


@pytest.mark.parametrize("make", [Line, Paper])
def test_nothing_is_dropped_into_a_field(shown: Callable[..., None], make: Callable[[], Line | Paper]) -> None:
    field = make()
    shown(field)
    targets = (field, field.viewport()) if isinstance(field, Paper) else (field,)
    assert not any(target.acceptDrops() for target in targets)


def test_what_is_selected_is_not_dragged_away(shown: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    paper, dragged = Paper(), list[bool]()

    def give(_: Paper) -> QMimeData:
        dragged.append(True)
        return QMimeData()

    shown(paper)
    paper.setPlainText("Mwajuma Rono")
    paper.selectAll()
    monkeypatch.setattr(Paper, "createMimeDataFromSelection", give)
    QTest.mousePress(paper.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, 12))
    assert not paper.textCursor().hasSelection()
    QTest.mouseMove(paper.viewport(), QPoint(120, 60))
    QTest.mouseRelease(paper.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(120, 60))
    assert dragged == []
    line = Line()
    assert not line.dragEnabled()


def test_a_paste_too_long_for_its_field_is_refused_when_it_was_copied_in_the_window(shown: Callable[..., None]) -> None:
    source = Paper()
    shown(source)
    source.setPlainText("x" * 200_000)
    source.selectAll()
    source.copy()
    with forms(load()) as show:
        form = show("person")
        for field in ("first_name", "safe_contact_rule"):
            form.focus_field(field)
            focused = QApplication.focusWidget()
            assert focused is not None
            press(focused, Qt.Key.Key_V)
        assert form.fields() == {}


def test_no_source_of_the_window_makes_a_field_of_qt_itself() -> None:
    found = []
    for path in sorted((ROOT / "ui").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            named = [node.func] if isinstance(node, ast.Call) else node.bases if isinstance(node, ast.ClassDef) else []
            found += [f"{path.name}: {one.id}" for one in named if isinstance(one, ast.Name) and one.id in BARE]
    assert found == ["clipboard.py: QLineEdit", "clipboard.py: QPlainTextEdit"]


def bare_fields(window: QWidget) -> list[str]:
    """Find the fields of a window, hidden ones as well, that would copy in Qt's own way."""
    fields = [field for kind in (QLineEdit, QPlainTextEdit, QTextEdit) for field in window.findChildren(kind)]
    assert fields
    return [f"{type(one).__name__} {one.objectName()}" for one in fields if not isinstance(one, Line | Paper)]


def test_first_run_and_unlock_have_no_field_of_qt_itself(
    tmp_path: Path, office: Office, open_window: Callable[[Path], Opened]
) -> None:
    for folder in (tmp_path / "none", office.folder):
        assert bare_fields(open_window(folder).window) == []


def test_no_screen_of_an_open_desk_has_a_field_of_qt_itself(application: QApplication, tmp_path: Path) -> None:
    office, secretariat = desk_stages.make_desks(tmp_path)
    for folder in (office, secretariat):
        jobs = JobRunner()
        window = desk_stages.open_window(folder, jobs, screenshots.wait_until)
        desk = frame_of(window)._seat.desk
        places = desk_stages.NATIONAL_PLACES
        if folder == office:
            known = in_lane(jobs, partial(desk_stages.know, desk))
            parts = {f"case_{name}": Place("caseFile", known.case_id, section=name) for name in PARTS}
            places = desk_stages.places(known) | parts
        found = {}
        for name, place in places.items():
            frame_of(window).go(place)
            desk_stages.settle(jobs, window, screenshots.wait_until)
            if window.findChild(QLineEdit) or window.findChild(QPlainTextEdit):
                found[name] = bare_fields(window)
        in_lane(jobs, window.close_vault)
        assert jobs.stop(within_s=30)
        delete(window)
        delete(jobs)
        assert len(found) >= 3
        assert found == {name: [] for name in found}


def test_the_lock_forgets_what_was_copied(
    qtbot: QtBot, office: Office, open_window: Callable[[Path], Opened], shown: Callable[..., None]
) -> None:
    opened = open_window(office.folder)
    field = opened.window.findChild(PassphraseEdit, "unlock.sentence")
    assert isinstance(field, PassphraseEdit)
    field.setText(office.sentence)
    field.sentence_entered.emit()
    qtbot.waitUntil(lambda: opened.window._frame() is not None, timeout=20_000)
    line = Line()
    shown(line)
    line.setText("Rono")
    line.selectAll()
    line.copy()
    assert clipboard.pasted() == "Rono"
    opened.window.lock()
    assert clipboard.pasted() == ""
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=20_000)
