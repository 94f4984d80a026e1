"""What an unlock puts in order: unused slots, retired keys, vaults of somebody else beside ours; and who may know."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from db.schema import triggers
from desktop import vault_files
from desktop.bootstrap import Door
from desktop.crypto.header import KeyHeader, serialise
from desktop.errors import Obstacle, VaultSubstituted, WrongSentence
from desktop.services import unused_slots
from tests.factory import Place, Secretariat, change, enrol, make_case, make_office, make_secretariat, rows, send
from tests.unit.services.people_hands import acts, add, generations, sealed_case, told, unlock
from tests.unit.services.test_rotation import retired


def later(place: Place, **time: float) -> None:
    place.clock.instant += timedelta(**time)


def standing(place: Place) -> dict[int, tuple[bool, bool]]:
    return {person.desk_number: (person.suspended, person.unused) for person in place.desk.people.list()}


# ------------------------------------------------------------------------------------------ unused slots


def test_who_did_not_sign_in_for_a_fortnight_after_new_keys_is_let_in_no_more_until_readmitted(place: Place) -> None:
    leaver, away, here = add(place), add(place), add(place, "CASE_OFFICER")
    for person in (away, here):
        with place.locked():
            unlock(place, person).lock()
    place.desk.people.remove(leaver.user_id)
    with place.locked():
        unlock(place, here).lock()
    late = add(place)  # with a slot from after the keys were changed
    later(place, days=13, hours=23)
    place.reopen()
    assert standing(place)[3] == (False, False)
    later(place, hours=2)
    place.reopen()
    assert standing(place) == {
        **{1: (False, False), 2: (False, False), 3: (True, True), 4: (False, False), 5: (False, False)}
    }
    assert acts(place).count("UNUSED_SLOT_DROPPED") == 1
    with place.locked():
        with pytest.raises(WrongSentence):
            unlock(place, away)
        for person in (here, late):
            unlock(place, person).lock()
    back = place.desk.people.readmit(away.user_id)
    assert standing(place)[3] == (False, False)
    with place.locked():
        unlock(place, back).lock()
    later(place, days=20)
    place.reopen()
    assert acts(place).count("UNUSED_SLOT_DROPPED") == 1
    place.desk.people.suspend(away.user_id)
    assert standing(place)[3] == (True, False)


def test_it_takes_a_supervisor_and_a_full_disk_keeps_nobody_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    leaver, away, here = add(place), add(place), add(place)
    place.desk.people.remove(leaver.user_id)
    with place.locked():
        unlock(place, here).lock()
    later(place, days=15)
    with place.locked():
        unlock(place, here).lock()

        def full(*_: object) -> None:
            raise Obstacle("DISK_FULL")

        with monkeypatch.context() as patch:
            patch.setattr(unused_slots, "take_over", full)
            Door(place.folder, place.clock).unlock(1, place.sentence).lock()
    assert standing(place)[3] == (True, True)  # the last of these sign-ins did it
    assert away.desk_number == 3


def test_two_changes_of_keys_give_no_second_fortnight(place: Place) -> None:
    first, second, away = add(place), add(place), add(place)
    place.desk.people.remove(first.user_id)
    later(place, days=10)
    place.desk.people.remove(second.user_id)
    later(place, days=5)
    place.reopen()
    assert standing(place)[4] == (True, True)
    assert away.desk_number == 4


def test_without_a_change_of_keys_nobody_goes(place: Place) -> None:
    add(place)
    later(place, days=400)
    place.reopen()
    assert standing(place)[2] == (False, False)


# ------------------------------------------------------------------------------------------ retired keys


@pytest.fixture
def enrolled(place: Place, tmp_path: Path) -> Iterator[Secretariat]:
    national = make_secretariat(tmp_path / "national")
    enrol(place, national)
    yield national
    national.lock()


def test_a_retired_receiving_key_goes_once_every_bundle_from_its_time_is_answered(
    place: Place, enrolled: Secretariat
) -> None:
    case_id = make_case(place)
    first = send(place)
    place.desk.people.remove(add(place).user_id)
    receipt = enrolled.desk.intake.receive(first).receipt  # sealed to the key from before
    place.reopen()
    assert retired(place) == ["DEVICE_RECEIVING_G1"]
    enrol(place, enrolled)
    change(place, case_id, surname="Otieno")
    send(place)
    place.reopen()
    assert retired(place) == ["DEVICE_RECEIVING_G1"]
    assert place.desk.receipts.take_in(receipt).outcome == "RECEIVED"
    place.reopen()  # bundle 2 waits, and is answered under the present key
    assert retired(place) == []
    assert acts(place).count("RECEIVING_KEY_DROPPED") == 1


def test_answered_bundles_do_not_drop_it_before_the_secretariat_knows_the_new_key(
    place: Place, enrolled: Secretariat
) -> None:
    make_case(place)
    assert place.desk.receipts.take_in(enrolled.desk.intake.receive(send(place)).receipt).outcome == "RECEIVED"
    place.desk.people.remove(add(place).user_id)
    place.reopen()
    assert retired(place) == ["DEVICE_RECEIVING_G1"]


def test_a_retired_receiving_key_goes_after_a_year_whatever_is_unanswered(place: Place) -> None:
    place.desk.people.remove(add(place).user_id)
    with place.desk.vault.writing() as session:  # a row that somebody planted stops nothing
        session.execute(text("INSERT INTO secret VALUES ('DEVICE_RECEIVING_X', x'00', '2020')"))
    later(place, days=300)
    place.reopen()
    assert "DEVICE_RECEIVING_G1" in retired(place)
    later(place, days=67)
    place.reopen()
    assert retired(place) == ["DEVICE_RECEIVING_X"]


# ------------------------------------------------------------------------------------------ foreign vaults


def closed(header: KeyHeader) -> bytes:
    return serialise(header, b"\7" * 32)


def second_generation(place: Place) -> None:
    """New keys, and the generation before them gone."""
    place.desk.people.remove(add(place).user_id)
    place.reopen()
    assert generations(place) == ["g2"]


def lay_down(place: Place, number: int, header: bytes) -> Path:
    folder = place.folder / "vault" / f"g{number}"
    folder.mkdir()
    for name in ("key-header.a", "key-header.b"):
        (folder / name).write_bytes(header)
    (folder / "vault.db").write_bytes(b"not ours")
    return folder


def test_a_foreign_vault_under_a_lower_number_blocks_nobody_and_is_kept_told_and_noted_once(
    place: Place, tmp_path: Path
) -> None:
    other = make_office(tmp_path / "other", "031")
    foreign = vault_files.read_header_copies(other.desk.vault.generation)[0]
    other.lock()
    assert foreign is not None
    second_generation(place)
    with place.locked():
        folder = lay_down(place, 1, foreign)
    for _ in range(2):
        place.reopen()
        assert place.desk.vault.foreign_vaults == ("g1",)
    assert (folder / "vault.db").read_bytes() == b"not ours"
    assert acts(place).count("FOREIGN_VAULT_FOUND") == 1
    place.desk.people.remove(add(place).user_id)  # our own earlier one still goes
    place.reopen()
    assert generations(place) == ["g1", "g3"]


@pytest.mark.parametrize("planting", ["another first list", "a list of ours that nobody of ours followed"])
def test_lists_that_anybody_could_write_are_no_later_vault_of_ours(place: Place, tmp_path: Path, planting: str) -> None:
    """The vault's id and its signed lists can be read in the header by anybody who reaches the folder."""
    second_generation(place)
    ours = place.desk.vault.keys.header
    other = make_office(tmp_path / "other", "031")
    theirs = other.desk.vault.keys.header
    other.lock()
    lists = theirs.access_lists if planting == "another first list" else (*ours.access_lists, *theirs.access_lists)
    planted = KeyHeader(ours.vault_id, 9, lists, ours.user_slots, ours.recovery_slots, ours.sheet_pins)
    with place.locked():
        lay_down(place, 1, closed(planted))
    assert place.desk.vault.foreign_vaults == ("g1",)
    assert generations(place) == ["g1", "g2"]


def test_a_longer_chain_of_ours_under_a_lower_number_is_still_refused(place: Place, tmp_path: Path) -> None:
    vault = place.folder / "vault"
    with place.locked():
        shutil.copytree(vault / "g1", tmp_path / "g1")
    add(place)
    place.desk.lock()
    shutil.copytree(tmp_path / "g1", vault / "g2")
    with pytest.raises(VaultSubstituted) as caught:
        Door(place.folder, place.clock).unlock(1, place.sentence)
    assert caught.value.facts == {"reason": "OLDER"}
    assert generations(place) == ["g1", "g2"]
    shutil.rmtree(vault / "g2")
    place.desk = Door(place.folder, place.clock).unlock(1, place.sentence)


# ------------------------------------------------------------------------------------------ who may know


def test_a_clerk_says_that_somebody_may_know_and_a_supervisor_is_told_until_the_keys_are_changed(
    place: Place,
) -> None:
    clerk = add(place)
    with place.locked():
        other = unlock(place, clerk)
        other.desk.people.report_known()
        other.desk.people.report_known()
        other.lock()
        unlock(place, clerk).lock()  # it suspends nobody
    assert place.desk.people.reported() == (2,)
    assert acts(place).count("SENTENCE_REPORTED") == 2
    place.desk.people.may_know(clerk.user_id)
    assert place.desk.people.reported() == ()


def test_who_is_suspended_and_was_supervisor_is_told_to_know_the_sealed_facts_still(place: Place) -> None:
    clerk, second = add(place), add(place, "SUPERVISOR")
    assert not place.desk.people.suspend(clerk.user_id).knows_sealed
    assert place.desk.people.suspend(second.user_id).knows_sealed


SPOIL_PACKAGE = "UPDATE taken_roster SET package = {}"


@pytest.mark.parametrize("package", ["x'00'", "'no bytes'", "7"])
def test_a_spoilt_trust_package_keeps_nobody_out(place: Place, enrolled: Secretariat, package: str) -> None:
    case_id = sealed_case(place)
    with place.desk.vault.writing() as session:
        session.execute(text(SPOIL_PACKAGE.format(package)))
    place.reopen()
    assert told(place, case_id)
    assert rows(place.desk.vault, "taken_roster")


def test_an_older_vault_whose_headers_are_damaged_is_not_surely_ours_and_is_kept(place: Place) -> None:
    second_generation(place)
    with place.locked():
        folder = lay_down(place, 1, b"no header")
    for _ in range(2):
        place.reopen()
        assert place.desk.vault.foreign_vaults == ("g1",)
    assert (folder / "vault.db").is_file()


@pytest.mark.parametrize("planted", ["'not a time'", "x'ff'", "cast(x'ff' as text)", "7"])
def test_nothing_written_into_the_journal_from_outside_keeps_a_supervisor_out(place: Place, planted: str) -> None:
    second_generation(place)
    add(place)
    with place.desk.vault.writing() as session:
        session.execute(text("DROP TRIGGER journal_no_update"))
        session.execute(text(f"UPDATE journal SET at = {planted}"))  # noqa: S608  the values above
        session.execute(text(triggers({"journal"})["journal_no_update"]))
    place.reopen()
    place.desk.breaches.standing()
    assert place.desk.sheets.standing().drill_due
