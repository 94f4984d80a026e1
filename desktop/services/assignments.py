"""Whose case it is, and who else may look: assignment, the reason once per case and day, hidden cases (L-06).

Keying a case assigns it, its maker's `CASE_CREATED` says so; every other change stands in the journal by itself, with
the desk number of whom it is about. What the desk reads for its own work (a bundle, the rows of a list, a letter drawn
anew) asks nobody here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.orm import Session

from db.models.base import Base, DeskUser
from db.models.office import Assignment, CaseRow, ViewReason
from desktop.clock import today
from desktop.errors import NotAccepted, NotPermitted, Obstacle, Problem
from desktop.rules import access
from desktop.rules.access import Answer, Standing
from desktop.rules.journal_chain import Act
from desktop.services import journal
from desktop.services.session import OpenVault

REASONS = "view_reasons"  # the code list
_TABLE = Base.metadata.tables["assignment"]
_MINE = select(Assignment.case_id).where(Assignment.case_id == bindparam("case"), Assignment.user == bindparam("user"))
_ROW = select(CaseRow.restricted).where(CaseRow.case_id == bindparam("case"))
_NUMBER = select(CaseRow.case_ref).where(CaseRow.case_id == bindparam("case"))
_SAID = select(ViewReason.reason).where(
    ViewReason.user == bindparam("user"), ViewReason.day == bindparam("day"), ViewReason.case_id == bindparam("case")
)
_HERE = (DeskUser.left_at.is_(None), DeskUser.suspended_at.is_(None))


@dataclass(frozen=True)
class Officer:
    """Somebody of this desk as a case sees them: `since` when it has been theirs, None where it is not.

    `here`: neither left nor suspended; nobody else can be assigned a case.
    """

    user: str
    name: str = field(repr=False)
    desk_number: int
    role: str
    since: str | None
    here: bool


# --------------------------------------------------------------------------------------------------- the gate


def admit(session: Session, vault: OpenVault, action: str, case_id: str | None, reason: str | None = None) -> bool:
    """Let the signed-in person do an action to a case, and say whether a view was journaled with its reason just now.

    Every service that shows or changes one case comes through here, in the transaction of the act itself.

    Raises:
        NotAccepted: VALUE_NOT_IN_LIST, the reason is none.
        NotPermitted: ROLE_NOT_PERMITTED.
        Obstacle: RECORD_GONE, there is no such case or it is hidden: nobody can tell which. VIEW_REASON_NEEDED, with
            the number of the case.
    """
    verdict = _verdict(session, vault, action, case_id)
    if verdict is Answer.HIDDEN:
        raise Obstacle("RECORD_GONE")
    if verdict is Answer.REFUSED:
        raise NotPermitted("ROLE_NOT_PERMITTED", role=vault.role, action=action)
    return verdict is Answer.REASON and _ask(session, vault, case_id or "", reason)


def is_there(session: Session, vault: OpenVault, case_id: str | None) -> bool:
    """Say whether a case is here and not hidden from the signed-in person."""
    return _verdict(session, vault, "case.search", case_id) is not Answer.HIDDEN


def _verdict(session: Session, vault: OpenVault, action: str, case_id: str | None) -> Answer:
    restricted = session.scalar(_ROW, {"case": case_id})
    if restricted is None:
        return Answer.HIDDEN
    return access.answer(vault.role, action, Standing(_is_mine(session, vault, case_id or ""), restricted))


def _is_mine(session: Session, vault: OpenVault, case_id: str) -> bool:
    return session.scalar(_MINE, {"case": case_id, "user": vault.user}) is not None


def _ask(session: Session, vault: OpenVault, case_id: str, reason: str | None) -> bool:
    """Find today's reason, or note the one given and say that it was noted."""
    day = today(vault.clock).isoformat()
    if session.scalar(_SAID, {"user": vault.user, "day": day, "case": case_id}) is not None:
        return False
    if reason is None:
        raise Obstacle("VIEW_REASON_NEEDED", case_ref=session.scalar(_NUMBER, {"case": case_id}) or "")
    if reason not in vault.catalogue.lists[REASONS]:
        raise NotAccepted((Problem("VALUE_NOT_IN_LIST"),), "VALUE_NOT_IN_LIST")
    # Of earlier days the journal alone tells: the table stays as small as one day's work.
    session.execute(delete(ViewReason).where(ViewReason.user == vault.user, ViewReason.day < day))
    session.add(ViewReason(user=vault.user, day=day, case_id=case_id, reason=reason))
    session.flush()
    journal.append(session, vault, Act.CASE_VIEWED, case_id, reason=reason)
    return True


# --------------------------------------------------------------------------------------------------- officers


def begin(session: Session, vault: OpenVault, case_id: str) -> None:
    """Assign a new case to its maker, in the transaction that makes it."""
    session.execute(insert(_TABLE), {"case_id": case_id, "user": vault.user, "since": vault.now()})


def keep_marker(session: Session, vault: OpenVault, case_id: str) -> None:
    """Assign a case to whoever restricts it: nobody hides a case from themselves, and no case from everybody."""
    if not _is_mine(session, vault, case_id):
        _assign(session, vault, case_id, vault.user, _desk_number(session, vault.user))


def officers(session: Session, case_id: str) -> tuple[Officer, ...]:
    """Return everybody who works at the desk and whoever else the case is assigned to, by desk number."""
    since = {row.user: row.since for row in _of_case(session, case_id)}
    people = session.scalars(select(DeskUser).order_by(DeskUser.desk_number))
    seen = (
        Officer(
            user=row.id,
            name=row.name,
            desk_number=row.desk_number,
            role=row.role,
            since=since.get(row.id),
            here=row.left_at is None and row.suspended_at is None,
        )
        for row in people
    )
    return tuple(one for one in seen if one.here or one.since)


def assign(session: Session, vault: OpenVault, case_id: str, user: str) -> None:
    """Make somebody an officer of a case. To do it twice changes nothing.

    Raises:
        Obstacle: USER_GONE, USER_SUSPENDED.
    """
    person = session.get(DeskUser, user)
    if person is None or person.left_at is not None:
        raise Obstacle("USER_GONE")
    if person.suspended_at is not None:
        raise Obstacle("USER_SUSPENDED")
    if session.get(Assignment, (case_id, user)) is None:
        _assign(session, vault, case_id, user, person.desk_number)


def unassign(session: Session, vault: OpenVault, case_id: str, user: str) -> None:
    """Take a case away from somebody. Where it is not theirs nothing is changed.

    Raises:
        Obstacle: LAST_OFFICER, nobody who works here would be left to it.
    """
    row = session.get(Assignment, (case_id, user))
    if row is None:
        return
    if not _others_here(session, case_id, user):
        raise Obstacle("LAST_OFFICER")
    session.delete(row)
    session.flush()
    said = f"DESK_{_desk_number(session, user)}"
    journal.append(session, vault, Act.CASE_UNASSIGNED, case_id, reason=said)


def hand_over(session: Session, vault: OpenVault) -> None:
    """Give the signed-in supervisor the restricted cases whose officers have all left, in the act that let one go.

    Otherwise such a case would be hidden from everybody for ever (L-06). The journal says whose each was last.
    """
    session.flush()
    officer = select(Assignment.case_id).join(DeskUser, DeskUser.id == Assignment.user)
    stayed = officer.where(Assignment.case_id == CaseRow.case_id, DeskUser.left_at.is_(None)).exists()
    left = select(CaseRow.case_id).where(CaseRow.restricted, ~stayed).order_by(CaseRow.case_id)
    own = _desk_number(session, vault.user)
    for case_id in session.scalars(left).all():
        last = session.scalar(
            select(DeskUser.desk_number)
            .join(Assignment, Assignment.user == DeskUser.id)
            .where(Assignment.case_id == case_id)
            .order_by(Assignment.since.desc(), DeskUser.desk_number)
            .limit(1)
        )
        _assign(session, vault, case_id, vault.user, own, f"LEFT_BY_{last or 0}")


def _assign(session: Session, vault: OpenVault, case_id: str, user: str, desk_number: int, *why: str) -> None:
    session.execute(insert(_TABLE), {"case_id": case_id, "user": user, "since": vault.now()})
    said = " ".join((f"DESK_{desk_number}", *why))
    journal.append(session, vault, Act.CASE_ASSIGNED, case_id, reason=said)


def _others_here(session: Session, case_id: str, user: str) -> int:
    query = (
        select(func.count())
        .select_from(Assignment)
        .join(DeskUser, DeskUser.id == Assignment.user)
        .where(Assignment.case_id == case_id, Assignment.user != user, *_HERE)
    )
    return session.scalar(query) or 0


def _of_case(session: Session, case_id: str) -> Iterable[Assignment]:
    return session.scalars(select(Assignment).where(Assignment.case_id == case_id))


def _desk_number(session: Session, user: str) -> int:
    return session.scalar(select(DeskUser.desk_number).where(DeskUser.id == user)) or 0
