"""Who may open a sealed table, and the stick or folder it goes to."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import DeskError, NotAccepted
from desktop.messages import explain_problem, sentence
from ui.languages import current, plain, plural, words
from ui.screens.tables_work import are_keys
from ui.theme import MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words
from ui.widgets.clipboard import Line
from ui.widgets.problem_note import ProblemNote
from ui.widgets.stick_choice import StickChoice

_BETWEEN_KEYS = re.compile(r"[\s,;]+")


class TableReceivers(QWidget):
    """A line for the receivers' keys, looked at when one leaves it; the sticks; the buttons that seal."""

    def __init__(self) -> None:
        """Know of no receiver and no stick yet."""
        super().__init__()
        self._keys = Line()
        self._keys.setObjectName("tables.recipients")
        self._note = ProblemNote("tables.recipients.problem", self._keys, "TABLES_RECIPIENTS_HELP")
        self.stick = StickChoice("tables.stick", note_lines=3)
        self.seal = ActionButton(
            *("tables.seal", "TABLES_SEAL"), role="main", sign="usb", colour="on_accent", help_code="TABLES_SEAL_HELP"
        )
        self.folder = ActionButton("tables.folder", "TABLES_FOLDER", sign="folder-open", help_code="TABLES_FOLDER_HELP")
        label = Words("TABLES_RECIPIENTS", "strong", wraps=True)
        label.setBuddy(self._keys)
        row = QHBoxLayout()
        row.setSpacing(MEDIUM)
        row.addWidget(self.seal)
        row.addWidget(self.folder)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SMALL, 0, 0)
        column.setSpacing(TINY)
        for part in (label, self._keys, self._note, self.stick):
            column.addWidget(part)
        column.addLayout(row)
        column.addWidget(self.stick.note)  # below the buttons: its empty lines would push them out of sight
        self._say()
        self._keys.editingFinished.connect(self._check)
        self._keys.textEdited.connect(lambda _: self._note.clear())
        self._keys.returnPressed.connect(self.seal.click)

    def keys(self) -> tuple[str, ...]:
        """Return what is typed, key by key."""
        return tuple(filter(None, _BETWEEN_KEYS.split(self._keys.text())))

    def show_ready(self, ready: bool) -> None:
        """Say whether there is a table to seal."""
        self.seal.setEnabled(ready)
        self.folder.setEnabled(ready)

    def takes(self, error: DeskError) -> bool:
        """Say where it belongs what stood in the way of sealing; False where it does not belong here."""
        if isinstance(error, NotAccepted):
            problem = error.problems[0]
            self._note.tell(lambda: explain_problem(problem, current()))
            self._keys.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        if error.code.startswith("STICK_"):
            self.stick.tell(error)
            return True
        return False

    def changeEvent(self, event: QEvent) -> None:
        """Name the line in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        self._keys.setAccessibleName(plain("TABLES_RECIPIENTS"))
        self._keys.setPlaceholderText(words("TABLES_RECIPIENTS_HELP"))

    def _check(self) -> None:
        keys = self.keys()
        if not keys:
            self._note.clear()
        elif are_keys(keys):
            self._note.tell(lambda: plural("TABLES_RECEIVERS", len(set(keys))), "circle-check", "accent")
        else:
            self._note.tell(lambda: sentence("TABLE_KEY_WRONG", current()))
