"""Copying inside the window: what is copied out of a field stays in this process (threat-model, attack 26).

The system's clipboard gets a mark without text, so that other programs and histories find nothing, and so that what
was copied last, here or elsewhere, is what is pasted. After 30 seconds, and at lock, it is forgotten. Every line and
every text of the window is a `Line` or a `Paper`; the buffer that X11 fills from a selection is emptied for all.
"""

from __future__ import annotations

import os
import unicodedata

from PySide6.QtCore import QCoreApplication, QMimeData, QObject, Qt, QTimer
from PySide6.QtGui import QClipboard, QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QPlainTextEdit

from desktop.system import clipboard_marks
from ui.languages import words

KEPT_MS = 30_000
HINTS = Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText

_MARK = "application/x-rufaa-copy"
_Key = QKeySequence.StandardKey


class _Keeper(QObject):
    """Holds what was copied last, and watches what this program puts on the system's clipboards."""

    def __init__(self, program: QCoreApplication | None) -> None:
        super().__init__(program)
        self._text = ""
        self._mark = os.urandom(16)  # another window of Rufaa has another one
        self._timer = QTimer(self, singleShot=True, interval=KEPT_MS)
        self._timer.timeout.connect(self.empty)
        self._clipboard = QGuiApplication.clipboard()
        self._clipboard.changed.connect(self._on_changed)

    def keep(self, text: str) -> None:
        mark = QMimeData()
        mark.setData(_MARK, self._mark)
        self._put(mark)
        self._text = text
        self._timer.start()

    def text_of(self, source: QMimeData) -> str:
        """Return what a paste of `source` brings: our own text for our mark, of others plain text alone."""
        if source.hasFormat(_MARK):
            return self._text if source.data(_MARK).data() == self._mark else ""
        return source.text() if source.hasFormat("text/plain") else ""

    def empty(self) -> None:
        self._text = ""
        self._timer.stop()
        if self._clipboard.ownsClipboard():
            self._clipboard.clear(QClipboard.Mode.Clipboard)

    def _put(self, content: QMimeData) -> None:
        """Put something on the system's clipboard that no history shall keep."""
        for name, value in clipboard_marks().items():
            content.setData(name, value)
        self._clipboard.setMimeData(content)

    def _on_changed(self, mode: QClipboard.Mode) -> None:
        # Qt tells of its own copying before it serves another program, so on X11 nobody has read it yet.
        if mode is QClipboard.Mode.Selection and self._clipboard.ownsSelection():
            self._clipboard.clear(QClipboard.Mode.Selection)
        elif mode is QClipboard.Mode.Clipboard and self._clipboard.ownsClipboard():
            self._timer.start()
            held = self._clipboard.mimeData()
            if held is not None and held.hasText() and not any(map(held.hasFormat, clipboard_marks())):
                # Digits and commands that Qt copied out of a label: once more, with what keeps histories away.
                marked = QMimeData()
                marked.setText(held.text())
                self._put(marked)
        elif mode is QClipboard.Mode.Clipboard:
            self._text = ""


def _keeper() -> _Keeper:
    program = QCoreApplication.instance()
    found = program.findChild(_Keeper) if program else None
    return found if isinstance(found, _Keeper) else _Keeper(program)


def empty() -> None:
    """Forget what was copied, and take what this program put there off the system's clipboard."""
    _keeper().empty()


def pasted(source: QMimeData | None = None) -> str:
    """Return the plain text that a paste brings; never a picture, mark-up or control characters."""
    # An empty clipboard has no content at all on some systems.
    text = _keeper().text_of(source or QGuiApplication.clipboard().mimeData() or QMimeData())
    return "".join(
        character
        for character in text.replace("\r\n", "\n").replace("\r", "\n")
        if character in "\n\t" or unicodedata.category(character) != "Cc"
    )


class Line(QLineEdit):
    """One line of text from which nothing goes to other programs; plain text may be pasted from them."""

    gives = True  # a field for something secret gives nothing even to other fields

    def __init__(self) -> None:
        """Be an empty line."""
        super().__init__()
        _keeper()
        self.setInputMethodHints(HINTS)
        self.setDragEnabled(False)
        self.setAcceptDrops(False)

    def copy(self) -> None:
        """Keep what is selected for another field."""
        if self.gives and self.hasSelectedText():
            _keeper().keep(self.selectedText())

    def cut(self) -> None:
        """Take out what is selected and keep it for another field."""
        if self.gives and not self.isReadOnly() and self.hasSelectedText():
            self.copy()
            self.del_()

    def paste(self) -> None:
        """Put in what was copied, as one line."""
        text = " ".join(pasted().replace("\t", "\n").split("\n")).strip()
        if not text or self.isReadOnly():
            return
        if not self.hasSelectedText():
            self._begin_step()
        self.insert(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy, cut and paste in our own way, also by the two keys of X11 that cut a line."""
        if event.matches(_Key.Copy):
            self.copy()
        elif event.matches(_Key.Cut):
            self.cut()
        elif event.matches(_Key.Paste):
            self.paste()
        elif event.matches(_Key.DeleteEndOfLine):
            self._take_out(self.cursorPosition())
        elif event.matches(_Key.DeleteCompleteLine):
            self._take_out(0)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show our own menu."""
        menu = _menu(self, undo=self.isUndoAvailable(), redo=self.isRedoAvailable(), selected=self.hasSelectedText())
        menu.popup(event.globalPos())

    def _take_out(self, start: int) -> None:
        if not self.isReadOnly():
            self.setSelection(start, len(self.text()))
            self.copy()
            self.del_()

    def _begin_step(self) -> None:
        # Ctrl+Z is to take back what was pasted without what was typed before it; Qt begins a step when one moves.
        at = self.cursorPosition()
        self.setCursorPosition(0 if at else len(self.text()))
        self.setCursorPosition(at)


class Paper(QPlainTextEdit):
    """Several lines of text from which nothing goes to other programs; plain text may be pasted from them."""

    def __init__(self) -> None:
        """Be an empty text that Tab leaves."""
        super().__init__()
        _keeper()
        self.setInputMethodHints(HINTS)
        self.setTabChangesFocus(True)
        self.setAcceptDrops(False)

    def copy(self) -> None:
        """Keep what is selected for another field."""
        if self.textCursor().hasSelection():
            _keeper().keep(self.textCursor().selection().toPlainText())

    def cut(self) -> None:
        """Take out what is selected and keep it for another field."""
        if not self.isReadOnly():
            self.copy()
            self.textCursor().removeSelectedText()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Give Qt nothing to copy, select or drag away."""
        return QMimeData()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Put in the plain text that was copied."""
        self.textCursor().insertText(pasted(source))
        self.ensureCursorVisible()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy and cut in our own way."""
        if event.matches(_Key.Copy):
            self.copy()
        elif event.matches(_Key.Cut):
            self.cut()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a new selection even on the old one, which would be dragged otherwise."""
        extends = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() == Qt.MouseButton.LeftButton and self.textCursor().hasSelection() and not extends:
            self.setTextCursor(self.cursorForPosition(event.position().toPoint()))
        super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show our own menu."""
        document, selected = self.document(), self.textCursor().hasSelection()
        menu = _menu(self, undo=document.isUndoAvailable(), redo=document.isRedoAvailable(), selected=selected)
        menu.popup(event.globalPos())


def _menu(field: Line | Paper, *, undo: bool, redo: bool, selected: bool) -> QMenu:
    gives = selected and (isinstance(field, Paper) or field.gives)
    writes = not field.isReadOnly()
    menu = QMenu(field)
    menu.setObjectName(f"{field.objectName()}.menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for code, key, act, possible in (
        ("EDIT_UNDO", _Key.Undo, field.undo, undo and writes),
        ("EDIT_REDO", _Key.Redo, field.redo, redo and writes),
        ("EDIT_CUT", _Key.Cut, field.cut, gives and writes),
        ("EDIT_COPY", _Key.Copy, field.copy, gives),
        ("EDIT_PASTE", _Key.Paste, field.paste, writes),
        ("EDIT_SELECT_ALL", _Key.SelectAll, field.selectAll, True),
    ):
        # The key stands there to be learnt; the field itself hears it.
        shown = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
        entry = menu.addAction(f"{words(code)}\t{shown}")
        entry.setEnabled(possible)
        entry.triggered.connect(act)
    return menu
