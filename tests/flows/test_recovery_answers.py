"""What an answer could be instead of the Secretariat's, cuts while it is taken in, and who names the keys (5.2)."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from desktop import vault_files
from desktop.bootstrap import Door
from desktop.bundles.recovery_files import (
    RecoveryAnswer,
    make_answer,
    open_answer,
)
from desktop.clock import FixedClock
from desktop.crypto import recovery_lists
from desktop.crypto.access_list import RecoveryKind, read_list, sign_list
from desktop.errors import NotTrusted, Obstacle, VaultSubstituted, WrongSentence
from desktop.rules.journal_chain import Act
from desktop.services.office_recovery import KEY_FILE, RecoveryRequests
from tests.factory import Place, dump, enrol, make_office, make_secretariat
from tests.flows.recovery_world import World, acts, name_identity, new_trust, unlock


def headers(office: Place) -> tuple[bytes | None, bytes | None]:
    return vault_files.read_header_copies(vault_files.newest_generation(office.folder))


def not_taken(world: World, answer: bytes, sentence: str, code: str) -> None:
    before = headers(world.office)
    with pytest.raises(NotTrusted, match=code):
        world.requests.take(answer, sentence)
    assert headers(world.office) == before
    assert (world.office.folder / KEY_FILE).exists()


def opened_answer(world: World, answer: bytes, sentence: str) -> tuple[RecoveryAnswer, bytes]:
    """What an answer says, read with the waiting keys, and to whom it was sealed."""
    waiting = recovery_lists.read_waiting((world.office.folder / KEY_FILE).read_bytes())
    keys, _ = recovery_lists.open_waiting(waiting, sentence)
    return open_answer(answer, keys.x25519, (world.identity.public().ed25519,)), keys.public_x25519()


def remade(world: World, answer: bytes, sentence: str, key: bytes | None = None, **changes: Any) -> bytes:
    """The genuine answer with other members, signed by the recovery identity or by another key."""
    said, recipient = opened_answer(world, answer, sentence)
    signer = Ed25519PrivateKey.from_private_bytes(key or world.identity.ed25519)
    return make_answer(replace(said, **changes), signer, recipient).content


def test_an_answer_that_is_not_what_the_pinned_list_leads_to_changes_nothing(world: World) -> None:
    answer, sentence = world.answered()
    said, _ = opened_answer(world, answer, sentence)
    following = read_list(said.access_list)
    attacker = recovery_lists.new_keys()
    more = replace(
        following,
        users=(
            *following.users,
            replace(
                following.users[0],
                id="00000000-0000-4000-8000-000000000009",
                desk_number=9,
                x25519=attacker.public_x25519(),
                ed25519=attacker.public_ed25519(),
            ),
        ),
    )
    practice = replace(following, practice=not following.practice)
    not_taken(world, remade(world, answer, sentence, key=attacker.ed25519), sentence, "RECOVERY_ANSWER_SIGNATURE_WRONG")
    for other in ({"vault": bytes(16)}, {"request": "0" * 64}):
        not_taken(world, remade(world, answer, sentence, **other), sentence, "RECOVERY_ANSWER_FOR_ANOTHER")
    for wrong in (
        {"dek": bytes(32)},
        {"access_list": sign_list(more, world.identity.ed25519)},
        {"access_list": sign_list(practice, world.identity.ed25519)},
        {"access_list": sign_list(following, attacker.ed25519 or b"")},
    ):
        not_taken(world, remade(world, answer, sentence, **wrong), sentence, "RECOVERY_ANSWER_WRONG")
    half = {public: bytes(32) for public in said.r}
    before = headers(world.office)
    with pytest.raises(VaultSubstituted):
        world.requests.take(remade(world, answer, sentence, r=half), sentence)
    assert headers(world.office) == before
    assert world.requests.take(answer, sentence) == 2


def test_every_changed_byte_of_an_answer_is_refused(world: World) -> None:
    answer, sentence = world.answered()
    waiting = recovery_lists.read_waiting((world.office.folder / KEY_FILE).read_bytes())
    keys, _ = recovery_lists.open_waiting(waiting, sentence)
    for place in range(0, len(answer), 29):
        spoilt = bytearray(answer)
        spoilt[place] ^= 1
        with pytest.raises(NotTrusted, match="RECOVERY_ANSWER"):
            open_answer(bytes(spoilt), keys.x25519, (world.identity.public().ed25519,))


def test_an_answer_after_the_list_changed_no_longer_fits(world: World) -> None:
    answer, sentence = world.answered()
    office = unlock(world.office, 1, world.office.sentence)  # the sentence was found after all
    office.desk.people.may_know(office.desk.vault.user, sentence=office.desk.people.offer_sentence())
    office.lock()
    not_taken(world, answer, sentence, "RECOVERY_OVERTAKEN")
    world.requests.give_up()
    with pytest.raises(Obstacle, match="RECOVERY_NONE_WAITS"):
        world.requests.take(answer, sentence)
    # Under the new keys the Secretariat can help as before, and the old answer is none to the new request.
    again, sentence_again = world.answered()
    not_taken(world, answer, sentence_again, "RECOVERY_ANSWER_NOT_FOR_US_OR_DAMAGED")
    assert world.requests.take(again, sentence_again) == 2


def test_another_vault_put_in_the_place_of_the_waiting_one_is_found(world: World, tmp_path: Path) -> None:
    answer, sentence = world.answered()
    stranger = make_office(tmp_path / "stranger", "031")
    stranger.lock()
    for name in ("key-header.a", "key-header.b"):
        shutil.copy(stranger.folder / "vault" / "g1" / name, world.office.folder / "vault" / "g1" / name)
    before = headers(world.office)
    with pytest.raises(VaultSubstituted):
        world.requests.take(answer, sentence)
    assert headers(world.office) == before


def test_wrong_sentences_are_counted_together_with_unlocks(world: World) -> None:
    answer, sentence = world.answered()
    world.office.clock = FixedClock(world.office.clock.now())  # type: ignore[assignment]
    for _ in range(5):
        with pytest.raises(WrongSentence):
            world.requests.take(answer, "zoo zoo zoo zoo zoo zoo")
    with pytest.raises(Obstacle, match="WAIT_BEFORE_TRYING"):
        world.requests.take(answer, sentence)
    with pytest.raises(Obstacle, match="WAIT_BEFORE_TRYING"):
        Door(world.office.folder, world.office.clock).unlock(1, world.office.sentence)


def test_a_cut_at_any_step_of_taking_loses_neither_the_vault_nor_the_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, sentence = world.answered()
    genuine = vault_files.replace_file
    for reached in (0, 1):
        done: list[Path] = []

        def cut(path: Path, data: bytes, reached: int = reached, done: list[Path] = done) -> None:
            if len(done) == reached:
                raise Obstacle("WRITE_FAILED")
            done.append(path)
            genuine(path, data)

        monkeypatch.setattr(vault_files, "replace_file", cut)
        with pytest.raises(Obstacle, match="WRITE_FAILED"):
            world.requests.take(answer, sentence)
        monkeypatch.setattr(vault_files, "replace_file", genuine)
    assert world.requests.take(answer, sentence) == 2  # nothing more to write
    # Cut again before anybody unlocked: whoever does is enough, and it is journaled once.
    office = unlock(world.office, 1, world.office.sentence)
    assert not world.requests.waits()
    office.lock()
    unlock(office, 2, sentence)
    assert acts(office).count(Act.RECOVERED_BY_SECRETARIAT) == 1
    entries = [row for row in dump(office.desk.vault)["journal"] if row["act"] == Act.RECOVERED_BY_SECRETARIAT]
    assert entries[0]["object"] == office.desk.vault.user
    office.desk.journal.verify()
    office.lock()


def test_a_later_request_is_not_thrown_away_by_an_earlier_recovery(world: World) -> None:
    answer, sentence = world.answered()
    world.requests.take(answer, sentence)
    unlock(world.office, 2, sentence).lock()
    world.ask()
    unlock(world.office, 2, sentence).lock()
    assert world.requests.waits()


def named(office: Place) -> list[bytes]:
    return [
        keys.x25519 for keys in office.desk.vault.keys.access_list.recovery if keys.kind is RecoveryKind.SECRETARIAT
    ]


def test_a_changed_identity_replaces_the_one_before_and_never_comes_back(world: World) -> None:
    office = unlock(world.office, 1, world.office.sentence)
    first = named(office)
    new, _ = name_identity(world.national, world.custodians)
    new_trust(office, world.national)
    assert named(office) == [new.public().x25519] != first
    slots = [slot.keys for slot in office.desk.vault.keys.header.recovery_slots]
    assert (new.public() in slots, world.identity.public() in slots, len(slots)) == (True, False, 2)
    # Whoever can write rows puts the older roster back, under a version of its own making.
    with office.desk.vault.writing() as session:
        session.execute(text("DELETE FROM taken_roster WHERE version = (SELECT max(version) FROM taken_roster)"))
    office.reopen()
    assert named(office) == [new.public().x25519]
    office.lock()


def test_a_vault_that_knows_no_recovery_keys_asks_for_nothing(tmp_path: Path) -> None:
    office = make_office(tmp_path / "new", "033")
    office.lock()
    with pytest.raises(Obstacle, match="RECOVERY_NOT_POSSIBLE"):
        RecoveryRequests(office.folder, office.clock).prepare()
    assert not (office.folder / KEY_FILE).exists()


def test_a_second_request_waits_for_the_first_and_another_sentence_is_not_taken(world: World) -> None:
    prepared, other = world.requests.prepare(), world.requests.prepare()
    with pytest.raises(Obstacle, match="SENTENCE_NOT_OFFERED"):
        prepared.write(other.sentence)
    assert not world.requests.waits()
    prepared.write(prepared.sentence)
    for again in (world.requests.prepare, lambda: other.write(other.sentence)):
        with pytest.raises(Obstacle, match="RECOVERY_WAITS"):
            again()


def test_only_a_supervisors_unlock_names_the_keys_and_says_so_until_then(tmp_path: Path, world: World) -> None:
    office, national = make_office(tmp_path / "new", "032"), world.national
    clerk = office.desk.people.add(name="C. Clerk", role="CLERK").sentence or ""
    without = make_secretariat(tmp_path / "without")
    assert office.desk.office_recovery.missing() == "RECOVERY_MISSING_NOT_ENROLLED"
    enrol(office, without)
    assert office.desk.office_recovery.missing() == "RECOVERY_MISSING_AT_SECRETARIAT"
    name_identity(without, world.custodians)
    with pytest.MonkeyPatch.context() as patch:  # as if the disk had refused the list just then
        patch.setattr("desktop.services.enrolment.name_recovery_keys", lambda *_: False)
        new_trust(office, without)
    assert office.desk.office_recovery.missing() == "RECOVERY_MISSING_SUPERVISOR"
    office.lock()
    unlock(office, 2, clerk)
    assert office.desk.office_recovery.missing() == "RECOVERY_MISSING_SUPERVISOR"
    office.lock()
    unlock(office, 1, office.sentence)
    assert office.desk.office_recovery.missing() is None
    assert acts(office).count(Act.RECOVERY_KEYS_ADDED) == 1
    office.lock()
    without.lock()
    assert national.desk.office_recovery.missing() is None


def test_the_secretariat_journals_what_it_did(world: World) -> None:
    answer, _ = world.answered()
    assert answer
    assert acts(world.national)[-4:] == [
        *("COORDINATOR_NOTED", "UNLOCKED", "RECOVERY_REQUEST_COMPARED", "RECOVERY_ANSWERED"),
    ]
    world.national.desk.journal.verify()
