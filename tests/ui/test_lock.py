from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QPushButton
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from desktop import vault_files
from desktop.bootstrap import Door
from desktop.errors import Obstacle, VaultBusy
from desktop.rules.records import RecordDraft
from desktop.services.drafts import DraftService
from desktop.services.office import OfficeService
from tests.ui.conftest import Office, Opened
from tests.ui.hands import on_screen, part, start_page, unlock_with
from ui import app, languages
from ui.jobs import JobRunner
from ui.main_window import MainWindow
from ui.screens.desk_frame import DeskFrame
from ui.screens.today import Today
from ui.screens.unlock import Unlock
from ui.widgets.file_dialogs import ask_folder

Open = Callable[[Path], Opened]


def test_ctrl_l_takes_the_screen_away_closes_the_vault_and_replaces_the_process(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    QTest.keyClick(opened.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=5_000)
    vault_files.lock_vault(office.folder).close()  # another process may have the vault now
    qtbot.waitUntil(lambda: opened.window.findChild(Today) is None)
    assert [label.text() for label in opened.window.findChildren(QLabel) if label.isVisible()] == []


def test_the_lock_button_does_the_same_once(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    button = part(opened, QPushButton, "today.lock")
    button.click()
    button.click()
    qtbot.waitUntil(lambda: opened.replaced != [], timeout=5_000)
    opened.window._leave()
    assert opened.replaced == ["replaced"]


def test_a_busy_lane_does_not_keep_the_process(
    qtbot: QtBot, office: Office, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.main_window.LONGEST_CLOSING_MS", 50)
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    free = threading.Event()
    opened.jobs.run(free.wait, owner=opened.window, done=lambda _: None, failed=lambda _: None)
    try:
        opened.window.lock()
        qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=5_000)
    finally:
        free.set()


def test_before_unlock_there_is_nothing_to_lock(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    QTest.keyClick(opened.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert opened.window.findChild(Unlock) is not None
    assert opened.replaced == []


def test_a_fault_takes_the_screen_away_closes_the_vault_shows_its_number_and_replaces_the_process(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    opened.window.show_fault("7K2M")
    opened.window.show_fault("XXXX")
    assert on_screen(opened, "fault.number") == "7K2M"
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=5_000)
    assert _is_free(office.folder)
    assert opened.window.fault == "7K2M"
    assert opened.window.findChild(Today) is None


def test_a_fault_does_not_leave_the_vault_open_behind_a_busy_lane(
    qtbot: QtBot, office: Office, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.main_window.LONGEST_CLOSING_MS", 50)
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    free = threading.Event()
    opened.jobs.run(free.wait, owner=opened.window, done=lambda _: None, failed=lambda _: None)
    try:
        opened.window.show_fault("7K2M")
        qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=5_000)
    finally:
        free.set()


def test_the_next_process_shows_the_number_first_and_starts_again_when_told_to(
    qtbot: QtBot, office: Office, application: object
) -> None:
    jobs, replaced, door = JobRunner(), list[object](), Door(office.folder)
    window = MainWindow(office.folder, lambda: door, jobs, replaced.append, "7K2M")
    opened = Opened(window, jobs, [])
    try:
        window.show()
        qtbot.waitUntil(lambda: on_screen(opened, "fault.number") == "7K2M")
        window.show_fault("XXXX")  # nothing is open yet: the first one goes on being shown, by this process
        assert on_screen(opened, "fault.number") == "7K2M"
        with qtbot.waitSignal(window.looked):
            part(opened, QPushButton, "fault.start_again").click()
        unlock_with(opened, office.sentence)
        start_page(qtbot, opened)
        window.lock()
        qtbot.waitUntil(lambda: replaced == [None], timeout=5_000)
        assert window.fault == ""
    finally:
        assert jobs.stop(within_s=30)
        delete(window)
        delete(jobs)


def test_the_time_runs_from_the_moment_at_which_the_vault_is_open(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    opened = open_window(office.folder)
    free = threading.Event()
    unlock_with(opened, office.sentence)
    opened.jobs.run(free.wait, owner=opened.window, done=lambda _: None, failed=lambda _: None)
    try:
        qtbot.waitUntil(lambda: opened.window._desk is not None, timeout=20_000)
        assert opened.window.findChild(Today) is None
        assert opened.window._idle._look.isActive()
        opened.window._idle.gone.emit()
    finally:
        free.set()
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=5_000)


def test_a_vault_that_does_not_say_who_opened_it_is_closed_again(
    qtbot: QtBot, office: Office, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: OfficeService) -> None:
        raise Obstacle("DISK_FULL")

    monkeypatch.setattr(OfficeService, "signed_in", fail)
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=20_000)
    assert _is_free(office.folder)
    assert on_screen(opened, "fault.number") == opened.window.fault != ""


def _is_free(folder: Path) -> bool:
    try:
        vault_files.lock_vault(folder).close()
    except VaultBusy:
        return False
    return True


def test_the_new_process_is_told_the_data_folder_and_the_language_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/python")
    languages.switch("en")
    assert app.own_command("/data") == ["/opt/python", "-I", "-m", "ui", "--data", "/data", "--language", "en"]
    assert app.own_command(None) == ["/opt/python", "-I", "-m", "ui", "--language", "en"]
    assert app.own_command(None, "7K2M")[4:] == ["--language", "en", "--fault", "7K2M"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert app.own_command(None) == ["/opt/python", "--language", "en"]


def test_the_new_environment_holds_only_what_is_allowed() -> None:
    given = {
        "HOME": "/home/asha",
        "LC_ALL": "sw_KE.UTF-8",
        "DISPLAY": ":0",
        "QT_PLUGIN_PATH": "/tmp/planted",
        "QT_QPA_PLATFORM_PLUGIN_PATH": "/tmp/planted",
        "LD_PRELOAD": "/tmp/planted.so",
        "PYTHONPATH": "/tmp/planted",
        "SENTENCE": "secret",
        "SystemRoot": "C:\\Windows",
    }
    assert app.allowed_environment(given) == {
        "HOME": "/home/asha",
        "LC_ALL": "sw_KE.UTF-8",
        "DISPLAY": ":0",
        "SystemRoot": "C:\\Windows",
        "PYINSTALLER_RESET_ENVIRONMENT": "1",
    }


def test_qt_is_not_told_where_to_take_plugins_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_PLUGIN_PATH", "/tmp/planted")
    monkeypatch.setenv("QML2_IMPORT_PATH", "/tmp/planted")
    monkeypatch.setenv("QT_SCALE_FACTOR", "1.5")
    app.forget_search_paths()
    assert "QT_PLUGIN_PATH" not in os.environ
    assert "QML2_IMPORT_PATH" not in os.environ
    assert os.environ["QT_SCALE_FACTOR"] == "1.5"


def test_where_there_is_no_exec_a_new_process_is_started_and_this_one_ends(
    application: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    class Ended(BaseException):
        pass

    def end(status: int) -> None:
        order.append(f"ended {status}")
        raise Ended

    def start(command: list[str], *, env: dict[str, str], close_fds: bool) -> None:
        assert close_fds
        assert env["PYINSTALLER_RESET_ENVIRONMENT"] == "1"
        order.append("started")

    class Watchdog:
        def __init__(self, seconds: float, work: Callable[[int], None], arguments: tuple[int]) -> None:
            assert seconds == 3
            assert work is end
            self.daemon = False

        def start(self) -> None:
            order.append("watched")

    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("os._exit", end)
    monkeypatch.setattr("subprocess.Popen", start)
    monkeypatch.setattr("threading.Timer", Watchdog)
    with pytest.raises(Ended):
        app.replace_process(None)
    assert order == ["watched", "started", "ended 0"]


def test_a_fault_of_the_screen_keeps_no_desk_open(
    qtbot: QtBot, office: Office, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)

    def fail(_: Today) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Today, "unsaved", fail)
    with pytest.raises(ZeroDivisionError):
        opened.window.lock()
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=5_000)
    assert opened.window.findChild(Today) is None


@pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)
def test_ctrl_l_locks_while_a_file_is_being_chosen(qtbot: QtBot, office: Office, open_window: Open) -> None:
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    ask_folder(part(opened, Today, "today"), "today.folder", "FOLDER_SAVE", lambda _: None)
    dialog = part(opened, QFileDialog, "today.folder")
    qtbot.waitUntil(dialog.isActiveWindow)
    QTest.keyClick(dialog, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=5_000)
    assert opened.window.findChild(QFileDialog) is None


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
@pytest.mark.parametrize("leave", [MainWindow.lock, lambda window: window.show_fault("7K2M")])
def test_dialogs_and_lists_are_off_the_screen_as_soon_as_the_desk_is(
    qtbot: QtBot, office: Office, open_window: Open, leave: Callable[[MainWindow], None]
) -> None:
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    chosen: list[Path] = []
    ask_folder(part(opened, Today, "today"), "today.folder", "FOLDER_SAVE", chosen.append)
    dialog = part(opened, QFileDialog, "today.folder")
    menu = QMenu(part(opened, Today, "today"))
    menu.addAction("Amina")
    menu.popup(opened.window.pos())
    assert dialog.isVisible()
    assert menu.isVisible()
    leave(opened.window)
    assert [seen for seen in QApplication.topLevelWidgets() if seen.isVisible()] == [opened.window]
    qtbot.waitUntil(lambda: opened.replaced == ["replaced"], timeout=5_000)
    assert chosen == []


def test_a_draft_that_a_full_disk_refused_is_kept_at_the_next_beat(
    qtbot: QtBot, office: Office, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    tried: list[object] = []

    def keep(_: DraftService, drafts: object) -> str:
        tried.append(drafts)
        raise Obstacle("DISK_FULL")

    monkeypatch.setattr(DraftService, "keep", keep)
    draft = RecordDraft("case", {"remarks": "Kiambatisho"})
    monkeypatch.setattr(Today, "unsaved", lambda _: (draft,))
    frame = part(opened, DeskFrame, "desk")
    frame._on_keep()
    qtbot.waitUntil(lambda: len(tried) == 1 and frame._kept == ())
    frame._on_keep()
    qtbot.waitUntil(lambda: len(tried) == 2 and frame._kept == ())
    assert tried == [(draft,), (draft,)]
    opened.window.close()
