"""New keys cut off at every step: the old generation opens or the new one, and nothing is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import rekey
from db.errors import Closed
from desktop import vault_files
from desktop.bootstrap import Door
from desktop.errors import Obstacle, Stopped, VaultDamaged, WrongSentence
from desktop.services import access_lists, rotation
from tests.factory import (
    Place,
    make_case,
)
from tests.unit.services.people_hands import (
    WORD,
    add,
    generations,
    hashes,
    sealed_case,
    told,
    unlock,
)


class Killed(BaseException):
    """The process ended here."""


def stop_at(step: int) -> Callable[[int, int], None]:
    def report(done: int, of: int) -> None:
        if done == step and of == rotation.STEPS:
            raise Stopped("STOPPED")

    return report


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_stopped_before_the_rename_nothing_was_changed(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(rekey, "_OPERATIONS_BETWEEN", 10)
    clerk = add(place)
    header = place.desk.vault.keys.header_bytes
    with pytest.raises(Stopped):
        place.desk.people.remove(clerk.user_id, stop_at(step))
    assert generations(place) == ["g1"]
    assert place.desk.vault.keys.header_bytes == header
    make_case(place)
    with place.locked():
        unlock(place, clerk).lock()
    place.desk.people.remove(clerk.user_id)
    assert "g2" in generations(place)


def killed(*_: object, **__: object) -> None:
    raise Killed


def after(genuine: Callable[..., Any], times: int = 1) -> Callable[..., Any]:
    """Do it, and end there; `times` says at the how manieth."""
    done = [0]

    def run(*arguments: Any, **named: Any) -> Any:
        answer = genuine(*arguments, **named)
        done[0] += 1
        if done[0] == times:
            raise Killed
        return answer

    return run


STEPS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "before the copy": (rekey, "_copy", killed),
    "after the copy": (rekey, "_copy", after(rekey._copy)),
    "after the check": (rekey, "_check", after(rekey._check)),
    "before the device keys": (rotation, "change_device_keys", killed),
    "after the note": (rotation, "note_list", after(access_lists.note_list)),
    "before the header": (rotation, "write_header", killed),
    "after the header's copy A": (vault_files, "replace_file", after(vault_files.replace_file)),
    "after the header": (rotation, "write_header", after(vault_files.write_header)),
    "before the rename": (os, "rename", killed),
    "after the rename": (os, "rename", after(os.rename)),
    "after the folder's sync": (rotation, "create_generation", after(vault_files.create_generation)),
}
NEW_FROM = ("after the rename", "after the folder's sync")


@pytest.mark.parametrize("step", list(STEPS))
def test_killed_at_any_step_the_old_generation_opens_or_the_new_one_and_nothing_is_lost(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    clerk = add(place)
    case_id = sealed_case(place)
    before = hashes(place)
    vault = place.desk.vault
    with monkeypatch.context() as patch:
        owner, name, broken = STEPS[step]
        patch.setattr(owner, name, broken)
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # a killed process tidies up nothing
        with pytest.raises((Killed, Obstacle)):
            place.desk.people.remove(clerk.user_id)
    vault.store.close()
    place.desk._keeper.release()
    new = step in NEW_FROM
    assert generations(place) == (["g1", "g2"] if new else ["g1", "g2.tmp"])
    if new:
        with pytest.raises(WrongSentence):
            unlock(place, clerk)
        assert generations(place) == ["g1", "g2"]  # until somebody has unlocked the new one
    else:
        unlock(place, clerk).lock()
    place.desk = Door(place.folder, place.clock).unlock(1, place.sentence)
    assert generations(place) == (["g2"] if new else ["g1"])
    assert hashes(place) == before
    assert WORD in told(place, case_id)
    assert place.desk.journal.verify()
    if not new:
        place.desk.people.remove(clerk.user_id)
    with place.locked(), pytest.raises(WrongSentence):
        unlock(place, clerk)


def test_where_the_last_sync_fails_the_desk_writes_nothing_more_into_the_old_generation(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = add(place)
    genuine: Callable[[Path], None] = vault_files._sync_folder

    def failing(folder: Path) -> None:
        if (folder / "g2").exists():
            raise OSError(5, "")
        genuine(folder)

    with monkeypatch.context() as patch:
        patch.setattr(vault_files, "_sync_folder", failing)
        with pytest.raises(Obstacle, match="ROTATION_UNSURE"):
            place.desk.people.remove(clerk.user_id)
    with pytest.raises(Closed):
        make_case(place)
    place.reopen()
    assert generations(place) == ["g2"]
    make_case(place)


def test_a_full_disk_leaves_the_vault_as_it_was(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = add(place)

    def full(*_: object) -> None:
        raise OSError(28, "")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", full)
        with pytest.raises(Obstacle, match="DISK_FULL"):
            place.desk.people.remove(clerk.user_id)
    assert generations(place) == ["g1"]
    make_case(place)


def test_a_new_generation_that_does_not_verify_is_refused_and_the_old_one_kept(place: Place) -> None:
    clerk = add(place)
    place.desk.people.remove(clerk.user_id)
    place.desk.lock()
    database = place.folder / "vault" / "g2" / "vault.db"
    genuine = database.read_bytes()
    database.write_bytes(bytes(len(genuine)))
    with pytest.raises(VaultDamaged):
        Door(place.folder, place.clock).unlock(1, place.sentence)
    assert generations(place) == ["g1", "g2"]
    database.write_bytes(genuine)
    place.desk = Door(place.folder, place.clock).unlock(1, place.sentence)
    assert generations(place) == ["g2"]
