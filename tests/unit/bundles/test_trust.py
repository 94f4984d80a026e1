from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from desktop.bundles import frame
from desktop.bundles.codes import TrustReason
from desktop.bundles.roster import (
    sign_roster,
)
from desktop.bundles.trust import (
    KEYSET_TYPE,
    MAX_PACKAGE_FILE_BYTES,
    MAX_ROOTS,
    MAX_ROSTERS,
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
)
from desktop.crypto.encoding import Malformed, canonical_json, strict_json
from desktop.crypto.sealing import public_key, seal
from desktop.crypto.signing import sign_envelope
from tests.unit.bundles import world
from tests.unit.bundles.test_enrolment import SMALL_ORDER

TO = public_key(world.DEVICE_SECRET)


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
    assert world.refusal(lambda: verify_root(envelope, None)) == TrustReason.ROOT_SIGNATURE_WRONG


def test_one_key_listed_twice_is_refused() -> None:
    value = strict_json(root_payload(world.root()), limit_bytes=10_000)
    value["keys"] = [world.verifier("root a").hex()] * 2
    envelope = sign_envelope(ROOT_TYPE, canonical_json(value), world.signer("root a"), world.signer("root a"))
    assert world.refusal(lambda: verify_root(envelope, None)) == TrustReason.ROOT_WRONG


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
        assert world.refusal(partial(verify_root, envelope, old)) == TrustReason.ROOT_SIGNATURE_WRONG


def test_pilot_root_hands_over_to_another_key_only_with_both_signatures() -> None:
    old = world.root(keys=(world.verifier("root a"),), threshold=1)
    new = next_root(old, keys=(world.verifier("root b"),))
    assert verify_root(sign_root(new, world.signer("root a"), world.signer("root b")), old) == new
    for name in ("root a", "root b"):
        envelope = sign_root(new, world.signer(name))
        assert world.refusal(partial(verify_root, envelope, old)) == TrustReason.ROOT_SIGNATURE_WRONG


def test_roots_never_go_back_nor_skip_a_version() -> None:
    first = world.root()
    second = next_root(first)
    third = next_root(second)
    both = (world.signer("root a"), world.signer("root b"))
    one, two, three = (sign_root(value, *both) for value in (first, second, third))
    assert verify_roots([one, two, three], first) == third
    assert verify_roots([one, two], second) == second
    assert world.refusal(lambda: verify_roots([one], second)) == TrustReason.ROOT_OLDER
    other = sign_root(next_root(first, name="Another"), *both)
    assert world.refusal(lambda: verify_roots([one, other], second)) == TrustReason.ROOT_OLDER
    unlinked = sign_root(replace(second, previous=world.digest("other")), *both)
    for wrong in ([one, three], [two, three], [three], [one, one], [one, unlinked], []):
        assert world.refusal(partial(verify_roots, wrong, None)) == TrustReason.ROOT_LINK_MISSING


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
    assert world.refusal(lambda: verify_root(envelope, None)) == TrustReason.ROOT_WRONG


def test_payload_for_the_digits_is_the_signed_payload() -> None:
    assert payload_of_root(world.signed_root()) == root_payload(world.root())
    assert world.refusal(lambda: payload_of_root(b"{}")) == TrustReason.ROOT_WRONG
    assert world.refusal(lambda: payload_of_root(world.signed_roster())) == TrustReason.ROOT_WRONG


# ------------------------------------------------------------------------------------------- key sets


def test_keyset_is_verified_by_the_root_and_never_goes_back() -> None:
    first = world.keyset()
    second = replace(first, version=2)
    assert verify_keyset(world.signed_keyset(), world.root(), None) == first
    assert verify_keyset(world.signed_keyset(second), world.root(), first) == second
    assert verify_keyset(world.signed_keyset(second), world.root(), second) == second
    assert (
        world.refusal(lambda: verify_keyset(world.signed_keyset(first), world.root(), second))
        == TrustReason.KEYSET_OLDER
    )
    other = replace(second, issued_at=world.LATER)
    assert (
        world.refusal(lambda: verify_keyset(world.signed_keyset(other), world.root(), second))
        == TrustReason.KEYSET_OLDER
    )


def test_keyset_signed_by_too_few_or_by_its_own_keys_is_refused() -> None:
    for names in (("root a",), ("roster",), ("root a", "roster")):
        envelope = sign_keyset(world.keyset(), *map(world.signer, names))
        assert world.refusal(partial(verify_keyset, envelope, world.root(), None)) == TrustReason.KEYSET_SIGNATURE_WRONG


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
    assert world.refusal(lambda: verify_keyset(envelope, world.root(), None)) == TrustReason.KEYSET_WRONG


def test_keyset_before_the_first_release_has_no_release_keys() -> None:
    early = world.keyset(release_keys=(), release_threshold=0)
    assert verify_keyset(world.signed_keyset(early), world.root(), None) == early


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
    second = world.next_roster(known.roster)
    third = world.next_roster(second, keyset_version=2)
    newer = world.package(
        roots=(world.signed_root(), sign_root(root, *map(world.signer, ("root a", "root b", "root d")))),
        keyset=sign_keyset(keyset, world.signer("root b"), world.signer("root d")),
        rosters=(world.signed_roster(second), sign_roster(third, world.signer("new roster"))),
    )
    trust = verify_package(newer, known, practice=False)
    assert trust == Trust(root, keyset, third)
    assert trust_of(newer, practice=False) == trust
    assert world.refusal(lambda: verify_package(world.package(), trust, practice=False)) == TrustReason.ROOT_OLDER
    later_root_alone = replace(newer, roots=newer.roots[1:])
    assert world.refusal(lambda: trust_of(later_root_alone, practice=False)) == TrustReason.ROOT_SIGNATURE_WRONG
    held_already = replace(newer, rosters=(newer.rosters[-1],))
    assert verify_package(held_already, trust, practice=False) == trust
    assert parse_package(package_bytes(newer)) == newer
    garbled = replace(newer, roots=(newer.roots[0], sign_envelope(ROOT_TYPE, b"{}", world.signer("root a"))))
    assert world.refusal(lambda: verify_package(garbled, known, practice=False)) == TrustReason.ROOT_WRONG


def test_substituted_root_is_refused_where_one_is_known() -> None:
    known = trust_of(world.package(), practice=False)
    rogue_root = world.root(keys=(world.verifier("rogue"),), threshold=1)
    rogue = world.package(
        roots=(sign_root(rogue_root, world.signer("rogue")),), keyset=sign_keyset(world.keyset(), world.signer("rogue"))
    )
    assert trust_of(rogue, practice=False).root == rogue_root  # on its own word: this is why the digits are compared
    assert world.refusal(lambda: verify_package(rogue, known, practice=False)) == TrustReason.ROOT_OLDER


def test_practice_and_real_trust_do_not_mix() -> None:
    mixed = world.package(rosters=(world.signed_roster(world.roster(practice=True)),))
    for package, practice in ((mixed, False), (mixed, True), (world.package(), True)):
        assert world.refusal(partial(trust_of, package, practice=practice)) == TrustReason.TRUST_PRACTICE_MISMATCH


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
        assert world.refusal(partial(open_package, content, (world.DEVICE_SECRET,))) == TrustReason.PACKAGE_WRONG
    for secrets in ((world.seed("stranger"),), ()):
        assert world.refusal(partial(open_package, made.content, secrets)) == TrustReason.PACKAGE_NOT_FOR_US_OR_DAMAGED
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
        rosters.append(world.next_roster(rosters[-1]))
    value = world.package(rosters=tuple(world.signed_roster(roster) for roster in rosters))
    made = make_package(roots=value.roots, keyset=value.keyset, rosters=value.rosters, recipient=TO)
    assert trust_of(open_package(made.content, (world.DEVICE_SECRET,)), practice=False).roster == rosters[-1]


def test_documents_of_a_later_version_are_told_from_forgeries() -> None:
    good = world.package()
    for newer in (
        replace(good, roots=(world.later(good.roots[0]),)),
        replace(good, keyset=world.later(good.keyset)),
        replace(good, rosters=(world.later(good.rosters[0]),)),
    ):
        assert world.refusal(partial(trust_of, newer, practice=False)) == "DOCUMENT_NEWER"
    assert world.refusal(lambda: payload_of_root(world.later(good.roots[0]))) == "DOCUMENT_NEWER"


def test_package_carries_1024_rosters_and_no_more() -> None:
    rosters = [world.roster()]
    while len(rosters) < MAX_ROSTERS:
        rosters.append(world.next_roster(rosters[-1]))
    envelopes = tuple(world.signed_roster(roster) for roster in rosters)
    assert MAX_ROSTERS == 1024
    whole = parse_package(package_bytes(world.package(rosters=envelopes)))
    assert trust_of(whole, practice=False).roster == rosters[-1]
    with pytest.raises(Malformed):
        package_bytes(world.package(rosters=(*envelopes, envelopes[-1])))
    with pytest.raises(Malformed):
        package_bytes(world.package(roots=(world.signed_root(),) * (MAX_ROOTS + 1)))
