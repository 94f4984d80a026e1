"""The victims: one process that forks a child for each life, drives the services in it, and kills it when told.

It reads one JSON object a line and answers each with one. A child says what it does in marks, each a JSON array and
one call of `write`: `["begin", what]` before an act, `["said", what, facts]` once the program said that it is done.
What was said is acknowledged and must never be lost. Forking spares the imports, and a key derived once for a salt is
remembered, so that a life costs a fifth of a second; all else is the program's own way from unlock to lock.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from select import select
from typing import Any

from alembic.operations import Operations
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from sqlcipher3 import dbapi2

from db import engine, migrate, schema
from desktop import machine, vault_files
from desktop.bootstrap import Desk, Door
from desktop.catalogue import load
from desktop.crypto import kdf
from desktop.rules.records import RecordDraft
from desktop.vault_files import Generation
from tests.factory import draft_of

SMALL_LAPTOP_BYTES = 4_000_000_000
TIMES = 3  # saves, and drafts kept, in one life
FEW_PAGES = 8
LONGEST_S = 60.0
PR_SET_PTRACER = 0x59616D61
NEXT = schema.SCHEMA + 1


class Remembered:
    """Argon2id that derives each key once: copies of one vault have the same salts."""

    def __init__(self, **cost: Any) -> None:
        self._cost = tuple(sorted(cost.items()))

    def derive(self, sentence: bytes) -> bytes:
        return _derive(self._cost, sentence)


@cache
def _derive(cost: tuple[tuple[str, Any], ...], sentence: bytes) -> bytes:
    return Argon2id(**dict(cost)).derive(sentence)


class Life:
    """One child: the folder it works in, and how it tells what it does."""

    def __init__(self, told: dict[str, Any], marks: int, going: int) -> None:
        self.told = told
        self._marks = marks
        self._going = going

    def mark(self, *words: object) -> None:
        os.write(self._marks, json.dumps(words).encode() + b"\n")

    def ready(self) -> None:
        """Say so, and wait until whoever traces this process from here on is there."""
        self.mark("ready")
        if self.told["trace_from"] == "ready":
            os.read(self._going, 1)

    @contextlib.contextmanager
    def doing(self, what: str) -> Iterator[dict[str, Any]]:
        self.mark("begin", what)
        facts: dict[str, Any] = {}
        yield facts
        self.mark("said", what, facts)

    def unlock(self) -> Desk:
        door = Door(Path(self.told["folder"]))
        door.catalogue = CATALOGUE
        return door.unlock(1, self.told["sentence"])

    def draft(self, desk: Desk, which: str) -> RecordDraft:
        """The person of a case that this life was told of."""
        return draft_of(desk.cases.open(self.told[which]))

    def save(self, desk: Desk, draft: RecordDraft, number: int) -> RecordDraft:
        """Save a person under another name; the draft comes back as a screen would hold it afterwards."""
        changed = replace(draft, fields={**draft.fields, "surname": f"Saved {number}", "other_names": "Zawadi " * 20})
        with self.doing("save") as facts:
            facts["revision"] = desk.cases.save(changed).revision
        return replace(changed, revision=facts["revision"])

    def keep(self, desk: Desk, draft: RecordDraft, number: int) -> None:
        with self.doing("draft") as facts:
            facts["number"] = number
            desk.drafts.keep([replace(draft, fields={**draft.fields, "surname": f"Typed {number}"})])

    def go_on(self, desk: Desk, draft: RecordDraft) -> None:
        """What the first minutes after a new generation do: save into it, lock, unlock, which deletes the old one."""
        self.save(desk, draft, 1)
        with self.doing("lock"):
            desk.lock()
        with self.doing("unlock"):
            desk = self.unlock()
        with self.doing("lock"):
            desk.lock()


def save(life: Life) -> None:
    desk = life.unlock()
    draft = life.draft(desk, "case")
    life.ready()
    for number in range(TIMES):
        draft = life.save(desk, draft, number)
    life.mark("end")
    desk.lock()


def checkpoint(life: Life) -> None:
    """Saves, each of which finds the log long enough to be written back, as every hundredth does at a desk."""
    desk = life.unlock()
    with desk.vault.store.engine.connect() as connection:  # the one connection there is
        connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {FEW_PAGES}")
    draft = life.draft(desk, "case")
    life.ready()
    for number in range(2 * TIMES):
        draft = life.save(desk, draft, number)
    life.mark("end")
    desk.lock()


def people(life: Life) -> None:
    """Somebody is added: both header copies are written, then the vault's own note and the journal."""
    desk = life.unlock()
    life.ready()
    for number in range(2):
        with life.doing("add") as facts:
            facts["user"] = desk.people.add(name=f"N. Newcomer {number}", role="CLERK").user_id
    life.mark("end")
    desk.lock()


def autosave(life: Life) -> None:
    desk = life.unlock()
    draft = life.draft(desk, "other_case")
    life.ready()
    for number in range(1, TIMES + 1):
        life.keep(desk, draft, number)
    life.mark("end")
    desk.lock()


def lock(life: Life) -> None:
    desk = life.unlock()
    life.save(desk, life.draft(desk, "case"), 0)
    life.keep(desk, life.draft(desk, "other_case"), 1)
    life.ready()
    with life.doing("lock"):
        desk.lock()
    life.mark("end")


def rotate(life: Life) -> None:
    desk = life.unlock()
    draft = life.draft(desk, "case")
    life.ready()
    with life.doing("rotate"):
        desk.people.remove(life.told["clerk"])
    life.go_on(desk, draft)
    life.mark("end")


def reseal(life: Life) -> None:
    """A supervisor is removed: new keys for the sealed class too, and then every sealed value is sealed again."""
    desk = life.unlock()
    draft = life.draft(desk, "case")
    life.ready()
    with life.doing("retire"):
        desk.people.remove(life.told["supervisor"])
    with life.doing("seal"):
        desk.people.seal_again()
    life.go_on(desk, draft)
    life.mark("end")


def rebuild(operations: Operations) -> None:
    """The kind of step that costs most: parent and child table rebuilt."""
    for table in ("record", "revision"):
        with operations.batch_alter_table(table, recreate="always") as batch:
            batch.create_check_constraint(f"{table}_rev", "rev >= 1")


def migrated(life: Life) -> None:
    """The program's own parts in the order of threat-model 5.2: a copy aside, `migrate.upgrade`, header, rename."""
    desk = life.unlock()
    keys, before = desk.vault.keys, desk.vault.generation
    draft = life.draft(desk, "case")

    def write(made: Generation) -> None:
        shutil.copyfile(before.database, made.database)
        opened = engine.open_engine(made.database, keys.dek, foreign_keys=False)
        try:
            migrate.upgrade(opened, steps={NEXT: rebuild}, target=NEXT)
        finally:
            engine.close_engine(opened)
        vault_files.write_header(made, keys.header_bytes)

    life.ready()
    with life.doing("migrate"):
        desk.vault.store.close()  # the folder's lock is still held
        vault_files.create_generation(before.data, write)
    desk.lock()
    schema.SCHEMA = NEXT  # the program of the next release
    life.go_on(life.unlock(), draft)
    life.mark("end")


def reopen(life: Life) -> None:
    """What the program itself says of a vault that was cut off: it unlocks and its whole journal verifies."""
    schema.SCHEMA = NEXT
    desk = life.unlock()
    with life.doing("reopen") as facts:
        facts["entries"] = desk.journal.verify()
    desk.lock()


OPERATIONS: dict[str, Callable[[Life], None]] = {
    "save": save,
    "autosave": autosave,
    "checkpoint": checkpoint,
    "people": people,
    "lock": lock,
    "rotate": rotate,
    "reseal": reseal,
    "migrate": migrated,
    "reopen": reopen,
}


# ------------------------------------------------------------------------------------------ broken on purpose


def _with_pragmas(**instead: str) -> None:
    """Let every connection be opened with other pragmas than the program's."""
    connect = dbapi2.connect

    class Other(dbapi2.Connection):  # type: ignore[misc]  # it publishes no types
        def execute(self, statement: str, *rest: Any) -> Any:
            for name, value in instead.items():
                if statement.startswith(f"PRAGMA {name} ="):
                    statement = f"PRAGMA {name} = {value}"
            return super().execute(statement, *rest)

    dbapi2.connect = lambda *words, **options: connect(*words, factory=Other, **options)
    engine._verify = lambda connection: None


def _unsynced_folders() -> None:
    vault_files._sync_folder = lambda folder: None


CONTROLS: dict[str, Callable[[], None]] = {
    "NORMAL": lambda: _with_pragmas(synchronous="NORMAL"),
    "DELETE+FULL": lambda: _with_pragmas(journal_mode="DELETE", locking_mode="NORMAL"),
    "no folder sync": _unsynced_folders,
}


# ------------------------------------------------------------------------------------------ the parent


def answer(told: dict[str, Any]) -> dict[str, Any]:
    """Run one life; or, told `warm`, unlock that copy here, so that every later fork remembers its derived key."""
    if "warm" not in told:
        return run(told)
    door = Door(Path(told["warm"]))
    door.catalogue = CATALOGUE
    door.unlock(1, told["sentence"]).lock()
    return {}


def run(told: dict[str, Any]) -> dict[str, Any]:
    """Fork a child for one operation, trace it and kill it as told, and return what it said and how it ended.

    `kill_after` are seconds from `ready`; `strace` are strace's arguments, and `trace_from` is `start` or `ready`.
    """
    reading, marks = os.pipe()
    going, go = os.pipe()
    child = os.fork()
    if child == 0:
        _child(told, marks, going)
    os.close(marks)
    os.close(going)
    tracer = _trace(child, told["strace"]) if told["trace_from"] == "start" else None
    if tracer is not None:
        os.write(go, b"!")
    said, deadline = b"", time.monotonic() + LONGEST_S
    at: list[float] = []  # when each mark arrived
    ready = killed = None
    while True:
        left = deadline - time.monotonic()
        if left <= 0 and killed is None:
            os.kill(child, signal.SIGKILL)
            killed = time.monotonic()
        if not select([reading], [], [], max(left, 0) if killed is None else None)[0]:
            continue
        piece = os.read(reading, 65536)
        said += piece
        at += [time.monotonic()] * piece.count(b"\n")
        if ready is None and b'["ready"]\n' in said:
            ready = time.monotonic()
            if told["kill_after"] is not None:
                deadline = ready + told["kill_after"]
            if told["trace_from"] == "ready":
                tracer = _trace(child, told["strace"])
                os.write(go, b"!")
        if not piece:
            break
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if tracer is not None:
        tracer.wait()
    for handle in (reading, go):
        os.close(handle)
    # A mark is one write below the size of a pipe's buffer: it is there whole or not at all.
    lines = [json.loads(line) for line in said.splitlines()]
    fault = " ".join(line[1] for line in lines if line[0] == "fault")
    return {"marks": lines, "fault": fault, "status": status, "at": [seen - (ready or seen) for seen in at]}


def _child(told: dict[str, Any], marks: int, going: int) -> None:
    # Where only a parent may trace its child (Ubuntu), this child lets strace, its sister, do so.
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1))
    try:
        if told["trace_from"] == "start":
            os.read(going, 1)
        if told["control"]:
            CONTROLS[told["control"]]()
        OPERATIONS[told["do"]](Life(told, marks, going))
        os._exit(0)
    except BaseException as error:  # noqa: BLE001  # a child must not go on as the parent
        os.write(marks, json.dumps(["fault", f"{type(error).__name__} {error}"]).encode() + b"\n")
        os._exit(1)


def _trace(child: int, words: list[str]) -> subprocess.Popen[bytes]:
    """Attach strace to the child, and return once it is there."""
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-p", str(child), *words], stdin=subprocess.DEVNULL)
    status = Path(f"/proc/{child}/status")
    while f"TracerPid:\t{tracer.pid}\n" not in status.read_text(encoding="ascii"):
        if tracer.poll() is not None:
            raise RuntimeError("strace does not attach")
        time.sleep(0.002)
    return tracer


CATALOGUE = load()

if __name__ == "__main__":
    machine.total_memory_bytes = lambda: SMALL_LAPTOP_BYTES
    kdf.Argon2id = Remembered  # type: ignore[attr-defined, assignment]  # the name its module derives with
    for asking in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(asking))) + "\n")
        sys.stdout.flush()
