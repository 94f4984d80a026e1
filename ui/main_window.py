"""The one window: what stands before the desk, the open desk, the message bar and the lock. No rules live here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPaintEvent, QShortcut
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget

from desktop import PRODUCT
from desktop.errors import DeskError
from desktop.messages import explain
from desktop.settings import Settings
from ui.heartbeat import Heartbeat
from ui.idle import IdleWatch
from ui.jobs import JobRunner
from ui.languages import current, words
from ui.preferences import Preferences
from ui.screens import notice
from ui.screens.first_look import look_at
from ui.screens.notice import Notice
from ui.screens.page import Page
from ui.screens.unlock import Unlock
from ui.seat import Place, Seat
from ui.veil import KEY, veil
from ui.widgets import clipboard
from ui.widgets.message_bar import MessageBar

if TYPE_CHECKING:
    from desktop.bootstrap import Desk, Door
    from desktop.services.office import SignedIn
    from desktop.services.vault import VaultStatus
    from ui.screens.desk_frame import DeskFrame
    from ui.screens.first_run import FirstRun
    from ui.widgets.help_sheet import HelpSheet

Replace = Callable[[Path | None], None]

LONGEST_CLOSING_MS = 2000  # drafts and the vault get this long; then the process goes, whatever the lane is doing
_BEGUN_WITH = ("ui.screens.desk_frame", "ui.screens.today", "ui.screens.case_list", "ui.screens.case_file")
_WANTED_SIZE = QSize(1040, 680)


class MainWindow(QMainWindow):
    """Unlock screen, start page, and the pages that say why not."""

    first_painted = Signal()
    looked = Signal()  # the lane knows whether there is a vault

    def __init__(
        self, folder: Path, door: Callable[[], Door], jobs: JobRunner, replace: Replace, fault: str = ""
    ) -> None:
        """Stand before the vault in `folder`, or first show the number of the fault that ended the process before.

        `door` is called in the vault lane, after the first paint: behind it lie the imports that take long.
        `replace` puts a new process in the place of this one, on another data folder where it is given one.
        """
        super().__init__()
        self._folder, self._door, self._jobs, self._replace = folder, door, jobs, replace
        self._desk: Desk | None = None
        self._desk_frame: DeskFrame | None = None
        self._held: Callable[[], object] | None = None  # lets go of what a way back has in memory
        self._closed = False  # by a supervisor: no sentence opens the vault
        self._preferences = Preferences(folder)
        self._painted = False
        self.fault = ""  # the number of a fault that the next process shows
        self._leaving = bool(fault)  # behind the page of a fault nothing is open that could be left
        self.setObjectName("window")
        self.setWindowTitle(PRODUCT)  # neutral: titles show in task bars and on shared screens
        self.setMinimumSize(520, 340)
        self.resize(_WANTED_SIZE.boundedTo(self.screen().availableSize() * 0.96))
        self._pages = QStackedWidget()
        self.setCentralWidget(self._pages)
        self._messages = MessageBar(self)
        for keys in ("Ctrl+/", "F1"):
            QShortcut(QKeySequence(keys), self).activated.connect(lambda: self._help.show_keys())
        self._beat = Heartbeat(self)
        self._idle = IdleWatch(self)
        self._idle.warned.connect(lambda: self._messages.tell(lambda: words("IDLE_WARNING")))
        self._idle.warned.connect(self._cover)
        self._idle.returned.connect(self._messages.hide)
        self._idle.gone.connect(self.lock)
        QShortcut(QKeySequence("Ctrl+L"), self).activated.connect(self.lock)
        QShortcut(QKeySequence(KEY), self).activated.connect(self._on_cover)
        QShortcut(QKeySequence("Ctrl+Q"), self).activated.connect(self.close)
        for keys, place in (("Ctrl+F", Place("cases", section="search")), ("Ctrl+N", Place("cases", section="new"))):
            QShortcut(QKeySequence(keys), self).activated.connect(lambda place=place: self._go(place))
        for number in range(1, 8):
            QShortcut(QKeySequence(f"Alt+{number}"), self).activated.connect(lambda n=number: self._step(n))
        if fault:
            page = notice.fault(fault)
            page.start_again_wanted.connect(self._begin)
            page.start_again_wanted.connect(self._look)
            self._show_page(page)
        else:
            self.first_painted.connect(self._look)
            self._begin()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Report the first paint once it is out."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.first_painted.emit)

    def lock(self) -> None:
        """Blank the screen, close the vault and put a new process in the place of this one. Before unlock: nothing.

        Also where the words of a recovery sheet opened the vault, or words were shown: they are in this one's memory.
        """
        if self._desk is not None or self._held is not None:
            self._close(QWidget(), self._frame())

    def show_fault(self, number: str) -> None:
        """After a fault: lock, but show its number, and have the next process show it too. The first fault counts."""
        self.fault = self.fault or number
        self._close(notice.fault(number), None)

    def _close(self, page: QWidget, frame: DeskFrame | None) -> None:
        """Read the unsaved work off `frame`, show nothing but `page`, write that work, close the vault, and go."""
        if self._leaving:
            return
        self._leaving = True
        began = time.monotonic()
        QTimer.singleShot(LONGEST_CLOSING_MS, self._leave)  # armed first: a fault below keeps no desk open
        self._idle.rest()
        try:
            if frame is not None:
                self._jobs.run(frame.leave(), owner=self, done=_nothing, failed=_nothing)
        finally:
            self._show_only(page)
        if frame is not None:
            self._beat.finish(blank_ms=round((time.monotonic() - began) * 1000))
        self._jobs.run(self.close_vault, owner=self, done=self._leave, failed=self._leave)

    def close_vault(self) -> None:
        """Close the vault where one is open; called in the vault lane, at the end of the program as well."""
        desk, self._desk = self._desk, None
        let_go, self._held = self._held, None
        if let_go is not None:
            let_go()
        if desk is not None:
            desk.lock()

    @cached_property
    def _help(self) -> HelpSheet:
        """The sheet of help: its words are not read before the first paint."""
        from ui.widgets.help_sheet import HelpSheet

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
        if isinstance(page, Page):
            page.begin()
        if isinstance(page, Notice):
            page.try_again_wanted.connect(self._look)
            page.close_wanted.connect(self.close)

    def _show_only(self, page: QWidget) -> None:
        """Show `page` and close every dialog and list beside it: now, not when the event loop comes to it (5.4)."""
        self._show_page(page)
        for other in QApplication.topLevelWidgets():
            if not isinstance(other, QMainWindow):
                other.hide()
        self.repaint()
        clipboard.empty()

    def _begin(self) -> None:
        """Stand before the vault. Without a data folder there is surely none; the lane finds out the rest."""
        self._leaving, self.fault = False, ""
        self._show_page(self._unlock_page() if self._folder.is_dir() else self._first_run())

    def _unlock_page(self) -> Unlock:
        page = Unlock(self._door, self._jobs)
        page.unlocked.connect(self._on_unlocked)
        page.practice_wanted.connect(self._leave_for_practice)
        page.refused.connect(self._on_refused)
        page.hindered.connect(self._on_hindered)
        page.recovery_wanted.connect(lambda: self._show_way(""))
        return page

    def _show_way(self, name: str) -> None:
        """Go to a page of the way back into the vault."""
        from ui.screens.recover import way_back

        page = way_back(name, self._door, self._jobs, closed=self._closed)
        page.way_wanted.connect(self._show_way)
        page.left.connect(self._on_way_left)
        page.held.connect(self._on_held)
        page.unlocked.connect(self._on_unlocked)
        page.refused.connect(self._on_refused)
        page.hindered.connect(self._on_hindered)
        self._show_page(page)

    def _on_held(self, let_go: Callable[[], object]) -> None:
        self._held = let_go
        self._idle.watch(self._preferences.now.idle_minutes)

    def _on_way_left(self) -> None:
        if self._held is not None:
            self.lock()
        else:
            self._begin()
            self._look()

    def _first_run(self) -> FirstRun:
        from ui.screens.first_run import FirstRun

        page = FirstRun(self._door, self._jobs)
        page.made.connect(self._leave)  # the words are still in this process's memory
        page.practice_wanted.connect(self._leave_for_practice)
        page.hindered.connect(self._on_hindered)
        return page

    def _look(self) -> None:
        self._load_ahead(iter(_BEGUN_WITH))
        look = partial(look_at, self._folder, self._door)
        self._jobs.run(look, owner=self, done=self._on_looked, failed=self._on_refused)

    def _load_ahead(self, names: Iterator[str]) -> None:
        """Load what the open desk begins with, a module a turn, while the sentence is typed: unlock does not wait."""
        if (name := next(names, None)) is not None:
            import_module(name)
            QTimer.singleShot(0, self, lambda: self._load_ahead(names))

    def _on_looked(self, status: VaultStatus) -> None:
        page = self._pages.currentWidget()
        if not status.exists and isinstance(page, Unlock):
            self._show_page(self._first_run())
        elif status.exists:
            if not isinstance(page, Unlock):
                page = self._unlock_page()
                self._show_page(page)
            page.expect(status.desks)
            page.hold(status.wait_seconds)
            self._closed = status.closed
            if status.closed:
                page.show_closed()
        self.looked.emit()

    def _on_unlocked(self, desk: Desk) -> None:
        self._desk, self._held = desk, None
        self._idle.watch(self._preferences.now.idle_minutes)  # from the moment at which the vault is open
        self._jobs.run(desk.office.signed_in, owner=self, done=self._on_signed_in, failed=self._on_nobody)

    def _on_signed_in(self, me: SignedIn) -> None:
        if self._desk is None or self._leaving:
            return
        from ui.screens.desk_frame import DeskFrame

        frame = DeskFrame(Seat(self._desk, self._jobs, me, lambda: self._preferences.now, self._change_settings))
        frame.hindered.connect(self._on_hindered)
        frame.lock_wanted.connect(self.lock)
        frame.help_wanted.connect(self._help.explain)
        frame.told.connect(lambda told: self._messages.report(told.say, told.action_code, told.action))
        self._show_page(frame)
        self._desk_frame = frame
        frame.begin()
        self._beat.start()

    def _on_nobody(self, error: DeskError) -> None:
        """An open vault that does not say who opened it: a fault like any other, and no desk."""
        from desktop import log

        self.show_fault(log.fault(type(error), error.__traceback__))

    def _change_settings(self, settings: Settings) -> None:
        self._preferences.change(settings)
        self._idle.watch(settings.idle_minutes)

    def _frame(self) -> DeskFrame | None:
        return self._desk_frame if self._pages.currentWidget() is self._desk_frame else None

    def _on_cover(self) -> None:
        if self._frame():
            veil().toggle()

    def _cover(self) -> None:
        screen = frame.current() if (frame := self._frame()) else self._pages.currentWidget()
        if callable(cover := getattr(screen, "cover", None)):
            cover()

    def _go(self, place: Place) -> None:
        if (frame := self._frame()) and self._desk is not None and self._desk.vault.kind == "OFFICE":
            frame.go(place)

    def _step(self, number: int) -> None:
        if frame := self._frame():
            frame.step(number)

    def _on_refused(self, error: DeskError) -> None:
        self._show_page(self._first_run() if error.code == "VAULT_NONE" else notice.refusal(error))

    def _on_hindered(self, error: DeskError) -> None:
        self._messages.tell(lambda: explain(error, current()))

    def _leave(self, _: object = None, *, to: Path | None = None) -> None:
        replace, self._replace = self._replace, _nothing
        replace(to)

    def _leave_for_practice(self) -> None:
        from desktop.services.practice import practice_office

        self._leave(to=practice_office(self._folder))


def _nothing(_: object) -> None:
    """There is no more to say, or the process is being replaced already."""
