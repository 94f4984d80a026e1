"""Is this vault whole? A checker that shares no line with the program: cryptography, pyrage, sqlcipher3 and the
formats page (`docs/formats.md`, whose sections are named below).

It reads one JSON object a line, `{"folder": data folder, "desk": 1, "sentence": words}`, and answers each with one:
`why` lists everything that is wrong (nothing: the vault is whole), the rest is what stands in it. The vault is opened
as its person would: highest generation, header copies, slot, pinned list and chain, data key, database. Opening writes
the log back into the file, as any opening does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlcipher3 import dbapi2

CHAIN = "SELECT n, previous, at, user, act, object, revision_hash, reason, hash FROM journal ORDER BY n"
NEWEST = "SELECT r.id, r.rev, v.hash FROM record r JOIN revision v ON v.record_id = r.id AND v.rev = r.rev"
KINDS = re.compile(r"g[1-9][0-9]*(\.tmp)?|lock", re.ASCII)
FILES = re.compile(r"vault\.db(-wal|-journal)?|key-header\.[ab](\.tmp)?", re.ASCII)
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
ACCESS = "application/vnd.rufaa.access.v1+json"


class Wrong(Exception):
    """The vault does not open; the text says at which step."""


def need(step: str, holds: object) -> None:
    if not holds:
        raise Wrong(step)


def lp(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(lp(*parts)).digest()


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hkdf(secret: bytes, vault: bytes, label: str) -> bytes:
    return HKDF(SHA256(), 32, vault, label.encode()).derive(secret)


@cache
def argon(sentence: str, salt: str, memory: int, passes: int) -> bytes:
    """Remembered for each salt: a thousand copies of one vault ask for the same key."""
    made = Argon2id(salt=bytes.fromhex(salt), length=32, iterations=passes, lanes=1, memory_cost=memory)
    return made.derive(sentence.encode())


def age_key(raw: bytes) -> pyrage.x25519.Identity:
    """A raw private key in age's spelling (BIP-173)."""
    prefix, check = "age-secret-key-", 1
    words = [int.from_bytes(raw, "big") << 4 >> 5 * (51 - place) & 31 for place in range(52)]
    for value in [*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix), *words, *[0] * 6]:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator * (top >> bit & 1)
    words += [(check ^ 1) >> 5 * (5 - place) & 31 for place in range(6)]
    return pyrage.x25519.Identity.from_str((prefix + "1" + "".join(BECH32[word] for word in words)).upper())


def opened(sealed: bytes, key: bytes, **purpose: object) -> bytes:
    """Open what age sealed; before the body stands exactly this purpose line (section 1)."""
    line, _, body = pyrage.decrypt(sealed, [age_key(key)]).partition(b"\n")
    need("purpose", line == canonical(purpose))
    return bytes(body)


def header_of(copies: list[bytes]) -> dict[str, Any]:
    """Section 3: both copies whole; the higher edit counts, equal edits are equal bytes."""
    bodies = []
    for copy in copies:
        need("header damaged", hashlib.sha256(copy[:-32]).digest() == copy[-32:] and copy[:8] == b"RUFAAK1\n")
        need("header length", int.from_bytes(copy[8:12], "big") == len(copy) - 76)
        bodies.append(json.loads(copy[12:-64]) | {"covered": copy[:-64], "hmac": copy[-64:-32], "bytes": copy})
    best: dict[str, Any] = max(bodies, key=lambda body: body["edit"])
    need("copies differ", all(body["edit"] != best["edit"] or body["bytes"] == best["bytes"] for body in bodies))
    return best


def current_list(envelopes: list[str], pin: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Section 4: from the pinned list along signatures and hashes to the last one; also every payload."""
    signed = [json.loads(base64.b64decode(envelope)) for envelope in envelopes]
    payloads = [base64.b64decode(envelope["payload"]) for envelope in signed]
    hashes = [hashlib.sha256(payload).hexdigest() for payload in payloads]
    need("pinned list", pin["sha256"] in hashes)
    at = hashes.index(pin["sha256"])
    held = json.loads(payloads[at])
    need("pinned version", held["list"] == pin["list"])
    for number in range(at + 1, len(signed)):
        following, envelope = json.loads(payloads[number]), signed[number]
        need("list link", (following["list"], following["previous"]) == (held["list"] + 1, hashes[number - 1]))
        keys = [bytes.fromhex(one["ed25519"]) for one in held["users"] + held["recovery"] if one["ed25519"]]
        (mark,) = envelope["signatures"]
        by = [key for key in keys if hashlib.sha256(key).hexdigest() == mark["keyid"]]
        need("list signer", by and envelope["payloadType"] == ACCESS)
        told = b"DSSEv1 %d %b %d %b" % (len(ACCESS), ACCESS.encode(), len(payloads[number]), payloads[number])
        Ed25519PublicKey.from_public_bytes(by[0]).verify(base64.b64decode(mark["sig"]), told)
        held = following
    return held, payloads


def unlock(
    header: dict[str, Any], desk: int, sentence: str
) -> tuple[bytes, bytes, list[Any], dict[str, Any], list[bytes]]:
    """Slot, list, data key, HMAC. Returns data key, own private key, those of `R`, the current list, all payloads."""
    slots = [slot for slot in header["user_slots"] if slot["desk_number"] == desk]
    need("slot", len(slots) == 1)
    (slot,), vault = slots, bytes.fromhex(header["vault"])
    raw = [bytes.fromhex(slot[name] or "") for name in ("x25519", "ed25519")]
    key = argon(sentence, slot["kdf"]["salt"], slot["kdf"]["memory_kib"], slot["kdf"]["passes"])
    data = lp(b"rufaa-slot-v1", vault, slot["user"].encode(), *raw, canonical(slot["kdf"]))
    held = json.loads(AESGCM(key).decrypt(bytes.fromhex(slot["nonce"]), base64.b64decode(slot["sealed"]), data))
    own = bytes.fromhex(held["x25519"])
    need("own key", X25519PrivateKey.from_private_bytes(own).public_key().public_bytes_raw() == raw[0])
    listed, payloads = current_list(header["access_lists"], held["pin"])
    users = {user["id"]: user for user in listed["users"]}
    for one in header["user_slots"]:
        names = ("desk_number", "x25519", "ed25519")
        need("slot listed", [users[one["user"]][name] for name in names] == [one[name] for name in names])
    generation = listed["key_generation"]
    line = {"generation": generation, "user": slot["user"], "vault": header["vault"]}
    dek = opened(base64.b64decode(slot["dek"]), own, purpose="dek", **line)
    halves = [(base64.b64decode(one["sealed"]), {"public": one["public"], "purpose": "r", **line}) for one in slot["r"]]
    named = hmac.digest(hkdf(dek, vault, "rufaa-dek-id-v1"), lp(vault, generation.to_bytes(4, "big")), "sha256")
    need("dek_id", named.hex() == listed["dek_id"])
    made = hmac.digest(hkdf(dek, vault, "rufaa-header-v1"), header["covered"], "sha256")
    need("header HMAC", hmac.compare_digest(made, header["hmac"]))
    return dek, own, [age_key(opened(half, own, **purpose)) for half, purpose in halves], listed, payloads


def faults_inside(database: dbapi2.Connection, r: list[Any]) -> Iterator[str]:
    """Both integrity checks, the journal's chain (section 5), every revision's hash and sealed values (section 6)."""
    if [row[0] for row in database.execute("PRAGMA integrity_check")] != ["ok"]:
        yield "integrity"
    if database.execute("PRAGMA cipher_integrity_check").fetchall():
        yield "cipher integrity"
    if database.execute("PRAGMA foreign_key_check").fetchall():
        yield "foreign keys"
    head, told = bytes(32), set()
    for number, (n, previous, *texts, revision, reason, kept) in enumerate(database.execute(CHAIN), start=1):
        parts = [number.to_bytes(8, "big"), head, *(text.encode() for text in texts), revision or b""]
        before, head = head, sha(b"rufaa-journal-v1", *parts, (reason or "").encode())
        told.add(revision)
        if (n, previous, kept) != (number, before, head):
            yield "journal chain"
            break
    for kept, random, body, sealed in database.execute("SELECT hash, random, body, sealed FROM revision"):
        if sha(b"rufaa-revision-v1", random, body) != kept or kept not in told:
            yield "revision hash"
        said = json.loads(body)["sealed"]
        if said and sha(b"rufaa-sealed-v1", pyrage.decrypt(sealed, r)).hex() != said["commit"]:
            yield "sealed values"


def drafts_of(database: dbapi2.Connection, own: bytes, user: str, listed: dict[str, Any]) -> dict[str, str]:
    """Section 6: each of the person's drafts, opened, with its author's HMAC right: key -> fields as JSON."""
    found = {}
    mark = hkdf(own, bytes.fromhex(listed["vault"]), "rufaa-draft-v1")
    for key, sealed in database.execute("SELECT key, sealed FROM draft WHERE user = ?", (user,)):
        plain = pyrage.decrypt(sealed, [age_key(own)])
        need("draft HMAC", hmac.compare_digest(hmac.digest(mark, plain[:-32], "sha256"), plain[-32:]))
        body = plain[:-32].partition(b"\n")[2].rstrip(b"\0")
        found[key] = json.dumps(json.loads(body)["value"], sort_keys=True)
    return found


def names_right(folder: Path) -> Iterator[str]:
    """Nothing stands under a name that nobody gave, and what the delay of unlocking counts is whole."""
    for place in (folder / "vault").iterdir():
        if not KINDS.fullmatch(place.name) or any(not FILES.fullmatch(file.name) for file in place.glob("*")):
            yield f"stray name in {place.name}"
    attempts = folder / "attempts.json"
    if attempts.exists() and set(json.loads(attempts.read_text())) != {"failures", "last"}:
        yield "attempts"


def check(folder: Path, desk: int, sentence: str) -> dict[str, Any]:
    """Open the vault with a person's sentence, and say what stands in it."""
    why = list(names_right(folder))
    numbers = [int(place.name[1:]) for place in (folder / "vault").glob("g*") if place.name[1:].isdigit()]
    made = folder / "vault" / f"g{max(numbers)}"
    header = header_of([(made / f"key-header.{copy}").read_bytes() for copy in "ab"])
    dek, own, r, listed, payloads = unlock(header, desk, sentence)
    need("plain SQLite", not (made / "vault.db").read_bytes()[:16].startswith(b"SQLite format 3"))
    user = next(user["id"] for user in listed["users"] if user["desk_number"] == desk)
    with closing(dbapi2.connect(f"file:{made / 'vault.db'}?mode=rw", uri=True, isolation_level=None)) as database:
        database.execute("PRAGMA cipher_log_level = NONE")
        database.execute(f"PRAGMA key = \"x'{dek.hex()}'\"")
        # NOTE: cipher_integrity_check reads the main file only: the log is written back first, or it cries wolf.
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        why += faults_inside(database, r)
        vault, noted, edit = database.execute("SELECT vault, list_sha256, header_edit FROM vault_note").fetchone()
        hashes = [hashlib.sha256(payload).digest() for payload in payloads]
        if vault != header["vault"] or noted not in hashes[-2:] or edit > header["edit"]:
            why.append("vault note")
        return {
            "why": why,
            "generation": max(numbers),
            "list": listed["list"],
            "users": [one["id"] for one in listed["users"]],
            "dek": dek.hex(),
            "schema": database.execute("PRAGMA user_version").fetchone()[0],
            "journal": database.execute("SELECT count(*) FROM journal").fetchone()[0],
            "records": {one: [rev, kept.hex()] for one, rev, kept in database.execute(NEWEST)},
            "drafts": drafts_of(database, own, user, listed),
        }


def answer(line: str) -> dict[str, Any]:
    """Check one folder; whatever stops the check is what is wrong."""
    asked = json.loads(line)
    try:
        return check(Path(asked["folder"]), asked["desk"], asked["sentence"])
    except Exception as error:  # noqa: BLE001  # any way in which a vault does not open is the answer
        return {"why": [f"{type(error).__name__} {error}"]}


if __name__ == "__main__":
    for asking in sys.stdin:
        sys.stdout.write(json.dumps(answer(asking)) + "\n")
        sys.stdout.flush()
