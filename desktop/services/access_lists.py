"""Changing the access list of the open vault: header first, then note and journal (threat-model 5.2)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from db.models.base import VaultNote
from desktop.crypto.header_changes import trust_root
from desktop.crypto.vaultkeys import Unlocked
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.session import OpenVault
from desktop.vault_files import write_header


def pin_root(session: Session, vault: OpenVault, root_sha256: str) -> None:
    """Name the root document this office trusts in a next access list, signed by the signed-in supervisor.

    The header is written before the caller's transaction commits; an unlock after a crash in between catches up.

    Raises:
        NotPermitted: LIST_NOT_SIGNED.
    """
    keys = trust_root(vault.keys, root_sha256)
    write_header(vault.generation, keys.header_bytes)
    vault.keys = keys
    note_list(session, vault, keys)


def note_list(session: Session, vault: journal.Author, keys: Unlocked) -> None:
    """Let the vault note the list and the header's edit; a new list is a journal entry."""
    note = session.get_one(VaultNote, 1)
    note.header_edit = keys.header.edit
    if note.list_sha256.hex() != keys.list_sha256:
        note.list_version, note.list_sha256 = keys.access_list.version, bytes.fromhex(keys.list_sha256)
        journal.append(session, vault, Act.ACCESS_LIST_CHANGED, vault.user, revision_hash=keys.list_sha256)
    session.flush()
