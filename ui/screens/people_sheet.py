"""The sheet of one person of the desk: the questions, what can be done about them, and the buttons to save."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QTimer

from desktop.errors import Problem
from desktop.services.people_facts import Person
from ui.languages import words
from ui.screens.people_acts import PeopleActs
from ui.screens.people_form import ROLES, Typed, fields_of, office_roles, person_form, typed
from ui.seat import Seat
from ui.theme import SMALL
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.field_form import FieldForm
from ui.widgets.record_sheet import RecordSheet

_LEAST_PX = 412


class PersonSheet(RecordSheet):
    """What is seen of one person, or of one to be added; who it is, is the screen's to say."""

    def __init__(self, seat: Seat) -> None:
        """Show nobody yet."""
        super().__init__()
        vault = seat.desk.vault
        lists = {**vault.catalogue.lists, ROLES: office_roles(vault.catalogue.lists["user_roles"])}
        self._heading, self._standing = Words("", "heading", wraps=True), Words("", "muted", wraps=True)
        self._heading.setObjectName("people.heading")
        self._standing.setObjectName("people.standing")
        self.form = FieldForm(person_form(), lists, vault.clock, name="people", reasons=False)
        self.acts = PeopleActs(seat.jobs)
        self._acts_title = Words("PEOPLE_ACTS", "heading", wraps=True)
        self._rule = frame("rule")
        self._state = Words("", "help", wraps=True)
        self._state.setObjectName("people.state")
        self._state.setMinimumHeight(self._state.fontMetrics().lineSpacing())
        self.back = ActionButton("people.put_back", "PEOPLE_PUT_BACK", role="quiet")
        self.save = ActionButton("people.save", "PEOPLE_SAVE", role="main", sign="save", colour="on_accent")
        self._person: Person | None = None
        self.setMinimumWidth(_LEAST_PX)
        body = (self.form, self._rule, self._acts_title, self.acts)
        self.lay_out((self._heading, self._standing), body, self._state, (self.back, self.save))
        self.acts.asked.connect(self._show_question)
        self.hide()

    def put(self, person: Person | None, people: Sequence[Person], given: Typed | None) -> None:
        """Show a person, or an empty form for a new one; `given` is what was typed and not saved."""
        self._person = person
        self.form.set_fields(vars(given) if given else fields_of(person))
        self.form.set_read_only(person is not None and person.left)
        self.form.show_problems(())
        self.show_standing(person, people)
        self.setVisible(True)

    def show_standing(self, person: Person | None, people: Sequence[Person]) -> None:
        """Say again who it is and how they stand; what is typed stays."""
        self._person = person
        self.acts.show_person(person, people)
        has_acts = person is not None and not person.left
        for part in (self._rule, self._acts_title, self.acts):
            part.setVisible(has_acts)
        for button in (self.save, self.back):
            button.setVisible(person is None or not person.left)
        self._say()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show what was refused at its field, and go to the first."""
        self.form.show_problems(problems)
        self.form.focus_first()

    def written(self) -> Typed:
        """Return what stands in the form."""
        return typed(self.form.fields())

    def show_state(self, *, dirty: bool, working: bool) -> None:
        """Say whether there is something to save, or that it is being saved."""
        if working:
            self._state.show_code("PEOPLE_WORKING")
        elif dirty:
            self._state.show_code("PEOPLE_NOT_SAVED")
        else:
            self._state.put("")
        self.form.setEnabled(not working)
        for button in (self.back, self.save):
            button.setEnabled(dirty and not working)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        person = self._person
        if person is None:
            self._heading.show_code("PEOPLE_NEW_HEADING")
            self._standing.show_code("PEOPLE_BESIDE_YOU")
            self.save.turn_into("PEOPLE_ADD", "user-plus")
            return
        name = person.name or words("PEOPLE_NAMELESS")
        self._heading.put(words("PEOPLE_NAMED", name=name, n=person.desk_number))
        code = "PEOPLE_IS_LEFT" if person.left else "PEOPLE_IS_SUSPENDED" if person.suspended else ""
        code = "PEOPLE_IS_UNUSED" if person.unused else code
        code = "PEOPLE_IS_SHUT_OUT" if person.shut_out else code
        code = code or ("PEOPLE_IS_YOU" if person.is_self else "PEOPLE_IS_ACTIVE")
        self._standing.show_code(code)
        self.save.turn_into("PEOPLE_SAVE", "save")

    def _show_question(self) -> None:
        # Once it is laid out, the whole of it as far as there is room.
        QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(self.acts.strip, 0, SMALL))
