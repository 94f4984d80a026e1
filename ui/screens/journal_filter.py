"""Which entries of the journal are wanted: of one kind, of one person, of one day."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.clock import Clock, today
from desktop.journal_wording import KIND_CODES
from desktop.rules import dates
from desktop.rules.journal_reading import KINDS, JournalPerson, JournalWish, Kind
from ui.languages import current, plain, words
from ui.screens.import_take import StillChoice
from ui.theme import MEDIUM, TINY
from ui.widgets.basics import Words
from ui.widgets.clipboard import Line
from ui.widgets.problem_note import ProblemNote

_WHOLE_DATE = len("YYYY-MM-DD")


class JournalFilter(QWidget):
    """Three fields beside one another. `changed` comes once a choice is made, or the day is left or entered."""

    changed = Signal()

    def __init__(self, clock: Clock) -> None:
        """Want everything."""
        super().__init__()
        self._clock = clock
        self._people: Sequence[JournalPerson] = ()
        self._day = ""
        self.kind, self._person, self._typed = StillChoice(), StillChoice(), Line()
        fields = (
            (self.kind, "journal.kind", "JOURNAL_FILTER_KIND"),
            (self._person, "journal.person", "JOURNAL_FILTER_PERSON"),
            (self._typed, "journal.day", "JOURNAL_FILTER_DAY"),
        )
        self._codes = {field: code for field, _, code in fields}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(MEDIUM)
        grid.setVerticalSpacing(TINY)
        for place, (field, name, code) in enumerate(fields):
            field.setObjectName(name)
            label = Words(code, "strong")
            label.setBuddy(field)
            grid.addWidget(label, 0, place)
            grid.addWidget(field, 1, place)
            grid.setColumnStretch(place, 1)
        self._note = ProblemNote("journal.day.problem", self._typed, "JOURNAL_FILTER_DAY_HELP", lines=1)
        grid.addWidget(self._note, 2, 0, 1, len(fields))
        for kind in ("", *Kind):
            self.kind.addItem("", kind)
        self._person.addItem("", "")
        self.say_again()
        self.kind.activated.connect(lambda _: self.changed.emit())
        self._person.activated.connect(lambda _: self.changed.emit())
        self._typed.editingFinished.connect(self._on_day)

    def show_people(self, people: Sequence[JournalPerson]) -> None:
        """Offer these people; the one chosen stays so."""
        self._people = people
        kept = self._person.currentData()
        self._person.clear()
        self._person.addItem(words("JOURNAL_FILTER_EVERYBODY"), "")
        for person in people:
            self._person.addItem(words("JOURNAL_FILTER_NAME", name=person.name, n=person.desk_number), person.user)
        self._person.setCurrentIndex(max(0, self._person.findData(kept)))

    def wish(self) -> JournalWish:
        """Return what is wanted."""
        kind = self.kind.currentData()
        acts = frozenset[str](KINDS[Kind(kind)]) if kind else frozenset[str]()
        return JournalWish(acts=acts, user=self._person.currentData() or "", day=self._day)

    def say_again(self) -> None:
        """Say fields and choices in the new language."""
        for field, code in self._codes.items():
            field.setAccessibleName(plain(code))
        self.kind.setAccessibleDescription(words("JOURNAL_FILTER_KIND_HELP"))
        self._person.setAccessibleDescription(words("JOURNAL_FILTER_PERSON_HELP"))
        self._typed.setPlaceholderText(words("JOURNAL_FILTER_DAY_HINT"))
        for place in range(self.kind.count()):
            kind = self.kind.itemData(place)
            self.kind.setItemText(place, words(KIND_CODES[Kind(kind)] if kind else "JOURNAL_FILTER_EVERYTHING"))
        self.show_people(self._people)
        if self._day:
            self._typed.setText(dates.spell(self._day, current()))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.say_again()

    def _on_day(self) -> None:
        typed = self._typed.text().strip()
        if self._day and typed == dates.spell(self._day, current()):
            return
        read = dates.parse_typed(typed, today(self._clock)) if typed else None
        before, self._day = self._day, ""
        self._note.clear()
        if read is not None:
            if read.value is None or len(read.value) != _WHOLE_DATE:
                code = (read.problem if read.value is None else None) or "FIELDS_DATE_WHOLE"
                self._note.tell(lambda: words(code))
            else:
                self._day = read.value
                self._typed.setText(dates.spell(read.value, current()))
        if self._day != before:
            self.changed.emit()
