"""The printed phrases of the letters, read once for each language from `resources/letters`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache

from desktop.paths import resource
from desktop.rules.codelists import ENGLISH, SWAHILI

Phrases = Mapping[str, Mapping[str, str]]


@cache
def phrases(language: str) -> Phrases:
    """Return the phrases of `language` by table and key."""
    return tomllib.loads(resource("letters", f"{language}.toml").read_text(encoding="utf-8"))


def other_language(language: str) -> str:
    """Return the second language of a paper, which stands in small italics beside the labels."""
    return SWAHILI if language == ENGLISH else ENGLISH
