"""Change my sentence: the present one is typed, a new one offered, written down and typed back (threat-model 5.2)."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.bootstrap import Desk
from desktop.errors import DeskError, WrongSentence
from desktop.messages import explain
from desktop.rules.records import Outcome
from desktop.services.offers import MOST_OFFERED
from ui.languages import current, plain, words
from ui.screens.first_run_words import WordsStep
from ui.screens.page import on_paper
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.passphrase_edit import PassphraseEdit
from ui.widgets.problem_note import ProblemNote

_SHEET_PX = 620


class SentenceScreen(Screen):
    """One sheet from top to bottom. Until the last button the present sentence stays."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Ask for the present sentence; nothing is offered yet."""
        super().__init__(seat, place)
        self._new, self._offers = "", 0
        self._working = self._typed_back = False
        self._old = PassphraseEdit("sentence.old")
        self._note = ProblemNote("sentence.old.problem", self._old, "UNLOCK_SENTENCE_HELP")
        self._known = ActionButton(
            "sentence.known", "SENTENCE_KNOWN", role="choice", sign="circle", help_code="SENTENCE_KNOWN_HELP"
        )
        self._known.setCheckable(True)
        self._known_does = Words("SENTENCE_KNOWN_HELP", "help", wraps=True)
        self._offer = ActionButton("sentence.offer", "SENTENCE_OFFER_ME", role="main", help_code="SENTENCE_OFFER_HELP")
        self._step = WordsStep(
            *("sentence.new", "SENTENCE_NEW_TITLE", "SENTENCE_NEW_WHY"),
            *("FIRST_SENTENCE_WRITTEN", "PEOPLE_WORDS_AGAIN"),
        )
        self._other = ActionButton("sentence.other", "SENTENCE_OTHER", role="quiet", help_code="SENTENCE_OFFER_HELP")
        self._take = ActionButton("sentence.take", "SENTENCE_TAKE", role="main")
        self._leave = ActionButton("sentence.leave", "SENTENCE_LEAVE", role="quiet")
        self._lay_out()
        self.say_again()
        self._known.toggled.connect(self._on_known)
        self._offer.clicked.connect(self._on_offer)
        self._other.clicked.connect(self._on_offer)
        self._old.sentence_entered.connect(self._on_old_entered)
        self._old.textEdited.connect(self._on_old_edited)
        self._step.finished.connect(self._on_take)
        self._take.clicked.connect(self._on_take)
        self._leave.clicked.connect(lambda: self.place_wanted.emit(Place("settings")))

    def begin(self) -> None:
        """Begin in the present sentence."""
        self._old.setFocus(Qt.FocusReason.OtherFocusReason)

    def cover(self) -> None:
        """Hide the words that are offered."""
        if self._new and not self._typed_back:
            self._step.cover()

    def say_again(self) -> None:
        """Name the field in the new language."""
        self._old.setAccessibleName(plain("SENTENCE_OLD"))

    def _lay_out(self) -> None:
        sheet, label = frame("sheet"), Words("SENTENCE_OLD", "strong")
        label.setBuddy(self._old)
        column = QVBoxLayout(sheet)
        column.setContentsMargins(HUGE + SMALL, HUGE, HUGE + SMALL, HUGE)
        column.setSpacing(SMALL)
        column.addWidget(Words("SENTENCE_TITLE", "title", wraps=True))
        column.addWidget(Words("SENTENCE_WHY", "muted", wraps=True))
        column.addSpacing(SMALL)
        old = QVBoxLayout()
        old.setSpacing(TINY)
        old.addWidget(label)
        old.addWidget(self._old)
        old.addWidget(self._note)
        column.addLayout(old)
        column.addWidget(self._known, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._known_does)
        column.addWidget(self._offer, 0, Qt.AlignmentFlag.AlignLeft)
        self._offered = QWidget()
        inner = QVBoxLayout(self._offered)
        inner.setContentsMargins(0, MEDIUM, 0, 0)
        inner.setSpacing(SMALL)
        inner.addWidget(frame("rule"))
        inner.addWidget(self._step)
        inner.addWidget(self._other, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._offered)
        foot = QHBoxLayout()
        foot.setSpacing(LARGE)
        foot.addStretch(1)
        foot.addWidget(self._leave)
        foot.addWidget(self._take)
        column.addLayout(foot)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(on_paper(sheet, _SHEET_PX), 1)
        self._offered.hide()
        self._take.hide()

    def _on_known(self, known: bool) -> None:
        self._known.turn_into("SENTENCE_KNOWN", "circle-check" if known else "circle")

    def _on_old_edited(self) -> None:
        self._note.clear()
        self._old.mark_problem(False)

    def _on_old_entered(self) -> None:
        if self._typed_back:
            self._on_take()
        elif not self._new:
            self._on_offer()
        else:
            self._step.begin()

    def _has_old(self) -> bool:
        if not self._old.text().strip():
            self._note.tell(lambda: words("SENTENCE_OLD_FIRST"))
            self._old.setFocus(Qt.FocusReason.OtherFocusReason)
        return bool(self._old.text().strip())

    def _on_offer(self) -> None:
        if not self._working and self._has_old():
            self._set_working(True)
            self.run(self.seat.desk.people.offer_sentence, self._on_offered, self._on_not_offered)

    def _on_offered(self, sentence: str) -> None:
        self._new, self._offers, self._typed_back = sentence, self._offers + 1, False
        self._set_working(False)
        self._offer.hide()
        for part in (self._offered, self._take):
            part.show()
        self._other.setEnabled(self._offers < MOST_OFFERED)
        self._step.put(sentence)

    def _on_not_offered(self, error: DeskError) -> None:
        self._set_working(False)
        if error.code == "SENTENCES_OFFERED" and not self._new:
            self._note.tell(lambda: words("SENTENCE_OFFERS_SPENT", limit=MOST_OFFERED))
        else:
            self.fail(error)

    def _on_take(self) -> None:
        if self._working or not self._has_old():
            return
        if not self._typed_back and not self._step.settle():
            return
        self._typed_back = True
        change = partial(_change, self.seat.desk, self._old.text(), self._new, known=self._known.isChecked())
        self._set_working(True)
        self.run(change, self._on_taken, self._on_not_taken)

    def _on_taken(self, _: Outcome) -> None:
        self._old.clear()
        self._step.put("")
        self._new = ""
        code = "SENTENCE_CHANGED_AND_TOLD" if self._known.isChecked() else "SENTENCE_CHANGED"
        self.told.emit(Telling(lambda: words(code)))
        self.place_wanted.emit(Place("settings"))

    def _on_not_taken(self, error: DeskError) -> None:
        self._set_working(False)
        if not isinstance(error, WrongSentence):
            self.fail(error)
            return
        self._note.tell(lambda: explain(error, current()))
        self._old.mark_problem(True)
        self._old.setFocus(Qt.FocusReason.OtherFocusReason)
        self._old.selectAll()

    def _set_working(self, working: bool) -> None:
        self._working = working
        self._old.setReadOnly(working)
        for button in (self._offer, self._take, self._known):
            button.setEnabled(not working)


def _change(desk: Desk, old: str, new: str, *, known: bool) -> Outcome:
    """Change the sentence; where the old one may be `known`, tell the supervisors, who change the keys."""
    changed = desk.people.change_sentence(old, new)
    return desk.people.report_known() if known else changed
