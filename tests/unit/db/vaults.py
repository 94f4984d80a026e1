"""An office's tables in a real encrypted file without a costly key derivation: what the storage tests work on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from db import schema
from db.engine import open_engine
from db.models.base import DeskUser
from db.models.office import Office, Record, Revision
from db.store import Store
from desktop.bootstrap import Desk, Door
from desktop.catalogue import Catalogue
from desktop.services.session import OpenVault
from desktop.vault_files import Generation
from tests.factory import Place, TickingClock
from tests.keys import new_vault

ROOT = Path(__file__).resolve().parents[3]
KEY = bytes(range(32))
CLERK = "00000000-0000-4000-8000-000000000001"
CASE = "00000000-0000-4000-8000-0000000000ca"
LONG_S = 60


def make_store(path: Path, kind: str = "OFFICE") -> Store:
    """A new store with the tables of its kind."""
    store = Store(open_engine(path, KEY, create=True))
    with store.writing() as session:
        schema.create(session.connection(), kind)
    return store


def open_store(path: Path) -> Store:
    return Store(open_engine(path, KEY))


def add_revisions(store: Store, records: int = 10, revisions: int = 10, body: bytes = b"body") -> None:
    """Records of one case, each with as many revisions."""
    with store.writing() as session:
        for n in range(records):
            head = Record(id=f"record-{n:03}", kind="note", case_id=CASE, rev=revisions, sent_rev=0, unsent=True)
            session.add(head)
            session.flush()
            session.add_all(
                Revision(record_id=head.id, rev=rev + 1, hash=bytes(32), body=body, random=bytes(32))
                for rev in range(revisions)
            )
            session.flush()


def office(store: Store, catalogue: Catalogue, folder: Path) -> Place:
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
    clock = TickingClock()
    keys = new_vault().unlocked
    vault = OpenVault(
        store=store,
        catalogue=catalogue,
        clock=clock,
        vault=keys.vault_id,
        kind="OFFICE",
        practice=False,
        device="d" * 32,
        user=CLERK,
        role="SUPERVISOR",
        keys=keys,
        generation=Generation(1, folder),
        sealed_private=dict(keys.r),
    )
    return Place(folder, "", Desk(Door(folder, clock).vaults, vault), clock)


def in_a_process(code: str, *arguments: object, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own, behind the commands of `before`."""
    command = [*before, sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONG_S, check=False)
