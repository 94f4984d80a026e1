from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.catalogue import Catalogue, load
from desktop.errors import Problem, Severity
from desktop.messages import LANGUAGES, Language
from desktop.rules.forms import FieldType, applies
from desktop.rules.records import Damaged, Missing, Value
from tests.ui.form_hands import (
    PROVIDER,
    Shown,
    choose_answer,
    forms,
    has_focus,
    line,
    note,
    switch,
    type_in,
)
from ui import languages
from ui.widgets.field_form import WIDEST_PX, RefChoice


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture
def shown(application: QApplication, catalogue: Catalogue) -> Iterator[Shown]:
    with forms(catalogue) as show:
        yield show


def test_nothing_changes_until_somebody_types(shown: Shown) -> None:
    given: dict[str, Value] = {
        "first_name": "Amina",
        "dob": "1998",
        "sex": "F",
        "citizenship": ("UGA", "KEN"),
        "children_count": Damaged({"number": 1}),
        "education": Missing.NOT_ASKED,
        "of_another_version": "kept",
        "deceased_on": "2024",
    }
    form = shown("person", given)
    heard: list[str] = []
    form.edited.connect(lambda: heard.append("edited"))
    for language in ("sw", "en"):
        switch(language)
        for field in ("first_name", "dob", "sex", "citizenship", "education"):
            form.focus_field(field)
    assert form.fields() == given
    assert heard == []
    assert "cannot be read" in note(form, "children_count")
    type_in(form, "first_name", "Asha")
    assert heard
    assert form.fields() == {**{k: v for k, v in given.items() if k != "deceased_on"}, "first_name": "Asha"}
    type_in(form, "children_count", "2")
    assert form.fields()["children_count"] == 2
    assert note(form, "children_count") == ""


def test_the_wheel_changes_nothing(shown: Shown) -> None:
    given: dict[str, Value] = {"sex": "M", "citizenship": ("KEN",), "birth_country": "KEN", "children_count": 2}
    form = shown("person", given)
    for field in given:
        form.focus_field(field)
        widget = has_focus()
        for target in (widget, *widget.findChildren(QWidget)):
            middle = QPointF(target.rect().center())
            wheel = QWheelEvent(
                *(middle, QPointF(target.mapToGlobal(target.rect().center())), QPoint(0, -120), QPoint(0, -120)),
                *(Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False),
            )
            QCoreApplication.sendEvent(target, wheel)
    assert form.fields() == given
    assert line(form, "birth_country").text() == "Kenya"


def test_a_skipped_question_is_hidden_and_stores_nothing(shown: Shown) -> None:
    form = shown("person")
    row = line(form, "deceased_on")
    assert not row.isVisible()
    type_in(form, "deceased", "y")
    assert row.isVisible()
    type_in(form, "deceased_on", "2024")
    assert form.fields() == {"deceased": True, "deceased_on": "2024"}
    type_in(form, "deceased", "n")
    assert not row.isVisible()
    assert form.fields() == {"deceased": False}
    type_in(form, "deceased", "y")
    assert form.fields() == {"deceased": True, "deceased_on": "2024"}


@pytest.mark.parametrize("field", ["surname", "dob", "phone", "education", "languages", "sex", "current_address"])
def test_why_there_is_no_answer_is_given_by_keys_and_typing_replaces_it(shown: Shown, field: str) -> None:
    form = shown("person")
    for letter, missing in (("1", Missing.DK), ("2", Missing.REFUSED), ("3", Missing.NOT_ASKED)):
        choose_answer(form, field, letter)
        assert form.fields() == {field: missing}
    answer = form.findChild(QLabel, f"person.{field}.answer")
    assert isinstance(answer, QLabel)
    assert answer.text() == "Not asked"
    assert "Not asked" in has_focus().accessibleDescription()
    QTest.keyClicks(has_focus(), " " if field == "languages" else "f")
    assert isinstance(form.fields()[field], str | tuple)
    assert not isinstance(form.fields()[field], Missing)
    choose_answer(form, field, "4")
    assert form.fields() == {}


def test_a_sealed_value_is_neither_shown_nor_lost(shown: Shown) -> None:
    form = shown("person", {"surname": "Otieno"}, sealed=frozenset({"current_address"}))
    paper = form.findChild(QPlainTextEdit, "person.current_address")
    assert isinstance(paper, QPlainTextEdit)
    assert "Sealed" in paper.placeholderText()
    assert paper.toPlainText() == ""
    type_in(form, "surname", "Ouma")
    assert form.fields() == {"surname": "Ouma"}
    type_in(form, "current_address", "With her aunt")
    assert form.fields() == {"surname": "Ouma", "current_address": "With her aunt"}
    choose_answer(form, "current_address", "4")
    assert form.fields() == {"surname": "Ouma", "current_address": None}


def test_enter_goes_through_the_questions_and_ctrl_enter_is_done(shown: Shown, qtbot: QtBot) -> None:
    form = shown("person", only=("first_name", "sex", "languages", "safe_contact_rule"))
    form.focus_first()
    went = []
    for _ in range(3):
        went.append(has_focus().objectName())
        QTest.keyClick(has_focus(), Qt.Key.Key_Return)
    assert went == ["person.first_name", "person.sex.f", "person.languages"]
    QTest.keyClicks(has_focus(), "one")
    QTest.keyClick(has_focus(), Qt.Key.Key_Return)
    QTest.keyClicks(has_focus(), "two")
    assert form.fields() == {"safe_contact_rule": "one\ntwo"}
    with qtbot.waitSignal(form.done):
        QTest.keyClick(has_focus(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def test_leaving_is_told_once_for_each_field(shown: Shown) -> None:
    form = shown("person", only=("first_name", "sex", "dob", "languages"))
    left: list[str] = []
    form.left.connect(left.append)
    form.focus_first()
    for _ in range(3):
        QTest.keyClick(has_focus(), Qt.Key.Key_Tab)
    assert left == ["first_name", "sex", "dob"]
    assert has_focus().objectName() == "person.languages"
    QTest.keyClick(has_focus(), Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(has_focus(), Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert has_focus().objectName() == "person.sex.f"


def test_f1_explains_the_field(shown: Shown) -> None:
    form = shown("case")
    asked: list[Callable[[], tuple[str, str]]] = []
    form.help_wanted.connect(asked.append)
    form.focus_field("external_refs")
    QTest.keyClick(has_focus(), Qt.Key.Key_F1)
    title, text = asked[0]()
    assert "CPIMS" in title + text
    assert "F2" in text


def test_problems_stand_at_their_fields_until_they_are_settled(shown: Shown) -> None:
    form = shown("person")
    form.show_problems(
        [
            Problem("TEXT_TOO_LONG", "person.surname", limit=200),
            Problem("NAME_MISSING", "person.first_name", Severity.WARNING),
        ]
    )
    assert "200" in note(form, "surname")
    assert note(form, "first_name")
    assert note(form, "dob") == ""
    form.focus_first()
    assert has_focus() is line(form, "surname")
    form.show_problems([])
    assert note(form, "surname") == ""
    assert "problem" not in line(form, "surname").accessibleDescription()


def test_references_are_chosen_by_name_and_hidden_without_choices(shown: Shown) -> None:
    form = shown("referral", {"direction": "OUT"}, refs={"to_provider": ()})
    assert not line(form, "to_provider").isVisible()
    form.set_refs("to_provider", [RefChoice(PROVIDER, "Mtwapa shelter")])
    assert line(form, "to_provider").isVisible()
    type_in(form, "to_provider", "mtwa")
    assert form.fields() == {"direction": "OUT", "to_provider": PROVIDER}
    assert line(form, "to_provider").text() == "Mtwapa shelter"


def test_a_form_that_may_only_be_read_cannot_be_changed(shown: Shown) -> None:
    given: dict[str, Value] = {"first_name": "Amina", "sex": "F", "languages": ("sw",), "birth_country": "KEN"}
    form = shown("person", given)
    form.set_read_only(True)
    for field in (*given, "safe_contact_rule"):
        form.focus_field(field)
        for key in (Qt.Key.Key_1, Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_M, Qt.Key.Key_Delete, Qt.Key.Key_F2):
            QTest.keyClick(has_focus(), key)
    assert form.fields() == given
    assert form.window().findChild(QListWidget, "person.safe_contact_rule.answers") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_is_built_with_every_field_named_explained_and_reached(
    shown: Shown, catalogue: Catalogue, language: Language
) -> None:
    languages.switch(language)
    for kind, form in catalogue.forms.items():
        refs = {item.name: [RefChoice(PROVIDER, "Mtwapa")] for item in form.fields if item.type is FieldType.REF}
        screen = shown(kind, refs=refs)
        buddies = {label.buddy(): label for label in screen.findChildren(QLabel) if label.buddy()}
        assert screen.findChildren(QLabel)
        assert max(label.width() for label in screen.findChildren(QLabel) if label.isVisible()) <= WIDEST_PX
        for item in form.fields:
            row = [buddy for buddy in buddies if buddy and buddy.objectName().startswith(f"{kind}.{item.name}")]
            named = [buddy for buddy in row if buddies[buddy].objectName() == f"{kind}.{item.name}.label"]
            asked = not item.computed and item.type is not FieldType.KEY
            assert len(named) == asked, item.name
            if not asked:
                continue
            widget = named[0]
            assert item.labels[language] in buddies[widget].text().replace("&&", "&"), item.name
            assert item.labels[language] in widget.accessibleName()
            assert widget.accessibleDescription(), item.name
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, item.name
            assert widget.isVisible() == (applies(item, {}) and item.type is not FieldType.REFS), item.name
            if isinstance(widget, QPushButton):
                assert all(button.accessibleName() for button in screen.findChildren(QPushButton))
