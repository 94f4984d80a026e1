"""The journal to be read: pages of entries, the newest first, with the names and numbers that only the vault knows.

Of a case hidden from the reader the act stands there and no number: the chain has no gaps, and nobody learns whose.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.models.base import DeskUser, JournalEntry
from db.models.office import CaseRow, Letter, OutgoingBundle, Record
from db.queries.visible import is_shown
from desktop.clock import NAIROBI, stamp
from desktop.rules.journal_reading import JournalLine, JournalPage, JournalPerson, JournalWish
from desktop.services.session import OpenVault

PAGE = 60
LOOKED_AT = 5000  # entries that one question looks at, whatever it finds: nobody waits behind a search for an old day


def people_of(session: Session) -> tuple[JournalPerson, ...]:
    """Return everybody whose name can stand in the journal."""
    rows = session.execute(select(DeskUser.id, DeskUser.desk_number, DeskUser.name).order_by(DeskUser.desk_number))
    return tuple(JournalPerson(row.id, row.desk_number, row.name) for row in rows)


def page(session: Session, vault: OpenVault, below: int | None, wish: JournalWish) -> JournalPage:
    """Return entries below a number, or the newest, as far as one question looks."""
    top = (session.scalar(select(func.max(JournalEntry.n))) or 0) + 1 if below is None else below
    floor = max(top - LOOKED_AT, 1)
    query = _wanted(session, vault, wish)
    if query is None:
        return JournalPage((), 0)
    rows = session.scalars(query.where(JournalEntry.n < top, JournalEntry.n >= floor)).all()
    more = rows[-1].n if len(rows) == PAGE else floor
    return JournalPage(_lines(session, vault, rows), more if more > 1 else 0)


def _wanted(session: Session, vault: OpenVault, wish: JournalWish) -> Select[JournalEntry] | None:
    """Return the question; None where it can have no answer."""
    query = select(JournalEntry).order_by(JournalEntry.n.desc()).limit(PAGE)
    if wish.acts:
        query = query.where(JournalEntry.act.in_(sorted(wish.acts)))
    if wish.user:
        query = query.where(JournalEntry.user == wish.user)
    if wish.day:
        begins = datetime.combine(date.fromisoformat(wish.day), datetime.min.time(), NAIROBI)
        ends = begins + timedelta(days=1)
        query = query.where(JournalEntry.at >= stamp(begins), JournalEntry.at < stamp(ends))
    if wish.case_ref:
        found = select(CaseRow.case_id).where(CaseRow.case_ref == wish.case_ref, is_shown(vault.user))
        case_id = session.scalar(found)
        if case_id is None:
            return None
        query = query.where(JournalEntry.object.in_(_objects_of(session, case_id)))
    return query


def _objects_of(session: Session, case_id: str) -> list[str]:
    """Return the ids under which the journal knows a case: its own, its records', its letters'."""
    records = session.scalars(select(Record.id).where(Record.case_id == case_id)).all()
    letters = session.scalars(select(Letter.serial).where(Letter.referral_id.in_(records))).all()
    return [case_id, *records, *letters]


def _lines(session: Session, vault: OpenVault, entries: Sequence[JournalEntry]) -> tuple[JournalLine, ...]:
    people = {person.user: person for person in people_of(session)}
    objects = {entry.object for entry in entries} - {""} - people.keys()
    cases = _cases(session, vault.user, objects) if vault.kind == "OFFICE" else {}
    bundles: dict[str, int] = {}
    if vault.kind == "OFFICE" and (rest := objects - cases.keys()):
        found = select(OutgoingBundle.id, OutgoingBundle.sequence).where(OutgoingBundle.id.in_(sorted(rest)))
        bundles = {row.id: row.sequence for row in session.execute(found)}
    lines = []
    for entry in entries:
        by, about = people.get(entry.user), people.get(entry.object)
        case_id, case_ref = cases.get(entry.object, ("", ""))
        lines.append(
            JournalLine(
                n=entry.n,
                at=entry.at,
                by=by.name if by else "",
                desk_number=by.desk_number if by else 0,
                act=entry.act,
                case_id=case_id,
                case_ref=case_ref,
                about=about.name if about and about is not by else "",
                bundle=bundles.get(entry.object, 0),
                reason=entry.reason or "",
            )
        )
    return tuple(lines)


def _cases(session: Session, user: str, objects: set[str]) -> dict[str, tuple[str, str]]:
    """Return id and number of the case that each object is, or belongs to, as far as this person is shown it."""
    ids = sorted(objects)
    own = select(CaseRow.case_id, CaseRow.case_id, CaseRow.case_ref).where(CaseRow.case_id.in_(ids))
    of_record = (
        select(Record.id, CaseRow.case_id, CaseRow.case_ref)
        .join(CaseRow, CaseRow.case_id == Record.case_id)
        .where(Record.id.in_(ids))
    )
    of_letter = (
        select(Letter.serial, CaseRow.case_id, CaseRow.case_ref)
        .join(Record, Record.id == Letter.referral_id)
        .join(CaseRow, CaseRow.case_id == Record.case_id)
        .where(Letter.serial.in_(ids))
    )
    found: dict[str, tuple[str, str]] = {}
    for query in (own, of_record, of_letter):
        shown = session.execute(query.where(is_shown(user)))
        found |= {name: (case_id, case_ref) for name, case_id, case_ref in shown}
    return found
