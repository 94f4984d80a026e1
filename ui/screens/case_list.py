"""The cases of this laptop: the last saved first, found as one types, begun with a search.

Names stand in the list only while a search does or after "Show names", which the journal keeps.
"""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout

from desktop.clock import today
from desktop.errors import DeskError
from desktop.rules.records import Outcome, RecordDraft, Topic
from desktop.services.cases import CaseSummary
from ui.languages import plain, words
from ui.models.case_rows import CASE_COLUMNS, NAME, case_rows
from ui.models.rows import Row
from ui.screens.screen import Screen
from ui.seat import Place, Seat
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.empty_state import EmptyState
from ui.widgets.problem_note import ProblemNote
from ui.widgets.row_list import RowList
from ui.widgets.search_field import SearchField

_SETTLED_MS = 1000
_NAMES_MS = 120_000


class CaseList(Screen):
    """A search field over the list. `place.section` is "new" for Ctrl+N and "search" for Ctrl+F."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty frame; the first page comes from the lane."""
        super().__init__(seat, Place("cases"))
        self._wish = place.section
        self._cases: list[CaseSummary] = []
        self._asked = 0  # counts questions, so that only the newest is answered
        self._text = ""  # what the cases shown were searched by
        self._noted = self._looked_through = ""  # the searches that are journaled, and that the person was sent to read
        self._ended = self._reading = self._making = self._new_waits = self._names = False

        self._search = SearchField("cases.search", of_people=True)
        self._note = ProblemNote("cases.search.problem", self._search, "CASES_SEARCH_HELP", lines=1)
        self._list = RowList("cases.list", CASE_COLUMNS, "CASES_LIST")
        self._list.show_column(NAME, False)
        self._show_names = ActionButton(
            "cases.show_names",
            "CASES_SHOW_NAMES",
            role="quiet",
            sign="eye",
            colour="accent",
            help_code="CASES_SHOW_NAMES_HELP",
        )
        self._import = ActionButton("cases.import", "CASES_IMPORT", sign="table-2", help_code="CASES_IMPORT_HELP")
        self._new = ActionButton(
            "cases.new", "CASES_NEW", role="main", sign="plus", colour="on_accent", help_code="CASES_NEW_HELP"
        )
        self._nothing = EmptyState("cases.empty", "folder-open", "CASES_EMPTY_TITLE", "CASES_EMPTY_TEXT")
        self._no_hits = EmptyState("cases.no_hits", "search", "CASES_NO_HITS_TITLE", "CASES_NO_HITS_TEXT")
        self._settled = QTimer(self, interval=_SETTLED_MS, singleShot=True)
        self._stack, self._names_end = QStackedWidget(), QTimer(self, interval=_NAMES_MS, singleShot=True)
        self._lay_out()
        # Not before they are laid out: a button without a parent would open a window of its own.
        self._new.setVisible(seat.may("case.create"))
        self._import.setVisible(seat.may("import.preview"))
        self.say_again()

        self._search.textEdited.connect(self._on_typed)
        self._search.returnPressed.connect(self._go_into_list)
        self._search.down_pressed.connect(self._go_into_list)
        self._list.chosen.connect(self._on_chosen)
        self._list.came_near_end.connect(self._on_near_end)
        self._new.clicked.connect(self._on_new)
        self._import.clicked.connect(lambda: self.place_wanted.emit(Place("importWorkbook")))
        self._show_names.clicked.connect(self._on_names_clicked)
        self._settled.timeout.connect(self._note_search)
        self._names_end.timeout.connect(lambda: self._set_names(False))

    def begin(self) -> None:
        """Begin in the search field; a wish for a new case begins there too."""
        self._search.setFocus(Qt.FocusReason.OtherFocusReason)
        self._read()
        if self._wish == "new":
            self._on_new()

    def on_changed(self, topics: frozenset[Topic]) -> None:
        """Read the cases again."""
        if topics & {Topic.CASES, Topic.IMPORTS}:
            self._read()

    def hideEvent(self, event: QHideEvent) -> None:
        """Note a search that one leaves before it is settled: its names were seen."""
        self._note_search()
        super().hideEvent(event)

    def say_again(self) -> None:
        """Say labels and rows in the new language."""
        self._search.setAccessibleName(plain("CASES_SEARCH"))
        self._search.setPlaceholderText(words("CASES_SEARCH_HINT"))
        self._search.setToolTip(words("CASES_SEARCH_HELP"))
        self._list.show_rows(self._rows(self._cases))

    def _lay_out(self) -> None:
        label = Words("CASES_SEARCH", "strong")
        label.setBuddy(self._search)
        head, line = QHBoxLayout(), QHBoxLayout()
        head.setSpacing(SMALL)
        head.addWidget(Words("CASES_TITLE", "title"), 1)
        head.addWidget(self._import)
        head.addWidget(self._new)
        line.setSpacing(MEDIUM)
        line.addWidget(self._search, 1)
        line.addWidget(self._show_names)
        for part in (self._list, self._nothing, self._no_hits):
            self._stack.addWidget(part)
        sheet = frame("sheet")
        inside = QVBoxLayout(sheet)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self._stack)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        whole.setSpacing(TINY)
        whole.addLayout(head)
        whole.addSpacing(SMALL)
        whole.addWidget(label)
        whole.addLayout(line)
        whole.addWidget(self._note)
        whole.addWidget(sheet, 1)
        for first, then in pairwise((self._search, self._list, self._show_names, self._import, self._new)):
            self.setTabOrder(first, then)

    def _rows(self, cases: list[CaseSummary]) -> list[Row]:
        vault = self.seat.desk.vault
        return case_rows(cases, vault.catalogue, today(vault.clock))

    def _on_typed(self) -> None:
        self._note.clear()
        self._new_waits = False
        self._read()

    def _read(self) -> None:
        """Ask for what the search field says; an answer to an older question is dropped."""
        self._asked += 1
        asked, text, names, cases = self._asked, self._search.text().strip(), self._names, self.seat.desk.cases
        self._reading = True
        self.run(
            lambda: cases.search(text) if text else cases.list(with_names=names),
            lambda found: self._on_read(asked, text, found),
            lambda error: self._on_not_read(asked, error),
        )

    def _on_read(self, asked: int, text: str, found: tuple[CaseSummary, ...]) -> None:
        if asked != self._asked:
            return
        if not text:
            self._note_search()
            self._noted = ""
        self._reading, self._text, self._cases = False, text, list(found)
        self._ended = bool(text) or not found  # a search has one page
        self._list.show_rows(self._rows(self._cases))
        self._list.show_column(NAME, bool(text) or self._names)  # after the rows: the names say how wide it must be
        self._stack.setCurrentWidget(self._list if found else self._no_hits if text else self._nothing)
        if text and text != self._noted:
            self._settled.start()
        if self._new_waits:
            self._new_waits = False
            self._on_new()

    def _on_not_read(self, asked: int, error: DeskError) -> None:
        if asked == self._asked:
            self._reading = self._new_waits = False
        self.fail(error)

    def _on_near_end(self) -> None:
        if self._reading or self._ended or not self._cases:
            return
        self._reading = True
        asked, last, names, cases = self._asked, self._cases[-1], self._names, self.seat.desk.cases
        self.run(
            lambda: cases.list(last, with_names=names),
            lambda found: self._on_more(asked, found),
            lambda error: self._on_not_read(asked, error),
        )

    def _on_more(self, asked: int, found: tuple[CaseSummary, ...]) -> None:
        if asked != self._asked:
            return
        self._reading, self._ended = False, not found
        self._cases += found
        self._list.add_rows(self._rows(list(found)))

    def _go_into_list(self) -> None:
        if self._list.rows():
            self._list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_chosen(self, case_id: str) -> None:
        self._note_search()
        self.place_wanted.emit(Place("caseFile", case_id=case_id))

    def _note_search(self) -> None:
        self._settled.stop()
        if self._text and self._text != self._noted:
            self._noted = self._text
            self.run(self.seat.desk.cases.note_search, lambda _: None)

    def _on_new(self) -> None:
        """Make a case once a search for the person stands and what it found was looked through."""
        text = self._search.text().strip()
        if not text:
            self._note.tell(lambda: words("CASES_TYPE_NAME_FIRST"), "info", "info")
            self._search.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self._reading:
            self._new_waits = True
        elif self._cases and text != self._looked_through:
            self._looked_through = text
            self._note.tell(lambda: words("CASES_LOOK_FIRST"), "info", "info")
            self._go_into_list()
        elif not self._making:
            self._making = True
            self._note_search()
            cases = self.seat.desk.cases
            self.run(lambda: cases.create([RecordDraft("case", {})]), self._on_made, self._on_not_made)

    def _on_made(self, made: tuple[str, Outcome]) -> None:
        self.place_wanted.emit(Place("caseFile", case_id=made[0], section="person"))

    def _on_not_made(self, error: DeskError) -> None:
        self._making = False
        self.fail(error)

    def _on_names_clicked(self) -> None:
        if self._names:
            self._set_names(False)
        else:  # asked for once before they are shown: what the journal cannot take is not shown
            self.run(lambda: self.seat.desk.cases.list(with_names=True), lambda _: self._set_names(True))

    def _set_names(self, shown: bool) -> None:
        self._names = shown
        if shown:
            self._names_end.start()
        else:
            self._names_end.stop()
            self._list.show_column(NAME, bool(self._text))  # at once, however busy the lane is
        self._show_names.turn_into(*("CASES_HIDE_NAMES", "eye-off") if shown else ("CASES_SHOW_NAMES", "eye"))
        self._read()
