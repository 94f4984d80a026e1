"""The real window into whose every field planted words are typed, and that is then locked or killed (R13).

Called as `canary_window.py OUT PAPER`, with a JSON object on standard input: the words, and `end`, LOCKED or KILLED in
lower case. Words in other than Latin letters come as an input method hands them over. A letter is printed on a printer
that is a program of ours; what it is given is paper. When it is locked, the program itself stands in its place.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import partial
from itertools import cycle
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from desktop import machine
from tests import desk_stages
from tests.screenshots import wait_until
from tests.ui.every_screen import typing_fields
from ui import app, languages, printing, theme
from ui.jobs import JobRunner
from ui.seat import Place
from ui.widgets.passphrase_edit import PassphraseEdit

SMALL_LAPTOP_BYTES = 4_000_000_000
AUTOSAVED_MS = 11_000


def typed(field: QWidget, word: str) -> None:
    """Put a word where the cursor is, as a person does."""
    field.setFocus()
    if word.isascii():
        QTest.keyClicks(field, word)
    else:
        event = QInputMethodEvent()
        event.setCommitString(word)
        QApplication.sendEvent(field, event)


def printer(paper: Path) -> str:
    """A program that takes a letter in the place of the system's."""
    program = paper / "lp"
    program.write_text(f"#!/bin/sh\ncat > {paper}/printed\n")
    program.chmod(0o700)
    return str(program)


def main() -> None:
    """Walk every screen and type."""
    given, out, paper = json.loads(sys.stdin.read()), Path(sys.argv[1]), Path(sys.argv[2])
    machine.total_memory_bytes = lambda: SMALL_LAPTOP_BYTES
    printing.LP_PROGRAMS = (printer(paper),)
    faults = app.Faults()
    faults.catch()
    application = QApplication(["Rufaa"])
    theme.set_up(application)
    languages.switch("en")
    folder, _ = desk_stages.make_desks(out)
    jobs = JobRunner()
    window = desk_stages.open_window(folder, jobs, wait_until)
    window._replace = lambda _: app.replace_process(str(folder))
    desk = window._desk
    assert desk is not None
    known: list[desk_stages.Known] = []
    jobs.run(partial(desk_stages.know, desk), owner=window, done=known.append, failed=_nothing)
    wait_until(lambda: bool(known))
    words = cycle(given["words"])
    count = 0
    frame = window._frame()
    assert frame is not None
    places = desk_stages.places(known[0])
    rounds = 0
    while count < 2 * len(given["words"]) and rounds < 20:
        rounds += 1
        for name, place in places.items():
            frame.go(place)
            desk_stages.settle(jobs, window, wait_until)
            if name in desk_stages.FILES:
                continue
            for field in typing_fields(window):
                if not isinstance(field, PassphraseEdit):
                    typed(field, next(words))
                    count += 1
            desk_stages.settle(jobs, window, wait_until)
    frame.go(Place("cases"))
    desk_stages.settle(jobs, window, wait_until)
    search = window.findChild(QLineEdit, "cases.search")
    assert isinstance(search, QLineEdit)
    for word in given["words"]:
        search.clear()
        typed(search, word)
        desk_stages.settle(jobs, window, wait_until)
    frame.go(places["letter"])
    desk_stages.settle(jobs, window, wait_until)
    for name in ("letter.issue", "letter.print"):
        button = window.findChild(QPushButton, name)
        assert isinstance(button, QPushButton)
        wait_until(button.isEnabled)
        button.click()
        desk_stages.settle(jobs, window, wait_until)
    wait_until(lambda: (paper / "printed").exists() and (paper / "printed").read_bytes().rstrip().endswith(b"%%EOF"))
    frame.go(places["case_person"])
    desk_stages.settle(jobs, window, wait_until)
    fields = [field for field in typing_fields(window) if not isinstance(field, PassphraseEdit)]
    for field in fields:
        typed(field, next(words))
    QTest.qWait(AUTOSAVED_MS)
    for field in fields:
        typed(field, next(words))
    kept: list[int] = []
    jobs.run(lambda: len(desk.drafts.cases()), owner=window, done=kept.append, failed=_nothing)
    wait_until(lambda: bool(kept))
    said = {"typed": count, "drafts": kept[0], "printed_bytes": (paper / "printed").stat().st_size}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    if given["end"] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    application.exec()


def _nothing(_: object) -> None:
    """Without an answer the walk does not go on."""


if __name__ == "__main__":
    main()
