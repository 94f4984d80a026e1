"""The Secretariat's recovery identity: any two of three custodians, and the program `age` alone is enough."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path

import pytest

from desktop.crypto import recovery, sealing
from desktop.crypto.access_list import RecoveryKind
from desktop.crypto.encoding import Malformed
from tests.keys import key

CUSTODIANS = {name: key(number) for number, name in enumerate("ABC", start=61)}
IDENTITY = recovery.RecoveryIdentity(x25519=key(71), ed25519=key(72))
SHARES = recovery.make_shares(IDENTITY, [sealing.public_key(secret) for secret in CUSTODIANS.values()])


@pytest.mark.parametrize(("share", "first", "second"), [(n, a, b) for n in SHARES for a in "ABC" for b in "ABC"])
def test_two_custodians_open_their_file_in_either_order_and_nobody_else(share: str, first: str, second: str) -> None:
    secrets = [CUSTODIANS[first], CUSTODIANS[second]]
    if {first, second} == set(share):
        assert recovery.open_share(SHARES[share], secrets, IDENTITY.public()) == IDENTITY
    else:
        with pytest.raises(Malformed, match="NOT_FOR_US_OR_DAMAGED"):
            recovery.open_share(SHARES[share], secrets, IDENTITY.public())


def test_no_two_files_together_help_one_custodian() -> None:
    for one, share in itertools.product("ABC", SHARES):
        with pytest.raises(Malformed):
            recovery.open_share(SHARES[share], [CUSTODIANS[one]], IDENTITY.public())


def test_a_file_of_another_identity_is_told_from_a_closed_one() -> None:
    other = recovery.RecoveryIdentity(x25519=key(73), ed25519=IDENTITY.ed25519)
    secrets = [CUSTODIANS["A"], CUSTODIANS["B"]]
    with pytest.raises(Malformed, match="PURPOSE"):
        recovery.open_share(SHARES["AB"], secrets, other.public())
    line = {"ed25519": IDENTITY.public().ed25519.hex(), "purpose": "recovery-identity"}
    halves = json.dumps({"ed25519": key(72).hex(), "x25519": key(74).hex()}, separators=(",", ":")).encode()
    inside = sealing.with_purpose(halves, **line, x25519=IDENTITY.public().x25519.hex())
    forged = sealing.seal(sealing.seal(inside, sealing.public_key(secrets[1])), sealing.public_key(secrets[0]))
    with pytest.raises(Malformed, match="KEY"):
        recovery.open_share(forged, secrets, IDENTITY.public())


def test_a_file_beyond_its_limit_is_not_opened() -> None:
    with pytest.raises(Malformed, match="TOO_LONG"):
        recovery.open_share(
            SHARES["AB"] + bytes(recovery.MAX_SHARE_BYTES), list(CUSTODIANS.values()), IDENTITY.public()
        )


def test_three_different_custodians_are_needed() -> None:
    public = [sealing.public_key(secret) for secret in CUSTODIANS.values()]
    for wrong in (public[:2], [public[0], public[1], public[0]], [*public, sealing.public_key(key(64))]):
        with pytest.raises(Malformed, match="CUSTODIANS"):
            recovery.make_shares(IDENTITY, wrong)


def test_the_program_age_opens_a_file_with_two_identity_files(tmp_path: Path) -> None:
    opened = SHARES["BC"]
    for name in "BC":
        (tmp_path / name).write_bytes(recovery.identity_file(CUSTODIANS[name]))
        command = ["age", "--decrypt", "--identity", str(tmp_path / name)]
        opened = subprocess.run(command, input=opened, capture_output=True, check=True).stdout
    line, halves = opened.split(b"\n")
    assert json.loads(halves) == {"ed25519": IDENTITY.ed25519.hex(), "x25519": IDENTITY.x25519.hex()}
    assert json.loads(line)["purpose"] == "recovery-identity"


def test_keys_of_age_keygen_are_read(tmp_path: Path) -> None:
    subprocess.run(["age-keygen", "-o", tmp_path / "key"], capture_output=True, check=True)
    public = subprocess.run(["age-keygen", "-y", tmp_path / "key"], capture_output=True, check=True).stdout
    secret = recovery.custodian_secret((tmp_path / "key").read_bytes())
    assert recovery.custodian_public(public) == sealing.public_key(secret)
    assert recovery.custodian_public(recovery.recipient_file(secret)) == sealing.public_key(secret)
    (tmp_path / "ours").write_bytes(recovery.identity_file(secret))
    ours = subprocess.run(["age-keygen", "-y", tmp_path / "ours"], capture_output=True, check=True).stdout
    assert ours == public


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"# nothing\n",
        b"AGE-SECRET-KEY-1\n",
        recovery.identity_file(key(61)) * 2,
        recovery.identity_file(key(61)).replace(b"1", b"2", 1),
        recovery.identity_file(key(61))[:-4] + b"QQ\n",
        recovery.recipient_file(key(61)),
        b"\xff" + recovery.identity_file(key(61)),
        b"#" * recovery.MAX_CUSTODIAN_BYTES + b"\n" + recovery.identity_file(key(61)),
    ],
)
def test_what_is_no_identity_file_is_refused(text: bytes) -> None:
    with pytest.raises(Malformed, match="KEY"):
        recovery.custodian_secret(text)


def test_the_public_file_reads_back_and_nothing_else_does() -> None:
    public = recovery.public_file(IDENTITY.public())
    assert recovery.read_public_file(public) == IDENTITY.public()
    assert IDENTITY.public().kind is RecoveryKind.SECRETARIAT
    small = public.replace(IDENTITY.public().x25519.hex().encode(), b"00" * 32)
    for wrong in (
        *(b"", public + b" ", public.replace(b'"version":1', b'"version":2'), small),
        public.replace(b"recovery-public", b"other"),
    ):
        with pytest.raises(Malformed):
            recovery.read_public_file(wrong)


def test_nothing_secret_is_shown() -> None:
    assert "71" not in repr(IDENTITY)
    assert key(71).hex() not in repr(IDENTITY)
