"""Making a bundle: records in one frame, manifest, signature, padding, seal (docs/formats.md section 7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop.bundles import frame, sizes
from desktop.bundles.manifest import (
    ATTACHMENT_PREFIX,
    JOURNAL,
    LISTS,
    PAYLOAD_TYPE,
    RECORDS,
    SCHEMA,
    SEALED,
    Encoding,
    Identity,
    JournalSpan,
    Manifest,
    ManifestEntry,
    PreviousIncarnation,
    RosterMark,
    fingerprint,
    manifest_bytes,
)
from desktop.bundles.records import RecordLine, line_bytes, view_hash
from desktop.crypto.encoding import canonical_json, length_prefixed, sha256_hex
from desktop.crypto.sealing import seal
from desktop.crypto.signing import sign_envelope
from desktop.errors import Obstacle
from desktop.rules.journal_chain import HashRun
from desktop.rules.taken_out import TakenOut

BUNDLE_MAGIC = b"RUFAA1\n"
# Levels of zstd. The close one keeps the daily bundle within decisions 23. For the ten thousand records of a first
# bundle it would take over a second, and some 80 MB of memory, to make the whole a twentieth shorter.
_CLOSE, _FAST = 19, 3
_CLOSE_UP_TO_BYTES = 1024 * 1024


@dataclass(frozen=True)
class BundleFacts:
    """What the office says of a bundle; the writer adds entries, recipients, journal and schema."""

    access_list: str
    app_version: str
    bundle: str
    device: str
    identity: Identity
    incarnation: str
    made_at: str
    office: str
    practice: bool
    previous_bundle: str | None
    previous_incarnation: PreviousIncarnation | None
    roster: RosterMark
    sequence: int
    taken_out: TakenOut


@dataclass(frozen=True)
class SealedItem:
    """The sealed values of one record revision: an age file only the restricted intake opens, and who sealed it."""

    id: str
    rev: int
    commit: str
    vault: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Attachment:
    """A stored scan or photograph, as it is."""

    id: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class ViewMade:
    """Which view of which revision left, for the journal's sake."""

    id: str
    rev: int
    view_hash: str


@dataclass(frozen=True)
class MadeBundle:
    """A bundle ready to hand over. `used_bytes` is its plaintext before padding."""

    content: bytes = field(repr=False)
    file_name: str
    sha256: str
    manifest: Manifest
    manifest_sha256: str
    views: tuple[ViewMade, ...] = field(repr=False)
    used_bytes: int
    bucket_bytes: int


def make_bundle(
    facts: BundleFacts,
    *,
    records: Iterable[RecordLine],
    journal: HashRun,
    sealed: Iterable[SealedItem] = (),
    lists: Iterable[bytes] = (),
    attachments: Iterable[Attachment] = (),
    signing_key: Ed25519PrivateKey,
    recipients: Sequence[bytes],
) -> MadeBundle:
    """Make, sign and seal a bundle. Line `n` of the records is view `n - 1` of `views`.

    Raises:
        Obstacle: BUNDLE_TOO_LARGE; make a chain of smaller ones.
        Malformed: A fact outside its format.
    """
    room = _Room()
    lines = _Lines(room)
    stored: list[tuple[ManifestEntry, bytes]] = []
    if records_plain := b"".join(lines.each(records)):
        level = _CLOSE if len(records_plain) <= _CLOSE_UP_TO_BYTES else _FAST
        stored.append(_compressed(RECORDS, records_plain, level))
    if hashes := room.take(bytes.fromhex("".join(journal.hashes))):
        stored.append(_compressed(JOURNAL, hashes, _FAST))  # no level makes hashes shorter
    items = [length_prefixed(_item_head(item), item.content) for item in sealed]
    if items:
        stored.append(_as_is(SEALED, room.take(b"".join(items))))
    envelopes = [envelope + b"\n" for envelope in lists]
    if envelopes:
        stored.append(_as_is(LISTS, room.take(b"".join(envelopes))))
    stored += [_as_is(ATTACHMENT_PREFIX + scan.id, room.take(scan.content)) for scan in attachments]
    _check_counts(len(lines.views), len(items), len(envelopes))
    manifest = _manifest(facts, tuple(entry for entry, _ in stored), journal, recipients)
    payload = manifest_bytes(manifest)
    head = frame.frame(BUNDLE_MAGIC, sign_envelope(PAYLOAD_TYPE, payload, signing_key))
    used = len(head) + sum(entry.stored for entry, _ in stored)
    bucket = sizes.bucket_for(used)
    if bucket is None:
        raise Obstacle("BUNDLE_TOO_LARGE")
    padding = bytes(sizes.plaintext_bytes(bucket) - used)
    content = seal(b"".join((head, *(body for _, body in stored), padding)), *recipients)
    return MadeBundle(
        content=content,
        file_name=frame.file_name("R"),
        sha256=sha256_hex(content),
        manifest=manifest,
        manifest_sha256=sha256_hex(payload),
        views=tuple(lines.views),
        used_bytes=used,
        bucket_bytes=bucket,
    )


class _Room:
    """Counts plain bytes, so that a bundle too large is given up before it fills the memory."""

    def __init__(self) -> None:
        self._left = sizes.MAX_PLAIN_BYTES

    def take(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise Obstacle("BUNDLE_TOO_LARGE")
        return data


class _Lines:
    """Turns records into lines one at a time and remembers which view of which revision each was."""

    def __init__(self, room: _Room) -> None:
        self._room = room
        self.views: list[ViewMade] = []

    def each(self, records: Iterable[RecordLine]) -> Iterable[bytes]:
        for record in records:
            yield self._room.take(line_bytes(record) + b"\n")
            self.views.append(ViewMade(record.id, record.rev, view_hash(record)))


def _compressed(name: str, plain: bytes, level: int) -> tuple[ManifestEntry, bytes]:
    """Compress everything as one zstd frame, or leave it as it is where the reader's ratio would be passed.

    It comes as a whole: the frame must hold its content's length, and a compressor that does not know the length takes
    more memory than the content does.
    """
    body = zstandard.ZstdCompressor(level=level).compress(plain)
    if len(plain) > len(body) * sizes.MAX_RATIO:
        return _as_is(name, plain)
    return ManifestEntry(Encoding.ZSTD, name, len(plain), sha256_hex(plain), sha256_hex(body), len(body)), body


def _as_is(name: str, body: bytes) -> tuple[ManifestEntry, bytes]:
    digest = sha256_hex(body)
    return ManifestEntry(Encoding.IDENTITY, name, len(body), digest, digest, len(body)), body


def _item_head(item: SealedItem) -> bytes:
    return canonical_json({"commit": item.commit, "id": item.id, "rev": item.rev, "vault": item.vault})


def _check_counts(records: int, sealed: int, lists: int) -> None:
    if records > sizes.MAX_RECORDS or sealed > sizes.MAX_SEALED_ITEMS or lists > sizes.MAX_LISTS:
        raise Obstacle("BUNDLE_TOO_LARGE")


def _manifest(
    facts: BundleFacts, entries: tuple[ManifestEntry, ...], journal: HashRun, recipients: Sequence[bytes]
) -> Manifest:
    return Manifest(
        access_list=facts.access_list,
        app_version=facts.app_version,
        bundle=facts.bundle,
        device=facts.device,
        entries=entries,
        identity=facts.identity,
        incarnation=facts.incarnation,
        journal=JournalSpan(journal.count, journal.first, journal.head),
        made_at=facts.made_at,
        office=facts.office,
        oldest_reader=SCHEMA,
        practice=facts.practice,
        previous_bundle=facts.previous_bundle,
        previous_incarnation=facts.previous_incarnation,
        recipients=tuple(fingerprint(key) for key in recipients),
        roster=facts.roster,
        schema=SCHEMA,
        sequence=facts.sequence,
        taken_out=facts.taken_out,
    )
