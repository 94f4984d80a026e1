"""R1, R2 and R3, small: nothing that was said is lost by a kill or a power cut; and what proves it is not blind."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from tests.hard import proof_kills, proof_power, victims
from tests.hard.disk import on_disk, whole
from tests.hard.proof_power import Tally
from tests.hard.recorder import TRACE, Cut, Named, Reader, Synced, Written, recording
from tests.hard.victims import ACTS, Ended, Field, faults, made_field

SEED = 3
_LONG = ("checkpoint", "reseal", "rotate")  # hundreds of calls each: `make hard` strikes at all of them
ANOTHER_NAME = "UPDATE revision SET body = CAST(replace(CAST(body AS TEXT), 'Wambui', 'Atieno') AS BLOB)"
ALL_SEALED_THE_SAME = (
    "UPDATE revision SET sealed = (SELECT sealed FROM revision WHERE sealed IS NOT NULL ORDER BY record_id LIMIT 1) "
    "WHERE sealed IS NOT NULL"
)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and traces with strace")


@pytest.fixture(scope="module")
def field() -> Iterator[Field]:
    with made_field(in_memory=True) as made:
        yield made


def chance() -> random.Random:
    return random.Random(SEED)  # noqa: S311  which instants, no secret


# ------------------------------------------------------------------------------------------ the goals, small


@pytest.mark.parametrize("do", ACTS)
def test_a_kill_at_a_random_instant_loses_nothing_that_was_said(field: Field, do: str) -> None:
    dice = chance()
    for _ in range(5):  # where the machine is busy, none of four may strike within an act of some milliseconds
        found = proof_kills.strike(field, do, 4, dice)
        assert found["figure"] == 0, found
        if found["met"]:
            break
    assert found["met"], found
    assert found["N"] == 4


def test_a_kill_at_a_call_of_a_save_loses_nothing_that_was_said(field: Field) -> None:
    # Every sort of call of three saves and a lock, and of the page writes some; `heavy` strikes at all of them.
    numbers: dict[str, range | count[int]] = {"pwrite64": range(2, 60, 20), "write": range(2, 5), "fsync": count(1)}
    numbers |= {"ftruncate": range(1, 2), "unlink": range(1, 2)}
    struck, found = proof_kills.sweep(field, "save", numbers)
    assert not found
    assert set(numbers) == set(struck), struck


@pytest.mark.heavy
@pytest.mark.parametrize("do", [do for do in proof_kills.MUST_BITE if do not in _LONG])
def test_a_kill_at_any_call_loses_nothing_that_was_said(
    do: str, record_property: Callable[[str, object], None]
) -> None:
    found = proof_kills.measure_calls(do, 1)
    record_property(f"R2 {do}", found)
    assert found["met"], found


@pytest.mark.parametrize("do", ["save", "rotate"])
def test_a_power_cut_loses_nothing_that_was_said(field: Field, do: str) -> None:
    tally = Tally()
    proof_power.sweep(field, proof_power.record(field, do, field.copy()), chance(), 150, tally)
    assert tally.answer(SEED, 150)["met"], tally


@pytest.mark.parametrize(("control", "do"), proof_power.CONTROLS)
def test_a_power_cut_finds_a_program_without_one_of_its_safeguards(field: Field, control: str, do: str) -> None:
    made, tally, drawn = proof_power.record(field, do, field.copy(), control), Tally(), chance()
    for _ in range(60):  # the one with the rollback journal loses seldom
        proof_power.sweep(field, made, drawn, 50, tally, keep=False)
        if any("a said" in fault for fault in tally.faults):
            return
    raise AssertionError(tally)


# ------------------------------------------------------------------------------------------ the recorder


def test_a_recorder_that_missed_a_call_is_noticed(field: Field) -> None:
    folder = field.copy()
    made = proof_power.record(field, "save", folder)
    changes = [place for place, event in enumerate(made.events) if isinstance(event, Written | Cut | Named)]
    assert len([event for event in made.events if isinstance(event, Synced)]) >= 5
    # Some bytes are written over later, and some names go again; the last of each file does matter.
    kept = whole(made).files
    seen = [
        whole(replace(made, events=made.events[:place] + made.events[place + 1 :])).files != kept for place in changes
    ]
    assert sum(seen) >= 10, seen
    assert kept == on_disk(folder)


def test_a_call_that_the_model_does_not_know_stops_the_recorder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1234")
    script = "import os, sys; os.truncate(sys.argv[1], 2); os.link(sys.argv[1], sys.argv[1] + '2')"
    trace = tmp_path.with_suffix(".trace")
    made = recording(tmp_path)
    subprocess.run(["strace", *TRACE, "-o", trace, sys.executable, "-c", script, tmp_path / "file"], check=True)
    with pytest.raises(ValueError, match="not modelled"):
        Reader(made, tmp_path).read(trace.read_text(encoding="ascii"))


# ------------------------------------------------------------------------------------------ the checker and the judge


def inside(database: Path, key: str, *statements: str) -> None:
    """Change a vault with its key, as an insider would."""
    script = (
        "import sys; from sqlcipher3 import dbapi2; d = dbapi2.connect(sys.argv[1], isolation_level=None);"
        "d.execute('PRAGMA cipher_log_level = NONE'); d.execute(f\"PRAGMA key = \\\"x'{sys.argv[2]}'\\\"\");"
        "[d.execute(one) for one in sys.argv[3:]]"
    )
    subprocess.run([sys.executable, "-c", script, str(database), key, *statements], check=True)


def damage(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        ("page", "malformed"),
        ("copy A", "header damaged"),
        ("copy B gone", "FileNotFoundError"),
        ("half a header", "header damaged"),
        ("stray", "stray name"),
        ("attempts", "JSONDecodeError"),
        ("plain file", "plain SQLite"),
        ("empty generation", "FileNotFoundError"),
    ],
)
def test_the_checker_sees_damage_in_every_file(field: Field, where: str, fault: str) -> None:
    folder = field.copy()
    made = folder / "vault" / "g1"
    copies = [made / "key-header.a", made / "key-header.b"]
    if where == "page":
        damage(made / "vault.db", -2000)
    elif where == "copy A":
        damage(copies[0], 500)
    elif where == "copy B gone":
        copies[1].unlink()
    elif where == "half a header":
        copies[1].write_bytes(copies[1].read_bytes()[:900])
    elif where == "stray":
        (made / "vault.db.old").write_bytes(b"")
    elif where == "attempts":
        (folder / "attempts.json").write_bytes(b'{"failures": 1')
    elif where == "plain file":
        (made / "vault.db").write_bytes(b"SQLite format 3\0" + bytes(4080))
    else:
        (folder / "vault" / "g2").mkdir()
    assert any(fault in one for one in field.check(folder)["why"]), field.check(folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        (("DROP TRIGGER journal_no_update", "UPDATE journal SET act = 'SEARCHED' WHERE n = 2"), "journal chain"),
        (("DROP TRIGGER journal_no_delete", "DELETE FROM journal WHERE n = 3"), "journal chain"),
        (("DROP TRIGGER revision_no_update", ANOTHER_NAME), "revision hash"),
        (("DELETE FROM record WHERE kind = 'person'", "DELETE FROM case_row"), "foreign keys"),
        (("UPDATE revision SET sealed = zeroblob(300) WHERE sealed IS NOT NULL",), "DecryptError"),
        ((ALL_SEALED_THE_SAME,), "sealed values"),
        (("UPDATE vault_note SET list_sha256 = zeroblob(32)",), "vault note"),
    ],
)
def test_the_checker_sees_what_an_insider_changed(field: Field, statements: tuple[str, ...], fault: str) -> None:
    folder = field.copy()
    key = field.check(folder)["dek"]
    inside(folder / "vault" / "g1" / "vault.db", key, *statements)
    assert any(fault in one for one in field.check(folder)["why"]), field.check(folder)
    shutil.rmtree(folder)


def test_the_checker_opens_nothing_with_another_sentence(field: Field) -> None:
    assert field.check(field.office.folder, "abandon " * 5 + "about")["why"] == ["InvalidTag "]


def test_the_judge_misses_whatever_was_said_and_is_not_there(field: Field) -> None:
    before = field.office.found
    record, draft = field.office.record, json.dumps({"fields": {"surname": "Typed 1"}})
    left = [user for user in before["users"] if user != field.office.clerk]
    turned = {**before, "generation": 2, "users": left}

    def wrong(found: dict[str, object], *marks: list[object]) -> list[str]:
        return list(faults(field.office, Ended(list(marks), True), {**before, **found}))

    assert wrong({}) == []
    assert wrong({}, ["begin", "save"], ["said", "save", {"revision": 2}]) == ["a said save is gone"] * 1 + [
        "journal entries are gone"
    ]
    kept = {**before["records"], record: [2, "00"]}
    assert wrong({"records": kept}, ["begin", "save"]) == []
    assert wrong({"records": kept}) == ["a said save is gone"]
    others = {name: found for name, found in kept.items() if name in (record,)}
    assert "a record is gone" in wrong({"records": others})
    changed = {name: [found[0], "00"] for name, found in before["records"].items()}
    assert "another record changed" in wrong({"records": changed})
    assert wrong({}, ["begin", "draft"], ["said", "draft", {"number": 1}]) == ["a said draft is gone"]
    assert wrong({"drafts": {"key": draft}}, ["begin", "draft"], ["said", "draft", {"number": 1}]) == []
    assert wrong({"drafts": {"key": draft}}, ["said", "draft", {"number": 3}]) == ["a said draft is gone"]
    assert wrong(turned, ["begin", "rotate"], ["said", "rotate", {}]) == []
    assert wrong({}, ["begin", "rotate"], ["said", "rotate", {}]) == ["a said rotate is gone"]
    assert wrong({**turned, "generation": 1}, ["begin", "rotate"]) == ["rotate and generation disagree"]
    assert wrong(turned) == ["rotate from nowhere"]
    assert wrong({"generation": 2}, ["begin", "migrate"]) == ["migrate and generation disagree"]


def test_what_was_wrong_is_kept_with_what_opens_it(
    field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(victims, "ROOT", tmp_path)
    folder = field.copy()
    damage(folder / "vault" / "g1" / "key-header.a", 500)
    for _ in range(2):
        field.evidence(folder, "what was wrong")
    kept = sorted((tmp_path / "build" / "proof-faults").iterdir())
    assert len(kept) == 2
    why, office = json.loads((kept[0] / "why.json").read_text(encoding="utf-8"))
    assert why == "what was wrong"
    assert field.check(kept[0], office["sentence"])["why"] == ["Wrong header damaged"]
