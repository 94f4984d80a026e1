"""How far a long work is: a bar, "12 of 31", the time left once it is known, and Stop. Its room is always kept."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from ui.jobs import JobRunner, Progress
from ui.languages import number, plain, plural, words
from ui.theme import MEDIUM
from ui.widgets.basics import ActionButton, Words

_KNOWN_AFTER_S = 2.0  # an estimate from less would jump about
_MINUTE_S, _STEP_S = 60, 5
_LEAST_BAR_PX = 60


class ProgressStrip(QWidget):
    """One long work at a time: `start` shows the strip and returns the `Progress` for its job, `end` empties it."""

    def __init__(self, name: str, stop_help_code: str, jobs: JobRunner) -> None:
        """Be `name`, empty; `stop_help_code` says what becomes of the work when it is stopped.

        The lane must be able to report although this strip is gone, so `jobs` owns what it reports to. A work whose
        strip is gone is stopped: nobody could see it or stop it any more.
        """
        super().__init__()
        self.setObjectName(name)
        self._jobs = jobs
        self._code = ""
        self._progress: Progress | None = None
        self._done = self._of = 0
        self._since = 0.0
        self._words, self._count, self._left = Words("", "muted"), Words("", "strong"), Words("", "muted")
        self._count.setObjectName(f"{name}.count")
        self._left.setObjectName(f"{name}.left")
        self._words.setObjectName(f"{name}.words")
        self._bar = QProgressBar()
        self._bar.setObjectName(f"{name}.bar")
        self._bar.setTextVisible(False)
        self.stop = ActionButton(f"{name}.stop", "PROGRESS_STOP", sign="x", help_code=stop_help_code)
        self.stop.clicked.connect(self._on_stop)
        self._inside = QWidget()
        kept = self._inside.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self._inside.setSizePolicy(kept)
        row = QHBoxLayout(self._inside)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(MEDIUM)
        row.addWidget(self._words)
        row.addWidget(self._bar, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._count)
        row.addWidget(self._left)
        row.addWidget(self.stop)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._inside)
        whole.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self._inside.hide()
        self._keep_widths()

    def start(self, code: str) -> Progress:
        """Show that a work has begun, in the words of `code`, and return what its job reports to."""
        self._code, self._done, self._of = code, 0, 0
        self._since = time.monotonic()
        self._progress = Progress(self._jobs)
        self._progress.moved.connect(self._on_moved)
        self.destroyed.connect(self._progress.stop)
        self.stop.setEnabled(True)
        self._bar.setRange(0, 0)
        self._inside.show()
        self._say()
        return self._progress

    def end(self) -> None:
        """Be empty again."""
        if self._progress is not None:
            self._progress.moved.disconnect(self._on_moved)
            self._progress.deleteLater()
        self._progress = None
        self._inside.hide()

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._keep_widths()
            self._say()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out the words, then the time left, where there is no room for them."""
        super().resizeEvent(event)
        room = self.width() - self.minimumWidth()
        for label, width in ((self._left, self._left.minimumWidth()), (self._words, self._words.sizeHint().width())):
            room -= width + MEDIUM
            label.setVisible(room >= 0)

    def _on_moved(self, done: int, of: int) -> None:
        if self._of == 0:
            self._since = time.monotonic()
        self._done, self._of = done, of
        self._bar.setRange(0, of)
        self._bar.setValue(done)
        self._say()

    def _on_stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._code = "PROGRESS_STOPPING"
            self.stop.setEnabled(False)
            self._say()

    def _say(self) -> None:
        if self._progress is None:
            return
        self._words.put(words(self._code))
        self._bar.setAccessibleName(plain(self._code))
        self._count.put(_count(self._done, self._of) if self._of else "")
        self._left.put(time_left(self._done, self._of, time.monotonic() - self._since))

    def _keep_widths(self) -> None:
        """Give what changes the room of its longest text, so that the bar does not."""
        for label, longest in ((self._count, _count(8888, 8888)), (self._left, time_left(1, 12, _MINUTE_S))):
            label.setMinimumWidth(label.fontMetrics().horizontalAdvance(longest) + MEDIUM)
        least = _LEAST_BAR_PX + self._count.minimumWidth() + self.stop.sizeHint().width()
        self.setMinimumWidth(least + 2 * MEDIUM)
        self.setMinimumHeight(self.stop.sizeHint().height())


def _count(done: int, of: int) -> str:
    return words("PROGRESS_OF", done=number(done), of=number(of))


def time_left(done: int, of: int, passed_s: float) -> str:
    """Return about how long the rest takes at the pace so far, or an empty text while that is not known."""
    if done <= 0 or passed_s < _KNOWN_AFTER_S:
        return ""
    steps = max(1, math.ceil(passed_s / done * (of - done) / _STEP_S))
    if steps * _STEP_S >= _MINUTE_S:
        return plural("PROGRESS_MINUTES", math.ceil(steps * _STEP_S / _MINUTE_S))
    return words("PROGRESS_SECONDS", n=steps * _STEP_S)
