"""Lists of cases: a page by last touch, and the search as one types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, select, tuple_
from sqlalchemy.orm import Session, aliased

from db.models.office import CaseRow, SearchKey

PAGE_ROWS = 50
_NEWEST = ("\U0010ffff", "")  # after every instant
_COLUMNS = (
    CaseRow.case_id,
    CaseRow.case_ref,
    CaseRow.shown_as,
    CaseRow.full_name,
    CaseRow.born,
    CaseRow.age,
    CaseRow.age_on,
    CaseRow.sex,
    CaseRow.status,
    CaseRow.stage,
    CaseRow.touched_at,
)


def page(session: Session, after: tuple[str, str] | None = None, rows: int = PAGE_ROWS) -> Sequence[Any]:
    """Return cases, the last touched first. `after` is (touched_at, case_id) of the last row seen."""
    query = (
        select(*_COLUMNS)
        .where(tuple_(CaseRow.touched_at, CaseRow.case_id) < (after or _NEWEST))
        .order_by(CaseRow.touched_at.desc(), CaseRow.case_id.desc())
        .limit(rows)
    )
    return session.execute(query).all()


def matching(session: Session, words: Sequence[str], rows: int = PAGE_ROWS) -> Sequence[Any]:
    """Return cases with a key that begins with each word, each case once, in the order of its first key.

    The longest word leads, because the fewest keys begin with it. Keys are walked in their order and the walk ends with
    the last row wanted: nothing is sorted and no match is passed over.
    """
    if not words:
        return []
    longest, *others = sorted(words, key=len, reverse=True)
    lead, earlier = aliased(SearchKey), aliased(SearchKey)
    query = (
        select(*_COLUMNS)
        .join(lead, lead.case_id == CaseRow.case_id)
        .where(_begins(lead, longest))
        .where(~exists().where(earlier.case_id == lead.case_id, earlier.key >= longest, earlier.key < lead.key))
        .order_by(lead.key, lead.case_id)
        .limit(rows)
    )
    for word in others:
        other = aliased(SearchKey)
        query = query.where(exists().where(other.case_id == lead.case_id, _begins(other, word)))
    return session.execute(query).all()


def _begins(keys: type[SearchKey], word: str) -> ColumnElement[bool]:
    return and_(keys.key >= word, keys.key < word + "\U0010ffff")
