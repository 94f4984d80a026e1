"""R3: the power goes at a random instant of an operation, and what the disk had not synced is lost, torn or reordered.

Each operation lives once under the recorder; the cuts are then made in memory, written out and given to the checker.
Some states the program itself unlocks first. Three controls, each the same program with one safeguard taken away, must
be caught: a simulator that finds nothing wrong with them proves nothing.
"""

from __future__ import annotations

import random
import secrets
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.hard.disk import State, cut, on_disk, whole
from tests.hard.recorder import TRACE, Reader, Recording, recording
from tests.hard.victims import Answer, Ended, Field, LifeFailed, made_field, unless_traced

CONTROLS = (("NORMAL", "save"), ("DELETE+FULL", "save"), ("no folder sync", "rotate"))
STATES_OF_A_LIFE = 2_500  # then another life is recorded: its ids, salts and pages are others
FIRST_CUTS = 50  # states whose recovery by the program is itself recorded and cut
WAYS = {"name lost", "write lost", "write torn", "reordered"}
NOTHING_SAID = Ended([], False)
_REOPENED = 50
_TRIES = 20


def record(ground: Field, do: str, folder: Path, control: str | None = None) -> Recording:
    """Let one life run in `folder` under the recorder. What it recorded, played back, is the very folder."""
    made = recording(folder)
    trace = folder.with_suffix(".trace")
    ground.live(do, folder, strace=[*TRACE, "-o", str(trace)], trace_from="start", control=control)
    Reader(made, folder).read(trace.read_text(encoding="ascii"))
    trace.unlink()
    if whole(made).files != on_disk(folder):
        raise AssertionError("the recorder did not see everything")
    return made


@dataclass
class Tally:
    """What a sweep found: how many states there were, in which ways they had lost something, and what was wrong."""

    states: int = 0
    ways: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def answer(self, seed: int, wanted: int) -> Answer:
        """Return the facts of a goal."""
        return {
            "figure": self.faults.total(),
            "N": self.states,
            "seed": seed,
            "counts": {**self.ways, **self.faults},
            "met": self.states >= wanted and set(self.ways) == WAYS and not self.faults,
        }


def sweep(
    ground: Field,
    made: Recording,
    chance: random.Random,
    wanted: int,
    tally: Tally,
    life: Ended = NOTHING_SAID,
    *,
    keep: bool = True,
) -> None:
    """Judge so many states, no two the same and each with something lost."""
    seen: set[bytes] = set()
    for _ in range(wanted * _TRIES):
        if len(seen) == wanted:
            break
        state = cut(made, chance)
        if state.lost and state.digest not in seen:
            seen.add(state.digest)
            tally.ways.update(state.lost)
            reopened = keep and len(seen) % _REOPENED == 1
            tally.faults.update(judged(ground, state, life, keep=keep, reopened=reopened))
    tally.states += len(seen)


def judged(ground: Field, state: State, life: Ended, *, keep: bool, reopened: bool) -> list[str]:
    """What is wrong with one state; `life` is what was said before this recording began.

    With `reopened` the program itself unlocks it and verifies its journal, before the checker looks.
    """
    folder = ground.scratch / "state"
    state.write(folder)
    ended = Ended(life.marks + [mark for mark in state.ended.marks if mark[1:2] != ["reopen"]], True)
    wrong = list(ground.refused(folder)) if reopened else []
    wrong = wrong or ground.judged(folder, ended)
    if wrong and keep:
        ground.evidence(folder, f"{wrong} {ended}")
    shutil.rmtree(folder)
    return wrong[:1]


def measure(do: str, n: int) -> Answer:
    """Cut one operation's power so many times; the figure counts states in which something said was lost."""
    if missing := unless_traced():
        return missing
    seed, tally = secrets.randbits(32), Tally()
    chance = random.Random(seed)  # noqa: S311  which states, no secret
    with made_field() as ground:
        for first in range(0, n, STATES_OF_A_LIFE):
            folder = ground.copy()
            sweep(ground, record(ground, do, folder), chance, min(n - first, STATES_OF_A_LIFE), tally)
            shutil.rmtree(folder)
    return tally.answer(seed, n)


def measure_recovery(n: int) -> Answer:
    """Cut a rotation, let the program recover what is left, and cut that as well."""
    if missing := unless_traced():
        return missing
    seed, tally = secrets.randbits(32), Tally()
    chance = random.Random(seed)  # noqa: S311  which states, no secret
    with made_field() as ground:
        made = record(ground, "rotate", ground.copy())
        for first in range(FIRST_CUTS):
            state = cut(made, chance)
            folder = ground.copy()
            shutil.rmtree(folder)
            state.write(folder)
            try:
                again = record(ground, "reopen", folder)
            except LifeFailed as failed:
                tally.faults[f"the program: {failed}"] += 1
                ground.evidence(folder, str(failed))
            else:
                share = n * (first + 1) // FIRST_CUTS - n * first // FIRST_CUTS
                sweep(ground, again, chance, share, tally, state.ended)
            shutil.rmtree(folder)
    return tally.answer(seed, n // 2)  # a recovery that had little to do has few states to lose


def measure_controls(n: int) -> Answer:
    """Cut three programs, each without one safeguard; the figure counts those in which nothing was found wrong."""
    if missing := unless_traced():
        return missing
    seed, caught, states = secrets.randbits(32), Counter[str](), 0
    chance = random.Random(seed)  # noqa: S311  which states, no secret
    with made_field() as ground:
        for control, do in CONTROLS:
            tally = Tally()
            sweep(ground, record(ground, do, ground.copy(), control), chance, n, tally, keep=False)
            states += tally.states
            # A name that the checker does not know is the other pragmas' doing, and nothing lost.
            caught[control] = sum(times for fault, times in tally.faults.items() if not fault.startswith("stray"))
    missed = sum(not caught[control] for control, _ in CONTROLS)
    return {"figure": missed, "N": states, "seed": seed, "counts": dict(caught), "met": not missed}
