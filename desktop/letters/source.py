"""What a service hands over for one letter: plain values from the vault, already read, nothing decided yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from desktop.rules.consent import Permission, ReceiverRule


@dataclass(frozen=True)
class Office:
    """The sending office. `code` is the neutral code that the QR names."""

    code: str
    ministry: str
    name: str
    county: str
    phone: str
    officer: str
    officer_title: str
    officer_phone: str


@dataclass(frozen=True)
class Receiver:
    """The provider the letter asks. There is no address field: a shelter's is never printed."""

    provider: str
    person_or_role: str
    phone: str


@dataclass(frozen=True)
class Person:
    """The person the letter speaks for. `ages` is the lowest and highest age in full years on the day of issue.

    `phone_to_call` is filled only when the receiver must call the person and the safe-contact rule allows it.
    """

    case_ref: str
    sex: str
    ages: tuple[int, int] | None
    age_estimated: bool
    languages: tuple[str, ...]
    interpreter_needed: bool
    names: str = field(default="", repr=False)
    safe_alias: str = field(default="", repr=False)
    known_as: str = field(default="", repr=False)  # never printed; hidden like the names outside NAME mode
    disability_help: str = field(default="", repr=False)
    phone_to_call: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    id_document: str = field(default="", repr=False)
    id_number: str = field(default="", repr=False)
    citizenship: tuple[str, ...] = ()


@dataclass(frozen=True)
class VariantFacts:
    """Lines that only one variant of the letter has; the others ignore them."""

    within_72_hours: bool = False  # HEALTH
    suspect_annex: bool = False  # POLICE: RUF-3P goes apart
    bed_type: str = ""  # SHELTER, code
    arrival: datetime | None = None  # SHELTER
    employer: str = field(default="", repr=False)  # LABOUR
    wages_claimed_kes: int | None = None  # LABOUR
    papers_needed: str = ""  # EMBASSY
    costs: str = ""  # FUND: kinds of cost


@dataclass(frozen=True)
class LetterSource:
    """Everything one letter may draw on. Instants carry a time zone; `feedback_due` is a stored date.

    `serial` is the paper's own number and never holds the case number, since the QR carries it; empty on a draft.
    """

    serial: str
    referral_no: str
    issued: datetime
    urgency: str
    act_by: datetime
    feedback_due: str
    reply_code: str
    services: tuple[str, ...]
    office: Office
    receiver: Receiver
    person: Person
    rule: ReceiverRule
    permission: Permission
    reason_short: str = field(repr=False)
    needs_short: str = field(default="", repr=False)
    risk_note: str = field(default="", repr=False)
    already_given: str = field(default="", repr=False)
    escort_transport: str = field(default="", repr=False)
    variant_facts: VariantFacts = field(default_factory=VariantFacts)
    practice: bool = False
    draft: bool = False
