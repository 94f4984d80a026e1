"""A save that is told as saved has been synced, and only once: a second sync would double the wait on a slow disk."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.catalogue import Catalogue
from tests.factory import draft_of, make_case
from tests.unit.db.test_store import statements
from tests.unit.db.vaults import in_a_process, make_store, office

SAVES = 4
WALK = """
import os, sys
from dataclasses import replace
from pathlib import Path
from desktop.catalogue import load
from tests.factory import draft_of, make_case
from tests.unit.db.vaults import make_store, office

folder = Path(sys.argv[1])
store = make_store(folder / "vault.db")
place = office(store, load(), folder)
case_id = make_case(place)
place.desk.cases.search("gachanja")  # the first names shown are journaled, and then for two minutes no more
for n in range(int(sys.argv[2])):
    draft = draft_of(place.desk.cases.open(case_id))
    draft = replace(draft, fields={**draft.fields, "surname": f"Gachanja{n}"})
    os.chdir("/")  # a mark in the trace
    place.desk.cases.save(draft)
    os.chdir(".")
    place.desk.cases.search("gachanja w")
    place.desk.cases.list()
    os.chdir("/")
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace counts the syncs")
def test_a_save_syncs_exactly_once_and_looking_never(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,msync,sync,syncfs,sync_file_range,chdir"
    done = in_a_process(WALK, tmp_path, SAVES, before=("strace", "-f", "-qq", "-o", str(trace), "-e", calls))
    if "ptrace" in done.stderr.lower():
        pytest.skip("this machine lets nobody trace a process")
    assert (done.returncode, done.stderr) == (0, "")
    between = [part.count("sync") for part in trace.read_text().split("chdir(")]
    # Each round: what went before, the save, the search and the list.
    assert between[1::3] == [1] * SAVES
    assert between[2::3] == [0] * SAVES


def test_a_save_is_one_transaction_that_takes_the_write_lock_first(tmp_path: Path, catalogue: Catalogue) -> None:
    store = make_store(tmp_path / "vault.db")
    place = office(store, catalogue, tmp_path)
    draft = draft_of(place.desk.cases.open(make_case(place)))
    told = statements(store)
    place.desk.cases.save(replace(draft, fields={**draft.fields, "surname": "Gachanja-Otieno"}))
    assert [line for line in told if line.startswith(("BEGIN", "COMMIT", "ROLLBACK"))] == ["BEGIN IMMEDIATE", "COMMIT"]
    assert told[0] == "BEGIN IMMEDIATE"
    store.close()
