"""What subcommands share: the data folder, reading a sentence without showing it, saying things, safe files."""

from __future__ import annotations

import argparse
import contextlib
import errno
import getpass
import os
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from desktop.bootstrap import Desk, Door
from desktop.clock import NAIROBI
from desktop.crypto.access_list import VaultKind
from desktop.errors import DeskError, NotAccepted, NoVault, Obstacle
from desktop.messages import Language, explain, explain_problem, sentence
from desktop.paths import data_folder
from desktop.rules.dates import spell

_PARTIAL = ".partial"
_PROBE = ".rufaa-probe"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_MAX_SENTENCE_BYTES = 1024
_NO_WORD = re.compile(r"[^\w\s]|_")


def say(*lines: str) -> None:
    """Write lines to standard output."""
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell(options: argparse.Namespace, code: str, **facts: int | str) -> None:
    """Write the words of a code, in the language chosen, to standard output."""
    say(sentence(code, options.language, **facts))


def tell_error(error: DeskError, language: Language) -> None:
    """Write what happened and the code to standard error."""
    sys.stderr.write(f"{explain(error, language)} [{error.code}]\n")
    if isinstance(error, NotAccepted):
        for problem in error.problems:
            sys.stderr.write(f"  {problem.field}: {explain_problem(problem, language)} [{problem.code}]\n")


def cases_in_words(n: int, language: Language) -> str:
    """Return a number of cases with its noun."""
    return sentence("CASES_ONE" if n == 1 else "CASES_MANY", language, n=n)


def records_in_words(n: int, language: Language) -> str:
    """Return a number of records with its noun."""
    return sentence("RECORDS_ONE" if n == 1 else "RECORDS_MANY", language, n=n)


def instant_in_words(instant: datetime, language: Language) -> str:
    """Return weekday, date and time in Nairobi, the month in words so that nobody can turn it round."""
    local = instant.astimezone(NAIROBI)
    return sentence(
        "INSTANT",
        language,
        weekday=sentence("WEEKDAYS", language).split()[local.weekday()],
        date=spell(local.date().isoformat(), language),
        time=f"{local:%H:%M}",
    )


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where the vault lies."""
    parser.add_argument("--data", metavar="DIR", help="data folder of the vault (default: this laptop's)")


def add_vault_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that unlocks. A sentence is never an argument or a variable (decisions 11)."""
    add_data_option(parser)
    parser.add_argument("--desk", type=int, default=1, metavar="N", help="your desk number (default 1)")
    parser.add_argument(
        "--sentence-fd",
        type=int,
        metavar="FD",
        help="read the password sentence from this descriptor instead of asking for it",
    )


def add_out_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where files for others go."""
    parser.add_argument(
        "--out", default=".", metavar="DIR", help="folder or stick to write to (default: the folder you are in)"
    )


def door(options: argparse.Namespace) -> Door:
    """Return the door of the chosen data folder."""
    return Door(data_folder(options.data))


def read_sentence(descriptor: int | None, prompt: str = "") -> str:
    """Return the sentence from a descriptor's first line, or from the terminal without echo.

    Commas, points and the like between the words are dropped: no word of a list holds any.

    Raises:
        Obstacle: SENTENCE_NEEDS_TERMINAL where there is neither, or the descriptor or terminal was closed.
    """
    try:
        if descriptor is None:
            if sys.stdin is None or not sys.stdin.isatty():
                raise Obstacle("SENTENCE_NEEDS_TERMINAL")
            typed = getpass.getpass(prompt)
        else:
            with os.fdopen(os.dup(descriptor), "rb") as source:
                line = source.readline(_MAX_SENTENCE_BYTES)
            if not line:
                raise Obstacle("SENTENCE_NEEDS_TERMINAL")
            typed = line.decode("utf-8", "replace")
    except (OSError, EOFError, OverflowError):
        raise Obstacle("SENTENCE_NEEDS_TERMINAL") from None
    return _NO_WORD.sub(" ", typed).strip()


@contextlib.contextmanager
def unlocked(options: argparse.Namespace, kind: VaultKind | None = None) -> Iterator[Desk]:
    """Unlock the vault for one command and close it afterwards.

    Raises:
        NoVault: VAULT_NONE.
        Obstacle: WRONG_KIND_OF_VAULT where the command is for the other kind, office or Secretariat.
    """
    from desktop import log

    folder = door(options)
    if not folder.folder.is_dir() or not folder.vaults.status().exists:
        raise NoVault("VAULT_NONE")
    log.open_log(folder.folder / "log")
    desk = folder.unlock(
        options.desk, read_sentence(options.sentence_fd, sentence("PROMPT_SENTENCE", options.language))
    )
    try:
        if kind is not None and desk.vault.kind != kind:
            raise Obstacle("WRONG_KIND_OF_VAULT")
        yield desk
    finally:
        desk.lock()


def read_file(path: str, limit_bytes: int) -> bytes:
    """Return a foreign file's bytes, bounded.

    Raises:
        Obstacle: FILE_NOT_READABLE, or FILE_TOO_LARGE with the limit in MiB.
    """
    data = read_start(path, limit_bytes)
    if len(data) > limit_bytes:
        raise Obstacle("FILE_TOO_LARGE", limit_mib=limit_bytes // (1024 * 1024))
    return data


def read_start(path: str, limit_bytes: int) -> bytes:
    """Return a foreign file's bytes up to the first beyond the limit; what opens it refuses it there in its own words.

    Raises:
        Obstacle: FILE_NOT_READABLE.
    """
    try:
        with Path(path).open("rb") as source:
            return source.read(limit_bytes + 1)
    except OSError:
        raise Obstacle("FILE_NOT_READABLE") from None


def write_file(folder: Path, name: str, data: bytes, *, private: bool = False) -> Path:
    """Write a file so that its final name never holds half of it: partial file, sync, read again, rename.

    A `private` file is for its owner alone, where the file system knows owners.

    Raises:
        Obstacle: DISK_FULL, FOLDER_NOT_WRITABLE, or WRITE_FAILED when it reads back otherwise.
    """
    final = folder.absolute() / name
    partial = final.with_name(final.name + _PARTIAL)
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
