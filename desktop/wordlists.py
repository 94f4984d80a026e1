"""The shipped word lists, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from desktop.crypto.words import WordList, parse_word_list
from desktop.paths import resource

DEFAULT = "en-1"


@cache
def load() -> Mapping[str, WordList]:
    """Return every shipped list by its name; sentences are drawn from `DEFAULT`.

    Raises:
        Malformed: A list is not 2,048 words told apart by their first four letters.
    """
    files = [item for item in resource("wordlists").iterdir() if item.name.endswith(".txt")]
    names = {item.name.removesuffix(".txt"): item for item in files}
    return {name: parse_word_list(name, names[name].read_text(encoding="ascii")) for name in sorted(names)}
