"""`rufaa-cli` run in this process, and what it is run on: an office and a Secretariat that know each other."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from desktop.bootstrap import Door
from desktop.cli import main
from tests.factory import Place

NOT_A_FOLDER = "/proc/rufaa/here"  # nobody, root included, can make a folder there


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str

    def told(self, what: str) -> list[str]:
        """What stands behind `what: ` on lines of their own."""
        return re.findall(rf"^ *{re.escape(what)}: (.+)$", self.out, re.MULTILINE)


def run(*words: object, sentence: str | None = None, language: str = "en") -> Ended:
    """Run one command, the sentence read from a descriptor."""
    out, err = io.StringIO(), io.StringIO()
    arguments = ["--language", language, *(str(word) for word in words)]
    with contextlib.ExitStack() as stack:
        if sentence is not None:
            reading, writing = os.pipe()
            stack.callback(os.close, reading)
            os.write(writing, f"{sentence}\n".encode())
            os.close(writing)
            arguments += ["--sentence-fd", str(reading)]
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        status = main(arguments)
    return Ended(status, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Desks:
    """Two data folders at rest, and the folder that files travel through."""

    office: Place
    national: Place
    stick: Path

    def by_office(self, *words: object, language: str = "en") -> Ended:
        """A command of the office on its own vault."""
        return run(*words, "--data", self.office.folder, sentence=self.office.sentence, language=language)

    def by_national(self, *words: object, language: str = "en") -> Ended:
        """A command of the Secretariat on its own store."""
        parts = ("secretariat", *words, "--data", self.national.folder)
        return run(*parts, sentence=self.national.sentence, language=language)

    @contextlib.contextmanager
    def open_office(self) -> Iterator[Place]:
        """The office unlocked, to enter something by its services."""
        desk = Door(self.office.folder, self.office.clock).unlock(1, self.office.sentence)
        try:
            yield replace(self.office, desk=desk)
        finally:
            desk.lock()
