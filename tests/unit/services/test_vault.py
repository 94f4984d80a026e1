"""Making, unlocking and leaving a vault; storage failures as a person is told them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from db import errors as storage
from desktop.bootstrap import Door
from desktop.errors import DeskError, NotAccepted, Obstacle, VaultBusy, WrongSentence
from desktop.services.session import desk_errors
from desktop.services.vault import OfficeFacts
from tests.factory import Place, TickingClock, file_hashes, make_office, rows

FACTS = OfficeFacts(
    county="030",
    code="030-01",
    name="County office (invented)",
    ministry="",
    phone="",
    supervisor_name="A. Supervisor",
    supervisor_title="",
    supervisor_phone="",
)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path / "data", TickingClock())
    yield made
    made.vaults.release()


def test_a_new_vault_has_one_supervisor_one_entry_and_two_equal_headers(door: Door) -> None:
    assert not door.vaults.status().exists
    created = door.vaults.create_office(FACTS)
    assert door.vaults.status().exists
    assert (len(created.sentence.split()), len(created.sheet_words.split())) == (6, 12)
    generation = door.folder / "vault" / "g1"
    assert (generation / "key-header.a").read_bytes() == (generation / "key-header.b").read_bytes()
    desk = door.unlock(1, created.sentence)
    assert [(row["act"], row["n"]) for row in rows(desk.vault, "journal")] == [("VAULT_CREATED", 1), ("UNLOCKED", 2)]
    assert [row["role"] for row in rows(desk.vault, "desk_user")] == ["SUPERVISOR"]
    assert desk.office_name() == FACTS.name
    desk.lock()


def test_what_is_shown_once_is_kept_nowhere(door: Door) -> None:
    created = door.vaults.create_office(FACTS)
    shown = (created.sentence, created.sheet_words)
    assert all(words not in repr(created) for words in shown)
    for path in door.folder.rglob("*"):
        if path.is_file():
            assert not any(words.encode() in path.read_bytes() for words in shown), path


def test_a_second_vault_is_not_made_over_the_first(door: Door) -> None:
    door.vaults.create_office(FACTS)
    before = file_hashes(door.folder)
    with pytest.raises(Obstacle, match="VAULT_EXISTS"):
        door.vaults.create_office(FACTS)
    assert file_hashes(door.folder) == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"county": "48"}, "office.county"),
        ({"county": ""}, "office.county"),
        ({"code": "030/01"}, "office.code"),
        ({"name": ""}, "office.name"),
        ({"name": "x" * 201}, "office.name"),
        ({"name": "Office\u202eecivres"}, "office.name"),
    ],
)
def test_an_office_that_could_never_be_enrolled_is_not_made(door: Door, change: dict[str, str], field: str) -> None:
    with pytest.raises(NotAccepted) as refused:
        door.vaults.create_office(replace(FACTS, **change))
    assert field in [problem.field for problem in refused.value.problems]
    assert not door.folder.exists()


@pytest.mark.parametrize("label", ["", "x" * 201, "laptop\n1", "laptop\u200b1"])
def test_a_label_nobody_can_read_out_is_not_taken(office: Place, label: str) -> None:
    with pytest.raises(NotAccepted) as refused:
        office.desk.enrolment.make_file(label)
    assert [(problem.code, problem.field) for problem in refused.value.problems] == [("LABEL_WRONG", "office.label")]


def test_K05_after_wrong_sentences_the_right_one_works_without_a_restart(door: Door) -> None:
    created = door.vaults.create_office(FACTS)
    for wrong in ("abandon ability able about above absent", "abandon ability"):
        with pytest.raises(WrongSentence):
            door.unlock(1, wrong)
    desk = door.unlock(1, created.sentence)
    desk.lock()
    again = door.unlock(1, created.sentence)
    again.lock()


def test_H07_only_one_process_or_door_has_the_vault(tmp_path: Path) -> None:
    place = make_office(tmp_path / "data")
    with pytest.raises(VaultBusy, match="VAULT_BUSY"):
        Door(place.folder).unlock(1, place.sentence)
    place.lock()
    Door(place.folder).unlock(1, place.sentence).lock()


@pytest.mark.parametrize(
    ("failure", "code", "status"),
    [
        (storage.Full, "DISK_FULL", 5),
        (storage.WriteFailed, "WRITE_FAILED", 5),
        (storage.Busy, "VAULT_BUSY", 15),
        (storage.NewerSchema, "VAULT_NEWER", 16),
        (storage.Damaged, "VAULT_DAMAGED", 14),
        (storage.WrongKey, "VAULT_DAMAGED", 14),
    ],
)
def test_what_storage_says_becomes_what_a_person_is_told(
    failure: type[storage.StorageError], code: str, status: int
) -> None:
    with pytest.raises(DeskError) as told, desk_errors():
        raise failure
    assert (told.value.code, told.value.exit_status, told.value.facts) == (code, status, {})


def test_a_broken_rule_of_the_tables_is_a_fault_of_ours_and_keeps_its_type() -> None:
    with pytest.raises(storage.Conflict), desk_errors():
        raise storage.Conflict
