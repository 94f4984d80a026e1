"""R14: the real window is locked at random screens, and its process searched from outside for what it held.

Two processes: this one plants the words, starts the window, and reads /proc/PID/mem; the window's own
(`python -m bench.locks`) is driven by keys up to Ctrl+L, whose exec puts the program itself in its place. Every search
after a lock has one before it in the same process: a scanner that finds nothing there proves nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
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

SEED = 14
_TYPED, _OPENED = "Kanaritypa", "Kanariopeni"
_SURE = ("typed name", "opened name", "data key")  # what an open desk certainly holds
_PIECE = 1 << 22
_LONGEST_S = 60.0
_STILL_S = 0.4
_SECTIONS = ("case", "person", "recruitment", "determination", "referral", "consent", "closure")
_SCREENS = ("today", "cases", "referrals", "directory", "sending", "settings", "importWorkbook", "enrolment")


def measure(locks: int) -> dict[str, object]:
    """Lock so many times and return the facts of R14; `figure` counts what was found after a lock.

    Swap is not looked at: the machine's own settings decide it.
    """
    chance = random.Random(SEED)  # noqa: S311  which screens, no secret
    before, after, visited = Counter[str](), Counter[str](), Counter[str]()
    blind = not_replaced = 0
    with tempfile.TemporaryDirectory() as name:
        folder, sentence, case_id, canaries = _prepare(Path(name))
        words = [word for secret in canaries.values() for word in secret]
        for _ in range(locks):
            route = [_screen(chance, case_id) for _ in range(chance.randint(1, 3))]
            visited[f"{route[-1].screen}.{route[-1].section}".rstrip(".")] += 1
            with _window(folder, sentence, case_id, route) as child:
                held = scan(child.pid, words)
                found = {secret: sum(held[word] for word in canaries[secret]) for secret in canaries}
                before.update(found)
                blind += not all(found[secret] for secret in _SURE)
                _tell(child, "lock")
                not_replaced += not _is_replaced(child.pid)
                left = scan(child.pid, words)
                after.update({secret: sum(left[word] for word in canaries[secret]) for secret in canaries})
    return {
        "figure": after.total() + not_replaced,
        "N": locks,
        "seed": SEED,
        "found_before": dict(before),
        "found_after": dict(after),
        "scanner_blind": blind,
        "not_replaced": not_replaced,
        "locked_at": dict(visited),
        "swap": "not run",
    }


def scan(pid: int, words: list[bytes]) -> Counter[bytes]:
    """Count byte strings in everything a process can read of itself, and in its environment and arguments."""
    found: Counter[bytes] = Counter()
    overlap = max(map(len, words)) - 1
    for name in ("environ", "cmdline"):
        content = Path(f"/proc/{pid}/{name}").read_bytes()
        found.update({word: content.count(word) for word in words})
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            extent, rights, *_ = line.split()
            if not rights.startswith("r") or line.endswith(("[vvar]", "[vsyscall]")):
                continue
            start, end = (int(edge, 16) for edge in extent.split("-"))
            for at in range(start, end, _PIECE):
                # A word across two pieces is found in the first of them only: the overlap is one byte short of it.
                with contextlib.suppress(OSError, OverflowError):  # device memory, or gone since
                    content = os.pread(memory.fileno(), min(_PIECE + overlap, end - at), at)
                    for word in words:
                        if count := content.count(word):
                            found[word] += count - content.count(word, _PIECE)
    return found


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
