"""`make hard [N=…]`: every hard goal as one JSON line with goal, figure, N, seed and versions.

A goal that nothing runs yet is shown as "not run". R2: a process killed at every write, sync, truncate, rename and
unlink of one save and lock. The figure counts the sweeps that lost an acknowledged record, left a vault unreadable or
never struck; one sweep strikes at some thirty calls, and a greater N repeats it. R14: the window locked N times at
random screens, see `bench.locks`; without N fifty times.
"""

from __future__ import annotations

import argparse
import ast
import json
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

from bench import locks
from desktop import VERSION

_SWEEP = "tests/hard/test_kill_during_save.py::test_a_kill_at_any_call_of_a_save_loses_nothing_that_was_said"
_STRUCK = "R2 save, killed at"
_GOALS, _R2, _R14 = 31, 2, 14
_LOCKS = 50


def main(arguments: list[str] | None = None) -> int:
    """Run every hard goal and return 1 when one of them is missed."""
    parser = argparse.ArgumentParser(prog="bench.hard")
    parser.add_argument("--n", type=int, help="at least so many kills, and so many locks")
    given: int | None = parser.parse_args(arguments).n
    wanted = given or 1
    struck: Counter[str] = Counter()
    missed = 0
    while struck.total() < wanted and not missed:
        once, failed = _sweep()
        struck += once
        missed += failed
        if not once:
            missed += 1  # an injector that never bit proves nothing
    killed = {"figure": missed, "N": struck.total(), "calls": dict(struck), "seed": "none: every call in turn"}
    locked = locks.measure(given or _LOCKS)
    missed += bool(locked["figure"] or locked["scanner_blind"])
    ran = {_R2: killed, _R14: locked}
    versions = {"rufaa": VERSION, "python": platform.python_version(), "machine": platform.machine()}
    for number in range(1, _GOALS + 1):
        facts = ran.get(number, {"figure": "not run"})
        sys.stdout.write(json.dumps({"goal": f"R{number}", **facts, **versions}, sort_keys=True) + "\n")
    return 1 if missed else 0


def _sweep() -> tuple[Counter[str], int]:
    """Run the sweep once; return the kills that struck by call, and how many tests failed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        told = ["-o", "junit_family=xunit1", "--junit-xml", str(report)]
        command = [sys.executable, "-m", "pytest", "-q", "-m", "heavy", *told, _SWEEP]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        suite = ElementTree.parse(report).getroot()[0]  # noqa: S314  # written by the run above
    found = [item.get("value", "{}") for item in suite.iter("property") if item.get("name") == _STRUCK]
    struck: Counter[str] = Counter()
    for value in found:
        struck.update(ast.literal_eval(value))
    return struck, int(suite.get("failures", "0")) + int(suite.get("errors", "0"))


if __name__ == "__main__":
    sys.exit(main())
