"""An office's tables in a real encrypted file, without the key derivation: what the storage tests and counts work on."""

from __future__ import annotations

from pathlib import Path

from db import schema
from db.engine import open_engine
from db.models.base import DeskUser
from db.models.office import Office
from db.store import Store
from desktop.catalogue import Catalogue
from desktop.crypto import sealing
from desktop.services.session import OpenVault
from tests.factory import TickingClock

KEY = bytes(range(32))
CLERK = "00000000-0000-4000-8000-000000000001"


def make_store(path: Path, kind: str = "OFFICE") -> Store:
    """A new store with the tables of its kind."""
    store = Store(open_engine(path, KEY, create=True))
    with store.writing() as session:
        schema.create(session.connection(), kind)
    return store


def open_store(path: Path) -> Store:
    return Store(open_engine(path, KEY))


def office_vault(store: Store, catalogue: Catalogue) -> OpenVault:
    """An office at work on a store that `make_store` made."""
    with store.writing() as session:
        session.add_all(
            [
                Office(
                    id=1,
                    code="030-01",
                    name="County Children's Office (invented)",
                    ministry="Ministry of Gender, Culture and Children Services",
                    phone="+254799999001",
                    county="030",
                    device="d" * 32,
                    desk_code="101",
                    incarnation="e" * 32,
                    language="en",
                    sequence=0,
                    anchored_count=0,
                    receipted_list=0,
                    last_case_year=0,
                    last_case_number=0,
                ),
                DeskUser(id=CLERK, desk_number=1, name="A. Clerk", title="", phone="", role="SUPERVISOR"),
            ]
        )
        session.flush()
        session.commit()
    return OpenVault(
        store=store,
        catalogue=catalogue,
        clock=TickingClock(),
        vault=bytes(16),
        kind="OFFICE",
        practice=False,
        device="d" * 32,
        user=CLERK,
        role="SUPERVISOR",
        list_version=1,
        list_sha256=bytes(32),
        access_lists=(),
        sealed_current=sealing.public_key(bytes([9]) * 32),
        sealed_private={},
    )
