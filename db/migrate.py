"""Bring a copy of a vault to the newest schema, and prove that nothing was lost.

A step runs on an engine that never turns foreign keys on (a table rebuilt with them on deletes its child rows), in one
transaction. Plain ALTER first; batch mode only for constraints. Triggers are made again and everything is counted.
"""

from __future__ import annotations

from collections.abc import Callable

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Engine, func, select, table

from db.engine import storage_errors
from db.errors import Damaged, NewerSchema
from db.schema import SCHEMA, triggers

Step = Callable[[Operations], None]
STEPS: dict[int, Step] = {}  # to schema number -> step; schema 1 is made by db.schema.create


def upgrade(engine: Engine, *, steps: dict[int, Step] | None = None, target: int = SCHEMA) -> None:
    """Run the missing steps on a copy opened with `foreign_keys=False`.

    Raises:
        NewerSchema: The file is newer than `target`; it was not touched.
        Damaged: A step lost rows, triggers or references; its transaction was rolled back.
        Full: The disk is full; the step was rolled back.
    """
    known = STEPS if steps is None else steps
    while True:
        with storage_errors(), engine.execution_options(write=True).connect() as connection, connection.begin():
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version > target:
                raise NewerSchema
            if version == target:
                return
            _run(connection, known[version + 1], version + 1)


def _run(connection: Connection, step: Step, number: int) -> None:
    if connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one():
        raise Damaged
    before = _counts(connection)
    step(Operations(MigrationContext.configure(connection)))
    after = _counts(connection)
    if any(after.get(table, 0) != rows for table, rows in before.items()):
        raise Damaged
    present = {
        name for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all()
    }
    wanted = triggers(set(after))
    for name, statement in wanted.items():
        if name not in present:
            connection.exec_driver_sql(statement)
    if connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        raise Damaged
    connection.exec_driver_sql(f"PRAGMA user_version = {number}")


def _counts(connection: Connection) -> dict[str, int]:
    names = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).all()
    return {name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for (name,) in names}
