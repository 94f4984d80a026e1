"""R2 for one save: the process is killed at every write, sync, truncate and unlink of it, and nothing said is lost."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from desktop import machine
from desktop.bootstrap import Door
from tests.factory import Place, dek_of, make_case, make_office, rows

CALLS = ("pwrite64", "write", "fsync", "fdatasync", "ftruncate", "rename", "unlink")
# NOTE: SQLCipher's wheel calls fsync and never fdatasync; a sweep over the wrong call would pass and prove nothing.
MUST_BITE = {"pwrite64", "write", "fsync", "ftruncate", "unlink"}
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SMALL_LAPTOP_BYTES = 4_000_000_000


@dataclass(frozen=True)
class Victim:
    """An office at rest, what a stranger needs to check it, and what one undisturbed save calls."""

    office: Place
    case_id: str
    record_id: str
    key: str
    before_ready: Counter[str]
    afterwards: Counter[str]
    journal: int


def run(
    folder: Path, victim: tuple[Place, str], *strace: str, log: str | Path = os.devnull
) -> subprocess.CompletedProcess[str]:
    command = [
        "strace",
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-o",
        log,
        *strace,
        sys.executable,
        HERE / "save_once.py",
        folder,
        victim[1],
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        list(map(str, command)), input=f"{victim[0].sentence}\n", capture_output=True, text=True, env=environment
    )


def kill_at(call: str, number: int) -> tuple[str, ...]:
    return ("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={number}")


def check(folder: Path, key: str) -> dict[str, object]:
    database = folder / "vault" / "g1" / "vault.db"
    command = [sys.executable, str(HERE / "check_vault.py"), str(database)]
    told = subprocess.run(command, input=key, capture_output=True, text=True, check=True, cwd="/")
    return dict(json.loads(told.stdout))


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    folder = tmp_path_factory.mktemp("victim")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        office = make_office(folder / "data")
    case_id = make_case(office)
    person = office.desk.cases.open(case_id).one("person")
    assert person is not None
    journal = len(rows(office.desk.vault, "journal"))
    office.lock()
    trial = folder / "trial"
    shutil.copytree(office.folder, trial)
    log = folder / "calls.log"
    ended = run(trial, (office, case_id), "-e", f"trace={','.join(CALLS)}", log=log)
    assert ended.stdout.split() == ["READY", "SAVED", "CLOSED"], ended.stderr
    before, _, after = log.read_text(encoding="utf-8", errors="replace").partition('"READY\\n"')
    called = re.compile(r"^\d+ +(\w+)\(", re.MULTILINE)
    return Victim(
        office,
        case_id,
        person.record_id,
        dek_of(office).hex(),
        Counter(called.findall(before)),  # the write of READY itself is among these
        Counter(called.findall(after)),
        journal,
    )


def is_whole(folder: Path, key: str) -> bool:
    """Say whether the checker has nothing to complain of."""
    try:
        found = check(folder, key)
    except subprocess.CalledProcessError:
        return False
    checks = [found[name] for name in ("integrity", "cipher", "foreign", "chain", "revisions")]
    return checks == [["ok"], [], [], True, True]


def killed_at(victim: Victim, call: str, number: int, folder: Path) -> bool:
    """Kill at the call with this number, check what is left, and say whether the kill struck."""
    data = folder / f"{call}-{number}"
    shutil.copytree(victim.office.folder, data)
    ended = run(
        data, (victim.office, victim.case_id), "-e", f"inject={call}:signal=KILL:when={number}", "-o", os.devnull
    )
    said = ended.stdout.split()
    if ended.returncode == 0:
        assert said == ["READY", "SAVED", "CLOSED"]
        return False
    assert said[:1] == ["READY"], (call, number, ended.stderr)
    assert "CLOSED" not in said
    where = (call, number, said)
    assert is_whole(data, victim.key), where
    found = check(data, victim.key)
    records = found["records"]
    assert isinstance(records, dict)
    revision = records[victim.record_id][0]
    # Acknowledged means there; not acknowledged means the old one or the new one, whole with its journal entry.
    assert revision in ((2,) if "SAVED" in said else (1, 2)), where
    # The undisturbed process adds three entries: unlocked, case viewed, record saved.
    assert found["journal"] == victim.journal + 1 + revision, where
    shutil.rmtree(data)
    return True


def sweep(victim: Victim, folder: Path, numbers: dict[str, range]) -> Counter[str]:
    """Kill at each of these calls, two at a time, and count the kills that struck."""
    points = [(call, number) for call in CALLS for number in numbers[call]]
    with ThreadPoolExecutor(2) as pool:
        struck = list(pool.map(lambda point: killed_at(victim, point[0], point[1], folder), points))
    return Counter(call for (call, _), hit in zip(points, struck, strict=True) if hit)


def learned(victim: Victim) -> dict[str, range]:
    """The calls of one save and one lock, by their numbers in the life of the process."""
    first = {call: victim.before_ready[call] + 1 for call in CALLS}
    return {call: range(first[call], first[call] + victim.afterwards[call]) for call in CALLS}


def test_a_kill_during_a_save_loses_nothing_that_was_said(
    victim: Victim, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    # Every call but the page writes, and of those each third; `heavy` strikes at all of them.
    numbers = learned(victim)
    numbers["pwrite64"] = numbers["pwrite64"][::3]
    bites = sweep(victim, tmp_path, numbers)
    record_property("R2 save, killed at", dict(bites))
    assert set(bites) == MUST_BITE, bites
    assert bites["pwrite64"] >= 5, bites


@pytest.mark.heavy
def test_a_kill_at_any_call_of_a_save_loses_nothing_that_was_said(
    victim: Victim, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    numbers = learned(victim)
    bites = sweep(victim, tmp_path, numbers)
    for call in CALLS:
        # Random ids may cost a page more than in the run that was learned from: on until a run ends untouched.
        for number in count(numbers[call].stop):
            if not killed_at(victim, call, number, tmp_path):
                break
            bites[call] += 1
    record_property("R2 save, killed at", dict(bites))
    assert set(bites) == MUST_BITE, bites
    assert bites["pwrite64"] >= 15, bites


def test_the_program_itself_goes_on_after_a_kill_in_the_middle_of_a_save(victim: Victim, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(victim.office.folder, data)
    number = victim.before_ready["pwrite64"] + 5
    ended = run(
        data, (victim.office, victim.case_id), "-e", f"inject=pwrite64:signal=KILL:when={number}", "-o", os.devnull
    )
    assert ended.stdout.split() == ["READY"]
    desk = Door(data).unlock(1, victim.office.sentence)
    try:
        assert desk.journal.verify() == victim.journal + 3  # unlocked and viewed by the victim, unlocked now
        person = desk.cases.open(victim.case_id).one("person")
        assert person is not None
        assert (person.revision, person.text("surname")) == (1, "Gachanja")
    finally:
        desk.lock()


def test_the_checker_sees_what_it_is_there_for(victim: Victim, tmp_path: Path) -> None:
    """A checker that never complains proves nothing: one byte, one journal entry, another key."""
    data = tmp_path / "data"
    shutil.copytree(victim.office.folder, data)
    database = data / "vault" / "g1" / "vault.db"
    assert is_whole(data, victim.key)
    whole = database.read_bytes()
    damaged = bytearray(whole)
    damaged[-2000] ^= 1
    database.write_bytes(bytes(damaged))
    assert not is_whole(data, victim.key)
    database.write_bytes(whole)
    assert not is_whole(data, "00" * 32)
    rewrite = (
        "import sys; from sqlcipher3 import dbapi2; d = dbapi2.connect(sys.argv[1], isolation_level=None);"
        "d.execute('PRAGMA cipher_log_level = NONE'); d.execute(f\"PRAGMA key = \\\"x'{sys.argv[2]}'\\\"\");"
        "d.execute('DROP TRIGGER journal_no_update'); d.execute(\"UPDATE journal SET act = 'SEARCHED' WHERE n = 2\")"
    )
    subprocess.run([sys.executable, "-c", rewrite, str(database), victim.key], check=True)
    assert not is_whole(data, victim.key)
