"""Words that county offices and other registers write in their lists, matched to our codes. None is ever guessed.

The words stand in `foreign_words.csv`: what a word is used for, the word, what it means here, and the question it
raises, if any. A word with a question is never taken by itself; a word that is not there is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from desktop.rules.codelists import LANGUAGES, CodeList
from desktop.rules.names import fold

# The questions that a word may raise, so that each has its sentence.
QUESTIONS = frozenset(
    {
        *("SEX_NOT_CLEAR", "YES_NO_UNCLEAR", "AGE_WORD", "STATUS_WORD", "TYPE_NOT_TRAFFICKING"),
        *("NATIONALITY_OR_COMMUNITY", "NATIONALITY_TWO_COUNTRIES", "COUNTY_ABBREVIATED", "COUNTY_IS_TOWN"),
    }
)
USES = frozenset(
    {
        *("sex", "answer", "none", "age", "status", "source", "type", "country", "county"),
        *("title", "colour", "heading"),
    }
)

LONGEST_WORDS = 400  # characters of a cell or heading; what is longer is a text and never looked into for words

_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_EMOJI_MARK = "\N{VARIATION SELECTOR-16}"


def word_key(text: str) -> str:
    """Return text for comparing words: folded, or the sign itself where there is nothing but signs."""
    said = text.replace(_EMOJI_MARK, "")
    return fold(said) or said.strip()


def compact(text: str) -> str:
    """Return text for comparing names of places, which are written with and without blanks and hyphens."""
    return word_key(text).replace(" ", "")


def without_brackets(text: str) -> str:
    """Return text without what stands in brackets."""
    return " ".join(_IN_BRACKETS.sub(" ", text).split())


def in_brackets(text: str) -> tuple[str, ...]:
    """Return the texts that stand in brackets."""
    return tuple(found.strip() for found in _IN_BRACKETS.findall(text) if found.strip())


@dataclass(frozen=True)
class Word:
    """What a word means: a code of ours or nothing, and the question it raises or none."""

    means: str
    question: str | None = None


class ForeignWords:
    """The shipped words by what they are used for."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Index the rows of `foreign_words.csv`. Raises ValueError for an unknown use or question, or a word twice."""
        self._words: dict[str, dict[str, Word]] = {use: {} for use in USES}
        for row in rows:
            question, known = row["question"] or None, self._words.get(row["use"])
            key = word_key(row["word"])
            if known is None or key in known or (question is not None and question not in QUESTIONS):
                raise ValueError(f"foreign words: {row['use']} {row['word']!r}")
            known[key] = Word(row["means"], question)
        # Twice: every letter may carry a mark typed apart.
        self._longest = 2 * max((len(key) for known in self._words.values() for key in known), default=0)

    def of(self, use: str) -> Mapping[str, Word]:
        """Return the words of one use by their key."""
        return self._words[use]

    def find(self, use: str, text: str) -> Word | None:
        """Return what a whole text means, or None. One longer than every word is not even folded."""
        return self._words[use].get(word_key(text)) if len(text) <= self._longest else None


def codes_by_label(codes: CodeList) -> Mapping[str, str]:
    """Return the codes of a list by their labels in both languages, with and without what stands in brackets.

    A label that stands for two codes is left out.
    """
    found: dict[str, set[str]] = {}
    for code in codes:
        for language in LANGUAGES:
            for text in (code.labels[language], without_brackets(code.labels[language])):
                found.setdefault(word_key(text), set()).add(code.code)
    return {key: next(iter(meant)) for key, meant in found.items() if len(meant) == 1 and key}
