"""What keeps this process, its windows and its folder to itself, for each operating system in its own way.

Threat-model 5.4 and attacks 2, 25, 26 and 28: no core dumps, memory that is not swapped out, a folder for its owner
alone, windows that are not captured, a clipboard without history. What cannot be had is no error: `health` says so.
The Windows calls are written from Microsoft's documentation; docs/windows-checklist.md says what was seen of them.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from desktop.machine import total_memory_bytes
from desktop.paths import shared_data_folder

_GET_DUMPABLE, _SET_DUMPABLE = 3, 4  # options of prctl(2)
# mlockall(2): what there is, what will come, and each page only once it is used. Without the last, libraries and the
# stacks of all threads would be read in whole.
_LOCK_ALL = 1 | 2 | 4
_MAY_LOCK = 14  # CAP_IPC_LOCK
_ENCRYPTED = "CRYPT-"  # how the kernel's device mapper names a device of cryptsetup
_MOST_LAYERS = 8  # volumes lie on volumes

_NO_ERROR_BOXES = 0x0001 | 0x0002 | 0x8000  # SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX
_NO_HEAP_IN_REPORT = 1  # WER_FAULT_REPORTING_FLAG_NOHEAP
_HARD_MINIMUM, _SOFT_MAXIMUM = 0x1, 0x8  # QUOTA_LIMITS_HARDWS_MIN_ENABLE, QUOTA_LIMITS_HARDWS_MAX_DISABLE
_KEPT_BYTES = 512 * 1024 * 1024
_NOT_CAPTURED, _CAPTURED_BLACK = 0x11, 0x1  # WDA_EXCLUDEFROMCAPTURE (Windows 10 2004), WDA_MONITOR
_DACL, _NOT_INHERITED = 0x4, 0x80000000  # DACL_SECURITY_INFORMATION, PROTECTED_DACL_SECURITY_INFORMATION
_OWNER_ALONE = "D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"  # the owner, the system, its administrators
# What a window is told when the laptop is about to be left.
_SESSION_CHANGE, _POWER_BROADCAST = 0x02B1, 0x0218  # WM_WTSSESSION_CHANGE, WM_POWERBROADCAST
_SESSION_LEFT = frozenset({0x2, 0x4, 0x6, 0x7})  # WTS: console and remote disconnected, signed out, locked
_SUSPEND, _POWER_SETTING = 0x4, 0x8013  # PBT_APMSUSPEND, PBT_POWERSETTINGCHANGE
_THIS_SESSION, _BY_WINDOW = 0, 0  # NOTIFY_FOR_THIS_SESSION, DEVICE_NOTIFY_WINDOW_HANDLE
_DISPLAY = UUID("6fe69556-704a-47a0-8f24-c28d936fda47")  # GUID_CONSOLE_DISPLAY_STATE: 0 off, 1 on, 2 dimmed


class State(StrEnum):
    """How far the system goes along."""

    OK = "OK"
    NOT_POSSIBLE = "NOT_POSSIBLE"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Finding:
    """One part of how this laptop stands, in the words of `code`."""

    part: str
    state: State
    code: str


# What Windows does not let one read back.
_answered: dict[str, State] = {}


def protect_process() -> None:
    """Do for this process what the system allows; called before anything else, also by a process put in its place."""
    if sys.platform == "win32":
        _answered["core"] = _leave_error_reporting()
        _answered["memory"] = _keep_working_set()
        return
    import resource  # POSIX only

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        # A dump that goes through a pipe heeds no limit; and nobody but the administrator may look inside any more.
        libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
        if _may_lock_memory():
            libc.mlockall(_LOCK_ALL)


def core_dumps() -> State:
    """Say whether a crash of this process leaves no picture of its memory behind."""
    if sys.platform == "win32":
        return _answered.get("core", State.FAILED)
    import resource

    if resource.getrlimit(resource.RLIMIT_CORE)[0] != 0:
        return State.FAILED
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(_GET_DUMPABLE, 0, 0, 0, 0) != 0:
        return State.FAILED
    return State.OK


def memory_locked() -> State:
    """Say whether what this process holds stays out of swap; most systems allow a person too little of it."""
    if sys.platform == "win32":
        return _answered.get("memory", State.FAILED)
    if sys.platform != "linux":
        return State.NOT_POSSIBLE
    locked, size = (int(_of_this_process(name).split()[0]) for name in ("VmLck", "VmSize"))
    if locked > size // 2:  # all but the kernel's own pages; some libraries lock a few of theirs anyway
        return State.OK
    return State.FAILED if _may_lock_memory() else State.NOT_POSSIBLE


def restrict_folder(folder: Path, mode: int) -> None:
    """Give a folder that was just made its rights: `mode` on POSIX, on Windows its owner's alone.

    Below the folder that the installer made for all users of the laptop, Windows keeps to the installer's rights.

    Raises:
        OSError: The file system refuses; one that knows no rights does not.
    """
    if sys.platform != "win32":
        folder.chmod(mode)
    elif not folder.is_relative_to(shared_data_folder()):
        _set_owner_alone(folder)


def exclude_from_capture(window: int) -> State:
    """Keep the window with this handle out of screenshots, recordings and shared screens, where the system can.

    X11 cannot, and Wayland asks the person each time.
    """
    if sys.platform != "win32":
        return State.NOT_POSSIBLE
    user = _library("user32")
    user.SetWindowDisplayAffinity.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    kept_out = any(user.SetWindowDisplayAffinity(window, how) for how in (_NOT_CAPTURED, _CAPTURED_BLACK))
    _answered["capture"] = State.OK if kept_out else State.FAILED
    return _answered["capture"]


def tell_of_leaving(window: int) -> None:
    """Have Windows tell the window with this handle when the session is locked or the display off.

    That the laptop is about to sleep every window is told. A shut lid turns the display off, unless there is another
    one to work at.
    """
    sessions, user = _library("wtsapi32"), _library("user32")
    sessions.WTSRegisterSessionNotification.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    sessions.WTSRegisterSessionNotification(window, _THIS_SESSION)
    user.RegisterPowerSettingNotification.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
    user.RegisterPowerSettingNotification.restype = ctypes.c_void_p
    user.RegisterPowerSettingNotification(window, _DISPLAY.bytes_le, _BY_WINDOW)


def says_leaving(message: int) -> bool:
    """Say whether the message of Windows at this address (a `MSG`) means that the laptop is being left."""
    said = _Message.from_address(message)
    if said.kind == _SESSION_CHANGE:
        return said.first in _SESSION_LEFT
    if said.kind != _POWER_BROADCAST:
        return False
    if said.first != _POWER_SETTING or not said.second:
        return bool(said.first == _SUSPEND)
    setting = _PowerSetting.from_address(said.second)
    return UUID(bytes_le=bytes(setting.name)) == _DISPLAY and setting.length >= 1 and setting.state == 0


def clipboard_marks() -> Mapping[str, bytes]:
    """Return the formats, by Qt's names, that keep what is copied out of histories and other devices."""
    if sys.platform == "win32":
        never = bytes(4)  # a DWORD: no
        marks = {"ExcludeClipboardContentFromMonitorProcessing": b"1"}
        marks |= {"CanIncludeInClipboardHistory": never, "CanUploadToCloudClipboard": never}
        return {f'application/x-qt-windows-mime;value="{name}"': content for name, content in marks.items()}
    return {"x-kde-passwordManagerHint": b"secret"}  # heeded by Klipper and other managers, a promise of none


def health(data: Path) -> tuple[Finding, ...]:
    """Say how this laptop stands: the process, the data folder, the disk below it, swap, screens, the clipboard."""
    states = {
        "core_dumps": core_dumps(),
        "memory": memory_locked(),
        "folder": _folder_private(data),
        "disk": _disk_encrypted(data),
        "swap": _swap_encrypted(),
        "capture": _captured(),
        "clipboard": _clipboard(),
    }
    return tuple(Finding(part, state, _CODES[part, state]) for part, state in states.items())


_CODES = {
    ("core_dumps", State.OK): "HEALTH_CORE_OK",
    ("core_dumps", State.FAILED): "HEALTH_CORE_FAILED",
    ("memory", State.OK): "HEALTH_MEMORY_OK",
    ("memory", State.NOT_POSSIBLE): "HEALTH_MEMORY_NOT_POSSIBLE",
    ("memory", State.FAILED): "HEALTH_MEMORY_FAILED",
    ("folder", State.OK): "HEALTH_FOLDER_OK",
    ("folder", State.NOT_POSSIBLE): "HEALTH_FOLDER_NOT_TOLD",
    ("folder", State.FAILED): "HEALTH_FOLDER_FAILED",
    ("disk", State.OK): "HEALTH_DISK_OK",
    ("disk", State.NOT_POSSIBLE): "HEALTH_DISK_NOT_TOLD",
    ("disk", State.FAILED): "HEALTH_DISK_FAILED",
    ("swap", State.OK): "HEALTH_SWAP_OK",
    ("swap", State.NOT_POSSIBLE): "HEALTH_SWAP_NOT_TOLD",
    ("swap", State.FAILED): "HEALTH_SWAP_FAILED",
    ("capture", State.OK): "HEALTH_CAPTURE_OK",
    ("capture", State.NOT_POSSIBLE): "HEALTH_CAPTURE_NOT_POSSIBLE",
    ("capture", State.FAILED): "HEALTH_CAPTURE_FAILED",
    ("clipboard", State.OK): "HEALTH_CLIPBOARD_OK",
    ("clipboard", State.NOT_POSSIBLE): "HEALTH_CLIPBOARD_NOT_POSSIBLE",
}


# ---------------------------------------------------------------------------------------------------------- Linux


def _of_this_process(name: str) -> str:
    """Return what the kernel says of this process under `name`, or "0" where it says nothing."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "0"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:")), "0")


def _may_lock_memory() -> bool:
    """Say whether all memory may be locked. With less than all, the next piece beyond it would be a crash."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    if hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))
        return True
    return bool(int(_of_this_process("CapEff"), 16) >> _MAY_LOCK & 1)


def _folder_private(data: Path) -> State:
    """Say whether only their owner gets into the vault's folders, or the group that the installer opened them to."""
    if sys.platform == "win32":
        return State.NOT_POSSIBLE
    try:
        modes = [(data / "vault").stat().st_mode, *(path.stat().st_mode for path in (data / "vault").iterdir())]
    except OSError:
        return State.NOT_POSSIBLE
    shared = data.stat().st_mode & stat.S_ISGID
    foreign = stat.S_IRWXO if shared else stat.S_IRWXO | stat.S_IRWXG
    return State.FAILED if any(mode & foreign for mode in modes) else State.OK


def _disk_encrypted(data: Path) -> State:
    if sys.platform != "linux":
        return State.NOT_POSSIBLE
    try:
        found = _is_encrypted(data.stat().st_dev)
    except OSError:
        found = None
    return State.NOT_POSSIBLE if found is None else State.OK if found else State.FAILED


def _swap_encrypted() -> State:
    """Say whether nothing that is swapped out, or put to sleep on the disk, could be read from a stolen disk."""
    if sys.platform != "linux":
        return State.NOT_POSSIBLE
    try:
        names = [line.split()[0] for line in Path("/proc/swaps").read_text(encoding="utf-8").splitlines()[1:]]
        places = [Path(name).stat() for name in names if not name.startswith("/dev/zram")]
    except OSError:
        return State.NOT_POSSIBLE
    found = [_is_encrypted(place.st_rdev if stat.S_ISBLK(place.st_mode) else place.st_dev) for place in places]
    return State.FAILED if False in found else State.NOT_POSSIBLE if None in found else State.OK


def _is_encrypted(device: int, layers: int = _MOST_LAYERS) -> bool | None:
    """Say whether a device, or every one it lies on, is encrypted by the kernel; None where the kernel does not say."""
    place = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    if not place.is_dir() or not layers:
        return None
    uuid = place / "dm" / "uuid"
    if uuid.is_file() and uuid.read_text(encoding="utf-8").startswith(_ENCRYPTED):
        return True
    below = [path / "dev" for path in (place / "slaves").iterdir()] if (place / "slaves").is_dir() else []
    numbers = [path.read_text(encoding="utf-8").strip().split(":") for path in below]
    found = [_is_encrypted(os.makedev(int(major), int(minor)), layers - 1) for major, minor in numbers]
    return False if not found or False in found else None if None in found else True


def _captured() -> State:
    return _answered.get("capture", State.FAILED) if sys.platform == "win32" else State.NOT_POSSIBLE


def _clipboard() -> State:
    return State.OK if sys.platform == "win32" else State.NOT_POSSIBLE


# -------------------------------------------------------------------------------------------------------- Windows


class _Message(ctypes.Structure):
    """`MSG`, as far as it is read."""

    _fields_ = (
        ("window", ctypes.c_void_p),
        ("kind", ctypes.c_uint32),
        ("first", ctypes.c_size_t),  # wParam
        ("second", ctypes.c_size_t),  # lParam
    )


class _PowerSetting(ctypes.Structure):
    """`POWERBROADCAST_SETTING`; the states looked at are one DWORD, and its first byte tells them apart."""

    _fields_ = (("name", ctypes.c_ubyte * 16), ("length", ctypes.c_uint32), ("state", ctypes.c_ubyte))


def _library(name: str) -> Any:
    return getattr(ctypes, "WinDLL")(name, use_last_error=True)  # noqa: B009  absent from the types of other systems


def _leave_error_reporting() -> State:
    """Have a crash shown to nobody and reported nowhere: no box, no heap in a report, no report of our own programs.

    Run from source the program is python.exe, whose reports are not ours to switch off for good.
    """
    kernel = _library("kernel32")
    kernel.SetErrorMode(_NO_ERROR_BOXES)
    without_heap = kernel.WerSetFlags(_NO_HEAP_IN_REPORT) == 0
    if not getattr(sys, "frozen", False):
        return State.OK if without_heap else State.FAILED
    reporting = _library("wer")
    reporting.WerAddExcludedApplication.argtypes = (ctypes.c_wchar_p, ctypes.c_int)
    excluded = reporting.WerAddExcludedApplication(Path(sys.executable).name, 0) == 0
    return State.OK if excluded else State.FAILED


def _keep_working_set() -> State:
    """Keep so much of this process in memory whatever other programs want: an eighth of all, half a GiB at most.

    `VirtualLock` would need the address of every piece that Python, Qt and SQLite ever take.
    """
    kernel = _library("kernel32")
    size = ctypes.c_size_t
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    kernel.SetProcessWorkingSetSizeEx.argtypes = (ctypes.c_void_p, size, size, ctypes.c_uint32)
    kept = min(total_memory_bytes() // 8, _KEPT_BYTES)
    done = kernel.SetProcessWorkingSetSizeEx(kernel.GetCurrentProcess(), kept, 2 * kept, _HARD_MINIMUM | _SOFT_MAXIMUM)
    return State.OK if kept and done else State.FAILED


def _set_owner_alone(folder: Path) -> None:
    security = _library("advapi32")
    local = _library("kernel32")
    made = ctypes.c_void_p()
    convert = security.ConvertStringSecurityDescriptorToSecurityDescriptorW
    convert.argtypes = (ctypes.c_wchar_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p)
    security.SetFileSecurityW.argtypes = (ctypes.c_wchar_p, ctypes.c_uint32, ctypes.c_void_p)
    local.LocalFree.argtypes = (ctypes.c_void_p,)
    first_revision = 1
    if not convert(_OWNER_ALONE, first_revision, ctypes.byref(made), None):
        raise _windows_error()
    try:
        if not security.SetFileSecurityW(str(folder), _DACL | _NOT_INHERITED, made):
            raise _windows_error()
    finally:
        local.LocalFree(made)


def _windows_error() -> OSError:
    """Return what Windows refused, without its words."""
    return PermissionError(int(getattr(ctypes, "get_last_error")()), "access list")  # noqa: B009
