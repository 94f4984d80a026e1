from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot
from sqlalchemy import text

from desktop.rules.access import Role
from desktop.rules.records import RecordDraft
from tests.factory import PERSON
from tests.ui.case_files import CTRL, Held, change_person, drafts, hold, save, stored
from tests.ui.conftest import Office
from tests.ui.desks import case_with, in_lane, make_practice_office, open_desk
from ui.languages import plural, words
from ui.seat import Seat


@pytest.fixture(scope="module")
def case_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_practice_office(tmp_path_factory.mktemp("case"))


@pytest.fixture
def seat(application: QApplication, case_office: Office) -> Iterator[Seat]:
    with open_desk(case_office.folder, case_office.sentence) as opened:
        yield opened


def test_problems_show_only_at_fields_that_were_left(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON), "determination")
    held.put(status="IDENTIFIED")
    held.form().left.emit("status")
    assert held.text("determination.justification.problem") == ""
    assert held.text("caseFile.foot.problems") == ""
    held.form().left.emit("justification")
    assert held.text("determination.justification.problem")
    assert held.text("caseFile.foot.problems") == plural("CASEFILE_PROBLEMS", 1)


def test_what_is_typed_is_kept_on_leaving_a_part_and_continued_on_opening_again(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id, "person")
    held.type_in("person.first_name", "Zuhura")
    held.press("caseFile.spine.recruitment")
    assert drafts(seat, case_id) == [("person", "Zuhura")]
    held.press("caseFile.spine.person")
    assert held.form().fields()["first_name"] == "Zuhura"
    again = hold(seat, case_id, "person")
    assert again.form().fields()["first_name"] == "Zuhura"
    assert again.text("caseFile.foot.state").startswith("Continuing what you typed at ")
    assert again.state("person") == "Person, begun"


def test_putting_back_shows_what_was_saved_and_drops_the_draft(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id, "person")
    held.type_in("person.first_name", "Zuhura")
    held.press("caseFile.spine.recruitment")
    held.press("caseFile.spine.person")
    held.press("caseFile.foot.second")
    assert held.form().fields()["first_name"] == "Wambui"
    assert drafts(seat, case_id) == []
    assert held.screen.unsaved() == ()
    held.press("caseFile.spine.recruitment")
    held.press("caseFile.spine.person")
    assert held.form().fields()["first_name"] == "Wambui"


def test_several_records_of_a_kind_are_reached_by_their_buttons_and_added_to(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    first = save(seat, case_id, "identity_document", type="PASSPORT", number="A1")
    held = hold(seat, case_id, "identity_document")
    assert held.screen.place().record_id == first
    assert held.part("identity_document.record.1").accessibleName() == "1. Passport"
    held.press("identity_document.add")
    assert held.form().fields() == {}
    held.put(type="NATIONAL_ID")
    held.press("identity_document.record.1")
    assert held.form().fields()["number"] == "A1"
    assert [kind for kind, _ in drafts(seat, case_id)] == ["identity_document"]
    held.press("identity_document.add")
    assert held.form().fields() == {"type": "NATIONAL_ID"}
    held.press("caseFile.foot.main")
    assert [record.text("type") for record in stored(seat, case_id).of("identity_document")] == [
        "PASSPORT",
        "NATIONAL_ID",
    ]
    assert drafts(seat, case_id) == []


def test_two_versions_are_shown_and_decided_by_keys_field_by_field(seat: Seat, qtbot: QtBot) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id, "person")
    held.type_in("person.first_name", "Zuhura")
    held.type_in("person.surname", "Mine")
    change_person(seat, case_id, surname="Theirs", safe_alias="Imani")
    held.key(Qt.Key.Key_Return, CTRL)
    assert held.visible("person.conflict")
    assert not held.visible("person.first_name")
    assert held.text("person.conflict.surname.mine_value") == "Mine"
    assert held.text("person.conflict.surname.theirs_value") == "Theirs"
    sides = {name: chosen(held, name) for name in ("first_name", "surname", "safe_alias")}
    # What this person changed stays theirs unless they decide otherwise.
    assert sides == {"first_name": "mine", "surname": "mine", "safe_alias": "theirs"}
    assert held.state("person").startswith("Person, ")
    assert held.offered() == (words("CASEFILE_KEEP_CHOSEN"), words("CASEFILE_GO_BACK"))
    qtbot.waitUntil(held.part("person.conflict.first_name.mine").hasFocus)
    held.key(Qt.Key.Key_Tab)
    qtbot.waitUntil(held.part("person.conflict.surname.mine").hasFocus)
    held.key(Qt.Key.Key_Right)
    assert chosen(held, "surname") == "theirs"
    held.key(Qt.Key.Key_Return, CTRL)
    person = stored(seat, case_id).one("person")
    assert person is not None
    assert person.revision == 3
    assert [person.text(name) for name in ("first_name", "surname", "safe_alias")] == ["Zuhura", "Theirs", "Imani"]
    assert held.hindered == []
    assert held.open_part() == "identity_document"
    assert drafts(seat, case_id) == []


def chosen(held: Held, name: str) -> str:
    for side in ("mine", "theirs"):
        button = held.part(f"person.conflict.{name}.{side}")
        assert isinstance(button, QPushButton)
        if button.isChecked():
            return side
    return ""


def test_esc_goes_back_from_two_versions_and_keeps_what_was_typed(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id, "person")
    held.type_in("person.first_name", "Zuhura")
    change_person(seat, case_id, first_name="Rehema")
    held.key(Qt.Key.Key_Return, CTRL)
    assert held.visible("person.conflict")
    held.key(Qt.Key.Key_Escape)
    assert not held.visible("person.conflict")
    assert held.form().fields()["first_name"] == "Zuhura"
    held.press("caseFile.foot.main")
    assert held.visible("person.conflict")  # nothing was decided, so it is asked again


def test_a_person_begun_by_two_is_never_made_twice(seat: Seat) -> None:
    case_id = in_lane(seat.jobs, lambda: seat.desk.cases.create([RecordDraft("case", {})]))[0]
    in_lane(seat.jobs, lambda: seat.desk.drafts.keep([RecordDraft("person", {"first_name": "Mine"}, None, case_id)]))
    draft = RecordDraft("person", {"first_name": "Theirs"}, None, case_id)
    kept = in_lane(seat.jobs, lambda: seat.desk.drafts.of_case(case_id))
    in_lane(seat.jobs, lambda: seat.desk.cases.save(draft))
    in_lane(seat.jobs, lambda: seat.desk.drafts.keep([one.draft for one in kept]))  # another user's stays, as here
    held = hold(seat, case_id, "person")
    held.press("caseFile.foot.main")
    assert held.text("person.conflict.first_name.theirs_value") == "Theirs"
    held.press("caseFile.foot.main")
    people = stored(seat, case_id).of("person")
    assert [person.text("first_name") for person in people] == ["Mine"]
    assert drafts(seat, case_id) == []


def test_the_history_says_who_changed_what_and_is_left_with_esc(seat: Seat, qtbot: QtBot) -> None:
    case_id = case_with(seat, **PERSON)
    change_person(seat, case_id, surname="Naliaka")
    held = hold(seat, case_id, "person")
    held.key(Qt.Key.Key_H, CTRL)
    assert "Asha Mwakio" in held.text("person.revisions.revision.2")
    assert held.text("person.revisions.revision.2.surname") == "Gachanja → Naliaka"
    assert held.text("person.revisions.revision.1.sex") == "Female"
    assert held.text("person.revisions.revision.1.dob") == "22 March 1986"
    assert not held.visible("person.first_name")
    assert held.offered() == ("", "")
    qtbot.waitUntil(held.part("person.revisions.back").hasFocus)
    held.key(Qt.Key.Key_Escape)
    assert held.visible("person.first_name")
    assert not held.visible("person.revisions")


def test_a_sealed_answer_shows_in_the_history_only_as_changed(seat: Seat) -> None:
    form = seat.desk.vault.catalogue.forms["person"]
    name = next(item.name for item in form.fields if item.sealed and item.list_name is None)
    case_id = case_with(seat, **{**PERSON, name: "Kept apart"})
    held = hold(seat, case_id, "person")
    held.key(Qt.Key.Key_H, CTRL)
    assert held.text(f"person.revisions.revision.1.{name}") == words("CASEFILE_HISTORY_SEALED")
    assert not any("Kept apart" in label.text() for label in held.screen.findChildren(QLabel))


def test_a_record_changed_from_outside_is_marked_above_the_form_and_in_the_history(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    person = stored(seat, case_id).one("person")
    assert person is not None

    def alter() -> None:
        with seat.desk.vault.writing() as session:
            (trigger,) = session.execute(text("SELECT sql FROM sqlite_master WHERE name = 'revision_no_update'")).one()
            session.execute(text("DROP TRIGGER revision_no_update"))
            session.execute(
                text(
                    "UPDATE revision SET body = CAST(replace(body, 'Wambui', 'Wanjiru') AS BLOB) WHERE record_id = :id"
                ),
                {"id": person.record_id},
            )
            session.execute(text(trigger))

    in_lane(seat.jobs, alter)
    held = hold(seat, case_id, "person")
    assert held.text("person.altered") == words("CASEFILE_ALTERED")
    assert held.visible("person.altered")
    assert held.state("person") == "Person, something to settle"
    held.key(Qt.Key.Key_H, CTRL)
    assert held.text("person.revisions.revision.1.altered") == words("CASEFILE_HISTORY_ALTERED")


def test_a_clerk_reads_the_decision_and_does_not_change_it(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    vault = seat.desk.vault
    supervisor, vault.role = vault.role, Role.CLERK.value
    try:
        held = hold(seat, case_id, "determination")
        assert held.visible("determination.read_only")
        assert not held.visible("determination.add")
        assert held.offered() == (words("CASEFILE_GO_ON"), "")
    finally:
        vault.role = supervisor


def test_a_finding_without_its_grounds_is_not_saved(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id, "determination")
    held.put(status="IDENTIFIED")
    held.press("caseFile.foot.main")
    assert stored(seat, case_id).of("determination") == ()
    assert held.state("determination") == "Decision on status, form D, something to settle"
    assert held.open_part() == "determination"


def test_a_sealed_answer_both_gave_is_decided_without_being_shown(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id, "person")
    held.put(current_address="Mine, by the market")
    change_person(seat, case_id, current_address="Theirs, by the river")
    held.press("caseFile.foot.main")
    assert held.text("person.conflict.current_address.theirs_value") == words("CASEFILE_SEALED")
    theirs = held.part("person.conflict.current_address.theirs")
    theirs.setFocus()
    QTest.keyClick(theirs, Qt.Key.Key_Space)
    held.press("caseFile.foot.main")
    person = stored(seat, case_id).one("person")
    assert person is not None
    sealed = in_lane(seat.jobs, lambda: seat.desk.cases.read_sealed(person.record_id))
    assert sealed["current_address"] == "Theirs, by the river"
