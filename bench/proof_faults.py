"""R27: faults are forced everywhere with words in hand; none of them is said in the log or on an output.

The faults themselves are `tests/hard/fault_walk.py`, a process of its own for each thousand, so that the ring of the
log still holds the first when the last was written. A method of a service that was not struck, or a search that misses
the control word, counts as an exception like a word that was found.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.locks import MOST_SEEDS
from bench.proof_words import search
from desktop import machine
from desktop.log import RING_BYTES, RING_FILES
from desktop.services.practice import make_practice

_ROOT = Path(__file__).resolve().parents[1]
_WALK = _ROOT / "tests" / "hard" / "fault_walk.py"
_BATCH = 1000
_SMALL_LAPTOP_BYTES = 4_000_000_000
_LONGEST_S = 900
_ROUTES = (
    "service",
    "slot",
    "override",
    "thread",
    "beside",
    "finaliser",
    "warning",
    "logger",
    "message of Qt",
    "event",
)
_find = search(["Kanari"])


def measure(faults: int) -> dict[str, object]:
    """Force so many faults, with another seed each time, so that runs can be added up."""
    return measure_seeded(faults, secrets.randbelow(MOST_SEEDS))


def measure_seeded(faults: int, seed: int) -> dict[str, object]:
    """Force so many faults and return the facts of R27; `figure` counts words found and what the proof missed."""
    struck, kinds, missed = Counter[str](), Counter[str](), Counter[str]()
    found: set[str] = set()
    with tempfile.TemporaryDirectory() as name, _small_laptop():
        made = make_practice(Path(name) / "made")
        while struck.total() < faults:
            folder = Path(name) / made.parent.name  # by its name the window knows that it is for practice
            shutil.copytree(made.parent, folder)
            wanted = min(_BATCH, faults - struck.total())
            said, places = _batch(folder / made.name, wanted, seed + struck.total())
            found |= {place for place, text in places.items() if _find(text.replace(b"Kanaricontrol", b""))}
            missed["control"] += sum(b"Kanaricontrol" not in text for text in places.values())
            missed["ring"] += len(places["log"]) >= RING_BYTES * (RING_FILES - 1)  # the first ones may be gone
            missed.update(said["methods_not_met"])
            struck.update(said["struck"])
            kinds.update(said["kinds"])
            shutil.rmtree(folder)
    missed["routes"] = sum(not struck[route] for route in _ROUTES)
    return {
        "figure": len(found) + missed.total(),
        "N": struck.total(),
        "seed": seed,
        "found_in": sorted(found),
        "counts": dict(struck),
        "kinds": dict(kinds),
        "missed": dict(+missed),
    }


def _batch(folder: Path, faults: int, seed: int) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Run one process; return what it counted, and all that it said by where it said it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ended = subprocess.run(
        [sys.executable, str(_WALK), str(faults), str(seed)],
        input=f"{folder}\n".encode(),
        capture_output=True,
        check=False,
        timeout=_LONGEST_S,
        env={**kept, "PYTHONPATH": str(_ROOT), "QT_QPA_PLATFORM": "offscreen"},
    )
    if ended.returncode:
        # Not what it said: this is the one place from which words of a failed proof would get out.
        raise RuntimeError(f"the walk ended with {ended.returncode}")
    *_, last = ended.stdout.splitlines()
    logs = b"".join(path.read_bytes() for path in sorted((folder / "log").iterdir()))
    return json.loads(last), {"log": logs, "standard output": ended.stdout, "standard error": ended.stderr}


@contextmanager
def _small_laptop() -> Iterator[None]:
    real = machine.total_memory_bytes
    machine.total_memory_bytes = lambda: _SMALL_LAPTOP_BYTES
    try:
        yield
    finally:
        machine.total_memory_bytes = real
