"""Words that are shown once, written down by hand and typed back: in the first run, and for each new sentence."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop import wordlists
from desktop.crypto.words import UnknownWord, normalise_sentence
from ui.languages import words
from ui.screens.first_run_steps import Step
from ui.theme import SMALL, TINY
from ui.widgets.basics import ActionButton, Words
from ui.widgets.passphrase_edit import PassphraseEdit, SentenceStrip
from ui.widgets.problem_note import ProblemNote
from ui.widgets.typed_words import WordCard

_BELOW_PX = 112  # the button that goes on stands below


class WordsStep(Step):
    """Words shown once, written down by hand, hidden, and typed back."""

    def __init__(self, name: str, title: str, why: str, written: str, again: str) -> None:
        """Be the step `name` (screen.part); `written` says the button that hides, `again` what to type."""
        super().__init__(title, why)
        self._secret = ""
        self._typing = False
        self._card = WordCard(f"{name}_words")
        self._toggle = ActionButton(f"{name}_written", written, sign="pencil", colour="ink")
        self._codes = (written, "FIRST_SHOW_AGAIN")
        self._edit = PassphraseEdit(name)
        self._note = ProblemNote(f"{name}.problem", self._edit, again)
        self._typed = QWidget()
        inner = QVBoxLayout(self._typed)
        inner.setContentsMargins(0, SMALL, 0, 0)
        inner.setSpacing(TINY)
        label = Words(again, "strong", wraps=True)
        label.setBuddy(self._edit)
        self.name(self._edit, again)
        strip = SentenceStrip(self._edit, "FIRST_FOUR_LETTERS")
        self._edit.textChanged.connect(lambda text: strip.show_words(bool(text)))
        for part in (label, self._edit, strip, self._note):
            inner.addWidget(part)
        row = QHBoxLayout()
        row.addWidget(self._toggle)
        row.addStretch(1)
        self.column.addWidget(self._card)
        self.column.addSpacing(SMALL)
        self.column.addLayout(row)
        self.column.addWidget(self._typed)
        self._toggle.clicked.connect(lambda: self._turn(not self._typing))
        self._edit.sentence_entered.connect(self.finished)
        self._edit.textEdited.connect(self._note.clear)
        self._turn(False)

    def put(self, secret: str) -> None:
        """Show these words from the beginning."""
        self._secret = secret
        self._card.put(secret)
        self._edit.clear()
        self._turn(False)

    def cover(self) -> None:
        """Hide the words and what was typed of them; the button shows them again."""
        self._edit.clear()
        self._turn(True)

    def begin(self) -> None:
        """Begin on the button, or in the line once the words are hidden."""
        (self._edit if self._typing else self._toggle).setFocus(Qt.FocusReason.OtherFocusReason)

    def settle(self) -> bool:
        """The typed words must be the ones shown; the first that differs is named by its place."""
        if not self._typing:
            self._turn(True)
            return False
        say = self._difference()
        if say is None:
            self._edit.clear()
            return True
        self._note.tell(say)
        self._edit.setFocus(Qt.FocusReason.OtherFocusReason)
        return False

    def _difference(self) -> Callable[[], str] | None:
        try:
            typed = normalise_sentence(wordlists.load()[wordlists.DEFAULT], self._edit.text()).split()
        except UnknownWord as error:
            place = error.position
            return lambda: words("FIRST_WORD_UNKNOWN", n=place)
        meant = self._secret.split()
        if len(typed) != len(meant):
            return lambda: words("FIRST_WORDS_COUNT", n=len(typed), of=len(meant))
        wrong = next((n for n, pair in enumerate(zip(typed, meant, strict=True), start=1) if pair[0] != pair[1]), 0)
        return (lambda: words("FIRST_WORD_DIFFERS", n=wrong)) if wrong else None

    def _turn(self, typing: bool) -> None:
        self._typing = typing
        self._card.show_words(not typing)
        self._typed.setVisible(typing)
        self._toggle.turn_into(self._codes[typing], "eye" if typing else "pencil")
        self._note.clear()
        self.begin()
        QTimer.singleShot(0, self, self._bring_into_view)  # once it is laid out

    def _bring_into_view(self) -> None:
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.ensureWidgetVisible(self._typed if self._typing else self._toggle, 0, _BELOW_PX)
