"""Sentences by code, in English and Swahili: what happened, what is safe, what to do."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Literal

from desktop.errors import DeskError, Problem
from desktop.paths import resource

Language = Literal["en", "sw"]
LANGUAGES: tuple[Language, ...] = ("en", "sw")


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """Return every sentence: code -> language -> text.

    Raises:
        ValueError: A code stands in two files, or lacks a language: our own mistake, found by the tests.
    """
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted(resource("messages").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            for code, texts in tomllib.loads(file.read_text(encoding="utf-8")).items():
                if code in found or texts.keys() != set(LANGUAGES):
                    raise ValueError(code)
                found[code] = texts
    return found


def sentence(code: str, language: Language, /, **facts: int | str) -> str:
    """Return the sentence of a code with its facts filled in."""
    return sentences()[code][language].format(**facts)


def explain(error: DeskError, language: Language) -> str:
    """Return what a person at the desk is told of an expected failure."""
    return sentence(error.code, language, **error.facts)


def explain_problem(problem: Problem, language: Language) -> str:
    """Return what a person is told of one problem in one field."""
    facts = {} if problem.limit is None else {"limit": problem.limit}
    return sentence(problem.code, language, **facts)
