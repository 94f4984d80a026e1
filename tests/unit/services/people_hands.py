"""What the tests of people and keys do to a desk, and what they look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from desktop.bootstrap import Door
from desktop.rules.records import RecordDraft
from desktop.services.people_facts import PeopleChanged
from tests.factory import Place, rows

WORD = "Kiambatisho"


def add(place: Place, role: str = "CLERK") -> PeopleChanged:
    return place.desk.people.add(name="Somebody", role=role)


def unlock(place: Place, person: PeopleChanged, folder: Path | None = None) -> Place:
    sentence = person.sentence or ""
    folder = folder or place.folder
    return Place(folder, sentence, Door(folder, place.clock).unlock(person.desk_number, sentence), place.clock)


def generations(place: Place) -> list[str]:
    return sorted(path.name for path in (place.folder / "vault").iterdir() if path.is_dir())


def sealed_case(place: Place, word: str = WORD) -> str:
    return place.desk.cases.create(
        [RecordDraft("case", {"narrative": word}), RecordDraft("person", {"first_name": "N"})]
    )[0]


def told(place: Place, case_id: str) -> str:
    """The sealed narrative of a case, as its supervisor reads it."""
    record = place.desk.cases.open(case_id).one("case")
    assert record is not None
    return str(place.desk.cases.read_sealed(record.record_id))


def sealed_files(place: Place) -> list[bytes]:
    return [row["sealed"] for row in rows(place.desk.vault, "revision") if row["sealed"] is not None]


def hashes(place: Place) -> list[Any]:
    return [(row["record_id"], row["rev"], row["hash"], row["body"]) for row in rows(place.desk.vault, "revision")]


def acts(place: Place) -> list[str]:
    return [row["act"] for row in sorted(rows(place.desk.vault, "journal"), key=lambda row: row["n"])]
