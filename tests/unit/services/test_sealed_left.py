"""Sealed values that were planted or spoiled, and sealing again while the Secretariat's papers do not verify."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from desktop.crypto.sealing import generate_secret, open_sealed, public_key, seal
from desktop.errors import NotTrusted
from desktop.rules.journal_reading import Verdict
from desktop.wording import sealed_left_in_words
from tests.factory import Place, Secretariat, change, enrol, make_case, make_secretariat, rows, send
from tests.unit.services.people_hands import WORD, acts, add, hashes, sealed_case, sealed_files, told
from tests.unit.services.test_rotation_hostile import ORPHAN, plant

SPOIL = (
    "UPDATE revision SET sealed = {} WHERE sealed IS NOT NULL "
    "AND record_id IN (SELECT id FROM record WHERE case_id = '{}')"
)


def spoil(place: Place, case_id: str, value: str) -> None:
    with place.desk.vault.writing() as session:
        session.execute(text(SPOIL.format(value, case_id)))


def found(place: Place) -> dict[str, dict[str, int | str]]:
    verdict: Verdict = place.desk.journal.verify_all()
    return {item.code: item.facts for item in verdict.found if item.grave}


@pytest.mark.parametrize("value", ["x'00'", "'no bytes'", "7", "zeroblob(4096)"])
def test_a_value_that_no_key_opens_is_named_and_keeps_the_earlier_key_only_until_a_supervisor_lets_go(
    place: Place, value: str
) -> None:
    second = add(place, "SUPERVISOR")
    spoilt, whole = sealed_case(place), sealed_case(place, "Nzima")
    case_ref = next(row.case_ref for row in place.desk.cases.list() if row.case_id == spoilt)
    spoil(place, spoilt, value)
    place.desk.people.remove(second.user_id)
    old_halves = dict(place.desk.vault.keys.r)
    made = place.desk.people.seal_again()
    assert [(item.case_ref, item.kind) for item in made.unopened] == [(case_ref, "case")]
    assert (made.sealing_due, len(place.desk.vault.keys.r)) == (True, 2)
    assert place.desk.people.seal_again(given_up=["0" * 64]).sealing_due
    let_go = place.desk.people.seal_again(given_up=[item.value for item in made.unopened])
    assert (let_go.sealing_due, len(place.desk.vault.keys.r)) == (False, 1)
    assert not place.desk.people.sealing_due()
    assert acts(place)[-2:] == ["SEALED_VALUE_GIVEN_UP", "SEALED_AGAIN"]
    assert "Nzima" in told(place, whole)
    place.reopen()
    assert not place.desk.people.sealing_due()
    assert set(place.desk.vault.keys.r.values()) < set(old_halves.values())


def test_L06_a_value_of_a_case_that_is_hidden_from_the_supervisor_is_not_named(place: Place) -> None:
    second, officer = add(place, "SUPERVISOR"), add(place, "CASE_OFFICER")
    spoilt, desk = sealed_case(place), place.desk
    case_ref = next(row.case_ref for row in desk.cases.list() if row.case_id == spoilt)
    change(place, spoilt, "case", restricted=True)
    desk.cases.assign(spoilt, officer.user_id)
    desk.cases.unassign(spoilt, desk.vault.user)
    spoil(place, spoilt, "x'00'")
    desk.people.remove(second.user_id)
    made = desk.people.seal_again()
    assert [(item.case_ref, item.kind) for item in made.unopened] == [("", "")]
    said = sealed_left_in_words([("", "")], desk.vault.catalogue, "en")
    assert said == "a case that is hidden from you"
    assert case_ref not in repr(made.unopened)
    assert not desk.people.seal_again(given_up=[item.value for item in made.unopened]).sealing_due


def test_letting_go_covers_what_was_named_and_nothing_that_came_since(place: Place) -> None:
    second = add(place, "SUPERVISOR")
    one, other = sealed_case(place), sealed_case(place)
    spoil(place, one, "x'00'")
    place.desk.people.remove(second.user_id)
    named = place.desk.people.seal_again().unopened
    spoil(place, other, "x'01'")
    made = place.desk.people.seal_again(given_up=[item.value for item in named])
    assert (made.sealing_due, len(made.unopened)) == (True, 2)
    assert len(place.desk.vault.keys.r) == 2


def test_a_value_that_opens_but_is_not_what_was_saved_gets_the_new_key_as_it_is_and_is_found(place: Place) -> None:
    second = add(place, "SUPERVISOR")
    case_id = sealed_case(place)
    exchanged = seal(b"something else" + bytes(242), place.desk.vault.sealed_current)
    spoil(place, case_id, f"x'{exchanged.hex()}'")
    place.desk.people.remove(second.user_id)
    made = place.desk.people.seal_again()
    assert (made.sealing_due, made.unopened) == (False, ())
    (current,) = place.desk.vault.keys.r.values()
    assert open_sealed(sealed_files(place)[0], current) == b"something else" + bytes(242)
    assert found(place)["JOURNAL_FOUND_SEALED"]["count"] == 1


def test_a_planted_row_of_no_record_stops_neither_sealing_nor_the_check(place: Place) -> None:
    second = add(place, "SUPERVISOR")
    plant(place, ORPHAN.format("(CAST(x'FFFE' AS TEXT), 1, zeroblob(32), x'7B7D', zeroblob(32), x'00')"))
    place.desk.people.remove(second.user_id)
    (left,) = place.desk.people.seal_again().unopened
    assert (left.case_ref, left.kind) == ("–", "")
    assert not place.desk.people.seal_again(given_up=[left.value]).sealing_due


@pytest.mark.parametrize(
    ("value", "count"),
    [("x'00'", 1), ("'no bytes'", 1), (f"x'{seal(bytes(256), public_key(generate_secret())).hex()}'", 1)],
)
def test_the_check_of_the_journal_finds_sealed_values_that_do_not_open(place: Place, value: str, count: int) -> None:
    case_id = sealed_case(place)
    assert found(place) == {}
    case_ref = next(row.case_ref for row in place.desk.cases.list() if row.case_id == case_id)
    spoil(place, case_id, value)
    assert found(place) == {"JOURNAL_FOUND_SEALED": {"count": count, "cases": case_ref}}


# ------------------------------------------------------------------------------------------ whom else they are for


@pytest.fixture
def enrolled(place: Place, tmp_path: Path) -> Iterator[Secretariat]:
    national = make_secretariat(tmp_path / "national")
    enrol(place, national)
    yield national
    national.lock()


BROKEN = ("UPDATE taken_roster SET package = x'00'", "DELETE FROM taken_roster")


@pytest.mark.parametrize("breaking", BROKEN)
def test_sealing_again_waits_where_nobody_can_say_whom_else_a_value_is_for(
    place: Place, enrolled: Secretariat, breaking: str
) -> None:
    second = add(place, "SUPERVISOR")
    case_id = sealed_case(place)
    (before,) = sealed_files(place)
    place.desk.people.remove(second.user_id)
    (genuine,) = rows(place.desk.vault, "taken_roster")
    with place.desk.vault.writing() as session:
        session.execute(text(breaking))
    place.reopen()
    made = place.desk.people.seal_again()
    assert (made.sealing_due, made.for_trust, made.unopened) == (True, 1, ())
    assert sealed_files(place) == [before]
    assert WORD in told(place, case_id)
    with place.desk.vault.writing() as session:
        session.execute(text("DELETE FROM taken_roster"))
        session.execute(
            text("INSERT INTO taken_roster (version, package, taken_at) VALUES (:version, :package, :taken_at)"),
            genuine,
        )
    made = place.desk.people.seal_again()
    assert (made.sealing_due, made.for_trust) == (False, 0)
    (after,) = sealed_files(place)
    assert after != before
    assert after.partition(b"\n--- ")[0].count(b"\n-> X25519 ") == 2  # ours, and the restricted intake


def test_what_was_sealed_for_us_alone_is_sealed_again_meanwhile(place: Place) -> None:
    second = add(place, "SUPERVISOR")
    sealed_case(place)
    before = hashes(place)
    place.desk.people.remove(second.user_id)
    assert not place.desk.people.seal_again().sealing_due
    assert hashes(place) == before


def test_an_enrolled_office_still_sends_what_was_sealed_again(place: Place, enrolled: Secretariat) -> None:
    second = add(place, "SUPERVISOR")
    sealed_case(place)
    place.desk.people.remove(second.user_id)
    place.desk.people.seal_again()
    enrol(place, enrolled)
    make_case(place)
    assert enrolled.desk.intake.receive(send(place)).outcome == "RECEIVED"


@pytest.mark.parametrize("value", ["x'00'", "'no bytes'"])
def test_a_spoilt_value_keeps_no_bundle_back_and_is_told_to_who_reads_it(
    place: Place, enrolled: Secretariat, value: str
) -> None:
    case_id = sealed_case(place)
    spoil(place, case_id, value)
    assert enrolled.desk.intake.receive(send(place)).outcome == "RECEIVED"
    with pytest.raises(NotTrusted, match="SEALED_VALUES_WRONG"):
        told(place, case_id)
