"""The sticks that are in: the only one is taken, of several one is chosen. Below them what stood in the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.errors import DeskError
from desktop.messages import explain
from desktop.sticks import Stick
from ui.languages import current, words
from ui.models.bundle_rows import size_in_words
from ui.theme import SMALL, TINY
from ui.widgets.basics import ActionButton, Words
from ui.widgets.problem_note import ProblemNote

_MOST_SHOWN = 6  # a laptop has fewer sockets
_LETTERS = "abcdef"


class StickChoice(QWidget):
    """One button a stick, with its name and its free room. `look_wanted`: the sticks are to be looked for again.

    `note` stands last; a screen may place it below its own buttons instead.
    """

    look_wanted = Signal()

    def __init__(self, name: str, note_lines: int = 4) -> None:
        """Be the choice `name`; no stick was looked for yet. Keep room for `note_lines` lines of a problem."""
        super().__init__()
        self.setObjectName(name)
        self._sticks: tuple[Stick, ...] = ()
        self._state = Words("STICK_LOOKING", "muted", wraps=True)
        self._state.setObjectName(f"{name}.state")
        self.look = ActionButton(f"{name}.look", "STICK_LOOK", role="quiet", help_code="STICK_LOOK_HELP")
        self.look.clicked.connect(self.look_wanted)
        self.note = ProblemNote(f"{name}.problem", self.look, "STICK_LOOK_HELP", lines=note_lines)
        self._group = QButtonGroup(self)
        self._buttons = [self._button(f"{name}.{letter}") for letter in _LETTERS[:_MOST_SHOWN]]
        head = QHBoxLayout()
        head.setSpacing(SMALL)
        head.addWidget(self._state, 1)
        head.addWidget(self.look, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TINY)
        column.addLayout(head)
        for button in self._buttons:
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.note)

    def show_sticks(self, sticks: Sequence[Stick]) -> None:
        """Show the sticks that are in; the one that was chosen stays so while it is there."""
        before = self.wanted()
        self._sticks = tuple(sticks)[:_MOST_SHOWN]
        self._group.setExclusive(False)
        for button, stick in zip(self._buttons, self._sticks, strict=False):
            button.setChecked(len(self._sticks) == 1 or stick.path == before)
        self._group.setExclusive(True)
        for place, button in enumerate(self._buttons):
            button.setVisible(place < len(self._sticks))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # a group takes it from all but the one that is down
        self._say()

    def wanted(self) -> Path | None:
        """Return where the stick is that was chosen; None leaves it to the only one there is."""
        for button, stick in zip(self._buttons, self._sticks, strict=False):
            if button.isChecked() and len(self._sticks) > 1:
                return stick.path
        return None

    def tell(self, error: DeskError) -> None:
        """Show what stood in the way of writing or reading."""
        self.note.tell(lambda: explain(error, current()))

    def clear(self) -> None:
        """Show no problem."""
        self.note.clear()

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _button(self, name: str) -> QPushButton:
        button = QPushButton()
        button.setObjectName(name)
        button.setProperty("role", "choice")
        button.setCheckable(True)
        button.setAutoDefault(False)
        button.hide()
        self._group.addButton(button)
        return button

    def _say(self) -> None:
        codes = {0: "STICK_NONE_IN", 1: "STICK_ONE_IN"}
        self._state.show_code(codes.get(len(self._sticks), "STICK_CHOOSE"))
        for button, stick in zip(self._buttons, self._sticks, strict=False):
            free = size_in_words(stick.free_bytes)
            text = words("STICK_FREE" if stick.writable else "STICK_LOCKED", name=stick.name, free=free)
            button.setText(text.replace("&", "&&"))
            button.setAccessibleName(text)
            button.setAccessibleDescription(words("STICK_CHOICE_HELP"))
