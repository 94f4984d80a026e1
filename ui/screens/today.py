"""Today: what waits for an answer, whose desk this is, when it was last saved, and how to begin or lock."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from desktop.clock import today
from desktop.rules.records import Topic
from desktop.services.referral_rows import ReferralSummary
from ui.languages import day
from ui.models.referral_rows import WAITING_COLUMNS, waiting_rows
from ui.screens.page import on_paper
from ui.screens.screen import Screen
from ui.screens.sealing_on import SealingOn
from ui.screens.today_card import DeskFacts, TodayCard, read_facts
from ui.screens.today_due import TodayDue
from ui.seat import Place, Seat
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.empty_state import EmptyState
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.row_list import RowList

_ALONE_PX, _BESIDE_PX, _BOTH_PX, _LEAST_LIST_PX = 560, 300, 700, 220
_WIDEST_PX = 16_777_215  # Qt's own: no limit


class Today(Screen):
    """The first screen of an open desk. The Secretariat's has no cases, and so only the card and the lock."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show the frame of it; the facts and the referrals come from the lane."""
        super().__init__(seat, place)
        self._is_office = seat.desk.vault.kind == "OFFICE"
        self._waiting: tuple[ReferralSummary, ...] = ()
        self._unsaved_case = ""  # the last one worked on without saving
        self._day = Words("", "muted")
        self._card = TodayCard(seat)
        self._lock = ActionButton("today.lock", "START_LOCK", sign="lock", help_code="START_LOCK_HELP")
        self._new = ActionButton(
            "today.new", "CASES_NEW", role="main", sign="plus", colour="on_accent", help_code="CASES_NEW_HELP"
        )
        self._go_on = ActionButton("today.go_on", "TODAY_GO_ON", sign="pencil", help_code="TODAY_GO_ON_HELP")
        self._enrol = ActionButton("today.enrol", "TODAY_ENROL", sign="send", help_code="TODAY_ENROL_HELP")
        self._tables = ActionButton(
            "today.tables", "TODAY_DELETE_TABLES", sign="table-2", help_code="TODAY_DELETE_TABLES_HELP"
        )
        self._breach = ActionButton("today.breach", "TODAY_BREACH", sign="shield-alert", help_code="TODAY_BREACH_HELP")
        self._breach.set_key("Ctrl+G")
        self._due = TodayDue(self)
        self._due.wanted.connect(self.place_wanted)
        self._sealing = SealingOn(self)
        self._list = RowList("today.list", WAITING_COLUMNS, "TODAY_WAITING", lines=2)
        self._stack, self._beside = QStackedWidget(), QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._lay_out()
        self._new.setVisible(self._is_office and seat.may("case.create"))
        self._breach.setVisible(self._is_office and seat.may("breach.record"))
        self._lock.clicked.connect(self.lock_wanted)
        self._new.clicked.connect(lambda: self.place_wanted.emit(Place("cases", section="new")))
        self._list.chosen.connect(self._on_chosen)
        self._go_on.clicked.connect(lambda: self.place_wanted.emit(Place("caseFile", self._unsaved_case)))
        self._enrol.clicked.connect(lambda: self.place_wanted.emit(Place("enrolment")))
        self._card.journal.clicked.connect(lambda: self.place_wanted.emit(Place("journal")))
        self._breach.clicked.connect(lambda: self.place_wanted.emit(Place("breaches", section="new")))
        self._tables.clicked.connect(lambda: self.place_wanted.emit(Place("tables", section="copies")))

    def begin(self) -> None:
        """Read the facts and what waits, and begin where something can be done."""
        (self._new if self._new.isVisibleTo(self) else self._lock).setFocus(Qt.FocusReason.OtherFocusReason)
        self._read()

    def on_changed(self, topics: frozenset[Topic]) -> None:
        """Read again what changed."""
        if topics & {
            Topic.BREACHES,
            Topic.CASES,
            Topic.REFERRALS,
            Topic.IMPORTS,
            Topic.OFFICE,
            Topic.PEOPLE,
            Topic.DRAFTS,
            Topic.TABLES,
        }:
            self._read()

    def say_again(self) -> None:
        """Say the day, the facts and the rows in the new language."""
        clock = self.seat.desk.vault.clock
        self._day.put(day(today(clock).isoformat()))
        self._card.say_again()
        self._list.show_rows(waiting_rows(self._waiting, today(clock)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the card stand below the list where they have no room beside one another."""
        super().resizeEvent(event)
        if self._is_office:
            has_room = self.width() >= _BOTH_PX
            way = QBoxLayout.Direction.LeftToRight if has_room else QBoxLayout.Direction.TopToBottom
            self._beside.setDirection(way)
            self._card.setMaximumWidth(_BESIDE_PX if has_room else _WIDEST_PX)

    def _read(self) -> None:
        self.run(lambda: read_facts(self.seat), self._on_facts)
        if self._is_office:
            self.run(self.seat.desk.referrals.list, self._on_waiting)

    def _on_facts(self, facts: DeskFacts) -> None:
        self._unsaved_case = next((case_id for case_id in facts.drafts if case_id), "")
        self._go_on.setVisible(bool(self._unsaved_case))
        self._enrol.setVisible(facts.office is not None and (facts.handover_due or not facts.enrolled))
        self._sealing.show_due(facts.sealing_due)
        self._due.show_facts(facts)
        self._tables.setVisible(bool(facts.copies))
        self._card.show_facts(facts)
        self.say_again()

    def _on_waiting(self, waiting: tuple[ReferralSummary, ...]) -> None:
        self._waiting = waiting
        self._stack.setCurrentIndex(0 if waiting else 1)
        self.say_again()

    def _on_chosen(self, referral_id: str) -> None:
        case_id = next(item.case_id for item in self._waiting if item.referral_id == referral_id)
        self.place_wanted.emit(Place("caseFile", case_id, referral_id, section="referral"))

    def _lay_out(self) -> None:
        named, head, first = QVBoxLayout(), QHBoxLayout(), FlowLayout(SMALL)
        named.setSpacing(0)
        named.addWidget(Words("TODAY_TITLE", "title"))
        named.addWidget(self._day)
        head.setSpacing(SMALL)
        head.addLayout(named, 1)
        first.addWidget(self._breach)  # always in the same place
        for button in (*self._due.buttons(), self._enrol, self._go_on, self._tables):
            first.addWidget(button)
            button.hide()
        head.addWidget(self._lock, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._new, 0, Qt.AlignmentFlag.AlignTop)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        whole.setSpacing(MEDIUM)
        whole.addLayout(head)
        whole.addLayout(first)
        whole.addWidget(self._sealing)
        if not self._is_office:
            self._list.hide()
            whole.addWidget(on_paper(self._card, _ALONE_PX), 1)
            return
        self._stack.addWidget(self._list)
        self._stack.addWidget(EmptyState("today.empty", "circle-check", "TODAY_EMPTY_TITLE", "TODAY_EMPTY_TEXT"))
        self._stack.setCurrentIndex(1)
        sheet, inside = frame("sheet"), QVBoxLayout()
        sheet.setMinimumHeight(_LEAST_LIST_PX)
        sheet.setLayout(inside)
        inside.setContentsMargins(1, SMALL, 1, TINY)
        title = Words("TODAY_WAITING", "heading", wraps=True)
        title.setContentsMargins(MEDIUM, TINY, MEDIUM, 0)
        inside.addWidget(title)
        inside.addWidget(self._stack, 1)
        both, scroll = QWidget(), QScrollArea()
        both.setProperty("role", "paper")
        both.setLayout(self._beside)
        self._beside.setContentsMargins(0, 0, 0, 0)
        self._beside.setSpacing(MEDIUM)
        self._beside.addWidget(sheet, 1)
        self._beside.addWidget(self._card)
        scroll.setProperty("role", "paper")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidgetResizable(True)
        scroll.setWidget(both)
        whole.addWidget(scroll, 1)
        for one, then in pairwise(
            (
                self._new,
                self._list,
                self._card.journal,
                self._go_on,
                self._enrol,
                self._tables,
                *self._due.buttons(),
                self._sealing.button,
            )
        ):
            self.setTabOrder(one, then)
        self.setTabOrder(self._sealing.button, self._breach)
        self.setTabOrder(self._breach, self._lock)
