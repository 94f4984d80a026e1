"""One case: the band says which, the spine shows its parts, the sheet holds the one that is open, the foot its state.

A view is journaled once for each opening, so the case is read when one comes here and when records were written, never
on going from part to part.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop.errors import DeskError
from desktop.rules.records import RecordDraft
from desktop.services.assignments import REASONS
from ui.models.case_band import band_facts, is_restricted
from ui.screens.case_reason import CaseReason
from ui.screens.case_sheets import IMPORT_NOTE, PARTS, make_section, put_on_sheet
from ui.screens.screen import Screen
from ui.screens.section import OpenCase, Section, SectionState
from ui.screens.section_states import MARKS, state_of
from ui.seat import Place, Seat
from ui.widgets.band import Band
from ui.widgets.empty_state import EmptyState
from ui.widgets.foot import Foot
from ui.widgets.spine import Entry, Spine

# Ctrl and a figure reach forms A to H and the closure (decisions 21).
_AHEAD_MS = 250  # without a change: nobody is in the middle of a word
_KEYS = {"Ctrl+1": "consent", "Ctrl+3": "referral", "Ctrl+4": "determination", "Ctrl+9": "closure"}


class CaseFileScreen(Screen):
    """`place.section` is the part to open, `place.record_id` the record of it."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty frame; the case comes from the lane."""
        super().__init__(seat, place)
        self._name = place.section if place.section in PARTS else "case"
        self._wanted_record = place.record_id
        self._case: OpenCase | None = None
        self._asked = 0  # counts readings, so that only the newest is shown
        self._sections: dict[str, Section] = {}
        self._made: dict[str, Section] = {}  # made ahead, not on a sheet yet
        self._ahead = QTimer(self, interval=0, singleShot=True)
        self._current: set[str] = set()  # the sections that were shown the case as it stands
        forms = seat.desk.vault.catalogue.forms
        self._band = Band("caseFile.band")
        self._spine = Spine(
            "caseFile.spine",
            [Entry(name, forms[name].title, letter) for name, letter in PARTS.items()],
            MARKS[SectionState.EMPTY],
        )
        self._file, self._sheets = QWidget(), QStackedWidget()
        self._foot = Foot("caseFile.foot")
        self._gone = EmptyState("caseFile.gone", "folder-open", "CASEFILE_GONE_TITLE", "CASEFILE_GONE_TEXT")
        self._reason = CaseReason("caseFile", seat.desk.vault.catalogue.lists[REASONS], self._file)
        self._lay_out()
        self._reason.given.connect(self._read)
        self._reason.back_wanted.connect(lambda: self.place_wanted.emit(Place("cases")))
        self._ahead.timeout.connect(self._on_ahead)
        self._spine.chosen.connect(self._on_chosen)
        for key, name in _KEYS.items():
            QShortcut(QKeySequence(key), self).activated.connect(lambda name=name: self._on_chosen(name, into=True))
        QShortcut(QKeySequence("Ctrl+G"), self).activated.connect(self._spine.take_focus)

    def begin(self) -> None:
        """Read the case; the focus goes into the part once it is there, and the part is made meanwhile."""
        self._read()
        self._ahead.start()

    def place(self) -> Place:
        """Return the case, the part and the record that are open."""
        section = self._sections.get(self._name)
        record_id = section.record_id() if section is not None else self._wanted_record
        return Place("caseFile", self._place.case_id, record_id, self._name)

    def unsaved(self) -> tuple[RecordDraft, ...]:
        """Return what is typed in any part: a part one left may not have been kept, as on a full disk."""
        return tuple(draft for section in self._sections.values() for draft in section.unsaved())

    def say_again(self) -> None:
        """Say the band in the new language."""
        self._show_band()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter outside a field does what the main button does."""
        entered = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if entered and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._foot.press_main()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        work = QHBoxLayout()
        work.setSpacing(0)
        work.addWidget(self._spine)
        work.addWidget(self._sheets, 1)
        inside = QVBoxLayout(self._file)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self._band)
        inside.addLayout(work, 1)
        inside.addWidget(self._foot)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._file)
        whole.addWidget(self._reason)
        whole.addWidget(self._gone)
        self._gone.hide()

    def _read(self, reason: str | None = None) -> None:
        self._asked += 1
        asked, desk, case_id = self._asked, self.seat.desk, self._place.case_id
        self.run(
            lambda: OpenCase(desk.cases.open(case_id, reason), desk.drafts.of_case(case_id)),
            lambda case: self._on_read(asked, case),
            self._on_not_read,
        )

    def _on_read(self, asked: int, case: OpenCase) -> None:
        if asked != self._asked:
            return
        first = not self._current
        self._case = case
        self._reason.put_away()
        if first and self._name not in self._sections:
            return  # shown once it stands on its sheet: three steps of a turn each, none of them long
        self._current.clear()
        self._show_band()
        if first and not self._is_there(self._name):
            self._name = "case"
        self._open(self._name, into=first)
        self._show_marks()
        self._ahead.start(_AHEAD_MS)

    def _on_not_read(self, error: DeskError) -> None:
        self._reason.let_again()
        if error.code == "RECORD_GONE":
            self._reason.hide()
            self._file.hide()
            self._gone.show()
        self._hinder(error)

    def _hinder(self, error: DeskError) -> None:
        """Ask for the reason that is missing, or show what else is in the way."""
        if not self._reason.takes(error):
            self.fail(error)

    def _on_chosen(self, name: str, into: bool) -> None:
        if self._case is None or not self._is_there(name) or self._file.isHidden():
            return
        if name != self._name:
            self._keep()
        self._open(name, into=into)

    def _keep(self) -> None:
        """Keep what is typed in the part one leaves."""
        drafts, kept = self.seat.desk.drafts, self.unsaved()
        if kept:
            self.run(lambda: drafts.keep(kept), lambda _: None)

    def _open(self, name: str, *, into: bool) -> None:
        if self._case is None:
            return
        self._name = name
        section = self._sections.get(name) or self._put(name)
        self._sheets.setCurrentIndex(list(self._sections).index(name))
        self._current.add(name)
        record_id, self._wanted_record = self._wanted_record or section.record_id(), ""
        section.show_case(self._case, record_id)
        self._spine.light(name)
        self._say_foot()
        if into:
            section.begin()

    def _on_ahead(self) -> None:
        """Make a part before it is opened, a step at a time while nobody types: opening it takes no time then."""
        if self._case is not None and not self._current and self._name in self._sections:
            self._on_read(self._asked, self._case)
            return
        wanted = [self._name, *(name for name in PARTS if self._current and self._is_there(name))]
        name = next((name for name in wanted if name not in self._sections), None)
        if name is None:
            return
        if name in self._made:
            self._put(name)
        else:
            self._made[name] = make_section(self.seat, name)
        self._ahead.start(_AHEAD_MS if self._current else 0)

    def _put(self, name: str) -> Section:
        section = self._made.pop(name) if name in self._made else make_section(self.seat, name)
        section.told.connect(self.told)
        section.hindered.connect(self._hinder)
        section.place_wanted.connect(self.place_wanted)
        section.help_wanted.connect(self.help_wanted)
        section.changed.connect(lambda: self._on_changed_in(name))
        section.reading_wanted.connect(lambda: self._read())
        section.next_wanted.connect(lambda: self._go_on(name))
        self._sections[name] = section
        put_on_sheet(section, self._sheets)
        return section

    def _on_changed_in(self, name: str) -> None:
        if self._ahead.isActive():
            self._ahead.start()
        self._show_mark(name)
        if name == self._name:
            self._say_foot()

    def _go_on(self, name: str) -> None:
        """Go to the part after `name`; the last one stays."""
        there = [part for part in PARTS if self._is_there(part)]
        place = there.index(name) + 1
        if name == self._name and place < len(there):
            self._on_chosen(there[place], into=True)

    def _is_there(self, name: str) -> bool:
        return name != IMPORT_NOTE or (self._case is not None and bool(self._case.file.of(name)))

    def _show_band(self) -> None:
        if self._case is not None:
            file, vault = self._case.file, self.seat.desk.vault
            self._band.show_facts(band_facts(file, vault.catalogue, vault.clock), restricted=is_restricted(file))

    def _show_marks(self) -> None:
        for name in PARTS:
            self._show_mark(name)

    def _show_mark(self, name: str) -> None:
        if self._case is None:
            return
        section = self._sections.get(name)
        if section is not None and (name in self._current or section.unsaved()):
            state = section.state()
        else:
            state = state_of(self.seat.desk.vault, self._case, name)
        self._spine.show_mark(name, MARKS[state], there=self._is_there(name))

    def _say_foot(self) -> None:
        words = self._sections[self._name].foot()
        self._foot.say(words.say, words.problems)
        for button, offered in ((self._foot.main, words.main), (self._foot.second, words.second)):
            if offered is None:
                self._foot.offer(button, "", None)
            else:
                self._foot.offer(button, offered.code, offered.act, enabled=offered.enabled)
