"""Flows run as on a small laptop: its key derivation is within the bounds of every header, and four times quicker."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop import bootstrap, machine
from desktop.bundles.reader import open_and_verify
from desktop.catalogue import Catalogue, load
from desktop.crypto import recovery, sealing
from desktop.services import intake
from tests.factory import Place, Secretariat, TickingClock, enrol, make_case, make_office, make_secretariat, send
from tests.flows.recovery_world import PHONE, World, name_identity

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


@pytest.fixture
def gates_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same gates without a limited child for each bundle: these tests are about order, the others use the child."""
    monkeypatch.setattr(intake, "open_and_verify_confined", open_and_verify)


@pytest.fixture(scope="module")
def pair_at_rest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Place]:
    """An office enrolled with a Secretariat, both locked: copied for each test, which is quicker than founding."""
    folder = tmp_path_factory.mktemp("pair")
    office, national = make_office(folder / "office"), make_secretariat(folder / "national")
    enrol(office, national)
    office.lock()
    national.lock()
    return office, national


@pytest.fixture
def pair(pair_at_rest: tuple[Place, Place], tmp_path: Path) -> Iterator[tuple[Place, Place]]:
    office, national = (place.copy_at_rest(tmp_path / place.folder.name) for place in pair_at_rest)
    yield office, national
    office.lock()
    national.lock()


@pytest.fixture(scope="module")
def recovery_at_rest(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    office, national = make_office(folder / "office"), make_secretariat(folder / "national")
    custodians = {name: recovery.identity_file(sealing.generate_secret()) for name in "ABC"}
    identity, shares = name_identity(national, custodians)
    enrol(office, national)
    make_case(office)
    assert national.desk.intake.receive(send(office)).outcome == "RECEIVED"
    national.desk.national_recovery.note_coordinator("030", PHONE)
    office.lock()
    national.lock()
    return World(office, national, identity, shares, custodians)


@pytest.fixture
def world(recovery_at_rest: World, tmp_path: Path) -> Iterator[World]:
    """The office is at rest, since nobody knows a sentence; the Secretariat is unlocked."""
    at_rest = recovery_at_rest
    office = replace(at_rest.office, folder=tmp_path / "office", clock=TickingClock(at_rest.office.clock.instant))
    shutil.copytree(at_rest.office.folder, office.folder)
    place = at_rest.national.copy_at_rest(tmp_path / "national")
    national = Secretariat(place.folder, place.sentence, place.desk, place.clock, at_rest.national.founded)
    yield World(office, national, at_rest.identity, at_rest.shares, at_rest.custodians)
    national.lock()
