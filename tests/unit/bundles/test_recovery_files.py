"""Request and answer of recovery: strict in every member, within limits, readable by the text of the format alone."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from desktop.bundles import recovery_files as files
from desktop.bundles.enrolment import digits, same_digits
from desktop.bundles.frame import frame_to_page
from desktop.crypto import recovery, recovery_lists, sealing
from desktop.crypto.access_list import read_list
from desktop.crypto.encoding import Malformed, canonical_json
from desktop.crypto.sealing import age_identity
from desktop.crypto.signing import public_bytes, sign_envelope
from desktop.errors import NotTrusted
from tests.keys import WORDLISTS

VECTORS = Path(__file__).parents[2] / "vectors"
NOTED: dict[str, Any] = json.loads((VECTORS / "recovery-v1.json").read_text(encoding="utf-8"))
REQUEST = (VECTORS / "recovery-request-v1.rufaa").read_bytes()
ANSWER = (VECTORS / "recovery-answer-v1.rufaa").read_bytes()
FRESH = {name: bytes.fromhex(NOTED["fresh"][name]) for name in ("x25519", "ed25519")}
FRESH_KEY = Ed25519PrivateKey.from_private_bytes(FRESH["ed25519"])
RECOVERY_KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(NOTED["identity"]["ed25519"]))
SIGNERS = (public_bytes(RECOVERY_KEY),)


def payload_of(envelope: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(json.loads(envelope)["payload"]))
    return found


def request_of(payload: Any, kind: str = files.REQUEST_TYPE) -> bytes:
    return sign_envelope(kind, canonical_json(payload), FRESH_KEY)


def answer_payload() -> dict[str, Any]:
    plaintext = sealing.open_sealed(ANSWER, FRESH["x25519"])
    return payload_of(plaintext[12 : 12 + int.from_bytes(plaintext[8:12], "big")])


def answer_of(payload: Any, kind: str = files.ANSWER_TYPE, magic: bytes = files.ANSWER_MAGIC) -> bytes:
    envelope = sign_envelope(kind, canonical_json(payload), RECOVERY_KEY)
    return sealing.seal(frame_to_page(magic, envelope), sealing.public_key(FRESH["x25519"]))


def open_answer(content: bytes) -> files.RecoveryAnswer:
    return files.open_answer(content, FRESH["x25519"], SIGNERS)


# --------------------------------------------------------------------------------------------------- vectors


def test_stored_request_reads_and_writing_gives_its_bytes() -> None:
    opened = files.open_request(REQUEST)
    assert opened.sha256 == NOTED["request_sha256"]
    assert opened.request.fresh.id == NOTED["fresh"]["user"]
    same_digits(NOTED["digits"], "rufaa-recovery-v1", opened.payload)
    made = files.make_request(opened.request, FRESH_KEY)
    assert made.content == REQUEST
    assert made.file_name.startswith("Q-")


def test_stored_share_waiting_keys_and_answer_open() -> None:
    secrets = [bytes.fromhex(NOTED["custodians"][name]) for name in "BA"]
    public = recovery.read_public_file((VECTORS / "recovery-public-v1.json").read_bytes())
    identity = recovery.open_share((VECTORS / "recovery-share-ab-v1.age").read_bytes(), secrets, public)
    assert identity.x25519.hex() == NOTED["identity"]["x25519"]
    request = files.open_request(REQUEST).request
    held = recovery_lists.open_slot(identity, request.slot, read_list(request.access_lists[-1]))
    assert held.dek.hex() == NOTED["dek"]
    waiting = recovery_lists.read_waiting((VECTORS / "recovery-request-v1.key").read_bytes())
    assert waiting.slot.wordlist in WORDLISTS
    keys, pin = recovery_lists.open_waiting(waiting, NOTED["sentence"])
    assert (keys.x25519, keys.ed25519) == (FRESH["x25519"], FRESH["ed25519"])
    assert pin == read_list(request.access_lists[-1]).pin()
    answer = files.open_answer(ANSWER, keys.x25519, SIGNERS)
    assert (answer.request, answer.dek.hex()) == (waiting.request, NOTED["dek"])
    assert [{"public": p.hex(), "private": s.hex()} for p, s in answer.r.items()] == NOTED["r"]
    assert read_list(answer.access_list).pin().sha256 == NOTED["list_sha256"]


def test_the_text_of_the_format_is_enough_to_open_an_answer(tmp_path: Path) -> None:
    (tmp_path / "identity").write_text(age_identity(FRESH["x25519"]) + "\n", encoding="ascii")
    command = ["age", "-d", "-i", str(tmp_path / "identity")]
    plaintext = subprocess.run(command, input=ANSWER, capture_output=True, check=True).stdout
    assert plaintext[:8] == b"RUFAAV1\n"
    end = 12 + int.from_bytes(plaintext[8:12], "big")
    assert (len(plaintext) % 4096, plaintext[end:].strip(b"\0")) == (0, b"")
    envelope = json.loads(plaintext[12:end])
    payload = base64.b64decode(envelope["payload"])
    kind = b"application/vnd.rufaa.recovery-answer.v1+json"
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    recovery_key = json.loads((VECTORS / "recovery-public-v1.json").read_bytes())["ed25519"]
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(recovery_key)).verify(signature, signed)
    said = json.loads(payload)
    assert (said["dek"], said["request"], said["vault"]) == (NOTED["dek"], NOTED["request_sha256"], NOTED["vault"])
    following = json.loads(base64.b64decode(said["access_list"]))
    assert hashlib.sha256(base64.b64decode(following["payload"])).hexdigest() == NOTED["list_sha256"]
    label, request = b"rufaa-recovery-v1", base64.b64decode(json.loads(REQUEST)["payload"])
    parts = b"".join(len(part).to_bytes(4, "big") + part for part in (label, request))
    number = int.from_bytes(hashlib.sha256(parts).digest(), "big") % 10**30
    assert f"{number:030d}" == NOTED["digits"].replace(" ", "")


# --------------------------------------------------------------------------------------------------- strictness

SPOILT: dict[str, Callable[[Any], Any]] = {
    "absent": lambda found: None,
    "null": lambda found: None,
    "number": lambda found: -1,
    "text": lambda found: "x",
    "empty": lambda found: [],
    "long": lambda found: found * 2000 if isinstance(found, list) else "00" * 200_000,
}


@pytest.mark.parametrize("how", list(SPOILT))
@pytest.mark.parametrize("member", sorted(payload_of(REQUEST)))
def test_a_request_with_a_spoilt_member_is_refused(member: str, how: str) -> None:
    payload = payload_of(REQUEST)
    payload[member] = SPOILT[how](payload[member])
    if how == "absent":
        del payload[member]
    with pytest.raises(NotTrusted, match="RECOVERY_REQUEST_WRONG"):
        files.open_request(request_of(payload))


@pytest.mark.parametrize("how", list(SPOILT))
@pytest.mark.parametrize("member", sorted(answer_payload()))
def test_an_answer_with_a_spoilt_member_is_refused(member: str, how: str) -> None:
    payload = answer_payload()
    if (member, how) == ("r", "empty"):  # an office whose class the Secretariat holds
        assert open_answer(answer_of(payload | {"r": []})).r == {}
        return
    payload[member] = SPOILT[how](payload[member])
    if how == "absent":
        del payload[member]
    with pytest.raises(NotTrusted, match="RECOVERY_ANSWER"):
        open_answer(answer_of(payload))


def test_members_beyond_those_named_are_refused() -> None:
    with pytest.raises(NotTrusted, match="RECOVERY_REQUEST_WRONG"):
        files.open_request(request_of(payload_of(REQUEST) | {"more": 1}))
    with pytest.raises(NotTrusted, match="RECOVERY_ANSWER_WRONG"):
        open_answer(answer_of(answer_payload() | {"more": 1}))
    half = answer_payload()["r"][0]
    with pytest.raises(NotTrusted, match="RECOVERY_ANSWER_WRONG"):
        open_answer(answer_of(answer_payload() | {"r": [half, half]}))


def test_a_changed_byte_of_a_request_is_refused() -> None:
    for place in range(0, len(REQUEST), 3):
        spoilt = bytearray(REQUEST)
        spoilt[place] ^= 1
        with pytest.raises(NotTrusted):
            files.open_request(bytes(spoilt))


def test_a_request_counts_only_by_the_fresh_key_it_names() -> None:
    stranger = Ed25519PrivateKey.generate()
    forged = sign_envelope(files.REQUEST_TYPE, files.open_request(REQUEST).payload, stranger)
    with pytest.raises(NotTrusted, match="RECOVERY_REQUEST_WRONG"):
        files.open_request(forged)


def test_a_later_version_is_told_from_a_false_one() -> None:
    later = {kind: kind.replace(".v1", ".v2") for kind in (files.REQUEST_TYPE, files.ANSWER_TYPE)}
    with pytest.raises(NotTrusted, match="DOCUMENT_NEWER"):
        files.open_request(request_of(payload_of(REQUEST), later[files.REQUEST_TYPE]))
    with pytest.raises(NotTrusted, match="DOCUMENT_NEWER"):
        open_answer(answer_of(answer_payload(), later[files.ANSWER_TYPE]))


def test_an_answer_in_another_frame_or_for_another_key_is_refused() -> None:
    with pytest.raises(NotTrusted, match="RECOVERY_ANSWER_WRONG"):
        open_answer(answer_of(answer_payload(), magic=b"RUFAAA1\n"))
    with pytest.raises(NotTrusted, match="RECOVERY_ANSWER_NOT_FOR_US_OR_DAMAGED"):
        files.open_answer(ANSWER, sealing.generate_secret(), SIGNERS)
    for signers in ((), (public_bytes(FRESH_KEY),)):
        with pytest.raises(NotTrusted, match="RECOVERY_ANSWER_SIGNATURE_WRONG"):
            files.open_answer(ANSWER, FRESH["x25519"], signers)


def test_a_file_beyond_its_limit_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(NotTrusted, match="RECOVERY_REQUEST_WRONG"):
        files.open_request(bytes(files.MAX_REQUEST_BYTES + 1))
    with pytest.raises(NotTrusted, match="RECOVERY_ANSWER_NOT_FOR_US_OR_DAMAGED"):
        open_answer(ANSWER + bytes(files.MAX_ANSWER_BYTES))


def test_the_newest_lists_go_along_and_a_request_of_the_most_of_them_is_still_one() -> None:
    lists = [bytes([number % 256]) * 60_000 for number in range(40)]
    kept = files.lists_that_fit(lists)
    assert kept == tuple(lists[-17:])
    many = files.lists_that_fit([b"x" * 1_048] * 1_200)
    assert len(many) == 1_000
    request = replace(files.open_request(REQUEST).request, access_lists=many)
    request = replace(request, slot=replace(request.slot, sealed=b"y" * 65_536))
    made = files.make_request(request, FRESH_KEY)
    assert len(made.content) <= files.MAX_REQUEST_BYTES
    assert files.open_request(made.content).request == request


def test_what_cannot_be_read_is_not_written() -> None:
    request = files.open_request(REQUEST).request
    with pytest.raises(Malformed):
        files.make_request(replace(request, access_lists=()), FRESH_KEY)
    with pytest.raises(Malformed):
        files.make_answer(replace(open_answer(ANSWER), dek=b"short"), RECOVERY_KEY, request.fresh.x25519)


def test_digits_are_those_of_a_request_and_of_nothing_else() -> None:
    payload = files.open_request(REQUEST).payload
    assert digits("rufaa-enrol-v1", payload) != NOTED["digits"]
    with pytest.raises(NotTrusted, match="DIGITS_DIFFER"):
        same_digits(NOTED["digits"], "rufaa-enrol-v1", payload)
