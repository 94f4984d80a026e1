from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from desktop.messages import LANGUAGES, Language
from desktop.rules.access import Role
from desktop.rules.records import RecordDraft, Value
from tests.factory import CONSENT, PERSON, PROVIDER, REFERRAL
from tests.ui.conftest import Office
from tests.ui.desks import case_with, in_lane, make_practice_office, open_desk
from tests.ui.screen_hands import hear, hold_section
from ui import languages
from ui.screens.referral_section import ReferralSection
from ui.screens.section import OpenCase, SectionState
from ui.seat import Place, Seat
from ui.widgets.field_form import FieldForm
from ui.widgets.row_list import RowList


@dataclass
class Held:
    """A section as a case file holds it: shown, read again when it asks, its signals heard."""

    seat: Seat
    case_id: str
    section: ReferralSection
    host: QScrollArea = field(repr=False)
    told: list[str] = field(default_factory=list)
    hindered: list[str] = field(default_factory=list)
    wanted: list[Place] = field(default_factory=list)
    next: list[bool] = field(default_factory=list)

    def read(self, record_id: str = "") -> None:
        desk, case_id = self.seat.desk, self.case_id
        case = in_lane(self.seat.jobs, lambda: OpenCase(desk.cases.open(case_id), desk.drafts.of_case(case_id)))
        self.section.show_case(case, record_id)
        self.settle()

    def settle(self) -> None:
        for _ in range(4):
            in_lane(self.seat.jobs, lambda: None)

    def form(self) -> FieldForm:
        (found,) = self.section.findChildren(FieldForm)
        return found

    def type_in(self, **fields: Value) -> None:
        """What a person at the keyboard does to the form, by the form's own contract."""
        self.form().set_fields({**self.form().fields(), **fields})
        self.form().edited.emit()

    def list(self) -> RowList:
        found = self.section.findChild(RowList, "referral.list")
        assert isinstance(found, RowList)
        return found

    def rows(self) -> Sequence[Sequence[str]]:
        return [[cell.text for cell in row.cells] for row in self.list().rows()] if self.list().isVisible() else []

    def press_new(self) -> None:
        new = self.section.findChild(QPushButton, "referral.new")
        assert isinstance(new, QPushButton)
        QTest.keyClick(new, Qt.Key.Key_Space)

    def main(self) -> str:
        button = self.section.foot().main
        return button.code if button and button.enabled else ""

    def press_main(self) -> None:
        button = self.section.foot().main
        assert button is not None
        assert button.enabled
        button.act()
        self.settle()

    def visible(self, name: str) -> bool:
        found = self.section.findChild(QWidget, name)
        assert isinstance(found, QWidget), name
        return found.isVisible()


@pytest.fixture(scope="module")
def section_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_practice_office(tmp_path_factory.mktemp("section"))


@pytest.fixture
def seat(application: QApplication, section_office: Office) -> Iterator[Seat]:
    with open_desk(section_office.folder, section_office.sentence) as opened:
        yield opened


def hold(seat: Seat, case_id: str, record_id: str = "") -> Held:
    section = ReferralSection(seat, "referral")
    host = hold_section(section)
    held = Held(seat, case_id, section, host)
    hear(section, held.told, held.hindered)
    section.place_wanted.connect(held.wanted.append)
    section.reading_wanted.connect(lambda: held.read(), Qt.ConnectionType.QueuedConnection)
    section.next_wanted.connect(lambda: held.next.append(True))
    host.show()
    host.activateWindow()
    held.read(record_id)
    section.begin()
    return held


def provider(seat: Seat, **fields: Value) -> str:
    desk = seat.desk
    draft = RecordDraft("provider", {**PROVIDER, **fields})
    return in_lane(seat.jobs, lambda: desk.directory.save(draft)).record_ids[0]


def refer(seat: Seat, case_id: str, to: str, **fields: Value) -> str:
    desk, given = seat.desk, {**REFERRAL, "to_provider": to, **fields}
    return in_lane(seat.jobs, lambda: desk.referrals.create(case_id, given)).record_ids[0]


def issue(seat: Seat, case_id: str, to: str, referral: str) -> None:
    desk = seat.desk
    in_lane(seat.jobs, lambda: desk.consents.record(case_id, [{**CONSENT, "scope": "SHARE_PROVIDER", "recipient": to}]))
    in_lane(seat.jobs, lambda: desk.referrals.issue_letter(referral, "en"))


def stored(seat: Seat, case_id: str) -> list[tuple[str, str]]:
    """Status and urgency of the case's referrals, as they are kept."""
    desk = seat.desk
    case = in_lane(seat.jobs, lambda: desk.cases.open(case_id))
    return [(record.text("status"), record.text("urgency")) for record in case.of("referral")]


def test_says_what_belongs_there_and_where_it_begins(seat: Seat, qtbot: QtBot) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    assert held.visible("referral.empty")
    assert held.rows() == []
    assert held.section.state() is SectionState.EMPTY
    assert held.main() == ""
    new = held.section.findChild(QPushButton, "referral.new")
    assert isinstance(new, QPushButton)
    qtbot.waitUntil(new.hasFocus)
    QTest.keyClick(new, Qt.Key.Key_Space)
    assert not held.visible("referral.empty")
    assert held.form().isVisible()
    heading = held.section.findChild(QLabel, "referral.heading")
    assert isinstance(heading, QLabel)
    assert heading.text() == "New referral"
    assert held.main() == ""  # nothing is typed yet


def test_the_referrals_of_the_case_are_listed_and_the_first_is_shown(seat: Seat) -> None:
    case_id, clinic = case_with(seat, **PERSON), provider(seat)
    first = refer(seat, case_id, clinic)
    held = hold(seat, case_id)
    ((number, name, status, due),) = held.rows()
    assert number.endswith("/R1")
    assert (name, status, due) == ("Tumaini Clinic (invented)", "Draft", "")
    assert held.section.record_id() == first
    assert held.section.state() is SectionState.COMPLETE
    assert held.main() == "REFERRAL_TO_LETTER"
    held.press_main()
    assert held.wanted == [Place("letter", case_id, first)]


def test_enter_in_the_list_shows_another_referral(seat: Seat, qtbot: QtBot) -> None:
    case_id = case_with(seat, **PERSON)
    made = {refer(seat, case_id, provider(seat)), refer(seat, case_id, provider(seat, name="Haki Lawyers (invented)"))}
    held = hold(seat, case_id)
    found = held.list()
    qtbot.waitUntil(found.hasFocus)
    seen = {held.section.record_id()}
    QTest.keyClick(found, Qt.Key.Key_Down)
    QTest.keyClick(found, Qt.Key.Key_Return)
    seen.add(held.section.record_id())
    assert seen == made


def test_the_referral_asked_for_is_shown(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    for name in ("Haki Lawyers (invented)", "Uzima Dispensary (invented)"):
        last = refer(seat, case_id, provider(seat, name=name))
        assert hold(seat, case_id, last).section.record_id() == last


def test_an_issued_referral_is_read_only_and_leads_to_its_letter(seat: Seat) -> None:
    case_id, clinic = case_with(seat, **PERSON), provider(seat)
    referral = refer(seat, case_id, clinic)
    issue(seat, case_id, clinic, referral)
    held = hold(seat, case_id)
    ((_, _, status, due),) = held.rows()
    assert status == "Letter issued"
    assert due
    assert held.visible("referral.note")
    assert held.section.unsaved() == ()
    assert held.main() == "REFERRAL_TO_LETTER"


def test_a_clerk_is_not_sent_to_a_letter_that_only_officers_open(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    refer(seat, case_id, provider(seat))
    vault = seat.desk.vault
    supervisor, vault.role = vault.role, Role.CLERK.value
    try:
        held = hold(seat, case_id)
        assert held.main() == ""
        assert held.visible("referral.new")
    finally:
        vault.role = supervisor


def test_what_is_typed_is_saved_as_a_new_referral_and_then_leads_to_the_letter(seat: Seat) -> None:
    case_id, clinic = case_with(seat, **PERSON), provider(seat)
    held = hold(seat, case_id)
    held.press_new()
    held.type_in(to_provider=clinic, **REFERRAL)
    assert held.form().fields()["to_actor"] == "HEALTH_PUBLIC"
    (draft,) = held.section.unsaved()
    assert (draft.kind, draft.record_id, draft.case_id, draft.revision) == ("referral", None, case_id, 0)
    assert held.section.state() is SectionState.DRAFT
    assert held.main() == "REFERRAL_SAVE"
    held.press_main()
    assert held.hindered == []
    assert held.told == ["Referral saved."]
    assert stored(seat, case_id) == [("DRAFT", "URGENT")]
    assert held.section.unsaved() == ()
    assert len(held.rows()) == 1
    assert held.main() == "REFERRAL_TO_LETTER"


def test_a_change_is_saved_over_the_revision_it_was_opened_at(seat: Seat) -> None:
    case_id, clinic = case_with(seat, **PERSON), provider(seat)
    refer(seat, case_id, clinic)
    held = hold(seat, case_id)
    held.type_in(urgency="EMERGENCY")
    held.press_main()
    assert held.hindered == []
    assert stored(seat, case_id) == [("DRAFT", "EMERGENCY")]
    held.type_in(urgency="NORMAL")
    desk = seat.desk
    record = in_lane(seat.jobs, lambda: desk.cases.open(case_id)).of("referral")[0]
    other = RecordDraft("referral", {**record.fields, "escort": "A nurse"}, record.record_id, case_id, record.revision)
    in_lane(seat.jobs, lambda: desk.cases.save(other))
    held.read()
    held.press_main()
    assert held.hindered == ["REVISION_CONFLICT"]
    assert held.section.unsaved()[0].fields["urgency"] == "NORMAL"


def test_a_second_open_referral_to_the_same_provider_is_a_note_at_the_provider(seat: Seat) -> None:
    case_id, clinic = case_with(seat, **PERSON), provider(seat)
    refer(seat, case_id, clinic)
    held = hold(seat, case_id)
    held.press_new()
    held.type_in(to_provider=clinic, **REFERRAL)
    held.press_main()
    assert held.hindered == []
    assert held.section.state() is SectionState.PROBLEM
    assert held.section.foot().problems == 1
    assert stored(seat, case_id) == [("DRAFT", "URGENT")]
    assert held.section.unsaved()


def test_work_typed_in_one_referral_is_kept_while_another_is_looked_at(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    refer(seat, case_id, provider(seat))
    held = hold(seat, case_id)
    first = held.section.record_id()
    held.type_in(urgency="EMERGENCY")
    held.press_new()
    held.settle()
    assert held.section.record_id() == ""
    kept = in_lane(seat.jobs, lambda: seat.desk.drafts.of_case(case_id))
    assert [(item.draft.record_id, item.draft.fields["urgency"]) for item in kept] == [(first, "EMERGENCY")]
    QTest.keyClick(held.list(), Qt.Key.Key_Return)
    assert held.form().fields()["urgency"] == "EMERGENCY"
    assert held.main() == "REFERRAL_SAVE"


def test_what_was_saved_can_be_put_back(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    refer(seat, case_id, provider(seat))
    held = hold(seat, case_id)
    held.type_in(urgency="EMERGENCY")
    in_lane(seat.jobs, lambda: seat.desk.drafts.keep(held.section.unsaved()))
    second = held.section.foot().second
    assert second is not None
    assert second.code == "REFERRAL_PUT_BACK"
    second.act()
    held.settle()
    assert held.form().fields()["urgency"] == "URGENT"
    assert held.section.unsaved() == ()
    assert in_lane(seat.jobs, lambda: seat.desk.drafts.of_case(case_id)) == ()


def test_typed_work_outlives_a_new_reading_and_a_kept_draft_comes_back(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    refer(seat, case_id, provider(seat))
    held = hold(seat, case_id)
    held.type_in(urgency="EMERGENCY")
    held.read()
    assert held.form().fields()["urgency"] == "EMERGENCY"
    in_lane(seat.jobs, lambda: seat.desk.drafts.keep(held.section.unsaved()))
    again = hold(seat, case_id)
    assert again.form().fields()["urgency"] == "EMERGENCY"
    assert again.section.state() is SectionState.DRAFT


def test_control_enter_saves_and_goes_on(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    refer(seat, case_id, provider(seat))
    held = hold(seat, case_id)
    held.form().done.emit()
    assert held.next == [True]
    held.type_in(urgency="EMERGENCY")
    held.form().done.emit()
    held.settle()
    assert held.next == [True, True]
    assert stored(seat, case_id) == [("DRAFT", "EMERGENCY")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_list_and_heading_follow_the_language(seat: Seat, qtbot: QtBot, language: Language) -> None:
    case_id = case_with(seat, **PERSON)
    refer(seat, case_id, provider(seat))
    held = hold(seat, case_id)
    languages.switch(language)
    qtbot.waitUntil(lambda: held.rows()[0][2] == {"en": "Draft", "sw": "Rasimu"}[language])


def test_urgent_help_waits_for_no_consent_where_a_supervisor_gives_another_ground(seat: Seat) -> None:
    case_id, clinic, desk = case_with(seat, **PERSON), provider(seat), seat.desk
    held = hold(seat, case_id, refer(seat, case_id, clinic))
    assert held.visible("referral.lawful_basis")
    held.type_in(lawful_basis="VITAL", basis_reason="She is unconscious.")
    held.press_main()
    referral = held.section.record_id()
    letter = in_lane(seat.jobs, lambda: desk.referrals.preview_letter(referral, "en"))
    assert letter.problems == ()
    assert letter.pdf.startswith(b"%PDF")


def test_another_ground_is_not_offered_to_who_may_not_take_it(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seat.desk.vault, "role", Role.CASE_OFFICER)
    section = ReferralSection(seat, "referral")
    assert section.findChild(QWidget, "referral.urgency") is not None
    assert section.findChild(QWidget, "referral.lawful_basis") is None
