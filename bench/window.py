"""G1, G2, G5 and G12 of the window, each beside its anchor, in turn, in processes of their own.

The figures are medians or percentiles of this machine; the ratio is what a goal speaks of.
"""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.offices import SEED, MadeOffice, make_office, surnames
from desktop.bootstrap import Door
from desktop.services.practice import make_practice, practice_sentence

ROUNDS = 7
CASES = 100_000
_TYPED_NAMES, _TYPED_LETTERS = 60, 7
_FRAME_MS = 16
_VISITS = 3
# What the bare window imports and uses by name; Qt makes its classes and their codes when they are named.
_BARE = (
    "from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, QTimer\n"
    "from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow, QTableView, QToolBar\n"
    "Qt.ItemDataRole.DisplayRole\n"
)
_SECTIONS = ("case", "person", "identity_document", "consent", "recruitment", "journey_leg", "exploitation_episode")
_LATER_SECTIONS = ("determination", "referral", "referral_feedback", "closure")
_SCREENS = ("today", "cases", "referrals", "directory", "importWorkbook", "sending", "enrolment", "settings")


def measure() -> Iterator[dict[str, object]]:
    """Yield one result for each goal."""
    for package in ("desktop", "ui", "db", "bench"):  # as an installed program's: no start compiles its sources
        compileall.compile_dir(package, quiet=1)
    with tempfile.TemporaryDirectory() as name:
        office = make_office(Path(name) / "large", CASES, {"screen": "cases"})
        yield _start(office)
        yield _imports()
        yield _unlock(office)
        yield _typing(office)
        yield _gaps(Path(name) / "desk")


def _start(office: MadeOffice) -> dict[str, object]:
    """G2: the process of the window from its start to its first paint, against a bare window with a table."""
    wall: dict[str, list[float]] = {"start_window": [], "start_bare": []}
    cpu: dict[str, list[float]] = {"start_window": [], "start_bare": []}
    heavy: list[str] = []
    for number in range(ROUNDS + 1):
        for part in wall:
            began = time.monotonic()
            told = _child(part, {"folder": str(office.folder)})
            if number:  # the first round warms the disk's cache
                wall[part].append((told["at"] - began) * 1000)
                cpu[part].append(told["cpu_s"] * 1000)
            heavy += told.get("heavy", [])
    ours, bare = median(wall["start_window"]), median(wall["start_bare"])
    return {
        "goal": "G2",
        "figure": round(ours, 1),
        "anchor": round(bare, 1),
        "ratio": round(median(one / other for one, other in zip(*wall.values(), strict=True)), 2),
        "limit": 1.3,
        "N": ROUNDS,
        "cpu_ms": round(median(cpu["start_window"])),
        "cpu_anchor_ms": round(median(cpu["start_bare"])),
        "heavy_imports": sorted(set(heavy)),
    }


def _imports() -> dict[str, object]:
    """G2's budget: what the window imports before its first paint beyond what a bare window does."""
    totals, named = [], dict[str, int]()
    for _ in range(ROUNDS):
        bare, ours = _import_times(_BARE), _import_times(_BARE + "import ui.app\n")
        named = {name: us for name, us in ours.items() if name not in bare}
        totals.append(sum(named.values()) / 1000)
    longest = sorted(named, key=lambda name: -named[name])[:5]
    return {
        "goal": "G2-imports",
        "figure": round(median(totals), 1),
        "limit": 60,
        "N": ROUNDS,
        "modules": len(named),
        "longest": {name: round(named[name] / 1000, 1) for name in longest},
    }


def _import_times(code: str) -> dict[str, int]:
    """Return the microseconds that each module took by itself while some code was run."""
    command = [sys.executable, "-X", "importtime", "-c", code]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    lines = [line.removeprefix("import time:").split("|") for line in told.splitlines() if "|" in line]
    return {name.strip(): int(own) for own, _, name in lines if own.strip().isdigit()}


def _unlock(office: MadeOffice) -> dict[str, object]:
    """G1: from Enter on the sentence to the painted list."""
    times: dict[str, list[float]] = {"unlock_window": [], "unlock_raw": []}
    for _ in range(ROUNDS):
        for part in times:
            told = _child(part, {"folder": str(office.folder), "sentence": office.sentence})
            times[part].append(told["ms"])
    ratios = (one / other for one, other in zip(*times.values(), strict=True))
    return {
        "goal": "G1",
        "figure": round(median(times["unlock_window"])),
        "anchor": round(median(times["unlock_raw"])),
        "ratio": round(median(ratios), 2),
        "limit": 1.2,
        "N": ROUNDS,
        "cases": CASES,
    }


def _typing(office: MadeOffice) -> dict[str, object]:
    """G5: from a key in the search field to the repainted list, through the vault lane; and with the rows ready."""
    names = [name[:_TYPED_LETTERS].lower() for name in surnames(_TYPED_NAMES)]
    told = _child("type_in_search", {"folder": str(office.folder), "sentence": office.sentence, "names": names})
    keys, ready = told["keys_ms"], told["ready_ms"]
    return {
        "goal": "G5",
        "figure": round(_p95(keys), 1),
        "limit": _FRAME_MS,
        "median": round(median(keys), 1),
        "anchor": round(_p95(ready), 1),
        "ratio": round(_p95(keys) / _p95(ready), 2),
        "N": len(keys),
        "cases": CASES,
        "seed": SEED,
    }


def _gaps(folder: Path) -> dict[str, object]:
    """G12: the widest gap of the event loop over every screen of an office; the first visit imports, later ones do not.

    A gap is how much a beat every 25 ms came late.
    """
    office = make_practice(folder)
    sentence = practice_sentence(office) or ""
    desk = Door(office).unlock(1, sentence)
    try:
        case_id = next(row.case_id for row in desk.cases.list() if desk.cases.open(row.case_id).of("consent"))
    finally:
        desk.lock()
    sections = {f"case {name}": {"screen": "caseFile", "case_id": case_id, "section": name} for name in _SECTIONS}
    later = {f"case {name}": {"screen": "caseFile", "case_id": case_id, "section": name} for name in _LATER_SECTIONS}
    places = {name: {"screen": name} for name in _SCREENS} | sections | later
    given = {"folder": str(office), "sentence": sentence, "places": places, "rounds": _VISITS}
    gaps: dict[str, list[int]] = _child("visit", given)["gaps"]
    first = {name: widest[0] for name, widest in gaps.items()}
    again = {name: max(widest[1:]) for name, widest in gaps.items()}
    return {
        "goal": "G12",
        "figure": max(again.values()),
        "first_visit": max(first.values()),
        "limit": 50,
        "N": len(places) * _VISITS,
        "over_50_ms": {name: ms for name, ms in again.items() if ms > 50},
        "first_over_50_ms": {name: ms for name, ms in first.items() if ms > 50},
    }


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20)[-1]


def _child(part: str, given: dict[str, Any]) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "bench.window_child", part],
        input=json.dumps(given) + "\n",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    return json.loads(done.stdout)
