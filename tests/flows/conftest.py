"""Flows run on the key derivation of a small laptop: still within the bounds of every header, four times quicker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from desktop import machine

SMALL_LAPTOP_BYTES = 4_000_000_000


@pytest.fixture(scope="module", autouse=True)
def _small_laptop() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        yield
