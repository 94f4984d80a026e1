"""The page of the figures, `docs/performance.md`, made from the JSON lines of one run."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bench.figures import Result

_WORDS = Path(__file__).with_name("goals.toml")
_PREFACE = """# How fast Rufaa is

This page is made by `python -m bench > build/bench.jsonl` and `python -m bench --table build/bench.jsonl >
docs/performance.md`, and by nothing else. Goals run again by name (`python -m bench G7 >> build/bench.jsonl`) replace
their lines from before.

Each goal stands beside what one would use instead, its anchor: both are taken in turn in the same run, and the ratio is
the median of the ratios pair by pair. A ratio says what the program adds; it holds on a slower laptop too, while the
figures are this machine's. Figures are medians where nothing else is said. N is how often it was measured. Nothing here
is asserted in the tests. The made offices hold complete cases (case, person, recruitment, journey, exploitation,
finding, referrals, consents, each with its revision and its journal entry), about ten records each; the key derivation
is that of a small laptop (64 MiB), and it is left out where the table says so.
"""
_COLUMNS = ("Goal", "What", "Beside", "Figure", "Anchor", "Ratio", "Limit", "N", "")
_HEAD = f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * 3}{' ---: |' * 5} --- |\n"


class On(StrEnum):
    """What a limit speaks of: the figure, the ratio, or how many times faster than the anchor ours must be."""

    FIGURE = "figure"
    RATIO = "ratio"
    AT_LEAST = "ratio at least"


@dataclass(frozen=True)
class Goal:
    """What one line measures, in words; `unit` is that of figure and anchor.

    `why` says where the time or the room goes, and what would mend it; the page has it where the goal is missed.
    """

    what: str
    unit: str
    beside: str = ""
    on: On = On.RATIO
    why: str = ""


def _goals() -> dict[str, Goal]:
    with _WORDS.open("rb") as source:
        found = tomllib.load(source)
    return {name: Goal(**{**words, "on": On[words.get("on", "RATIO")]}) for name, words in found.items()}


GOALS = _goals()


def is_met(line: Result) -> bool | None:
    """Say whether a line keeps its limit; None where nothing was measured or there is no limit."""
    on = GOALS[str(line["goal"])].on
    value, limit = line.get("figure" if on is On.FIGURE else "ratio"), line.get("limit")
    if not isinstance(value, int | float) or not isinstance(limit, int | float):
        return None
    return value >= limit if on is On.AT_LEAST else value <= limit


def page(lines: list[Result]) -> str:
    """Return the page: what misses its goal first and why, then what meets it, then what was not measured.

    Of several lines of one goal and size the last one counts.

    Raises:
        KeyError: A line's goal has no words here.
    """
    lines = list({(line["goal"], line.get("cases")): line for line in lines}.values())
    first = lines[0]
    text = [_PREFACE, f"Measured on {first['machine']}, Python {first['python']}, Rufaa {first['rufaa']}.\n"]
    for title, met in (("Missed", False), ("Met", True), ("Not measured", None)):
        found = [line for line in lines if is_met(line) is met]
        if found:
            text.append(f"## {title}\n\n{_HEAD}{''.join(map(_row, found))}")
        if met is False:
            names = dict.fromkeys(str(line["goal"]) for line in found)
            text.append("".join(f"- **{name}**: {GOALS[name].why}\n" for name in names if GOALS[name].why))
    return "\n".join(text)


def _row(line: Result) -> str:
    goal = GOALS[str(line["goal"])]
    cases = f", {_number(line['cases'])} cases" if isinstance(line.get("cases"), int) else ""
    least = "≥" if goal.on is On.AT_LEAST else "≤"
    unit = f" {goal.unit}" if goal.on is On.FIGURE else "×"
    limit = f"{least} {_number(line['limit'])}{unit}" if "limit" in line else ""
    cells = (
        str(line["goal"]),
        goal.what + cases,
        goal.beside,
        f"{_number(line.get('figure'))} {goal.unit}",
        f"{_number(line['anchor'])} {goal.unit}" if "anchor" in line else "",
        f"{_number(line['ratio'])}×" if "ratio" in line and goal.beside else "",
        limit,
        str(line.get("N", "")),
        {True: "met", False: "**missed**", None: "not run"}[is_met(line)],
    )
    return f"| {' | '.join(cell.strip() for cell in cells)} |\n"


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)
