"""The vault's folder on disk: generations, the two copies of the key header, and how they are written.

Everything that must survive a power cut is written aside, synced, renamed, and the folder synced after it. A
generation comes into being by one rename, and the highest one counts: there is no falling back (threat-model 5.2).
This module moves bytes; what they mean is for `desktop.crypto` and the services.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from desktop.crypto.header import MAX_HEADER_BYTES
from desktop.errors import NotEncrypted, NoVault, Obstacle, VaultBusy, VaultDamaged
from desktop.system import restrict_folder

_SQLITE_MAGIC = b"SQLite format 3\0"
_GENERATION = re.compile(r"g([1-9][0-9]{0,8})", re.ASCII)
_MAKING = re.compile(r"g[1-9][0-9]{0,8}\.tmp", re.ASCII)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclass(frozen=True)
class Generation:
    """One generation folder: a vault file and two copies of its key header."""

    number: int
    folder: Path

    @property
    def data(self) -> Path:
        """The data folder this generation is in."""
        return self.folder.parent.parent

    @property
    def database(self) -> Path:
        """The encrypted vault file."""
        return self.folder / "vault.db"

    @property
    def header_copies(self) -> tuple[Path, Path]:
        """Copy A and copy B, in the order of writing."""
        return self.folder / "key-header.a", self.folder / "key-header.b"


class VaultLock:
    """Holds a data folder against other processes until closed; the system frees it when this process ends."""

    def __init__(self, held: BinaryIO) -> None:
        self._held = held

    def close(self) -> None:
        """Let the folder go. Closing twice does no harm."""
        self._held.close()

    def __enter__(self) -> VaultLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def lock_vault(data: Path) -> VaultLock:
    """Take the data folder for this process, making it where it is missing.

    Raises:
        VaultBusy: VAULT_BUSY. Another process has it.
        Obstacle: The folder cannot be written.
    """
    with _writing():
        _make_folder(_vaults(data))
        path = _vaults(data) / "lock"
        held = open(path, "ab")  # noqa: SIM115  stays open for as long as the lock is held
        with contextlib.suppress(PermissionError):  # another user of this laptop made it, with the same rights
            path.chmod(_file_mode(path.parent))
    try:
        _lock_exclusively(held)
    except OSError:
        held.close()
        raise VaultBusy("VAULT_BUSY") from None
    return VaultLock(held)


def has_vault(data: Path) -> bool:
    """Say whether the data folder holds a generation, whole or not."""
    return bool(_numbers(data))


def newest_generation(data: Path) -> Generation:
    """Return the highest generation. Raises NoVault VAULT_NONE."""
    numbers = _numbers(data)
    if not numbers:
        raise NoVault("VAULT_NONE")
    return _generation(data, max(numbers))


def create_generation(data: Path, write: Callable[[Generation], None]) -> Generation:
    """Make the next generation. The caller holds `lock_vault`.

    `write` is handed the folder aside; it makes the vault file, closes it, and calls `write_header`. Whatever it
    raises leaves no generation behind.

    Raises:
        Obstacle: GENERATIONS_USED_UP; the disk is full, refuses or fails. Only when the very last sync fails may the
            generation stand.
    """
    number = max(_numbers(data), default=0) + 1
    if not _GENERATION.fullmatch(f"g{number}"):  # it would count for none, and the one before it would open again
        raise Obstacle("GENERATIONS_USED_UP")
    made = _generation(data, number)
    aside = made.folder.with_name(f"{made.folder.name}.tmp")
    with _writing():
        _make_folder(made.folder.parent)
        if aside.exists():  # a making that was cut off; nothing was ever opened in it
            shutil.rmtree(aside)
        _make_folder(aside)
    try:
        with _writing():
            write(Generation(number, aside))
            _settle(aside)
            os.rename(aside, made.folder)
            _sync_folder(made.folder.parent)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return made


def older_generations(data: Path, newest: Generation) -> tuple[Generation, ...]:
    """Return the generations below `newest`, the lowest first."""
    return tuple(_generation(data, number) for number in sorted(_numbers(data)) if number < newest.number)


def drop_older(data: Path, newest: Generation, foreign: Collection[Generation] = ()) -> None:
    """After `newest` was unlocked: delete what came before it, and makings that were cut off.

    The caller holds the lock and says what is not this vault's own. What the disk does not let go now is tried again
    after the next unlock.
    """
    with contextlib.suppress(OSError, Obstacle):
        stale = [older.folder for older in older_generations(data, newest) if older not in foreign]
        stale += [path for path in newest.folder.parent.iterdir() if _MAKING.fullmatch(path.name)]
        for folder in stale:
            shutil.rmtree(folder)
        if stale:
            _sync_folder(newest.folder.parent)


def read_header_copies(generation: Generation) -> tuple[bytes | None, bytes | None]:
    """Return copies A and B; None for one that is missing, unreadable by the disk or longer than any header may be.

    Raises:
        Obstacle: FOLDER_NOT_WRITABLE. The system does not let this person read them.
    """
    copy_a, copy_b = generation.header_copies
    return _read_limited(copy_a), _read_limited(copy_b)


def write_header(generation: Generation, header: bytes) -> None:
    """Write copy A, then copy B, each synced before the next step: one of them is whole at any instant.

    Raises:
        Obstacle: The disk is full, refuses or fails. Copy A may be the new one already: read both again.
    """
    for copy in generation.header_copies:
        replace_file(copy, header)


def mend_header(generation: Generation, good: bytes) -> bool:
    """After unlock: rewrite each copy that is not the one that counted, and say whether one was.

    Raises:
        Obstacle: As `write_header`; the vault is open all the same.
    """
    stale = [
        copy
        for copy, held in zip(generation.header_copies, read_header_copies(generation), strict=True)
        if held != good
    ]
    for copy in stale:
        replace_file(copy, good)
    return bool(stale)


def check_encrypted(generation: Generation) -> None:
    """Look at the vault file's first bytes. To be called before the database is opened, never while it is open:
    closing the file here would drop SQLite's locks on it.

    Raises:
        VaultDamaged: VAULT_DAMAGED. It is missing or too short to be a vault.
        NotEncrypted: VAULT_NOT_ENCRYPTED. It is a plain SQLite file.
    """
    try:
        with generation.database.open("rb") as file:
            beginning = file.read(len(_SQLITE_MAGIC))
    except FileNotFoundError:
        raise VaultDamaged("VAULT_DAMAGED") from None
    except OSError as error:
        raise _obstacle(error) from None
    if beginning == _SQLITE_MAGIC:
        raise NotEncrypted("VAULT_NOT_ENCRYPTED")
    if len(beginning) < len(_SQLITE_MAGIC):
        raise VaultDamaged("VAULT_DAMAGED")


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` in the place of `path`: written aside, synced, renamed, the folder synced.

    Raises:
        Obstacle: The disk is full, refuses or fails. A failed sync is final: the bytes are not tried again.
    """
    aside = path.with_name(f"{path.name}.tmp")
    try:
        with _writing():
            # Anew and never through a link that somebody planted in a shared folder.
            aside.unlink(missing_ok=True)
            with open(aside, "xb", opener=lambda place, flags: os.open(place, flags, 0o600)) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.chmod(_file_mode(path.parent))
            os.replace(aside, path)
            _sync_folder(path.parent)
    except Obstacle:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def _vaults(data: Path) -> Path:
    return data / "vault"


def _generation(data: Path, number: int) -> Generation:
    return Generation(number, _vaults(data) / f"g{number}")


def _numbers(data: Path) -> list[int]:
    try:
        names = [entry.name for entry in os.scandir(_vaults(data)) if entry.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _obstacle(error) from None
    return [int(match.group(1)) for name in names if (match := _GENERATION.fullmatch(name))]


def _read_limited(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_HEADER_BYTES:
                return None
            return file.read(MAX_HEADER_BYTES)
    except OSError as error:
        if error.errno in _REFUSED:
            raise _obstacle(error) from None
        return None  # a bad sector under one copy is what the other copy is for


def _settle(folder: Path) -> None:
    """Close a made folder: every file synced and with its rights, then the folder itself."""
    for path in sorted(folder.iterdir()):
        path.chmod(_file_mode(folder))
        with path.open("rb+") as file:  # Windows syncs only what is open for writing
            os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return  # a folder cannot be opened there, let alone synced; NTFS logs its renames
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_folder(folder: Path) -> None:
    """Make a folder and what is missing above it: for its owner alone, or as open to a group as the folder above."""
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        _make_folder(folder.parent)
    folder.mkdir(mode=0o700)
    restrict_folder(folder, 0o700 | _group_rights(folder.parent))
    _sync_folder(folder.parent)


def _file_mode(folder: Path) -> int:
    return 0o600 | (_group_rights(folder) & 0o060)


def _group_rights(folder: Path) -> int:
    """Return what the group may do below `folder`: all where the installer opened it to the users' group, else none."""
    mode = folder.stat().st_mode
    shared = mode & stat.S_ISGID and mode & stat.S_IWGRP
    return stat.S_ISGID | stat.S_IRWXG if shared else 0


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _obstacle(error) from None


def _obstacle(error: OSError) -> Obstacle:
    """Return what the person can be told; the error's own text holds a path and goes no further."""
    number = error.errno or 0
    if number in _FULL:
        return Obstacle("DISK_FULL", errno=number)
    if number in _REFUSED:
        return Obstacle("FOLDER_NOT_WRITABLE", errno=number)
    return Obstacle("DISK_FAILED", errno=number)


if sys.platform == "win32":
    import msvcrt

    def _lock_exclusively(held: BinaryIO) -> None:
        held.seek(0)
        msvcrt.locking(held.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock_exclusively(held: BinaryIO) -> None:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
