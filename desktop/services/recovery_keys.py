"""The Secretariat's recovery keys in an office's access list: named where the roster in force names others (5.2)."""

from __future__ import annotations

import contextlib

from desktop.bundles.roster import Roster
from desktop.crypto.access_list import SUPERVISOR, RecoveryKeys, RecoveryKind
from desktop.crypto.encoding import Malformed
from desktop.crypto.recovery_lists import may_replace, with_secretariat
from desktop.errors import Obstacle
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.access_lists import changing, take_over
from desktop.services.session import OpenVault


def recovery_keys(roster: Roster) -> RecoveryKeys | None:
    """Return the keys that a roster names for recovery."""
    named = roster.recovery()
    return RecoveryKeys(RecoveryKind.SECRETARIAT, named.x25519, named.ed25519 or b"") if named else None


def name_recovery_keys(vault: OpenVault, roster: Roster) -> bool:
    """Name the roster's recovery keys in a next list, where a supervisor is signed in and no list named them yet.

    It is done beside other work and asked of nobody: what the disk refuses is tried again at the next unlock.

    Raises:
        Obstacle: HEADER_UNSURE, and the vault is closed.
    """
    wanted = recovery_keys(roster)
    if wanted is None or vault.keys.role != SUPERVISOR or not may_replace(vault.keys, wanted):
        return False
    try:
        # Keys that stand in the list as somebody else's are nothing an office could be recovered with.
        with contextlib.suppress(Malformed), changing(vault) as session:
            take_over(session, vault, with_secretariat(vault.keys, wanted))
            journal.append(session, vault, Act.RECOVERY_KEYS_ADDED, vault.device, revision_hash=roster.payload_sha256)
            return True
    except Obstacle as error:
        if error.code == "HEADER_UNSURE":
            raise
    return False
