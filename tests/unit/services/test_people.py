"""The people of a real vault: added, renamed, suspended, readmitted; one's own sentence; rows compared at unlock."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from desktop import vault_files
from desktop.bootstrap import Desk, Door
from desktop.errors import DeskError, NotAccepted, NotPermitted, Obstacle, VaultSubstituted, WrongSentence
from desktop.rules.records import Topic
from desktop.services import access_lists
from desktop.services.people_facts import PeopleChanged
from tests.factory import Place, make_case, rows


def add(place: Place, role: str = "CLERK", name: str = "C. Clerk", **training: str) -> PeopleChanged:
    return place.desk.people.add(name=name, role=role, **training)


def unlock(place: Place, person: PeopleChanged, sentence: str | None = None) -> Desk:
    """Another person signs in at the locked desk."""
    return Door(place.folder, place.clock).unlock(person.desk_number, sentence or person.sentence or "")


def acts(place: Place) -> list[tuple[str, str, str | None]]:
    found = sorted(rows(place.desk.vault, "journal"), key=lambda row: row["n"])
    return [(row["act"], row["object"], row["reason"]) for row in found]


def refused(code: str, person: Place, act: str, *arguments: object, **named: object) -> None:
    with pytest.raises(DeskError) as caught:
        getattr(person.desk.people, act)(*arguments, **named)
    assert caught.value.code == code


def test_an_added_clerk_signs_in_with_an_own_sentence_works_and_manages_nobody(place: Place) -> None:
    made = add(place)
    assert made.topics == {Topic.PEOPLE}
    assert made.sentence is not None
    assert len(made.sentence.split()) == 5
    assert made.sentence not in repr(made)
    with place.locked():
        desk = unlock(place, made)
        clerk = Place(place.folder, made.sentence, desk, place.clock)
        assert (desk.office.signed_in().name, desk.vault.role) == ("C. Clerk", "CLERK")
        make_case(clerk)
        for act, arguments in (
            *(("list", ()), ("suspend", (made.user_id,)), ("readmit", (made.user_id,))),
            *(("remove", (made.user_id,)), ("may_know", (made.user_id,)), ("set_role", (made.user_id, "SUPERVISOR"))),
        ):
            refused("ROLE_NOT_PERMITTED", clerk, act, *arguments)
        desk.lock()
    assert ("USER_ADDED", made.user_id, "CLERK") in acts(place)


def test_the_list_says_who_works_here_and_when_they_last_signed_in(place: Place) -> None:
    made = add(place, "CASE_OFFICER", trained_on="2026-10-01", undertaking_on="2026-10-02")
    own, other = place.desk.people.list()
    assert (own.desk_number, own.role, own.is_self, own.left, own.suspended) == (1, "SUPERVISOR", True, False, False)
    assert own.signed_in_at is not None
    assert (other.id, other.desk_number, other.name, other.role, other.signed_in_at, other.is_self) == (
        *(made.user_id, 2, "C. Clerk"),
        *("CASE_OFFICER", None, False),
    )
    assert (other.trained_on, other.undertaking_on) == ("2026-10-01", "2026-10-02")
    assert "C. Clerk" not in repr(other)


@pytest.mark.parametrize(
    ("changed", "code", "where"),
    [
        ({"name": ""}, "LABEL_WRONG", "user.name"),
        ({"name": "x" * 121}, "TEXT_TOO_LONG", "user.name"),
        ({"title": "a\nb"}, "LABEL_WRONG", "user.title"),
        ({"phone": "\u200b"}, "LABEL_WRONG", "user.phone"),
        ({"role": "SECRETARIAT"}, "VALUE_NOT_IN_LIST", "user.role"),
        ({"role": "SUSPENDED"}, "VALUE_NOT_IN_LIST", "user.role"),
        ({"trained_on": "2026-11-26"}, "DATE_IN_FUTURE", "user.trained_on"),
        ({"undertaking_on": "20261001"}, "DATE_NOT_UNDERSTOOD", "user.undertaking_on"),
        ({"undertaking_on": "2026-02-30"}, "DATE_NOT_UNDERSTOOD", "user.undertaking_on"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_nobody_is_added(
    office: Place, changed: dict[str, str], code: str, where: str
) -> None:
    header = office.desk.vault.keys.header_bytes
    with pytest.raises(NotAccepted) as caught:
        office.desk.people.add(**{"name": "C. Clerk", "role": "CLERK", **changed})
    assert [(problem.code, problem.field) for problem in caught.value.problems] == [(code, where)]
    assert office.desk.vault.keys.header_bytes == header


def test_a_name_changes_and_the_journal_holds_no_word_of_it(place: Place) -> None:
    made = add(place)
    place.desk.people.rename(made.user_id, name="Amina Njeri", title="Clerk", phone="+254799999009")
    assert [person.name for person in place.desk.people.list()] == ["A. Supervisor", "Amina Njeri"]
    assert acts(place)[-1] == ("USER_RENAMED", made.user_id, None)
    refused("USER_GONE", place, "rename", "nobody", name="x", title="", phone="")


def test_health_facts_are_for_officers_who_are_trained_and_bound_to_secrecy(place: Place) -> None:
    assert not place.desk.people.may_see_health()
    own = place.desk.vault.user
    place.desk.people.set_training(own, trained_on="2026-10-01", undertaking_on=None)
    assert not place.desk.people.may_see_health()
    place.desk.people.set_training(own, trained_on="2026-10-01", undertaking_on="2026-10-01")
    assert place.desk.people.may_see_health()
    assert acts(place)[-1] == ("USER_TRAINING_NOTED", own, None)
    clerk = add(place, trained_on="2026-10-01", undertaking_on="2026-10-01")
    with place.locked():
        desk = unlock(place, clerk)
        assert not desk.people.may_see_health()
        desk.lock()


def test_a_role_changes_and_to_supervisor_with_a_new_sentence_of_six_words(place: Place) -> None:
    clerk = add(place)
    officer = place.desk.people.set_role(clerk.user_id, "CASE_OFFICER")
    assert officer.sentence is None
    with place.locked():
        desk = unlock(place, clerk)
        assert desk.vault.role == "CASE_OFFICER"
        desk.lock()
    promoted = place.desk.people.set_role(clerk.user_id, "SUPERVISOR")
    assert promoted.sentence is not None
    assert len(promoted.sentence.split()) == 6
    assert acts(place)[-1] == ("USER_ROLE_CHANGED", clerk.user_id, "SUPERVISOR")
    with place.locked():
        desk = unlock(place, promoted)
        assert desk.people.list()
        desk.lock()
        with pytest.raises(WrongSentence):
            unlock(place, clerk)


def test_a_suspended_person_does_not_sign_in_and_comes_back_with_a_new_sentence(place: Place) -> None:
    clerk = add(place)
    place.desk.people.suspend(clerk.user_id)
    assert [(person.role, person.suspended) for person in place.desk.people.list()][1] == ("CLERK", True)
    refused("USER_SUSPENDED", place, "set_role", clerk.user_id, "CASE_OFFICER")
    with place.locked(), pytest.raises(WrongSentence):
        unlock(place, clerk)
    back = place.desk.people.readmit(clerk.user_id)
    assert not place.desk.people.list()[1].suspended
    with place.locked():
        unlock(place, back).lock()
        with pytest.raises(WrongSentence):
            unlock(place, clerk)
    assert [act for act, subject, _ in acts(place) if subject == clerk.user_id and act != "UNLOCKED"] == [
        *("USER_ADDED", "USER_SUSPENDED", "USER_READMITTED"),
    ]


def test_the_role_of_a_suspended_person_is_the_signed_one_whatever_their_row_says(place: Place) -> None:
    clerk = add(place)
    place.desk.people.suspend(clerk.user_id)
    with place.desk.vault.writing() as session:
        session.execute(text("UPDATE desk_user SET role = 'SUPERVISOR' WHERE id = :id"), {"id": clerk.user_id})
    back = place.desk.people.readmit(clerk.user_id)
    with place.locked():
        desk = unlock(place, back)
        assert desk.vault.role == "CLERK"
        desk.lock()


def test_the_last_supervisor_stays(place: Place) -> None:
    own = place.desk.vault.user
    for act, arguments in (("remove", ()), ("suspend", ()), ("set_role", ("CLERK",)), ("readmit", ())):
        refused("LAST_SUPERVISOR", place, act, own, *arguments)
    add(place, "SUPERVISOR")
    refused("YOURSELF", place, "remove", own)
    assert vault_files.newest_generation(place.folder).number == 1


# ------------------------------------------------------------------------------------------ one's own sentence


def test_everybody_changes_their_own_sentence_for_one_of_three_offered(place: Place) -> None:
    clerk = add(place)
    old = clerk.sentence or ""
    with place.locked():
        desk = unlock(place, clerk)
        offered = [desk.people.offer_sentence() for _ in range(3)]
        assert {len(words.split()) for words in offered} == {5}
        with pytest.raises(Obstacle, match="SENTENCES_OFFERED"):
            desk.people.offer_sentence()
        with pytest.raises(Obstacle, match="SENTENCE_NOT_OFFERED"):
            desk.people.change_sentence(old, "abandon ability able about above")
        with pytest.raises(WrongSentence, match="OLD_SENTENCE_WRONG"):
            desk.people.change_sentence(offered[0], offered[1])
        short = " ".join(word[:4].upper() for word in offered[1].split())
        desk.people.change_sentence(old, short)
        desk.lock()
        with pytest.raises(WrongSentence):
            unlock(place, clerk)
        unlock(place, clerk, offered[1]).lock()
    assert ("SENTENCE_CHANGED", clerk.user_id, None) in acts(place)


def test_a_supervisor_is_offered_six_words(office: Place) -> None:
    assert len(office.desk.people.offer_sentence().split()) == 6


# ------------------------------------------------------------------------------------------ what unlocking compares


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE desk_user SET role = 'CASE_OFFICER' WHERE desk_number = 2",
        "UPDATE desk_user SET left_at = NULL, desk_number = 9 WHERE desk_number = 2",
        "UPDATE desk_user SET suspended_at = '2026-11-25T06:00:00.000Z' WHERE desk_number = 2",
        "UPDATE desk_user SET left_at = '2026-11-25T06:00:00.000Z' WHERE desk_number = 2",
        "DELETE FROM desk_user WHERE desk_number = 2",
        "INSERT INTO desk_user (id, desk_number, name, title, phone, role) VALUES ('x', 3, '', '', '', 'CLERK')",
    ],
)
def test_rows_of_people_that_are_not_what_the_signed_list_says_are_refused(place: Place, statement: str) -> None:
    clerk = add(place)
    with place.desk.vault.writing() as session:
        session.execute(text(statement))
    place.lock()
    for number, sentence in ((1, place.sentence), (2, clerk.sentence or "")):
        with pytest.raises(VaultSubstituted) as caught:
            Door(place.folder, place.clock).unlock(number, sentence)
        assert caught.value.facts == {"reason": "USERS"}


def test_a_cut_between_header_and_note_is_caught_up_with_the_row_of_who_was_added(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(access_lists, "note_list", cut)
        with pytest.raises(KeyboardInterrupt):
            add(place)
    place.reopen()
    (person,) = place.desk.people.list()[1:]
    assert (person.desk_number, person.name, person.role) == (2, "", "CLERK")
    back = place.desk.people.readmit(person.id)
    place.desk.people.rename(person.id, name="C. Clerk", title="", phone="")
    with place.locked():
        unlock(place, back).lock()


def test_two_changes_whose_notes_both_failed_do_not_lock_anybody_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object, **__: object) -> None:
        raise Obstacle("DISK_FULL")

    with monkeypatch.context() as patch:
        patch.setattr(access_lists, "note_list", cut)
        for _ in range(2):
            with pytest.raises(Obstacle):
                add(place)
    place.reopen()
    assert [person.desk_number for person in place.desk.people.list()] == [1, 2]
    add(place)
    place.reopen()


def test_a_clerk_at_an_older_pin_signs_in_after_many_changes(place: Place) -> None:
    first = add(place)
    for number in range(3):
        add(place, name=f"C. {number}")
    with place.locked():
        for _ in range(2):  # the second time with the pin made again
            unlock(place, first).lock()


def test_the_secretariats_keeper_changes_only_the_own_sentence(national: Place) -> None:
    with pytest.raises(NotPermitted):
        national.desk.people.list()
    new = national.desk.people.offer_sentence()
    national.desk.people.change_sentence(national.sentence, new)
    national.sentence = new
    national.reopen()
