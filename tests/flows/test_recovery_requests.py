"""What a request for recovery could be instead of an office's own, and what the Secretariat says to it (5.2)."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop import VERSION, vault_files
from desktop.bundles.enrolment import ENROLMENT_LABEL, Enrolment, digits, make_enrolment
from desktop.bundles.recovery_files import (
    MAX_ANSWER_BYTES,
    MAX_REQUEST_BYTES,
    REQUEST_LABEL,
    RecoveryRequest,
    make_request,
    open_request,
)
from desktop.clock import stamp
from desktop.crypto import recovery_lists, sealing
from desktop.crypto.access_list import RecoveryKind, VaultKind, read_list, sign_list
from desktop.crypto.header import choose_copy
from desktop.crypto.slots import UserKeys
from desktop.errors import NotTrusted, Obstacle
from tests.factory import dump, make_case, make_office, send
from tests.flows.recovery_world import World, name_identity, unlock
from tests.keys import CHEAP_BOUNDS, new_vault


def signed_by(keys: UserKeys, request: RecoveryRequest) -> bytes:
    """A request in which the fresh supervisor is whoever holds these keys."""
    fresh = replace(request.fresh, x25519=keys.public_x25519(), ed25519=keys.public_ed25519())
    return make_request(
        replace(request, fresh=fresh), Ed25519PrivateKey.from_private_bytes(keys.ed25519 or b"")
    ).content


def changed(content: bytes, **changes: object) -> bytes:
    """The office's own request with other members, signed by keys of an attacker's."""
    return signed_by(recovery_lists.new_keys(), replace(open_request(content).request, **changes))  # type: ignore[arg-type]


def refused(world: World, content: bytes, code: str) -> None:
    """It is refused at every door, with a journal entry each time, and nothing else changes."""
    before = dump(world.national.desk.vault)
    with pytest.raises(NotTrusted, match=code):
        world.national.desk.national_recovery.look(content)
    with pytest.raises(NotTrusted, match=code):
        world.national.desk.national_recovery.compare(content, "0" * 30)
    with pytest.raises(NotTrusted, match=code):
        world.answer(content)
    after = dump(world.national.desk.vault)
    noted = [row for row in after.pop("journal") if row not in before["journal"]]
    assert [(row["act"], row["reason"]) for row in noted] == [("RECOVERY_REFUSED", code)] * 3
    assert after == {name: rows for name, rows in before.items() if name != "journal"}


def test_another_offices_lists_are_refused(world: World, tmp_path: Path) -> None:
    stranger = make_office(tmp_path / "stranger", "031")
    lists, slots = stranger.desk.vault.keys.header.access_lists, stranger.desk.vault.keys.header.recovery_slots
    vault = stranger.desk.vault.vault
    stranger.lock()
    content, _, _ = world.ask()
    refused(world, changed(content, access_lists=lists, slot=slots[0], vault=vault), "RECOVERY_DEVICE_UNKNOWN")


def test_a_forged_list_that_names_the_offices_laptop_is_refused(world: World) -> None:
    content, _, _ = world.ask()
    genuine = open_request(content).request
    keys = recovery_lists.new_keys()
    first = read_list(genuine.access_lists[0])
    supervisor = replace(first.users[0], ed25519=keys.public_ed25519(), x25519=keys.public_x25519())
    forged = replace(first, users=(supervisor,), recovery=read_list(genuine.access_lists[-1]).recovery)
    refused(world, changed(content, access_lists=(sign_list(forged, keys.ed25519 or b""),)), "RECOVERY_LIST_UNKNOWN")


def test_a_chain_that_leaves_the_anchored_list_by_a_strangers_signature_is_refused(world: World) -> None:
    content, _, _ = world.ask()
    lists = open_request(content).request.access_lists
    last = read_list(lists[-1])
    following = replace(last, version=last.version + 1, previous=last.pin().sha256)
    stranger = sign_list(following, recovery_lists.new_keys().ed25519 or b"")
    refused(world, changed(content, access_lists=(*lists, stranger)), "RECOVERY_LISTS_WRONG")


def test_an_old_copy_of_the_header_without_the_last_bundles_list_is_refused(world: World) -> None:
    office = unlock(world.office, 1, world.office.sentence)
    office.desk.people.add(name="C. Clerk", role="CLERK")
    make_case(office)
    bundle = send(office)
    office.lock()
    content, read_out, _ = world.ask()
    lists = open_request(content).request.access_lists
    world.national.desk.national_recovery.look(changed(content, access_lists=lists[:-1]))  # nothing tells of it yet
    assert world.national.desk.intake.receive(bundle).outcome == "RECEIVED"
    refused(world, changed(content, access_lists=lists[:-1]), "RECOVERY_LIST_UNKNOWN")
    world.compare_and_wait(content, read_out)
    assert world.answer(content)


def test_a_chain_without_the_list_of_the_enrolment_is_refused(world: World) -> None:
    content, _, _ = world.ask()
    lists = open_request(content).request.access_lists
    refused(world, changed(content, access_lists=lists[1:]), "RECOVERY_LIST_UNKNOWN")


@pytest.mark.parametrize(
    ("kind", "practice", "code"),
    [(VaultKind.OFFICE, True, "PRACTICE_MISMATCH"), (VaultKind.SECRETARIAT, False, "RECOVERY_LISTS_WRONG")],
)
def test_a_laptop_enrolled_under_a_list_of_another_kind_is_refused(
    world: World, kind: VaultKind, practice: bool, code: str
) -> None:
    made = new_vault(kind, practice=practice)
    named = recovery_lists.with_secretariat(made.unlocked, world.identity.public(), CHEAP_BOUNDS)
    listed, device = named.access_list, Ed25519PrivateKey.from_private_bytes(made.device_ed25519)
    enrolment = Enrolment(
        access_list=listed.pin().sha256,
        app_version=VERSION,
        county="034",
        desk_code=345,
        device=listed.device.code,
        ed25519=listed.device.ed25519,
        incarnation="00" * 16,
        label="laptop 1",
        made_at=stamp(world.national.clock.now()),
        office="034-01",
        office_name="An office (invented)",
        practice=False,
        vault=listed.vault_id.hex(),
        x25519=listed.device.x25519,
    )
    file = make_enrolment(enrolment, device)
    world.national.desk.secretariat.enrol(file.content, digits(ENROLMENT_LABEL, file.payload))
    content, _, _ = world.ask()
    slot = recovery_lists.secretariat_slot(named.header, listed)
    forged = changed(content, access_lists=named.header.access_lists, slot=slot, vault=listed.vault_id)
    refused(world, forged, code)


def test_a_slot_of_another_recipient_is_refused(world: World) -> None:
    content, _, _ = world.ask()
    header = choose_copy(vault_files.read_header_copies(vault_files.newest_generation(world.office.folder))).header
    sheet = next(slot for slot in header.recovery_slots if slot.keys.kind is RecoveryKind.SHEET)
    refused(world, changed(content, slot=sheet), "RECOVERY_SLOT_WRONG")


def test_a_slot_that_holds_another_vaults_keys_is_found_by_the_custodians(world: World) -> None:
    content, _, _ = world.ask()
    slot = open_request(content).request.slot
    other = sealing.seal(
        sealing.open_sealed(slot.sealed, world.identity.x25519).replace(b'"generation":1', b'"generation":2'),
        slot.keys.x25519,
    )
    forged = changed(content, slot=replace(slot, sealed=other))
    world.compare_and_wait(forged, digits(REQUEST_LABEL, open_request(forged).payload))
    with pytest.raises(NotTrusted, match="RECOVERY_SLOT_WRONG"):
        world.answer(forged)


def test_R30_the_telephone_catches_100_of_100_swapped_keys(world: World) -> None:
    content, read_out, _ = world.ask()
    caught = 0
    for _ in range(100):
        try:
            world.national.desk.national_recovery.compare(changed(content), read_out)
        except NotTrusted as error:
            caught += error.code == "DIGITS_DIFFER"
    assert caught == 100
    assert world.national.desk.national_recovery.compare(content, read_out).compared_at


def test_a_fresh_supervisor_who_is_listed_already_is_refused(world: World) -> None:
    content, _, _ = world.ask()
    request = open_request(content).request
    listed = read_list(request.access_lists[-1]).users[0]
    fresh = request.fresh
    for known in (replace(fresh, id=listed.id), replace(fresh, desk_number=listed.desk_number)):
        refused(world, changed(content, fresh=known), "RECOVERY_KEYS_KNOWN")


def test_a_lost_laptop_is_refused_also_after_its_digits_agreed(world: World) -> None:
    content, read_out, _ = world.ask()
    world.compare_and_wait(content, read_out)
    world.national.desk.lost_devices.report(read_list(open_request(content).request.access_lists[-1]).device.code)
    refused(world, content, "RECOVERY_DEVICE_LOST")


def test_a_day_must_pass_by_the_secretariats_record(world: World) -> None:
    content, read_out, _ = world.ask()
    with pytest.raises(Obstacle, match="RECOVERY_NOT_COMPARED"):
        world.answer(content)
    world.compare_and_wait(content, read_out)
    world.national.clock.instant -= timedelta(seconds=30)
    world.national.desk.national_recovery.compare(content, read_out)  # again: the day does not begin anew
    with pytest.raises(Obstacle, match="RECOVERY_DAY_NOT_OVER") as caught:
        world.answer(content)
    assert caught.value.facts == {"hours": 1}
    world.national.clock.instant += timedelta(seconds=30)
    first = world.answer(content)
    assert world.answer(content) != first  # sealed anew


def test_one_custodian_is_not_enough_and_two_need_their_own_file(world: World) -> None:
    content, read_out, _ = world.ask()
    world.compare_and_wait(content, read_out)
    recover = world.national.desk.national_recovery
    for pair, keys in (("AB", "AA"), ("AB", "BB"), ("AB", "A"), ("AB", "AC"), ("BC", "AB")):
        with pytest.raises(Obstacle, match="RECOVERY_SHARE_CLOSED"):
            recover.answer(content, world.shares[pair], [world.custodians[name] for name in keys])
    with pytest.raises(Obstacle, match="RECOVERY_CUSTODIAN_WRONG"):
        recover.answer(content, world.shares["AB"], [world.custodians["A"], world.shares["AB"]])
    for pair in ("AB", "AC", "BC"):
        assert world.answer(content, pair)


def test_another_identitys_shares_sign_nothing(world: World) -> None:
    content, read_out, _ = world.ask()
    world.compare_and_wait(content, read_out)
    world.shares = name_identity(world.national, world.custodians)[1]
    with pytest.raises(NotTrusted, match="RECOVERY_OTHER_IDENTITY"):
        world.answer(content)


def test_files_beyond_their_limits_are_refused(world: World) -> None:
    refused(world, b"{" + b" " * MAX_REQUEST_BYTES, "RECOVERY_REQUEST_WRONG")
    answer, sentence = world.answered()
    with pytest.raises(NotTrusted, match="RECOVERY_ANSWER_NOT_FOR_US_OR_DAMAGED"):
        world.requests.take(answer + bytes(MAX_ANSWER_BYTES), sentence)
    huge = os.urandom(MAX_ANSWER_BYTES)
    with pytest.raises(NotTrusted, match="RECOVERY_ANSWER_NOT_FOR_US_OR_DAMAGED"):
        world.requests.take(huge, sentence)
