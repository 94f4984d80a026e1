"""Entries of the journal as rows: which, when, who, what, on what, and why."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.catalogue import Catalogue
from desktop.clock import NAIROBI, parse_stamp
from desktop.journal_wording import about_in_words, act_in_words, why_in_words
from desktop.rules.journal_reading import JournalLine
from ui.languages import current, day, number, words
from ui.models.rows import Cell, Column, Row

JOURNAL_COLUMNS = (
    Column("JOURNAL_ENTRY", 8, right=True),
    Column("JOURNAL_WHEN", 20),
    Column("JOURNAL_WHO", 20),
    Column("JOURNAL_WHAT", 26),
    Column("JOURNAL_ON", 20),
    Column("JOURNAL_WHY", 22, spare=1),
)


def journal_rows(lines: Sequence[JournalLine], catalogue: Catalogue) -> list[Row]:
    """Return the rows, in the language in force."""
    return [
        Row(
            str(line.n),
            (
                Cell(number(line.n), colour="muted"),
                Cell(when(line.at)),
                Cell(line.by or "–"),
                Cell(act_in_words(line.act, current()), strong=True),
                Cell(about_in_words(line, current())),
                Cell(why_in_words(line.reason, catalogue, current()), colour="muted"),
            ),
        )
        for line in lines
    ]


def when(at: str) -> str:
    """Return a stored instant as day and time of day in Nairobi."""
    moment = parse_stamp(at).astimezone(NAIROBI)
    return words("JOURNAL_AT", day=day(moment.date().isoformat()), time=f"{moment:%H:%M}")
