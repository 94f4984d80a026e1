"""The sheet of one breach: its clocks, what to do now, its questions, and the buttons."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from desktop.services.breaches import Breach
from ui.languages import words
from ui.models.breach_rows import clock_in_words, kind_in_words
from ui.seat import Seat
from ui.theme import MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.field_form import FieldForm
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.record_sheet import RecordSheet

_LAPTOP = "LAPTOP_LOST"
_STEPS = {
    _LAPTOP: (
        *("BREACHES_DO_RING", "BREACHES_DO_POLICE", "BREACHES_DO_REVOKE", "BREACHES_DO_LIST"),
        *("BREACHES_DO_NEW", "BREACHES_DO_TRUTH", "BREACHES_DO_SAFETY"),
    ),
    "SENTENCE_KNOWN": ("BREACHES_DO_SENTENCE", "BREACHES_DO_RING", "BREACHES_DO_SAFETY"),
}
_ALWAYS = ("BREACHES_DO_RING", "BREACHES_DO_FETCH", "BREACHES_DO_SAFETY")


class BreachSheet(RecordSheet):
    """What is seen of one breach; which one it is, is the screen's to say."""

    def __init__(self, seat: Seat) -> None:
        """Show no breach yet."""
        super().__init__()
        vault = seat.desk.vault
        self._catalogue = vault.catalogue
        self._breach: Breach | None = None
        self._kind = ""
        self._heading = Words("", "heading", wraps=True)
        self._heading.setObjectName("breaches.heading")
        self._late, self._clocks = Words("", "danger", wraps=True), Words("", "muted", wraps=True)
        self._late.setObjectName("breaches.late")
        self._clocks.setObjectName("breaches.clocks")
        self._steps = Words("", wraps=True)
        self._steps.setObjectName("breaches.steps")
        self.form = FieldForm(vault.catalogue.forms["breach"], vault.catalogue.lists, vault.clock, name="breach")
        self.notice = ActionButton(
            "breaches.notice", "BREACHES_NOTICE", sign="file-check", help_code="BREACHES_NOTICE_HELP"
        )
        self.close_it = ActionButton("breaches.close", "BREACHES_CLOSE", sign="lock", help_code="BREACHES_CLOSE_HELP")
        self._may_close = seat.may("breach.close")
        self._state = Words("", "help", wraps=True)
        self._state.setObjectName("breaches.state")
        self._state.setMinimumHeight(self._state.fontMetrics().lineSpacing())
        self.back = ActionButton("breaches.put_back", "BREACHES_PUT_BACK", role="quiet")
        self.save = ActionButton("breaches.save", "BREACHES_SAVE", role="main", sign="save", colour="on_accent")
        well = frame("well")
        inside = QVBoxLayout(well)
        inside.setContentsMargins(MEDIUM, SMALL, MEDIUM, SMALL)
        inside.setSpacing(TINY)
        inside.addWidget(Words("BREACHES_DO", "strong"))
        inside.addWidget(self._steps)
        acts = FlowLayout(SMALL)
        acts.addWidget(self.notice)
        acts.addWidget(self.close_it)
        inside.addSpacing(TINY)
        inside.addLayout(acts)
        self.lay_out((self._heading, self._late, self._clocks), (well, self.form), self._state, (self.back, self.save))
        self.hide()

    def show_breach(self, breach: Breach | None) -> None:
        """Say which breach it is; None for a new one."""
        self._breach = breach
        self._kind = breach.record.text("kind") if breach else ""
        self.say_again()

    def show_kind(self, kind: str) -> None:
        """Say what to do about what was just chosen."""
        if kind != self._kind:
            self._kind = kind
            self._say_steps()

    def show_state(self, *, dirty: bool, working: bool) -> None:
        """Say whether there is something to save, and offer what can be done now."""
        breach = self._breach
        closed = breach is not None and breach.is_closed
        if closed:
            self._state.show_code("BREACHES_IS_CLOSED")
        elif dirty:
            self._state.show_code("BREACHES_NOT_SAVED")
        else:
            self._state.put("")
        for button in (self.back, self.save):
            button.setEnabled(dirty and not working)
        self.notice.setEnabled(breach is not None and not dirty)
        self.close_it.setVisible(self._may_close and not closed)
        self.close_it.setEnabled(breach is not None and not dirty and not working)

    def say_again(self) -> None:
        """Say heading, clocks and steps in the language in force."""
        breach = self._breach
        if breach is None:
            self._heading.show_code("BREACHES_NEW_HEADING")
            late, calm = [], []
        else:
            self._heading.put(kind_in_words(breach, self._catalogue))
            clocks = (
                (breach.controller, words("BREACHES_SECRETARIAT_CLOCK", said=clock_in_words(breach.controller))),
                (breach.commissioner, words("BREACHES_COMMISSIONER_CLOCK", said=clock_in_words(breach.commissioner))),
            )
            late = [said for due, said in clocks if due.is_late and not breach.is_closed]
            calm = [said for _, said in clocks if said not in late]
        for label, lines in ((self._late, late), (self._clocks, calm)):
            label.put("\n".join(lines))
            label.setVisible(bool(lines))
        self._say_steps()

    def _say_steps(self) -> None:
        steps = _STEPS.get(self._kind, _ALWAYS)
        self._steps.put("\n".join(f"{number}. {words(code)}" for number, code in enumerate(steps, start=1)))
