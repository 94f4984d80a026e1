"""Every line a command says stands in both languages with the same facts; every option has its help."""

from __future__ import annotations

import argparse
import string
import tomllib
from collections.abc import Iterator

import pytest

from desktop import cli
from desktop.messages import LANGUAGES, Language
from desktop.paths import resource
from tests.unit.commands.desks import Desks

SAME = {"INSTANT", "INTAKE_TAKEN"}  # made of nothing but words that are given in


def lines() -> dict[str, dict[Language, str]]:
    return tomllib.loads(resource("messages", "commands.toml").read_text(encoding="utf-8"))


def facts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", lines())
def test_both_languages_say_the_same_facts_and_neither_is_the_other(code: str) -> None:
    english, swahili = (lines()[code][language] for language in LANGUAGES)
    assert facts(english) == facts(swahili)
    assert (english == swahili) == (code in SAME)
    assert "!" not in english + swahili


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


def test_every_option_of_every_command_has_its_help() -> None:
    silent = [
        (parser.prog, action.dest)
        for parser in parsers(cli._parser())
        for action in parser._actions
        if not action.help and not isinstance(action, argparse._SubParsersAction)
    ]
    assert silent == []


def test_no_english_stands_in_what_is_said_in_swahili(desks: Desks) -> None:
    said = ""
    for words in (("verify",), ("enrol-file", "--out", desks.stick), ("bundle", "--out", desks.stick)):
        ended = desks.by_office(*words, language="sw")
        said += ended.out + ended.err
    said += desks.by_national("digits", language="sw").out + desks.by_national("receipts", language="sw").out
    english = {line.partition("{")[0].strip() for line in (texts["en"] for texts in lines().values())}
    assert [text for text in english if len(text) > 6 and text in said] == []
