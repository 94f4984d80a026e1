"""Open SQLCipher with a raw 32-byte key: one connection, one lock, every pragma in one place.

The key lives in a closure, never in a URL (docs/adr/0002). Nothing else in the process may open the vault file:
closing any other descriptor of it would drop SQLite's locks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, QueuePool, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlcipher3 import dbapi2

from db.errors import Busy, Closed, Conflict, Damaged, Full, StorageError, WriteFailed, WrongKey

APPLICATION_ID = 0x52554641  # "RUFA"
KEY_BYTES = 32
_LOCK_WAIT_S = 0.5
_POLICY = {"cipher_page_size": "4096", "cipher_hmac_algorithm": "HMAC_SHA512", "cipher_use_hmac": "1"}
_FAILURES: dict[int, type[StorageError]] = {
    dbapi2.SQLITE_NOTADB: WrongKey,
    dbapi2.SQLITE_CORRUPT: Damaged,
    dbapi2.SQLITE_BUSY: Busy,
    dbapi2.SQLITE_LOCKED: Busy,
    dbapi2.SQLITE_FULL: Full,
    dbapi2.SQLITE_IOERR: WriteFailed,
    dbapi2.SQLITE_READONLY: WriteFailed,
    dbapi2.SQLITE_CANTOPEN: WriteFailed,
    dbapi2.SQLITE_PERM: WriteFailed,
    dbapi2.SQLITE_CONSTRAINT: Conflict,
}


def open_engine(path: Path, key: bytes, *, create: bool = False, foreign_keys: bool = True) -> Engine:
    """Return an engine on an encrypted file, opened and verified. Once disposed of it has forgotten the key.

    Args:
        path: The vault file. It must exist unless `create`; a missing file is never made by accident.
        key: 32 raw bytes.
        create: Make a new, empty file.
        foreign_keys: Off only for migrations, where SQLite would delete child rows while a table is rebuilt.

    Raises:
        WrongKey: The key does not open the file.
        Busy: Another process has it open.
        Damaged: The file opened, but its cipher settings are not the policy.
    """
    if len(key) != KEY_BYTES:
        raise ValueError("key length")
    if not create and (not path.is_file() or path.stat().st_size == 0):
        raise WrongKey
    held = [f"PRAGMA key = \"x'{bytes(key).hex()}'\""]

    def connect() -> Any:
        if not held:
            raise Closed
        connection = dbapi2.connect(str(path), isolation_level=None, timeout=_LOCK_WAIT_S)
        try:
            # NOTE: the log level comes first, or a wrong key writes to standard error.
            connection.execute("PRAGMA cipher_log_level = NONE")
            connection.execute(held[0])
            for pragma in (
                "PRAGMA cipher_memory_security = OFF",
                "PRAGMA trusted_schema = OFF",
                # Or INSERT OR REPLACE would pass by the triggers that forbid a delete.
                "PRAGMA recursive_triggers = ON",
                "PRAGMA temp_store = MEMORY",
                "PRAGMA locking_mode = EXCLUSIVE",
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = FULL",
                "PRAGMA secure_delete = ON",
                "PRAGMA cell_size_check = ON",
                "PRAGMA cache_size = -16000",
                f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}",
            ):
                connection.execute(pragma)
        except BaseException:
            # Left open it would hold the file's lock against the next attempt.
            connection.close()
            raise
        return connection

    engine = create_engine(
        "sqlite://",
        module=dbapi2,
        creator=connect,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=1,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin)
    event.listen(engine, "checkin", _end_reading)
    # NOTE: a disposed engine connects again when it is asked to; without the key it cannot.
    event.listen(engine, "engine_disposed", lambda _: held.clear())
    try:
        with storage_errors(), engine.connect() as connection:
            _verify(connection)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _begin(connection: Connection) -> None:
    # NOTE: with isolation_level=None and no BEGIN of our own, nothing would roll back.
    write = connection.get_execution_options().get("write", False)
    if write:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")


def _end_reading(connection: Any, _record: object) -> None:
    if connection is not None:
        connection.execute("PRAGMA query_only = OFF")


def _verify(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    for name, wanted in _POLICY.items():
        if str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) != wanted:
            raise Damaged
    if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
        raise Damaged


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn the driver's errors into ours by their number; their text may hold values and goes no further.

    What speaks of the program and not of the file or the disk (no such table, a wrong thread) passes as it is: nobody
    must be told that the vault is damaged when it is not.
    """
    try:
        yield
    except (DBAPIError, dbapi2.Error) as error:
        code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0)
        # The low byte is the kind, the rest says where it happened.
        failure = _FAILURES.get(code & 0xFF)
        if failure is None:
            raise
        raise failure from None


def close_engine(engine: Engine) -> None:
    """Write the log back into the file, empty it, close and forget the key. Closing twice is harmless."""
    try:
        with storage_errors(), closing(engine.raw_connection()) as raw:
            raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]  # driver's own connection
    except Closed:
        return
    finally:
        engine.dispose()
