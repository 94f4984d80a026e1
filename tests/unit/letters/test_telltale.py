from __future__ import annotations

from dataclasses import replace

import pytest

from desktop.errors import NotAccepted, Severity
from desktop.letters.content import build
from desktop.letters.source import VariantFacts
from desktop.letters.telltale import warnings
from desktop.rules.consent import IdentityMode
from tests.unit.letters.samples import RECEIVER, letter, source, vocabulary

HEALTH = "LETTER_HEALTH_STATUS_IN_TEXT"


def refusal(mode: str = "NAME", /, **changes: object) -> list[tuple[str, str]]:
    with pytest.raises(NotAccepted) as caught:
        build(source(**changes), "en", IdentityMode(mode), vocabulary())  # type: ignore[arg-type]  # fields of the source
    return [(problem.code, problem.field) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("Selam Gebremedhin", "Ask for selam at the gate."),
        ("Wanjiku Ng'ang'a", "Known here as NG’ANG’A."),
        ("ሰላም ገብረመድህን", "ሰላም ብለው ይጠይቁ"),
    ],
)
@pytest.mark.parametrize("mode", ["ALIAS", "CASE_REF_ONLY"])
def test_a_name_in_a_free_text_is_found_where_the_mode_hides_it(names: str, text: str, mode: str) -> None:
    found = refusal(mode, person={"names": names}, risk_note=text)
    assert found == [("LETTER_NAME_IN_TEXT", "referral.risk_note")]
    assert letter(person={"names": names}, risk_note=text)


@pytest.mark.parametrize("mode", ["ALIAS", "CASE_REF_ONLY"])
def test_the_name_the_person_goes_by_is_hidden_like_the_others(mode: str) -> None:
    found = refusal(mode, person={"known_as": "Mama Zawadi"}, needs_short="Zawadi needs a bed.")
    assert found == [("LETTER_NAME_IN_TEXT", "referral.needs_short")]
    assert letter(person={"known_as": "Mama Zawadi"}, needs_short="Zawadi needs a bed.")


@pytest.mark.parametrize("mode", list(IdentityMode))
def test_a_form_of_address_within_a_name_is_no_name(mode: IdentityMode) -> None:
    person = {"names": "Zuhura Binti Hamadi", "known_as": "Mama Zawadi"}
    assert letter(mode, person=person, needs_short="Ni mama wa watoto wawili; binti yake yuko naye.")


def test_a_word_of_the_alias_is_no_secret_where_the_alias_is_printed() -> None:
    person, text = {"names": "Tumaini Akai"}, "Mama Tumaini needs a bed."
    letter(IdentityMode.ALIAS, person=person, reason_short=text)
    assert refusal("CASE_REF_ONLY", person=person, reason_short=text) == [
        ("LETTER_NAME_IN_TEXT", "referral.reason_short"),
        ("LETTER_NAME_IN_TEXT", "person.safe_alias"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "HIV",
        "Is hiv-positive.",
        "H.I.V. test done",
        "Ana VVU.",
        "ana ukimwi",
        "Has AIDS",
        "HIV/AIDS",
        "takes ARVs daily",
    ],
)
def test_hiv_and_aids_are_refused_as_whole_words_whatever_their_case(text: str) -> None:
    assert refusal(already_given=text) == [(HEALTH, "referral.already_given")]


@pytest.mark.parametrize("text", ["Wears hearing aids.", "Uses walking  aids", "Ushivi", "A raids victim", "Avvu"])
def test_words_that_only_hold_those_letters_are_no_health_status(text: str) -> None:
    assert letter(already_given=text)


@pytest.mark.parametrize("mode", list(IdentityMode))
@pytest.mark.parametrize("actor", ["HEALTH_PUBLIC", "NGO"])
def test_hiv_is_refused_for_health_providers_too_and_in_every_mode(mode: IdentityMode, actor: str) -> None:
    assert refusal(mode.value, actor=actor, reason_short="Living with HIV.") == [(HEALTH, "referral.reason_short")]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"needs_short": "HIV"}, "referral.needs_short"),
        ({"risk_note": "HIV"}, "referral.risk_note"),
        ({"escort_transport": "HIV"}, "referral.escort"),
        ({"receiver": replace(RECEIVER, provider="HIV Clinic")}, "referral.to_provider"),
        ({"receiver": replace(RECEIVER, person_or_role="HIV nurse")}, "referral.to_person"),
        ({"variant_facts": VariantFacts(employer="HIV")}, "referral.employer"),
        ({"variant_facts": VariantFacts(papers_needed="HIV")}, "referral.papers_needed"),
        ({"variant_facts": VariantFacts(costs="HIV")}, "referral.costs"),
        ({"person": {"disability_help": "HIV"}}, "person.disability_help"),
        ({"person": {"safe_alias": "HIV"}}, "person.safe_alias"),
    ],
)
def test_every_text_that_prints_is_searched(changes: dict[str, object], field: str) -> None:
    assert refusal(**changes) == [(HEALTH, field)]


@pytest.mark.parametrize(
    "text",
    [
        "A victim of trafficking.",
        "Was trafficked to the coast",
        "She was RAPED",
        "rape",
        "sexual violence",
        "Kesi ya ulanguzi wa binadamu",
        "ni mwathiriwa",
        "aliponea ubakaji",
        "alibakwa njiani",
        "unyonyaji wa kingono",
        "biashara ya ngono",
    ],
)
def test_a_text_that_tells_what_happened_is_warned_of_and_never_stops_the_letter(text: str) -> None:
    told = source(reason_short=text, needs_short="A quiet room")
    (problem,) = warnings(told)
    assert (problem.code, problem.field) == ("LETTER_TELLS_WHAT_HAPPENED", "referral.reason_short")
    assert problem.severity is Severity.WARNING
    assert build(told, "en", IdentityMode.NAME, vocabulary())


@pytest.mark.parametrize(
    "text", ["Needs a bed.", "Road traffic", "grape juice", "therapeutic play", "Anahitaji usafiri"]
)
def test_a_plain_text_is_not_warned_of(text: str) -> None:
    assert warnings(source(reason_short=text)) == ()


def test_one_warning_for_each_text() -> None:
    told = source(reason_short="victim", risk_note="ngono", receiver=replace(RECEIVER, provider="Victim Support"))
    assert [problem.field for problem in warnings(told)] == [
        "referral.reason_short",
        "referral.risk_note",
        "referral.to_provider",
    ]
