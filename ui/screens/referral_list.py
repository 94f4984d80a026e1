"""The referrals of all cases: what is due first stands first, what is late says so."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout

from desktop.clock import today
from desktop.errors import DeskError
from desktop.rules.records import Topic
from desktop.services.referral_rows import ReferralSummary
from ui.models.referral_rows import REFERRAL_COLUMNS, referral_rows
from ui.models.rows import Row
from ui.screens.screen import Screen
from ui.seat import Place, Seat
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.empty_state import EmptyState
from ui.widgets.row_list import RowList


class ReferralList(Screen):
    """Enter opens a referral in its case file."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty frame; the first page comes from the lane."""
        super().__init__(seat, place)
        self._referrals: list[ReferralSummary] = []
        self._asked = 0  # counts questions, so that only the newest is answered
        self._ended = self._reading = False
        self._closed = ActionButton(
            "referrals.with_closed", "REFERRALS_WITH_CLOSED", role="choice", help_code="REFERRALS_WITH_CLOSED_HELP"
        )
        self._closed.setCheckable(True)
        self._list = RowList("referrals.list", REFERRAL_COLUMNS, "REFERRALS_LIST")
        self._nothing = EmptyState("referrals.empty", "send", "REFERRALS_EMPTY_TITLE", "REFERRALS_EMPTY_TEXT")
        self._stack = QStackedWidget()
        self._lay_out()
        self._list.chosen.connect(self._on_chosen)
        self._list.came_near_end.connect(self._on_near_end)
        self._closed.clicked.connect(self._read)

    def begin(self) -> None:
        """Begin in the list."""
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        self._read()

    def on_changed(self, topics: frozenset[Topic]) -> None:
        """Read the referrals again."""
        if topics & {Topic.CASES, Topic.REFERRALS, Topic.IMPORTS}:
            self._read()

    def say_again(self) -> None:
        """Say the rows in the new language."""
        self._list.show_rows(self._rows(self._referrals))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(MEDIUM)
        head.addWidget(Words("REFERRALS_TITLE", "title"), 1)
        head.addWidget(self._closed)
        self._stack.addWidget(self._list)
        self._stack.addWidget(self._nothing)
        sheet = frame("sheet")
        inside = QVBoxLayout(sheet)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self._stack)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        whole.setSpacing(SMALL)
        whole.addLayout(head)
        whole.addWidget(sheet, 1)
        self.setTabOrder(self._list, self._closed)

    def _rows(self, referrals: list[ReferralSummary]) -> list[Row]:
        vault = self.seat.desk.vault
        return referral_rows(referrals, vault.catalogue, today(vault.clock))

    def _read(self) -> None:
        self._asked += 1
        self._ask(None)

    def _ask(self, after: ReferralSummary | None) -> None:
        self._reading = True
        asked, open_only, service = self._asked, not self._closed.isChecked(), self.seat.desk.referrals
        self.run(
            lambda: service.list(open_only=open_only, after=after),
            lambda found: self._on_read(asked, found, more=after is not None),
            self._on_not_read,
        )

    def _on_read(self, asked: int, found: tuple[ReferralSummary, ...], *, more: bool) -> None:
        if asked != self._asked:
            return
        self._reading, self._ended = False, not found
        if more:
            self._referrals += found
            self._list.add_rows(self._rows(list(found)))
            return
        had_focus = self.focusWidget() is self._list  # also while another window is in front
        self._referrals = list(found)
        self._list.show_rows(self._rows(self._referrals))
        self._stack.setCurrentWidget(self._list if found else self._nothing)
        if had_focus and not found:
            self._closed.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_not_read(self, error: DeskError) -> None:
        self._reading = False
        self.fail(error)

    def _on_near_end(self) -> None:
        if not self._reading and not self._ended and self._referrals:
            self._ask(self._referrals[-1])

    def _on_chosen(self, referral_id: str) -> None:
        case_id = next(item.case_id for item in self._referrals if item.referral_id == referral_id)
        self.place_wanted.emit(Place("caseFile", case_id, referral_id, section="referral"))
