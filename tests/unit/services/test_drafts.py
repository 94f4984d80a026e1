"""Unsaved work: kept for its author alone, and dropped by the save."""

from __future__ import annotations

import pytest

from desktop.crypto.encoding import Malformed
from desktop.crypto.sealing import generate_secret, open_sealed
from desktop.rules.records import Damaged, Missing, RecordDraft, Value
from tests.factory import Place, draft_of, make_case, rows


def test_a_draft_comes_back_as_it_was_typed_and_the_newest_takes_the_place_of_the_one_before(office: Place) -> None:
    case_id = make_case(office)
    opened = draft_of(office.desk.cases.open(case_id))
    odd: dict[str, Value] = {
        "surname": "ሰላም\ud800",
        "sex": Missing.REFUSED,
        "languages": ("SWA", "AMH"),
        "dob": Damaged({"x": 1}),
    }
    for surname in ("first", "second"):
        draft = RecordDraft("person", {**odd, "known_as": surname}, opened.record_id, case_id, opened.revision)
        office.desk.drafts.keep([draft])
    (kept,) = office.desk.drafts.of_case(case_id)
    assert kept.draft == draft
    assert office.desk.drafts.cases()[0] == case_id


def test_saving_the_record_drops_its_draft_and_no_other(office: Place) -> None:
    case_id = make_case(office)
    draft = draft_of(office.desk.cases.open(case_id))
    other = RecordDraft("recruitment", {"place_entered": "Busia"}, None, case_id)
    office.desk.drafts.keep([draft, other])
    office.desk.cases.save(draft)
    assert [kept.draft for kept in office.desk.drafts.of_case(case_id)] == [other]
    office.desk.drafts.drop(other)
    assert office.desk.drafts.of_case(case_id) == ()


def test_what_is_stored_holds_no_word_of_it_and_opens_for_nobody_else(office: Place) -> None:
    case_id = make_case(office)
    office.desk.drafts.keep([RecordDraft("case", {"narrative": "Kiambatisho"}, None, case_id)])
    (stored,) = [row["sealed"] for row in rows(office.desk.vault, "draft") if row["case_id"] == case_id]
    assert b"Kiambatisho" not in stored
    with pytest.raises(Malformed):
        open_sealed(stored, generate_secret())
    assert office.desk.drafts.of_case(case_id)[0].draft.fields == {"narrative": "Kiambatisho"}


def test_the_place_is_remembered_over_a_lock_and_is_no_draft(office: Place) -> None:
    before = office.desk.drafts.cases()
    assert office.desk.drafts.place() == {}
    office.desk.drafts.keep_place({"screen": "caseFile", "case_id": "c", "section": "person"})
    office.reopen()
    assert office.desk.drafts.place() == {"screen": "caseFile", "case_id": "c", "section": "person"}
    assert office.desk.drafts.cases() == before
    assert office.desk.drafts.of_case(None) == ()
