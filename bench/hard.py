"""`make hard [N=…] [ONLY=R1,R3]`: every hard goal as one JSON line with goal, figure, N, seed and versions.

A goal that nothing runs is shown as "not run", never as passed. `--out FILE` appends the lines to a file as well, and
`--table FILE` makes the page `docs/proof.md` of such lines instead of running anything.

To add a goal: one line in `PARTS` and its words in `bench/proof_goals.toml`. Its module has
`measure(*given, n) -> dict` with `figure` (exceptions seen; the goal is 0), `N` (how many were really run), `seed`,
`met` (false as well when the injector did not bite), and `counts` (what was seen how often; added up over lines).
Whatever else it holds stays in the line. Where a program is missing that it needs, its figure is "not run".
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import sys
import traceback
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from bench import proof_table
from desktop import VERSION
from desktop.clock import SystemClock, stamp

_ROOT = Path(__file__).parents[1]
_SOURCES = ("db", "desktop", "ui")


@dataclass(frozen=True)
class Part:
    """What measures a goal: `module:function`, how many without N=, and what it is given before the number."""

    measure: str
    n: int
    given: tuple[str, ...] = ()


_KILLS, _CALLS = "tests.hard.proof_kills:measure", "tests.hard.proof_kills:measure_calls"
_POWER = "tests.hard.proof_power:measure"
_OPERATIONS = ("save", "autosave", "lock", "rotate", "migrate")
_MORE = ("checkpoint", "people", "reseal")

PARTS: dict[str, Part] = {
    **{f"R1-{name}": Part(_KILLS, 100, (name,)) for name in _OPERATIONS},
    **{f"R2-{name}": Part(_CALLS, 1, (name,)) for name in (*_OPERATIONS, *_MORE)},
    **{f"R3-{name}": Part(_POWER, 500, (name,)) for name in (*_OPERATIONS, *_MORE)},
    "R3-recovery": Part("tests.hard.proof_power:measure_recovery", 500),
    "R3-controls": Part("tests.hard.proof_power:measure_controls", 2_000),
    "R8-header": Part("tests.hard.proof_header:measure", 200),
    "R8-vault": Part("tests.hard.proof_vault_file:measure", 2_000),
    "R9": Part("tests.hard.proof_rollback:measure", 500),
    "R13": Part("bench.proof_plaintext:measure", 200),
    "R14": Part("bench.locks:measure", 50),
    "R15": Part("bench.proof_guesses:measure", 1_000),
    "R17": Part("tests.hard.proof_keys:measure", 2_000),
    "R17-real": Part("tests.hard.proof_keys_real:measure", 50),
    "R18": Part("bench.proof_drills:measure", 1, ("R18",)),
    "R18-rows": Part("tests.hard.proof_sealed_rows:measure", 200),
    "R19": Part("tests.hard.proof_journal:measure", 2_000),
    "R19-speed": Part("tests.hard.proof_journal:measure_speed", 1_000_000),
    "R27": Part("bench.proof_faults:measure", 10_000),
    "R29": Part("bench.proof_accessibility:measure", 20),
    "R30": Part("bench.proof_drills:measure", 1, ("R30",)),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the goals, or make the page; return 1 when a goal that was run is missed."""
    parser = argparse.ArgumentParser(prog="bench.hard")
    parser.add_argument("--n", type=int, help="how many of each goal")
    parser.add_argument("--only", default="", metavar="GOALS", help="goals such as R1,R3-save; every one without")
    parser.add_argument("--out", type=Path, metavar="FILE", help="append the lines to a file as well")
    parser.add_argument("--table", type=Path, metavar="FILE", help="make docs/proof.md of such lines")
    options = parser.parse_args(arguments)
    if options.table:
        lines = options.table.read_text(encoding="utf-8").splitlines()
        sys.stdout.write(proof_table.page([json.loads(line) for line in lines]))
        return 0
    only = {name for name in options.only.split(",") if name}
    wanted = [goal for goal in proof_table.GOALS if not only or only & {goal, goal.split("-")[0]}]
    if not wanted or only - {name for goal in wanted for name in (goal, goal.split("-")[0])}:
        parser.error("no such goal")
    missed = 0
    for goal in wanted:
        line = {"goal": goal, **_run(goal, options.n), **_versions()}
        missed += line.get("met") is False
        text = json.dumps(line, sort_keys=True) + "\n"
        sys.stdout.write(text)
        sys.stdout.flush()
        if options.out:
            options.out.parent.mkdir(parents=True, exist_ok=True)
            with options.out.open("a", encoding="utf-8") as file:
                file.write(text)
    return 1 if missed else 0


def _run(goal: str, n: int | None) -> dict[str, object]:
    part = PARTS.get(goal)
    if part is None:
        return {"figure": "not run"}
    module, name = part.measure.split(":")
    try:
        facts: dict[str, object] = getattr(import_module(module), name)(*part.given, n or part.n)
    except Exception:  # noqa: BLE001  # whatever stops one goal, the others are still run
        traceback.print_exc()
        return {"figure": "broke off", "met": False}
    return facts if facts["figure"] == "not run" else {"met": facts["figure"] == 0, **facts}


def _versions() -> dict[str, object]:
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    versions = {"rufaa": VERSION, "python": platform.python_version(), "machine": machine, "source": source()}
    return {**versions, "at": stamp(SystemClock().now())}


def source() -> str:
    """Return what tells one state of the program's code from another: lines of another code are not added up."""
    made = hashlib.sha256()
    for folder in _SOURCES:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            made.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes())
    return made.hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())
