"""Twelve words of a new recovery sheet: shown once, written down by hand, typed back from the paper, and then gone."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from ui.screens.first_run_words import WordsStep
from ui.theme import HUGE, LARGE, SMALL
from ui.widgets.basics import ActionButton, Words


class NewSheet(QFrame):
    """Its words are painted, never text, and covered whenever nobody may be looking."""

    typed_back = Signal(str)  # the words, for `SheetService.take`; nothing of them is left here
    left = Signal()  # the present sheet stays

    def __init__(self, name: str) -> None:
        """Be a part of the screen `name`, and hold no words."""
        super().__init__()
        self.setProperty("role", "sheet")
        self._shown = ""
        self._step = WordsStep(
            *(f"{name}.sheet", "SHEET_NEW_WORDS_TITLE", "SHEET_NEW_WORDS_WHY"),
            *("FIRST_SHEET_WRITTEN", "FIRST_SHEET_AGAIN"),
        )
        self.done = ActionButton(f"{name}.sheet_done", "PEOPLE_WORDS_DONE", role="main")
        leave = ActionButton(f"{name}.sheet_leave", "SHEET_LEAVE", role="quiet", help_code="SHEET_LEAVE_HELP")
        column = QVBoxLayout(self)
        column.setContentsMargins(HUGE + SMALL, LARGE, HUGE + SMALL, LARGE)
        column.setSpacing(SMALL)
        column.addWidget(self._step)
        column.addWidget(Words("SHEET_OLD_STAYS", "help", wraps=True))
        column.addWidget(leave, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.done, 0, Qt.AlignmentFlag.AlignRight)
        self.done.clicked.connect(self._on_done)
        leave.clicked.connect(self._on_leave)
        self._step.finished.connect(self._on_done)

    def put(self, shown: str) -> None:
        """Show these words."""
        self._shown = shown
        self._step.put(shown)
        self._step.begin()

    def cover(self) -> None:
        """Hide the words; the button shows them again to who comes back."""
        if self._shown:
            self._step.cover()

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave no words behind another page or a window that is put away."""
        super().hideEvent(event)
        self.cover()

    def _on_done(self) -> None:
        if self._step.settle():
            self.typed_back.emit(self._take())

    def _on_leave(self) -> None:
        self._take()
        self.left.emit()

    def _take(self) -> str:
        shown, self._shown = self._shown, ""
        self._step.put("")
        return shown
