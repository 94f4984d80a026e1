"""The zip archive a sealed table is in: whatever it holds, it has one of few sizes."""

from __future__ import annotations

import io
import os
import zipfile

import pytest

from desktop.bundles import parcel
from desktop.bundles.sizes import BUCKETS, MIB, plaintext_bytes
from desktop.crypto.sealing import generate_secret, public_key, seal

KIB = 1024


@pytest.mark.parametrize("size", [0, 1, 50_000, 62_800, 70 * KIB, 300 * KIB, 3 * MIB])
def test_the_archive_just_fits_a_size_of_bundles_and_holds_the_file_and_zero_bytes(size: int) -> None:
    content = os.urandom(size)
    made = parcel.padded_archive("table.csv", content)
    assert len(made) in map(plaintext_bytes, BUCKETS)
    archive = zipfile.ZipFile(io.BytesIO(made))
    assert archive.testzip() is None
    assert archive.namelist() == ["table.csv", "padding.bin"]
    assert archive.read("table.csv") == content
    assert not any(archive.read("padding.bin"))
    assert parcel.padded_archive("table.csv", content) == made


def test_sealed_it_never_exceeds_its_size_with_as_many_receivers_as_a_bundle_may_have() -> None:
    keys = [public_key(generate_secret()) for _ in range(16)]
    assert len(seal(parcel.padded_archive("table.csv", b"x"), *keys)) <= 64 * KIB


def test_every_filling_up_to_the_next_size_is_possible() -> None:
    used = len(parcel._archive("t", b"", 0))
    edge = plaintext_bytes(BUCKETS[0])
    lengths = {len(parcel.padded_archive("t", os.urandom(edge - used + more))) for more in range(-40, 10)}
    assert lengths == {edge, plaintext_bytes(BUCKETS[1])}


def test_beyond_the_largest_bundle_the_sizes_go_on_by_whole_mib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcel, "BUCKETS", (64 * KIB, MIB))
    monkeypatch.setattr(parcel, "_FIRST_BEYOND_MIB", 2)
    assert len(parcel.padded_archive("t", os.urandom(2 * MIB))) == plaintext_bytes(3 * MIB)
