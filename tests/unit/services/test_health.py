"""Health facts are shown to who is trained and bound to secrecy, and stay whole whoever saves (L-04, DPA s.46)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from db.models.base import DeskUser
from desktop.journal_wording import why_in_words
from desktop.rules.access import Role
from desktop.rules.records import Value
from desktop.services.letter_source import gather
from desktop.services.records import load
from tests.factory import Place, consent, draft_of, dump, make_case, make_provider, refer
from tests.unit.services.test_case_access import ME, add_colleague, colleague

FACTS: Mapping[str, Value] = {
    "disability_see": "3",
    "disability_help": "A guide.",
    "vulnerabilities": ("PREGNANT", "POVERTY"),
}


@pytest.fixture
def told(place: Place) -> tuple[Place, str]:
    """A case with health facts that is a colleague's as well; the supervisor's training is not noted."""
    add_colleague(place)
    case_id = make_case(place, **FACTS)
    place.desk.cases.assign(case_id, ME)
    return place, case_id


def note_training(
    place: Place, trained_on: str | None = "2026-10-01", undertaking_on: str | None = "2026-10-01"
) -> None:
    place.desk.people.set_training(place.desk.vault.user, trained_on=trained_on, undertaking_on=undertaking_on)


def whole(place: Place, case_id: str) -> Mapping[str, Value]:
    """What stands in the vault."""
    record_id = draft_of(place.desk.cases.open(case_id)).record_id or ""
    with place.desk.vault.reading() as session:
        return load(session, place.desk.vault, record_id).fields


def facts(fields: Mapping[str, Value]) -> dict[str, Value]:
    return {name: fields[name] for name in FACTS if name in fields}


def looks(place: Place) -> list[str | None]:
    entries = sorted(dump(place.desk.vault)["journal"], key=lambda row: row["n"])
    return [row["reason"] for row in entries if row["act"] == "CASE_VIEWED"]


def test_L04_nobody_sees_them_before_training_and_undertaking_are_both_noted(told: tuple[Place, str]) -> None:
    place, case_id = told
    for noted in ((None, None), ("2026-10-01", None), (None, "2026-10-01")):
        note_training(place, *noted)
        person = place.desk.cases.open(case_id).one("person")
        assert person is not None
        assert facts(person.fields) == {}
        assert person.hidden == set(FACTS)
        assert "A guide." not in repr(vars(person))  # nor anywhere else in what the screen is handed
        assert "PREGNANT" not in repr(person.source)
        assert person.text("first_name") == "Wambui"
    note_training(place)
    person = place.desk.cases.open(case_id).one("person")
    assert person is not None
    assert facts(person.fields) == FACTS
    assert not person.hidden


@pytest.mark.parametrize("role", [Role.CLERK, Role.CASE_OFFICER])
def test_a_clerk_never_sees_them_and_an_officer_as_noted(told: tuple[Place, str], role: Role) -> None:
    place, case_id = told
    with place.desk.vault.writing() as session:
        row = session.get_one(DeskUser, ME)
        row.trained_on = row.undertaking_on = "2026-10-01"
    desk = colleague(place, role)
    person = desk.cases.open(case_id).one("person")
    assert person is not None
    assert bool(facts(person.fields)) is desk.people.may_see_health() is (role is Role.CASE_OFFICER)


def test_what_is_hidden_stays_when_somebody_saves_beside_it(told: tuple[Place, str]) -> None:
    place, case_id = told
    draft = draft_of(place.desk.cases.open(case_id))
    place.desk.cases.save(replace(draft, fields={**draft.fields, "first_name": "Zawadi"}))
    found = whole(place, case_id)
    assert (facts(found), found["first_name"]) == (FACTS, "Zawadi")


def test_a_draft_begun_while_they_were_hidden_and_saved_once_they_are_shown_loses_none(told: tuple[Place, str]) -> None:
    place, case_id = told
    draft = draft_of(place.desk.cases.open(case_id))
    note_training(place)
    place.desk.cases.save(replace(draft, fields={**draft.fields, "first_name": "Zawadi"}))
    assert facts(whole(place, case_id)) == FACTS


def test_a_draft_of_who_saw_them_once_shows_no_more_than_its_author_typed(told: tuple[Place, str]) -> None:
    place, case_id = told
    note_training(place)
    draft = draft_of(place.desk.cases.open(case_id))
    typed = replace(draft, fields={**draft.fields, "first_name": "Zawadi", "disability_help": "A chair."})
    place.desk.drafts.keep([typed])
    assert [facts(one.draft.fields) for one in place.desk.drafts.of_case(case_id)] == [facts(typed.fields)]
    note_training(place, None, None)
    (kept,) = place.desk.drafts.of_case(case_id)
    assert facts(kept.draft.fields) == {"disability_help": "A chair."}
    place.desk.cases.save(kept.draft)
    assert facts(whole(place, case_id)) == {**FACTS, "disability_help": "A chair."}


def test_who_may_enter_one_types_it_anew_or_takes_it_away_unseen(told: tuple[Place, str]) -> None:
    place, case_id = told
    clerk = colleague(place, Role.CLERK)
    draft = draft_of(clerk.cases.open(case_id))
    clerk.cases.save(replace(draft, fields={**draft.fields, "disability_see": "1", "disability_help": None}))
    assert facts(whole(place, case_id)) == {"disability_see": "1", "vulnerabilities": FACTS["vulnerabilities"]}
    person = clerk.cases.open(case_id).one("person")
    assert person is not None
    assert person.hidden == {"disability_see", "vulnerabilities"}  # what a clerk typed is hidden once it is saved


def test_the_history_says_only_that_they_changed(told: tuple[Place, str]) -> None:
    place, case_id = told
    record_id = draft_of(place.desk.cases.open(case_id)).record_id or ""
    (made,) = place.desk.cases.history(record_id)
    shown = {one.name: (one.before, one.after, one.hidden) for one in made.fields}
    assert {shown[name] for name in FACTS} == {(None, None, True)}
    assert shown["first_name"] == (None, "Wambui", False)
    note_training(place)
    (made,) = place.desk.cases.history(record_id)
    shown = {one.name: (one.before, one.after, one.hidden) for one in made.fields}
    assert shown["disability_help"] == (None, "A guide.", False)


def test_that_they_were_seen_is_journaled_once_a_case_and_day(told: tuple[Place, str]) -> None:
    place, case_id = told
    bare, before = make_case(place), len(looks(place))
    place.desk.cases.open(case_id)
    assert looks(place)[before:] == [None]  # none was seen
    note_training(place)
    for one in (bare, case_id, case_id):
        place.desk.cases.open(one)
    record_id = draft_of(place.desk.cases.open(case_id)).record_id or ""
    place.desk.cases.history(record_id)
    assert looks(place)[before + 1 :] == [None, "HEALTH", None, None, "HISTORY"]
    place.clock.instant += timedelta(days=1)
    place.desk.cases.history(record_id)
    place.desk.cases.open(case_id)
    assert looks(place)[before + 6 :] == ["HISTORY HEALTH", None]
    said = why_in_words("HISTORY HEALTH", place.desk.vault.catalogue, "en")
    assert said == "what became of a record, with health facts"


def test_with_a_reason_the_health_facts_have_an_entry_of_their_own(told: tuple[Place, str]) -> None:
    place, case_id = told
    note_training(place)
    place.desk.cases.unassign(case_id, place.desk.vault.user)
    before = len(looks(place))
    place.desk.cases.open(case_id, "SUPERVISION")
    place.desk.cases.open(case_id)
    assert looks(place)[before:] == ["SUPERVISION", "HEALTH", None]


def test_a_letter_of_the_office_says_what_it_must_whoever_writes_it(told: tuple[Place, str]) -> None:
    place, case_id = told
    provider = make_provider(place)
    consent(place, case_id, "SHARE_PROVIDER", recipient=provider)
    referral_id = refer(place, case_id, provider)
    with place.desk.vault.reading() as session:
        referral = load(session, place.desk.vault, referral_id)
        made = gather(session, place.desk.vault, referral, None, draft=True)
    assert made.source.person.disability_help == "A guide."
