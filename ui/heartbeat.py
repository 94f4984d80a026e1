"""How smoothly the window ran: how often and how long its event loop kept a person waiting, and how fast it blanked.

Only numbers are kept, in the log, and only once the window closes or the desk locks; `rufaa-cli self-test` prints them.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Qt, QTimer

BEAT_MS = 25
LATE_MS = 50  # performance goal G12: no frame late by more


class Heartbeat(QObject):
    """Beats while a desk is open, and notes each beat that came late."""

    def __init__(self, parent: QObject) -> None:
        """Belong to the window; `start` begins."""
        super().__init__(parent)
        self.late = 0
        self.widest_ms = 0
        self._last = 0.0
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_beat)

    def start(self) -> None:
        """Begin to count."""
        self._last = time.monotonic()
        self._timer.start()

    def stop(self) -> None:
        """Count no more."""
        self._timer.stop()

    def finish(self, *, blank_ms: int) -> None:
        """Log how fast the screen went blank and how smoothly the window ran; the self-test prints it."""
        from desktop import log

        self.stop()
        log.event("window.blank", ms=blank_ms)
        log.event("window.gaps", n=self.late, ms=self.widest_ms)

    def _on_beat(self) -> None:
        now = time.monotonic()
        late_ms = round((now - self._last) * 1000) - BEAT_MS
        self._last = now
        if late_ms > LATE_MS:
            self.late += 1
            self.widest_ms = max(self.widest_ms, late_ms)
