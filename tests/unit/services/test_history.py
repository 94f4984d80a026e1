"""What became of a record, and the office's own facts."""

from __future__ import annotations

import pytest

from desktop.errors import NotAccepted, Obstacle
from tests.factory import Place, change, count, draft_of, enrol, make_case, make_office, make_secretariat, rows


def test_every_revision_says_who_changed_which_field_from_what_to_what(office: Place) -> None:
    case_id = make_case(office, surname="Gachanja")
    change(office, case_id, surname="Gachanja Maina", phone="+254799999123")
    record_id = draft_of(office.desk.cases.open(case_id)).record_id or ""
    newest, oldest = office.desk.cases.history(record_id)
    assert (newest.revision, oldest.revision) == (2, 1)
    assert newest.by == "A. Supervisor"
    assert [(one.name, one.before, one.after) for one in newest.fields] == [
        ("surname", "Gachanja", "Gachanja Maina"),
        ("phone", None, "+254799999123"),
    ]
    assert ("sex", None, "F") in [(one.name, one.before, one.after) for one in oldest.fields]
    assert not newest.altered


def test_a_sealed_value_is_said_to_have_changed_and_not_shown(office: Place) -> None:
    case_id = make_case(office)
    change(office, case_id, current_address="Behind the mill")
    record_id = draft_of(office.desk.cases.open(case_id)).record_id or ""
    (changed,) = office.desk.cases.history(record_id)[0].fields
    assert (changed.name, changed.before, changed.after, changed.sealed) == ("current_address", None, None, True)


def test_each_look_at_a_history_is_journaled_once(office: Place) -> None:
    case_id = make_case(office)
    record_id = draft_of(office.desk.cases.open(case_id)).record_id or ""
    before = count(office.desk.vault, "journal")
    office.desk.cases.history(record_id)
    assert count(office.desk.vault, "journal") == before + 1
    newest = max(rows(office.desk.vault, "journal"), key=lambda row: row["n"])
    assert (newest["act"], newest["object"], newest["reason"]) == ("CASE_VIEWED", record_id, "HISTORY")


def test_the_history_of_nothing_is_refused_and_not_journaled(office: Place) -> None:
    before = count(office.desk.vault, "journal")
    with pytest.raises(Obstacle, match="RECORD_GONE"):
        office.desk.cases.history("00000000-0000-4000-8000-000000000000")
    assert count(office.desk.vault, "journal") == before


def test_the_letterhead_can_be_changed_and_the_name_only_until_the_office_is_enrolled(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made, national = make_office(tmp_path_factory.mktemp("o")), make_secretariat(tmp_path_factory.mktemp("s"))
    made.desk.office.save(name="New name", ministry="Ministry", phone="+254799999009")
    assert "OFFICE_CHANGED" in {row["act"] for row in rows(made.desk.vault, "journal")}
    enrol(made, national)
    sheet = made.desk.office.sheet()
    assert (sheet.name, sheet.phone, sheet.enrolled) == ("New name", "+254799999009", True)
    with pytest.raises(Obstacle, match="OFFICE_NAME_ENROLLED"):
        made.desk.office.save(name="Other", ministry="Ministry", phone="")
    with pytest.raises(NotAccepted):
        made.desk.office.save(name=" ", ministry="Ministry", phone="")
    made.lock()
    national.lock()
