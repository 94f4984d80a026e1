"""A new consent paper (form A): the facts that all its answers share, and the scopes one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.errors import Problem
from desktop.rules.records import Value
from desktop.rules.validation import blocking, check
from ui.languages import words
from ui.screens.consent_questions import Questions
from ui.seat import Seat
from ui.theme import MEDIUM, SMALL
from ui.widgets.basics import Words
from ui.widgets.field_form import FieldForm, RefChoice
from ui.widgets.problem_note import ProblemNote

COMMON = (
    *("given_by", "giver_name", "child_assent", "method", "witness", "interpreter", "language"),
    *("explained_items", "at", "paper_copy_location"),
)


class ConsentPaper(QWidget):
    """What is typed here is one draft; its answers become one row each when it is saved."""

    edited = Signal()
    left = Signal()
    done = Signal()
    help_wanted = Signal(object)  # Callable[[], tuple[str, str]]

    def __init__(self, seat: Seat, name: str) -> None:
        """Show an empty paper."""
        super().__init__()
        self._vault = seat.desk.vault
        catalogue = self._vault.catalogue
        self._declared = catalogue.forms["consent"]
        self._tried = False  # before a save only the fields one left are spoken of
        self._visited: set[str] = set()
        self.common = FieldForm(self._declared, catalogue.lists, self._vault.clock, name=name, only=COMMON)
        self.questions = Questions(seat, name)
        self._note = ProblemNote(f"{name}.questions.problem", self.questions, "CONSENT_QUESTION_HELP", lines=1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SMALL)
        column.addWidget(Words("CONSENT_NEW_PAPER", "heading"))
        column.addWidget(Words("CONSENT_NEW_PAPER_HELP", "help", wraps=True))
        column.addSpacing(SMALL)
        column.addWidget(self.common)
        column.addSpacing(MEDIUM)
        column.addWidget(Words("CONSENT_QUESTIONS", "heading"))
        column.addWidget(Words("CONSENT_QUESTION_HELP", "help", wraps=True))
        column.addWidget(self._note)
        column.addWidget(self.questions)
        for part in (self.common, self.questions):
            part.edited.connect(self.edited)
            part.left.connect(self._on_left)
            part.done.connect(self.done)
            part.help_wanted.connect(self.help_wanted)
        self.questions.edited.connect(self._note.clear)
        self.say_again()

    def fields(self) -> dict[str, Value]:
        """Return the whole paper as the fields of one draft: an answer stands under its scope and its own name."""
        found = self._common()
        for question in self.questions.answered():
            answer = question.fields()
            found |= {f"{question.scope}.{name}": value for name, value in answer.items() if name != "scope"}
        return found

    def put(self, fields: Mapping[str, Value]) -> None:
        """Show a draft made by `fields`, or an empty paper."""
        self._tried, self._visited = False, set()
        self.common.set_fields({name: fields[name] for name in COMMON if name in fields})
        for question in self.questions.all:
            start = f"{question.scope}."
            question.put({name.removeprefix(start): value for name, value in fields.items() if name.startswith(start)})
        self._show(())

    def rows(self) -> list[dict[str, Value]]:
        """Return one row for each question that was asked, with the facts they share."""
        common = self._common()
        return [common | question.fields() for question in self.questions.answered()]

    def set_providers(self, providers: Sequence[RefChoice]) -> None:
        """Offer these as receivers."""
        for question in self.questions.all:
            question.set_providers(providers)

    def try_to_save(self) -> bool:
        """Show everything that is amiss; say whether the paper can be saved. Else the focus is where to begin."""
        self._tried = True
        if not self.questions.answered():
            self._note.tell(lambda: words("CONSENT_NOTHING_ASKED"))
            self._focus_questions()
            return False
        found = blocking(self.check())
        if any(problem.field.partition(".")[2] in COMMON for problem in found):
            self.common.focus_first()
        return not found

    def check(self) -> tuple[Problem, ...]:
        """Check every row, show what is amiss at its field, and return it."""
        asked, found = self.questions.answered(), list[Problem]()
        for row, question in zip(self.rows(), asked, strict=True):
            problems = self._problems(row)
            question.show_problems(problems)
            found += problems
        if not asked:
            found += self._problems(self.common.fields())
        self._show(found)
        return tuple(found)

    def show_refused(self, problems: Sequence[Problem]) -> bool:
        """Show what the office's rules refused at the shared facts; say whether any of it stands there."""
        here = [problem for problem in problems if problem.field.partition(".")[2] in COMMON]
        self._show(here)
        return bool(here)

    def say_again(self) -> None:
        """Say the questions in the language in force."""
        self.questions.setAccessibleName(words("CONSENT_QUESTIONS"))
        self.questions.say_again()

    def _common(self) -> dict[str, Value]:
        return {name: value for name, value in self.common.fields().items() if value is not None}

    def _problems(self, row: Mapping[str, Value]) -> list[Problem]:
        found = check(self._declared, row, self._vault.catalogue.lists, self._vault.clock.now())
        return [one for one in found if self._tried or one.field.partition(".")[2] in self._visited]

    def _show(self, problems: Sequence[Problem]) -> None:
        common = (one for one in problems if one.field.partition(".")[2] in COMMON)
        self.common.show_problems(list(dict.fromkeys(common)))

    def _on_left(self, name: str) -> None:
        self._visited.add(name)
        self.left.emit()

    def _focus_questions(self) -> None:
        first = self.questions.all[0]
        first.buttons[first.answer()].setFocus()
