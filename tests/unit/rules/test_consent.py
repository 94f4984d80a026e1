from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from desktop.catalogue import load
from desktop.errors import NotAccepted
from desktop.rules import consent
from desktop.rules.consent import (
    ConsentRow,
    LawfulBasis,
    Permission,
    may_send_identity,
    newest,
    permission,
)
from desktop.rules.records import Damaged, Missing

RULES = load().receiver_rules
CLINIC, OTHER = "provider-1", "provider-2"
BASIS = LawfulBasis("VITAL", "in danger of life", "S. Practice")


def row(answer: str, at: str = "2026-10-12T09:40+03:00", **other: Any) -> ConsentRow:
    """One answer of an adult, written down when it was given unless said otherwise."""
    facts: dict[str, Any] = {"scope": "SHARE_PROVIDER", "recipient_id": CLINIC, "given_by": "SELF", "recorded_at": at}
    return ConsentRow(answer=answer, at=at, **(facts | other))


def leave(
    *rows: ConsentRow, rule: str = "HEALTH_PUBLIC", basis: LawfulBasis | None = None, is_child: bool = False
) -> Permission:
    return permission(RULES[rule], rows, CLINIC, basis, is_child=is_child)


def refusal(
    *rows: ConsentRow, rule: str = "HEALTH_PUBLIC", basis: LawfulBasis | None = None, is_child: bool = False
) -> str:
    with pytest.raises(NotAccepted) as caught:
        leave(*rows, rule=rule, basis=basis, is_child=is_child)
    assert [problem.field for problem in caught.value.problems] == ["consent.scope"]
    return caught.value.code


def test_a_yes_for_this_provider_permits_and_names_the_day_in_kenya() -> None:
    given = row("GIVEN", "2026-10-12T22:30:00Z", record_id="c1")
    assert leave(given) == Permission(
        "SHARE_PROVIDER", "CONSENT", "2026-10-13", limited=False, limits=None, consent_id="c1", given_by="SELF"
    )


def test_a_time_without_offset_is_kenyan() -> None:
    assert consent.local_day("2026-10-12T23:59") == date(2026, 10, 12)
    for unreadable in ("12/10/26", "", "0001-01-01T00:00+14:00", "9999-12-31T23:59-10:00"):
        assert consent.local_day(unreadable) is None


def test_L16_no_row_no_letter() -> None:
    assert refusal() == "CONSENT_MISSING"
    assert refusal(row("GIVEN", scope="SHARE_POLICE")) == "CONSENT_MISSING"
    assert refusal(row("GIVEN", recipient_id=OTHER)) == "CONSENT_MISSING"
    assert refusal(row("NOT_ASKED")) == "CONSENT_MISSING"
    assert refusal(row("NO_CAPACITY")) == "CONSENT_MISSING"
    assert refusal(row("GIVEN", at="when she came")) == "CONSENT_MISSING"


@pytest.mark.parametrize(("scope", "rule"), [("SHARE_PROVIDER", "HEALTH_PUBLIC"), ("SHARE_ABROAD", "EMBASSY")])
def test_an_unnamed_yes_permits_nobody_and_an_unnamed_no_stops_everybody(scope: str, rule: str) -> None:
    assert refusal(row("GIVEN", scope=scope, recipient_id=None), rule=rule) == "CONSENT_MISSING"
    assert refusal(row("LIMITED", scope=scope, recipient_id=None, limits="x"), rule=rule) == "CONSENT_MISSING"
    named, later = row("GIVEN", scope=scope), "2026-10-13T08:00+03:00"
    assert leave(named, rule=rule).scope == scope
    assert refusal(named, row("REFUSED", later, scope=scope, recipient_id=None), rule=rule) == "CONSENT_REFUSED"
    assert refusal(named, row("WITHDRAWN", later, scope=scope, recipient_id=None), rule=rule) == "CONSENT_WITHDRAWN"
    assert leave(named, row("REFUSED", later, scope=scope, recipient_id=OTHER), rule=rule).scope == scope


@pytest.mark.parametrize(("scope", "rule"), [("SHARE_POLICE", "POLICE"), ("SHARE_NATF", "NATF")])
def test_a_general_yes_to_the_police_or_the_fund_covers_each_station(scope: str, rule: str) -> None:
    assert leave(row("GIVEN", scope=scope, recipient_id=None), rule=rule).basis == "CONSENT"


def test_L14_a_withdrawal_counts_from_the_moment_it_stands_there() -> None:
    given, gone = row("GIVEN"), row("WITHDRAWN", "2026-10-12T09:41+03:00")
    assert refusal(given, gone) == "CONSENT_WITHDRAWN"
    assert refusal(gone, given) == "CONSENT_WITHDRAWN"
    later = row("GIVEN", "2026-10-20T10:00+03:00")
    assert leave(given, gone, later, rule="NGO").agreed_on == "2026-10-20"


@pytest.mark.parametrize("answer", ["REFUSED", "WITHDRAWN"])
def test_L14_a_yes_that_claims_a_later_time_does_not_outlive_a_no_recorded_after_it(answer: str) -> None:
    ahead = row("GIVEN", "2031-01-01T08:00+03:00", recorded_at="2026-10-12T07:00:00.000Z")
    no = row(answer, "2026-10-12T10:05+03:00", recorded_at="2026-10-12T07:05:00.000Z")
    assert refusal(ahead, no) == f"CONSENT_{answer}"
    assert refusal(no, ahead) == f"CONSENT_{answer}"


def test_L14_an_old_paper_typed_in_late_does_not_undo_a_withdrawal() -> None:
    gone = row("WITHDRAWN", "2026-10-20T10:00+03:00", recorded_at="2026-10-20T07:01:00.000Z")
    old = row("GIVEN", "2026-10-12T09:40+03:00", recorded_at="2026-10-21T07:00:00.000Z")
    assert refusal(gone, old) == "CONSENT_WITHDRAWN"
    assert leave(gone, old, row("GIVEN", "2026-10-21T10:00+03:00")).agreed_on == "2026-10-21"


def test_an_old_paper_typed_in_late_does_not_undo_limits_set_since() -> None:
    limited = row("LIMITED", "2026-10-20T10:00+03:00", limits="not the diagnosis")
    old = row("GIVEN", "2026-10-12T09:40+03:00", recorded_at="2026-10-21T07:00:00.000Z")
    assert leave(limited, old).limited
    assert not leave(limited, row("GIVEN", "2026-10-22T10:00+03:00")).limited


def test_at_the_same_minute_the_later_recorded_counts_then_the_one_that_permits_less() -> None:
    first, second = row("REFUSED", recorded_at="2026-10-12T07:00:00Z"), row("GIVEN", recorded_at="2026-10-12T07:05:00Z")
    assert newest([second, first], "SHARE_PROVIDER", CLINIC) is second
    undated = replace(second, recorded_at=first.recorded_at)
    assert newest([undated, first], "SHARE_PROVIDER", CLINIC) is first
    assert newest([first, undated], "SHARE_PROVIDER", CLINIC) is first
    with_basis = replace(first, answer="NO_CAPACITY", lawful_basis=BASIS)
    assert newest([first, with_basis], "SHARE_PROVIDER", CLINIC) is first
    assert newest([with_basis, first], "SHARE_PROVIDER", CLINIC) is first


def test_a_refusal_is_told_apart_from_a_question_never_asked() -> None:
    assert refusal(row("REFUSED")) == "CONSENT_REFUSED"


def test_limits_are_handed_on_and_limits_without_words_permit_nothing() -> None:
    limited = row("LIMITED", limits="not the diagnosis")
    found = leave(limited)
    assert (found.limited, found.limits) == (True, "not the diagnosis")
    assert "diagnosis" not in repr(found)
    assert refusal(row("LIMITED", limits=" ")) == "CONSENT_LIMITS_MISSING"


def test_text_left_in_limits_of_a_plain_yes_is_not_a_limit() -> None:
    found = leave(row("GIVEN", limits="old text"))
    assert (found.limited, found.limits) == (False, None)


def test_L16_another_basis_needs_reason_and_supervisor() -> None:
    found = leave(basis=BASIS)
    assert found == Permission("SHARE_PROVIDER", "VITAL", None, limited=False, limits=None, consent_id=None)
    assert found.given_by is None
    assert refusal(basis=replace(BASIS, reason=" ")) == "LAWFUL_BASIS_INCOMPLETE"
    assert refusal(basis=replace(BASIS, supervisor="")) == "LAWFUL_BASIS_INCOMPLETE"


def test_L56_a_complete_basis_stands_beside_a_refusal() -> None:
    refused = row("REFUSED", record_id="c2", lawful_basis=replace(BASIS, code="LEGAL_DUTY"))
    found = leave(replace(refused, scope="SHARE_POLICE"), rule="COURT")
    assert (found.basis, found.consent_id) == ("LEGAL_DUTY", "c2")


def test_consent_named_as_its_own_basis_changes_nothing() -> None:
    assert refusal(basis=replace(BASIS, code="CONSENT")) == "CONSENT_MISSING"
    assert leave(row("GIVEN", lawful_basis=replace(BASIS, code="CONSENT")), rule="NGO").basis == "CONSENT"


def test_statistics_carry_no_letter_and_child_protection_only_one_about_a_child() -> None:
    statistics, protection = replace(BASIS, code="STATISTICS"), replace(BASIS, code="CHILD_SERVICE")
    for is_child in (True, False):
        assert refusal(basis=statistics, is_child=is_child) == "LAWFUL_BASIS_UNFIT"
    assert refusal(basis=protection) == "LAWFUL_BASIS_UNFIT"
    assert refusal(row("NO_CAPACITY", lawful_basis=protection)) == "LAWFUL_BASIS_UNFIT"
    assert leave(basis=protection, is_child=True).basis == "CHILD_SERVICE"


@pytest.mark.parametrize("giver", ["SELF", "CHILD_ASSENT", "REPRESENTATIVE", None])
def test_L21_a_childs_own_yes_is_not_enough(giver: str | None) -> None:
    assert refusal(row("GIVEN", given_by=giver), is_child=True) == "CONSENT_GIVER_CHILD"
    assert refusal(row("LIMITED", given_by=giver, limits="x"), is_child=True) == "CONSENT_GIVER_CHILD"
    assert leave(row("GIVEN", given_by=giver)).given_by == giver


@pytest.mark.parametrize("giver", ["PARENT", "GUARDIAN", "DCS_OFFICER", "COURT"])
def test_L21_who_may_agree_for_a_child_does(giver: str) -> None:
    assert leave(row("GIVEN", given_by=giver), is_child=True).given_by == giver


def test_a_childs_no_counts_whoever_said_yes() -> None:
    yes = row("GIVEN", given_by="GUARDIAN")
    assert refusal(yes, row("REFUSED", "2026-10-13T08:00+03:00"), is_child=True) == "CONSENT_REFUSED"


def test_L21_a_child_may_be_referred_on_another_ground_without_any_yes() -> None:
    assert leave(row("GIVEN"), basis=BASIS, is_child=True).basis == "VITAL"


SERVICES: dict[str, Any] = {"scope": "SERVICES", "recipient_id": None}


@pytest.mark.parametrize("answer", ["REFUSED", "WITHDRAWN"])
def test_who_wants_no_services_is_not_referred_unless_another_ground_is_recorded(answer: str) -> None:
    no = row(answer, "2026-10-13T08:00+03:00", **SERVICES)
    agreed = row("GIVEN"), row("GIVEN", **SERVICES)
    assert refusal(*agreed, no) == "SERVICES_REFUSED"
    assert leave(*agreed, no, basis=BASIS).basis == "VITAL"
    assert leave(*agreed, replace(no, lawful_basis=BASIS)).basis == "CONSENT"
    for weak in (replace(BASIS, reason=""), replace(BASIS, code="STATISTICS"), replace(BASIS, code="CHILD_SERVICE")):
        assert refusal(*agreed, replace(no, lawful_basis=weak)) == "SERVICES_REFUSED"
    assert leave(*agreed, no, row("GIVEN", "2026-10-14T08:00+03:00", **SERVICES)).basis == "CONSENT"


def test_L24_a_birthday_does_not_make_an_own_yes_of_childhood_valid() -> None:
    assert refusal(row("GIVEN", as_child=True)) == "CONSENT_AS_CHILD"
    assert leave(row("GIVEN", given_by="COURT", as_child=True)).given_by == "COURT"
    assert not identity(row("GIVEN", as_child=True, **IDENTITY))
    assert identity(row("GIVEN", as_child=True, **(IDENTITY | {"given_by": "PARENT"})))
    assert not consent.may_be_studied([row("GIVEN", scope="STATS", recipient_id=None, as_child=True)], is_child=False)
    assert consent.may_be_studied([row("GIVEN", scope="STATS", recipient_id=None)], is_child=False)


def test_services_not_asked_for_yet_stop_no_letter() -> None:
    assert leave(row("GIVEN"), row("NOT_ASKED", **SERVICES)).basis == "CONSENT"


def test_L51_nothing_leaves_kenya_on_another_basis() -> None:
    assert refusal(rule="IOM", basis=BASIS) == "LAWFUL_BASIS_NOT_ABROAD"
    assert leave(row("GIVEN", scope="SHARE_ABROAD"), rule="IOM").scope == "SHARE_ABROAD"


IDENTITY: dict[str, Any] = {"scope": "SHARE_SECRETARIAT_ID", "recipient_id": None}


def identity(*rows: ConsentRow, is_child: bool = False) -> bool:
    return may_send_identity(rows, is_child=is_child)


def test_identity_travels_to_the_secretariat_only_with_an_unlimited_yes_or_another_ground() -> None:
    assert not identity()
    assert identity(row("GIVEN", **IDENTITY))
    assert not identity(row("GIVEN", at="?", **IDENTITY))
    assert not identity(row("LIMITED", limits="no phone", **IDENTITY))
    assert not identity(row("LIMITED", limits="no phone", lawful_basis=BASIS, **IDENTITY))
    assert not identity(row("REFUSED", **IDENTITY))
    assert not identity(row("GIVEN"))
    assert not identity(row("GIVEN", **IDENTITY), row("WITHDRAWN", "2026-11-01T00:00Z", **IDENTITY))
    assert identity(row("NO_CAPACITY", lawful_basis=BASIS, **IDENTITY))
    for weak in (replace(BASIS, reason=""), replace(BASIS, code="STATISTICS"), replace(BASIS, code="CHILD_SERVICE")):
        assert not identity(row("NO_CAPACITY", lawful_basis=weak, **IDENTITY))


def test_L21_a_childs_identity_travels_only_with_the_yes_of_who_may_agree_for_it() -> None:
    assert not identity(row("GIVEN", **IDENTITY), is_child=True)
    assert not identity(row("GIVEN", given_by=None, **IDENTITY), is_child=True)
    assert identity(row("GIVEN", given_by="GUARDIAN", **IDENTITY), is_child=True)
    protection = replace(BASIS, code="CHILD_SERVICE")
    assert identity(row("NO_CAPACITY", lawful_basis=protection, **IDENTITY), is_child=True)


def test_a_row_is_built_from_the_fields_of_its_record() -> None:
    fields = {
        "scope": "SHARE_PROVIDER",
        "recipient": CLINIC,
        "answer": "LIMITED",
        "limits": "x",
        "given_by": "SELF",
        "at": "2026-10-12T09:40+03:00",
        "lawful_basis": "VITAL",
        "basis_reason": "in danger of life",
        "basis_supervisor": "S. Practice",
    }
    built = consent.consent_row(fields, record_id="c1", recorded_at="2026-10-12T07:00:00Z")
    assert built == row(
        *("LIMITED",),
        limits="x",
        given_by="SELF",
        lawful_basis=BASIS,
        recorded_at="2026-10-12T07:00:00Z",
        record_id="c1",
    )


def test_an_empty_or_damaged_record_permits_nothing() -> None:
    built = consent.consent_row(
        {"scope": "SHARE_PROVIDER", "recipient": CLINIC, "answer": Damaged("GIVEN"), "at": None}
    )
    assert refusal(built) == "CONSENT_MISSING"
    unsaid = consent.consent_row({"scope": "SHARE_PROVIDER", "recipient": CLINIC, "answer": Missing.REFUSED})
    assert unsaid.answer == ""


def test_not_known_is_no_reason_and_no_limit() -> None:
    fields = {
        "lawful_basis": "VITAL",
        "basis_reason": Missing.DK,
        "basis_supervisor": "S. Practice",
        "limits": Missing.DK,
    }
    built = consent.consent_row(fields)
    assert built.limits is None
    assert built.lawful_basis is not None
    assert not built.lawful_basis.is_complete


def mode(rule: str, chosen: str | None = None, **scene: Any) -> str:
    around: dict[str, Any] = {"limited": False, "is_child": False, "has_alias": True, **scene}
    return consent.identity_mode(RULES[rule], chosen, **around).value


def test_the_receivers_default_decides_the_identity_unless_another_is_chosen() -> None:
    assert mode("SHELTER") == "ALIAS"
    assert mode("SHELTER", "CASE_REF_ONLY") == "CASE_REF_ONLY"
    assert mode("POLICE") == "NAME"
    assert mode("POLICE", typed="ALIAS") == "ALIAS"
    assert mode("POLICE", "CASE_REF_ONLY", typed="ALIAS") == "CASE_REF_ONLY"
    assert mode("SHELTER", typed="NAME") == "NAME"
    for choice in ({"chosen": "EVERYTHING"}, {"typed": "EVERYTHING"}, {"chosen": "NAME", "typed": "EVERYTHING"}):
        with pytest.raises(NotAccepted):
            mode("SHELTER", **choice)


def test_without_an_alias_the_case_number_stands_for_it_unless_the_alias_was_chosen() -> None:
    assert mode("SHELTER", has_alias=False) == "CASE_REF_ONLY"
    assert mode("SHELTER", "ALIAS", has_alias=False) == "ALIAS"
    assert mode("POLICE", has_alias=False) == "NAME"


@pytest.mark.parametrize("guard", [{"limited": True}, {"is_child": True}])
def test_L23_a_child_and_who_set_limits_are_named_only_by_a_choice_at_issue(guard: dict[str, Any]) -> None:
    assert mode("POLICE", **guard) == "ALIAS"
    assert mode("POLICE", typed="NAME", **guard) == "ALIAS"
    assert mode("POLICE", typed="NAME", has_alias=False, **guard) == "CASE_REF_ONLY"
    assert mode("OTHER", **guard) == "CASE_REF_ONLY"
    assert mode("OTHER", typed="NAME", **guard) == "CASE_REF_ONLY"
    assert mode("POLICE", typed="CASE_REF_ONLY", **guard) == "CASE_REF_ONLY"
    assert mode("POLICE", "NAME", **guard) == "NAME"


def test_each_rule_names_known_codes() -> None:
    lists = load().lists
    for rule in RULES.values():
        assert rule.actor in lists["nrm_actors"]
        assert rule.provider_type in lists["provider_types"]
        assert rule.letter_variant in lists["letter_variants"]
        assert rule.consent_scope in lists["consent_scopes"]
        assert rule.identity_default.value in lists["identity_modes"]
    assert len(RULES) == len(lists["nrm_actors"]) == 32
    assert RULES["POLICE"].supervisor_signs
    assert not RULES["NGO"].supervisor_signs
