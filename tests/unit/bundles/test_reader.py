from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

import pytest

from desktop.bundles import frame, sizes
from desktop.bundles.codes import ReasonCode, RecordReason
from desktop.bundles.contents import MAX_SET_ASIDE
from desktop.bundles.manifest import RosterMark
from desktop.bundles.reader import OpenedBundle, open_and_verify, place_in_sequence
from desktop.bundles.records import line_bytes
from desktop.bundles.sequence import SequenceState, Standing
from desktop.bundles.writer import MadeBundle
from desktop.crypto.encoding import canonical_json, length_prefixed
from desktop.crypto.sealing import public_key, seal
from desktop.crypto.signing import sign_envelope
from desktop.errors import NotTrusted
from tests.unit.bundles import world

# ------------------------------------------------------------------------------------------- one reason a refusal


def sealed_plain(plaintext: bytes) -> bytes:
    return seal(plaintext, public_key(world.INTAKE_SECRET))


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


ITEM = canonical_json({"commit": world.digest("c"), "id": world.uid("one"), "rev": 1, "vault": world.VAULT})
LIST = sign_envelope("application/vnd.rufaa.access.v1+json", b"{}", world.signer("user"))


def of_a_later_type(version: int) -> bytes:
    payload = canonical_json({"what": "this program cannot know"})
    envelope = sign_envelope(f"application/vnd.rufaa.bundle.v{version}+json", payload, world.signer("stranger"))
    return frame.frame(b"RUFAA1\n", envelope) + bytes(99)


def of_no_vault() -> bytes:
    return length_prefixed(canonical_json({"commit": world.digest("c"), "id": world.uid("one"), "rev": 1}), b"x")


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
    (ReasonCode.NEWER_FORMAT, lambda: world.opened_plain(world.edited_payload(newer))),
    (ReasonCode.NEWER_FORMAT, lambda: world.opened(sealed_plain(of_a_later_type(2)))),
    (ReasonCode.NEWER_FORMAT, lambda: world.opened(sealed_plain(of_a_later_type(17)))),
    (ReasonCode.ENVELOPE_WRONG, lambda: world.opened(sealed_plain(of_a_later_type(0)))),
    (ReasonCode.NEWER_FORMAT, lambda: world.opened_plain(world.with_entries(("lists", world.later(LIST) + b"\n")))),
    (ReasonCode.MANIFEST_WRONG, lambda: world.opened_plain(world.edited_payload(add_member))),
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
        ReasonCode.DEVICE_REVOKED,  # nobody begins a new incarnation under a revoked key
        lambda: world.opened(
            world.made(incarnation=world.hex_id("another")).content,
            world.roster(devices=(world.device(revoked_after=9, revoked_reason="LOST"),)),
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
    (ReasonCode.RECORDS_WRONG, lambda: world.opened_plain(world.with_entries(("records", b"{}")))),
    (ReasonCode.RECORDS_WRONG, lambda: world.opened_plain(world.with_entries(("records", b"\n" * 20_001)))),
    (
        ReasonCode.RECORDS_WRONG,
        lambda: world.opened_plain(world.with_entries(("records", b"\n" * (MAX_SET_ASIDE + 1)))),
    ),
    (
        ReasonCode.RECORDS_WRONG,
        lambda: world.opened_plain(
            world.with_entries(("records", line_bytes(world.line()) + b"\n" + b"x" * 1_048_577 + b"\n"))
        ),
    ),
    (
        ReasonCode.RECORDS_WRONG,
        lambda: world.opened_plain(
            world.with_entries(("records", (line_bytes(world.line()) + b"\n") * (MAX_SET_ASIDE + 2)))
        ),
    ),
    (ReasonCode.JOURNAL_WRONG, lambda: world.opened_plain(other_head(world.made()))),
    (ReasonCode.SEALED_WRONG, lambda: world.opened_plain(world.with_entries(("sealed", b"\0\0\0\x05abc")))),
    (ReasonCode.SEALED_WRONG, lambda: world.opened_plain(world.with_entries(("sealed", b"\0\0\0")))),
    (ReasonCode.SEALED_WRONG, lambda: world.opened_plain(world.with_entries(("sealed", length_prefixed(ITEM))))),
    (ReasonCode.SEALED_WRONG, lambda: world.opened_plain(world.with_entries(("sealed", length_prefixed(b"{}", b"x"))))),
    (
        ReasonCode.SEALED_WRONG,
        lambda: world.opened_plain(world.with_entries(("sealed", length_prefixed(ITEM, b"x", ITEM, b"y")))),
    ),
    (ReasonCode.SEALED_WRONG, lambda: world.opened_plain(world.with_entries(("sealed", of_no_vault())))),
    (ReasonCode.LISTS_WRONG, lambda: world.opened_plain(world.with_entries(("lists", b"{}\n")))),
    (ReasonCode.LISTS_WRONG, lambda: world.opened_plain(world.with_entries(("lists", b"x" * 65_537 + b"\n")))),
]


@pytest.mark.parametrize(("code", "act"), REFUSED, ids=[f"{code}-{n}" for n, (code, _) in enumerate(REFUSED)])
def test_each_wrong_bundle_is_refused_with_its_one_reason(code: ReasonCode, act: Callable[[], object]) -> None:
    assert world.refusal(act) == code


def test_every_reason_code_was_reached() -> None:
    assert {code for code, _ in REFUSED} == set(ReasonCode)


def test_first_gate_that_fails_names_the_reason() -> None:
    """A bundle that is practice, revoked, misaddressed and cut is refused for the first of these."""
    revoked = world.roster(devices=(world.device(revoked_after=0, revoked_reason="LOST"),))
    bundle = world.made(practice=True, recipients=(public_key(world.seed("other")),))
    plain = world.plaintext_of_for(bundle, "other")[:-7]
    assert world.refusal(lambda: world.opened_plain(plain, revoked)) == ReasonCode.DEVICE_REVOKED
    assert world.refusal(lambda: world.opened_plain(plain)) == ReasonCode.NOT_ADDRESSED_TO_US


# ------------------------------------------------------------------------------------------- field reports


def test_J05_one_bad_record_among_fifty_is_set_aside_and_forty_nine_are_taken() -> None:
    lines = [line_bytes(world.line(f"record {n}")) for n in range(50)]
    lines[20] = lines[20].replace(b'"form":1', b'"form":"one"')
    contents = world.opened_plain(world.with_entries(("records", b"".join(line + b"\n" for line in lines)))).contents
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
    contents = world.opened_plain(world.with_entries(("records", body))).contents
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
    assert world.refusal(lambda: world.opened(b"\xef\xbb\xbf" + bundle.content)) == ReasonCode.NOT_A_SEALED_FILE
    other = world.made(recipients=(public_key(world.seed("other")),))
    assert world.refusal(lambda: world.opened(other.content)) == ReasonCode.NOT_FOR_US_OR_DAMAGED


def test_L05_same_file_again_is_known() -> None:
    opened = world.opened(world.made().content)
    first = place_in_sequence(opened, SequenceState())
    assert first.place.standing is Standing.NEXT
    again = place_in_sequence(opened, SequenceState((world.link(opened),)))
    assert again.place.standing is Standing.KNOWN


def test_revoked_key_still_vouches_for_what_it_signed_before() -> None:
    revoked = world.roster(devices=(world.device(revoked_after=1, revoked_reason="LOST"),))
    assert world.opened(world.made(roster=RosterMark(revoked.payload_sha256, 1)).content, revoked)


def restored_bundle(sequence: int, name: str, before: str) -> OpenedBundle:
    roster = world.roster(devices=(world.device(revoked_after=3, revoked_reason="LOST"),))
    bundle = world.made(
        sequence=sequence,
        bundle=world.uid(name),
        previous_bundle=before if sequence > 1 else None,
        roster=RosterMark(roster.payload_sha256, 1),
    )
    return world.opened(bundle.content, roster)


def test_rival_by_a_revoked_key_is_refused_and_casts_no_doubt() -> None:
    first = restored_bundle(1, "first", "")
    second = restored_bundle(2, "second", first.file_sha256)
    taken = SequenceState((world.link(first), world.link(second)))
    for rival in (restored_bundle(1, "rival", ""), restored_bundle(2, "rival", first.file_sha256)):
        assert world.refusal(partial(place_in_sequence, rival, taken)) == ReasonCode.DEVICE_REVOKED
    assert place_in_sequence(restored_bundle(3, "third", second.file_sha256), taken).place.standing is Standing.NEXT
    assert place_in_sequence(first, taken).place.standing is Standing.KNOWN


def test_rival_by_a_revoked_key_to_what_is_in_doubt_already_is_disputed() -> None:
    doubted = SequenceState((world.link(restored_bundle(1, "first", ""), Standing.DISPUTED),))
    place = place_in_sequence(restored_bundle(1, "rival", ""), doubted).place
    assert (place.standing, place.also_disputed) == (Standing.DISPUTED, ())


def test_same_rival_by_a_key_in_force_is_disputed_and_casts_doubt() -> None:
    first, rival = (world.opened(world.made(bundle=world.uid(name)).content) for name in ("first", "rival"))
    place = place_in_sequence(rival, SequenceState((world.link(first),))).place
    assert (place.standing, place.also_disputed) == (Standing.DISPUTED, (first.file_sha256,))


def test_bundle_that_goes_by_an_earlier_roster_counts_when_that_one_was_issued() -> None:
    first = world.roster()
    today = world.next_roster(world.next_roster(first))
    issued = {1: first.payload_sha256, 2: world.digest("second"), 3: today.payload_sha256}

    def opened(mark: RosterMark, known: dict[int, str] | None) -> OpenedBundle:
        content = world.made(roster=mark).content
        secrets = (world.INTAKE_SECRET,)
        return open_and_verify(content, intake_secrets=secrets, roster=today, practice=False, known_rosters=known)

    assert opened(RosterMark(first.payload_sha256, 1), issued)
    assert opened(RosterMark(today.payload_sha256, 3), issued)
    assert opened(RosterMark(today.payload_sha256, 3), None)
    for mark, known in (
        (RosterMark(first.payload_sha256, 1), None),
        (RosterMark(first.payload_sha256, 1), {3: today.payload_sha256}),
        (RosterMark(world.digest("another"), 1), issued),
        (RosterMark(first.payload_sha256, 2), issued),
        (RosterMark(world.digest("later"), 4), issued),
    ):
        assert world.refusal(partial(opened, mark, known)) == ReasonCode.ROSTER_UNKNOWN


def test_any_of_several_intake_keys_opens_and_is_named() -> None:
    bundle = world.made(recipients=(public_key(world.seed("old intake")), public_key(world.INTAKE_SECRET)))
    assert world.opened(bundle.content).opened_with == public_key(world.INTAKE_SECRET)


def test_no_refusal_carries_content() -> None:
    def named(value: dict[str, Any]) -> None:
        value["office"] = "Wanjiku of Kisumu"

    with pytest.raises(NotTrusted) as refused:
        world.opened_plain(world.edited_payload(named))
    shown = chain([str(refused.value)], map(str, refused.value.facts.values()), map(str, refused.value.args))
    assert not any("Wanjiku" in text for text in shown)
    assert refused.value.__cause__ is None


def test_opened_bundle_shows_none_of_its_content() -> None:
    opened: OpenedBundle = world.opened(world.made(records=(world.line("one", 1, surname="Wanjiku"),)).content)
    assert "Wanjiku" not in repr(opened)
