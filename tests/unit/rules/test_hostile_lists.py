"""No cell, title or heading holds the desk up: what is too long to be a word is kept as it stands and not searched."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from desktop import paths
from desktop.rules import list_rows
from desktop.rules.column_suggestions import suggest
from desktop.rules.columns import KEEP, MappedColumn
from desktop.rules.foreign_words import LONGEST_WORDS, word_key
from tests.unit.rules import hostile_lists
from tests.unit.rules.foreign_lists import mapping_of, one, rows_of, sheet_of, vocabulary, words

ROOT = Path(paths.__file__).parents[1]
CPU_S = 20  # the reading takes about one


def limit_time() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))


def test_every_hostile_shape_is_read_in_every_kind_of_column_and_as_a_title_within_its_time() -> None:
    # In a process of its own: a search that does not end could not be stopped in this one.
    command = [sys.executable, "-m", hostile_lists.__name__]
    ended = subprocess.run(command, cwd=ROOT, preexec_fn=limit_time, capture_output=True, text=True, check=False)
    assert ended.stdout.splitlines() == [*hostile_lists.SHAPES, "done"], ended.stderr


@pytest.mark.parametrize(("length", "asked"), [(LONGEST_WORDS, "VALUE_NOT_IN_LIST"), (LONGEST_WORDS + 1, None)])
def test_a_text_is_looked_into_for_words_up_to_a_length(length: int, asked: str | None) -> None:
    row = one(mapping_of(A="Person.first_name", B="Person.sex"), "Amani", "x" * length)
    (question,) = [ask for ask in row.asks if ask.facts.get("column") == "B"]
    if asked is None:
        asked, facts = "TEXT_TOO_LONG", {"characters": length, "limit": LONGEST_WORDS}
        assert {name: question.facts[name] for name in facts} == facts
    assert question.code == asked
    assert row.kept_as_text["heading B"] == "x" * length


def test_blanks_between_words_do_not_make_a_text_long() -> None:
    blanks = " " * 10_000
    mapping = mapping_of(A="Person.first_name", B="ExploitationEpisode.exploitation_type", C="Case.county")
    row = one(mapping, "Amani", f"ngono{blanks}+{blanks}ombaomba", f"Tana{blanks}River")
    assert row.accepted["ExploitationEpisode.exploitation_type"] == ("SEXUAL", "BEGGING")
    assert row.accepted["Case.county"] == "004"


def test_only_the_first_parts_of_a_heading_are_looked_at() -> None:
    headings = ["Jina", "Jinsia", "/".join([*(f"{at}x" for at in range(50)), "simu"]), "nambari / simu"]
    found = suggest(sheet_of(headings, ["Amani", "F", "x", "y"]), words(), vocabulary().lists)
    assert found is not None
    assert found.columns[2] == MappedColumn("C", headings[2], KEEP)
    assert found.columns[3].target != KEEP


def test_the_words_of_rows_that_are_no_cases_are_folded_once_and_not_for_every_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folded: list[str] = []

    def counted(text: str) -> str:
        folded.append(text)
        return word_key(text)

    monkeypatch.setattr(list_rows, "word_key", counted)
    reading = rows_of(mapping_of(A="Person.first_name"), *([f"Amani {at}"] for at in range(100)))
    assert len(reading.rows) == 100
    assert len(folded) == 100 + len(mapping_of(A=KEEP).not_cases)
