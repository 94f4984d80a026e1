from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from desktop.errors import DeskError, Obstacle
from ui.jobs import JobRunner


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[JobRunner]:
    runner = JobRunner()
    yield runner
    assert runner.stop(within_s=10)
    delete(runner)


def unexpected(error: DeskError) -> None:
    raise AssertionError(error.code)


def test_jobs_run_one_after_another_in_one_thread_and_answer_in_the_windows(qtbot: QtBot, jobs: JobRunner) -> None:
    owner = QObject()
    worked: list[threading.Thread] = []
    answered: list[tuple[int, threading.Thread]] = []

    def work(number: int) -> int:
        worked.append(threading.current_thread())
        return number

    for number in range(20):
        jobs.run(
            lambda number=number: work(number),  # type: ignore[misc]  # mypy does not infer a lambda with a default
            owner=owner,
            done=lambda answer: answered.append((answer, threading.current_thread())),
            failed=unexpected,
        )
    qtbot.waitUntil(lambda: len(answered) == 20)
    assert answered == [(number, threading.main_thread()) for number in range(20)]
    assert len(set(worked)) == 1
    assert worked[0] is not threading.main_thread()


def test_an_expected_failure_is_handed_to_who_asked(qtbot: QtBot, jobs: JobRunner) -> None:
    owner, met = QObject(), list[str]()

    def refuse() -> None:
        raise Obstacle("DISK_FULL")

    jobs.run(refuse, owner=owner, done=lambda _: met.append("done"), failed=lambda error: met.append(error.code))
    qtbot.waitUntil(lambda: met == ["DISK_FULL"])


def test_a_fault_goes_to_the_one_fault_path_in_the_windows_thread(
    qtbot: QtBot, jobs: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, met = QObject(), list[object]()
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: met.append((kind, threading.current_thread())))
    jobs.run(lambda: 1 // 0, owner=owner, done=met.append, failed=met.append)
    qtbot.waitUntil(lambda: met == [(ZeroDivisionError, threading.main_thread())])


def test_an_answer_is_dropped_when_its_owner_is_gone(qtbot: QtBot, jobs: JobRunner) -> None:
    owner, witness, met = QObject(), QObject(), list[str]()
    free = threading.Event()
    jobs.run(free.wait, owner=owner, done=lambda _: met.append("gone"), failed=unexpected)
    delete(owner)
    free.set()
    jobs.run(lambda: None, owner=witness, done=lambda _: met.append("there"), failed=unexpected)
    qtbot.waitUntil(lambda: met == ["there"])


def test_a_lane_that_does_not_end_in_time_is_told(qtbot: QtBot) -> None:
    jobs, owner, free = JobRunner(), QObject(), threading.Event()
    jobs.run(free.wait, owner=owner, done=lambda _: None, failed=unexpected)
    assert not jobs.stop(within_s=0.05)
    free.set()
    assert jobs.stop(within_s=10)
    delete(jobs)


def test_garbage_is_never_collected_in_the_lane(qtbot: QtBot, jobs: JobRunner) -> None:
    owner, threads, done = QObject(), set[threading.Thread](), list[None]()

    def note(phase: str, _: dict[str, int]) -> None:
        threads.add(threading.current_thread())

    def make_garbage() -> None:
        for _ in range(20_000):
            ring: list[object] = []
            ring.append(ring)

    gc.callbacks.append(note)
    try:
        jobs.run(make_garbage, owner=owner, done=done.append, failed=unexpected)
        qtbot.waitUntil(lambda: done == [None])
        qtbot.waitUntil(lambda: threads == {threading.main_thread()}, timeout=5_000)
    finally:
        gc.callbacks.remove(note)


def test_afterwards_garbage_is_collected_as_before(qtbot: QtBot) -> None:
    jobs = JobRunner()
    assert not gc.isenabled()
    assert jobs.stop(within_s=10)
    assert gc.isenabled()
    delete(jobs)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="these objects live for ever")
def test_calls_into_qt_cannot_use_up_what_there_is_one_of(qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QLabel

    label = QLabel()
    for _ in range(1000):
        label.setText("a")
    assert all(sys.getrefcount(value) > 1 << 39 for value in (None, True, False))
