"""What every proof against cuts stands on: a made office at rest, the process of lives, the checker, and the judge."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from desktop import machine
from desktop.rules.records import RecordDraft
from tests.factory import make_case, make_office, make_provider

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ACTS = {"save": "save", "autosave": "draft", "lock": "lock", "rotate": "rotate", "migrate": "migrate"}  # by operation
SMALL_LAPTOP_BYTES = 4_000_000_000
MEMORY = Path("/dev/shm")

Answer = dict[str, Any]


class Helper:
    """A process that answers one JSON object a line with another."""

    def __init__(self, script: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, **environment},
        )

    def ask(self, **told: Any) -> Answer:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate()


def unless_traced() -> Answer:
    """Return the facts of a goal that needs strace where there is none, and nothing where there is."""
    return {} if shutil.which("strace") else {"figure": "not run", "why": "strace is missing"}


class LifeFailed(Exception):
    """A life ended by a fault of its own and not by a kill; the text says which operation and which fault."""


@dataclass(frozen=True)
class Office:
    """An office at rest, and what the checker says of it."""

    folder: Path
    sentence: str
    case: str
    other_case: str
    record: str
    clerk: str
    supervisor: str
    found: Answer


@dataclass(frozen=True)
class Ended:
    """How a life ended: its marks, whether it was killed, and when each mark came, in seconds from `ready`."""

    marks: list[list[Any]]
    killed: bool
    at: list[float] = field(default_factory=list)

    def span(self, first: list[Any], last: list[Any]) -> tuple[float, float]:
        """From when until when: from the first mark that begins as `first` to the last that begins as `last`."""
        begun = [at for mark, at in zip(self.marks, self.at, strict=True) if mark[: len(first)] == first]
        done = [at for mark, at in zip(self.marks, self.at, strict=True) if mark[: len(last)] == last]
        return begun[0], done[-1]

    @property
    def under_way(self) -> str | None:
        """What had begun and was not yet said to be done."""
        begun = [mark for mark in self.marks if mark[0] in ("begin", "said")]
        return str(begun[-1][1]) if begun and begun[-1][0] == "begin" else None

    def said(self, what: str) -> list[Answer]:
        return [mark[2] for mark in self.marks if mark[:2] == ["said", what]]


class Field:
    """One made office with both helpers: copies of it live, are cut off, and are judged."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder = folder
        self.scratch = scratch
        self._checker = Helper("check_vault.py")
        self._lives = Helper("operations.py", PYTHONPATH=str(ROOT))
        self.office = self._made(folder / "office")
        self._copies = self._kept = 0
        self._lives.ask(warm=str(self.copy()), sentence=self.office.sentence)

    def _made(self, folder: Path) -> Office:
        with small_laptop():
            return self._at_rest(folder)

    def _at_rest(self, folder: Path) -> Office:
        office = make_office(folder)
        episode = RecordDraft("exploitation_episode", {"exploitation_type": "FORCED_LABOUR", "exact_place": "Plot 9"})
        cases = [make_case(office, episode) for _ in range(3)]
        make_provider(office)
        person = office.desk.cases.open(cases[0]).one("person")
        assert person is not None
        clerk = office.desk.people.add(name="C. Clerk", role="CLERK").user_id
        supervisor = office.desk.people.add(name="B. Supervisor", role="SUPERVISOR").user_id
        office.reopen()  # or the first unlock of each copy would make its slot anew, to pin the list with the clerk
        office.lock()
        found = self.check(folder, office.sentence)
        assert found["why"] == [], found
        return Office(folder, office.sentence, cases[0], cases[1], person.record_id, clerk, supervisor, found)

    def copy(self) -> Path:
        """A fresh copy of the office."""
        self._copies += 1
        target = self.folder / f"copy-{self._copies}"
        shutil.copytree(self.office.folder, target)
        return target

    def live(
        self,
        do: str,
        folder: Path,
        *,
        kill_after: float | None = None,
        strace: list[str] | None = None,
        trace_from: str | None = None,
        control: str | None = None,
    ) -> Ended:
        """Let one life run in a folder, to its end or until it is killed."""
        office = self.office
        told = {"case": office.case, "other_case": office.other_case, "clerk": office.clerk}
        ended = self._lives.ask(
            do=do,
            folder=str(folder),
            sentence=self.office.sentence,
            kill_after=kill_after,
            strace=strace,
            trace_from=trace_from,
            control=control,
            supervisor=office.supervisor,
            **told,
        )
        if ended["status"] not in (0, -9):
            raise LifeFailed(f"{do} {ended['fault']}")
        return Ended(ended["marks"], ended["status"] == -9, ended["at"])

    def check(self, folder: Path, sentence: str | None = None) -> Answer:
        return self._checker.ask(folder=str(folder), desk=1, sentence=sentence or self.office.sentence)

    def judged(self, folder: Path, ended: Ended) -> list[str]:
        """Return what is wrong with what a life left behind: nothing that was said may be missing."""
        found = self.check(folder)
        return found["why"] or list(faults(self.office, ended, found))

    def refused(self, folder: Path) -> Iterator[str]:
        """What the program itself has against a folder that was cut off: it unlocks, and the journal verifies."""
        try:
            if not self.live("reopen", folder).said("reopen"):
                yield "the program did not open it"
        except LifeFailed as failed:
            yield f"the program: {failed}"

    def evidence(self, folder: Path, words: str) -> None:
        """Keep a folder in which something was wrong, as it is after the checker, with the sentence that opens it."""
        self._kept += 1
        target = ROOT / "build" / "proof-faults" / f"{self.folder.name}-{self._kept}"
        shutil.copytree(folder, target)
        (target / "why.json").write_text(json.dumps([words, asdict(self.office)], default=str), encoding="utf-8")

    def close(self) -> None:
        self._lives.close()
        self._checker.close()


def faults(office: Office, ended: Ended, found: Answer) -> Iterator[str]:
    """Hold what stands in a whole vault against what its life said."""
    before = office.found
    saved = [facts["revision"] for facts in ended.said("save")]
    begun = sum(mark == ["begin", "save"] for mark in ended.marks)
    for record, (revision, kept) in before["records"].items():
        now = found["records"].get(record)
        if now is None:
            yield "a record is gone"
        elif record != office.record and now != [revision, kept]:
            yield "another record changed"
    least = max(saved, default=before["records"][office.record][0])
    if found["records"].get(office.record, [0])[0] not in (least, least + (begun > len(saved))):
        yield "a said save is gone"
    numbers = [facts["number"] for facts in ended.said("draft")]
    typed = [json.loads(kept)["fields"]["surname"] for kept in found["drafts"].values()]
    last = max(numbers, default=0)
    expected = [f"Typed {number}" for number in (last, last + 1) if number]
    if (numbers and not typed) or any(one not in expected for one in typed):
        yield "a said draft is gone"
    if found["journal"] < before["journal"] + len(saved):
        yield "journal entries are gone"
    for facts in ended.said("add"):
        if facts["user"] not in found["users"]:
            yield "a said newcomer is gone"
    turned = found["generation"] > before["generation"]
    for what, is_done in (
        ("rotate", office.clerk not in found["users"]),
        ("retire", office.supervisor not in found["users"]),
        ("migrate", found["schema"] > before["schema"]),
    ):
        begins = ["begin", what] in ended.marks
        if is_done and not begins:
            yield f"{what} from nowhere"
        if begins and is_done != turned:
            yield f"{what} and generation disagree"
        if ended.said(what) and not is_done:
            yield f"a said {what} is gone"


@contextmanager
def small_laptop() -> Iterator[None]:
    """The key derivation of a small laptop, 64 MiB."""
    before, machine.total_memory_bytes = machine.total_memory_bytes, lambda: SMALL_LAPTOP_BYTES
    try:
        yield
    finally:
        machine.total_memory_bytes = before


@contextmanager
def made_field(*, in_memory: bool = False) -> Iterator[Field]:
    """A field of one's own, in temporary folders that go away with it: states in memory, lives on the disk.

    Lives are as they are at a desk where their syncs cost what they cost; `in_memory` is for when that takes too long.
    """
    memory = MEMORY if MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="proof-", dir=memory if in_memory else None) as name,
        tempfile.TemporaryDirectory(prefix="proof-", dir=memory) as scratch,
    ):
        made = Field(Path(name), Path(scratch))
        try:
            yield made
        finally:
            made.close()
