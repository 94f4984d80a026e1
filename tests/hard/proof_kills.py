"""R1: kill -9 at a random instant of an operation, and R2: at every single call of it that changes a file.

R1 draws its instants evenly from as long as undisturbed runs took: half of them within the act itself, half anywhere
from `ready` to the end, which after a new generation includes the next lock and unlock. R2 lets strace kill the
process as it enters the call: the call is not made. After a third of R1's kills the program itself unlocks what is
left and verifies its journal, before the checker looks.
"""

from __future__ import annotations

import random
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable
from itertools import count
from statistics import median

from tests.hard.victims import ACTS, Answer, Ended, Field, made_field, unless_traced

CALLS = (
    *("pwrite64", "write", "fsync", "fdatasync", "ftruncate", "rename", "unlink", "unlinkat", "rmdir", "mkdir"),
    *("sendfile", "copy_file_range"),
)
_SAVES = {"pwrite64", "write", "fsync"}
_GENERATIONS = _SAVES | {"rename", "unlink", "mkdir", "rmdir"}
# NOTE: SQLCipher's wheel calls fsync and never fdatasync; a sweep over the wrong call would pass and prove nothing.
MUST_BITE = {
    "save": _SAVES,
    "autosave": _SAVES,
    "lock": _SAVES | {"ftruncate", "unlink"},
    "checkpoint": _SAVES,
    "people": _SAVES | {"rename"},
    "rotate": _GENERATIONS,
    "reseal": _GENERATIONS,
    "migrate": _GENERATIONS,
}
_UNDISTURBED = 3
_REOPENED = 3
_TRIES = 20
_LEAST_SHARE = 10  # of so many kills at least one must find the act itself under way


def measure(do: str, n: int) -> Answer:
    """Kill one operation so many times at random instants; the figure counts what was lost of what was said."""
    seed = secrets.randbits(32)
    chance = random.Random(seed)  # noqa: S311  which instants, no secret
    # On the disk most kills find the process waiting for a sync; in memory they find it at work between two of them.
    with made_field() as disk, made_field(in_memory=True) as memory:
        slow = strike(disk, do, max(1, n // 2), chance)
        fast = strike(memory, do, max(1, n - n // 2), chance)
    return {
        "figure": slow["figure"] + fast["figure"],
        "N": slow["N"] + fast["N"],
        "seed": seed,
        "counts": dict(Counter(slow["counts"]) + Counter(fast["counts"])),
        "met": slow["met"] and fast["met"],
        "on_disk": slow,
        "in_memory": fast,
    }


def strike(field: Field, do: str, n: int, chance: random.Random) -> Answer:
    """Kill n lives of one operation. Kills that came too late, after all was said, are not counted."""
    found, inside = Counter[str](), Counter[str]()
    runs = [undisturbed(field, do) for _ in range(_UNDISTURBED)]
    spans = [_middle(run.span(["begin", ACTS[do]], ["said", ACTS[do]]) for run in runs)]
    spans += [_middle(run.span(["ready"], ["end"]) for run in runs)]
    for _ in range(n * _TRIES):
        struck = inside.total()
        if struck == n:
            break
        folder = field.copy()
        ended = field.live(do, folder, kill_after=chance.uniform(*spans[struck % 2]))
        if ended.killed and ["end"] not in ended.marks:
            inside[ended.under_way or "between"] += 1
            wrong = list(field.refused(folder)) if struck % _REOPENED == 0 else []
            wrong = wrong or field.judged(folder, ended)[:1]
            found.update(wrong)
            if wrong:
                field.evidence(folder, f"{do}: {wrong} {ended}")
        shutil.rmtree(folder)
    return {
        "figure": found.total(),
        "N": inside.total(),
        "counts": {**found, **{f"in {what}": times for what, times in inside.items()}},
        "act_ms": round((spans[0][1] - spans[0][0]) * 1000, 1),
        "life_ms": round(spans[1][1] * 1000, 1),
        "met": inside.total() == n > inside["between"] and inside[ACTS[do]] >= n // _LEAST_SHARE and not found,
    }


def _middle(spans: Iterable[tuple[float, float]]) -> tuple[float, float]:
    begun, done = zip(*spans, strict=True)
    return median(begun), median(done)


def undisturbed(field: Field, do: str) -> Ended:
    """Let an operation run that nobody kills. What it left is whole and holds all that was said."""
    folder = field.copy()
    ended = field.live(do, folder)
    wrong = field.judged(folder, ended)
    if ended.killed or wrong:
        raise AssertionError(f"{do} undisturbed: {wrong}")
    shutil.rmtree(folder)
    return ended


def sweep(field: Field, do: str, numbers: dict[str, range | count[int]]) -> tuple[Counter[str], Counter[str]]:
    """Kill at these calls of an operation, of each kind until a run ends untouched; return strikes and faults."""
    struck, found = Counter[str](), Counter[str]()
    for call, places in numbers.items():
        for number in places:
            folder = field.copy()
            words = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}", "-o", "/dev/null"]
            ended = field.live(do, folder, strace=words, trace_from="ready")
            wrong = field.judged(folder, ended) or list(field.refused(folder))
            found.update(f"{fault} at {call} {number}" for fault in wrong[:1])
            if wrong:
                field.evidence(folder, f"{do} {call} {number}: {wrong} {ended}")
            shutil.rmtree(folder)
            if not ended.killed:
                break
            struck[call] += 1
    return struck, found


def measure_calls(do: str, n: int) -> Answer:
    """Kill one operation at every call that changes a file, and again from the start until there were n kills."""
    if missing := unless_traced():
        return missing
    struck, found = Counter[str](), Counter[str]()
    with made_field() as field:
        while struck.total() < max(n, 1):
            once, wrong = sweep(field, do, {call: count(1) for call in CALLS})
            struck += once
            found += wrong
            if not MUST_BITE[do] <= set(once):
                break
    return {
        "figure": found.total(),
        "N": struck.total(),
        "seed": "none: every call in turn",
        "counts": {**found, **struck},
        "met": MUST_BITE[do] <= set(struck) and not found,
    }
