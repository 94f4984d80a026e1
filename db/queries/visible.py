"""Which cases somebody is shown: all but those restricted to other officers (L-06).

Restricted cases are few and stand in an index of their own, so that what a list asks of each row is one look-up.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.models.office import Assignment, CaseRow

Case = ColumnElement[str] | InstrumentedAttribute[str] | InstrumentedAttribute[str | None]
User = str | ColumnElement[str]


def is_shown(user: User) -> ColumnElement[bool]:
    """Return the condition on a row of `CaseRow` under which this person is shown it."""
    return or_(CaseRow.restricted.is_(False), _assigned(CaseRow.case_id, user))


def is_hidden(case_id: Case, user: User) -> ColumnElement[bool]:
    """Return the condition on any row that names a case under which the case is hidden from this person."""
    # A name of its own, so that it never means the case's row of the statement around it.
    row = CaseRow.__table__.alias("hidden_case")
    return exists(
        select(row.c.case_id)
        .where(row.c.case_id == case_id, row.c.restricted, ~_assigned(row.c.case_id, user))
        .correlate_except(row)
    )


def _assigned(case_id: Case, user: User) -> ColumnElement[bool]:
    mine = Assignment.__table__.alias("mine")
    return exists(select(mine.c.case_id).where(mine.c.case_id == case_id, mine.c.user == user).correlate_except(mine))


def count(session: Session, user: str, *conditions: ColumnElement[bool]) -> int:
    """Return how many cases that fulfil the conditions are shown to somebody: all, but for the hidden ones."""
    every = select(func.count()).select_from(CaseRow).where(*conditions)
    hidden = every.where(CaseRow.restricted, ~_assigned(CaseRow.case_id, user))
    return (session.scalar(every) or 0) - (session.scalar(hidden) or 0)
