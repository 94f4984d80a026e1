"""The roster: read strictly, verified by the key set, linked to the one before."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from desktop.bundles.codes import TrustReason
from desktop.bundles.roster import (
    ROSTER_TYPE,
    Line,
    Office,
    Recipient,
    Use,
    parse_roster,
    roster_payload,
    sign_roster,
)
from desktop.bundles.trust import (
    verify_rosters,
)
from desktop.crypto.encoding import Malformed, canonical_json, strict_json
from desktop.crypto.sealing import public_key
from desktop.crypto.signing import sign_envelope
from tests.unit.bundles import world
from tests.unit.bundles.test_enrolment import SMALL_ORDER

TO = public_key(world.DEVICE_SECRET)


def test_roster_comes_back_member_by_member() -> None:
    assert parse_roster(roster_payload(world.roster())) == world.roster()


def test_roster_is_verified_by_the_keyset_and_linked_to_the_one_before() -> None:
    first = world.roster()
    second = world.next_roster(first)
    third = world.next_roster(second)
    envelopes = [world.signed_roster(value) for value in (first, second, third)]
    assert verify_rosters(envelopes, world.keyset(), None) == third
    assert verify_rosters(envelopes[1:], world.keyset(), first) == third
    assert verify_rosters(envelopes[2:], world.keyset(), second) == third
    assert verify_rosters(envelopes, world.keyset(), third) == third
    missing = TrustReason.ROSTER_LINK_MISSING
    assert world.refusal(lambda: verify_rosters(envelopes[2:], world.keyset(), first)) == missing
    assert world.refusal(lambda: verify_rosters([envelopes[0], envelopes[2]], world.keyset(), None)) == missing
    assert world.refusal(lambda: verify_rosters(envelopes[:2], world.keyset(), third)) == TrustReason.ROSTER_OLDER
    other = world.next_roster(first, min_app="9.9.9")
    assert world.refusal(lambda: verify_rosters([world.signed_roster(other)], world.keyset(), second)) == (
        TrustReason.ROSTER_OLDER
    )
    unlinked = replace(third, previous=world.digest("other"))
    assert world.refusal(lambda: verify_rosters([world.signed_roster(unlinked)], world.keyset(), second)) == missing


def test_earlier_roster_needs_no_signature_of_todays_keys_but_cannot_be_another() -> None:
    first = world.roster()
    new_keys = world.keyset(version=2, roster_keys=(world.verifier("new roster"),))
    second = world.next_roster(first, keyset_version=2)
    newest = sign_roster(second, world.signer("new roster"))
    assert verify_rosters([world.signed_roster(first), newest], new_keys, first) == second
    other = sign_roster(world.roster(min_app="9.9.9"), world.signer("roster"))
    assert world.refusal(lambda: verify_rosters([other, newest], new_keys, None)) == TrustReason.ROSTER_LINK_MISSING


def test_roster_signed_by_anybody_else_is_refused() -> None:
    for name in ("release", "root a", "stranger"):
        envelope = sign_roster(world.roster(), world.signer(name))
        assert (
            world.refusal(partial(verify_rosters, [envelope], world.keyset(), None))
            == TrustReason.ROSTER_SIGNATURE_WRONG
        )
    assert world.refusal(lambda: verify_rosters([], world.keyset(), None)) == TrustReason.ROSTER_WRONG


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
        {"min_seal": None},
        {"min_seal": "no code at all"},
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
    assert world.refusal(lambda: verify_rosters([envelope], world.keyset(), None)) == TrustReason.ROSTER_WRONG


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


def test_roster_that_asks_for_another_seal_is_a_later_programs() -> None:
    value = strict_json(roster_payload(world.roster()), limit_bytes=100_000)
    payload = canonical_json(value | {"min_seal": "age-mlkem768x25519-1", "a_new_member": []})
    later = sign_envelope(ROSTER_TYPE, payload, world.signer("roster"))
    assert world.refusal(lambda: verify_rosters([later], world.keyset(), None)) == "DOCUMENT_NEWER"
    forged = sign_envelope(ROSTER_TYPE, payload, world.signer("stranger"))
    assert world.refusal(lambda: verify_rosters([forged], world.keyset(), None)) == TrustReason.ROSTER_SIGNATURE_WRONG
    second = world.signed_roster(world.next_roster(world.roster()))
    for earlier in (later, world.later(world.signed_roster())):
        assert world.refusal(partial(verify_rosters, [earlier, second], world.keyset(), None)) == "DOCUMENT_NEWER"


LINE = {"pin": "ab" * 32, "url": "https://receive.example:8443/tus/files/"}


def with_line(line: object) -> bytes:
    body: Any = strict_json(roster_payload(world.roster()), limit_bytes=100_000)
    return canonical_json({**body, "line": line})


@pytest.mark.parametrize("pin", [None, "ab" * 32])
def test_a_roster_may_name_a_line(pin: str | None) -> None:
    payload = with_line({**LINE, "pin": pin})
    roster = parse_roster(payload)
    assert roster.line == Line(LINE["url"], bytes.fromhex(pin) if pin else None)
    assert roster_payload(roster) == payload
    assert parse_roster(roster_payload(world.roster())).line is None


@pytest.mark.parametrize(
    "line",
    [
        None,
        {},
        {"url": LINE["url"]},
        {**LINE, "more": 1},
        {**LINE, "pin": "AB" * 32},
        {**LINE, "pin": "ab" * 31},
        *(
            {**LINE, "url": url}
            for url in (
                "http://receive.example/",
                "https://",
                "https://a@receive.example/",
                "https://receive.example/?x",
                "https://receive.example/#x",
                "https://receive.example/a b",
                "https://receive.example:0/",
                "https://receive.example:65536/",
                "https://receive.example/" + "x" * 500,
                "https://receive.example\n",
                1,
            )
        ),
    ],
)
def test_a_line_that_is_none_is_refused(line: object) -> None:
    with pytest.raises(Malformed):
        parse_roster(with_line(line))
