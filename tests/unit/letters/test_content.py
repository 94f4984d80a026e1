from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from desktop.crypto.encoding import canonical_json
from desktop.errors import NotAccepted
from desktop.letters.content import LetterContent, build, digest
from desktop.letters.source import VariantFacts
from desktop.rules.consent import IdentityMode, Permission
from tests.unit.letters.samples import CONSENT_GIVEN, RECEIVER, letter, source, vocabulary

ID_NUMBER, PHONE, DOB = "27364512", "0700 000 864", "22 March 2004"


def written(content: LetterContent) -> str:
    return json.dumps(content.to_json(), ensure_ascii=False)


def refusal(**changes: object) -> list[tuple[str, str]]:
    mode = changes.pop("mode", IdentityMode.NAME)
    with pytest.raises(NotAccepted) as caught:
        build(source(**changes), "en", IdentityMode(mode), vocabulary())  # type: ignore[arg-type]  # fields of the source
    return [(problem.code, problem.field) for problem in caught.value.problems]


@pytest.mark.parametrize("actor", sorted({"NGO", "POLICE", "COURT", "EMBASSY", "NATF", "HEALTH_PUBLIC", "INSURANCE"}))
@pytest.mark.parametrize("language", ["en", "sw"])
def test_reference_mode_tells_nothing_that_identifies(actor: str, language: str) -> None:
    text = written(letter(IdentityMode.CASE_REF_ONLY, language, actor, services=("DOCUMENTS",)))
    hidden = ("Selam", "Gebremedhin", "Tumaini", PHONE, ID_NUMBER, "2004", "Ethiopia")
    assert [fact for fact in hidden if fact in text] == []
    assert "023-471-26-0007-3" in text


def test_alias_mode_prints_the_alias_and_no_other_identity() -> None:
    content = letter(IdentityMode.ALIAS, actor="POLICE")
    assert content.person[0] == ("alias", "Mama Tumaini")
    assert [fact for fact in ("Selam", "Gebremedhin", ID_NUMBER, DOB) if fact in written(content)] == []


@pytest.mark.parametrize("actor", ["POLICE", "AHTCPU", "TOCU", "COURT", "INSURANCE", "NATF"])
def test_identity_number_goes_to_those_who_need_it(actor: str) -> None:
    assert ID_NUMBER in written(letter(actor=actor))


@pytest.mark.parametrize("actor", ["EMBASSY", "IMMIGRATION", "CIVIL_REG"])
def test_identity_number_goes_for_papers_only(actor: str) -> None:
    assert ID_NUMBER in written(letter(actor=actor, services=("DOCUMENTS",)))
    assert ID_NUMBER not in written(letter(actor=actor, services=("MEDICAL",)))


@pytest.mark.parametrize("actor", sorted(set(vocabulary().receiver_rules) - {
    "POLICE", "AHTCPU", "TOCU", "COURT", "INSURANCE", "NATF", "EMBASSY", "IMMIGRATION", "CIVIL_REG", "SECRETARIAT",
}))  # fmt: skip
def test_identity_number_and_birth_date_stay_away_from_all_others(actor: str) -> None:
    text = written(letter(actor=actor, services=("DOCUMENTS",)))
    assert ID_NUMBER not in text
    assert DOB not in text


def test_police_get_the_age_band_and_no_birth_date() -> None:
    content = letter(actor="POLICE")
    assert ("age", "18\N{EN DASH}24 years") in content.person
    assert DOB not in written(content)


@pytest.mark.parametrize(
    ("ages", "language", "expected"),
    [((13, 13), "en", "about 13"), ((13, 14), "en", "about 13 to 14"), ((13, 13), "sw", "takriban miaka 13")],
)
def test_B07_age_only_person_has_an_age_line_and_no_birth_date_line(
    ages: tuple[int, int], language: str, expected: str
) -> None:
    person = {"ages": ages, "age_estimated": True, "birth_date": ""}
    facts = dict(letter(language=language, actor="COURT", person=person).person)
    assert facts["age"] == expected
    assert "birth_date" not in facts


def test_B01_nothing_known_of_the_age_is_said_so_and_no_date_appears() -> None:
    facts = dict(letter(actor="COURT", person={"ages": None, "birth_date": ""}).person)
    assert facts["age"] == "not known"
    assert "birth_date" not in facts


def test_limited_consent_prints_no_limits_and_no_identity_beside_the_name() -> None:
    limits = "nothing to my uncle at the station"
    permission = Permission("SHARE_POLICE", "CONSENT", "2026-11-24", True, limits, "c-1", "SELF")
    limited, free = (letter(actor="POLICE", permission=which) for which in (permission, CONSENT_GIVEN))
    text = written(limited)
    assert [fact for fact in (limits, "limit", PHONE, ID_NUMBER) if fact in text] == []
    # The line on consent is the same: a reader cannot tell that something is held back.
    assert (
        limited.basis
        == free.basis
        == ("The person agreed on 24 November 2026 to share these facts with you for these services.")
    )
    assert set(limited.person) < set(free.person)


def test_lawful_basis_is_named_with_its_section_instead_of_consent() -> None:
    content = letter(actor="POLICE", permission=Permission("SHARE_POLICE", "VITAL", None, False, None, None))
    assert "Vital interests" in content.basis
    assert "s.30(1)(b)(iii)" in content.basis
    assert "agreed" not in content.basis


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        ("LEGAL_DUTY", "Sheria ya Ulinzi wa Data, kifungu cha 30(1)(b)(ii)"),
        ("STATISTICS", "Sheria ya Ulinzi wa Data, kifungu cha 30(1)(b)(viii), kifungu cha 53"),
    ],
)
def test_section_of_the_law_is_named_in_swahili(basis: str, expected: str) -> None:
    permission = Permission("SHARE_POLICE", basis, None, False, None, None)
    assert expected in letter(language="sw", actor="POLICE", permission=permission).basis


@pytest.mark.parametrize(
    "giver", ["PARENT", "GUARDIAN", "COURT", "DCS_OFFICER", "REPRESENTATIVE", "CHILD_ASSENT", None]
)
def test_the_person_agreed_only_where_they_answered_for_themselves(giver: str | None) -> None:
    english, swahili = (
        letter(language=language, permission=replace(CONSENT_GIVEN, given_by=giver)).basis for language in ("en", "sw")
    )
    assert english == "Consent to share these facts with you for these services was given on 24 November 2026."
    assert swahili == ("Ridhaa ya kuwapa ninyi taarifa hizi kwa ajili ya huduma hizi ilitolewa tarehe 24 Novemba 2026.")
    assert letter(language="sw").basis.startswith("Mhusika alikubali tarehe 24 Novemba 2026")


VARIANT_LINES = VariantFacts(
    within_72_hours=True,
    suspect_annex=True,
    bed_type="WOMEN",
    arrival=source().issued,
    employer="Practice Farm Ltd",
    wages_claimed_kes=84000,
    papers_needed="Travel paper home",
    costs="Transport, clothing",
)
OWN_LINES = {
    "NGO": set(),
    "HEALTH_PUBLIC": {"flag72"},
    "POLICE": {"annex"},
    "SHELTER": {"bed", "arrival"},
    "LABOUR": {"employer", "wages"},
    "EMBASSY": {"papers"},
    "COURT": set(),
    "NATF": {"costs"},
    "DCS": {"handover"},
}


@pytest.mark.parametrize("actor", OWN_LINES)
@pytest.mark.parametrize("language", ["en", "sw"])
def test_each_variant_has_its_own_lines_and_no_others(actor: str, language: str) -> None:
    keys = {key for key, _ in letter(language=language, actor=actor, variant_facts=VARIANT_LINES).notes}
    common = {"reason", "clinical_reason", "needs", "safety", "given", "escort"}
    assert keys - common == OWN_LINES[actor]
    assert ("clinical_reason" in keys) == (actor == "HEALTH_PUBLIC")


def test_supervisor_signs_where_the_receiver_rule_says_so() -> None:
    assert letter(actor="POLICE").signatures == ("officer", "supervisor")
    assert letter(actor="NGO").signatures == ("officer",)


@pytest.mark.parametrize(
    ("service", "english", "swahili"),
    [
        ("PRC_PEP", "Urgent clinical care (PEP)", "Huduma ya dharura ya kliniki (PEP)"),
        ("SCREENING", "Full first interview", "Mahojiano kamili ya kwanza"),
        ("SHELTER", "Accommodation", "Malazi"),
        ("SECURITY", "Safety measures", "Hatua za usalama"),
        ("INVESTIGATION", "Police follow-up", "Ufuatiliaji wa polisi"),
        ("WITNESS", "Safety assessment", "Tathmini ya usalama"),
    ],
)
def test_a_service_label_that_tells_the_case_has_a_neutral_one_on_paper(
    service: str, english: str, swahili: str
) -> None:
    assert letter(services=(service,)).services == (english,)
    assert letter(language="sw", services=(service,)).services == (swahili,)


def test_a_service_the_receiver_must_know_exactly_keeps_its_label() -> None:
    services = ("ASYLUM", "COMPENSATION", "LABOUR_CLAIM", "REPATRIATION")
    labels = tuple(vocabulary().lists["services"].label(code, "en") for code in services)
    assert letter(services=services).services == labels


def test_times_are_those_of_nairobi() -> None:
    assert letter().issued == "25 November 2026, 11:15"
    assert letter(language="sw").act_by == "28 Novemba 2026, 11:15"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"actor": "SECRETARIAT"}, ("LETTER_HAS_NO_FORM", "referral.to_provider")),
        ({"reason_short": " "}, ("LETTER_TEXT_MISSING", "referral.reason_short")),
        ({"receiver": replace(RECEIVER, provider="")}, ("LETTER_TEXT_MISSING", "referral.to_provider")),
        ({"person": {"names": ""}}, ("LETTER_TEXT_MISSING", "person.surname")),
        ({"mode": "ALIAS", "person": {"safe_alias": ""}}, ("LETTER_ALIAS_MISSING", "person.safe_alias")),
        ({"services": ()}, ("LETTER_NO_SERVICE", "referral.services")),
        ({"services": ("MEDICAL",) * 7}, ("LETTER_SERVICES_TOO_MANY", "referral.services")),
        ({"needs_short": "a line\n" * 400}, ("LETTER_TEXT_TOO_LONG", "referral.needs_short")),
        (
            {"permission": Permission("X", "NONE", None, False, None, None)},
            ("LETTER_TEXT_MISSING", "consent.lawful_basis"),
        ),
    ],
)
def test_what_cannot_be_a_letter_is_refused_at_its_field(changes: dict[str, object], expected: tuple[str, str]) -> None:
    assert refusal(**changes) == [expected]


def test_digest_is_sha256_over_salt_and_canonical_content() -> None:
    content, salt = letter(), bytes(range(16))
    assert digest(content, salt) == hashlib.sha256(salt + canonical_json(content.to_json())).digest()
    assert digest(content, bytes(16)) != digest(content, salt)
    assert digest(replace(content, urgency="Normal"), salt) != digest(content, salt)
    with pytest.raises(ValueError, match="16"):
        digest(content, b"short")


def test_stored_content_comes_back_equal_for_a_reprint() -> None:
    content = letter()
    stored = json.loads(canonical_json(content.to_json()))
    assert LetterContent.from_json(stored) == content
    with pytest.raises(TypeError):
        LetterContent.from_json({**stored, "narrative": "x"})


def test_personal_facts_stay_out_of_the_representation_of_a_source() -> None:
    shown = repr(source())
    assert [fact for fact in ("Selam", "Tumaini", PHONE, ID_NUMBER, "2004", "pain") if fact in shown] == []
