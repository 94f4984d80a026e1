"""A real vault for each test module, and windows that are put away in order."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from desktop.bootstrap import Door
from desktop.services.vault import OfficeFacts
from ui import languages, theme
from ui.jobs import JobRunner
from ui.main_window import MainWindow
from ui.seat import Seat

OFFICE = "Likoni sub-county children's office"
SUPERVISOR = "Asha Mwakio"


@dataclass(frozen=True)
class Office:
    """A vault on disk and the sentence that opens it."""

    folder: Path
    sentence: str = field(repr=False)


@dataclass
class Opened:
    """A window on a data folder, and how often it wanted to be replaced."""

    window: MainWindow
    jobs: JobRunner
    replaced: list[str]


def make_office(folder: Path, *, practice: bool) -> Office:
    facts = OfficeFacts("001", "001-01", OFFICE, "", "", SUPERVISOR, "", "")
    return Office(folder, Door(folder).vaults.create_office(facts, practice=practice).sentence)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_office(tmp_path_factory.mktemp("office"), practice=False)


@pytest.fixture(scope="module")
def practice_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_office(tmp_path_factory.mktemp("practice"), practice=True)


@pytest.fixture
def application(qapp: QApplication) -> Iterator[QApplication]:
    theme.set_up(qapp)
    languages.switch("en")
    yield qapp
    languages.switch("en")


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_office(tmp_path_factory.mktemp("at_rest") / "vault", practice=False)


@pytest.fixture
def seat(application: QApplication, at_rest: Office, tmp_path: Path) -> Iterator[Seat]:
    """A desk on an office of one test's own."""
    from tests.ui.desks import open_desk  # here, because it builds on this file

    shutil.copytree(at_rest.folder, tmp_path / "vault")
    with open_desk(tmp_path / "vault", at_rest.sentence) as opened:
        yield opened


@pytest.fixture
def open_window(application: QApplication, qtbot: QtBot) -> Iterator[Callable[[Path], Opened]]:
    """Return a function that opens a window on a data folder and waits until the lane has looked at it."""
    made: list[Opened] = []

    def open_on(folder: Path) -> Opened:
        jobs, replaced = JobRunner(), list[str]()
        door = Door(folder)
        window = MainWindow(folder, lambda: door, jobs, lambda to: replaced.append(str(to) if to else "replaced"))
        made.append(Opened(window, jobs, replaced))
        with qtbot.waitSignal(window.looked):
            window.show()
        window.activateWindow()
        return made[-1]

    yield open_on
    for opened in made:
        opened.jobs.run(opened.window.close_vault, owner=opened.window, done=_pass_by, failed=_pass_by)
        assert opened.jobs.stop(within_s=30)
        delete(opened.window)
        delete(opened.jobs)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _pass_by(_: object) -> None:
    """Nobody waits for it."""
