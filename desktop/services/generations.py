"""Generations below the one that is being unlocked: looked at before they are deleted (threat-model 5.2)."""

from __future__ import annotations

from pathlib import Path

from desktop.crypto.encoding import Malformed
from desktop.crypto.header import parse_header
from desktop.crypto.vaultkeys import Unlocked
from desktop.errors import Obstacle, VaultSubstituted
from desktop.vault_files import Generation, older_generations, read_header_copies


def check_older(data: Path, opened: Generation, keys: Unlocked) -> None:
    """Let pass only older generations that this vault came from; they are deleted once it is open.

    Somebody may have put an old copy back under a higher number. The chain of lists only grows, so a list that the
    opened chain does not know says that the lower generation is the later one. It takes no key to see.

    Raises:
        VaultSubstituted: VAULT_SUBSTITUTED, OLDER.
    """
    known = frozenset(keys.header.access_lists)
    for generation in older_generations(data, opened):
        for copy in _copies(generation):
            try:
                lists = parse_header(copy).header.access_lists
            except Malformed:
                continue
            if not known.issuperset(lists):
                raise VaultSubstituted("VAULT_SUBSTITUTED", reason="OLDER")


def _copies(generation: Generation) -> tuple[bytes, ...]:
    try:
        return tuple(copy for copy in read_header_copies(generation) if copy is not None)
    except Obstacle:  # what may not be read may not be deleted either
        return ()
