"""The one window: what stands before the desk, the open desk, the message bar and the lock. No rules live here."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPaintEvent, QShortcut
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from desktop import PRODUCT
from desktop.errors import DeskError
from desktop.messages import explain, sentences
from desktop.settings import Settings
from ui.heartbeat import Heartbeat
from ui.idle import IdleWatch
from ui.jobs import JobRunner
from ui.languages import current, words
from ui.preferences import Preferences
from ui.screens import notice
from ui.screens.desk_frame import DeskFrame
from ui.screens.notice import Notice
from ui.screens.page import Page
from ui.screens.unlock import Unlock
from ui.seat import Place, Seat
from ui.widgets.help_sheet import HelpSheet
from ui.widgets.message_bar import MessageBar

if TYPE_CHECKING:
    from desktop.bootstrap import Desk, Door
    from desktop.services.office import SignedIn
    from desktop.services.vault import VaultStatus
    from ui.screens.first_run import FirstRun

Replace = Callable[[Path | None], None]

LONGEST_CLOSING_MS = 2000  # drafts and the vault get this long; then the process goes, whatever the lane is doing
_WANTED_SIZE = QSize(1040, 680)
_SMALLEST_SIZE = QSize(520, 340)


class MainWindow(QMainWindow):
    """Unlock screen, start page, and the pages that say why not."""

    first_painted = Signal()
    looked = Signal()  # the lane knows whether there is a vault

    def __init__(self, folder: Path, door: Callable[[], Door], jobs: JobRunner, replace: Replace) -> None:
        """Stand before the vault in `folder`.

        `door` is called in the vault lane, after the first paint: behind it lie the imports that take long.
        `replace` puts a new process in the place of this one, on another data folder where it is given one.
        """
        super().__init__()
        self._folder, self._door, self._jobs, self._replace = folder, door, jobs, replace
        self._desk: Desk | None = None
        self._preferences = Preferences(folder)
        self._painted = False
        self._leaving = False
        self.setObjectName("window")
        self.setWindowTitle(PRODUCT)  # neutral: titles show in task bars and on shared screens
        self.setMinimumSize(_SMALLEST_SIZE)
        self.resize(_WANTED_SIZE.boundedTo(self.screen().availableSize() * 0.96))
        self._pages = QStackedWidget()
        self.setCentralWidget(self._pages)
        self._messages = MessageBar(self)
        for keys in ("Ctrl+/", "F1"):
            QShortcut(QKeySequence(keys), self).activated.connect(lambda: self._help.show_keys())
        self._beat = Heartbeat(self)
        self._idle = IdleWatch(self)
        self._idle.warned.connect(lambda: self._messages.tell(lambda: words("IDLE_WARNING")))
        self._idle.returned.connect(self._messages.hide)
        self._idle.gone.connect(self.lock)
        QShortcut(QKeySequence("Ctrl+L"), self).activated.connect(self.lock)
        QShortcut(QKeySequence("Ctrl+Q"), self).activated.connect(self.close)
        for keys, place in (("Ctrl+F", Place("cases", section="search")), ("Ctrl+N", Place("cases", section="new"))):
            QShortcut(QKeySequence(keys), self).activated.connect(lambda place=place: self._go(place))
        for number in range(1, 7):
            QShortcut(QKeySequence(f"Alt+{number}"), self).activated.connect(lambda n=number: self._step(n))
        self.first_painted.connect(self._look)
        # Where the data folder is missing there is surely no vault; the lane finds out the rest.
        self._show_page(self._unlock_page() if folder.is_dir() else self._first_run())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Report the first paint once it is out."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def lock(self) -> None:
        """Blank the screen, close the vault and put a new process in the place of this one. Before unlock: nothing.

        Unsaved work and the place are taken off the screen first, then the screen goes, then they are written.
        """
        if self._desk is None or self._leaving:
            return
        self._leaving = True
        began = time.monotonic()
        QTimer.singleShot(LONGEST_CLOSING_MS, self._leave)  # armed first: a fault below keeps no desk open
        self._idle.rest()
        frame = self._frame()
        try:
            if frame is not None:
                self._jobs.run(frame.leave(), owner=self, done=_pass_by, failed=_pass_by)
        finally:
            self._show_page(QWidget())
            self.repaint()  # now, not when the event loop comes to it: blank within 300 ms (threat-model 5.4)
        self._beat.finish(blank_ms=round((time.monotonic() - began) * 1000))
        self._jobs.run(self.close_vault, owner=self, done=self._on_closed, failed=self._on_closed)

    def show_fault(self, number: str) -> None:
        """After a fault: destroy what is on screen, close the vault, and show the number. The first fault counts."""
        if self._leaving:
            return
        self._leaving = True
        self._idle.rest()
        page = notice.fault(number)
        page.start_again_wanted.connect(self._leave)
        self._show_page(page)
        self._jobs.run(self.close_vault, owner=self, done=_pass_by, failed=_pass_by)

    def close_vault(self) -> None:
        """Close the vault where one is open; called in the vault lane, at the end of the program as well."""
        desk, self._desk = self._desk, None
        if desk is not None:
            desk.lock()

    @cached_property
    def _help(self) -> HelpSheet:
        """The sheet of help: its words are not read before the first paint."""
        return HelpSheet(self)

    def _show_page(self, page: QWidget) -> None:
        old = self._pages.currentWidget()
        self._messages.hide()
        if "_help" in vars(self):
            self._help.hide()
        self._pages.addWidget(page)
        self._pages.setCurrentWidget(page)
        if old is not None:
            self._pages.removeWidget(old)
            old.deleteLater()  # a screen is destroyed, never hidden: nothing of it stays behind
        if isinstance(page, Page | DeskFrame):
            page.begin()
        if isinstance(page, Notice):
            page.try_again_wanted.connect(self._look)
            page.close_wanted.connect(self.close)

    def _unlock_page(self) -> Unlock:
        page = Unlock(self._door, self._jobs)
        page.unlocked.connect(self._on_unlocked)
        page.practice_wanted.connect(self._leave_for_practice)
        page.refused.connect(self._on_refused)
        page.hindered.connect(self._on_hindered)
        return page

    def _first_run(self) -> FirstRun:
        from ui.screens.first_run import FirstRun

        page = FirstRun(self._door, self._jobs)
        page.made.connect(self._leave)  # the words are still in this process's memory
        page.practice_wanted.connect(self._leave_for_practice)
        page.hindered.connect(self._on_hindered)
        return page

    def _look(self) -> None:
        self._jobs.run(
            lambda: _look_at(self._folder, self._door), owner=self, done=self._on_looked, failed=self._on_refused
        )

    def _on_looked(self, status: VaultStatus) -> None:
        page = self._pages.currentWidget()
        if not status.exists and isinstance(page, Unlock):
            self._show_page(self._first_run())
        elif status.exists:
            if not isinstance(page, Unlock):
                page = self._unlock_page()
                self._show_page(page)
            page.hold(status.wait_seconds)
        self.looked.emit()

    def _on_unlocked(self, desk: Desk) -> None:
        self._desk = desk
        self._jobs.run(desk.office.signed_in, owner=self, done=self._on_signed_in, failed=self._on_hindered)

    def _on_signed_in(self, me: SignedIn) -> None:
        if self._desk is None or self._leaving:
            return
        frame = DeskFrame(Seat(self._desk, self._jobs, me, lambda: self._preferences.now, self._change_settings))
        frame.hindered.connect(self._on_hindered)
        frame.lock_wanted.connect(self.lock)
        frame.help_wanted.connect(self._help.explain)
        frame.told.connect(lambda told: self._messages.report(told.say, told.action_code, told.action))
        self._show_page(frame)
        self._idle.watch(self._preferences.now.idle_minutes)
        self._beat.start()

    def _change_settings(self, settings: Settings) -> None:
        self._preferences.change(settings)
        self._idle.watch(settings.idle_minutes)

    def _frame(self) -> DeskFrame | None:
        page = self._pages.currentWidget()
        return page if isinstance(page, DeskFrame) else None

    def _go(self, place: Place) -> None:
        frame = self._frame()
        if frame is not None and self._desk is not None and self._desk.vault.kind == "OFFICE":
            frame.go(place)

    def _step(self, number: int) -> None:
        frame = self._frame()
        if frame is not None:
            frame.step(number)

    def _on_refused(self, error: DeskError) -> None:
        missing = error.code == "VAULT_NONE"
        self._show_page(self._first_run() if missing else notice.refusal(error))

    def _on_hindered(self, error: DeskError) -> None:
        self._messages.tell(lambda: explain(error, current()))

    def _on_closed(self, _: object) -> None:
        self._leave()

    def _leave(self) -> None:
        self._hand_over(None)

    def _leave_for_practice(self) -> None:
        from desktop.services.practice import practice_office

        self._hand_over(practice_office(self._folder))

    def _hand_over(self, folder: Path | None) -> None:
        replace, self._replace = self._replace, _nothing
        replace(folder)


def _look_at(folder: Path, door: Callable[[], Door]) -> VaultStatus:
    from desktop import log

    if folder.is_dir():
        with contextlib.suppress(OSError):  # a log that cannot be kept keeps nobody out
            log.open_log(folder / "log")
    status = door().vaults.status()
    sentences()  # read here, in the lane, so that the window does not wait for them when the desk opens
    return status


def _pass_by(_: object) -> None:
    """The page already says what there is to say."""


def _nothing(_: Path | None) -> None:
    """The process is being replaced already."""
