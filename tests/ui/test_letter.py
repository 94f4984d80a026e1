from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from pypdf import PdfReader
from PySide6.QtCore import QObject, Qt
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from db.models.base import JournalEntry
from desktop.errors import DeskError, Obstacle
from desktop.messages import LANGUAGES, Language
from desktop.rules.journal_chain import Act
from desktop.rules.records import RecordDraft, Value
from tests.factory import CONSENT, PERSON, PROVIDER, REFERRAL
from tests.ui.conftest import Office
from tests.ui.desks import case_with, in_lane, make_practice_office, open_desk, show_alone
from ui import languages, printing
from ui.screens.letter import LetterScreen
from ui.seat import Place, Seat, Telling
from ui.widgets.letter_pages import LetterPages

Kind = TypeVar("Kind", bound=QObject)

# The offscreen platform warns of the least size that the system's dialog works out for itself.
no_size_hints = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


@pytest.fixture(scope="module")
def letter_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_practice_office(tmp_path_factory.mktemp("letters"))


@pytest.fixture
def seat(application: QApplication, letter_office: Office) -> Iterator[Seat]:
    with open_desk(letter_office.folder, letter_office.sentence) as opened:
        yield opened


@pytest.fixture
def printer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A print system in a PATH of its own, that keeps what it was given."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "lp"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/arguments\n/bin/cat > {folder}/input\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def made_referral(seat: Seat, *, agreed: bool = True, **fields: Value) -> Place:
    case_id = case_with(seat, **PERSON)
    desk = seat.desk

    def make() -> str:
        clinic = desk.directory.save(RecordDraft("provider", PROVIDER)).record_ids[0]
        if agreed:
            desk.consents.record(case_id, [{**CONSENT, "scope": "SHARE_PROVIDER", "recipient": clinic}])
        return desk.referrals.create(case_id, {**REFERRAL, "to_provider": clinic, **fields}).record_ids[0]

    return Place("letter", case_id, in_lane(seat.jobs, make))


def shown(seat: Seat, place: Place) -> LetterScreen:
    screen = LetterScreen(seat, place)
    show_alone(screen)
    settled(seat)
    return screen


def settled(seat: Seat) -> None:
    """The lane's answers so far, and what they ask in turn."""
    for _ in range(2):
        in_lane(seat.jobs, lambda: None)


def part(screen: LetterScreen, kind: type[Kind], name: str) -> Kind:
    found = screen.findChild(kind, name)
    assert isinstance(found, kind), name
    return found


def page_words(screen: LetterScreen) -> str:
    (pages,) = screen.findChildren(LetterPages)
    return " ".join(pages.text().split())


def press(screen: LetterScreen, name: str) -> None:
    button = part(screen, QPushButton, name)
    assert button.isVisible()
    assert button.isEnabled()
    QTest.keyClick(button, Qt.Key.Key_Space)


def issued(seat: Seat) -> tuple[LetterScreen, str]:
    """A screen with a letter that was just issued on it, and its serial."""
    place = made_referral(seat)
    screen = shown(seat, place)
    press(screen, "letter.issue")
    settled(seat)
    (serial,) = in_lane(seat.jobs, lambda: seat.desk.referrals.letters_of(place.record_id))
    return screen, serial


def stored_pdf(seat: Seat, serial: str) -> bytes:
    return in_lane(seat.jobs, lambda: seat.desk.referrals.open_letter(serial)).pdf


def journal(seat: Seat, act: Act) -> list[tuple[str, str | None]]:
    def read() -> list[tuple[str, str | None]]:
        with seat.desk.vault.reading() as session:
            rows = session.scalars(select(JournalEntry).where(JournalEntry.act == act).order_by(JournalEntry.n))
            return [(row.object, row.reason) for row in rows]

    return in_lane(seat.jobs, read)


def heard(screen: LetterScreen) -> tuple[list[str], list[str]]:
    """What the screen tells and what hinders it, from now on."""
    told: list[str] = []
    hindered: list[str] = []

    def on_told(telling: Telling) -> None:
        told.append(telling.say())

    def on_hindered(error: DeskError) -> None:
        hindered.append(error.code)

    screen.told.connect(on_told)
    screen.hindered.connect(on_hindered)
    return told, hindered


def test_the_draft_is_shown_as_a_draft_and_nothing_is_issued(seat: Seat) -> None:
    place = made_referral(seat)
    screen = shown(seat, place)
    assert "DRAFT" in page_words(screen)
    assert "Wambui Gachanja" in page_words(screen)
    assert part(screen, QLabel, "letter.number").text().endswith("/R1")
    assert not part(screen, QPushButton, "letter.print").isVisible()
    assert in_lane(seat.jobs, lambda: seat.desk.referrals.letters_of(place.record_id)) == ()


def test_language_and_naming_change_what_is_shown(seat: Seat) -> None:
    screen = shown(seat, made_referral(seat))
    press(screen, "letter.swahili")
    settled(seat)
    assert "RASIMU" in page_words(screen)
    press(screen, "letter.mode.alias")
    settled(seat)
    assert "Neema" in page_words(screen)
    assert "Wambui" not in page_words(screen)
    assert part(screen, QPushButton, "letter.mode.alias").isChecked()


def test_what_the_letter_gives_away_is_said_before_it_is_issued(seat: Seat) -> None:
    screen = shown(seat, made_referral(seat, reason_short="She was raped and needs a nurse."))
    warnings = part(screen, QLabel, "letter.warnings")
    assert warnings.isVisible()
    assert warnings.text().startswith("Reason in a few words, printed: This text tells what happened")
    assert part(screen, QPushButton, "letter.issue").isEnabled()


def test_without_consent_it_says_why_and_cannot_be_issued(seat: Seat) -> None:
    screen = shown(seat, made_referral(seat, agreed=False))
    problems = part(screen, QLabel, "letter.problems")
    assert problems.isVisible()
    assert "The person has not agreed" in problems.text()
    assert not part(screen, QPushButton, "letter.issue").isEnabled()
    assert page_words(screen) == ""


def test_a_name_in_the_text_can_be_settled_by_another_naming(seat: Seat) -> None:
    screen = shown(seat, made_referral(seat, reason_short="Wambui needs a nurse.", identity_mode="ALIAS"))
    assert not part(screen, QPushButton, "letter.issue").isEnabled()
    assert page_words(screen) == ""
    press(screen, "letter.mode.name")
    settled(seat)
    assert part(screen, QPushButton, "letter.issue").isEnabled()
    assert not part(screen, QLabel, "letter.problems").isVisible()


def test_issuing_shows_the_stored_letter_and_moves_on_to_the_printer(seat: Seat, qtbot: QtBot) -> None:
    place = made_referral(seat)
    screen = shown(seat, place)
    told, hindered = heard(screen)
    press(screen, "letter.issue")
    settled(seat)
    (serial,) = in_lane(seat.jobs, lambda: seat.desk.referrals.letters_of(place.record_id))
    assert told == [f"Letter {serial} is issued and kept in the vault."]
    assert hindered == []
    assert serial in part(screen, QLabel, "letter.serial").text()
    assert serial in page_words(screen)
    assert "DRAFT" not in page_words(screen)
    qtbot.waitUntil(part(screen, QPushButton, "letter.print").hasFocus)
    assert not part(screen, QPushButton, "letter.issue").isVisible()


def test_an_issued_letter_is_opened_again_and_the_journal_keeps_it(seat: Seat) -> None:
    first, serial = issued(seat)
    again = shown(seat, first.place())
    assert serial in page_words(again)
    assert (serial, None) in journal(seat, Act.LETTER_VIEWED)


def test_the_printer_gets_the_stored_bytes_under_a_neutral_title(seat: Seat, printer: Path) -> None:
    screen, serial = issued(seat)
    told, hindered = heard(screen)
    copies = part(screen, QSpinBox, "letter.copies")
    copies.setFocus()
    copies.selectAll()
    QTest.keyClicks(copies, "3")
    QTest.keyClick(screen, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    settled(seat)
    assert hindered == []
    assert told == ["3 copies went to the printer."]
    assert (printer / "arguments").read_text().split("\n") == ["-n", "3", "-t", "Document", "-", ""]
    assert (printer / "input").read_bytes() == stored_pdf(seat, serial)
    assert journal(seat, Act.LETTER_PRINTED)[-1] == (serial, "COPIES_3")
    assert sorted(file.name for file in printer.iterdir()) == ["arguments", "input", "lp"]
    assert part(screen, QPushButton, "letter.print").isEnabled()


@pytest.mark.parametrize(("program", "code"), [(None, "PRINTER_NONE"), ("#!/bin/sh\nexit 1\n", "PRINTER_FAILED")])
def test_a_printer_that_is_missing_or_fails_is_said_and_nothing_is_noted(
    seat: Seat, printer: Path, program: str | None, code: str
) -> None:
    if program is None:
        (printer / "lp").unlink()
    else:
        (printer / "lp").write_text(program)
    screen, serial = issued(seat)
    told, hindered = heard(screen)
    press(screen, "letter.print")
    settled(seat)
    assert (told, hindered) == ([], [code])
    assert serial not in {number for number, _ in journal(seat, Act.LETTER_PRINTED)}
    assert part(screen, QPushButton, "letter.print").isEnabled()


@no_size_hints
def test_a_copy_is_written_to_the_folder_chosen_and_noted(seat: Seat, tmp_path: Path) -> None:
    screen, serial = issued(seat)
    told, hindered = heard(screen)
    press(screen, "letter.save")
    dialog = part(screen, QFileDialog, "letter.folder")
    dialog.filesSelected.emit([str(tmp_path)])
    dialog.close()
    settled(seat)
    assert hindered == []
    assert len(told) == 1
    assert [file.name for file in tmp_path.iterdir()] == [f"{serial}.pdf"]
    assert (tmp_path / f"{serial}.pdf").read_bytes() == stored_pdf(seat, serial)
    assert stat.S_IMODE((tmp_path / f"{serial}.pdf").stat().st_mode) == 0o600
    assert (serial, None) in journal(seat, Act.LETTER_SAVED)


@no_size_hints
def test_a_copy_that_cannot_be_written_is_said_and_not_noted(seat: Seat, tmp_path: Path) -> None:
    screen, serial = issued(seat)
    _, hindered = heard(screen)
    (tmp_path / "file").write_text("")
    press(screen, "letter.save")
    dialog = part(screen, QFileDialog, "letter.folder")
    dialog.filesSelected.emit([str(tmp_path / "file")])
    dialog.close()
    settled(seat)
    assert hindered == ["OUT_NOT_WRITABLE"]
    assert serial not in {number for number, _ in journal(seat, Act.LETTER_SAVED)}


def test_keys_make_the_page_larger_and_smaller(seat: Seat) -> None:
    screen = shown(seat, made_referral(seat))
    view = part(screen, QPdfView, "letter.pages")
    control = Qt.KeyboardModifier.ControlModifier
    assert view.zoomMode() is QPdfView.ZoomMode.FitToWidth
    QTest.keyClick(view, Qt.Key.Key_Plus, control)
    larger = view.zoomFactor()
    assert view.zoomMode() is QPdfView.ZoomMode.Custom
    QTest.keyClick(view, Qt.Key.Key_Minus, control)
    assert view.zoomFactor() == pytest.approx(larger / 1.2)
    QTest.keyClick(view, Qt.Key.Key_0, control)
    assert view.zoomMode() is QPdfView.ZoomMode.FitToWidth


def test_back_goes_to_the_referral_of_the_case(seat: Seat) -> None:
    place = made_referral(seat)
    screen = shown(seat, place)
    wanted: list[Place] = []
    screen.place_wanted.connect(wanted.append)
    press(screen, "letter.back")
    assert wanted == [Place("caseFile", place.case_id, place.record_id, section="referral")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_screen_speaks_the_language_and_no_text_is_cut_off(seat: Seat, language: Language) -> None:
    languages.switch(language)
    screen = shown(seat, made_referral(seat, reason_short="She was raped and needs a nurse."))
    QApplication.processEvents()
    for label in screen.findChildren(QLabel):
        if label.isVisible() and label.text():
            needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
            assert label.height() >= needed - 1, label.text()
    for button in screen.findChildren(QPushButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.objectName()
            assert button.visibleRegion().boundingRect().width() == button.width(), button.objectName()
    said = part(screen, QPushButton, "letter.mode.case_ref_only").text()
    assert said == {"en": "Case number only", "sw": "Nambari ya faili pekee"}[language]


def test_where_qt_prints_the_page_stands_whole_on_a4(application: QApplication, seat: Seat, tmp_path: Path) -> None:
    _, serial = issued(seat)
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    printing.draw_pages(stored_pdf(seat, serial), printer)
    reader = PdfReader(tmp_path / "printed.pdf")
    assert len(reader.pages) == 1
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    assert reader.metadata is not None
    assert reader.metadata.title == "Document"
    (picture,) = reader.pages[0].images
    assert picture.image is not None
    assert picture.image.size == (2479, 3508) or picture.image.size == (2480, 3508)


def test_where_qt_prints_a_damaged_letter_is_refused(application: QApplication, tmp_path: Path) -> None:
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    with pytest.raises(Obstacle, match="PRINTER_FAILED"):
        printing.draw_pages(b"not a letter", printer)


def test_where_qt_prints_and_no_printer_is_set_up_it_says_so(application: QApplication) -> None:
    with pytest.raises(Obstacle, match="PRINTER_NONE"):
        printing.usual_printer()
