"""Editors of several lines: one long text, or several short answers."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QMimeData
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence

from desktop.errors import Severity
from desktop.rules.forms import Field
from desktop.rules.records import Value
from ui.theme import HUGE
from ui.widgets.clipboard import Paper, pasted
from ui.widgets.field_editor import Editor, Note, is_form_key

_LONG_LINES, _FEW_LINES = 4, 3


class _Paper(Paper):
    """Several lines; what would not fit is refused as a whole."""

    def __init__(self, editor: LongTextEdit, limit: int) -> None:
        super().__init__()
        self._editor, self._limit = editor, limit
        self.setObjectName(editor.name)

    def event(self, event: QEvent) -> bool:
        if is_form_key(event):
            event.accept()
            return True
        return super().event(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if self._has_room(pasted(source)):
            super().insertFromMimeData(source)
        else:
            self._editor.refuse()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._editor.take_key(event, many_lines=True):
            return
        typed = event.text()
        is_text = typed.isprintable() or typed == "\r"
        if is_text and typed and not event.matches(QKeySequence.StandardKey.Paste) and not self._has_room(typed):
            self._editor.refuse()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._editor.entered.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._editor.focus_left(event)

    def _has_room(self, text: str) -> bool:
        # characterCount counts the end of the last line as well.
        standing = self.document().characterCount() - 1 - len(self.textCursor().selectedText())
        return standing + len(text) <= self._limit


class LongTextEdit(Editor):
    """An answer of several lines: Enter makes a line, Tab leaves."""

    def __init__(self, item: Field, name: str, how: str = "FIELDS_HOW_LONG", lines: int = _LONG_LINES) -> None:
        """Build the field with room for `lines` lines."""
        super().__init__(item, name, how)
        self._refused = False
        self.paper = _Paper(self, self.limit())
        self._lines = lines
        self._make_room()
        self.paper.textChanged.connect(self._changed)
        self.column.addWidget(self.paper)

    def limit(self) -> int:
        """Return how many characters the field takes."""
        return self.item.max_length or 4_000

    def input(self) -> Paper:
        """Return the field of lines."""
        return self.paper

    def show_value(self, value: Value) -> None:
        """Show the lines."""
        self.paper.blockSignals(True)
        self.paper.setPlainText("\n".join(value) if isinstance(value, tuple) else str(value or ""))
        self.paper.blockSignals(False)
        self._refused = False

    def read(self) -> Value:
        """Return the lines as one text."""
        return self.paper.toPlainText().strip() or None

    def refuse(self) -> None:
        """Say that something was not put in."""
        self._refused = True
        self.noted.emit()

    def finish(self) -> None:
        """Let the note go with the field."""
        self._refused = False

    def notes(self) -> tuple[Note, ...]:
        """Say that something was refused."""
        return (Note("FIELDS_NOT_TAKEN", Severity.WARNING, {"limit": self.limit()}),) if self._refused else ()

    def set_read_only(self, read_only: bool) -> None:
        """Let nothing be typed."""
        super().set_read_only(read_only)
        self.paper.setReadOnly(read_only)

    def say_missing(self) -> None:
        """Show why the field is empty."""
        self.paper.setPlaceholderText(self.placeholder())

    def say_again(self) -> None:
        """Say it in the new language."""
        self.say_missing()
        self._make_room()

    def _changed(self) -> None:
        self._refused = False
        self.typed()

    def _make_room(self) -> None:
        self.paper.setFixedHeight(self._lines * self.paper.fontMetrics().lineSpacing() + HUGE)


class LinesEdit(LongTextEdit):
    """Several short answers, one on each line or parted by a semicolon."""

    _MOST = 50  # answers; a list in a file has its own place

    def __init__(self, item: Field, name: str) -> None:
        """Build the field."""
        super().__init__(item, name, "FIELDS_HOW_LINES", _FEW_LINES)

    def limit(self) -> int:
        """Return room for a good many answers."""
        return self._MOST * (self.item.max_length or 200)

    def read(self) -> Value:
        """Return the answers."""
        parts = re.split(r"[;\n]", self.paper.toPlainText())
        return tuple(part.strip() for part in parts if part.strip()) or None

    def notes(self) -> tuple[Note, ...]:
        """Say that one answer is too long."""
        answers, longest = self.read(), self.item.max_length or 200
        if self.touched and isinstance(answers, tuple) and max(map(len, answers)) > longest:
            return (Note("TEXT_TOO_LONG", Severity.BLOCKING, {"limit": longest}),)
        return super().notes()
