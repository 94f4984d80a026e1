"""G14: the size of the frozen folder, its files, and its start against that of the source, in turn.

A start is measured from outside, from the call of the program to its word that it has painted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

FOLDER = Path(__file__).resolve().parents[1] / "dist" / "rufaa"
ROUNDS = 11
_MB = 1_000_000


def measure() -> Iterator[dict[str, object]]:
    """Yield one result; "not run" where `make build` has made no folder."""
    if not (FOLDER / "rufaa").exists():
        yield {"goal": "G14", "figure": "not run", "why": "there is no dist/rufaa: make build"}
        return
    # A link counts as itself, as it does on the disk.
    files = [path for path in FOLDER.rglob("*") if path.is_file() and not path.is_symlink()]
    size_mb = sum(path.stat().st_size for path in files) / _MB
    frozen, source = _starts()
    yield {
        "goal": "G14",
        "figure": round(size_mb, 1),
        "limit": 120,
        "ratio": round(size_mb / 120, 2),
        "files": len(files),
        "files_limit": 250,
        "start_ms": round(median(frozen)),
        "start_source_ms": round(median(source)),
        "start_ratio": round(median(ours / theirs for ours, theirs in zip(frozen, source, strict=True)), 2),
        "start_limit": 1.1,
        "N": ROUNDS,
    }


def _starts() -> tuple[list[float], list[float]]:
    """Return how long each start of the frozen window and of the source's took, pair by pair, in milliseconds."""
    programs = ([str(FOLDER / "rufaa")], [sys.executable, "-I", "-m", "ui"])
    times: tuple[list[float], list[float]] = ([], [])
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    with tempfile.TemporaryDirectory() as name:
        for number in range(ROUNDS + 1):
            for program, taken in zip(programs, times, strict=True):
                began = time.perf_counter()
                with subprocess.Popen(
                    [*program, "--data", name, "--paint-once"], stdout=subprocess.PIPE, text=True, env=environment
                ) as window:
                    said = window.stdout.readline() if window.stdout is not None else ""
                    painted_ms = (time.perf_counter() - began) * 1000
                if said != "PAINTED\n" or window.returncode:
                    raise RuntimeError(f"{program[0]} was not painted")
                if number:  # the first round warms the disk's cache
                    taken.append(painted_ms)
    return times


if __name__ == "__main__":
    for result in measure():
        sys.stdout.write(json.dumps(result, sort_keys=True) + "\n")
