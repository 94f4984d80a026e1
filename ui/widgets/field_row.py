"""One question of a form: its number and words, its editor, its help, and what is amiss with its answer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.errors import Problem, Severity
from desktop.messages import explain_problem
from desktop.rules.forms import Field
from desktop.rules.records import Missing, Value
from ui.languages import current, words
from ui.theme import ICON_PX, MEDIUM, SMALL, TINY
from ui.veil import is_personal, personal
from ui.widgets.answer_menu import MISSING_WORDS
from ui.widgets.basics import Sign, Words
from ui.widgets.field_editor import Editor

_SIGNS = {Severity.BLOCKING: ("circle-alert", "danger"), Severity.WARNING: ("triangle-alert", "warn")}
_CLOSE_PX = 2  # what belongs together stands closer than the grid


class FieldRow(QWidget):
    """A question with its label above and its note below. A line for the note is always kept, so nothing jumps."""

    help_wanted = Signal(object)  # Callable[[], tuple[str, str]]

    def __init__(self, item: Field, editor: Editor, *, short: bool = False) -> None:
        """Ask `item` with `editor`, which takes half of the width where its answers are `short`."""
        super().__init__()
        self.item, self.editor = item, editor
        if is_personal(item):
            personal(editor)
        self._problems: tuple[Problem, ...] = ()
        self._said = ""
        self._here = False
        self._label = Words("", "strong", wraps=True)
        self._label.setObjectName(f"{editor.name}.label")
        self._label.setBuddy(editor.input())
        self._answer = _AnswerWords(editor.offer_answers)
        self._answer.setObjectName(f"{editor.name}.answer")
        self._help = Words("", "help", wraps=True)
        if not item.help:  # not `setVisible`: shown without a parent it would be a window of its own for a moment
            self._help.hide()
        self._sign, self._note = Sign("", "danger", ICON_PX), Words("", "help", wraps=True)
        self._note.setObjectName(f"{editor.name}.problem")
        self._note.setProperty("note", True)
        self._help.setContentsMargins(0, _CLOSE_PX, 0, 0)
        self._lay_out(short=short)
        editor.edited.connect(self.refresh)
        editor.noted.connect(self.refresh)
        editor.entered.connect(lambda: self._be_here(True))
        editor.left.connect(lambda: self._be_here(False))
        editor.help_wanted.connect(lambda: self.help_wanted.emit(self._explain))
        self.say_again()

    def put(self, value: Value, *, sealed: bool) -> None:
        """Show a stored value, without the problems of another one."""
        self._problems = ()
        self.editor.put(value, sealed=sealed)

    def show_problems(self, problems: tuple[Problem, ...]) -> None:
        """Show what was found amiss with the answer."""
        self._problems = problems
        self.refresh()

    def blocked(self) -> bool:
        """Say whether a problem of this question stops a save."""
        local = any(note.severity is Severity.BLOCKING for note in self.editor.notes())
        return local or any(problem.severity is Severity.BLOCKING for problem in self._problems)

    def set_read_only(self, read_only: bool) -> None:
        """Let nothing be changed."""
        self.editor.set_read_only(read_only)
        self.refresh()

    def focus(self) -> None:
        """Put the focus into the editor as Tab would."""
        self.editor.input().setFocus(Qt.FocusReason.TabFocusReason)

    def say_again(self) -> None:
        """Set every word in the language in force."""
        asked = self.item.labels[current()].replace("&", "&&")
        number = self.item.question or ""
        # Some declarations name a part of a paper there; only a number of the paper stands before the words.
        self._label.put(f"{number}  {asked}" if number[:1].isdigit() else asked)
        self._help.put(self.item.help.get(current(), ""))
        self.editor.say_again()
        self.refresh()

    def refresh(self) -> None:
        """Show the note and the reason for no answer as they stand, and say them to a screen reader."""
        severity, text = self._what_to_say()
        self._show_note(severity, text)
        value = self.editor.value()
        missing = words(MISSING_WORDS[value]) if isinstance(value, Missing) else ""
        hint = self._hint() if self._here and self.editor.reasons and not self.editor.read_only else ""
        hidden = words("HEALTH_HIDDEN") if self.editor.hides_health() else ""
        beside = hidden or ("" if self.editor.shows_missing() else missing)
        self._answer.say(beside or hint, is_answer=bool(beside))
        parts = (
            hidden,
            missing or self.editor.placeholder(),
            text,
            self.item.help.get(current(), ""),
            words(self.editor.how),
        )
        self.editor.describe(self.item.labels[current()], " ".join(part for part in parts if part))
        if severity and text != self._said and self.isVisible():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.editor.input(), text))
        self._said = text

    def _lay_out(self, *, short: bool) -> None:
        top, answer, below, column = QHBoxLayout(), QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        top.setSpacing(SMALL)
        top.setContentsMargins(0, 0, 0, _CLOSE_PX)
        top.addWidget(self._label, 1)
        top.addWidget(self._answer, 0, Qt.AlignmentFlag.AlignBottom)
        asked = QVBoxLayout()
        asked.addLayout(top)
        asked.addWidget(self.editor)
        asked.setSpacing(0)
        answer.setSpacing(MEDIUM)
        answer.addLayout(asked, 1)
        if short:
            answer.addWidget(QWidget(), 1)
        below.setSpacing(TINY)
        below.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        below.addWidget(self._note, 1)
        self._note.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(answer)
        column.addWidget(self._help)
        column.addLayout(below)

    def _hint(self) -> str:
        """Return the key for no answer, where it has room beside the label: nothing jumps as one comes here."""
        hint, margin = words("FIELDS_NO_ANSWER"), SMALL + TINY
        label = self._label.fontMetrics().horizontalAdvance(self._label.text())
        needed = label + self._answer.fontMetrics().horizontalAdvance(hint) + margin
        return hint if needed <= self.editor.width() else ""

    def _be_here(self, here: bool) -> None:
        self._here = here
        self.refresh()

    def _what_to_say(self) -> tuple[Severity | None, str]:
        """Return the gravest thing to say: of what was typed first, then what the services found, then what is new."""
        notes = self.editor.notes()
        for grave in (Severity.BLOCKING, Severity.WARNING):
            for note in notes:
                if note.severity is grave:
                    return grave, words(note.code, **note.facts)
            for problem in self._problems:
                if problem.severity is grave:
                    return grave, explain_problem(problem, current())
        if self.editor.damaged():
            return Severity.WARNING, words("FIELD_DAMAGED")
        return None, " ".join(words(note.code, **note.facts) for note in notes)

    def _show_note(self, severity: Severity | None, text: str) -> None:
        sign, colour = _SIGNS[severity] if severity else ("", "muted")
        self._sign.setVisible(bool(sign))
        self._sign.show_sign(sign, colour)
        _play(self._note, role=colour if severity else "help")
        _play(self.editor.input(), problem="true" if severity is Severity.BLOCKING else "")
        self._note.setMinimumHeight(max(ICON_PX, self._note.fontMetrics().lineSpacing()))
        self._note.put(text)

    def _explain(self) -> tuple[str, str]:
        texts = (self.item.help.get(current(), ""), words(self.editor.how), words("FIELDS_HOW_KEYS"))
        return self.item.labels[current()], "\n\n".join(text for text in texts if text)


def _play(widget: QWidget, **properties: str) -> None:
    """Give a widget other properties of the style sheet, and let it look so."""
    changed = {name: value for name, value in properties.items() if (widget.property(name) or "") != value}
    for name, value in changed.items():
        widget.setProperty(name, value)
    if changed:
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class _AnswerWords(Words):
    """Why there is no answer, and how to say so; a click opens the menu as F2 does."""

    def __init__(self, wanted: Callable[[], None]) -> None:
        super().__init__("", "help")
        self._wanted = wanted
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def say(self, text: str, *, is_answer: bool) -> None:
        """Show a reason, or the key that gives one."""
        _play(self, role="strong" if is_answer else "help")
        self.put(text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open the menu."""
        if self.text():
            self._wanted()
        event.accept()
