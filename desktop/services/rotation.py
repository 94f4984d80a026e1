"""Rotation: a new data key and new device keys, as a new generation beside the old one (threat-model 5.2).

The old generation stays whole until the new one has its final name, and on the disk until the new one was unlocked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from db import rekey
from db.engine import open_engine
from db.errors import Conflict, StorageError
from db.store import Store
from desktop.crypto.people import Rekeyed, let_old_halves_go
from desktop.errors import DeskError, Obstacle, VaultDamaged
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.access_lists import changing, note_list, take_over
from desktop.services.enrolment import change_device_keys, restricted_if_known
from desktop.services.sealed import BEFORE_ALL, Unopened, count_sealed, name_unopened, seal_batch
from desktop.services.session import OpenVault, desk_errors
from desktop.vault_files import Generation, create_generation, newest_generation, write_header

Report = Callable[[int, int], object]  # told how many steps are done, of how many; what it raises stops
STEPS = 4  # copied, checked and written; the last one is the rename
_BATCH = 100  # sealed values between which saves, drafts and lock may run


@dataclass(frozen=True)
class Sealing:
    """What sealing again left: values that no key opens, and how many wait until trust can be verified again."""

    unopened: tuple[Unopened, ...]
    for_trust: int


def rotate(vault: OpenVault, rekeyed: Rekeyed, entries: Callable[[Session], None], report: Report) -> None:
    """Write the vault under its new keys as the next generation, and go on working in that one.

    Args:
        vault: The open vault; afterwards it is the new one.
        rekeyed: Its new keys.
        entries: Adds rows and journal entries of the act itself; called in the new generation.
        report: Told the steps; what it raises before the rename leaves the vault as it was.

    Raises:
        Stopped: `report` raised it.
        Obstacle: What the disk refuses; the vault is as it was. ROTATION_UNSURE: the new generation stands, though
            its last sync failed or it did not open; the vault is closed, so that nothing is written into the old one.
        VaultDamaged: The copy is not what the vault holds, or breaks a rule of the tables; the vault is as it was.
    """
    keys, before = rekeyed.keys, vault.generation

    def write(generation: Generation) -> None:
        with desk_errors():
            rekey.export(vault.store.engine, generation.database, keys.dek, lambda: report(1, STEPS))
            report(2, STEPS)
            store = Store(open_engine(generation.database, keys.dek))
            try:
                with store.writing() as session:
                    change_device_keys(
                        session,
                        vault.clock,
                        rekeyed.device_ed25519,
                        rekeyed.device_x25519,
                        vault.keys.access_list.key_generation,
                    )
                    note_list(session, vault, keys)
                    entries(session)
            finally:
                store.close()
        write_header(generation, keys.header_bytes)
        report(3, STEPS)

    report(0, STEPS)
    try:
        made = create_generation(before.data, write)
    except BaseException as error:
        if newest_generation(before.data).number != before.number:
            _close(vault.store)
            raise Obstacle("ROTATION_UNSURE") from None
        if isinstance(error, Conflict):
            raise VaultDamaged("VAULT_DAMAGED") from None
        raise
    _close(vault.store)
    try:
        with desk_errors():
            vault.store = Store(open_engine(made.database, keys.dek))
    except DeskError:
        raise Obstacle("ROTATION_UNSURE") from None
    vault.generation, vault.keys, vault.sealed_private = made, keys, dict(keys.r)


def _close(store: Store) -> None:
    """Close the generation that counts no more: what its disk says of it changes nothing."""
    with contextlib.suppress(StorageError):
        store.close()


def sealing_due(vault: OpenVault) -> bool:
    """Say whether values may still be sealed to an earlier `R`."""
    r = vault.keys.access_list.r
    return r.held_by == vault.keys.access_list.kind and len(r.in_use) > 1


def seal_all_again(vault: OpenVault, report: Report, given_up: Collection[str] = ()) -> Sealing:
    """Seal every value to the current `R`, in batches of their own transactions, and return what was left.

    When nothing is, the earlier halves leave list and slots. What none of them opens they do not protect either:
    `given_up` names those values that a supervisor has seen and lets go of.

    Raises:
        Stopped: `report` raised it; what was sealed stays so, and the next run goes on from there.
    """
    with vault.reading() as session:
        total, restricted = count_sealed(session), restricted_if_known(session, vault)
    place, done, unopened, for_trust = BEFORE_ALL, 0, list[int](), 0
    while True:
        report(done, total)
        with vault.writing() as session:
            batch = seal_batch(session, vault, place, _BATCH, restricted)
        place, done, for_trust = batch.last, done + batch.looked_at, for_trust + batch.for_trust
        unopened += batch.unopened
        if batch.looked_at < _BATCH:
            break
    with vault.reading() as session:
        left = name_unopened(session, vault.user, unopened)
    holds_all = set(vault.keys.access_list.r.in_use) <= set(vault.sealed_private)
    if for_trust or not holds_all or not {item.value for item in left} <= set(given_up):
        return Sealing(left, for_trust)
    with changing(vault) as session:
        take_over(session, vault, let_old_halves_go(vault.keys))
        vault.sealed_private = dict(vault.keys.r)
        for item in left:
            journal.append(session, vault, Act.SEALED_VALUE_GIVEN_UP, item.object_id, revision_hash=item.value)
        journal.append(session, vault, Act.SEALED_AGAIN, vault.vault.hex(), revision_hash=vault.list_sha256)
    return Sealing(left, 0)
