"""Made-up offices for the window's measurements: a practice vault with so many cases in its lists and its search.

Only what lists and searches read is made: rows and search keys. The rows name nobody and no case stands behind them;
`bench.full_offices` makes offices with every table.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from db.models.office import Assignment, CaseRow, SearchKey
from desktop.bootstrap import Desk, Door
from desktop.clock import stamp
from desktop.rules.names import initials, name_keys
from desktop.rules.numbers import make_case_ref, make_pseudonym
from desktop.services.vault import OfficeFacts

SEED = 20261125
_FACTS = OfficeFacts("035", "035-01", "Practice office", "", "", "A. Practice", "", "")
_NUMBERS_A_YEAR = 9999
_BATCH = 5000
_FIRST = ("Wanjiru", "Achieng", "Mwende", "Halima", "Fatuma", "Njeri", "Otieno", "Kamau", "Baraka", "Juma", "Chebet")
_PARTS = ("mu", "ka", "wa", "ndi", "chi", "ro", "to", "nga", "mbi", "le", "ki", "sho", "ya", "pe", "du", "hi", "zo")
_START = datetime(2016, 1, 4, 6, 0, tzinfo=UTC)


@dataclass(frozen=True)
class MadeOffice:
    """A practice vault on disk, and the sentence of its desk 1."""

    folder: Path
    sentence: str = field(repr=False)


def make_office(folder: Path, cases: int, place: dict[str, str]) -> MadeOffice:
    """Make a practice office with so many rows; whoever unlocks it comes to `place`."""
    door = Door(folder)
    made = MadeOffice(folder, door.vaults.create_office(_FACTS, practice=True).sentence)
    desk = door.unlock(1, made.sentence)
    try:
        fill(desk, cases)
        desk.drafts.keep_place(place)
    finally:
        desk.lock()
    return made


def fill(desk: Desk, cases: int) -> None:
    """Give an office's lists so many rows more, with the names a search finds them by."""
    made = made_cases(cases)
    for first in range(0, cases, _BATCH):
        batch = [next(made) for _ in range(min(_BATCH, cases - first))]
        keys = [{"key": key, "case_id": row["case_id"]} for row in batch for key in name_keys(row["full_name"])]
        with desk.vault.writing() as session:
            session.execute(insert(CaseRow), batch)
            whose = [{"case_id": row["case_id"], "user": desk.vault.user, "since": row["touched_at"]} for row in batch]
            session.execute(insert(Assignment), whose)
            session.execute(insert(SearchKey), keys)


def surnames(count: int) -> list[str]:
    """Return surnames that stand in every made office with at least so many cases."""
    made = made_cases(count)
    return [next(made)["full_name"].split()[-1] for _ in range(count)]


def made_cases(count: int) -> Iterator[dict[str, Any]]:
    """Yield rows in one order for one count, whatever machine makes them."""
    chance = random.Random(SEED)  # noqa: S311  made-up cases, no secret
    for number in range(count):
        year, running = 16 + number // _NUMBERS_A_YEAR, number % _NUMBERS_A_YEAR + 1
        name = (chance.choice(_FIRST), "".join(chance.choices(_PARTS, k=3)).title())
        yield {
            "case_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "case_ref": make_case_ref("035", 100 + year // 100, 2000 + year % 100, running),
            "pseudonym": make_pseudonym(chance.randbytes(8)),
            "shown_as": initials(*name),
            "full_name": " ".join(name),
            "born": f"{chance.randrange(1980, 2020)}",
            "age": None,
            "age_on": None,
            "sex": chance.choice(("F", "M")),
            "status": "OPEN",
            "stage": chance.choice(("IDENTIFIED", None)),
            "touched_at": stamp(_START + timedelta(minutes=47 * number)),
        }
