"""The scopes of a consent paper: each is a question of its own with a row of answers (L-13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop.errors import Problem
from desktop.rules.forms import applies
from desktop.rules.records import Value
from ui.languages import current, plain, words
from ui.seat import Seat
from ui.theme import ICON_PX, LARGE, MEDIUM, SMALL, TINY, icon
from ui.widgets.basics import Words, frame
from ui.widgets.field_form import FieldForm, RefChoice
from ui.widgets.flow_layout import FlowLayout

NOT_ASKED = "NOT_ASKED"  # no row is written for it
OFFERED = ("GIVEN", "REFUSED", "LIMITED", NOT_ASKED)
MORE = ("recipient", "recipient_actor", "limits")
_LABEL_PX = 200


class Question(QWidget):
    """One scope: its words, its answers, and what some answers need besides."""

    edited = Signal()
    left = Signal(str)
    done = Signal()
    help_wanted = Signal(object)

    def __init__(self, seat: Seat, name: str, number: int, scope: str) -> None:
        """Ask for `scope`, the question `number` of the paper; nobody is asked yet."""
        super().__init__()
        self.scope, self._number, self._vault = scope, number, seat.desk.vault
        self._form, self._lists = self._vault.catalogue.forms["consent"], self._vault.catalogue.lists
        self._name = f"{name}.{scope.lower()}"
        self.setObjectName(self._name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._providers: Sequence[RefChoice] = ()
        self._more: FieldForm | None = None
        self._typed: dict[str, Value] = {}
        self._signs = (QIcon(), QIcon(), QIcon())  # at rest, chosen, chosen without having been asked
        self._label = Words("", wraps=True)
        self._label.setMinimumWidth(_LABEL_PX)
        self._group = QButtonGroup(self)
        self.buttons = {code: QPushButton() for code in OFFERED}
        row = FlowLayout(TINY)
        for code, button in self.buttons.items():
            button.setObjectName(f"{self._name}.{code.lower()}")
            button.setProperty("role", "choice")
            button.setProperty("still", code == NOT_ASKED)  # what nobody was asked stays in the background
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setIconSize(QSize(ICON_PX + TINY, ICON_PX))
            button.toggled.connect(lambda _, button=button: self._draw(button))
            button.clicked.connect(self._on_answered)
            self._group.addButton(button)
            row.addWidget(button)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._line.setSpacing(SMALL)
        self._line.addWidget(self._label, 1)
        self._line.addLayout(row)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SMALL)
        self._column.addLayout(self._line)
        self._check(NOT_ASKED)
        self.say_again()

    def answer(self) -> str:
        """Return the code of the answer."""
        return next(code for code, button in self.buttons.items() if button.isChecked())

    def fields(self) -> dict[str, Value]:
        """Return what this question adds to the common facts; nothing when it was not asked."""
        if self.answer() == NOT_ASKED:
            return {}
        asked: dict[str, Value] = {"scope": self.scope, "answer": self.answer()}
        typed = self._more.fields() if self._more is not None else {}
        kept = {name: typed.get(name) for name in MORE if self._needs(name)}
        return asked | {name: value for name, value in kept.items() if value is not None}

    def put(self, fields: Mapping[str, Value]) -> None:
        """Show an answer and what belongs to it; no fields mean that nobody was asked."""
        answer = str(fields.get("answer", NOT_ASKED))
        self._check(answer if answer in OFFERED else NOT_ASKED)
        self._typed = {name: fields.get(name) for name in MORE}
        self._show_more(self._typed)

    def set_providers(self, providers: Sequence[RefChoice]) -> None:
        """Offer these receivers."""
        self._providers = providers
        if self._more is not None:
            self._more.set_refs("recipient", providers)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show what is amiss with limits and receiver."""
        if self._more is not None:
            self._more.show_problems([one for one in problems if one.field.partition(".")[2] in MORE])

    def draw(self, rest: QIcon, chosen: QIcon, still: QIcon) -> None:
        """Draw the answers with these icons."""
        self._signs = rest, chosen, still
        for button in self.buttons.values():
            self._draw(button)

    def stand(self, *, beside: bool) -> None:
        """Put the answers beside the question, or below it where the window is narrow."""
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._line.direction() != way:
            self._line.setDirection(way)

    def beside_px(self) -> int:
        """Return the width that question and answers side by side need."""
        answers = sum(button.sizeHint().width() + TINY for button in self.buttons.values())
        return _LABEL_PX + SMALL + answers

    def said(self) -> str:
        """Return the question in the language in force."""
        return self._lists["consent_scopes"].label(self.scope, current())

    def say_again(self) -> None:
        """Say question and answers in the language in force."""
        self._label.put(f"{self._number}.  {self.said()}")
        for code, button in self.buttons.items():
            answer = self._lists["consent_answers"].label(code, current())
            button.setText(answer)
            button.setAccessibleName(f"{self.said()}: {answer}")
            button.setAccessibleDescription(words("CONSENT_QUESTION_HELP"))

    def _needs(self, name: str) -> bool:
        return applies(self._form[name], {"scope": self.scope, "answer": self.answer()})

    def _check(self, code: str) -> None:
        self.buttons[code].setChecked(True)
        for button in self.buttons.values():  # Tab reaches the answer given, the arrows reach the others
            reached = Qt.FocusPolicy.StrongFocus if button.isChecked() else Qt.FocusPolicy.ClickFocus
            button.setFocusPolicy(reached)

    def _draw(self, button: QPushButton) -> None:
        button.setIcon(self._signs[1 + bool(button.property("still")) if button.isChecked() else 0])

    def _on_answered(self) -> None:
        if self._more is not None:  # typed limits stay while the arrows pass over other answers
            typed = self._more.fields()
            self._typed |= {name: typed.get(name) for name in MORE if applies(self._form[name], typed)}
        self._show_more(self._typed)
        self.edited.emit()

    def _show_more(self, fields: Mapping[str, Value]) -> None:
        """Show what this answer needs besides; the editors are made when they are first needed."""
        needed = self.answer() != NOT_ASKED and any(self._needs(name) for name in MORE)
        if self._more is None and needed:
            self._more = self._make_more()
        if self._more is not None:
            self._more.set_fields({**fields, "scope": self.scope, "answer": self.answer()})
            self._more.setVisible(needed)

    def _make_more(self) -> FieldForm:
        choices = {"recipient": self._providers}
        made = FieldForm(self._form, self._lists, self._vault.clock, name=self._name, only=MORE, refs=choices)
        made.edited.connect(self.edited)
        made.left.connect(self.left)
        made.done.connect(self.done)
        made.help_wanted.connect(self.help_wanted)
        indented = QHBoxLayout()
        indented.setContentsMargins(LARGE, 0, 0, SMALL)
        indented.addWidget(made)
        self._column.addLayout(indented)
        last: QWidget = self.buttons[OFFERED[-1]]
        for widget in made.findChildren(QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                QWidget.setTabOrder(last, widget)
                last = widget
        return made


class Questions(QWidget):
    """All scopes in the order of the paper. There is no answer for all of them: each is asked by itself."""

    edited = Signal()
    left = Signal(str)
    done = Signal()
    help_wanted = Signal(object)  # Callable[[], tuple[str, str]]

    def __init__(self, seat: Seat, name: str) -> None:
        """Ask every scope of the list."""
        super().__init__()
        self.setObjectName(f"{name}.questions")
        scopes = seat.desk.vault.catalogue.lists["consent_scopes"].codes
        self.all = tuple(Question(seat, name, number, scope.code) for number, scope in enumerate(scopes, start=1))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SMALL)
        for question in self.all:
            column.addWidget(question)
            column.addWidget(frame("rule"))
            question.edited.connect(self.edited)
            question.left.connect(self.left)
            question.done.connect(self.done)
            question.help_wanted.connect(self.help_wanted)
        self._draw()

    def answered(self) -> list[Question]:
        """Return the questions that were asked."""
        return [question for question in self.all if question.answer() != NOT_ASKED]

    def say_again(self) -> None:
        """Say all questions in the language in force."""
        for question in self.all:
            question.say_again()
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on, Ctrl+Enter is for when the paper is done, F1 explains."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.done.emit()
            else:
                self.focusNextChild()
        elif event.key() == Qt.Key.Key_F1:
            self.help_wanted.emit(lambda: (plain("CONSENT_QUESTIONS"), words("CONSENT_QUESTION_HELP")))
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the answers where there is room for them."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        beside = self.width() >= self.all[0].beside_px() + MEDIUM
        for question in self.all:
            question.stand(beside=beside)

    def _draw(self) -> None:
        signs = (("circle", "muted"), ("circle-check", "accent"), ("circle-check", "muted"))
        rest, chosen, still = (icon(name, colour, gap_px=TINY) for name, colour in signs)
        for question in self.all:
            question.draw(rest, chosen, still)
