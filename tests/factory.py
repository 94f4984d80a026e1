"""Real offices, a real Secretariat and valid records for the flows: a test states only its own point.

The vaults are made by the services, with the key derivation of a small laptop (64 MiB), which `tests/flows/conftest.py`
asks for. Every person, number and place is invented.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, table, text

from desktop import vault_files, wordlists
from desktop.bootstrap import Desk, Door
from desktop.bundles.manifest import Identity
from desktop.crypto.vaultkeys import unlock
from desktop.rules.records import RecordDraft, Value
from desktop.services.cases import CaseFile
from desktop.services.exports import SealedBundle
from desktop.services.secretariat import Founded, found_secretariat
from desktop.services.session import OpenVault
from desktop.services.vault import OfficeFacts

MORNING = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
DATA = Path(__file__).parent / "data"
WORKBOOK = (DATA / "htcds-2.0-filled.xlsx").read_bytes()
OLD_OFFICE = DATA / "old_office" / "old-office.xlsx"
LISTING = DATA / "old_office" / "cpims-ctip-listing.csv"

EXPLAINED = (
    *("WHO_WE_ARE", "DATA", "PURPOSE", "RECIPIENTS", "SECURITY", "VOLUNTARY", "IF_REFUSED", "HELP_ANYWAY"),
    *("RIGHTS", "WITHDRAW", "KEEPING", "AUTOMATED", "STATISTICS", "COMPLAINT"),
)
CONSENT: Mapping[str, Value] = {
    "answer": "GIVEN",
    "given_by": "SELF",
    "method": "SIGNATURE",
    "language": "SWA",
    "explained_items": EXPLAINED,
    "at": "2026-11-25T08:00:00+03:00",
    "paper_copy_location": "Shelf A",
}
PROVIDER: Mapping[str, Value] = {
    "name": "Tumaini Clinic (invented)",
    "type": "HEALTH",
    "actor": "HEALTH_PUBLIC",
    "services": ("MEDICAL", "MENTAL_HEALTH"),
    "phone": "+254799999031",
    "contact_person": "Sister-in-Charge",
    "public_address_ok": False,
    "open_24h": "YES",
    "active": True,
}
PERSON: Mapping[str, Value] = {
    "first_name": "Wambui",
    "surname": "Gachanja",
    "sex": "F",
    "dob": "1986-03-22",
    "dob_estimated": False,
    "citizenship": ("KEN",),
    "languages": ("SWA",),
    "safe_alias": "Neema",
}
REFERRAL: Mapping[str, Value] = {
    "services": ("MEDICAL",),
    "reason": "SERVICE",
    "urgency": "URGENT",
    "reason_short": "Needs a check by a nurse.",
}


class TickingClock:
    """A clock that is a second later each time it is asked, so that no two acts share an instant."""

    def __init__(self, start: datetime = MORNING) -> None:
        self.instant = start

    def now(self) -> datetime:
        self.instant += timedelta(seconds=1)
        return self.instant


@dataclass
class Place:
    """A data folder with an unlocked vault: an office, or the Secretariat."""

    folder: Path
    sentence: str
    desk: Desk
    clock: TickingClock

    def lock(self) -> None:
        self.desk.lock()

    def reopen(self) -> None:
        self.desk.lock()
        self.desk = Door(self.folder, self.clock).unlock(1, self.sentence)

    @contextmanager
    def locked(self) -> Iterator[Path]:
        """The folder at rest, for as long as the block runs."""
        self.desk.lock()
        try:
            yield self.folder
        finally:
            self.desk = Door(self.folder, self.clock).unlock(1, self.sentence)

    def copy(self, folder: Path) -> Place:
        """A second laptop made from a copy of this one's disk, unlocked."""
        with self.locked():
            return self.copy_at_rest(folder)

    def copy_at_rest(self, folder: Path) -> Place:
        """The same for a place that is locked already."""
        shutil.copytree(self.folder, folder)
        clock = TickingClock(self.clock.instant)
        return Place(folder, self.sentence, Door(folder, clock).unlock(1, self.sentence), clock)


@dataclass
class Secretariat(Place):
    """The Secretariat, with what its founding showed once."""

    founded: Founded


def make_office(
    folder: Path, county: str = "030", *, practice: bool = False, name: str = "County Children's Office (invented)"
) -> Place:
    clock = TickingClock()
    door = Door(folder, clock)
    created = door.vaults.create_office(
        OfficeFacts(
            county=county,
            code=f"{county}-01",
            name=name,
            ministry="Ministry of Gender, Culture and Children Services",
            phone="+254799999001",
            supervisor_name="A. Supervisor",
            supervisor_title="Children's officer",
            supervisor_phone="+254799999002",
        ),
        practice=practice,
    )
    return Place(folder, created.sentence, door.unlock(1, created.sentence), clock)


def make_secretariat(folder: Path, *, practice: bool = False) -> Secretariat:
    clock = TickingClock()
    door = Door(folder, clock)
    founded = found_secretariat(
        door.vaults, clock, name="Secretariat", person=("N. Keeper", "Keeper", ""), practice=practice
    )
    return Secretariat(
        folder, founded.created.sentence, door.unlock(1, founded.created.sentence), clock, founded=founded
    )


def enrol(office: Place, national: Place) -> None:
    """Enrol an office's device; each side types the digits it hears from the other."""
    file = office.desk.enrolment.make_file("laptop 1")
    enrolled = national.desk.secretariat.enrol(file.content, file.digits)
    office.desk.enrolment.take_in(enrolled.package, enrolled.root_digits)


def make_case(office: Place, *others: RecordDraft, **person: Value) -> str:
    """A case with a person (the fields of PERSON, changed) and other records."""
    drafts = (RecordDraft("case", {}), RecordDraft("person", {**PERSON, **person}), *others)
    return office.desk.cases.create(drafts)[0]


def change(office: Place, case_id: str, kind: str = "person", **fields: Value) -> int:
    """Save the record of a kind with other values and return its new revision."""
    draft = draft_of(office.desk.cases.open(case_id), kind)
    return office.desk.cases.save(replace(draft, fields={**draft.fields, **fields})).revision


def draft_of(case: CaseFile, kind: str = "person") -> RecordDraft:
    """A record as a screen would hold it."""
    stored = case.one(kind)
    assert stored is not None
    return RecordDraft(kind, stored.fields, stored.record_id, stored.case_id, stored.revision)


def make_provider(office: Place, **fields: Value) -> str:
    return office.desk.directory.save(RecordDraft("provider", {**PROVIDER, **fields})).record_ids[0]


def consent(office: Place, case_id: str, scope: str, **fields: Value) -> str:
    """Record one answer on paper; GIVEN unless said otherwise. Returns the row's id."""
    given = {**CONSENT, "scope": scope, **fields}
    return office.desk.consents.record(case_id, [given]).record_ids[0]


def refer(office: Place, case_id: str, provider: str, **fields: Value) -> str:
    """A draft referral to a provider. Returns its record id."""
    given = {**REFERRAL, "to_provider": provider, **fields}
    return office.desk.referrals.create(case_id, given).record_ids[0]


def send(office: Place, identity: Identity = Identity.PSEUDONYMOUS) -> bytes:
    """Seal what changed, hand it over, and return the file."""
    return send_bundle(office, identity)[1]


def send_bundle(office: Place, identity: Identity = Identity.PSEUDONYMOUS) -> tuple[SealedBundle, bytes]:
    made = office.desk.exports.make(identity)
    content = office.desk.exports.sealed_file(made.bundle_id)[1]
    office.desk.exports.hand_over(made.bundle_id)
    return made, content


def rows(vault: OpenVault, name: str) -> list[dict[str, Any]]:
    """Every row of a table in the order of all its columns."""
    with vault.reading() as session:
        found = [dict(row) for row in session.execute(select(text("*")).select_from(table(name))).mappings()]
    return sorted(found, key=lambda row: [str(value) for value in row.values()])


def table_names(vault: OpenVault) -> list[str]:
    with vault.reading() as session:
        return list(session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")))


def dump(vault: OpenVault) -> dict[str, list[dict[str, Any]]]:
    """The whole vault, table by table."""
    return {name: rows(vault, name) for name in table_names(vault)}


def count(vault: OpenVault, name: str) -> int:
    with vault.reading() as session:
        return int(session.execute(select(func.count()).select_from(table(name))).scalar_one())


def file_hashes(folder: Path) -> dict[str, str]:
    """Every file below a folder with the hash of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def dek_of(place: Place) -> bytes:
    """The data key of a place that is at rest, for a checker that knows nothing of the program."""
    copies = vault_files.read_header_copies(vault_files.newest_generation(place.folder))
    return unlock(*copies, 1, place.sentence, wordlists.load()).dek
