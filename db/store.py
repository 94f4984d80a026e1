"""The only maker of transactions: `writing()` commits or rolls back, `reading()` sees one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.engine import close_engine, storage_errors
from db.errors import WriteFailed


class Store:
    """An open encrypted file. One thread owns it."""

    def __init__(self, engine: Engine) -> None:
        """Take over an engine from `open_engine`."""
        self._engine = engine
        self._writer = engine.execution_options(write=True)
        self._stopped = False

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction that holds the write lock from its first statement; "saved" is true only after it ends.

        Raises:
            WriteFailed: The disk refused. Nothing more is written until the vault is opened again, because a sync
                that failed once must not be believed later.
        """
        if self._stopped:
            raise WriteFailed
        try:
            with self._session(self._writer) as session:
                yield session
                session.commit()
        except WriteFailed:
            self._stopped = True
            raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One snapshot; SQLite itself refuses to write in it."""
        with self._session(self._engine) as session:
            yield session

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        session = Session(engine, expire_on_commit=False, autoflush=False)
        try:
            with storage_errors():
                yield session
        finally:
            session.close()

    @property
    def engine(self) -> Engine:
        """The engine itself, for checks and copies; statements go through `reading` and `writing`."""
        return self._engine

    def close(self) -> None:
        """Checkpoint, close and forget the key; the file is whole by itself afterwards."""
        close_engine(self._engine)
