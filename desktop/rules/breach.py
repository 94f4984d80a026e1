"""A breach of personal data: its two clocks, and what must be said before it is closed (DPA s.43, L-60, L-61).

The clocks are computed each time they are looked at and never stored. A delay for an investigation (s.43(4)) stops
neither of them: it is about telling the persons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from desktop.errors import Problem
from desktop.rules.consent import instant
from desktop.rules.records import Damaged, Missing, Value

COMMISSIONER_HOURS = 72  # s.43(1)(a)
CONTROLLER_HOURS = 48  # s.43(3)

_NEEDED_TO_CLOSE = ("kind", "known_at", "facts", "effects", "risk", "action")  # s.43(8): facts, effects, remedy
_DAYS_FROM_HOURS = 48  # from here on one counts in days


class Clock(StrEnum):
    """Where one of the clocks stands."""

    RUNNING = "RUNNING"
    LATE = "LATE"
    TOLD = "TOLD"
    TOLD_LATE = "TOLD_LATE"
    NOT_DUE = "NOT_DUE"  # no real risk of harm: the Commissioner need not be told
    UNKNOWN = "UNKNOWN"  # nobody has said since when the office knows


class Unit(StrEnum):
    """In what a time is counted in words."""

    MINUTES = "MINUTES"
    HOURS = "HOURS"
    DAYS = "DAYS"


@dataclass(frozen=True)
class Due:
    """One clock: where it stands, when it ends or ended, and how much is left or overdue, in whole units.

    `amount` is what is left, rounded down, or how late it is, rounded down; 0 minutes late is less than one.
    """

    clock: Clock
    due: datetime | None = None
    amount: int = 0
    unit: Unit = Unit.HOURS

    @property
    def is_late(self) -> bool:
        """Whether somebody still has to be told, and it is too late or nobody can say."""
        return self.clock in (Clock.LATE, Clock.UNKNOWN)


def commissioner_due(fields: Mapping[str, Value], now: datetime) -> Due:
    """Return the clock of the Data Commissioner: 72 hours from knowing, unless there is no real risk of harm."""
    if _text(fields, "told_commissioner_at") == "" and _text(fields, "risk") == "NO":
        return Due(Clock.NOT_DUE)
    return _due(fields, "told_commissioner_at", COMMISSIONER_HOURS, now)


def controller_due(fields: Mapping[str, Value], now: datetime) -> Due:
    """Return the clock of the Secretariat as the controller: 48 hours from knowing, whatever the risk."""
    return _due(fields, "told_controller_at", CONTROLLER_HOURS, now)


def _due(fields: Mapping[str, Value], told: str, hours: int, now: datetime) -> Due:
    known, done = instant(_text(fields, "known_at")), instant(_text(fields, told))
    due = known + timedelta(hours=hours) if known else None
    if done is not None:
        return Due(Clock.TOLD_LATE if due and done > due else Clock.TOLD, due)
    if due is None:
        return Due(Clock.UNKNOWN)
    if now > due:
        return Due(Clock.LATE, due, *_counted(now - due))
    # A laptop whose clock stands before the time it was known has no more than the whole time.
    return Due(Clock.RUNNING, due, *_counted(min(due - now, timedelta(hours=hours)), days=False))


def _counted(span: timedelta, *, days: bool = True) -> tuple[int, Unit]:
    hours = span // timedelta(hours=1)
    if hours == 0:
        return span // timedelta(minutes=1), Unit.MINUTES
    if days and hours >= _DAYS_FROM_HOURS:
        return hours // 24, Unit.DAYS
    return hours, Unit.HOURS


def is_closed(fields: Mapping[str, Value]) -> bool:
    """Say whether a supervisor has closed it."""
    return _text(fields, "closed_at") != ""


def remarks(fields: Mapping[str, Value], now: datetime) -> Iterator[Problem]:
    """Yield what has to be put right before the record can be closed; nothing of it keeps it from being saved."""
    known, happened = instant(_text(fields, "known_at")), _text(fields, "happened_on")
    if known and happened and happened[:10] > f"{known:%Y-%m-%d}"[: len(happened)]:
        yield Problem("DATES_OUT_OF_ORDER", "breach.happened_on")
    for told in ("told_controller_at", "told_commissioner_at"):
        done = instant(_text(fields, told))
        if known and done and done < known:
            yield Problem("DATES_OUT_OF_ORDER", f"breach.{told}")
    commissioner = commissioner_due(fields, now)
    if commissioner.clock in (Clock.TOLD_LATE, Clock.LATE) and not _said(fields, "why_late"):
        yield Problem("BREACH_WHY_LATE", "breach.why_late")
    if _text(fields, "risk") == "NO" and not _said(fields, "risk_reasons"):
        yield Problem("BREACH_RISK_REASONS", "breach.risk_reasons")


def closing_problems(fields: Mapping[str, Value], now: datetime) -> tuple[Problem, ...]:
    """Return what keeps a breach from being closed: facts, effects, remedy, and everybody told who must be."""
    found = [
        Problem("BREACH_NEEDED_TO_CLOSE", f"breach.{name}") for name in _NEEDED_TO_CLOSE if not _said(fields, name)
    ]
    if _text(fields, "risk") == "DK":
        found.append(Problem("BREACH_RISK_UNDECIDED", "breach.risk"))
    if not instant(_text(fields, "told_controller_at")):
        found.append(Problem("BREACH_NOT_TOLD", "breach.told_controller_at"))
    if _text(fields, "risk") == "YES":
        if not instant(_text(fields, "told_commissioner_at")):
            found.append(Problem("BREACH_NOT_TOLD", "breach.told_commissioner_at"))
        if not _said(fields, "told_persons"):
            found.append(Problem("BREACH_PERSONS_NOT_TOLD", "breach.told_persons"))
    return (*found, *remarks(fields, now))


def _said(fields: Mapping[str, Value], name: str) -> bool:
    value = fields.get(name)
    if isinstance(value, Missing | Damaged):
        return False
    return bool(value.strip()) if isinstance(value, str) else bool(value)


def _text(fields: Mapping[str, Value], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) and not isinstance(value, Missing) else ""
