from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop import machine
from desktop.messages import Language
from desktop.rules.access import Role
from desktop.rules.records import RecordDraft
from tests import factory
from tests.flows.conftest import SMALL_LAPTOP_BYTES
from tests.sticks import Rack, make_rack
from tests.ui.desks import SCREEN_PX, in_lane, open_desk, show_alone
from tests.ui.screen_hands import check_heard_and_reached, hear
from tests.unit.courier.servers import Behaviour, Certificate, make_certificate, tus_server
from ui import languages
from ui.models.rows import Row
from ui.screens.sending import Sending
from ui.seat import Place, Seat
from ui.widgets.row_list import RowList

Kind = TypeVar("Kind", bound=QObject)

# The offscreen platform warns of the least size that the system's dialog works out for itself.
no_size_hints = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[factory.Place, factory.Place]]:
    """An office with two cases, enrolled with a Secretariat; both are at rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        folder = tmp_path_factory.mktemp("pair")
        office = factory.make_office(folder / "office")
        national = factory.make_secretariat(folder / "national")
        factory.enrol(office, national)
        first = factory.make_case(office)
        factory.consent(office, first, "SHARE_SECRETARIAT_ID")
        factory.make_case(office, first_name="Kamau", surname="Ng'ang'a", sex="M")
        office.lock()
        national.lock()
        yield office, national


@pytest.fixture
def national(pair: tuple[factory.Place, factory.Place], tmp_path: Path) -> Iterator[factory.Place]:
    """The Secretariat as it was before this test's copy of the office sent anything."""
    place = pair[1].copy_at_rest(tmp_path / "national")
    yield place
    place.lock()


def receive(national: factory.Place, bundle: Path, to: Path) -> str:
    """The Secretariat takes a bundle in from a stick and puts its receipt on another, or the same."""
    taken = national.desk.intake.receive(bundle.read_bytes())
    (to / taken.receipt_name).write_bytes(taken.receipt)
    return taken.outcome


@dataclass
class Desk:
    """The screen in a window of its own, with what it said."""

    seat: Seat
    screen: Sending
    rack: Rack
    told: list[str] = field(default_factory=list)
    hindered: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    def part(self, kind: type[Kind], name: str) -> Kind:
        found = self.screen.findChild(kind, name)
        assert isinstance(found, kind), name
        return found

    def text(self, name: str) -> str:
        return self.part(QLabel, name).text()

    def rows(self) -> list[Row]:
        return list(self.part(RowList, "sending.list").rows())

    def state(self, place: int = 0) -> str:
        return self.rows()[place].cells[4].text

    def press(self, name: str) -> None:
        button = self.part(QPushButton, name)
        assert button.isVisible(), name
        assert button.isEnabled(), name
        QTest.keyClick(button, Qt.Key.Key_Space)
        self.settle()

    def settle(self) -> None:
        for _ in range(4):
            in_lane(self.seat.jobs, lambda: None)


@pytest.fixture
def rack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rack:
    (tmp_path / "rack").mkdir()
    return make_rack(tmp_path / "rack", monkeypatch)


@pytest.fixture
def desk(
    application: QApplication, pair: tuple[factory.Place, factory.Place], tmp_path: Path, rack: Rack
) -> Iterator[Desk]:
    office, _ = pair
    shutil.copytree(office.folder, tmp_path / "office")
    with open_desk(tmp_path / "office", office.sentence) as seat:
        yield shown(seat, rack)


def shown(seat: Seat, rack: Rack) -> Desk:
    screen = Sending(seat, Place("sending"))
    opened = Desk(seat, screen, rack)
    hear(screen, opened.told, opened.hindered)
    screen.place_wanted.connect(opened.places.append)
    show_alone(screen)
    opened.settle()
    return opened


def test_says_in_figures_what_will_leave_and_what_stays(desk: Desk) -> None:
    assert desk.text("sending.figures") == "2 cases, 5 records"
    forms = desk.seat.desk.vault.catalogue.forms
    expected = {"case": 2, "person": 2, "consent": 1}
    kinds = [f"{forms[kind].title['en']}: {n}" for kind, n in expected.items()]
    assert sorted(desk.text("sending.kinds").splitlines()) == sorted(kinds)
    assert not desk.part(QWidget, "sending.drafts").isVisible()
    in_lane(desk.seat.jobs, lambda: desk.seat.desk.cases.create([RecordDraft("case", {"status": "DRAFT"})]))
    desk.settle()
    assert desk.text("sending.drafts") == "1 case is still a draft and stays here."
    assert desk.text("sending.figures") == "2 cases, 5 records"


def test_the_fields_that_leave_are_listed_on_demand_without_a_name(desk: Desk) -> None:
    said: list[tuple[str, str]] = []
    desk.screen.help_wanted.connect(lambda say: said.append(say()))
    desk.press("sending.fields")
    ((title, text),) = said
    forms = desk.seat.desk.vault.catalogue.forms
    assert title == "Fields that leave"
    assert forms["person"]["sex"].labels["en"] in text
    assert forms["person"]["surname"].labels["en"] not in text


def test_nothing_is_made_before_the_laptop_is_enrolled_and_a_button_leads_there(
    application: QApplication, tmp_path: Path, rack: Rack
) -> None:
    office = factory.make_office(tmp_path / "new")
    factory.make_case(office)
    office.lock()
    with open_desk(office.folder, office.sentence) as seat:
        desk = shown(seat, rack)
        assert desk.part(QWidget, "sending.not_enrolled").isVisible()
        assert not desk.part(QWidget, "sending.seal").isVisible()
        assert desk.part(QWidget, "sending.enrol").hasFocus()
        desk.press("sending.enrol")
        assert desk.places == [Place("enrolment")]


def test_a_bundle_goes_out_on_a_stick_and_its_receipt_comes_back(
    desk: Desk, national: factory.Place, qtbot: QtBot
) -> None:
    empty = desk.part(QWidget, "sending.empty")
    assert empty.isVisible()
    seal = desk.part(QPushButton, "sending.seal")
    qtbot.waitUntil(seal.hasFocus)
    desk.press("sending.seal")
    assert desk.told == ["Bundle 1 is sealed and safe in the vault. Next, save it to a stick."]
    assert not empty.isVisible()
    assert desk.state() == "Made"
    assert desk.text("sending.kinds") == "Nothing waits to be sent."
    assert not seal.isEnabled()
    save = desk.part(QPushButton, "sending.save")
    qtbot.waitUntil(save.hasFocus)

    stick = desk.rack.put_in("OFISI")
    desk.press("sending.save")
    assert desk.told[-1] == "Bundle 1 is saved to OFISI and was read back from there."
    assert desk.state() == "Handed over"
    (bundle,) = stick.iterdir()
    assert bundle.name == desk.text("sending.bundle.state").splitlines()[0]

    assert receive(national, bundle, stick) == "RECEIVED"
    desk.press("sending.receipt")
    assert desk.told[-1] == "Bundle 1: RECEIVED. Records taken in: 5; sent back: 0."
    assert desk.state() == "Received"
    assert desk.rows()[0].cells[5].text != "No answer yet"
    desk.press("sending.receipt")
    assert desk.told[-1] == "This was taken in before; nothing changed."
    assert desk.hindered == []


def test_K03_without_a_stick_or_with_one_that_fails_the_bundle_stays_made_and_says_why(desk: Desk) -> None:
    desk.press("sending.seal")
    problem = "sending.stick.problem"
    desk.press("sending.save")
    assert desk.text(problem).startswith("No stick is in")
    desk.rack.put_in("FUNGWA", options="ro")
    desk.press("sending.save")
    assert desk.text(problem).startswith("Nothing can be written")
    assert "cannot be written to" in desk.part(QPushButton, "sending.stick.a").text()
    assert desk.state() == "Made"
    assert list((desk.rack.media / "FUNGWA").iterdir()) == []
    languages.switch("sw")
    desk.settle()
    assert desk.text(problem).startswith("Haiwezekani kuandika")


def test_of_several_sticks_one_is_chosen_and_one_that_was_pulled_is_gone(desk: Desk) -> None:
    desk.press("sending.seal")
    desk.rack.put_in("Bluu")
    red = desk.rack.put_in("Nyekundu")
    desk.press("sending.save")
    assert desk.text("sending.stick.problem").startswith("There are 2 sticks in")
    assert desk.state() == "Made"
    for name in ("sending.stick.a", "sending.stick.b"):
        assert desk.part(QPushButton, name).focusPolicy() & Qt.FocusPolicy.TabFocus, name
    desk.press("sending.stick.b")
    desk.rack.pull("Nyekundu")
    desk.press("sending.save")
    assert desk.text("sending.stick.problem").startswith("The stick or folder was gone")
    assert desk.state() == "Made"
    assert not red.exists()
    desk.press("sending.save")  # now there is one only
    assert desk.state() == "Handed over"
    assert len(list((desk.rack.media / "Bluu").iterdir())) == 1
    assert desk.text("sending.stick.problem") == ""


@no_size_hints
def test_a_bundle_is_saved_to_a_folder_and_again_to_another(desk: Desk, tmp_path: Path) -> None:
    desk.press("sending.seal")
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        desk.press("sending.folder")
        dialog = desk.part(QFileDialog, "sending.folder_choice")
        dialog.filesSelected.emit([str(folder)])
        dialog.close()
        desk.settle()
        assert desk.screen.findChild(QFileDialog) is None
        assert desk.told[-1] == f"Bundle 1 is saved to {name} and was read back from there."
        assert desk.state() == "Handed over"
    (first,), (second,) = (list((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_an_answer_that_waits_says_why_in_the_list_and_beside_it(desk: Desk, national: factory.Place) -> None:
    stick = desk.rack.put_in("OFISI")
    desk.press("sending.seal")
    desk.press("sending.save")
    (first,) = stick.iterdir()
    first = first.rename(desk.rack.folder / first.name)
    in_lane(desk.seat.jobs, lambda: desk.seat.desk.cases.create(drafts_of_a_case()))
    desk.settle()
    desk.press("sending.seal")
    desk.press("sending.save")
    (second,) = stick.iterdir()
    assert receive(national, second, stick) == "HELD"
    desk.press("sending.receipt")
    assert desk.told[-1].startswith("Bundle 2: HELD. Records taken in: 0; sent back: 0.")
    assert "Missing bundle numbers: 1." in desk.told[-1]
    assert desk.state().startswith("Handed over: ")
    assert desk.state().removeprefix("Handed over: ") in desk.text("sending.bundle.state")
    # The first one comes, and with it the answer to both.
    receive(national, first, stick)
    for receipt in national.desk.intake.receipts():
        content = national.desk.intake.receipt_file(receipt.file_name)
        assert content is not None
        (stick / receipt.file_name).write_bytes(content)
    desk.press("sending.receipt")
    assert [desk.state(0), desk.state(1)] == ["Received", "Received"]


def drafts_of_a_case() -> tuple[RecordDraft, RecordDraft]:
    return RecordDraft("case", {}), RecordDraft("person", {**factory.PERSON, "first_name": "Amina", "surname": "Ali"})


def test_a_foreign_or_missing_receipt_is_said_and_nothing_changes(desk: Desk) -> None:
    desk.press("sending.seal")
    desk.press("sending.receipt")
    stick = desk.rack.put_in("OFISI")
    desk.press("sending.receipt")
    (stick / "A-ABCDEFGHJK.rufaa").write_bytes(os.urandom(500))
    desk.press("sending.receipt")
    assert desk.hindered == ["STICK_NONE", "RECEIPT_NONE_FOUND", "RECEIPT_NOT_FOR_US_OR_DAMAGED"]
    assert desk.state() == "Made"


@no_size_hints
def test_a_receipt_is_taken_in_from_a_file_that_lies_anywhere(
    desk: Desk, national: factory.Place, tmp_path: Path
) -> None:
    stick = desk.rack.put_in("OFISI")
    desk.press("sending.seal")
    desk.press("sending.save")
    (bundle,) = stick.iterdir()
    deep = tmp_path / "deep"
    deep.mkdir()
    receive(national, bundle, deep)
    (receipt,) = deep.iterdir()
    desk.press("sending.receipt_file")
    dialog = desk.part(QFileDialog, "sending.receipt_choice")
    dialog.filesSelected.emit([str(receipt)])
    dialog.close()
    desk.settle()
    assert desk.state() == "Received"


def test_identity_leaves_only_when_it_was_chosen(desk: Desk, national: factory.Place) -> None:
    desk.press("sending.identified")
    assert desk.text("sending.naming").startswith("Name and contact go only for persons who agreed")
    desk.press("sending.seal")
    stick = desk.rack.put_in("OFISI")
    desk.press("sending.save")
    (bundle,) = stick.iterdir()
    receive(national, bundle, stick)
    text = "".join(str(row) for row in factory.rows(national.desk.vault, "received_view"))
    assert "Gachanja" in text  # agreed
    assert "Ng'ang'a" not in text  # did not


def test_who_may_not_send_sees_the_list_and_takes_receipts_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.press("sending.seal")
    monkeypatch.setattr(desk.seat.desk.vault, "role", Role.CASE_OFFICER)
    worker = shown(desk.seat, desk.rack)
    assert worker.hindered == []
    assert worker.state() == "Made"
    for name in ("sending.seal", "sending.save", "sending.folder", "sending.table"):
        assert not worker.part(QWidget, name).isVisible(), name
    assert worker.part(QWidget, "sending.receipt").isVisible()


def test_a_button_leads_to_the_tables_for_others(desk: Desk) -> None:
    desk.press("sending.table")
    assert desk.places == [Place("tables")]


def test_rows_and_figures_follow_the_language(desk: Desk) -> None:
    desk.press("sending.seal")
    languages.switch("sw")
    desk.settle()
    assert desk.state() == "Kimetengenezwa"
    assert desk.text("sending.kinds") == "Hakuna kinachosubiri kutumwa."


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("size", [SCREEN_PX, (932, 570)], ids=str)
def test_nothing_beside_the_list_is_cut_off(
    desk: Desk, national: factory.Place, language: Language, size: tuple[int, int]
) -> None:
    desk.press("sending.seal")
    languages.switch(language)
    desk.screen.resize(*size)
    desk.settle()
    none_is_cut_off(desk)
    stick = desk.rack.put_in("OFISI YA WATOTO")
    desk.press("sending.save")
    receive(national, next(stick.iterdir()), stick)
    desk.press("sending.receipt")
    desk.rack.put_in("Nyekundu")
    desk.press("sending.save")
    none_is_cut_off(desk)
    assert desk.part(QWidget, "sending.list").height() >= 100


def none_is_cut_off(desk: Desk) -> None:
    for label in desk.screen.findChildren(QLabel):
        if label.isVisible() and label.text():
            needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
            assert label.height() >= needed - 1, label.text()
    for button in desk.screen.findChildren(QPushButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.objectName()


def test_tab_goes_from_the_list_to_its_bundle_and_then_to_the_right(desk: Desk) -> None:
    desk.rack.put_in("OFISI")
    desk.press("sending.seal")
    desk.press("sending.save")
    order: list[str] = []
    widget = desk.part(QWidget, "sending.list")
    for _ in range(200):
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(widget.objectName())
        following = widget.nextInFocusChain()
        assert following is not None
        widget = following
        if widget.objectName() == "sending.list":
            break
    assert [name for name in order if name.startswith("sending.")] == [
        *("sending.list", "sending.stick.look", "sending.stick.a", "sending.save", "sending.folder"),
        *("sending.pseudonymous", "sending.receipt", "sending.receipt_file"),  # arrows lead to the other naming
        "sending.table",
    ]


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


@dataclass
class Lined:
    """The screen of an office whose roster names a line, and the server at its other end."""

    desk: Desk
    behaviour: Behaviour

    def press(self, name: str, qtbot: QtBot) -> None:
        """Press, and wait until the courier is back."""
        self.desk.press(name)
        qtbot.waitUntil(lambda: self.desk.part(QPushButton, "sending.line_receipts").isEnabled(), timeout=20_000)
        self.desk.settle()


@pytest.fixture
def lined(desk: Desk, national: factory.Place, certificate: Certificate) -> Iterator[Lined]:
    behaviour = Behaviour()
    with tus_server(behaviour, certificate) as url:
        national.desk.secretariat.name_line(url, certificate.pin.hex())

        assert not desk.part(QPushButton, "sending.line").isVisible()
        enrolment = desk.seat.desk.enrolment
        file = in_lane(desk.seat.jobs, lambda: enrolment.make_file("laptop 1"))
        package = national.desk.secretariat.enrol(file.content, file.digits).package
        in_lane(desk.seat.jobs, lambda: enrolment.take_in(package))
        desk.settle()
        yield Lined(desk, behaviour)


def test_a_bundle_goes_over_the_line_and_its_receipt_comes_back(
    lined: Lined, national: factory.Place, qtbot: QtBot
) -> None:
    desk = lined.desk
    desk.press("sending.seal")
    lined.behaviour.cuts = [1000]
    lined.press("sending.line", qtbot)
    assert desk.told[-1].startswith("Bundle 1: handed over to the Secretariat's server.")
    assert desk.state() == "Handed over"
    (kept,) = lined.behaviour.uploads.values()
    lined.press("sending.line_receipts", qtbot)
    assert desk.told[-1] == "No new receipt lies ready yet. Nothing was changed."
    taken = national.desk.intake.receive(bytes(kept.content))
    lined.behaviour.receipts[taken.bundle_sha256] = taken.receipt
    lined.press("sending.line_receipts", qtbot)
    assert desk.told[-1] == "Bundle 1: RECEIVED. Records taken in: 5; sent back: 0."
    assert desk.state() == "Received"
    assert not desk.part(QPushButton, "sending.line").isEnabled(), "an answered bundle is not sent again"
    assert desk.hindered == []


def test_stop_calls_the_courier_back_at_once_and_the_next_goes_on(lined: Lined, qtbot: QtBot) -> None:
    desk = lined.desk
    desk.press("sending.seal")
    lined.behaviour.cuts = [30_000] + [0] * 20
    desk.press("sending.line")
    qtbot.waitUntil(lambda: "trying again" in desk.text("sending.line_state"), timeout=20_000)
    lined.press("sending.line_progress.stop", qtbot)
    assert desk.text("sending.line_state").startswith("Sending was stopped.")
    assert desk.state() == "Made"
    assert desk.hindered == []
    lined.behaviour.cuts = []
    lined.press("sending.line", qtbot)
    (kept,) = lined.behaviour.uploads.values()
    assert len(kept.content) == kept.length == lined.behaviour.received
    assert desk.state() == "Handed over"


def test_what_stands_in_the_way_of_the_line_is_told_and_the_bundle_stays_made(lined: Lined, qtbot: QtBot) -> None:
    desk = lined.desk
    desk.press("sending.seal")
    lined.behaviour.answers = {"POST": [403]}
    lined.press("sending.line", qtbot)
    assert desk.hindered == ["SERVER_REFUSED"]
    assert desk.state() == "Made"
    assert desk.part(QPushButton, "sending.line").isEnabled()


def test_the_desk_works_on_while_the_courier_is_away_and_leaving_the_screen_calls_it_back(
    lined: Lined, qtbot: QtBot
) -> None:
    desk = lined.desk
    desk.press("sending.seal")
    lined.behaviour.cuts = [0] * 1000
    desk.press("sending.line")
    qtbot.waitUntil(lambda: "trying again" in desk.text("sending.line_state"), timeout=20_000)
    assert len(in_lane(desk.seat.jobs, desk.seat.desk.exports.list)) == 1
    desk.screen.hide()
    desk.screen.deleteLater()
    qtbot.waitUntil(lambda: not [t for t in threading.enumerate() if t.name == "beside-the-lane"], timeout=3000)


def test_the_part_of_the_line_can_be_heard_and_reached(lined: Lined) -> None:
    lined.desk.press("sending.seal")
    check_heard_and_reached(lined.desk.screen)
    languages.switch("sw")
    lined.desk.settle()
    check_heard_and_reached(lined.desk.screen)
