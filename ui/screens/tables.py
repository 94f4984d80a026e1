"""Tables: cases for other programs, as an HTCDS workbook or a list as CPIMS loads it, sealed for who may open them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop import sticks
from desktop.errors import DeskError, Stopped
from desktop.rules.records import Topic
from desktop.services.tables import PlainCopySummary, Report, WhatGoes
from ui.jobs import Progress
from ui.languages import day, plural, words
from ui.screens import tables_work as work
from ui.screens.page import on_paper
from ui.screens.screen import Screen
from ui.screens.tables_choices import TableChoices
from ui.screens.tables_plain import PlainCopies, PlainSave
from ui.screens.tables_receivers import TableReceivers
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, MEDIUM, SMALL
from ui.widgets.basics import Words, frame
from ui.widgets.file_dialogs import ask_folder
from ui.widgets.progress_strip import ProgressStrip

COPIES = "copies"  # the part of the screen to which Today leads
_HELP = ("TABLES_HELP_KINDS", "TABLES_HELP_CASES", "TABLES_HELP_SEAL", "TABLES_HELP_PLAIN")
_SHEET_PX = 760


class TablesScreen(Screen):
    """One sheet from what goes to where it goes; below it the tables without a seal that still have to be deleted."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show the choices; who may make no table finds a sentence instead."""
        super().__init__(seat, place)
        self._may = seat.may("table.export")
        self._working = False
        self._counting: Progress | None = None
        self._before: QWidget | None = None  # where the focus was when the work began
        if not self._may:
            self._lay_out(Words("TABLES_NOT_YOURS", wraps=True))
            return
        self._choices = TableChoices(seat.desk.vault.catalogue)
        self._receivers = TableReceivers()
        self._strip = ProgressStrip("tables.progress", "TABLES_STOP_HELP", seat.jobs)
        self._plain, self._copies = PlainSave(seat.desk.vault.clock), PlainCopies()
        self._lay_out(self._choices, self._receivers, self._strip, frame("rule"), self._plain)
        self._show_state()
        self._choices.counts_wanted.connect(self._count)
        self._receivers.stick.look_wanted.connect(self._look)
        self._receivers.seal.clicked.connect(self._on_seal)
        self._receivers.folder.clicked.connect(
            lambda: ask_folder(self, "tables.folder_choice", "TABLES_FOLDER", self._on_folder)
        )
        self._plain.asked.connect(lambda: self._bring(self._plain))
        self._plain.save_wanted.connect(self._on_plain)
        self._copies.deleted.connect(self._on_deleted)

    def begin(self) -> None:
        """Begin with which table; or in the list of what is to be deleted, where Today led there."""
        if not self._may:
            return
        self._choices.begin()
        if self.seat.desk.vault.practice:  # made-up persons need no seal (decisions 28)
            self._plain.ask()
        self._look()
        self.run(self.seat.desk.tables.plain_copies, self._on_first_copies)

    def on_changed(self, topics: frozenset[Topic]) -> None:
        """Count again what would leave, and look again what is to be deleted."""
        if self._may and topics & {Topic.CASES, Topic.CONSENTS, Topic.IMPORTS}:
            self._count()
        if self._may and Topic.TABLES in topics:
            self._show_copies()

    def event(self, event: QEvent) -> bool:
        """Take F1 before the window shows its keys."""
        if event.type() == QEvent.Type.ShortcutOverride and _is_f1(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Explain the screen by F1."""
        if _is_f1(event):
            self.help_wanted.emit(lambda: (words("TABLES_TITLE"), "\n\n".join(map(words, _HELP))))
        else:
            super().keyPressEvent(event)

    def _lay_out(self, *parts: QWidget) -> None:
        both, sheet = frame(""), frame("sheet")
        column = QVBoxLayout(sheet)
        column.setContentsMargins(HUGE + SMALL, LARGE, HUGE + SMALL, LARGE)
        column.setSpacing(SMALL)
        column.addWidget(Words("TABLES_TITLE", "title", wraps=True))
        column.addWidget(Words("TABLES_TEXT", "muted", wraps=True))
        column.addSpacing(SMALL)
        for part in parts:
            column.addWidget(part)
        inside = QVBoxLayout(both)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(MEDIUM)
        inside.addWidget(sheet)
        if self._may:
            inside.addWidget(self._copies)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self._paper = on_paper(both, _SHEET_PX)
        whole.addWidget(self._paper, 1)

    def _show_state(self) -> None:
        ready = not self._working and self._choices.wanted() is not None
        self._receivers.show_ready(ready)
        self._plain.show_ready(ready)

    def _count(self) -> None:
        """Count anew what would leave; a count under way is given up."""
        if self._counting is not None:
            self._counting.stop()
            self._counting.moved.disconnect(self._choices.show_counted)
        self._counting = None
        self._show_state()
        wanted, tables = self._choices.wanted(), self.seat.desk.tables
        if wanted is None:
            return
        progress = self._counting = Progress(self.seat.jobs)
        progress.moved.connect(self._choices.show_counted)
        self.destroyed.connect(progress.stop)
        self.run(
            lambda: tables.what_leaves(wanted.purpose, identified=wanted.identified, report=progress.report),
            lambda goes: self._end_count(progress, goes),
            lambda error: self._on_not_counted(progress, error),
        )

    def _end_count(self, progress: Progress, goes: WhatGoes | None) -> None:
        progress.deleteLater()
        if progress is self._counting:
            self._counting = None
            self._choices.show_goes(goes)

    def _on_not_counted(self, progress: Progress, error: DeskError) -> None:
        self._end_count(progress, None)
        self.fail(error)

    def _on_first_copies(self, copies: tuple[PlainCopySummary, ...]) -> None:
        self._copies.show_copies(copies)
        if copies and self.place().section == COPIES:
            self._copies.list.setFocus(Qt.FocusReason.OtherFocusReason)
            self._bring(self._copies)

    def _show_copies(self) -> None:
        self.run(self.seat.desk.tables.plain_copies, self._copies.show_copies)

    def _bring(self, part: QWidget) -> None:
        """Scroll to a part of the sheet, once it has its size."""
        QTimer.singleShot(0, part, lambda: self._paper.ensureWidgetVisible(part, 0, SMALL))

    def _look(self) -> None:
        self.run(sticks.found, self._receivers.stick.show_sticks)

    def _on_seal(self) -> None:
        desk, keys, stick = self.seat.desk, self._receivers.keys(), self._receivers.stick.wanted()
        self._make(lambda wanted, report: work.seal_to_stick(desk, wanted, keys, stick, report), self._on_not_sealed)

    def _on_folder(self, folder: Path) -> None:
        desk, keys = self.seat.desk, self._receivers.keys()
        self._make(lambda wanted, report: work.seal_to_folder(desk, wanted, keys, folder, report), self._on_not_sealed)

    def _on_plain(self, folder: str) -> None:
        desk = self.seat.desk
        self._make(lambda wanted, report: work.save_plain(desk, wanted, Path(folder), report), self._on_not_plain)

    def _make(self, make: Callable[[work.Wanted, Report], work.Saved], failed: Callable[[DeskError], None]) -> None:
        wanted = self._choices.wanted()
        if wanted is None or self._working:
            return
        self._working, self._before = True, self.focusWidget()
        self._receivers.stick.clear()
        self._show_state()
        report = self._strip.start("TABLES_MAKING").report
        self._strip.stop.setFocus(Qt.FocusReason.OtherFocusReason)
        self.run(lambda: make(wanted, report), self._on_made, failed)

    def _end_work(self) -> None:
        self._working = False
        self._strip.end()
        self._show_state()
        if self._before is not None:
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_made(self, saved: work.Saved) -> None:
        self._end_work()
        if saved.delete_by is not None and not self.seat.desk.vault.practice:
            self._plain.leave()
        self.told.emit(Telling(lambda: _saved_in_words(saved)))
        self._look()

    def _on_not_sealed(self, error: DeskError) -> None:
        self._end_work()
        if not self._receivers.takes(error):
            self._tell(error)
        self._look()

    def _on_not_plain(self, error: DeskError) -> None:
        self._end_work()
        if error.code.startswith("STICK_") or error.code in ("OUT_NOT_WRITABLE", "PLAIN_COPY_REMAINS"):
            self._plain.folder.refuse(error)
            self._show_copies()
        else:
            self._tell(error)

    def _tell(self, error: DeskError) -> None:
        if isinstance(error, Stopped):
            self.told.emit(Telling(lambda: words("TABLES_STOPPED")))
        else:
            self.fail(error)

    def _on_deleted(self, copy: PlainCopySummary) -> None:
        tables = self.seat.desk.tables
        self._copies.stop_asking()
        self.run(
            lambda: tables.plain_copy_deleted(copy.copy_id),
            lambda _: self.told.emit(Telling(lambda: words("PLAIN_COPY_NOTED"))),
        )


def _saved_in_words(saved: work.Saved) -> str:
    facts = {"cases": plural("TABLES_CASES_N", saved.cases), "file": saved.file_name, "place": saved.place}
    if saved.delete_by is None:
        return words("TABLES_SEALED", **facts)
    return words("TABLES_SAVED_PLAIN", day=day(saved.delete_by), **facts)


def _is_f1(event: QEvent) -> bool:
    return isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_F1
