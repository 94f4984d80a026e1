"""Writing records: few statements, and exactly what one record after the other would leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from desktop.errors import NotAccepted
from desktop.rules.records import RecordDraft
from desktop.services import case_rows, records
from tests.factory import Place, change, consent, make_case, make_provider, refer, rows

DERIVED = ("case_row", "search_key", "referral_row")


@contextmanager
def statements(office: Place) -> Iterator[list[tuple[str, Any]]]:
    found: list[tuple[str, Any]] = []

    def note(_c: object, _u: object, text: str, parameters: Any, *_: object) -> None:
        found.append((" ".join(text.split()), parameters))

    engine = office.desk.vault.store.engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def derived(office: Place) -> dict[str, list[tuple[tuple[str, Any], ...]]]:
    return {name: sorted(tuple(row.items()) for row in rows(office.desk.vault, name)) for name in DERIVED}


def notes(count: int) -> list[RecordDraft]:
    return [RecordDraft("import_note", {"heading": f"Column {n}", "text": "said"}) for n in range(count)]


def test_a_new_case_takes_as_many_statements_with_twenty_records_as_with_two(place: Place) -> None:
    make_case(place)
    taken = []
    for count in (1, 19):
        with statements(place) as found:
            make_case(place, *notes(count))
        taken.append(sum(not text.startswith("DELETE FROM draft") for text, _ in found))
    assert taken[0] == taken[1] <= 12


def test_a_new_case_stands_as_it_was_made_and_the_journal_holds(place: Place) -> None:
    case_id = make_case(place, *notes(3), surname="Wanjiru")
    with place.desk.vault.reading() as session:
        stored = records.of_case(session, place.desk.vault, case_id)
    assert sorted(record.kind for record in stored) == ["case", *["import_note"] * 3, "person"]
    assert not any(record.altered for record in stored)
    assert place.desk.journal.verify() == len(rows(place.desk.vault, "journal"))
    written = [row for row in rows(place.desk.vault, "journal") if row["object"] in {r.record_id for r in stored}]
    assert [row["act"] for row in sorted(written, key=lambda row: row["n"])] == ["CASE_CREATED"] + ["RECORD_SAVED"] * 4
    assert {bytes.fromhex(record.hash) for record in stored} == {row["revision_hash"] for row in written}


def test_a_new_case_with_one_bad_record_leaves_nothing(place: Place) -> None:
    before = {name: len(rows(place.desk.vault, name)) for name in ("record", "revision", "journal", "case_row")}
    with pytest.raises(NotAccepted):
        make_case(place, RecordDraft("import_note", {"heading": 5}))
    assert {name: len(rows(place.desk.vault, name)) for name in before} == before


@pytest.mark.parametrize("hours", [1, -2], ids=["clock goes on", "clock put back"])
def test_a_save_leaves_the_rows_that_every_record_of_the_case_gives(place: Place, hours: int) -> None:
    case_id = make_case(place, surname="Wanjiru", phone="+254729351383")
    provider = make_provider(place)
    consent(place, case_id, "SHARE_PROVIDER", receivers=(provider,))
    refer(place, case_id, provider)
    place.clock.instant += timedelta(hours=hours)
    for kind, fields in (("person", {"surname": "Achieng"}), ("case", {"narrative": "Seen today."}), ("person", {})):
        change(place, case_id, kind, **fields)
        kept = derived(place)
        with place.desk.vault.writing() as session:
            case_rows.refresh(session, place.desk.vault, case_id)
        assert derived(place) == kept


def test_a_save_reads_the_kinds_its_list_row_shows_and_not_what_it_just_wrote(place: Place) -> None:
    case_id = make_case(place, *notes(5))
    change(place, case_id, "person", surname="Achieng")
    with statements(place) as found:
        change(place, case_id, "person", surname="Njeri")
    bodies = [parameters for text, parameters in found if text.startswith("SELECT") and "revision.body" in text]
    of_kinds = [parameters for parameters in bodies if "person" in parameters]
    assert of_kinds == [(case_id, "case", "person", "referral")]


def test_sealed_names_stay_known_through_later_revisions(place: Place) -> None:
    case_id = make_case(place)
    change(place, case_id, "case", narrative="First.")
    change(place, case_id, "case", stage="FOLLOW_UP")
    change(place, case_id, "case", stage="IDENTIFIED")
    record = place.desk.cases.open(case_id).one("case")
    assert record is not None
    assert "narrative" in record.sealed
    with place.desk.vault.reading() as session:
        assert records.load(session, place.desk.vault, record.record_id) == record
