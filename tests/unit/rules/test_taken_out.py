"""From where on what was taken out is bulk, and how it is said."""

from __future__ import annotations

import pytest

from desktop.messages import LANGUAGES, Language
from desktop.rules.taken_out import TakenOut
from desktop.wording import taken_out_in_words


@pytest.mark.parametrize(("cases", "is_bulk"), [(0, False), (20, False), (21, True), (214, True)])
def test_more_than_twenty_cases_are_bulk(cases: int, is_bulk: bool) -> None:
    assert TakenOut(cases=cases, letters=500, tables=500).is_bulk is is_bulk


@pytest.mark.parametrize(
    ("out", "language", "lines"),
    [
        (
            TakenOut(cases=214, letters=12, tables=2),
            "en",
            [
                "Since its last bundle this office took out 214 cases in 2 tables and printed or saved 12 letters.",
                "That is more than 20 cases. Ask the office by telephone what they were for.",
            ],
        ),
        (
            TakenOut(cases=1, letters=1, tables=1),
            "en",
            ["Since its last bundle this office took out 1 case in 1 table and printed or saved 1 letter."],
        ),
        (
            TakenOut(cases=1_214, letters=0, tables=1),
            "sw",
            [
                "Tangu kifurushi chake cha mwisho ofisi hii imetoa nje kesi 1,214 katika jedwali 1 "
                "na kuchapisha au kuhifadhi barua 0.",
                "Hizo ni zaidi ya kesi 20. Iulize ofisi kwa simu zilikuwa za nini.",
            ],
        ),
    ],
)
def test_what_was_taken_out_is_said_with_its_figures(out: TakenOut, language: Language, lines: list[str]) -> None:
    assert taken_out_in_words(out, language) == lines


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_was_taken_out_nothing_is_said(language: Language) -> None:
    assert taken_out_in_words(TakenOut(cases=0, letters=0, tables=0), language) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("figure", ["cases", "letters", "tables"])
def test_any_one_figure_is_said(figure: str, language: Language) -> None:
    out = TakenOut(**{"cases": 0, "letters": 0, "tables": 0, figure: 7})
    (line,) = taken_out_in_words(out, language)
    assert "7" in line
