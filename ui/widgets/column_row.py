"""One column of a foreign list: its letter and heading, two examples, and the line in which one says what it is."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from desktop.rules.codelists import CodeList
from desktop.rules.forms import Field, FieldType, Out, Sensitivity
from ui.languages import words
from ui.models.import_columns import ColumnToRead
from ui.theme import SMALL, TINY
from ui.widgets.basics import Words, frame
from ui.widgets.code_edit import CodeEdit
from ui.widgets.problem_note import ProblemNote

HEAD_CODES = ("COLUMNS_COLUMN", "", "COLUMNS_EXAMPLES", "COLUMNS_READ_AS")
LINES = 2  # of the grid, for each column: what stands there, and the hairline below

_SHARES = (0, 5, 4, 6)


class TargetEdit(CodeEdit):
    """What one column is read as: typed in part, or chosen from the list below. There is always an answer."""

    def __init__(self, name: str, heading: str, targets: CodeList) -> None:
        """Ask it of the column with this heading."""
        asked = Field(name, dict.fromkeys(("en", "sw"), heading), FieldType.CODE, Sensitivity.S0, Out.NEVER)
        super().__init__(asked, name, targets, dict)

    def offer_answers(self) -> None:
        """Offer nothing: an office always knows what it wants a column read as, if only as a note."""


class ColumnRow(QObject):
    """The parts of one row in a grid, so that all rows have the same columns."""

    edited = Signal()

    def __init__(self, column: ColumnToRead, targets: CodeList, name: str) -> None:
        """Show a column; `name` is that of its line."""
        super().__init__()
        self.column, self._targets = column, targets
        self._other = ""  # the column that is read so too
        self.editor = TargetEdit(name, column.heading, targets)
        self.editor.put(column.target)
        self.line = self.editor.input()
        self._note = ProblemNote(f"{name}.problem", self.line, "COLUMNS_READ_AS_HELP", 1)
        self._first, self._second = Words("", "strong", wraps=True), Words("", "help", wraps=True)
        self._first.setBuddy(self.line)
        self.editor.edited.connect(self.edited)
        self.editor.noted.connect(self.refresh)
        self.say_again()

    def place_in(self, grid: QGridLayout, at: int) -> None:
        """Take one row of a grid and the hairline below it."""
        top = Qt.AlignmentFlag.AlignTop
        letter, examples = Words("", "muted"), Words("", "muted", wraps=True)
        letter.put(self.column.column)
        examples.put("\n".join(self.column.examples))
        heading, answer = QVBoxLayout(), QVBoxLayout()
        heading.setSpacing(0)
        heading.addWidget(self._first)
        heading.addWidget(self._second)
        heading.addStretch(1)
        answer.setSpacing(TINY)
        answer.addWidget(self.editor)
        answer.addWidget(self._note)
        for place, label in ((0, letter), (2, examples)):
            label.setContentsMargins(0, TINY, 0, 0)
            grid.addWidget(label, at, place, top)
        heading.setContentsMargins(0, TINY, 0, 0)
        grid.addLayout(heading, at, 1)
        grid.addLayout(answer, at, 3, top)
        grid.addWidget(frame("rule"), at + 1, 0, 1, len(HEAD_CODES))

    def target(self) -> str:
        """Return what the column is read as, or an empty text where that is not understood."""
        value = self.editor.value()
        return value if isinstance(value, str) and value in self._targets else ""

    def show_other(self, column: str) -> None:
        """Say which other column is read so too; none with an empty text."""
        if column != self._other:
            self._other = column
            self.refresh()

    def is_settled(self) -> bool:
        """Say whether the column can be read so."""
        return bool(self.target()) and not self._other

    def refresh(self) -> None:
        """Say under the line what is amiss with it."""
        said = self._what_to_say()
        if said and said != self._note.text():
            self._note.tell(self._what_to_say)
        elif not said:
            self._note.clear()

    def say_again(self) -> None:
        """Set every word in the language in force."""
        lines = [line.replace("&", "&&") for line in self.column.heading_lines] or [words("COLUMNS_NO_HEADING")]
        self._first.put(lines[0])
        self._second.put("\n".join(lines[1:]))
        if len(lines) == 1:  # not `setVisible`: shown without a parent it would be a window of its own for a moment
            self._second.hide()
        self.editor.say_again()
        self.line.setAccessibleName(f"{self.column.column}: {' '.join(self.column.heading_lines) or lines[0]}")
        self.refresh()

    def _what_to_say(self) -> str:
        for note in self.editor.notes():
            return words(note.code, **note.facts)
        if not self.editor.text():
            return words("COLUMNS_NOT_CHOSEN")
        return words("COLUMNS_TAKEN_TWICE", column=self._other) if self._other else ""


def head_grid(held: QWidget) -> QGridLayout:
    """Return the grid of a widget, with the headings of its columns in the first row."""
    grid = QGridLayout(held)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(SMALL + TINY)
    grid.setVerticalSpacing(TINY)
    for place, (code, share) in enumerate(zip(HEAD_CODES, _SHARES, strict=True)):
        grid.setColumnStretch(place, share)
        if code:
            grid.addWidget(Words(code, "help"), 0, place, 1, 2 if place == 0 else 1)
    grid.addWidget(frame("rule"), 1, 0, 1, len(HEAD_CODES))
    return grid
