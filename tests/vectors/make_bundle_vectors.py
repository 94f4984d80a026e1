"""Writes `tests/vectors/bundles/`: one good example of every format of docs/formats.md sections 5 to 9.

    python -m tests.vectors.make_bundle_vectors

Run it only for a new version of a format, into new files: what is there must open for ever. All keys come from
`world.seed(name)` = SHA-256("rufaa test vector: " + name); none was ever used for anything else.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from desktop.bundles.enrolment import ENROLMENT_LABEL, ROOT_LABEL, digits, make_enrolment
from desktop.bundles.manifest import manifest_bytes
from desktop.bundles.receipt import RECEIPT_TYPE, ledger_hash, make_receipt, receipt_payload
from desktop.bundles.records import (
    SealedNote,
    StoredRevision,
    line_bytes,
    revision_bytes,
    revision_hash,
    seal_values,
    view_hash,
)
from desktop.bundles.trust import make_package, payload_of_root
from desktop.bundles.writer import Attachment, MadeBundle, SealedItem, make_bundle
from desktop.crypto.sealing import public_key
from desktop.crypto.signing import sign_envelope
from desktop.rules.taken_out import TakenOut
from tests.unit.bundles import world

FOLDER = Path(__file__).parent / "bundles"
SEALED_TO: dict[str, Any] = {
    "vault": world.VAULT,
    "case": world.uid("case"),
    "record": world.uid("one"),
    "rev": 1,
}
SEALED_VALUES: dict[str, Any] = {
    "narrative": "Habari ya Achieng’, 日本",
    "present_location": {"missing": "REFUSED"},
    "exact_place": None,
}


def stored_revision() -> StoredRevision:
    """One stored revision with every kind of value."""
    return StoredRevision(
        id=world.uid("one"),
        kind="person",
        case=world.uid("case"),
        form=1,
        rev=2,
        parent=world.digest("parent"),
        at=world.NOON,
        by=world.uid("user"),
        device=world.DEVICE,
        fields={
            "known_as": "Achieng’ ñ 日本 \u0001",
            "children_count": 2,
            "is_child": False,
            "citizenship": ["UGA", "XXA"],
            "dob": "1998-03",
            "marital_status": {"missing": "NOT_ASKED"},
        },
        sealed=SealedNote(world.digest("commit"), ("narrative", "present_location"), world.VAULT),
        void=None,
        merges=(world.digest("another parent"),),
    )


def deterministic() -> dict[str, Any]:
    """Everything that comes out the same each time: hashes, payloads, envelopes, digits."""
    stored, line = revision_bytes(stored_revision()), world.line("two", 2, notes="ñ 日本", sex="FEMALE")
    first = ledger_hash(1, None, world.digest("bundle 1"), world.digest("receipt 1"))
    return {
        "journal": [asdict(entry) for entry in world.journal_entries(4)],
        "revision": {
            "stored": stored.decode(),
            "random": world.digest("random"),
            "hash": revision_hash(world.seed("random"), stored),
        },
        "record_line": {"line": line_bytes(line).decode(), "hash": view_hash(line)},
        "root": world.signed_root().decode(),
        "root_digits": digits(ROOT_LABEL, payload_of_root(world.signed_root())),
        "keyset": world.signed_keyset().decode(),
        "roster": world.signed_roster().decode(),
        "roster_sha256": world.roster().payload_sha256,
        "enrolment": make_enrolment(world.enrolment(), world.DEVICE_KEY).content.decode(),
        "enrolment_digits": digits(ENROLMENT_LABEL, make_enrolment(world.enrolment(), world.DEVICE_KEY).payload),
        "receipt": sign_envelope(RECEIPT_TYPE, receipt_payload(world.receipt()), world.RECEIPT_KEY).decode(),
        "ledger": [first, ledger_hash(2, first, world.digest("bundle 2"), world.digest("receipt 2"))],
    }


def bundle() -> MadeBundle:
    """A second bundle of a restored laptop, with every kind of entry."""
    return make_bundle(
        world.facts(
            sequence=8,
            previous_bundle=world.digest("bundle 7"),
            incarnation=world.hex_id("second incarnation"),
            previous_incarnation=world.restored(7, 6, world.journal_entries(6)[-1].hash),
            taken_out=TakenOut(cases=214, letters=12, tables=2),
        ),
        records=(world.line("one"), world.line("two", 2, notes="ñ 日本", sex="FEMALE")),
        journal=world.journal(9, first=5),
        sealed=(SealedItem(world.uid("one"), 1, world.digest("commit"), world.VAULT, b"an age file"),),
        lists=(sign_envelope("application/vnd.rufaa.access.v1+json", b"{}", world.signer("user")),),
        attachments=(Attachment(world.uid("scan"), b"%PDF-1.7"),),
        signing_key=world.DEVICE_KEY,
        recipients=(public_key(world.INTAKE_SECRET),),
    )


def main() -> None:
    """Write the folder."""
    FOLDER.mkdir()
    made = bundle()
    package = world.package()
    to = public_key(world.DEVICE_SECRET)
    sealed = seal_values(SEALED_VALUES, **SEALED_TO, recipients=(public_key(world.seed("R")),))
    files = {
        "bundle.rufaa": made.content,
        "receipt.rufaa": make_receipt(world.receipt(), world.RECEIPT_KEY, to).content,
        "package.rufaa": make_package(
            roots=package.roots, keyset=package.keyset, rosters=package.rosters, recipient=to
        ).content,
        "sealed-values.age": sealed.sealed,
    }
    for name, content in files.items():
        (FOLDER / name).write_bytes(content)
    values = deterministic() | {
        "bundle_manifest": manifest_bytes(made.manifest).decode(),
        "sealed_values": {"commit": sealed.commit, "names": sealed.names, "values": SEALED_VALUES, **SEALED_TO},
    }
    text = json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True)
    (FOLDER / "vectors.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
