"""The committed vectors: bytes of an earlier day, opened by today's program and by the text of the format alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from desktop.crypto.access_list import Pin, verify_chain
from desktop.crypto.encoding import Malformed, b64decode
from desktop.crypto.keyfile import KeyUse, open_key_file
from desktop.crypto.sealing import age_identity
from desktop.crypto.vaultkeys import open_with_sheet, unlock
from tests.keys import WORDLISTS, WORDS

VECTORS = Path(__file__).resolve().parents[2] / "vectors"


def noted(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def raw(name: str) -> bytes:
    return (VECTORS / name).read_bytes()


EXPECTED = noted("key-header-v1.json")
LISTS = noted("access-list-v1.json")


def test_every_vector_has_a_line_in_the_readme() -> None:
    readme = (VECTORS / "README.md").read_text(encoding="utf-8")
    files = [path.name for path in VECTORS.iterdir() if path.is_file() and path.name != "README.md"]
    assert [name for name in files if f"`{name}`" not in readme] == []


def test_the_header_opens_with_its_sentence() -> None:
    opened = unlock(raw("key-header-v1.bin"), None, EXPECTED["desk_number"], EXPECTED["sentence"], WORDLISTS)
    assert opened.dek.hex() == EXPECTED["dek"]
    assert (opened.x25519.hex(), (opened.ed25519 or b"").hex()) == (EXPECTED["x25519"], EXPECTED["ed25519"])
    assert [{"public": public.hex(), "private": private.hex()} for public, private in opened.r.items()] == EXPECTED["r"]
    assert (opened.vault_id.hex(), opened.user_id) == (EXPECTED["vault"], EXPECTED["user"])
    assert (opened.list_sha256, opened.header.edit) == (EXPECTED["list_sha256"], EXPECTED["edit"])
    assert (opened.access_list.kind, opened.access_list.practice) == ("OFFICE", True)


@pytest.mark.parametrize("name", ["key-header-v1.bin", "key-header-v1-two-lists.bin"])
def test_the_header_opens_with_its_sheet(name: str) -> None:
    opened = open_with_sheet(None, raw(name), EXPECTED["sheet_words"], WORDS)
    assert opened.dek.hex() == EXPECTED["dek"]
    assert opened.access_list.version == opened.header.edit


def test_the_header_with_a_list_behind_the_pinned_one_opens_with_the_same_sentence() -> None:
    opened = unlock(raw("key-header-v1.bin"), raw("key-header-v1-two-lists.bin"), 1, EXPECTED["sentence"], WORDLISTS)
    assert (opened.header.edit, opened.access_list.version) == (2, 2)
    assert opened.list_sha256 == LISTS["pins"][1]["sha256"]


def test_the_chain_of_lists_is_followed_from_each_pin() -> None:
    envelopes = [b64decode(text) for text in LISTS["envelopes"]]
    vault = bytes.fromhex(LISTS["vault"])
    for pin in LISTS["pins"]:
        last = verify_chain(envelopes, Pin(pin["list"], pin["sha256"]), vault)
        assert last.payload().decode() == LISTS["last_payload"]
    assert last.key_generation == 2
    with pytest.raises(Malformed, match="PIN"):
        verify_chain(envelopes[:2], Pin(3, LISTS["pins"][2]["sha256"]), vault)


@pytest.mark.parametrize("use", list(KeyUse))
def test_a_key_file_opens_with_its_sentence(use: KeyUse) -> None:
    name = f"key-file-{use.lower()}-v1"
    expected = noted(f"{name}.json")
    opened = open_key_file(raw(f"{name}.rufaa"), use, expected["sentence"], WORDLISTS)
    assert opened.private.hex() == expected["private"]


# --------------------------------------------------------------- by the text of docs/formats.md, sections 1 to 4, alone


def lp(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def hkdf(secret: bytes, vault: bytes, label: bytes) -> bytes:
    return hmac.digest(hmac.digest(vault, secret, "sha256"), label + b"\x01", "sha256")


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def age_opened(sealed: str, private: bytes, folder: Path) -> bytes:
    # The one function of ours here spells the key for the program `age`; test_sealing compares it with age-keygen.
    (folder / "identity").write_text(age_identity(private) + "\n")
    command = ["age", "-d", "-i", str(folder / "identity")]
    return subprocess.run(command, input=base64.b64decode(sealed), capture_output=True, check=True).stdout


def body_of(copy: bytes) -> Any:
    assert copy[:8] == b"RUFAAK1\n"
    assert hashlib.sha256(copy[:-32]).digest() == copy[-32:]
    assert len(copy) == 12 + int.from_bytes(copy[8:12], "big") + 64
    return json.loads(copy[12:-64])


def test_the_text_of_the_format_is_enough_to_open_a_slot(tmp_path: Path) -> None:
    copy = raw("key-header-v1.bin")
    body = body_of(copy)
    slot, vault = body["user_slots"][0], bytes.fromhex(body["vault"])
    kdf = slot["kdf"]
    key = Argon2id(
        salt=bytes.fromhex(kdf["salt"]),
        length=32,
        iterations=kdf["passes"],
        lanes=kdf["lanes"],
        memory_cost=kdf["memory_kib"],
    ).derive(EXPECTED["sentence"].encode())
    x25519, ed25519 = bytes.fromhex(slot["x25519"]), bytes.fromhex(slot["ed25519"])
    associated = lp(b"rufaa-slot-v1", vault, slot["user"].encode(), x25519, ed25519, canonical(kdf))
    sealed = base64.b64decode(slot["sealed"])
    opened = json.loads(AESGCM(key).decrypt(bytes.fromhex(slot["nonce"]), sealed, associated))
    assert (opened["x25519"], opened["ed25519"]) == (EXPECTED["x25519"], EXPECTED["ed25519"])

    envelope = json.loads(base64.b64decode(body["access_lists"][0]))
    payload = base64.b64decode(envelope["payload"])
    assert opened["pin"] == {"list": 1, "sha256": hashlib.sha256(payload).hexdigest()}
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    Ed25519PublicKey.from_public_bytes(ed25519).verify(base64.b64decode(envelope["signatures"][0]["sig"]), signed)

    private = bytes.fromhex(opened["x25519"])
    purpose = {"generation": 1, "purpose": "dek", "user": slot["user"], "vault": body["vault"]}
    dek = age_opened(slot["dek"], private, tmp_path).removeprefix(canonical(purpose) + b"\n")
    assert dek.hex() == EXPECTED["dek"]
    assert hmac.digest(hkdf(dek, vault, b"rufaa-header-v1"), copy[:-64], "sha256") == copy[-64:-32]
    dek_id = hmac.digest(hkdf(dek, vault, b"rufaa-dek-id-v1"), lp(vault, (1).to_bytes(4, "big")), "sha256")
    assert json.loads(payload)["dek_id"] == dek_id.hex()

    half = slot["r"][0]
    purpose |= {"public": half["public"], "purpose": "r"}
    r_private = age_opened(half["sealed"], private, tmp_path).removeprefix(canonical(purpose) + b"\n")
    assert [{"public": half["public"], "private": r_private.hex()}] == EXPECTED["r"]


def test_the_text_of_the_format_is_enough_to_open_the_sheets_slot(tmp_path: Path) -> None:
    body = body_of(raw("key-header-v1.bin"))
    vault, slot = bytes.fromhex(body["vault"]), body["recovery_slots"][0]
    words = (VECTORS.parents[1] / "resources" / "wordlists" / "en-1.txt").read_text().split()
    bits = "".join(f"{words.index(word):011b}" for word in EXPECTED["sheet_words"].split())
    entropy = int(bits[:128], 2).to_bytes(16, "big")
    assert f"{hashlib.sha256(entropy).digest()[0]:08b}"[:4] == bits[128:]
    opened = age_opened(slot["sealed"], hkdf(entropy, vault, b"rufaa-sheet-x25519-v1"), tmp_path)
    purpose = {"generation": 1, "purpose": "recovery", "user": "SHEET", "vault": body["vault"]}
    assert json.loads(opened.removeprefix(canonical(purpose) + b"\n")) == {"dek": EXPECTED["dek"], "r": EXPECTED["r"]}


@pytest.mark.parametrize("use", ["ROOT", "RESTRICTED"])
def test_the_text_of_the_format_is_enough_to_open_a_key_file(use: str) -> None:
    found, expected = (json.loads(raw(f"key-file-{use.lower()}-v1.{ending}")) for ending in ("rufaa", "json"))
    kdf = found["kdf"]
    key = Argon2id(
        salt=bytes.fromhex(kdf["salt"]), length=32, iterations=kdf["passes"], lanes=1, memory_cost=kdf["memory_kib"]
    ).derive(expected["sentence"].encode())
    associated = lp(b"rufaa-key-file-v1", use.encode(), bytes.fromhex(found["public"]), canonical(kdf))
    sealed = base64.b64decode(found["sealed"])
    assert AESGCM(key).decrypt(bytes.fromhex(found["nonce"]), sealed, associated).hex() == expected["private"]
