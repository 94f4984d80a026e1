"""The Secretariat's laptops, and the cases that one of them had sent, as rows of lists."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.services.lost_devices import HeldCase, ListedDevice
from ui.languages import day_and_time, number, words
from ui.models.rows import Cell, Column, Row

LAPTOP_COLUMNS = (
    Column("LOST_OFFICE", 40),
    Column("LOST_LABEL", 30, spare=1),
    Column("LOST_STATE", 30),
)
HELD_COLUMNS = (
    Column("LOST_PSEUDONYM", 30),
    Column("LOST_RECORDS", 16, right=True),
    Column("LOST_IN_BUNDLE", 16, right=True, spare=1),
    Column("LOST_TAKEN_IN", 38, spare=2),
)


def laptop_rows(laptops: Sequence[ListedDevice]) -> list[Row]:
    """Return the laptops, in the language in force."""
    return [
        Row(one.device, (Cell(f"{one.office} {one.office_name}", strong=True), Cell(one.label), _state(one)))
        for one in laptops
    ]


def held_rows(cases: Sequence[HeldCase]) -> list[Row]:
    """Return the cases, in the language in force."""
    rows = []
    for one in cases:
        taken_on, clock = day_and_time(one.received_at) if one.received_at else ("", "")
        cells = (
            Cell(one.pseudonym, strong=True),
            Cell(number(one.records)),
            Cell(number(one.last_bundle)),
            Cell(words("RECEIPTS_AT", day=taken_on, time=clock) if taken_on else ""),
        )
        rows.append(Row(one.pseudonym, cells))
    return rows


def _state(one: ListedDevice) -> Cell:
    if one.lost:
        return Cell(words("LOST_IS_LOST"), "ban", "danger", strong=True)
    if one.in_use:
        return Cell(words("LOST_IN_USE"), "circle-check", "accent")
    return Cell(words("LOST_ENDED"), "ban", "muted")
