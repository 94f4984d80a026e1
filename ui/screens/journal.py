"""The journal: who did what and when, the newest first, and whether it is whole. For supervisors.

A search for an old day asks the lane in short questions one after the other, and so does the check: drafts are kept
and the desk can be locked meanwhile.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop.errors import DeskError
from desktop.journal_wording import verdict_in_words
from desktop.rules.journal_reading import JournalLine, JournalPage, JournalPerson, Verdict
from desktop.services.journal_check import JournalCheck
from ui.jobs import Progress
from ui.languages import current
from ui.models.journal_rows import JOURNAL_COLUMNS, journal_rows
from ui.screens.journal_filter import JournalFilter
from ui.screens.screen import Screen
from ui.seat import Place, Seat
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Sign, Words, frame
from ui.widgets.empty_state import EmptyState
from ui.widgets.progress_strip import ProgressStrip
from ui.widgets.row_list import RowList

_ENOUGH = 30  # rows that fill the list, so that one can scroll for more


class Journal(Screen):
    """Three fields, the list below them, and the check."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty frame; the entries come from the lane."""
        super().__init__(seat, place)
        self._lines: list[JournalLine] = []
        self._below: int | None = None  # where to look for more; 0 at the end
        self._asked = 0  # counts questions, so that only the newest is answered
        self._reading = False
        self._verdict: Verdict | None = None
        self._filter = JournalFilter(seat.desk.vault.clock)
        self._list = RowList("journal.list", JOURNAL_COLUMNS, "JOURNAL_LIST", lines=2)
        self._stack = QStackedWidget()
        self._check = ActionButton(
            "journal.check", "JOURNAL_CHECK", sign="shield-check", help_code="JOURNAL_CHECK_HELP"
        )
        self._strip = ProgressStrip("journal.progress", "JOURNAL_STOP_HELP", seat.jobs)
        self._sign, self._said = Sign("", "accent"), Words("", wraps=True)
        self._foot = QStackedWidget()  # what was found, or how far the check is
        self._lay_out()
        self._filter.changed.connect(self._read)
        self._list.came_near_end.connect(self._on_near_end)
        self._list.chosen.connect(self._on_chosen)
        self._check.clicked.connect(self._on_check)

    def begin(self) -> None:
        """Begin in the list's choices, and read who works here and the newest entries."""
        self._filter.kind.setFocus(Qt.FocusReason.OtherFocusReason)
        self.run(self.seat.desk.journal.people, self._on_people)
        self._read()

    def say_again(self) -> None:
        """Say rows and findings in the new language."""
        self._list.show_rows(journal_rows(self._lines, self.seat.desk.vault.catalogue))
        self._say_verdict()

    def _lay_out(self) -> None:
        self._said.setObjectName("journal.verdict")
        self._said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._stack.addWidget(self._list)
        self._stack.addWidget(EmptyState("journal.empty", "history", "JOURNAL_EMPTY_TITLE", "JOURNAL_EMPTY_TEXT"))
        found, head, sheet = QWidget(), QHBoxLayout(), frame("sheet")
        told = QHBoxLayout(found)
        head.setSpacing(SMALL)
        head.addWidget(Words("JOURNAL_TITLE", "title"), 1)
        head.addWidget(self._check, 0, Qt.AlignmentFlag.AlignTop)
        told.setContentsMargins(0, 0, 0, 0)
        told.setSpacing(SMALL)
        told.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        told.addWidget(self._said, 1)
        self._foot.addWidget(found)
        self._foot.addWidget(self._strip)
        inside = QVBoxLayout(sheet)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self._stack)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        whole.addLayout(head)
        whole.addWidget(Words("JOURNAL_HELP", "help", wraps=True))
        whole.addWidget(self._filter)
        whole.addWidget(sheet, 1)
        whole.addWidget(self._foot)
        whole.setSpacing(MEDIUM)
        self.setTabOrder(self._list, self._check)
        self._foot.hide()

    def _on_people(self, people: tuple[JournalPerson, ...]) -> None:
        self._filter.show_people(people)

    def _read(self) -> None:
        """Ask for what the fields say, from the newest on; an answer to an older question is dropped."""
        self._asked += 1
        self._lines, self._below, self._reading = [], None, True
        self._ask()

    def _ask(self) -> None:
        asked, below, wish, journal = self._asked, self._below, self._filter.wish(), self.seat.desk.journal
        self.run(
            lambda: journal.page(below, wish),
            lambda page: self._on_page(asked, page),
            lambda error: self._on_not_read(asked, error),
        )

    def _on_page(self, asked: int, page: JournalPage) -> None:
        if asked != self._asked:
            return
        is_first, self._below = self._below is None, page.below
        had_rows = bool(self._lines)
        self._lines += page.lines
        rows = journal_rows(page.lines, self.seat.desk.vault.catalogue)
        if had_rows and not is_first:
            self._list.add_rows(rows)
        else:
            self._list.show_rows(rows)
        self._reading = bool(page.below) and len(self._lines) < _ENOUGH
        if self._reading:  # what is wanted may lie far back
            self._ask()
        self._stack.setCurrentIndex(0 if self._lines or self._reading else 1)

    def _on_not_read(self, asked: int, error: DeskError) -> None:
        if asked == self._asked:
            self._reading = False
        self.fail(error)

    def _on_near_end(self) -> None:
        if self._below and not self._reading:
            self._reading = True
            self._ask()

    def _on_chosen(self, row_id: str) -> None:
        line = next(line for line in self._lines if str(line.n) == row_id)
        if line.case_id:
            self.place_wanted.emit(Place("caseFile", line.case_id))

    def _on_check(self) -> None:
        self._check.setEnabled(False)
        self._verdict = None
        self._say_verdict()
        progress = self._strip.start("JOURNAL_CHECKING")
        self._foot.setCurrentWidget(self._strip)
        self._foot.show()
        self._strip.stop.setFocus(Qt.FocusReason.OtherFocusReason)
        self.run(self.seat.desk.journal.begin_check, lambda check: self._go_on(check, progress), self._on_not_checked)

    def _go_on(self, check: JournalCheck, progress: Progress) -> None:
        if check.verdict is not None:
            self._verdict = check.verdict
            self._end_check()
            self._say_verdict()
            return
        journal = self.seat.desk.journal

        def look() -> JournalCheck:
            progress.report(check.done, check.of)
            return journal.check_on(check)

        self.run(look, lambda check: self._go_on(check, progress), self._on_not_checked)

    def _on_not_checked(self, error: DeskError) -> None:
        self._end_check()
        self.fail(error)

    def _end_check(self) -> None:
        self._strip.end()
        self._foot.setCurrentIndex(0)
        self._foot.setVisible(self._verdict is not None)
        self._check.setEnabled(True)
        self._check.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say_verdict(self) -> None:
        verdict = self._verdict
        self._said.put("\n".join(verdict_in_words(verdict, current())) if verdict is not None else "")
        sign = "" if verdict is None else "shield-check" if verdict.whole else "shield-alert"
        self._sign.show_sign(sign, "accent" if verdict is None or verdict.whole else "danger")
