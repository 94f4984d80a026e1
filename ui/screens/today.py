"""Today: whose desk this is, when it was last saved, what waits, and how to lock it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from desktop.rules.records import Topic
from desktop.services.journal import LastSaved
from ui.languages import day_and_time, number, plural, words
from ui.screens.page import on_paper
from ui.screens.screen import Screen
from ui.seat import Place, Seat
from ui.theme import HUGE, LARGE, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame

_SHEET_PX = 720


@dataclass(frozen=True)
class _Facts:
    """What the screen says. `office` is None at the Secretariat's desk; counts are 0 where the desk keeps none."""

    office: str | None
    last_saved: LastSaved | None
    cases: int
    drafts: int
    enrolled: bool


class Today(Screen):
    """The first screen of an open desk."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show the frame of it; the facts come from the lane."""
        super().__init__(seat, place)
        self._facts: _Facts | None = None
        self._office, self._person = Words("", "title", wraps=True), Words("", "muted", wraps=True)
        self._saved, self._saved_by = Words("", "strong", wraps=True), Words("", "muted", wraps=True)
        self._cases, self._drafts = Words("", "strong"), Words("", "muted", wraps=True)
        self._no_slot = Words("TODAY_NOT_ENROLLED", "warn", wraps=True)
        named = {"office": self._office, "person": self._person, "last_saved": self._saved, "cases": self._cases}
        named |= {"last_saved.by": self._saved_by, "drafts": self._drafts, "not_enrolled": self._no_slot}
        for name, label in named.items():
            label.setObjectName(f"today.{name}")
        self._no_slot.hide()
        self._lock = ActionButton("today.lock", "START_LOCK", sign="lock", help_code="START_LOCK_HELP")
        self._lock.clicked.connect(self.lock_wanted)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(on_paper(self._sheet(), _SHEET_PX), 1)

    def begin(self) -> None:
        """Read the facts, and begin on the lock: it is all there is to press."""
        self._lock.setFocus(Qt.FocusReason.OtherFocusReason)
        self._read()

    def on_changed(self, topics: frozenset[Topic]) -> None:
        """Count again."""
        if topics & {Topic.CASES, Topic.IMPORTS, Topic.OFFICE, Topic.DRAFTS}:
            self._read()

    def say_again(self) -> None:
        """Say the facts in the new language."""
        facts = self._facts
        if facts is None:
            return
        self._office.put(words("START_SECRETARIAT") if facts.office is None else facts.office)
        me = self.seat.me
        self._person.put(words("TODAY_SIGNED_IN", name=me.name, n=me.desk_number))
        if facts.last_saved is None:
            self._saved.put(words("START_NOTHING_SAVED"))
            self._saved_by.put("")
        else:
            day, clock = day_and_time(facts.last_saved.at)
            self._saved.put(words("START_LAST_SAVED_VALUE", day=day, time=clock))
            self._saved_by.put(words("START_LAST_SAVED_BY", name=facts.last_saved.by, n=facts.last_saved.n))
        self._cases.put(number(facts.cases) if facts.cases else words("START_CASES_NONE"))
        self._drafts.put(plural("TODAY_DRAFTS", facts.drafts) if facts.drafts else "")
        self._no_slot.setVisible(facts.office is not None and not facts.enrolled)

    def _read(self) -> None:
        self.run(lambda: _read_facts(self.seat), self._on_facts)

    def _on_facts(self, facts: _Facts) -> None:
        self._facts = facts
        self.say_again()

    def _sheet(self) -> QFrame:
        sheet = frame("sheet")
        column = QVBoxLayout(sheet)
        column.setContentsMargins(HUGE + SMALL, HUGE, HUGE + SMALL, HUGE)
        column.setSpacing(LARGE)
        named = QVBoxLayout()
        named.setSpacing(TINY)
        named.addWidget(self._office)
        named.addWidget(self._person)
        head = QHBoxLayout()
        head.addLayout(named, 1)
        head.addWidget(self._lock, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        told = QGridLayout()
        told.setHorizontalSpacing(HUGE)
        told.setVerticalSpacing(TINY)
        told.setColumnStretch(1, 1)
        told.addWidget(Words("START_LAST_SAVED", "muted"), 0, 0, Qt.AlignmentFlag.AlignTop)
        told.addWidget(self._saved, 0, 1)
        told.addWidget(self._saved_by, 1, 1)
        told.addWidget(Words("START_LAST_SAVED_HELP", "help", wraps=True), 2, 1)
        if self.seat.desk.vault.kind == "OFFICE":
            told.setRowMinimumHeight(3, SMALL)
            told.addWidget(Words("START_CASES", "muted"), 4, 0)
            told.addWidget(self._cases, 4, 1)
            told.addWidget(self._drafts, 5, 1)
        column.addLayout(told)
        column.addWidget(self._no_slot)
        column.addWidget(frame("rule"))
        column.addWidget(Words("TODAY_KEYS", "help", wraps=True))
        return sheet


def _read_facts(seat: Seat) -> _Facts:
    desk = seat.desk
    if desk.vault.kind != "OFFICE":
        return _Facts(None, desk.journal.last_saved(), 0, 0, enrolled=True)
    sheet = desk.office.sheet()
    return _Facts(sheet.name, desk.journal.last_saved(), desk.cases.count(), len(desk.drafts.cases()), sheet.enrolled)
