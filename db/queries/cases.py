"""Lists of cases: a page by last touch, and the search as one types."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Text, and_, bindparam, exists, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from db.models.office import CaseRow, SearchKey
from db.queries.visible import is_shown

PAGE_ROWS = 50
_LAST = "\U0010ffff"  # after every sign
_NEWEST = (_LAST, "")  # after every instant
# How far the keys of each word are counted: further only where two words are more frequent than the first bound, since
# the wrong one of two would be walked to its end before a page is full.
_COUNTED = (2000, 8000)
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
    CaseRow.restricted,
)


def page(session: Session, user: str, after: tuple[str, str] | None = None, rows: int = PAGE_ROWS) -> Sequence[Any]:
    """Return the cases this person is shown, the last touched first.

    `after` is (touched_at, case_id) of the last row seen.
    """
    query = (
        select(*_COLUMNS)
        .where(tuple_(CaseRow.touched_at, CaseRow.case_id) < (after or _NEWEST), is_shown(user))
        .order_by(CaseRow.touched_at.desc(), CaseRow.case_id.desc())
        .limit(rows)
    )
    return session.execute(query).all()


def matching(session: Session, user: str, words: Sequence[str], rows: int = PAGE_ROWS) -> Sequence[Any]:
    """Return cases with a key that begins with each word, each case once, in the order of its first key.

    The rarest word leads. Its keys are walked in their order and the walk ends with the last row wanted: nothing is
    sorted and no match is passed over.
    """
    if not words:
        return []
    ordered = _rarest_first(session, words)
    return session.execute(_matching(len(words)), {**_ranges(ordered), "user": user, "rows": rows}).all()


@cache
def _matching(words: int) -> Select[*tuple[Any, ...]]:
    """Build the search for so many words, the first leading; building it takes longer than running it."""
    lead, earlier = aliased(SearchKey), aliased(SearchKey)
    query = select(*_COLUMNS).join(lead, lead.case_id == CaseRow.case_id).where(_begins(lead, 0))
    for number in range(1, words):
        other = aliased(SearchKey)
        query = query.where(exists().where(other.case_id == lead.case_id, _begins(other, number)))
    first = exists().where(
        earlier.case_id == lead.case_id, earlier.key >= bindparam("from_0", type_=Text), earlier.key < lead.key
    )
    query = query.where(~first, is_shown(bindparam("user", type_=Text)))
    return query.order_by(lead.key, lead.case_id).limit(bindparam("rows", type_=Integer))


def _rarest_first(session: Session, words: Sequence[str]) -> Sequence[str]:
    """Order words by how many keys begin with each, counted no further than tells rare from common."""
    if len(words) == 1:
        return words
    for most in _COUNTED:
        counts = session.execute(_counts(len(words)), {**_ranges(words), "most": most}).one()
        if sum(count == most for count in counts) < 2:
            break
    ranked = sorted((count, -len(word), word) for count, word in zip(counts, words, strict=True))
    return [word for _, _, word in ranked]


@cache
def _counts(words: int) -> Select[*tuple[Any, ...]]:
    counted = (
        select(SearchKey.key).where(_begins(SearchKey, number)).limit(bindparam("most", type_=Integer)).subquery()
        for number in range(words)
    )
    return select(*(select(func.count()).select_from(keys).scalar_subquery() for keys in counted))


def _begins(keys: type[SearchKey], number: int) -> ColumnElement[bool]:
    return and_(keys.key >= bindparam(f"from_{number}", type_=Text), keys.key < bindparam(f"to_{number}", type_=Text))


def _ranges(words: Sequence[str]) -> dict[str, Any]:
    """Return from where and up to where the keys of each word stand."""
    ends = ({f"from_{number}": word, f"to_{number}": word + _LAST} for number, word in enumerate(words))
    return {name: value for pair in ends for name, value in pair.items()}
