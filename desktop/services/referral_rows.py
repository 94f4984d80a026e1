"""The derived rows of a case's referrals, remade in the transaction that changed its records; lists read them alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.office import ReferralRow
from desktop.clock import parse_stamp, stamp
from desktop.errors import Obstacle
from desktop.rules.states import Direction
from desktop.services import records
from desktop.services.records import StoredRecord
from desktop.services.session import OpenVault

_DRAFT = "DRAFT"
_USUAL = "NORMAL"


@dataclass(frozen=True)
class ReferralSummary:
    """One line of a list of referrals. `due_at` is when the receiver must have acted; see `due_at`."""

    referral_id: str
    case_id: str
    referral_no: str
    provider: str = field(repr=False)
    status: str
    urgency: str | None
    is_open: bool
    due_at: str
    issued_on: str | None


def refresh(session: Session, vault: OpenVault, case_id: str, found: Iterable[StoredRecord]) -> None:
    """Make the rows of one case those its records give. A referral whose bytes cannot be read has no row."""
    kept = {row.referral_id: row for row in session.scalars(select(ReferralRow).where(ReferralRow.case_id == case_id))}
    for record in listed(found):
        kept.pop(record.record_id, None)
        session.merge(_row(session, vault, case_id, record))  # writes what differs, and nothing where nothing does
    for row in kept.values():
        session.delete(row)
    session.flush()


def listed(found: Iterable[StoredRecord]) -> tuple[StoredRecord, ...]:
    """Return the referrals of a case that lists show: those this office makes."""
    return tuple(
        record
        for record in found
        if record.kind == "referral" and record.text("referral_no") and record.text("direction") != Direction.IN
    )


def _row(session: Session, vault: OpenVault, case_id: str, referral: StoredRecord) -> ReferralRow:
    status = referral.text("status")
    return ReferralRow(
        referral_id=referral.record_id,
        case_id=case_id,
        referral_no=referral.text("referral_no"),
        provider=_provider(session, vault, referral),
        status=status,
        urgency=referral.text("urgency") or None,
        open=is_open(vault, status),
        due_at=due_at(vault, referral),
        issued_on=(referral.text("date") or None) if status != _DRAFT else None,
    )


def is_open(vault: OpenVault, status: str) -> bool:
    """Say whether a referral in this state still waits for something; an unknown state does."""
    code = vault.catalogue.lists["referral_statuses"].get(status)
    return code is None or code.extra.get("terminal") != "yes"


def due_at(vault: OpenVault, referral: StoredRecord) -> str:
    """Return when the receiver must have acted: as the letter says.

    For a draft, as its letter would have said had it been issued when the draft was last saved: so a draft that lies
    about becomes late as well.
    """
    act_by = referral.text("act_by")
    if act_by and referral.text("status") != _DRAFT:
        return act_by
    urgency = vault.catalogue.lists["referral_urgency"]
    code = urgency.get(referral.text("urgency")) or urgency.get(_USUAL)
    hours = int(code.extra["hours_to_act"]) if code else 0
    return stamp(parse_stamp(referral.at) + timedelta(hours=hours))


def _provider(session: Session, vault: OpenVault, referral: StoredRecord) -> str:
    chosen = referral.text("to_provider")
    try:
        provider = records.load(session, vault, chosen) if chosen else None
    except Obstacle:
        provider = None  # a referral taken over from a workbook may name a provider that is not here
    return (provider.text("name") if provider else "") or referral.text("to_provider_name")
