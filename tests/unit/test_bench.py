"""What the measurements stand on: made offices are real to list and search, and the search of memory bites."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.locks import scan
from bench.offices import make_office, surnames
from desktop import machine
from desktop.bootstrap import Door

HOLDER = """
import sys
held = "".join(chr(ord(letter) - 1) for letter in "Lbobsj")
wide = held.encode("utf-16-le")
print("ready", flush=True)
sys.stdin.readline()
"""


def test_a_made_office_lists_and_finds_its_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
    office = make_office(tmp_path / "office", 120, {"screen": "cases"})
    desk = Door(office.folder).unlock(1, office.sentence)
    try:
        assert desk.cases.count() == 120
        first = desk.cases.list()
        assert len(first) == 50
        assert first[0].touched_at > first[-1].touched_at
        assert desk.drafts.place() == {"screen": "cases"}
        for surname in surnames(5):
            assert surname in {row.name.split()[-1] for row in desk.cases.search(surname[:4])}
    finally:
        desk.lock()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_search_of_memory_finds_what_another_process_holds_and_nothing_else() -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        words = [b"Kanari", "Kanari".encode("utf-16-le"), b"Never anywhere, in no process"]
        found = scan(holder.pid, words)
    finally:
        holder.communicate("\n")
    assert found[words[0]] > 0
    assert found[words[1]] > 0
    assert found[words[2]] == 0
