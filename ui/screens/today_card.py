"""The card of Today: whose desk this is, when it was last saved, what is here and what is not done yet."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout

from desktop.services.breaches import OpenBreaches
from desktop.services.journal import LastSaved
from desktop.services.sheets import SheetStanding
from desktop.services.tables import PlainCopySummary
from ui.languages import day, day_and_time, number, plural, words
from ui.seat import Seat
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import Words, frame
from ui.widgets.seen_button import SeenButton


@dataclass(frozen=True)
class DeskFacts:
    """What the card says. `office` is None at the Secretariat's desk; counts are 0 where the desk keeps none."""

    office: str | None
    last_saved: LastSaved | None
    cases: int
    drafts: tuple[str, ...]  # the cases with work not saved yet, the last first; empty for one not made yet
    enrolled: bool
    copies: tuple[PlainCopySummary, ...] = ()  # tables without a seal, for who has to delete them; the first due first
    handover_due: bool = False  # this laptop's keys are not yet known to the Secretariat
    sealing_due: bool = False  # for who looks after people
    breaches: OpenBreaches | None = None
    recovery_missing: str | None = None  # code of why the Secretariat could not help; said once enrolled
    reported: tuple[int, ...] = ()  # desks whose sentence somebody may know, for who looks after people
    manages: bool = False  # who is signed in looks after people; the following are for them
    sheet: SheetStanding | None = None
    reported_person: str = ""  # the id of the first of `reported`
    unused: tuple[int, ...] = ()  # desks let in no more because nobody came since new keys


class TodayCard(QFrame):
    """The facts, read by the screen."""

    def __init__(self, seat: Seat) -> None:
        """Show the frame of it."""
        super().__init__()
        self._seat, self._facts = seat, DeskFacts(None, None, 0, (), enrolled=True)
        self.setProperty("role", "sheet")
        self._office, self._person = Words("", "heading", wraps=True), Words("", "muted", wraps=True)
        self._saved, self._saved_by = Words("", "strong", wraps=True), Words("", "muted", wraps=True)
        self._cases, self._drafts = Words("", "strong"), Words("", "warn", wraps=True)
        self._no_slot, self._copies = Words("TODAY_NOT_ENROLLED", "warn", wraps=True), Words("", "warn", wraps=True)
        named = {"office": self._office, "person": self._person, "last_saved": self._saved, "cases": self._cases}
        named |= {"last_saved.by": self._saved_by, "drafts": self._drafts, "not_enrolled": self._no_slot}
        self._reported, self._recovery = Words("", "warn", wraps=True), Words("", "warn", wraps=True)
        named |= {"plain_copies": self._copies, "reported": self._reported, "recovery_missing": self._recovery}
        self._breaches, self._late = Words("", "warn", wraps=True), Words("", "danger", wraps=True)
        self._older = Words("", "danger", wraps=True)
        named |= {"breaches": self._breaches, "breaches_late": self._late, "older": self._older}
        for name, label in named.items():
            label.setObjectName(f"today.{name}")
        self.journal = SeenButton(
            "today.journal", "SETTINGS_JOURNAL", role="quiet", sign="history", colour="accent", help_code="JOURNAL_HELP"
        )
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        column.setSpacing(TINY)
        column.addWidget(self._office)
        column.addWidget(self._person)
        for text in (self._older, self._late, self._breaches):  # above all else: nobody must work on, a clock runs
            text.hide()
            column.addWidget(text)
        column.addSpacing(MEDIUM)
        for part in (Words("START_LAST_SAVED", "muted"), self._saved, self._saved_by):
            column.addWidget(part)
        column.addWidget(Words("START_LAST_SAVED_HELP", "help", wraps=True))
        column.addWidget(self.journal, 0, Qt.AlignmentFlag.AlignLeft)
        self.journal.setVisible(seat.desk.vault.kind == "OFFICE" and seat.may("journal.read"))
        if seat.desk.vault.kind == "OFFICE":
            column.addSpacing(MEDIUM)
            counts = QGridLayout()
            counts.setColumnStretch(0, 1)
            counts.addWidget(Words("START_CASES", "muted", wraps=True), 0, 0)
            counts.addWidget(self._cases, 0, 1)
            column.addLayout(counts)
        for text in (
            self._reported,
            self._copies,
            self._drafts,
            self._no_slot,
            self._recovery,
        ):
            text.hide()
            column.addSpacing(SMALL)
            column.addWidget(text)
        column.addStretch(1)
        column.addWidget(frame("rule"))
        column.addSpacing(SMALL)
        column.addWidget(Words("TODAY_KEYS", "help", wraps=True))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Be as high as the words need: what has no room is scrolled to."""
        super().resizeEvent(event)
        self._keep_height()

    def show_facts(self, facts: DeskFacts) -> None:
        """Show other facts."""
        self._facts = facts
        self.say_again()

    def say_again(self) -> None:
        """Say the facts in the language in force."""
        facts, me = self._facts, self._seat.me
        self._office.put(words("START_SECRETARIAT") if facts.office is None else facts.office)
        self._person.put(words("TODAY_SIGNED_IN", name=me.name, n=me.desk_number))
        if facts.last_saved is None:
            self._saved.put(words("START_NOTHING_SAVED"))
            self._saved_by.put("")
        else:
            saved_on, clock = day_and_time(facts.last_saved.at)
            self._saved.put(words("START_LAST_SAVED_VALUE", day=saved_on, time=clock))
            self._saved_by.put(words("START_LAST_SAVED_BY", name=facts.last_saved.by, n=facts.last_saved.n))
        self._cases.put(number(facts.cases) if facts.cases else words("START_CASES_NONE"))
        self._drafts.put(plural("TODAY_DRAFTS", len(facts.drafts)) if facts.drafts else "")
        self._drafts.setVisible(bool(facts.drafts))
        self._no_slot.show_code("HANDOVER_DUE" if facts.handover_due else "TODAY_NOT_ENROLLED")
        self._no_slot.setVisible(facts.office is not None and (facts.handover_due or not facts.enrolled))
        if facts.enrolled and facts.recovery_missing:
            self._recovery.show_code(facts.recovery_missing)
        self._recovery.setVisible(facts.enrolled and facts.recovery_missing is not None)
        if ahead := self._seat.desk.vault.mark_ahead:
            self._older.show_code("OLDER_THAN_MARK", marked=ahead.marked, found=ahead.found)
        self._older.setVisible(ahead is not None)
        found = facts.breaches or OpenBreaches()
        self._late.put(plural("TODAY_BREACHES_LATE", found.late) if found.late else "")
        self._breaches.put(plural("TODAY_BREACHES_OPEN", found.open) if found.open and not found.late else "")
        self._late.setVisible(bool(found.late))
        self._breaches.setVisible(bool(found.open and not found.late))
        desks = ", ".join(str(desk) for desk in facts.reported)
        self._reported.put(plural("SENTENCE_REPORTED", len(facts.reported), desks=desks) if desks else "")
        self._reported.setVisible(bool(desks))
        self._copies.put(_copies_in_words(facts.copies))
        self._copies.setVisible(bool(facts.copies))
        self._keep_height()

    def _keep_height(self) -> None:
        self.setMinimumHeight(self._column.totalHeightForWidth(self.width()))


def read_facts(seat: Seat) -> DeskFacts:
    """Read the facts; called in the vault lane."""
    desk = seat.desk
    if desk.vault.kind != "OFFICE":
        return DeskFacts(None, desk.journal.last_saved(), 0, (), enrolled=True)
    sheet = desk.office.sheet()
    copies = desk.tables.plain_copies() if seat.may("table.export") else ()
    facts = sheet.name, desk.journal.last_saved(), desk.cases.count(), desk.drafts.cases(), sheet.enrolled
    manages = seat.may("people.manage")
    due = desk.enrolment.handover_due(), manages and desk.people.sealing_due()
    missing, standing = desk.office_recovery.missing(), desk.breaches.standing()
    if not manages:
        return DeskFacts(*facts, copies, *due, standing, missing)
    reported, people = desk.people.reported(), desk.people.list()
    return DeskFacts(
        *facts,
        copies,
        *due,
        standing,
        missing,
        reported,
        manages=True,
        sheet=desk.sheets.standing(),
        reported_person=next((one.id for one in people if one.desk_number in reported), ""),
        unused=tuple(one.desk_number for one in people if one.unused),
    )


def _copies_in_words(copies: tuple[PlainCopySummary, ...]) -> str:
    overdue = sum(copy.overdue for copy in copies)
    if overdue:
        return plural("TODAY_COPIES_OVERDUE", overdue)
    return plural("TODAY_COPIES", len(copies), day=day(copies[0].delete_by)) if copies else ""
