"""Which role may do what, and with which cases: one table, read by every service before anything else.

Roles, reasons and hidden cases are a courtesy of the program (threat-model 5.3): what is real is held by keys, not by
this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from desktop.errors import NotPermitted
from desktop.rules.records import Value


class Role(StrEnum):
    """The first version's roles: three in the county office, two at the Secretariat."""

    CLERK = "CLERK"
    CASE_OFFICER = "CASE_OFFICER"
    SUPERVISOR = "SUPERVISOR"
    SECRETARIAT = "SECRETARIAT"
    SECRETARIAT_CASE = "SECRETARIAT_CASE"


_OFFICE = frozenset({Role.CLERK, Role.CASE_OFFICER, Role.SUPERVISOR})
_OFFICERS = frozenset({Role.CASE_OFFICER, Role.SUPERVISOR})
_SUPERVISOR = frozenset({Role.SUPERVISOR})
OFFICE_ROLES = _OFFICE  # what a supervisor may give
_NATIONAL = frozenset({Role.SECRETARIAT, Role.SECRETARIAT_CASE})
_ANALYST = frozenset({Role.SECRETARIAT})

MATRIX: Mapping[str, frozenset[Role]] = {
    "case.create": _OFFICE,
    "case.open": _OFFICE,
    "case.save": _OFFICE,
    "case.search": _OFFICE,
    "case.assign": _OFFICE,  # a supervisor; who is named in a restricted case, there
    "case.unassign": _SUPERVISOR,
    "draft.keep": _OFFICE,  # of one's own, which only their author's key opens
    "consent.record": _OFFICE,
    "basis.record": _SUPERVISOR,  # a ground other than consent carries the name of the supervisor who took it (L-16)
    "determination.record": _OFFICERS,  # a clerk cannot decide status (user_roles.csv, L-33)
    "referral.create": _OFFICE,
    "referral.issue_letter": _OFFICERS,
    "letter.open": _OFFICERS,
    "import.preview": _OFFICE,
    "import.apply": _OFFICERS,  # an import takes findings over
    "provider.list": _OFFICE,
    "provider.save": _OFFICERS,
    "office.save": _SUPERVISOR,
    "bundle.list": _OFFICE,
    "bundle.make": _SUPERVISOR,
    "bundle.hand_over": _SUPERVISOR,
    "receipt.take_in": _OFFICE,
    "table.export": _SUPERVISOR,
    "office.enrol": _SUPERVISOR,
    "people.manage": _SUPERVISOR,
    "sentence.change": _OFFICE | _NATIONAL,  # of one's own
    "breach.record": _OFFICE,
    "breach.close": _SUPERVISOR,
    "journal.read": _SUPERVISOR,
    "journal.verify": _OFFICE | _NATIONAL,
    "secretariat.init": _ANALYST,
    "secretariat.enrol": _ANALYST,
    "secretariat.lost_device": _ANALYST,
    "secretariat.intake": _NATIONAL,
    "secretariat.receipts": _NATIONAL,
    "secretariat.recover": _ANALYST,
}

ACTIONS: tuple[str, ...] = tuple(MATRIX)


class Touch(StrEnum):
    """What an action does to a case."""

    MANY = "MANY"  # looks through all of them, or says nothing of what is in one
    ONE = "ONE"  # shows or changes one
    NAMING = "NAMING"  # names an officer of one


# What is not here touches no case of this desk, or only one's own new one; bundles carry every case (L-06: the
# Secretariat's totals are anonymous, and a hidden case never travels with a name).
TOUCHES: Mapping[str, Touch] = {
    "case.search": Touch.MANY,
    "draft.keep": Touch.MANY,  # what one typed oneself is always kept, and offered back as `case.open` says
    "import.preview": Touch.MANY,
    "import.apply": Touch.MANY,
    "table.export": Touch.MANY,
    "journal.read": Touch.MANY,
    "case.open": Touch.ONE,
    "case.save": Touch.ONE,
    "consent.record": Touch.ONE,
    "basis.record": Touch.ONE,
    "determination.record": Touch.ONE,
    "referral.create": Touch.ONE,
    "referral.issue_letter": Touch.ONE,
    "letter.open": Touch.ONE,
    "case.assign": Touch.NAMING,
    "case.unassign": Touch.MANY,
}


class Answer(StrEnum):
    """What somebody may do with a case."""

    ALLOWED = "ALLOWED"
    REASON = "REASON"  # once per case and day
    HIDDEN = "HIDDEN"  # as if the case were not there
    REFUSED = "REFUSED"  # not in this role


@dataclass(frozen=True)
class Standing:
    """How somebody stands to a case: whether it is assigned to them, and whether it is restricted (L-06)."""

    assigned: bool
    restricted: bool


STANDINGS: tuple[Standing, ...] = tuple(Standing(*both) for both in product((True, False), repeat=2))


def answer(role: str, action: str, standing: Standing) -> Answer:
    """Return what a role may do with a case it stands so to. An action that touches no case is allowed or refused."""
    if role not in MATRIX.get(action, frozenset()):
        return Answer.REFUSED
    touch = TOUCHES.get(action)
    if touch is None:
        return Answer.ALLOWED
    if standing.restricted and not standing.assigned:
        return Answer.HIDDEN
    if touch is Touch.NAMING and role != Role.SUPERVISOR and not standing.restricted:
        return Answer.REFUSED
    return Answer.REASON if touch is Touch.ONE and not standing.assigned else Answer.ALLOWED


def is_restricted(case: Mapping[str, Value]) -> bool:
    """Say whether the fields of a case's own record restrict it to its officers; not known whether, they do."""
    return case.get("restricted") not in (None, False)


def require(role: str, action: str) -> None:
    """Let a permitted action pass.

    Raises:
        NotPermitted: The role may not do it, or there is no such action or role (ROLE_NOT_PERMITTED).
    """
    if role not in MATRIX.get(action, frozenset()):
        raise NotPermitted("ROLE_NOT_PERMITTED", role=role, action=action)


def may_see_health(role: str, *, trained: bool, bound_to_secrecy: bool) -> bool:
    """Say whether health facts may be shown: to an officer who is trained and bound to secrecy (DPA s.46, L-04).

    A clerk types them in and does not see them again (threat-model 5.3).
    """
    return role in _OFFICERS and trained and bound_to_secrecy


def require_signature(role: str, *, supervisor_signs: bool) -> None:
    """Let a letter pass that this role may sign for this receiver (`receiver_rules.csv`).

    Raises:
        NotPermitted: The receiver's letters are the supervisor's to sign (SUPERVISOR_SIGNS).
    """
    require(role, "referral.issue_letter")
    if supervisor_signs and role != Role.SUPERVISOR:
        raise NotPermitted("SUPERVISOR_SIGNS", role=role)
