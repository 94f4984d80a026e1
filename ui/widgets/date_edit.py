"""Editors of dates and times: typed as on paper, shown back in one clear form, never filled in (field report B01)."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from PySide6.QtCore import Signal

from desktop.clock import NAIROBI, Clock, today
from desktop.errors import Severity
from desktop.rules import dates
from desktop.rules.consent import instant
from desktop.rules.forms import Field, FieldType
from desktop.rules.records import Missing, Value
from ui.languages import current
from ui.widgets.field_editor import Note
from ui.widgets.line_editor import LineEditor

_NOW = {"now", "sasa"}
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})|(\d{2})(\d{2})", re.ASCII)
_DAY_THEN_TIME = re.compile(r"(.*\S)[\s,]+(\S+)")


class SpelledEdit(LineEditor):
    """A line that is read when it is left, and shows back what was read; what was not read stays as it was typed."""

    def __init__(self, item: Field, name: str, how: str, clock: Clock) -> None:
        """Build the line."""
        super().__init__(item, name, how)
        self.clock = clock
        self._shown: tuple[str, str] | None = None  # the words in the line, and the value they stand for
        self._left_notes: tuple[Note, ...] = ()

    def spell(self, value: str) -> str:
        """Return a value in words; a text that is none as it is."""
        raise NotImplementedError

    def understand(self, text: str) -> tuple[Value, tuple[Note, ...]]:
        """Return the value that was typed, or None, and what is to be said of it."""
        raise NotImplementedError

    def remarks(self, value: str) -> tuple[Note, ...]:
        """Return what is always said of a value."""
        return ()

    def show_value(self, value: Value) -> None:
        """Show the value in words."""
        text = value if isinstance(value, str) else ""
        words = self.spell(text) if text else ""
        self.line.setText(words)
        self._shown = (words, text) if text else None
        self._left_notes = self.remarks(text) if text else ()

    def read(self) -> Value:
        """Return the value, or the text itself when it was not understood."""
        if self._shown and self._shown[0] == self.text():
            return self._shown[1]
        value, _ = self.understand(self.text()) if self.text() else (None, ())
        return value or self.text() or None

    def finish(self) -> None:
        """Read what was typed and show it back."""
        text = self.text()
        if not self.touched or (self._shown and self._shown[0] == text):
            return
        self._shown = None
        if not text:
            self._left_notes = ()
            return
        value, self._left_notes = self.understand(text)
        if isinstance(value, Missing):
            self.line.replace("")
            self.missing = value
            self.say_missing()
        elif isinstance(value, str):
            spelled = self.spell(value)
            self._shown = (spelled, value)
            self._left_notes += self.remarks(value)
            self.line.replace(spelled)

    def notes(self) -> tuple[Note, ...]:
        """Return how the line was read; nothing while it is being typed again."""
        as_left = not self.touched or not self.text() or self._shown is None or self._shown[0] == self.text()
        return self._left_notes if as_left else ()

    def typed(self) -> None:
        """Take back what was said of the words that stood there before."""
        self._left_notes = ()
        super().typed()
        self.noted.emit()

    def say_again(self) -> None:
        """Spell the value in the new language."""
        super().say_again()
        if self._shown and self._shown[0] == self.text():
            self._shown = (self.spell(self._shown[1]), self._shown[1])
            self.line.replace(self._shown[0])


class DateEdit(SpelledEdit):
    """A whole or partial date. Where the form has a question for the age as well, an age may be typed instead."""

    age_told = Signal(int)

    def __init__(
        self, item: Field, name: str, clock: Clock, *, is_birth: bool = False, takes_age: bool = False
    ) -> None:
        """Build the line; of a birth the age is shown, and `takes_age` when the form asks for the age as well."""
        how = "FIELDS_HOW_DATE" if item.type is FieldType.DATE else "FIELDS_HOW_PARTIAL_DATE"
        super().__init__(item, name, "FIELDS_HOW_BIRTH" if takes_age else how, clock)
        self._is_birth, self._takes_age = is_birth, takes_age

    def spell(self, value: str) -> str:
        """Return the date with its month in words."""
        return dates.spell(value, current()) if dates.is_partial_date(value) else value

    def understand(self, text: str) -> tuple[Value, tuple[Note, ...]]:
        """Read a date as it is typed from paper."""
        found = dates.parse_typed(text, today(self.clock), may_be_future=True)
        if found.missing or (found.age is not None and self._takes_age):
            return found.missing, ()
        if found.value is None:
            return None, (Note(found.problem or "DATE_NOT_UNDERSTOOD", Severity.BLOCKING),)
        if self.item.type is FieldType.DATE and len(found.value) < len("YYYY-MM-DD"):
            return None, (Note("FIELDS_DATE_WHOLE", Severity.BLOCKING),)
        return found.value, tuple(Note(code) for code in found.notes)

    def remarks(self, value: str) -> tuple[Note, ...]:
        """Say the age of a birth date, and that a date has not come yet."""
        day = today(self.clock)
        if not dates.is_partial_date(value):
            return (Note("DATE_NOT_UNDERSTOOD", Severity.BLOCKING),)
        if not self.item.may_be_future and dates.bounds(value)[0] > day:
            return (Note("DATE_IN_FUTURE", Severity.BLOCKING),)
        return (_age(value, day),) if self._is_birth else ()

    def finish(self) -> None:
        """Hand an age on to the question that holds it."""
        text = self.text()
        age = dates.parse_typed(text, today(self.clock)).age if self._takes_age and self.touched and text else None
        super().finish()
        if age is not None:
            self.line.replace("")
            self._left_notes = (Note("AGE_ESTIMATED"),)
            self.age_told.emit(age)


def _age(dob: str, day: date) -> Note:
    low, high = dates.age_on(dob, day)
    if low == high:
        return Note("FIELDS_AGE", facts={"low": low})
    return Note("FIELDS_AGE_BETWEEN", facts={"low": low, "high": high})


class MomentEdit(SpelledEdit):
    """A date with its time of day, in Nairobi."""

    def __init__(self, item: Field, name: str, clock: Clock) -> None:
        """Build the line."""
        super().__init__(item, name, "FIELDS_HOW_MOMENT", clock)

    def spell(self, value: str) -> str:
        """Return the date in words and the time."""
        moment = instant(value)
        return f"{dates.spell(f'{moment:%Y-%m-%d}', current())}, {moment:%H:%M}" if moment else value

    def understand(self, text: str) -> tuple[Value, tuple[Note, ...]]:
        """Read a date and then a time."""
        if text.casefold() in _NOW:
            return self.clock.now().astimezone(NAIROBI).isoformat(timespec="minutes"), ()
        parts = _DAY_THEN_TIME.fullmatch(text)
        at = read_time(parts[2]) if parts and not parts[2].isdigit() else None  # 2026 is a year, not 20:26
        found = dates.parse_typed(parts[1] if parts and at else text, today(self.clock), may_be_future=True)
        if found.missing:
            return found.missing, ()
        if found.value is None or len(found.value) < len("YYYY-MM-DD"):
            code = "FIELDS_DATE_WHOLE" if found.value else found.problem or "DATE_NOT_UNDERSTOOD"
            return None, (Note(code, Severity.BLOCKING),)
        if at is None:
            return None, (Note("FIELDS_TIME_NEEDED", Severity.BLOCKING),)
        moment = datetime.combine(date.fromisoformat(found.value), at, NAIROBI)
        return moment.isoformat(timespec="minutes"), tuple(Note(code) for code in found.notes)

    def remarks(self, value: str) -> tuple[Note, ...]:
        """Say that the time has not come yet."""
        moment = instant(value)
        if moment is None:
            return (Note("DATE_NOT_UNDERSTOOD", Severity.BLOCKING),)
        ahead = not self.item.may_be_future and moment > self.clock.now()
        return (Note("DATE_IN_FUTURE", Severity.BLOCKING),) if ahead else ()


class TimeEdit(SpelledEdit):
    """A time of day."""

    def __init__(self, item: Field, name: str, clock: Clock) -> None:
        """Build the line."""
        super().__init__(item, name, "FIELDS_HOW_TIME", clock)

    def spell(self, value: str) -> str:
        """Return the time as it is."""
        return value

    def understand(self, text: str) -> tuple[Value, tuple[Note, ...]]:
        """Read hours and minutes."""
        now = self.clock.now().astimezone(NAIROBI).time()
        found = now if text.casefold() in _NOW else read_time(text)
        return (f"{found:%H:%M}", ()) if found else (None, (Note("FIELDS_TIME_WRONG", Severity.BLOCKING),))


def read_time(text: str) -> time | None:
    """Return a time of day typed as 14:30, 14.30 or 1430."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hours, minutes = (int(part) for part in match.groups() if part is not None)
    return time(hours, minutes) if hours < 24 and minutes < 60 else None
