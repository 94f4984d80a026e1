"""A device is enrolled by two files and two telephone readings; whoever hears other digits refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.errors import NotTrusted, Obstacle
from tests.factory import Place, Secretariat, dump, enrol, make_case, make_office, make_secretariat, send


@pytest.fixture(scope="module")
def national(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secretariat]:
    made = make_secretariat(tmp_path_factory.mktemp("national") / "data")
    yield made
    made.lock()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Place]:
    made = make_office(tmp_path / "office", "030")
    yield made
    made.lock()


def other(digits: str, group: int = 3) -> str:
    """The same digits, but for the last one of a group."""
    groups = digits.split(" ")
    last = groups[group - 1][-1]
    groups[group - 1] = groups[group - 1][:-1] + str((int(last) + 1) % 10)
    return " ".join(groups)


def test_wrong_digits_are_refused_on_either_side_and_nothing_is_written(office: Place, national: Secretariat) -> None:
    file = office.desk.enrolment.make_file("laptop 1")
    before = dump(national.desk.vault)
    with pytest.raises(NotTrusted) as refused:
        national.desk.secretariat.enrol(file.content, other(file.digits))
    assert (refused.value.code, refused.value.facts) == ("DIGITS_DIFFER", {"group": 3})
    with pytest.raises(Obstacle) as short:
        national.desk.secretariat.enrol(file.content, file.digits[:-1])
    assert (short.value.code, short.value.facts) == ("DIGITS_INCOMPLETE", {"count": 29})
    assert dump(national.desk.vault) == before

    enrolled = national.desk.secretariat.enrol(file.content, file.digits)
    empty = dump(office.desk.vault)
    for typed, error, code in (
        (None, Obstacle, "ROOT_DIGITS_NEEDED"),
        (other(enrolled.root_digits, 6), NotTrusted, "DIGITS_DIFFER"),
        # The enrolment's digits are not the root's.
        (file.digits, NotTrusted, "DIGITS_DIFFER"),
    ):
        with pytest.raises(error) as refused_here:
            office.desk.enrolment.take_in(enrolled.package, typed)
        assert refused_here.value.code == code
    assert dump(office.desk.vault) == empty
    with pytest.raises(Obstacle, match="OFFICE_NOT_ENROLLED"):
        office.desk.exports.make()

    office.desk.enrolment.take_in(enrolled.package, enrolled.root_digits.replace(" ", "-"))
    make_case(office)
    assert national.desk.intake.receive(send(office)).outcome == "RECEIVED"


def test_the_digits_of_the_founding_are_those_every_office_hears(office: Place, national: Secretariat) -> None:
    file = office.desk.enrolment.make_file("laptop 1")
    heard = national.desk.secretariat.enrol(file.content, file.digits).root_digits
    assert heard == national.founded.root_digits == national.desk.secretariat.root_digits()


def test_a_changed_enrolment_file_is_refused_whatever_digits_are_read(office: Place, national: Secretariat) -> None:
    file = office.desk.enrolment.make_file("laptop 1")
    changed = bytearray(file.content)
    changed[len(changed) // 2] ^= 1
    with pytest.raises(NotTrusted, match="ENROLMENT_WRONG"):
        national.desk.secretariat.enrol(bytes(changed), file.digits)


def test_a_practice_device_is_not_enrolled_by_a_real_secretariat(tmp_path: Path, national: Secretariat) -> None:
    practice = make_office(tmp_path / "practice", practice=True)
    file = practice.desk.enrolment.make_file("laptop 1")
    before = dump(national.desk.vault)
    with pytest.raises(NotTrusted, match="PRACTICE_MISMATCH"):
        national.desk.secretariat.enrol(file.content, file.digits)
    assert dump(national.desk.vault) == before
    practice.lock()


def test_two_laptops_of_a_county_never_share_a_desk_code(
    tmp_path: Path, national: Secretariat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.services.vault.secrets.randbelow", lambda _: 411)
    first, second = make_office(tmp_path / "first", "001"), make_office(tmp_path / "second", "001")
    enrol(first, national)
    file = second.desk.enrolment.make_file("laptop 2")
    with pytest.raises(NotTrusted, match="DESK_CODE_TAKEN"):
        national.desk.secretariat.enrol(file.content, file.digits)
    elsewhere = make_office(tmp_path / "elsewhere", "002")
    enrol(elsewhere, national)
    for place in (first, second, elsewhere):
        place.lock()


def test_later_trust_packages_need_no_digits_and_an_older_one_is_refused(
    tmp_path: Path, office: Place, national: Secretariat
) -> None:
    file = office.desk.enrolment.make_file("laptop 1")
    first = national.desk.secretariat.enrol(file.content, file.digits)
    office.desk.enrolment.take_in(first.package, first.root_digits)
    neighbour = make_office(tmp_path / "neighbour", "031")
    enrol(neighbour, national)
    second = national.desk.secretariat.enrol(file.content, file.digits)
    assert second.roster_version == first.roster_version + 1
    office.desk.enrolment.take_in(second.package)
    with pytest.raises(NotTrusted, match="ROSTER_OLDER"):
        office.desk.enrolment.take_in(first.package)
    make_case(office)
    assert national.desk.intake.receive(send(office)).outcome == "RECEIVED"
    neighbour.lock()


def test_a_package_sealed_to_another_device_does_not_open(tmp_path: Path, office: Place, national: Secretariat) -> None:
    neighbour = make_office(tmp_path / "neighbour", "032")
    file = neighbour.desk.enrolment.make_file("laptop 1")
    meant_for_it = national.desk.secretariat.enrol(file.content, file.digits)
    with pytest.raises(NotTrusted, match="PACKAGE_NOT_FOR_US_OR_DAMAGED"):
        office.desk.enrolment.take_in(meant_for_it.package, meant_for_it.root_digits)
    neighbour.lock()
