"""Make the vectors of recovery by the Secretariat anew: identity, request, waiting keys, answer.

Run once for each format version: `python -m tests.vectors.make_recovery_vectors`. What is committed stays as it is.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desktop import wordlists
from desktop.bundles.enrolment import digits
from desktop.bundles.recovery_files import REQUEST_LABEL, RecoveryAnswer, RecoveryRequest, make_answer, make_request
from desktop.crypto import kdf, recovery, recovery_lists, sealing
from desktop.crypto.access_list import VaultKind, sign_list
from desktop.crypto.encoding import sha256_hex
from desktop.crypto.slots import SlotOwner
from desktop.crypto.vaultkeys import create_vault_keys
from tests.vectors.make_vectors import FOLDER, note, stream

WORDS = wordlists.load()[wordlists.DEFAULT]
COST = kdf.cost_for(0)
SENTENCE = "zoo wrong vote velvet uncle zoo"
USER = "00000000-0000-4000-8000-000000000009"
AT = "2026-11-25T08:15:30.123Z"


def make() -> None:
    """Write the header of an office that knows the identity, and what it takes to get back into it."""
    draw = stream(b"rufaa recovery vectors, version 1")
    identity = recovery.new_identity(draw)
    custodians = {name: draw(32) for name in "ABC"}
    shares = recovery.make_shares(identity, [sealing.public_key(secret) for secret in custodians.values()])
    new = create_vault_keys(WORDS, kind=VaultKind.OFFICE, practice=True, cost=COST, random_bytes=draw)
    keys = recovery_lists.with_secretariat(new.unlocked, identity.public())
    fresh_keys = recovery_lists.new_keys(draw)
    fresh = recovery_lists.fresh_supervisor(keys.header.access_lists, USER, fresh_keys)
    slot = recovery_lists.secretariat_slot(keys.header, keys.access_list)
    if slot is None:
        raise RuntimeError("the list names no recovery keys")
    request = make_request(
        RecoveryRequest(keys.vault_id, keys.header.access_lists, slot, fresh, AT),
        Ed25519PrivateKey.from_private_bytes(fresh_keys.ed25519 or b""),
    )
    waiting = recovery_lists.make_waiting(
        fresh_keys,
        SlotOwner(keys.vault_id, fresh.id, fresh.desk_number, 1),
        keys.access_list.pin(),
        sha256_hex(request.payload),
        SENTENCE,
        WORDS,
        cost=COST,
    )
    following = recovery_lists.next_with(keys.access_list, fresh)
    answer = make_answer(
        RecoveryAnswer(
            keys.vault_id, sha256_hex(request.payload), sign_list(following, identity.ed25519), keys.dek, keys.r, AT
        ),
        Ed25519PrivateKey.from_private_bytes(identity.ed25519),
        fresh.x25519,
    )
    for name, content in (
        ("recovery-share-ab-v1.age", shares["AB"]),
        ("recovery-public-v1.json", recovery.public_file(identity.public())),
        ("recovery-request-v1.rufaa", request.content),
        ("recovery-request-v1.key", waiting),
        ("recovery-answer-v1.rufaa", answer.content),
    ):
        (FOLDER / name).write_bytes(content)
    note(
        "recovery-v1.json",
        {
            "custodians": {name: secret.hex() for name, secret in custodians.items()},
            "identity": {"ed25519": identity.ed25519.hex(), "x25519": identity.x25519.hex()},
            "sentence": SENTENCE,
            "vault": keys.vault_id.hex(),
            "dek": keys.dek.hex(),
            "r": [{"public": public.hex(), "private": private.hex()} for public, private in keys.r.items()],
            "fresh": {
                "user": fresh.id,
                "desk_number": fresh.desk_number,
                "x25519": fresh_keys.x25519.hex(),
                "ed25519": (fresh_keys.ed25519 or b"").hex(),
            },
            "request_sha256": sha256_hex(request.payload),
            "digits": digits(REQUEST_LABEL, request.payload),
            "list_sha256": following.pin().sha256,
        },
    )


if __name__ == "__main__":
    make()
