"""The steps of the first run: each says why it is asked, checks what was given, and hands it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QCompleter, QVBoxLayout, QWidget

from desktop.errors import Problem
from desktop.messages import explain_problem
from ui.languages import current, plain, words
from ui.theme import MEDIUM, SMALL, TINY
from ui.widgets.basics import StillSpinBox, Words
from ui.widgets.clipboard import Line
from ui.widgets.practice_way import PracticeWay
from ui.widgets.problem_note import ProblemNote

_MINISTRY = "Ministry of Gender, Culture and Children Services"  # its own name; the office may write another
_NUMBER_PX = 96


class Step(QWidget):
    """One step: a title, why it is asked, and what is asked. `finished`: Enter was pressed in its last field."""

    finished = Signal()

    def __init__(self, title: str, why: str) -> None:
        """Show title and reason; subclasses fill `column`."""
        super().__init__()
        self._named: list[tuple[QWidget, str]] = []
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(TINY)
        self.column.addWidget(Words(title, "title", wraps=True))
        self.column.addWidget(Words(why, "muted", wraps=True))
        self.column.addSpacing(SMALL)

    def name(self, field: QWidget, code: str) -> None:
        """Call a field by the words of its label, in every language."""
        self._named.append((field, code))
        field.setAccessibleName(plain(code))

    def changeEvent(self, event: QEvent) -> None:
        """Name the fields in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            for field, code in self._named:
                field.setAccessibleName(plain(code))

    def begin(self) -> None:
        """Put the focus where the step begins."""

    def settle(self) -> bool:
        """Say whether the step is done; show what is missing where it is not."""
        return True


class WelcomeStep(Step):
    """What a vault is, who should not make one here, and the practice office for trying things out first."""

    def __init__(self, practice: PracticeWay) -> None:
        """Show the words, and the way into the practice office."""
        super().__init__("FIRST_WELCOME_TITLE", "FIRST_WELCOME_WHY")
        self.column.addWidget(Words("FIRST_NEEDED", wraps=True))
        self.column.addSpacing(MEDIUM)
        self.column.addWidget(Words("FIRST_PRACTICE", wraps=True))
        self.column.addWidget(practice)
        self.column.addSpacing(SMALL)
        self.column.addWidget(Words("NO_VAULT_ELSEWHERE", "help", wraps=True))
        self.column.addWidget(Words("FIRST_SECRETARIAT", "help", wraps=True))


class FieldsStep(Step):
    """A few lines to fill in. `fields` are (name, code of the label, code of the help, needed)."""

    def __init__(self, title: str, why: str, fields: Sequence[tuple[str, str, str, bool]]) -> None:
        """Build the lines."""
        super().__init__(title, why)
        self._fields = tuple(fields)
        self.edits: dict[str, Line] = {}
        self.notes: dict[str, ProblemNote] = {}
        for name, code, help_code, _ in self._fields:
            edit = Line()
            edit.setObjectName(f"firstRun.{name}")
            edit.setMaxLength(200)
            self.edits[name] = edit
            self.notes[name] = note = ProblemNote(f"firstRun.{name}.problem", edit, help_code, lines=1)
            note.setContentsMargins(0, 0, 0, TINY)
            self.add_labelled(edit, code, note)
        for edit, following in zip(self.edits.values(), [*list(self.edits.values())[1:], None], strict=True):
            edit.returnPressed.connect(following.setFocus if following is not None else self.finished)

    def add_labelled(self, field: QWidget, code: str, note: QWidget, after: QWidget | None = None) -> None:
        """Add a field under its label and over its help or the room for its problem, at the end or after another."""
        label = Words(code, "strong")
        label.setBuddy(field)
        self.name(field, code)
        place = self.column.count() if after is None else self.column.indexOf(after) + 1
        for part in (note, field, label):
            self.column.insertWidget(place, part)

    def begin(self) -> None:
        """Begin in the first line that is empty, or the first."""
        edits = list(self.edits.values())
        next((edit for edit in edits if not edit.text()), edits[0]).setFocus(Qt.FocusReason.OtherFocusReason)

    def text(self, name: str) -> str:
        """Return what stands in a line."""
        return self.edits[name].text().strip()

    def settle(self) -> bool:
        """Ask for the lines that are needed and empty."""
        missing = [name for name, _, _, needed in self._fields if needed and not self.text(name)]
        for name, note in self.notes.items():
            if name in missing:
                note.tell(lambda: words("FIRST_EMPTY"))
            else:
                note.clear()
        if missing:
            self.edits[missing[0]].setFocus(Qt.FocusReason.OtherFocusReason)
        return not missing

    def show_problem(self, name: str, problem: Problem) -> None:
        """Show a problem that the desk found."""
        self.notes[name].tell(lambda: explain_problem(problem, current()))
        self.edits[name].setFocus(Qt.FocusReason.OtherFocusReason)


class OfficeStep(FieldsStep):
    """County and office."""

    def __init__(self, counties: Mapping[str, str]) -> None:
        """Offer the counties: code to name."""
        super().__init__(
            "FIRST_OFFICE_TITLE",
            "FIRST_OFFICE_WHY",
            (
                ("county", "FIRST_COUNTY", "FIRST_COUNTY_HELP", True),
                ("office_name", "FIRST_OFFICE_NAME", "FIRST_OFFICE_WHY", True),
                ("ministry", "FIRST_MINISTRY", "FIRST_OFFICE_WHY", False),
                ("office_phone", "FIRST_OFFICE_PHONE", "FIRST_OFFICE_WHY", False),
            ),
        )
        self._shown = {f"{name} ({code})": code for code, name in counties.items()}
        completer = QCompleter(list(self._shown), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.edits["county"].setCompleter(completer)
        self.edits["county"].editingFinished.connect(self._spell_out)
        self.edits["ministry"].setText(_MINISTRY)
        self.number = StillSpinBox("firstRun.office_number", 1, 99)
        self.number.setFixedWidth(_NUMBER_PX)
        help_words = Words("FIRST_NUMBER_HELP", "help", wraps=True)
        help_words.setContentsMargins(0, 0, 0, MEDIUM)
        self.add_labelled(self.number, "FIRST_NUMBER", help_words, after=self.notes["county"])
        self.column.setAlignment(self.number, Qt.AlignmentFlag.AlignLeft)
        self._describe()
        county, name = self.edits["county"], self.edits["office_name"]
        self.setTabOrder(county, self.number)
        self.setTabOrder(self.number, name)
        county.returnPressed.disconnect()
        county.returnPressed.connect(self._on_county_entered)
        self.number.lineEdit().returnPressed.connect(name.setFocus)

    def changeEvent(self, event: QEvent) -> None:
        """Describe the number in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._describe()

    def county(self) -> str:
        """Return the code of the county typed, or an empty text."""
        typed = self.text("county").casefold()
        exact = [code for shown, code in self._shown.items() if typed in (shown.casefold(), code)]
        begun = [code for shown, code in self._shown.items() if typed and shown.casefold().startswith(typed)]
        return exact[0] if exact else begun[0] if len(begun) == 1 else ""

    def settle(self) -> bool:
        """The county must be one of the list."""
        if not super().settle():
            return False
        if not self.county():
            self.notes["county"].tell(lambda: words("FIRST_COUNTY_UNKNOWN"))
            self.edits["county"].setFocus(Qt.FocusReason.OtherFocusReason)
        return bool(self.county())

    def _describe(self) -> None:
        self.number.setAccessibleDescription(words("FIRST_NUMBER_HELP"))

    def _on_county_entered(self) -> None:
        self.number.setFocus()
        self.number.selectAll()

    def _spell_out(self) -> None:
        shown = {code: label for label, code in self._shown.items()}
        if self.county():
            self.edits["county"].setText(shown[self.county()])
