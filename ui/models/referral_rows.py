"""Referrals as rows of a list: number, provider, status, urgency, and when they are due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from desktop.catalogue import Catalogue
from desktop.clock import NAIROBI, parse_stamp
from desktop.services.referral_rows import ReferralSummary
from ui.languages import current, day, plural, words
from ui.models.rows import Cell, Column, Row

REFERRAL_COLUMNS = (
    Column("REFERRAL_NUMBER", 22),
    Column("REFERRAL_PROVIDER", 34),
    Column("REFERRAL_STATUS", 20),
    Column("REFERRALS_URGENCY", 12, spare=1),
    Column("REFERRALS_DUE", 20),
)

WAITING_COLUMNS = (Column("REFERRALS_DUE", 30), Column("REFERRAL_PROVIDER", 40), Column("REFERRAL_NUMBER", 30))


def referral_rows(referrals: Sequence[ReferralSummary], catalogue: Catalogue, on: date) -> list[Row]:
    """Return the rows, in the language in force; late as of the day `on`."""
    return [
        Row(
            referral.referral_id,
            (
                Cell(referral.referral_no, strong=True),
                Cell(referral.provider),
                Cell(label(catalogue, "referral_statuses", referral.status)),
                Cell(label(catalogue, "referral_urgency", referral.urgency)),
                _due(referral, on),
            ),
        )
        for referral in referrals
    ]


def waiting_rows(referrals: Sequence[ReferralSummary], on: date) -> list[Row]:
    """Return open referrals as rows of Today, in the language in force: when it is due stands first."""
    return [
        Row(one.referral_id, (_due(one, on), Cell(one.provider), Cell(one.referral_no, colour="muted")))
        for one in referrals
    ]


def label(catalogue: Catalogue, list_name: str, code: str | None) -> str:
    """Return the label of a code in the language in force, nothing for none."""
    return catalogue.lists[list_name].label(code, current()) if code else ""


def _due(referral: ReferralSummary, on: date) -> Cell:
    due = parse_stamp(referral.due_at).astimezone(NAIROBI).date()
    if not referral.is_open:
        return Cell(day(due.isoformat()), colour="muted")
    if due < on:
        return Cell(plural("REFERRALS_LATE", (on - due).days), sign="circle-alert", colour="danger", strong=True)
    if due == on:
        return Cell(words("REFERRALS_DUE_TODAY"), sign="hourglass", colour="warn", strong=True)
    return Cell(day(due.isoformat()))
