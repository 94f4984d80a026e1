"""People: who may open this office's vault, one of them in the form, and what can be done about them."""

from __future__ import annotations

from functools import cached_property, partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import DeskError, NotAccepted, Stopped
from desktop.rules.records import Topic
from desktop.services.people_facts import PeopleChanged, Person
from desktop.services.sheets import SheetStanding
from ui.languages import words
from ui.screens import people_work as work
from ui.screens.people_form import Typed
from ui.screens.people_list import PeopleList
from ui.screens.people_pages import PeoplePages
from ui.screens.people_sheet import PersonSheet
from ui.screens.screen import Screen
from ui.screens.sealing_on import SealingOn
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, MEDIUM
from ui.widgets.basics import ActionButton, Words

_NEW = ""


class People(Screen):
    """The list at the left, one person at the right. Who got a sentence writes it down before anything else is done."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty frame; the people come from the lane."""
        super().__init__(seat, place)
        self._people: dict[str, Person] = {}
        self._shown: str | None = None  # the person in the form: their id, empty for a new one, None for no form
        self._typed: dict[str, Typed] = {}  # what was typed about others and not saved
        self._dirty = self._working = False
        self._sealing = SealingOn(self)
        self._left = PeopleList(seat.desk.vault.catalogue.lists["user_roles"])
        self._list = self._left.list
        self._new = ActionButton("people.new", "PEOPLE_NEW", sign="user-plus")
        self._in_hand = work.SheetInHand()
        self._pages, self._beside = PeoplePages(), QHBoxLayout()
        self._lay_out()
        self._list.chosen.connect(self._open)
        self._new.clicked.connect(lambda: self._open(_NEW))
        self._pages.back.connect(lambda: self._list.setFocus(Qt.FocusReason.OtherFocusReason))
        for button, name in ((self._left.sheet.new, "newSheet"), (self._left.sheet.prove, "trySheet")):
            button.clicked.connect(lambda _=False, name=name: self.place_wanted.emit(Place(name)))
        QTimer.singleShot(0, self, lambda: self._sheet)  # in a turn of its own: its questions take a while

    @cached_property
    def _sheet(self) -> PersonSheet:
        sheet = PersonSheet(self.seat)
        self._beside.addWidget(sheet, 3)
        sheet.form.edited.connect(self._on_edited)
        sheet.form.done.connect(self._save)
        sheet.form.help_wanted.connect(self.help_wanted)
        sheet.save.clicked.connect(self._save)
        sheet.back.clicked.connect(self._put_back)
        sheet.acts.wished.connect(self._do)
        return sheet

    def begin(self) -> None:
        """Begin in the list."""
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        self._read()

    def place(self) -> Place:
        """Return the person one is at."""
        return Place("people", record_id=self._shown or _NEW)

    def cover(self) -> None:
        """Hide a sentence, or the words of a sheet, that stand here."""
        self._pages.cover()

    def on_changed(self, topics: frozenset[Topic]) -> None:
        """Read the people again."""
        if Topic.PEOPLE in topics:
            self._read()

    def say_again(self) -> None:
        """Say the rows in the new language."""
        self._left.show_people(tuple(self._people.values()))

    def _lay_out(self) -> None:
        first, head = QWidget(), QHBoxLayout()
        head.addWidget(Words("PEOPLE_TITLE", "title"), 1)
        head.addWidget(self._new)
        self._beside.setSpacing(LARGE)
        self._beside.addWidget(self._left, 5)
        both = QVBoxLayout(first)
        both.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        both.setSpacing(MEDIUM)
        both.addLayout(head)
        both.addWidget(self._sealing)
        both.addLayout(self._beside, 1)
        self._pages.addWidget(first)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._pages)

    def _read(self) -> None:
        self.run(partial(work.read, self.seat.desk), self._on_read)

    def _on_read(self, answer: tuple[tuple[Person, ...], bool, SheetStanding]) -> None:
        (found, due, standing), first = answer, not self._people
        self._sealing.show_due(due)
        self._left.sheet.show_standing(standing)
        self._people = {person.id: person for person in found}
        self.say_again()
        if first:
            own = next(person.id for person in found if person.is_self)
            self._show(self._place.record_id if self._place.record_id in self._people else own)
        elif self._shown in self._people:
            self._sheet.show_standing(self._people[self._shown], found)
            self._show(self._shown)

    def _open(self, person_id: str) -> None:
        if not self._working:
            self._show(person_id)
            self._sheet.form.focus_first()

    def _show(self, person_id: str) -> None:
        """Put a person into the form; what was typed about another stays here until it is saved or put back."""
        if self._dirty and person_id == self._shown:
            return
        if self._dirty and self._shown is not None:
            self._typed[self._shown] = self._sheet.written()
        self._shown = person_id
        given = self._typed.get(person_id)
        self._dirty = given is not None
        self._sheet.put(self._people.get(person_id), tuple(self._people.values()), given)
        self._list.go_to(person_id)
        self._show_state()

    def _show_state(self) -> None:
        self._sheet.show_state(dirty=self._dirty, working=self._working)
        for part in (self._left, self._new):
            part.setEnabled(not self._working)

    def _set_working(self, working: bool) -> None:
        self._working = working
        self._show_state()

    def _on_edited(self) -> None:
        if not self._dirty:
            self._dirty = True
            self._show_state()

    def _put_back(self) -> None:
        self._forget()
        self._show(self._shown or _NEW)

    def _forget(self) -> None:
        self._typed.pop(self._shown or _NEW, None)
        self._dirty = False

    def _save(self) -> None:
        if self._working or not self._dirty:
            return
        desk, person, written = self.seat.desk, self._people.get(self._shown or _NEW), self._sheet.written()
        self._set_working(True)
        if person is None:
            self.run(lambda: work.add(desk, written), self._on_done, self._on_not_saved)
        else:
            self.run(lambda: work.save(desk, person, written), self._on_saved, self._on_not_saved)

    def _on_saved(self, changed: tuple[PeopleChanged, ...]) -> None:
        """Go on to the role, which may be asked about first."""
        person, role = self._people[self._shown or _NEW], self._sheet.written().role
        act = work.act_of_role(person, role)
        if act is None:
            self._on_done(changed)
            return
        self._set_working(False)
        self._sheet.acts.ask(work.Wish(act, person, role))

    def _on_not_saved(self, error: DeskError) -> None:
        self._set_working(False)
        if isinstance(error, NotAccepted):
            self._sheet.show_problems(error.problems)
        else:
            self.fail(error)

    def _do(self, wish: work.Wish) -> None:
        if self._working:
            return
        self._set_working(True)
        if wish.with_sheet and not self._in_hand.is_there():
            self.run(self.seat.desk.sheets.offer, partial(self._on_sheet_offered, wish), self._on_not_acted)
        elif work.is_own(wish):
            self.run(self.seat.desk.people.offer_sentence, partial(self._on_offered, wish), self._on_not_acted)
        else:
            self._act(wish, None)

    def _on_offered(self, wish: work.Wish, own: str) -> None:
        """Have one's own sentence typed back before the keys are changed: then the old one opens nothing."""
        self._pages.show_sentence(own, wish.person.name, wish.person.desk_number, partial(self._act, wish, own))

    def _on_sheet_offered(self, wish: work.Wish, shown: str) -> None:
        self._pages.show_sheet(shown, partial(self._on_sheet_written, wish), lambda: self._set_working(False))

    def _on_sheet_written(self, wish: work.Wish, shown: str) -> None:
        self._in_hand.shown = shown
        self._act(wish, None)

    def _act(self, wish: work.Wish, own: str | None) -> None:
        act = partial(work.do, self.seat.desk, wish, self._sheet.acts.start().report, own, self._in_hand)
        self.run(act, partial(self._on_acted, wish), self._on_not_acted)

    def _on_acted(self, wish: work.Wish, changed: tuple[PeopleChanged, ...]) -> None:
        self._sheet.acts.end()
        self._sheet.acts.settle()
        if wish.with_sheet:
            self._in_hand = work.SheetInHand()
        # What else was typed about this person waits for Save.
        self._on_done(changed, kept=not wish.role, new_sheet=wish.with_sheet)

    def _on_not_acted(self, error: DeskError) -> None:
        self._sheet.acts.end()
        self._set_working(False)
        self._sheet.acts.now.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(error, Stopped):
            code = "SHEET_STOPPED" if self._in_hand.is_there() else "STOPPED"
            self.told.emit(Telling(lambda: words(code)))
        else:
            self.fail(error)

    def _on_done(self, changed: tuple[PeopleChanged, ...], *, kept: bool = False, new_sheet: bool = False) -> None:
        if not kept:
            self._forget()
        self._set_working(False)
        if not changed:
            self._show(self._shown or _NEW)
            return
        made = changed[-1]
        self._shown = made.user_id
        if made.sentence is not None:
            after = partial(self._finish, work.without_sentence(changed), new_sheet)
            known = self._people.get(made.user_id) or self._sheet.written()
            self._pages.show_sentence(made.sentence, known.name, made.desk_number, after)
        else:
            self._finish(changed, new_sheet)

    def _finish(self, changed: tuple[PeopleChanged, ...], new_sheet: bool) -> None:
        self.told.emit(Telling(lambda: work.told(changed, new_sheet=new_sheet)))
        if any(one.sealing_due for one in changed):
            self._sealing.go_on()
