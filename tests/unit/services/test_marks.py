"""The mark beside the vault: an older copy put back is told, and nothing that befalls the mark keeps anybody out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from desktop import vault_files
from desktop.services.marks import FILE
from desktop.services.session import MarkAhead
from tests.factory import Place, make_case
from tests.unit.services.people_hands import acts, add


def mark(place: Place) -> Path:
    return vault_files.newest_generation(place.folder).data / FILE


def entries(place: Place) -> int:
    return len(acts(place))


def put_back(place: Place, kept: Path) -> None:
    shutil.copyfile(kept, vault_files.newest_generation(place.folder).database)


@pytest.fixture
def older(place: Place, tmp_path: Path) -> Path:
    """Return the vault's file as it was before the last case."""
    with place.locked():
        kept = tmp_path / "kept"
        shutil.copyfile(vault_files.newest_generation(place.folder).database, kept)
    make_case(place)
    return kept


def test_a_lock_and_an_unlock_say_nothing(place: Place) -> None:
    make_case(place)
    for _ in range(2):
        place.reopen()
        assert place.desk.vault.mark_ahead is None
    assert "OLDER_THAN_MARK" not in acts(place)


def test_an_older_copy_in_the_vaults_place_is_told_and_journaled(place: Place, older: Path) -> None:
    before = entries(place)
    with place.locked():
        put_back(place, older)
    ahead = place.desk.vault.mark_ahead
    assert ahead is not None
    assert ahead.marked == before
    assert ahead.found < ahead.marked
    shown = place.desk.journal.last_saved()
    assert shown is not None
    assert shown.n == ahead.found
    assert acts(place).count("OLDER_THAN_MARK") == 1


def test_it_is_told_at_every_unlock_and_journaled_once_until_the_mark_is_deleted(place: Place, older: Path) -> None:
    with place.locked():
        put_back(place, older)
    for _ in range(2):
        place.reopen()
        assert place.desk.vault.mark_ahead is not None
    assert acts(place).count("OLDER_THAN_MARK") == 1
    with place.locked():
        mark(place).unlink()
    assert place.desk.vault.mark_ahead is None


def test_an_older_copy_under_a_higher_number_deletes_nothing_of_the_offices_own(place: Place, tmp_path: Path) -> None:
    with place.locked():
        own = vault_files.newest_generation(place.folder)
        shutil.copytree(own.folder, tmp_path / "copy")
    make_case(place)
    with place.locked():
        shutil.copytree(tmp_path / "copy", own.folder.with_name(f"g{own.number + 1}"))
    assert place.desk.vault.mark_ahead is not None
    assert own.database.is_file()


def test_another_story_of_the_same_length_is_told(place: Place, older: Path) -> None:
    with place.locked():
        kept = mark(place).read_bytes()
        put_back(place, older)
        mark(place).unlink()
    for _ in range(8):  # written on, from the older copy, past where the mark stands
        make_case(place)
    with place.locked():
        mark(place).write_bytes(kept)
    ahead = place.desk.vault.mark_ahead
    assert isinstance(ahead, MarkAhead)
    assert ahead.found > ahead.marked


@pytest.mark.parametrize("content", [b"", b"{}", b"x" * 4096, b'{"count":1,"head":"00","mac":"00"}', None])
def test_a_mark_that_is_gone_or_spoilt_keeps_nobody_out_and_says_nothing(place: Place, content: bytes | None) -> None:
    with place.locked():
        if content is None:
            mark(place).unlink()
        else:
            mark(place).write_bytes(content)
    assert place.desk.vault.mark_ahead is None
    assert mark(place).is_file()


def test_a_mark_made_without_the_key_is_not_believed(place: Place) -> None:
    with place.locked():
        data = bytearray(mark(place).read_bytes())
        at = data.index(b'"count":') + len(b'"count":')
        data[at : at + 1] = b"9"
        mark(place).write_bytes(bytes(data))
    assert place.desk.vault.mark_ahead is None


def test_a_vault_that_is_closed_already_is_locked_all_the_same(place: Place) -> None:
    place.desk.vault.store.close()
    place.desk.lock()
    place.desk.lock()


def test_new_keys_begin_a_mark_of_their_own(place: Place) -> None:
    place.desk.people.remove(add(place).user_id)
    place.reopen()
    place.reopen()
    assert place.desk.vault.mark_ahead is None


def test_a_mark_that_cannot_be_written_keeps_nobody_out(place: Place) -> None:
    with place.locked():
        mark(place).unlink()
        mark(place).with_suffix(".partial").mkdir()
    make_case(place)
    assert not mark(place).exists()
