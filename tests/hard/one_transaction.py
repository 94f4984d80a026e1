"""A vault's services within one transaction that is never committed: what they did is undone as often as need be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from unittest import mock

from sqlalchemy import text
from sqlalchemy.orm import Session

from desktop.bundles.reader import open_and_verify
from desktop.crypto import kdf, slots
from desktop.services import intake
from desktop.services.session import OpenVault


class Within:
    """A vault whose transactions are all the one that is open: the services do not notice."""

    def __init__(self, vault: OpenVault, session: Session) -> None:
        self._vault, self._session = vault, session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vault, name)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        yield self._session
        self._session.flush()

    reading = writing


@contextmanager
def transaction(vault: OpenVault) -> Iterator[Session]:
    """One write transaction that is never committed."""
    with Session(vault.store.engine.execution_options(write=True), autoflush=False) as session:
        session.execute(text("SELECT 1"))
        yield session
        session.rollback()


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Whatever happens within never happened."""
    session.execute(text("SAVEPOINT edit"))
    try:
        yield
    finally:
        session.expunge_all()
        session.info.clear()
        session.execute(text("ROLLBACK TO edit"))
        session.execute(text("RELEASE edit"))


@contextmanager
def gates_here() -> Iterator[None]:
    """The Secretariat's gates without the child that confines them: a proof of thousands is not about that."""
    with mock.patch.object(intake, "open_and_verify_confined", open_and_verify):
        yield


@contextmanager
def derived_once() -> Iterator[None]:
    """The real derivation, at its real cost: the same words on the same slot are not derived a second time."""
    with mock.patch.object(slots, "derive_key", lru_cache(maxsize=256)(kdf.derive_key)):
        yield
