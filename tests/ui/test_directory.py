from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget

from desktop.errors import DeskError
from desktop.rules.access import Role
from desktop.rules.records import RecordDraft, Value
from desktop.services.records import StoredRecord
from tests.factory import PROVIDER
from tests.ui.conftest import Office
from tests.ui.desks import in_lane, make_practice_office, open_desk, show_alone
from ui import languages
from ui.screens.directory import Directory
from ui.seat import Place, Seat, Telling
from ui.widgets.field_form import FieldForm
from ui.widgets.row_list import RowList


@pytest.fixture
def directory_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_practice_office(tmp_path_factory.mktemp("directory"))


@pytest.fixture
def seat(application: QApplication, directory_office: Office) -> Iterator[Seat]:
    with open_desk(directory_office.folder, directory_office.sentence) as opened:
        yield opened


def settle(seat: Seat) -> None:
    for _ in range(4):
        in_lane(seat.jobs, lambda: None)


def shown(seat: Seat, record_id: str = "") -> Directory:
    screen = Directory(seat, Place("directory", record_id=record_id))
    show_alone(screen)
    settle(seat)
    return screen


def save(seat: Seat, **fields: Value) -> str:
    desk, draft = seat.desk, RecordDraft("provider", {**PROVIDER, **fields})
    return in_lane(seat.jobs, lambda: desk.directory.save(draft)).record_ids[0]


def stored(seat: Seat) -> tuple[StoredRecord, ...]:
    return in_lane(seat.jobs, seat.desk.directory.list)


def rows(screen: Directory) -> list[list[str]]:
    found = screen.findChild(RowList, "directory.list")
    assert isinstance(found, RowList)
    return [[cell.text for cell in row.cells] for row in found.rows()] if found.isVisible() else []


def button(screen: Directory, name: str) -> QPushButton:
    found = screen.findChild(QPushButton, name)
    assert isinstance(found, QPushButton), name
    return found


def press(screen: Directory, name: str) -> None:
    assert button(screen, name).isVisible()
    button(screen, name).setFocus()
    QTest.keyClick(button(screen, name), Qt.Key.Key_Space)
    settle(screen.seat)


def visible(screen: Directory, name: str) -> bool:
    found = screen.findChild(QWidget, name)
    assert isinstance(found, QWidget), name
    return found.isVisible()


def text(screen: Directory, name: str) -> str:
    found = screen.findChild(QLabel, name)
    assert isinstance(found, QLabel), name
    return found.text() if found.isVisible() else ""


def form(screen: Directory) -> FieldForm:
    (found,) = screen.findChildren(FieldForm)
    return found


def type_in(screen: Directory, **fields: Value) -> None:
    """What a person at the keyboard does to the form, by the form's own contract."""
    form(screen).set_fields({**form(screen).fields(), **fields})
    form(screen).edited.emit()


def filter_by(screen: Directory, typed: str) -> None:
    field = screen.findChild(QLineEdit, "directory.filter")
    assert isinstance(field, QLineEdit)
    field.clear()
    QTest.keyClicks(field, typed)


def test_an_empty_directory_says_what_belongs_there_and_how_to_begin(seat: Seat) -> None:
    screen = shown(seat)
    assert visible(screen, "directory.empty")
    assert not form(screen).isVisible()
    focus = QApplication.focusWidget()
    assert focus is not None
    assert focus.objectName() == "directory.filter"


def test_providers_stand_by_name_with_kind_services_phone_and_state(seat: Seat) -> None:
    save(seat, name="Wema Shelter (invented)", type="NGO", services=("SHELTER",), active=False)
    save(seat, name="Amani Clinic (invented)")
    assert rows(shown(seat)) == [
        ["Amani Clinic (invented)", "Health facility", "2", "+254799999031", "Active"],
        ["Wema Shelter (invented)", "NGO", "1", "+254799999031", "Not active"],
    ]


@pytest.mark.parametrize("typed", ["amani", "CLINIC ama", "kituo cha", "health fac"])
def test_the_filter_finds_every_word_in_name_or_kind_in_both_languages(seat: Seat, typed: str) -> None:
    save(seat, name="Wema Shelter (invented)", type="NGO", services=("SHELTER",), phone="+254799999032")
    save(seat, name="Amani Clinic (invented)", services=("MEDICAL",))
    screen = shown(seat)
    filter_by(screen, typed)
    assert [row[0] for row in rows(screen)] == ["Amani Clinic (invented)"]
    filter_by(screen, "nowhere")
    assert rows(screen) == []
    assert visible(screen, "directory.no_hits")


def test_enter_opens_a_provider_and_what_is_typed_there_is_saved(seat: Seat) -> None:
    told: list[str] = []
    provider = save(seat, name="Amani Clinic (invented)")
    screen = shown(seat)

    def on_told(telling: Telling) -> None:
        told.append(telling.say())

    screen.told.connect(on_told)
    field = screen.findChild(QLineEdit, "directory.filter")
    assert isinstance(field, QLineEdit)
    QTest.keyClick(field, Qt.Key.Key_Down)
    focus = QApplication.focusWidget()
    assert isinstance(focus, RowList)
    QTest.keyClick(focus, Qt.Key.Key_Return)
    assert text(screen, "directory.heading") == "Amani Clinic (invented)"
    assert not button(screen, "directory.save").isEnabled()
    assert screen.unsaved() == ()
    type_in(screen, phone="+254799999033")
    assert text(screen, "directory.state").startswith("Not saved yet")
    press(screen, "directory.save")
    assert told == ["The provider is saved."]
    assert [(one.record_id, one.revision, one.text("phone")) for one in stored(seat)] == [
        (provider, 2, "+254799999033")
    ]
    assert [row[3] for row in rows(screen)] == ["+254799999033"]
    assert screen.unsaved() == ()
    assert screen.place() == Place("directory", record_id=provider)
    type_in(screen, phone="+254799999034")
    press(screen, "directory.save")
    assert [one.revision for one in stored(seat)] == [3]


def test_a_new_provider_is_active_and_stands_in_the_list_once_saved(seat: Seat) -> None:
    screen = shown(seat)
    press(screen, "directory.new")
    assert text(screen, "directory.heading") == "New provider"
    assert form(screen).fields().get("active") is True
    type_in(screen, name="Tumaini Clinic (invented)", type="HEALTH", actor="HEALTH_PUBLIC")
    press(screen, "directory.save")
    assert [(one.text("name"), one.fields.get("active")) for one in stored(seat)] == [
        ("Tumaini Clinic (invented)", True)
    ]
    assert text(screen, "directory.heading") == "Tumaini Clinic (invented)"
    assert [row[0] for row in rows(screen)] == ["Tumaini Clinic (invented)"]


def test_a_refused_provider_stays_as_typed_and_nothing_is_stored(seat: Seat) -> None:
    hindered: list[str] = []
    screen = shown(seat)

    def on_hindered(error: DeskError) -> None:
        hindered.append(error.code)

    screen.hindered.connect(on_hindered)
    press(screen, "directory.new")
    type_in(screen, name="Tumaini (invented)", type="NO_SUCH_TYPE", actor="NGO")
    press(screen, "directory.save")
    assert stored(seat) == ()
    assert hindered == []
    assert screen.unsaved()[0].fields["type"] == "NO_SUCH_TYPE"
    assert button(screen, "directory.save").isEnabled()
    type_in(screen, type="NGO")
    press(screen, "directory.save")
    assert [one.text("type") for one in stored(seat)] == ["NGO"]


def test_typed_work_survives_a_lock_and_putting_back_drops_it(seat: Seat) -> None:
    provider = save(seat, name="Amani Clinic (invented)")
    first = shown(seat, provider)
    type_in(first, phone="+254799999035")
    drafts, unsaved = seat.desk.drafts, first.unsaved()
    assert first.place().record_id == provider
    in_lane(seat.jobs, lambda: drafts.keep(unsaved))
    again = shown(seat, provider)
    assert again.unsaved() == unsaved
    press(again, "directory.put_back")
    assert again.unsaved() == ()
    assert form(again).fields()["phone"] == PROVIDER["phone"]
    assert in_lane(seat.jobs, lambda: drafts.of_case(None)) == ()


def test_work_on_one_provider_is_kept_when_another_is_opened(seat: Seat) -> None:
    first = save(seat, name="Amani Clinic (invented)")
    second = save(seat, name="Wema Shelter (invented)")
    screen = shown(seat, first)
    type_in(screen, phone="+254799999036")
    list_ = screen.findChild(RowList, "directory.list")
    assert isinstance(list_, RowList)
    list_.chosen.emit(second)
    settle(seat)
    assert text(screen, "directory.heading") == "Wema Shelter (invented)"
    assert form(screen).fields()["phone"] == PROVIDER["phone"]
    list_.chosen.emit(first)
    assert form(screen).fields()["phone"] == "+254799999036"
    assert [one.record_id for one in screen.unsaved()] == [first]


def test_a_provider_somebody_else_saved_meanwhile_is_not_overwritten(seat: Seat) -> None:
    hindered: list[str] = []
    provider = save(seat, name="Amani Clinic (invented)")
    screen = shown(seat, provider)

    def on_hindered(error: DeskError) -> None:
        hindered.append(error.code)

    screen.hindered.connect(on_hindered)
    type_in(screen, phone="+254799999037")
    desk = seat.desk
    other = RecordDraft("provider", {**PROVIDER, "phone": "+254799999038"}, provider, None, 1)
    in_lane(seat.jobs, lambda: desk.directory.save(other))
    press(screen, "directory.save")
    assert hindered == ["REVISION_CONFLICT"]
    press(screen, "directory.put_back")
    assert form(screen).fields()["phone"] == "+254799999038"


def test_the_address_of_a_safe_house_is_kept_when_something_else_is_changed(seat: Seat) -> None:
    house = save(seat, name="House (invented)", type="SAFE_HOUSE", hidden_address="Behind the mill (invented)")
    screen = shown(seat, house)
    type_in(screen, phone="+254799999039")
    press(screen, "directory.save")
    desk = seat.desk
    assert in_lane(seat.jobs, lambda: desk.cases.read_sealed(house)) == {"hidden_address": "Behind the mill (invented)"}


def test_a_clerk_reads_and_changes_nothing(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = save(seat, name="Amani Clinic (invented)")
    monkeypatch.setattr(seat.desk.vault, "role", Role.CLERK)
    screen = shown(replace(seat), provider)
    assert text(screen, "directory.heading") == "Amani Clinic (invented)"
    assert text(screen, "directory.read_only").startswith("You can read the directory")
    for name in ("directory.new", "directory.save", "directory.put_back"):
        assert not visible(screen, name)
    assert all(line.isReadOnly() for line in form(screen).findChildren(QLineEdit) if line.isVisible())


def test_the_directory_is_said_in_swahili_without_a_restart(seat: Seat) -> None:
    save(seat, name="Amani Clinic (invented)")
    screen = shown(seat)
    languages.switch("sw")
    settle(seat)
    assert rows(screen) == [["Amani Clinic (invented)", "Kituo cha afya", "2", "+254799999031", "Inafanya kazi"]]
    assert button(screen, "directory.new").text() == "Mtoa huduma &mpya"


def test_a_narrow_directory_leaves_out_kind_and_services_and_cuts_no_button(seat: Seat) -> None:
    screen = shown(seat, save(seat, name="Amani Clinic (invented)"))
    list_ = screen.findChild(RowList, "directory.list")
    assert isinstance(list_, RowList)
    languages.switch("sw")
    settle(seat)
    assert [list_.isColumnHidden(place) for place in range(5)] == [False] * 5
    screen.resize(932, 520)
    settle(seat)
    assert [list_.isColumnHidden(place) for place in range(5)] == [False, True, True, False, False]
    for name in ("directory.new", "directory.put_back", "directory.save"):
        assert button(screen, name).width() >= button(screen, name).sizeHint().width(), name
