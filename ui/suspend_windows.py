"""What Windows says before the laptop sleeps, its screen locks or another user takes it (threat-model 5.4, attack 2).

It is said to windows, in messages that Qt lets us see before its own. Sleep does not wait long for anybody there: two
seconds for all programs together, which the blank screen and the closing of the vault fit into.
"""

from __future__ import annotations

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray, QCoreApplication, QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop import system

_MESSAGES = b"windows_generic_MSG"


class WindowsWatch(QObject):
    """Hears that the desk is about to be left."""

    leaving = Signal()  # sleep, a dark or locked screen, another user

    def __init__(self, parent: QObject, window: QWidget) -> None:
        """Listen from now on, by the messages to `window`."""
        super().__init__(parent)
        self._filter = _Filter(self)
        program = QCoreApplication.instance()
        if program is not None:
            program.installNativeEventFilter(self._filter)
        system.tell_of_leaving(int(window.winId()))

    def delay_sleep(self) -> None:
        """Nothing: Windows lets nobody put sleep off for longer than it waits anyway."""

    def let_sleep(self) -> None:
        """Nothing was put off."""


class _Filter(QAbstractNativeEventFilter):
    def __init__(self, watch: WindowsWatch) -> None:
        super().__init__()
        self._watch = watch

    def nativeEventFilter(self, kind: QByteArray | bytes | bytearray | memoryview, message: int) -> tuple[bool, int]:
        """Look at a message and let it go its way."""
        if kind == _MESSAGES and system.says_leaving(int(message)):
            self._watch.leaving.emit()
        return False, 0
