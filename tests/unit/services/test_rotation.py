"""Removal that means it: new keys for vault, device and sealed class, and who is kept out by them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from db.engine import open_engine
from db.errors import Conflict, WriteFailed, WrongKey
from db.store import Store
from desktop import vault_files
from desktop.crypto.encoding import Malformed
from desktop.crypto.sealing import open_sealed
from desktop.errors import DeskError, NotTrusted, Obstacle, Stopped, WrongSentence
from desktop.services import rotation
from desktop.services.people_facts import PeopleChanged
from tests.factory import (
    Place,
    Secretariat,
    change,
    draft_of,
    enrol,
    make_case,
    make_office,
    make_secretariat,
    rows,
    send,
)
from tests.unit.services.people_hands import (
    WORD,
    acts,
    add,
    generations,
    hashes,
    sealed_case,
    sealed_files,
    told,
    unlock,
)

# ------------------------------------------------------------------------------------------ who is kept out


def test_a_removed_clerk_opens_nothing_new_and_an_old_copy_opens_only_what_was_before(
    place: Place, tmp_path: Path
) -> None:
    clerk, officer = add(place), add(place, "CASE_OFFICER")
    before = make_case(place)
    with place.locked():
        shutil.copytree(place.folder, tmp_path / "copy")
    old_key = place.desk.vault.keys.dek
    removed = place.desk.people.remove(clerk.user_id)
    assert (removed.keys_changed, removed.sentence, removed.desk_number) == (True, None, 2)
    after = make_case(place)
    assert place.desk.vault.keys.dek != old_key
    with place.locked():
        with pytest.raises(WrongSentence):
            unlock(place, clerk)
        unlock(place, officer).lock()  # nobody else had to be there
    stolen = unlock(place, clerk, tmp_path / "copy")
    assert stolen.desk.cases.open(before, "OFFICER_AWAY")
    with pytest.raises(DeskError):
        stolen.desk.cases.open(after)
    stolen.lock()
    assert [(person.left, person.name) for person in place.desk.people.list()][1] == (True, "Somebody")
    assert place.desk.journal.verify() == len(acts(place))
    assert "USER_REMOVED" in acts(place)
    assert "KEYS_CHANGED" in acts(place)


def test_the_old_data_key_does_not_open_the_new_generation(place: Place) -> None:
    clerk = add(place)
    old_key = place.desk.vault.keys.dek
    place.desk.people.remove(clerk.user_id)
    with place.locked(), pytest.raises(WrongKey):
        open_engine(vault_files.newest_generation(place.folder).database, old_key)


def test_nothing_written_before_is_lost_and_triggers_still_hold(place: Place) -> None:
    clerk = add(place)
    case_id = sealed_case(place)
    before, entries = hashes(place), acts(place)
    place.desk.people.remove(clerk.user_id)
    assert hashes(place) == before
    assert acts(place)[: len(entries)] == entries
    assert told(place, case_id)
    for statement in ("DELETE FROM journal", "UPDATE revision SET rev = 9"):
        with pytest.raises(Conflict), place.desk.vault.writing() as session:
            session.execute(text(statement))
    assert hashes(place) == before
    place.reopen()
    assert place.desk.journal.verify()


def test_a_removed_supervisors_half_opens_nothing_new_and_every_value_is_sealed_again(place: Place) -> None:
    second = add(place, "SUPERVISOR")
    case_id = sealed_case(place)
    before, (old_half,) = hashes(place), place.desk.vault.keys.r.values()
    removed = place.desk.people.remove(second.user_id)
    assert (removed.sealing_due, removed.sheet_due) == (True, True)
    assert not place.desk.people.seal_again().sealing_due
    assert hashes(place) == before
    sealed_case(place, "Mpya")
    assert len(sealed_files(place)) == 2
    for sealed in sealed_files(place):
        with pytest.raises(Malformed):
            open_sealed(sealed, old_half)
    assert old_half not in place.desk.vault.keys.r.values()
    assert WORD in told(place, case_id)
    place.reopen()
    assert WORD in told(place, case_id)
    assert "SEALED_AGAIN" in acts(place)


def test_who_stops_being_supervisor_is_kept_out_of_the_sealed_class(place: Place) -> None:
    second = add(place, "SUPERVISOR")
    (old_half,) = place.desk.vault.keys.r.values()
    sealed_case(place)
    made = place.desk.people.set_role(second.user_id, "CASE_OFFICER")
    assert made.keys_changed
    assert made.sentence is not None
    assert not place.desk.people.seal_again().sealing_due
    with pytest.raises(Malformed):
        open_sealed(sealed_files(place)[0], old_half)
    with place.locked():
        officer = unlock(place, made)
        assert (officer.desk.vault.role, dict(officer.desk.vault.sealed_private)) == ("CASE_OFFICER", {})
        officer.lock()


def test_where_somebody_may_know_a_sentence_everything_changes_and_its_owner_gets_another(place: Place) -> None:
    clerk = add(place)
    made = place.desk.people.may_know(clerk.user_id)
    sentence = place.desk.people.offer_sentence()
    short = " ".join(word[:4].upper() for word in sentence.split())
    own = place.desk.people.may_know(place.desk.vault.user, sentence=short)
    assert (made.sheet_due, own.sheet_due) == (False, False)
    assert own.sentence is None  # it was drawn before, and its owner has it
    own = replace(own, sentence=sentence)
    place.desk.lock()
    for old in (clerk, PeopleChanged("", 1, place.sentence)):
        with pytest.raises(WrongSentence):
            unlock(place, old)
    unlock(place, made).lock()
    place.sentence = own.sentence or ""
    place.desk = unlock(place, own).desk
    assert place.desk.people.add(name="C. Next", role="CLERK")


def test_for_oneself_nothing_changes_before_a_sentence_that_was_offered_is_typed_back(place: Place) -> None:
    clerk, own, people = add(place), place.desk.vault.user, place.desk.people
    offered = people.offer_sentence()
    for user_id, sentence in (
        (own, None),
        (own, "abandon ability able about above absent"),
        (clerk.user_id, offered),  # one's own is nobody else's
    ):
        with pytest.raises(Obstacle, match="SENTENCE_NOT_OFFERED"):
            people.may_know(user_id, sentence=sentence)
    assert generations(place) == ["g1"]
    place.reopen()


def test_no_act_waits_for_sealing_again_before_it_answers(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    second = add(place, "SUPERVISOR")
    sealed_case(place)

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rotation, "seal_batch", cut)
    made = place.desk.people.set_role(second.user_id, "CLERK")
    assert (made.sentence is None, made.sealing_due) == (False, True)
    with place.locked():
        unlock(place, made).lock()


def test_what_the_disk_says_of_the_old_generation_loses_no_sentence(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, old = add(place), place.desk.vault.store
    genuine = Store.close

    def failing(store: Store) -> None:
        genuine(store)
        if store is old:
            raise WriteFailed

    with monkeypatch.context() as patch:
        patch.setattr(Store, "close", failing)
        made = place.desk.people.may_know(clerk.user_id)
    make_case(place)
    with place.locked():
        unlock(place, made).lock()


def test_a_suspended_persons_sentence_that_may_be_known_lets_nobody_in(place: Place) -> None:
    clerk = add(place)
    place.desk.people.suspend(clerk.user_id)
    assert place.desk.people.may_know(clerk.user_id).sentence is None
    assert place.desk.people.list()[1].suspended


def test_unsaved_work_outlasts_new_keys(place: Place) -> None:
    clerk, officer = add(place), add(place, "CASE_OFFICER")
    case_id = make_case(place)
    place.desk.cases.assign(case_id, officer.user_id)
    mine = draft_of(place.desk.cases.open(case_id))
    place.desk.drafts.keep([mine])
    with place.locked():
        other = unlock(place, officer)
        other.desk.drafts.keep([mine])
        other.lock()
    place.desk.people.remove(clerk.user_id)
    assert [kept.draft for kept in place.desk.drafts.of_case(case_id)] == [mine]
    with place.locked():
        other = unlock(place, officer)
        assert [kept.draft for kept in other.desk.drafts.of_case(case_id)] == [mine]
        other.lock()


# ------------------------------------------------------------------------------------------ sealing again, resumable


def test_sealing_again_stops_and_goes_on_where_it_was(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "_BATCH", 2)
    second, third = add(place, "SUPERVISOR"), add(place, "SUPERVISOR")
    cases = [sealed_case(place, f"{WORD} {number}") for number in range(5)]
    before = hashes(place)
    (old_half,) = place.desk.vault.keys.r.values()

    def stop_at(step: int) -> Callable[[int, int], None]:
        def report(done: int, of: int) -> None:
            if (done, of) == (step, 5):
                raise Stopped("STOPPED")

        return report

    removed = place.desk.people.remove(second.user_id, stop_at(2))
    assert removed.sealing_due
    with pytest.raises(Stopped):
        place.desk.people.seal_again(stop_at(2))
    assert place.desk.people.sealing_due()
    assert sum(opens(sealed, old_half) for sealed in sealed_files(place)) == 3
    sealed_case(place, "Mpya")  # work goes on meanwhile
    with place.locked():
        other = unlock(place, third)  # and another supervisor may go on with it
        with pytest.raises(Stopped):
            other.desk.people.seal_again(lambda done, of: stop_at(4)(done, of - 1))
        assert not other.desk.people.seal_again().sealing_due
        other.lock()
    assert not any(opens(sealed, old_half) for sealed in sealed_files(place))
    assert [row for row in hashes(place) if row in before] == before
    for number, case_id in enumerate(cases):
        assert f"{WORD} {number}" in told(place, case_id)


def opens(sealed: bytes, private: bytes) -> bool:
    try:
        open_sealed(sealed, private)
    except Malformed:
        return False
    return True


def test_a_damaged_value_is_left_and_keeps_the_earlier_half(place: Place) -> None:
    second = add(place, "SUPERVISOR")
    sealed_case(place)
    with place.desk.vault.writing() as session:
        session.execute(text("UPDATE revision SET sealed = x'00' WHERE sealed IS NOT NULL"))
    assert place.desk.people.remove(second.user_id).sealing_due
    assert place.desk.people.seal_again().sealing_due
    assert sealed_files(place) == [b"\0"]
    assert len(place.desk.vault.keys.r) == 2


# ------------------------------------------------------------------------------------------ the Secretariat


@pytest.fixture
def enrolled(place: Place, tmp_path: Path) -> Iterator[Secretariat]:
    national = make_secretariat(tmp_path / "national")
    enrol(place, national)
    yield national
    national.lock()


def test_after_a_removal_nothing_is_sent_until_the_laptop_is_enrolled_anew(place: Place, enrolled: Secretariat) -> None:
    case_id = make_case(place)
    enrolled.desk.intake.receive(send(place))
    clerk = add(place)
    assert not place.desk.enrolment.handover_due()
    place.desk.people.remove(clerk.user_id)
    assert place.desk.enrolment.handover_due()
    change(place, case_id, surname="Gachanja-Otieno")
    with pytest.raises(Obstacle, match="HANDOVER_DUE"):
        place.desk.exports.make()
    # A receipt sealed to the key from before is still read.
    answer = enrolled.desk.intake.receipt_file(enrolled.desk.intake.receipts()[0].file_name)
    assert answer is not None
    assert place.desk.receipts.take_in(answer).outcome == "RECEIVED"
    enrol(place, enrolled)
    assert not place.desk.enrolment.handover_due()
    taken = enrolled.desk.intake.receive(send(place))
    assert (taken.outcome, taken.reason) == ("RECEIVED", None)
    place.reopen()
    assert not place.desk.enrolment.handover_due()


def test_a_laptop_with_new_keys_is_enrolled_again_though_others_came_in_between(
    place: Place, enrolled: Secretariat, tmp_path: Path
) -> None:
    place.desk.people.remove(add(place).user_id)
    other = make_office(tmp_path / "other", "031")
    enrol(other, enrolled)
    other.lock()
    enrol(place, enrolled)
    make_case(place)
    assert place.desk.exports.make()


def test_only_the_same_laptop_of_the_same_office_may_come_with_new_keys(place: Place, enrolled: Secretariat) -> None:
    place.desk.people.remove(add(place).user_id)
    with place.desk.vault.writing() as session:
        session.execute(text("UPDATE office SET incarnation = :other"), {"other": "a" * 32})
    with pytest.raises(NotTrusted, match="DEVICE_KEY_TAKEN"):
        enrol(place, enrolled)


def test_receiving_keys_from_before_are_let_go_after_a_year(place: Place) -> None:
    for _ in range(2):
        place.desk.people.remove(add(place).user_id)
    assert retired(place) == ["DEVICE_RECEIVING_G1", "DEVICE_RECEIVING_G2"]
    with place.desk.vault.writing() as session:
        session.execute(text("UPDATE secret SET since = '2025-11-01T00:00:00.000Z' WHERE name LIKE '%G1'"))
    place.desk.people.remove(add(place).user_id)
    assert retired(place) == ["DEVICE_RECEIVING_G2", "DEVICE_RECEIVING_G3"]


def retired(place: Place) -> list[str]:
    return sorted(
        row["name"] for row in rows(place.desk.vault, "secret") if row["name"].startswith("DEVICE_RECEIVING_")
    )


def test_a_desk_that_was_never_enrolled_owes_no_handover(place: Place) -> None:
    place.desk.people.remove(add(place).user_id)
    assert not place.desk.enrolment.handover_due()
    with pytest.raises(Obstacle, match="OFFICE_NOT_ENROLLED"):
        place.desk.exports.make()
