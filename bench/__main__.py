"""`make bench`: every measurement as one JSON line with goal, figure, limit or anchor, ratio, N and versions.

`python -m bench G7 G9` runs the named goals, `--million` adds G3 and G4 at a million cases, and `--table FILE.jsonl`
writes the page `docs/performance.md` from such lines instead of measuring.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import bundles, frozen, letters, line_size, memory, saving, storage, table, window, workbooks
from bench.figures import Result
from desktop import VERSION
from desktop.machine import total_memory_bytes

PARTS: tuple[tuple[frozenset[str], Callable[[], Iterator[Result]]], ...] = (
    (frozenset({"decisions"}), line_size.measure),
    (frozenset({"G1", "G2", "G5", "G12"}), window.measure),
    (frozenset({"G3"}), storage.growth),
    (frozenset({"G4", "G6"}), storage.search),
    (frozenset({"G7"}), saving.measure_save),
    (frozenset({"G7", "G8"}), saving.count_writes),
    (frozenset({"G9"}), letters.measure),
    (frozenset({"G10"}), bundles.measure_making),
    (frozenset({"G10"}), bundles.measure_memory),
    (frozenset({"G11"}), bundles.measure_opening),
    (frozenset({"G12"}), workbooks.measure),
    (frozenset({"G13"}), memory.measure),
    (frozenset({"G14"}), frozen.measure),
    (frozenset({"G15"}), storage.size_on_disk),
)


def main() -> int:
    """Run every measurement, or those named, or make the page."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("goals", nargs="*", help="goals such as G7; every one without")
    parser.add_argument("--million", action="store_true", help="measure G3 and G4 at a million cases as well")
    parser.add_argument("--table", type=Path, metavar="FILE", help="make docs/performance.md of a run's lines")
    options = parser.parse_args()
    if options.table:
        lines = options.table.read_text(encoding="utf-8").splitlines()
        sys.stdout.write(table.page([json.loads(line) for line in lines]))
        return 0
    wanted = set(options.goals)
    for goals, measure in (*PARTS, *_on_request(million=options.million)):
        if wanted and not wanted & goals:
            continue
        for result in measure():
            if not wanted or str(result["goal"]).split("-")[0] in wanted:
                sys.stdout.write(json.dumps({**result, **_versions()}, sort_keys=True) + "\n")
                sys.stdout.flush()
    return 0


def _on_request(*, million: bool) -> tuple[tuple[frozenset[str], Callable[[], Iterator[Result]]], ...]:
    return ((frozenset({"G3", "G4"}), storage.million),) if million else ()


def _versions() -> Result:
    memory_gb = round(total_memory_bytes() / 1e9)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {memory_gb} GB"
    return {"rufaa": VERSION, "python": platform.python_version(), "machine": machine}


if __name__ == "__main__":
    sys.exit(main())
