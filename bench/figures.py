"""What every measurement is made of: rounds in turn, ratios pair by pair, children, and one line for each goal.

A child tells its own peak (VmHWM), because the kernel's figure for an ended child (`ru_maxrss`, wait4) is never below
what the process that started it held at that moment.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.offices import MadeOffice
from desktop.bootstrap import Desk, Door

ROUNDS = 7
_MARK = '"MARK\\n"'
_BYTES_WRITTEN = re.compile(r"pwrite64\(.*\) = (\d+)$", re.MULTILINE)
_SYNCED = re.compile(r"\bf(?:data)?sync\(")

Result = dict[str, object]


@dataclass(frozen=True)
class Pairs:
    """Figures of ours and of the anchor, taken in turn."""

    ours: list[float]
    anchor: list[float]

    @property
    def ratio(self) -> float:
        """The median of the ratios pair by pair."""
        return median(one / other for one, other in zip(self.ours, self.anchor, strict=True))

    def result(self, goal: str, limit: float, **facts: object) -> Result:
        """Return the line of a goal whose limit is on the ratio."""
        figures = {"figure": figure(median(self.ours)), "anchor": figure(median(self.anchor))}
        return {"goal": goal, **figures, "ratio": figure(self.ratio), "limit": limit, "N": len(self.ours), **facts}

    def faster(self, goal: str, limit: float, **facts: object) -> Result:
        """Return the line of a goal that says how many times faster than the anchor ours must be."""
        turned = Pairs(self.anchor, self.ours)
        return self.result(goal, limit, **facts) | {"ratio": figure(turned.ratio)}


def in_turn(ours: Callable[[], float], anchor: Callable[[], float], rounds: int = ROUNDS) -> Pairs:
    """Take both figures so many times, ours first in each round; one round before them warms caches."""
    found = [(ours(), anchor()) for _ in range(rounds + 1)][1:]
    return Pairs([one for one, _ in found], [other for _, other in found])


def figure(value: float) -> float:
    """Return three digits that count."""
    return float(f"{value:.3g}") if abs(value) < 1000 else round(value)


def p95(values: list[float]) -> float:
    """Return what 95 of 100 stay below."""
    return quantiles(values, n=20)[-1]


@contextmanager
def unlocked(made: MadeOffice) -> Iterator[Desk]:
    """Unlock a made vault for one measurement."""
    desk = Door(made.folder).unlock(1, made.sentence)
    try:
        yield desk
    finally:
        desk.lock()


def child(part: str, given: dict[str, Any], *before: str) -> Any:
    """Run a part of `bench.child` in a process of its own, behind the words of `before`; return what it says."""
    command = [*before, sys.executable, "-m", "bench.child", part]
    said = subprocess.run(
        command,
        input=json.dumps(given) + "\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    return json.loads(said.stdout)


def told(made: MadeOffice, **more: object) -> dict[str, Any]:
    """Return what a child must be told of a vault."""
    return {"folder": str(made.folder), "sentence": made.sentence, **more}


def syncs_and_bytes(part: str, given: dict[str, Any]) -> tuple[int, int] | None:
    """Return the syncs, and the bytes written to files, between the two marks of a child; None without strace."""
    if shutil.which("strace") is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        trace = Path(name) / "trace"
        child(part, given, "strace", "-f", "-e", "trace=fsync,fdatasync,pwrite64,write", "-o", str(trace))
        between = trace.read_text(encoding="utf-8").split(_MARK)[1]
    return len(_SYNCED.findall(between)), sum(map(int, _BYTES_WRITTEN.findall(between)))
