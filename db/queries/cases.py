"""Lists of cases: a page by last touch, and the search as one types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.orm import Session, aliased

from db.models.office import CaseRow, SearchKey

PAGE_ROWS = 50
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
    query = select(*_COLUMNS).order_by(CaseRow.touched_at.desc(), CaseRow.case_id.desc()).limit(rows)
    if after is not None:
        query = query.where(tuple_(CaseRow.touched_at, CaseRow.case_id) < after)
    return session.execute(query).all()


def matching(session: Session, words: Sequence[str], rows: int = PAGE_ROWS) -> Sequence[Any]:
    """Return cases with a key that begins with each word, in the order of the first word's key."""
    if not words:
        return []
    lead = aliased(SearchKey)
    hits = select(lead.case_id, lead.key).where(*_begins(lead, words[0])).order_by(lead.key).limit(rows * 4)
    for word in words[1:]:
        other = aliased(SearchKey)
        hits = hits.where(select(other.case_id).where(other.case_id == lead.case_id, *_begins(other, word)).exists())
    found = hits.subquery()
    query = select(*_COLUMNS).join(found, found.c.case_id == CaseRow.case_id).order_by(found.c.key).distinct()
    return session.execute(query.limit(rows)).all()


def _begins(keys: type[SearchKey], word: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return keys.key >= word, keys.key < word + "\U0010ffff"
