"""What can go wrong, as types with a code.

A code is permanent: it stands in logs, receipts and tests, and `resources/messages/` holds its sentence in English
and Swahili. No error carries text from a record, a file name or a key: only codes, numbers and field names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a problem stops a save."""

    BLOCKING = "BLOCKING"
    WARNING = "WARNING"


@dataclass(frozen=True)
class Problem:
    """One thing to settle in one field of a draft.

    `field` is `kind.field_name` or empty when it concerns the whole record. `code` is a message code; `limit` is the
    number its sentence names, if any.
    """

    code: str
    field: str = ""
    severity: Severity = Severity.BLOCKING
    limit: int | None = None


class DeskError(Exception):
    """Base of every expected failure. `code` names it, `exit_status` is what `rufaa-cli` ends with."""

    exit_status = 1

    def __init__(self, code: str, /, **facts: int | str) -> None:
        """Keep `code` and harmless `facts` (numbers, codes, field names; never text a person wrote)."""
        super().__init__(code)
        self.code = code
        self.facts = facts


class NotAccepted(DeskError):
    """The person at the desk can put it right; `problems` says where."""

    exit_status = 3

    def __init__(self, problems: tuple[Problem, ...], code: str = "NOT_ACCEPTED") -> None:
        """Carry the problems of one draft."""
        super().__init__(code)
        self.problems = problems


class NotPermitted(DeskError):
    """The signed-in role may not do this."""

    exit_status = 4


class Obstacle(DeskError):
    """The world is in the way: wrong sentence, full disk, stick removed. What was saved is safe."""

    exit_status = 5


class NotTrusted(DeskError):
    """It must not be trusted: there is no "continue anyway"."""

    exit_status = 6


class Stopped(DeskError):
    """The person stopped it; nothing changed."""

    exit_status = 7


# The unlock refusals that an IT person tells apart by exit status (acceptance contract).
class WrongSentence(Obstacle):
    """The password sentence opens no slot of this desk number."""

    exit_status = 10


class HeaderDamaged(NotTrusted):
    """Both copies of the key header are damaged or missing."""

    exit_status = 11


class NotEncrypted(NotTrusted):
    """A plain SQLite file lies in the vault's place."""

    exit_status = 12


class VaultSubstituted(NotTrusted):
    """The header, its lists or the vault are not the ones this sentence pins."""

    exit_status = 13


class VaultDamaged(NotTrusted):
    """The vault file does not open with its own key."""

    exit_status = 14


class VaultBusy(Obstacle):
    """Another process has the vault open."""

    exit_status = 15


class NewerVault(Obstacle):
    """The vault was written by a newer program; nothing was touched."""

    exit_status = 16


class NoVault(Obstacle):
    """There is no vault in the data folder."""

    exit_status = 17
