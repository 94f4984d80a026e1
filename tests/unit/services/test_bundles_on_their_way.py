"""Bundles that are on their way while a laptop gets new keys: none is lost, and no forged one gets in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import text

from desktop.bootstrap import Door
from desktop.bundles.reader import open_and_verify
from desktop.bundles.receipt import open_receipt
from desktop.errors import NotTrusted
from desktop.services import intake
from desktop.services.enrolment import receiving_keys, roster_in_force
from tests.factory import Place, Secretariat, change, count, enrol, make_case, make_office, make_secretariat, rows, send
from tests.unit.services.people_hands import add


@dataclass
class Journey:
    """An office whose keys changed after bundle 1 was taken: 2 and 3 by the old key are on their way, 4 is by the new.

    `rival` is a bundle 2 that the person who was removed signed with their copy of the vault.
    """

    folder: Path
    sentence: str
    national: Secretariat
    office: Place
    bundles: dict[int, bytes]
    rival: bytes


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory, _small_laptop: None) -> Iterator[Journey]:
    folder = tmp_path_factory.mktemp("journey")
    office, national = make_office(folder / "office"), make_secretariat(folder / "national")
    enrol(office, national)
    case_id = make_case(office)
    bundles = {1: send(office)}
    assert national.desk.intake.receive(bundles[1]).outcome == "RECEIVED"
    leaver = add(office)
    with office.locked():
        shutil.copytree(office.folder, folder / "copy")
    for number in (2, 3):
        change(office, case_id, surname=f"Gachanja {number}")
        bundles[number] = send(office)
    office.desk.people.remove(leaver.user_id)
    enrol(office, national)
    change(office, case_id, surname="Gachanja 4")
    bundles[4] = send(office)
    # Only a supervisor makes bundles; the copy opens with that sentence too, and its key is what counts here.
    thief = Place(
        folder / "copy", office.sentence, Door(folder / "copy", office.clock).unlock(1, office.sentence), office.clock
    )
    make_case(thief)
    rival = send(thief)
    thief.lock()
    national.lock()
    yield Journey(national.folder, national.sentence, national, office, bundles, rival)
    office.lock()


@pytest.fixture
def secretariat(journey: Journey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(intake, "open_and_verify_confined", open_and_verify)
    made = journey.national.copy_at_rest(tmp_path / "national")
    yield made
    made.lock()


def outcomes(place: Place) -> list[tuple[int, str, str | None]]:
    found = sorted(rows(place.desk.vault, "incoming_bundle"), key=lambda row: (row["sequence"], row["reason"] or ""))
    return [(row["sequence"], row["outcome"], row["reason"]) for row in found]


def surnames(place: Place) -> int:
    return count(place.desk.vault, "received_view")


@pytest.mark.parametrize("order", list(permutations((2, 3, 4))))
def test_what_the_old_key_signed_is_taken_once_the_new_key_names_it_in_any_order(
    journey: Journey, secretariat: Place, order: tuple[int, ...]
) -> None:
    before = surnames(secretariat)
    for number in order:
        secretariat.desk.intake.receive(journey.bundles[number])
    assert outcomes(secretariat) == [(number, "RECEIVED", None) for number in (1, 2, 3, 4)]
    assert surnames(secretariat) > before + 2


def test_until_then_it_waits_and_its_office_is_told_so_under_its_new_key_only(
    journey: Journey, secretariat: Place
) -> None:
    taken = secretariat.desk.intake.receive(journey.bundles[2])
    assert (taken.outcome, taken.reason, taken.records, taken.missing) == ("HELD", "NEW_KEY_AWAITED", 0, ())
    again = secretariat.desk.intake.receive(journey.bundles[2])
    assert (again.repeated, again.receipt) == (True, taken.receipt)
    office = journey.office
    with office.desk.vault.reading() as session:
        present, *retired = receiving_keys(session)
        roster = roster_in_force(session, office.desk.vault)
    facts = {"roster": roster, "device": office.desk.vault.device, "practice": False}
    assert open_receipt(taken.receipt, secrets=(present,), **facts).receipt.reason == "NEW_KEY_AWAITED"  # type: ignore[arg-type]
    with pytest.raises(NotTrusted):
        open_receipt(taken.receipt, secrets=tuple(retired), **facts)  # type: ignore[arg-type]
    # The new key's own bundle still asks for what is not known to be genuine yet.
    assert secretariat.desk.intake.receive(journey.bundles[4]).missing == (2, 3)


def test_what_somebody_signed_with_a_copy_of_the_old_key_never_gets_in(journey: Journey, secretariat: Place) -> None:
    receive = secretariat.desk.intake.receive
    assert (receive(journey.rival).reason, receive(journey.bundles[4]).missing) == ("NEW_KEY_AWAITED", (2, 3))
    for number in (3, 2):
        receive(journey.bundles[number])
    kept = outcomes(secretariat)
    assert (2, "HELD", "DEVICE_REVOKED") in kept  # kept, marked, and counted nowhere
    assert [item for item in kept if item[1] == "RECEIVED"] == [(n, "RECEIVED", None) for n in (1, 2, 3, 4)]
    other = secretariat.desk.intake.receipts()
    assert receive(journey.rival).outcome == "HELD"
    assert secretariat.desk.intake.receipts() == other


def test_a_copys_bundle_that_comes_after_the_chain_is_known_is_refused(journey: Journey, secretariat: Place) -> None:
    for number in (4, 3):
        secretariat.desk.intake.receive(journey.bundles[number])
    with pytest.raises(NotTrusted, match="DEVICE_REVOKED"):
        secretariat.desk.intake.receive(journey.rival)
    assert secretariat.desk.intake.receive(journey.bundles[2]).outcome == "RECEIVED"


def test_a_genuine_bundle_whose_number_a_copy_had_taken_before_is_kept_and_both_are_in_doubt(
    journey: Journey, secretariat: Place
) -> None:
    """As if the copy's bundle had been brought before the laptop was enrolled anew."""
    secretariat.desk.intake.receive(journey.rival)
    with secretariat.desk.vault.writing() as session:
        session.execute(
            text("UPDATE incoming_bundle SET outcome = 'RECEIVED', reason = NULL, taken = 1 WHERE reason IS NOT NULL")
        )
    for number in (4, 3, 2):
        secretariat.desk.intake.receive(journey.bundles[number])
    assert {(n, outcome) for n, outcome, _ in outcomes(secretariat)} == {
        *((1, "RECEIVED"), (2, "DISPUTED"), (3, "DISPUTED"), (4, "DISPUTED"))
    }


def test_no_more_wait_than_a_device_can_owe_and_the_genuine_one_comes_again(
    journey: Journey, secretariat: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_MOST_AWAITED", 1)
    receive = secretariat.desk.intake.receive
    receive(journey.rival)
    with pytest.raises(NotTrusted, match="DEVICE_REVOKED"):
        receive(journey.bundles[2])
    for number in (4, 3, 2):
        receive(journey.bundles[number])
    assert (2, "RECEIVED", None) in outcomes(secretariat)
