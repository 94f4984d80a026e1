from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from desktop.bundles import frame
from desktop.bundles.codes import TrustReason
from desktop.bundles.roster import (
    ROSTER_TYPE,
    Office,
    Recipient,
    Roster,
    Use,
    parse_roster,
    roster_payload,
    sign_roster,
)
from desktop.bundles.trust import (
    KEYSET_TYPE,
    MAX_PACKAGE_FILE_BYTES,
    PACKAGE_MAGIC,
    ROOT_TYPE,
    Root,
    Trust,
    keyset_payload,
    make_package,
    open_package,
    package_bytes,
    parse_package,
    payload_of_root,
    root_payload,
    sign_keyset,
    sign_root,
    trust_of,
    verify_keyset,
    verify_package,
    verify_root,
    verify_roots,
    verify_rosters,
)
from desktop.crypto.encoding import Malformed, canonical_json, strict_json
from desktop.crypto.sealing import public_key, seal
from desktop.crypto.signing import sign_envelope
from desktop.errors import NotTrusted
from tests.unit.bundles import world
from tests.unit.bundles.test_enrolment import SMALL_ORDER

TO = public_key(world.DEVICE_SECRET)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(NotTrusted) as refused:
        act()
    return refused.value.code


def next_roster(before: Roster, **changes: Any) -> Roster:
    return replace(before, version=before.version + 1, previous=before.payload_sha256, **changes)


def next_root(before: Root, **changes: Any) -> Root:
    return replace(before, version=before.version + 1, previous=before.payload_sha256, **changes)


# ------------------------------------------------------------------------------------------- roots


def test_root_is_verified_by_its_own_threshold() -> None:
    assert verify_root(world.signed_root(), None) == world.root()


@pytest.mark.parametrize(
    "signers",
    [["root a"], ["root a", "root a"], ["root a", "stranger"], ["root a", "root b", "stranger"], ["stranger"]],
)
def test_root_needs_two_distinct_keys_of_its_own_and_nobody_elses(signers: list[str]) -> None:
    envelope = sign_root(world.root(), *map(world.signer, signers))
    assert refusal(lambda: verify_root(envelope, None)) == TrustReason.ROOT_SIGNATURE_WRONG


def test_one_key_listed_twice_is_refused() -> None:
    value = strict_json(root_payload(world.root()), limit_bytes=10_000)
    value["keys"] = [world.verifier("root a").hex()] * 2
    envelope = sign_envelope(ROOT_TYPE, canonical_json(value), world.signer("root a"), world.signer("root a"))
    assert refusal(lambda: verify_root(envelope, None)) == TrustReason.ROOT_WRONG


def test_pilot_root_of_one_key_takes_exactly_one_signature() -> None:
    pilot = world.root(keys=(world.verifier("root a"),), threshold=1)
    assert verify_root(sign_root(pilot, world.signer("root a")), None) == pilot


def test_successor_needs_old_and_new_threshold() -> None:
    old = world.root()
    new = next_root(old, keys=(world.verifier("root c"), world.verifier("root d"), world.verifier("root e")))
    enough = sign_root(new, *map(world.signer, ("root a", "root c", "root d")))
    assert verify_root(enough, old) == new
    for signers in (("root c", "root d"), ("root a", "root b"), ("root a", "root c"), ("root a", "root b", "root d")):
        envelope = sign_root(new, *map(world.signer, signers))
        assert refusal(lambda envelope=envelope: verify_root(envelope, old)) == TrustReason.ROOT_SIGNATURE_WRONG  # type: ignore[misc]  # bound early on purpose


def test_pilot_root_hands_over_to_another_key_only_with_both_signatures() -> None:
    old = world.root(keys=(world.verifier("root a"),), threshold=1)
    new = next_root(old, keys=(world.verifier("root b"),))
    assert verify_root(sign_root(new, world.signer("root a"), world.signer("root b")), old) == new
    for name in ("root a", "root b"):
        envelope = sign_root(new, world.signer(name))
        assert refusal(lambda envelope=envelope: verify_root(envelope, old)) == TrustReason.ROOT_SIGNATURE_WRONG  # type: ignore[misc]  # bound early on purpose


def test_roots_never_go_back_nor_skip_a_version() -> None:
    first = world.root()
    second = next_root(first)
    third = next_root(second)
    both = (world.signer("root a"), world.signer("root b"))
    one, two, three = (sign_root(value, *both) for value in (first, second, third))
    assert verify_roots([one, two, three], first) == third
    assert verify_roots([one, two], second) == second
    assert refusal(lambda: verify_roots([one], second)) == TrustReason.ROOT_OLDER
    other = sign_root(next_root(first, name="Another"), *both)
    assert refusal(lambda: verify_roots([one, other], second)) == TrustReason.ROOT_OLDER
    unlinked = sign_root(replace(second, previous=world.digest("other")), *both)
    for wrong in ([one, three], [two, three], [three], [one, one], [one, unlinked], []):
        assert refusal(lambda wrong=wrong: verify_roots(wrong, None)) == TrustReason.ROOT_LINK_MISSING  # type: ignore[misc]  # bound early on purpose


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 0},
        {"threshold": 4},
        {"keys": []},
        *({"keys": [key]} for key in SMALL_ORDER),
        {"version": 2},
        {"previous": world.digest("x")},
        {"name": ""},
        {"expires_at": "never"},
        {"practice": None},
        {"note": 1},
    ],
)
def test_root_with_a_wrong_member_is_refused(change: dict[str, Any]) -> None:
    value = strict_json(root_payload(world.root()), limit_bytes=10_000)
    envelope = sign_envelope(ROOT_TYPE, canonical_json(value | change), world.signer("root a"), world.signer("root b"))
    assert refusal(lambda: verify_root(envelope, None)) == TrustReason.ROOT_WRONG


def test_payload_for_the_digits_is_the_signed_payload() -> None:
    assert payload_of_root(world.signed_root()) == root_payload(world.root())
    assert refusal(lambda: payload_of_root(b"{}")) == TrustReason.ROOT_WRONG
    assert refusal(lambda: payload_of_root(world.signed_roster())) == TrustReason.ROOT_WRONG


# ------------------------------------------------------------------------------------------- key sets


def test_keyset_is_verified_by_the_root_and_never_goes_back() -> None:
    first = world.keyset()
    second = replace(first, version=2)
    assert verify_keyset(world.signed_keyset(), world.root(), None) == first
    assert verify_keyset(world.signed_keyset(second), world.root(), first) == second
    assert verify_keyset(world.signed_keyset(second), world.root(), second) == second
    assert refusal(lambda: verify_keyset(world.signed_keyset(first), world.root(), second)) == TrustReason.KEYSET_OLDER
    other = replace(second, issued_at=world.LATER)
    assert refusal(lambda: verify_keyset(world.signed_keyset(other), world.root(), second)) == TrustReason.KEYSET_OLDER


def test_keyset_signed_by_too_few_or_by_its_own_keys_is_refused() -> None:
    for names in (("root a",), ("roster",), ("root a", "roster")):
        envelope = sign_keyset(world.keyset(), *map(world.signer, names))
        assert (
            refusal(lambda envelope=envelope: verify_keyset(envelope, world.root(), None))  # type: ignore[misc]  # bound early on purpose
            == TrustReason.KEYSET_SIGNATURE_WRONG
        )


@pytest.mark.parametrize(
    "change",
    [
        {"root_version": 2},
        {"roster_keys": []},
        {"roster_threshold": 0},
        {"roster_threshold": 2},
        {"release_threshold": 2},
        {"release_threshold": 0},
        {"release_keys": [SMALL_ORDER[1]]},
        {"version": 0},
        {"issued_at": None},
        {"note": 1},
    ],
)
def test_keyset_with_a_wrong_member_or_for_another_root_is_refused(change: dict[str, Any]) -> None:
    value = strict_json(keyset_payload(world.keyset()), limit_bytes=10_000)
    envelope = sign_envelope(
        KEYSET_TYPE, canonical_json(value | change), world.signer("root a"), world.signer("root b")
    )
    assert refusal(lambda: verify_keyset(envelope, world.root(), None)) == TrustReason.KEYSET_WRONG


def test_keyset_before_the_first_release_has_no_release_keys() -> None:
    early = world.keyset(release_keys=(), release_threshold=0)
    assert verify_keyset(world.signed_keyset(early), world.root(), None) == early


# ------------------------------------------------------------------------------------------- rosters


def test_roster_comes_back_member_by_member() -> None:
    assert parse_roster(roster_payload(world.roster())) == world.roster()


def test_roster_is_verified_by_the_keyset_and_linked_to_the_one_before() -> None:
    first = world.roster()
    second = next_roster(first)
    third = next_roster(second)
    envelopes = [world.signed_roster(value) for value in (first, second, third)]
    assert verify_rosters(envelopes, world.keyset(), None) == third
    assert verify_rosters(envelopes[1:], world.keyset(), first) == third
    assert verify_rosters(envelopes[2:], world.keyset(), second) == third
    assert verify_rosters(envelopes, world.keyset(), third) == third
    missing = TrustReason.ROSTER_LINK_MISSING
    assert refusal(lambda: verify_rosters(envelopes[2:], world.keyset(), first)) == missing
    assert refusal(lambda: verify_rosters([envelopes[0], envelopes[2]], world.keyset(), None)) == missing
    assert refusal(lambda: verify_rosters(envelopes[:2], world.keyset(), third)) == TrustReason.ROSTER_OLDER
    other = next_roster(first, min_app="9.9.9")
    assert refusal(lambda: verify_rosters([world.signed_roster(other)], world.keyset(), second)) == (
        TrustReason.ROSTER_OLDER
    )
    unlinked = replace(third, previous=world.digest("other"))
    assert refusal(lambda: verify_rosters([world.signed_roster(unlinked)], world.keyset(), second)) == missing


def test_earlier_roster_needs_no_signature_of_todays_keys_but_cannot_be_another() -> None:
    first = world.roster()
    new_keys = world.keyset(version=2, roster_keys=(world.verifier("new roster"),))
    second = next_roster(first, keyset_version=2)
    newest = sign_roster(second, world.signer("new roster"))
    assert verify_rosters([world.signed_roster(first), newest], new_keys, first) == second
    other = sign_roster(world.roster(min_app="9.9.9"), world.signer("roster"))
    assert refusal(lambda: verify_rosters([other, newest], new_keys, None)) == TrustReason.ROSTER_LINK_MISSING


def test_roster_signed_by_anybody_else_is_refused() -> None:
    for name in ("release", "root a", "stranger"):
        envelope = sign_roster(world.roster(), world.signer(name))
        assert (
            refusal(lambda envelope=envelope: verify_rosters([envelope], world.keyset(), None))  # type: ignore[misc]  # bound early on purpose
            == TrustReason.ROSTER_SIGNATURE_WRONG
        )
    assert refusal(lambda: verify_rosters([], world.keyset(), None)) == TrustReason.ROSTER_WRONG


def roster_cases() -> list[dict[str, Any]]:
    value = strict_json(roster_payload(world.roster()), limit_bytes=100_000)
    device, office, intake = value["devices"][0], value["offices"][0], value["intake"]
    return [
        {"devices": [device, device]},
        {"devices": [device | {"office": "KE001"}]},
        {"devices": [device | {"county": "001"}]},
        {"devices": [device | {"valid_from": 0}]},
        {"devices": [device | {"revoked_after": 3}]},
        {"devices": [device | {"revoked_reason": "LOST"}]},
        {"devices": [device | {"note": 1}]},
        *({"devices": [device | {"ed25519": key}]} for key in SMALL_ORDER),
        {
            "devices": [
                device,
                device | {"device": world.hex_id("second"), "ed25519": world.verifier("second").hex()},
            ]
        },
        {"intake": []},
        {"intake": intake[1:]},
        {"intake": [intake[0], intake[0]]},
        {"intake": [intake[0] | {"use": "ARCHIVE"}]},
        {"intake": [intake[0] | {"x25519": "00" * 32}]},
        {"receipt_keys": []},
        {"receipt_keys": value["receipt_keys"] * 2},
        {"offices": [office, office]},
        {"offices": [office | {"county": "47"}]},
        {"min_seal": "none"},
        {"min_app": ""},
        {"version": 0},
        {"version": 2},
        {"previous": world.digest("x")},
        {"keyset_version": 2},
        {"practice": 0},
        {"expires_at": 0},
        {"note": 1},
    ]


@pytest.mark.parametrize("change", roster_cases())
def test_roster_with_a_wrong_member_is_refused(change: dict[str, Any]) -> None:
    value = strict_json(roster_payload(world.roster()), limit_bytes=100_000)
    envelope = sign_envelope(ROSTER_TYPE, canonical_json(value | change), world.signer("roster"))
    assert refusal(lambda: verify_rosters([envelope], world.keyset(), None)) == TrustReason.ROSTER_WRONG


def test_device_with_new_keys_is_listed_again_and_found_by_either() -> None:
    old = world.device(revoked_after=9, revoked_reason="KEYS_CHANGED")
    new = world.device(ed25519=world.verifier("new device"), valid_from=10)
    both = parse_roster(roster_payload(world.roster(devices=(old, new))))
    assert both.device_of_key(old.ed25519) == old
    assert both.device_of_key(new.ed25519) == new
    assert both.device_of_key(world.verifier("stranger")) is None


def test_intake_keys_are_found_by_use() -> None:
    roster = world.roster()
    assert roster.recipients(Use.RESTRICTED) == (public_key(world.RESTRICTED_SECRET),)
    assert len(roster.recipients(Use.OPERATIONAL)) == 1


def test_maker_refuses_what_its_reader_would() -> None:
    for wrong in ({"intake": (Recipient(Use.RESTRICTED, TO, None),)}, {"offices": (Office("KE001", "001", "x"),)}):
        with pytest.raises(Malformed):
            sign_roster(world.roster(**wrong), world.signer("roster"))


# ------------------------------------------------------------------------------------------- the package


def test_package_comes_back_and_is_verified_from_nothing_and_from_itself() -> None:
    value = world.package()
    made = make_package(roots=value.roots, keyset=value.keyset, rosters=value.rosters, recipient=TO)
    opened = open_package(made.content, (world.seed("old key"), world.DEVICE_SECRET))
    assert opened == value
    trust = trust_of(opened, practice=False)
    assert trust == Trust(world.root(), world.keyset(), world.roster())
    assert verify_package(opened, None, practice=False) == trust
    assert verify_package(opened, trust, practice=False) == trust
    assert re.fullmatch(r"T-[A-Z2-7]{10}\.rufaa", made.file_name)


def test_package_with_a_new_root_keyset_and_two_rosters_brings_an_office_up_to_date() -> None:
    known = trust_of(world.package(), practice=False)
    root = next_root(known.root, keys=(world.verifier("root b"), world.verifier("root d")))
    keyset = world.keyset(version=2, root_version=2, roster_keys=(world.verifier("new roster"),))
    second = next_roster(known.roster)
    third = next_roster(second, keyset_version=2)
    newer = world.package(
        roots=(world.signed_root(), sign_root(root, *map(world.signer, ("root a", "root b", "root d")))),
        keyset=sign_keyset(keyset, world.signer("root b"), world.signer("root d")),
        rosters=(world.signed_roster(second), sign_roster(third, world.signer("new roster"))),
    )
    trust = verify_package(newer, known, practice=False)
    assert trust == Trust(root, keyset, third)
    assert trust_of(newer, practice=False) == trust
    assert refusal(lambda: verify_package(world.package(), trust, practice=False)) == TrustReason.ROOT_OLDER
    later_root_alone = replace(newer, roots=newer.roots[1:])
    assert refusal(lambda: trust_of(later_root_alone, practice=False)) == TrustReason.ROOT_SIGNATURE_WRONG
    held_already = replace(newer, rosters=(newer.rosters[-1],))
    assert verify_package(held_already, trust, practice=False) == trust
    assert parse_package(package_bytes(newer)) == newer
    garbled = replace(newer, roots=(newer.roots[0], sign_envelope(ROOT_TYPE, b"{}", world.signer("root a"))))
    assert refusal(lambda: verify_package(garbled, known, practice=False)) == TrustReason.ROOT_WRONG


def test_substituted_root_is_refused_where_one_is_known() -> None:
    known = trust_of(world.package(), practice=False)
    rogue_root = world.root(keys=(world.verifier("rogue"),), threshold=1)
    rogue = world.package(
        roots=(sign_root(rogue_root, world.signer("rogue")),), keyset=sign_keyset(world.keyset(), world.signer("rogue"))
    )
    assert trust_of(rogue, practice=False).root == rogue_root  # on its own word: this is why the digits are compared
    assert refusal(lambda: verify_package(rogue, known, practice=False)) == TrustReason.ROOT_OLDER


def test_practice_and_real_trust_do_not_mix() -> None:
    mixed = world.package(rosters=(world.signed_roster(world.roster(practice=True)),))
    for package, practice in ((mixed, False), (mixed, True), (world.package(), True)):
        assert (
            refusal(lambda package=package, practice=practice: trust_of(package, practice=practice))  # type: ignore[misc]  # bound early on purpose
            == TrustReason.TRUST_PRACTICE_MISMATCH
        )


def test_package_that_is_none_is_refused() -> None:
    value = world.package()
    made = make_package(roots=value.roots, keyset=value.keyset, rosters=value.rosters, recipient=TO)
    body = canonical_json({"keyset": "", "roots": [], "rosters": []})
    wrong = [
        b"x" * (MAX_PACKAGE_FILE_BYTES + 1),
        seal(b"", TO),
        seal(frame.frame_to_page(b"RUFAAA1\n", body), TO),
        seal(frame.frame_to_page(PACKAGE_MAGIC, body), TO),
        seal(frame.frame_to_page(PACKAGE_MAGIC, b"{}"), TO),
    ]
    for content in wrong:
        assert (
            refusal(lambda content=content: open_package(content, (world.DEVICE_SECRET,))) == TrustReason.PACKAGE_WRONG  # type: ignore[misc]  # bound early on purpose
        )
    for secrets in ((world.seed("stranger"),), ()):
        assert (
            refusal(lambda secrets=secrets: open_package(made.content, secrets))  # type: ignore[misc]  # bound early on purpose
            == TrustReason.PACKAGE_NOT_FOR_US_OR_DAMAGED
        )
    with pytest.raises(Malformed):
        make_package(roots=(), keyset=value.keyset, rosters=value.rosters, recipient=TO)


def test_roster_of_five_hundred_devices_travels_with_its_links() -> None:
    devices = tuple(
        world.device(
            device=world.hex_id(f"d{n}"), ed25519=world.verifier(f"d{n}"), desk_code=100 + n, label=f"Laptop {n}"
        )
        for n in range(500)
    )
    rosters = [world.roster(devices=devices)]
    for _ in range(7):
        rosters.append(next_roster(rosters[-1]))
    value = world.package(rosters=tuple(world.signed_roster(roster) for roster in rosters))
    made = make_package(roots=value.roots, keyset=value.keyset, rosters=value.rosters, recipient=TO)
    assert trust_of(open_package(made.content, (world.DEVICE_SECRET,)), practice=False).roster == rosters[-1]
