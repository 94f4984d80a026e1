"""Commands run as on a small laptop; the hooks and the log that a command sets are put back."""

from __future__ import annotations

import logging
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from desktop import bootstrap, machine
from desktop.catalogue import load
from tests.factory import enrol, make_office, make_secretariat
from tests.unit.commands.desks import Desks

SMALL_LAPTOP_BYTES = 4_000_000_000


@pytest.fixture(scope="package", autouse=True)
def _small_laptop() -> Iterator[None]:
    vocabulary = load()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        patch.setattr(bootstrap, "load", lambda: vocabulary)
        yield


@pytest.fixture(autouse=True)
def _hooks_and_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    yield
    logger = logging.getLogger("rufaa")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.addHandler(logging.NullHandler())


@pytest.fixture(scope="package")
def _enrolled(tmp_path_factory: pytest.TempPathFactory) -> Desks:
    base = tmp_path_factory.mktemp("desks")
    office, national = make_office(base / "office"), make_secretariat(base / "national")
    enrol(office, national)
    office.lock()
    national.lock()
    return Desks(office, national, base)


@pytest.fixture
def desks(_enrolled: Desks, tmp_path: Path) -> Desks:
    """A copy of both, at rest, and a stick that nobody has written to."""
    for place, name in ((_enrolled.office, "office"), (_enrolled.national, "national")):
        shutil.copytree(place.folder, tmp_path / name)
    return Desks(
        replace(_enrolled.office, folder=tmp_path / "office"),
        replace(_enrolled.national, folder=tmp_path / "national"),
        tmp_path / "stick",
    )
