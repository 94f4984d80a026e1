"""R14: the real window is locked at random screens, and its process searched from outside for what it held.

Two processes: this one plants the words, starts the window, and reads /proc/PID/mem; the window's own
(`python -m bench.locks`) is driven by keys up to Ctrl+L, whose exec puts the program itself in its place. Every search
after a lock has one before it in the same process: a scanner that finds nothing there proves nothing.

Every fifth lock finds the vault lane stuck in a sync, and every seventh an exec that the system refuses; strace does
both, and its record shows that it did. A thread that strace holds cannot end, so that the exec of a stuck lane is
called in time but comes through only once strace lets go, as it would with a disk that hangs. At the end each process
is made to crash: no core.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from select import select as first_ready
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select

from db.models.base import Secret
from desktop.bootstrap import Door
from desktop.rules.records import RecordDraft
from desktop.services.practice import make_practice, practice_sentence
from ui.seat import Place

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

Kind = TypeVar("Kind", bound="QWidget")

MOST_SEEDS = 1_000_000
_TYPED, _OPENED = "Kanaritypa", "Kanariopeni"
_SURE = ("typed name", "opened name", "data key")  # what an open desk certainly holds
_PIECE = 1 << 22
_LONGEST_S = 60.0
_STILL_S = 0.4
_STUCK_S = 6.0
_LONGEST_LEAVING_S = 4.0  # two for the drafts, as much again for a slow machine
_STUCK_EVERY, _REFUSED_EVERY = 5, 7
_INJECTIONS = {
    "lane stuck": f"fsync,fdatasync:delay_enter={_STUCK_S:.0f}s",
    "exec refused": "execve,execveat:error=EACCES",
}
_CALLS = "fsync,fdatasync,execve,execveat"
_SYNC, _EXEC = (re.compile(rf"^\d+ +([0-9.]+) (?:{name})", re.MULTILINE) for name in ("f(?:data)?sync", "execve"))
_SECTIONS = ("case", "person", "recruitment", "determination", "referral", "consent", "closure")
_SCREENS = ("today", "cases", "referrals", "directory", "sending", "settings", "importWorkbook", "enrolment")


def measure(locks: int) -> dict[str, object]:
    """Lock so many times, with another seed each time, so that runs can be added up."""
    return measure_seeded(locks, secrets.randbelow(MOST_SEEDS))


def measure_seeded(locks: int, seed: int) -> dict[str, object]:
    """Lock so many times and return the facts of R14; `figure` counts what was found after a lock.

    Swap is not looked at: the machine's own settings decide it.
    """
    chance = random.Random(seed)  # noqa: S311  which screens, no secret
    before, after, visited, wrong = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    ways = Counter(_way(number) for number in range(1, locks + 1))
    with tempfile.TemporaryDirectory() as name:
        folder, sentence, case_id, canaries = _prepare(Path(name))
        words = [word for secret in canaries.values() for word in secret]
        for number in range(1, locks + 1):
            route = [_screen(chance, case_id) for _ in range(chance.randint(1, 3))]
            visited[f"{route[-1].screen}.{route[-1].section}".rstrip(".")] += 1
            with _window(folder, sentence, case_id, route) as child:
                held = scan(child.pid, words)
                found = {secret: sum(held[word] for word in canaries[secret]) for secret in canaries}
                before.update(found)
                wrong["scanner_blind"] += not all(found[secret] for secret in _SURE)
                with _injected(child.pid, _way(number), Path(name) / "trace") as met:
                    _tell(child, "lock")
                    went = _is_gone(child) if _way(number) == "exec refused" else _is_replaced(child.pid)
                    wrong["not_replaced"] += not went
                    for pid in (child.pid, *descendants(child.pid)):
                        left = scan(pid, words)
                        after.update({secret: sum(left[word] for word in canaries[secret]) for secret in canaries})
                bit, late = met()
                wrong["injector_blind"] += not bit
                wrong["waited_for_the_lane"] += late
                wrong["core_dumped"] += _crash(child)
    return {
        "figure": after.total() + wrong.total(),
        "N": locks,
        "seed": seed,
        "counts": dict(ways) | {"found before": before.total()},
        "found_before": dict(before),
        "found_after": dict(after),
        **{name: wrong[name] for name in ("scanner_blind", "injector_blind", "not_replaced", "waited_for_the_lane")},
        "core_dumped": wrong["core_dumped"],
        "locked_at": dict(visited),
        "swap": "not run",
    }


def scan(pid: int, words: list[bytes]) -> Counter[bytes]:
    """Count byte strings in everything a process holds of its own, and in its environment and arguments.

    Left out are parts that it never touched, and those of files that it has not changed: they are the file's.
    """
    found: Counter[bytes] = Counter()
    overlap = max(map(len, words)) - 1
    try:
        for name in ("environ", "cmdline"):
            content = Path(f"/proc/{pid}/{name}").read_bytes()
            found.update({word: content.count(word) for word in words})
        extents = _own_memory(Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8", errors="replace"))
    except (FileNotFoundError, ProcessLookupError):
        return found  # it has ended, and holds nothing any more
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for start, end in extents:
            for at in range(start, end, _PIECE):
                # A word across two pieces is found in the first of them only: the overlap is one byte short of it.
                with contextlib.suppress(OSError, OverflowError):  # device memory, or gone since
                    content = os.pread(memory.fileno(), min(_PIECE + overlap, end - at), at)
                    for word in words:
                        if count := content.count(word):
                            found[word] += count - content.count(word, _PIECE)
    return found


def _own_memory(smaps: str) -> Iterator[tuple[int, int]]:
    """Walk the extents of a process's memory that can hold what it was told; see proc(5), smaps."""
    for part in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", smaps, flags=re.MULTILINE)[1:]:
        head, *facts = part.splitlines()
        extent, rights, _, _, inode, *_ = head.split()
        sizes = {fact.split(":")[0]: int(fact.split()[1]) for fact in facts if fact.endswith(" kB")}
        touched = sizes["Rss"] + sizes["Swap"] > 0
        changed = sizes["Anonymous"] + sizes["Swap"] > 0 or inode == "0" or rights.endswith("s")
        if rights.startswith("r") and touched and changed and not head.endswith(("[vvar]", "[vsyscall]")):
            start, end = (int(edge, 16) for edge in extent.split("-"))
            yield start, end


def _way(number: int) -> str:
    """Return what stands in the way of a lock."""
    ways = (("exec refused", _REFUSED_EVERY), ("lane stuck", _STUCK_EVERY))
    return next((way for way, every in ways if number % every == 0), "plain")


@contextlib.contextmanager
def _injected(pid: int, way: str, trace: Path) -> Iterator[Callable[[], tuple[bool, bool]]]:
    """Put something in the way of a process for as long as the block runs; yield whether it was met, and was late."""
    if way == "plain":
        yield lambda: (True, False)
        return
    command = ["strace", "-f", "-qq", "-ttt", "-o", str(trace), "-e", f"trace={_CALLS}", "-e"]
    tracer = subprocess.Popen([*command, f"inject={_INJECTIONS[way]}", "-p", str(pid)], stderr=subprocess.DEVNULL)
    try:
        while not _is_traced(pid):
            time.sleep(0.02)
        yield lambda: _met(way, trace.read_text(encoding="utf-8", errors="replace"))
    finally:
        tracer.terminate()
        tracer.wait()


def _met(way: str, trace: str) -> tuple[bool, bool]:
    if way == "exec refused":
        return "(INJECTED)" in trace, False
    sync, leave = _SYNC.search(trace), _EXEC.search(trace)
    if sync is None or leave is None or "sync resumed" in trace[: leave.start()]:
        return False, leave is None
    return True, float(leave[1]) - float(sync[1]) > _LONGEST_LEAVING_S


def _is_traced(pid: int) -> bool:
    """Say whether every thread is: the lane is one of several."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return all("TracerPid:\t0" not in (task / "status").read_text(encoding="utf-8") for task in tasks)


def descendants(pid: int) -> Iterator[int]:
    """Walk the processes that a process has started, and theirs."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text(encoding="ascii").split()):
                yield child
                yield from descendants(child)


def _crash(child: subprocess.Popen[str]) -> bool:
    """Crash the process, wait for its end, and say whether it left a picture of its memory."""
    child.send_signal(signal.SIGSEGV)
    _, status = os.waitpid(child.pid, 0) if child.returncode is None else (0, 0)
    if child.returncode is None:
        child.returncode = os.waitstatus_to_exitcode(status)
    return os.WCOREDUMP(status)


def _prepare(folder: Path) -> tuple[Path, str, str, Mapping[str, tuple[bytes, ...]]]:
    """Make the vault and return it, its sentence, the planted case, and what must not be found, in each encoding."""
    office = make_practice(folder)
    sentence = practice_sentence(office) or ""
    office.with_name("practice.json").unlink()  # or the unlock screen would show the sentence, as it should
    desk = Door(office).unlock(1, sentence)
    try:
        person = RecordDraft("person", {"first_name": _OPENED, "surname": "Practice"})
        case_id, _ = desk.cases.create([RecordDraft("case", {}), person])
        with desk.vault.reading() as session:
            secrets = {row.name: bytes(row.value) for row in session.scalars(select(Secret))}
        keys = {"data key": desk.vault.keys.dek, "own key": desk.vault.keys.x25519, **secrets}
    finally:
        desk.lock()
    canaries = {name: (key, *_encoded(key.hex())) for name, key in keys.items()}
    texts = {"typed name": _TYPED, "opened name": _OPENED, "sentence": sentence}
    return office, sentence, case_id, canaries | {name: _encoded(text) for name, text in texts.items()}


def _encoded(text: str) -> tuple[bytes, ...]:
    return tuple(text.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"))


def _screen(chance: random.Random, case_id: str) -> Place:
    if chance.random() < 0.5:
        return Place("caseFile", case_id, section=chance.choice(_SECTIONS))
    return Place(chance.choice(_SCREENS))


@contextlib.contextmanager
def _window(folder: Path, sentence: str, case_id: str, route: list[Place]) -> Iterator[subprocess.Popen[str]]:
    """Start the window, let it be driven to the last screen of the route, and end it afterwards."""
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.locks"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")},
    )
    try:
        told = {"folder": str(folder), "sentence": sentence, "case": case_id, "typed": _TYPED}
        _tell(child, json.dumps({**told, "route": [place.as_text() for place in route]}))
        out = child.stdout
        # Waited for no longer than the drive may take: a window that broke shows its fault and says nothing here.
        if out is None or not first_ready([out], [], [], 2 * _LONGEST_S)[0] or out.readline() != "ready\n":
            raise RuntimeError("the window was not driven to its screen")
        yield child
    finally:
        child.kill()
        child.communicate()


def _tell(child: subprocess.Popen[str], line: str) -> None:
    if child.stdin is not None:
        child.stdin.write(line + "\n")
        child.stdin.flush()


def _is_gone(child: subprocess.Popen[str]) -> bool:
    """Wait until the process has ended, and say whether it came to that."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(_LONGEST_S)
    return child.returncode is not None


def _is_replaced(pid: int) -> bool:
    """Wait until the program stands in the place of the driven process and is at rest; say whether it came to that."""
    until = time.monotonic() + _LONGEST_S
    used = -1
    while time.monotonic() < until:
        time.sleep(_STILL_S)
        replaced = b"bench.locks" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        now = sum(map(int, Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[11:13]))
        painted = "libQt6Widgets" in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
        if replaced and painted and now == used:
            return True
        used = now
    return False


def drive() -> int:
    """Be the window: unlock, type a name that is not saved, walk the route, wait for the word, press Ctrl+L."""
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QLineEdit

    from ui import app
    from ui.main_window import MainWindow
    from ui.screens.desk_frame import DeskFrame
    from ui.widgets.passphrase_edit import PassphraseEdit

    given = json.loads(sys.stdin.readline())

    class Driven(MainWindow):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.looked.connect(lambda: QTimer.singleShot(0, self.act))

        def act(self) -> None:
            field = self.wait_for(PassphraseEdit, "unlock.sentence")
            QTest.keyClicks(field, given["sentence"])
            QTest.keyClick(field, Qt.Key.Key_Return)
            desk = self.wait_for(DeskFrame, "desk")
            self._idle.rest()  # a busy machine keeps this process waiting so long that it would seem to have slept
            self.settle()
            desk.go(Place("caseFile", given["case"], section="person"))
            self.settle()
            name = self.wait_for(QLineEdit, "person.other_names")
            name.clear()
            QTest.keyClicks(name, given["typed"])
            for step in given["route"]:
                desk.go(Place(**step))
                self.settle()
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            sys.stdin.readline()
            QTest.keyClick(self, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)

        def wait_for(self, kind: type[Kind], name: str) -> Kind:
            until = time.monotonic() + _LONGEST_S
            while (found := self.findChild(kind, name)) is None and time.monotonic() < until:
                QTest.qWait(20)
            if not isinstance(found, kind):
                raise TypeError(name)
            return found

        def settle(self) -> None:
            """Let the lane answer, and what the answers ask again."""
            for _ in range(3):
                answered: list[object] = []
                self._jobs.run(lambda: None, owner=self, done=answered.append, failed=answered.append)
                while not answered:
                    QTest.qWait(5)

    vars(app)["MainWindow"] = Driven  # what `main` opens
    return app.main(["--data", given["folder"], "--language", "en"])


if __name__ == "__main__":
    sys.exit(drive())
