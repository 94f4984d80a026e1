"""Which role may do what: one table, read by every service before anything else and by nobody in silence.

Roles are a courtesy of the program (threat-model 5.3): what is real is held by keys, not by this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from desktop.errors import NotPermitted


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
    "journal.read": _SUPERVISOR,
    "journal.verify": _OFFICE | _NATIONAL,
    "secretariat.init": _ANALYST,
    "secretariat.enrol": _ANALYST,
    "secretariat.intake": _NATIONAL,
    "secretariat.receipts": _NATIONAL,
}

ACTIONS: tuple[str, ...] = tuple(MATRIX)


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
