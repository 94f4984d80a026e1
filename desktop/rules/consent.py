"""What may leave, to whom, and on which ground (DPA s.30, s.32; requirements L-10 to L-16, L-51).

Consent rows are never changed: a withdrawal is a new row, and it counts from the moment it stands there, also for a
letter drafted before it. No row for a scope means no permission.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

from desktop.errors import NotAccepted, Problem
from desktop.rules.records import Missing, Value

SHARE_PROVIDER = "SHARE_PROVIDER"
SHARE_ABROAD = "SHARE_ABROAD"
SHARE_SECRETARIAT_ID = "SHARE_SECRETARIAT_ID"
CONSENT = "CONSENT"
GIVING = frozenset({"GIVEN", "LIMITED"})

_NAIROBI = timezone(timedelta(hours=3))  # Kenya keeps no summer time
_NEVER = datetime.min.replace(tzinfo=UTC)
_REFUSALS = {"REFUSED": "CONSENT_REFUSED", "WITHDRAWN": "CONSENT_WITHDRAWN"}


class IdentityMode(StrEnum):
    """How much of the person's identity a paper shows."""

    NAME = "NAME"
    ALIAS = "ALIAS"
    CASE_REF_ONLY = "CASE_REF_ONLY"


@dataclass(frozen=True)
class ReceiverRule:
    """One row of `receiver_rules.csv`: what an actor of the referral mechanism is sent, and on which scope."""

    actor: str
    provider_type: str
    letter_variant: str
    consent_scope: str
    identity_default: IdentityMode
    supervisor_signs: bool


@dataclass(frozen=True)
class LawfulBasis:
    """A ground other than consent (`lawful_bases.csv`). It needs a reason and the supervisor who took it (L-16)."""

    code: str
    reason: str = field(repr=False)
    supervisor: str

    @property
    def is_complete(self) -> bool:
        """Say whether it can carry a disclosure: not consent by another name, with reason and supervisor."""
        return self.code not in ("", CONSENT) and bool(self.reason.strip()) and bool(self.supervisor.strip())


@dataclass(frozen=True)
class ConsentRow:
    """One answer to one scope. `recipient_id` None means no one receiver is named; `at` is ISO 8601 with offset."""

    scope: str
    answer: str
    at: str
    recipient_id: str | None = None
    limits: str | None = field(default=None, repr=False)
    given_by: str | None = None
    lawful_basis: LawfulBasis | None = None
    recorded_at: str = ""
    record_id: str | None = None


@dataclass(frozen=True)
class Permission:
    """Leave to share on one scope. `agreed_on` is the day in Kenya, None when the ground is not consent."""

    scope: str
    basis: str
    agreed_on: str | None
    limited: bool
    limits: str | None = field(repr=False)
    consent_id: str | None


def parse_receiver_rules(rows: Iterable[Mapping[str, str]]) -> dict[str, ReceiverRule]:
    """Turn the rows of `receiver_rules.csv` into rules by actor."""
    return {
        row["actor"]: ReceiverRule(
            actor=row["actor"],
            provider_type=row["provider_type"],
            letter_variant=row["letter_variant"],
            consent_scope=row["consent_scope"],
            identity_default=IdentityMode(row["identity_default"]),
            supervisor_signs=row["supervisor_signs"] == "yes",
        )
        for row in rows
    }


def consent_row(fields: Mapping[str, Value], *, record_id: str | None = None, recorded_at: str = "") -> ConsentRow:
    """Build a row from the fields of a `consent` record. What is missing or damaged becomes what permits nothing."""

    def text(name: str) -> str:
        value = fields.get(name)
        return value if isinstance(value, str) and not isinstance(value, Missing) else ""

    basis = text("lawful_basis")
    return ConsentRow(
        scope=text("scope"),
        answer=text("answer"),
        at=text("at"),
        recipient_id=text("recipient") or None,
        limits=text("limits") or None,
        given_by=text("given_by") or None,
        lawful_basis=LawfulBasis(basis, text("basis_reason"), text("basis_supervisor")) if basis else None,
        recorded_at=recorded_at,
        record_id=record_id,
    )


def _moment(text: str) -> datetime:
    """Return an instant; a time without offset is Kenyan, an unreadable one sorts before all others."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _NEVER
    if not 1900 <= moment.year <= 2200:  # at the ends of the calendar a change of zone overflows
        return _NEVER
    return moment if moment.tzinfo else moment.replace(tzinfo=_NAIROBI)


def local_day(at: str) -> date | None:
    """Return the day in Kenya of a stored date and time, or None when it cannot be read."""
    moment = _moment(at)
    return None if moment == _NEVER else moment.astimezone(_NAIROBI).date()


def newest(rows: Iterable[ConsentRow], scope: str, recipient_id: str | None = None) -> ConsentRow | None:
    """Return the row that counts for this scope and receiver, or None.

    A row that names no receiver speaks for all of them, with one exception: consent to SHARE_PROVIDER is given for a
    named provider, so an unnamed yes permits nobody, while an unnamed refusal or withdrawal stops everybody. Of two
    rows at the same instant the later recorded counts, and then the one that permits less.
    """
    speaking = [
        row
        for row in rows
        if row.scope == scope
        and (
            row.recipient_id == recipient_id
            if row.recipient_id is not None
            else not (scope == SHARE_PROVIDER and row.answer in GIVING)
        )
    ]
    return max(
        speaking,
        key=lambda row: (_moment(row.at), _moment(row.recorded_at), row.answer not in GIVING),
        default=None,
    )


def permission(
    rule: ReceiverRule,
    rows: Iterable[ConsentRow],
    recipient_id: str | None,
    lawful_basis: LawfulBasis | None = None,
) -> Permission:
    """Return the leave to send this receiver what its rule names.

    A lawful basis handed in, or recorded in the row that counts, stands in for consent (L-16), but not for a body
    outside Kenya: sensitive data leaves the country only with consent (DPA s.49(1), L-51).

    Raises:
        NotAccepted: CONSENT_MISSING, CONSENT_REFUSED, CONSENT_WITHDRAWN, CONSENT_LIMITS_MISSING,
            LAWFUL_BASIS_INCOMPLETE or LAWFUL_BASIS_NOT_ABROAD.
    """
    scope = rule.consent_scope
    row = newest(rows, scope, recipient_id)
    basis = lawful_basis or (row.lawful_basis if row and row.answer not in GIVING else None)
    if basis is not None and basis.code != CONSENT:
        return _on_basis(scope, basis, row)
    if row is None:
        raise _refused("CONSENT_MISSING")
    agreed_on = local_day(row.at)
    if row.answer not in GIVING or agreed_on is None:
        raise _refused(_REFUSALS.get(row.answer, "CONSENT_MISSING"))
    limited = row.answer == "LIMITED"
    if limited and not (row.limits or "").strip():
        raise _refused("CONSENT_LIMITS_MISSING")
    return Permission(scope, CONSENT, agreed_on.isoformat(), limited, row.limits if limited else None, row.record_id)


def _on_basis(scope: str, basis: LawfulBasis, row: ConsentRow | None) -> Permission:
    if scope == SHARE_ABROAD:
        raise _refused("LAWFUL_BASIS_NOT_ABROAD")
    if not basis.is_complete:
        raise _refused("LAWFUL_BASIS_INCOMPLETE")
    return Permission(scope, basis.code, None, False, None, row.record_id if row else None)


def _refused(code: str) -> NotAccepted:
    return NotAccepted((Problem(code, "consent.scope"),), code)


def may_send_identity(rows: Iterable[ConsentRow]) -> bool:
    """Say whether this person's identity may travel to the Secretariat: an unlimited yes, or a complete other ground.

    A yes with limits in words is a no here, because a bundle cannot read them.
    """
    row = newest(rows, SHARE_SECRETARIAT_ID)
    if row is None:
        return False
    if row.answer == "GIVEN":
        return local_day(row.at) is not None
    return row.answer not in GIVING and row.lawful_basis is not None and row.lawful_basis.is_complete


def identity_mode(rule: ReceiverRule, chosen: str | None = None) -> IdentityMode:
    """Return the chosen identity mode, else the receiver's default.

    Raises:
        NotAccepted: The choice is none of the three.
    """
    if chosen is None:
        return rule.identity_default
    if chosen not in IdentityMode.__members__:
        raise NotAccepted((Problem("VALUE_NOT_IN_LIST", "referral.identity_mode"),))
    return IdentityMode(chosen)
