"""The desk locks when nobody is at it, warns before, and locks on waking."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from ui import idle
from ui.idle import IdleWatch


class Hours:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Hours:
    made = Hours()
    monkeypatch.setattr(idle, "now_s", made)
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
        clock.now += 1
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
    clock.now += 60
    watch._on_look()
    assert heard == ["gone"]
