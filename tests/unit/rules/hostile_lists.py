"""Reads cells, titles and headings made to be slow to search; run as a program, so that its time can be limited."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from desktop.rules.cells import Row, Sheet, column_letters
from desktop.rules.column_suggestions import suggest
from desktop.rules.columns import LEAVE_OUT, targets
from tests.unit.rules.foreign_lists import mapping_of, one, sheet_of, text, vocabulary, words

LONG = 32_767  # characters; the most that a cell holds


def filled(start: str, part: str, end: str = "") -> str:
    return start + (part * LONG)[: LONG - len(start) - len(end)] + end


SHAPES: Mapping[str, str] = {
    "blanks": filled("a", " ", "b"),
    "blanks behind a figure": filled("1", " ", "x"),
    "no-break blanks": filled("a", "\N{NO-BREAK SPACE}", "b"),
    "lines": filled("a", "\n", "b"),
    "marks": filled("a", "\N{COMBINING ACUTE ACCENT}\N{COMBINING DOT BELOW}"),
    "letters": filled("", "a"),
    "figures": filled("", "1"),
    "figures apart": filled("", "1 "),
    "plus signs": filled("", " + "),
    "strokes": filled("", "a/"),
    "brackets": filled("", "("),
    "words that join names": filled("a ", "wa "),
    "one meaning": filled("a=b", " ", "="),
    "many meanings": filled("", "a=b;"),
    "late meaning": filled("", "a", "=b="),
}


def read_cells(shape: str) -> None:
    for target in targets(vocabulary().lists):
        if target == "Person.first_name":
            row = one(mapping_of(A=target, B="Person.sex"), shape, "F")
        else:
            row = one(mapping_of(A="Person.first_name", B=target), "Amani", shape)
        assert target == LEAVE_OUT or target not in row.accepted, target
        assert target == LEAVE_OUT or shape.strip() in row.kept_as_text.values(), target
    first = one(mapping_of(A="KEEP", B="Person.first_name"), shape, "Amani")
    assert first.accepted == {"Person.first_name": "Amani"}


def suggest_for(shape: str) -> None:
    below = (["Jina", "Jinsia"], ["Amani", "F"])
    under_a_title = suggest(sheet_of([shape], *below), words(), vocabulary().lists)
    assert under_a_title is not None
    assert under_a_title.heading_rows == (2,)
    as_a_heading = suggest(sheet_of(["Jina", "Jinsia", shape], ["Amani", "F", "x"]), words(), vocabulary().lists)
    assert as_a_heading is not None
    assert as_a_heading.columns[2].target == "KEEP"


def wide_headings() -> None:
    """As many titles as a sheet may have, each just short enough to be looked into."""
    for part in ("ab/", "(ab)", "a=b  ", "a=", "a"):
        rows = tuple(
            Row(row, {column_letters(at): text(f"{row} {at} {part * 400}"[:400]) for at in range(1, 401)})
            for row in range(1, 31)
        )
        overlapping = tuple(f"A1:{column_letters(at)}30" for at in range(1, 401))
        assert suggest(Sheet("wide", False, rows, 30, 400, merged=overlapping), words(), vocabulary().lists)


def main() -> None:
    for name, shape in SHAPES.items():
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()
        read_cells(shape)
        suggest_for(shape)
    wide_headings()
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
