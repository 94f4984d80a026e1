"""No sentence at hand: the three ways back into a vault, and what every page on them is.

Nothing of the vault is read here: whoever stands before it may be anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import DeskError, NewerVault, NotTrusted, NoVault, VaultBusy
from ui.jobs import JobRunner
from ui.screens.page import Page
from ui.theme import ICON_PX, LARGE, SMALL, TINY
from ui.widgets.basics import ActionButton, Sign, Words, frame
from ui.widgets.flow_layout import FlowLayout

if TYPE_CHECKING:
    from desktop.bootstrap import Door
    from desktop.services.office_recovery import RecoveryRequests

# These take the whole page: there is nothing to type that could help.
_PAGES = (NotTrusted, NoVault, VaultBusy, NewerVault)


class WayPage(Page):
    """A page on the way back: a foot with the way on and the way back, and one thing at a time under way."""

    way_wanted = Signal(str)  # a name that `way_back` knows
    left = Signal()  # back to the unlock screen
    held = Signal(
        object
    )  # Callable: secrets are in this process's memory from now on; it lets the vault go, in the lane
    unlocked = Signal(object)  # the Desk
    refused = Signal(object)  # the DeskError that takes the whole page
    hindered = Signal(object)  # DeskError

    def __init__(self, name: str, door: Callable[[], Door], jobs: JobRunner) -> None:
        """Stand before `door`, which is called in the vault lane only."""
        super().__init__(name)
        self._door, self._jobs, self._working = door, jobs, False
        self._sign, self._state = Sign("", "muted", ICON_PX), Words("", "muted")
        self._state.setObjectName(f"{name}.state")
        self._back = ActionButton(f"{name}.back", "FIRST_BACK")
        self._next = ActionButton(f"{name}.next", "FIRST_NEXT", role="main")
        foot = frame("foot")
        row = QHBoxLayout(foot)
        row.setContentsMargins(LARGE, SMALL, LARGE, SMALL)
        row.setSpacing(SMALL)
        row.addWidget(self._state)
        row.addWidget(self._sign)
        row.addStretch(1)
        row.addWidget(self._back)
        row.addWidget(self._next)
        whole = self.layout()
        if whole is not None:
            whole.addWidget(foot)
        self._back.clicked.connect(self._on_back)
        self._next.clicked.connect(self._on_next)
        self.order_after(self._next)

    def cover(self) -> None:
        """Hide words that stand here; asked half a minute before the lock."""

    def _on_back(self) -> None:
        self.left.emit()

    def _on_next(self) -> None:
        """Go on; what that is, the pages say."""

    def _work(self, code: str) -> None:
        self._working = True
        self._sign.show_sign("hourglass", "muted")
        self._state.show_code(code)
        self._back.setEnabled(False)
        self._next.setEnabled(False)

    def _rest(self) -> None:
        self._working = False
        self._sign.show_sign("", "muted")
        self._state.put("")
        self._back.setEnabled(True)
        self._next.setEnabled(True)

    def _fail(self, error: DeskError) -> None:
        self._rest()
        (self.refused if isinstance(error, _PAGES) else self.hindered).emit(error)


def way_back(name: str, door: Callable[[], Door], jobs: JobRunner, *, closed: bool) -> WayPage:
    """Make a page of the way back. Each is imported when one first goes there."""
    match name:
        case "sheet":
            from ui.screens.recover_sheet import RecoverSheet

            return RecoverSheet(door, jobs)
        case "request":
            from ui.screens.recover_request import RecoverRequest

            return RecoverRequest(door, jobs)
        case "answer":
            from ui.screens.recover_answer import RecoverAnswer

            return RecoverAnswer(door, jobs)
        case _:
            return Recover(door, jobs, closed=closed)


class Recover(WayPage):
    """The three ways, the quickest first."""

    def __init__(self, door: Callable[[], Door], jobs: JobRunner, *, closed: bool) -> None:
        """Say them; a `closed` desk has no supervisor who could sign in."""
        super().__init__("recover", door, jobs)
        self._asked = False
        self._next.hide()
        self._supervisor = ActionButton("recover.supervisor", "RECOVER_TO_UNLOCK", sign="users")
        self._sheet = ActionButton("recover.sheet", "RECOVER_BY_SHEET", sign="key-round")
        self._request = ActionButton("recover.request", "RECOVER_ASK", sign="send", help_code="RECOVER_ASK_HELP")
        self._answer = ActionButton("recover.answer", "RECOVER_ANSWERED", sign="inbox", help_code="RECOVER_ANSWER_HELP")
        self._give_up = ActionButton(
            "recover.give_up", "RECOVER_GIVE_UP", role="quiet", sign="x", help_code="RECOVER_GIVE_UP_HELP"
        )
        self._waits, self._told = Words("RECOVER_WAITS", "warn", wraps=True), Words("", "good", wraps=True)
        self._waits.setObjectName("recover.waits")
        self._told.setObjectName("recover.told")
        beside = _way("RECOVER_SUPERVISOR_TITLE", "RECOVER_SUPERVISOR_TEXT", self._supervisor)
        self.sheet.addWidget(Words("RECOVER_TITLE", "title", wraps=True))
        self.sheet.addWidget(Words("RECOVER_CLOSED" if closed else "RECOVER_TEXT", "muted", wraps=True))
        self.sheet.addWidget(beside)
        self.sheet.addWidget(_way("RECOVER_SHEET_TITLE", "RECOVER_SHEET_TEXT", self._sheet))
        asked = (self._waits, self._told, self._request, self._answer, self._give_up)
        self.sheet.addWidget(_way("RECOVER_SECRETARIAT_TITLE", "RECOVER_SECRETARIAT_TEXT", *asked))
        self.sheet.addWidget(Words("RECOVER_COMMANDS", "help", wraps=True))
        beside.setVisible(not closed)
        self._show_waiting(False)
        self._told.hide()
        self._supervisor.clicked.connect(self.left)
        for button, way in ((self._sheet, "sheet"), (self._request, "request"), (self._answer, "answer")):
            button.clicked.connect(lambda _=False, way=way: self.way_wanted.emit(way))
        self._give_up.clicked.connect(self._on_give_up)
        buttons = (self._supervisor, self._sheet, self._request, self._answer, self._give_up, self._back)
        for first, then in pairwise(buttons):
            self.setTabOrder(first, then)
        self.order_after(self._back)

    def begin(self) -> None:
        """Begin at the first way, and look whether a request waits for its answer."""
        first = self._supervisor if self._supervisor.isVisibleTo(self) else self._sheet
        first.setFocus(Qt.FocusReason.OtherFocusReason)
        self._jobs.run(
            lambda: requests(self._door()).waits(), owner=self, done=self._show_waiting, failed=self.hindered.emit
        )

    def _show_waiting(self, waiting: bool) -> None:
        self._asked = False
        self._waits.show_code("RECOVER_WAITS")
        self._give_up.turn_into("RECOVER_GIVE_UP", "x")
        self._request.setVisible(not waiting)
        for part in (self._waits, self._answer, self._give_up):
            part.setVisible(waiting)

    def _on_give_up(self) -> None:
        if self._working:
            return
        if not self._asked:  # an answer that is on its way would open nothing
            self._asked = True
            self._waits.show_code("RECOVER_GIVE_UP_HELP")
            self._give_up.turn_into("RECOVER_GIVE_UP_NOW", "x")
            return
        self._work("PEOPLE_WORKING")
        self._jobs.run(lambda: requests(self._door()).give_up(), owner=self, done=self._on_given_up, failed=self._fail)

    def _on_given_up(self, _: object) -> None:
        self._rest()
        self._show_waiting(False)
        self._told.show_code("RECOVERY_GIVEN_UP")
        self._told.show()
        self._request.setFocus(Qt.FocusReason.OtherFocusReason)


def requests(door: Door) -> RecoveryRequests:
    """Return the asking of the Secretariat for this vault; called in the lane."""
    from desktop.services.office_recovery import RecoveryRequests

    return RecoveryRequests(door.folder, door.clock)


def _way(title: str, text: str, *parts: QWidget) -> QWidget:
    way = frame("well")
    column = QVBoxLayout(way)
    column.setSpacing(SMALL)
    column.addWidget(Words(title, "heading", wraps=True))
    column.addWidget(Words(text, wraps=True))
    buttons = FlowLayout(TINY)
    for part in parts:
        if isinstance(part, ActionButton):
            buttons.addWidget(part)
        else:
            column.addWidget(part)
    column.addLayout(buttons)
    return way
