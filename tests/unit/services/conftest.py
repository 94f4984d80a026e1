"""One small office and one small Secretariat for the services' own tests, made as on a small laptop."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop import machine
from tests.factory import Place, Secretariat, make_office, make_secretariat

SMALL_LAPTOP_BYTES = 4_000_000_000


@pytest.fixture(scope="module", autouse=True)
def _small_laptop() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        yield


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, _small_laptop: None) -> Iterator[Place]:
    made = make_office(tmp_path_factory.mktemp("office") / "data")
    yield made
    made.lock()


@pytest.fixture(scope="module")
def national(tmp_path_factory: pytest.TempPathFactory, _small_laptop: None) -> Iterator[Secretariat]:
    made = make_secretariat(tmp_path_factory.mktemp("national") / "data")
    yield made
    made.lock()


@pytest.fixture(scope="session")
def _new_office(tmp_path_factory: pytest.TempPathFactory) -> Place:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        made = make_office(tmp_path_factory.mktemp("new") / "data")
    made.lock()
    return made


@pytest.fixture
def place(_new_office: Place, tmp_path: Path) -> Iterator[Place]:
    """An office of one test's own, just begun; what is left of it at the end is let go."""
    made = _new_office.copy_at_rest(tmp_path / "data")
    yield made
    with contextlib.suppress(Exception):
        made.lock()
