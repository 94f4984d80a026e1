"""What the lane does for the screen of tables: make one, sealed or without a seal, and write it where it was wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from desktop import sticks
from desktop.bootstrap import Desk
from desktop.crypto.encoding import Malformed
from desktop.crypto.sealing import recipient_key
from desktop.errors import Obstacle
from desktop.files import probe_out
from desktop.rules.records import Topic
from desktop.services.tables import Report, TableKind


@dataclass(frozen=True)
class Wanted:
    """Which table, what for, and whether persons stand in it with their names where they agreed."""

    kind: TableKind
    purpose: str
    identified: bool


@dataclass(frozen=True)
class Saved:
    """A table that lies where it was wanted. `delete_by` is the day of one without a seal."""

    file_name: str
    place: str = field(repr=False)
    cases: int
    delete_by: str | None
    topics: frozenset[Topic] = frozenset({Topic.TABLES})


def are_keys(typed: Sequence[str]) -> bool:
    """Say whether each text is a public key in age's spelling."""
    try:
        for text in typed:
            recipient_key(text)
    except Malformed:
        return False
    return True


def seal_to_stick(desk: Desk, wanted: Wanted, keys: Sequence[str], stick: Path | None, report: Report) -> Saved:
    """Seal a table and write it to the stick that is chosen.

    Raises:
        Obstacle: As `sticks.chosen` and `sticks.save_to`, and as the service.
        NotAccepted: As the service.
    """
    return _seal(desk, wanted, keys, sticks.chosen(sticks.found(), stick), report)


def seal_to_folder(desk: Desk, wanted: Wanted, keys: Sequence[str], folder: Path, report: Report) -> Saved:
    """Seal a table and write it to a folder. Raises as `seal_to_stick`."""
    return _seal(desk, wanted, keys, sticks.at(folder), report)


def _seal(desk: Desk, wanted: Wanted, keys: Sequence[str], stick: sticks.Stick, report: Report) -> Saved:
    if not stick.writable:  # asked before the journal says that a table left
        raise Obstacle("STICK_NOT_WRITABLE")
    made = desk.tables.export(wanted.kind, wanted.purpose, keys, identified=wanted.identified, report=report)
    sticks.save_to(stick, made.file_name, made.content)
    return Saved(made.file_name, stick.name or str(stick.path), made.cases, None)


def save_plain(desk: Desk, wanted: Wanted, folder: Path, report: Report) -> Saved:
    """Write a table without a seal to a folder that is there: none is made, in which nobody would look for it.

    Raises:
        Obstacle: STICK_GONE, OUT_NOT_WRITABLE, and as the service.
    """
    place = sticks.at(folder).path
    probe_out(place)
    made = desk.tables.export_plain(wanted.kind, wanted.purpose, place, identified=wanted.identified, report=report)
    desk.tables.write_plain(made)
    return Saved(made.file_name, str(place), made.cases, made.delete_by)
