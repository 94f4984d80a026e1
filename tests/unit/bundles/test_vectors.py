"""What earlier versions wrote still reads the same, byte for byte where nothing is random."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from desktop.bundles.enrolment import open_enrolment, same_digits
from desktop.bundles.manifest import manifest_bytes, parse_manifest
from desktop.bundles.reader import open_and_verify
from desktop.bundles.receipt import open_receipt
from desktop.bundles.records import open_values, parse_line, parse_revision, revision_hash, view_hash
from desktop.bundles.trust import open_package, payload_of_root, trust_of, verify_keyset, verify_root, verify_rosters
from desktop.rules.journal_chain import Act, Entry, verify_run
from desktop.rules.taken_out import TakenOut
from tests.unit.bundles import world
from tests.vectors import make_bundle_vectors as maker

FOLDER = Path(__file__).parents[2] / "vectors" / "bundles"
VECTORS: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", maker.deterministic())
def test_writing_gives_the_stored_bytes(name: str) -> None:
    assert json.loads(json.dumps(maker.deterministic()[name])) == VECTORS[name]


def test_stored_journal_verifies() -> None:
    entries = [Entry(**{**row, "act": Act(row["act"])}) for row in VECTORS["journal"]]
    assert verify_run(entries) == VECTORS["journal"][-1]["hash"]


def test_stored_revision_reads() -> None:
    stored = VECTORS["revision"]["stored"].encode()
    assert parse_revision(stored) == maker.stored_revision()
    assert revision_hash(bytes.fromhex(VECTORS["revision"]["random"]), stored) == VECTORS["revision"]["hash"]
    line = parse_line(VECTORS["record_line"]["line"].encode())
    assert view_hash(line) == VECTORS["record_line"]["hash"]


def test_stored_sealed_values_open() -> None:
    about = VECTORS["sealed_values"]
    asked = {name: about[name] for name in ("vault", "case", "record", "rev", "commit")}
    values = open_values((FOLDER / "sealed-values.age").read_bytes(), world.seed("R"), **asked)
    assert values == about["values"] == maker.SEALED_VALUES


def test_stored_bundle_opens() -> None:
    opened = open_and_verify(
        (FOLDER / "bundle.rufaa").read_bytes(),
        intake_secrets=(world.INTAKE_SECRET,),
        roster=world.roster(),
        practice=False,
    )
    payload = VECTORS["bundle_manifest"].encode()
    assert manifest_bytes(opened.manifest) == payload
    assert parse_manifest(payload) == opened.manifest
    assert opened.manifest.taken_out == TakenOut(cases=214, letters=12, tables=2)
    contents = opened.contents
    assert [item.record.id for item in contents.records] == [world.uid("one"), world.uid("two")]
    assert contents.journal == world.journal(9, first=5)
    assert (len(contents.sealed), len(contents.lists), len(contents.attachments)) == (1, 1, 1)


def test_stored_receipt_opens() -> None:
    opened = open_receipt(
        (FOLDER / "receipt.rufaa").read_bytes(),
        secrets=(world.DEVICE_SECRET,),
        roster=world.roster(),
        device=world.DEVICE,
        practice=False,
    )
    assert opened.receipt == world.receipt()


def test_stored_trust_documents_verify() -> None:
    root = verify_root(VECTORS["root"].encode(), None)
    keyset = verify_keyset(VECTORS["keyset"].encode(), root, None)
    roster = verify_rosters([VECTORS["roster"].encode()], keyset, None)
    assert roster.payload_sha256 == VECTORS["roster_sha256"]
    package = open_package((FOLDER / "package.rufaa").read_bytes(), (world.DEVICE_SECRET,))
    trust = trust_of(package, practice=False)
    assert (trust.root, trust.keyset, trust.roster) == (root, keyset, roster)
    same_digits(VECTORS["root_digits"], "rufaa-root-v1", payload_of_root(VECTORS["root"].encode()))


def test_stored_enrolment_opens() -> None:
    opened = open_enrolment(VECTORS["enrolment"].encode())
    assert opened.enrolment == world.enrolment()
    same_digits(VECTORS["enrolment_digits"], "rufaa-enrol-v1", opened.payload)
