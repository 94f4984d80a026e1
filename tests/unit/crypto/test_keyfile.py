from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop.crypto import sealing
from desktop.crypto.encoding import b64decode, b64encode, canonical_json, length_prefixed
from desktop.crypto.kdf import derive_key, parse_kdf
from desktop.crypto.keyfile import KeyUse, OpenedKeyFile, make_key_file, open_key_file
from desktop.crypto.slots import ed25519_public
from desktop.errors import DeskError, NotTrusted, WrongSentence
from tests.keys import CHEAP_BOUNDS, CHEAP_COST, CLERK_SENTENCE, WORDLISTS, WORDS, key

PRIVATE = key(5)


def make(use: KeyUse = KeyUse.ROOT) -> bytes:
    return make_key_file(use, PRIVATE, CLERK_SENTENCE, WORDS, cost=CHEAP_COST, bounds=CHEAP_BOUNDS)


def opened(data: bytes, use: KeyUse = KeyUse.ROOT, sentence: str = CLERK_SENTENCE) -> OpenedKeyFile:
    return open_key_file(data, use, sentence, WORDLISTS, bounds=CHEAP_BOUNDS)


@pytest.mark.parametrize(
    ("use", "public"),
    [(KeyUse.ROOT, ed25519_public(PRIVATE)), (KeyUse.RESTRICTED, sealing.public_key(PRIVATE))],
)
def test_a_key_file_opens_with_its_sentence(use: KeyUse, public: bytes) -> None:
    assert opened(make(use), use, "ZOO wron vote velv uncl") == OpenedKeyFile(use, public, PRIVATE)


def test_another_sentence_opens_nothing() -> None:
    with pytest.raises(WrongSentence) as caught:
        opened(make(), sentence=CLERK_SENTENCE.replace("zoo", "zone"))
    assert caught.value.code == "WRONG_SENTENCE"


def test_a_word_that_is_not_in_the_list_is_told_by_its_place() -> None:
    with pytest.raises(WrongSentence) as caught:
        opened(make(), sentence="zoo wrong vote velvet unkle")
    assert (caught.value.code, caught.value.facts) == ("WORD_UNKNOWN", {"position": 5})


def test_a_file_for_another_use_is_not_opened() -> None:
    with pytest.raises(NotTrusted) as caught:
        opened(make(KeyUse.RESTRICTED), KeyUse.ROOT)
    assert (caught.value.code, caught.value.facts) == ("KEY_FILE_DAMAGED", {"reason": "UNKNOWN"})


def test_a_use_that_was_rewritten_opens_nothing() -> None:
    rewritten = canonical_json({**json.loads(make(KeyUse.RESTRICTED)), "use": "ROOT"})
    with pytest.raises(WrongSentence):
        opened(rewritten)


def test_a_cheap_key_file_is_refused_by_the_product() -> None:
    with pytest.raises(NotTrusted) as caught:
        open_key_file(make(), KeyUse.ROOT, CLERK_SENTENCE, WORDLISTS)
    assert caught.value.facts == {"reason": "KDF_BOUNDS"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "other"}, "UNKNOWN"),
        ({"version": 2}, "RANGE"),
        ({"wordlist": "xx-1"}, "UNKNOWN"),
        ({"nonce": "00"}, "HEX"),
        ({"public": "00"}, "HEX"),
        ({"sealed": b64encode(bytes(49))}, "TOO_LONG"),
        ({"more": 1}, "MEMBERS"),
    ],
)
def test_a_key_file_in_another_form_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotTrusted) as caught:
        opened(canonical_json({**json.loads(make()), **changes}))
    assert caught.value.facts == {"reason": reason}


def test_every_flipped_byte_and_every_truncation_of_a_key_file_is_refused() -> None:
    good = make()
    spoilt = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))]
    spoilt += [good[:length] for length in range(len(good))] + [good + b"\n", good + b"\0"]
    codes = []
    for data in spoilt:
        with pytest.raises(DeskError) as caught:
            opened(data)
        codes.append(caught.value.code)
    assert len(codes) == 2 * len(good) + 2
    assert set(codes) == {"KEY_FILE_DAMAGED", "WRONG_SENTENCE"}


def test_a_key_file_does_not_hold_its_key_in_any_spelling() -> None:
    data = make()
    sealed = b64decode(json.loads(data)["sealed"])
    assert PRIVATE not in sealed
    assert PRIVATE.hex().encode() not in data


@pytest.mark.parametrize("private", [key(6), key(5)[:16]])
def test_a_key_that_does_not_fit_its_public_half_is_refused(private: bytes) -> None:
    found = json.loads(make())
    kdf = parse_kdf(found["kdf"], CHEAP_BOUNDS)
    associated = length_prefixed(
        b"rufaa-key-file-v1", b"ROOT", bytes.fromhex(found["public"]), canonical_json(found["kdf"])
    )
    cipher = AESGCM(derive_key(CLERK_SENTENCE, kdf, CHEAP_BOUNDS))
    sealed = cipher.encrypt(bytes.fromhex(found["nonce"]), private, associated)
    with pytest.raises(NotTrusted) as caught:
        opened(canonical_json({**found, "sealed": b64encode(sealed)}))
    assert caught.value.facts == {"reason": "KEY"}
