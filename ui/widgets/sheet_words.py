"""Where the twelve words of the recovery sheet are typed: numbered as on the paper, in full from four letters on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop import wordlists
from desktop.crypto.words import SHEET_WORDS, UnknownWord, normalise_sentence
from desktop.errors import DeskError
from desktop.messages import explain
from ui.languages import current, plain, words
from ui.theme import TINY
from ui.widgets.basics import Words
from ui.widgets.passphrase_edit import PassphraseEdit, SentenceStrip
from ui.widgets.problem_note import ProblemNote

_LINES = 3


class SheetWords(QWidget):
    """A line of bullets, the words painted below it, and what is wrong with them, told by the number on the paper."""

    entered = Signal()  # Enter

    def __init__(self, name: str) -> None:
        """Be the field `name`, empty."""
        super().__init__()
        self._edit = PassphraseEdit(name)
        self._list = wordlists.load()[wordlists.DEFAULT]
        self._label = Words("SHEET_WORDS_TYPE", "strong", wraps=True)
        self._label.setBuddy(self._edit)
        self._count = Words("", "help")
        self._count.setObjectName(f"{name}.count")
        strip = SentenceStrip(self._edit, "SHEET_WORDS_HELP", lines=_LINES, complete=self._list.complete)
        self.note = ProblemNote(f"{name}.problem", self._edit, "SHEET_WORDS_HELP", lines=_LINES)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TINY)
        for part in (self._label, self._edit, strip, self._count, self.note):
            column.addWidget(part)
        self._edit.textChanged.connect(lambda text: strip.show_words(bool(text)))
        self._edit.textChanged.connect(self._say)
        self._edit.textEdited.connect(self._on_edited)
        self._edit.sentence_entered.connect(self.entered)
        self._say()

    def begin(self) -> None:
        """Begin in the line."""
        self._edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def text(self) -> str:
        """Return what was typed."""
        return self._edit.text()

    def clear(self) -> None:
        """Forget what was typed."""
        self._edit.clear()
        self.note.clear()

    def set_working(self, working: bool) -> None:
        """Take no more words while these are tried."""
        self._edit.setReadOnly(working)

    def settle(self) -> bool:
        """Say whether these are twelve words; tell which is none. No guess is made with others."""
        try:
            typed = len(normalise_sentence(self._list, self.text()).split())
        except UnknownWord as error:
            place = error.position
            self.tell(lambda: words("SHEET_WORD_UNKNOWN", n=place))
            return False
        if typed != SHEET_WORDS:
            self.tell(lambda: words("FIRST_WORDS_COUNT", n=typed, of=SHEET_WORDS))
        return typed == SHEET_WORDS

    def tell(self, say: Callable[[], str]) -> None:
        """Show what is wrong; the words stay to be put right."""
        self.note.tell(say)
        self._edit.mark_problem(True)
        self.begin()

    def tell_error(self, error: DeskError) -> None:
        """Show what the desk found wrong."""
        self.tell(lambda: explain(error, current()))

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _on_edited(self) -> None:
        self.note.clear()
        self._edit.mark_problem(False)

    def _say(self) -> None:
        self._edit.setAccessibleName(plain("SHEET_WORDS_TYPE"))
        self._count.put(words("SHEET_WORDS_COUNT", n=len(self.text().split()), of=SHEET_WORDS))
