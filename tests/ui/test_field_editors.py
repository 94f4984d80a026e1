from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QListWidget,
)

from desktop.catalogue import Catalogue, load
from desktop.errors import Severity
from desktop.rules.records import Missing, Value
from desktop.rules.validation import check
from tests.ui.form_hands import (
    NOW,
    Shown,
    forms,
    has_focus,
    line,
    note,
    offered,
    switch,
    type_in,
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture
def shown(application: QApplication, catalogue: Catalogue) -> Iterator[Shown]:
    with forms(catalogue) as show:
        yield show


@pytest.mark.parametrize(
    ("kind", "field", "typed", "stored"),
    [
        ("person", "first_name", "  Amina ", "Amina"),
        ("person", "children_count", "3", 3),
        ("person", "phone", "0712 345 678", "+254712345678"),
        ("person", "safe_contact_rule", "Her sister, after six", "Her sister, after six"),
        ("person", "dob", "12/3/98", "1998-03-12"),
        ("person", "dob", "mar 1998", "1998-03"),
        ("person", "dob", "not known", Missing.DK),
        ("person", "age_said_on", "t", "2026-11-25"),
        ("person", "sex", "f", "F"),
        ("person", "interpreter_needed", "y", True),
        ("person", "birth_country", "uganda", "UGA"),
        ("person", "birth_country", "eth", "ETH"),
        ("person", "usual_residence_county", "momb", "001"),
        ("person", "languages", "2", ("SWA",)),
        ("person", "vulnerabilities", "12", None),
        ("case", "external_refs", "OB 1/2/2026; IOM 7", ("OB 1/2/2026", "IOM 7")),
        ("consent", "at", "25/11/2026 14:30", "2026-11-25T14:30+03:00"),
        ("consent", "at", "now", "2026-11-25T14:30+03:00"),
        ("referral", "time", "0905", "09:05"),
        ("referral", "self_referral", "n", False),
        ("closure", "person_informed", "d", Missing.REFUSED),
    ],
)
def test_what_is_typed_comes_out_as_it_is_stored(
    shown: Shown, catalogue: Catalogue, kind: str, field: str, typed: str, stored: Value
) -> None:
    form = shown(kind)
    type_in(form, field, typed)
    if stored is None:  # the twelfth box
        stored = (catalogue.lists["vulnerabilities"].codes[11].code,)
    assert form.fields() == {field: stored}
    problems = check(catalogue.forms[kind], form.fields(), catalogue.lists, NOW)
    assert not [one for one in problems if one.field == f"{kind}.{field}" and one.severity is Severity.BLOCKING]


def test_a_date_is_shown_back_in_words_with_the_age_and_can_be_undone(shown: Shown) -> None:
    form = shown("person")
    type_in(form, "dob", "3/2/98")
    assert line(form, "dob").text() == "3 February 1998"
    assert "Age: 28" in note(form, "dob")
    assert "two digits" in note(form, "dob")
    switch("sw")
    assert line(form, "dob").text() == "3 Februari 1998"
    assert "miaka 28" in note(form, "dob")
    assert form.fields() == {"dob": "1998-02-03"}
    form.focus_field("dob")
    QTest.keyClick(line(form, "dob"), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(line(form, "dob"), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert line(form, "dob").text() == "3/2/98"


@pytest.mark.parametrize(
    ("kind", "field", "typed", "said"),
    [
        ("person", "dob", "31/2/1998", "no such date"),
        ("person", "dob", "last rains", "not read as a date"),
        ("person", "age_said_on", "2025", "whole date"),
        ("consent", "at", "25/11/2026", "time as well"),
        ("referral", "time", "25:10", "time of day"),
        ("person", "birth_country", "zzz", "not in the list"),
    ],
)
def test_what_is_not_understood_stays_as_typed_and_is_said(
    shown: Shown, catalogue: Catalogue, kind: str, field: str, typed: str, said: str
) -> None:
    form = shown(kind)
    type_in(form, field, typed)
    assert line(form, field).text() == typed
    assert said in note(form, field)
    assert said in line(form, field).accessibleDescription()
    form.focus_first()
    assert has_focus() is line(form, field)
    if field != "age_said_on":
        assert form.fields() == {field: typed}
    problems = check(catalogue.forms[kind], form.fields(), catalogue.lists, NOW)
    assert [one for one in problems if one.field == f"{kind}.{field}" and one.severity is Severity.BLOCKING]


def test_a_day_ahead_is_read_and_said(shown: Shown) -> None:
    form = shown("person")
    type_in(form, "age_said_on", "26/11/2026")
    assert form.fields() == {"age_said_on": "2026-11-26"}
    assert "not come yet" in note(form, "age_said_on")


def test_an_age_typed_for_a_birth_date_goes_to_the_question_of_the_age(shown: Shown) -> None:
    form = shown("person")
    type_in(form, "dob", "about 14")
    assert form.fields() == {"age_at_registration": 14}
    assert line(form, "age_at_registration").text() == "14"
    assert "estimated age" in note(form, "dob")
    alone = shown("person", only=("dob",))
    type_in(alone, "dob", "about 14")
    assert alone.fields() == {"dob": "about 14"}
    assert note(alone, "dob")


@pytest.mark.parametrize("field", ["first_name", "safe_contact_rule"])
def test_a_paste_that_is_too_long_is_refused_as_a_whole(shown: Shown, field: str) -> None:
    form = shown("person")
    form.focus_field(field)
    QTest.keyClicks(has_focus(), "Ami")
    QGuiApplication.clipboard().setText("x" * 200_000)
    QTest.keyClick(has_focus(), Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert form.fields() == {field: "Ami"}
    assert "was not put in" in note(form, field)
    QTest.keyClicks(has_focus(), "na")
    assert form.fields() == {field: "Amina"}
    assert note(form, field) == ""
    QGuiApplication.clipboard().clear()


def test_only_digits_are_taken_for_a_number(shown: Shown) -> None:
    form = shown("person")
    form.focus_field("children_count")
    QTest.keyClicks(has_focus(), "1x2")
    assert form.fields() == {"children_count": 12}
    QTest.keyClicks(has_focus(), "x")
    assert "Only digits" in note(form, "children_count")
    QTest.keyClicks(has_focus(), "3")
    assert form.fields() == {"children_count": 123}
    assert "30" in note(form, "children_count")


def test_a_few_answers_are_driven_by_arrows_and_taken_back(shown: Shown) -> None:
    form = shown("person", {"sex": "F"})
    form.focus_field("sex")
    QTest.keyClick(has_focus(), Qt.Key.Key_Right)
    assert form.fields() == {"sex": "M"}
    assert has_focus().objectName() == "person.sex.m"
    QTest.keyClick(has_focus(), Qt.Key.Key_Left)
    assert form.fields() == {"sex": "F"}
    QTest.keyClick(has_focus(), Qt.Key.Key_Space)
    assert form.fields() == {}
    QTest.keyClick(has_focus(), Qt.Key.Key_Space)
    assert form.fields() == {"sex": "F"}
    QTest.keyClick(has_focus(), Qt.Key.Key_Delete)
    assert form.fields() == {}


def test_a_code_is_chosen_by_part_of_its_name_in_either_language(shown: Shown) -> None:
    form = shown("person", {"birth_country": "KEN"})
    form.focus_field("birth_country")
    QTest.keyClicks(has_focus(), "ugand")
    assert offered(form, "birth_country") == ["Uganda"]
    QTest.keyClick(has_focus(), Qt.Key.Key_Escape)
    assert form.fields() == {"birth_country": "KEN"}
    assert line(form, "birth_country").text() == "Kenya"
    line(form, "birth_country").selectAll()
    QTest.keyClicks(has_focus(), "misri")
    assert offered(form, "birth_country") == ["Egypt"]
    QTest.keyClick(has_focus(), Qt.Key.Key_Return)
    assert form.fields() == {"birth_country": "EGY"}
    assert has_focus() is line(form, "birth_place")
    switch("sw")
    assert line(form, "birth_country").text() == "Misri"
    form.focus_field("birth_country")
    QTest.keyClick(has_focus(), Qt.Key.Key_Down)
    assert len(offered(form, "birth_country")) > 200
    QTest.keyClick(has_focus(), Qt.Key.Key_Tab)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert form.window().findChild(QListWidget, "person.birth_country.choices") is None
    assert form.fields() == {"birth_country": "EGY"}


def test_places_are_offered_within_the_place_above(shown: Shown, catalogue: Catalogue) -> None:
    form = shown("case", {"county": "001"})
    form.focus_field("sub_county")
    QTest.keyClick(has_focus(), Qt.Key.Key_Down)
    lists = catalogue.lists
    assert offered(form, "sub_county") == [
        code.labels["en"] for code in lists["sub_counties"] if code.extra["county_code"] == "001"
    ]
    QTest.keyClick(has_focus(), Qt.Key.Key_Down)
    QTest.keyClick(has_focus(), Qt.Key.Key_Return)
    assert has_focus() is line(form, "ward")
    QTest.keyClick(has_focus(), Qt.Key.Key_Down)
    assert offered(form, "ward") == [
        code.labels["en"] for code in lists["wards"] if code.extra["sub_county_code"] == "001"
    ]
    type_in(form, "county", "kwale")
    assert form.fields() == {"county": "002", "sub_county": "001"}
    assert "does not lie" in note(form, "sub_county")


def test_boxes_are_ticked_by_number_letters_and_space(shown: Shown, catalogue: Catalogue) -> None:
    form = shown("person")
    form.focus_field("citizenship")
    well = has_focus()
    QTest.keyClicks(well, "tanz")
    QTest.keyClick(well, Qt.Key.Key_Space)
    assert form.fields() == {"citizenship": ("TZA",)}
    QTest.keyClicks(well, "1")
    QTest.keyClick(well, Qt.Key.Key_Return)  # takes the number at once and goes on
    first = catalogue.lists["iso3166"].codes[0].code
    assert form.fields() == {"citizenship": (first, "TZA")}
    assert has_focus() is line(form, "birth_country")
    form.focus_field("citizenship")
    QTest.keyClicks(well, "1")
    QTest.keyClick(well, Qt.Key.Key_Tab)
    assert form.fields() == {"citizenship": ("TZA",)}
    summary = form.findChild(QLabel, "person.citizenship.ticked")
    assert isinstance(summary, QLabel)
    assert summary.text() == "Ticked: Tanzania"


def test_a_code_of_another_version_stays_ticked(shown: Shown) -> None:
    form = shown("person", {"citizenship": ("KEN", "OLD")})
    form.focus_field("citizenship")
    QTest.keyClicks(has_focus(), "uga")
    QTest.keyClick(has_focus(), Qt.Key.Key_Space)
    assert form.fields() == {"citizenship": ("KEN", "UGA", "OLD")}
