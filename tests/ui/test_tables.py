from __future__ import annotations

import csv
import io
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop import machine
from desktop.clock import today
from desktop.crypto import sealing
from desktop.messages import Language
from desktop.rules.access import Role
from desktop.services.tables import KEEP_DAYS
from tests import factory
from tests.flows.conftest import SMALL_LAPTOP_BYTES
from tests.sticks import Rack, make_rack
from tests.ui.desks import SCREEN_PX, open_desk, show_alone
from tests.ui.every_screen import cut
from tests.ui.screen_hands import Heard, part, text
from tests.ui.table_hands import KEY, Desk, rows_of, shown, surnames, unsealed
from ui import languages
from ui.screens.today import Today
from ui.seat import Place
from ui.widgets.row_list import RowList

# The offscreen platform warns of the least size that the system's dialog works out for itself.
no_size_hints = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

AGREED, SILENT = "Gachanja", "Ng'ang'a"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[factory.Place]:
    """Three cases, at rest: one who agreed to be named to the Secretariat, one who did not, one draft."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
        made = factory.make_office(tmp_path_factory.mktemp("tables") / "office")
        agreed = factory.make_case(made)
        factory.consent(made, agreed, "SHARE_SECRETARIAT_ID")
        factory.make_case(made, first_name="Kamau", surname=SILENT, sex="M")
        factory.change(made, factory.make_case(made), "case", status="DRAFT")
        made.lock()
        yield made


@pytest.fixture
def rack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rack:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
    (tmp_path / "rack").mkdir()
    return make_rack(tmp_path / "rack", monkeypatch)


@pytest.fixture
def desk(application: QApplication, office: factory.Place, tmp_path: Path, rack: Rack) -> Iterator[Desk]:
    shutil.copytree(office.folder, tmp_path / "office")
    with open_desk(tmp_path / "office", office.sentence) as seat:
        yield shown(seat, rack)


def test_a_workbook_goes_sealed_to_a_stick_and_its_receiver_opens_it(desk: Desk) -> None:
    seal = part(desk.screen, QPushButton, "tables.seal")
    assert not seal.isEnabled()
    assert desk.text("tables.figures") == ""
    stick = desk.rack.put_in("OFISI")
    desk.press("tables.purpose.planning")
    assert desk.text("tables.figures") == "2 cases"
    assert desk.text("tables.staying").splitlines() == [
        "Nobody's name or contact is in it",
        "Stays here, still a draft: 1",
    ]
    desk.type_in("tables.recipients", KEY)
    desk.press("tables.seal")
    (file,) = stick.iterdir()
    assert desk.heard.told == [f"The table with 2 cases is sealed and saved to OFISI as {file.name}."]
    assert file.name.startswith("X-")
    opened = unsealed(file.read_bytes())
    assert rows_of(opened) == 2
    assert surnames(opened) == set()
    assert desk.copies() == ()
    assert desk.heard.hindered == []
    assert seal.hasFocus()


def test_names_go_only_for_a_purpose_that_may_name_and_of_who_agreed(desk: Desk) -> None:
    identified = part(desk.screen, QPushButton, "tables.naming.identified")
    assert not identified.isEnabled()
    stick = desk.rack.put_in("OFISI")
    desk.press("tables.purpose.secretariat")
    assert desk.text("tables.staying").startswith("Nobody's name")
    desk.press("tables.naming.identified")
    assert desk.text("tables.staying").startswith("1 of them with name and contact")
    assert desk.text("tables.naming_help").startswith("Name and contact stand there only for persons who agreed")
    desk.type_in("tables.recipients", KEY)
    desk.press("tables.seal")
    assert surnames(unsealed(next(stick.iterdir()).read_bytes())) == {AGREED}
    desk.press("tables.purpose.audit")
    assert not identified.isEnabled()
    assert part(desk.screen, QPushButton, "tables.naming.pseudonymous").isChecked()
    assert desk.text("tables.naming_help").startswith("For this purpose nobody is named")
    assert desk.text("tables.staying").startswith("Nobody's name")


def test_research_leaves_out_who_did_not_agree_to_it_and_says_so(desk: Desk) -> None:
    desk.press("tables.purpose.research")
    assert desk.text("tables.figures") == "No case can go"
    assert sorted(desk.text("tables.staying").splitlines()) == [
        "Stays here, no consent to statistics and research: 2",
        "Stays here, still a draft: 1",
    ]
    desk.rack.put_in("OFISI")
    desk.type_in("tables.recipients", KEY)
    desk.press("tables.seal")
    assert desk.heard.hindered == ["TABLE_EMPTY"]


@no_size_hints
def test_a_list_for_cpims_goes_sealed_to_a_folder_for_two_receivers(desk: Desk, tmp_path: Path) -> None:
    other = sealing.generate_secret()
    (tmp_path / "out").mkdir()
    desk.press("tables.kind.cpims")
    desk.press("tables.purpose.cpims")
    desk.type_in("tables.recipients", f"{KEY}, {sealing.age_recipient(sealing.public_key(other))}")
    desk.press("tables.folder")
    dialog = part(desk.screen, QFileDialog, "tables.folder_choice")
    dialog.filesSelected.emit([str(tmp_path / "out")])
    dialog.close()
    desk.settle()
    (file,) = (tmp_path / "out").iterdir()
    opened = unsealed(file.read_bytes())
    assert opened == unsealed(file.read_bytes(), other)
    assert len(list(csv.DictReader(io.StringIO(opened.decode("utf-8-sig"))))) == 2


def test_a_key_is_looked_at_when_one_leaves_it_and_refused_with_a_sentence(desk: Desk) -> None:
    stick = desk.rack.put_in("OFISI")
    before = desk.entries()
    desk.press("tables.purpose.planning")
    note = "tables.recipients.problem"
    desk.type_in("tables.recipients", KEY[:-1])
    part(desk.screen, QPushButton, "tables.seal").setFocus()
    assert desk.text(note).startswith("A receiver's key is not complete")
    desk.type_in("tables.recipients", KEY)
    assert desk.text(note) == ""
    part(desk.screen, QPushButton, "tables.seal").setFocus()
    assert desk.text(note) == "The key is whole. 1 receiver can open the table."
    for typed, sentence in (("", "Nobody is named who could open"), (KEY.replace("age1", "age2"), "A receiver's key")):
        desk.type_in("tables.recipients", typed)
        desk.press("tables.seal")
        assert desk.text(note).startswith(sentence)
        assert part(desk.screen, QLineEdit, "tables.recipients").hasFocus()
    assert list(stick.iterdir()) == []
    assert desk.entries() == before


def test_without_a_stick_that_takes_it_nothing_is_sealed_or_noted(desk: Desk) -> None:
    before = desk.entries()
    desk.press("tables.purpose.planning")
    desk.type_in("tables.recipients", KEY)
    desk.press("tables.seal")
    assert desk.text("tables.stick.problem").startswith("No stick is in")
    desk.rack.put_in("FUNGWA", options="ro")
    desk.press("tables.seal")
    assert desk.text("tables.stick.problem").startswith("Nothing can be written")
    assert desk.entries() == before


def test_a_table_without_a_seal_is_asked_twice_remembered_and_crossed_off(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert desk.text("tables.copies_none") == "No plain copy of a table waits to be deleted."
    assert not part(desk.screen, QWidget, "tables.plain_save").isVisible()
    desk.save_plain(tmp_path / "out")
    (file,) = (tmp_path / "out").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert rows_of(file.read_bytes()) == 2
    (copy,) = desk.copies()
    assert copy.place == str(file)
    assert desk.heard.told[-1].startswith("The table with 2 cases is saved without a seal")
    assert desk.heard.told[-1].endswith(f"Delete it by {languages.day(copy.delete_by)}.")
    assert not part(desk.screen, QWidget, "tables.plain_save").isVisible()  # asked again the next time
    made = languages.day(today(desk.seat.desk.vault.clock).isoformat())
    (row,) = part(desk.screen, RowList, "tables.copies").rows()
    assert [cell.text for cell in row.cells] == [languages.day(copy.delete_by), file.name, "2"]
    assert desk.text("tables.copy_place").replace("\u200b", "") == f"Saved on {made} as {file}"
    desk.press("tables.copy_deleted")
    assert desk.text("tables.copy_question").startswith("Is it gone from this place")
    desk.press("tables.copy_deleted")
    assert desk.heard.hindered == ["PLAIN_COPY_STILL_THERE"]
    assert desk.copies() == (copy,)
    file.unlink()
    desk.press("tables.copy_deleted")
    desk.press("tables.copy_deleted")
    assert desk.heard.told[-1] == "Noted that the copy is deleted."
    assert desk.copies() == ()
    assert desk.text("tables.copies_none") != ""
    assert not part(desk.screen, QWidget, "tables.copies").isVisible()


def test_esc_leaves_what_is_asked_once_more(desk: Desk, tmp_path: Path) -> None:
    desk.save_plain(tmp_path)
    desk.press("tables.copy_deleted")
    QTest.keyClick(part(desk.screen, QPushButton, "tables.copy_deleted"), Qt.Key.Key_Escape)
    assert desk.text("tables.copy_question") == ""
    desk.press("tables.plain")
    QTest.keyClick(part(desk.screen, QLineEdit, "tables.plain_folder"), Qt.Key.Key_Escape)
    assert not part(desk.screen, QWidget, "tables.plain_save").isVisible()
    assert part(desk.screen, QPushButton, "tables.plain").hasFocus()
    assert len(desk.copies()) == 1


@pytest.mark.parametrize("place", ["not there", "taken", "file"])
def test_a_folder_that_takes_nothing_leaves_no_copy_to_be_deleted(desk: Desk, tmp_path: Path, place: str) -> None:
    before = desk.entries()
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "taken" / ".rufaa-probe.partial" / "in the way").mkdir(parents=True)
    desk.save_plain(tmp_path / place)
    assert desk.text("tables.plain_folder.note") != ""
    assert part(desk.screen, QLineEdit, "tables.plain_folder").hasFocus()
    assert desk.heard.told == []
    assert desk.copies() == ()
    assert desk.entries() == before
    assert not (tmp_path / "not there").exists()


def test_a_copy_that_may_lie_there_in_part_stays_in_the_list_until_it_is_gone(desk: Desk, tmp_path: Path) -> None:
    before = desk.entries()
    day = today(desk.seat.desk.vault.clock).isoformat()
    part_of_it = tmp_path / "out" / f"htcds-030-01-{day}-{before + 1}.xlsx.partial"
    (part_of_it / "in the way").mkdir(parents=True)
    desk.save_plain(tmp_path / "out")
    assert desk.text("tables.plain_folder.note").startswith("The table was not saved whole")
    (copy,) = desk.copies()
    assert len(part(desk.screen, RowList, "tables.copies").rows()) == 1
    for _ in range(2):
        desk.press("tables.copy_deleted")
    assert desk.heard.hindered == ["PLAIN_COPY_STILL_THERE"]
    assert desk.copies() == (copy,)
    shutil.rmtree(part_of_it)
    for _ in range(2):
        desk.press("tables.copy_deleted")
    assert desk.copies() == ()
    assert desk.entries() == before + 2  # that it left, and that it is deleted


def test_who_may_make_no_table_finds_a_sentence_and_no_button(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.seat.desk.vault, "role", Role.CLERK)
    clerk = shown(desk.seat, desk.rack)
    assert [label.text() for label in clerk.screen.findChildren(QLabel)][-1].startswith("A supervisor makes tables")
    assert clerk.screen.findChildren(QPushButton) == []
    assert clerk.heard.hindered == []
    screen, _ = on_today(desk)
    assert not part(screen, QWidget, "today.tables").isVisible()


def test_today_reminds_of_what_is_to_be_deleted_and_leads_to_it(
    desk: Desk, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.save_plain(tmp_path)
    screen, _ = on_today(desk)
    delete_by = languages.day(desk.copies()[0].delete_by)
    assert text(screen, "today.plain_copies") == f"1 table without a seal has to be deleted by {delete_by}"
    monkeypatch.setattr("desktop.services.tables.KEEP_DAYS", -KEEP_DAYS)  # made by somebody seven days too late
    desk.save_plain(tmp_path)
    screen, heard = on_today(desk)
    assert text(screen, "today.plain_copies") == "1 table without a seal should be deleted by now"
    QTest.keyClick(part(screen, QPushButton, "today.tables"), Qt.Key.Key_Space)
    assert heard.places == [Place("tables", section="copies")]
    there = shown(desk.seat, desk.rack, section="copies")
    copies = part(there.screen, RowList, "tables.copies")
    qtbot.waitUntil(copies.hasFocus)
    assert [row.cells[0].text.startswith("Overdue since") for row in copies.rows()] == [True, False]


def on_today(desk: Desk) -> tuple[Today, Heard]:
    screen = Today(desk.seat, Place("today"))
    heard = Heard(screen)
    show_alone(screen)
    desk.settle()
    return screen, heard


def test_a_choice_made_while_it_counts_gives_the_count_up(desk: Desk) -> None:
    for name in ("tables.purpose.research", "tables.purpose.planning"):
        part(desk.screen, QPushButton, name).click()
    assert desk.text("tables.figures") != "No case can go"
    desk.settle()
    assert desk.text("tables.figures") == "2 cases"
    assert desk.heard.hindered == []


def test_stopped_work_makes_no_table_and_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    before = desk.entries()
    desk.press("tables.purpose.planning")
    desk.press("tables.plain")
    desk.type_in("tables.plain_folder", str(tmp_path))
    go = threading.Event()
    desk.seat.jobs.run(go.wait, owner=desk.screen, done=lambda _: None, failed=lambda _: None)
    part(desk.screen, QPushButton, "tables.plain_save").click()
    part(desk.screen, QPushButton, "tables.progress.stop").click()
    go.set()
    desk.settle()
    assert desk.heard.told == ["Stopped. No table was made."]
    assert desk.entries() == before
    assert part(desk.screen, QPushButton, "tables.plain_save").isEnabled()


def test_the_language_changes_and_what_was_typed_stays(desk: Desk) -> None:
    desk.press("tables.purpose.planning")
    desk.type_in("tables.recipients", "age1qqq")
    desk.press("tables.plain")
    desk.type_in("tables.plain_folder", "/media/x")
    languages.switch("sw")
    desk.settle()
    assert part(desk.screen, QLineEdit, "tables.recipients").text() == "age1qqq"
    assert part(desk.screen, QLineEdit, "tables.plain_folder").text() == "/media/x"
    assert desk.text("tables.figures") == "Kesi 2"
    assert desk.text("tables.recipients.problem").startswith("Ufunguo wa mpokeaji haujakamilika")
    assert part(desk.screen, QPushButton, "tables.purpose.planning").text() == "Kupanga na kutathmini huduma"


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("size", [SCREEN_PX, (818, 447)], ids=str)
def test_nothing_is_cut_whatever_is_said(desk: Desk, tmp_path: Path, language: Language, size: tuple[int, int]) -> None:
    languages.switch(language)
    desk.screen.resize(*size)
    desk.save_plain(tmp_path)
    desk.press("tables.copy_deleted")
    desk.press("tables.plain")
    for purpose in ("research", "secretariat"):
        desk.press(f"tables.purpose.{purpose}")
        desk.type_in("tables.recipients", "age1qqq")
        desk.rack.put_in(purpose)
        desk.press("tables.seal")
        assert desk.text("tables.recipients.problem") != ""
        assert cut(desk.screen) == []
    desk.type_in("tables.recipients", KEY)
    desk.press("tables.naming.identified")
    desk.press("tables.seal")  # two sticks are in, and none is chosen
    assert desk.text("tables.stick.problem") != ""
    assert cut(desk.screen) == []


def test_f1_explains_the_screen(desk: Desk) -> None:
    said: list[tuple[str, str]] = []
    desk.screen.help_wanted.connect(lambda say: said.append(say()))
    for name in ("tables.purpose.planning", "tables.recipients", "tables.plain"):
        QTest.keyClick(part(desk.screen, QWidget, name), Qt.Key.Key_F1)
    assert [title for title, _ in said] == ["Make a table"] * 3
    assert "age1" in said[0][1]


def test_a_practice_office_proposes_a_table_without_a_seal(
    application: QApplication, tmp_path: Path, rack: Rack
) -> None:
    office = factory.make_office(tmp_path / "practice", practice=True)
    office.lock()
    with open_desk(office.folder, office.sentence) as seat:
        desk = shown(seat, rack)
        assert part(desk.screen, QWidget, "tables.plain_save").isVisible()
        assert part(desk.screen, QPushButton, "tables.kind.htcds").hasFocus()
