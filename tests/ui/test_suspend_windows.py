"""What Windows says to a window, said by the test; the filter is Qt's own, its libraries are stood in for."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from ui.suspend_windows import WindowsWatch

LOCKED, UNLOCKED = 7, 8


class Recorder:
    """A function of a library: keeps what it is called with."""

    def __init__(self, calls: list[tuple[Any, ...]]) -> None:
        self._calls = calls

    def __call__(self, *arguments: Any) -> int:
        self._calls.append(arguments)
        return 1


def said(first: int) -> Any:
    """Return a `MSG` of the kind WM_WTSSESSION_CHANGE."""
    buffer = ctypes.create_string_buffer(64)
    ctypes.c_uint32.from_buffer(buffer, 8).value = 0x02B1
    ctypes.c_uint64.from_buffer(buffer, 16).value = first
    return buffer


def test_a_locked_session_is_heard_by_the_window_and_the_messages_go_their_way(
    application: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, ...]] = []
    names = ("WTSRegisterSessionNotification", "RegisterPowerSettingNotification")
    library = SimpleNamespace(**{name: Recorder(calls) for name in names})
    monkeypatch.setattr(ctypes, "WinDLL", lambda name, **_: library, raising=False)
    window, owner, heard = QWidget(), QObject(), list[int]()
    watch = WindowsWatch(owner, window)
    assert [arguments[0] for arguments in calls] == [int(window.winId())] * 2
    watch.leaving.connect(lambda: heard.append(1))
    for first in (UNLOCKED, LOCKED):
        message = said(first)
        assert watch._filter.nativeEventFilter(b"windows_generic_MSG", ctypes.addressof(message)) == (False, 0)
        assert watch._filter.nativeEventFilter(b"xcb_generic_event_t", ctypes.addressof(message)) == (False, 0)
    assert heard == [1]
    application.removeNativeEventFilter(watch._filter)
