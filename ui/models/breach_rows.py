"""Breaches as rows of a list, and their clocks in words: how much is left, how late it is, or that it is done."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.catalogue import Catalogue
from desktop.rules.breach import Clock, Due, Unit
from desktop.rules.consent import instant
from desktop.services.breaches import Breach
from ui.languages import current, day, plural, words
from ui.models.rows import Cell, Column, Row

BREACH_COLUMNS = (
    Column("BREACHES_KIND", 34),
    Column("BREACHES_KNOWN", 26, spare=2),
    Column("BREACHES_SECRETARIAT", 20, spare=1),
    Column("BREACHES_COMMISSIONER", 20),
)
_LEFT = {Unit.MINUTES: "BREACH_LEFT_MINUTES", Unit.HOURS: "BREACH_LEFT_HOURS", Unit.DAYS: "BREACH_LEFT_HOURS"}
_LATE = {Unit.HOURS: "BREACH_LATE_HOURS", Unit.DAYS: "BREACH_LATE_DAYS"}
_STANDING = {
    Clock.TOLD: "BREACH_TOLD",
    Clock.TOLD_LATE: "BREACH_TOLD_LATE",
    Clock.NOT_DUE: "BREACH_NOT_DUE",
    Clock.UNKNOWN: "BREACH_TIME_MISSING",
}
_LOOKS = {
    Clock.RUNNING: ("hourglass", "warn"),
    Clock.LATE: ("triangle-alert", "danger"),
    Clock.UNKNOWN: ("triangle-alert", "danger"),
    Clock.TOLD: ("circle-check", "accent"),
    Clock.TOLD_LATE: ("circle-check", "muted"),
    Clock.NOT_DUE: ("circle-dashed", "muted"),
}


def clock_in_words(due: Due) -> str:
    """Return where a clock stands, in the language in force."""
    if due.clock is Clock.RUNNING:
        return plural(_LEFT[due.unit], due.amount)
    if due.clock is Clock.LATE:
        return words("BREACH_LATE_MINUTES") if due.unit is Unit.MINUTES else plural(_LATE[due.unit], due.amount)
    return words(_STANDING[due.clock])


def breach_rows(breaches: Sequence[Breach], catalogue: Catalogue) -> list[Row]:
    """Return the rows, in the language in force."""
    return [
        Row(
            breach.record.record_id,
            (
                Cell(kind_in_words(breach, catalogue), strong=not breach.is_closed),
                Cell(_known(breach), colour="" if not breach.is_closed else "muted"),
                Cell("") if breach.is_closed else _cell(breach.controller),
                _closed() if breach.is_closed else _cell(breach.commissioner),
            ),
        )
        for breach in breaches
    ]


def kind_in_words(breach: Breach, catalogue: Catalogue) -> str:
    """Return what happened, as its list says it."""
    kind = breach.record.text("kind")
    return catalogue.lists["breach_kinds"].label(kind, current()) if kind else words("BREACHES_NO_KIND")


def _known(breach: Breach) -> str:
    moment = instant(breach.record.text("known_at"))
    return f"{day(f'{moment:%Y-%m-%d}')}, {moment:%H:%M}" if moment else words("BREACH_TIME_MISSING")


def _closed() -> Cell:
    return Cell(words("BREACHES_CLOSED"), "circle-check", "muted")


def _cell(due: Due) -> Cell:
    sign, colour = _LOOKS[due.clock]
    return Cell(clock_in_words(due), sign, colour, strong=due.is_late)
