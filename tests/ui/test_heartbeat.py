"""What the window notes of its own rhythm, and that the self-test prints it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from desktop import log
from desktop.commands.selftest import _rhythm
from tests.ui.conftest import Office, Opened
from tests.ui.hands import start_page, unlock_with
from ui.heartbeat import LATE_MS, Heartbeat

Open = Callable[[Path], Opened]


def test_a_loop_that_was_held_up_is_counted_with_its_width(application: object, qtbot: QtBot) -> None:
    owner = QObject()
    beat = Heartbeat(owner)
    beat.start()
    qtbot.waitUntil(lambda: beat._last > 0)
    time.sleep(0.2)
    qtbot.waitUntil(lambda: beat.late == 1)
    assert beat.widest_ms > LATE_MS
    beat.stop()


def test_a_lock_is_logged_in_figures_and_the_self_test_says_them(
    qtbot: QtBot, office: Office, open_window: Open
) -> None:
    assert _rhythm(office.folder / "none") == "no desk was locked yet"
    opened = open_window(office.folder)
    unlock_with(opened, office.sentence)
    start_page(qtbot, opened)
    opened.window.lock()
    qtbot.waitUntil(lambda: opened.replaced != [], timeout=5_000)
    (blank,) = log.figures(office.folder / "log", "window.blank")[-1:]
    assert set(blank) == {"at", "event", "ms"}
    assert "1 locks, blank within" in _rhythm(office.folder / "log")
