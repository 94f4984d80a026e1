"""A new recovery sheet, alone or with new keys; and the page that comes at once after a recovery: both are due."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from desktop.bootstrap import Desk
from desktop.crypto.sheet import SheetKeys
from desktop.errors import DeskError, Stopped
from desktop.services.new_keys import Report
from desktop.services.people_facts import PeopleChanged
from desktop.services.sheets import SheetStanding
from ui.languages import words
from ui.screens.new_sheet import NewSheet
from ui.screens.page import on_paper
from ui.screens.screen import Screen
from ui.screens.sealing_on import SealingOn
from ui.screens.sheet_card import standing_in_words
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, MEDIUM, SMALL
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.progress_strip import ProgressStrip

_SHEET_PX = 640


class SheetNew(Screen):
    """Why, the words, the keys, and what is left to do: one after another on the same paper."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Say what is about to be done; no words are drawn yet. The screen `newKeys` is the one after a recovery."""
        super().__init__(seat, place)
        self._name, self._after_recovery = place.screen, place.screen == "newKeys"
        self._standing: SheetStanding | None = None
        self._keys: SheetKeys | None = None  # typed back and not in force yet
        self._working = False
        self._state = Words("", "muted", wraps=True)
        self._state.setObjectName(f"{self._name}.standing")
        self._alone = ActionButton(f"{self._name}.alone", "SHEET_ALONE", role="choice")
        self._with_keys = ActionButton(f"{self._name}.with_keys", "SHEET_WITH_KEYS", role="choice")
        self._which, self._means = QWidget(), Words("", wraps=True)
        self._means.setObjectName(f"{self._name}.means")
        self._show = ActionButton(f"{self._name}.show", "SHEET_SHOW", role="main", help_code="SHEET_SHOW_HELP")
        self._later = ActionButton(
            *(f"{self._name}.later", "SHEET_LATER" if self._after_recovery else "PEOPLE_LEAVE"),
            role="quiet",
            help_code="SHEET_LATER_HELP" if self._after_recovery else "",
        )
        self._words = NewSheet(self._name)
        self._strip = ProgressStrip(f"{self._name}.progress", "PEOPLE_STOP_HELP", seat.jobs)
        self._sealing = SealingOn(self)
        self._enrol = ActionButton(f"{self._name}.enrol", "TODAY_ENROL", role="main", help_code="TODAY_ENROL_HELP")
        self._today = ActionButton(f"{self._name}.today", "SHEET_TO_TODAY", role="quiet")
        self._first, self._end = frame("sheet"), frame("sheet")
        self._lay_out()
        self._show_part(self._first)
        self._show.clicked.connect(self._on_show)
        self._later.clicked.connect(lambda: self.place_wanted.emit(self._way_out()))
        self._words.typed_back.connect(self._on_typed_back)
        self._words.left.connect(self._on_left)
        self._enrol.clicked.connect(lambda: self.place_wanted.emit(Place("enrolment")))
        self._today.clicked.connect(lambda: self.place_wanted.emit(Place("today")))
        for button in (self._alone, self._with_keys):
            button.clicked.connect(self._say)

    def begin(self) -> None:
        """Begin on the button that goes on, and read how the sheet stands."""
        self._show.setFocus(Qt.FocusReason.OtherFocusReason)
        self.run(self.seat.desk.sheets.standing, self._on_standing)

    def place(self) -> Place:
        """Return where one comes back to: what is still due after a recovery comes by itself."""
        return Place("today") if self._after_recovery else self._place

    def cover(self) -> None:
        """Hide the words."""
        self._words.cover()

    def say_again(self) -> None:
        """Say how the sheet stands in the new language."""
        self._say()

    def _way_out(self) -> Place:
        return Place("today" if self._after_recovery else "people")

    def _lay_out(self) -> None:
        after = self._after_recovery
        column = _filled(
            self._first,
            Words("NEW_KEYS_TITLE" if after else "SHEET_NEW_TITLE", "title", wraps=True),
            Words("NEW_KEYS_WHY" if after else "SHEET_NEW_WHY", "warn" if after else "", wraps=True),
            self._state,
        )
        group, choices = QButtonGroup(self), QHBoxLayout(self._which)
        choices.setContentsMargins(0, 0, 0, 0)
        for button in (self._alone, self._with_keys):
            button.setCheckable(True)
            group.addButton(button)
            choices.addWidget(button)
        choices.addStretch(1)
        self._alone.setChecked(not after)
        self._with_keys.setChecked(after)
        column.addWidget(self._which)
        self._which.setVisible(not after)
        column.addWidget(self._means)
        column.addWidget(Words("SHEET_NEEDED", "muted", wraps=True))
        column.addWidget(self._strip)
        column.addLayout(_buttons(self._later, self._show))
        _filled(
            self._end,
            Words("NEW_KEYS_DONE_TITLE", "title", wraps=True),
            *(
                Words(code, wraps=True)
                for code in ("NEW_KEYS_DONE_SHEET", "NEW_KEYS_DONE_ENROL", "NEW_KEYS_DONE_PEOPLE")
            ),
            self._sealing,
        ).addLayout(_buttons(self._today, self._enrol))
        holder = frame("")
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self._first, self._words, self._end):
            column.addWidget(part)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(on_paper(holder, _SHEET_PX), 1)

    def _show_part(self, part: QWidget) -> None:
        for one in (self._first, self._words, self._end):
            one.setVisible(one is part)

    def _say(self) -> None:
        self._state.put(standing_in_words(self._standing))
        self._means.show_code("SHEET_WITH_KEYS_DOES" if self._with_keys.isChecked() else "SHEET_ALONE_DOES")

    def _on_standing(self, standing: SheetStanding) -> None:
        self._standing = standing
        if standing.somebody_left or standing.recovery_due:
            self._with_keys.setChecked(True)
        if standing.recovery_due:  # a sheet alone would not end it
            self._which.hide()
        self._say()

    def _on_show(self) -> None:
        if self._working:
            return
        if self._keys is not None:  # it was stopped: the paper is right
            self._make(self._keys)
            return
        self._set_working(True)
        self.run(self.seat.desk.sheets.offer, self._on_offered, self._on_failed)

    def _on_offered(self, shown: str) -> None:
        self._set_working(False)
        self._show_part(self._words)
        self._words.put(shown)

    def _on_left(self) -> None:
        self._show_part(self._first)
        self._show.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_typed_back(self, shown: str) -> None:
        self._show_part(self._first)
        self._set_working(True)
        sheets = self.seat.desk.sheets
        self.run(lambda: sheets.take(shown), self._make, self._on_failed)

    def _make(self, keys: SheetKeys) -> None:
        self._keys = keys
        self._set_working(True)
        desk = self.seat.desk
        if not self._with_keys.isChecked():
            self.run(lambda: desk.sheets.renew(keys), self._on_renewed, self._on_failed)
            return
        progress = self._strip.start("PEOPLE_WORKING")
        self._strip.stop.setFocus(Qt.FocusReason.OtherFocusReason)
        self.run(lambda: _with_new_keys(desk, keys, progress.report), self._on_new_keys, self._on_failed)

    def _on_renewed(self, _: PeopleChanged) -> None:
        self.told.emit(Telling(lambda: words("SHEET_REMADE_TOLD")))
        self.place_wanted.emit(self._way_out())

    def _on_new_keys(self, changed: PeopleChanged) -> None:
        self._strip.end()
        self._keys = None
        self._set_working(False)
        self._show_part(self._end)
        self._enrol.setFocus(Qt.FocusReason.OtherFocusReason)
        if changed.sealing_due:
            self._sealing.go_on()

    def _on_failed(self, error: DeskError) -> None:
        self._strip.end()
        self._set_working(False)
        self._show.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(error, Stopped):
            self._show.turn_into("SHEET_GO_ON", "")
            self.told.emit(Telling(lambda: words("SHEET_STOPPED")))
        else:
            self.fail(error)

    def _set_working(self, working: bool) -> None:
        self._working = working
        for button in (self._show, self._later, self._alone, self._with_keys):
            button.setEnabled(not working)


def _with_new_keys(desk: Desk, keys: SheetKeys, report: Report) -> PeopleChanged:
    return desk.sheets.renew_with_new_keys(keys, report)


def _filled(sheet: QWidget, *parts: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(sheet)
    column.setContentsMargins(HUGE + SMALL, HUGE, HUGE + SMALL, HUGE)
    column.setSpacing(MEDIUM)
    for part in parts:
        column.addWidget(part)
    return column


def _buttons(second: ActionButton, main: ActionButton) -> FlowLayout:
    row = FlowLayout(LARGE)
    row.addWidget(main)
    row.addWidget(second)
    return row
