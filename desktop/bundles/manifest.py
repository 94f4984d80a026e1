"""The manifest of a bundle: what the device signs. Parsed strictly; a member not known is refused."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from enum import StrEnum

from desktop.bundles import members as m
from desktop.bundles import sizes
from desktop.crypto.encoding import JSONValue, Malformed, canonical_json, sha256_hex
from desktop.crypto.signing import MAX_ENVELOPE_BYTES
from desktop.rules.taken_out import MOST, TakenOut

PAYLOAD_TYPE = "application/vnd.rufaa.bundle.v1+json"
SCHEMA = 1
RECORDS, JOURNAL, SEALED, LISTS = "records", "journal", "sealed", "lists"
ATTACHMENT_PREFIX = "attachment/"
HASH_BYTES = 32
MAX_RECIPIENTS = 16
_FIXED = (RECORDS, JOURNAL, SEALED, LISTS)
_COMPRESSIBLE = (RECORDS, JOURNAL)
_ATTACHMENT = re.compile(r"attachment/[0-9a-f-]{36}")
_MEMBERS = frozenset(
    (
        "access_list",
        "app_version",
        "bundle",
        "device",
        "entries",
        "identity",
        "incarnation",
        "journal",
        "made_at",
        "office",
        "oldest_reader",
        "practice",
        "previous_bundle",
        "previous_incarnation",
        "recipients",
        "roster",
        "schema",
        "sequence",
        "taken_out",
    )
)
_ENTRY_MEMBERS = frozenset(("encoding", "name", "plain", "sha256_plain", "sha256_stored", "stored"))


class NewerSchema(Malformed):
    """The manifest asks for a newer reader."""


class Identity(StrEnum):
    """Whether the records carry who the persons are (decisions 24)."""

    PSEUDONYMOUS = "PSEUDONYMOUS"
    IDENTIFIED = "IDENTIFIED"


class Encoding(StrEnum):
    """How an entry is stored."""

    IDENTITY = "identity"
    ZSTD = "zstd"


@dataclass(frozen=True)
class ManifestEntry:
    """One entry: its name, how it is stored, and length and SHA-256 of both forms."""

    encoding: Encoding
    name: str
    plain: int
    sha256_plain: str
    sha256_stored: str
    stored: int


@dataclass(frozen=True)
class JournalSpan:
    """The stretch of the journal a bundle carries: numbers of its first and last entry, hash of the last."""

    count: int
    first: int
    head: str


@dataclass(frozen=True)
class PreviousIncarnation:
    """Where the incarnation before this one stood, in the first bundle after a restore (threat-model attack 14)."""

    incarnation: str
    journal_count: int
    journal_head: str
    sequence: int


@dataclass(frozen=True)
class RosterMark:
    """Which roster the device went by."""

    sha256: str
    version: int


@dataclass(frozen=True)
class Manifest:
    """Everything the device says of a bundle. Hashes and ids are hex, recipients are SHA-256 of raw public keys."""

    access_list: str
    app_version: str
    bundle: str
    device: str
    entries: tuple[ManifestEntry, ...]
    identity: Identity
    incarnation: str
    journal: JournalSpan
    made_at: str
    office: str
    oldest_reader: int
    practice: bool
    previous_bundle: str | None
    previous_incarnation: PreviousIncarnation | None
    recipients: tuple[str, ...]
    roster: RosterMark
    schema: int
    sequence: int
    taken_out: TakenOut


def fingerprint(public_key: bytes) -> str:
    """Return how a manifest names a recipient: SHA-256 of the raw public key."""
    return sha256_hex(public_key)


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the payload that is signed; `parse_manifest` reads it back. Raises Malformed for what it would refuse."""
    body = canonical_json(asdict(manifest))
    parse_manifest(body)
    return body


def parse_manifest(payload: bytes) -> Manifest:
    """Read a manifest: every member, its type and range, and the rules between them.

    Raises:
        NewerSchema: It asks for a newer reader.
        Malformed: Anything else.
    """
    value = m.document(payload, MAX_ENVELOPE_BYTES)
    # Before the strict reading: what a newer manifest holds is not ours to judge.
    if isinstance(value, dict) and m.positive(value.get("oldest_reader")) > SCHEMA:
        raise NewerSchema("NEWER")
    found = m.members(value, _MEMBERS)
    manifest = Manifest(
        access_list=m.digest(found["access_list"]),
        app_version=m.version(found["app_version"]),
        bundle=m.uid(found["bundle"]),
        device=m.hex_id(found["device"]),
        entries=m.several(found["entries"], _entry, 1, len(_FIXED) + sizes.MAX_ATTACHMENTS),
        identity=m.one_of(found["identity"], Identity),
        incarnation=m.hex_id(found["incarnation"]),
        journal=_journal(found["journal"]),
        made_at=m.moment(found["made_at"]),
        office=m.code(found["office"]),
        oldest_reader=m.positive(found["oldest_reader"]),
        practice=m.truth(found["practice"]),
        previous_bundle=m.optional(found["previous_bundle"], m.digest),
        previous_incarnation=m.optional(found["previous_incarnation"], _previous_incarnation),
        recipients=m.distinct(m.several(found["recipients"], m.digest, 1, MAX_RECIPIENTS)),
        roster=_roster(found["roster"]),
        schema=m.positive(found["schema"]),
        sequence=m.positive(found["sequence"]),
        taken_out=_taken_out(found["taken_out"]),
    )
    _check_entries(manifest)
    _check_links(manifest)
    return manifest


def _entry(value: JSONValue) -> ManifestEntry:
    found = m.members(value, _ENTRY_MEMBERS)
    return ManifestEntry(
        encoding=m.one_of(found["encoding"], Encoding),
        name=_entry_name(found["name"]),
        plain=m.whole(found["plain"], 1, sizes.MAX_PLAIN_BYTES),
        sha256_plain=m.digest(found["sha256_plain"]),
        sha256_stored=m.digest(found["sha256_stored"]),
        stored=m.whole(found["stored"], 1, sizes.MAX_FILE_BYTES),
    )


def _entry_name(value: JSONValue) -> str:
    if isinstance(value, str) and value in _FIXED:
        return value
    if not isinstance(value, str) or not _ATTACHMENT.fullmatch(value):
        raise Malformed("MEMBER")
    m.uid(value.removeprefix(ATTACHMENT_PREFIX))
    return value


def _journal(value: JSONValue) -> JournalSpan:
    found = m.members(value, frozenset(("count", "first", "head")))
    count = m.positive(found["count"])
    return JournalSpan(count, m.whole(found["first"], 1, count), m.digest(found["head"]))


def _previous_incarnation(value: JSONValue) -> PreviousIncarnation:
    found = m.members(value, frozenset(("incarnation", "journal_count", "journal_head", "sequence")))
    return PreviousIncarnation(
        incarnation=m.hex_id(found["incarnation"]),
        journal_count=m.positive(found["journal_count"]),
        journal_head=m.digest(found["journal_head"]),
        sequence=m.whole(found["sequence"]),
    )


def _roster(value: JSONValue) -> RosterMark:
    found = m.members(value, frozenset(("sha256", "version")))
    return RosterMark(m.digest(found["sha256"]), m.positive(found["version"]))


def _taken_out(value: JSONValue) -> TakenOut:
    found = m.members(value, frozenset(("cases", "letters", "tables")))
    cases, letters, tables = (m.whole(found[name], 0, MOST) for name in ("cases", "letters", "tables"))
    return TakenOut(cases, letters, tables)


def _check_entries(manifest: Manifest) -> None:
    names = m.distinct(tuple(entry.name for entry in manifest.entries))
    ranks = [_FIXED.index(name) if name in _FIXED else len(_FIXED) for name in names]
    if ranks != sorted(ranks) or JOURNAL not in names:
        raise Malformed("ENTRIES")
    if sum(entry.plain for entry in manifest.entries) > sizes.MAX_PLAIN_BYTES:
        raise Malformed("ENTRIES")
    for entry in manifest.entries:
        _check_entry(entry, manifest.journal)


def _check_entry(entry: ManifestEntry, journal: JournalSpan) -> None:
    if entry.encoding is Encoding.IDENTITY:
        if entry.plain != entry.stored or entry.sha256_plain != entry.sha256_stored:
            raise Malformed("ENTRIES")
    elif entry.name not in _COMPRESSIBLE or entry.plain > entry.stored * sizes.MAX_RATIO:
        raise Malformed("ENTRIES")
    if entry.name.startswith(ATTACHMENT_PREFIX) and entry.plain > sizes.MAX_ATTACHMENT_BYTES:
        raise Malformed("ENTRIES")
    if entry.name == JOURNAL and entry.plain != HASH_BYTES * (journal.count - journal.first + 1):
        raise Malformed("ENTRIES")


def _check_links(manifest: Manifest) -> None:
    previous = manifest.previous_incarnation
    if (manifest.sequence == 1) != (manifest.previous_bundle is None) or manifest.oldest_reader > manifest.schema:
        raise Malformed("LINKS")
    if previous is not None and (
        previous.incarnation == manifest.incarnation
        or previous.sequence + 1 != manifest.sequence
        or previous.journal_count > manifest.journal.count
    ):
        raise Malformed("LINKS")
