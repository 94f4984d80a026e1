"""A first mapping of a foreign list, suggested from its headings in English and Swahili. A person looks at it first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, product

from desktop.rules.cells import CellKind, Sheet
from desktop.rules.codelists import CodeList
from desktop.rules.columns import KEEP, LEAVE_OUT, ColumnMapping, MappedColumn, column_number, headings_of
from desktop.rules.foreign_words import (
    LONGEST_WORDS,
    ForeignWords,
    codes_by_label,
    in_brackets,
    without_brackets,
    word_key,
)
from desktop.rules.htcds_labels import squeezed

_SEARCHED_ROWS = 30  # from the top, for the first row of headings
_MOST_HEADING_ROWS = 3
_FEWEST_KNOWN = 2  # known headings that make a row one of headings
_MOST_PIECES = 12  # of one heading that are looked at; real ones have up to five
_PIECES = re.compile(r"[/|]")
_SET_OFF = re.compile(r"[;,]|\s{2,}")  # between a meaning and the next name of a legend
_WORD = re.compile(r"\w+")


def suggest(
    sheet: Sheet, words: ForeignWords, lists: Mapping[str, CodeList], *, rows: tuple[int, ...] = ()
) -> ColumnMapping | None:
    """Return a mapping for the sheet as it looks, or None where no row looks like headings.

    `rows` are the rows of the headings, where a person says so.
    """
    rows = rows or heading_rows(sheet, words)
    headings = headings_of(sheet, rows)
    if not headings:
        return None
    below = {letters for row in sheet.rows if row.number > max(rows) for letters in row.cells}
    taken: set[str] = set()
    columns = []
    for letters in sorted(below | headings.keys(), key=column_number):
        heading = headings.get(letters, "")
        target = _target(heading, words)
        if target in taken:
            target = KEEP
        if target not in (KEEP, LEAVE_OUT):
            taken.add(target)
        columns.append(MappedColumn(letters, heading, target))
    return ColumnMapping(
        name="",
        heading_rows=rows,
        first_row=max(rows) + 1,
        columns=tuple(columns),
        not_cases=tuple(words.of("title")),
        colours=_legend(sheet, min(rows), words, lists),
    )


def heading_rows(sheet: Sheet, words: ForeignWords) -> tuple[int, ...]:
    """Return the rows that look like headings; where none has words we know, the first with the most texts."""
    near = [row for row in sheet.rows if row.number <= _SEARCHED_ROWS]
    known = [
        row.number for row in near if sum(_is_known(cell.text, words) for cell in row.cells.values()) >= _FEWEST_KNOWN
    ]
    if known:
        return tuple(number for number in range(known[0], known[0] + _MOST_HEADING_ROWS) if number in known)
    texts = {row.number: sum(cell.kind is CellKind.TEXT for cell in row.cells.values()) for row in near}
    return (max(texts, key=lambda number: (texts[number], -number)),) if texts else ()


def _is_known(text: str, words: ForeignWords) -> bool:
    """Say whether a cell is a heading we know. Words such as "No" are answers too, so they do not count."""
    found = (words.find("heading", piece) for piece in _pieces(text)) if len(text) <= LONGEST_WORDS else ()
    return any(word is not None and word.means != LEAVE_OUT for word in found)


def _pieces(text: str) -> tuple[str, ...]:
    """Return the whole heading and its parts: `Simu (Phone)` also says Simu and Phone."""
    parts = [text, without_brackets(text), *in_brackets(text), *_PIECES.split(without_brackets(text))]
    return tuple(dict.fromkeys(squeezed(part) for part in parts if part.strip()))[:_MOST_PIECES]


def _target(heading: str, words: ForeignWords) -> str:
    """Return what a heading says, its lower rows first: they are the narrower ones."""
    rows = [_pieces(part) for part in reversed(heading.split(" | "))]
    together = (f"{upper} {lower}" for lower, upper in product(rows[0], rows[-1])) if len(rows) > 1 else ()
    for text in (*together, *(piece for pieces in rows for piece in pieces)):
        word = words.find("heading", text)
        if word is not None:
            return word.means
    return KEEP


def _legend(sheet: Sheet, before: int, words: ForeignWords, lists: Mapping[str, CodeList]) -> dict[str, str]:
    """Return what the titles say of colours, as far as it is a case status: `Kijivu = imefungwa (closed)`."""
    labels = codes_by_label(lists["case_statuses"])
    found: dict[str, str] = {}
    rows = (row for row in sheet.rows if row.number < min(before, _SEARCHED_ROWS))
    titles = (cell.text for row in rows for cell in row.cells.values() if len(cell.text) <= LONGEST_WORDS)
    for name, meaning in chain.from_iterable(map(_meanings, titles)):
        colour = words.find("colour", name)
        for piece in _pieces(meaning) if colour else ():
            status = words.find("status", piece)
            code = status.means if status and not status.question else labels.get(word_key(piece))
            if colour and code:
                found.setdefault(colour.means, code)
    return found


def _meanings(title: str) -> Iterator[tuple[str, str]]:
    """Yield name and meaning of each `name = meaning`; two blanks, a comma or a semicolon set the next name off.

    Done in one pass: a pattern for all of it would try every place again for every other.
    """
    before, *rest = title.split("=")
    for at, part in enumerate(rest, start=1):
        *meaning, after = _SET_OFF.split(part.strip())
        name = _WORD.findall(before)[-1:]
        if at == len(rest):
            meaning = [part]
        if name and meaning:
            yield name[0], " ".join(meaning)
        before = after
