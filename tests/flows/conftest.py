"""Flows run as on a small laptop: its key derivation is within the bounds of every header, and four times quicker."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from desktop import bootstrap, machine
from desktop.catalogue import Catalogue, load
from tests.factory import Place

SMALL_LAPTOP_BYTES = 4_000_000_000


@pytest.fixture(scope="session")
def _vocabulary() -> Catalogue:
    return load()


@pytest.fixture(scope="module", autouse=True)
def _small_laptop(_vocabulary: Catalogue) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        patch.setattr(bootstrap, "load", lambda: _vocabulary)  # read once for all vaults; nothing changes it
        yield


@pytest.fixture
def places() -> Iterator[Callable[[Place], Place]]:
    """Hand in a place that the test opened; it is locked afterwards, whatever became of the test."""
    opened: list[Place] = []

    def keep(place: Place) -> Place:
        opened.append(place)
        return place

    yield keep
    for place in opened:
        place.lock()
