from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, text

from db import migrate, schema
from db.engine import close_engine, open_engine
from db.errors import Conflict, Damaged, Full, NewerSchema
from db.store import Store
from tests.factory import file_hashes
from tests.unit.db.vaults import KEY, add_revisions, make_store, open_store

RECORDS, REVISIONS = 10, 10
NEXT = schema.SCHEMA + 1


@pytest.fixture
def vault(path: Path) -> Path:
    """A closed office's vault with ten records of ten revisions each."""
    store = make_store(path)
    add_revisions(store, RECORDS, REVISIONS)
    store.close()
    return path


@pytest.fixture
def engine(vault: Path) -> Iterator[Engine]:
    opened = open_engine(vault, KEY, foreign_keys=False)
    yield opened
    close_engine(opened)


def triggers(operations: Operations) -> set[str]:
    return set(operations.get_bind().execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars())


def standing(engine: Engine) -> tuple[int, int, int, set[str]]:
    """Schema number, records, revisions, triggers."""
    with engine.connect() as connection:
        return (
            connection.execute(text("PRAGMA user_version")).scalar_one(),
            connection.execute(text("SELECT count(*) FROM record")).scalar_one(),
            connection.execute(text("SELECT count(*) FROM revision")).scalar_one(),
            set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()),
        )


def rebuild_records(operations: Operations) -> None:
    with operations.batch_alter_table("record", recreate="always") as batch:
        batch.create_check_constraint("record_rev", "rev >= 1")


def rebuild_revisions(operations: Operations) -> None:
    with operations.batch_alter_table("revision", recreate="always") as batch:
        batch.create_check_constraint("revision_rev", "rev >= 1")


def upgrade(engine: Engine, *steps: Callable[[Operations], None]) -> None:
    numbered = dict(enumerate(steps, start=NEXT))
    migrate.upgrade(engine, steps=numbered, target=schema.SCHEMA + len(steps))


def test_a_vault_of_today_needs_no_step_and_is_left_alone(vault: Path) -> None:
    before = file_hashes(vault.parent)
    opened = open_engine(vault, KEY, foreign_keys=False)
    migrate.upgrade(opened)
    close_engine(opened)
    assert file_hashes(vault.parent) == before


def test_the_trap_is_real_a_parent_rebuilt_with_foreign_keys_on_loses_its_children(vault: Path) -> None:
    store = open_store(vault)
    with store.writing() as session:
        rebuild_records(Operations(MigrationContext.configure(session.connection())))
        assert session.execute(text("SELECT count(*) FROM revision")).scalar_one() == 0
        session.rollback()
    store.close()


def test_a_step_with_foreign_keys_on_is_refused_before_it_runs(vault: Path) -> None:
    begun: list[Operations] = []
    store = open_store(vault)
    before = standing(store.engine)
    for step in (rebuild_records, begun.append):
        with pytest.raises(Damaged):
            upgrade(store.engine, step)
    assert begun == []
    assert standing(store.engine) == before
    store.close()


def test_a_parent_rebuilt_by_a_step_keeps_every_child_row(engine: Engine) -> None:
    before = standing(engine)
    upgrade(engine, rebuild_records)
    assert standing(engine) == (NEXT, RECORDS, RECORDS * REVISIONS, before[3])
    with pytest.raises(Conflict), Store(engine).writing() as session:
        session.execute(text("UPDATE record SET rev = 0"))


def test_a_rebuilt_parent_still_takes_its_children_when_purged(vault: Path, engine: Engine) -> None:
    upgrade(engine, rebuild_records)
    close_engine(engine)
    store = open_store(vault)
    with store.writing() as session:
        session.execute(text("DELETE FROM record WHERE id = 'record-000'"))
    assert standing(store.engine)[1:3] == (RECORDS - 1, (RECORDS - 1) * REVISIONS)
    store.close()


def test_a_rebuilt_table_keeps_its_indexes_and_the_partial_one_stays_partial(engine: Engine) -> None:
    query = text("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'record' AND type = 'index' ORDER BY name")
    with engine.connect() as connection:
        before = [(name, (sql or "").split()) for name, sql in connection.execute(query)]
    upgrade(engine, rebuild_records)
    with engine.connect() as connection:
        assert [(name, (sql or "").split()) for name, sql in connection.execute(query)] == before


def test_a_rebuilt_table_gets_its_triggers_back_and_they_bite(engine: Engine) -> None:
    during: set[str] = set()

    def step(operations: Operations) -> None:
        rebuild_revisions(operations)
        during.update(triggers(operations))

    before = standing(engine)
    upgrade(engine, step)
    assert "revision_no_update" in before[3] - during  # the rebuild did drop it
    assert standing(engine) == (NEXT, *before[1:])
    with pytest.raises(Conflict), Store(engine).writing() as session:
        session.execute(text("UPDATE revision SET body = x'00'"))
    with engine.connect() as connection:
        schema_of_trigger = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'revision_no_update'"))
        assert schema_of_trigger.scalar_one() == schema.triggers({"revision"})["revision_no_update"]


@pytest.mark.parametrize("table", ["revision", "journal", "letter"])
def test_plain_alter_keeps_triggers_and_rows(engine: Engine, table: str) -> None:
    during: list[set[str]] = []

    def step(operations: Operations) -> None:
        operations.add_column(table, sa.Column("added", sa.Text))
        during.append(triggers(operations))
        operations.alter_column(table, "added", new_column_name="renamed")
        during.append(triggers(operations))
        operations.drop_column(table, "renamed")
        during.append(triggers(operations))

    before = standing(engine)
    upgrade(engine, step)
    assert during == [before[3]] * 3
    assert standing(engine) == (NEXT, *before[1:])


@pytest.mark.parametrize(
    "loss",
    [
        "DELETE FROM revision WHERE rev = 10",
        "DROP TABLE search_key",
        "UPDATE record SET id = 'another' WHERE id = 'record-000'",  # as many rows, but children without a parent
    ],
)
def test_a_step_that_loses_rows_or_references_is_rolled_back_whole(engine: Engine, loss: str) -> None:
    def step(operations: Operations) -> None:
        rebuild_revisions(operations)
        operations.execute(loss)

    with Store(engine).writing() as session:
        session.execute(text("INSERT INTO search_key VALUES ('wambui', 'case')"))
    before = standing(engine)
    with pytest.raises(Damaged):
        upgrade(engine, step)
    assert standing(engine) == before
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM search_key")).scalar_one() == 1
        assert (
            "CHECK"
            not in connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'revision'")).scalar_one()
        )


def test_steps_before_the_failing_one_stay_done(engine: Engine) -> None:
    def failing(operations: Operations) -> None:
        operations.execute("DELETE FROM revision")

    with pytest.raises(Damaged):
        upgrade(engine, rebuild_records, failing)
    assert standing(engine)[:3] == (NEXT, RECORDS, RECORDS * REVISIONS)


def test_a_step_that_finds_the_disk_full_says_so_and_is_rolled_back(engine: Engine) -> None:
    def step(operations: Operations) -> None:
        operations.execute("PRAGMA max_page_count = 1")
        operations.execute("CREATE TABLE big AS SELECT randomblob(1000000) AS x")

    before = standing(engine)
    with pytest.raises(Full):
        upgrade(engine, step)
    assert standing(engine) == before


def test_a_newer_vault_is_refused_and_not_touched(vault: Path) -> None:
    store = open_store(vault)
    with store.writing() as session:
        session.execute(text(f"PRAGMA user_version = {NEXT}"))
    store.close()
    before = file_hashes(vault.parent)
    opened = open_engine(vault, KEY, foreign_keys=False)
    with pytest.raises(NewerSchema):
        migrate.upgrade(opened)
    close_engine(opened)
    assert file_hashes(vault.parent) == before
