"""A laptop is lost: the Secretariat lists what it had sent and ends its keys, and a new laptop takes its place."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest

from desktop.errors import NotTrusted, Obstacle
from desktop.services.lost_devices import is_lost
from tests.factory import Place, enrol, make_case, make_office, send
from tests.flows.cli import rufaa
from tests.unit.services.people_hands import acts

OFFICE = "030-01"


@pytest.fixture
def sent(pair: tuple[Place, Place]) -> tuple[Place, Place, list[bytes]]:
    """An office that sent two bundles, both taken in, and made a third."""
    office, national = pair
    bundles = []
    for name in ("Wambui", "Njeri", "Kadzo"):
        make_case(office, first_name=name, surname="Gachanja")
        bundles.append(send(office))
    for content in bundles[:2]:
        assert national.desk.intake.receive(content).outcome == "RECEIVED"
    return office, national, bundles


def pseudonyms(office: Place) -> set[str]:
    return {str(office.desk.cases.open(row.case_id).one("case").text("pseudonym")) for row in office.desk.cases.list()}  # type: ignore[union-attr]


def only_device(place: Place) -> str:
    (listed,) = place.desk.lost_devices.devices()
    return listed.device


def change_keys(office: Place) -> None:
    """Take somebody off the desk, so that the laptop gets new keys."""
    office.desk.people.remove(office.desk.people.add(name="Somebody", role="CLERK").user_id)


def test_the_command_lists_what_was_sent_and_ends_the_keys(
    sent: tuple[Place, Place, list[bytes]], tmp_path: Path
) -> None:
    office, national, _ = sent
    device, known = only_device(national), pseudonyms(office)
    listed = tmp_path / "list.csv"
    with national.locked() as folder:
        told = rufaa(
            *("secretariat", "lost-device", "--data", folder, "--office", OFFICE, "--list", listed),
            sentence=national.sentence,
        )
    assert told.returncode == 0, told.stderr
    assert f"laptop {device} is lost; its keys are ended by roster 3" in told.stdout
    assert "it had sent 2 cases, 4 records; its last bundle is number 2" in told.stdout
    lines = list(csv.reader(io.StringIO(listed.read_text("utf-8-sig"))))
    assert lines[0] == ["pseudonym", "records", "last_bundle", "received_at_utc"]
    assert sorted(line[1:3] for line in lines[1:]) == [["2", "1"], ["2", "2"]]
    assert {line[0] for line in lines[1:]} < known
    for name in ("Wambui", "Njeri", "Gachanja", "Neema"):
        assert name not in told.stdout + listed.read_text("utf-8-sig")
    assert acts(national)[-2:] == ["DEVICE_LOST", "UNLOCKED"]
    with national.desk.vault.reading() as session:
        assert is_lost(session, device)
        assert not is_lost(session, "0" * 32)


def test_what_a_lost_laptop_sends_afterwards_is_refused_and_what_was_taken_stays(
    sent: tuple[Place, Place, list[bytes]],
) -> None:
    office, national, bundles = sent
    national.desk.lost_devices.report(only_device(national))
    before = national.desk.intake.counts()
    make_case(office, first_name="Thief")
    for content in (bundles[2], send(office)):
        with pytest.raises(NotTrusted, match="DEVICE_REVOKED"):
            national.desk.intake.receive(content)
        assert acts(national)[-1] == "BUNDLE_REFUSED"
    assert national.desk.intake.counts() == before
    assert national.desk.intake.receive(bundles[1]).repeated


def test_a_lost_laptop_is_enrolled_no_more_by_its_old_file_or_with_new_keys(
    sent: tuple[Place, Place, list[bytes]],
) -> None:
    office, national, _ = sent
    old = office.desk.enrolment.make_file("laptop 1")
    national.desk.lost_devices.report(only_device(national))
    change_keys(office)
    for file in (old, office.desk.enrolment.make_file("laptop 1")):
        with pytest.raises(NotTrusted, match="DEVICE_IS_LOST"):
            national.desk.secretariat.enrol(file.content, file.digits)


def test_a_laptop_whose_keys_had_changed_is_lost_with_all_of_them(sent: tuple[Place, Place, list[bytes]]) -> None:
    office, national, bundles = sent
    change_keys(office)
    enrol(office, national)
    national.desk.lost_devices.report(only_device(national))
    with pytest.raises(NotTrusted, match="DEVICE_REVOKED"):
        national.desk.intake.receive(bundles[2])
    make_case(office, first_name="Thief")
    with pytest.raises(NotTrusted, match="DEVICE_REVOKED"):
        national.desk.intake.receive(send(office))


def test_a_new_laptop_of_the_office_is_enrolled_and_sends(
    sent: tuple[Place, Place, list[bytes]], tmp_path: Path
) -> None:
    _, national, _ = sent
    lost = only_device(national)
    national.desk.lost_devices.report(lost)
    fresh = make_office(tmp_path / "fresh")
    enrol(fresh, national)
    make_case(fresh, first_name="Amani")
    assert national.desk.intake.receive(send(fresh)).outcome == "RECEIVED"
    assert {(one.lost, one.in_use) for one in national.desk.lost_devices.devices()} == {(True, False), (False, True)}
    with pytest.raises(Obstacle, match="DEVICE_NOT_CHOSEN"):  # asked for the list again, it must not end the new one
        national.desk.lost_devices.of_office(OFFICE)
    fresh.lock()


def test_reported_again_it_changes_nothing_and_the_list_is_shown_once_more(
    sent: tuple[Place, Place, list[bytes]],
) -> None:
    _, national, _ = sent
    device = only_device(national)
    first, second = (national.desk.lost_devices.report(device) for _ in range(2))
    assert first == second
    assert acts(national)[-2:] == ["DEVICE_LOST", "DEVICE_LISTED"]


def test_a_laptop_that_never_sent_anything_and_an_office_nobody_knows(
    pair: tuple[Place, Place], tmp_path: Path
) -> None:
    _, national = pair
    shutil.copytree(national.folder, tmp_path / "copy")
    run = ("secretariat", "lost-device", "--data", tmp_path / "copy", "--office")
    unknown = rufaa(*run, "047-99", sentence=national.sentence)
    assert (unknown.returncode, "[DEVICE_UNKNOWN]" in unknown.stderr) == (5, True)
    never = rufaa(*run, OFFICE, sentence=national.sentence)
    assert "it had sent no bundle that was taken in" in never.stdout


def test_of_several_laptops_the_command_asks_which(pair: tuple[Place, Place], tmp_path: Path) -> None:
    _, national = pair
    second = make_office(tmp_path / "second")
    enrol(second, national)
    devices = {one.device for one in national.desk.lost_devices.devices()}
    second.lock()
    with national.locked() as folder:
        run = ("secretariat", "lost-device", "--data", folder, "--office", OFFICE)
        asked = rufaa(*run, sentence=national.sentence)
        chosen = sorted(devices)[0]
        done = rufaa(*run, "--device", chosen, sentence=national.sentence)
    assert (asked.returncode, "[DEVICE_NOT_CHOSEN]" in asked.stderr) == (5, True)
    assert f"laptop {chosen} is lost" in done.stdout
