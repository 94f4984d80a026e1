"""The reason for opening a colleague's case, by the keys of a keyboard, from every door (L-03)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from desktop import machine
from desktop.rules.records import RecordDraft
from tests.ui.case_files import CTRL, Held, hold
from tests.ui.colleagues import NAMES, add_colleague, case_ref, give_away, reasons, theirs
from tests.ui.desks import case_with, in_lane, refer, show_alone
from tests.ui.screen_hands import Heard, focus_name, settle
from ui import languages
from ui.languages import words
from ui.screens.letter import LetterScreen
from ui.seat import Place, Seat

PAGE = "caseFile.view_reason"


@pytest.fixture(scope="module", autouse=True)
def _small_laptop() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
        yield


def said_on(screen: QWidget) -> str:
    return "\n".join(label.text() for label in screen.findChildren(QLabel) if label.isVisible())


def chosen(held: Held) -> list[str]:
    names = [code.lower() for code in [one.code for one in held.screen.seat.desk.vault.catalogue.lists["view_reasons"]]]
    return [name for name in names if held.part(f"{PAGE}.list.{name}").isChecked()]  # type: ignore[attr-defined]


def test_a_colleagues_case_asks_first_and_opens_with_a_number_and_enter(seat: Seat) -> None:
    case_id = theirs(seat)
    held = hold(seat, case_id, "person")
    assert held.visible(PAGE)
    assert held.hindered == []
    assert not held.visible("caseFile.band")
    said = said_on(held.screen)
    assert case_ref(seat, case_id) in said
    assert not any(str(name) in said for name in ("Zuberi", "Mbarikiwa", "Nyota"))
    assert focus_name() == f"{PAGE}.list.officer_away"
    assert chosen(held) == []  # nobody gives a reason by pressing Enter once too often
    held.key(Qt.Key.Key_Return)
    assert held.visible(f"{PAGE}.problem")
    assert held.text(f"{PAGE}.problem") == words("REASON_MISSING")
    assert reasons(seat, case_id) == []
    held.key(Qt.Key.Key_8)
    assert chosen(held) == ["court_or_request"]
    assert not held.visible(f"{PAGE}.problem")
    held.key(Qt.Key.Key_Return)
    assert not held.visible(PAGE)
    assert held.open_part() == "person"
    assert focus_name() == "person.first_name"
    assert held.text("caseFile.band.shown_as") == "Nyota"
    assert reasons(seat, case_id) == ["COURT_OR_REQUEST"]
    again = hold(seat, case_id)
    assert not again.visible(PAGE)
    assert again.visible("caseFile.band")
    assert reasons(seat, case_id) == ["COURT_OR_REQUEST", None]


def test_first_letters_and_arrows_choose_and_the_way_back_opens_nothing(seat: Seat) -> None:
    case_id = theirs(seat)
    held = hold(seat, case_id)
    places: list[Place] = []
    held.screen.place_wanted.connect(places.append)
    for key, code in ((Qt.Key.Key_T, "officer_away"), (Qt.Key.Key_T, "person_here"), (Qt.Key.Key_S, "supervision")):
        held.key(key)
        assert chosen(held) == [code]
        assert focus_name() == f"{PAGE}.list.{code}"
    held.key(Qt.Key.Key_Down)
    held.key(Qt.Key.Key_Space)
    assert chosen(held) == ["handover"]
    languages.switch("sw")
    held.key(Qt.Key.Key_M)
    assert chosen(held) == ["court_or_request"]
    languages.switch("en")
    held.key(Qt.Key.Key_9)  # there is none
    held.key(Qt.Key.Key_X)
    assert chosen(held) == ["court_or_request"]
    held.key(Qt.Key.Key_Tab)
    held.key(Qt.Key.Key_Tab)
    assert focus_name() == f"{PAGE}.back"
    held.key(Qt.Key.Key_Return)
    held.key(Qt.Key.Key_Escape)
    assert places == [Place("cases")] * 2
    assert reasons(seat, case_id) == []


def test_a_click_chooses_and_the_button_opens(seat: Seat) -> None:
    case_id = theirs(seat)
    held = hold(seat, case_id)
    QTest.mouseClick(held.part(f"{PAGE}.list.urgent_risk"), Qt.MouseButton.LeftButton)
    QTest.mouseClick(held.part(f"{PAGE}.open"), Qt.MouseButton.LeftButton)
    held.settle()
    assert held.visible("caseFile.band")
    assert reasons(seat, case_id) == ["URGENT_RISK"]


def test_from_a_referral_one_lands_at_the_referral(seat: Seat) -> None:
    case_id = case_with(seat, **NAMES)
    refer(seat, case_id, "URGENT", "Clinic A")
    second = refer(seat, case_id, "URGENT", "Clinic B")
    give_away(seat, case_id, add_colleague(seat)[0])
    held = hold(seat, case_id, "referral", second)
    assert held.visible(PAGE)
    held.key(Qt.Key.Key_5)
    held.key(Qt.Key.Key_Return)
    assert held.screen.place() == Place("caseFile", case_id, second, "referral")


def test_from_a_letter_one_lands_at_the_letter(seat: Seat) -> None:
    case_id = case_with(seat, **NAMES)
    referral = refer(seat, case_id, "URGENT", "Clinic A")
    give_away(seat, case_id, add_colleague(seat)[0])
    screen = LetterScreen(seat, Place("letter", case_id, referral))
    heard = Heard(screen)
    show_alone(screen)
    settle(seat)
    page = screen.findChild(QWidget, "letter.view_reason")
    assert isinstance(page, QWidget)
    assert page.isVisible()
    assert heard.hindered == []
    for key in (Qt.Key.Key_1, Qt.Key.Key_Return):
        QTest.keyClick(screen.focusWidget() or screen, key)
        settle(seat)
    assert not page.isVisible()
    assert heard.places == []
    issue = screen.findChild(QWidget, "letter.issue")
    assert isinstance(issue, QWidget)
    assert issue.isVisible()
    assert reasons(seat, case_id)[0] == "OFFICER_AWAY"


def test_a_reason_asked_for_in_the_middle_of_work_loses_nothing_that_was_typed(seat: Seat) -> None:
    case_id = case_with(seat, **NAMES)
    held = hold(seat, case_id, "person")
    held.type_in("person.known_as", "Zu")
    user, _ = add_colleague(seat)
    give_away(seat, case_id, user)  # as by a supervisor at another time of the same open case
    held.key(Qt.Key.Key_Return, CTRL)
    assert held.visible(PAGE)
    assert held.hindered == []
    held.key(Qt.Key.Key_6)
    held.key(Qt.Key.Key_Return)
    assert not held.visible(PAGE)
    assert focus_name() == "person.known_as"
    assert held.form().fields()["known_as"] == "Zu"
    held.key(Qt.Key.Key_Return, CTRL)
    kept = in_lane(seat.jobs, lambda: seat.desk.cases.open(case_id)).one("person")
    assert kept is not None
    assert kept.fields["known_as"] == "Zu"


def test_a_hidden_case_says_exactly_what_one_that_never_was_says(seat: Seat) -> None:
    case_id = case_with(seat, **NAMES)
    referral = refer(seat, case_id, "URGENT", "Clinic A")
    in_lane(seat.jobs, lambda: seat.desk.drafts.keep([RecordDraft("person", {"first_name": "Zuberi"}, None, case_id)]))
    give_away(seat, case_id, add_colleague(seat)[0], restricted=True)
    never = "00000000-0000-4000-8000-0000000000ff"
    told = []
    for one, other in ((case_id, referral), (never, never)):
        for section in ("", "person", "referral"):
            held = hold(seat, one, section, other if section == "referral" else "")
            assert held.visible("caseFile.gone")
            assert not held.visible(PAGE)
            told.append((one, said_on(held.screen), tuple(held.hindered), tuple(held.told)))
        letter = LetterScreen(seat, Place("letter", one, other))
        heard = Heard(letter)
        show_alone(letter)
        settle(seat)
        told.append((one, said_on(letter), tuple(heard.hindered), tuple(heard.told)))
    hidden, unknown = ([line[1:] for line in told if line[0] == one] for one in (case_id, never))
    assert hidden == unknown
    assert in_lane(seat.jobs, seat.desk.drafts.cases) == ()  # its draft is not offered either
