from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPlainTextEdit, QPushButton

from desktop import machine
from desktop.messages import Language, sentence
from desktop.services.tables import TableKind
from tests.factory import Place as Desk
from tests.factory import Secretariat, enrol, make_case, make_office, make_secretariat, send_bundle
from tests.ui.desks import in_lane, open_desk, show_alone
from tests.ui.screen_hands import Heard, check_heard_and_reached, focus_name, part, press, settle, text
from ui import languages
from ui.screens.intake import Intake
from ui.screens.offices import Offices
from ui.screens.receipts import Receipts
from ui.screens.screen import Screen
from ui.seat import Place, Seat
from ui.widgets.digits_field import DigitsField
from ui.widgets.row_list import RowList

SMALL_LAPTOP_BYTES = 4_000_000_000
Screens = type[Intake] | type[Offices] | type[Receipts]
ALL: tuple[tuple[Screens, str], ...] = ((Intake, "intake"), (Offices, "offices"), (Receipts, "receipts"))


@dataclass(frozen=True)
class World:
    """An enrolled office with four bundles, one not enrolled yet, and the Secretariat's store at rest.

    Before the last one 21 cases were taken out in a table.
    """

    national: Secretariat
    stranger: Desk
    bundles: tuple[bytes, ...]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        office, national = make_office(folder / "office"), make_secretariat(folder / "national")
        enrol(office, national)
        bundles = []
        for name in ("Wambui", "Njeri", "Kadzo"):
            make_case(office, first_name=name)
            bundles.append(send_bundle(office)[1])
        for _ in range(18):
            make_case(office)
        office.desk.tables.export_plain(TableKind.CPIMS, "PLANNING", folder)
        bundles.append(send_bundle(office)[1])
        office.lock()
        national.lock()
        stranger = make_office(folder / "stranger", "035")
        yield World(national, stranger, tuple(bundles))
        stranger.lock()


@pytest.fixture
def seat(application: QApplication, world: World, tmp_path: Path) -> Iterator[Seat]:
    shutil.copytree(world.national.folder, tmp_path / "national")
    with open_desk(tmp_path / "national", world.national.sentence) as opened:
        yield opened


@pytest.fixture
def stick(tmp_path: Path, world: World) -> Path:
    """A stick with the bundles R-1 to R-4 and one that was damaged on the way."""
    folder = tmp_path / "stick"
    folder.mkdir()
    for number, content in enumerate(world.bundles, start=1):
        (folder / f"R-{number}.rufaa").write_bytes(content)
    damaged = bytearray(world.bundles[0])
    damaged[len(damaged) // 2] ^= 1
    (folder / "R-damaged.rufaa").write_bytes(damaged)
    return folder


def shown(screen: Screen) -> Heard:
    heard = Heard(screen)
    show_alone(screen)
    settle(screen.seat)
    return heard


def type_into(screen: Screen, name: str, typed: str) -> QLineEdit:
    field = part(screen, QLineEdit, name)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, typed)
    return field


def bring(screen: Intake, *files: Path) -> None:
    """Type the files and press Enter; wait until each is dealt with."""
    typed = str(files[0]) if len(files) == 1 else " ".join(f'"{file}"' for file in files)
    QTest.keyClick(type_into(screen, "intake.files", typed), Qt.Key.Key_Return)
    settle(screen.seat)


def rows(screen: Screen) -> list[list[str]]:
    (found,) = screen.findChildren(RowList)
    return [[cell.text for cell in row.cells] for row in found.rows()] if found.isVisible() else []


def choose_row(screen: Screen, row: int) -> None:
    (found,) = screen.findChildren(RowList)
    found.selectRow(row)


def details(screen: Intake) -> list[str]:
    return part(screen, QPlainTextEdit, "intake.details").toPlainText().split("\n")


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.fixture
def intake(seat: Seat) -> tuple[Intake, Heard]:
    screen = Intake(seat, Place("intake"))
    return screen, shown(screen)


def test_before_a_bundle_is_brought_the_screen_says_what_belongs_there(intake: tuple[Intake, Heard]) -> None:
    screen, _ = intake
    assert text(screen, "intake.empty.title") == "No bundle brought yet"
    assert focus_name() == "intake.files"
    assert not part(screen, QPushButton, "intake.take").isEnabled()
    assert not part(screen, QPushButton, "intake.save").isEnabled()


def test_a_bundle_is_received_and_its_receipt_saved_for_the_office(
    intake: tuple[Intake, Heard], stick: Path, tmp_path: Path
) -> None:
    screen, heard = intake
    bring(screen, stick / "R-1.rufaa")
    assert rows(screen) == [["R-1.rufaa", "Received", "2", ""]]
    assert details(screen)[:2] == ["Received", "2 records taken in"]
    assert heard.told == ["1 bundle is dealt with. Save its receipt for the office."]
    assert part(screen, QLineEdit, "intake.files").text() == ""
    assert focus_name() == "intake.list"
    type_into(screen, "intake.folder", str(tmp_path / "out"))
    press(screen, "intake.save")
    settle(screen.seat)
    (name,) = names(tmp_path / "out")
    assert heard.told[1:] == [f"The receipt {name} is written."]
    receipts = screen.seat.desk.intake
    assert (tmp_path / "out" / name).read_bytes() == in_lane(screen.seat.jobs, lambda: receipts.receipt_file(name))
    assert heard.hindered == []


def test_each_of_several_files_gets_its_own_outcome_and_a_bad_one_keeps_no_other_out(
    intake: tuple[Intake, Heard], stick: Path
) -> None:
    screen, heard = intake
    bring(screen, stick / "R-1.rufaa", stick / "R-damaged.rufaa", stick / "R-gone.rufaa", stick / "R-3.rufaa")
    assert [row[:3] for row in rows(screen)] == [
        ["R-3.rufaa", "Held, waits", "0"],
        ["R-gone.rufaa", "Not taken in", ""],
        ["R-damaged.rufaa", "Refused", ""],
        ["R-1.rufaa", "Received", "2"],
    ]
    assert sentence("MISSING_NUMBERS", "en", numbers="2") in details(screen)
    assert sentence("SEQUENCE_GAP", "en") in details(screen)
    choose_row(screen, 2)
    assert details(screen) == [
        "Refused",
        sentence("NOT_FOR_US_OR_DAMAGED", "en"),
        "Code of the refusal: NOT_FOR_US_OR_DAMAGED",
    ]
    assert not part(screen, QPushButton, "intake.save").isEnabled()
    choose_row(screen, 1)
    assert details(screen)[1] == sentence("FILE_NOT_READABLE", "en")
    assert (heard.told, heard.hindered) == (["2 bundles are dealt with. Save their receipts for the offices."], [])
    assert "R-gone.rufaa" in part(screen, QLineEdit, "intake.files").text()


def test_the_missing_bundle_lets_the_held_one_in_and_both_are_answered(
    intake: tuple[Intake, Heard], stick: Path
) -> None:
    screen, _ = intake
    bring(screen, stick / "R-1.rufaa", stick / "R-3.rufaa")
    bring(screen, stick / "R-2.rufaa")
    assert rows(screen)[0] == [
        "R-2.rufaa",
        "Received",
        "2",
        "1 earlier bundle got a new answer through it; its receipt stands under Receipts.",
    ]
    desk = screen.seat.desk
    assert in_lane(screen.seat.jobs, desk.intake.counts) == (3, 3)
    bring(screen, stick / "R-3.rufaa")
    assert rows(screen)[0][:3] == ["R-3.rufaa", "Received", "2"]
    assert rows(screen)[0][3].startswith("It was brought before; this is the same receipt")


def test_many_cases_taken_out_of_the_office_are_marked_and_said_in_both_languages(
    intake: tuple[Intake, Heard], stick: Path
) -> None:
    screen, _ = intake
    bring(screen, stick / "R-1.rufaa", stick / "R-4.rufaa")
    (found,) = screen.findChildren(RowList)
    marked, plain = (row.cells[3] for row in found.rows())
    assert (marked.sign, marked.colour) == ("triangle-alert", "warn")
    assert (plain.text, plain.sign, plain.colour) == ("", "", "muted")
    out = [
        "Since its last bundle this office took out 21 cases in 1 table and printed or saved 0 letters.",
        "That is more than 20 cases. Ask the office by telephone what they were for.",
    ]
    assert marked.text.startswith(" ".join(out))
    assert sentence("SEQUENCE_GAP", "en") in marked.text
    assert [line for line in details(screen) if line in out] == out
    languages.switch("sw")
    settle(screen.seat)
    assert "imetoa nje kesi 21 katika jedwali 1" in rows(screen)[0][3]
    assert sentence("TAKEN_OUT_BULK", "sw", limit=20) in details(screen)


def test_stop_leaves_the_files_that_are_not_begun(intake: tuple[Intake, Heard], stick: Path) -> None:
    screen, heard = intake
    type_into(screen, "intake.files", " ".join(f'"{stick}/R-{number}.rufaa"' for number in (1, 2, 3)))
    press(screen, "intake.take")
    assert focus_name() == "intake.progress.stop"
    press(screen, "intake.progress.stop")
    settle(screen.seat)
    dealt = len(rows(screen))
    assert dealt < 3
    desk = screen.seat.desk
    assert in_lane(screen.seat.jobs, desk.intake.counts)[0] == dealt
    assert [said.startswith("Stopped. ") for said in heard.told] == [True]
    assert heard.hindered == []
    press(screen, "intake.take")
    settle(screen.seat)
    assert in_lane(screen.seat.jobs, desk.intake.counts)[0] == 3


def test_a_folder_that_takes_no_receipt_is_said_under_its_line(intake: tuple[Intake, Heard], stick: Path) -> None:
    screen, heard = intake
    bring(screen, stick / "R-1.rufaa")
    typed = type_into(screen, "intake.folder", str(stick / "R-1.rufaa"))
    QTest.keyClick(typed, Qt.Key.Key_Return)
    settle(screen.seat)
    assert text(screen, "intake.folder.note") == sentence("OUT_NOT_WRITABLE", "en")
    assert focus_name() == "intake.folder"
    assert (len(heard.told), heard.hindered) == (1, [])


@pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)
def test_several_files_looked_for_stand_in_quotes_and_are_taken_in(intake: tuple[Intake, Heard], stick: Path) -> None:
    screen, _ = intake
    press(screen, "intake.files.browse")
    dialog = part(screen, QFileDialog, "intake.files.dialog")
    dialog.filesSelected.emit([str(stick / "R-1.rufaa"), str(stick / "R-2.rufaa")])
    dialog.close()
    press(screen, "intake.take")
    settle(screen.seat)
    assert [row[:2] for row in rows(screen)] == [["R-2.rufaa", "Received"], ["R-1.rufaa", "Received"]]


def test_outcomes_are_said_in_swahili_without_a_restart(intake: tuple[Intake, Heard], stick: Path) -> None:
    screen, _ = intake
    bring(screen, stick / "R-3.rufaa", stick / "R-damaged.rufaa")
    languages.switch("sw")
    settle(screen.seat)
    assert [row[1] for row in rows(screen)] == ["Kimekataliwa", "Kinasubiri"]
    assert details(screen)[0] == "Kimekataliwa"
    choose_row(screen, 1)
    assert sentence("MISSING_NUMBERS", "sw", numbers="1, 2") in details(screen)


@pytest.fixture
def receipts(seat: Seat, world: World) -> tuple[Receipts, Heard]:
    desk = seat.desk
    for bundle in world.bundles:
        in_lane(seat.jobs, lambda bundle=bundle: desk.intake.receive(bundle))  # type: ignore[misc]
    screen = Receipts(seat, Place("receipts"))
    return screen, shown(screen)


def test_no_receipt_yet_is_said_with_how_to_begin(seat: Seat) -> None:
    screen = Receipts(seat, Place("receipts"))
    shown(screen)
    assert text(screen, "receipts.empty.title") == "No receipt issued yet"
    assert not part(screen, QPushButton, "receipts.save").isVisible()


def test_receipts_stand_newest_first_and_are_written_again(
    receipts: tuple[Receipts, Heard], world: World, tmp_path: Path
) -> None:
    screen, heard = receipts
    desk = screen.seat.desk
    issued = in_lane(screen.seat.jobs, desk.intake.receipts)
    assert [row[1:] for row in rows(screen)] == [[one.device, one.file_name, one.bundle_sha256[:12]] for one in issued]
    assert len(issued) == len(world.bundles)
    assert focus_name() == "receipts.list"
    assert not part(screen, QPushButton, "receipts.save").isEnabled()
    (found,) = screen.findChildren(RowList)
    QTest.keyClick(found, Qt.Key.Key_Down)
    QTest.keyClick(found, Qt.Key.Key_Return)
    assert focus_name() == "receipts.folder"
    QTest.keyClicks(part(screen, QLineEdit, "receipts.folder"), str(tmp_path / "out"))
    press(screen, "receipts.save")
    settle(screen.seat)
    assert names(tmp_path / "out") == [issued[1].file_name]
    assert heard.told == [f"The receipt {issued[1].file_name} is written once more."]
    stored = in_lane(screen.seat.jobs, lambda: desk.intake.receipt_file(issued[1].file_name))
    assert (tmp_path / "out" / issued[1].file_name).read_bytes() == stored


def test_a_receipt_that_cannot_be_written_is_said_under_the_line(
    receipts: tuple[Receipts, Heard], tmp_path: Path
) -> None:
    screen, heard = receipts
    (tmp_path / "file").write_bytes(b"")
    QTest.keyClick(type_into(screen, "receipts.folder", str(tmp_path / "file")), Qt.Key.Key_Return)
    settle(screen.seat)
    assert text(screen, "receipts.folder.note") == sentence("OUT_NOT_WRITABLE", "en")
    assert (heard.told, heard.hindered) == ([], [])


@dataclass(frozen=True)
class Enrolling:
    """The screen with an enrolment file on a stick, and the digits its office reads out."""

    screen: Offices
    heard: Heard
    file: Path
    digits: str
    out: Path

    def fill(self, digits: str) -> None:
        type_into(self.screen, "offices.file", str(self.file))
        type_into(self.screen, "offices.folder", str(self.out))
        type_into(self.screen, "offices.digits", digits)

    def enrol(self) -> None:
        press(self.screen, "offices.enrol")
        settle(self.screen.seat)


@pytest.fixture
def enrolling(seat: Seat, world: World, tmp_path: Path) -> Enrolling:
    made = world.stranger.desk.enrolment.make_file("laptop 1")
    (tmp_path / "E-1.rufaa").write_bytes(made.content)
    screen = Offices(seat, Place("offices"))
    return Enrolling(screen, shown(screen), tmp_path / "E-1.rufaa", made.digits, tmp_path / "out")


def test_a_laptop_is_enrolled_by_file_and_telephone_and_takes_in_its_package(
    enrolling: Enrolling, world: World
) -> None:
    screen = enrolling.screen
    assert focus_name() == "offices.file"
    assert not part(screen, QPushButton, "offices.enrol").isEnabled()
    enrolling.fill(enrolling.digits.replace(" ", ""))
    assert part(screen, QLineEdit, "offices.digits").text() == enrolling.digits
    assert text(screen, "offices.digits.count") == "30 of 30 digits"
    enrolling.enrol()
    (package,) = names(enrolling.out)
    assert enrolling.heard.told == ["The laptop of office 035-01 is enrolled."]
    assert text(screen, "offices.outcome").startswith(
        f"Office 035-01 is enrolled, roster 3. Its trust package {package}"
    )
    root = text(screen, "offices.root_digits")
    assert root == world.national.founded.root_digits
    assert focus_name() == "offices.root_digits"
    world.stranger.desk.enrolment.take_in((enrolling.out / package).read_bytes(), root)
    assert world.stranger.desk.office.sheet().enrolled
    assert part(screen, QLineEdit, "offices.digits").text() == ""


@pytest.mark.parametrize(
    ("spoil", "code", "facts"),
    [
        (lambda digits: digits[:-1], "DIGITS_INCOMPLETE", {"count": 29}),
        (lambda digits: digits + "1", "DIGITS_INCOMPLETE", {"count": 31}),
        (lambda digits: digits[:7] + str((int(digits[7]) + 1) % 10) + digits[8:], "DIGITS_DIFFER", {"group": 2}),
    ],
    ids=["one too few", "one too many", "one wrong"],
)
def test_digits_heard_wrong_are_said_under_them_and_nothing_is_written(
    enrolling: Enrolling, spoil: Callable[[str], str], code: str, facts: dict[str, int]
) -> None:
    screen = enrolling.screen
    enrolling.fill(spoil(enrolling.digits))
    enrolling.enrol()
    assert text(screen, "offices.digits.note") == sentence(code, "en", **facts)
    assert focus_name() == "offices.digits"
    assert names(enrolling.out) == []
    assert (enrolling.heard.told, enrolling.heard.hindered) == ([], [])
    assert text(screen, "offices.root_digits") == ""
    QTest.keyClick(part(screen, QLineEdit, "offices.digits"), Qt.Key.Key_Backspace)
    assert text(screen, "offices.digits.note") == ""


def test_what_is_no_enrolment_file_is_refused_under_its_line(enrolling: Enrolling, world: World) -> None:
    enrolling.file.write_bytes(world.bundles[0])
    enrolling.fill(enrolling.digits)
    enrolling.enrol()
    assert text(enrolling.screen, "offices.file.note") == sentence("ENROLMENT_WRONG", "en")
    assert names(enrolling.out) == []


def test_a_folder_that_takes_nothing_is_said_before_anybody_is_enrolled(enrolling: Enrolling) -> None:
    refused = replace(enrolling, out=enrolling.file)
    refused.fill(enrolling.digits)
    refused.enrol()
    assert text(enrolling.screen, "offices.folder.note") == sentence("OUT_NOT_WRITABLE", "en")
    enrolling.fill(enrolling.digits)
    enrolling.enrol()
    assert text(enrolling.screen, "offices.outcome").startswith("Office 035-01 is enrolled, roster 3.")


def test_the_root_digits_are_shown_to_an_office_that_rings(enrolling: Enrolling, world: World) -> None:
    press(enrolling.screen, "offices.show_digits")
    settle(enrolling.screen.seat)
    assert text(enrolling.screen, "offices.root_digits") == world.national.founded.root_digits
    assert part(enrolling.screen, QLineEdit, "offices.file").text() == ""


def test_digits_are_grouped_wherever_they_are_typed_and_spaces_do_not_matter(application: QApplication) -> None:
    field = DigitsField("offices.digits")
    QTest.keyClicks(field, "12345-678 9o")
    assert (field.text(), field.count()) == ("12345 6789", 9)
    field.setCursorPosition(2)
    QTest.keyClicks(field, "00")
    assert field.text() == "12003 45678 9"
    assert field.cursorPosition() == 4
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert field.text() == "12034 56789"
    field.setCursorPosition(6)
    QTest.keyClick(field, Qt.Key.Key_Delete)
    assert field.text() == "12034 6789"


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize(("kind", "name"), ALL)
def test_every_part_is_heard_and_reached_by_its_own_letter(
    seat: Seat, world: World, kind: Screens, name: str, language: Language
) -> None:
    desk = seat.desk
    in_lane(seat.jobs, lambda: desk.intake.receive(world.bundles[0]))
    languages.switch(language)
    screen = kind(seat, Place(name))
    shown(screen)
    check_heard_and_reached(screen)


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_no_button_is_cut_off_on_a_small_screen(seat: Seat, kind: Screens, name: str) -> None:
    languages.switch("sw")
    screen = kind(seat, Place(name))
    shown(screen)
    screen.resize(932, 540)
    settle(seat)
    for button in screen.findChildren(QPushButton):
        assert not button.isVisible() or button.width() >= button.sizeHint().width(), button.objectName()
