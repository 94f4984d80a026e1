from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from desktop.messages import LANGUAGES, Language
from desktop.rules.journal_chain import Act
from tests.ui.conftest import Office
from tests.ui.desks import in_lane, make_practice_office, open_desk
from tests.ui.letter_hands import heard, issued, journal, made_referral, page_words, part, press, settled, shown
from ui import languages
from ui.seat import Place, Seat


@pytest.fixture(scope="module")
def letter_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_practice_office(tmp_path_factory.mktemp("letters"))


@pytest.fixture
def seat(application: QApplication, letter_office: Office) -> Iterator[Seat]:
    with open_desk(letter_office.folder, letter_office.sentence) as opened:
        yield opened


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


def test_looking_at_a_draft_is_journaled_once_for_each_screen(seat: Seat) -> None:
    place = made_referral(seat)
    screen = shown(seat, place)
    press(screen, "letter.swahili")
    settled(seat)
    assert journal(seat, Act.LETTER_VIEWED).count((place.record_id, "DRAFT")) == 1
    shown(seat, place)  # as after a lock
    assert journal(seat, Act.LETTER_VIEWED).count((place.record_id, "DRAFT")) == 2


def test_where_no_page_is_shown_no_look_is_journaled(seat: Seat) -> None:
    place = made_referral(seat, agreed=False)
    shown(seat, place)
    assert (place.record_id, "DRAFT") not in journal(seat, Act.LETTER_VIEWED)


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
