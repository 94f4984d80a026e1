"""The frozen folder: how large it is, that every part works in it, and that its lock replaces the process."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import tasks
from bench.locks import scan
from desktop import machine
from desktop.bootstrap import Door
from desktop.errand import Courier, Errand, Task
from desktop.services.practice import make_practice, practice_sentence
from tests.unit.courier.servers import Behaviour, make_certificate, tus_server

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(sys.platform != "linux", reason="the folder's other forms are looked at by hand"),
]

MOST_BYTES, MOST_FILES = 120_000_000, 250
NEWEST_GLIBC = (2, 35)  # of Ubuntu 22.04
LONGEST_WAIT_S = 60.0
_SEARCH = ("search", "--onlyvisible", "--class", "Rufaa")


def test_the_folder_is_small(frozen: Path) -> None:
    files = [path for path in frozen.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES
    assert len(files) <= MOST_FILES


def test_nothing_of_the_checks_or_of_unused_packages_is_in_it(frozen: Path) -> None:
    names = {path.name for path in (frozen / "_internal").iterdir()}
    assert not names & {"PIL", "pillow.libs", "mypy", "pytest", "hypothesis", "babel", "tcl", "tk"}
    assert not [path for path in frozen.rglob("*") if "Quick" in path.name or "Qml" in path.name]


def test_every_part_works_in_it_without_anything_of_this_environment(frozen: Path, tmp_path: Path) -> None:
    # Neither a path to Python nor to a display, and a language of system that is not UTF-8.
    environment = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LC_ALL": "C"}
    ended = subprocess.run(
        [frozen / "rufaa-cli", "self-test", "--json"], capture_output=True, text=True, env=environment, cwd="/"
    )
    told = json.loads(ended.stdout)
    assert [check for check in told["checks"] if check["ok"] is not True] == []
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_courier_in_it_carries_a_file(frozen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(frozen / "rufaa"))
    content, certificate, behaviour = os.urandom(1_000_000), make_certificate(tmp_path), Behaviour(cuts=[1000])
    with tus_server(behaviour, certificate) as url:
        errand = Errand(Task.SEND, "", 1, url, certificate.pin, hashlib.sha256(content).hexdigest(), content)
        Courier().run(errand)
    assert [bytes(kept.content) for kept in behaviour.uploads.values()] == [content]


def test_it_asks_for_no_newer_system_than_the_oldest_we_name(frozen: Path) -> None:
    build = runpy.run_path(str(tasks.ROOT / "packaging" / "deb" / "build.py"))
    needed, newest = build["libraries"](frozen)
    assert tuple(map(int, newest.split("."))) <= NEWEST_GLIBC
    known = {name for names in build["PACKAGES"].values() for name in names.split()}
    assert needed == known


def test_the_lock_puts_the_frozen_program_in_the_place_of_the_old_one(
    frozen: Path, display: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
    office = make_practice(tmp_path / "desk")
    sentence = practice_sentence(office) or ""
    office.with_name("practice.json").unlink()  # or the unlock screen would show the sentence, as it should
    desk = Door(office).unlock(1, sentence)
    key = desk.vault.keys.dek
    desk.lock()

    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    program = str(frozen / "rufaa")
    with subprocess.Popen(
        [program, "--data", str(office)], env=environment, stderr=subprocess.PIPE, text=True
    ) as window:
        proc = Path("/proc", str(window.pid))
        try:
            began = _started(proc)
            _type_sentence(environment, proc, sentence)
            assert _held(window.pid, key) > 0

            _xdotool(environment, "key", "ctrl+l")
            _wait_until("the process is replaced", lambda: "--language" in _arguments(proc))
            _wait_until("it has let the vault go", lambda: not _has_vault(proc))
            assert _arguments(proc)[:3] == [program, "--data", str(office)]
            assert os.readlink(proc / "exe") == program
            assert _started(proc) == began
            # The new one is a whole desk: it opens the vault again.
            _wait_until("its window is there", lambda: _has_window(environment))
            _still(proc)
            assert _held(window.pid, key) == 0
            _type_sentence(environment, proc, sentence)
            assert _held(window.pid, key) > 0
        finally:
            window.kill()
            assert window.stderr is not None
            assert window.stderr.read() == ""


def _type_sentence(environment: Mapping[str, str], proc: Path, sentence: str) -> None:
    """Type the sentence into the window that is alone on the screen, and wait until its vault is open."""
    _wait_until("the window is there", lambda: _has_window(environment))
    _still(proc)
    # There is no window manager to point the keyboard at it.
    _xdotool(environment, *_SEARCH, "windowfocus", "--sync")
    _xdotool(environment, "type", "--delay", "20", sentence)
    _xdotool(environment, "key", "Return")
    _wait_until("the vault is open", lambda: _has_vault(proc))
    _still(proc)


def _xdotool(environment: Mapping[str, str], *words: str, check: bool = True) -> str:
    return subprocess.run(["xdotool", *words], env=environment, check=check, capture_output=True, text=True).stdout


def _has_window(environment: Mapping[str, str]) -> bool:
    return bool(_xdotool(environment, *_SEARCH, check=False).strip())


def _has_vault(proc: Path) -> bool:
    return any(os.readlink(one).endswith("/vault.db") for one in (proc / "fd").iterdir() if one.is_symlink())


def _held(pid: int, key: bytes) -> int:
    words = [key, key.hex().encode()]
    return scan(pid, words).total()


def _arguments(proc: Path) -> list[str]:
    return (proc / "cmdline").read_text(encoding="utf-8").split("\0")


def _facts(proc: Path) -> list[str]:
    # From the third on; the second, the program's name in brackets, may hold blanks.
    return (proc / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def _started(proc: Path) -> str:
    return _facts(proc)[19]


def _still(proc: Path) -> None:
    """Wait until the process has used no processor time for a while."""
    used: list[str] = []

    def rests() -> bool:
        time.sleep(0.3)
        used.append("".join(_facts(proc)[11:13]))
        return used[-3:].count(used[-1]) == 3

    _wait_until("it is at rest", rests)


def _wait_until(what: str, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError):  # a file was closed while it was looked at
            if holds():
                return
        time.sleep(0.05)
    raise AssertionError(f"not in time: {what}")
