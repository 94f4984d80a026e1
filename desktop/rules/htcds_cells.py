"""Single cells of a foreign sheet read as text or as a date: what was read, and what must be shown or asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from desktop.rules import dates
from desktop.rules.cells import Cell, CellKind

DATE_FROM_SERIAL = "DATE_FROM_SERIAL"
DATE_TOO_OLD = "DATE_TOO_OLD"

_DAYS_1900_TO_1904 = 1462
_DAY_NUMBER = re.compile(r"(\d{1,10})(?:\.(\d+))?")  # the fraction is the time of day
_ISO_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T.*)?")


def cell_text(cell: Cell) -> str:
    """Return what the cell shows as text, without blanks at its ends."""
    if cell.kind is CellKind.NUMBER:
        return cell.text.removesuffix(".0")
    if cell.kind is CellKind.DATE:
        return cell.text.removesuffix("T00:00:00")
    if cell.kind is CellKind.TRUTH:
        return cell.text.upper()
    return cell.text.strip()


@dataclass(frozen=True)
class DateCell:
    """A cell read as a date: `read` as for typed text, and the day number it came from, if it was one."""

    read: dates.ReadDate
    serial: int | None = None


def read_date_cell(cell: Cell, *, today: date, date1904: bool, may_be_future: bool = False) -> DateCell:
    """Read a date cell, a day number in a plain cell, a year in a plain cell, or typed text.

    A whole number from 1900 to this year is a year, never a day number: 1987 is not 10 June 1905. A true date more
    than 110 years back is most likely such a year typed into a date cell, so it is asked about.
    """
    if cell.kind is CellKind.TEXT:
        return DateCell(dates.parse_typed(cell.text, today, may_be_future=may_be_future))
    if cell.kind is CellKind.DATE:
        match = _ISO_DAY.fullmatch(cell.text)
        return DateCell(_settled(match[1] if match else None, (), today, may_be_future=may_be_future))
    match = _DAY_NUMBER.fullmatch(cell.text) if cell.kind is CellKind.NUMBER else None
    if match is None:
        return DateCell(dates.ReadDate(problem="DATE_NOT_UNDERSTOOD"))
    number = int(match[1])
    if not (match[2] or "").strip("0") and 1900 <= number <= today.year:
        return DateCell(dates.parse_typed(str(number), today))
    day = dates.from_serial(number + (_DAYS_1900_TO_1904 if date1904 else 0))
    return DateCell(_settled(day, (DATE_FROM_SERIAL,), today, may_be_future=may_be_future), serial=number)


def _settled(day: str | None, notes: tuple[str, ...], today: date, *, may_be_future: bool) -> dates.ReadDate:
    if day is None or not dates.is_partial_date(day):
        return dates.ReadDate(problem="DATE_NOT_UNDERSTOOD")
    if dates.bounds(day)[0] > today and not may_be_future:
        return dates.ReadDate(problem="DATE_IN_FUTURE")
    if dates.age_on(day, today)[0] > dates.OLDEST_AGE:
        return dates.ReadDate(problem=DATE_TOO_OLD)
    return dates.ReadDate(value=day, notes=notes)
