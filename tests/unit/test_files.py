"""Reading what other people bring: an ordinary file, and nothing that leads elsewhere or never ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from db.engine import close_engine, open_engine
from desktop import files
from desktop.errors import Obstacle

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="only an administrator may make links there")


@needs_links
@pytest.mark.parametrize("put_there", [lambda path, file: path.symlink_to(file), lambda path, _: os.mkfifo(path)])
def test_a_link_or_a_pipe_is_refused_at_once_also_when_it_is_picked_by_hand(
    tmp_path: Path, put_there: Callable[[Path, Path], None]
) -> None:
    (tmp_path / "file").write_bytes(b"of the laptop")
    put_there(tmp_path / "picked", tmp_path / "file")
    for read in (files.read_file, files.read_start):
        with pytest.raises(Obstacle, match="FILE_NOT_ORDINARY"):
            read(str(tmp_path / "picked"), 100)


@needs_links
def test_a_link_or_a_pipe_put_there_after_the_look_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"of the laptop")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    before = os.lstat(tmp_path / "file")
    monkeypatch.setattr(os, "lstat", lambda _: before)
    for name, code in [("link", "FILE_NOT_READABLE"), ("pipe", "FILE_NOT_ORDINARY")]:
        with pytest.raises(Obstacle, match=code):
            files.read_file(str(tmp_path / name), 100)


@needs_links
def test_a_file_in_a_linked_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "file").write_bytes(b"whole")
    (tmp_path / "link").symlink_to(tmp_path / "stick")
    assert files.read_file(str(tmp_path / "link" / "file"), 100) == b"whole"


@pytest.mark.skipif(sys.platform == "win32", reason="there a lock is not lost with another descriptor")
def test_an_open_vault_is_not_opened_by_any_other_name_and_keeps_its_lock(tmp_path: Path) -> None:
    vault, key = tmp_path / "vault.db", os.urandom(32)
    engine = open_engine(vault, key, create=True)
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE x (y)")
    (tmp_path / "soft").symlink_to(vault)
    (tmp_path / "hard").hardlink_to(vault)
    (tmp_path / "folder").symlink_to(tmp_path)
    for name in ("vault.db", "soft", "hard", "folder/hard", "folder/vault.db"):
        with pytest.raises(Obstacle, match="FILE_NOT_ORDINARY"):
            files.read_start(str(tmp_path / name), 100)
    second = "import sys; from pathlib import Path; from db.engine import open_engine; from db.errors import Busy\n"
    second += "try: open_engine(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))\nexcept Busy: print('busy')"
    ended = subprocess.run(
        [sys.executable, "-c", second, str(vault), key.hex()], check=True, capture_output=True, text=True
    )
    assert ended.stdout == "busy\n"
    close_engine(engine)
    assert files.read_start(str(tmp_path / "hard"), 15)[:6] != b"SQLite"


@pytest.mark.parametrize(("name", "seen"), [("table.csv", True), ("table.csv.partial", True), ("table.csv.old", False)])
def test_a_file_and_a_part_of_it_are_seen_in_its_place(tmp_path: Path, name: str, seen: bool) -> None:
    (tmp_path / name).write_bytes(b"")
    assert files.lies_at(tmp_path / "table.csv") is seen
    assert files.may_lie_at(tmp_path / "table.csv") is seen


def test_of_a_folder_that_is_gone_nobody_can_say_that_nothing_lies_there(tmp_path: Path) -> None:
    gone = tmp_path / "stick" / "table.csv"
    assert (files.lies_at(gone), files.may_lie_at(gone)) == (False, True)
