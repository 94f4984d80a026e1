"""R29: what a screen reader, another program and an input method learn of the open and of the locked window.

`tests/hard/spoken_window.py` is the window, on an X server of its own. It walks its own accessibility tree, copies, and
looks at the hints of every field; then it stands open on a bus of its own while this process listens to AT-SPI as any
screen reader does, is locked, and is listened to again. Where there is no X server or no bus, that part is "not run".
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.proof_words import planted

SEED = "none: the words and the walk are fixed"
_ROOT = Path(__file__).resolve().parents[1]
_WINDOW = _ROOT / "tests" / "hard" / "spoken_window.py"
_LAUNCHERS = ("/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher")
_LONGEST_S = 300.0
_STEP_S = 0.5
_MOST_TEXTS = 9000
_ENOUGH = 3  # words that show that the open desk is heard; to hear all of it takes long
_SPOKEN = "org.a11y.atspi.Accessible"
_WORDS = "org.a11y.atspi.Text"
_REGISTRY = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")


def measure(words: int) -> dict[str, object]:
    """Plant so many words and return the facts of R29; `figure` counts what was learnt that must not be."""
    if shutil.which("Xvfb") is None:
        return {"figure": "not run", "why": "no X server"}
    given = planted(words)
    with tempfile.TemporaryDirectory() as name:
        inside = _inside(Path(name) / "inside", given)
        outside = _outside(Path(name) / "outside", given)
    wrong = len(inside["unhinted"]) + len(inside["secrets_heard"]) + len(inside["heard_locked"])
    wrong += sum(not good for good in inside["clipboard"].values())
    wrong += not inside["heard_open"] or not inside["locked_characters"]  # deaf, it would hear nothing anyway
    if isinstance(outside, dict):
        wrong += len(outside["heard_locked"]) + (not outside["heard_open"] or not outside["texts_locked"])
    counts = {"fields": inside["fields"], "words heard of the open desk": inside["heard_open"]}
    if isinstance(outside, dict):
        counts |= {"heard through AT-SPI": outside["heard_open"], "texts of the locked desk": outside["texts_locked"]}
    facts = {"inside": inside, "from_outside": outside}
    return {"figure": wrong, "N": words, "seed": SEED, "counts": counts, **facts}


def _inside(out: Path, words: list[str]) -> dict[str, Any]:
    out.mkdir()
    with _display() as display:
        ended = subprocess.run(
            [sys.executable, str(_WINDOW), str(out), "inside"],
            input=(json.dumps(words) + "\n").encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=_LONGEST_S,
            env=_around(DISPLAY=display),
        )
    said: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return said


def _outside(out: Path, words: list[str]) -> dict[str, Any] | str:
    launcher = next((path for path in _LAUNCHERS if os.access(path, os.X_OK)), None)
    if launcher is None or not all(map(shutil.which, ("dbus-daemon", "busctl"))):
        return "not run"
    out.mkdir()
    with _display() as display, _session_bus() as bus:
        around = _around(
            DISPLAY=display,
            DBUS_SESSION_BUS_ADDRESS=bus,
            QT_ACCESSIBILITY="1",
            QT_LINUX_ACCESSIBILITY_ALWAYS_ON="1",
        )
        with _running([launcher, "--launch-immediately"], around):
            spoken_on = _accessibility_bus(bus)
            with _running([sys.executable, str(_WINDOW), str(out), "outside"], around, piped=True) as window:
                if window.stdin is None or window.stdout is None:
                    raise RuntimeError("no pipes")
                window.stdin.write(json.dumps(words).encode() + b"\n")
                window.stdin.flush()
                if not select.select([window.stdout], [], [], _LONGEST_S)[0] or window.stdout.readline() != b"open\n":
                    raise RuntimeError("the window did not open")
                open_texts = _listen(spoken_on, words[:_ENOUGH])
                window.stdin.write(b"lock\n")
                window.stdin.flush()
                _wait_for_another(window.pid)
                locked_texts = _listen(spoken_on, words)
    return {
        "heard_open": sum(any(word in text for text in open_texts) for word in words),
        "heard_locked": [word for word in words if any(word in text for text in locked_texts)],
        "texts_open": len(open_texts),
        "texts_locked": len(locked_texts),
    }


def _listen(bus: str, words: list[str]) -> list[str]:
    """Return every name, description and text that AT-SPI hands out, until all `words` were among them.

    Waits until somebody is there to be heard.
    """
    until = time.monotonic() + _LONGEST_S / 5
    found: list[str] = []
    while time.monotonic() < until:
        found = []
        waiting = [_REGISTRY]
        missing = set(words)
        while waiting and missing and len(found) < _MOST_TEXTS:
            owner, path = waiting.pop()
            children = _call(bus, owner, path, _SPOKEN, "GetChildren")
            waiting += [(str(one[0]), str(one[1])) for one in (children[0] if children else [])]
            if (owner, path) != _REGISTRY:
                found += [_property(bus, owner, path, _SPOKEN, name) for name in ("Name", "Description")]
                text = _call(bus, owner, path, _WORDS, "GetText", "ii", "0", "-1")
                found += [str(text[0])] if text else []
                missing = {word for word in missing if not any(word in said for said in found[-3:])}
        if any(found):
            return found
        time.sleep(_STEP_S)
    return [text for text in found if text]


def _call(bus: str, owner: str, path: str, interface: str, *asked: str) -> list[Any]:
    said = _busctl(bus, "call", owner, path, interface, *asked)
    data = said.get("data", [])
    return data if isinstance(data, list) else []


def _property(bus: str, owner: str, path: str, interface: str, name: str) -> str:
    return str(_busctl(bus, "get-property", owner, path, interface, name).get("data", ""))


def _busctl(bus: str, *asked: str) -> dict[str, Any]:
    command = ["busctl", f"--address={bus}", "--json=short", "--timeout=20", "--", *asked]  # -1 is no option
    said = subprocess.run(command, capture_output=True, check=False)
    with contextlib.suppress(ValueError):
        found = json.loads(said.stdout)
        return found if isinstance(found, dict) else {}
    return {}


def _accessibility_bus(session: str) -> str:
    until = time.monotonic() + _LONGEST_S
    while time.monotonic() < until:
        found = _call(session, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress")
        if found:
            return str(found[0])
        time.sleep(_STEP_S)
    raise RuntimeError("no accessibility bus")


def _wait_for_another(pid: int) -> None:
    """Wait until the program itself stands in the place of the process."""
    until = time.monotonic() + _LONGEST_S
    while time.monotonic() < until and b"\0-m\0ui\0" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        time.sleep(_STEP_S)
    time.sleep(2 * _STEP_S)


def _around(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "QT_", "AT_SPI"))}
    return kept | {"PYTHONPATH": str(_ROOT), "QT_QPA_PLATFORM": "xcb"} | more


@contextlib.contextmanager
def _running(command: list[str], around: dict[str, str], *, piped: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE if piped else subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=around)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def _display() -> Iterator[str]:
    """An X server on a free display."""
    reads, writes = os.pipe()
    command = ["Xvfb", "-displayfd", str(writes), "-screen", "0", "1366x768x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[writes], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writes)
    try:
        with os.fdopen(reads) as said:
            yield f":{said.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def _session_bus() -> Iterator[str]:
    """A bus of its own, as a person's session has one."""
    command = ["dbus-daemon", "--session", "--nofork", "--print-address=1"]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        address = daemon.stdout.readline().strip() if daemon.stdout else ""
        yield re.sub(",guid=.*", "", address)
    finally:
        daemon.terminate()
        daemon.communicate()
