from typing import Any

import pytest

from desktop.rules.forms import Field, FieldType, FormError, Out, Sensitivity, View, applies, parse_form, stored_value
from desktop.rules.records import Missing

WORDS = {"en": "Sex", "sw": "Jinsia"}
PLAIN = {"name": "sex", "label": WORDS, "type": "code", "list": "sex", "sensitivity": "S3", "out": "P"}
TEXT = {"name": "note", "label": WORDS, "type": "text", "sensitivity": "S4", "out": "N"}


def form_of(*fields: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"kind": "person", "version": 1, "title": WORDS, "repeats": False, "field": list(fields), **other}


def test_a_declaration_is_read_in_full() -> None:
    row = {
        **PLAIN,
        "help": {"en": "As on paper", "sw": "Kama kwenye karatasi"},
        "required": True,
        "question": "1.4",
        "htcds": "prs_Gender",
        "htcds_columns": ["H"],
        "cpims": "sex_id",
        "show_when": {"field": "note", "not_in": ["X"]},
    }
    form = parse_form(form_of(row, TEXT))
    sex = form["sex"]
    assert (sex.type, sex.sensitivity, sex.out, sex.list_name) == (
        FieldType.CODE,
        Sensitivity.S3,
        Out.PSEUDONYMOUS,
        "sex",
    )
    assert (sex.labels["sw"], sex.help["en"], sex.question, sex.htcds_columns) == (
        "Jinsia",
        "As on paper",
        "1.4",
        ("H",),
    )
    assert sex.required
    assert form.get("nothing") is None
    assert form["note"].max_length == 200
    with pytest.raises(KeyError):
        form["nothing"]


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"type": "colour"},
        {"sensitivity": "S9"},
        {"out": "X"},
        {"view": "blurred"},
        {"required": "yes"},
        {"label": {"en": "Sex"}},
        {"label": {"en": "Sex", "sw": ""}},
        {"help": {"en": "only English"}},
        {"list": None},
        {"show_when": {"field": "sex"}},
        {"show_when": {"field": "nothing", "in": ["X"]}},
        {"view_from": "nothing"},
        {"view": "yes_no"},
        {"view": "month"},
        {"yes_codes": ["3"]},
        {"sensitivity": "S4"},
        {"out": "I", "view": "count"},
        {"sealed": True},
        {"health": "yes"},
        *({"health": True, **other} for other in ({"sensitivity": "S2"}, {"required": True}, {"computed": True})),
        {"health": True, "sealed": True, "sensitivity": "S4", "out": "N"},
        *({"drop": key} for key in ("name", "label", "type", "sensitivity", "out", "list")),
    ],
)
def test_a_faulty_field_stops_the_program(change: dict[str, Any]) -> None:
    row = {key: value for key, value in {**PLAIN, **change}.items() if key not in ("drop", change.get("drop"))}
    with pytest.raises(FormError, match="person"):
        parse_form(form_of(row))


@pytest.mark.parametrize(
    "change",
    [
        {"out": "P", "sensitivity": "S3"},
        {"list": "sex"},
        {"sealed": True, "out": "I"},
        {"sealed": True, "sensitivity": "S3"},
    ],
)
def test_a_faulty_text_field_stops_the_program(change: dict[str, Any]) -> None:
    with pytest.raises(FormError, match=r"person\.note"):
        parse_form(form_of({**TEXT, **change}))


@pytest.mark.parametrize("other", [{"colour": "red"}, {"kind": 7}, {"title": {"en": "Person"}}])
def test_a_faulty_form_stops_the_program(other: dict[str, Any]) -> None:
    with pytest.raises(FormError, match="form"):
        parse_form(form_of(PLAIN, **other))


def test_a_name_that_stands_twice_stops_the_program() -> None:
    with pytest.raises(FormError, match="twice"):
        parse_form(form_of(PLAIN, PLAIN))


def test_free_text_of_class_P_may_be_declared_as_omitted() -> None:
    form = parse_form(form_of({**TEXT, "sensitivity": "S1", "out": "P", "view": "omit_text"}))
    assert form["note"].view is View.OMIT_TEXT


def test_sealed_fields_are_named() -> None:
    assert parse_form(form_of({**TEXT, "sealed": True}, PLAIN)).sealed_names == {"note"}


def field_shown(**show_when: Any) -> Field:
    return parse_form(form_of({**TEXT, "show_when": {"field": "sex", **show_when}}, PLAIN))["note"]


def test_a_question_applies_by_the_other_answer() -> None:
    shown = field_shown(**{"in": ["F", "YES"]})
    assert applies(shown, {"sex": "F"})
    assert applies(shown, {"sex": ("M", "F")})
    assert applies(shown, {"sex": True})
    assert not applies(shown, {"sex": False})
    assert not applies(shown, {"sex": "M"})
    assert not applies(shown, {})
    assert not applies(shown, {"sex": Missing.DK})


def test_a_question_applies_unless_the_other_answer_rules_it_out() -> None:
    shown = field_shown(not_in=["F"])
    assert applies(shown, {"sex": "M"})
    assert applies(shown, {"sex": Missing.DK})
    assert not applies(shown, {"sex": "F"})
    assert not applies(shown, {})
    assert applies(parse_form(form_of(PLAIN))["sex"], {})


def test_only_the_yes_no_list_turns_its_three_codes_into_no_answer() -> None:
    yes_no = parse_form(form_of({**PLAIN, "list": "yes_no"}))["sex"]
    assert stored_value(yes_no, "DK") is Missing.DK
    assert stored_value(yes_no, "NA") == "NA"
    answer = stored_value(parse_form(form_of({**PLAIN, "list": "consent_answers"}))["sex"], "REFUSED")
    assert not isinstance(answer, Missing)
