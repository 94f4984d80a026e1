"""G13: the window on a list of 100k cases, beside the smallest program that shows the same rows."""

from __future__ import annotations

from collections.abc import Iterator

from bench.figures import Pairs, Result, child, figure, told, unlocked
from bench.full_offices import full_office
from bench.storage import MANY, database

_ROUNDS = 3  # memory is the same each time
_MOST_MB = 90


def measure() -> Iterator[Result]:
    """Yield the peak without the key derivation's own memory, and its ratio to the smallest program's."""
    made = full_office(MANY)
    path, key = database(made)
    with unlocked(made.office) as desk:
        desk.drafts.keep_place({"screen": "cases"})
    pairs = Pairs([], [])
    for _ in range(_ROUNDS):
        pairs.ours.append(child("window_memory", told(made.office))["peak_mb"])
        smallest = child("smallest_window_memory", {"database": str(path), "key": key.hex()})
        pairs.anchor.append(smallest["peak_mb"])
    yield {"goal": "G13", "figure": figure(max(pairs.ours)), "limit": _MOST_MB, "N": _ROUNDS, "cases": MANY}
    yield pairs.result("G13-smallest", 1.3, cases=MANY)
