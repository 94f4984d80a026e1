"""Nobody is at the desk: a warning half a minute before, then the lock (threat-model attack 2).

Only what a hand does counts: keys, mouse buttons, the wheel, a moved pointer. When the system says that the laptop is
about to sleep, its screen locks or another user takes it, the desk is left at once (`ui.suspend`). A laptop that slept
unannounced is found out by clocks that go on during sleep.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from ui.suspend import SystemWatch
    from ui.suspend_windows import WindowsWatch

WARN_S = 30
_LOOK_MS = 1000
_LONGEST_GAP_S = 5.0  # between two looks a second apart: the laptop slept, or stood still as if it did
_SHORTEST_SLEEP_S = 1.0  # two clocks are read one after the other, perhaps with another program's turn in between
_HANDS = frozenset(
    {
        *(QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel),
        *(QEvent.Type.MouseMove, QEvent.Type.TouchBegin, QEvent.Type.TabletPress),
    }
)


def read_clocks() -> tuple[float, ...]:
    """Return seconds on clocks of which at least one goes on while the laptop sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return (time.clock_gettime(time.CLOCK_BOOTTIME),)
    return time.monotonic(), time.time()


def slept_s() -> float:
    """Return how long the laptop has slept since it was started, where the system tells (Linux)."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    return 0.0


class IdleWatch(QObject):
    """Watches for hands while a desk is open."""

    warned = Signal()  # half a minute is left
    returned = Signal()  # somebody is there after all
    gone = Signal()  # the time is over, the laptop sleeps or slept, the screen was locked

    def __init__(self, parent: QObject) -> None:
        """Belong to the window; `watch` starts it."""
        super().__init__(parent)
        self._limit_s = 0
        self._has_warned = False
        self._system: SystemWatch | WindowsWatch | None = None
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self._start_clocks()

    def watch(self, minutes: int) -> None:
        """Begin, or go on with another limit."""
        self._limit_s = minutes * 60
        self._has_warned = False
        self._start_clocks()
        application = QCoreApplication.instance()
        if application is not None:
            application.installEventFilter(self)  # only now: every event of the program comes by
        self._look.start()
        self._listen()

    def rest(self) -> None:
        """Watch no more. Sleep still waits: the vault is not closed yet."""
        self._look.stop()
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)

    def let_sleep(self) -> None:
        """Keep the laptop awake no longer: there is nothing left to put away."""
        if self._system is not None:
            self._system.let_sleep()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note a hand at work; every event goes on its way."""
        if event.type() in _HANDS:
            self._last = read_clocks()
            if self._has_warned:
                self._has_warned = False
                self.returned.emit()
        return False

    def _start_clocks(self) -> None:
        self._last = self._looked = read_clocks()
        self._slept_s = slept_s()

    def _listen(self) -> None:
        if self._system is None:
            self._system = self._hear_system()
            if self._system is None:
                return
            self._system.leaving.connect(self.gone)
        self._system.delay_sleep()

    def _hear_system(self) -> SystemWatch | WindowsWatch | None:
        # Here, because nothing is listened to before the first paint.
        if sys.platform == "linux":
            from ui.suspend import SystemWatch

            return SystemWatch(self)
        if sys.platform == "win32" and isinstance(window := self.parent(), QWidget):
            from ui.suspend_windows import WindowsWatch

            return WindowsWatch(self, window.window())
        return None

    def _on_look(self) -> None:
        now, slept = read_clocks(), slept_s()
        gaps = _passed(self._looked, now)
        # A clock that was set back tells nothing of the time between; it is taken for a sleep.
        has_slept = max(gaps) > _LONGEST_GAP_S or min(gaps) < 0 or slept - self._slept_s > _SHORTEST_SLEEP_S
        self._looked, self._slept_s = now, slept
        idle_s = max(_passed(self._last, now))
        if has_slept or idle_s >= self._limit_s:
            self._look.stop()
            self.gone.emit()
        elif idle_s >= self._limit_s - WARN_S and not self._has_warned:
            self._has_warned = True
            self.warned.emit()


def _passed(then: tuple[float, ...], now: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(after - before for before, after in zip(then, now, strict=True))
