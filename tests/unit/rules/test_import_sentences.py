"""Every code that an import can show has a sentence in both languages that needs no fact the program does not give."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from desktop import confinement, messages
from desktop.rules import foreign_words
from desktop.rules.list_rows import ROW_COLOURS

DESKTOP = Path(confinement.__file__).parent
SOURCES = [
    DESKTOP / "confinement.py",
    DESKTOP / "rules" / "phones.py",
    *sorted(DESKTOP.glob("rules/htcds*.py")),
    *sorted(DESKTOP.glob("rules/list*.py")),
    *sorted(DESKTOP.glob("workbooks/*.py")),
]
KNOWN_FACTS = {
    *("limit", "limit_mib", "sheet", "row", "column", "cell", "characters", "serial", "numbers"),
    *("county", "lines"),
}
CODE = re.compile(
    r'(?:NotTrusted|Obstacle|NotAccepted|ask|warn|Remark|unsettled)\(\s*(?:\(\), )?"([A-Z_]{4,})"'
    r'|(?:PHONE_\w+|DATE_\w+) = "([A-Z_]{4,})"|refused_row = .* else "([A-Z_]+)"|asks_once.*"([A-Z_]{4,})"'
)


def codes() -> set[str]:
    found = {code for task in confinement.TASKS.values() for code in task.refusals}
    found |= foreign_words.QUESTIONS | set(ROW_COLOURS.values())
    for source in SOURCES:
        found |= {next(filter(None, groups)) for groups in CODE.findall(source.read_text(encoding="utf-8"))}
    return found


def test_the_codes_are_found_in_the_sources() -> None:
    assert {"HEADINGS_UNKNOWN", "READER_NOT_STARTED", "PHONE_TWO", "NO_PERSON", "COUNTY_MISSING", "DRAFT"} <= codes()


@pytest.mark.parametrize("code", sorted(codes()))
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_code_has_a_sentence(code: str, language: messages.Language) -> None:
    sentence = messages.sentences()[code][language]
    needed = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
    assert needed <= KNOWN_FACTS
    assert "!" not in sentence
