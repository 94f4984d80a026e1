"""An open desk: the rail at the left, one screen beside it, drafts kept, and where one was before the last lock.

A screen is made when one goes there and destroyed when one leaves: nothing of it stays behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop.errors import DeskError
from desktop.rules.records import RecordDraft, Topic
from ui.screens.make_screen import make_screen
from ui.screens.screen import Screen
from ui.seat import Place, Seat
from ui.theme import LARGE, MEDIUM, SMALL, TINY
from ui.veil import veil
from ui.widgets.basics import Words, frame
from ui.widgets.rail import Rail, Stop

if TYPE_CHECKING:
    from desktop.bootstrap import Desk
    from desktop.services.office import SignedIn

KEEP_MS = 10_000  # look.md: typed work is kept every ten seconds

OFFICE_STOPS = (
    Stop("today", "RAIL_TODAY", "house"),
    Stop("cases", "RAIL_CASES", "folder-open"),
    Stop("referrals", "RAIL_REFERRALS", "route"),
    Stop("directory", "RAIL_DIRECTORY", "building-2"),
    Stop("sending", "RAIL_SENDING", "send"),
    Stop("people", "RAIL_PEOPLE", "users", low=True, action="people.manage"),
    Stop("settings", "RAIL_SETTINGS", "settings", low=True),
)
NATIONAL_STOPS = (
    Stop("today", "RAIL_TODAY", "house"),
    Stop("intake", "RAIL_INTAKE", "inbox"),
    Stop("offices", "RAIL_OFFICES", "building-2"),
    Stop("receipts", "RAIL_RECEIPTS", "file-check"),
    Stop("settings", "RAIL_SETTINGS", "settings", low=True),
)
# Screens without a stop of their own belong to one.
_WITHIN = {
    "breaches": "today",
    "breachNotice": "today",
    "caseFile": "cases",
    "importWorkbook": "cases",
    "letter": "cases",
    "enrolment": "sending",
    "journal": "settings",
    "lostLaptop": "offices",
    "newKeys": "today",
    "newSheet": "people",
    "trySheet": "people",
    "closeDesk": "settings",
    "sentence": "settings",
    "tables": "sending",
}


class DeskFrame(QWidget):
    """The desk after unlocking."""

    told = Signal(object)  # Telling
    hindered = Signal(object)  # DeskError
    help_wanted = Signal(object)  # Callable[[], tuple[str, str]]
    lock_wanted = Signal()

    def __init__(self, seat: Seat) -> None:
        """Stand on no screen yet; `go` comes next."""
        super().__init__()
        self.setObjectName("desk")
        self._seat = seat
        self._screen: Screen | None = None
        self._kept: tuple[RecordDraft, ...] = ()
        stops = OFFICE_STOPS if seat.desk.vault.kind == "OFFICE" else NATIONAL_STOPS
        self._stops = tuple(stop for stop in stops if not stop.action or seat.may(stop.action))
        self._rail = Rail(self._stops)
        self._rail.show_person(seat.me.name, seat.me.desk_number)
        self._rail.stop_wanted.connect(lambda name: self.go(Place(name)))
        self._stack = QStackedWidget()
        beside = QVBoxLayout()
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(0)
        if seat.desk.vault.practice:
            beside.addWidget(_band("practice", "START_PRACTICE", "START_PRACTICE_HELP"))
        self._recovery = _band("recovery", "DESK_RECOVERY", "DESK_RECOVERY_HELP", role="practice")
        self._recovery.hide()
        beside.addWidget(self._recovery)
        self._someone = _band("someone", "DESK_SOMEONE", "DESK_SOMEONE_HELP")
        self._someone.hide()
        self._rail.cover_wanted.connect(veil().toggle)
        veil().changed.connect(self._someone.setVisible)
        veil().changed.connect(self._rail.show_covered)
        beside.addWidget(self._someone)
        beside.addWidget(self._stack, 1)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._rail)
        whole.addLayout(beside, 1)
        self._left = False
        self._keeping = QTimer(self, interval=KEEP_MS)
        self._keeping.timeout.connect(self._on_keep)
        self._keeping.start()
        seat.jobs.changed.connect(self._on_changed)

    def begin(self) -> None:
        """Go back to where this person was before the lock, or to the first screen.

        A recovery that is not finished comes first for whoever can finish it.
        """
        self._seat.jobs.run(
            partial(_begin_at, self._seat.desk),
            owner=self,
            done=self._on_begun,
            failed=lambda _: self.go(Place("today")),
        )
        self._look_for_recovery()

    def current(self) -> Screen | None:
        """Return the screen one is on."""
        return self._screen

    def go(self, place: Place) -> None:
        """Leave the screen one is on, its work kept as drafts, and go to another. After `leave`: nothing."""
        if self._left:
            return
        if self._screen is not None:
            self._keep(self._screen.unsaved())
        screen = make_screen(self._seat, place)
        screen.told.connect(self.told)
        screen.hindered.connect(self.hindered)
        screen.help_wanted.connect(self.help_wanted)
        screen.lock_wanted.connect(self.lock_wanted)
        screen.place_wanted.connect(self.go)
        old, self._screen = self._screen, screen
        self._stack.addWidget(screen)
        self._stack.setCurrentWidget(screen)
        if old is not None:
            self._stack.removeWidget(old)
            old.deleteLater()
        self._rail.light(_WITHIN.get(place.screen, place.screen))
        screen.begin()

    def step(self, number: int) -> None:
        """Go to the stop of the rail that Alt and a figure name."""
        if 1 <= number <= len(self._stops):
            self.go(Place(self._stops[number - 1].screen))

    def leave(self) -> Callable[[], None]:
        """Return what keeps the unsaved work and the place; called in the vault lane before the vault is closed."""
        self._left = True  # what the lane answers from now on leads nowhere
        if self._screen is None or self._seat.desk.vault.kind != "OFFICE":
            return _nothing
        unsaved, place, drafts = self._screen.unsaved(), self._screen.place().as_text(), self._seat.desk.drafts

        def keep() -> None:
            if unsaved:
                drafts.keep(unsaved)
            drafts.keep_place(place)

        return keep

    def _known(self, kept: dict[str, str]) -> Place:
        names = {stop.screen for stop in self._stops} | set(_WITHIN)
        fields = {key: text for key, text in kept.items() if key in Place.__dataclass_fields__}
        return Place(**fields) if fields.get("screen") in names else Place("today")

    def _on_begun(self, found: tuple[dict[str, str], bool]) -> None:
        kept, recovered = found
        self.go(Place("newKeys") if recovered and self._seat.may("people.manage") else self._known(kept))

    def _look_for_recovery(self) -> None:
        desk = self._seat.desk
        self._seat.jobs.run(
            lambda: _recovery_due(desk), owner=self, done=self._recovery.setVisible, failed=self.hindered.emit
        )

    def _on_keep(self) -> None:
        if self._screen is not None:
            self._keep(self._screen.unsaved())

    def _keep(self, unsaved: tuple[RecordDraft, ...]) -> None:
        before, self._kept = self._kept, unsaved
        if unsaved and unsaved != before:
            drafts = self._seat.desk.drafts
            self._seat.jobs.run(lambda: drafts.keep(unsaved), owner=self, done=_pass_by, failed=self._on_not_kept)

    def _on_not_kept(self, error: DeskError) -> None:
        self._kept = ()  # tried again in ten seconds: the disk may have room by then
        self.hindered.emit(error)

    def _on_signed_in(self, me: SignedIn) -> None:
        self._seat = replace(self._seat, me=me)
        self._rail.show_person(me.name, me.desk_number)

    def _on_changed(self, topics: frozenset[Topic]) -> None:
        if Topic.PEOPLE in topics:
            self._look_for_recovery()
            read = self._seat.desk.office.signed_in
            self._seat.jobs.run(read, owner=self, done=self._on_signed_in, failed=self.hindered.emit)
        if self._screen is not None:
            self._screen.on_changed(topics)


def _begin_at(desk: Desk) -> tuple[dict[str, str], bool]:
    """Return the place kept at the lock, and whether a recovery is unfinished; called in the lane."""
    return desk.drafts.place() if desk.vault.kind == "OFFICE" else {}, _recovery_due(desk)


def _recovery_due(desk: Desk) -> bool:
    """Say whether new keys are due; the Secretariat's store has none to follow (ADR 0018)."""
    return desk.vault.kind == "OFFICE" and desk.vault.recovery_due


def _band(name: str, code: str, help_code: str, *, role: str = "") -> QFrame:
    """Return a line over every screen: a mark and what it means."""
    band = frame(role or name)
    mark = Words(code, "mark")
    mark.setObjectName(f"desk.{name}")
    row = QHBoxLayout(band)
    row.setContentsMargins(LARGE, TINY, LARGE, TINY)
    row.setSpacing(MEDIUM)
    row.addWidget(mark, 0, Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(Words(help_code, "help", wraps=True), 1)
    row.addSpacing(SMALL)
    return band


def _pass_by(_: object) -> None:
    """Kept; nothing to say."""


def _nothing() -> None:
    """There is nothing to keep."""
