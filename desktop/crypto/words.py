"""Words for keys: generated password sentences, and the twelve words of the recovery sheet.

A sentence is drawn, never chosen. The sheet's words are BIP-39's indexes and checksum over 16 bytes, without its
PBKDF2. This module is handed the text of a list and reads no file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from desktop.crypto.encoding import Malformed

RandomBytes = Callable[[int], bytes]

SENTENCE_WORDS = 5  # 55 bits
SUPERVISOR_WORDS = 6  # 66 bits
SHEET_WORDS = 12
ENTROPY_BYTES = 16
LIST_LENGTH = 2048
_BITS = 11
_COMPLETES_AFTER = 4


class UnknownWord(Malformed):
    """A typed word is not in the list; `position` counts from 1. The word itself is not kept."""

    def __init__(self, position: int) -> None:
        super().__init__("WORD_UNKNOWN")
        self.position = position


@dataclass(frozen=True)
class WordList:
    """A frozen list of 2,048 words; `name` stands in slots, for example `en-1`."""

    name: str
    words: tuple[str, ...]

    @cached_property
    def index(self) -> dict[str, int]:
        """Word to its place, from 0."""
        return {word: place for place, word in enumerate(self.words)}

    @cached_property
    def _by_beginning(self) -> dict[str, str]:
        return {word[:_COMPLETES_AFTER]: word for word in self.words}

    def complete(self, typed: str) -> str | None:
        """Return the word that `typed` is or begins (from four letters on), else None. Letters in lower case."""
        if typed in self.index:
            return typed
        word = self._by_beginning.get(typed[:_COMPLETES_AFTER]) if len(typed) >= _COMPLETES_AFTER else None
        return word if word is not None and word.startswith(typed) else None


def parse_word_list(name: str, text: str) -> WordList:
    """Read a list of one word a line.

    Raises:
        Malformed: WORD_LIST. It is not 2,048 words of 3 to 8 letters a-z, each told by its first four letters.
    """
    words = tuple(text.split("\n")[:-1])
    well_formed = all(3 <= len(word) <= 8 and word.isascii() and word.isalpha() and word.islower() for word in words)
    if not text.endswith("\n") or len(words) != LIST_LENGTH or not well_formed:
        raise Malformed("WORD_LIST")
    if len({word[:_COMPLETES_AFTER] for word in words}) != LIST_LENGTH:
        raise Malformed("WORD_LIST")
    return WordList(name, words)


def generate_sentence(words: WordList, count: int, random_bytes: RandomBytes) -> str:
    """Draw a sentence of `count` words, 11 bits each; a word may come twice."""
    # 2,048 divides 2^16, so the remainder of two random bytes favours no word.
    places = [int.from_bytes(random_bytes(2), "big") % LIST_LENGTH for _ in range(count)]
    return " ".join(words.words[place] for place in places)


def normalise_sentence(words: WordList, typed: str) -> str:
    """Return what goes into the key derivation: full words of the list in lower case, single spaces.

    Raises:
        UnknownWord: With the position of the first word that is not in the list.
    """
    full = []
    for position, word in enumerate(typed.lower().split(), start=1):
        completed = words.complete(word)
        if completed is None:
            raise UnknownWord(position)
        full.append(completed)
    return " ".join(full)


def sheet_words(words: WordList, entropy: bytes) -> str:
    """Return the twelve words of 16 bytes: 128 bits and 4 bits of SHA-256 as checksum (BIP-39)."""
    if len(entropy) != ENTROPY_BYTES:
        raise Malformed("SHEET_WORDS")
    bits = int.from_bytes(entropy, "big") << 4 | hashlib.sha256(entropy).digest()[0] >> 4
    places = [bits >> _BITS * (SHEET_WORDS - 1 - place) & (LIST_LENGTH - 1) for place in range(SHEET_WORDS)]
    return " ".join(words.words[place] for place in places)


def sheet_entropy(words: WordList, typed: str) -> bytes:
    """Return the 16 bytes behind the twelve words of a sheet.

    Raises:
        UnknownWord: A word is not in the list.
        Malformed: SHEET_WORDS. Not twelve words, or the checksum says that one is wrong or out of place.
    """
    chosen = normalise_sentence(words, typed).split()
    if len(chosen) != SHEET_WORDS:
        raise Malformed("SHEET_WORDS")
    bits = 0
    for word in chosen:
        bits = bits << _BITS | words.index[word]
    entropy = (bits >> 4).to_bytes(ENTROPY_BYTES, "big")
    if hashlib.sha256(entropy).digest()[0] >> 4 != bits & 0xF:
        raise Malformed("SHEET_WORDS")
    return entropy
