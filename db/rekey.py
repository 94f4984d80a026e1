"""Copy an open vault into a new file under another key, and prove that nothing was lost.

A key is never changed in place: killed on the way that leaves files which only one of the two keys opens. SQLCipher's
export keeps tables, indexes and triggers, and drops the numbers in the file's head, which are copied by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select, table
from sqlalchemy.exc import DBAPIError
from sqlcipher3 import dbapi2

from db import schema
from db.engine import close_engine, open_engine, storage_errors
from db.errors import Damaged, Full, StorageError, WriteFailed

_OPERATIONS_BETWEEN = 10_000  # of SQLite's machine, between two questions whether to go on: some milliseconds
_TOLD: dict[str, type[StorageError]] = {"database or disk is full": Full, "disk I/O error": WriteFailed}
_HEAD = ("user_version", "application_id")


def export(engine: Engine, target: Path, key: bytes, go_on: Callable[[], object]) -> None:
    """Write everything in `engine` into a new file `target` under `key`, and close it. Nobody may write meanwhile.

    Args:
        engine: The open vault.
        target: A file that does not exist yet.
        key: 32 raw bytes.
        go_on: Asked every few milliseconds; what it raises stops the copying and comes out of here.

    Raises:
        Damaged: The copy is not the same.
        Full, WriteFailed: The disk refused; the vault is as it was.
    """
    with storage_errors():
        raw = engine.raw_connection()
        try:
            _copy(raw.driver_connection, target, key, go_on)
        finally:
            raw.close()
        with engine.connect() as connection, _asking(connection.connection.driver_connection, go_on):
            before = _contents(connection)
        copy = open_engine(target, key)
        try:
            with copy.connect() as connection, _asking(connection.connection.driver_connection, go_on):
                _check(connection, before)
        finally:
            close_engine(copy)


@contextmanager
def _asking(connection: Any, go_on: Callable[[], object]) -> Iterator[None]:
    """Ask every few milliseconds whether to go on; SQLite is stopped by what is raised, which comes out of here."""
    raised: list[BaseException] = []

    def ask() -> int:
        try:
            go_on()
        except BaseException as error:  # noqa: BLE001  # it must cross SQLite first
            raised.append(error)
            return 1
        return 0

    connection.set_progress_handler(ask, _OPERATIONS_BETWEEN)
    try:
        yield
    except (DBAPIError, dbapi2.Error):
        if raised:
            raise raised[0] from None
        raise
    finally:
        connection.set_progress_handler(None, 0)


def _copy(connection: Any, target: Path, key: bytes, go_on: Callable[[], object]) -> None:
    connection.execute("ATTACH DATABASE ? AS copy KEY ?", (str(target), f"x'{bytes(key).hex()}'"))
    try:
        # The file counts only once it was synced whole and has its final name: the export need not sync at each step.
        connection.execute("PRAGMA copy.synchronous = OFF")
        with _asking(connection, go_on):
            _export(connection)
        for name in _HEAD:
            (value,) = connection.execute(f"PRAGMA main.{name}").fetchone()
            connection.execute(f"PRAGMA copy.{name} = {int(value)}")
    finally:
        connection.execute("DETACH DATABASE copy")


def _export(connection: Any) -> None:
    try:
        connection.execute("SELECT sqlcipher_export('copy')").fetchall()
    except dbapi2.Error as error:
        # NOTE: the export gives every failure the same number; only SQLite's fixed words tell them apart.
        failure = _TOLD.get(str(error))
        if failure is None:
            raise
        raise failure from None


def _contents(connection: Connection) -> dict[str, object]:
    """Return what two equal vaults have in common: head, every table, index and trigger, rows, the journal's head."""
    objects = connection.exec_driver_sql(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    ).all()
    names = [name for kind, name, _, _ in objects if kind == "table"]
    return {
        "head": [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in _HEAD],
        "objects": [tuple(row) for row in objects],
        "rows": {
            name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names
        },
        # As many as before: a row without its record that somebody planted must not stop who makes the new keys.
        # Without their row numbers, which the export may give anew.
        "foreign": sorted((row[0], *row[2:]) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")),
        "journal": connection.exec_driver_sql("SELECT n, hash FROM journal ORDER BY n DESC LIMIT 1").all(),
    }


def _check(connection: Connection, before: dict[str, object]) -> None:
    schema.check(connection)
    if _contents(connection) != before:
        raise Damaged
    # NOTE: the cipher's check reads the file alone; the log is empty here, since nothing was written through it.
    if connection.exec_driver_sql("PRAGMA cipher_integrity_check").all():
        raise Damaged
    if connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() != ["ok"]:
        raise Damaged
