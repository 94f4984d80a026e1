"""The mark: how far the journal had come, kept beside the vault and compared at every unlock (threat-model attack 4).

A vault's file that was put back by itself is older than its mark. Whoever puts the whole folder back puts the mark
back too; what shows that is the "Last saved" line and the next bundle. The mark is never needed: losing it, failing to
write it or one that does not fit the key keeps nobody out and says nothing.
"""

from __future__ import annotations

import contextlib
import hmac
import os
from pathlib import Path

from sqlalchemy import select

from db.errors import StorageError
from db.models.base import JournalEntry
from desktop.crypto.encoding import Malformed, canonical_json, length_prefixed
from desktop.crypto.fields import canonical_value, hex_bytes, members, whole
from desktop.crypto.kdf import hkdf
from desktop.errors import DeskError
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.session import MarkAhead, OpenVault

FILE = "journal-mark.json"
_MAX_BYTES = 512
_MOST = 2**53


def write_mark(vault: OpenVault) -> None:
    """Note how far the journal has come. It is not synced: a mark that is too old does no harm.

    A mark that the vault does not come up to stays, and every unlock tells of it, until whoever looked into it deletes
    the file.
    """
    if vault.mark_ahead is not None:
        return
    place = _place(vault)
    aside = place.with_suffix(".partial")
    with contextlib.suppress(DeskError, StorageError, OSError):  # a vault that is closed already has its mark
        with vault.reading() as session:
            head = journal.head(session)
        mac = _mac(vault, head.count, bytes.fromhex(head.hash))
        aside.write_bytes(canonical_json({"count": head.count, "head": head.hash, "mac": mac.hex()}))
        os.replace(aside, place)


def compare_mark(vault: OpenVault) -> None:
    """Compare the journal with the mark, before this unlock writes an entry. What is amiss is for `note_mark`."""
    marked = _read(vault)
    if marked is None:
        return
    count, head = marked
    with vault.reading() as session:
        found = journal.head(session).count
        kept = session.scalar(select(JournalEntry.hash).where(JournalEntry.n == count)) if count else head
    if kept == head:
        return
    vault.mark_ahead = MarkAhead(count, found)


def note_mark(vault: OpenVault) -> None:
    """Journal what is amiss, once. After the entry of the unlock: what is shown as last saved is what was found."""
    if vault.mark_ahead is None:
        return
    reason = f"ENTRY_{vault.mark_ahead.marked}"
    with vault.writing() as session:
        if reason not in journal.reasons_of(session, Act.OLDER_THAN_MARK, vault.vault.hex()):
            journal.append(session, vault, Act.OLDER_THAN_MARK, vault.vault.hex(), reason=reason)


def _read(vault: OpenVault) -> tuple[int, bytes] | None:
    """Return the marked entry's number and hash; None where there is no mark of this vault's present key."""
    try:
        with _place(vault).open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        found = members(canonical_value(data, _MAX_BYTES), "count", "head", "mac")
        count, head, mac = whole(found["count"], 0, _MOST), hex_bytes(found["head"], 32), hex_bytes(found["mac"], 32)
    except (OSError, Malformed):
        return None
    return (count, head) if hmac.compare_digest(mac, _mac(vault, count, head)) else None


def _mac(vault: OpenVault, count: int, head: bytes) -> bytes:
    key = hkdf(vault.keys.dek, vault.vault, "rufaa-journal-mark-v1")
    return hmac.digest(key, length_prefixed(count.to_bytes(8, "big"), head), "sha256")


def _place(vault: OpenVault) -> Path:
    return vault.generation.data / FILE
