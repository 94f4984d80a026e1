"""The derived rows and search keys of a case, remade in the transaction that changed its records."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.models.office import CaseRow, SearchKey
from desktop.errors import Obstacle
from desktop.rules.names import fold, initials, name_keys
from desktop.services import records, referral_rows
from desktop.services.records import StoredRecord
from desktop.services.session import OpenVault

_NAME_FIELDS = ("first_name", "other_names", "surname", "known_as")
_KENYA = "+254"


def refresh(session: Session, vault: OpenVault, case_id: str) -> CaseRow:
    """Remake the list rows and the search keys of one case from its records."""
    found = records.of_case(session, vault, case_id)
    case = first(found, "case")
    if case is None:
        raise Obstacle("RECORD_GONE")
    person = first(found, "person")
    row = session.get(CaseRow, case_id) or CaseRow(case_id=case_id)
    names = tuple(filter(None, (person.text(name) for name in _NAME_FIELDS[:3]))) if person else ()
    age = person.fields.get("age_at_registration") if person else None
    row.case_ref = case.text("case_ref")
    row.pseudonym = case.text("pseudonym")
    row.shown_as = (person.text("safe_alias") if person else "") or initials(*names)
    row.full_name = " ".join(names)
    row.born = (person.text("dob") or None) if person else None
    row.age = age if isinstance(age, int) else None
    row.age_on = (person.text("age_said_on") or None) if person else None
    row.sex = (person.text("sex") or None) if person else None
    row.status = case.text("status")
    row.stage = case.text("stage") or None
    row.touched_at = max(record.at for record in found)
    session.add(row)
    _keep_keys(session, case_id, _keys(case, person))
    referral_rows.refresh(session, vault, case_id, found)
    session.flush()
    return row


def _keep_keys(session: Session, case_id: str, wanted: set[str]) -> None:
    """Make the search keys of a case those wanted. A key that stays is not written again: each lies on another page."""
    kept = set(session.scalars(select(SearchKey.key).where(SearchKey.case_id == case_id)))
    if gone := kept - wanted:
        session.execute(delete(SearchKey).where(SearchKey.case_id == case_id, SearchKey.key.in_(gone)))
    session.add_all(SearchKey(key=key, case_id=case_id) for key in wanted - kept)


def first(found: Iterable[StoredRecord], kind: str) -> StoredRecord | None:
    """Return the first record of a kind, or None."""
    return next((record for record in found if record.kind == kind), None)


def _keys(case: StoredRecord, person: StoredRecord | None) -> set[str]:
    keys = {digits(case.text("case_ref"))}
    if person is not None:
        keys |= set(name_keys(*(person.text(name) for name in _NAME_FIELDS)))
        phone = person.text("phone")
        keys.add(digits(phone))
        if phone.startswith(_KENYA):
            keys.add("0" + phone.removeprefix(_KENYA))
    return keys - {""}


def digits(text: str) -> str:
    """Return the digits of a number, whatever separators stand between them."""
    return "".join(re.findall(r"[0-9]", text))


def search_words(text: str) -> tuple[str, ...]:
    """Return what a person typed as search keys: a number as its digits, words folded as names are."""
    if re.fullmatch(r"[\d\s+/().-]+", text.strip()) and digits(text):
        return (digits(text),)
    return tuple(fold(text).split())
