"""Where a password sentence is typed, and where its words are shown to the eye alone.

The field always shows bullets and never anything else: so the clipboard, the selection buffer of X11, input methods
and screen readers have nothing to take. Someone who wants to see the words sees them painted below, numbered as the
messages number them; painted words are no text to any other program.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import SMALL, SMALL_PT, TINY, tokens
from ui.widgets.basics import Words
from ui.widgets.clipboard import Line

MOST_CHARACTERS = 200  # twelve words of eight letters and their spaces fit twice

HINTS = (
    Qt.InputMethodHint.ImhSensitiveData
    | Qt.InputMethodHint.ImhHiddenText
    | Qt.InputMethodHint.ImhNoPredictiveText
    | Qt.InputMethodHint.ImhNoAutoUppercase
)


class PassphraseEdit(Line):
    """A line for a password sentence; Enter reports it."""

    gives = False
    sentence_entered = Signal()

    def __init__(self, name: str) -> None:
        """Be the field `name`."""
        super().__init__()
        self.setObjectName(name)
        self.setEchoMode(Line.EchoMode.Password)
        self.setInputMethodHints(HINTS)
        self.setMaxLength(MOST_CHARACTERS)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def mark_problem(self, marked: bool) -> None:
        """Show or take away the border of a field with a problem; the note below says which."""
        self.setProperty("problem", marked)
        self.style().unpolish(self)
        self.style().polish(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Report Enter; every other key types."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.sentence_entered.emit()
            return
        super().keyPressEvent(event)


class SentenceStrip(QWidget):
    """Below the field: help, or the words as they are typed. Its height is kept, so nothing moves."""

    def __init__(
        self,
        field: PassphraseEdit,
        help_code: str,
        *,
        lines: int = 2,
        complete: Callable[[str], str | None] | None = None,
    ) -> None:
        """Follow `field`; show the words of `help_code` while the sentence is hidden.

        `complete` returns the word that was begun, None where there is none: then words stand there in full, and one
        that is none is marked as soon as the next is begun.
        """
        super().__init__()
        self._field, self._lines, self._complete = field, lines, complete
        self._shown = False
        self._help = Words(help_code, "help", wraps=True)
        self._help.setParent(self)
        self._help.setAlignment(Qt.AlignmentFlag.AlignTop)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        field.textChanged.connect(self._on_text_changed)

    @property
    def shown(self) -> bool:
        """Whether the words are to be seen."""
        return self._shown

    def show_words(self, shown: bool) -> None:
        """Show the typed words, or the help again."""
        self._shown = shown
        self._help.setVisible(not shown)
        self.update()

    def sizeHint(self) -> QSize:
        """As many lines as were asked for, whichever is shown."""
        return QSize(200, round(self._lines * self._line_height()))

    def heightForWidth(self, width: int) -> int:
        """Those lines, or as many as the help takes in a narrow window."""
        return max(self.sizeHint().height(), self._help.heightForWidth(width))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the help over the whole strip."""
        self._help.setGeometry(self.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the words, each with its number."""
        if not self._shown:
            return
        painter = QPainter(self)
        font = self.font()
        small = self.font()
        small.setPointSizeF(SMALL_PT)
        metrics, small_metrics = QFontMetricsF(font), QFontMetricsF(small)
        x, y, line = 0.0, 0.0, self._line_height()
        typed = self._field.text()
        done = len(typed.split()) if typed.endswith(" ") else len(typed.split()) - 1
        for number, begun in enumerate(typed.split(), start=1):
            full = self._complete(begun.lower()) if self._complete is not None else begun
            word, label = full or begun, str(number)
            number_width = small_metrics.horizontalAdvance(label) + TINY
            width = number_width + metrics.horizontalAdvance(word)
            if x and x + width > self.width():
                x, y = 0.0, y + line
            painter.setFont(small)
            painter.setPen(tokens().muted)
            painter.drawText(QRectF(x, y, number_width, line), Qt.AlignmentFlag.AlignVCenter, label)
            painter.setFont(font)
            painter.setPen(tokens().ink if full or number > done else tokens().danger)
            painter.drawText(QRectF(x + number_width, y, width, line), Qt.AlignmentFlag.AlignVCenter, word)
            x += width + SMALL + TINY
        painter.end()

    def _line_height(self) -> float:
        return QFontMetricsF(self.font()).lineSpacing()

    def _on_text_changed(self) -> None:
        if self._shown:
            self.update()
