"""The wait before the next try, counted down."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QObject, QTimer, Signal

_LOOK_MS = 250


class Countdown(QObject):
    """Seconds that pass; `ticked` comes a few times a second while they do, and once when they are over."""

    ticked = Signal()

    def __init__(self, parent: QObject) -> None:
        """Belong to the page that shows it; nothing is waited for yet."""
        super().__init__(parent)
        self._free_at = 0.0  # on the monotonic clock
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._on_look)

    def begin(self, seconds: int) -> None:
        """Wait so long from now on."""
        self._free_at = time.monotonic() + seconds
        self._look.start()
        self._on_look()

    def left_s(self) -> int:
        """Return the whole seconds that are left."""
        return max(0, math.ceil(self._free_at - time.monotonic()))

    def clock(self) -> str:
        """Return what is left as minutes and seconds."""
        return f"{self.left_s() // 60}:{self.left_s() % 60:02d}"

    def _on_look(self) -> None:
        if not self.left_s():
            self._look.stop()
        self.ticked.emit()
