"""What the measurements run in a process of its own: for its memory, for its start, or under strace.

`python -m bench.child PART` reads a JSON object on standard input and writes one.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_derived: dict[str, float] = {"ms": 0.0, "peak_mb": 0.0}


def peak_mb() -> float:
    """Return the most memory this process has held since its start, or since `without_derivation` began anew."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def without_derivation() -> None:
    """From now on leave the key derivation out of the peak, and keep how long it took."""
    from desktop.crypto import slots

    derive = vars(slots)["derive_key"]

    def measured(*arguments: Any) -> Any:
        _derived["peak_mb"] = max(_derived["peak_mb"], peak_mb())
        began = time.perf_counter()
        try:
            return derive(*arguments)
        finally:
            _derived["ms"] += (time.perf_counter() - began) * 1000
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc(5): begin the peak anew

    vars(slots)["derive_key"] = measured


def own_peak_mb() -> float:
    """Return the most memory held outside the key derivation."""
    return max(_derived["peak_mb"], peak_mb())


def say_and_end(**facts: object) -> None:
    """Write the facts and end at once: what follows is no part of any figure."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    os._exit(0)


def _unlocked(given: dict[str, Any]) -> Any:
    from desktop.bootstrap import Door

    return Door(Path(given["folder"])).unlock(1, given["sentence"])


def open_and_list(given: dict[str, Any]) -> None:
    """G3: everything imported, the vault unlocked, the first list there."""
    from desktop.bootstrap import Door

    without_derivation()
    door = Door(Path(given["folder"]))
    started = time.monotonic()
    began = time.perf_counter()
    desk = door.unlock(1, given["sentence"])
    desk.cases.list()
    taken = (time.perf_counter() - began) * 1000 - _derived["ms"]
    say_and_end(started=started, unlock_ms=taken, peak_mb=own_peak_mb())


def save_between_marks(given: dict[str, Any]) -> None:
    """G7 and G8 under strace: so many saves of one kind, each of another case, between two marks."""
    from bench.saving import EDITS

    edit = EDITS[given["edit"]]
    desk = _unlocked(given)
    drafts = [edit(desk, case_id, number) for number, case_id in enumerate(given["cases"])]
    desk.cases.save(drafts.pop())  # the first save of a process makes pages that later ones find
    os.write(2, b"MARK\n")
    for draft in drafts:
        desk.cases.save(draft)
    os.write(2, b"MARK\n")
    say_and_end(saves=len(drafts))


def first_letter(given: dict[str, Any]) -> None:
    """G9: the first letter of a process that has already unlocked, from the click to its bytes."""
    desk = _unlocked(given)
    began = time.perf_counter()
    shown = desk.referrals.preview_letter(given["referral"], "en")
    say_and_end(ms=(time.perf_counter() - began) * 1000, size_bytes=len(shown.pdf))


def seal_memory(given: dict[str, Any]) -> None:
    """G10: everything unsent made into bundles; how much memory that took."""
    from bench.bundles import seal_all

    without_derivation()
    desk = _unlocked(given)
    made = seal_all(desk)
    say_and_end(peak_mb=own_peak_mb(), bundles=len(made), cases=sum(bundle.cases for bundle in made))


def window_memory(given: dict[str, Any]) -> None:
    """G13: the real window on its list of cases."""
    from bench.window_child import Opened

    without_derivation()
    opened = Opened(given)
    opened.unlock()
    opened.loop.exec()
    opened.settle()
    say_and_end(peak_mb=own_peak_mb())


def smallest_window_memory(given: dict[str, Any]) -> None:
    """G13's anchor: the same file by the driver alone, 50 rows in a bare table."""
    from sqlcipher3 import dbapi2

    from bench.window_child import bare_table

    kept, _, put = bare_table(lambda: say_and_end(peak_mb=peak_mb()))
    connection = dbapi2.connect(given["database"], isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{given['key']}'\"")
    put(
        connection.execute(
            "SELECT case_id, case_ref, shown_as, born, sex, status, touched_at FROM case_row"
            " ORDER BY touched_at DESC, case_id DESC LIMIT 50"
        ).fetchall()
    )
    kept[0].exec()


PARTS: dict[str, Callable[[dict[str, Any]], None]] = {
    part.__name__: part
    for part in (
        open_and_list,
        save_between_marks,
        first_letter,
        seal_memory,
        window_memory,
        smallest_window_memory,
    )
}

if __name__ == "__main__":
    PARTS[sys.argv[1]](json.loads(sys.stdin.readline()))
