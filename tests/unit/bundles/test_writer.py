"""What goes into a bundle comes out the same, in a file that says nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.bundles import sizes
from desktop.bundles.manifest import Encoding
from desktop.bundles.records import fresh_salt, view_hash
from desktop.bundles.writer import Attachment, MadeBundle, SealedItem, make_bundle
from desktop.crypto.encoding import Malformed, sha256_hex
from desktop.crypto.sealing import generate_secret, public_key, seal
from desktop.crypto.signing import sign_envelope
from desktop.errors import Obstacle
from desktop.rules.journal_chain import HashRun
from tests.unit.bundles import world
from tests.unit.bundles.test_records import FIELDS

ACCESS = "application/vnd.rufaa.access.v1+json"


# ------------------------------------------------------------------------------------------- what goes in comes out


def full_bundle() -> tuple[MadeBundle, dict[str, Any]]:
    parts: dict[str, Any] = {
        "records": (world.line("one"), world.line("two", 2, notes="Kisumu ñ 日本")),
        "journal": world.journal(9, first=4),
        "sealed": (
            SealedItem(world.uid("one"), 1, world.digest("commit"), world.VAULT, b"age file one"),
            SealedItem(world.uid("two"), 2, world.digest("commit"), world.VAULT, b"age file two"),
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


def test_bundle_without_any_journal_is_not_made() -> None:
    with pytest.raises(Malformed):
        world.made(run=HashRun(1, ()))
