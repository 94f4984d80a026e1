"""What subcommands share: the data folder, reading a sentence without showing it, saying things, safe files."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
import re
import sys
from collections.abc import Iterator
from datetime import datetime

from desktop.bootstrap import Desk, Door
from desktop.clock import NAIROBI
from desktop.crypto.access_list import VaultKind
from desktop.errors import DeskError, NotAccepted, NoVault, Obstacle
from desktop.messages import Language, explain, explain_problem, sentence
from desktop.paths import data_folder
from desktop.rules.dates import spell

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
def unlocked(options: argparse.Namespace, kind: VaultKind | None = None, *, typed: str | None = None) -> Iterator[Desk]:
    """Unlock the vault for one command and close it afterwards; the sentence is asked for where it is not `typed` yet.

    Raises:
        NoVault: VAULT_NONE.
        Obstacle: WRONG_KIND_OF_VAULT where the command is for the other kind, office or Secretariat.
    """
    from desktop import log

    folder = door(options)
    if not folder.folder.is_dir() or not folder.vaults.status().exists:
        raise NoVault("VAULT_NONE")
    log.open_log(folder.folder / "log")
    if typed is None:
        typed = read_sentence(options.sentence_fd, sentence("PROMPT_SENTENCE", options.language))
    desk = folder.unlock(options.desk, typed)
    try:
        if kind is not None and desk.vault.kind != kind:
            raise Obstacle("WRONG_KIND_OF_VAULT")
        yield desk
    finally:
        desk.lock()
