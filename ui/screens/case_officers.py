"""The part "Case" of a case file: its own record, and above it whose case it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from desktop.errors import DeskError
from desktop.rules.access import Answer, Standing, answer
from desktop.services.assignments import Officer
from ui.languages import plain, words
from ui.models.case_band import is_restricted
from ui.screens.form_section import FormSection
from ui.screens.import_take import StillChoice
from ui.screens.section import OpenCase
from ui.seat import Place, Seat, Telling
from ui.theme import SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.flow_layout import FlowLayout


class CaseSection(FormSection):
    """A plain part, and the officers of the case over its questions."""

    def __init__(self, seat: Seat, name: str) -> None:
        """Show an empty form and nobody yet."""
        super().__init__(seat, name)
        self._officers = Officers(seat, name)
        self._sheet.inside.insertWidget(0, self._officers)
        self._officers.told.connect(self.told)
        self._officers.hindered.connect(self.hindered)
        self._officers.left.connect(lambda: self.place_wanted.emit(Place("cases")))

    def show_case(self, case: OpenCase, record_id: str) -> None:
        """Show the case, and ask whose it is where it was read again."""
        if case is not self._case:
            self._officers.show_case(case)
        super().show_case(case, record_id)


class Officers(QWidget):
    """Who has the case. Whoever may adds somebody; a supervisor takes them off, oneself after being asked once."""

    told = Signal(object)  # Telling
    hindered = Signal(object)  # DeskError
    left = Signal()  # one took oneself off

    def __init__(self, seat: Seat, name: str) -> None:
        """Be `name.officers`, and show nobody yet."""
        super().__init__()
        self._seat, self._name = seat, f"{name}.officers"
        self._case_id, self._restricted = "", False
        self._people: tuple[Officer, ...] = ()
        self._names = Words("", wraps=True)
        self._names.setObjectName(f"{self._name}.names")
        self._help = Words("OFFICERS_HELP", "help", wraps=True)
        self._who = StillChoice()
        self._who.setObjectName(f"{self._name}.who")
        self._who_label = Words("OFFICERS_ADD_WHO", "muted")
        self._who_label.setBuddy(self._who)
        self.add = ActionButton(f"{self._name}.add", "OFFICERS_ADD", sign="plus", help_code="OFFICERS_ADD_HELP")
        self._taking: list[_TakeOff] = []
        self._rows, self._adding, self._asking = FlowLayout(TINY), QWidget(), QWidget()
        self._self_words = Words("OFFICERS_SELF", "warn", wraps=True)
        self._self_words.setObjectName(f"{self._name}.self")
        self._now = ActionButton(f"{self._name}.self_now", "OFFICERS_SELF_NOW")
        self._stay = ActionButton(f"{self._name}.self_leave", "OFFICERS_SELF_LEAVE", role="main")
        self._lay_out()
        self.add.clicked.connect(self._on_add)
        self._now.clicked.connect(lambda: self._take(self._seat.desk.vault.user))
        self._stay.clicked.connect(lambda: self._ask_self(asking=False))

    def show_case(self, case: OpenCase) -> None:
        """Show the officers of a case; they come from the lane."""
        self._case_id, self._restricted = case.file.case_id, is_restricted(case.file)
        self._read()

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _lay_out(self) -> None:
        adding = QGridLayout(self._adding)
        adding.setContentsMargins(0, 0, 0, 0)
        adding.setSpacing(TINY)
        adding.addWidget(self._who_label, 0, 0)
        adding.addWidget(self._who, 1, 0)
        adding.addWidget(self.add, 1, 1)
        adding.setColumnStretch(0, 1)
        buttons = FlowLayout(SMALL)
        buttons.addWidget(self._now)
        buttons.addWidget(self._stay)
        asking = QVBoxLayout(self._asking)
        asking.setContentsMargins(0, 0, 0, 0)
        asking.setSpacing(SMALL)
        asking.addWidget(self._self_words)
        asking.addLayout(buttons)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(SMALL)
        for said in (Words("OFFICERS_TITLE", "strong"), self._names, self._help):
            whole.addWidget(said)
        whole.addLayout(self._rows)
        for part in (self._asking, self._adding):
            whole.addWidget(part)
        whole.addWidget(frame("rule"))
        self._asking.hide()
        self._adding.hide()

    def _may(self, action: str) -> bool:
        """Say whether the person at the desk may do it; whoever sees a restricted case here has it."""
        me = self._seat.desk.vault.user
        mine = any(one.user == me and one.since for one in self._people)
        return answer(self._seat.desk.vault.role, action, Standing(mine, self._restricted)) is Answer.ALLOWED

    def _read(self, then: Callable[[], None] | None = None) -> None:
        cases, case_id = self._seat.desk.cases, self._case_id

        def show(people: tuple[Officer, ...]) -> None:
            self._people = people
            self._build()
            if then is not None:
                then()

        self._seat.jobs.run(lambda: cases.officers(case_id), owner=self, done=show, failed=self.hindered.emit)

    def _theirs(self) -> list[Officer]:
        return [one for one in self._people if one.since is not None]

    def _build(self) -> None:
        """Show a button for each officer who can be taken off, and who can be added."""
        for button in self._taking:
            self._rows.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._taking = []
        if self._may("case.unassign"):
            for number, officer in enumerate(self._theirs(), start=1):
                button = _TakeOff(f"{self._name}.take.{number}", officer.name)
                button.clicked.connect(partial(self._on_take, officer.user))
                self._rows.addWidget(button)
                self._taking.append(button)
        self._who.clear()
        for one in self._people:
            if one.since is None and one.here:
                self._who.addItem("", one.user)
        self._adding.setVisible(self._who.count() > 0 and self._may("case.assign"))
        self._asking.hide()
        for before, after in pairwise((*self._taking, self._who, self.add)):
            self.setTabOrder(before, after)
        self._say()

    def _say(self) -> None:
        theirs = self._theirs()
        names = [
            words("OFFICERS_NAME" if one.here else "OFFICERS_AWAY", name=one.name, n=one.desk_number) for one in theirs
        ]
        self._names.put("; ".join(names) or words("OFFICERS_NONE"))
        self._help.show_code("OFFICERS_HELP_RESTRICTED" if self._restricted else "OFFICERS_HELP")
        self._self_words.show_code("OFFICERS_SELF_RESTRICTED" if self._restricted else "OFFICERS_SELF")
        self._who.setAccessibleName(plain("OFFICERS_ADD_WHO"))
        self._who.setAccessibleDescription(words("OFFICERS_ADD_HELP"))
        for place in range(self._who.count()):
            one = next(one for one in self._people if one.user == self._who.itemData(place))
            self._who.setItemText(place, words("OFFICERS_NAME", name=one.name, n=one.desk_number))

    def _on_add(self) -> None:
        user, cases, case_id = self._who.currentData(), self._seat.desk.cases, self._case_id
        if user is not None:
            self._enable(able=False)
            name = self._name_of(user)
            self._run(
                lambda: cases.assign(case_id, user),
                Telling(lambda: words("OFFICERS_ADDED", name=name)),
                lambda: self._read(self._focus_on_adding),
            )

    def _on_take(self, user: str) -> None:
        if user == self._seat.desk.vault.user:
            self._ask_self(asking=True)
        else:
            self._take(user)

    def _ask_self(self, *, asking: bool) -> None:
        self._asking.setVisible(asking)
        if asking:
            self._stay.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self._taking:
            self._taking[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _take(self, user: str) -> None:
        cases, case_id = self._seat.desk.cases, self._case_id
        name, itself = self._name_of(user), user == self._seat.desk.vault.user
        self._enable(able=False)
        self._run(
            lambda: cases.unassign(case_id, user),
            Telling(lambda: words("OFFICERS_TAKEN", name=name)),
            self.left.emit if itself else lambda: self._read(self._focus_on_adding),
        )

    def _focus_on_adding(self) -> None:
        to = self._taking[0] if self._taking and self._adding.isHidden() else self._who
        to.setFocus(Qt.FocusReason.OtherFocusReason)

    def _run(self, work: Callable[[], object], telling: Telling, then: Callable[[], None]) -> None:
        def done(_: object) -> None:
            self._enable(able=True)
            self.told.emit(telling)
            then()

        self._seat.jobs.run(work, owner=self, done=done, failed=self._on_failed)

    def _on_failed(self, error: DeskError) -> None:
        self._enable(able=True)
        self._ask_self(asking=False)
        self.hindered.emit(error)

    def _enable(self, *, able: bool) -> None:
        for button in (self.add, self._now, *self._taking):
            button.setEnabled(able)

    def _name_of(self, user: str) -> str:
        return next(one.name for one in self._people if one.user == user)


class _TakeOff(ActionButton):
    """The button that takes one officer off, by name."""

    def __init__(self, name: str, officer: str) -> None:
        """Be `name`."""
        super().__init__(name, "OFFICERS_TITLE", role="quiet", sign="x", colour="accent")
        self._officer = officer
        self._name()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._name()

    def _name(self) -> None:
        said = words("OFFICERS_TAKE", name=self._officer)
        self.setText(said.replace("&", "&&"))
        self.setAccessibleName(said)
