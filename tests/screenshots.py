"""`make screenshots OUT=DIR`: every screen in each language, colour and scale, as screen-language-theme-scale-size.png.

Run as `python -m tests.screenshots DIR`. A window's scale is fixed when its process starts, so each scale is a process
of its own. The screens are the real ones, on a real practice vault with made-up names.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent
from PySide6.QtGui import QCursor, QPixmap
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from shiboken6 import delete

from desktop.bootstrap import Door
from desktop.errors import DeskError, NotEncrypted, Obstacle, VaultBusy, WrongSentence
from desktop.messages import LANGUAGES
from desktop.services.vault import OfficeFacts, Prepared
from tests import desk_stages
from ui import languages, theme
from ui.jobs import JobRunner
from ui.main_window import MainWindow
from ui.screens.desk_frame import DeskFrame
from ui.screens.first_run import FirstRun
from ui.screens.unlock import Unlock
from ui.widgets.message_bar import FADE_MS
from ui.widgets.passphrase_edit import PassphraseEdit

SCREENS_PX = {"1366x768": (1366, 768), "1024x600": (1024, 600)}  # the laptop's own pixels
SCALES = {"100": 1.0, "150": 1.5}
TITLE_BAR_PX = 30
FAR_PX = (790, 590)
FACTS = OfficeFacts("001", "001-01", "Likoni sub-county children's office", "", "", "Asha Mwakio", "", "")


Part = TypeVar("Part")


@dataclass(frozen=True)
class Stage:
    """A window before its picture is taken, and what opens the vault behind it."""

    window: MainWindow
    sentence: str
    prepared: Prepared  # an office that is not written

    def field(self) -> PassphraseEdit:
        """Return the sentence field."""
        return found(self.window.findChild(PassphraseEdit, "unlock.sentence"))

    def unlock(self) -> Unlock:
        """Return the unlock screen with something typed."""
        self.field().setText("abandon able acid acoustic")
        return found(self.window.findChild(Unlock))


def found(part: Part | None) -> Part:
    """Return what must be on screen."""
    if part is None:
        raise LookupError("the screen is not the one expected")
    return part


def wait_until(is_so: Callable[[], bool]) -> None:
    """Let the window work until something is so."""
    while not is_so():
        QApplication.processEvents()
        # Without a running loop nothing left behind would go, and every change of language would be said to it too.
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def show_words(stage: Stage) -> None:
    """The typed words, to be read."""
    stage.unlock()
    found(stage.window.findChild(QPushButton, "unlock.show_words")).click()


def fail(stage: Stage) -> None:
    """A wrong sentence."""
    stage.unlock()._on_failed(WrongSentence("WRONG_SENTENCE"))


def fail_and_wait(stage: Stage) -> None:
    """A wrong sentence after several."""
    fail(stage)
    stage.unlock().hold(75)


def start(stage: Stage) -> None:
    """The desk, really unlocked."""
    stage.field().setText(stage.sentence)
    stage.field().sentence_entered.emit()
    wait_until(lambda: (told := stage.window.findChild(QLabel, "today.last_saved")) is not None and told.text() != "")


def first_run(stage: Stage) -> FirstRun:
    """The wizard, its steps all there."""
    page = stage.window._first_run()
    stage.window._show_page(page)
    wait_until(lambda: len(page._steps) > 1)
    return page


def type_back(stage: Stage, name: str) -> None:
    """The words written down, to be typed back."""
    first_run(stage)._on_prepared(stage.prepared)
    if name == "sheet":
        found(stage.window.findChild(FirstRun))._go(4)
    found(stage.window.findChild(QPushButton, f"firstRun.{name}_written")).click()


SCREENS: dict[str, Callable[[Stage], object]] = {
    "unlock": lambda stage: None,
    "unlock_words": show_words,
    "unlock_wrong": fail,
    "unlock_waiting": fail_and_wait,
    "unlock_working": lambda stage: stage.unlock()._set_working(True),
    "unlock_hindered": lambda stage: stage.unlock().hindered.emit(Obstacle("MEMORY_SHORT", mebibytes=256)),
    "first_run_1": first_run,
    "first_run_2": lambda stage: first_run(stage)._go(1),
    "first_run_3": lambda stage: first_run(stage)._go(2),
    "first_run_4": lambda stage: first_run(stage)._on_prepared(stage.prepared),
    "first_run_4_typed": lambda stage: type_back(stage, "sentence"),
    "first_run_5_typed": lambda stage: type_back(stage, "sheet"),
    "refused": lambda stage: stage.window._on_refused(NotEncrypted("VAULT_NOT_ENCRYPTED")),
    "busy": lambda stage: stage.window._on_refused(VaultBusy("VAULT_BUSY")),
    "fault": lambda stage: stage.window.show_fault("7K2M"),
    "start": start,
}


def take(stage: Stage, prepare: Callable[[Stage], object], jobs: JobRunner) -> QPixmap:
    """Show a window, bring it to a screen, and return its picture."""
    window = stage.window
    events: list[object] = []
    window.looked.connect(lambda: events.append("looked"))
    window.show()
    wait_until(lambda: events == ["looked"])
    prepare(stage)
    faded = time.monotonic() + 2 * FADE_MS / 1000
    wait_until(lambda: time.monotonic() > faded)
    picture = window.grab()
    jobs.run(window.close_vault, owner=window, done=events.append, failed=events.append)
    wait_until(lambda: len(events) == 2)
    window.close()
    delete(window)
    return picture


def main(folder: Path) -> int:
    """Draw everything into `folder`, one process for each scale, and return the exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    for scale, factor in SCALES.items():
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(factor)}
        command = [sys.executable, "-m", "tests.screenshots", str(folder), scale]
        if status := subprocess.call(command, env=environment):
            return status
    return 0


def draw(folder: Path, scale: str) -> int:
    """Draw the screens of one scale and return the exit status."""
    application = QApplication([])
    theme.set_up(application)
    QCursor.setPos(*FAR_PX)  # nothing is drawn as pointed at
    with tempfile.TemporaryDirectory() as data:
        door = Door(Path(data))
        sentence = door.vaults.create_office(FACTS, practice=True).sentence
        prepared = Door(Path(data) / "new").vaults.prepare_office(FACTS)
        jobs = JobRunner()
        for language in LANGUAGES:
            languages.switch(language)
            for colours in ("light", "dark"):
                theme.wear(application, dark=colours == "dark")
                for size, pixels in SCREENS_PX.items():
                    width, height = (round(side / SCALES[scale]) for side in pixels)
                    for name, prepare in SCREENS.items():
                        window = MainWindow(Path(data), lambda: door, jobs, lambda _: None)
                        window.resize(width, height - TITLE_BAR_PX)
                        picture = take(Stage(window, sentence, prepared), prepare, jobs)
                        picture.save(str(folder / f"{name}-{language}-{colours}-{scale}-{size}.png"))
        jobs.stop(within_s=20)
    with tempfile.TemporaryDirectory() as data:
        office, national = desk_stages.make_desks(Path(data))
        draw_desk(application, folder, scale, office, "office")
        draw_desk(application, folder, scale, national, "secretariat")
    application.shutdown()
    return 0


def draw_desk(application: QApplication, folder: Path, scale: str, data: Path, prefix: str) -> None:
    """Draw every screen of one open desk."""
    jobs = JobRunner()
    window = desk_stages.open_window(data, jobs, wait_until)
    shown = desk_stages.NATIONAL_PLACES
    if prefix == "office":
        known: list[desk_stages.Known] = []
        desk = window.findChild(DeskFrame)._seat.desk  # type: ignore[union-attr]
        jobs.run(lambda: desk_stages.know(desk), owner=window, done=known.append, failed=stop_at)
        wait_until(lambda: bool(known))
        shown = desk_stages.places(known[0])
    for language in LANGUAGES:
        languages.switch(language)
        for colours in ("light", "dark"):
            theme.wear(application, dark=colours == "dark")
            for size, pixels in SCREENS_PX.items():
                width, height = (round(side / SCALES[scale]) for side in pixels)
                window.resize(width, height - TITLE_BAR_PX)
                for name, picture in desk_stages.pictures(window, jobs, shown, wait_until):
                    picture.save(str(folder / f"{prefix}_{name}-{language}-{colours}-{scale}-{size}.png"))
    closed: list[object] = []
    jobs.run(window.close_vault, owner=window, done=closed.append, failed=closed.append)
    wait_until(lambda: bool(closed))
    window.close()
    jobs.stop(within_s=20)


def stop_at(error: DeskError) -> None:
    """Nothing can be drawn without it."""
    raise error


if __name__ == "__main__":
    out = Path(sys.argv[1]).absolute()
    sys.exit(main(out) if len(sys.argv) == 2 else draw(out, sys.argv[2]))
