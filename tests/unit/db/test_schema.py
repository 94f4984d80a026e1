from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from db import schema
from db.engine import APPLICATION_ID, open_engine
from db.errors import Conflict, Damaged, NewerSchema
from db.models.base import Base, JournalEntry
from db.models.office import Letter
from db.models.secretariat import LedgerEntry
from db.store import Store
from tests.factory import file_hashes
from tests.unit.db.vaults import KEY, add_revisions, make_store, open_store

KINDS = ("OFFICE", "SECRETARIAT")


def change(store: Store, statement: str) -> None:
    with store.writing() as session:
        session.execute(text(statement))


def count(store: Store, table: str) -> int:
    with store.reading() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - our own names


def filled(path: Path, table: str) -> Store:
    """A vault with a row in one of the tables that are only added to."""
    store = make_store(path, "SECRETARIAT" if table == "ledger" else "OFFICE")
    digest, stamp = bytes(32), "2026-11-25T06:00:00.000Z"
    rows = {
        "journal": JournalEntry(n=1, previous=digest, at=stamp, user="u", act="UNLOCKED", object="o", hash=digest),
        "ledger": LedgerEntry(n=1, previous=digest, bundle_sha256=digest, receipt_sha256=digest, hash=digest),
        "letter": Letter(
            serial="1",
            referral_id="r",
            referral_no="1",
            reply_code="1",
            language="en",
            template="1",
            content=b"",
            salt=bytes(16),
            digest=digest,
            pdf=b"",
            copies=1,
            issued_at=stamp,
            issued_by="u",
        ),
    }
    if table == "revision":
        add_revisions(store, 2, 3)
    else:
        with store.writing() as session:
            session.add(rows[table])
    return store


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_vault_of_each_kind_passes_the_check(path: Path, kind: str) -> None:
    store = make_store(path, kind)
    with store.reading() as session:
        schema.check(session.connection())
        assert session.execute(text("PRAGMA user_version")).scalar_one() == schema.SCHEMA
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    store.close()


@pytest.mark.parametrize("table", ["journal", "ledger", "letter", "revision"])
def test_what_is_only_added_to_cannot_be_rewritten(path: Path, table: str) -> None:
    store = filled(path, table)
    column = "body" if table == "revision" else "content" if table == "letter" else "hash"
    with pytest.raises(Conflict):
        change(store, f"UPDATE {table} SET {column} = x'00'")  # noqa: S608 - our own names
    store.close()


@pytest.mark.parametrize("table", ["journal", "ledger", "letter"])
def test_what_is_only_added_to_cannot_be_deleted(path: Path, table: str) -> None:
    store = filled(path, table)
    with pytest.raises(Conflict):
        change(store, f"DELETE FROM {table}")  # noqa: S608 - our own names
    assert count(store, table) == 1
    store.close()


@pytest.mark.parametrize("table", ["journal", "ledger", "letter"])
def test_what_is_only_added_to_cannot_be_replaced(path: Path, table: str) -> None:
    store = filled(path, table)
    with pytest.raises(Conflict):
        change(store, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608 - our own names
    store.close()


@pytest.mark.parametrize("column", ["record_id", "rev", "hash", "body", "random"])
def test_what_the_hash_of_a_revision_covers_cannot_be_rewritten(path: Path, column: str) -> None:
    store = filled(path, "revision")
    with pytest.raises(Conflict):
        change(store, f"UPDATE revision SET {column} = {column}")  # noqa: S608 - our own names
    store.close()


def test_a_revision_may_be_sealed_to_another_key(path: Path) -> None:
    store = filled(path, "revision")
    change(store, "UPDATE revision SET sealed = x'00'")
    assert count(store, "revision") == 6
    store.close()


def test_purging_a_record_takes_its_revisions_and_no_others(path: Path) -> None:
    store = filled(path, "revision")
    change(store, "DELETE FROM record WHERE id = 'record-000'")
    assert (count(store, "record"), count(store, "revision")) == (1, 3)
    store.close()


def test_a_revision_without_its_record_is_refused(store: Store) -> None:
    with pytest.raises(Conflict):
        change(store, "INSERT INTO revision VALUES ('nobody', 1, x'00', x'00', x'00', NULL)")


def test_a_newer_vault_is_refused_and_not_touched(path: Path) -> None:
    store = filled(path, "revision")
    change(store, f"PRAGMA user_version = {schema.SCHEMA + 1}")
    store.close()
    before = file_hashes(path.parent)
    reopened = open_store(path)
    with pytest.raises(NewerSchema), reopened.reading() as session:
        schema.check(session.connection())
    reopened.close()
    assert file_hashes(path.parent) == before


@pytest.mark.parametrize(
    "damage",
    [
        "PRAGMA application_id = 1",
        "DROP TABLE vault_note",
        "DROP TABLE search_key",
        "DROP TRIGGER journal_no_update",
        "CREATE TRIGGER extra AFTER INSERT ON journal BEGIN DELETE FROM search_key; END",
    ],
)
def test_a_file_that_is_not_one_of_our_vaults_is_refused(store: Store, damage: str) -> None:
    change(store, damage)
    with pytest.raises(Damaged), store.reading() as session:
        schema.check(session.connection())


def test_a_weakened_trigger_is_refused(store: Store) -> None:
    change(store, "DROP TRIGGER letter_no_delete")
    change(store, "CREATE TRIGGER letter_no_delete BEFORE DELETE ON letter BEGIN SELECT 1; END")
    with pytest.raises(Damaged), store.reading() as session:
        schema.check(session.connection())


def test_an_encrypted_file_without_tables_is_refused(path: Path) -> None:
    store = Store(open_engine(path, KEY, create=True))
    change(store, f"PRAGMA application_id = {APPLICATION_ID}")
    with pytest.raises(Damaged), store.reading() as session:
        schema.check(session.connection())
    store.close()


def indexes_of(session: Session, table: str) -> dict[str, tuple[str, ...]]:
    """The columns of each whole index of a table by its name; the key's own among them."""
    listed = session.execute(text("SELECT name FROM pragma_index_list(:t) WHERE NOT partial"), {"t": table}).scalars()
    columns = text("SELECT name FROM pragma_index_info(:i) ORDER BY seqno")
    return {name: tuple(session.execute(columns, {"i": name}).scalars()) for name in listed.all()}


@pytest.mark.parametrize("kind", KINDS)
def test_no_index_is_the_beginning_of_another(path: Path, kind: str) -> None:
    store = make_store(path, kind)
    with store.reading() as session:
        for table in schema.tables(kind):
            found = sorted(indexes_of(session, table.name).values())
            assert [a for a, b in pairwise(found) if b[: len(a)] == a] == []
    store.close()


@pytest.mark.parametrize("kind", KINDS)
def test_every_reference_between_tables_has_an_index_to_delete_by(path: Path, kind: str) -> None:
    store = make_store(path, kind)
    with store.reading() as session:
        for table in schema.tables(kind):
            first_columns = {columns[0] for columns in indexes_of(session, table.name).values()}
            assert {key.parent.name for key in table.foreign_keys} <= first_columns
    store.close()


def test_every_table_belongs_to_a_kind_of_vault() -> None:
    placed = {table.name for kind in KINDS for table in schema.tables(kind)}
    assert placed == set(Base.metadata.tables)
