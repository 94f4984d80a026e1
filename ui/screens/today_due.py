"""What is due about people, keys and the recovery sheet: one button each, which leads to where it is done."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal

from ui.screens.today_card import DeskFacts
from ui.seat import Place
from ui.widgets.basics import ActionButton


class TodayDue(QObject):
    """The buttons, in the order of what cannot wait; each is there only while its matter is due."""

    wanted = Signal(object)  # Place

    def __init__(self, parent: QObject) -> None:
        """Belong to Today, and have nothing due."""
        super().__init__(parent)
        self._person = ""
        self._keys = ActionButton(
            *("today.new_keys", "TODAY_NEW_KEYS"), sign="shield-alert", colour="danger", help_code="DESK_RECOVERY_HELP"
        )
        # Whose desks they are about is said once it is known.
        self._reported = ActionButton("today.see_reported", "PEOPLE_TITLE", sign="eye", help_code="TODAY_REPORTED_HELP")
        self._sheet = ActionButton("today.sheet", "TODAY_SHEET", sign="key-round", help_code="TODAY_SHEET_HELP")
        self._drill = ActionButton("today.drill", "TODAY_DRILL", sign="key-round", help_code="SHEET_TRY_HELP")
        self._unused = ActionButton("today.unused", "PEOPLE_TITLE", sign="users", help_code="PEOPLE_IS_UNUSED")
        self._missing = ActionButton(
            "today.recovery", "TODAY_RECOVERY_MISSING", sign="shield-check", help_code="TODAY_RECOVERY_HELP"
        )
        for button, screen in (
            (self._keys, "newKeys"),
            (self._sheet, "newSheet"),
            (self._drill, "trySheet"),
            (self._unused, "people"),
            (self._missing, "enrolment"),
        ):
            button.clicked.connect(lambda _=False, screen=screen: self.wanted.emit(Place(screen)))
        self._reported.clicked.connect(lambda: self.wanted.emit(Place("people", record_id=self._person)))
        for button in self.buttons():
            button.hide()

    def buttons(self) -> Iterator[ActionButton]:
        """Walk the buttons."""
        yield from (self._keys, self._reported, self._sheet, self._drill, self._unused, self._missing)

    def show_facts(self, facts: DeskFacts) -> None:
        """Show what is due."""
        sheet = facts.sheet
        recovery = sheet is not None and sheet.recovery_due
        self._keys.setVisible(recovery)
        # A recovery ends with a new sheet.
        self._sheet.setVisible(sheet is not None and sheet.new_due and not recovery)
        self._drill.setVisible(sheet is not None and sheet.drill_due and not recovery)
        self._person = facts.reported_person
        self._reported.turn_into("TODAY_REPORTED", "eye", desks=_desks(facts.reported))
        self._reported.setVisible(bool(facts.reported))
        self._unused.turn_into("TODAY_UNUSED", "users", desks=_desks(facts.unused))
        self._unused.setVisible(bool(facts.unused))
        self._missing.setVisible(facts.manages and facts.enrolled and facts.recovery_missing is not None)


def _desks(numbers: tuple[int, ...]) -> str:
    return ", ".join(str(number) for number in numbers)
