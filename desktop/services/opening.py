"""Opening the vault file once its keys are known: the last steps of the order in threat-model 5.2."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from db import schema
from db.engine import open_engine
from db.models.base import VaultNote
from db.store import Store
from desktop import errors
from desktop.catalogue import Catalogue
from desktop.clock import Clock
from desktop.crypto.access_list import VaultKind
from desktop.crypto.vaultkeys import Unlocked
from desktop.rules.access import Role
from desktop.services.access_lists import rows_agree
from desktop.services.enrolment import restricted_recipients, trust_in_force
from desktop.services.session import OpenVault, desk_errors
from desktop.vault_files import Generation


def open_generation(
    generation: Generation, keys: Unlocked, catalogue: Callable[[], Catalogue], clock: Clock
) -> OpenVault:
    """Open the vault file with its keys and compare what it notes with them.

    The caller has looked at the file's first bytes (`check_encrypted`) and holds the lock.

    Raises:
        VaultSubstituted, VaultDamaged, NewerVault: As unlocking does; the vault is as it was.
    """
    with desk_errors():
        store = Store(open_engine(generation.database, keys.dek))
    try:
        with desk_errors(), store.reading() as session:
            schema.check(session.connection())
            note = session.get(VaultNote, 1)
            agree = note is None or note.list_sha256.hex() != keys.list_sha256 or rows_agree(session, keys.access_list)
        if note is None:
            raise errors.VaultDamaged("VAULT_DAMAGED")
        listed = keys.access_list
        same = (note.vault, note.kind, note.practice) == (keys.vault_id.hex(), listed.kind.value, listed.practice)
        # The header is written just before the note: one list ahead, or a higher edit, is a crash in between.
        reached = note.list_sha256.hex() in (keys.list_sha256, listed.previous)
        if not (same and reached and note.header_edit <= keys.header.edit):
            raise errors.VaultSubstituted("VAULT_SUBSTITUTED", reason="NOTE")
        if not agree:
            raise errors.VaultSubstituted("VAULT_SUBSTITUTED", reason="USERS")
        vault = OpenVault(
            store=store,
            catalogue=catalogue(),
            clock=clock,
            vault=keys.vault_id,
            kind=note.kind,
            practice=note.practice,
            device=listed.device.code,
            user=keys.user_id,
            role=_role(listed.kind, keys.role),
            keys=keys,
            generation=generation,
            sealed_private=dict(keys.r),
        )
        if listed.kind is VaultKind.OFFICE:
            # Trust that does not verify stops sending, never entry: whoever sends or takes in is told.
            with contextlib.suppress(errors.NotTrusted), vault.reading() as session:
                trust = trust_in_force(session, vault)
                vault.restricted_recipients = restricted_recipients(trust.roster) if trust else ()
    except BaseException:
        store.close()
        raise
    return vault


def _role(kind: VaultKind, listed: str) -> str:
    """Return the role that decides: who keeps the Secretariat's keys is its analyst in the matrix of actions."""
    return Role.SECRETARIAT.value if kind is VaultKind.SECRETARIAT and listed == Role.SUPERVISOR else listed
