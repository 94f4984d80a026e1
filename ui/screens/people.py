"""People: who may open this office's vault, one of them in the form, and what can be done about them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop.errors import DeskError, NotAccepted, Stopped
from desktop.rules.records import Topic
from desktop.services.people_facts import PeopleChanged, Person
from ui.languages import words
from ui.screens import people_work as work
from ui.screens.new_sentence import WIDEST_PX, NewSentence
from ui.screens.page import on_paper
from ui.screens.people_form import Typed
from ui.screens.people_list import PeopleList
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
        self._pages, self._beside = QStackedWidget(), QHBoxLayout()
        self._lay_out()
        self._list.chosen.connect(self._open)
        self._new.clicked.connect(lambda: self._open(_NEW))
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

    @cached_property
    def _words(self) -> NewSentence:
        sheet = NewSentence()
        self._pages.addWidget(on_paper(sheet, WIDEST_PX))
        sheet.done.connect(self._on_written_down)
        return sheet

    def begin(self) -> None:
        """Begin in the list."""
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        self._read()

    def place(self) -> Place:
        """Return the person one is at."""
        return Place("people", record_id=self._shown or _NEW)

    def cover(self) -> None:
        """Hide a sentence that stands here."""
        if "_words" in vars(self):
            self._words.cover()

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

    def _on_read(self, answer: tuple[tuple[Person, ...], bool]) -> None:
        (found, due), first = answer, not self._people
        self._sealing.show_due(due)
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
        if work.is_own(wish):
            self.run(self.seat.desk.people.offer_sentence, partial(self._on_offered, wish), self._on_not_acted)
        else:
            self._act(wish, None)

    def _on_offered(self, wish: work.Wish, own: str) -> None:
        """Have one's own sentence typed back before the keys are changed: then the old one opens nothing."""
        self._show_words(own, wish.person.name, wish.person.desk_number, partial(self._act, wish, own))

    def _act(self, wish: work.Wish, own: str | None) -> None:
        desk, progress = self.seat.desk, self._sheet.acts.start()
        self.run(lambda: work.do(desk, wish, progress.report, own), partial(self._on_acted, wish), self._on_not_acted)

    def _on_acted(self, wish: work.Wish, changed: tuple[PeopleChanged, ...]) -> None:
        self._sheet.acts.end()
        self._sheet.acts.settle()
        self._on_done(changed, kept=not wish.role)  # what else was typed about this person waits for Save

    def _on_not_acted(self, error: DeskError) -> None:
        self._sheet.acts.end()
        self._set_working(False)
        self._sheet.acts.now.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(error, Stopped):
            self.told.emit(Telling(lambda: words("STOPPED")))
        else:
            self.fail(error)

    def _on_done(self, changed: tuple[PeopleChanged, ...], *, kept: bool = False) -> None:
        if not kept:
            self._forget()
        self._set_working(False)
        if not changed:
            self._show(self._shown or _NEW)
            return
        made = changed[-1]
        self._shown = made.user_id
        if made.sentence is not None:
            person, after = self._people.get(made.user_id), partial(self._finish, work.without_sentence(changed))
            name = person.name if person else self._sheet.written().name
            self._show_words(made.sentence, name, made.desk_number, after)
        else:
            self._finish(changed)

    def _show_words(self, sentence: str, name: str, desk_number: int, then: Callable[[], None]) -> None:
        sheet = self._words
        self._pages.setCurrentIndex(1)
        sheet.put(sentence, name, desk_number, then)

    def _on_written_down(self) -> None:
        self._pages.setCurrentIndex(0)
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _finish(self, changed: tuple[PeopleChanged, ...]) -> None:
        self.told.emit(Telling(lambda: work.told(changed)))
        if any(one.sealing_due for one in changed):
            self._sealing.go_on()
