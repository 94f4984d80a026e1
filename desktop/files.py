"""Files for and from other people: bounded reading, and writing that never leaves half a file under its final name."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

from desktop.errors import Obstacle

_PARTIAL = ".partial"
_PROBE = ".rufaa-probe"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_OWN_DESCRIPTORS = Path("/proc/self/fd" if sys.platform == "linux" else "/dev/fd")
# Of the systems that know them: a link put there meanwhile is not followed, a pipe put there is not waited for.
_NO_DETOUR = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def read_file(path: str, limit_bytes: int) -> bytes:
    """Return a foreign file's bytes, bounded.

    Raises:
        Obstacle: FILE_NOT_READABLE, FILE_NOT_ORDINARY, or FILE_TOO_LARGE with the limit in MiB.
    """
    data = read_start(path, limit_bytes)
    if len(data) > limit_bytes:
        raise Obstacle("FILE_TOO_LARGE", limit_mib=limit_bytes // (1024 * 1024))
    return data


def read_start(path: str, limit_bytes: int) -> bytes:
    """Return a foreign file's bytes up to the first beyond the limit; what opens it refuses it there in its own words.

    Raises:
        Obstacle: FILE_NOT_READABLE, or FILE_NOT_ORDINARY for a link, a pipe, a device, or a file held open by
            ourselves: to close a second descriptor of the vault, under whatever name, would drop its locks.
    """
    try:
        found = os.lstat(path)
        if not _is_ordinary(found) or _is_held_open(found):
            raise Obstacle("FILE_NOT_ORDINARY")
        with open(path, "rb", opener=lambda place, flags: os.open(place, flags | _NO_DETOUR)) as source:
            if not _is_ordinary(os.fstat(source.fileno())):
                raise Obstacle("FILE_NOT_ORDINARY")
            return source.read(limit_bytes + 1)
    except OSError:
        raise Obstacle("FILE_NOT_READABLE") from None


def _is_ordinary(found: os.stat_result) -> bool:
    """Say whether this is a file that ends, or a folder, which opening refuses in its own words."""
    return stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)


def _is_held_open(found: os.stat_result) -> bool:
    """Say whether this process has the file open. Where the system does not tell, its locks are not dropped either."""
    with contextlib.suppress(OSError):
        for number in os.listdir(_OWN_DESCRIPTORS):
            with contextlib.suppress(OSError):  # closed meanwhile, as is the listing's own
                if os.path.samestat(os.fstat(int(number)), found):
                    return True
    return False


def write_file(folder: Path, name: str, data: bytes, *, private: bool = False) -> Path:
    """Write a file so that its final name never holds half of it: partial file, sync, read again, rename.

    A `private` file is for its owner alone, where the file system knows owners.

    Raises:
        Obstacle: DISK_FULL, FOLDER_NOT_WRITABLE, or WRITE_FAILED when it reads back otherwise.
    """
    final = folder.absolute() / name
    partial = _partial_of(final)
    mode = 0o600 if private else 0o666  # less what the person's umask takes away
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        with open(partial, "xb", opener=lambda place, flags: os.open(place, flags, mode)) as target:
            target.write(data)
            target.flush()
            os.fsync(target.fileno())
        if partial.read_bytes() != data:
            raise Obstacle("WRITE_FAILED")
        partial.replace(final)
    except (OSError, Obstacle) as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        if isinstance(error, Obstacle):
            raise
        raise Obstacle("DISK_FULL" if error.errno in _FULL else "FOLDER_NOT_WRITABLE") from None
    return final


def lies_at(path: Path) -> bool:
    """Say whether a file, or the part of one that was not written whole, can be seen in its place."""
    return os.path.lexists(path) or os.path.lexists(_partial_of(path))


def may_lie_at(path: Path) -> bool:
    """Say whether a file or a part of it may be there; also where its folder is gone, as a pulled stick is."""
    return lies_at(path) or not os.path.isdir(path.parent)


def _partial_of(final: Path) -> Path:
    return final.with_name(final.name + _PARTIAL)


def write_out(folder: Path, name: str, data: bytes, *, private: bool = False) -> Path:
    """Write a file for others to the folder or stick a person named.

    Raises:
        Obstacle: OUT_NOT_WRITABLE, whatever the medium's reason.
    """
    try:
        return write_file(folder, name, data, private=private)
    except Obstacle:
        raise Obstacle("OUT_NOT_WRITABLE") from None


def probe_out(folder: Path, size_bytes: int = 1) -> None:
    """Make sure that a folder takes a file of this size before anything is made that would have to go there.

    Raises:
        Obstacle: OUT_NOT_WRITABLE.
    """
    probe = write_out(folder, _PROBE, os.urandom(size_bytes), private=True)
    try:
        probe.unlink()
    except OSError:
        raise Obstacle("OUT_NOT_WRITABLE") from None
