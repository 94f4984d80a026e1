"""What an unlock puts in order besides: keys that are due to go, and what lies in the vault's folder and is not ours.

Nothing of it keeps anybody out (threat-model A5).
"""

from __future__ import annotations

from collections.abc import Callable

from desktop import log
from desktop.crypto.access_list import VaultKind
from desktop.errors import DeskError, Obstacle
from desktop.rules.access import Role
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.enrolment import drop_retired_keys
from desktop.services.generations import name_of
from desktop.services.marks import note_mark
from desktop.services.session import OpenVault
from desktop.services.unused_slots import drop_unused
from desktop.vault_files import Generation


def put_in_order(vault: OpenVault, foreign: tuple[Generation, ...]) -> None:
    """Do what is due at an unlock. What the disk refuses now is done at the next one.

    Raises:
        Obstacle: HEADER_UNSURE, and the vault is closed.
    """
    vault.foreign_vaults = tuple(generation.folder.name for generation in foreign)
    steps: list[Callable[[], object]] = [lambda: note_mark(vault), lambda: _note_foreign(vault, foreign)]
    if vault.kind == VaultKind.OFFICE:
        steps.append(lambda: _drop_retired(vault))
    if vault.kind == VaultKind.OFFICE and vault.role == Role.SUPERVISOR:
        steps.append(lambda: drop_unused(vault))
    for step in steps:
        try:
            step()
        except DeskError as error:
            if isinstance(error, Obstacle) and error.code == "HEADER_UNSURE":
                raise
        except Exception as error:  # noqa: BLE001  # what somebody wrote into the journal from outside keeps nobody out
            log.fault(type(error), error.__traceback__)


def _note_foreign(vault: OpenVault, foreign: tuple[Generation, ...]) -> None:
    """Note each vault that is not ours, once."""
    for name in [name_of(generation) for generation in foreign]:
        with vault.writing() as session:
            if Act.FOREIGN_VAULT_FOUND.value not in journal.acts_on(session, name):
                journal.append(session, vault, Act.FOREIGN_VAULT_FOUND, name)


def _drop_retired(vault: OpenVault) -> None:
    with vault.writing() as session:
        for generation in drop_retired_keys(session, vault):
            journal.append(
                session, vault, Act.RECEIVING_KEY_DROPPED, vault.device, reason=f"KEY_GENERATION_{generation}"
            )
