from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.bundles import frame, sizes
from desktop.bundles.codes import ReasonCode, RecordReason
from desktop.bundles.contents import MAX_SET_ASIDE
from desktop.bundles.manifest import Encoding, ManifestEntry, RosterMark
from desktop.bundles.reader import OpenedBundle, place_in_sequence
from desktop.bundles.records import fresh_salt, line_bytes, view_hash
from desktop.bundles.sequence import SequenceState, Standing
from desktop.bundles.writer import Attachment, MadeBundle, SealedItem, make_bundle
from desktop.crypto.encoding import Malformed, canonical_json, length_prefixed, sha256_hex
from desktop.crypto.sealing import generate_secret, public_key, seal
from desktop.crypto.signing import sign_envelope
from desktop.errors import NotTrusted, Obstacle
from desktop.rules.journal_chain import HashRun
from tests.unit.bundles import world
from tests.unit.bundles.test_records import FIELDS

ACCESS = "application/vnd.rufaa.access.v1+json"


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(NotTrusted) as refused:
        act()
    return refused.value.code


def as_is(name: str, body: bytes) -> ManifestEntry:
    digest = sha256_hex(body)
    return ManifestEntry(Encoding.IDENTITY, name, len(body), digest, digest, len(body))


def with_entries(*named: tuple[str, bytes]) -> bytes:
    """A bundle whose entries, besides the journal, are exactly these, stored as they are."""
    bundle = world.made()
    run = world.journal()
    bodies = [(name, body) for name, body in named if name == "records"]
    bodies.append(("journal", b"".join(bytes.fromhex(value) for value in run.hashes)))
    bodies += [(name, body) for name, body in named if name != "records"]
    entries = tuple(as_is(name, body) for name, body in bodies)
    return world.resigned(bundle.manifest, b"".join(body for _, body in bodies), entries=entries)


# ------------------------------------------------------------------------------------------- what goes in comes out


def full_bundle() -> tuple[MadeBundle, dict[str, Any]]:
    parts: dict[str, Any] = {
        "records": (world.line("one"), world.line("two", 2, notes="Kisumu ñ 日本")),
        "journal": world.journal(9, first=4),
        "sealed": (
            SealedItem(world.uid("one"), 1, world.digest("commit"), b"age file one"),
            SealedItem(world.uid("two"), 2, world.digest("commit"), b"age file two"),
        ),
        "lists": tuple(sign_envelope(ACCESS, b'{"list":%d}' % n, world.signer("user")) for n in (1, 2)),
        "attachments": (
            Attachment(world.uid("scan"), b"%PDF-1.7 and more"),
            Attachment(world.uid("photo"), b"\xff\xd8"),
        ),
    }
    bundle = make_bundle(
        world.facts(sequence=7, previous_bundle=world.digest("bundle 6")),
        **parts,
        signing_key=world.DEVICE_KEY,
        recipients=(public_key(world.RESTRICTED_SECRET), public_key(world.INTAKE_SECRET)),
    )
    return bundle, parts


def test_everything_put_in_comes_out_the_same() -> None:
    bundle, parts = full_bundle()
    opened = world.opened(bundle.content)
    contents = opened.contents
    assert tuple(item.record for item in contents.records) == parts["records"]
    assert [item.line_number for item in contents.records] == [1, 2]
    assert contents.set_aside == ()
    assert contents.journal == parts["journal"]
    assert contents.sealed == parts["sealed"]
    assert contents.lists == parts["lists"]
    assert contents.attachments == parts["attachments"]
    assert (opened.manifest, opened.manifest_sha256) == (bundle.manifest, bundle.manifest_sha256)
    assert opened.file_sha256 == bundle.sha256 == sha256_hex(bundle.content)
    assert opened.device == world.device()
    assert opened.opened_with == public_key(world.INTAKE_SECRET)


def test_views_are_named_for_the_journal_in_the_order_of_the_lines() -> None:
    bundle, parts = full_bundle()
    assert [(view.id, view.rev, view.view_hash) for view in bundle.views] == [
        (line.id, line.rev, view_hash(line)) for line in parts["records"]
    ]


@given(st.lists(FIELDS, max_size=6), st.integers(1, 40), st.integers(1, 10))
def test_any_records_and_journal_come_back(views: list[dict[str, Any]], count: int, first: int) -> None:
    records = tuple(replace(world.line(f"record {n}"), view=view) for n, view in enumerate(views))
    run = HashRun(first, tuple(fresh_salt().hex() for _ in range(count)))
    contents = world.opened(world.made(records=records, run=run).content).contents
    assert tuple(item.record for item in contents.records) == records
    assert contents.journal == run


def test_file_name_is_random_and_says_only_that_it_is_a_bundle() -> None:
    names = {world.made().file_name for _ in range(20)}
    assert len(names) == 20
    assert all(re.fullmatch(r"R-[A-Z2-7]{10}\.rufaa", name) for name in names)


def test_size_on_the_line_says_only_the_bucket() -> None:
    small, large = world.made(), world.made(records=tuple(world.line(f"r{n}") for n in range(150)))
    assert small.bucket_bytes == large.bucket_bytes == 64 * 1024
    assert len(world.plaintext_of(small)) == len(world.plaintext_of(large))
    for _ in range(30):  # age's header varies by design; the file never passes its bucket
        sealed = seal(world.plaintext_of(small), *[public_key(generate_secret()) for _ in range(8)])
        assert len(sealed) <= small.bucket_bytes


@pytest.mark.parametrize("bucket", sizes.BUCKETS)
def test_every_bucket_holds_its_plaintext_with_room_for_the_header(bucket: int) -> None:
    plain = sizes.plaintext_bytes(bucket)
    assert plain + 16 * -(-plain // 65_536) + 2_048 <= bucket
    assert sizes.bucket_for(plain) == bucket
    assert sizes.bucket_for(plain + 1) != bucket


def test_text_that_compresses_beyond_the_ratio_travels_as_it_is() -> None:
    bundle = world.made(records=(world.line("one", 1, notes="a" * 900_000),))
    entry = next(entry for entry in bundle.manifest.entries if entry.name == "records")
    assert entry.encoding is Encoding.IDENTITY
    (received,) = world.opened(bundle.content).contents.records
    assert received.record.view == {"notes": "a" * 900_000}


def test_bundle_with_nothing_but_the_journal_is_accepted() -> None:
    contents = world.opened(world.made(records=()).content).contents
    assert (contents.records, contents.journal) == ((), world.journal())


@pytest.mark.parametrize(
    "too_much",
    [
        {"records": (world.line(f"r{n}") for n in range(sizes.MAX_RECORDS + 1))},
        {"attachments": [Attachment(world.uid(str(n)), bytes(sizes.MAX_ATTACHMENT_BYTES)) for n in range(7)]},
        {"lists": [b"{}"] * (sizes.MAX_LISTS + 1)},
    ],
    ids=["records", "bytes", "lists"],
)
def test_writer_gives_up_what_its_reader_would_refuse(too_much: dict[str, Any]) -> None:
    parts: dict[str, Any] = {"records": (), "journal": world.journal()} | too_much
    with pytest.raises(Obstacle) as refused:
        make_bundle(world.facts(), **parts, signing_key=world.DEVICE_KEY, recipients=[public_key(world.INTAKE_SECRET)])
    assert refused.value.code == "BUNDLE_TOO_LARGE"


@pytest.mark.parametrize(
    "wrong", [{"office": "two words"}, {"sequence": 0}, {"sequence": 2}, {"made_at": "now"}, {"app_version": "1"}]
)
def test_writer_signs_nothing_that_its_reader_would_refuse(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        world.made(**wrong)


# ------------------------------------------------------------------------------------------- one reason a refusal


def sealed_plain(plaintext: bytes) -> bytes:
    return seal(plaintext, public_key(world.INTAKE_SECRET))


def edited_payload(change: Callable[[dict[str, Any]], None]) -> bytes:
    bundle = world.made()
    value = asdict(bundle.manifest)
    change(value)
    return world.plain_bundle(canonical_json(value), world.bodies_of(bundle))


def add_member(value: dict[str, Any]) -> None:
    value["note"] = "unknown"


def newer(value: dict[str, Any]) -> None:
    value.update(schema=3, oldest_reader=2, note="unknown to us")


def lying_zstd(bundle: MadeBundle) -> bytes:
    """The manifest says one byte less than the frame holds, and signs it."""
    entries = bundle.manifest.entries
    lie = replace(entries[0], plain=entries[0].plain - 1)
    return world.resigned(bundle.manifest, world.bodies_of(bundle), entries=(lie, *entries[1:]))


def other_plain_hash(bundle: MadeBundle) -> bytes:
    entries = bundle.manifest.entries
    lie = replace(entries[0], sha256_plain=world.digest("other"))
    return world.resigned(bundle.manifest, world.bodies_of(bundle), entries=(lie, *entries[1:]))


def other_head(bundle: MadeBundle) -> bytes:
    span = replace(bundle.manifest.journal, head=world.digest("other"))
    return world.resigned(bundle.manifest, world.bodies_of(bundle), journal=span)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def flipped_signature(bundle: MadeBundle) -> bytes:
    """Another signature of the same shape by the same key: over other bytes."""
    envelope, at = frame.unframe(b"RUFAA1\n", world.plaintext_of(bundle))
    other = sign_envelope("application/vnd.rufaa.bundle.v1+json", b"{}", world.DEVICE_KEY)
    head, tail = envelope.index(b'"sig":"'), other.index(b'"sig":"')
    forged = envelope[:head] + other[tail:]
    return frame.frame(b"RUFAA1\n", forged) + world.plaintext_of(bundle)[at:]


def two_signatures(bundle: MadeBundle) -> bytes:
    envelope = sign_envelope(
        "application/vnd.rufaa.bundle.v1+json", b"{}", world.DEVICE_KEY, world.signer("second device")
    )
    return frame.frame(b"RUFAA1\n", envelope) + world.bodies_of(bundle)


ITEM = canonical_json({"commit": world.digest("c"), "id": world.uid("one"), "rev": 1})
REFUSED: list[tuple[ReasonCode, Callable[[], object]]] = [
    (ReasonCode.BUNDLE_FILE_TOO_LARGE, lambda: world.opened(bytes(sizes.MAX_FILE_BYTES + 1))),
    (ReasonCode.NOT_A_SEALED_FILE, lambda: world.opened(b"PK\x03\x04 a workbook")),
    (ReasonCode.NOT_A_SEALED_FILE, lambda: world.opened(b"")),
    (ReasonCode.NOT_FOR_US_OR_DAMAGED, lambda: world.opened(seal(b"x", public_key(world.seed("stranger"))))),
    (ReasonCode.FRAME_WRONG, lambda: world.opened(sealed_plain(b""))),
    (ReasonCode.FRAME_WRONG, lambda: world.opened(sealed_plain(b"RUFAAA1\n" + bytes(4088)))),
    (ReasonCode.FRAME_WRONG, lambda: world.opened(sealed_plain(b"RUFAA1\n\xff\xff\xff\xff" + bytes(4000)))),
    (ReasonCode.ENVELOPE_WRONG, lambda: world.opened(sealed_plain(frame.frame(b"RUFAA1\n", b"{}") + bytes(99)))),
    (ReasonCode.ENVELOPE_WRONG, lambda: world.opened(sealed_plain(two_signatures(world.made())))),
    (
        ReasonCode.ENVELOPE_WRONG,  # a receipt's type over a manifest: the type is inside the signed bytes
        lambda: world.opened_plain(
            frame.frame(b"RUFAA1\n", sign_envelope("application/vnd.rufaa.receipt.v1+json", b"{}", world.DEVICE_KEY))
        ),
    ),
    (ReasonCode.SENDER_UNKNOWN, lambda: world.opened(world.made(key=world.signer("stranger")).content)),
    (ReasonCode.SIGNATURE_WRONG, lambda: world.opened(sealed_plain(flipped_signature(world.made())))),
    (ReasonCode.NEWER_FORMAT, lambda: world.opened_plain(edited_payload(newer))),
    (ReasonCode.MANIFEST_WRONG, lambda: world.opened_plain(edited_payload(add_member))),
    (ReasonCode.SENDER_MISMATCH, lambda: world.opened(world.made(device=world.hex_id("other")).content)),
    (ReasonCode.SENDER_MISMATCH, lambda: world.opened(world.made(office="KE001").content)),
    (
        ReasonCode.DEVICE_NOT_YET_VALID,
        lambda: world.opened(world.made().content, world.roster(devices=(world.device(valid_from=2),))),
    ),
    (
        ReasonCode.DEVICE_REVOKED,
        lambda: world.opened(
            world.made().content, world.roster(devices=(world.device(revoked_after=0, revoked_reason="LOST"),))
        ),
    ),
    (
        ReasonCode.ROSTER_UNKNOWN,
        lambda: world.opened(world.made(roster=RosterMark(world.digest("newer"), 2)).content),
    ),
    (
        ReasonCode.ROSTER_UNKNOWN,
        lambda: world.opened(world.made(roster=RosterMark(world.digest("other"), 1)).content),
    ),
    (
        ReasonCode.NOT_ADDRESSED_TO_US,  # sealed to another, who forwards it to us (Davis 2001)
        lambda: world.opened(
            sealed_plain(world.plaintext_of_for(world.made(recipients=(public_key(world.seed("other")),)), "other"))
        ),
    ),
    (ReasonCode.PRACTICE_MISMATCH, lambda: world.opened(world.made(practice=True).content)),
    (ReasonCode.PRACTICE_MISMATCH, lambda: world.opened(world.made().content, practice=True)),
    (ReasonCode.LENGTHS_WRONG, lambda: world.opened(sealed_plain(world.plaintext_of(world.made())[:-1]))),
    (ReasonCode.LENGTHS_WRONG, lambda: world.opened(sealed_plain(world.plaintext_of(world.made()) + bytes(65_536)))),
    (ReasonCode.PADDING_WRONG, lambda: world.opened(sealed_plain(world.plaintext_of(world.made())[:-1] + b"x"))),
    (
        ReasonCode.STORED_HASH_WRONG,
        lambda: world.opened_plain(flipped(world.plaintext_of(world.made()), world.made().used_bytes - 1)),
    ),
    (ReasonCode.COMPRESSION_WRONG, lambda: world.opened_plain(lying_zstd(world.made()))),
    (ReasonCode.PLAIN_HASH_WRONG, lambda: world.opened_plain(other_plain_hash(world.made()))),
    (ReasonCode.RECORDS_WRONG, lambda: world.opened_plain(with_entries(("records", b"{}")))),
    (ReasonCode.RECORDS_WRONG, lambda: world.opened_plain(with_entries(("records", b"\n" * 20_001)))),
    (ReasonCode.RECORDS_WRONG, lambda: world.opened_plain(with_entries(("records", b"\n" * (MAX_SET_ASIDE + 1))))),
    (
        ReasonCode.RECORDS_WRONG,
        lambda: world.opened_plain(
            with_entries(("records", line_bytes(world.line()) + b"\n" + b"x" * 1_048_577 + b"\n"))
        ),
    ),
    (ReasonCode.JOURNAL_WRONG, lambda: world.opened_plain(other_head(world.made()))),
    (ReasonCode.SEALED_WRONG, lambda: world.opened_plain(with_entries(("sealed", b"\0\0\0\x05abc")))),
    (ReasonCode.SEALED_WRONG, lambda: world.opened_plain(with_entries(("sealed", b"\0\0\0")))),
    (ReasonCode.SEALED_WRONG, lambda: world.opened_plain(with_entries(("sealed", length_prefixed(ITEM))))),
    (ReasonCode.SEALED_WRONG, lambda: world.opened_plain(with_entries(("sealed", length_prefixed(b"{}", b"x"))))),
    (
        ReasonCode.SEALED_WRONG,
        lambda: world.opened_plain(with_entries(("sealed", length_prefixed(ITEM, b"x", ITEM, b"y")))),
    ),
    (ReasonCode.LISTS_WRONG, lambda: world.opened_plain(with_entries(("lists", b"{}\n")))),
    (ReasonCode.LISTS_WRONG, lambda: world.opened_plain(with_entries(("lists", b"x" * 65_537 + b"\n")))),
]


@pytest.mark.parametrize(("code", "act"), REFUSED, ids=[f"{code}-{n}" for n, (code, _) in enumerate(REFUSED)])
def test_each_wrong_bundle_is_refused_with_its_one_reason(code: ReasonCode, act: Callable[[], object]) -> None:
    assert refusal(act) == code


def test_every_reason_code_was_reached() -> None:
    assert {code for code, _ in REFUSED} == set(ReasonCode)


def test_first_gate_that_fails_names_the_reason() -> None:
    """A bundle that is practice, revoked, misaddressed and cut is refused for the first of these."""
    revoked = world.roster(devices=(world.device(revoked_after=0, revoked_reason="LOST"),))
    bundle = world.made(practice=True, recipients=(public_key(world.seed("other")),))
    plain = world.plaintext_of_for(bundle, "other")[:-7]
    assert refusal(lambda: world.opened_plain(plain, revoked)) == ReasonCode.DEVICE_REVOKED
    assert refusal(lambda: world.opened_plain(plain)) == ReasonCode.NOT_ADDRESSED_TO_US


# ------------------------------------------------------------------------------------------- field reports


HOSTILE_NAMES = (
    "../x", "C:\\x", "/x", "a\\..\\..\\x", "attachment/../../x", "attachment/" + world.uid("scan") + "\0",
    "attachment/" + world.uid("scan").upper(), "Records", "records ", "", "attachment/", "RECORDS", "link",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_J01_entry_name_that_is_a_path_is_refused(name: str) -> None:
    def rename(value: dict[str, Any]) -> None:
        value["entries"] = [*value["entries"], asdict(as_is(name, b"x"))]

    assert refusal(lambda: world.opened_plain(edited_payload(rename))) == ReasonCode.MANIFEST_WRONG


def reordered(entries: list[Any]) -> list[Any]:
    return entries[::-1]


def repeated(entries: list[Any]) -> list[Any]:
    return [entries[0], entries[0], *entries[1:]]


def without_journal(entries: list[Any]) -> list[Any]:
    return entries[:1]


def renamed(entries: list[Any]) -> list[Any]:
    return [entries[0] | {"name": "lists"}, entries[1]]


@pytest.mark.parametrize("change", [reordered, repeated, without_journal, renamed])
def test_J03_added_reordered_renamed_or_repeated_entry_is_refused_even_when_signed(
    change: Callable[[list[Any]], list[Any]],
) -> None:
    def edit(value: dict[str, Any]) -> None:
        value["entries"] = change(list(value["entries"]))

    assert refusal(lambda: world.opened_plain(edited_payload(edit))) == ReasonCode.MANIFEST_WRONG


def test_J05_one_bad_record_among_fifty_is_set_aside_and_forty_nine_are_taken() -> None:
    lines = [line_bytes(world.line(f"record {n}")) for n in range(50)]
    lines[20] = lines[20].replace(b'"form":1', b'"form":"one"')
    contents = world.opened_plain(with_entries(("records", b"".join(line + b"\n" for line in lines)))).contents
    assert len(contents.records) == 49
    (bad,) = contents.set_aside
    assert (bad.line_number, bad.reason, bad.id, bad.rev) == (
        21,
        RecordReason.RECORD_MALFORMED,
        world.uid("record 20"),
        1,
    )


@pytest.mark.parametrize(
    ("line", "reason", "known"),
    [
        (b"", RecordReason.RECORD_MALFORMED, False),
        (b"\xff\xfe", RecordReason.RECORD_MALFORMED, False),
        (b"[1]", RecordReason.RECORD_MALFORMED, False),
        (b'{"id":1}', RecordReason.RECORD_MALFORMED, False),
        (b" " + line_bytes(world.line("two")), RecordReason.RECORD_NOT_CANONICAL, True),
        (line_bytes(world.line("one")), RecordReason.RECORD_REPEATED, True),
    ],
)
def test_L07_line_that_is_no_record_is_set_aside_and_the_others_stand(
    line: bytes, reason: RecordReason, known: bool
) -> None:
    body = line_bytes(world.line("one")) + b"\n" + line + b"\n"
    contents = world.opened_plain(with_entries(("records", body))).contents
    assert [item.record.id for item in contents.records] == [world.uid("one")]
    (bad,) = contents.set_aside
    assert (bad.line_number, bad.reason, bad.id is not None) == (2, reason, known)


@pytest.mark.parametrize("year", ["1970", "2019", "2099", "9999"])
def test_J09_clock_of_the_laptop_decides_nothing(year: str) -> None:
    stamp = f"{year}-11-25T09:00:00.000Z"
    assert world.opened(world.made(made_at=stamp).content).manifest.made_at == stamp


def test_J11_file_is_known_by_its_bytes_and_a_wrong_key_is_named_as_such() -> None:
    bundle = world.made()
    assert world.opened(bytes(bytearray(bundle.content))).file_sha256 == bundle.sha256
    assert refusal(lambda: world.opened(b"\xef\xbb\xbf" + bundle.content)) == ReasonCode.NOT_A_SEALED_FILE
    other = world.made(recipients=(public_key(world.seed("other")),))
    assert refusal(lambda: world.opened(other.content)) == ReasonCode.NOT_FOR_US_OR_DAMAGED


def test_L05_same_file_again_is_known() -> None:
    opened = world.opened(world.made().content)
    first = place_in_sequence(opened, SequenceState())
    assert first.place.standing is Standing.NEXT
    again = place_in_sequence(opened, SequenceState((world.link(opened),)))
    assert again.place.standing is Standing.KNOWN


# ---------------------------------------------------------------------------------------- the manifest, by member


def manifest_cases() -> list[tuple[str, Any]]:
    entry = asdict(as_is("records", b"x"))
    return [
        ("access_list", "00"), ("app_version", "0.1"), ("app_version", "0.1.0-rc1"), ("bundle", world.DEVICE),
        ("bundle", "1de1e4a9-c600-1a7d-a999-d6f5d543159a"), ("device", "AB" * 16), ("device", 1), ("entries", {}),
        ("entries", []), ("entries", [entry | {"plain": 0}]), ("entries", [entry | {"stored": True}]),
        ("entries", [entry | {"encoding": "gzip"}]), ("entries", [entry | {"more": 1}]), ("identity", "ANONYMOUS"),
        ("identity", None), ("incarnation", ""), ("journal", {"count": 5, "first": 6, "head": world.digest("h")}),
        ("journal", {"count": 4, "first": 1, "head": world.digest("h")}),
        ("journal", {"count": 0, "first": 0, "head": world.digest("h")}), ("journal", [1]), ("made_at", 0),
        ("made_at", "2026-11-25T09:00:00Z"), ("made_at", "2026-11-31T09:00:00.000Z"),
        ("made_at", "2026-11-25T09:00:00.000000Z"), ("made_at", "2026-11-25T09:00:00.000+00:00"),
        ("office", "two words"), ("office", ""), ("office", "X" * 65), ("oldest_reader", 0), ("oldest_reader", "1"),
        ("practice", 0), ("practice", None), ("previous_bundle", world.digest("x")), ("previous_bundle", 5),
        ("previous_incarnation", {}), ("recipients", []), ("recipients", [world.digest("a")] * 2),
        ("recipients", [world.digest(str(n)) for n in range(17)]), ("roster", {"sha256": world.digest("x")}),
        ("roster", {"sha256": world.digest("x"), "version": 0}), ("schema", 0), ("sequence", 0), ("sequence", 2),
        ("sequence", -1), ("sequence", True), ("sequence", "1"),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), manifest_cases())
def test_manifest_with_a_member_out_of_range_is_refused(name: str, value: Any) -> None:
    def edit(members: dict[str, Any]) -> None:
        members[name] = value

    assert refusal(lambda: world.opened_plain(edited_payload(edit))) == ReasonCode.MANIFEST_WRONG


def test_number_no_canonical_document_may_hold_is_refused() -> None:
    payload = canonical_json(asdict(world.made().manifest)).replace(b'"sequence":1', b'"sequence":%d' % 2**53)
    assert refusal(lambda: world.opened_plain(world.plain_bundle(payload, b""))) == ReasonCode.MANIFEST_WRONG


@pytest.mark.parametrize("name", sorted(asdict(world.made().manifest)))
def test_manifest_without_a_member_is_refused(name: str) -> None:
    def edit(members: dict[str, Any]) -> None:
        del members[name]

    assert refusal(lambda: world.opened_plain(edited_payload(edit))) == ReasonCode.MANIFEST_WRONG


@pytest.mark.parametrize(
    "payload",
    [b"[]", b"null", b"", b'{"a":1,"a":2}', b'{"a":1.0}', b'{"a":NaN}', b'{"a":"\\ud800"}', b"{", b"\xff", b'{"a" :1}'],
)
def test_payload_that_is_no_canonical_object_is_refused(payload: bytes) -> None:
    assert refusal(lambda: world.opened_plain(world.plain_bundle(payload, b""))) == ReasonCode.MANIFEST_WRONG


def test_compressed_attachment_and_oversized_attachment_are_refused() -> None:
    bundle = world.made()
    scan = as_is("attachment/" + world.uid("scan"), b"x")
    for lie in (
        replace(scan, encoding=Encoding.ZSTD),
        replace(scan, plain=sizes.MAX_ATTACHMENT_BYTES + 1, stored=sizes.MAX_ATTACHMENT_BYTES + 1),
        replace(scan, plain=2),
        replace(scan, sha256_plain=world.digest("other")),
    ):
        with pytest.raises(Malformed):
            world.resigned(bundle.manifest, b"", entries=(*bundle.manifest.entries, lie))


def test_incarnation_that_follows_itself_or_skips_a_number_is_refused() -> None:
    common: dict[str, Any] = {"sequence": 4, "previous_bundle": world.digest("bundle 3")}
    head = world.digest("head")
    assert world.made(previous_incarnation=world.restored(3, 5, head, world.hex_id("old")), **common)
    for wrong in (
        world.restored(3, 5, head),
        world.restored(2, 5, head, world.hex_id("old")),
        world.restored(3, 6, head, world.hex_id("old")),
    ):
        with pytest.raises(Malformed):
            world.made(previous_incarnation=wrong, **common)


def test_revoked_key_still_vouches_for_what_it_signed_before() -> None:
    revoked = world.roster(devices=(world.device(revoked_after=1, revoked_reason="LOST"),))
    assert world.opened(world.made(roster=RosterMark(revoked.payload_sha256, 1)).content, revoked)


def test_any_of_several_intake_keys_opens_and_is_named() -> None:
    bundle = world.made(recipients=(public_key(world.seed("old intake")), public_key(world.INTAKE_SECRET)))
    assert world.opened(bundle.content).opened_with == public_key(world.INTAKE_SECRET)


def test_no_refusal_carries_content() -> None:
    def named(value: dict[str, Any]) -> None:
        value["office"] = "Wanjiku of Kisumu"

    with pytest.raises(NotTrusted) as refused:
        world.opened_plain(edited_payload(named))
    shown = chain([str(refused.value)], map(str, refused.value.facts.values()), map(str, refused.value.args))
    assert not any("Wanjiku" in text for text in shown)
    assert refused.value.__cause__ is None


def test_opened_bundle_shows_none_of_its_content() -> None:
    opened: OpenedBundle = world.opened(world.made(records=(world.line("one", 1, surname="Wanjiku"),)).content)
    assert "Wanjiku" not in repr(opened)
