"""The journal as it is read: which acts belong together, what is asked for, one line of it, what a check found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from desktop.rules.journal_chain import Act


class Kind(StrEnum):
    """What a reader of the journal looks for. Every act stands in exactly one kind."""

    SIGNING_IN = "SIGNING_IN"
    LOOKING = "LOOKING"
    WRITING = "WRITING"
    LETTERS = "LETTERS"
    SENDING = "SENDING"
    PEOPLE = "PEOPLE"
    OFFICE = "OFFICE"


KINDS: Mapping[Kind, frozenset[Act]] = {
    Kind.SIGNING_IN: frozenset({Act.UNLOCKED}),
    Kind.LOOKING: frozenset({Act.CASE_VIEWED, Act.SEARCHED, Act.NAMES_SHOWN, Act.LETTER_VIEWED}),
    Kind.WRITING: frozenset(
        {
            *(Act.CASE_CREATED, Act.RECORD_SAVED, Act.RECORD_VOIDED, Act.CONSENT_RECORDED, Act.REFERRAL_MOVED),
            *(Act.IMPORTED, Act.BREACH_RECORDED, Act.BREACH_CLOSED),
        }
    ),
    Kind.LETTERS: frozenset(
        {
            *(Act.LETTER_ISSUED, Act.LETTER_PRINTED, Act.LETTER_SAVED, Act.PRINT_FAILED, Act.SAVE_FAILED),
            Act.BREACH_NOTICE_PRINTED,
        }
    ),
    Kind.SENDING: frozenset(
        {
            *(Act.EXPORTED, Act.TABLE_EXPORTED, Act.TABLE_EXPORTED_PLAIN, Act.PLAIN_COPY_DELETED),
            *(Act.BUNDLE_MADE, Act.BUNDLE_HANDED_OVER, Act.RECEIPT_TAKEN_IN),
            *(Act.BUNDLE_TAKEN_IN, Act.BUNDLE_REFUSED, Act.RECEIPT_ISSUED, Act.RECEIPT_FILE_WRITTEN),
        }
    ),
    Kind.PEOPLE: frozenset(
        {
            *(Act.USER_ADDED, Act.USER_REMOVED, Act.USER_RENAMED, Act.USER_ROLE_CHANGED, Act.USER_TRAINING_NOTED),
            *(Act.USER_READMITTED, Act.USER_SUSPENDED, Act.SENTENCE_CHANGED),
            *(Act.KEYS_CHANGED, Act.SEALED_AGAIN, Act.ACCESS_LIST_CHANGED),
            *(Act.SEALED_VALUE_GIVEN_UP, Act.SENTENCE_REPORTED, Act.UNUSED_SLOT_DROPPED),
            *(Act.RECEIVING_KEY_DROPPED, Act.FOREIGN_VAULT_FOUND, Act.OLDER_THAN_MARK),
            *(Act.CASE_ASSIGNED, Act.CASE_UNASSIGNED),
            *(Act.RECOVERY_KEYS_ADDED, Act.RECOVERED_BY_SECRETARIAT),
            *(Act.RECOVERED_BY_SHEET, Act.SHEET_REMADE, Act.SHEET_PROVED, Act.DESK_CLOSED),
        }
    ),
    Kind.OFFICE: frozenset(
        {
            *(Act.VAULT_CREATED, Act.SECRETARIAT_CREATED, Act.OFFICE_CHANGED),
            *(Act.ENROLMENT_FILE_MADE, Act.ENROLLED, Act.ROSTER_TAKEN_IN),
            *(Act.DEVICE_ENROLLED, Act.TRUST_PACKAGE_ISSUED, Act.LINE_NAMED),
            *(Act.RECOVERY_IDENTITY_NAMED, Act.COORDINATOR_NOTED, Act.RECOVERY_REQUEST_COMPARED),
            *(Act.RECOVERY_ANSWERED, Act.RECOVERY_REFUSED),
            *(Act.DEVICE_LOST, Act.DEVICE_LISTED),
        }
    ),
}


@dataclass(frozen=True)
class JournalWish:
    """Which entries are wanted; what is empty asks for all."""

    acts: frozenset[str] = frozenset()
    user: str = ""
    day: str = ""  # YYYY-MM-DD in Nairobi
    case_ref: str = ""


@dataclass(frozen=True)
class JournalLine:
    """One entry: its number, when, by whom (name and desk number), which act, and what of. Texts may be empty.

    `case_ref` is the case that it was done on, `about` the person, `bundle` the number of the bundle (0 for none).
    An act is text, since a later program may have written one that this one does not know.
    """

    n: int
    at: str
    by: str = field(repr=False)
    desk_number: int
    act: str
    case_id: str
    case_ref: str
    about: str = field(repr=False)
    bundle: int
    reason: str


@dataclass(frozen=True)
class JournalPage:
    """Entries found, and the number below which to look for more; 0 where there is nothing below."""

    lines: tuple[JournalLine, ...]
    below: int


@dataclass(frozen=True)
class JournalPerson:
    """Somebody who works or worked here."""

    user: str
    desk_number: int
    name: str = field(repr=False)


@dataclass(frozen=True)
class Found:
    """One thing that is not as it should be, as the sentence of `code` with its facts.

    `grave` is False for what has an honest cause as well: the laptop's clock was set back.
    """

    code: str
    facts: dict[str, int | str] = field(default_factory=dict)
    grave: bool = True


@dataclass(frozen=True)
class Verdict:
    """What the check found: how many entries and revisions were looked at, and what is wrong with them."""

    entries: int
    revisions: int
    found: tuple[Found, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing grave was found."""
        return not any(found.grave for found in self.found)
