"""Decisions 23: 3 changed records in each of 100 cases, sealed, on the line; at most 64 KiB."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from desktop.bootstrap import Desk, Door
from desktop.clock import SystemClock
from desktop.commands.walk import WORKBOOK
from desktop.paths import resource
from desktop.rules.records import RecordDraft, Value
from desktop.services.secretariat import found_secretariat
from desktop.services.vault import OfficeFacts

CASES = 100
GOAL_BYTES = 64 * 1024

_CHANGES: tuple[tuple[str, dict[str, Value]], ...] = (
    ("person", {"languages": ("SWA", "ENG"), "marital_status": "SINGLE", "children_count": 2}),
    ("exploitation_episode", {"country": "KEN", "county": "035", "how_ended": "RESCUE"}),
    ("recruitment", {"was_recruited": "YES", "recruiter_relation": "AGENT", "month_entered": "2025-02"}),
)
_CHANGED = {kind for kind, _ in _CHANGES}


def measure() -> Iterator[dict[str, object]]:
    """Yield one result: the bundle's size as it goes on the line, and what it holds before padding."""
    with tempfile.TemporaryDirectory() as name:
        office_door, national_door = Door(Path(name) / "office"), Door(Path(name) / "secretariat")
        facts = OfficeFacts("035", "035-01", "Practice office", "", "", "A. Practice", "", "")
        created = office_door.vaults.create_office(facts, practice=True)
        founded = found_secretariat(
            national_door.vaults,
            SystemClock(),
            name="Practice",
            person=("N. Practice", "", ""),
            roots=1,
            threshold=1,
            practice=True,
        )
        office = office_door.unlock(1, created.sentence)
        national = national_door.unlock(1, founded.created.sentence)
        enrolment = office.enrolment.make_file("laptop 1")
        enrolled = national.secretariat.enrol(enrolment.content, enrolment.digits)
        office.enrolment.take_in(enrolled.package, enrolled.root_digits)
        cases = _cases(office)
        first = office.exports.make()
        taken = national.intake.receive(office.exports.sealed_file(first.bundle_id)[1])
        office.receipts.take_in(taken.receipt)
        changed = _change(office, cases)
        made = office.exports.make()
        yield {
            "goal": "decisions-23",
            "figure": made.size_bytes,
            "used_bytes": made.used_bytes,
            "limit": GOAL_BYTES,
            "ratio": round(made.size_bytes / GOAL_BYTES, 3),
            "N": made.cases,
            "records": made.records,
            "changed": changed,
            "first_bundle_bytes": first.size_bytes,
            "first_bundle_records": first.records,
        }
        office.lock()
        national.lock()


def _cases(office: Desk) -> list[str]:
    """Make 100 cases from the workbook's rows that hold what will change, each used several times."""
    preview = office.imports.preview(resource(*WORKBOOK).read_bytes())
    rows = [row.reading.drafts for row in preview.rows if {draft.kind for draft in row.reading.drafts} >= _CHANGED]
    # A finding without its grounds and a referral with its state are things only an import may take over; neither
    # changes here.
    without = [[draft for draft in row if draft.kind not in ("determination", "referral")] for row in rows]
    return [office.cases.create(without[number % len(without)])[0] for number in range(CASES)]


def _change(office: Desk, cases: list[str]) -> int:
    """Change three records of each case, as after an interview, and return how many."""
    count = 0
    for case_id in cases:
        found = office.cases.open(case_id)
        for kind, fields in _CHANGES:
            record = found.one(kind)
            if record is None:
                raise RuntimeError("the workbook's rows hold these kinds")
            merged = {**record.fields, **fields}
            office.cases.save(RecordDraft(kind, merged, record.record_id, case_id, record.revision))
            count += 1
    return count
