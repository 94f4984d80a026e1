"""What a person agreed to as it stands now, as rows of a list: scope, receiver, answer, who gave it, when."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.catalogue import Catalogue
from desktop.rules.consent import GIVING, NAMED_ONLY, ConsentRow, consent_row, instant, newest
from desktop.services.records import StoredRecord
from ui.languages import day, words
from ui.models.referral_rows import label
from ui.models.rows import Cell, Column, Row

CONSENT_COLUMNS = (
    Column("CONSENT_SCOPE", 30),
    Column("CONSENT_RECEIVER", 22),
    Column("CONSENT_ANSWER", 22),
    Column("CONSENT_GIVER", 18, spare=1),
    Column("CONSENT_WHEN", 26),
)
# An icon and a colour beside the word of the answer.
_MARKS = {
    "GIVEN": ("circle-check", "accent"),
    "LIMITED": ("shield-check", "info"),
    "REFUSED": ("ban", "warn"),
    "WITHDRAWN": ("undo-2", "warn"),
}


def standing(records: Sequence[StoredRecord]) -> list[StoredRecord]:
    """Return the row that counts for each scope and receiver, in the order the scopes were first asked.

    A row that was changed from outside counts for nothing and always stands here, so that somebody looks at it.
    """
    altered = [record for record in records if record.altered]
    by_id = {record.record_id: record for record in records if not record.altered}
    rows = [consent_row(record.fields, record_id=key, recorded_at=record.at) for key, record in by_id.items()]
    asked = dict.fromkeys((row.scope, row.recipient_id) for row in rows)
    found = dict.fromkeys(_counting(rows, scope, recipient) for scope, recipient in asked)
    return [*altered, *(by_id[key] for key in found if key is not None)]


def _counting(rows: Sequence[ConsentRow], scope: str, recipient_id: str | None) -> str | None:
    row = newest(rows, scope, recipient_id)
    if row is None:  # a yes that names nobody and so permits nothing; it was said all the same
        same = [one for one in rows if (one.scope, one.recipient_id) == (scope, recipient_id)]
        row = max(same, key=lambda one: one.recorded_at)
    return row.record_id


def can_be_withdrawn(record: StoredRecord) -> bool:
    """Say whether a row gives something that can be taken back."""
    return not record.altered and record.text("answer") in GIVING


def consent_rows(records: Sequence[StoredRecord], names: dict[str, str], catalogue: Catalogue) -> list[Row]:
    """Return the rows, in the language in force. `names` are the providers' by record id."""
    return [
        Row(
            record.record_id,
            (
                Cell(label(catalogue, "consent_scopes", record.text("scope") or None), strong=True),
                _receiver(record, names, catalogue),
                _answer(record, catalogue),
                Cell(label(catalogue, "consent_givers", record.text("given_by") or None)),
                Cell(_when(record), colour="muted"),
            ),
        )
        for record in records
    ]


def _receiver(record: StoredRecord, names: dict[str, str], catalogue: Catalogue) -> Cell:
    recipient, actor = record.text("recipient"), record.text("recipient_actor")
    if recipient:
        return Cell(names.get(recipient) or words("CONSENT_RECEIVER_GONE"))
    if record.text("scope") in NAMED_ONLY and record.text("answer") in GIVING:
        return Cell(words("CONSENT_NOBODY_NAMED"), "circle-alert", "warn")
    return Cell(label(catalogue, "nrm_actors", actor or None))


def _answer(record: StoredRecord, catalogue: Catalogue) -> Cell:
    if record.altered:
        return Cell(words("CONSENT_ALTERED"), "triangle-alert", "danger", strong=True)
    answer = record.text("answer")
    sign, colour = _MARKS.get(answer, ("circle-dashed", "muted"))
    return Cell(label(catalogue, "consent_answers", answer or None), sign, colour)


def _when(record: StoredRecord) -> str:
    at = record.text("at")
    moment = instant(at)
    if moment is None:
        return ""
    spoken = day(moment.date().isoformat())
    return f"{spoken}, {moment:%H:%M}" if "T" in at else spoken
