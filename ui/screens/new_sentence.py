"""A sentence somebody got from an act of the supervisor: shown once, written down, typed back, and then gone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from ui.languages import words
from ui.screens.first_run_words import WordsStep
from ui.theme import HUGE, LARGE, SMALL
from ui.widgets.basics import ActionButton, Words

WIDEST_PX = 620


class NewSentence(QFrame):
    """A sheet for the one sentence; its words are painted, never text, and covered whenever nobody may be looking."""

    done = Signal()  # it was typed back; nothing of it is left here

    def __init__(self) -> None:
        """Hold no sentence."""
        super().__init__()
        self.setProperty("role", "sheet")
        self._whose: tuple[str, int] | None = None
        self._then: Callable[[], None] | None = None
        self._heading = Words("", "heading", wraps=True)
        self._heading.setObjectName("people.sentence_of")
        self._step = WordsStep(
            *("people.sentence", "PEOPLE_WORDS_TITLE", "PEOPLE_WORDS_WHY"),
            *("FIRST_SENTENCE_WRITTEN", "PEOPLE_WORDS_AGAIN"),
        )
        self._done = ActionButton("people.sentence_done", "PEOPLE_WORDS_DONE", role="main")
        self._done.clicked.connect(self._on_done)
        self._step.finished.connect(self._on_done)
        column = QVBoxLayout(self)
        column.setContentsMargins(HUGE + SMALL, LARGE, HUGE + SMALL, LARGE)
        column.setSpacing(SMALL)
        column.addWidget(self._heading)
        column.addWidget(self._step)
        column.addWidget(self._done, 0, Qt.AlignmentFlag.AlignRight)

    def put(self, sentence: str, name: str, desk_number: int, then: Callable[[], None]) -> None:
        """Show the sentence of this person; `then` is done once it is in their hands."""
        self._whose, self._then = (name, desk_number), then
        self._say()
        self._step.put(sentence)

    def cover(self) -> None:
        """Hide the words; the button shows them again to who comes back."""
        if self._whose is not None:
            self._step.cover()

    def changeEvent(self, event: QEvent) -> None:
        """Say whose it is in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        if self._whose is not None:
            self._heading.put(words("PEOPLE_NAMED", name=self._whose[0], n=self._whose[1]))

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave no words behind another page or a window that is put away."""
        super().hideEvent(event)
        self.cover()

    def _on_done(self) -> None:
        if self._step.settle():
            self._step.put("")
            then, self._whose, self._then = self._then, None, None
            self.done.emit()
            if then is not None:
                then()
