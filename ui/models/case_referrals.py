"""The referrals of one case as rows: number, provider, status, when the answer is due."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.catalogue import Catalogue
from desktop.services.records import StoredRecord
from ui.languages import day, words
from ui.models.referral_rows import label
from ui.models.rows import Cell, Column, Row

CASE_REFERRAL_COLUMNS = (
    Column("REFERRAL_NUMBER", 26),
    Column("REFERRAL_PROVIDER", 36),
    Column("REFERRAL_STATUS", 22),
    Column("REFERRAL_DUE", 20),
)


def case_referral_rows(
    referrals: Sequence[StoredRecord], providers: Sequence[StoredRecord], catalogue: Catalogue
) -> list[Row]:
    """Return the rows, in the language in force."""
    names = {provider.record_id: provider.text("name") for provider in providers}
    return [
        Row(
            referral.record_id,
            (
                Cell(referral.text("referral_no") or words("REFERRAL_TAKEN_OVER"), strong=True),
                Cell(names.get(referral.text("to_provider"), "") or referral.text("to_provider_name")),
                Cell(label(catalogue, "referral_statuses", referral.text("status") or None)),
                Cell(day(referral.text("feedback_due")) if referral.text("feedback_due") else "", colour="muted"),
            ),
        )
        for referral in referrals
    ]
