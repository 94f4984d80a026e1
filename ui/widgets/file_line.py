"""Where a file or folder is: typed, pasted or looked for. What is written there goes nowhere but to the work itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import DeskError
from desktop.messages import explain
from ui.languages import current, plain, words
from ui.theme import SMALL, TINY
from ui.widgets.basics import ActionButton, Words
from ui.widgets.clipboard import Line
from ui.widgets.file_dialogs import ask_files, ask_folder
from ui.widgets.problem_note import ProblemNote

_QUOTED = re.compile(r'"([^"]+)"')


class FileLine(QWidget):
    """A line for a path, a button that looks for it, and a note. Several files stand in quotes, one after another."""

    edited = Signal()
    entered = Signal()  # Enter in the line

    def __init__(
        self,
        name: str,
        codes: tuple[str, str, str],
        *,
        folder: bool = False,
        several: bool = False,
        endings: tuple[str, ...] = (),
        lines: int = 1,
        beside: Sequence[QWidget] = (),
    ) -> None:
        """Be `name`.

        Args:
            name: screen.part
            codes: The codes of the label, of what the line explains and of the button.
            folder: A folder is wanted, not a file.
            several: More than one file may be chosen.
            endings: Which files are offered first, such as `xlsx`.
            lines: The lines of room kept for the note.
            beside: What stands in one row with the line and its button, such as the button that uses the file.
        """
        super().__init__()
        self._label_code, self._help_code, self._browse_code = codes
        self._folder, self._several, self._endings = folder, several, endings
        self._line = Line()
        self._line.setObjectName(name)
        label = Words(self._label_code, "strong")
        label.setBuddy(self._line)
        self._browse = ActionButton(
            f"{name}.browse", self._browse_code, sign="folder-open", help_code="FILE_BROWSE_HELP"
        )
        self._note = ProblemNote(f"{name}.note", self._line, self._help_code, lines)
        row = QHBoxLayout()
        row.setSpacing(SMALL)
        row.addWidget(self._line, 1)
        row.addWidget(self._browse)
        for part in beside:
            row.addWidget(part)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(TINY)
        whole.addWidget(label)
        whole.addLayout(row)
        whole.addWidget(self._note)
        self._say()
        self._line.textEdited.connect(self._on_edited)
        self._line.returnPressed.connect(self.entered)
        self._browse.clicked.connect(self._look)
        self.setFocusProxy(self._line)

    def paths(self) -> tuple[str, ...]:
        """Return what is written there: each text in quotes, or all of it."""
        text = self._line.text().strip()
        quoted = tuple(_QUOTED.findall(text)) if text.startswith('"') else ()
        return quoted or ((text,) if text else ())

    def path(self) -> str:
        """Return the first file or the folder written there, or an empty text."""
        return next(iter(self.paths()), "")

    def empty(self) -> None:
        """Have nothing written there."""
        self._line.clear()
        self._on_edited()

    def refuse(self, error: DeskError) -> None:
        """Say under the line what is in the way, and go back into it."""
        self._note.tell(lambda: explain(error, current()))
        self._line.setProperty("problem", True)
        self._restyle()
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)
        self._line.selectAll()

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        self._line.setAccessibleName(plain(self._label_code))
        self._line.setPlaceholderText(words(self._help_code))

    def _on_edited(self) -> None:
        self._note.clear()
        self._line.setProperty("problem", False)
        self._restyle()
        self.edited.emit()

    def _restyle(self) -> None:
        self._line.style().unpolish(self._line)
        self._line.style().polish(self._line)

    def _look(self) -> None:
        name = f"{self._line.objectName()}.dialog"
        if self._folder:
            ask_folder(self, name, self._browse_code, lambda chosen: self._on_chosen([chosen]))
        else:
            pattern = " ".join(f"*.{ending}" for ending in self._endings)
            ask_files(self, name, self._browse_code, pattern, self._on_chosen, several=self._several)

    def _on_chosen(self, paths: Sequence[Path]) -> None:
        self._line.setText(str(paths[0]) if len(paths) == 1 else " ".join(f'"{path}"' for path in paths))
        self._on_edited()
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)
