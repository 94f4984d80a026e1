"""An answer of one line, on which the editors of words, numbers, codes and dates build."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFocusEvent, QKeyEvent

from desktop.rules.forms import Field
from desktop.rules.records import Value
from ui.widgets.clipboard import Line
from ui.widgets.field_editor import Editor, is_form_key


class LineInput(Line):
    """A line of text that knows the keys of a form."""

    def __init__(self, editor: Editor) -> None:
        """Be the input of `editor`."""
        super().__init__()
        self._editor = editor
        self.setObjectName(editor.name)
        self.textEdited.connect(lambda _: editor.typed())

    def replace(self, text: str) -> None:
        """Put other words in the place of what was typed, so that Ctrl+Z brings the typed ones back."""
        self.blockSignals(True)
        self.selectAll()
        self.insert(text)
        self.blockSignals(False)

    def event(self, event: QEvent) -> bool:
        """Keep the keys of the form."""
        if is_form_key(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on, finish, explain or type."""
        if not self._editor.take_key(event):
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Say that one is here."""
        super().focusInEvent(event)
        self._editor.entered.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Let the editor understand what was typed."""
        super().focusOutEvent(event)
        self._editor.focus_left(event)


class LineEditor(Editor):
    """An answer of one line."""

    def __init__(self, item: Field, name: str, how: str) -> None:
        """Build the line."""
        super().__init__(item, name, how)
        self.line = LineInput(self)
        self.column.addWidget(self.line)

    def input(self) -> LineInput:
        """Return the line."""
        return self.line

    def show_value(self, value: Value) -> None:
        """Show the text of the value."""
        self.line.setText("" if value is None else str(value))

    def text(self) -> str:
        """Return what was typed, without the spaces around it."""
        return self.line.text().strip()

    def read(self) -> Value:
        """Return what was typed."""
        return self.text() or None

    def set_read_only(self, read_only: bool) -> None:
        """Let nothing be typed."""
        super().set_read_only(read_only)
        self.line.setReadOnly(read_only)

    def say_missing(self) -> None:
        """Show why the line is empty."""
        self.line.setPlaceholderText(self.placeholder())

    def say_again(self) -> None:
        """Say it in the new language."""
        self.say_missing()
