from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea, QWidget

from desktop.rules.records import RecordDraft, Value
from desktop.services.records import StoredRecord
from tests.factory import CONSENT, PERSON, PROVIDER
from tests.ui.conftest import Office
from tests.ui.desks import case_with, in_lane, make_practice_office, open_desk
from tests.ui.screen_hands import hear, hold_section
from tests.ui.test_consent_rows import stored
from ui import languages
from ui.screens.consent_section import ConsentSection
from ui.screens.section import OpenCase, SectionState
from ui.seat import Seat
from ui.widgets.field_form import FieldForm
from ui.widgets.row_list import RowList

COMMON = {name: value for name, value in CONSENT.items() if name != "answer"}


@dataclass
class Held:
    """A section as a case file holds it: shown, read again when it asks, its signals heard."""

    seat: Seat
    case_id: str
    section: ConsentSection
    host: QScrollArea = field(repr=False)
    told: list[str] = field(default_factory=list)
    hindered: list[str] = field(default_factory=list)

    def read(self) -> None:
        desk, case_id = self.seat.desk, self.case_id
        case = in_lane(self.seat.jobs, lambda: OpenCase(desk.cases.open(case_id), desk.drafts.of_case(case_id)))
        self.section.show_case(case, "")
        self.settle()

    def settle(self) -> None:
        for _ in range(4):
            in_lane(self.seat.jobs, lambda: None)

    def form(self, name: str) -> FieldForm:
        found = self.section.findChild(FieldForm, name)
        assert isinstance(found, FieldForm), name
        return found

    def type_in(self, name: str, **fields: Value) -> None:
        """What a person at the keyboard does to a form, by the form's own contract."""
        self.form(name).set_fields({**self.form(name).fields(), **fields})
        self.form(name).edited.emit()

    def button(self, name: str) -> QPushButton:
        found = self.section.findChild(QPushButton, name)
        assert isinstance(found, QPushButton), name
        return found

    def press(self, name: str) -> None:
        button = self.button(name)
        assert button.isVisible()
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Space)
        self.settle()

    def rows(self) -> list[list[str]]:
        found = self.section.findChild(RowList, "consent.list")
        assert isinstance(found, RowList)
        return [[cell.text for cell in row.cells] for row in found.rows()] if found.isVisible() else []

    def text(self, name: str) -> str:
        found = self.section.findChild(QLabel, name)
        assert isinstance(found, QLabel), name
        return found.text() if found.isVisible() else ""

    def save(self) -> None:
        button = self.section.foot().main
        assert button is not None
        assert button.code == "CONSENT_SAVE"
        assert button.enabled
        button.act()
        self.settle()

    def stored(self) -> list[StoredRecord]:
        desk, case_id = self.seat.desk, self.case_id
        return list(in_lane(self.seat.jobs, lambda: desk.cases.open(case_id)).of("consent"))


@pytest.fixture(scope="module")
def consent_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_practice_office(tmp_path_factory.mktemp("consent"))


@pytest.fixture
def seat(application: QApplication, consent_office: Office) -> Iterator[Seat]:
    with open_desk(consent_office.folder, consent_office.sentence) as opened:
        yield opened


def hold(seat: Seat, case_id: str) -> Held:
    section = ConsentSection(seat, "consent")
    host = hold_section(section)
    held = Held(seat, case_id, section, host)
    hear(section, held.told, held.hindered)
    section.reading_wanted.connect(held.read, Qt.ConnectionType.QueuedConnection)
    host.show()
    host.activateWindow()
    held.read()
    section.begin()
    return held


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def provider(seat: Seat, **fields: Value) -> str:
    desk, draft = seat.desk, RecordDraft("provider", {**PROVIDER, **fields})
    return in_lane(seat.jobs, lambda: desk.directory.save(draft)).record_ids[0]


def record(seat: Seat, case_id: str, **fields: Value) -> None:
    desk, row = seat.desk, {**CONSENT, **fields}
    in_lane(seat.jobs, lambda: desk.consents.record(case_id, [row]))


def test_an_empty_file_says_that_nothing_may_be_shared_and_begins_with_the_paper(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    assert "nothing may be shared" in held.text("consent.empty")
    assert held.section.state() is SectionState.EMPTY
    assert held.section.unsaved() == ()
    assert held.form("consent").isAncestorOf(focus())
    main = held.section.foot().main
    assert main is not None
    assert not main.enabled


def test_every_scope_is_a_question_of_its_own_and_withdrawal_is_no_answer_to_it(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    scopes = seat.desk.vault.catalogue.lists["consent_scopes"].codes
    for scope in scopes:
        answers = [
            button.objectName().rpartition(".")[2]
            for button in held.section.findChildren(QPushButton)
            if button.objectName().startswith(f"consent.{scope.code.lower()}.")
        ]
        assert answers == ["given", "refused", "limited", "not_asked"]
        assert held.button(f"consent.{scope.code.lower()}.not_asked").isChecked()
        assert held.button(f"consent.{scope.code.lower()}.given").accessibleName() == f"{scope.labels['en']}: Given"


def test_arrows_choose_an_answer_and_tab_goes_to_the_next_question(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    not_asked = held.button("consent.interview.not_asked")
    not_asked.setFocus()
    for _ in range(3):
        QTest.keyClick(focus(), Qt.Key.Key_Left)
    assert held.button("consent.interview.given").isChecked()
    assert held.button("consent.interview.given").hasFocus()
    QTest.keyClick(focus(), Qt.Key.Key_Tab)
    assert held.button("consent.record.not_asked").hasFocus()
    QTest.keyClick(focus(), Qt.Key.Key_Return)
    assert held.button("consent.services.not_asked").hasFocus()


def test_what_an_answer_needs_is_asked_right_after_it_and_nowhere_else(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    held.press("consent.interview.given")
    assert held.section.findChild(FieldForm, "consent.interview") is None
    held.press("consent.interview.limited")
    assert held.form("consent.interview").isVisible()
    QTest.keyClick(held.button("consent.interview.limited"), Qt.Key.Key_Tab)
    assert held.form("consent.interview").isAncestorOf(focus())
    held.press("consent.interview.given")
    assert not held.form("consent.interview").isVisible()


def test_typed_limits_stay_while_the_arrows_pass_over_other_answers_and_go_with_none_of_them(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    held.type_in("consent", **COMMON)
    held.press("consent.services.limited")
    held.type_in("consent.services", limits="Only by day")
    QTest.keyClick(held.button("consent.services.limited"), Qt.Key.Key_Left)
    assert held.button("consent.services.refused").isChecked()
    assert "SERVICES.limits" not in held.section.unsaved()[0].fields
    QTest.keyClick(focus(), Qt.Key.Key_Right)
    assert held.section.unsaved()[0].fields["SERVICES.limits"] == "Only by day"


def test_a_paper_is_saved_with_one_row_for_each_question_that_was_asked(seat: Seat) -> None:
    clinic = provider(seat, name="Clinic (invented)")
    held = hold(seat, case_with(seat, **PERSON))
    held.type_in("consent", **COMMON)
    held.press("consent.services.given")
    held.press("consent.photo.refused")
    held.press("consent.contact_family.limited")
    held.type_in("consent.contact_family", limits="Not to the uncle")
    held.press("consent.share_provider.given")
    held.type_in("consent.share_provider", recipient=clinic)
    assert held.section.state() is SectionState.DRAFT
    held.save()
    assert held.told == ["4 answers are saved."]
    assert held.hindered == []
    saved = {one.text("scope"): one for one in held.stored()}
    assert {scope: one.text("answer") for scope, one in saved.items()} == {
        "SERVICES": "GIVEN",
        "PHOTO": "REFUSED",
        "CONTACT_FAMILY": "LIMITED",
        "SHARE_PROVIDER": "GIVEN",
    }
    assert saved["CONTACT_FAMILY"].text("limits") == "Not to the uncle"
    assert saved["SHARE_PROVIDER"].text("recipient") == clinic
    assert all(one.text("at") == COMMON["at"] for one in saved.values())
    assert ["To share needed information with a named provider", "Clinic (invented)", "Given"] in [
        row[:3] for row in held.rows()
    ]
    assert held.section.state() is SectionState.COMPLETE
    assert held.section.unsaved() == ()
    assert held.button("consent.services.not_asked").isChecked()


def test_a_paper_without_an_answer_is_not_saved_and_says_so(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    held.type_in("consent", **COMMON)
    held.save()
    assert held.text("consent.questions.problem").startswith("No question has an answer yet")
    assert held.section.state() is SectionState.PROBLEM
    assert held.stored() == []
    held.press("consent.services.given")
    assert held.text("consent.questions.problem") == ""


def test_a_yes_to_sharing_that_proves_nothing_is_not_saved_and_stays_as_typed(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    held.type_in("consent", given_by="SELF", at=CONSENT["at"])
    held.press("consent.share_police.given")
    held.save()
    assert held.stored() == []
    assert held.told == []
    assert held.section.foot().problems == 3  # method, language and the points explained
    assert held.section.state() is SectionState.PROBLEM
    assert held.form("consent").isAncestorOf(focus())
    assert held.button("consent.share_police.given").isChecked()


def test_limits_that_are_not_written_are_not_saved(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    held.type_in("consent", **COMMON)
    held.press("consent.services.limited")
    held.save()
    assert held.stored() == []
    assert held.section.foot().problems == 1
    held.type_in("consent.services", limits="Only by day")
    held.save()
    assert [one.text("limits") for one in held.stored()] == ["Only by day"]


def test_a_paper_comes_back_whole_from_its_draft_and_saving_drops_it(seat: Seat) -> None:
    clinic = provider(seat, name="Clinic (invented)")
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id)
    held.type_in("consent", **COMMON)
    held.press("consent.photo.refused")
    held.press("consent.share_provider.limited")
    held.type_in("consent.share_provider", recipient=clinic, limits="No name")
    drafts, unsaved = seat.desk.drafts, held.section.unsaved()
    assert [one.case_id for one in unsaved] == [case_id]
    in_lane(seat.jobs, lambda: drafts.keep(unsaved))

    again = hold(seat, case_id)
    assert again.section.state() is SectionState.DRAFT
    assert again.section.unsaved() == unsaved
    assert again.button("consent.photo.refused").isChecked()
    again.save()
    assert sorted(one.text("answer") for one in again.stored()) == ["LIMITED", "REFUSED"]
    assert in_lane(seat.jobs, lambda: drafts.of_case(case_id)) == ()


def test_a_cleared_paper_is_empty_and_its_draft_is_gone(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id)
    held.press("consent.photo.refused")
    drafts, unsaved = seat.desk.drafts, held.section.unsaved()
    in_lane(seat.jobs, lambda: drafts.keep(unsaved))
    clear = held.section.foot().second
    assert clear is not None
    clear.act()
    held.settle()
    assert held.button("consent.photo.not_asked").isChecked()
    assert held.section.unsaved() == ()
    assert in_lane(seat.jobs, lambda: drafts.of_case(case_id)) == ()


def test_a_consent_is_withdrawn_by_two_presses_of_one_button(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    record(seat, case_id, scope="SERVICES")
    held = hold(seat, case_id)
    assert held.button("consent.withdraw").text() == "&Withdraw this consent"
    held.press("consent.withdraw")
    assert held.button("consent.withdraw").text() == "&Withdraw now"
    assert held.form("consent.withdrawal").isVisible()
    assert [one.text("answer") for one in held.stored()] == ["GIVEN"]
    held.press("consent.withdraw")
    assert held.told == ["The consent is withdrawn. It permits nothing any more."]
    assert [one.text("answer") for one in held.stored()] == ["GIVEN", "WITHDRAWN"]
    assert [row[2] for row in held.rows()] == ["Withdrawn"]
    assert not held.button("consent.withdraw").isEnabled()


def test_escape_leaves_a_consent_as_it_stands(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    record(seat, case_id, scope="SERVICES")
    held = hold(seat, case_id)
    held.press("consent.withdraw")
    QTest.keyClick(held.button("consent.withdraw"), Qt.Key.Key_Escape)
    assert held.button("consent.withdraw").text() == "&Withdraw this consent"
    assert not held.form("consent.withdrawal").isVisible()
    assert [one.text("answer") for one in held.stored()] == ["GIVEN"]


def test_a_withdrawal_that_lies_ahead_is_not_taken(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    record(seat, case_id, scope="SERVICES")
    held = hold(seat, case_id)
    held.press("consent.withdraw")
    held.type_in("consent.withdrawal", at="2199-01-01T08:00:00+03:00")
    held.press("consent.withdraw")
    assert [one.text("answer") for one in held.stored()] == ["GIVEN"]
    assert held.told == []
    assert held.form("consent.withdrawal").isVisible()
    assert held.form("consent.withdrawal").isAncestorOf(focus())


def test_the_row_one_stands_on_can_be_read_whole_with_its_limits(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    record(seat, case_id, scope="SERVICES", answer="LIMITED", limits="Only by day")
    held = hold(seat, case_id)
    assert held.text("consent.whole_row").split("  ·  ") == [
        "To receive services",
        "Given with limits (write them)",
        "The adult person",
        "25 November 2026, 08:00",
        "Limits: Only by day",
    ]
    languages.switch("sw")
    held.settle()
    assert held.text("consent.whole_row").endswith("Masharti: Only by day")
    assert held.rows()[0][2] == "Ametoa kwa masharti (andika)"
    assert held.button("consent.photo.refused").text() == "Amekataa"


def test_a_row_changed_from_outside_is_marked_and_cannot_be_withdrawn(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    rows = [
        stored("changed", "2026-11-25T06:00:00.000Z", altered=True, scope="SERVICES"),
        stored("whole", "2026-11-25T06:00:01.000Z", scope="SERVICES"),
    ]
    held.section._standing.show_rows(rows, {})
    assert [row[2] for row in held.rows()] == ["Changed from outside", "Given"]
    assert held.text("consent.altered").startswith("A row was changed outside this program")
    assert not held.button("consent.withdraw").isEnabled()


def test_answers_go_below_the_questions_where_the_window_is_narrow(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON))

    def top(name: str) -> int:
        found = held.section.findChild(QWidget, name)
        assert isinstance(found, QWidget)
        return found.mapTo(held.section, found.rect().topLeft()).y()

    wide = top("consent.follow_up.given") - top("consent.interview.given")
    held.host.resize(420, 600)
    QApplication.processEvents()
    assert top("consent.follow_up.given") - top("consent.interview.given") > wide
