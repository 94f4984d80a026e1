from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from desktop.catalogue import load
from desktop.errors import NotAccepted
from desktop.rules import consent
from desktop.rules.consent import (
    ConsentRow,
    IdentityMode,
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
    facts: dict[str, Any] = {"scope": "SHARE_PROVIDER", "recipient_id": CLINIC, **other}
    return ConsentRow(answer=answer, at=at, **facts)


def refusal(*rows: ConsentRow, rule: str = "HEALTH_PUBLIC", basis: LawfulBasis | None = None) -> str:
    with pytest.raises(NotAccepted) as caught:
        permission(RULES[rule], rows, CLINIC, basis)
    assert [problem.field for problem in caught.value.problems] == ["consent.scope"]
    return caught.value.code


def test_a_yes_for_this_provider_permits_and_names_the_day_in_kenya() -> None:
    given = row("GIVEN", "2026-10-12T22:30:00Z", record_id="c1")
    assert permission(RULES["HEALTH_PUBLIC"], [given], CLINIC) == Permission(
        "SHARE_PROVIDER", "CONSENT", "2026-10-13", limited=False, limits=None, consent_id="c1"
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


def test_a_yes_to_sharing_with_providers_in_general_permits_none_by_name() -> None:
    assert refusal(row("GIVEN", recipient_id=None)) == "CONSENT_MISSING"


def test_a_general_yes_to_the_police_covers_each_station() -> None:
    police = row("GIVEN", scope="SHARE_POLICE", recipient_id=None)
    assert permission(RULES["POLICE"], [police], CLINIC).basis == "CONSENT"


def test_L14_a_withdrawal_counts_from_the_moment_it_stands_there() -> None:
    given, gone = row("GIVEN"), row("WITHDRAWN", "2026-10-12T09:41+03:00")
    assert refusal(given, gone) == "CONSENT_WITHDRAWN"
    assert refusal(gone, given) == "CONSENT_WITHDRAWN"
    later = row("GIVEN", "2026-10-20T10:00+03:00")
    assert permission(RULES["NGO"], [given, gone, later], CLINIC).agreed_on == "2026-10-20"


def test_L14_a_withdrawal_of_the_whole_scope_stops_every_provider() -> None:
    assert refusal(row("GIVEN"), row("WITHDRAWN", "2026-10-13T08:00+03:00", recipient_id=None)) == "CONSENT_WITHDRAWN"


def test_at_the_same_minute_the_later_recorded_counts_then_the_one_that_permits_less() -> None:
    first, second = row("REFUSED", recorded_at="2026-10-12T07:00:00Z"), row("GIVEN", recorded_at="2026-10-12T07:05:00Z")
    assert newest([second, first], "SHARE_PROVIDER", CLINIC) is second
    undated = replace(second, recorded_at=first.recorded_at)
    assert newest([undated, first], "SHARE_PROVIDER", CLINIC) is first
    assert newest([first, undated], "SHARE_PROVIDER", CLINIC) is first


def test_a_refusal_is_told_apart_from_a_question_never_asked() -> None:
    assert refusal(row("REFUSED")) == "CONSENT_REFUSED"


def test_limits_are_handed_on_and_limits_without_words_permit_nothing() -> None:
    limited = row("LIMITED", limits="not the diagnosis")
    found = permission(RULES["HEALTH_PUBLIC"], [limited], CLINIC)
    assert (found.limited, found.limits) == (True, "not the diagnosis")
    assert "diagnosis" not in repr(found)
    assert refusal(row("LIMITED", limits=" ")) == "CONSENT_LIMITS_MISSING"


def test_text_left_in_limits_of_a_plain_yes_is_not_a_limit() -> None:
    found = permission(RULES["HEALTH_PUBLIC"], [row("GIVEN", limits="old text")], CLINIC)
    assert (found.limited, found.limits) == (False, None)


def test_L16_another_basis_needs_reason_and_supervisor() -> None:
    found = permission(RULES["HEALTH_PUBLIC"], [], CLINIC, BASIS)
    assert found == Permission("SHARE_PROVIDER", "VITAL", None, limited=False, limits=None, consent_id=None)
    assert refusal(basis=replace(BASIS, reason=" ")) == "LAWFUL_BASIS_INCOMPLETE"
    assert refusal(basis=replace(BASIS, supervisor="")) == "LAWFUL_BASIS_INCOMPLETE"


def test_L56_a_complete_basis_stands_beside_a_refusal() -> None:
    refused = row("REFUSED", record_id="c2", lawful_basis=replace(BASIS, code="LEGAL_DUTY"))
    found = permission(RULES["COURT"], [replace(refused, scope="SHARE_POLICE")], CLINIC)
    assert (found.basis, found.consent_id) == ("LEGAL_DUTY", "c2")


def test_consent_named_as_its_own_basis_changes_nothing() -> None:
    assert refusal(basis=replace(BASIS, code="CONSENT")) == "CONSENT_MISSING"
    assert (
        permission(RULES["NGO"], [row("GIVEN", lawful_basis=replace(BASIS, code="CONSENT"))], CLINIC).basis == "CONSENT"
    )


def test_L51_nothing_leaves_kenya_on_another_basis() -> None:
    assert refusal(rule="IOM", basis=BASIS) == "LAWFUL_BASIS_NOT_ABROAD"
    abroad = row("GIVEN", scope="SHARE_ABROAD")
    assert permission(RULES["IOM"], [abroad], CLINIC).scope == "SHARE_ABROAD"


IDENTITY: dict[str, Any] = {"scope": "SHARE_SECRETARIAT_ID", "recipient_id": None}


def test_identity_travels_to_the_secretariat_only_with_an_unlimited_yes_or_another_ground() -> None:
    assert not may_send_identity([])
    assert may_send_identity([row("GIVEN", **IDENTITY)])
    assert not may_send_identity([row("GIVEN", at="?", **IDENTITY)])
    assert not may_send_identity([row("LIMITED", limits="no phone", **IDENTITY)])
    assert not may_send_identity([row("LIMITED", limits="no phone", lawful_basis=BASIS, **IDENTITY)])
    assert not may_send_identity([row("REFUSED", **IDENTITY)])
    assert not may_send_identity([row("GIVEN")])
    assert not may_send_identity([row("GIVEN", **IDENTITY), row("WITHDRAWN", "2026-11-01T00:00Z", **IDENTITY)])
    assert may_send_identity([row("NO_CAPACITY", lawful_basis=BASIS, **IDENTITY)])
    assert not may_send_identity([row("NO_CAPACITY", lawful_basis=replace(BASIS, reason=""), **IDENTITY)])


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


def test_the_receivers_default_decides_the_identity_unless_another_is_chosen() -> None:
    assert consent.identity_mode(RULES["SHELTER"]) is IdentityMode.ALIAS
    assert consent.identity_mode(RULES["SHELTER"], "CASE_REF_ONLY") is IdentityMode.CASE_REF_ONLY
    with pytest.raises(NotAccepted):
        consent.identity_mode(RULES["SHELTER"], "EVERYTHING")


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
