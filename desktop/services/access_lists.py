"""Changing the access list of the open vault: header first, then note, people's rows and journal (threat-model 5.2)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import StorageError
from db.models.base import DeskUser, VaultNote
from desktop.crypto.access_list import SUSPENDED, AccessList
from desktop.crypto.header_changes import trust_root
from desktop.crypto.vaultkeys import Unlocked
from desktop.errors import Obstacle
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.list_changes import note_caught_up
from desktop.services.session import OpenVault
from desktop.vault_files import Generation, read_header_copies, write_header


def pin_root(session: Session, vault: OpenVault, root_sha256: str) -> None:
    """Name the root document this office trusts in a next access list, signed by the signed-in supervisor.

    The header is written before the caller's transaction, which `changing` began, commits; an unlock after a crash in
    between catches up.

    Raises:
        NotPermitted: LIST_NOT_SIGNED.
        Obstacle: As `write_next`.
    """
    take_over(session, vault, trust_root(vault.keys, root_sha256))


def take_over(session: Session, vault: OpenVault, keys: Unlocked) -> None:
    """Write a next header of this vault and note it in the caller's transaction, which `changing` began.

    Raises:
        Obstacle: As `write_next`.
    """
    write_next(vault, keys)
    note_list(session, vault, keys)


def write_next(vault: OpenVault, keys: Unlocked) -> None:
    """Write a next header of this vault and go on with its keys.

    Raises:
        Obstacle: What the disk refuses; both copies are as they were. HEADER_UNSURE: one of them is not, so that the
            number of its edit may be taken. Whoever has the vault open closes it: the next unlock finds which copy
            counts, and no number is given twice.
    """
    before = read_header_copies(vault.generation)
    try:
        write_header(vault.generation, keys.header_bytes)
    except Obstacle:
        if not _still(vault.generation, before):
            raise Obstacle("HEADER_UNSURE") from None
        raise
    vault.keys = keys


def _still(generation: Generation, before: tuple[bytes | None, bytes | None]) -> bool:
    try:
        return read_header_copies(generation) == before
    except Obstacle:
        return False


def settle(vault: OpenVault) -> None:
    """Let the note catch up with a header whose transaction failed: unlocking forgives one list ahead, not two."""
    with vault.reading() as session:
        note = session.get_one(VaultNote, 1)
        behind = (note.list_sha256.hex(), note.header_edit) != (vault.list_sha256, vault.keys.header.edit)
    if behind:
        with vault.writing() as session:
            note_list(session, vault, vault.keys, caught_up=True)


@contextmanager
def changing(vault: OpenVault) -> Iterator[Session]:
    """One transaction for a next header, begun only once the note is level with the one before.

    Raises:
        Obstacle: HEADER_UNSURE, and the vault is closed. CHANGE_IN_FORCE: only its note was refused by the disk.
    """
    settle(vault)
    edit = vault.keys.header.edit
    try:
        with vault.writing() as session:
            yield session
    except Obstacle as error:
        if vault.keys.header.edit > edit:  # both header copies have it, and the next unlock notes it
            raise Obstacle("CHANGE_IN_FORCE") from None
        if error.code == "HEADER_UNSURE":
            with contextlib.suppress(StorageError):
                vault.store.close()
        raise


def note_list(session: Session, vault: journal.Author, keys: Unlocked, *, caught_up: bool = False) -> None:
    """Let the vault note the list and the header's edit; a new list is a journal entry, and people's rows follow it.

    `caught_up`: the act that made the list was cut off, so that nobody else tells what it was and whose.
    """
    note = session.get_one(VaultNote, 1)
    note.header_edit = keys.header.edit
    if note.list_sha256.hex() != keys.list_sha256:
        note.list_version, note.list_sha256 = keys.access_list.version, bytes.fromhex(keys.list_sha256)
        _follow(session, keys.access_list, vault.now())
        if caught_up:
            note_caught_up(session, vault, keys)
        else:
            journal.append(session, vault, Act.ACCESS_LIST_CHANGED, vault.user, revision_hash=keys.list_sha256)
    session.flush()


def rows_agree(session: Session, access_list: AccessList) -> bool:
    """Say whether the rows of those who work here are what the signed list says.

    Whoever holds the data key can write rows, and cannot sign a list.
    """
    listed = {(user.id, user.desk_number, user.role) for user in access_list.users}
    rows = session.scalars(select(DeskUser).where(DeskUser.left_at.is_(None)))
    return listed == {(row.id, row.desk_number, SUSPENDED if row.suspended_at else row.role) for row in rows}


def _follow(session: Session, access_list: AccessList, now: str) -> None:
    """Let the rows say what the list says. Somebody whose adding was cut off has no name yet."""
    rows = {row.id: row for row in session.scalars(select(DeskUser))}
    for user in access_list.users:
        row = rows.get(user.id)
        if row is None:
            row = DeskUser(id=user.id, name="", title="", phone="", role=user.role)
            session.add(row)
        row.desk_number, row.left_at = user.desk_number, None
        if user.role == SUSPENDED:
            row.suspended_at = row.suspended_at or now
        else:
            row.role, row.suspended_at = user.role, None
    for row in rows.values():
        if access_list.user(row.id) is None:
            row.left_at = row.left_at or now
