"""The start page: whose desk this is, when it was last saved, and how to lock it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import DeskError
from ui.jobs import JobRunner
from ui.languages import day_and_time, words
from ui.screens.page import on_paper
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Quote, Sign, Words, frame

if TYPE_CHECKING:
    from desktop.bootstrap import Desk
    from desktop.services.journal import LastSaved

_SHEET_PX = 720
CLI_COMMAND = "rufaa-cli --help"


@dataclass(frozen=True)
class StartFacts:
    """What the start page says. `office` is None at the Secretariat's desk, `cases` where the desk keeps none."""

    office: str | None
    last_saved: LastSaved | None
    cases: int | None


def _facts(desk: Desk) -> StartFacts:
    if desk.vault.kind != "OFFICE":
        return StartFacts(None, desk.journal.last_saved(), None)
    return StartFacts(desk.office_name(), desk.journal.last_saved(), desk.cases.count())


class Start(QWidget):
    """The desk after unlocking."""

    lock_wanted = Signal()
    hindered = Signal(object)  # a DeskError

    def __init__(self, desk: Desk, jobs: JobRunner) -> None:
        """Read what there is to say in the vault lane and show it."""
        super().__init__()
        self.setObjectName("start")
        self.setProperty("role", "paper")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._facts: StartFacts | None = None
        self._office = Words("", "strong")
        self._office.setObjectName("start.office")
        self._lock = ActionButton("start.lock", "START_LOCK", sign="lock", help_code="START_LOCK_HELP")
        self._lock.clicked.connect(self.lock_wanted)
        self._saved, self._saved_by, self._cases = (
            Words("", "strong"),
            Words("", "muted", wraps=True),
            Words("", "strong"),
        )
        self._saved.setObjectName("start.last_saved")
        self._saved_by.setObjectName("start.last_saved.by")
        self._cases.setObjectName("start.cases")

        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._band(desk.vault.practice))
        whole.addWidget(on_paper(self._sheet(desk.vault.practice), _SHEET_PX), 1)
        jobs.run(lambda: _facts(desk), owner=self, done=self._on_facts, failed=self._on_failed)

    def begin(self) -> None:
        """Begin on the lock: it is all there is to press."""
        self._lock.setFocus(Qt.FocusReason.OtherFocusReason)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh()

    def _band(self, practice: bool) -> QWidget:
        band = frame("band")
        row = QHBoxLayout(band)
        row.setContentsMargins(LARGE, SMALL, LARGE, SMALL)
        row.setSpacing(MEDIUM)
        row.addWidget(Sign("mark", "accent", 24))
        row.addWidget(self._office)
        if practice:
            mark = Words("START_PRACTICE", "mark")
            mark.setObjectName("start.practice")
            row.addWidget(mark)
        row.addStretch(1)
        row.addWidget(self._lock)
        return band

    def _sheet(self, practice: bool) -> QFrame:
        sheet = frame("sheet")
        column = QVBoxLayout(sheet)
        column.setContentsMargins(HUGE + SMALL, HUGE, HUGE + SMALL, HUGE)
        column.setSpacing(LARGE)
        column.addWidget(Words("START_OPEN_TITLE", "title"))
        if practice:
            column.addWidget(Words("START_PRACTICE_HELP", "warn", wraps=True))
        told = QGridLayout()
        told.setHorizontalSpacing(HUGE)
        told.setVerticalSpacing(TINY)
        told.setColumnStretch(1, 1)
        told.addWidget(Words("START_LAST_SAVED", "muted"), 0, 0)
        told.addWidget(self._saved, 0, 1)
        told.addWidget(self._saved_by, 1, 1)
        told.addWidget(Words("START_LAST_SAVED_HELP", "help", wraps=True), 2, 1)
        told.setRowMinimumHeight(3, SMALL)
        told.addWidget(Words("START_CASES", "muted"), 4, 0)
        told.addWidget(self._cases, 4, 1)
        column.addLayout(told)
        column.addWidget(frame("rule"))
        column.addWidget(Words("START_NEXT_TITLE", "strong", wraps=True))
        column.addWidget(Words("START_NEXT_TEXT", "muted", wraps=True))
        column.addWidget(Quote("start.command", CLI_COMMAND, "command"))
        return sheet

    def _on_facts(self, facts: StartFacts) -> None:
        self._facts = facts
        self._refresh()

    def _on_failed(self, error: DeskError) -> None:
        self.hindered.emit(error)

    def _refresh(self) -> None:
        facts = self._facts
        if facts is None:
            return
        self._office.put(words("START_SECRETARIAT") if facts.office is None else facts.office)
        if facts.last_saved is None:
            self._saved.put(words("START_NOTHING_SAVED"))
            self._saved_by.put("")
        else:
            day, clock = day_and_time(facts.last_saved.at)
            self._saved.put(words("START_LAST_SAVED_VALUE", day=day, time=clock))
            self._saved_by.put(words("START_LAST_SAVED_BY", name=facts.last_saved.by, n=facts.last_saved.n))
        if facts.cases is None:
            self._cases.put("–")
        elif facts.cases == 0:
            self._cases.put(words("START_CASES_NONE"))
        else:
            self._cases.put(f"{facts.cases:,}")
