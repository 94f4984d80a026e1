"""What somebody who leaves may have prepared: rows that would stop their removal, old keys, old files put back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from desktop.bootstrap import Door
from desktop.errors import NotTrusted, VaultDamaged, VaultSubstituted, WrongSentence
from desktop.services import rotation
from tests.factory import Place, Secretariat, change, enrol, make_case, make_secretariat, send
from tests.unit.services.people_hands import add, generations, sealed_case, unlock


def plant(place: Place, *statements: str) -> None:
    """Change the vault with another tool: no foreign key is checked there."""
    with closing(place.desk.vault.store.engine.raw_connection()) as raw:
        connection: Any = raw.driver_connection
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)
        connection.execute("PRAGMA foreign_keys = ON")


ORPHAN = "INSERT INTO revision (record_id, rev, hash, body, random, sealed) VALUES {}"


@pytest.mark.parametrize(
    ("statements", "sealing_due"),
    [
        (("INSERT INTO secret VALUES ('DEVICE_RECEIVING_G1', x'00', '2026-11-25T06:00:00.000Z')",), False),
        ((ORPHAN.format("('nobody', 1, zeroblob(32), x'7B7D', zeroblob(32), NULL)"),), False),
        (
            # The first one gone again: the copy may number the rows anew. What does not open keeps the old half.
            (
                ORPHAN.format("('a', 1, zeroblob(32), x'7B7D', zeroblob(32), NULL)"),
                ORPHAN.format("('b', 1, zeroblob(32), x'7B7D', zeroblob(32), x'00')"),
                "DELETE FROM revision WHERE record_id = 'a'",
            ),
            True,
        ),
    ],
)
def test_rows_that_were_planted_do_not_stop_a_removal(
    place: Place, statements: tuple[str, ...], sealing_due: bool
) -> None:
    leaver = add(place, "SUPERVISOR")
    sealed_case(place)
    plant(place, *statements)
    place.desk.people.remove(leaver.user_id)
    assert place.desk.people.seal_again().sealing_due == sealing_due
    assert generations(place) == ["g1", "g2"]
    with place.locked(), pytest.raises(WrongSentence):
        unlock(place, leaver)


def test_a_rule_of_the_tables_that_breaks_on_the_way_is_told_and_the_vault_is_as_it_was(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaver = add(place)

    def broken(session: Session, *_: object) -> None:
        session.execute(text("DELETE FROM journal"))

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "note_list", broken)
        with pytest.raises(VaultDamaged):
            place.desk.people.remove(leaver.user_id)
    assert generations(place) == ["g1"]
    make_case(place)


# ------------------------------------------------------------------------------------------ old files put back


def test_an_older_copy_under_a_higher_number_is_refused_and_deletes_nothing(place: Place, tmp_path: Path) -> None:
    leaver = add(place)
    vault = place.folder / "vault"
    with place.locked():
        shutil.copytree(vault / "g1", tmp_path / "g1")
    place.desk.people.remove(leaver.user_id)
    place.reopen()
    place.desk.lock()
    shutil.copytree(tmp_path / "g1", vault / "g3")
    before = (vault / "g3" / "vault.db").read_bytes()
    for _ in range(2):
        with pytest.raises(VaultSubstituted) as caught:
            Door(place.folder, place.clock).unlock(1, place.sentence)
        assert caught.value.facts == {"reason": "OLDER"}
    assert generations(place) == ["g2", "g3"]
    assert (vault / "g3" / "vault.db").read_bytes() == before
    for name in ("key-header.a", "key-header.b"):  # one copy that can be read tells it
        genuine = (vault / "g2" / name).read_bytes()
        (vault / "g2" / name).write_bytes(b"")
        with pytest.raises(VaultSubstituted):
            Door(place.folder, place.clock).unlock(1, place.sentence)
        (vault / "g2" / name).write_bytes(genuine)
    shutil.rmtree(vault / "g3")
    place.desk = Door(place.folder, place.clock).unlock(1, place.sentence)


def test_whoever_changed_the_keys_and_has_not_signed_in_since_is_named_too(place: Place) -> None:
    place.desk.people.remove(add(place).user_id)
    assert not place.desk.people.list()[0].since_new_keys
    place.reopen()
    assert place.desk.people.list()[0].since_new_keys


# ------------------------------------------------------------------------------------------ the old device key


@pytest.fixture
def enrolled(place: Place, tmp_path: Path) -> Iterator[Secretariat]:
    national = make_secretariat(tmp_path / "national")
    enrol(place, national)
    yield national
    national.lock()


def test_the_key_from_before_signs_nothing_more_once_the_laptop_is_enrolled_anew(
    place: Place, enrolled: Secretariat, tmp_path: Path
) -> None:
    case_id = make_case(place)
    assert enrolled.desk.intake.receive(send(place)).outcome == "RECEIVED"
    leaver = add(place, "SUPERVISOR")
    with place.locked():
        shutil.copytree(place.folder, tmp_path / "copy")
    old_file = place.desk.enrolment.make_file("laptop 1")
    place.desk.people.remove(leaver.user_id)
    enrol(place, enrolled)
    stolen = unlock(place, leaver, tmp_path / "copy")
    make_case(stolen)
    forged = send(stolen)
    stolen.lock()
    kept = enrolled.desk.intake.receive(forged)  # it may be one that was on its way
    assert (kept.outcome, kept.reason, kept.records) == ("HELD", "NEW_KEY_AWAITED", 0)
    with pytest.raises(NotTrusted, match="DEVICE_KEY_TAKEN"):
        enrolled.desk.secretariat.enrol(old_file.content, old_file.digits)
    change(place, case_id, surname="Gachanja-Otieno")
    taken = enrolled.desk.intake.receive(send(place))
    assert (taken.outcome, taken.reason) == ("RECEIVED", None)
    again = enrolled.desk.intake.receive(forged)
    assert (again.outcome, again.reason) == ("HELD", "DEVICE_REVOKED")
