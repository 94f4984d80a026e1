"""The schema of each kind of vault: its number, its tables, its append-only triggers."""

from __future__ import annotations

from sqlalchemy import Connection, Table

from db.engine import APPLICATION_ID
from db.errors import Damaged, NewerSchema
from db.models import base, office, secretariat

SCHEMA = 1
_COMMON = (base.VaultNote, base.Secret, base.DeskUser, base.JournalEntry)
_TABLES = {
    "OFFICE": (
        *_COMMON,
        office.Office,
        office.Record,
        office.Revision,
        office.CaseRow,
        office.Assignment,
        office.ViewReason,
        office.SearchKey,
        office.ReferralRow,
        office.Draft,
        office.Letter,
        office.ImportedRow,
        office.ColumnMapping,
        office.PlainCopy,
        office.OutgoingBundle,
        office.ExportedView,
        office.TakenRoster,
    ),
    "SECRETARIAT": (
        *_COMMON,
        secretariat.Trust,
        secretariat.IncomingBundle,
        secretariat.ReceivedView,
        secretariat.LedgerEntry,
        secretariat.IssuedReceipt,
        secretariat.CountyContact,
        secretariat.RecoveryRequest,
    ),
}
_APPEND_ONLY = ("journal", "ledger", "revision", "letter")


def tables(kind: str) -> list[Table]:
    """Return the tables of a vault of this kind, OFFICE or SECRETARIAT."""
    return [model.__table__ for model in _TABLES[kind] if isinstance(model.__table__, Table)]


def triggers(names: set[str]) -> dict[str, str]:
    """Return the triggers, by name, that the given tables must have. A table rebuilt by a migration loses its own."""
    found: dict[str, str] = {}
    for table in _APPEND_ONLY:
        # Purging a record deletes its revisions by the foreign key; rewriting one is never right. Sealing the same
        # values to another key changes no hash, so that column alone may be written again.
        revision = {"update": "UPDATE OF record_id, rev, hash, body, random"}
        events = revision if table == "revision" else {"update": "UPDATE", "delete": "DELETE"}
        if table in names:
            for name, event in events.items():
                found[f"{table}_no_{name}"] = (
                    f"CREATE TRIGGER {table}_no_{name} BEFORE {event} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'append-only'); END"
                )
    return found


def create(connection: Connection, kind: str) -> None:
    """Make the tables and triggers of a new vault and stamp its schema number."""
    made = tables(kind)
    base.Base.metadata.create_all(connection, tables=made)
    for statement in triggers({table.name for table in made}).values():
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")


def check(connection: Connection) -> None:
    """Refuse a file that is not ours or newer than this program, and one whose tables or append-only triggers are gone.

    Raises:
        NewerSchema: Written by a newer program.
        Damaged: Another application's file, or tables or triggers are not those of a vault.
    """
    if connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION_ID:
        raise Damaged
    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if version > SCHEMA:
        raise NewerSchema
    rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master").all()
    present = {name for kind, name, _ in rows if kind == "table"}
    found = {name: sql for kind, name, sql in rows if kind == "trigger"}
    complete = any({table.name for table in tables(kind)} <= present for kind in _TABLES)
    if not complete or found != triggers(present):
        raise Damaged
