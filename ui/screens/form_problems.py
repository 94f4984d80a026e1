"""Which problems of a record are shown: those of the fields a person has left, and all once they tried to save."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.errors import Problem
from desktop.rules.forms import FieldType, Form
from desktop.rules.validation import blocking
from ui.widgets.field_form import FieldForm


class FormProblems:
    """The notes of one form. What the program makes itself nobody can put right, so it is never shown."""

    def __init__(self, form: FieldForm, spec: Form) -> None:
        """Show nothing yet."""
        self._form = form
        self._asked = {item.name for item in spec.fields if not item.computed and item.type is not FieldType.KEY}
        self._left: set[str] = set()
        self._shown: tuple[Problem, ...] = ()

    def reset(self) -> None:
        """Begin anew with another record."""
        self._left.clear()
        self.show(())

    def leave(self, name: str) -> None:
        """Take note that the focus left a field."""
        self._left.add(name)

    def leave_all(self) -> None:
        """Take note that the person tried to save."""
        self._left |= self._asked

    def show(self, problems: Sequence[Problem]) -> bool:
        """Show what is to be seen of `problems` and say whether there is any."""
        self._shown = tuple(one for one in problems if one.field.partition(".")[2] in self._left & self._asked)
        self._form.show_problems(self._shown)
        return bool(self._shown)

    def stopping(self) -> int:
        """Return how many of those shown stop a save."""
        return len(blocking(self._shown))
