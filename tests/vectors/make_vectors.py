"""Make the vectors of the key header, the access list, the sheet and the key file anew.

Run once for each format version: `python -m tests.vectors.make_vectors`. What is committed is never made again, since
its whole worth is that today's program opens bytes of an earlier day. Keys, ids and sentences come from a fixed
stream; age adds chance of its own, so two runs give other bytes that open to the same values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from desktop import wordlists
from desktop.crypto import kdf, sealing
from desktop.crypto.access_list import ListedUser, VaultKind, dek_id, sign_list
from desktop.crypto.encoding import b64encode
from desktop.crypto.header import serialise
from desktop.crypto.keyfile import KeyUse, make_key_file
from desktop.crypto.vaultkeys import create_vault_keys
from tests.keys import CLERK_SENTENCE, next_list

FOLDER = Path(__file__).resolve().parent
WORDS = wordlists.load()[wordlists.DEFAULT]
COST = kdf.cost_for(0)


def stream(seed: bytes) -> Callable[[int], bytes]:
    """Return a source of bytes that are always the same."""
    taken = 0

    def draw(size: int) -> bytes:
        nonlocal taken
        taken += size
        return hashlib.shake_256(seed).digest(taken)[-size:]

    return draw


def note(name: str, values: dict[str, object]) -> None:
    """Write what a vector must open to, for people and programs."""
    (FOLDER / name).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def make_header_sheet_and_lists() -> None:
    """Write a practice vault's header with three lists, the second with a clerk, the third with another data key."""
    draw = stream(b"rufaa vectors, version 1")
    new = create_vault_keys(WORDS, kind=VaultKind.OFFICE, practice=True, cost=COST, random_bytes=draw)
    opened = new.unlocked
    signing = opened.ed25519 or b""
    (FOLDER / "key-header-v1.bin").write_bytes(new.header)
    note(
        "key-header-v1.json",
        {
            "sentence": new.sentence,
            "desk_number": opened.desk_number,
            "sheet_words": new.sheet_words,
            "vault": opened.vault_id.hex(),
            "user": opened.user_id,
            "dek": opened.dek.hex(),
            "x25519": opened.x25519.hex(),
            "ed25519": signing.hex(),
            "r": [{"public": public.hex(), "private": private.hex()} for public, private in opened.r.items()],
            "list_sha256": opened.list_sha256,
            "edit": opened.header.edit,
        },
    )
    clerk = ListedUser(
        id="00000000-0000-4000-8000-000000000002",
        desk_number=2,
        role="CLERK",
        x25519=sealing.public_key(draw(32)),
        ed25519=None,
    )
    first = opened.access_list
    second = next_list(first, users=(*first.users, clerk))
    third = next_list(second, users=first.users, key_generation=2, dek_id=dek_id(draw(32), opened.vault_id, 2))
    envelopes = [*opened.header.access_lists, *(sign_list(each, signing) for each in (second, third))]
    note(
        "access-list-v1.json",
        {
            "vault": opened.vault_id.hex(),
            "envelopes": [b64encode(envelope) for envelope in envelopes],
            "pins": [{"list": each.version, "sha256": each.pin().sha256} for each in (first, second, third)],
            "last_payload": third.payload().decode("utf-8"),
        },
    )
    later = replace(opened.header, edit=2, access_lists=tuple(envelopes[:2]))
    (FOLDER / "key-header-v1-two-lists.bin").write_bytes(serialise(later, opened.dek))


def make_key_files() -> None:
    """Write a root key and a restricted intake key, both under one sentence."""
    draw = stream(b"rufaa key files, version 1")
    for use in KeyUse:
        private = draw(32)
        name = f"key-file-{use.lower()}-v1"
        data = make_key_file(use, private, CLERK_SENTENCE, WORDS, cost=COST, random_bytes=draw)
        (FOLDER / f"{name}.rufaa").write_bytes(data)
        note(f"{name}.json", {"sentence": CLERK_SENTENCE, "private": private.hex()})


if __name__ == "__main__":
    make_header_sheet_and_lists()
    make_key_files()
