from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from desktop.catalogue import load
from desktop.errors import Severity
from desktop.rules.records import Damaged, Missing, RecordDraft, Value, encode_fields
from desktop.rules.validation import Surroundings, blocking, check, read_fields, shape_problem

CATALOGUE = load()
FORMS, LISTS = CATALOGUE.forms, CATALOGUE.lists
NOW = datetime(2026, 11, 25, 20, 59, 30, tzinfo=UTC)  # a minute to midnight in Kenya

PERSON: dict[str, Value] = {
    "first_name": "Wambui",
    "sex": "F",
    "dob": "1998-03-14",
    "dob_estimated": False,
    "citizenship": ("KEN",),
    "languages": ("KIK", "SWA"),
    "interpreter_needed": False,
}
CONSENT: dict[str, Value] = {
    "scope": "SHARE_PROVIDER",
    "recipient": "4f9d2c1e-0b7a-4c3d-9e8f-1a2b3c4d5e6f",
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


ALL_POINTS = tuple(item.code for item in LISTS["explained_items"])


def codes(kind: str, fields: dict[str, Value], around: Surroundings | None = None) -> dict[str, Severity]:
    return {problem.code: problem.severity for problem in check(FORMS[kind], fields, LISTS, NOW, around)}


def stopped(kind: str, fields: dict[str, Value], around: Surroundings | None = None) -> set[str]:
    return {problem.code for problem in blocking(check(FORMS[kind], fields, LISTS, NOW, around))}


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
        *(("referral", {"time": text}, "VALUE_WRONG_TYPE") for text in ("9:40", "24:00", "09:60", "09:40:00", "dawn")),
        ("recruitment", {"was_recruited": "DK"}, "VALUE_NOT_IN_LIST"),
    ],
)
def test_what_a_field_cannot_hold_blocks(kind: str, change: dict[str, Value], code: str) -> None:
    whole = {"person": PERSON, "consent": CONSENT}.get(kind, {})
    assert stopped(kind, {**whole, **change}) == {code}


def test_a_midnight_in_utc_is_the_next_day_in_kenya() -> None:
    assert stopped("consent", {**CONSENT, "at": "2026-11-25T20:59:00Z"}) == set()
    assert stopped("consent", {**CONSENT, "at": "2026-11-25T21:00:00Z"}) == {"DATE_IN_FUTURE"}
    assert stopped("person", {**PERSON, "dob": "2026-11-25"}) == set()
    assert stopped("person", {**PERSON, "dob": "2026-11-26"}) == {"DATE_IN_FUTURE"}


@pytest.mark.parametrize("answer", ["GIVEN", "REFUSED", "WITHDRAWN"])
def test_L14_no_answer_is_given_later_than_the_present_minute(answer: str) -> None:
    morning = datetime(2026, 11, 25, 6, 0, 20, tzinfo=UTC)
    for at, code in (
        ("2026-11-25T09:00+03:00", None),
        ("2026-11-25T09:00:59+03:00", None),
        ("2026-11-25T09:01+03:00", "DATE_IN_FUTURE"),
        ("2026-11-25T09:01", "DATE_IN_FUTURE"),
        ("2026-11-25T06:01:00.000Z", "DATE_IN_FUTURE"),
    ):
        problems = blocking(check(FORMS["consent"], {**CONSENT, "answer": answer, "at": at}, LISTS, morning))
        assert [(problem.code, problem.field) for problem in problems] == ([(code, "consent.at")] if code else [])


def test_a_problem_names_its_field_and_its_limit() -> None:
    (problem,) = blocking(check(FORMS["referral"], {"reason_short": "x" * 301}, LISTS, NOW))
    assert (problem.field, problem.limit) == ("referral.reason_short", 300)


def test_dates_that_may_lie_ahead_do_not_block() -> None:
    ahead: dict[str, Value] = {"act_by": "2027-01-01T08:00+03:00", "feedback_due": "2027-01-01", "time": "23:59"}
    assert stopped("referral", {**ahead, "arrival": "2027-01-01T18:00+03:00"}) == set()


def test_a_skipped_question_must_store_nothing_and_is_not_missed() -> None:
    assert codes("person", {**PERSON, "deceased": False, "deceased_on": "2026-01-01"}) == {
        "QUESTION_SKIPPED": Severity.WARNING
    }


def test_fields_of_a_newer_version_are_left_alone() -> None:
    assert codes("person", {**PERSON, "shoe_size": 41}) == {}


def test_E11_the_form_version_does_not_touch_the_id_of_a_record() -> None:
    draft = RecordDraft("person", PERSON, record_id="r1", revision=3)
    newer = replace(FORMS["person"], version=99)
    assert check(newer, draft.fields, LISTS, NOW) == ()
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


PROOF = ("given_by", "method", "language", "explained_items")


@pytest.mark.parametrize("name", ["scope", "answer", "at", *PROOF])
def test_L13_a_consent_without_proof_is_not_saved(name: str) -> None:
    assert codes("consent", CONSENT) == {}
    for scope in ("SHARE_PROVIDER", "SHARE_POLICE", "SHARE_SECRETARIAT_ID", "SHARE_NATF"):
        for answer in ({"answer": "GIVEN"}, {"answer": "LIMITED", "limits": "not the diagnosis"}):
            whole: dict[str, Value] = {**CONSENT, "scope": scope, **answer}
            if name == "scope" or name == "answer":
                whole = CONSENT
            for nothing in (None, Missing.DK):
                found = blocking(check(FORMS["consent"], {**whole, name: nothing}, LISTS, NOW))
                assert [(problem.code, problem.field) for problem in found] == [
                    ("CONSENT_PROOF_MISSING", f"consent.{name}")
                ]


def test_L13_no_point_explained_is_no_proof() -> None:
    assert "CONSENT_PROOF_MISSING" in stopped("consent", {**CONSENT, "explained_items": ()})


@pytest.mark.parametrize("answer", ["REFUSED", "WITHDRAWN"])
def test_a_no_needs_less_proof_than_a_yes(answer: str) -> None:
    bare: dict[str, Value] = {name: value for name, value in CONSENT.items() if name not in PROOF}
    assert stopped("consent", {**bare, "answer": answer, "method": "VERBAL"}) == set()
    assert stopped("consent", {**bare, "answer": answer}) == {"CONSENT_PROOF_MISSING"}
    assert stopped("consent", {**bare, "scope": "SERVICES", "answer": "GIVEN", "method": "VERBAL"}) == set()


def test_a_question_not_asked_needs_no_method() -> None:
    assert stopped("consent", {"scope": "SHARE_POLICE", "answer": "NOT_ASKED", "at": CONSENT["at"]}) == set()


def test_limits_and_another_basis_must_be_written_out() -> None:
    assert stopped("consent", {**CONSENT, "answer": "LIMITED"}) == {"CONSENT_LIMITS_MISSING"}
    assert stopped("consent", {**CONSENT, "answer": "LIMITED", "limits": "not the diagnosis"}) == set()
    unable: dict[str, Value] = {**CONSENT, "answer": "NO_CAPACITY"}
    assert stopped("consent", {**unable, "lawful_basis": "VITAL"}) == {"LAWFUL_BASIS_INCOMPLETE"}
    assert stopped("consent", {**unable, "lawful_basis": "CONSENT"}) == set()
    basis: dict[str, Value] = {"lawful_basis": "VITAL", "basis_reason": "danger", "basis_supervisor": "S. Practice"}
    assert codes("consent", {**unable, **basis}) == {}


def test_another_basis_is_not_asked_for_after_a_yes() -> None:
    assert codes("consent", {**CONSENT, "lawful_basis": "VITAL"}) == {"QUESTION_SKIPPED": Severity.WARNING}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recipient": None}, "RECIPIENT_MISSING"),
        ({"scope": "SHARE_ABROAD", "recipient": None, "explained_items": ALL_POINTS}, "RECIPIENT_MISSING"),
        ({"scope": "SHARE_POLICE", "recipient": None}, None),
        ({"given_by": "GUARDIAN"}, "CHILD_ASSENT_MISSING"),
        ({"given_by": "GUARDIAN", "child_assent": "NO"}, None),
        ({"given_by": "COURT", "child_assent": Missing.NOT_ASKED}, None),
        ({"method": "VERBAL"}, "WITNESS_MISSING"),
        ({"explained_items": ("DATA",)}, "EXPLAINED_ITEMS_MISSING"),
        ({"scope": "SHARE_ABROAD"}, "EXPLAINED_ITEMS_MISSING"),
    ],
)
def test_a_weak_consent_warns(change: dict[str, Value], code: str | None) -> None:
    assert codes("consent", {**CONSENT, **change}) == ({code: Severity.WARNING} if code else {})


@pytest.mark.parametrize(
    ("kind", "fields", "code", "severity"),
    [
        ("case", {"restricted": True}, "RESTRICTED_REASON_MISSING", Severity.WARNING),
        *(
            ("case", {"external_refs": ("COURT E12/2026", text)}, "EXTERNAL_REF_KIND", Severity.WARNING)
            for text in ("12/3/2026", "OB", "OB ", "OB12", "ob 12/3/2026", "POLICE 12")
        ),
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
        ("case", {"external_refs": ("CPIMS 00000/2026", "IOM KE 12", "OTHER x")}, "EXTERNAL_REF_KIND"),
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
