"""The real window with planted words on every screen, and what a screen reader hears of it (R29).

Called as `spoken_window.py OUT inside` or `... outside`, with the words as a JSON list on standard input's first line.
Inside, this process walks its own accessibility tree before and after a lock, tries the clipboard, and looks at the
hints of all fields; the last line of standard output is JSON. Outside, it says `open` and waits, so that another
program can listen, then locks: the program itself stands in its place.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from functools import partial
from itertools import cycle
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from desktop import machine
from desktop.bootstrap import Door
from desktop.services.practice import practice_sentence
from desktop.system import clipboard_marks
from tests import desk_stages
from tests.hard.canary_window import typed
from tests.screenshots import wait_until
from tests.ui.every_screen import typing_fields
from ui import app, languages, theme
from ui.jobs import JobRunner
from ui.main_window import MainWindow
from ui.screens.case_sheets import PARTS
from ui.screens.desk_frame import DeskFrame
from ui.seat import Place
from ui.widgets import clipboard
from ui.widgets.clipboard import Line
from ui.widgets.passphrase_edit import PassphraseEdit

SMALL_LAPTOP_BYTES = 4_000_000_000
HINTS = Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText
SECRET = "abandon ability able about above absent"
_DEEPEST = 60


def heard(spoken: QAccessibleInterface | None, depth: int = 0) -> Iterator[str]:
    """Walk everything that an accessibility tree says."""
    if spoken is None or not spoken.isValid() or depth > _DEEPEST:
        return
    for part in (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value, QAccessible.Text.Help):
        yield spoken.text(part)
    words = spoken.textInterface()
    if words is not None:
        yield words.text(0, words.characterCount())
    for place in range(spoken.childCount()):
        yield from heard(spoken.child(place), depth + 1)


def everything() -> str:
    """All that all windows of this process say."""
    windows = [window for window in QApplication.topLevelWidgets() if window.isVisible()]
    return "\n".join(text for one in windows for text in heard(QAccessible.queryAccessibleInterface(one)))


def unhinted(window: QWidget, screen: str) -> list[str]:
    """The fields, hidden ones as well, of which an input method could learn."""
    fields = [one for kind in (QLineEdit, QPlainTextEdit, QTextEdit) for one in window.findChildren(kind)]
    return [
        f"{screen}: {one.objectName() or type(one).__name__}"
        for one in fields
        if one.inputMethodHints() & HINTS != HINTS and not isinstance(one.parent(), QAbstractSpinBox)
    ]


class Spoken:
    def __init__(self, out: Path, words: list[str]) -> None:
        self.words = words
        self.folder, self.national = desk_stages.make_desks(out)
        self.jobs = JobRunner()
        self.fields = 0
        self.unhinted: list[str] = []
        self.secret: list[str] = []
        self.left = False
        self.window = self.opened(self.folder)

    def opened(self, folder: Path) -> MainWindow:
        """Unlock as a person does; what is heard of the sentence meanwhile goes to `secret`."""
        door = Door(folder)
        window = MainWindow(folder, lambda: door, self.jobs, self.leave)
        looked: list[bool] = []
        window.looked.connect(lambda: looked.append(True))
        window.show()
        wait_until(lambda: bool(looked))
        field = window.findChild(PassphraseEdit, "unlock.sentence")
        assert isinstance(field, PassphraseEdit)
        sentence = practice_sentence(folder) or ""
        # A practice vault shows its sentence on the screen, as it should; another one is typed first.
        QTest.keyClicks(field, SECRET)
        self.listen_for_secrets(window)
        field.setText(sentence)
        field.sentence_entered.emit()
        wait_until(lambda: window.findChild(DeskFrame) is not None)
        window._idle.rest()
        return window

    def leave(self, _: object) -> None:
        self.left = True

    def listen_for_secrets(self, window: QWidget) -> None:
        said = everything()
        self.secret += [word for word in SECRET.split() if f" {word} " in f" {said} " or SECRET in said]
        fields = [one for one in window.findChildren(PassphraseEdit) if one.isVisible() and one.text()]
        assert fields
        for field in fields:
            spoken = QAccessible.queryAccessibleInterface(field)
            value = spoken.textInterface().text(0, spoken.textInterface().characterCount())
            if len({*value}) != 1 or value == field.text():  # one bullet, over and over
                self.secret.append(field.objectName())

    def visit(self, window: MainWindow, places: dict[str, Place]) -> None:
        """Go to every place, look at its fields and type the words."""
        words = cycle(self.words)
        for name, place in places.items():
            frame = window._frame()
            assert frame is not None
            frame.go(place)
            desk_stages.settle(self.jobs, window, wait_until)
            self.unhinted += unhinted(window, name)
            if name in desk_stages.FILES:
                continue
            for field in typing_fields(window):
                self.fields += 1
                typed(field, SECRET if isinstance(field, PassphraseEdit) else next(words))
            if [one for one in window.findChildren(PassphraseEdit) if one.isVisible() and one.text()]:
                self.listen_for_secrets(window)

    def places(self) -> dict[str, Place]:
        desk = self.window._desk
        assert desk is not None
        known: list[desk_stages.Known] = []
        self.jobs.run(partial(desk_stages.know, desk), owner=self.window, done=known.append, failed=_pass_by)
        wait_until(lambda: bool(known))
        parts = {f"case_{name}": Place("caseFile", known[0].case_id, section=name) for name in PARTS}
        # Last the person, with the planted words on screen.
        return desk_stages.places(known[0]) | parts | {"last": Place("caseFile", known[0].case_id, section="person")}

    def clipboard(self) -> dict[str, bool]:
        """Copy, wait for the time to run out, and copy again for the lock."""
        field = next(one for one in typing_fields(self.window) if isinstance(one, Line) and one.gives and one.text())
        word, buffer = field.text(), QGuiApplication.clipboard()
        field.selectAll()
        field.copy()
        found = {"kept inside": clipboard.pasted() == word, "no text outside": not buffer.mimeData().hasText()}
        marks = clipboard_marks()
        found["marked"] = all(map(buffer.mimeData().hasFormat, marks))
        QTest.qWait(clipboard.KEPT_MS - 2000)
        found["kept until then"] = clipboard.pasted() == word
        QTest.qWait(3500)
        found["gone after the time"] = clipboard.pasted() == "" and not buffer.mimeData().formats()
        buffer.setText("12345")  # as Qt itself copies out of a label
        QTest.qWait(50)
        found["digits marked"] = all(map(buffer.mimeData().hasFormat, marks))
        field.selectAll()
        field.copy()
        found["copied for the lock"] = clipboard.pasted() == word
        return found


def inside(out: Path, words: list[str]) -> dict[str, object]:
    """All that one process can see of itself."""
    spoken = Spoken(out, words)
    spoken.visit(spoken.window, spoken.places())
    clips = spoken.clipboard()
    open_words = [word for word in words if word in everything()]
    spoken.window.lock()  # not by its key: an X server without a window manager makes no window the active one
    locked = everything()
    clips["gone at lock"] = clipboard.pasted() == "" and not QGuiApplication.clipboard().mimeData().hasText()
    wait_until(lambda: spoken.left)
    locked += everything()
    national = spoken.opened(spoken.national)
    spoken.visit(national, desk_stages.NATIONAL_PLACES)
    return {
        "fields": spoken.fields,
        "unhinted": sorted(set(spoken.unhinted)),
        "secrets_heard": sorted(set(spoken.secret)),
        "heard_open": len(open_words),
        "heard_locked": [word for word in words if word in locked],
        "locked_characters": len(locked),
        "clipboard": clips,
    }


def outside(out: Path, words: list[str]) -> None:
    """Stand open, and locked, for another program to listen."""
    spoken = Spoken(out, words)
    window = spoken.window
    places = spoken.places()
    window._replace = lambda _: app.replace_process(str(spoken.folder))
    spoken.visit(window, {"last": places["last"]})
    desk_stages.settle(spoken.jobs, window, wait_until)
    sys.stdout.write("open\n")
    sys.stdout.flush()
    told: list[str] = []
    spoken.jobs.run_beside(sys.stdin.readline, owner=window, done=told.append, failed=_pass_by)
    wait_until(lambda: bool(told))
    window.lock()
    QApplication.exec()


def _pass_by(_: object) -> None:
    """Nobody waits for it."""


def main() -> None:
    out, way = Path(sys.argv[1]), sys.argv[2]
    words = json.loads(sys.stdin.readline())
    machine.total_memory_bytes = lambda: SMALL_LAPTOP_BYTES
    application = QApplication(["Rufaa"])
    theme.set_up(application)
    languages.switch("en")
    if way == "outside":
        outside(out, words)
        return
    sys.stdout.write(json.dumps(inside(out, words)) + "\n")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
