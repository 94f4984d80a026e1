from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from desktop.messages import LANGUAGES, Language
from tests.factory import PERSON
from tests.ui.case_files import CTRL, hold, save, saved_at, stored, views
from tests.ui.conftest import Office
from tests.ui.desks import case_with, make_practice_office, open_desk
from ui import languages
from ui.languages import plain, plural, words
from ui.screens.case_sheets import PARTS
from ui.seat import Seat


@pytest.fixture(scope="module")
def case_office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return make_practice_office(tmp_path_factory.mktemp("case"))


@pytest.fixture
def seat(application: QApplication, case_office: Office) -> Iterator[Seat]:
    with open_desk(case_office.folder, case_office.sentence) as opened:
        yield opened


def test_the_band_says_which_case_and_never_the_name(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id)
    assert held.text("caseFile.band.case_ref") == stored(seat, case_id).case_ref
    assert held.text("caseFile.band.shown_as") == "Neema"
    assert held.text("caseFile.band.age_sex") == "Age 35–49, Female"
    assert held.text("caseFile.band.stage") == "Identified"
    assert held.text("caseFile.band.status") == "Open"
    assert not held.visible("caseFile.band.restricted")
    assert not any("Gachanja" in label.text() for label in held.part("caseFile.band").findChildren(QLabel))


def test_without_an_alias_the_band_shows_initials_and_the_mark_of_a_restricted_case(seat: Seat) -> None:
    case_id = case_with(seat, first_name="Wambui", surname="Gachanja")
    case = stored(seat, case_id).one("case")
    assert case is not None
    save(seat, case_id, "case", case.record_id, case.revision, **{**case.fields, "restricted": True})
    held = hold(seat, case_id)
    assert held.text("caseFile.band.shown_as") == "W.G."
    assert held.text("caseFile.band.age_sex") == "Age not known"
    assert held.visible("caseFile.band.restricted")


def test_a_view_is_journaled_once_however_far_one_goes_about(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id)
    for name in PARTS:
        if name != "import_note":
            held.press(f"caseFile.spine.{name}")
            assert held.open_part() == name
    assert views(seat, case_id) == 1


def test_keys_reach_the_forms_and_the_closure(seat: Seat) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    keys = {Qt.Key.Key_1: "consent", Qt.Key.Key_3: "referral", Qt.Key.Key_4: "determination", Qt.Key.Key_9: "closure"}
    for key, name in keys.items():
        held.key(key, CTRL)
        assert held.open_part() == name


def test_the_spine_is_walked_by_arrows_and_first_letters_and_left_with_enter(seat: Seat, qtbot: QtBot) -> None:
    held = hold(seat, case_with(seat, **PERSON))
    held.key(Qt.Key.Key_G, CTRL)
    qtbot.waitUntil(held.part("caseFile.spine.case").hasFocus)
    held.key(Qt.Key.Key_Down)
    assert held.open_part() == "person"
    held.key(Qt.Key.Key_R)
    assert held.open_part() == "recruitment"
    held.key(Qt.Key.Key_R)
    assert held.open_part() == "referral"
    held.key(Qt.Key.Key_E)
    assert held.open_part() == "exploitation_episode"
    held.key(Qt.Key.Key_Home)
    held.key(Qt.Key.Key_Down)
    assert held.part("caseFile.spine.person").hasFocus()
    held.key(Qt.Key.Key_Return)
    assert not held.part("caseFile.spine.person").hasFocus()
    assert held.form().isAncestorOf(held.screen.focusWidget())


def test_notes_of_an_import_are_a_part_only_where_there_are_some(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id, "import_note")
    assert not held.visible("caseFile.spine.import_note")
    assert held.open_part() == "case"
    save(seat, case_id, "import_note", heading="Remarks", text="Seen in May", settled=False)
    held = hold(seat, case_id, "import_note")
    assert held.visible("caseFile.spine.import_note")
    assert held.open_part() == "import_note"
    assert not held.visible("import_note.add")


def test_what_is_typed_is_saved_with_ctrl_enter_and_the_next_part_opens(seat: Seat, qtbot: QtBot) -> None:
    case_id = case_with(seat)
    held = hold(seat, case_id, "person")
    assert held.text("caseFile.foot.state") == words("CASEFILE_SAVED_AT", **saved_at(seat, case_id))
    assert held.offered() == (words("CASEFILE_GO_ON"), "")
    held.type_in("person.first_name", "Zawadi")
    assert held.offered() == (words("CASEFILE_SAVE"), words("CASEFILE_PUT_BACK"))
    assert held.text("caseFile.foot.state") == words("CASEFILE_NOT_SAVED")
    (draft,) = held.screen.unsaved()
    assert (draft.kind, draft.revision, draft.fields["first_name"]) == ("person", 1, "Zawadi")
    held.key(Qt.Key.Key_Return, CTRL)
    person = stored(seat, case_id).one("person")
    assert person is not None
    assert (person.revision, person.text("first_name")) == (2, "Zawadi")
    assert held.told == ["Saved: Person."]
    assert held.open_part() == "identity_document"
    assert held.screen.unsaved() == ()
    assert held.text("caseFile.band.shown_as") == "Z."


def test_a_part_with_nothing_typed_is_gone_through_without_saving(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id, "person")
    held.press("caseFile.foot.main")
    assert held.open_part() == "identity_document"
    assert held.told == []
    assert stored(seat, case_id).of("identity_document") == ()


def test_the_last_part_stays_once_it_is_saved(seat: Seat) -> None:
    case_id = case_with(seat, **PERSON)
    held = hold(seat, case_id, "closure")
    held.put(date="2026-11-20", reason="OTHER")
    held.press("caseFile.foot.main")
    (closure,) = stored(seat, case_id).of("closure")
    assert closure.text("date") == "2026-11-20"
    assert held.open_part() == "closure"
    assert held.screen.place().record_id == closure.record_id


def test_the_spine_says_what_is_empty_begun_complete_and_to_be_settled(seat: Seat) -> None:
    case_id = case_with(seat, **{**PERSON, "interpreter_needed": False})
    held = hold(seat, case_id, "recruitment")
    assert held.state("person") == "Person, complete"
    assert held.state("case") == "Case, begun"
    assert held.state("recruitment") == "Recruitment, nothing yet"
    assert held.state("consent") == "Consent, form A, nothing yet"
    held.press("caseFile.spine.closure")
    held.put(date="2999-01-01")
    assert held.state("closure") == "Closure, begun"
    held.press("caseFile.foot.main")
    assert held.state("closure") == "Closure, something to settle"
    assert held.text("caseFile.foot.problems") == plural("CASEFILE_PROBLEMS", 1)
    assert held.text("closure.date.problem")
    assert stored(seat, case_id).of("closure") == ()
    held.press("caseFile.spine.person")
    assert held.state("closure") == "Closure, something to settle"  # what was typed there still stands


def test_a_case_that_is_gone_says_so(seat: Seat) -> None:
    held = hold(seat, "00000000-0000-4000-8000-000000000000")
    assert held.visible("caseFile.gone")
    assert held.hindered == ["RECORD_GONE"]
    assert held.screen.unsaved() == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_follows_the_language_and_the_text_stays(seat: Seat, qtbot: QtBot, language: Language) -> None:
    case_id = case_with(seat, **PERSON)
    languages.switch("sw" if language == "en" else "en")
    held = hold(seat, case_id, "person")
    held.type_in("person.first_name", "Zuhura")
    languages.switch(language)
    form = seat.desk.vault.catalogue.forms["person"]
    qtbot.waitUntil(lambda: held.text("person.title") == form.title[language])
    assert held.text("caseFile.band.stage") == seat.desk.vault.catalogue.lists["case_stages"].label(
        "IDENTIFIED", language
    )
    assert held.offered() == (words("CASEFILE_SAVE"), words("CASEFILE_PUT_BACK"))
    assert held.state("person") == f"{form.title[language]}, {words('CASEFILE_DRAFT')}"
    assert held.text("caseFile.foot.state") == words("CASEFILE_NOT_SAVED")
    assert held.part("person.history").accessibleName() == plain("CASEFILE_HISTORY")
    assert held.form().fields()["first_name"] == "Zuhura"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_button_can_be_heard_and_reached_by_keys(seat: Seat, language: Language) -> None:
    languages.switch(language)
    case_id = case_with(seat, **PERSON)
    save(seat, case_id, "identity_document", type="PASSPORT")
    held = hold(seat, case_id, "identity_document")
    inside = held.form()
    buttons = [
        button
        for button in held.screen.findChildren(QAbstractButton)
        if button.isVisible() and not inside.isAncestorOf(button)
    ]
    assert len(buttons) >= len(PARTS)
    letters: list[str] = []
    for button in buttons:
        spoken = QAccessible.queryAccessibleInterface(button).text(QAccessible.Text.Name)
        assert spoken, button.objectName()
        assert "&" not in spoken, button.objectName()
        letters += [after[0].lower() for after in button.text().replace("&&", "").split("&")[1:]]
        reached = button.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert reached or ".spine." in button.objectName() or ".record." in button.objectName()
    assert (
        sum(
            bool(button.focusPolicy() & Qt.FocusPolicy.TabFocus)
            for button in buttons
            if ".spine." in button.objectName()
        )
        == 1
    )
    assert len(letters) == len(set(letters))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [(591, 370), (818, 482), (932, 570), (1274, 738)], ids=str)
def test_nothing_is_cut_off_at_any_size(seat: Seat, qtbot: QtBot, size: tuple[int, int], language: Language) -> None:
    languages.switch(language)
    case_id = case_with(seat, **PERSON)
    save(seat, case_id, "identity_document", type="PASSPORT")
    held = hold(seat, case_id, "identity_document")
    held.put(number="A1")
    held.screen.resize(*size)
    qtbot.waitUntil(lambda: held.screen.size().toTuple() == size)
    QApplication.processEvents()
    inside = held.form()
    for widget in held.screen.findChildren(QWidget):
        if not widget.isVisible() or inside.isAncestorOf(widget):
            continue
        if isinstance(widget, QLabel) and widget.text():
            needed = widget.heightForWidth(widget.width()) if widget.wordWrap() else widget.sizeHint().height()
            assert widget.height() >= needed - 1, widget.text()
            assert widget.wordWrap() or widget.width() >= widget.sizeHint().width(), widget.text()
        if isinstance(widget, QAbstractButton):
            assert widget.width() >= widget.minimumSizeHint().width(), widget.objectName()
            widget.setFocus()
            assert not widget.visibleRegion().isEmpty(), widget.objectName()
