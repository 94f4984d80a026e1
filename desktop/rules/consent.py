"""What may leave, to whom, and on which ground (DPA s.30, s.32, s.33; requirements L-10 to L-16, L-20 to L-23, L-51).

Consent rows are never changed: a withdrawal is a new row, and it counts from the moment it stands there, also for a
letter drafted before it. No row for a scope means no permission, and a child's own yes is not enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

from desktop.errors import NotAccepted, Problem
from desktop.rules.records import Missing, Value

SERVICES = "SERVICES"
SHARE_PROVIDER = "SHARE_PROVIDER"
SHARE_ABROAD = "SHARE_ABROAD"
SHARE_SECRETARIAT_ID = "SHARE_SECRETARIAT_ID"
STATS = "STATS"
CONSENT = "CONSENT"
GIVING = frozenset({"GIVEN", "LIMITED"})
# Consent to these is given to one named body: an unnamed yes permits nobody.
NAMED_ONLY = frozenset({SHARE_PROVIDER, SHARE_ABROAD})
# Who may agree for a child (DPA s.33(1)). A representative acts for an adult (s.27(c)).
GIVERS_FOR_CHILD = frozenset({"PARENT", "GUARDIAN", "DCS_OFFICER", "COURT"})

NAIROBI = timezone(timedelta(hours=3))  # Kenya keeps no summer time
_NEVER = datetime.min.replace(tzinfo=UTC)
_REFUSALS = {"REFUSED": "CONSENT_REFUSED", "WITHDRAWN": "CONSENT_WITHDRAWN"}
_PERMITS = {"GIVEN": 2, "LIMITED": 1}  # how much an answer permits; every other nothing


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
        """Say whether it is written out: not consent by another name, with reason and supervisor."""
        return self.code not in ("", CONSENT) and bool(self.reason.strip()) and bool(self.supervisor.strip())

    def fits(self, *, is_child: bool) -> bool:
        """Say whether this ground can tell who a person is: statistics never, child protection only for a child."""
        return self.code != "STATISTICS" and (is_child or self.code != "CHILD_SERVICE")

    def carries(self, *, is_child: bool) -> bool:
        """Say whether a disclosure may rest on it."""
        return self.is_complete and self.fits(is_child=is_child)


@dataclass(frozen=True)
class ConsentRow:
    """One answer to one scope. `recipient_id` None means no one receiver is named; `at` is ISO 8601 with offset.

    `as_child`: the person was a child on the day of the answer. A birthday makes no own yes of then valid (L-21, L-24).
    """

    scope: str
    answer: str
    at: str
    recipient_id: str | None = None
    limits: str | None = field(default=None, repr=False)
    given_by: str | None = None
    lawful_basis: LawfulBasis | None = None
    recorded_at: str = ""
    record_id: str | None = None
    as_child: bool = False


@dataclass(frozen=True)
class Permission:
    """Leave to share on one scope. `agreed_on` and `given_by` are None when the ground is not consent.

    `agreed_on` is the day in Kenya, `given_by` a code of `consent_givers.csv`: a letter says who agreed.
    """

    scope: str
    basis: str
    agreed_on: str | None
    limited: bool
    limits: str | None = field(repr=False)
    consent_id: str | None
    given_by: str | None = None


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


def consent_row(
    fields: Mapping[str, Value], *, record_id: str | None = None, recorded_at: str = "", as_child: bool = False
) -> ConsentRow:
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
        as_child=as_child,
    )


def _moment(text: str) -> datetime:
    """Return an instant; a time without offset is Kenyan, an unreadable one sorts before all others."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _NEVER
    if not 1900 <= moment.year <= 2200:  # at the ends of the calendar a change of zone overflows
        return _NEVER
    return moment if moment.tzinfo else moment.replace(tzinfo=NAIROBI)


def instant(at: str) -> datetime | None:
    """Return a stored date and time in Kenyan time, or None when it cannot be read."""
    moment = _moment(at)
    return None if moment == _NEVER else moment.astimezone(NAIROBI)


def local_day(at: str) -> date | None:
    """Return the day in Kenya of a stored date and time, or None when it cannot be read."""
    moment = instant(at)
    return moment.date() if moment else None


def _speaks_for(row: ConsentRow, recipient_id: str | None) -> bool:
    """Say whether a row speaks for this receiver: a yes only for whom it names, a no as far as it can reach."""
    if row.recipient_id is None:
        return not (row.scope in NAMED_ONLY and row.answer in GIVING)
    return row.recipient_id == recipient_id or (row.scope not in NAMED_ONLY and row.answer not in GIVING)


def newest(rows: Iterable[ConsentRow], scope: str, recipient_id: str | None = None) -> ConsentRow | None:
    """Return the row that counts for this scope and receiver, or None.

    A row that names no receiver speaks for all of them, with one exception: consent to SHARE_PROVIDER and SHARE_ABROAD
    is given for a named body, so an unnamed yes permits nobody, while an unnamed refusal or withdrawal stops everybody.
    Under the other scopes a no that happens to name somebody stops everybody as well.

    A row that permits more than another counts only if it was written down after it and does not claim an earlier
    time: neither a wrong date on a yes nor an old paper typed in late undoes a withdrawal (L-14).
    """
    speaking = [row for row in rows if row.scope == scope and _speaks_for(row, recipient_id)]
    standing = [row for row in speaking if all(_after(row, other) for other in speaking if _permits_more(row, other))]
    # At the same instant a row without another ground, which permits less.
    return max(
        standing,
        key=lambda row: (_moment(row.recorded_at), _moment(row.at), row.lawful_basis is None),
        default=None,
    )


def _permits_more(row: ConsentRow, other: ConsentRow) -> bool:
    return _PERMITS.get(row.answer, 0) > _PERMITS.get(other.answer, 0)


def _after(row: ConsentRow, other: ConsentRow) -> bool:
    return _moment(row.recorded_at) > _moment(other.recorded_at) and _moment(row.at) >= _moment(other.at)


def permission(
    rule: ReceiverRule,
    rows: Iterable[ConsentRow],
    recipient_id: str | None,
    lawful_basis: LawfulBasis | None = None,
    *,
    is_child: bool,
) -> Permission:
    """Return the leave to send this receiver what its rule names.

    A lawful basis handed in, or recorded in the row that counts, stands in for consent (L-16), but not for a body
    outside Kenya: sensitive data leaves the country only with consent (DPA s.49(1), L-51). Without such a basis a
    person who refused services is not referred either.

    Raises:
        NotAccepted: CONSENT_MISSING, CONSENT_REFUSED, CONSENT_WITHDRAWN, CONSENT_GIVER_CHILD, CONSENT_AS_CHILD,
            CONSENT_LIMITS_MISSING, SERVICES_REFUSED, LAWFUL_BASIS_INCOMPLETE, LAWFUL_BASIS_UNFIT or
            LAWFUL_BASIS_NOT_ABROAD.
    """
    known, scope = tuple(rows), rule.consent_scope
    row = newest(known, scope, recipient_id)
    basis = lawful_basis or (row.lawful_basis if row and row.answer not in GIVING else None)
    if basis is not None and basis.code != CONSENT:
        return _on_basis(scope, basis, row, is_child=is_child)
    leave = _on_consent(scope, row, is_child=is_child)
    services = newest(known, SERVICES, recipient_id)
    if services is not None and services.answer in _REFUSALS:
        ground = services.lawful_basis
        if ground is None or not ground.carries(is_child=is_child):
            raise _refused("SERVICES_REFUSED")
    return leave


def _on_consent(scope: str, row: ConsentRow | None, *, is_child: bool) -> Permission:
    if row is None:
        raise _refused("CONSENT_MISSING")
    agreed_on = local_day(row.at)
    if row.answer not in GIVING or agreed_on is None:
        raise _refused(_REFUSALS.get(row.answer, "CONSENT_MISSING"))
    if (is_child or row.as_child) and row.given_by not in GIVERS_FOR_CHILD:
        raise _refused("CONSENT_GIVER_CHILD" if is_child else "CONSENT_AS_CHILD")
    limited = row.answer == "LIMITED"
    if limited and not (row.limits or "").strip():
        raise _refused("CONSENT_LIMITS_MISSING")
    limits = row.limits if limited else None
    return Permission(scope, CONSENT, agreed_on.isoformat(), limited, limits, row.record_id, row.given_by)


def _on_basis(scope: str, basis: LawfulBasis, row: ConsentRow | None, *, is_child: bool) -> Permission:
    if scope == SHARE_ABROAD:
        raise _refused("LAWFUL_BASIS_NOT_ABROAD")
    if not basis.is_complete:
        raise _refused("LAWFUL_BASIS_INCOMPLETE")
    if not basis.fits(is_child=is_child):
        raise _refused("LAWFUL_BASIS_UNFIT")
    return Permission(scope, basis.code, None, False, None, row.record_id if row else None)


def _refused(code: str) -> NotAccepted:
    return NotAccepted((Problem(code, "consent.scope"),), code)


def may_send_identity(rows: Iterable[ConsentRow], *, is_child: bool) -> bool:
    """Say whether this person's identity may travel to the Secretariat: an unlimited yes, or a complete other ground.

    A yes with limits in words is a no here, because a bundle cannot read them. A child's own yes is none.
    """
    row = newest(rows, SHARE_SECRETARIAT_ID)
    if row is None:
        return False
    if row.answer == "GIVEN":
        return _is_unlimited_yes(row, is_child=is_child)
    return row.answer not in GIVING and row.lawful_basis is not None and row.lawful_basis.carries(is_child=is_child)


def may_be_studied(rows: Iterable[ConsentRow], *, is_child: bool) -> bool:
    """Say whether facts without identity may go into research files and to partners: an unlimited yes to STATS.

    No other ground stands in for it: counts rest on the public task, single cases for others do not.
    """
    row = newest(rows, STATS)
    return row is not None and _is_unlimited_yes(row, is_child=is_child)


def _is_unlimited_yes(row: ConsentRow, *, is_child: bool) -> bool:
    giver_may = not (is_child or row.as_child) or row.given_by in GIVERS_FOR_CHILD
    return row.answer == "GIVEN" and local_day(row.at) is not None and giver_may


def identity_mode(
    rule: ReceiverRule,
    chosen: str | None = None,
    *,
    typed: str | None = None,
    limited: bool,
    is_child: bool,
    has_alias: bool,
) -> IdentityMode:
    """Return how a letter names the person.

    What the officer chose at issue counts, else what was typed on the referral, else the receiver's default. A child,
    or a person who set limits, is named only by a choice at issue (L-23): otherwise at most the alias is shown, and
    the case number alone where there is none.

    Raises:
        NotAccepted: A choice is none of the three.
    """
    for choice in (chosen, typed):
        if choice is not None and choice not in IdentityMode.__members__:
            raise NotAccepted((Problem("VALUE_NOT_IN_LIST", "referral.identity_mode"),))
    guarded = limited or is_child
    if chosen is not None:
        return IdentityMode(chosen)
    if typed is not None and not (guarded and typed == IdentityMode.NAME):
        return IdentityMode(typed)
    usual = rule.identity_default
    mode = IdentityMode.ALIAS if guarded and usual is IdentityMode.NAME else usual
    return IdentityMode.CASE_REF_ONLY if mode is IdentityMode.ALIAS and not has_alias else mode
