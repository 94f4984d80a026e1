"""Open SQLCipher with a raw 32-byte key: one connection, one lock, every pragma in one place.

The key lives in a closure, never in a URL (docs/adr/0002). Nothing else in the process may open the vault file:
closing any other descriptor of it would drop SQLite's locks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, QueuePool, create_engine, event
from sqlalchemy.engine import Connection
from sqlcipher3 import dbapi2

from db.errors import Busy, Conflict, Damaged, Full, StorageError, WriteFailed, WrongKey

APPLICATION_ID = 0x52554641  # "RUFA"
KEY_BYTES = 32
_LOCK_WAIT_S = 0.5
_POLICY = {"cipher_page_size": "4096", "cipher_hmac_algorithm": "HMAC_SHA512", "cipher_use_hmac": "1"}


def open_engine(path: Path, key: bytes, *, create: bool = False, foreign_keys: bool = True) -> Engine:
    """Return an engine on an encrypted file, opened and verified.

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
    key_pragma = f"PRAGMA key = \"x'{bytes(key).hex()}'\""

    def connect() -> Any:
        connection = dbapi2.connect(str(path), isolation_level=None, timeout=_LOCK_WAIT_S)
        cursor = connection.cursor()
        # NOTE: the log level comes first, or a wrong key writes to standard error.
        cursor.execute("PRAGMA cipher_log_level = NONE")
        cursor.execute(key_pragma)
        for pragma in (
            "PRAGMA cipher_memory_security = OFF",
            "PRAGMA trusted_schema = OFF",
            "PRAGMA temp_store = MEMORY",
            "PRAGMA locking_mode = EXCLUSIVE",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA secure_delete = ON",
            "PRAGMA cell_size_check = ON",
            "PRAGMA cache_size = -16000",
            f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}",
        ):
            cursor.execute(pragma)
        cursor.close()
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
    try:
        with engine.connect() as connection:
            _verify(connection)
    except dbapi2.Error as error:
        engine.dispose()
        raise translate(error) from None
    except StorageError:
        engine.dispose()
        raise
    except Exception as error:
        engine.dispose()
        original = getattr(error, "orig", None)
        if isinstance(original, dbapi2.Error):
            raise translate(original) from None
        raise
    return engine


def _begin(connection: Connection) -> None:
    # NOTE: with isolation_level=None and no BEGIN of our own, nothing would roll back.
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _verify(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    for name, wanted in _POLICY.items():
        if str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) != wanted:
            raise Damaged
    if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
        raise Damaged


def translate(error: Exception) -> StorageError:
    """Turn a driver's error into one of ours; its text may hold values, so it is read but never passed on."""
    text = str(error).lower()
    if "not a database" in text:
        return WrongKey()
    if "locked" in text or "busy" in text:
        return Busy()
    if "disk is full" in text:
        return Full()
    if "disk i/o error" in text or "readonly" in text or "unable to open" in text:
        return WriteFailed()
    if "constraint failed" in text or "append-only" in text:
        return Conflict()
    return Damaged()


def close_engine(engine: Engine) -> None:
    """Write the log back into the file, empty it, and close the connection."""
    raw = engine.raw_connection()
    try:
        raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]  # driver's own connection
    finally:
        raw.close()
        engine.dispose()
