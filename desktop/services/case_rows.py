"""The derived rows and search keys of a case, remade in the transaction that changed its records."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from db.models.base import Base
from db.models.office import CaseRow, SearchKey
from desktop.errors import Obstacle
from desktop.rules.access import is_restricted
from desktop.rules.names import fold, initials, name_keys
from desktop.services import assignments, records, referral_rows
from desktop.services.records import StoredRecord
from desktop.services.session import OpenVault

_NAME_FIELDS = ("first_name", "other_names", "surname", "known_as")
_KENYA = "+254"
_SHOWN = ("case", "person", "referral")  # the kinds whose records the rows of a case are made of
_ROWS, _SEARCH_KEYS = (Base.metadata.tables[name] for name in ("case_row", "search_key"))
_KEYS_OF_CASE = select(SearchKey.key).where(SearchKey.case_id == bindparam("case"))


def refresh(session: Session, vault: OpenVault, case_id: str, saved: StoredRecord | None = None) -> CaseRow:
    """Remake the list rows and the search keys of one case from its records.

    `saved` is the record that was just saved, where nothing else of the case was: then only what the rows show is read.
    """
    row = session.get(CaseRow, case_id) or CaseRow(case_id=case_id)
    if saved is not None and row.touched_at is not None and saved.at >= row.touched_at:
        found = records.of_case_with(session, vault, case_id, _SHOWN, saved)
    else:  # or a clock was put back, and another record is the newest
        found = records.of_case(session, vault, case_id)
    for name, value in _columns(found).items():
        setattr(row, name, value)
    session.add(row)
    _keep_keys(session, case_id, _keys(found))
    referral_rows.refresh(session, vault, case_id, found)
    session.flush()
    if row.restricted:
        assignments.keep_marker(session, vault, case_id)
    return row


def add(session: Session, vault: OpenVault, case_id: str, found: Iterable[StoredRecord]) -> None:
    """Make the list rows and the search keys of a new case, whose records these are."""
    known = tuple(found)
    session.execute(insert(_ROWS), {"case_id": case_id, **_columns(known)})
    keys = sorted(_keys(known))
    session.execute(insert(_SEARCH_KEYS), [{"key": key, "case_id": case_id} for key in keys])
    if referral_rows.listed(known):
        referral_rows.refresh(session, vault, case_id, known)


def _columns(found: Iterable[StoredRecord]) -> dict[str, Any]:
    """Return what the list shows of a case. Raises Obstacle RECORD_GONE without its own record."""
    known = tuple(found)
    case, person = first(known, "case"), first(known, "person")
    if case is None:
        raise Obstacle("RECORD_GONE")
    names = tuple(filter(None, (person.text(name) for name in _NAME_FIELDS[:3]))) if person else ()
    age = person.fields.get("age_at_registration") if person else None
    return {
        "case_ref": case.text("case_ref"),
        "pseudonym": case.text("pseudonym"),
        "shown_as": (person.text("safe_alias") if person else "") or initials(*names),
        "full_name": " ".join(names),
        "born": (person.text("dob") or None) if person else None,
        "age": age if isinstance(age, int) else None,
        "age_on": (person.text("age_said_on") or None) if person else None,
        "sex": (person.text("sex") or None) if person else None,
        "status": case.text("status"),
        "stage": case.text("stage") or None,
        "touched_at": max(record.at for record in known),
        # A record that cannot be read says nothing of it, so it is not known.
        "restricted": case.source is None or is_restricted(case.fields),
    }


def _keep_keys(session: Session, case_id: str, wanted: set[str]) -> None:
    """Make the search keys of a case those wanted. A key that stays is not written again: each lies on another page."""
    kept = set(session.scalars(_KEYS_OF_CASE, {"case": case_id}))
    if gone := kept - wanted:
        session.execute(delete(SearchKey).where(SearchKey.case_id == case_id, SearchKey.key.in_(gone)))
    session.add_all(SearchKey(key=key, case_id=case_id) for key in wanted - kept)


def first(found: Iterable[StoredRecord], kind: str) -> StoredRecord | None:
    """Return the first record of a kind, or None."""
    return next((record for record in found if record.kind == kind), None)


def _keys(found: Iterable[StoredRecord]) -> set[str]:
    known = tuple(found)
    case, person = first(known, "case"), first(known, "person")
    keys = {digits(case.text("case_ref"))} if case else set()
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
