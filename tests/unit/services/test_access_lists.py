"""Header and note when the disk refuses: nobody is locked out, and no number of an edit is given twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from db.errors import Closed
from desktop import vault_files
from desktop.bootstrap import Door
from desktop.errors import Obstacle
from desktop.services import access_lists
from tests.factory import Place, make_case, make_secretariat
from tests.unit.services.people_hands import add, unlock


def full(*_: object, **__: object) -> None:
    raise Obstacle("DISK_FULL")


def full_at(number: int) -> Callable[[Path, bytes], None]:
    """The disk takes so many copies of a header, and no more."""
    genuine, done = vault_files.replace_file, [0]

    def replace(path: Path, data: bytes) -> None:
        done[0] += 1
        if done[0] >= number:
            full()
        genuine(path, data)

    return replace


def edits(place: Place) -> list[bytes | None]:
    return list(vault_files.read_header_copies(vault_files.newest_generation(place.folder)))


def test_two_full_disks_of_which_one_was_at_the_enrolment_lock_nobody_out(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    national = make_secretariat(tmp_path / "national")
    file = place.desk.enrolment.make_file("laptop 1")
    made = national.desk.secretariat.enrol(file.content, file.digits)
    with monkeypatch.context() as patch:
        patch.setattr(access_lists, "note_list", full)
        with pytest.raises(Obstacle, match="CHANGE_IN_FORCE"):
            add(place)
        with pytest.raises(Obstacle, match="DISK_FULL"):
            place.desk.enrolment.take_in(made.package, made.root_digits)
    place.reopen()
    place.desk.enrolment.take_in(made.package, made.root_digits)
    place.reopen()
    national.lock()


def test_a_header_of_which_nothing_was_written_leaves_the_desk_open(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = edits(place)
    with monkeypatch.context() as patch:
        patch.setattr(vault_files, "replace_file", full_at(1))
        with pytest.raises(Obstacle, match="DISK_FULL"):
            add(place)
    assert edits(place) == before
    assert add(place).desk_number == 2
    place.reopen()


def test_a_header_of_which_one_copy_was_written_closes_the_desk_and_the_next_unlock_goes_on_from_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(vault_files, "replace_file", full_at(2))
        with pytest.raises(Obstacle, match="HEADER_UNSURE"):
            add(place)
    for work in (lambda: make_case(place), lambda: add(place)):
        with pytest.raises(Closed):
            work()
    place.reopen()  # two whole copies of one edit that differ would open for nobody
    assert [person.desk_number for person in place.desk.people.list()] == [1, 2]
    assert add(place).desk_number == 3
    place.reopen()


def test_a_sync_that_fails_behind_a_rename_closes_the_desk(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine: Callable[[Path], None] = vault_files._sync_folder

    def failing(folder: Path) -> None:
        genuine(folder)
        raise OSError(5, "")

    with monkeypatch.context() as patch:
        patch.setattr(vault_files, "_sync_folder", failing)
        with pytest.raises(Obstacle, match="HEADER_UNSURE"):
            add(place)
    with pytest.raises(Closed):
        make_case(place)
    place.reopen()


def test_a_disk_that_fills_up_while_the_pin_is_renewed_keeps_nobody_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = add(place)
    place.reopen()  # level; what follows is for the clerk, whose pin becomes older with every list
    add(place)
    place.desk.lock()
    with monkeypatch.context() as patch:
        patch.setattr(vault_files, "replace_file", full_at(1))  # nothing of it was written
        unlock(place, clerk).lock()
    with monkeypatch.context() as patch:
        patch.setattr(vault_files, "replace_file", full_at(2))
        with pytest.raises(Obstacle, match="HEADER_UNSURE"):
            unlock(place, clerk)
        patch.setattr(vault_files, "replace_file", full)
        unlock(place, clerk).lock()  # from the copy that was written
    place.desk = Door(place.folder, place.clock).unlock(1, place.sentence)
    add(place)
    place.reopen()


def test_a_desk_number_is_not_given_out_again_though_the_row_of_who_had_it_is_gone(place: Place) -> None:
    leaver = add(place)
    place.desk.people.remove(leaver.user_id)
    with place.desk.vault.writing() as session:
        session.execute(text("DELETE FROM desk_user WHERE desk_number = 2"))
    assert add(place).desk_number == 3
