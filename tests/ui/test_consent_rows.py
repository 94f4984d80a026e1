from __future__ import annotations

from desktop.catalogue import load
from desktop.rules.records import Value
from desktop.services.records import StoredRecord
from tests.factory import CONSENT
from ui.models.consent_rows import consent_rows, standing


def stored(record_id: str, at: str, *, altered: bool = False, **fields: Value) -> StoredRecord:
    return StoredRecord(record_id, "consent", "c", 1, {**CONSENT, **fields}, frozenset(), None, at, "u", "h", altered)


def test_what_stands_is_the_row_that_counts_for_each_scope_and_receiver() -> None:
    rows = [
        stored("old", "2026-11-25T06:00:00.000Z", scope="SHARE_PROVIDER", recipient="a"),
        stored("other", "2026-11-25T06:00:01.000Z", scope="SHARE_PROVIDER", recipient="b"),
        stored("back", "2026-11-25T06:00:02.000Z", scope="SHARE_PROVIDER", recipient="a", answer="WITHDRAWN"),
        stored("nobody", "2026-11-25T06:00:03.000Z", scope="SHARE_ABROAD"),
    ]
    assert [one.record_id for one in standing(rows)] == ["back", "other", "nobody"]


def test_a_refusal_that_names_nobody_stands_for_every_receiver() -> None:
    rows = [
        stored("yes", "2026-11-25T06:00:00.000Z", scope="SHARE_PROVIDER", recipient="a"),
        stored("no", "2026-11-25T06:00:01.000Z", scope="SHARE_PROVIDER", answer="REFUSED"),
    ]
    assert [one.record_id for one in standing(rows)] == ["no"]


def test_a_yes_to_sharing_that_names_nobody_says_that_it_permits_nothing() -> None:
    catalogue = load()
    row = stored("nobody", "2026-11-25T06:00:00.000Z", scope="SHARE_ABROAD")
    police = stored("police", "2026-11-25T06:00:00.000Z", scope="SHARE_POLICE", recipient_actor="POLICE")
    first, second = consent_rows([row, police], {}, catalogue)
    assert first.cells[1].text == "Nobody named: permits nothing"
    assert second.cells[1].text == "Police (station, gender desk)"
    assert first.cells[4].text == "25 November 2026, 08:00"
