"""Sticks: which removable media are there, and writing a file to one so that it truly is on it.

A step that ends on a stick is done only when the file was read back from that very stick (field reports K01, K03).
What differs between Linux and Windows is in `linux_volumes` and `windows_volumes`, and nowhere else.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from ctypes import wintypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desktop.errors import Obstacle
from desktop.files import write_file

MOUNTINFO = Path("/proc/self/mountinfo")
DISKS = Path("/sys/block")
ROOTS = (Path("/media"), Path("/run/media"), Path("/mnt"))

_KIB = 1024
_FILE_SYSTEMS = frozenset({"vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "ext2", "ext3", "ext4"})
_ESCAPE = re.compile(r"\\([0-7]{3})")  # how mountinfo writes spaces, tabs and backslashes

_DRIVE_REMOVABLE = 2
_FILE_READ_ONLY_VOLUME = 0x0008_0000
_SEM_FAILCRITICALERRORS = 1  # an empty card reader must not open the system's "insert a disk" box
_LABEL_CHARACTERS = 261  # MAX_PATH + 1, what GetVolumeInformationW asks for
_DWORD_POINTER = ctypes.POINTER(wintypes.DWORD)
PROTOTYPES: Mapping[str, tuple[Any, tuple[Any, ...]]] = {
    "GetLogicalDrives": (wintypes.DWORD, ()),
    "GetDriveTypeW": (wintypes.UINT, (wintypes.LPCWSTR,)),
    "SetThreadErrorMode": (wintypes.BOOL, (wintypes.DWORD, _DWORD_POINTER)),
    "GetVolumeInformationW": (
        wintypes.BOOL,
        (
            wintypes.LPCWSTR,
            ctypes.POINTER(ctypes.c_wchar),
            wintypes.DWORD,
            _DWORD_POINTER,
            _DWORD_POINTER,
            _DWORD_POINTER,
            ctypes.POINTER(ctypes.c_wchar),
            wintypes.DWORD,
        ),
    ),
}


@dataclass(frozen=True)
class Volume:
    """A removable medium as the system names it; `read_only` by its lock or the way it is mounted."""

    name: str = field(repr=False)
    path: Path = field(repr=False)
    read_only: bool


@dataclass(frozen=True)
class Stick:
    """A medium to write to. `volume` is the system's number of it: another in the same place has another number."""

    name: str = field(repr=False)
    path: Path = field(repr=False)
    free_bytes: int
    writable: bool
    volume: int


def found() -> tuple[Stick, ...]:
    """Return the removable media that can be reached now, by name. One pulled meanwhile is left out."""
    sticks = (_stick(volume) for volume in _volumes())
    return tuple(sorted((stick for stick in sticks if stick is not None), key=lambda stick: (stick.name, stick.path)))


def chosen(sticks: tuple[Stick, ...], wanted: Path | None) -> Stick:
    """Return the stick a person chose, or the only one there is.

    Raises:
        Obstacle: STICK_NONE, STICK_MANY with their `count` where none was chosen, or STICK_GONE where it is not there.
    """
    if wanted is not None:
        for stick in sticks:
            if stick.path == wanted:
                return stick
        raise Obstacle("STICK_GONE" if sticks else "STICK_NONE")
    if not sticks:
        raise Obstacle("STICK_NONE")
    if len(sticks) > 1:
        raise Obstacle("STICK_MANY", count=len(sticks))
    return sticks[0]


def at(folder: Path) -> Stick:
    """Return any folder as a place to write to. Raises Obstacle STICK_GONE when it is not there."""
    stick = _stick(Volume(folder.name, folder.absolute(), read_only=False))
    if stick is None:
        raise Obstacle("STICK_GONE")
    return stick


def save_to(stick: Stick, name: str, data: bytes) -> Path:
    """Write a file to a stick, or to any folder by `at`, and read it back from there.

    Raises:
        Obstacle: STICK_GONE when it was pulled before or while writing, STICK_NOT_WRITABLE, or STICK_FULL with
            `needed_kib` and `free_kib`. No half file keeps the final name.
    """
    _stay(stick)
    if not stick.writable:
        raise Obstacle("STICK_NOT_WRITABLE")
    needed_kib, free_kib = -(-len(data) // _KIB), _free_bytes(stick) // _KIB
    if needed_kib > free_kib:
        raise Obstacle("STICK_FULL", needed_kib=needed_kib, free_kib=free_kib)
    try:
        path = write_file(stick.path, name, data)
    except Obstacle as error:
        _stay(stick)
        if error.code == "DISK_FULL":  # the medium rounds each file up
            raise Obstacle("STICK_FULL", needed_kib=needed_kib, free_kib=_free_bytes(stick) // _KIB) from None
        raise Obstacle("STICK_GONE" if error.code == "WRITE_FAILED" else "STICK_NOT_WRITABLE") from None
    _sync_folder(stick.path)
    _stay(stick)
    if not _reads_back(path, data):
        with contextlib.suppress(OSError):
            path.unlink()
        raise Obstacle("STICK_GONE")
    return path


def files_on(sticks: Iterable[Stick], pattern: str) -> tuple[Path, ...]:
    """Return the files at the top of the sticks whose names fit a pattern such as `A-*.rufaa`, in order of name.

    A link may lead anywhere on the laptop, and a pipe never ends: neither is a file that came with the stick.
    """
    names: list[Path] = []
    for stick in sticks:
        with contextlib.suppress(OSError):  # pulled while it was looked at
            names += [path for path in stick.path.glob(pattern) if stat.S_ISREG(path.lstat().st_mode)]
    return tuple(sorted(names))


def linux_volumes(mountinfo: str, disks: Path, roots: Iterable[Path]) -> Iterator[Volume]:
    """Return what is mounted below `roots`, or anywhere from a disk that the kernel calls removable.

    Only whole file systems of the kinds that sticks have, each once, and never the one that the system runs from.
    `mountinfo` is the text of that file (proc(5)), `disks` the folder of the block devices.
    """
    removable, places, seen = _removable_devices(disks), tuple(roots), set[str]()
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        mount, source = before.split(" "), after.split(" ")
        if len(mount) < 6 or len(source) < 2:
            continue
        device, inside, options = mount[2], mount[3], mount[5].split(",")
        path = Path(_ESCAPE.sub(lambda match: chr(int(match[1], 8)), mount[4]))
        there = any(root in path.parents for root in places) or Path(source[1]).name in removable
        system = path == Path("/") or path.parts[:2] == ("/", "boot")
        if source[0] in _FILE_SYSTEMS and inside == "/" and there and not system and device not in seen:
            seen.add(device)
            yield Volume(path.name, path, read_only="ro" in options)


def windows_volumes(kernel: Any) -> Iterator[Volume]:
    """Return the drives that Windows calls removable and that hold a medium. `kernel` is kernel32."""
    for name, (result, arguments) in PROTOTYPES.items():
        function = getattr(kernel, name)
        function.restype, function.argtypes = result, arguments
    before = wintypes.DWORD()
    kernel.SetThreadErrorMode(_SEM_FAILCRITICALERRORS, ctypes.byref(before))
    try:
        drives = kernel.GetLogicalDrives()
        for place in range(26):
            root = f"{chr(ord('A') + place)}:\\"
            if not drives >> place & 1 or kernel.GetDriveTypeW(root) != _DRIVE_REMOVABLE:
                continue
            label, flags = ctypes.create_unicode_buffer(_LABEL_CHARACTERS), wintypes.DWORD()
            if kernel.GetVolumeInformationW(root, label, len(label), None, None, ctypes.byref(flags), None, 0):
                name = f"{label.value} ({root[:2]})" if label.value else root[:2]
                yield Volume(name, Path(root), read_only=bool(flags.value & _FILE_READ_ONLY_VOLUME))
    finally:
        kernel.SetThreadErrorMode(before.value, None)


def _volumes() -> Iterable[Volume]:
    if sys.platform == "win32":
        return windows_volumes(ctypes.WinDLL("kernel32"))
    try:
        mountinfo = MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ()
    return linux_volumes(mountinfo, DISKS, ROOTS)


def _removable_devices(disks: Path) -> set[str]:
    """Return the names of the removable disks and of their partitions, such as sdb and sdb1."""
    names: set[str] = set()
    with contextlib.suppress(OSError):
        for disk in disks.iterdir():
            with contextlib.suppress(OSError):
                if (disk / "removable").read_text(encoding="ascii").strip() == "1":
                    names |= {disk.name, *(part.parent.name for part in disk.glob("*/partition"))}
    return names


def _stick(volume: Volume) -> Stick | None:
    try:
        if not volume.path.is_dir():
            return None
        number = volume.path.stat().st_dev
        free_bytes = shutil.disk_usage(volume.path).free
    except OSError:  # pulled, or another person's
        return None
    writable = not volume.read_only and os.access(volume.path, os.W_OK)
    return Stick(volume.name, volume.path, free_bytes, writable, number)


def _stay(stick: Stick) -> None:
    """Make sure the same medium is still in its place: an empty mount folder would take the file onto the laptop."""
    try:
        same = stick.path.is_dir() and stick.path.stat().st_dev == stick.volume
    except OSError:
        same = False
    if not same:
        raise Obstacle("STICK_GONE")


def _free_bytes(stick: Stick) -> int:
    try:
        return shutil.disk_usage(stick.path).free
    except OSError:
        raise Obstacle("STICK_GONE") from None


def _reads_back(path: Path, data: bytes) -> bool:
    """Say whether the medium itself gives the bytes back, not the system's memory of them where that can be dropped."""
    try:
        with path.open("rb") as source:
            if sys.platform == "linux":
                os.posix_fadvise(source.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return source.read() == data
    except OSError:
        return False


def _sync_folder(folder: Path) -> None:
    """Write the folder's own entries out, where the system lets one open a folder; the file itself is synced."""
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
