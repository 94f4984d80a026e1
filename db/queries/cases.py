"""Lists of cases: a page by last touch, and the search as one types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from db.models.office import CaseRow, SearchKey

PAGE_ROWS = 50
_NEWEST = ("\U0010ffff", "")  # after every instant
_COUNTED = 2000
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

    The rarest word leads. Its keys are walked in their order and the walk ends with the last row wanted: nothing is
    sorted and no match is passed over.
    """
    if not words:
        return []
    rarest, *others = _rarest_first(session, words)
    lead, earlier = aliased(SearchKey), aliased(SearchKey)
    query = select(*_COLUMNS).join(lead, lead.case_id == CaseRow.case_id).where(_begins(lead, rarest))
    for word in others:
        other = aliased(SearchKey)
        query = query.where(exists().where(other.case_id == lead.case_id, _begins(other, word)))
    query = query.where(~exists().where(earlier.case_id == lead.case_id, earlier.key >= rarest, earlier.key < lead.key))
    return session.execute(query.order_by(lead.key, lead.case_id).limit(rows)).all()


def _rarest_first(session: Session, words: Sequence[str]) -> Sequence[str]:
    """Order words by how many keys begin with each, counted no further than tells rare from common."""
    if len(words) == 1:
        return words
    counted = (select(SearchKey.key).where(_begins(SearchKey, word)).limit(_COUNTED).subquery() for word in words)
    counts = session.execute(select(*(select(func.count()).select_from(keys).scalar_subquery() for keys in counted)))
    ranked = sorted((count, -len(word), word) for count, word in zip(counts.one(), words, strict=True))
    return [word for _, _, word in ranked]


def _begins(keys: type[SearchKey], word: str) -> ColumnElement[bool]:
    return and_(keys.key >= word, keys.key < word + "\U0010ffff")
