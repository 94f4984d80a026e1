"""How a table leaves a real vault: sealed so that nothing outside tells of it, plain until it is gone, or stopped."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desktop.crypto import sealing
from desktop.crypto.encoding import tagged_sha256
from desktop.errors import Obstacle, Stopped
from desktop.services.tables import PlainTable, TableKind
from desktop.workbooks.sheets import read_workbook
from tests.factory import Place, count, dump, make_case, make_office, rows

KIB = 1024


@pytest.fixture
def small(places: Callable[[Place], Place], tmp_path: Path) -> Place:
    """An office with one case."""
    made = places(make_office(tmp_path / "small", "030"))
    make_case(made)
    return made


def last_entry(office: Place) -> dict[str, Any]:
    return max(rows(office.desk.vault, "journal"), key=lambda entry: entry["n"])


def key_of(secret: bytes) -> str:
    return sealing.age_recipient(sealing.public_key(secret))


@pytest.mark.parametrize("kind", list(TableKind))
def test_a_sealed_table_opens_with_each_receivers_key_by_the_program_age(
    small: Place, tmp_path: Path, kind: TableKind
) -> None:
    secrets = [sealing.generate_secret() for _ in range(2)]
    keys = [key_of(secret) for secret in secrets]
    made = small.desk.tables.export(kind, "CPIMS", [*keys, keys[0]])
    assert small.desk.tables.plain_copies() == ()
    for number, secret in enumerate(secrets):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "key").write_text(sealing.age_identity(secret))
        (folder / made.file_name).write_bytes(made.content)
        command = ["age", "--decrypt", "--identity", "key", "--output", "table.zip", made.file_name]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        zipfile.ZipFile(folder / "table.zip").extractall(folder / "out")
        padding, table = sorted((folder / "out").iterdir(), key=lambda path: path.name != "padding.bin")
        assert set(padding.read_bytes()) == {0}
        if kind is TableKind.HTCDS:
            found = read_workbook(table.read_bytes()).sheets[0].rows[2:]
            assert sum(bool(set(row.cells) - {"A"}) for row in found) == 1
        else:
            assert len(table.read_text(encoding="utf-8-sig").splitlines()) == 2


def test_name_and_size_of_a_sealed_table_tell_nothing_and_the_telling_name_is_inside(small: Place) -> None:
    secret = sealing.generate_secret()
    made = {kind: small.desk.tables.export(kind, "PLANNING", [key_of(secret)]) for kind in TableKind}
    for _ in range(20):
        make_case(small)
    more = small.desk.tables.export(TableKind.CPIMS, "PLANNING", [key_of(secret)])
    names = [table.file_name for table in (*made.values(), more)]
    assert all(re.fullmatch(r"X-[A-Z2-7]{10}\.zip\.age", name) for name in names)
    assert len(set(names)) == 3
    # One list of 1 case and one of 21 are as long as one another; age's own header varies by a few signs.
    lists = [len(made[TableKind.CPIMS].content), len(more.content)]
    assert all(62 * KIB < size <= 64 * KIB for size in lists)
    for kind, ending in ((TableKind.HTCDS, "xlsx"), (TableKind.CPIMS, "csv")):
        archive = zipfile.ZipFile(io.BytesIO(sealing.open_sealed(made[kind].content, secret)))
        code = made[kind].file_name.removesuffix(".zip.age")
        assert archive.namelist() == [f"{kind.value.lower()}-030-01-2026-11-25-{code}.{ending}", "padding.bin"]


def test_the_journal_says_which_bytes_left_what_for_and_by_a_hash_to_whose_keys(small: Place) -> None:
    secrets = [sealing.generate_secret() for _ in range(3)]
    first, second, third = (key_of(secret) for secret in secrets)
    objects = []
    for keys in ([first, second], [second, first, first], [first, third], [first]):
        made = small.desk.tables.export(TableKind.CPIMS, "CPIMS", keys)
        entry = last_entry(small)
        assert (entry["act"], entry["reason"]) == ("TABLE_EXPORTED", "CPIMS")
        assert entry["revision_hash"] == hashlib.sha256(made.content).digest()
        objects.append(entry["object"])
    raw = sorted(sealing.public_key(secret) for secret in secrets[:2])
    assert objects[0] == objects[1] == tagged_sha256("rufaa-table-receivers-v1", *raw).hex()[:32]
    assert len(set(objects)) == 3
    small.desk.journal.verify()


def test_a_plain_copy_is_remembered_until_somebody_says_it_is_deleted(small: Place, tmp_path: Path) -> None:
    made = small.desk.tables.export_plain(TableKind.CPIMS, "PLANNING", tmp_path)
    (copy,) = small.desk.tables.plain_copies()
    assert (copy.copy_id, copy.cases, copy.delete_by, copy.overdue) == (made.copy_id, 1, "2026-12-02", False)
    assert copy.place == str(tmp_path / made.file_name)
    assert made.file_name == f"cpims-030-01-2026-11-25-{last_entry(small)['n']}.csv"
    small.clock.instant += timedelta(days=8)
    assert [copy.overdue for copy in small.desk.tables.plain_copies()] == [True]
    small.desk.tables.plain_copy_deleted(copy.copy_id)
    assert small.desk.tables.plain_copies() == ()
    assert (last_entry(small)["act"], last_entry(small)["reason"]) == ("PLAIN_COPY_DELETED", None)
    for copy_id in (copy.copy_id, "none"):
        with pytest.raises(Obstacle, match="PLAIN_COPY_UNKNOWN"):
            small.desk.tables.plain_copy_deleted(copy_id)


@pytest.mark.parametrize("ending", ["", ".partial"])
def test_a_copy_is_not_crossed_off_while_it_or_a_part_of_it_lies_there(
    small: Place, tmp_path: Path, ending: str
) -> None:
    made = small.desk.tables.export_plain(TableKind.CPIMS, "PLANNING", tmp_path)
    path = small.desk.tables.write_plain(made)
    assert path.read_bytes() == made.content
    left = path.rename(f"{path}{ending}")
    before = dump(small.desk.vault)
    with pytest.raises(Obstacle, match="PLAIN_COPY_STILL_THERE"):
        small.desk.tables.plain_copy_deleted(made.copy_id)
    assert dump(small.desk.vault) == before
    left.unlink()
    small.desk.tables.plain_copy_deleted(made.copy_id)
    assert small.desk.tables.plain_copies() == ()


def fail_at_the_end(patch: pytest.MonkeyPatch) -> None:
    """Let the medium take every byte and then not keep them."""

    def failing(_: int) -> None:
        raise OSError(5, "Input/output error")

    patch.setattr(os, "fsync", failing)


def plain(office: Place, folder: Path) -> PlainTable:
    return office.desk.tables.export_plain(TableKind.CPIMS, "PLANNING", folder)


def test_a_table_that_is_there_in_part_keeps_its_reminder(
    small: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plain(small, tmp_path)
    with monkeypatch.context() as patch:
        fail_at_the_end(patch)
        unlink = Path.unlink

        def stuck(path: Path, missing_ok: bool = False) -> None:
            if path.exists():
                raise OSError(30, "Read-only file system")
            unlink(path, missing_ok)

        patch.setattr(Path, "unlink", stuck)
        with pytest.raises(Obstacle, match="PLAIN_COPY_REMAINS"):
            small.desk.tables.write_plain(made)
    assert (tmp_path / f"{made.file_name}.partial").read_bytes() == made.content
    assert [copy.copy_id for copy in small.desk.tables.plain_copies()] == [made.copy_id]


def test_a_table_whose_folder_is_gone_keeps_its_reminder(small: Place, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    made = plain(small, tmp_path / "stick")
    (tmp_path / "stick").rmdir()
    (tmp_path / "stick").write_bytes(b"")  # nothing can be looked at there any more
    with pytest.raises(Obstacle, match="PLAIN_COPY_REMAINS"):
        small.desk.tables.write_plain(made)
    assert len(small.desk.tables.plain_copies()) == 1


def test_a_table_of_which_nothing_is_left_there_need_not_be_deleted(
    small: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plain(small, tmp_path)
    with monkeypatch.context() as patch:
        fail_at_the_end(patch)
        with pytest.raises(Obstacle, match="OUT_NOT_WRITABLE"):
            small.desk.tables.write_plain(made)
    assert not list(tmp_path.glob("*.csv*"))
    assert small.desk.tables.plain_copies() == ()
    assert count(small.desk.vault, "plain_copy") == 1


def test_who_watches_hears_of_every_case_looked_at_and_written(small: Place, tmp_path: Path) -> None:
    make_case(small)
    heard: list[tuple[int, int]] = []

    def hear(done: int, of: int) -> None:
        heard.append((done, of))

    small.desk.tables.what_leaves("PLANNING", report=hear)
    assert heard == [(0, 2), (1, 2)]
    for kind in TableKind:
        heard.clear()
        small.desk.tables.export_plain(kind, "PLANNING", tmp_path, report=hear)
        assert heard == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("kind", list(TableKind))
@pytest.mark.parametrize("at", [1, 3, 4])  # looking, writing, and when all is made but nothing left
def test_stopped_at_any_step_nothing_leaves_and_nothing_is_noted(
    small: Place, tmp_path: Path, kind: TableKind, at: int
) -> None:
    make_case(small)

    def stop(done: int, of: int) -> None:
        if done == at:
            raise Stopped("STOPPED")

    before = dump(small.desk.vault)
    with pytest.raises(Stopped):
        small.desk.tables.export(kind, "PLANNING", [key_of(sealing.generate_secret())], report=stop)
    with pytest.raises(Stopped):
        small.desk.tables.export_plain(kind, "PLANNING", tmp_path, report=stop)
    assert dump(small.desk.vault) == before
