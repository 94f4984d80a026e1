"""How an issued letter leaves the vault: printed, printed again, saved as a file, or kept back."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from desktop.errors import Obstacle
from desktop.messages import LANGUAGES, Language
from desktop.rules.journal_chain import Act
from tests.ui import every_screen as look
from tests.ui.conftest import Office
from tests.ui.desks import in_lane, make_practice_office, open_desk
from tests.ui.letter_hands import heard, issued, journal, page_words, part, press, settled, shown, stored_pdf
from ui import app, languages, printing
from ui.screens.letter import LetterScreen
from ui.seat import Seat

# The offscreen platform warns of the least size that the system's dialog works out for itself.
no_size_hints = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

LP = '#!/bin/sh\nprintf "%s\\n" "$@" > {0}/arguments\n/usr/bin/env > {0}/environment\n/bin/cat > {0}/input\n'
SLOW_LP = "#!/bin/sh\n/bin/sleep 60 &\necho $! > {0}/child\n/bin/cat > {0}/input\nwait\n"
FAILING_LP = "#!/bin/sh\nexit 1\n"


@pytest.fixture(scope="module")
def letter_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_practice_office(tmp_path_factory.mktemp("letters"))


@pytest.fixture
def seat(application: QApplication, letter_office: Office) -> Iterator[Seat]:
    with open_desk(letter_office.folder, letter_office.sentence) as opened:
        yield opened
        printing.stop_printing()


@pytest.fixture
def printer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a print system that keeps there what it was given."""
    folder = tmp_path / "bin"
    folder.mkdir()
    install(folder, LP)
    monkeypatch.setattr(printing, "LP_PROGRAMS", (str(tmp_path / "none" / "lp"), str(folder / "lp")))
    return folder


def install(folder: Path, program: str) -> None:
    (folder / "lp").write_text(program.format(folder))
    (folder / "lp").chmod(0o755)


def withdraw(seat: Seat, screen: LetterScreen) -> None:
    case_id = screen.place().case_id

    def take_back() -> None:
        (given,) = seat.desk.cases.open(case_id).of("consent")
        seat.desk.consents.withdraw(case_id, given.record_id, seat.desk.vault.now())

    in_lane(seat.jobs, take_back)


def choose_folder(screen: LetterScreen, folder: Path) -> None:
    dialog = part(screen, QFileDialog, "letter.folder")
    dialog.filesSelected.emit([str(folder)])
    dialog.close()
    settled(screen.seat)


def acts(seat: Seat, serial: str) -> list[tuple[Act, str | None]]:
    """What the journal says of a letter's ways out, kind by kind."""
    ways = (Act.LETTER_PRINTED, Act.PRINT_FAILED, Act.LETTER_SAVED, Act.SAVE_FAILED)
    return [(act, reason) for act in ways for number, reason in journal(seat, act) if number == serial]


def test_the_printer_gets_the_stored_bytes_under_a_neutral_title(seat: Seat, printer: Path, qtbot: QtBot) -> None:
    screen, serial = issued(seat)
    told, hindered = heard(screen)
    copies = part(screen, QSpinBox, "letter.copies")
    copies.setFocus()
    copies.selectAll()
    QTest.keyClicks(copies, "3")
    QTest.keyClick(screen, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(told or hindered))
    assert hindered == []
    assert told == ["3 copies went to the printer."]
    assert (printer / "arguments").read_text().split("\n") == ["-n", "3", "-t", "Document", "-", ""]
    assert (printer / "input").read_bytes() == stored_pdf(seat, serial)
    assert acts(seat, serial) == [(Act.LETTER_PRINTED, "COPIES_3")]
    assert sorted(file.name for file in printer.iterdir()) == ["arguments", "environment", "input", "lp"]
    assert part(screen, QPushButton, "letter.print").isEnabled()


def test_the_printer_is_not_taken_from_the_path_and_learns_little_of_the_environment(
    seat: Seat, printer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    install(planted, LP)
    monkeypatch.setenv("PATH", str(planted))
    for name in ("CUPS_SERVER", "CUPS_DEST", "LD_PRELOAD_PLANTED", "SENTENCE"):
        monkeypatch.setenv(name, "planted")
    screen, _ = issued(seat)
    told, _ = heard(screen)
    press(screen, "letter.print")
    qtbot.waitUntil(lambda: bool(told))
    assert "planted" not in (printer / "environment").read_text()
    assert f"HOME={os.environ['HOME']}" in (printer / "environment").read_text()
    assert [file.name for file in planted.iterdir()] == ["lp"]
    (printer / "lp").unlink()
    assert printing.LP_PROGRAMS[-1] == str(printer / "lp")
    again, _ = issued(seat)
    _, hindered = heard(again)
    press(again, "letter.print")
    assert hindered == ["PRINTER_NONE"]


def test_the_program_that_prints_is_the_systems_own() -> None:
    assert printing.LP_PROGRAMS == ("/usr/bin/lp", "/usr/local/bin/lp")


def test_where_there_is_no_printer_it_is_said_and_nothing_is_noted(seat: Seat, printer: Path) -> None:
    (printer / "lp").unlink()
    screen, serial = issued(seat)
    told, hindered = heard(screen)
    press(screen, "letter.print")
    settled(seat)
    assert (told, hindered) == ([], ["PRINTER_NONE"])
    assert acts(seat, serial) == []
    assert part(screen, QPushButton, "letter.print").isEnabled()


@pytest.mark.parametrize("program", [FAILING_LP, "#!/no/such/interpreter\n"])
def test_a_printer_that_fails_is_said_and_noted_and_the_next_print_asks_nothing(
    seat: Seat, printer: Path, qtbot: QtBot, program: str
) -> None:
    install(printer, program)
    screen, serial = issued(seat)
    told, hindered = heard(screen)
    press(screen, "letter.print")
    qtbot.waitUntil(lambda: bool(told or hindered))
    assert (told, hindered) == ([], ["PRINTER_FAILED"])
    assert acts(seat, serial) == [(Act.LETTER_PRINTED, "COPIES_1"), (Act.PRINT_FAILED, None)]
    install(printer, LP)
    press(screen, "letter.print")
    qtbot.waitUntil(lambda: bool(told))
    assert hindered == ["PRINTER_FAILED"]


def test_a_slow_printer_is_noted_first_holds_up_no_save_and_dies_with_all_it_started_at_the_lock(
    seat: Seat, printer: Path, qtbot: QtBot
) -> None:
    install(printer, SLOW_LP)
    screen, serial = issued(seat)
    _, hindered = heard(screen)
    press(screen, "letter.print")
    child = printer / "child"
    qtbot.waitUntil(lambda: child.is_file() and child.read_text().endswith("\n"))
    assert acts(seat, serial) == [(Act.LETTER_PRINTED, "COPIES_1")]  # read in the lane, while the printer is at it
    printing.stop_printing()
    assert not is_running(int(child.read_text()))
    qtbot.waitUntil(lambda: hindered == ["PRINTER_FAILED"])
    assert acts(seat, serial) == [(Act.LETTER_PRINTED, "COPIES_1"), (Act.PRINT_FAILED, None)]


def test_what_prints_is_dead_before_a_new_process_takes_the_place(
    seat: Seat, printer: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ended(BaseException):
        pass

    def end(_: int) -> None:
        raise Ended

    def take_place(*_: object) -> None:
        running.append(is_running(int(child.read_text())))
        raise OSError

    child, running = printer / "child", list[bool]()
    monkeypatch.setattr("os._exit", end)
    monkeypatch.setattr("threading.Timer.start", lambda _: None)
    monkeypatch.setattr("os.execve", take_place)
    install(printer, SLOW_LP)
    screen, _ = issued(seat)
    press(screen, "letter.print")
    qtbot.waitUntil(lambda: child.is_file() and child.read_text().endswith("\n"))
    with pytest.raises(Ended):
        app.replace_process(None)
    assert running == [False]


def is_running(process: int) -> bool:
    """Whether a process runs still, half a second on: a killed one may wait to be fetched."""
    for _ in range(10):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.05)
    return True


def test_a_printer_that_takes_too_long_is_ended(
    seat: Seat, printer: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "_LONGEST_MS", 100)
    install(printer, SLOW_LP)
    screen, serial = issued(seat)
    _, hindered = heard(screen)
    press(screen, "letter.print")
    qtbot.waitUntil(lambda: hindered == ["PRINTER_FAILED"])
    assert acts(seat, serial)[-1] == (Act.PRINT_FAILED, None)


def test_a_letter_goes_to_the_printer_although_its_screen_was_left(seat: Seat, printer: Path, qtbot: QtBot) -> None:
    screen, serial = issued(seat)
    press(screen, "letter.print")
    delete(screen)
    expected = stored_pdf(seat, serial)
    qtbot.waitUntil(lambda: (printer / "input").is_file() and (printer / "input").read_bytes() == expected)
    assert acts(seat, serial) == [(Act.LETTER_PRINTED, "COPIES_1")]
    qtbot.waitUntil(lambda: printing._under_way == set())


def test_a_further_print_asks_why_and_the_journal_keeps_it(seat: Seat, printer: Path, qtbot: QtBot) -> None:
    screen, serial = issued(seat)
    told, hindered = heard(screen)
    press(screen, "letter.print")
    qtbot.waitUntil(lambda: len(told) == 1)
    (printer / "input").unlink()
    press(screen, "letter.print")
    settled(seat)
    assert hindered == ["LETTER_REASON_MISSING"]
    assert not (printer / "input").exists()
    reason = part(screen, QPushButton, "letter.reason.print_spoiled")
    assert reason.hasFocus()
    press(screen, "letter.reason.print_spoiled")
    press(screen, "letter.print")
    qtbot.waitUntil(lambda: len(told) == 2)
    assert acts(seat, serial) == [(Act.LETTER_PRINTED, "COPIES_1"), (Act.LETTER_PRINTED, "COPIES_1 PRINT_SPOILED")]
    assert not reason.isChecked()  # the next time has a reason of its own


@no_size_hints
def test_a_copy_asks_why_is_written_to_the_folder_chosen_and_noted(seat: Seat, tmp_path: Path) -> None:
    screen, serial = issued(seat)
    told, hindered = heard(screen)
    press(screen, "letter.save")
    assert hindered == ["LETTER_REASON_MISSING"]
    assert screen.findChild(QFileDialog, "letter.folder") is None
    assert part(screen, QPushButton, "letter.reason.print_spoiled").hasFocus()
    press(screen, "letter.reason.receiver_asks")
    press(screen, "letter.save")
    choose_folder(screen, tmp_path)
    assert len(hindered) == 1
    assert len(told) == 1
    assert [file.name for file in tmp_path.iterdir()] == [f"{serial}.pdf"]
    assert (tmp_path / f"{serial}.pdf").read_bytes() == stored_pdf(seat, serial)
    assert stat.S_IMODE((tmp_path / f"{serial}.pdf").stat().st_mode) == 0o600
    assert acts(seat, serial) == [(Act.LETTER_SAVED, "RECEIVER_ASKS")]
    assert not part(screen, QPushButton, "letter.reason.receiver_asks").isChecked()


@no_size_hints
def test_a_copy_that_cannot_be_written_is_said_and_noted_as_such(seat: Seat, tmp_path: Path) -> None:
    screen, serial = issued(seat)
    _, hindered = heard(screen)
    (tmp_path / "file").write_text("")
    press(screen, "letter.reason.other")
    press(screen, "letter.save")
    choose_folder(screen, tmp_path / "file")
    assert hindered == ["OUT_NOT_WRITABLE"]
    assert acts(seat, serial) == [(Act.LETTER_SAVED, "OTHER"), (Act.SAVE_FAILED, None)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_after_a_withdrawal_a_letter_can_be_looked_at_and_the_screen_says_why_no_more(
    seat: Seat, language: Language
) -> None:
    screen, serial = issued(seat)
    withdraw(seat, screen)
    languages.switch(language)
    again = shown(seat, screen.place())
    assert serial in page_words(again)
    for name in ("print", "save", "reason.other"):
        assert not part(again, QPushButton, f"letter.{name}").isEnabled()
    withheld = part(again, QLabel, "letter.withheld")
    assert withheld.isVisible()
    assert {"en": "withdrew this consent", "sw": "ameondoa ridhaa"}[language] in withheld.text()
    assert part(again, QPushButton, "letter.back").hasFocus()


@no_size_hints
def test_a_withdrawal_while_the_letter_is_on_screen_counts_at_once(seat: Seat, printer: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    first, serial = issued(seat)
    second = shown(seat, first.place())
    press(second, "letter.reason.other")
    press(second, "letter.save")
    withdraw(seat, first)
    _, hindered = heard(first)
    press(first, "letter.print")
    settled(seat)
    assert hindered == ["CONSENT_WITHDRAWN"]
    assert not part(first, QPushButton, "letter.print").isEnabled()
    assert part(first, QLabel, "letter.withheld").isVisible()
    _, hindered = heard(second)
    choose_folder(second, folder)
    assert hindered == ["CONSENT_WITHDRAWN"]
    assert list(folder.iterdir()) == []
    assert [file.name for file in printer.iterdir()] == ["lp"]
    assert acts(seat, serial) == []


def laid_out() -> None:
    """The words of a language are set in one turn of the event loop, their heights in the next ones."""
    for _ in range(5):
        QApplication.processEvents()


@pytest.mark.parametrize("size", [(1274, 738), (818, 482)])
def test_the_ways_out_are_heard_reached_and_never_cut_in_any_language(seat: Seat, size: tuple[int, int]) -> None:
    screen, _ = issued(seat)
    withheld, _ = issued(seat)
    withdraw(seat, withheld)
    screens = [screen, shown(seat, withheld.place())]
    withheld.hide()
    found = []
    for one in screens:
        one.resize(*size)
        for language in LANGUAGES:
            languages.switch(language)
            laid_out()
            for check in (look.misnamed, look.unlabelled, look.twice_used_letters, look.cut):
                found += [f"{language} {what}" for what in check(one)]
    with look.pseudo_language(seat.desk.vault.catalogue):
        for one in screens:
            languages.switch("en")
            laid_out()
            languages.switch("sw")
            laid_out()
            found += [f"longer {what}" for what in look.cut(one)]
    assert found == []


def test_tab_reaches_every_way_out_and_comes_round(seat: Seat) -> None:
    screen, _ = issued(seat)
    assert look.unreached(screen) == []


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
