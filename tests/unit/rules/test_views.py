from datetime import date

import pytest

from desktop.catalogue import load
from desktop.rules.forms import Field, FieldType, Form, Out, View
from desktop.rules.records import Damaged, Missing, Value
from desktop.rules.views import identified_view, pseudonymous_view

CATALOGUE = load()
FORMS, GROUPS = CATALOGUE.forms, CATALOGUE.age_groups
AS_OF, OPENED = date(2026, 11, 25), date(2026, 11, 20)
KINDS = sorted(FORMS)
MARK = "Mkt"


def planted(item: Field, number: int) -> Value:
    """Return a value this field can hold, of its own wherever a text may stand."""
    if item.type is FieldType.BOOL:
        return True
    if item.type is FieldType.INTEGER:
        return item.smallest or 0
    if item.type in (FieldType.DATE, FieldType.PARTIAL_DATE):
        return "1987-06-05"
    if item.type is FieldType.DATETIME:
        return "1987-06-05T04:03+03:00"
    if item.type is FieldType.TIME:
        return "04:03"
    mark = f"{MARK}{number:02}"
    assert len(mark) <= (item.max_length or 40)
    if item.type in (FieldType.TEXTS, FieldType.REFS, FieldType.CODES):
        return (mark,)
    return mark


def all_shown(form: Form) -> dict[str, Value]:
    """Return every field filled, with the answers that make every question apply."""
    fields = {item.name: planted(item, number) for number, item in enumerate(form.fields)}
    for item in form.fields:
        if item.show_when:
            gate = form[item.show_when.field]
            codes = sorted(item.show_when.codes)
            if not item.show_when.negated and gate.type is not FieldType.BOOL:
                fields[gate.name] = codes[0]
            elif gate.type is FieldType.BOOL:
                fields[gate.name] = codes[0] == "YES"
    return fields


@pytest.mark.parametrize("kind", KINDS)
def test_L50_no_field_of_class_I_A_or_N_reaches_the_pseudonymous_view(kind: str) -> None:
    form = FORMS[kind]
    fields = all_shown(form)
    seen = pseudonymous_view(form, fields, AS_OF, GROUPS)
    allowed = {item.view_as or item.name for item in form.fields if item.out is Out.PSEUDONYMOUS}
    assert set(seen) <= allowed
    for item in form.fields:
        if item.out is not Out.PSEUDONYMOUS:
            assert item.name not in seen
            text = fields[item.name]
            if isinstance(text, str) and text.startswith(MARK):
                assert text not in str(seen)


@pytest.mark.parametrize("kind", KINDS)
def test_L50_free_text_never_reaches_the_pseudonymous_view(kind: str) -> None:
    form = FORMS[kind]
    free = {FieldType.TEXT, FieldType.LONG_TEXT, FieldType.TEXTS, FieldType.PHONE}
    seen = pseudonymous_view(form, all_shown(form), AS_OF, GROUPS)
    for item in form.fields:
        if item.type in free:
            assert isinstance(seen.get(item.name), int | None)


@pytest.mark.parametrize("kind", KINDS)
def test_classes_N_and_A_never_reach_the_identified_view(kind: str) -> None:
    form = FORMS[kind]
    seen = identified_view(form, all_shown(form), AS_OF)
    assert {form[name].out for name in seen} <= {Out.PSEUDONYMOUS, Out.IDENTIFIED}
    assert not form.sealed_names & set(seen)


def test_class_I_reaches_the_identified_view_only() -> None:
    person: dict[str, Value] = {"surname": "Wafula", "phone": "+254700000001", "sex": "F", "known_as": Missing.DK}
    assert identified_view(FORMS["person"], person, AS_OF) == {**person, "is_child": True}
    assert pseudonymous_view(FORMS["person"], person, AS_OF, GROUPS) == {"sex": "F", "is_child": True}


def test_the_identified_view_shows_values_as_they_stand() -> None:
    person: dict[str, Value] = {"dob": "1998-03-14", "age_at_registration": 28, "disability_see": "3"}
    assert identified_view(FORMS["person"], person, AS_OF) == {**person, "is_child": False}


@pytest.mark.parametrize(
    ("person", "band", "child"),
    [
        ({"dob": "1998-03-14"}, "A25_34", False),
        ({"dob": "2012"}, "C10_14", True),
        ({"dob": "2008"}, "C15_17", True),
        ({"dob": "2026-11-01"}, "C0_5", True),
        ({"dob": "1998-03-14", "age_at_registration": 24}, "A18_24", False),
        ({"age_at_registration": 50, "is_child": True}, "A50", False),
        ({"age_at_registration": 18}, "A18_24", True),
        ({"age_at_registration": 16, "age_said_on": "2021-01-01"}, "C15_17", False),
        ({"dob": Missing.DK, "age_at_registration": Missing.DK}, Missing.DK, True),
        ({"dob": Damaged("x"), "is_child": False}, None, True),
    ],
)
def test_an_age_leaves_as_a_band_and_in_doubt_a_child(person: dict[str, Value], band: Value, child: bool) -> None:
    seen = pseudonymous_view(FORMS["person"], person, AS_OF, GROUPS, opened=OPENED)
    assert seen.get("age_at_registration") == band
    assert seen.get("is_child") is child
    assert "dob" not in seen


def test_a_birthday_does_not_change_the_band_that_leaves() -> None:
    person: dict[str, Value] = {"dob": "2001-11-23", "dob_estimated": False}
    before, after = date(2026, 11, 22), date(2026, 11, 24)
    for day in (before, after):
        seen = pseudonymous_view(FORMS["person"], person, day, GROUPS, opened=OPENED)
        assert seen["age_at_registration"] == "A18_24"
        assert identified_view(FORMS["person"], person, day, opened=OPENED)["age_at_registration"] == 24
    opened_later = pseudonymous_view(FORMS["person"], person, after, GROUPS, opened=after)
    assert opened_later["age_at_registration"] == "A25_34"


def test_without_the_day_of_opening_no_age_is_counted() -> None:
    person: dict[str, Value] = {"dob": "1998-03-14"}
    assert "age_at_registration" not in pseudonymous_view(FORMS["person"], person, AS_OF, GROUPS)
    assert "age_at_registration" not in identified_view(FORMS["person"], person, AS_OF)


def test_a_child_is_one_on_the_day_of_the_bundle() -> None:
    person: dict[str, Value] = {"dob": "2008-11-23"}
    for day, child in ((date(2026, 11, 22), True), (date(2026, 11, 23), False)):
        seen = pseudonymous_view(FORMS["person"], person, day, GROUPS, opened=OPENED)
        assert (seen["is_child"], seen["age_at_registration"]) == (child, "C15_17")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("exploitation_episode", "start"), ("exploitation_episode", "end")),
        *(("journey_leg", "start"), ("journey_leg", "end"), ("recruitment", "month_entered")),
        ("person", "deceased_on"),
    ],
)
@pytest.mark.parametrize(
    ("value", "shown"), [("2025-02-17", "2025-02"), ("2025-02", "2025-02"), ("2025", "2025"), (Missing.DK, Missing.DK)]
)
def test_a_day_leaves_as_its_month(kind: str, name: str, value: Value, shown: Value) -> None:
    fields: dict[str, Value] = {name: value, "deceased": True}
    assert pseudonymous_view(FORMS[kind], fields, AS_OF, GROUPS)[name] == shown
    assert identified_view(FORMS[kind], fields, AS_OF)[name] == value


def test_an_estimated_birth_date_near_eighteen_is_a_child() -> None:
    seen = pseudonymous_view(FORMS["person"], {"dob": "2008-01-01", "dob_estimated": True}, AS_OF, GROUPS)
    assert seen["is_child"] is True


@pytest.mark.parametrize(
    ("answers", "shown"),
    [
        ({}, None),
        ({"disability_see": "1", "disability_walk": "2"}, "NO"),
        ({"disability_see": "4", "disability_walk": "1"}, "YES"),
        ({"disability_see": "1", "disability_walk": "3"}, "YES"),
        ({"disability_see": Missing.REFUSED}, Missing.REFUSED),
    ],
)
def test_disability_leaves_as_one_yes_or_no(answers: dict[str, Value], shown: Value) -> None:
    seen = pseudonymous_view(FORMS["person"], answers, AS_OF, GROUPS)
    assert seen.get("disability") == shown
    assert not [name for name in seen if name.startswith("disability_")]


@pytest.mark.parametrize(
    ("amount", "band"),
    [(0, "0"), (1, "1-4999"), (4999, "1-4999"), (5000, "5000-9999"), (32_000, "20000-49999"), (100_000, "100000+")],
)
def test_pay_leaves_as_a_band(amount: int, band: str) -> None:
    assert pseudonymous_view(FORMS["exploitation_episode"], {"pay_promised": amount}, AS_OF, GROUPS) == {
        "pay_promised": band
    }


def test_printed_copies_leave_as_a_count() -> None:
    assert pseudonymous_view(
        FORMS["referral"], {"printed_copies": ("L-0A1B2C3D4E", "L-0A1B2C3D4F")}, AS_OF, GROUPS
    ) == {"printed_copies": 2}


def test_a_free_text_officer_stays_and_a_skipped_question_does_too() -> None:
    case: dict[str, Value] = {"officer": "A. Practice", "source": "SELF", "incoming_date": "2026-10-01"}
    assert pseudonymous_view(FORMS["case"], case, AS_OF, GROUPS) == {"source": "SELF"}
    assert identified_view(FORMS["case"], case, AS_OF) == {"officer": "A. Practice", "source": "SELF"}


def test_a_value_its_field_cannot_hold_does_not_leave() -> None:
    person: dict[str, Value] = {"sex": Damaged({"x": MARK}), "children_count": MARK, "deceased_on": MARK}
    assert pseudonymous_view(FORMS["person"], person, AS_OF, GROUPS) == {"is_child": True}
    assert identified_view(FORMS["person"], person, AS_OF) == {"is_child": True}


def test_every_view_is_used_by_some_form() -> None:
    assert {item.view for form in FORMS.values() for item in form.fields} == set(View)


@pytest.mark.parametrize(
    ("form", "name", "typed"),
    [
        ("case", "linked_cases", ("Wambui Gachanja, sister",)),
        ("referral", "consent", "ask her aunt 0722"),
        ("referral_feedback", "referral", "NJERI"),
    ],
)
def test_words_typed_where_a_reference_belongs_never_leave(form: str, name: str, typed: Value) -> None:
    assert pseudonymous_view(FORMS[form], {name: typed}, AS_OF, GROUPS) == {}
