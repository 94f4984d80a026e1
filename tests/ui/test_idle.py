"""The desk locks when nobody is at it, warns before, and locks on waking."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from ui import idle
from ui.idle import IdleWatch


class Hours:
    """Clocks that a test moves: one that goes on during sleep, one that people set, and how long the laptop slept."""

    def __init__(self) -> None:
        self.now, self.on_the_wall, self.slept = 1000.0, 5000.0, 0.0

    def read(self) -> tuple[float, ...]:
        return self.now, self.on_the_wall

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.on_the_wall += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Hours:
    made = Hours()
    monkeypatch.setattr(idle, "read_clocks", made.read)
    monkeypatch.setattr(idle, "slept_s", lambda: made.slept)
    return made


@pytest.fixture
def told(application: QApplication, clock: Hours) -> Iterator[tuple[IdleWatch, list[str]]]:
    owner, heard = QObject(), list[str]()
    watch = IdleWatch(owner)
    watch.warned.connect(lambda: heard.append("warned"))
    watch.returned.connect(lambda: heard.append("returned"))
    watch.gone.connect(lambda: heard.append("gone"))
    watch.watch(5)
    yield watch, heard
    watch.rest()


def pass_time(watch: IdleWatch, clock: Hours, seconds: int) -> None:
    """Let seconds pass one by one, as the look of the watch does."""
    for _ in range(seconds):
        clock.pass_by(1)
        watch._on_look()


def test_it_warns_half_a_minute_before_and_then_locks_once(told: tuple[IdleWatch, list[str]], clock: Hours) -> None:
    watch, heard = told
    pass_time(watch, clock, 269)
    assert heard == []
    pass_time(watch, clock, 1)
    assert heard == ["warned"]
    pass_time(watch, clock, 30)
    assert heard == ["warned", "gone"]
    assert not watch._look.isActive()


def test_a_key_takes_the_warning_back_and_the_time_starts_anew(
    told: tuple[IdleWatch, list[str]], clock: Hours, qtbot: QtBot
) -> None:
    watch, heard = told
    field = QLineEdit()
    qtbot.addWidget(field)
    pass_time(watch, clock, 275)
    QApplication.sendEvent(field, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a"))
    assert heard == ["warned", "returned"]
    pass_time(watch, clock, 269)
    assert heard == ["warned", "returned"]


def test_a_laptop_that_slept_is_locked_on_waking(told: tuple[IdleWatch, list[str]], clock: Hours) -> None:
    watch, heard = told
    pass_time(watch, clock, 5)
    clock.pass_by(6)
    watch._on_look()
    assert heard == ["gone"]


def test_a_sleep_too_short_for_a_gap_is_told_by_the_system(told: tuple[IdleWatch, list[str]], clock: Hours) -> None:
    watch, heard = told
    pass_time(watch, clock, 5)
    clock.slept += 2
    pass_time(watch, clock, 1)
    assert heard == ["gone"]


def test_a_clock_set_back_does_not_keep_the_desk_open(told: tuple[IdleWatch, list[str]], clock: Hours) -> None:
    watch, heard = told
    pass_time(watch, clock, 5)
    clock.on_the_wall -= 3600
    pass_time(watch, clock, 1)
    assert heard == ["gone"]


def test_a_sleep_that_only_the_clock_on_the_wall_has_seen_locks(
    told: tuple[IdleWatch, list[str]], clock: Hours
) -> None:
    watch, heard = told
    clock.on_the_wall += 60
    pass_time(watch, clock, 1)
    assert heard == ["gone"]


def test_where_no_clock_counts_sleep_two_are_read_and_here_sleep_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert idle.slept_s() > -1
    assert len(idle.read_clocks()) == (1 if sys.platform == "linux" else 2)
    monkeypatch.delattr("time.CLOCK_BOOTTIME", raising=False)
    assert idle.slept_s() == 0
    steady, wall = idle.read_clocks()
    assert (abs(steady - time.monotonic()) < 5, abs(wall - time.time()) < 5) == (True, True)
