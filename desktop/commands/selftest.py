"""`rufaa-cli self-test [--json]`: exercise every part on this machine, the limited child and the fonts included."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from desktop import VERSION, log, system
from desktop.commands.common import add_data_option, say, tell
from desktop.messages import sentence
from desktop.paths import data_folder


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `self-test` subcommand."""
    parser = commands.add_parser("self-test", help="exercise every part on this machine")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    add_data_option(parser)
    parser.set_defaults(run=_self_test)


def _self_test(options: argparse.Namespace) -> int:
    results = [_timed(name, check) for name, check in _CHECKS.items()]
    folder = data_folder(options.data)
    rhythm, health = _rhythm(folder / "log"), system.health(folder)
    failed = [result for result in results if not result["ok"]]
    if options.json:
        facts = {"version": VERSION, "python": platform.python_version(), "system": platform.platform()}
        stands = {finding.part: finding.state.value for finding in health}
        every = {**facts, "ok": not failed, "checks": results, "window": rhythm, "health": stands}
        say(json.dumps(every, sort_keys=True))
    else:
        for result in results:
            say(f"{'ok  ' if result['ok'] else 'FAIL'} {result['ms']:>6} ms  {result['check']}  {result['found']}")
        say(f"     {'':>6}     the window so far  {rhythm}")
        for finding in health:
            say(f"{_MARKS[finding.state]} {'':>6}     {sentence(finding.code, options.language)}")
        tell(options, "PARTS_WORK", good=len(results) - len(failed), n=len(results))
    return 1 if failed else 0


def _timed(name: str, check: Callable[[], str]) -> dict[str, object]:
    began = time.monotonic()
    try:
        found, ok = check(), True
    except Exception as error:  # noqa: BLE001  # whatever a part raises is that part's result, by type and code only
        found, ok = getattr(error, "code", type(error).__name__), False
    return {"check": name, "ok": ok, "found": str(found), "ms": round((time.monotonic() - began) * 1000)}


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise AssertionError(what)


def _cipher() -> str:
    from desktop.services.probes import probe_storage

    return f"SQLCipher {probe_storage()}"


def _signing() -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from desktop.crypto.encoding import Malformed
    from desktop.crypto.signing import public_bytes, sign_envelope, verify_envelope

    key = Ed25519PrivateKey.generate()
    envelope = sign_envelope("application/test", b"{}", key)
    verify_envelope(envelope, "application/test", (public_bytes(key),))
    try:
        verify_envelope(envelope.replace(b'"sig":"', b'"sig":"A'), "application/test", (public_bytes(key),))
    except Malformed:
        return "Ed25519, DSSE"
    raise AssertionError("a changed signature verified")


def _sealing() -> str:
    from desktop.crypto import sealing

    secret = sealing.generate_secret()
    sealed = sealing.seal(b"x" * 100_000, sealing.public_key(secret))
    _expect(sealing.open_sealed(sealed, secret) == b"x" * 100_000, "age")
    return "age, X25519"


def _child() -> str:
    from desktop.confinement import run_confined
    from desktop.errors import DeskError

    _expect(run_confined("probe-echo", b"ping") == b"ping", "echo")
    for probe, payload in (("probe-memory", b"%d" % (2 << 30)), ("probe-time", b"xy")):
        try:
            run_confined(probe, payload, cpu_s=1)
        except DeskError:
            continue
        raise AssertionError(probe)
    with tempfile.TemporaryDirectory() as name:
        target = Path(name) / "written"
        writes = run_confined("probe-write", str(target).encode()) != b"REFUSED" or target.exists()
    _expect(not writes or sys.platform == "win32", "write")
    return "starts, and is stopped at its memory and time" + ("" if writes else ", cannot write")


def _fonts() -> str:
    from desktop.letters.scripts import missing_glyphs

    _expect(not missing_glyphs("Achieng' Ng’ang’a ሰላም ገብረመድህን فاطمة أبوزيد"), "glyphs")
    return "Latin, Ethiopic, Arabic"


def _vocabulary() -> str:
    from desktop.catalogue import load
    from desktop.messages import sentences

    catalogue = load()
    return f"{len(catalogue.lists)} lists, {len(catalogue.forms)} forms, {len(sentences())} sentences"


def _window() -> str:
    # In a process of its own: the desk never imports Qt.
    program = [sys.executable, "-I", "-m", "ui"]
    if getattr(sys, "frozen", False):
        program = [str(Path(sys.executable).with_name("rufaa.exe" if sys.platform == "win32" else "rufaa"))]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYINSTALLER_RESET_ENVIRONMENT": "1"}
    with tempfile.TemporaryDirectory() as name:
        command = [*program, "--data", name, "--paint-once"]
        subprocess.run(command, check=True, env=environment, timeout=60, capture_output=True)  # noqa: S603  our own
    return "opens and is painted, offscreen"


def _walk() -> str:
    from desktop.commands.walk import Walk

    with tempfile.TemporaryDirectory() as name:
        walk = Walk(Path(name) / "walk", "sw")
        steps = list(walk.steps())
        _expect(walk.result is not None and walk.result.outcome == "RECEIVED", "receipt")
    return f"{len(steps)} steps, receipt taken in"


def _rhythm(folder: Path) -> str:
    """Say what the window noted of itself: gaps of its event loop over 50 ms, and how long it took to go blank."""
    gaps, blanks = log.figures(folder, "window.gaps"), log.figures(folder, "window.blank")
    if not blanks:
        return "no desk was locked yet"
    late = sum(int(str(one["n"])) for one in gaps)
    widest = max((int(str(one["ms"])) for one in gaps), default=0)
    slowest = max(int(str(one["ms"])) for one in blanks)
    return f"{late} gaps over 50 ms, widest {widest} ms; {len(blanks)} locks, blank within {slowest} ms"


# How the laptop stands is no part's result: it does not make the test fail.
_MARKS = {system.State.OK: "ok  ", system.State.NOT_POSSIBLE: "--  ", system.State.FAILED: "WARN"}

_CHECKS: dict[str, Callable[[], str]] = {
    "vocabulary": _vocabulary,
    "encrypted storage": _cipher,
    "signatures": _signing,
    "sealing": _sealing,
    "limited child": _child,
    "fonts": _fonts,
    "window": _window,
    "the whole walk": _walk,
}
