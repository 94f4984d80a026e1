"""What the shipped declarations must agree on with the lists, the receiver rules and the paper forms."""

import pytest

from desktop.catalogue import load
from desktop.rules.forms import FieldType, Out, Sensitivity, View

CATALOGUE = load()
FORMS = CATALOGUE.forms
LINES = {
    "suspect_annex": "POLICE",
    "bed_type": "SHELTER",
    "arrival": "SHELTER",
    "employer": "LABOUR",
    "wages_claimed_kes": "LABOUR",
    "papers_needed": "EMBASSY",
    "costs": "FUND",
}
OFFICE_DAYS = {
    *("case.date_opened", "case.incoming_date", "determination.date"),
    *("referral.date", "referral.feedback_due", "referral_feedback.received_on"),
    *("referral_feedback.service_start", "referral_feedback.next_appointment"),
    *("closure.date", "closure.reopened_at"),
    *("provider.registration_expiry", "provider.last_checked"),
}


def test_L04_what_may_be_a_health_fact_is_declared_as_one() -> None:
    difficulties = {f"person.disability_{part}" for part in ("see", "hear", "walk", "cog", "care", "comm", "help")}
    declared = {f"{kind}.{name}" for kind, form in FORMS.items() for name in form.health_names}
    assert declared == difficulties | {"person.vulnerabilities"}
    # Any other list with such a code would need a look: whoever adds a form meets this line.
    told = {"MENTAL", "PREGNANT", "ADDICTION", "DISABILITY", "ALBINISM"}
    listed = {item.list_name for form in FORMS.values() for item in form.fields if not item.health and item.list_name}
    assert {name for name in listed if any(code in CATALOGUE.lists[name] for code in told)} <= {"services"}


@pytest.mark.parametrize(("name", "variant"), LINES.items())
def test_a_line_of_one_letter_variant_is_asked_for_its_receivers_alone_and_never_leaves(
    name: str, variant: str
) -> None:
    item = FORMS["referral"][name]
    assert item.show_when is not None
    receivers = frozenset(rule.actor for rule in CATALOGUE.receiver_rules.values() if rule.letter_variant == variant)
    assert (item.show_when.field, item.show_when.codes) == ("to_actor", receivers)
    assert (item.out, item.sensitivity) == (Out.NEVER, Sensitivity.S3)


def test_help_because_of_a_disability_never_leaves_in_a_bundle() -> None:
    item = FORMS["person"]["disability_help"]
    assert (item.out, item.sensitivity, item.type) == (Out.NEVER, Sensitivity.S3, FieldType.TEXT)


@pytest.mark.parametrize(
    ("kind", "name", "question"),
    [
        *(("person", "other_names", "1.2"), ("person", "age_at_registration", "1.5")),
        *(
            ("person", f"disability_{name}", f"1.20{letter}")
            for letter, name in zip("abcdef", ("see", "hear", "walk", "cog", "care", "comm"), strict=True)
        ),
        *(("recruitment", "promised_benefits", "3.6"), ("recruitment", "is_abduction", "3.10")),
        *(("exploitation_episode", "age_at_start", "5.5b"), ("exploitation_episode", "county", "5.6b")),
    ],
)
def test_a_question_bears_its_number_on_paper(kind: str, name: str, question: str) -> None:
    assert FORMS[kind][name].question == question


@pytest.mark.parametrize(
    ("kind", "name"), [("person", "interpreter_needed"), ("closure", "approved_by"), ("closure", "retention_until")]
)
def test_what_the_dictionary_always_asks_is_required(kind: str, name: str) -> None:
    assert FORMS[kind][name].required


def test_the_day_itself_leaves_only_where_the_office_acted_on_it() -> None:
    """Days of the person's own life leave as months; what is left are days of the office's work."""
    days = {
        f"{form.kind}.{item.name}"
        for form in FORMS.values()
        for item in form.fields
        if item.type in (FieldType.DATE, FieldType.PARTIAL_DATE)
        and item.out is Out.PSEUDONYMOUS
        and item.view is not View.MONTH
    }
    assert days == OFFICE_DAYS


def test_the_time_of_a_referral_leaves_with_its_date() -> None:
    item = FORMS["referral"]["time"]
    assert (item.type, item.out) == (FieldType.TIME, Out.PSEUDONYMOUS)


def test_the_registers_of_other_numbers_are_named_in_the_help() -> None:
    item = FORMS["case"]["external_refs"]
    assert [code.code for code in CATALOGUE.lists["external_registers"]] == ["CPIMS", "OB", "COURT", "IOM", "OTHER"]
    for code in CATALOGUE.lists["external_registers"]:
        assert all(code.code in item.help[language] for language in ("en", "sw"))
