"""The only place that reads the clock: UTC inside, Nairobi (UTC+3, no summer time) at the edge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

NAIROBI = timezone(timedelta(hours=3), "EAT")


class Clock(Protocol):
    """Something that tells the time; services are given one."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        ...


class SystemClock:
    """The laptop's own clock. Its claim is never proof (threat-model 7.8)."""

    def now(self) -> datetime:
        """Return the laptop's present instant in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still, for rehearsals and tests."""

    def __init__(self, instant: datetime) -> None:
        """Stand at `instant`, which must carry a time zone."""
        self._instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        """Return the fixed instant."""
        return self._instant


def today(clock: Clock) -> date:
    """Return the calendar day in Nairobi."""
    return clock.now().astimezone(NAIROBI).date()


def stamp(instant: datetime) -> str:
    """Write an instant as it is stored: RFC 3339 in UTC with milliseconds, for example 2026-11-25T08:15:30.123Z."""
    utc = instant.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def parse_stamp(text: str) -> datetime:
    """Read what `stamp` wrote. Raises ValueError for anything else."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
