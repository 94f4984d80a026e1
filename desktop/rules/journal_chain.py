"""The audit journal as a hash chain (threat-model 5.8; docs/formats.md section 5): acts, links, and checking a run.

No names and no free text stand in it: ids, codes and hashes only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from desktop.errors import NotTrusted

ZERO_HASH = "0" * 64
_LABEL = b"rufaa-journal-v1"


class Act(StrEnum):
    """What was done. An act never changes its meaning and is never renamed; new ones are added."""

    VAULT_CREATED = "VAULT_CREATED"
    UNLOCKED = "UNLOCKED"
    CASE_CREATED = "CASE_CREATED"
    CASE_VIEWED = "CASE_VIEWED"
    CASE_ASSIGNED = "CASE_ASSIGNED"
    CASE_UNASSIGNED = "CASE_UNASSIGNED"
    SEARCHED = "SEARCHED"
    RECORD_SAVED = "RECORD_SAVED"
    RECORD_VOIDED = "RECORD_VOIDED"
    CONSENT_RECORDED = "CONSENT_RECORDED"
    REFERRAL_MOVED = "REFERRAL_MOVED"
    LETTER_ISSUED = "LETTER_ISSUED"
    LETTER_VIEWED = "LETTER_VIEWED"
    LETTER_PRINTED = "LETTER_PRINTED"
    LETTER_SAVED = "LETTER_SAVED"
    # A letter is noted before its bytes go; these follow where they then did not arrive.
    PRINT_FAILED = "PRINT_FAILED"
    SAVE_FAILED = "SAVE_FAILED"
    NAMES_SHOWN = "NAMES_SHOWN"
    OFFICE_CHANGED = "OFFICE_CHANGED"
    IMPORTED = "IMPORTED"
    EXPORTED = "EXPORTED"
    TABLE_EXPORTED = "TABLE_EXPORTED"
    TABLE_EXPORTED_PLAIN = "TABLE_EXPORTED_PLAIN"
    PLAIN_COPY_DELETED = "PLAIN_COPY_DELETED"
    BUNDLE_MADE = "BUNDLE_MADE"
    BUNDLE_HANDED_OVER = "BUNDLE_HANDED_OVER"
    RECEIPT_TAKEN_IN = "RECEIPT_TAKEN_IN"
    ENROLMENT_FILE_MADE = "ENROLMENT_FILE_MADE"
    ENROLLED = "ENROLLED"
    ROSTER_TAKEN_IN = "ROSTER_TAKEN_IN"
    ACCESS_LIST_CHANGED = "ACCESS_LIST_CHANGED"
    USER_ADDED = "USER_ADDED"
    USER_REMOVED = "USER_REMOVED"
    USER_RENAMED = "USER_RENAMED"
    USER_ROLE_CHANGED = "USER_ROLE_CHANGED"
    USER_TRAINING_NOTED = "USER_TRAINING_NOTED"
    USER_READMITTED = "USER_READMITTED"
    USER_SUSPENDED = "USER_SUSPENDED"
    SENTENCE_CHANGED = "SENTENCE_CHANGED"
    KEYS_CHANGED = "KEYS_CHANGED"
    SEALED_AGAIN = "SEALED_AGAIN"
    RECOVERED_BY_SHEET = "RECOVERED_BY_SHEET"
    SHEET_REMADE = "SHEET_REMADE"
    SHEET_PROVED = "SHEET_PROVED"
    DESK_CLOSED = "DESK_CLOSED"
    SEALED_VALUE_GIVEN_UP = "SEALED_VALUE_GIVEN_UP"
    SENTENCE_REPORTED = "SENTENCE_REPORTED"
    UNUSED_SLOT_DROPPED = "UNUSED_SLOT_DROPPED"
    RECEIVING_KEY_DROPPED = "RECEIVING_KEY_DROPPED"
    FOREIGN_VAULT_FOUND = "FOREIGN_VAULT_FOUND"
    OLDER_THAN_MARK = "OLDER_THAN_MARK"
    RECOVERY_KEYS_ADDED = "RECOVERY_KEYS_ADDED"
    RECOVERED_BY_SECRETARIAT = "RECOVERED_BY_SECRETARIAT"
    BREACH_RECORDED = "BREACH_RECORDED"
    BREACH_CLOSED = "BREACH_CLOSED"
    BREACH_NOTICE_PRINTED = "BREACH_NOTICE_PRINTED"
    # The Secretariat's own.
    SECRETARIAT_CREATED = "SECRETARIAT_CREATED"
    DEVICE_ENROLLED = "DEVICE_ENROLLED"
    BUNDLE_TAKEN_IN = "BUNDLE_TAKEN_IN"
    RECEIPT_ISSUED = "RECEIPT_ISSUED"
    BUNDLE_REFUSED = "BUNDLE_REFUSED"
    TRUST_PACKAGE_ISSUED = "TRUST_PACKAGE_ISSUED"
    LINE_NAMED = "LINE_NAMED"
    RECEIPT_FILE_WRITTEN = "RECEIPT_FILE_WRITTEN"
    RECOVERY_IDENTITY_NAMED = "RECOVERY_IDENTITY_NAMED"
    COORDINATOR_NOTED = "COORDINATOR_NOTED"
    RECOVERY_REQUEST_COMPARED = "RECOVERY_REQUEST_COMPARED"
    RECOVERY_ANSWERED = "RECOVERY_ANSWERED"
    RECOVERY_REFUSED = "RECOVERY_REFUSED"
    DEVICE_LOST = "DEVICE_LOST"
    DEVICE_LISTED = "DEVICE_LISTED"


@dataclass(frozen=True)
class Entry:
    """One journal entry and the hash stored beside it. Hashes are 64 hex digits.

    `act` is text: a later program may have written one that `Act` does not know, and the chain holds all the same.
    """

    n: int
    previous: str
    at: str
    user: str
    act: str
    object: str
    revision_hash: str | None
    reason: str | None
    hash: str


def entry_hash(
    n: int, previous: str, at: str, user: str, act: str, object: str, revision_hash: str | None, reason: str | None
) -> str:
    """Return the hash of an entry: over its number, its predecessor's hash and everything it says."""
    parts = (
        _LABEL,
        n.to_bytes(8, "big"),
        bytes.fromhex(previous),
        at.encode("ascii"),
        user.encode("ascii"),
        act.encode("ascii"),
        object.encode("ascii"),
        bytes.fromhex(revision_hash or ""),
        (reason or "").encode("ascii"),
    )
    # Each part behind its length, as everywhere (formats.md section 1); rules may not import desktop.crypto.
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()


class Place(Protocol):
    """Where a chain stands: number and hash of its last entry."""

    @property
    def n(self) -> int:
        """The entry's number."""
        ...

    @property
    def hash(self) -> str:
        """The entry's hash, 64 hex digits."""
        ...


def next_entry(
    last: Place | None,
    *,
    at: str,
    user: str,
    act: Act,
    object: str = "",
    revision_hash: str | None = None,
    reason: str | None = None,
) -> Entry:
    """Return the entry that follows `last`, or the first one."""
    n, previous = (last.n + 1, last.hash) if last else (1, ZERO_HASH)
    hashed = entry_hash(n, previous, at, user, act, object, revision_hash, reason)
    return Entry(n, previous, at, user, act, object, revision_hash, reason, hashed)


def verify_run(entries: Iterable[Entry], start_hash: str = ZERO_HASH, start_n: int = 1) -> str:
    """Recompute a run that begins with number `start_n` after the hash `start_hash`; return its last hash.

    Raises:
        NotTrusted: JOURNAL_BROKEN with `n`, the number the first bad entry should have.
    """
    n, head = start_n, start_hash
    for entry in entries:
        if entry.n != n or entry.previous != head or entry.hash != _recomputed(entry):
            raise NotTrusted("JOURNAL_BROKEN", n=n)
        n, head = n + 1, entry.hash
    return head


def _recomputed(entry: Entry) -> str | None:
    try:
        return entry_hash(
            entry.n,
            entry.previous,
            entry.at,
            entry.user,
            entry.act,
            entry.object,
            entry.revision_hash,
            entry.reason,
        )
    except ValueError:  # what stands there could never have been hashed: not hex, not ASCII
        return None


@dataclass(frozen=True)
class HashRun:
    """The hashes of consecutive entries, numbered from `first`: what a bundle carries of the journal."""

    first: int
    hashes: tuple[str, ...]

    @property
    def count(self) -> int:
        """The number of the last entry."""
        return self.first + len(self.hashes) - 1

    @property
    def head(self) -> str:
        """The hash of the last entry; zeros for an empty run."""
        return self.hashes[-1] if self.hashes else ZERO_HASH

    def at(self, n: int) -> str | None:
        """Return the hash of entry `n`, or None outside the run."""
        return self.hashes[n - self.first] if self.first <= n <= self.count else None
