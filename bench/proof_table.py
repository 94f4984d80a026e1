"""The page of the hard goals, `docs/proof.md`, made from the JSON lines of `python -m bench.hard`."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WORDS = Path(__file__).with_name("proof_goals.toml")
_PREFACE = """# What was tried to break Rufaa, and how often

This page is made by `make hard` (or `python -m bench.hard --out build/proof.jsonl`) and then `python -m bench.hard
--table build/proof.jsonl > docs/proof.md`, and by nothing else. Every goal is that there be no exception at all. It
counts as met only when it was tried as often as it asks for; what was not run says so.

Lines of the same code are added up: a goal may be run in pieces, each with its own seed (of those with one seed one
counts), and a piece that failed stays here until the code has changed. *Code* tells the states of the program's code
apart. An injector that never struck makes its goal missed, whatever the figure.
"""
_COLUMNS = ("Goal", "What", "Exceptions", "Tried", "Asked", "Seen", "Seeds", "Code", "")
_HEAD = f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * 2}{' ---: |' * 3}{' --- |' * 4}\n"
_MOST_SEEDS = 6

Line = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """One line in words, and how often it must be tried; `why` says why it is not run."""

    what: str
    least: int = 0
    why: str = ""


def _goals() -> dict[str, Goal]:
    with _WORDS.open("rb") as words:
        return {name: Goal(**said) for name, said in tomllib.load(words).items()}


GOALS = _goals()


def page(lines: list[Line]) -> str:
    """Return the page: missed, tried too seldom, met, not run.

    Raises:
        KeyError: A line's goal has no words.
    """
    found = {goal: together([line for line in lines if line["goal"] == goal]) for goal in GOALS}
    for line in lines:
        GOALS[line["goal"]]
    text = [_PREFACE]
    ran = [line for line in lines if "N" in line]
    if ran:
        machines = {f"{line['machine']}, Python {line['python']}, Rufaa {line['rufaa']}" for line in ran}
        text.append(f"Run on {'; '.join(sorted(machines))}.\n")
    titles = {"missed": "Missed", "part": "Tried less often than asked", "met": "Met", "not run": "Not run"}
    for verdict, title in titles.items():
        rows = [_row(goal, line, verdict) for goal, line in found.items() if standing(goal, line) == verdict]
        if rows:
            text.append(f"## {title}\n\n{_HEAD}{''.join(rows)}")
    return "\n".join(text)


def together(lines: list[Line]) -> Line | None:
    """Add up the lines of one goal that were run with the code of the last one run; None where it was not."""
    ran = [line for line in lines if line["figure"] != "not run"]
    if not ran:
        return None
    source = ran[-1]["source"]
    ran = _once_a_seed([line for line in ran if line["source"] == source])
    counts: Counter[str] = Counter()
    for line in ran:
        counts.update(line.get("counts", {}))
    broke = sum(line["figure"] == "broke off" for line in ran)
    return {
        "figure": sum(line["figure"] for line in ran if line["figure"] != "broke off") + broke,
        "N": sum(line.get("N", 0) for line in ran),
        "counts": dict(counts) | ({"broke off": broke} if broke else {}),
        "seeds": list(dict.fromkeys(str(line["seed"]) for line in ran if "seed" in line)),
        "source": source,
        "met": all(line["met"] for line in ran),
    }


def _once_a_seed(lines: list[Line]) -> list[Line]:
    """Of lines with one seed, which tried the same, keep the worst, and of equally bad ones the longest."""
    found: dict[object, Line] = {}
    for place, line in enumerate(lines):
        seed = line.get("seed", f"line {place}")
        found[seed] = max(found.get(seed, line), line, key=lambda one: (not one["met"], one.get("N", 0)))
    return list(found.values())


def standing(goal: str, line: Line | None) -> str:
    """Say how a goal stands: `missed`, `part` (nothing wrong, but not often enough), `met`, `not run`."""
    if line is None:
        return "not run"
    if line["figure"] or not line["met"]:
        return "missed"
    return "met" if line["N"] >= GOALS[goal].least else "part"


def _row(goal: str, line: Line | None, verdict: str) -> str:
    words = GOALS[goal]
    if line is None:
        cells = [goal, words.what, "", "", f"{words.least:,}" if words.least else "", words.why, "", "", "not run"]
    else:
        seen = ", ".join(f"{times:,} {what}" for what, times in sorted(line["counts"].items(), key=lambda one: -one[1]))
        seeds = line["seeds"][:_MOST_SEEDS]
        more = len(line["seeds"]) - len(seeds)
        shown = ", ".join(seeds) + (f" and {more} more" if more else "")
        least = f"{words.least:,}" if words.least else ""
        told = {"missed": "**missed**", "part": "so far"}.get(verdict, verdict)
        cells = [goal, words.what, f"{line['figure']:,}", f"{line['N']:,}", least, seen, shown, line["source"], told]
    return f"| {' | '.join(cell.replace('|', '/').strip() for cell in cells)} |\n"
