"""A vault copied under another key is the same vault, and a copy that is not the same is refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from db import rekey
from db.engine import open_engine
from db.errors import Damaged, Full, NewerSchema, WrongKey
from db.store import Store
from desktop.errors import Stopped
from tests.unit.db.vaults import make_store

NEW_KEY = bytes(range(32))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = make_store(tmp_path / "vault.db")
    with made.writing() as session:
        session.execute(text("INSERT INTO record (id, kind, rev, sent_rev, unsent) VALUES ('r', 'person', 1, 0, 1)"))
        session.execute(
            text("INSERT INTO revision (record_id, rev, hash, body, random) VALUES ('r', 1, :h, :h, :h)"),
            {"h": os.urandom(32)},
        )
    yield made
    made.close()


def nothing() -> None:
    pass


def objects(store: Store) -> list[tuple[Any, ...]]:
    with store.reading() as session:
        rows = session.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY type, name"))
        return [tuple(row) for row in rows]


def test_the_copy_has_every_table_trigger_row_and_number_and_opens_with_the_new_key_only(
    store: Store, tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"
    rekey.export(store.engine, target, NEW_KEY, nothing)
    copy = Store(open_engine(target, NEW_KEY))
    assert objects(copy) == objects(store)
    for pragma in ("user_version", "application_id"):
        with copy.reading() as there, store.reading() as here:
            assert there.execute(text(f"PRAGMA {pragma}")).scalar() == here.execute(text(f"PRAGMA {pragma}")).scalar()
    with copy.reading() as session:
        assert session.execute(text("SELECT record_id, rev FROM revision")).all() == [("r", 1)]
    copy.close()
    with pytest.raises(WrongKey):
        open_engine(target, bytes(32))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("copy.db-")]


def test_the_vault_goes_on_where_it_was_after_the_copy(store: Store, tmp_path: Path) -> None:
    rekey.export(store.engine, tmp_path / "copy.db", NEW_KEY, nothing)
    with store.writing() as session:
        session.execute(text("UPDATE record SET unsent = 0"))
    with store.reading() as session:
        assert session.execute(text("SELECT unsent FROM record")).scalar() == 0
        assert "copy" not in [row.name for row in session.execute(text("PRAGMA database_list"))]


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])  # at its beginning, within, and in the last of its checks
def test_a_wish_to_stop_comes_out_and_leaves_the_vault_usable(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: float
) -> None:
    monkeypatch.setattr(rekey, "_OPERATIONS_BETWEEN", 10)
    asked = [0]

    def count() -> None:
        asked[0] += 1

    rekey.export(store.engine, tmp_path / "whole.db", NEW_KEY, count)
    last, asked[0] = max(1, int(asked[0] * part) - 2), 0

    def stop() -> None:
        count()
        if asked[0] >= last:
            raise Stopped("STOPPED")

    with pytest.raises(Stopped):
        rekey.export(store.engine, tmp_path / "copy.db", NEW_KEY, stop)
    rekey.export(store.engine, tmp_path / "again.db", NEW_KEY, nothing)
    with store.writing() as session:
        session.execute(text("UPDATE record SET unsent = 0"))


@pytest.mark.parametrize(
    "spoil",
    [
        "DELETE FROM record",
        "DROP TRIGGER revision_no_update",
        "PRAGMA user_version = 99",
        "CREATE TABLE stranger (x)",
        "DROP INDEX record_unsent",
    ],
)
def test_a_copy_that_is_not_the_same_is_refused(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    genuine: Callable[..., None] = rekey._copy

    def spoilt(connection: Any, target: Path, key: bytes, go_on: Callable[[], object]) -> None:
        genuine(connection, target, key, go_on)
        engine = open_engine(target, key)
        with engine.connect() as there:
            there.exec_driver_sql("PRAGMA query_only = OFF")
            there.exec_driver_sql(spoil)
            there.commit()
        engine.dispose()

    monkeypatch.setattr(rekey, "_copy", spoilt)
    with pytest.raises((Damaged, NewerSchema)):
        rekey.export(store.engine, tmp_path / "copy.db", NEW_KEY, nothing)


class Narrow:
    """The driver's connection, on a disk where the copy has no room."""

    def __init__(self, genuine: Any) -> None:
        self.genuine = genuine

    def execute(self, statement: str, *values: object) -> Any:
        answer = self.genuine.execute(statement, *values)
        if statement.startswith("ATTACH"):
            self.genuine.execute("PRAGMA copy.max_page_count = 20")
        return answer

    def set_progress_handler(self, *values: Any) -> None:
        self.genuine.set_progress_handler(*values)


def test_a_full_disk_is_told_as_such_and_the_vault_goes_on(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = rekey._copy
    monkeypatch.setattr(rekey, "_copy", lambda connection, *rest: genuine(Narrow(connection), *rest))
    with pytest.raises(Full):
        rekey.export(store.engine, tmp_path / "copy.db", NEW_KEY, nothing)
    with store.writing() as session:
        session.execute(text("UPDATE record SET unsent = 0"))
