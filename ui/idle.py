"""Nobody is at the desk: a warning half a minute before, then the lock (threat-model attack 2).

Only what a hand does counts: keys, mouse buttons, the wheel, a moved pointer. A laptop that slept is idle as well: the
clock that goes on during sleep is compared with the time that should have passed, so the desk is locked on waking.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal

WARN_S = 30
_LOOK_MS = 1000
_SLEPT_S = 20.0  # between two looks a second apart: the laptop was asleep
_HANDS = frozenset(
    {
        *(QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel),
        *(QEvent.Type.MouseMove, QEvent.Type.TouchBegin, QEvent.Type.TabletPress),
    }
)


def now_s() -> float:
    """Return seconds on a clock that goes on while the laptop sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time()


class IdleWatch(QObject):
    """Watches for hands while a desk is open."""

    warned = Signal()  # half a minute is left
    returned = Signal()  # somebody is there after all
    gone = Signal()  # the time is over, or the laptop slept

    def __init__(self, parent: QObject) -> None:
        """Belong to the window; `watch` starts it."""
        super().__init__(parent)
        self._limit_s = 0
        self._last_s = self._looked_s = now_s()
        self._has_warned = False
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._on_look)

    def watch(self, minutes: int) -> None:
        """Begin, or go on with another limit."""
        self._limit_s = minutes * 60
        self._last_s = self._looked_s = now_s()
        self._has_warned = False
        application = QCoreApplication.instance()
        if application is not None:
            application.installEventFilter(self)  # only now: every event of the program comes by
        self._look.start()

    def rest(self) -> None:
        """Watch no more."""
        self._look.stop()
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note a hand at work; every event goes on its way."""
        if event.type() in _HANDS:
            self._last_s = now_s()
            if self._has_warned:
                self._has_warned = False
                self.returned.emit()
        return False

    def _on_look(self) -> None:
        now = now_s()
        slept, self._looked_s = now - self._looked_s > _SLEPT_S, now
        idle_s = now - self._last_s
        if slept or idle_s >= self._limit_s:
            self._look.stop()
            self.gone.emit()
        elif idle_s >= self._limit_s - WARN_S and not self._has_warned:
            self._has_warned = True
            self.warned.emit()
