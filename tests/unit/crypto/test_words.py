from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop import wordlists
from desktop.crypto import words as w
from desktop.crypto.encoding import Malformed
from desktop.paths import resource
from tests.keys import WORDS

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "bip39-128-bit.json"
PAIRS = [(pair["entropy"], pair["words"]) for pair in json.loads(VECTORS.read_text(encoding="utf-8"))]
LIST_TEXT = resource("wordlists", "en-1.txt").read_text(encoding="ascii")


def test_the_shipped_list_is_the_frozen_english_list_of_bip_39() -> None:
    # The hash of the list as its standard publishes it. A changed word would lock out whoever was given it.
    expected = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"
    assert hashlib.sha256(LIST_TEXT.encode("ascii")).hexdigest() == expected
    assert wordlists.load().keys() == {"en-1"}


def test_there_are_published_vectors() -> None:
    assert len(PAIRS) == 8


@pytest.mark.parametrize(("entropy", "twelve"), PAIRS)
def test_sheet_words_are_those_of_the_published_vectors(entropy: str, twelve: str) -> None:
    assert w.sheet_words(WORDS, bytes.fromhex(entropy)) == twelve
    assert w.sheet_entropy(WORDS, twelve).hex() == entropy


@given(st.binary(min_size=16, max_size=16))
def test_sheet_words_lead_back_to_their_entropy(entropy: bytes) -> None:
    assert w.sheet_entropy(WORDS, w.sheet_words(WORDS, entropy)) == entropy


@pytest.mark.parametrize("count", [0, 11, 13, 24])
def test_a_sheet_of_another_length_is_refused(count: int) -> None:
    with pytest.raises(Malformed, match="SHEET_WORDS"):
        w.sheet_entropy(WORDS, " ".join(["zoo"] * count))


def test_a_sheet_of_other_entropy_is_not_made() -> None:
    with pytest.raises(Malformed, match="SHEET_WORDS"):
        w.sheet_words(WORDS, bytes(15))


def test_the_checksum_of_a_sheet_finds_fifteen_of_sixteen_wrong_last_words() -> None:
    beginning = w.sheet_words(WORDS, bytes(16)).rsplit(" ", 1)[0]
    accepted = 0
    for word in WORDS.words:
        try:
            w.sheet_entropy(WORDS, f"{beginning} {word}")
            accepted += 1
        except Malformed:
            continue
    assert accepted == 2048 // 16


def test_a_sentence_takes_eleven_bits_for_each_word() -> None:
    drawn = iter([b"\x00\x00", b"\x07\xff", b"\x08\x00", b"\xff\xff", b"\x00\x01"])
    assert w.generate_sentence(WORDS, 5, lambda _: next(drawn)) == "abandon zoo abandon zoo ability"


def test_drawn_sentences_use_the_whole_list_evenly() -> None:
    every = iter(number.to_bytes(2, "big") for number in range(2**16))
    drawn = w.generate_sentence(WORDS, 2**16, lambda _: next(every)).split()
    assert {drawn.count(word) for word in (WORDS.words[0], WORDS.words[1], WORDS.words[2047])} == {32}
    assert set(drawn) == set(WORDS.words)


def test_sentence_lengths_reach_the_bits_asked_for() -> None:
    assert w.SENTENCE_WORDS * 11 >= 55 > (w.SENTENCE_WORDS - 1) * 11
    assert w.SUPERVISOR_WORDS * 11 >= 66 > (w.SUPERVISOR_WORDS - 1) * 11
    assert len(w.generate_sentence(WORDS, w.SUPERVISOR_WORDS, os.urandom).split()) == 6


@pytest.mark.parametrize(
    "typed",
    ["abandon zoo action", "  Abandon\tZOO \n action ", "aban zoo acti", "abando zoo actio"],
)
def test_a_typed_sentence_becomes_full_words_in_lower_case(typed: str) -> None:
    assert w.normalise_sentence(WORDS, typed) == "abandon zoo action"


def test_a_whole_short_word_stays_itself_beside_the_longer_one_it_begins() -> None:
    assert w.normalise_sentence(WORDS, "act actor acto") == "act actor actor"


@pytest.mark.parametrize(
    ("typed", "position"),
    [("aba zoo", 1), ("zoo abandons", 2), ("zoo zoo abanxyz", 3), ("zoo, zoo", 1), ("zoö", 1), ("zoo 1234", 2)],
)
def test_a_word_that_is_not_in_the_list_is_told_by_its_place_alone(typed: str, position: int) -> None:
    with pytest.raises(w.UnknownWord) as caught:
        w.normalise_sentence(WORDS, typed)
    assert caught.value.position == position
    assert caught.value.args == ("WORD_UNKNOWN",)


def test_four_letters_tell_every_word_of_the_list() -> None:
    assert all(WORDS.complete(word[:4]) == word for word in WORDS.words if len(word) >= 4)
    assert all(WORDS.complete(word) == word for word in WORDS.words)


@pytest.mark.parametrize(
    "text",
    [
        "",
        LIST_TEXT.rstrip("\n"),
        LIST_TEXT + "zzzz\n",
        LIST_TEXT.replace("zoo\n", ""),
        LIST_TEXT.replace("zoo\n", "zo\n"),
        LIST_TEXT.replace("zoo\n", "Zoo\n"),
        LIST_TEXT.replace("zoo\n", "zoö\n"),
        LIST_TEXT.replace("zoo\n", "zoozoozoo\n"),
        LIST_TEXT.replace("zoo\n", "abandons\n"),
    ],
)
def test_a_list_that_could_confuse_words_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="WORD_LIST"):
        w.parse_word_list("en-1", text)
