"""The way into the practice office, which is made the first time somebody wants it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import DeskError, Stopped
from desktop.messages import sentences
from ui.jobs import JobRunner, Progress
from ui.languages import current
from ui.theme import HUGE, SMALL
from ui.widgets.basics import ActionButton, Words

if TYPE_CHECKING:
    from desktop.bootstrap import Door

_PLACE_LINES = 2.2  # room for what there is to say, so that nothing moves when it comes


class PracticeWay(QWidget):
    """A button that makes the practice office and leads there; while it is made, the same button stops that."""

    reached = Signal()  # the practice office is there: a new process opens it
    hindered = Signal(object)  # DeskError
    working = Signal(bool)

    def __init__(self, screen: str, door: Callable[[], Door], jobs: JobRunner) -> None:
        """Be part of `screen`; `door` is called in the vault lane only."""
        super().__init__()
        self._door, self._jobs = door, jobs
        self._progress: Progress | None = None
        self.button = ActionButton(
            f"{screen}.practice_office", "PRACTICE_OPEN", role="quiet", sign="graduation-cap", colour="accent"
        )
        self._state = Words("", "muted")
        self._state.setObjectName(f"{screen}.practice_state")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SMALL)
        row.addWidget(self.button)
        row.addWidget(self._state, 1)
        self.button.clicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            return
        language, progress, door = current(), Progress(self._jobs), self._door
        progress.moved.connect(self._on_moved)
        self._progress = progress
        self.button.turn_into("PRACTICE_STOP", "x")
        self._state.show_code("PRACTICE_MAKING")
        self.working.emit(True)
        self.button.setFocus(Qt.FocusReason.OtherFocusReason)  # what else there was to press now rests
        self._jobs.run(
            lambda: _make(door(), language, progress.report), owner=self, done=self._on_made, failed=self._on_failed
        )

    def _on_moved(self, done: int, of: int) -> None:
        self._state.show_code("PRACTICE_MAKING_STEP", n=done, of=of)

    def _on_made(self, _: Path) -> None:
        self._rest()
        self.reached.emit()

    def _on_failed(self, error: DeskError) -> None:
        self._rest()
        if isinstance(error, Stopped):
            self._state.show_code("PRACTICE_STOPPED")
        else:
            self.hindered.emit(error)

    def _rest(self) -> None:
        self._progress = None
        self._state.put("")
        self.button.turn_into("PRACTICE_OPEN", "graduation-cap")
        self.working.emit(False)


class PracticePlace(QWidget):
    """Before a vault: the way into the practice office, or, where this is it, its sentence (decisions 13)."""

    wanted = Signal()
    hindered = Signal(object)  # DeskError
    working = Signal(bool)

    def __init__(self, screen: str, door: Callable[[], Door], jobs: JobRunner, *, after: QWidget) -> None:
        """Be part of `screen`; Tab comes here from `after`. `door` is called in the vault lane only."""
        super().__init__()
        self._screen, self._door, self._jobs, self._after = screen, door, jobs, after
        self._painted = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(HUGE, 0, HUGE, SMALL)
        self._column.setSpacing(0)
        self.setMinimumHeight(round(_PLACE_LINES * self.fontMetrics().lineSpacing()) + SMALL)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ask which it is once the page is painted: what that takes must not hold the first paint up."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self._ask)

    def _ask(self) -> None:
        door = self._door
        self._jobs.run(lambda: _sentence(door()), owner=self, done=self._on_known, failed=self.hindered.emit)

    def _on_known(self, sentence: str | None) -> None:
        if sentence is not None:
            self._column.setContentsMargins(HUGE + SMALL, 0, HUGE + SMALL, SMALL)  # in line with the words above
            line = Words("", "strong", wraps=True)
            line.setObjectName(f"{self._screen}.practice")
            line.put(sentence)
            self._column.addWidget(Words("PRACTICE_HERE", "help", wraps=True))
            self._column.addWidget(line)
            return
        way = PracticeWay(self._screen, self._door, self._jobs)
        way.reached.connect(self.wanted)
        way.hindered.connect(self.hindered)
        way.working.connect(self.working)
        self._column.addWidget(way)
        self.setTabOrder(self._after, way.button)


def _sentence(door: Door) -> str | None:
    from desktop.services.practice import practice_sentence

    sentences()  # every word of the window is read here, so that the window need not wait for it
    return practice_sentence(door.folder)


def _make(door: Door, language: str, report: Callable[[int, int], None]) -> Path:
    from desktop.services.practice import make_practice

    return make_practice(door.folder, language=language, report=report)
