"""Settings every test runs under: no display, no network but this machine, nobody's real folders."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

os.environ["QT_QPA_PLATFORM"] = "offscreen"
# Shared machines stall for seconds; a slow example says nothing about the code.
settings.register_profile("rufaa", deadline=None)
settings.load_profile("rufaa")

LOOPBACK = ("127.", "::1", "localhost")
# Every folder that a person's own settings or data could be found through, on each platform.
HOME_VARIABLES = {
    "HOME": "",
    "USERPROFILE": "",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
    "XDG_CACHE_HOME": ".cache",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_RUNTIME_DIR": "run",
}


def _refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    # An audit hook sees every socket of this process, whichever library opens it, and cannot be taken away again.
    if event not in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        return
    address = arguments[1]
    if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
        raise RuntimeError("a test tried to reach the network")


sys.addaudithook(_refuse_the_network)


def _lend_home(patch: pytest.MonkeyPatch, home: Path) -> None:
    for name, below in HOME_VARIABLES.items():
        folder = home / below
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        patch.setenv(name, str(folder))


@pytest.fixture(scope="session", autouse=True)
def _home_of_the_session() -> Iterator[None]:
    # Before the first test: what is read once in a process (Qt's runtime folder) must not be a real folder either.
    with tempfile.TemporaryDirectory(prefix="rufaa-tests-") as home, pytest.MonkeyPatch.context() as patch:
        _lend_home(patch, Path(home))
        yield


@pytest.fixture(autouse=True)
def _home_of_the_test(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    _lend_home(monkeypatch, tmp_path_factory.mktemp("home"))
    # The command line, run inside a test, takes it for itself; pytest's own finds what finalisers raise.
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)


@pytest.fixture
def display() -> Iterator[str]:
    """An X server on a free display, with the screen of the reference laptop and no window manager."""
    reads, writes = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writes), "-screen", "0", "1366x768x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writes],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writes)
    with os.fdopen(reads) as said:
        number = said.readline().strip()
    assert number, "Xvfb did not start"
    yield f":{number}"
    server.terminate()
    server.wait(timeout=30)
