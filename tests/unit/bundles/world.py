"""One made-up Secretariat and one made-up office with fixed keys: valid objects by default, tests state their point."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.bundles import frame, sizes
from desktop.bundles.enrolment import Enrolment
from desktop.bundles.manifest import (
    PAYLOAD_TYPE,
    Encoding,
    Identity,
    Manifest,
    ManifestEntry,
    PreviousIncarnation,
    RosterMark,
    manifest_bytes,
)
from desktop.bundles.reader import Decrypted, OpenedBundle, open_and_verify, open_decrypted
from desktop.bundles.receipt import JournalMark, Outcome, Receipt, Returned
from desktop.bundles.records import RecordLine
from desktop.bundles.roster import Device, Office, Recipient, Roster, Use, sign_roster
from desktop.bundles.sequence import Link, Standing, link_of
from desktop.bundles.trust import KeySet, Package, Root, sign_keyset, sign_root
from desktop.bundles.writer import BUNDLE_MAGIC, BundleFacts, MadeBundle, SealedItem, make_bundle
from desktop.crypto.encoding import canonical_json, sha256_hex
from desktop.crypto.sealing import open_sealed, public_key
from desktop.crypto.signing import public_bytes, sign_envelope
from desktop.errors import NotTrusted
from desktop.rules.journal_chain import Act, Entry, HashRun, next_entry
from desktop.rules.taken_out import TakenOut

NOON = "2026-11-25T09:00:00.000Z"
LATER = "2027-11-25T09:00:00.000Z"


def seed(name: str) -> bytes:
    return hashlib.sha256(b"rufaa test vector: " + name.encode()).digest()


def signer(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed(name))


def verifier(name: str) -> bytes:
    return public_bytes(signer(name))


def uid(name: str) -> str:
    return str(uuid.UUID(bytes=seed(name)[:16], version=4))


def hex_id(name: str) -> str:
    return seed(name)[:16].hex()


def digest(name: str) -> str:
    return seed(name).hex()


DEVICE_KEY = signer("device")
DEVICE_SECRET = seed("device receiving")
INTAKE_SECRET = seed("intake operational")
RESTRICTED_SECRET = seed("intake restricted")
RECEIPT_KEY = signer("receipt")
DEVICE, INCARNATION, VAULT = hex_id("device"), hex_id("incarnation"), hex_id("vault")
OFFICE = "KE047"


def journal_entries(count: int) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(count):
        entries.append(
            next_entry(
                entries[-1] if entries else None,
                at=NOON,
                user=uid("user"),
                act=Act.RECORD_SAVED if number else Act.VAULT_CREATED,
                object=uid(f"record {number}"),
                revision_hash=digest(f"revision {number}") if number else None,
            )
        )
    return entries


def journal(count: int = 5, first: int = 1) -> HashRun:
    return HashRun(first, tuple(entry.hash for entry in journal_entries(count))[first - 1 :])


def device(**changes: Any) -> Device:
    base = Device(
        device=DEVICE,
        office=OFFICE,
        county="047",
        desk_code=381,
        label="Laptop 1",
        ed25519=public_bytes(DEVICE_KEY),
        x25519=public_key(DEVICE_SECRET),
        incarnation=INCARNATION,
        valid_from=1,
        revoked_after=None,
        revoked_reason=None,
    )
    return replace(base, **changes)


def roster(**changes: Any) -> Roster:
    base = Roster(
        version=1,
        keyset_version=1,
        practice=False,
        devices=(device(),),
        intake=(
            Recipient(Use.OPERATIONAL, public_key(INTAKE_SECRET), None),
            Recipient(Use.RESTRICTED, public_key(RESTRICTED_SECRET), None),
            Recipient(Use.RECOVERY, public_key(seed("recovery")), verifier("recovery")),
        ),
        receipt_keys=(public_bytes(RECEIPT_KEY),),
        offices=(Office(OFFICE, "047", "Nairobi anti-trafficking desk"),),
        min_app="0.1.0",
        min_seal="age-x25519-1",
        issued_at=NOON,
        expires_at=LATER,
        previous=None,
    )
    return replace(base, **changes)


def root(**changes: Any) -> Root:
    base = Root(
        version=1,
        name="Counter Trafficking Secretariat",
        keys=(verifier("root a"), verifier("root b"), verifier("root c")),
        threshold=2,
        practice=False,
        issued_at=NOON,
        expires_at=LATER,
        previous=None,
    )
    return replace(base, **changes)


def keyset(**changes: Any) -> KeySet:
    base = KeySet(
        version=1,
        root_version=1,
        roster_keys=(verifier("roster"),),
        roster_threshold=1,
        release_keys=(verifier("release"),),
        release_threshold=1,
        issued_at=NOON,
    )
    return replace(base, **changes)


def signed_root(value: Root | None = None) -> bytes:
    return sign_root(value or root(), signer("root a"), signer("root b"))


def signed_keyset(value: KeySet | None = None) -> bytes:
    return sign_keyset(value or keyset(), signer("root a"), signer("root c"))


def signed_roster(value: Roster | None = None) -> bytes:
    return sign_roster(value or roster(), signer("roster"))


def package(**changes: Any) -> Package:
    return replace(Package((signed_root(),), signed_keyset(), (signed_roster(),)), **changes)


def enrolment(**changes: Any) -> Enrolment:
    base = Enrolment(
        access_list=digest("access list"),
        app_version="0.1.0",
        county="047",
        desk_code=381,
        device=DEVICE,
        ed25519=public_bytes(DEVICE_KEY),
        incarnation=INCARNATION,
        label="Laptop 1",
        made_at=NOON,
        office=OFFICE,
        office_name="Nairobi anti-trafficking desk",
        practice=False,
        vault=VAULT,
        x25519=public_key(DEVICE_SECRET),
    )
    return replace(base, **changes)


def later(envelope: bytes, version: int = 2) -> bytes:
    """The same envelope under a later version of its payload type."""
    return envelope.replace(b".v1+json", b".v%d+json" % version)


def line(name: str = "one", rev: int = 1, **view: Any) -> RecordLine:
    return RecordLine(
        id=uid(name),
        kind="identification",
        case=uid("case"),
        form=1,
        rev=rev,
        parent=digest(f"{name} {rev - 1}") if rev > 1 else None,
        void=None,
        salt=seed(f"salt {name} {rev}")[:16],
        view=view or {"citizenship": ["UGA"], "is_child": False, "referral_source": {"missing": "DK"}},
    )


def facts(**changes: Any) -> BundleFacts:
    base = BundleFacts(
        access_list=digest("access list"),
        app_version="0.1.0",
        bundle=uid("bundle"),
        device=DEVICE,
        identity=Identity.PSEUDONYMOUS,
        incarnation=INCARNATION,
        made_at=NOON,
        office=OFFICE,
        practice=False,
        previous_bundle=None,
        previous_incarnation=None,
        roster=RosterMark(roster().payload_sha256, 1),
        sequence=1,
        taken_out=TakenOut(cases=0, letters=0, tables=0),
    )
    return replace(base, **changes)


def made(
    *,
    records: tuple[RecordLine, ...] | None = None,
    run: HashRun | None = None,
    key: Ed25519PrivateKey = DEVICE_KEY,
    recipients: tuple[bytes, ...] = (),
    sealed: tuple[SealedItem, ...] = (),
    lists: tuple[bytes, ...] = (),
    **changes: Any,
) -> MadeBundle:
    return make_bundle(
        facts(**changes),
        records=(line("one"), line("two", 2)) if records is None else records,
        journal=run or journal(),
        sealed=sealed,
        lists=lists,
        signing_key=key,
        recipients=recipients or (public_key(INTAKE_SECRET),),
    )


def opened(content: bytes, with_roster: Roster | None = None, *, practice: bool = False) -> OpenedBundle:
    return open_and_verify(content, intake_secrets=(INTAKE_SECRET,), roster=with_roster or roster(), practice=practice)


def plaintext_of(bundle: MadeBundle) -> bytes:
    return open_sealed(bundle.content, INTAKE_SECRET)


def plaintext_of_for(bundle: MadeBundle, receiver: str) -> bytes:
    return open_sealed(bundle.content, seed(receiver))


def link(opened: OpenedBundle, standing: Standing = Standing.NEXT) -> Link:
    return link_of(opened.manifest, opened.file_sha256, standing)


def opened_plain(plaintext: bytes, with_roster: Roster | None = None, *, practice: bool = False) -> OpenedBundle:
    """Read an inner layer as if it had been sealed again: age vouches for nothing but itself."""
    decrypted = Decrypted(digest("file"), plaintext, public_key(INTAKE_SECRET))
    return open_decrypted(decrypted, roster=with_roster or roster(), practice=practice)


def plain_bundle(payload: bytes, bodies: bytes, key: Ed25519PrivateKey = DEVICE_KEY) -> bytes:
    """Frame, sign and pad any payload and bodies: what a hostile holder of a device key can make."""
    head = frame.frame(BUNDLE_MAGIC, sign_envelope(PAYLOAD_TYPE, payload, key))
    bucket = sizes.bucket_for(len(head) + len(bodies))
    assert bucket is not None
    return head + bodies + bytes(sizes.plaintext_bytes(bucket) - len(head) - len(bodies))


def resigned(manifest: Manifest, bodies: bytes, **changes: Any) -> bytes:
    return plain_bundle(manifest_bytes(replace(manifest, **changes)), bodies)


def bodies_of(bundle: MadeBundle) -> bytes:
    stored = sum(entry.stored for entry in bundle.manifest.entries)
    return plaintext_of(bundle)[bundle.used_bytes - stored : bundle.used_bytes]


def receipt(**changes: Any) -> Receipt:
    base = Receipt(
        bundle=uid("bundle"),
        bundle_sha256=digest("bundle file"),
        device=DEVICE,
        incarnation=INCARNATION,
        journal=JournalMark(5, digest("head")),
        ledger_head=digest("ledger"),
        min_app="0.1.0",
        missing=(),
        next_sequence=2,
        outcome=Outcome.RECEIVED,
        practice=False,
        reason=None,
        received_at=NOON,
        returned=(Returned(2, uid("two"), 2, "RECORD_MALFORMED"),),
        roster_version=1,
        sequence=1,
        taken=1,
    )
    return replace(base, **changes)


def restored(sequence: int, count: int, head: str, incarnation: str = INCARNATION) -> PreviousIncarnation:
    return PreviousIncarnation(incarnation, count, head, sequence)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(NotTrusted) as refused:
        act()
    return refused.value.code


def as_is(name: str, body: bytes) -> ManifestEntry:
    digest = sha256_hex(body)
    return ManifestEntry(Encoding.IDENTITY, name, len(body), digest, digest, len(body))


def with_entries(*named: tuple[str, bytes]) -> bytes:
    """A bundle whose entries, besides the journal, are exactly these, stored as they are."""
    bundle = made()
    run = journal()
    bodies = [(name, body) for name, body in named if name == "records"]
    bodies.append(("journal", b"".join(bytes.fromhex(value) for value in run.hashes)))
    bodies += [(name, body) for name, body in named if name != "records"]
    entries = tuple(as_is(name, body) for name, body in bodies)
    return resigned(bundle.manifest, b"".join(body for _, body in bodies), entries=entries)


def edited_payload(change: Callable[[dict[str, Any]], None]) -> bytes:
    bundle = made()
    value = asdict(bundle.manifest)
    change(value)
    return plain_bundle(canonical_json(value), bodies_of(bundle))


def next_roster(before: Roster, **changes: Any) -> Roster:
    return replace(before, version=before.version + 1, previous=before.payload_sha256, **changes)
