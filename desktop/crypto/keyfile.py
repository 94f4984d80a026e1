"""Key files: one private key that lies outside every vault, under a sentence of its own.

For keys that are used a few times a year and kept apart: an offline root key, the restricted intake key
(`docs/formats.md` section 9).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop.crypto import sealing
from desktop.crypto.encoding import Malformed, b64encode, canonical_json, length_prefixed
from desktop.crypto.fields import canonical_value, hex_bytes, members, one_of, sealed_bytes, whole
from desktop.crypto.kdf import KDF_BOUNDS, SALT_BYTES, KdfBounds, KdfCost, KdfParameters, derive_key, parse_kdf
from desktop.crypto.slots import NONCE_BYTES, ed25519_public
from desktop.crypto.words import RandomBytes, UnknownWord, WordList, normalise_sentence
from desktop.errors import NotTrusted, WrongSentence

MAX_KEY_FILE_BYTES = 4 * 1024
_FORMAT = "rufaa-key-file"
_SEALED_BYTES = 48  # the 32-byte key and AES-GCM's 16-byte tag


class KeyUse(StrEnum):
    """What the key is for: ROOT signs with Ed25519, RESTRICTED opens with X25519."""

    ROOT = "ROOT"
    RESTRICTED = "RESTRICTED"


@dataclass(frozen=True, repr=False)
class OpenedKeyFile:
    """A key and its public half, 32 raw bytes each."""

    use: KeyUse
    public: bytes
    private: bytes


def make_key_file(
    use: KeyUse,
    private: bytes,
    sentence: str,
    words: WordList,
    *,
    cost: KdfCost,
    bounds: KdfBounds = KDF_BOUNDS,
    random_bytes: RandomBytes = os.urandom,
) -> bytes:
    """Return a key file; `sentence` is a generated one of `words`.

    Raises:
        Malformed: WORD_UNKNOWN or KDF_BOUNDS.
        Obstacle: MEMORY_SHORT.
    """
    kdf = KdfParameters(cost, random_bytes(SALT_BYTES))
    nonce = random_bytes(NONCE_BYTES)
    public = _public(use, private)
    key = derive_key(normalise_sentence(words, sentence), kdf, bounds)
    return canonical_json(
        {
            "format": _FORMAT,
            "kdf": kdf.as_json(),
            "nonce": nonce.hex(),
            "public": public.hex(),
            "sealed": b64encode(AESGCM(key).encrypt(nonce, private, _associated(use, public, kdf))),
            "use": str(use),
            "version": 1,
            "wordlist": words.name,
        }
    )


def open_key_file(
    data: bytes, use: KeyUse, sentence: str, wordlists: Mapping[str, WordList], *, bounds: KdfBounds = KDF_BOUNDS
) -> OpenedKeyFile:
    """Open a key file that must be for `use`.

    Raises:
        WrongSentence: WRONG_SENTENCE, or WORD_UNKNOWN with the word's position.
        NotTrusted: KEY_FILE_DAMAGED with the reason; a file for another use included.
        Obstacle: MEMORY_SHORT.
    """
    try:
        return _open(data, use, sentence, wordlists, bounds)
    except UnknownWord as unknown:
        raise WrongSentence("WORD_UNKNOWN", position=unknown.position) from None
    except InvalidTag:
        raise WrongSentence("WRONG_SENTENCE") from None
    except Malformed as refusal:
        raise NotTrusted("KEY_FILE_DAMAGED", reason=str(refusal)) from None


def _open(
    data: bytes, use: KeyUse, sentence: str, wordlists: Mapping[str, WordList], bounds: KdfBounds
) -> OpenedKeyFile:
    found = members(
        canonical_value(data, MAX_KEY_FILE_BYTES),
        *("format", "kdf", "nonce", "public", "sealed", "use", "version", "wordlist"),
    )
    one_of(found["format"], frozenset({_FORMAT}))
    whole(found["version"], 1, 1)
    one_of(found["use"], frozenset({str(use)}))
    words = wordlists[one_of(found["wordlist"], frozenset(wordlists))]
    kdf = parse_kdf(found["kdf"], bounds)
    nonce = hex_bytes(found["nonce"], NONCE_BYTES)
    public = hex_bytes(found["public"], 32)
    sealed = sealed_bytes(found["sealed"], _SEALED_BYTES)
    key = derive_key(normalise_sentence(words, sentence), kdf, bounds)
    private = AESGCM(key).decrypt(nonce, sealed, _associated(use, public, kdf))
    if len(private) != 32 or _public(use, private) != public:
        raise Malformed("KEY")
    return OpenedKeyFile(use, public, private)


def _public(use: KeyUse, private: bytes) -> bytes:
    return ed25519_public(private) if use is KeyUse.ROOT else sealing.public_key(private)


def _associated(use: KeyUse, public: bytes, kdf: KdfParameters) -> bytes:
    return length_prefixed(b"rufaa-key-file-v1", use.encode("ascii"), public, canonical_json(kdf.as_json()))
