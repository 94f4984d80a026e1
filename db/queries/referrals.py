"""Lists of referrals: a page by due time, those that are open first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from db.models.office import ReferralRow
from db.queries.visible import is_hidden

PAGE_ROWS = 50
_EARLIEST = ("", "")  # before every instant
_COLUMNS = (
    ReferralRow.referral_id,
    ReferralRow.case_id,
    ReferralRow.referral_no,
    ReferralRow.provider,
    ReferralRow.status,
    ReferralRow.urgency,
    ReferralRow.open,
    ReferralRow.due_at,
    ReferralRow.issued_on,
)


def page(
    session: Session, user: str, *, is_open: bool, after: tuple[str, str] | None = None, rows: int = PAGE_ROWS
) -> Sequence[Any]:
    """Return open or closed referrals of cases this person is shown, the first due first.

    `after` is (due_at, referral_id) of the last row seen.
    """
    query = (
        select(*_COLUMNS)
        .where(
            ReferralRow.open.is_(is_open),
            tuple_(ReferralRow.due_at, ReferralRow.referral_id) > (after or _EARLIEST),
            ~is_hidden(ReferralRow.case_id, user),
        )
        .order_by(ReferralRow.due_at, ReferralRow.referral_id)
        .limit(rows)
    )
    return session.execute(query).all()
