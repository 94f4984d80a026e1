"""Names for searching: what two spellings of one name have in common. What is stored and printed is never folded.

An apostrophe is part of a Kenyan name and exists in seven keyboard forms (field report A03); accents may be composed or
not (D01); signs that a database reads as wildcards become nothing (D03).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from desktop.rules.records import Missing, Value

# Straight, curly both ways, modifier letters, grave, acute, reversed, prime, saltillo, Hebrew and Armenian look-alikes.
_APOSTROPHES = "'\u2018\u2019\u02bc\u02bb`\u00b4\u201b\u2032\u02b9\u02bd\ua78c\u055a\u05f3"
_DROP = dict.fromkeys(map(ord, _APOSTROPHES + "\u0640\u200c\u200d\u00ad"))  # also Arabic tatweel and invisible joiners


def fold(text: str) -> str:
    """Return text for comparing: no case, no marks, no apostrophes, other signs as one space, any script kept."""
    # Before decomposition too: U+00B4 comes apart into a space and a mark.
    decomposed = unicodedata.normalize("NFKD", text.translate(_DROP))
    folded = unicodedata.normalize("NFKD", decomposed.casefold()).translate(_DROP)
    return " ".join("".join(_kept(character) for character in folded).split())


def _kept(character: str) -> str:
    if unicodedata.combining(character):
        return ""
    # Vowel signs of other scripts are marks that combine without a class: they spell the name.
    return character if unicodedata.category(character)[0] in "LNM" else " "


def name_keys(*parts: Value) -> tuple[str, ...]:
    """Return each different word of the name parts, folded, in order. A part that is no text gives none.

    An empty answer matches nothing: a search text of signs only must not find everybody.
    """
    return tuple(dict.fromkeys(word for text in _texts(parts) for word in fold(text).split()))


def initials(*parts: Value) -> str:
    """Return the first letter of each part, as lists show a person without a search (decisions 31)."""
    folded = (fold(text) for text in _texts(parts))
    return "".join(f"{text[0].upper()}." for text in folded if text)


def _texts(parts: tuple[Value, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, tuple):
            yield from part
        elif isinstance(part, str) and not isinstance(part, Missing):
            yield part
