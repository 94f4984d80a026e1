from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from db.errors import Conflict, Full, WriteFailed
from db.models.base import Secret
from db.store import Store
from tests.unit.db.vaults import in_a_process, make_store, open_store

LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="uses Linux's limits and mounts")

WRITE_REFUSED = """
import resource, sys
from pathlib import Path
from sqlalchemy import text
from db.errors import StorageError
from db.models.base import Secret
from tests.unit.db.vaults import make_store, open_store

def write(store, name, size):
    try:
        with store.writing() as session:
            session.add(Secret(name=name, value=bytes(size), since=""))
        return "saved"
    except StorageError as error:
        return type(error).__name__

def names(store):
    with store.reading() as session:
        return ",".join(session.scalars(text("SELECT name FROM secret ORDER BY name")))

path = Path(sys.argv[1])
store = make_store(path)
print(write(store, "A", 10))
# The system refuses to let a file grow: writes fail with EFBIG (Python ignores the signal).
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
print(write(store, "B", 1_000_000))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(write(store, "C", 10), names(store))
store.close()
store = open_store(path)
print(write(store, "D", 10), names(store))
store.close()
"""
SMALL_DISK = """
import subprocess, sys
from pathlib import Path
from sqlalchemy import text
from db.errors import StorageError
from db.models.base import Secret
from tests.unit.db.vaults import make_store

folder = Path(sys.argv[1])
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], capture_output=True).returncode:
    sys.exit("no mount")
ballast = folder / "ballast"
store = make_store(folder / "vault.db")
ballast.write_bytes(bytes(400_000))

def write(name):
    try:
        with store.writing() as session:
            session.add(Secret(name=name, value=bytes(500_000), since=""))
        return "saved"
    except StorageError as error:
        return type(error).__name__

def names():
    with store.reading() as session:
        return ",".join(session.scalars(text("SELECT name FROM secret ORDER BY name"))) or "none"

print(write("A"), names())
ballast.unlink()
print(write("B"), names())
"""


def statements(store: Store) -> list[str]:
    """What SQLite itself is told from now on, in order."""
    told: list[str] = []
    raw = store.engine.raw_connection()
    raw.driver_connection.set_trace_callback(told.append)  # type: ignore[union-attr]  # the driver's own connection
    raw.close()
    told.clear()
    return told


def names(store: Store) -> list[str]:
    with store.reading() as session:
        return list(session.scalars(text("SELECT name FROM secret ORDER BY name")))


def secret(name: str) -> Secret:
    return Secret(name=name, value=b"", since="")


def test_writing_takes_the_write_lock_with_its_first_statement_and_commits_once(store: Store) -> None:
    told = statements(store)
    with store.writing() as session:
        session.execute(text("SELECT count(*) FROM secret"))
        session.add(secret("A"))
    assert told[0] == "BEGIN IMMEDIATE"
    assert told.count("COMMIT") == 1
    assert sum(line.startswith("BEGIN") for line in told) == 1
    assert told.index("COMMIT") > next(n for n, line in enumerate(told) if line.startswith("INSERT INTO secret"))


def test_reading_takes_no_write_lock_and_ends_without_a_commit(store: Store) -> None:
    told = statements(store)
    assert names(store) == []
    assert "BEGIN" in told
    assert "ROLLBACK" in told
    assert not {"BEGIN IMMEDIATE", "COMMIT"} & set(told)


def test_a_failed_block_rolls_back_rows_and_tables_alike(store: Store) -> None:
    def fail_half_way() -> None:
        with store.writing() as session:
            session.add(secret("A"))
            session.flush()
            session.execute(text("CREATE TABLE made_by_mistake (x)"))
            session.execute(text("ALTER TABLE secret ADD COLUMN y"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert names(store) == []
    with store.reading() as session:
        assert session.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'made_by_mistake'")).all() == []
        assert "y" not in session.execute(text("SELECT * FROM secret")).keys()  # noqa: SIM118 - a result, not a dict


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO secret VALUES ('A', '', '')", "CREATE TABLE t (x)", "DROP TABLE secret", "PRAGMA user_version = 9"],
)
def test_nothing_can_be_committed_while_reading(store: Store, statement: str) -> None:
    with pytest.raises(WriteFailed), store.reading() as session:
        session.execute(text(statement))
    assert names(store) == []
    with store.writing() as session:  # and the next writer is free to write
        session.add(secret("B"))
        assert session.execute(text("PRAGMA user_version")).scalar_one() == 1
    assert names(store) == ["B"]


def test_a_read_sees_one_snapshot_and_what_was_saved_before(store: Store) -> None:
    with store.writing() as session:
        session.add(secret("A"))
    assert names(store) == ["A"]


def test_a_broken_rule_of_the_tables_is_a_conflict_and_stops_nothing(store: Store) -> None:
    with store.writing() as session:
        session.add(secret("A"))
    with pytest.raises(Conflict), store.writing() as session:
        session.add_all([secret("B"), secret("A")])
    assert names(store) == ["A"]
    with store.writing() as session:
        session.add(secret("C"))
    assert names(store) == ["A", "C"]


def test_what_was_saved_is_there_after_closing(path: Path) -> None:
    store = make_store(path)
    with store.writing() as session:
        session.add(secret("A"))
    store.close()
    reopened = open_store(path)
    assert names(reopened) == ["A"]
    reopened.close()


def test_a_full_file_is_rolled_back_and_the_next_write_works(store: Store) -> None:
    with store.reading() as session:
        pages = session.execute(text("PRAGMA page_count")).scalar_one()
        session.execute(text(f"PRAGMA max_page_count = {pages + 5}"))
    with pytest.raises(Full), store.writing() as session:
        session.add_all([secret("A"), Secret(name="B", value=bytes(1_000_000), since="")])
    assert names(store) == []
    with store.writing() as session:
        session.add(secret("C"))
    assert names(store) == ["C"]


@LINUX_ONLY
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs a mount of its own")
def test_a_full_disk_is_rolled_back_and_once_there_is_room_the_next_write_works(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    done = in_a_process(SMALL_DISK, disk, before=("unshare", "--mount", "--map-root-user"))
    if "no mount" in done.stderr or "unshare failed" in done.stderr:
        pytest.skip("this machine lets nobody mount a small disk")
    assert (done.stdout.splitlines(), done.stderr) == (["Full none", "saved B"], "")


@LINUX_ONLY
def test_after_a_refused_write_nothing_is_written_until_the_vault_is_opened_again(path: Path) -> None:
    done = in_a_process(WRITE_REFUSED, path)
    assert (done.stdout.splitlines(), done.stderr) == (["saved", "WriteFailed", "WriteFailed A", "saved A,D"], "")
