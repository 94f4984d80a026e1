"""What stands beside the pages of a letter: before the issue the choices, afterwards the printer and the copy."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.catalogue import Catalogue
from desktop.errors import Problem
from desktop.messages import LANGUAGES, Language, explain_problem
from desktop.rules.consent import IdentityMode
from desktop.services.referrals import MOST_COPIES, REASONS, IssuedLetter, LetterPreview
from ui.languages import current, plain, words
from ui.theme import MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, StillSpinBox, Words

_IDENTITY_MODES = "identity_modes"


class DraftSide(QWidget):
    """Language, how the person is named, what stops or warns, and the issue itself."""

    chosen = Signal()  # language or naming: the letter is to be looked at again
    issue_wanted = Signal()

    def __init__(self, catalogue: Catalogue) -> None:
        """Choose the window's language; nothing can be issued before a letter was looked at."""
        super().__init__()
        self._catalogue = catalogue
        self._preview: LetterPreview | None = None
        self._problems: tuple[Problem, ...] = ()
        self._english = ActionButton("letter.english", "LETTER_ENGLISH", role="choice")
        self._swahili = ActionButton("letter.swahili", "LETTER_SWAHILI", role="choice")
        self._modes = {mode: QPushButton() for mode in IdentityMode}
        for mode, button in self._modes.items():
            button.setObjectName(f"letter.mode.{mode.value.lower()}")
        self._settle = _Notes("letter.problems", "LETTER_TO_SETTLE", "danger")
        self._consider = _Notes("letter.warnings", "LETTER_TO_CONSIDER", "warn")
        self.issue = ActionButton("letter.issue", "LETTER_ISSUE", role="main", sign="file-check", colour="on_accent")
        self.issue.setEnabled(False)
        self._lay_out()
        self._chosen_mode = ""
        (self._swahili if current() == "sw" else self._english).setChecked(True)
        for language in (self._english, self._swahili):
            language.clicked.connect(self.chosen)
        for mode, choice in self._modes.items():
            choice.clicked.connect(lambda _=False, mode=mode: self._on_mode(mode))
        self.issue.clicked.connect(self.issue_wanted)
        self.say_again()

    def language(self) -> Language:
        """Return the language of the letter."""
        return LANGUAGES[1] if self._swahili.isChecked() else LANGUAGES[0]

    def mode(self) -> str | None:
        """Return the naming that was chosen here, or None where nobody chose."""
        return self._chosen_mode or None

    def begin(self) -> None:
        """Put the focus on the language."""
        (self._swahili if self._swahili.isChecked() else self._english).setFocus(Qt.FocusReason.OtherFocusReason)

    def show_preview(self, preview: LetterPreview) -> None:
        """Show what the letter that was looked at allows, lacks and tells."""
        self._preview = preview
        signs = (Problem("SUPERVISOR_SIGNS"),) if preview.supervisor_must_sign else ()
        self._problems = (*preview.problems, *signs)
        for mode, button in self._modes.items():
            button.setEnabled(mode.value in preview.modes)
            button.setChecked(mode.value == preview.mode)
        self.issue.setEnabled(not self._problems)
        self.say_again()

    def show_refusal(self, problems: Sequence[Problem]) -> None:
        """Show why there is no letter at all."""
        self._preview, self._problems = None, tuple(problems)
        for button in self._modes.values():
            button.setEnabled(False)
        self.issue.setEnabled(False)
        self.say_again()

    def say_again(self) -> None:
        """Say the namings and the notes in the language in force."""
        for mode, button in self._modes.items():
            label = self._catalogue.lists[_IDENTITY_MODES].label(mode.value, current())
            button.setText(label)
            button.setAccessibleName(label)
            button.setAccessibleDescription(words("LETTER_MODE_HELP"))
        warnings = self._preview.warnings if self._preview else ()
        self._settle.put([self._text(problem) for problem in self._problems])
        self._consider.put([self._text(problem) for problem in warnings])

    def _text(self, problem: Problem) -> str:
        kind, _, name = problem.field.partition(".")
        form = self._catalogue.forms.get(kind)
        field = form.get(name) if form else None
        said = explain_problem(problem, current())
        return f"{field.labels[current()]}: {said}" if field else said

    def _on_mode(self, mode: IdentityMode) -> None:
        self._chosen_mode = mode.value
        self.chosen.emit()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(MEDIUM)
        column.addWidget(Words("LETTER_DRAFT", "mark"), 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(_choices(self, "LETTER_LANGUAGE", (self._english, self._swahili), QHBoxLayout()))
        column.addLayout(_choices(self, "LETTER_MODE", tuple(self._modes.values()), QVBoxLayout()))
        column.addWidget(self._settle)
        column.addWidget(self._consider)
        column.addStretch(1)
        column.addWidget(Words("LETTER_FINAL", "help", wraps=True))
        column.addWidget(self.issue)


class IssuedSide(QWidget):
    """The serial, how many copies, the printer, the reason for more than that, and the copy as a plain file."""

    print_wanted = Signal()
    save_wanted = Signal()

    def __init__(self, catalogue: Catalogue) -> None:
        """Have nothing to print yet."""
        super().__init__()
        self._list = catalogue.lists[REASONS]
        self._problems: tuple[Problem, ...] = ()
        self._withheld = _Notes("letter.withheld", "LETTER_WITHHELD", "danger")
        self._reasons = {reason.code: QPushButton() for reason in self._list}
        for code, button in self._reasons.items():
            button.setObjectName(f"letter.reason.{code.lower()}")
        self._serial = Words("LETTER_DRAFT", "heading", wraps=True)
        self._serial.setObjectName("letter.serial")
        self.copies = StillSpinBox("letter.copies", 1, MOST_COPIES)
        self.print = ActionButton(
            *("letter.print", "LETTER_PRINT"),
            role="main",
            sign="printer",
            colour="on_accent",
            help_code="LETTER_PRINT_HELP",
        )
        self.save = ActionButton("letter.save", "LETTER_SAVE", sign="save", help_code="LETTER_SAVE_HELP")
        label = Words("LETTER_COPIES", "strong")
        label.setBuddy(self.copies)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(MEDIUM)
        column.addWidget(self._serial)
        column.addWidget(self._withheld)
        column.addWidget(label)
        column.addWidget(self.copies, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(Words("LETTER_COPIES_HELP", "help", wraps=True))
        column.addWidget(self.print)
        column.addSpacing(SMALL)
        column.addLayout(_choices(self, "LETTER_REASON", tuple(self._reasons.values()), QVBoxLayout()))
        column.addWidget(Words("LETTER_REASON_HELP", "help", wraps=True))
        column.addWidget(self.save)
        column.addWidget(Words("LETTER_SAVE_HELP", "help", wraps=True))
        column.addStretch(1)
        self.print.clicked.connect(self.print_wanted)
        self.save.clicked.connect(self.save_wanted)
        self.say_again()

    def show_letter(self, letter: IssuedLetter) -> None:
        """Offer to print and to copy this letter."""
        self._serial.show_code("LETTER_ISSUED", serial=letter.serial)
        self.print.set_key("Ctrl+P")
        self.withhold(letter.withheld)

    def reason(self) -> str | None:
        """Return why the letter goes out again or as a file, or None where nobody said."""
        return next((code for code, button in self._reasons.items() if button.isChecked()), None)

    def ready(self) -> None:
        """Be ready for another print or copy, which has a reason of its own."""
        group = next(iter(self._reasons.values())).group()
        group.setExclusive(False)  # else one of them stays down
        for button in self._reasons.values():
            button.setChecked(False)
        group.setExclusive(True)
        self.withhold(self._problems)

    def ask_reason(self) -> None:
        """Lead to the reasons; nothing went out."""
        self.withhold(self._problems)
        next(iter(self._reasons.values())).setFocus(Qt.FocusReason.OtherFocusReason)

    def withhold(self, problems: Sequence[Problem]) -> None:
        """Say why the letter goes out no more, and offer nothing; with no problem, offer everything."""
        self._problems = tuple(problems)
        for part in (self.copies, self.print, self.save, *self._reasons.values()):
            part.setEnabled(not self._problems)
        self.say_again()

    def say_again(self) -> None:
        """Say the reasons, the notes and the number of copies in the language in force."""
        for code, button in self._reasons.items():
            label = self._list.label(code, current())
            button.setText(label)
            button.setAccessibleName(label)
            button.setAccessibleDescription(words("LETTER_REASON_HELP"))
        self._withheld.put([explain_problem(problem, current()) for problem in self._problems])
        self.copies.setAccessibleName(plain("LETTER_COPIES"))
        self.copies.setAccessibleDescription(words("LETTER_COPIES_HELP"))


class _Notes(QWidget):
    """A few notes under a heading; without a note there is nothing to see."""

    def __init__(self, name: str, title_code: str, role: str) -> None:
        super().__init__()
        self._text = Words("", wraps=True)
        self._text.setObjectName(name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TINY)
        column.addWidget(Words(title_code, role, wraps=True))
        column.addWidget(self._text)
        self.hide()

    def put(self, notes: Sequence[str]) -> None:
        self._text.put("\n\n".join(notes))
        self.setVisible(bool(notes))


def _choices(owner: QWidget, title_code: str, buttons: Sequence[QPushButton], line: QBoxLayout) -> QVBoxLayout:
    """Return buttons of which one is down, in a row or, where their words are long, below one another."""
    group = QButtonGroup(owner)
    line.setSpacing(TINY)
    for button in buttons:
        button.setProperty("role", "choice")
        button.setCheckable(True)
        button.setAutoDefault(False)
        group.addButton(button)
        line.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
    line.addStretch(1)
    column = QVBoxLayout()
    column.setSpacing(TINY)
    column.addWidget(Words(title_code, "strong"))
    column.addLayout(line)
    return column
