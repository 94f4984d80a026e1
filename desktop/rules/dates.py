"""Partial dates and ages: a date is a text `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, never an invented 1 January.

Texts carry no time zone, so a birth date cannot move by a day (field report B11). What is typed is read day first,
as Kenya writes; an impossible date is refused and never turned round. In doubt a person is a child.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from desktop.rules.records import Missing

ADULT_AGE = 18
OLDEST_AGE = 110
_FIRST_YEAR = 1900
_SERIAL_ORIGIN = date(1899, 12, 30)  # day 0 of the spreadsheet date system that counts a 29 February 1900

_MONTHS: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "sw": (
        *("Januari", "Februari", "Machi", "Aprili", "Mei", "Juni"),
        *("Julai", "Agosti", "Septemba", "Oktoba", "Novemba", "Desemba"),
    ),
}
_MONTH_BY_WORD = {
    name.casefold()[:length]: number
    for names in _MONTHS.values()
    for number, name in enumerate(names, start=1)
    for length in range(3, len(name) + 1)
}
_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_NUMBERS = re.compile(r"(\d{1,4})(?:[/.\- ]+(\d{1,4}))?(?:[/.\- ]+(\d{1,4}))?", re.ASCII)
_DAY_WORD_YEAR = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th)?[ .\-/]*)?([a-z]{3,})[ .\-/,]*(\d{4}|\d{2})", re.ASCII)
_WORD_DAY_YEAR = re.compile(r"([a-z]{3,})[ .]+(\d{1,2})(?:st|nd|rd|th)?[ ,]+(\d{4}|\d{2})", re.ASCII)
_ABOUT = re.compile(
    r"(?:about|approx\.?|around|age|aged|kama|karibu|takriban|umri|miaka|~)"
    r"(?: (?:about|miaka|wa miaka))?[ :]*(\d{1,3})(?: years?(?: old)?)?",
    re.ASCII,
)
_YEARS_OLD = re.compile(r"(\d{1,3}) ?(?:years?(?: old)?|yrs?)", re.ASCII)
_NOT_KNOWN = {"not known", "unknown", "dk", "don't know", "dont know", "?", "haijulikani", "hajui", "sijui"}
_TODAY = {"t", "today", "leo"}


class Majority(StrEnum):
    """Child, adult, or so near the line that a person must look; `CHECK` is treated as a child until decided."""

    CHILD = "CHILD"
    ADULT = "ADULT"
    CHECK = "CHECK"


@dataclass(frozen=True)
class ReadDate:
    """What a typed text was read as. Exactly one of `value`, `age`, `missing` and `problem` is set.

    `notes` are message codes that must be shown, with the date spelt out, before the reading counts.
    """

    value: str | None = None
    age: int | None = None
    missing: Missing | None = None
    estimated: bool = False
    notes: tuple[str, ...] = ()
    problem: str | None = None


def is_partial_date(text: str) -> bool:
    """Say whether `text` is a stored date that exists: `2024-02-31` and `abc` are none."""
    return _bounds(text) is not None


def _bounds(text: str) -> tuple[date, date] | None:
    match = _PARTIAL.fullmatch(text)
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if day:
        return first, first
    last_month = first.month if month else 12
    return first, date(first.year, last_month, calendar.monthrange(first.year, last_month)[1])


def bounds(partial: str) -> tuple[date, date]:
    """Return the first and last day a partial date can mean. Raises ValueError when it is no date."""
    found = _bounds(partial)
    if found is None:
        raise ValueError("not a date")
    return found


def parse_typed(text: str, today: date, *, may_be_future: bool = False) -> ReadDate:
    """Read a date, an age or "not known" as a clerk types it from paper.

    Day first always. Two-digit years up to this year's are 20xx, above it 19xx (decisions 21).
    """
    words = " ".join(text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    if words in _NOT_KNOWN:
        return ReadDate(missing=Missing.DK)
    if words in _TODAY:
        return ReadDate(value=today.isoformat())
    about = _ABOUT.fullmatch(words) or _YEARS_OLD.fullmatch(words)
    if about:
        return _read_age(int(about.group(1)))
    read = _read_numbers(words, today) or _read_words(words, today) or ReadDate(problem="DATE_NOT_UNDERSTOOD")
    if read.value and not may_be_future and bounds(read.value)[0] > today:
        return ReadDate(problem="DATE_IN_FUTURE")
    return read


def _read_age(age: int) -> ReadDate:
    if age > OLDEST_AGE:
        return ReadDate(problem="AGE_OUT_OF_RANGE")
    return ReadDate(age=age, estimated=True, notes=("AGE_ESTIMATED",))


def _read_numbers(words: str, today: date) -> ReadDate | None:
    match = _NUMBERS.fullmatch(words)
    if match is None:
        return None
    parts = [part for part in match.groups() if part is not None]
    if len(parts[0]) == 4:
        return _read_parts(*parts, today=today)
    if len(parts) == 1 or len(parts[0]) == 3:
        return None
    return _read_parts(*reversed(parts), today=today, numeric_day=len(parts) == 3)


def _read_words(words: str, today: date) -> ReadDate | None:
    match = _WORD_DAY_YEAR.fullmatch(words)
    if match:
        word, day, year = match.groups()
    else:
        match = _DAY_WORD_YEAR.fullmatch(words)
        if match is None:
            return None
        day, word, year = match.groups()
    month = _MONTH_BY_WORD.get(word)
    if month is None:
        return None
    return _read_parts(year, str(month), *([day] if day else []), today=today)


def _read_parts(
    year_text: str, month_text: str = "", day_text: str = "", *, today: date, numeric_day: bool = False
) -> ReadDate | None:
    """Build the reading from year, month, day; the caller has already put them in this order."""
    if len(year_text) not in (2, 4) or len(month_text) > 2 or len(day_text) > 2:
        return None
    year, notes = int(year_text), []
    if len(year_text) == 2:
        year += 2000 if year <= today.year % 100 else 1900
        notes.append("YEAR_TWO_DIGITS")
    elif numeric_day and int(day_text) <= 12 and int(day_text) != int(month_text):
        notes.append("DATE_DAY_FIRST")
    if year < _FIRST_YEAR:
        return ReadDate(problem="DATE_IMPOSSIBLE")
    value = "-".join([f"{year:04}", *(f"{int(part):02}" for part in (month_text, day_text) if part)])
    if not is_partial_date(value):
        return ReadDate(problem="DATE_IMPOSSIBLE")
    if not month_text:
        notes.append("DATE_YEAR_ONLY")
    elif not day_text:
        notes.append("DATE_MONTH_ONLY")
    return ReadDate(value=value, estimated=not month_text, notes=tuple(notes))


def from_serial(serial: int) -> str | None:
    """Return the date of a spreadsheet day number, or None outside 1910 to 2100, where it is more likely a number."""
    day = _SERIAL_ORIGIN + timedelta(days=serial) if 0 < serial < 100_000 else None
    return day.isoformat() if day and 1910 <= day.year <= 2100 else None


def spell(partial: str, language: str) -> str:
    """Return a stored date with its month in words, so that nobody can turn it round."""
    year, month, day = [*partial.split("-"), "", ""][:3]
    if not month:
        return year
    named = f"{_MONTHS[language][int(month) - 1]} {year}"
    return f"{int(day)} {named}" if day else named


def _years_between(birth: date, day: date) -> int:
    return max(0, day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day)))


def age_on(partial: str, day: date) -> tuple[int, int]:
    """Return the lowest and highest age in full years that a birth date allows on `day`.

    A child born after `day` counts as 0, so that an event before the birth never drops it from a table (B09).
    """
    first, last = bounds(partial)
    return _years_between(last, day), _years_between(first, day)


def age_from_statement(years: int, said_on: date, day: date) -> tuple[int, int]:
    """Return the ages possible on `day` for someone said to be `years` old on `said_on` (B05)."""
    passed = _years_between(said_on, day)
    at_anniversary = (day.month, day.day) == (said_on.month, said_on.day)
    return years + passed, years + passed + (0 if at_anniversary else 1)


def majority(ages: tuple[int, int], *, estimated: bool) -> Majority:
    """Say child, adult or check. An estimated age is trusted to a year either way, no further."""
    low, high = ages
    margin = 1 if estimated else 0
    if high + margin < ADULT_AGE:
        return Majority.CHILD
    return Majority.ADULT if low - margin >= ADULT_AGE else Majority.CHECK


def majority_on(
    day: date,
    *,
    dob: str | None = None,
    dob_estimated: bool = False,
    age: int | None = None,
    age_said_on: date | None = None,
) -> Majority:
    """Say child, adult or check on `day` from a birth date, else from an age and the day it was said."""
    if dob is not None:
        return majority(age_on(dob, day), estimated=dob_estimated)
    if age is None:
        return Majority.CHECK
    ages = (age, age) if age_said_on is None else age_from_statement(age, age_said_on, day)
    return majority(ages, estimated=True)


def is_child(
    day: date,
    *,
    dob: str | None = None,
    dob_estimated: bool = False,
    age: int | None = None,
    age_said_on: date | None = None,
) -> bool:
    """Say whether the person is treated as a child on `day`: under 18, or not shown to be 18."""
    found = majority_on(day, dob=dob, dob_estimated=dob_estimated, age=age, age_said_on=age_said_on)
    return found is not Majority.ADULT


def was_child(
    *, is_child_now: bool, age_at_start: int | None = None, start: str | None = None, dob: str | None = None
) -> bool:
    """Say whether the person was under 18 when the act or exploitation took place (CTiP Act s.3(3), L-20).

    From the age at the start, else from its date and the birth date; otherwise as today. A birthday never resets it.
    """
    if age_at_start is not None:
        return age_at_start < ADULT_AGE
    if start is not None and dob is not None:
        return age_on(dob, bounds(start)[0])[0] < ADULT_AGE
    return is_child_now


@dataclass(frozen=True)
class AgeGroup:
    """One row of `age_groups.csv`. Both bounds are full years and inclusive; `oldest` None means open."""

    scheme: str
    code: str
    labels: Mapping[str, str]
    youngest: int | None
    oldest: int | None

    def holds(self, age: int) -> bool:
        """Say whether `age` lies in the band. The row for "not known" holds none."""
        return self.youngest is not None and self.youngest <= age and (self.oldest is None or age <= self.oldest)


def parse_age_groups(rows: Iterable[Mapping[str, str]]) -> tuple[AgeGroup, ...]:
    """Turn the rows of `age_groups.csv` into groups."""
    return tuple(
        AgeGroup(
            scheme=row["scheme"],
            code=row["code"],
            labels={"en": row["label_en"], "sw": row["label_sw"]},
            youngest=int(row["min_years"]) if row["min_years"] else None,
            oldest=int(row["max_years"]) if row["max_years"] else None,
        )
        for row in rows
    )


def age_band(groups: Sequence[AgeGroup], scheme: str, age: int | None) -> str:
    """Return the code of the scheme's band that holds `age`; `UNK` when the age is not known."""
    if age is not None:
        for group in groups:
            if group.scheme == scheme and group.holds(age):
                return group.code
    return "UNK"
