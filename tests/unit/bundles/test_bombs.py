"""R12: bombs inside the seal, signed by a real device: refused within a second and without the memory they ask for."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest
import zstandard

from desktop.bundles import frame, sizes
from desktop.bundles.codes import ReasonCode
from desktop.bundles.confined import open_and_verify_confined
from desktop.bundles.manifest import MAX_RECIPIENTS, Encoding, ManifestEntry
from desktop.bundles.reader import Received, decrypt
from desktop.bundles.receipt import open_receipt
from desktop.bundles.records import open_values
from desktop.bundles.trust import open_package
from desktop.bundles.unpack import decompress
from desktop.crypto.encoding import Malformed, b64encode, canonical_json, sha256_hex
from desktop.crypto.sealing import public_key
from desktop.errors import NotTrusted
from tests.unit.bundles import world

MIB = sizes.MIB
# Beside the plaintext that age produced, which is there before the reader looks.
MEMORY_BYTES = 16 * MIB


def refused_cheaply(plaintext: bytes, memory_bytes: int = MEMORY_BYTES) -> str:
    with pytest.raises(NotTrusted) as refused:
        world.opened_plain(plaintext)
    tracemalloc.start()
    try:
        with pytest.raises(NotTrusted):
            world.opened_plain(plaintext)
        assert tracemalloc.get_traced_memory()[1] < memory_bytes
    finally:
        tracemalloc.stop()
    return refused.value.code


def with_records(stored: bytes, plain: int, encoding: Encoding = Encoding.ZSTD) -> bytes:
    """A signed bundle whose records entry is these bytes and claims this plain length."""
    manifest = world.made().manifest
    journal = b"".join(bytes.fromhex(value) for value in world.journal().hashes)
    records = ManifestEntry(encoding, "records", plain, sha256_hex(stored), sha256_hex(stored), len(stored))
    return world.resigned(manifest, stored + journal, entries=(records, world.as_is("journal", journal)))


def frame_of(plain: bytes, **options: Any) -> bytes:
    return zstandard.ZstdCompressor(**options).compress(plain)


def unsized_frame(plain: bytes) -> bytes:
    machine = zstandard.ZstdCompressor().compressobj()
    return machine.compress(plain) + machine.flush()


def with_claimed_size(stored: bytes, size: int) -> bytes:
    """A frame whose header claims another content size (8-byte field, single segment, no dictionary, no checksum)."""
    header = zstandard.frame_header_size(stored)
    return b"\x28\xb5\x2f\xfd" + bytes([0b11100000]) + size.to_bytes(8, "little") + stored[header:]


def wide_window(stored: bytes) -> bytes:
    """The same blocks behind a header that asks for a window of 2 GiB."""
    header = zstandard.frame_header_size(stored)
    size = zstandard.get_frame_parameters(stored).content_size
    return b"\x28\xb5\x2f\xfd" + bytes([0b11000000, 21 << 3]) + size.to_bytes(8, "little") + stored[header:]


NOISE = bytes(range(256)) * 4
MADE_UP = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(32 * 1024))  # 1 MiB that does not compress
COMPRESSION_BOMBS: dict[str, tuple[bytes, int]] = {
    "claims less than it holds": (with_claimed_size(frame_of(NOISE), 1000), 1000),
    "claims more than it holds": (with_claimed_size(frame_of(NOISE), 2000), 2000),
    "header says other than the manifest": (with_claimed_size(frame_of(NOISE), 999), 1024),
    "no size in the header": (unsized_frame(NOISE), 1024),
    "64 MiB behind a small manifest": (frame_of(bytes(64 * MIB)), 1000),
    "64 MiB behind its own manifest, ratio passed": (frame_of(NOISE) + bytes(10), 1034 * 201),
    "window of 2 GiB": (wide_window(frame_of(NOISE)), 1024),
    "two frames": (frame_of(NOISE) + frame_of(NOISE), 1024),
    "two frames, both counted": (frame_of(NOISE) + frame_of(NOISE), 2048),
    "empty frame behind": (frame_of(NOISE) + frame_of(b""), 1024),
    "skippable frame before": (b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + frame_of(NOISE), 1024),
    "skippable frame behind": (frame_of(NOISE) + b"\x50\x2a\x4d\x18\x04\0\0\0abcd", 1024),
    "trailing byte": (frame_of(NOISE) + b"\0", 1024),
    "cut": (frame_of(NOISE)[:-1], 1024),
    "header only": (frame_of(NOISE)[:6], 1024),
    "no frame": (b"PK\x03\x04" * 100, 1024),
    "reserved block": (b"\x28\xb5\x2f\xfd\x20\x04\x27\x00\x00abcd", 4),
}


@pytest.mark.parametrize("name", COMPRESSION_BOMBS)
def test_R12_compression_bomb_is_refused(name: str) -> None:
    stored, plain = COMPRESSION_BOMBS[name]
    with pytest.raises(Malformed, match="COMPRESSION"):
        decompress(stored, plain)
    if plain <= len(stored) * sizes.MAX_RATIO:  # else the manifest itself is refused before
        assert refused_cheaply(with_records(stored, plain)) == ReasonCode.COMPRESSION_WRONG


def test_honest_frames_of_each_kind_pass_so_that_the_bombs_prove_something() -> None:
    for plain in (b"x", NOISE, NOISE * 3, MADE_UP * 10):
        for options in ({"level": 1}, {"level": 19}, {"write_checksum": True}):
            assert decompress(frame_of(plain, **options), len(plain)) == plain


def test_R12_frame_with_a_dictionary_is_refused() -> None:
    dictionary = zstandard.train_dictionary(1000, [b"%d some sample text %d" % (n, n * n) for n in range(2000)])
    stored = zstandard.ZstdCompressor(dict_data=dictionary).compress(NOISE)
    with pytest.raises(Malformed, match="COMPRESSION"):
        decompress(stored, len(NOISE))


def test_R12_ratio_of_the_manifest_is_refused_before_anything_is_decompressed() -> None:
    bundle = world.made()
    value = asdict(bundle.manifest)
    value["entries"][0].update(plain=sizes.MAX_PLAIN_BYTES, encoding="zstd")
    plaintext = world.plain_bundle(canonical_json(value), world.bodies_of(bundle))
    assert refused_cheaply(plaintext) == ReasonCode.MANIFEST_WRONG


def hostile_manifests() -> dict[str, Callable[[], bytes]]:
    value = asdict(world.made().manifest)
    whole = canonical_json(value)

    def instead(text: bytes) -> bytes:
        return whole.replace(b'"sequence":1', b'"sequence":' + text)

    def many() -> bytes:
        return whole.replace(b'"entries":[', b'"entries":[' + b"0," * 100_000)

    return {
        "depth of a million": lambda: b"[" * 700_000 + b"]" * 700_000,
        "depth in a member": lambda: instead(b"[" * 500_000),
        "number of a million digits": lambda: instead(b"9" * 1_000_000),
        "number in scientific dress": lambda: instead(b"1e999999999"),
        "a hundred thousand entries": many,
        "a million escapes and no end": lambda: b'"' + b'\\"' * 700_000,
        "a million open strings": lambda: b'["' * 700_000,
        "brackets in a string": lambda: b'"' + b"[" * 1_400_000,
    }


@pytest.mark.parametrize("name", hostile_manifests())
def test_R12_hostile_manifest_is_refused(name: str) -> None:
    plaintext = world.plain_bundle(hostile_manifests()[name](), b"")
    assert refused_cheaply(plaintext, 64 * MIB) == ReasonCode.MANIFEST_WRONG


@pytest.mark.parametrize("name", hostile_manifests())
def test_R12_hostile_envelope_is_refused_before_any_signature(name: str) -> None:
    """Anybody who knows the intake's public key can make these."""
    plaintext = frame.frame(b"RUFAA1\n", hostile_manifests()[name]()) + bytes(1000)
    assert refused_cheaply(plaintext, 64 * MIB) == ReasonCode.ENVELOPE_WRONG


def test_R12_envelope_with_a_hundred_thousand_signatures_is_refused() -> None:
    item = b'{"keyid":"","sig":"' + b64encode(bytes(64)).encode() + b'"}'
    many = b",".join([item] * 17_000)
    envelope = b'{"payload":"","payloadType":"application/vnd.rufaa.bundle.v1+json","signatures":[' + many + b"]}"
    assert len(envelope) < 2 * MIB
    assert refused_cheaply(frame.frame(b"RUFAA1\n", envelope), 64 * MIB) == ReasonCode.ENVELOPE_WRONG


RECORD_BOMBS: dict[str, Callable[[], bytes]] = {
    "64 MiB of brackets": lambda: b"[" * (63 * MIB) + b"\n",
    "64 MiB of line feeds": lambda: b"\n" * (63 * MIB),
    "no line feed at all": lambda: b"x" * (63 * MIB),
}


@pytest.mark.parametrize("name", RECORD_BOMBS)
def test_R12_records_that_are_a_bomb_are_refused(name: str) -> None:
    body = RECORD_BOMBS[name]()
    plaintext = with_records(body, len(body), Encoding.IDENTITY)
    # The entry itself is cut out once: 63 MiB, and of the line of brackets one more.
    assert refused_cheaply(plaintext, 130 * MIB) == ReasonCode.RECORDS_WRONG


@pytest.mark.parametrize(
    "line",
    [
        b"[" * (MIB - 1),
        b'"' + b'\\"' * (MIB // 2 - 1),
        b'{"rev":' + b"9" * (MIB - 10),
        b'{"a":' * 200_000,
    ],
    ids=["brackets", "escapes", "digits", "objects"],
)
def test_R12_lines_of_the_greatest_length_allowed_cost_little_each(line: bytes) -> None:
    body = (line + b"\n") * 10
    plaintext = with_records(body, len(body), Encoding.IDENTITY)
    contents = world.opened_plain(plaintext).contents
    assert (len(contents.records), len(contents.set_aside)) == (0, 10)


def test_R12_sealed_item_that_claims_four_gibibytes_is_refused() -> None:
    manifest = world.made().manifest
    journal = b"".join(bytes.fromhex(value) for value in world.journal().hashes)
    body = b"\xff\xff\xff\xff" + bytes(100)
    entries = (world.as_is("journal", journal), world.as_is("sealed", body))
    plaintext = world.resigned(manifest, journal + body, entries=entries)
    assert refused_cheaply(plaintext) == ReasonCode.SEALED_WRONG


def test_R12_file_over_the_limit_is_refused_unread() -> None:
    content = b"age-encryption.org/v1\n" + bytes(sizes.MAX_FILE_BYTES)
    with pytest.raises(NotTrusted) as refused:
        world.opened(content)
    assert refused.value.code == ReasonCode.BUNDLE_FILE_TOO_LARGE


def test_manifest_entries_sum_to_at_most_the_plain_limit() -> None:
    manifest = world.made().manifest
    half = ManifestEntry(Encoding.IDENTITY, "sealed", 40 * MIB, world.digest("a"), world.digest("a"), 40 * MIB)
    lists = replace(half, name="lists")
    with pytest.raises(Malformed):
        world.resigned(manifest, b"", entries=(manifest.entries[1], half, lists))


STANZA = b"-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n"
LONG_HEADER = frame.AGE_MAGIC + STANZA * 8000 + b"--- " + b"A" * 43 + b"\n" + bytes(100)
NOT_AGE = {
    "8,000 stanzas": LONG_HEADER,
    "header that ends one byte too late": frame.AGE_MAGIC + b"-> x " + b"y" * 4065 + b"\n--- " + bytes(100),
    "header without an end": frame.AGE_MAGIC + STANZA * 8000,
    "armoured": b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0tLSA=\n",
}
TO_DEVICE = public_key(world.DEVICE_SECRET)
OPENERS: dict[str, tuple[str, Callable[[bytes], object]]] = {
    "bundle": ("NOT_FOR_US_OR_DAMAGED", lambda content: decrypt(Received(content, ""), (world.INTAKE_SECRET,) * 9)),
    "receipt": (
        "RECEIPT_NOT_FOR_US_OR_DAMAGED",
        lambda content: open_receipt(
            content, secrets=(world.DEVICE_SECRET,), roster=world.roster(), device=world.DEVICE, practice=False
        ),
    ),
    "trust package": (
        "PACKAGE_NOT_FOR_US_OR_DAMAGED",
        lambda content: open_package(content, (world.DEVICE_SECRET,)),
    ),
    "sealed values": (
        "SEALED_VALUES_WRONG",
        lambda content: open_values(
            content,
            world.seed("R"),
            vault=world.VAULT,
            case="",
            record=world.uid("one"),
            rev=1,
            commit=world.digest("commit"),
        ),
    ),
}


@pytest.mark.parametrize("content", NOT_AGE.values(), ids=NOT_AGE)
@pytest.mark.parametrize("kind", OPENERS)
def test_R12_age_header_that_is_long_or_armoured_is_refused_unparsed(kind: str, content: bytes) -> None:
    code, read = OPENERS[kind]
    assert world.refusal(lambda: read(content)) == code


def test_header_of_the_most_recipients_passes() -> None:
    receivers = tuple(public_key(world.seed(f"intake {n}")) for n in range(MAX_RECIPIENTS))
    bundle = world.made(recipients=receivers)
    assert decrypt(Received(bundle.content, bundle.sha256), (world.seed("intake 15"),)).opened_with == receivers[15]
    assert bundle.content.index(b"\n--- ") < 2048


def test_R12_long_header_is_refused_in_the_limited_child_too() -> None:
    refused = world.refusal(
        lambda: open_and_verify_confined(
            LONG_HEADER, intake_secrets=(world.INTAKE_SECRET,), roster=world.roster(), practice=False
        )
    )
    assert refused == ReasonCode.NOT_FOR_US_OR_DAMAGED
