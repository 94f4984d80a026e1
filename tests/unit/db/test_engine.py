from __future__ import annotations

import sqlite3
import traceback
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from db.engine import close_engine, open_engine
from db.errors import Busy, Closed, Conflict, Damaged, StorageError, WrongKey
from db.models.base import DeskUser
from db.store import Store
from tests.factory import file_hashes
from tests.unit.db.vaults import KEY, add_revisions, in_a_process, make_store, open_store

PAGE_BYTES = 4096
NAME = "Wambui Gachanja"

WRONG_KEY = """
import os, sys
from pathlib import Path
from sqlcipher3 import dbapi2
from db.engine import open_engine
from db.errors import WrongKey

noisy = dbapi2.connect(sys.argv[1])
noisy.execute("PRAGMA key = \\"x'" + "ff" * 32 + "'\\"")
try:
    noisy.execute("SELECT count(*) FROM sqlite_master")
except dbapi2.DatabaseError:
    os.write(2, b"|ours|")
noisy.close()
try:
    open_engine(Path(sys.argv[1]), b"\\xff" * 32)
except WrongKey:
    print("WrongKey")
"""
SECOND_OPENER = """
import sys
from pathlib import Path
from db.engine import open_engine
from db.errors import StorageError

try:
    open_engine(Path(sys.argv[1]), bytes(range(32)))
except StorageError as error:
    print(type(error).__name__)
"""
OTHER_CIPHER = """
import sys
from pathlib import Path
from sqlcipher3 import dbapi2
from db.engine import open_engine
from db.errors import StorageError

# The defaults of the whole process, as another library or a plug-in might set them.
dbapi2.connect(":memory:").execute(sys.argv[2])
try:
    open_engine(Path(sys.argv[1]), bytes(range(32)), create=True)
except StorageError as error:
    print(type(error).__name__)
"""


def pragma(store: Store, name: str) -> str:
    with store.reading() as session:
        return str(session.execute(text(f"PRAGMA {name}")).scalar_one())


def flip_byte(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    content[(page - 1) * PAGE_BYTES + 1000] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", "2"),
        ("locking_mode", "exclusive"),
        ("secure_delete", "1"),
        ("foreign_keys", "1"),
        ("trusted_schema", "0"),
        ("recursive_triggers", "1"),
        ("temp_store", "2"),
        ("cell_size_check", "1"),
        ("cipher_memory_security", "0"),
        ("cipher_page_size", "4096"),
        ("cipher_hmac_algorithm", "HMAC_SHA512"),
        ("cipher_use_hmac", "1"),
        ("cipher_plaintext_header_size", "0"),
    ],
)
def test_the_engine_runs_with_the_setting(store: Store, name: str, value: str) -> None:
    assert pragma(store, name) == value


def test_a_disk_copy_of_the_file_and_its_log_shows_no_text(path: Path) -> None:
    store = make_store(path)
    with store.writing() as session:
        session.add(DeskUser(id="1", desk_number=1, name=NAME, title="", phone="", role="CLERK"))
    log = path.with_name("vault.db-wal")
    assert log.stat().st_size > PAGE_BYTES
    for file in (path, log):
        assert not file.read_bytes().startswith(b"SQLite format 3")
        assert b"Wambui" not in file.read_bytes()
        assert b"desk_user" not in file.read_bytes()
    store.close()
    assert not log.exists()


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused_before_the_file_is_made(path: Path, length: int) -> None:
    with pytest.raises(ValueError, match="key length"):
        open_engine(path, bytes(length), create=True)
    assert not path.exists()


def test_opening_never_makes_a_missing_file(path: Path) -> None:
    with pytest.raises(WrongKey):
        open_engine(path, KEY)
    assert list(path.parent.iterdir()) == []


def test_an_empty_file_is_refused_and_stays_empty(path: Path) -> None:
    path.touch()
    with pytest.raises(WrongKey):
        open_engine(path, KEY)
    assert path.read_bytes() == b""


def test_a_plain_sqlite_file_is_refused_and_not_touched(path: Path) -> None:
    plain = sqlite3.connect(path)
    plain.execute("CREATE TABLE t (x)")
    plain.close()
    before = file_hashes(path.parent)
    with pytest.raises(WrongKey):
        open_engine(path, KEY)
    assert file_hashes(path.parent) == before


def test_another_key_is_refused_and_the_file_not_touched(path: Path) -> None:
    make_store(path).close()
    before = file_hashes(path.parent)
    with pytest.raises(WrongKey):
        open_engine(path, KEY[::-1])
    assert file_hashes(path.parent) == before
    open_store(path).close()


def test_a_wrong_key_writes_nothing_to_standard_error(path: Path) -> None:
    make_store(path).close()
    done = in_a_process(WRONG_KEY, path)
    library, ours = done.stderr.split("|ours|")
    assert library != ""  # what the library says when nobody silences it
    assert ours == ""
    assert done.stdout == "WrongKey\n"


def test_the_key_shows_in_no_address_name_or_error(path: Path) -> None:
    store = make_store(path)
    engine = store.engine
    told = [str(engine.url), repr(engine.url), repr(engine), repr(engine.pool), engine.pool.status(), repr(store)]
    with pytest.raises(OperationalError) as fault, engine.connect() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    told += traceback.format_exception(fault.value)
    store.close()
    other = bytes(range(32, 64))
    with pytest.raises(WrongKey) as refused:
        open_engine(path, other)
    told += [*traceback.format_exception(refused.value), repr(refused.value), repr(refused.value.__context__)]
    for key in (KEY, other):
        assert all(key.hex() not in line.lower() and repr(key)[2:-1] not in line for line in told)


def test_an_error_shows_no_value_that_was_to_be_stored(store: Store) -> None:
    row = {"id": "1", "desk_number": 1, "name": NAME, "title": "", "phone": "", "role": "CLERK"}
    statement = insert(DeskUser)
    with store.writing() as session:
        session.execute(statement, [row])
    with pytest.raises(Exception, match="UNIQUE") as raw, store.engine.execution_options(write=True).begin() as direct:
        direct.execute(statement, [row])
    assert "Wambui" not in str(raw.value)
    with pytest.raises(Conflict) as ours, store.writing() as session:
        session.execute(statement, [row])
    assert str(ours.value) == ""
    assert "Wambui" not in "".join(traceback.format_exception(ours.value))


def test_after_closing_nothing_can_be_read_and_the_key_is_forgotten(path: Path) -> None:
    store = make_store(path)
    store.close()
    for transaction in (store.reading, store.writing):
        with pytest.raises(Closed), transaction() as session:
            session.execute(text("SELECT count(*) FROM sqlite_master"))
    with pytest.raises(Closed):
        store.engine.raw_connection()


def test_closing_twice_is_harmless(path: Path) -> None:
    store = make_store(path)
    store.close()
    store.close()
    open_store(path).close()


def test_a_failed_opening_lets_go_of_the_file_at_once(path: Path) -> None:
    make_store(path).close()
    with pytest.raises(WrongKey):
        open_engine(path, KEY[::-1])
    path.rename(path.with_name("moved.db"))
    open_store(path.with_name("moved.db")).close()


@pytest.mark.usefixtures("store")
def test_a_second_opener_in_another_process_is_told_busy(path: Path) -> None:
    assert in_a_process(SECOND_OPENER, path).stdout == "Busy\n"


@pytest.mark.usefixtures("store")
def test_a_second_opener_in_the_same_process_is_told_busy(path: Path) -> None:
    with pytest.raises(Busy):
        open_engine(path, KEY)


def test_there_is_one_connection_and_a_nested_transaction_gets_none(store: Store) -> None:
    with store.reading() as outer:
        outer.execute(text("SELECT 1"))
        with pytest.raises(PoolTimeout), store.reading() as inner:
            inner.execute(text("SELECT 1"))


@pytest.mark.parametrize(
    "setting",
    ["PRAGMA cipher_default_page_size = 8192", "PRAGMA cipher_default_use_hmac = OFF"],
)
def test_a_cipher_with_other_settings_is_refused(path: Path, setting: str) -> None:
    assert in_a_process(OTHER_CIPHER, path, setting).stdout == "Damaged\n"


def test_a_changed_page_is_seen_when_it_is_read(path: Path) -> None:
    store = make_store(path)
    add_revisions(store, body=bytes(3000))
    store.close()
    flip_byte(path, path.stat().st_size // PAGE_BYTES - 5)
    store = open_store(path)
    with pytest.raises(Damaged), store.reading() as session:
        session.execute(text("SELECT body FROM revision")).all()
    close_engine(store.engine)


def test_the_integrity_check_names_a_changed_page(path: Path) -> None:
    store = make_store(path)
    add_revisions(store, body=bytes(3000))
    with store.reading() as session:
        assert session.execute(text("PRAGMA cipher_integrity_check")).all() == []
    store.close()
    page = path.stat().st_size // PAGE_BYTES - 5
    flip_byte(path, page)
    store = open_store(path)
    with store.reading() as session:
        (told,) = session.execute(text("PRAGMA cipher_integrity_check")).scalars()
    assert str(page) in told
    close_engine(store.engine)


def test_a_changed_first_page_looks_like_another_key(path: Path) -> None:
    make_store(path).close()
    flip_byte(path, 1)
    with pytest.raises(WrongKey):
        open_engine(path, KEY)


def test_a_fault_of_the_program_is_not_told_as_damage(store: Store) -> None:
    with pytest.raises(OperationalError) as fault, store.reading() as session:
        session.execute(text("SELECT * FROM nowhere"))
    assert not isinstance(fault.value, StorageError)
