"""The unlock screen: which desk, which password sentence, and what to do when the vault does not open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import DeskError, NewerVault, NotTrusted, NoVault, VaultBusy, WrongSentence
from desktop.messages import explain
from ui.jobs import JobRunner
from ui.languages import current, plain, words
from ui.screens.page import SHEET_PX, Page, centred
from ui.theme import HUGE, ICON_PX, LARGE, SMALL, TINY
from ui.widgets.basics import ActionButton, Sign, Words
from ui.widgets.countdown import Countdown
from ui.widgets.desk_number import DeskNumber
from ui.widgets.passphrase_edit import PassphraseEdit, SentenceStrip
from ui.widgets.practice_way import PracticePlace
from ui.widgets.problem_note import ProblemNote

if TYPE_CHECKING:
    from desktop.bootstrap import Desk, Door

MOST_DESKS = 999  # 64 people at a time (threat-model 5.2); numbers are not given twice
_MOST_FIGURES = len(str(MOST_DESKS))
# These take the whole page: there is nothing to type that could help.
_PAGES = (NotTrusted, NoVault, VaultBusy, NewerVault)


class Unlock(Page):
    """Asks for desk number and sentence and opens the vault in the vault lane."""

    unlocked = Signal(object)  # the Desk
    refused = Signal(object)  # the DeskError that takes the whole page
    hindered = Signal(object)  # a DeskError that trying again may settle
    practice_wanted = Signal()  # the practice office is there: a new process opens it
    recovery_wanted = Signal()  # no sentence at hand

    def __init__(self, door: Callable[[], Door], jobs: JobRunner) -> None:
        """Stand before `door`, which is called in the vault lane only: making it takes long the first time."""
        super().__init__("unlock")
        self._door, self._jobs = door, jobs
        self._working = False
        self._making = False  # the practice office
        self._number_typed = False

        self._desk = DeskNumber("unlock.desk_number", MOST_DESKS)
        self._sentence = PassphraseEdit("unlock.sentence")
        self._strip = SentenceStrip(self._sentence, "UNLOCK_SENTENCE_HELP")
        self._note = ProblemNote("unlock.sentence.problem", self._sentence, "UNLOCK_SENTENCE_HELP")
        self._show = ActionButton(
            "unlock.show_words", "UNLOCK_SHOW", role="quiet", sign="eye", colour="accent", help_code="UNLOCK_SHOW_HELP"
        )
        self._show.setCheckable(True)
        self._show.set_key("Ctrl+H")
        self._button = ActionButton("unlock.unlock", "UNLOCK_BUTTON", role="main")
        self._no_sentence = ActionButton(
            "unlock.no_sentence", "UNLOCK_NO_SENTENCE", role="quiet", help_code="UNLOCK_NO_SENTENCE_HELP"
        )
        self._sign = Sign("", "muted", ICON_PX)
        self._state = Words("", "muted")
        self._state.setObjectName("unlock.state")
        self._wait = Countdown(self)
        self._practice = PracticePlace("unlock", door, jobs, after=self._no_sentence)
        self._lay_out()
        self._name()

        self._sentence.sentence_entered.connect(self._on_unlock_wanted)
        self._sentence.textEdited.connect(self._on_sentence_edited)
        self._desk.lineEdit().returnPressed.connect(self._sentence.setFocus)
        self._desk.lineEdit().textEdited.connect(self._on_number_edited)
        self._show.toggled.connect(self._on_show_toggled)
        self._button.clicked.connect(self._on_unlock_wanted)
        self._no_sentence.clicked.connect(self.recovery_wanted)
        self._wait.ticked.connect(self._show_state)
        self._practice.wanted.connect(self.practice_wanted)
        self._practice.hindered.connect(self.hindered)
        self._practice.working.connect(self._on_practice_working)

    def begin(self) -> None:
        """Begin in the sentence: most offices have one desk."""
        self._sentence.setFocus(Qt.FocusReason.OtherFocusReason)

    def expect(self, desks: Sequence[int]) -> None:
        """Ask for the desk number where several people have one: whoever sat here last is nobody's business."""
        if not desks or self._working or self._sentence.text() or self._number_typed:
            return
        if len(desks) == 1:
            self._desk.setValue(desks[0])
        else:
            self._desk.setValue(0)
            self._desk.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_closed(self) -> None:
        """Say that a supervisor closed this desk: no sentence opens it, and the way back begins below."""
        self._note.tell(lambda: words("UNLOCK_CLOSED"), "lock", "warn")
        self._no_sentence.setFocus(Qt.FocusReason.OtherFocusReason)

    def hold(self, seconds: int) -> None:
        """Count down before the next try; the fields stay free for correcting."""
        if seconds <= 0:
            return
        if not self._note.text():
            self._note.tell(lambda: words("UNLOCK_WAITING"), "hourglass", "warn")
        self._wait.begin(seconds)

    def changeEvent(self, event: QEvent) -> None:
        """Say everything in the new language and keep what was typed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._name()
            self._show_state()

    def _lay_out(self) -> None:
        desk_label, sentence_label = Words("UNLOCK_DESK", "strong"), Words("UNLOCK_SENTENCE", "strong")
        desk_label.setBuddy(self._desk)
        sentence_label.setBuddy(self._sentence)
        over = QHBoxLayout()
        over.addWidget(sentence_label)
        over.addStretch(1)
        over.addWidget(self._show)
        form = QGridLayout()
        form.setHorizontalSpacing(LARGE)
        form.setVerticalSpacing(TINY)
        form.addWidget(desk_label, 0, 0)
        form.addWidget(self._desk, 1, 0)
        form.addLayout(over, 0, 1)
        form.addWidget(self._sentence, 1, 1)
        form.addWidget(self._strip, 2, 0, 1, 2)
        form.setColumnStretch(1, 1)
        foot = QHBoxLayout()
        foot.setSpacing(SMALL)
        foot.addWidget(self._sign)
        foot.addWidget(self._state, 1)
        foot.addWidget(self._button)
        inner = QVBoxLayout()
        inner.addWidget(Words("UNLOCK_TITLE", "title"))
        inner.addLayout(form)
        inner.addWidget(self._note)
        inner.addLayout(foot)
        inner.setSpacing(LARGE)
        self.sheet.addLayout(inner)
        whole = self.layout()
        if whole is not None:
            below, ways = QWidget(), QWidget()  # below the paper, in sight however low the window is
            row = QHBoxLayout(ways)
            row.setContentsMargins(HUGE, 0, 0, 0)
            row.addWidget(self._no_sentence, 0, Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(self._practice, 1)
            below.setLayout(centred(ways, SHEET_PX))
            whole.addWidget(below)
        order = (self._desk, self._sentence, self._show, self._button, self._no_sentence)
        for first, then in pairwise(order):
            self.setTabOrder(first, then)
        self.order_after(self._no_sentence)

    def _name(self) -> None:
        self._desk.setAccessibleName(plain("UNLOCK_DESK"))
        self._desk.setAccessibleDescription(words("UNLOCK_DESK_HELP"))
        self._desk.setToolTip(words("UNLOCK_DESK_HELP"))
        self._sentence.setAccessibleName(plain("UNLOCK_SENTENCE"))

    def _on_show_toggled(self, shown: bool) -> None:
        self._strip.show_words(shown)
        self._show.turn_into(*("UNLOCK_HIDE", "eye-off") if shown else ("UNLOCK_SHOW", "eye"))

    def _on_number_edited(self) -> None:
        self._number_typed = True

    def _on_sentence_edited(self, text: str) -> None:
        if text.isdecimal():  # no sentence has figures: somebody typed a desk number before the window asked for it
            self._sentence.clear()
            self._desk.setValue(int(text[:_MOST_FIGURES]))
            self._desk.lineEdit().end(False)
            self._desk.setFocus(Qt.FocusReason.OtherFocusReason)
            self._number_typed = True
        if not self._working and not self._wait.left_s():
            self._note.clear()
            self._sentence.mark_problem(False)

    def _on_unlock_wanted(self) -> None:
        if self._working or self._making or self._wait.left_s():
            return
        number, sentence = self._desk.value(), self._sentence.text()
        if not number:
            self._note.tell(lambda: words("UNLOCK_DESK_EMPTY"))
            self._desk.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if not sentence.strip():
            self._tell_problem(lambda: words("UNLOCK_SENTENCE_EMPTY"))
            return
        self._note.clear()
        self._sentence.mark_problem(False)
        self._set_working(True)
        self._jobs.run(
            lambda: self._door().unlock(number, sentence), owner=self, done=self._on_unlocked, failed=self._on_failed
        )

    def _on_unlocked(self, desk: Desk) -> None:
        self._sentence.clear()
        self.unlocked.emit(desk)

    def _on_failed(self, error: DeskError) -> None:
        self._set_working(False)
        if isinstance(error, _PAGES):
            self.refused.emit(error)
        elif error.code == "WAIT_BEFORE_TRYING":
            self.hold(int(error.facts["seconds"]))
        elif isinstance(error, WrongSentence):
            self._tell_problem(lambda: explain(error, current()))
            self._jobs.run(
                lambda: self._door().vaults.status().wait_seconds, owner=self, done=self.hold, failed=self.refused.emit
            )
        else:
            self.hindered.emit(error)

    def _tell_problem(self, say: Callable[[], str]) -> None:
        self._note.tell(say)
        self._sentence.mark_problem(True)
        self._sentence.setFocus(Qt.FocusReason.OtherFocusReason)
        self._sentence.selectAll()

    def _set_working(self, working: bool) -> None:
        self._working = working
        self._desk.setReadOnly(working)
        self._sentence.setReadOnly(working)
        self._practice.setEnabled(not working)
        self._no_sentence.setEnabled(not working)
        self._show_state()

    def _on_practice_working(self, making: bool) -> None:
        self._making = making
        self._show_state()

    def _show_state(self) -> None:
        wait_s = self._wait.left_s()
        self._button.setEnabled(not (self._working or self._making or wait_s))
        self._sign.show_sign("hourglass" if self._working or wait_s else "", "muted")
        if self._working:
            self._state.show_code("UNLOCK_WORKING")
        elif wait_s:
            self._state.show_code("UNLOCK_NEXT_TRY", clock=self._wait.clock())
        else:
            self._state.put("")
