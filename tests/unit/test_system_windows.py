"""What Windows is asked for, by the arguments of each call: none of it can be run where the tests run."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from desktop import paths, system
from desktop.system import State

POINTERS = {
    "WTSRegisterSessionNotification",
    "RegisterPowerSettingNotification",
    "SetWindowDisplayAffinity",
    "SetProcessWorkingSetSizeEx",
    "SetFileSecurityW",
    "LocalFree",
}


class Windows:
    """Answers calls as Windows would and keeps their arguments. Each call must have said what its pointers are."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.answers: dict[str, Any] = {"GetCurrentProcess": -1}
        self.loaded: dict[str, SimpleNamespace] = {}
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setattr(ctypes, "WinDLL", self._load, raising=False)
        monkeypatch.setattr(ctypes, "get_last_error", lambda: 5, raising=False)
        monkeypatch.setattr(system, "total_memory_bytes", lambda: 8 << 30)
        monkeypatch.setattr(system, "_answered", {})

    def _load(self, name: str, *, use_last_error: bool) -> SimpleNamespace:
        assert use_last_error
        names = {
            "kernel32": ("SetErrorMode", "WerSetFlags", "GetCurrentProcess", "SetProcessWorkingSetSizeEx", "LocalFree"),
            "wer": ("WerAddExcludedApplication",),
            "user32": ("SetWindowDisplayAffinity", "RegisterPowerSettingNotification"),
            "wtsapi32": ("WTSRegisterSessionNotification",),
            "advapi32": ("ConvertStringSecurityDescriptorToSecurityDescriptorW", "SetFileSecurityW"),
        }[name]
        return self.loaded.setdefault(name, SimpleNamespace(**{one: self._call(one) for one in names}))

    def _call(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            assert name not in POINTERS or len(call.argtypes) == len(arguments)  # type: ignore[attr-defined]
            self.calls.append((name, *arguments))
            answer = self.answers.get(name, 1)
            return answer(*arguments) if callable(answer) else answer

        return call

    def of(self, name: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Windows:
    return Windows(monkeypatch)


def test_windows_reports_no_crash_of_the_installed_program(windows: Windows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/rufaa/rufaa.exe")
    windows.answers |= {"WerSetFlags": 0, "WerAddExcludedApplication": 0}
    system.protect_process()
    assert windows.of("SetErrorMode") == [(0x8003,)]
    assert windows.of("WerSetFlags") == [(1,)]
    assert windows.of("WerAddExcludedApplication") == [("rufaa.exe", 0)]
    assert windows.of("SetProcessWorkingSetSizeEx") == [(-1, 512 << 20, 1 << 30, 0x9)]
    assert (system.core_dumps(), system.memory_locked()) == (State.OK, State.OK)


def test_run_from_source_windows_keeps_its_reports_of_other_pythons(windows: Windows) -> None:
    windows.answers |= {"WerSetFlags": 0}
    system.protect_process()
    assert windows.of("WerAddExcludedApplication") == []
    assert system.core_dumps() == State.OK


def test_what_windows_refuses_is_told(windows: Windows, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    windows.answers |= {"WerAddExcludedApplication": -2147024891, "SetProcessWorkingSetSizeEx": 0}
    windows.answers |= {"SetWindowDisplayAffinity": 0}
    system.protect_process()
    assert system.exclude_from_capture(7) == State.FAILED
    states = {found.part: found.state for found in system.health(tmp_path)}
    assert (states["core_dumps"], states["memory"], states["capture"]) == (State.FAILED,) * 3


def test_a_window_is_kept_out_of_captures_or_at_least_black_in_them(windows: Windows) -> None:
    assert system.exclude_from_capture(0x1_0000_0007) == State.OK
    assert windows.of("SetWindowDisplayAffinity") == [(0x1_0000_0007, 0x11)]
    assert windows.loaded["user32"].SetWindowDisplayAffinity.argtypes == (ctypes.c_void_p, ctypes.c_uint32)
    windows.calls.clear()
    windows.answers["SetWindowDisplayAffinity"] = lambda _, how: int(how == 0x1)  # before Windows 10 2004
    assert system.exclude_from_capture(7) == State.OK
    assert windows.of("SetWindowDisplayAffinity") == [(7, 0x11), (7, 0x1)]


def test_a_new_folder_is_its_owners_alone_on_windows(windows: Windows, tmp_path: Path) -> None:
    def convert(_: str, __: int, made: Any, ___: object) -> int:
        made._obj.value = 0xABCD
        return 1

    windows.answers["ConvertStringSecurityDescriptorToSecurityDescriptorW"] = convert
    system.restrict_folder(tmp_path, 0o700)
    ((text, revision, _, size),) = windows.of("ConvertStringSecurityDescriptorToSecurityDescriptorW")
    assert (text, revision, size) == ("D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", 1, None)
    ((folder, what, security),) = windows.of("SetFileSecurityW")
    assert (folder, what, security.value) == (str(tmp_path), 0x80000004, 0xABCD)
    assert [given.value for (given,) in windows.of("LocalFree")] == [0xABCD]


def test_windows_refusing_a_folders_rights_stops_its_making(windows: Windows, tmp_path: Path) -> None:
    windows.answers["SetFileSecurityW"] = 0
    with pytest.raises(PermissionError, match="access list"):
        system.restrict_folder(tmp_path, 0o700)
    assert len(windows.of("LocalFree")) == 1


def test_the_installers_folder_keeps_its_rights_on_windows(windows: Windows) -> None:
    system.restrict_folder(paths.shared_data_folder() / "vault", 0o700)
    assert windows.calls == []


def test_what_is_copied_is_marked_for_windows_to_forget(windows: Windows) -> None:
    assert system.clipboard_marks() == {
        'application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"': b"1",
        'application/x-qt-windows-mime;value="CanIncludeInClipboardHistory"': bytes(4),
        'application/x-qt-windows-mime;value="CanUploadToCloudClipboard"': bytes(4),
    }


def test_windows_tells_of_a_locked_session_and_a_dark_display(windows: Windows) -> None:
    system.tell_of_leaving(0x1_0000_0007)
    assert windows.of("WTSRegisterSessionNotification") == [(0x1_0000_0007, 0)]
    display = UUID("6fe69556-704a-47a0-8f24-c28d936fda47").bytes_le
    assert windows.of("RegisterPowerSettingNotification") == [(0x1_0000_0007, display, 0)]


class Msg(ctypes.Structure):
    """`MSG` as Microsoft writes it for 64 bits."""

    _fields_ = (
        ("hwnd", ctypes.c_uint64),
        ("message", ctypes.c_uint32),
        ("wParam", ctypes.c_uint64),
        ("lParam", ctypes.c_int64),
        ("time", ctypes.c_uint32),
        ("pt", ctypes.c_int32 * 2),
    )


def power_setting(name: str, state: int) -> Any:
    return ctypes.create_string_buffer(UUID(name).bytes_le + (4).to_bytes(4, "little") + state.to_bytes(4, "little"))


DISPLAY, SAVER = "6fe69556-704a-47a0-8f24-c28d936fda47", "e00958c0-c213-4ace-ac77-fecced2eeea5"


@pytest.mark.parametrize(
    ("message", "first", "leaves"),
    [
        *((0x02B1, first, True) for first in (2, 4, 6, 7)),  # disconnected, signed out, locked
        *((0x02B1, first, False) for first in (1, 3, 5, 8, 9)),  # connected, signed in, unlocked, remote control
        (0x0218, 0x4, True),  # about to sleep
        (0x0218, 0x7, False),  # awake again
        (0x0218, 0x8013, False),  # a setting that is not there
        (0x0100, 0x7, False),  # a key
    ],
)
def test_only_what_means_leaving_is_heard(message: int, first: int, leaves: bool) -> None:
    said = Msg(hwnd=7, message=message, wParam=first)
    assert system.says_leaving(ctypes.addressof(said)) is leaves


@pytest.mark.parametrize(
    ("name", "state", "leaves"), [(DISPLAY, 0, True), (DISPLAY, 1, False), (DISPLAY, 2, False), (SAVER, 0, False)]
)
def test_a_display_that_goes_off_is_heard_and_nothing_else_of_power(name: str, state: int, leaves: bool) -> None:
    setting = power_setting(name, state)
    said = Msg(hwnd=7, message=0x0218, wParam=0x8013, lParam=ctypes.addressof(setting))
    assert system.says_leaving(ctypes.addressof(said)) is leaves
