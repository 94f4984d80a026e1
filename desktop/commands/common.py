"""What subcommands share: the data folder, reading a sentence without showing it, saying things, safe writing."""

from __future__ import annotations

import argparse
import contextlib
import errno
import getpass
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from desktop.bootstrap import Desk, Door
from desktop.errors import DeskError, NotAccepted, NoVault, Obstacle
from desktop.messages import Language, explain, explain_problem
from desktop.paths import data_folder

_PARTIAL = ".partial"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_MAX_SENTENCE_BYTES = 1024


def say(*lines: str) -> None:
    """Write lines to standard output."""
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell_error(error: DeskError, language: Language) -> None:
    """Write what happened and the code to standard error."""
    sys.stderr.write(f"{explain(error, language)} [{error.code}]\n")
    if isinstance(error, NotAccepted):
        for problem in error.problems:
            sys.stderr.write(f"  {problem.field}: {explain_problem(problem, language)} [{problem.code}]\n")


def add_vault_options(parser: argparse.ArgumentParser, *, unlocks: bool = True) -> None:
    """Add the options every command on a vault has. A sentence is never an argument or a variable (decisions 11)."""
    parser.add_argument("--data", metavar="DIR", help="data folder (default: this laptop's)")
    if unlocks:
        parser.add_argument("--desk", type=int, default=1, metavar="N", help="desk number (default 1)")
        parser.add_argument(
            "--sentence-fd", type=int, metavar="FD", help="read the password sentence from this descriptor"
        )


def door(options: argparse.Namespace) -> Door:
    """Return the door of the chosen data folder."""
    return Door(data_folder(options.data))


def read_sentence(descriptor: int | None, prompt: str = "Password sentence: ") -> str:
    """Return the sentence from a descriptor's first line, or from the terminal without echo.

    Raises:
        Obstacle: SENTENCE_NEEDS_TERMINAL where there is neither.
    """
    if descriptor is None:
        if not sys.stdin.isatty():
            raise Obstacle("SENTENCE_NEEDS_TERMINAL")
        return getpass.getpass(prompt)
    with os.fdopen(os.dup(descriptor), "rb") as source:
        return source.readline(_MAX_SENTENCE_BYTES).decode("utf-8", "replace").strip()


@contextlib.contextmanager
def unlocked(options: argparse.Namespace) -> Iterator[Desk]:
    """Unlock the vault for one command and close it afterwards."""
    from desktop import log

    folder = door(options)
    if not folder.vaults.status().exists:
        raise NoVault("VAULT_NONE")
    if folder.folder.is_dir():
        log.open_log(folder.folder / "log")
    desk = folder.unlock(options.desk, read_sentence(options.sentence_fd))
    try:
        yield desk
    finally:
        desk.lock()


def read_file(path: str, limit_bytes: int) -> bytes:
    """Return a foreign file's bytes, bounded.

    Raises:
        Obstacle: FILE_NOT_READABLE, or FILE_TOO_LARGE with the limit in MiB.
    """
    try:
        with Path(path).open("rb") as source:
            data = source.read(limit_bytes + 1)
    except OSError:
        raise Obstacle("FILE_NOT_READABLE") from None
    if len(data) > limit_bytes:
        raise Obstacle("FILE_TOO_LARGE", limit_mib=limit_bytes // (1024 * 1024))
    return data


def write_file(folder: Path, name: str, data: bytes) -> Path:
    """Write a file so that its final name never holds half of it: partial file, sync, read again, rename.

    Raises:
        Obstacle: DISK_FULL, FOLDER_NOT_WRITABLE, or WRITE_FAILED when it reads back otherwise.
    """
    final = folder.absolute() / name
    partial = final.with_name(final.name + _PARTIAL)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as target:
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
