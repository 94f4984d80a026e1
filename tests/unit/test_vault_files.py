from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop import vault_files
from desktop.crypto.header import MAX_HEADER_BYTES
from desktop.errors import DeskError, NotEncrypted, NoVault, Obstacle, VaultBusy, VaultDamaged
from desktop.vault_files import Generation

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = b"old header", b"new header"


def write(header: bytes = OLD) -> Callable[[Generation], None]:
    def make(generation: Generation) -> None:
        generation.database.write_bytes(bytes(range(32)) * 4)
        vault_files.write_header(generation, header)

    return make


def contents(data: Path) -> dict[str, bytes]:
    return {str(path.relative_to(data)): path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def generation(data: Path) -> Generation:
    return vault_files.create_generation(data, write())


def test_a_generation_is_a_folder_with_the_vault_and_two_header_copies(data: Path) -> None:
    assert not vault_files.has_vault(data)
    made = vault_files.create_generation(data, write())
    assert vault_files.has_vault(data)
    assert made == vault_files.newest_generation(data) == Generation(1, data / "vault" / "g1")
    assert contents(data).keys() == {"vault/g1/vault.db", "vault/g1/key-header.a", "vault/g1/key-header.b"}
    assert vault_files.read_header_copies(made) == (OLD, OLD)


def test_the_highest_number_counts_not_the_last_letter(data: Path, generation: Generation) -> None:
    for number in range(2, 12):
        assert vault_files.create_generation(data, write()).number == number
    assert vault_files.newest_generation(data).number == 11


def test_only_finished_generations_count(data: Path, generation: Generation) -> None:
    for name in ("g2.tmp", "g02", "g0", "gx", "g-3", "lock.d", "g٣"):
        (generation.folder.parent / name).mkdir()
    (generation.folder.parent / "g9").write_text("a file is no generation")
    assert vault_files.newest_generation(data).number == 1


def test_an_empty_data_folder_holds_no_vault(data: Path) -> None:
    with pytest.raises(NoVault) as caught:
        vault_files.newest_generation(data)
    assert (caught.value.code, caught.value.exit_status) == ("VAULT_NONE", 17)
    assert not data.exists()


def test_a_making_that_fails_leaves_nothing_behind(data: Path, generation: Generation) -> None:
    before = contents(data)

    def fail(aside: Generation) -> None:
        write(NEW)(aside)
        raise VaultDamaged("VAULT_DAMAGED")

    with pytest.raises(VaultDamaged):
        vault_files.create_generation(data, fail)
    assert contents(data) == before
    assert vault_files.newest_generation(data) == generation


def test_what_a_cut_off_making_left_is_not_used(data: Path, generation: Generation) -> None:
    leftover = generation.folder.parent / "g2.tmp"
    leftover.mkdir()
    (leftover / "vault.db").write_bytes(b"half a vault")
    (leftover / "vault.db-wal").write_bytes(b"half a log")
    made = vault_files.create_generation(data, write(NEW))
    assert {path.name for path in made.folder.iterdir()} == {"vault.db", "key-header.a", "key-header.b"}
    assert made.database.read_bytes() != b"half a vault"


@pytest.mark.skipif(sys.platform == "win32", reason="rights are Windows' own there")
def test_folders_and_files_are_their_owners_alone(data: Path, generation: Generation) -> None:
    for path in (data, *data.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path.name


@pytest.mark.skipif(sys.platform == "win32", reason="rights are Windows' own there")
def test_where_the_installer_opened_the_folder_to_a_group_the_group_may_work_in_it(data: Path) -> None:
    data.mkdir()
    data.chmod(0o2770)
    generation = vault_files.create_generation(data, write())
    vault_files.lock_vault(data).close()
    vault_files.write_header(generation, NEW)
    for path in data.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o2770 if path.is_dir() else 0o660), path.name


@pytest.mark.skipif(sys.platform == "win32", reason="rights are Windows' own there")
def test_a_folder_that_is_merely_open_lends_nobody_rights(data: Path) -> None:
    data.mkdir()
    data.chmod(0o777)
    vault_files.create_generation(data, write())
    for path in data.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


def test_a_copy_that_is_missing_or_too_long_is_none(generation: Generation) -> None:
    copy_a, copy_b = generation.header_copies
    copy_a.unlink()
    with copy_b.open("r+b") as file:
        file.truncate(MAX_HEADER_BYTES + 1)
    assert vault_files.read_header_copies(generation) == (None, None)


def test_a_copy_on_a_bad_sector_leaves_the_other(generation: Generation) -> None:
    copy_a, _ = generation.header_copies
    copy_a.unlink()
    copy_a.mkdir()  # opens, and cannot be read
    assert vault_files.read_header_copies(generation) == (None, OLD)


def test_a_header_the_person_may_not_read_is_not_called_damaged(
    generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "refused", "/some/where")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(Obstacle) as caught:
        vault_files.read_header_copies(generation)
    assert caught.value.code == "FOLDER_NOT_WRITABLE"


def test_mending_rewrites_the_copy_that_did_not_count(generation: Generation) -> None:
    assert not vault_files.mend_header(generation, OLD)
    copy_a, copy_b = generation.header_copies
    copy_a.write_bytes(b"damaged")
    assert vault_files.mend_header(generation, OLD)
    copy_b.unlink()
    assert vault_files.mend_header(generation, OLD)
    assert vault_files.read_header_copies(generation) == (OLD, OLD)


def test_mending_leaves_whole_copies_untouched(generation: Generation) -> None:
    before = [copy.stat().st_mtime_ns for copy in generation.header_copies]
    inodes = [copy.stat().st_ino for copy in generation.header_copies]
    vault_files.mend_header(generation, OLD)
    assert [copy.stat().st_mtime_ns for copy in generation.header_copies] == before
    assert [copy.stat().st_ino for copy in generation.header_copies] == inodes


class Tracer:
    """Notes each disk call of the writer in order, and fails one of them if told to."""

    def __init__(self, patch: pytest.MonkeyPatch, fail_at: int | None = None, number: int = errno.EIO) -> None:
        self.calls: list[str] = []
        for name in ("fsync", "replace", "rename"):
            patch.setattr(os, name, self._wrapped(name, getattr(os, name), fail_at, number))

    def _wrapped(self, name: str, real: Callable[..., None], fail_at: int | None, number: int) -> Callable[..., None]:
        def call(*arguments: object) -> None:
            told = name
            if name == "fsync":
                folder = stat.S_ISDIR(os.fstat(int(str(arguments[0]))).st_mode)
                told = "sync folder" if folder else "sync file"
            else:
                told = f"{name} {Path(str(arguments[1])).name}"
            self.calls.append(told)
            if len(self.calls) - 1 == fail_at:
                raise OSError(number, "injected", "/some/where")
            real(*arguments)

        return call


HEADER_CALLS = [
    *("sync file", "replace key-header.a", "sync folder"),
    *("sync file", "replace key-header.b", "sync folder"),
]


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not synced there")
def test_each_copy_is_synced_renamed_and_its_folder_synced_before_the_next(
    generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer = Tracer(monkeypatch)
    vault_files.write_header(generation, NEW)
    assert tracer.calls == HEADER_CALLS


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not synced there")
def test_a_generation_is_synced_whole_before_its_rename_and_the_folder_after(
    data: Path, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer = Tracer(monkeypatch)
    vault_files.create_generation(data, write(NEW))
    made = ["sync folder", *HEADER_CALLS, "sync file", "sync file", "sync file", "sync folder"]
    assert tracer.calls == [*made, "rename g2", "sync folder"]


def test_on_windows_no_folder_is_opened_for_syncing(generation: Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    tracer = Tracer(monkeypatch)
    vault_files.write_header(generation, NEW)
    assert tracer.calls == [call for call in HEADER_CALLS if call != "sync folder"]
    assert vault_files.read_header_copies(generation) == (NEW, NEW)


@pytest.mark.parametrize("fail_at", range(len(HEADER_CALLS)))
def test_a_disk_that_fails_at_any_step_leaves_a_whole_copy_and_says_so(
    fail_at: int, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer = Tracer(monkeypatch, fail_at)
    with pytest.raises(Obstacle) as caught:
        vault_files.write_header(generation, NEW)
    assert len(tracer.calls) == fail_at + 1  # the injection bit, and a failed sync was not tried again
    assert (caught.value.code, caught.value.facts) == ("DISK_FAILED", {"errno": errno.EIO})
    copies = vault_files.read_header_copies(generation)
    assert set(copies) <= {OLD, NEW}
    assert copies[1] == OLD or fail_at == 5
    assert not list(generation.folder.glob("*.tmp"))


@pytest.mark.parametrize("fail_at", range(12))
def test_a_disk_that_fails_while_a_generation_is_made_leaves_the_old_one_to_count(
    fail_at: int, data: Path, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracer = Tracer(monkeypatch, fail_at)
    with pytest.raises(Obstacle):
        vault_files.create_generation(data, write(NEW))
    assert len(tracer.calls) == fail_at + 1
    assert vault_files.newest_generation(data) == generation
    assert not (generation.folder.parent / "g2").exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "DISK_FULL"),
        (errno.EDQUOT, "DISK_FULL"),
        (errno.EROFS, "FOLDER_NOT_WRITABLE"),
        (errno.EACCES, "FOLDER_NOT_WRITABLE"),
        (errno.EIO, "DISK_FAILED"),
    ],
)
def test_what_the_disk_refuses_is_told_by_code_and_number_without_the_path(
    number: int, code: str, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    Tracer(monkeypatch, 0, number)
    with pytest.raises(Obstacle) as caught:
        vault_files.write_header(generation, NEW)
    assert caught.value.code == code
    assert "/some/where" not in repr(caught.value) + repr(caught.value.facts)
    assert caught.value.__suppress_context__


def test_a_data_folder_that_is_a_file_is_an_obstacle(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    for attempt in (
        lambda: vault_files.create_generation(tmp_path / "data", write()),
        lambda: vault_files.has_vault(tmp_path / "data"),
    ):
        with pytest.raises(Obstacle):
            attempt()


@pytest.mark.parametrize("beginning", [bytes(range(16)), b"SQLite format 4\0", b"sqlite format 3\0"])
def test_an_encrypted_file_passes(generation: Generation, beginning: bytes) -> None:
    generation.database.write_bytes(beginning + bytes(4096))
    vault_files.check_encrypted(generation)


def test_a_plain_sqlite_file_in_the_vaults_place_is_refused_unchanged(generation: Generation) -> None:
    generation.database.unlink()
    with sqlite3.connect(generation.database) as plain:
        plain.execute("CREATE TABLE cases (id TEXT)")
    plain.close()
    before = generation.database.read_bytes()
    with pytest.raises(NotEncrypted) as caught:
        vault_files.check_encrypted(generation)
    assert (caught.value.code, caught.value.exit_status) == ("VAULT_NOT_ENCRYPTED", 12)
    assert generation.database.read_bytes() == before


@pytest.mark.parametrize("size", [None, 0, 15])
def test_a_missing_or_empty_vault_is_never_taken_for_a_new_one(generation: Generation, size: int | None) -> None:
    generation.database.unlink()
    if size is not None:
        generation.database.write_bytes(bytes(size))
    with pytest.raises(VaultDamaged) as caught:
        vault_files.check_encrypted(generation)
    assert (caught.value.code, caught.value.exit_status) == ("VAULT_DAMAGED", 14)
    assert generation.database.exists() == (size is not None)


def test_a_vault_file_that_cannot_be_read_is_an_obstacle(generation: Generation) -> None:
    generation.database.unlink()
    generation.database.mkdir()
    with pytest.raises(DeskError) as caught:
        vault_files.check_encrypted(generation)
    assert caught.value.code in {"DISK_FAILED", "FOLDER_NOT_WRITABLE"}


HOLD = """
import sys, time
from pathlib import Path
from desktop.vault_files import lock_vault
lock = lock_vault(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_data_folder_is_held_by_one_process_and_freed_when_it_dies(data: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(data)], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(VaultBusy) as caught:
            vault_files.lock_vault(data)
        assert (caught.value.code, caught.value.exit_status) == ("VAULT_BUSY", 15)
    finally:
        child.kill()
        child.communicate()
    with vault_files.lock_vault(data):
        pass


def test_a_lock_is_held_against_a_second_taker_in_the_same_process_and_given_back(data: Path) -> None:
    with vault_files.lock_vault(data) as lock:
        with pytest.raises(VaultBusy):
            vault_files.lock_vault(data)
        assert not vault_files.has_vault(data)
    lock.close()
    vault_files.lock_vault(data).close()


def test_older_generations_and_makings_cut_off_go_and_nothing_else(data: Path, generation: Generation) -> None:
    vault_files.lock_vault(data).close()
    newest = vault_files.create_generation(data, write(NEW))
    for name in ("g3.tmp", "g10.tmp", "others", "g1.bak"):
        (newest.folder.parent / name).mkdir()
    vault_files.drop_older(data, newest)
    assert {path.name for path in newest.folder.parent.iterdir()} == {"g2", "lock", "others", "g1.bak"}
    assert vault_files.newest_generation(data) == newest


def test_an_older_generation_that_does_not_go_keeps_nobody_out(
    data: Path, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = vault_files.create_generation(data, write(NEW))

    def refused(*_: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refused)
        vault_files.drop_older(data, newest)
    assert generation.folder.exists()
    vault_files.drop_older(data, newest)
    assert not generation.folder.exists()


def test_no_generation_gets_a_number_that_would_not_count(tmp_path: Path) -> None:
    (tmp_path / "vault" / "g999999999").mkdir(parents=True)
    with pytest.raises(Obstacle, match="GENERATIONS_USED_UP"):
        vault_files.create_generation(tmp_path, lambda _: None)
