"""The walk in a process of its own: `python -m tests.walk.run FOLDER LP [--human]`, on the display of the environment.

It makes the application as `ui.app` does, on X11. Where that puts a new process in its place, a new window on the same
folder comes here, so that one process tells how it ends. It answers with one line of JSON: what was
counted and made, and what Qt said.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

from desktop import machine
from desktop.bootstrap import Door
from tests.walk.keys import Eyes, Hands
from tests.walk.national import found, take_in_a_bundle
from tests.walk.office import Office, from_nothing_to_the_stick, to_the_receipt
from ui import languages, printing, theme
from ui.jobs import JobRunner
from ui.main_window import MainWindow
from ui.preferences import Preferences

_SMALL_LAPTOP_BYTES = 4_000_000_000


class Sitting:
    """A window on a data folder from its opening to its orderly close, and the windows that follow it on a lock."""

    def __init__(self, folder: Path, application: QApplication, eyes: Eyes) -> None:
        """Show the first window."""
        self._folder, self._application, self._eyes = folder, application, eyes
        self.replaced = 0
        self._jobs = JobRunner()
        self._window = self._open()

    def sit(self, walk: Callable[[], None]) -> None:
        """Do the walk beside the event loop, which ends when the last window is closed by key."""
        failures: list[str] = []

        def go() -> None:
            try:
                walk()
            except BaseException:  # noqa: BLE001  the walk's end must end the event loop, whatever it was
                failures.append(traceback.format_exc())
                self._eyes.look(self._application.quit)

        walking = threading.Thread(target=go)
        walking.start()
        status = self._application.exec()
        walking.join()
        self._put_away()
        assert not failures, failures[0]
        assert status == 0

    def _open(self) -> MainWindow:
        @cache
        def door() -> Door:
            return Door(self._folder)

        window = MainWindow(self._folder, door, self._jobs, lambda _: self._replace())
        window.show()
        return window

    def _replace(self) -> None:
        """Let a new window follow the old one, which the vault was closed behind."""
        self.replaced += 1
        self._window.hide()
        self._window.deleteLater()
        self._window = self._open()

    def _put_away(self) -> None:
        self._jobs.run(self._window.close_vault, owner=self._window, done=_pass_by, failed=_pass_by)
        assert self._jobs.stop(within_s=20)
        delete(self._window)
        delete(self._jobs)


def main() -> int:
    """Walk, answer with what was counted, and return the exit status of an orderly end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("lp", help="the print system's program, in the place of the system's own")
    parser.add_argument("--human", action="store_true", help="at the speed of a person, with the keys of a real laptop")
    options = parser.parse_args()
    if not options.human:
        machine.total_memory_bytes = lambda: _SMALL_LAPTOP_BYTES
    printing.LP_PROGRAMS = (options.lp,)
    folder: Path = options.folder
    said: list[str] = []

    def hear(kind: QtMsgType, context: QMessageLogContext, text: str | None) -> None:
        said.append(f"{kind.name} {context.category}: {text}")

    qInstallMessageHandler(hear)
    application = QApplication(["Rufaa"])
    application.setApplicationName("Rufaa")
    assert application.platformName() == "xcb"
    theme.set_up(application)
    Preferences(folder / "office").wear()
    languages.switch("en")
    eyes = Eyes()
    hands = Hands(eyes, human=options.human)
    office = Office(eyes, hands, folder / "office", folder / "stick")
    national = found(folder / "national")

    first = Sitting(office.folder, application, eyes)
    first.sit(lambda: from_nothing_to_the_stick(office, national, lambda: first.replaced))
    Sitting(national.folder, application, eyes).sit(lambda: take_in_a_bundle(eyes, hands, national, office.stick))
    Sitting(office.folder, application, eyes).sit(lambda: to_the_receipt(office))

    delete(eyes)
    application.shutdown()
    qInstallMessageHandler(None)
    sys.stdout.write(json.dumps({**office.counted, "letters": office.letters(), "qt": said}) + "\n")
    return 0


def _pass_by(_: object) -> None:
    """Nobody waits for it."""


if __name__ == "__main__":
    sys.exit(main())
