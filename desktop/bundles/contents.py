"""What the entries of a bundle hold once they are plain: records, journal hashes, sealed items, lists, attachments.

A broken limit refuses the whole bundle. One record that cannot be read is set aside with a reason while the others
stand (field reports J05 and L07): its office is told, nobody else waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from desktop.bundles import members as m
from desktop.bundles import sizes
from desktop.bundles.codes import ReasonCode, RecordReason
from desktop.bundles.frame import is_newer
from desktop.bundles.manifest import (
    ATTACHMENT_PREFIX,
    HASH_BYTES,
    JOURNAL,
    LISTS,
    RECORDS,
    SEALED,
    Manifest,
)
from desktop.bundles.records import MAX_RECORD_BYTES, RecordLine, parse_line
from desktop.bundles.writer import Attachment, SealedItem
from desktop.crypto.encoding import JSONValue, Malformed, strict_json
from desktop.crypto.signing import peek_payload
from desktop.errors import NotTrusted
from desktop.rules.journal_chain import HashRun

ACCESS_TYPE = "application/vnd.rufaa.access.v1+json"
MAX_SET_ASIDE = 1_000
# What `parse_line` says of a line that is JSON within the limits all the same.
_READABLE = frozenset(("NOT_CANONICAL", "MEMBER", "VALUE"))
_LENGTH_BYTES = 4
_MAX_ITEM_HEAD_BYTES = 1024
_ITEM_MEMBERS = frozenset(("commit", "id", "rev", "vault"))


@dataclass(frozen=True)
class ReceivedRecord:
    """A record and the number of its line, counted from 1."""

    line_number: int
    record: RecordLine


@dataclass(frozen=True)
class SetAside:
    """A line that is no record; id and revision where it still tells them."""

    line_number: int
    reason: RecordReason
    id: str | None
    rev: int | None


@dataclass(frozen=True)
class Contents:
    """Everything a bundle carries."""

    records: tuple[ReceivedRecord, ...] = field(repr=False)
    set_aside: tuple[SetAside, ...]
    journal: HashRun = field(repr=False)
    sealed: tuple[SealedItem, ...] = field(repr=False)
    lists: tuple[bytes, ...] = field(repr=False)
    attachments: tuple[Attachment, ...] = field(repr=False)


def read_contents(manifest: Manifest, plain: Mapping[str, bytes]) -> Contents:
    """Parse the plain entries, whose lengths and hashes agree with the manifest already.

    Raises:
        NotTrusted: RECORDS_WRONG, JOURNAL_WRONG, SEALED_WRONG or LISTS_WRONG.
    """
    records, set_aside = _records(plain.get(RECORDS, b""))
    return Contents(
        records=records,
        set_aside=set_aside,
        journal=_journal(manifest, plain[JOURNAL]),
        sealed=_sealed(plain.get(SEALED, b"")),
        lists=_lists(plain.get(LISTS, b"")),
        attachments=tuple(
            Attachment(name.removeprefix(ATTACHMENT_PREFIX), body)
            for name, body in plain.items()
            if name.startswith(ATTACHMENT_PREFIX)
        ),
    )


def _lines(data: bytes, most: int, longest: int, reason: ReasonCode) -> list[bytes]:
    """Split into lines, each ended by a line feed; counted before they are made, so that feeds alone fill no memory."""
    if not data:
        return []
    if not data.endswith(b"\n") or data.count(b"\n") > most:
        raise NotTrusted(reason)
    lines = data[:-1].split(b"\n")
    if max(len(line) for line in lines) > longest:
        raise NotTrusted(reason)
    return lines


def _records(data: bytes) -> tuple[tuple[ReceivedRecord, ...], tuple[SetAside, ...]]:
    records: list[ReceivedRecord] = []
    set_aside: list[SetAside] = []
    seen: set[tuple[str, int]] = set()
    lines = _lines(data, sizes.MAX_RECORDS, MAX_RECORD_BYTES, ReasonCode.RECORDS_WRONG)
    for number, line in enumerate(lines, start=1):
        try:
            record = parse_line(line)
        except Malformed as error:
            set_aside.append(_set_aside(number, line, error))
            if len(set_aside) > MAX_SET_ASIDE:
                raise NotTrusted(ReasonCode.RECORDS_WRONG) from None
            continue
        if (record.id, record.rev) in seen:
            set_aside.append(SetAside(number, RecordReason.RECORD_REPEATED, record.id, record.rev))
        else:
            seen.add((record.id, record.rev))
            records.append(ReceivedRecord(number, record))
    if len(set_aside) > MAX_SET_ASIDE:
        raise NotTrusted(ReasonCode.RECORDS_WRONG)
    return tuple(records), tuple(set_aside)


def _set_aside(number: int, line: bytes, error: Malformed) -> SetAside:
    """Name the record as far as its line allows, so that its office can find it."""
    reason = RecordReason.RECORD_NOT_CANONICAL if str(error) == "NOT_CANONICAL" else RecordReason.RECORD_MALFORMED
    if str(error) not in _READABLE:  # no use, and no time, for parsing a bomb twice
        return SetAside(number, reason, None, None)
    try:
        value = strict_json(line, limit_bytes=MAX_RECORD_BYTES)
        return SetAside(number, reason, m.uid(value["id"]), m.positive(value["rev"]))
    except (Malformed, KeyError, TypeError):
        return SetAside(number, reason, None, None)


def _journal(manifest: Manifest, data: bytes) -> HashRun:
    hashes = tuple(data[at : at + HASH_BYTES].hex() for at in range(0, len(data), HASH_BYTES))
    run = HashRun(manifest.journal.first, hashes)
    if run.head != manifest.journal.head:
        raise NotTrusted(ReasonCode.JOURNAL_WRONG)
    return run


def _sealed(data: bytes) -> tuple[SealedItem, ...]:
    items: list[SealedItem] = []
    try:
        parts = _parts(data)
        for head in parts:
            if len(items) == sizes.MAX_SEALED_ITEMS:
                raise Malformed("COUNT")
            items.append(_item(m.members(m.document(head, _MAX_ITEM_HEAD_BYTES), _ITEM_MEMBERS), next(parts, b"")))
        m.distinct(tuple((item.id, item.rev) for item in items))
    except Malformed:
        raise NotTrusted(ReasonCode.SEALED_WRONG) from None
    return tuple(items)


def _item(head: dict[str, JSONValue], content: bytes) -> SealedItem:
    if not content:
        raise Malformed("MEMBER")
    return SealedItem(
        m.uid(head["id"]), m.positive(head["rev"]), m.digest(head["commit"]), m.hex_id(head["vault"]), content
    )


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield the parts of length-prefixed bytes; what is left over is refused."""
    at = 0
    while at < len(data):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise Malformed("LENGTH")
        yield data[start:at]


def _lists(data: bytes) -> tuple[bytes, ...]:
    """Return the access lists; whether they follow one another is for whoever keeps the chain."""
    lines = _lines(data, sizes.MAX_LISTS, sizes.MAX_LIST_BYTES, ReasonCode.LISTS_WRONG)
    for line in lines:
        try:
            peek_payload(line, ACCESS_TYPE)
        except Malformed:
            newer = is_newer(line, ACCESS_TYPE)
            raise NotTrusted(ReasonCode.NEWER_FORMAT if newer else ReasonCode.LISTS_WRONG) from None
    return tuple(lines)
