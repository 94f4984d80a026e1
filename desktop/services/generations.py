"""Generations below the one that is being unlocked: looked at before they are deleted (threat-model 5.2)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

from desktop.crypto.access_list import read_list, verify_chain
from desktop.crypto.encoding import Malformed
from desktop.crypto.header import KeyHeader, parse_header
from desktop.errors import Obstacle, VaultSubstituted
from desktop.vault_files import Generation, older_generations, read_header_copies

_ID_DIGITS = 32


class Opened(Protocol):
    """The keys a generation was opened with."""

    @property
    def header(self) -> KeyHeader:
        """Its header, every list of it verified."""
        ...


def check_older(data: Path, opened: Generation, keys: Opened) -> tuple[Generation, ...]:
    """Let pass what this vault came from, to be deleted once it is open, and return what is not its own.

    Somebody may have put an old copy back under a higher number. The chain of lists only grows, so a chain of ours
    that goes on where the opened one ends says that the lower generation is the later one. It takes no key to see.
    What anybody can lay there without our supervisors' keys says nothing of the kind: it keeps nobody out, and it is
    not ours to delete.

    Raises:
        VaultSubstituted: VAULT_SUBSTITUTED, OLDER.
    """
    foreign = []
    for generation in older_generations(data, opened):
        standings = {_standing(copy, keys.header) for copy in _copies(generation)}
        if "LATER" in standings:
            raise VaultSubstituted("VAULT_SUBSTITUTED", reason="OLDER")
        if "EARLIER" not in standings or "FOREIGN" in standings:  # only what is surely ours is ours to delete
            foreign.append(generation)
    return tuple(foreign)


def name_of(generation: Generation) -> str:
    """Return what a foreign vault is called in the journal: the beginning of a hash of its header."""
    return hashlib.sha256(b"".join(_copies(generation))).hexdigest()[:_ID_DIGITS]


def _standing(copy: bytes, ours: KeyHeader) -> str:
    """Return EARLIER, LATER or FOREIGN; NONE for bytes that are no header: nobody opens anything with them."""
    try:
        header = parse_header(copy).header
    except Malformed:
        return "NONE"
    known = frozenset(ours.access_lists)
    shared = next((envelope for envelope in header.access_lists if envelope in known), None)
    if header.vault_id != ours.vault_id or shared is None:
        return "FOREIGN"
    if known.issuperset(header.access_lists):
        return "EARLIER"
    try:
        verify_chain(header.access_lists, read_list(shared).pin(), ours.vault_id)
    except Malformed:
        return "FOREIGN"
    return "LATER"


def _copies(generation: Generation) -> tuple[bytes, ...]:
    try:
        return tuple(copy for copy in read_header_copies(generation) if copy is not None)
    except Obstacle:  # what may not be read may not be deleted either
        return ()
