"""Editors of one line: a line, digits, a phone number."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtGui import QValidator

from desktop.errors import Severity
from desktop.rules.forms import Field
from desktop.rules.phones import PHONE_WITH_WORDS, read_phones
from desktop.rules.records import Value
from ui.widgets.field_editor import Note
from ui.widgets.line_editor import LineEditor

_MOST_DIGITS = 9


class _Fits(QValidator):
    """Refuses a change as a whole: text that is too long is never cut to fit."""

    def __init__(self, fits: Callable[[str], bool]) -> None:
        super().__init__()
        self._fits = fits

    def validate(self, text: str, position: int) -> object:
        state = QValidator.State.Acceptable if self._fits(text) else QValidator.State.Invalid
        return state, text, position


class TextEdit(LineEditor):
    """A line of words, refused as a whole when it is longer than the field holds (field report O01)."""

    def __init__(self, item: Field, name: str, how: str = "FIELDS_HOW_TEXT") -> None:
        """Build the line."""
        super().__init__(item, name, how)
        self._refused = False
        self._validator = _Fits(self.fits)
        self.line.setValidator(self._validator)
        self.line.inputRejected.connect(self._refuse)
        self.edited.connect(self._accept)

    def fits(self, text: str) -> bool:
        """Say whether the field takes this text."""
        return self.item.max_length is None or len(text) <= self.item.max_length

    def refusal(self) -> Note:
        """Return what is said of text that was refused."""
        return Note("FIELDS_NOT_TAKEN", Severity.WARNING, {"limit": self.item.max_length or 0})

    def notes(self) -> tuple[Note, ...]:
        """Say that something was refused."""
        return (self.refusal(),) if self._refused else ()

    def finish(self) -> None:
        """Let the note go with the field."""
        self._refused = False

    def _refuse(self) -> None:
        self._refused = True
        self.noted.emit()

    def _accept(self) -> None:
        self._refused = False


class NumberEdit(TextEdit):
    """A whole number in digits."""

    def __init__(self, item: Field, name: str) -> None:
        """Build the line."""
        super().__init__(item, name, "FIELDS_HOW_NUMBER")

    def fits(self, text: str) -> bool:
        """Take digits only, and a minus where the form allows it."""
        sign = "-?" if self.item.smallest is not None and self.item.smallest < 0 else ""
        return re.fullmatch(f"{sign}[0-9]{{0,{_MOST_DIGITS}}}", text) is not None

    def refusal(self) -> Note:
        """Say what is taken."""
        return Note("FIELDS_DIGITS_ONLY", Severity.WARNING)

    def read(self) -> Value:
        """Return the number; None while a sign stands there that is about to be refused."""
        text = self.text()
        return int(text) if re.fullmatch("-?[0-9]+", text) else None

    def notes(self) -> tuple[Note, ...]:
        """Say that a number is beyond what the form allows."""
        number, (low, high) = self.read(), (self.item.smallest, self.item.largest)
        if self.touched and isinstance(number, int) and high is not None and not (low or 0) <= number <= high:
            return (Note("NUMBER_OUT_OF_RANGE", Severity.BLOCKING, {"limit": high}),)
        return super().notes()


class PhoneEdit(LineEditor):
    """A phone number: shown back with its country once it was understood, and kept as typed when it was not."""

    def __init__(self, item: Field, name: str) -> None:
        """Build the line."""
        super().__init__(item, name, "FIELDS_HOW_PHONE")
        self._notes: tuple[Note, ...] = ()

    def show_value(self, value: Value) -> None:
        """Show the number, without a note of another one."""
        super().show_value(value)
        self._notes = ()

    def read(self) -> Value:
        """Return the number with its country, or what was typed."""
        found = read_phones(self.text())
        one = len(found.numbers) == 1 and PHONE_WITH_WORDS not in found.notes
        return found.numbers[0] if one else self.text() or None

    def finish(self) -> None:
        """Show the number with its country."""
        if not self.touched or not self.text():
            self._notes = ()
            return
        found, number = read_phones(self.text()), self.read()
        codes = found.notes if found.numbers else (found.problem or "PHONE_NOT_UNDERSTOOD",)
        self._notes = tuple(Note(code, Severity.WARNING) for code in codes) or self._notes
        if number != self.line.text():
            self.line.replace(str(number))

    def notes(self) -> tuple[Note, ...]:
        """Say how the number was read."""
        return self._notes
