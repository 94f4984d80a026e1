"""An open desk without the window: unlocked in the lane, locked there again, everything put away in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop
from PySide6.QtWidgets import QApplication
from shiboken6 import delete, isValid

from desktop.bootstrap import Desk, Door
from desktop.rules.records import RecordDraft, Value
from desktop.services.office import SignedIn
from desktop.settings import Settings
from tests.factory import PROVIDER, REFERRAL
from tests.ui.conftest import Office, make_office
from ui.jobs import JobRunner
from ui.screens.screen import Screen
from ui.seat import Seat

Answer = TypeVar("Answer")

SCREEN_PX = (1274, 738)  # beside the rail, in the window of 1366 by 768


def make_practice_office(folder: Path) -> Office:
    return make_office(folder, practice=True)


def in_lane(jobs: JobRunner, work: Callable[[], Answer]) -> Answer:
    """Do work in the vault lane and wait for its answer; what it raises, a fault as well, is raised here."""
    answers: list[Answer] = []
    errors: list[BaseException] = []
    loop = QEventLoop()

    def try_work() -> Answer | None:
        try:
            return work()
        except BaseException as raised:  # noqa: BLE001  raised again below, in the thread that asked
            errors.append(raised)
            return None

    def done(answer: Answer | None) -> None:
        if answer is not None or not errors:
            answers.append(answer)  # type: ignore[arg-type]
        loop.quit()

    jobs.run(try_work, owner=jobs, done=done, failed=lambda _: loop.quit())
    loop.exec()
    if errors:
        raise errors[0]
    return answers[0]


@contextmanager
def open_desk(folder: Path, sentence: str, desk_number: int = 1) -> Iterator[Seat]:
    """Unlock a desk and sit at it. Afterwards every window left over is deleted, the vault locked, the lane ended."""
    jobs = JobRunner()
    opened: list[Desk] = []

    def unlock() -> tuple[Desk, SignedIn]:
        desk = Door(folder).unlock(desk_number, sentence)
        opened.append(desk)
        return desk, desk.office.signed_in()

    try:
        desk, me = in_lane(jobs, unlock)
        yield Seat(desk, jobs, me, Settings, lambda settings: None)
    finally:
        for window in QApplication.topLevelWidgets():
            if isValid(window) and window.parent() is None:
                delete(window)
        if opened:
            in_lane(jobs, opened[0].lock)
        assert jobs.stop(within_s=30)
        delete(jobs)
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def case_with(seat: Seat, **person: Value) -> str:
    """Make a case about a person with these fields and return its id."""
    drafts = [RecordDraft("case", {}), RecordDraft("person", person)]
    return in_lane(seat.jobs, lambda: seat.desk.cases.create(drafts))[0]


def refer(seat: Seat, case_id: str, urgency: str, name: str) -> str:
    """A referral of a case to a provider of its own."""
    desk = seat.desk

    def make() -> str:
        provider = desk.directory.save(RecordDraft("provider", {**PROVIDER, "name": name})).record_ids[0]
        given = {**REFERRAL, "to_provider": provider, "urgency": urgency}
        return desk.referrals.create(case_id, given).record_ids[0]

    return in_lane(seat.jobs, make)


def show_alone(screen: Screen) -> None:
    """Show a screen in a window of its own and begin it, with the answers that are under way."""
    jobs = screen.seat.jobs
    jobs.changed.connect(screen.on_changed)
    # A fixed least size as the main window has one: the offscreen platform warns of each that a layout works out.
    screen.setMinimumSize(1, 1)
    screen.resize(*SCREEN_PX)
    screen.show()
    screen.activateWindow()
    screen.begin()
    in_lane(jobs, lambda: None)
