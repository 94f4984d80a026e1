from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop import machine
from desktop.clock import NAIROBI
from desktop.rules.records import RecordDraft, Value
from desktop.services.breaches import Breach
from desktop.services.people_facts import PeopleChanged
from tests.factory import PERSON
from tests.ui.conftest import Office
from tests.ui.desks import case_with, in_lane, open_desk, show_alone
from tests.ui.form_hands import choose_answer, has_focus, note, switch, type_in
from tests.ui.screen_hands import Heard, check_heard_and_reached, focus_name, part, press, settle, text
from ui import printing
from ui.screens.breach_notice import BreachNotice
from ui.screens.breaches import Breaches
from ui.screens.today import Today
from ui.seat import Place, Seat
from ui.widgets.field_form import FieldForm
from ui.widgets.letter_pages import LetterPages
from ui.widgets.row_list import RowList

LP = "#!/bin/sh\n/bin/cat > {0}/input\n"
FAILING_LP = "#!/bin/sh\nexit 1\n"


@pytest.fixture(scope="module", autouse=True)
def _small_laptop() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
        yield


def ago(seat: Seat, **span: int) -> str:
    moment = seat.desk.vault.clock.now().astimezone(NAIROBI) - timedelta(**span)
    return moment.isoformat(timespec="minutes")


def save(seat: Seat, **fields: Value) -> str:
    draft = RecordDraft("breach", {"kind": "LAPTOP_LOST", "risk": "YES", **fields})
    return in_lane(seat.jobs, lambda: seat.desk.breaches.save(draft)).record_ids[0]


def stored(seat: Seat) -> tuple[Breach, ...]:
    return in_lane(seat.jobs, seat.desk.breaches.list)


def shown(seat: Seat, record_id: str = "", section: str = "") -> tuple[Breaches, Heard]:
    screen = Breaches(seat, Place("breaches", record_id=record_id, section=section))
    heard = Heard(screen)
    show_alone(screen)
    settle(seat)
    return screen, heard


def rows(screen: Breaches) -> list[list[str]]:
    found = part(screen, RowList, "breaches.list")
    return [[cell.text for cell in row.cells] for row in found.rows()] if found.isVisible() else []


def form(screen: Breaches) -> FieldForm:
    return part(screen, FieldForm, "breach")


def acts(seat: Seat) -> list[str]:
    return [line.act for line in in_lane(seat.jobs, seat.desk.journal.page).lines]


def test_nothing_lost_is_said_and_the_first_thing_lost_is_recorded_by_keys(seat: Seat) -> None:
    screen, heard = shown(seat)
    assert text(screen, "breaches.empty.title") == "Nothing got lost"
    assert not form(screen).isVisible()
    assert focus_name() == "breaches.new"
    press(screen, "breaches.new")
    assert focus_name() == "breach.kind"
    QTest.keyClicks(has_focus(), "laptop")
    QTest.keyClick(has_focus(), Qt.Key.Key_Return)
    assert "End" not in text(screen, "breaches.steps")
    assert "4. Ask the Secretariat for the list of what the laptop had sent" in text(screen, "breaches.steps")
    assert "This version of the program cannot bring cases back onto it" in text(screen, "breaches.steps")
    type_in(form(screen), "known_at", "now")
    type_in(form(screen), "facts", "It was taken from a vehicle.")
    choose_answer(form(screen), "persons", "1")
    assert text(screen, "breaches.state") == "Not saved yet; kept as a draft."
    assert not part(screen, QPushButton, "breaches.notice").isEnabled()
    form(screen).focus_field("facts")
    QTest.keyClick(has_focus(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settle(seat)
    assert heard.told == ["It is recorded."]
    (breach,) = stored(seat)
    assert breach.record.text("facts") == "It was taken from a vehicle."
    assert [row[0] for row in rows(screen)] == ["A laptop is lost or stolen"]
    assert rows(screen)[0][2:] == ["47 h left", "71 h left"]
    assert text(screen, "breaches.clocks").split("\n") == [
        "Secretariat (48 h): 47 h left",
        "Data Commissioner (72 h): 71 h left",
    ]
    assert (text(screen, "breaches.late"), screen.unsaved()) == ("", ())
    assert screen.place() == Place("breaches", record_id=breach.record.record_id)


def test_late_clocks_stand_in_red_words_and_one_that_was_told_is_done(seat: Seat) -> None:
    record_id = save(seat, known_at=ago(seat, hours=72 + 49))
    screen, _ = shown(seat, record_id)
    assert rows(screen)[0][2:] == ["3 days late", "2 days late"]
    assert text(screen, "breaches.late").count("late") == 2
    type_in(form(screen), "told_controller_at", "now")
    press(screen, "breaches.save")
    settle(seat)
    assert rows(screen)[0][2:] == ["Told late", "2 days late"]
    assert text(screen, "breaches.late") == "Data Commissioner (72 h): 2 days late"
    switch("sw")
    assert text(screen, "breaches.late") == "Kamishna wa Data (saa 72): Imepita siku 2"
    assert rows(screen)[0][0] == "Kompyuta imepotea au kuibwa"


def test_the_steps_follow_what_got_lost(seat: Seat) -> None:
    screen, _ = shown(seat, section="new")
    assert "Try to get it back" in text(screen, "breaches.steps")
    type_in(form(screen), "kind", "sentence")
    assert "press Someone may know the sentence" in text(screen, "breaches.steps")


def test_typing_is_kept_as_a_draft_and_found_again(seat: Seat) -> None:
    screen, _ = shown(seat, section="new")
    type_in(form(screen), "facts", "Half a th")
    (draft,) = screen.unsaved()
    in_lane(seat.jobs, lambda: seat.desk.drafts.keep([draft]))
    again, _ = shown(seat)
    assert form(again).fields()["facts"] == "Half a th"
    press(again, "breaches.put_back")
    settle(seat)
    assert in_lane(seat.jobs, lambda: seat.desk.drafts.of_case(None)) == ()
    assert "facts" not in form(again).fields()


def test_the_clocks_go_on_while_one_types_and_what_is_typed_stays(seat: Seat) -> None:
    record_id = save(seat, known_at=ago(seat, hours=1))
    screen, _ = shown(seat, record_id)
    type_in(form(screen), "facts", "Half a th")
    screen._read()
    settle(seat)
    assert form(screen).fields()["facts"] == "Half a th"
    assert focus_name() != "breaches.new"


def test_what_keeps_it_open_stands_at_the_questions_and_then_it_is_closed(seat: Seat) -> None:
    record_id = save(seat, known_at=ago(seat, hours=1))
    screen, heard = shown(seat, record_id)
    press(screen, "breaches.close")
    settle(seat)
    assert heard.hindered == ["BREACH_NOT_READY"]
    assert note(form(screen), "facts") == "This has to be answered before the breach can be closed."
    assert focus_name() == "breach.facts"
    for field, typed in (("facts", "A bus."), ("effects", "None."), ("action", "Keys ended.")):
        type_in(form(screen), field, typed)
    for field in ("told_controller_at", "told_commissioner_at"):
        type_in(form(screen), field, "now")
    form(screen).set_fields({**form(screen).fields(), "told_persons": ("NOT_NEEDED",)})
    form(screen).edited.emit()
    press(screen, "breaches.save")
    settle(seat)
    press(screen, "breaches.close")
    settle(seat)
    assert heard.told == ["It is recorded.", "It is closed."]
    assert rows(screen)[0][2:] == ["", "Closed"]
    assert text(screen, "breaches.state") == "Closed by a supervisor; it stays as it is."
    assert not part(screen, QPushButton, "breaches.close").isVisible()
    QTest.keyClicks(part(screen, QWidget, "breach.facts"), "more")
    assert screen.unsaved() == ()
    assert acts(seat)[0] == "BREACH_CLOSED"


def test_a_clerk_records_and_has_no_way_to_close(seat: Seat, at_rest: Office, tmp_path: Path) -> None:
    added: PeopleChanged = in_lane(seat.jobs, lambda: seat.desk.people.add(name="Somebody", role="CLERK"))
    record_id = save(seat, known_at=ago(seat, hours=1))
    in_lane(seat.jobs, seat.desk.lock)
    with open_desk(tmp_path / "vault", added.sentence or "", added.desk_number) as clerk:
        screen, _ = shown(clerk, record_id)
        assert not part(screen, QPushButton, "breaches.close").isVisible()
        assert part(screen, QPushButton, "breaches.notice").isEnabled()
        type_in(form(screen), "facts", "A bus.")
        press(screen, "breaches.save")
        settle(clerk)
        assert stored(clerk)[0].record.text("facts") == "A bus."


def test_everything_on_the_screen_is_heard_and_reached(seat: Seat) -> None:
    screen, _ = shown(seat)
    check_heard_and_reached(screen)


def test_today_leads_there_by_ctrl_g_and_says_in_red_what_is_late(seat: Seat, qtbot: QtBot) -> None:
    def today() -> Today:
        screen = Today(seat, Place("today"))
        show_alone(screen)
        settle(seat)
        return screen

    screen = today()
    wanted: list[Place] = []
    screen.place_wanted.connect(wanted.append)
    QTest.keyClick(screen, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert wanted == [Place("breaches", section="new")]
    assert not part(screen, QLabel, "today.breaches").isVisible()
    first = save(seat, known_at=ago(seat, hours=1))
    settle(seat)
    assert text(screen, "today.breaches") == "1 breach is open"
    assert not part(screen, QLabel, "today.breaches_late").isVisible()
    save(seat, known_at=ago(seat, hours=49))
    late = today()
    assert text(late, "today.breaches_late") == "1 breach is open and somebody has to be told: it is late"
    assert part(late, QLabel, "today.breaches_late").property("role") == "danger"
    assert not part(late, QLabel, "today.breaches").isVisible()
    assert stored(seat)[1].record.record_id == first


@pytest.fixture
def printer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bin").mkdir()
    install(tmp_path / "bin", LP)
    monkeypatch.setattr(printing, "LP_PROGRAMS", (str(tmp_path / "bin" / "lp"),))
    return tmp_path / "bin"


def install(folder: Path, program: str) -> None:
    (folder / "lp").write_text(program.format(folder))
    (folder / "lp").chmod(0o755)


def notice(seat: Seat, record_id: str) -> tuple[BreachNotice, Heard]:
    screen = BreachNotice(seat, Place("breachNotice", record_id=record_id))
    heard = Heard(screen)
    show_alone(screen)
    settle(seat)
    return screen, heard


def test_the_notice_is_read_in_either_language_and_printed_from_memory(seat: Seat, printer: Path, qtbot: QtBot) -> None:
    record_id = save(seat, known_at=ago(seat, hours=1), facts="It was taken from a vehicle.")
    breaches, heard_there = shown(seat, record_id)
    press(breaches, "breaches.notice")
    assert heard_there.places == [Place("breachNotice", record_id=record_id)]
    screen, heard = notice(seat, record_id)
    pages = screen.findChild(LetterPages)
    assert isinstance(pages, LetterPages)
    assert "Notice of a breach of personal data" in pages.text()
    assert "It was taken from a vehicle." in pages.text()
    press(screen, "breachNotice.swahili")
    settle(seat)
    assert "Taarifa ya uvunjaji" in pages.text()
    QTest.keyClick(screen, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(heard.told))
    assert heard.told == ["The notice went to the printer."]
    assert (printer / "input").read_bytes().startswith(b"%PDF")
    assert acts(seat)[0] == "BREACH_NOTICE_PRINTED"
    install(printer, FAILING_LP)
    press(screen, "breachNotice.print")
    qtbot.waitUntil(lambda: bool(heard.hindered))
    assert heard.hindered == ["PRINTER_FAILED"]
    assert acts(seat)[:2] == ["PRINT_FAILED", "BREACH_NOTICE_PRINTED"]
    press(screen, "breachNotice.back")
    assert heard.places == [Place("breaches", record_id=record_id)]


def test_a_notice_that_names_a_person_is_not_made(seat: Seat) -> None:
    case_with(seat, **PERSON)
    named = save(seat, known_at=ago(seat, hours=1), facts="The file of Wambui Gachanja was in it.")
    screen, _ = notice(seat, named)
    assert text(screen, "breachNotice.problems").startswith("The facts: This text holds a name or a number")
    assert not part(screen, QPushButton, "breachNotice.print").isEnabled()
    pages = screen.findChild(LetterPages)
    assert isinstance(pages, LetterPages)
    assert pages.text() == ""
    doubtful = save(seat, known_at=ago(seat, hours=1), facts="Wambui Street, at noon.")
    screen, _ = notice(seat, doubtful)
    assert text(screen, "breachNotice.warnings").startswith("The facts: One word of this text")
    assert part(screen, QPushButton, "breachNotice.print").isEnabled()
