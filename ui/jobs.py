"""Work off the window's thread: one long-lived thread, the vault lane, owns the vault's connection.

Jobs queue and cannot race, and the database driver refuses a second thread. A job takes frozen values and asks nobody
anything; its answer comes back on the window's thread, and is dropped when the widget that asked is gone.

While the lane lives, Python's cyclic garbage is collected on the window's thread alone. Python would do it wherever it
happens to be; widgets found by the lane are then deleted a second time, which ends the program.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from shiboken6 import isValid

from desktop.errors import DeskError, Stopped

if TYPE_CHECKING:
    from desktop.rules.records import Topic

Answer = TypeVar("Answer")

_GARBAGE_MS = 1000


class Progress(QObject):
    """How far a long job is, and the wish to stop it. Made on the window's thread, reported to from the lane."""

    moved = Signal(int, int)  # done, of how many; on the window's thread

    def __init__(self, parent: QObject) -> None:
        """Belong to the widget that shows it."""
        super().__init__(parent)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Wish the job to stop at its next step."""
        self._stopped.set()

    def report(self, done: int, of: int) -> None:
        """Say how far the job is; called by the job.

        Raises:
            Stopped: Somebody wished it; the job's transaction is taken back.
        """
        if self._stopped.is_set():
            raise Stopped("STOPPED")
        self.moved.emit(done, of)


@dataclass(frozen=True)
class _Job:
    work: Callable[[], Any]
    owner: QObject
    done: Callable[[Any], None]
    failed: Callable[[DeskError], None]


class JobRunner(QObject):
    """Runs jobs one after another in the vault lane.

    When an answer names what it changed (`topics`, or a tuple with such an answer in it), `changed` tells every screen
    once, before the one that asked hears of it.
    """

    changed = Signal(object)  # frozenset[Topic]
    _finished = Signal(object, object, object)  # job, answer, exception

    def __init__(self, parent: QObject | None = None) -> None:
        """Start the lane."""
        super().__init__(parent)
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._garbage = QTimer(self, interval=_GARBAGE_MS)
        self._garbage.timeout.connect(_collect_garbage)
        self._garbage.start()
        gc.disable()
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)
        self._lane = threading.Thread(target=self._work, name="vault-lane", daemon=True)
        self._lane.start()

    def run(
        self,
        work: Callable[[], Answer],
        *,
        owner: QObject,
        done: Callable[[Answer], None],
        failed: Callable[[DeskError], None],
    ) -> None:
        """Do `work` in the lane; on the window's thread call `done` with its answer or `failed` with what was expected.

        Anything else that `work` raises is a fault of ours and goes to `sys.excepthook`, on the window's thread.
        """
        self._queue.put(_Job(work, owner, done, failed))

    def run_beside(
        self,
        work: Callable[[], Answer],
        *,
        owner: QObject,
        done: Callable[[Answer], None],
        failed: Callable[[DeskError], None],
    ) -> None:
        """Do as `run`, on a thread of its own: for what waits for another process, and does not touch the vault."""
        job = _Job(work, owner, done, failed)
        threading.Thread(target=self._do, args=(job,), name="beside-the-lane", daemon=True).start()

    def stop(self, *, within_s: float) -> bool:
        """Let the queue run out, end the lane, and say whether it ended in time; late answers are dropped."""
        self._queue.put(None)
        self._lane.join(within_s)
        self._garbage.stop()
        if self._lane.is_alive():
            return False
        gc.enable()
        return True

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            self._do(job)
            del job  # the lane keeps nothing of a job while it waits for the next

    def _do(self, job: _Job) -> None:
        answer, error = None, None
        try:
            answer = job.work()
        except BaseException as raised:  # noqa: BLE001  handed on whole to the window's thread, which sorts it
            error = raised
        if isValid(self):  # a thread beside the lane can outlive it
            self._finished.emit(job, answer, error)

    def _on_finished(self, job: _Job, answer: object, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, DeskError):
            sys.excepthook(type(error), error, error.__traceback__)
            return
        topics = _topics(answer)
        if topics:
            self.changed.emit(topics)
        if not isValid(job.owner):
            return
        if error is not None:
            job.failed(error)
        else:
            job.done(answer)


def _topics(answer: object) -> frozenset[Topic]:
    answers = answer if isinstance(answer, tuple) else (answer,)
    return frozenset().union(*(getattr(item, "topics", frozenset()) for item in answers))


def _collect_garbage() -> None:
    """Do what Python would do by itself: collect each generation once enough has gathered in it."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    for generation in (2, 1, 0):
        if counts[generation] > thresholds[generation]:
            gc.collect(generation)
            return
