from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from desktop.catalogue import load
from desktop.errors import Severity
from desktop.rules.records import Damaged, Missing, RecordDraft, Value, encode_fields
from desktop.rules.validation import Surroundings, blocking, check, read_fields, shape_problem

CATALOGUE = load()
FORMS, LISTS = CATALOGUE.forms, CATALOGUE.lists
TODAY = date(2026, 11, 25)

PERSON: dict[str, Value] = {
    "first_name": "Wambui",
    "sex": "F",
    "dob": "1998-03-14",
    "dob_estimated": False,
    "citizenship": ("KEN",),
    "languages": ("KIK", "SWA"),
}
CONSENT: dict[str, Value] = {
    "scope": "SHARE_PROVIDER",
    "recipient": "provider-1",
    "answer": "GIVEN",
    "given_by": "SELF",
    "method": "SIGNATURE",
    "language": "KIK",
    "explained_items": tuple(item.code for item in LISTS["explained_items"] if item.code != "ABROAD"),
    "at": "2026-10-12T09:40+03:00",
}
FINDING: dict[str, Value] = {
    "status": "IDENTIFIED",
    "acts": ("RECRUIT",),
    "means": ("DECEPTION",),
    "purposes": ("DOMESTIC_SERVITUDE",),
    "justification": "Deceived about the work.",
    "decided_by": "B. Practice",
    "decided_by_type": "DCS",
    "date": "2026-10-16",
}


def codes(kind: str, fields: dict[str, Value], around: Surroundings | None = None) -> dict[str, Severity]:
    return {problem.code: problem.severity for problem in check(FORMS[kind], fields, LISTS, TODAY, around)}


def stopped(kind: str, fields: dict[str, Value], around: Surroundings | None = None) -> set[str]:
    return {problem.code for problem in blocking(check(FORMS[kind], fields, LISTS, TODAY, around))}


def test_A07_one_name_is_enough_and_nothing_blocks() -> None:
    assert codes("person", PERSON) == {}
    assert stopped("person", {"first_name": "Neema"}) == set()


def test_a_case_can_be_saved_empty_and_every_gap_is_a_warning() -> None:
    for kind in ("case", "person", "determination", "referral", "provider"):
        found = codes(kind, {})
        assert "ANSWER_MISSING" in found
        assert set(found.values()) == {Severity.WARNING}


def test_a_name_that_is_not_known_is_an_answer() -> None:
    nameless = {name: value for name, value in PERSON.items() if name != "first_name"}
    assert codes("person", nameless) == {"NAME_MISSING": Severity.WARNING}
    assert codes("person", {**nameless, "surname": Missing.DK}) == {}


def test_B03_a_bad_stored_date_opens_damaged_and_the_rest_stays_usable() -> None:
    stored = {**encode_fields(PERSON), "dob": "2024-02-31", "deceased_on": "abc", "age_at_registration": "old", "x": 1}
    fields = read_fields(FORMS["person"], stored)
    damaged = {name for name, value in fields.items() if isinstance(value, Damaged)}
    assert damaged == {"dob", "deceased_on", "age_at_registration"}
    assert fields["first_name"] == "Wambui"
    assert fields["x"] == 1
    assert encode_fields(fields) == stored
    assert stopped("person", fields) == set()
    assert codes("person", fields)["FIELD_DAMAGED"] is Severity.WARNING


def test_B03_what_is_no_record_opens_empty() -> None:
    assert read_fields(FORMS["person"], None) == {}


def test_B07_an_age_alone_is_accepted_and_nothing_is_put_into_the_birth_date() -> None:
    fields = {**PERSON, "dob": None, "age_at_registration": 34}
    assert codes("person", fields) == {}
    assert "dob" not in encode_fields(fields)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"dob": "2008-12-01"}, None),
        ({"dob": "2008"}, "AGE_AT_LIMIT"),
        ({"dob": "2008-01-01", "dob_estimated": True}, "AGE_AT_LIMIT"),
        ({"dob": "1900-01-01"}, "AGE_OUT_OF_RANGE"),
        ({"dob": None}, "AGE_UNKNOWN"),
        ({"dob": Missing.DK}, "AGE_UNKNOWN"),
        ({"dob": None, "age_at_registration": 17}, "AGE_AT_LIMIT"),
    ],
)
def test_B05_an_age_in_doubt_warns(change: dict[str, Value], code: str | None) -> None:
    assert codes("person", {**PERSON, **change}) == ({code: Severity.WARNING} if code else {})


@pytest.mark.parametrize(
    ("kind", "change", "code"),
    [
        ("person", {"sex": "Q"}, "VALUE_NOT_IN_LIST"),
        ("person", {"sex": ""}, "VALUE_WRONG_TYPE"),
        ("person", {"sex": ("F",)}, "VALUE_WRONG_TYPE"),
        ("person", {"citizenship": "KEN"}, "VALUE_WRONG_TYPE"),
        ("person", {"citizenship": ()}, "VALUE_WRONG_TYPE"),
        ("person", {"citizenship": ("KEN", "ZZZ")}, "VALUE_NOT_IN_LIST"),
        ("person", {"citizenship": ("KEN", "KEN")}, "VALUE_TWICE"),
        ("person", {"dob_estimated": "NO"}, "VALUE_WRONG_TYPE"),
        ("person", {"children_count": "2"}, "VALUE_WRONG_TYPE"),
        ("person", {"children_count": True}, "VALUE_WRONG_TYPE"),
        ("person", {"children_count": -1}, "NUMBER_OUT_OF_RANGE"),
        ("person", {"age_at_registration": 111}, "NUMBER_OUT_OF_RANGE"),
        ("person", {"surname": "x" * 201}, "TEXT_TOO_LONG"),
        ("person", {"dob": "14/3/1998"}, "DATE_IMPOSSIBLE"),
        ("person", {"dob": "2026-11-26"}, "DATE_IN_FUTURE"),
        ("person", {"age_said_on": "2026-11"}, "DATE_IMPOSSIBLE"),
        ("consent", {"at": "yesterday"}, "DATE_IMPOSSIBLE"),
        ("consent", {"at": "2026-11-26T00:30+03:00"}, "DATE_IN_FUTURE"),
        ("case", {"external_refs": ("OB 1/1/2026", "x" * 81)}, "TEXT_TOO_LONG"),
        ("recruitment", {"was_recruited": "DK"}, "VALUE_NOT_IN_LIST"),
    ],
)
def test_what_a_field_cannot_hold_blocks(kind: str, change: dict[str, Value], code: str) -> None:
    whole = {"person": PERSON, "consent": CONSENT}.get(kind, {})
    assert stopped(kind, {**whole, **change}) == {code}


def test_a_midnight_in_utc_is_the_next_day_in_kenya() -> None:
    assert stopped("consent", {**CONSENT, "at": "2026-11-25T20:59:00Z"}) == set()
    assert stopped("consent", {**CONSENT, "at": "2026-11-25T21:00:00Z"}) == {"DATE_IN_FUTURE"}


def test_a_problem_names_its_field_and_its_limit() -> None:
    (problem,) = blocking(check(FORMS["referral"], {"reason_short": "x" * 301}, LISTS, TODAY))
    assert (problem.field, problem.limit) == ("referral.reason_short", 300)


def test_dates_that_may_lie_ahead_do_not_block() -> None:
    assert stopped("referral", {"act_by": "2027-01-01T08:00+03:00", "feedback_due": "2027-01-01"}) == set()


def test_a_skipped_question_must_store_nothing_and_is_not_missed() -> None:
    assert codes("person", {**PERSON, "deceased": False, "deceased_on": "2026-01-01"}) == {
        "QUESTION_SKIPPED": Severity.WARNING
    }


def test_fields_of_a_newer_version_are_left_alone() -> None:
    assert codes("person", {**PERSON, "shoe_size": 41}) == {}


def test_E11_the_form_version_does_not_touch_the_id_of_a_record() -> None:
    draft = RecordDraft("person", PERSON, record_id="r1", revision=3)
    newer = replace(FORMS["person"], version=99)
    assert check(newer, draft.fields, LISTS, TODAY) == ()
    assert (draft.record_id, draft.revision) == ("r1", 3)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("acts", "ACTS_MISSING"),
        ("purposes", "PURPOSES_MISSING"),
        ("means", "MEANS_MISSING"),
        ("justification", "JUSTIFICATION_MISSING"),
        ("decided_by", "DECIDED_BY_MISSING"),
    ],
)
def test_L33_nobody_is_identified_without_the_grounds(name: str, code: str) -> None:
    assert stopped("determination", FINDING) == set()
    for nothing in (None, Missing.NOT_ASKED):
        assert stopped("determination", {**FINDING, name: nothing}) == {code}


def test_L33_a_no_needs_reasons_and_a_named_officer_too() -> None:
    assert stopped("determination", {"status": "NOT_VICTIM"}) == {"JUSTIFICATION_MISSING", "DECIDED_BY_MISSING"}
    assert stopped("determination", {**FINDING, "justification": "  "}) == {"JUSTIFICATION_MISSING"}
    assert stopped("determination", {"status": "PRESUMED"}) == set()


def test_L20_no_means_are_needed_for_one_who_was_a_child_when_it_happened() -> None:
    was_child, was_adult = Surroundings(was_child=True), Surroundings(was_child=False)
    marked: dict[str, Value] = {**FINDING, "means": ("CHILD_NOT_NEEDED",)}
    assert stopped("determination", {**FINDING, "means": None}, was_child) == set()
    assert stopped("determination", marked, was_child) == set()
    assert stopped("determination", marked, was_adult) == {"MEANS_MISSING"}
    assert stopped("determination", {**marked, "means": ("CHILD_NOT_NEEDED", "FRAUD")}, was_adult) == set()


def test_a_finding_taken_over_from_another_register_warns_instead() -> None:
    found = codes("determination", {"status": "IDENTIFIED"}, Surroundings(taken_over=True))
    assert {"ACTS_MISSING", "PURPOSES_MISSING", "MEANS_MISSING", "JUSTIFICATION_MISSING"} <= set(found)
    assert set(found.values()) == {Severity.WARNING}


@pytest.mark.parametrize("name", ["scope", "answer", "method", "at"])
def test_L13_a_consent_without_proof_is_not_saved(name: str) -> None:
    assert codes("consent", CONSENT) == {}
    assert stopped("consent", {**CONSENT, name: None}) == {"CONSENT_PROOF_MISSING"}
    assert stopped("consent", {**CONSENT, name: Missing.DK}) == {"CONSENT_PROOF_MISSING"}


def test_a_question_not_asked_needs_no_method() -> None:
    assert stopped("consent", {"scope": "SHARE_POLICE", "answer": "NOT_ASKED", "at": CONSENT["at"]}) == set()


def test_limits_and_another_basis_must_be_written_out() -> None:
    assert stopped("consent", {**CONSENT, "answer": "LIMITED"}) == {"CONSENT_LIMITS_MISSING"}
    assert stopped("consent", {**CONSENT, "answer": "LIMITED", "limits": "not the diagnosis"}) == set()
    assert stopped("consent", {**CONSENT, "lawful_basis": "VITAL"}) == {"LAWFUL_BASIS_INCOMPLETE"}
    assert stopped("consent", {**CONSENT, "lawful_basis": "CONSENT"}) == set()
    basis: dict[str, Value] = {"lawful_basis": "VITAL", "basis_reason": "danger", "basis_supervisor": "S. Practice"}
    assert stopped("consent", {**CONSENT, **basis}) == set()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recipient": None}, "RECIPIENT_MISSING"),
        ({"method": "VERBAL"}, "WITNESS_MISSING"),
        ({"explained_items": ("DATA",)}, "EXPLAINED_ITEMS_MISSING"),
        ({"explained_items": Missing.DK}, None),
        ({"scope": "SHARE_ABROAD"}, "EXPLAINED_ITEMS_MISSING"),
    ],
)
def test_a_weak_consent_warns(change: dict[str, Value], code: str | None) -> None:
    assert codes("consent", {**CONSENT, **change}) == ({code: Severity.WARNING} if code else {})


@pytest.mark.parametrize(
    ("kind", "fields", "code", "severity"),
    [
        ("case", {"restricted": True}, "RESTRICTED_REASON_MISSING", Severity.WARNING),
        (
            "case",
            {"source": "NGO", "incoming_date": "2026-05-02", "date_opened": "2026-05-01"},
            *("DATES_OUT_OF_ORDER", Severity.WARNING),
        ),
        ("exploitation_episode", {"start": "2026-02", "end": "2025"}, "DATES_OUT_OF_ORDER", Severity.WARNING),
        ("journey_leg", {"start": "2026-02", "end": "2025"}, "DATES_OUT_OF_ORDER", Severity.WARNING),
        ("referral_feedback", {"decision": "DECLINED"}, "DECLINE_REASON_MISSING", Severity.BLOCKING),
        ("provider", {"type": "SAFE_HOUSE", "address": "Plot 0000"}, "SAFE_HOUSE_ADDRESS", Severity.BLOCKING),
        (
            "referral",
            {"services": tuple(code.code for code in list(LISTS["services"])[:7])},
            *("SERVICES_TOO_MANY", Severity.WARNING),
        ),
    ],
)
def test_rules_of_one_record(kind: str, fields: dict[str, Value], code: str, severity: Severity) -> None:
    assert codes(kind, fields)[code] is severity


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("case", {"restricted": True, "restricted_reason": "an official"}, "RESTRICTED_REASON_MISSING"),
        ("case", {"source": "NGO", "incoming_date": "2026-05", "date_opened": "2026-05-01"}, "DATES_OUT_OF_ORDER"),
        ("exploitation_episode", {"start": "2025", "end": "2025-02"}, "DATES_OUT_OF_ORDER"),
        ("exploitation_episode", {"start": "2025"}, "DATES_OUT_OF_ORDER"),
        ("referral_feedback", {"decision": "DECLINED", "decline_reason": "FULL"}, "DECLINE_REASON_MISSING"),
        ("provider", {"type": "SAFE_HOUSE", "hidden_address": "Plot 0000"}, "SAFE_HOUSE_ADDRESS"),
        ("referral", {"services": ("MEDICAL",)}, "SERVICES_TOO_MANY"),
    ],
)
def test_rules_of_one_record_let_the_right_one_pass(kind: str, fields: dict[str, Any], code: str) -> None:
    assert code not in codes(kind, fields)


def test_an_empty_question_and_no_answer_fit_every_field() -> None:
    for form in FORMS.values():
        for item in form.fields:
            assert shape_problem(item, None) is None
            assert shape_problem(item, Missing.DK) is None
            assert shape_problem(item, Damaged(None)) == "FIELD_DAMAGED"
