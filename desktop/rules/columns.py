"""How the columns of a foreign list are read: one target per column, kept for the next list with the same headings.

A target is a field of ours as `Entity.field`, or one of two words: KEEP makes the cell a note of the case, LEAVE_OUT
passes it over because somebody said so. A column that no mapping speaks of is never passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from desktop.errors import NotAccepted, Problem
from desktop.rules.cells import MAX_ROWS, Sheet, Workbook, column_letters
from desktop.rules.codelists import CodeList
from desktop.rules.foreign_words import LONGEST_WORDS, word_key
from desktop.rules.htcds_cells import cell_text
from desktop.rules.htcds_labels import squeezed

KEEP, LEAVE_OUT = "KEEP", "LEAVE_OUT"

_PLAIN_TARGETS = frozenset(
    {
        *("Person.name", "Person.first_name", "Person.other_names", "Person.surname", "Person.sex", "Person.phone"),
        *("Person.age_at_registration", "Person.dob", "Person.citizenship"),
        *("Case.date_opened", "Case.county", "Case.sub_county", "Case.source", "Case.status", "Case.officer"),
        *("ExploitationEpisode.exploitation_type", "ExploitationEpisode.place"),
        *("Referral[OUT].to_provider_name", "Referral[OUT].date"),
        *("LegalProcess.ob_number", KEEP, LEAVE_OUT),
    }
)
CONSENT_TARGET = re.compile(r"Consent\[([A-Z_]+)\]\.answer")
REFERENCE_TARGET = re.compile(r"Case\.external_refs\[([A-Z]+)(?: ID)?\]")

_MOST_COLUMNS = 400
_MOST_HEADING_ROWS = 5
_LONGEST_NAME = 80
_MOST_WORDS = 100  # with which a row begins that is no case
# A terminal obeys them; no name or heading needs one.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LETTERS = re.compile(r"[A-Z]{1,2}")
_CELL = re.compile(r"([A-Z]{1,3})([0-9]+)")
_COLOURS = frozenset({"RED", "ORANGE", "YELLOW", "GREEN", "BLUE", "PURPLE", "GREY", "OTHER"})


@dataclass(frozen=True)
class MappedColumn:
    """One column: its letter, its heading as it stands in the file, and where its cells go."""

    column: str
    heading: str
    target: str


@dataclass(frozen=True)
class ColumnMapping:
    """How one kind of list is read.

    Attributes:
        name: What the office calls the list.
        heading_rows: Numbers of the rows with headings.
        first_row: The first row that may be a case; what stands above is titles.
        columns: Every column of the list.
        not_cases: Words with which a row begins that is no case: totals, signatures.
        colours: What the office says a row's colour means, as a case status; only ever compared, never taken.
        one_case_by: Targets whose values together name one case, only ever numbers that a register or the police gave;
            rows that share them are lines of it.
        register: The register it comes from (`external_registers.csv`), whose known faults are then told; or nothing.
    """

    name: str
    heading_rows: tuple[int, ...]
    first_row: int
    columns: tuple[MappedColumn, ...]
    not_cases: tuple[str, ...] = ()
    colours: Mapping[str, str] = field(default_factory=dict)
    one_case_by: tuple[str, ...] = ()
    register: str = ""

    def headings(self) -> tuple[tuple[str, str], ...]:
        """Return letter and folded heading of every column that has one: what makes two lists the same kind."""
        return tuple((item.column, word_key(item.heading)) for item in self.columns if item.heading)

    def fits(self, sheet: Sheet) -> bool:
        """Say whether the sheet carries exactly the headings of this mapping, in the same columns."""
        found = headings_of(sheet, self.heading_rows)
        if not found or [item.column for item in self.columns if item.heading] != list(found):
            return False  # seen without folding any text
        return self.headings() == tuple((column, word_key(text)) for column, text in found.items())

    def document(self) -> dict[str, Any]:
        """Return the mapping as plain values, as it is kept and as a person edits it."""
        return {
            "name": self.name,
            "heading_rows": list(self.heading_rows),
            "first_row": self.first_row,
            "not_cases": list(self.not_cases),
            "one_case_by": list(self.one_case_by),
            "register": self.register,
            "colours": dict(self.colours),
            "column": [
                {"column": item.column, "heading": item.heading, "target": item.target} for item in self.columns
            ],
        }


def column_number(letters: str) -> int:
    """Return the number of a column, A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def headings_of(sheet: Sheet, rows: tuple[int, ...]) -> dict[str, str]:
    """Return the heading of each column that has one, the texts of several heading rows joined, merged cells spread."""
    texts = {
        (letters, row.number): squeezed(_CONTROL.sub(" ", cell_text(cell)))
        for row in sheet.rows
        if row.number in rows
        for letters, cell in row.cells.items()
    }
    room = _MOST_COLUMNS * _MOST_HEADING_ROWS  # merged ranges never overlap, so they hold no more cells than that
    for merged in sheet.merged:
        room -= _spread(texts, merged, rows, sheet.last_column)
        if room < 0:
            break
    found: dict[str, str] = {}
    for letters in sorted({letters for letters, _ in texts}, key=column_number):
        # A cell merged downwards says the same in each row.
        parts = dict.fromkeys(texts.get((letters, row), "") for row in rows)
        found[letters] = " | ".join(filter(None, parts))[:LONGEST_WORDS].strip()
    return {letters: text for letters, text in found.items() if text}


def _spread(texts: dict[tuple[str, int], str], merged: str, rows: tuple[int, ...], last_column: int) -> int:
    """Give the text of a merged range to all its cells in the heading rows, and return how many those are."""
    ends = [_CELL.fullmatch(end) for end in merged.split(":")]
    if len(ends) != 2 or ends[0] is None or ends[1] is None:
        return 0
    text = texts.get((ends[0][1], int(ends[0][2])), "")
    first, last = column_number(ends[0][1]), min(column_number(ends[1][1]), last_column)
    within = [row for row in rows if text and int(ends[0][2]) <= row <= int(ends[1][2])]
    for row in within:
        for number in range(first, last + 1):
            texts.setdefault((column_letters(number), row), text)
    return len(within) * max(0, last - first + 1)


def sheets_that_fit(book: Workbook, mapping: ColumnMapping) -> tuple[int, ...]:
    """Return the positions, from 0, of the sheets that carry the headings of this mapping."""
    return tuple(at for at, sheet in enumerate(book.sheets) if mapping.fits(sheet))


def parse_mapping(document: object, lists: Mapping[str, CodeList]) -> ColumnMapping:
    """Return the mapping that plain values stand for, as a person or an older version wrote them.

    Raises:
        NotAccepted: MAPPING_WRONG with a problem for each part that is not as it must be, named by part or column.
    """
    if not isinstance(document, dict):
        raise NotAccepted((Problem("MAPPING_SHAPE_WRONG", "mapping"),), "MAPPING_WRONG")
    reader = _Reader(document, lists)
    mapping = ColumnMapping(
        name=reader.text("name"),
        heading_rows=reader.numbers("heading_rows"),
        first_row=reader.number("first_row"),
        columns=reader.columns(),
        not_cases=reader.texts("not_cases"),
        colours=reader.colours(),
        one_case_by=reader.texts("one_case_by"),
        register=reader.text("register", needed=False),
    )
    targets = [item.target for item in mapping.columns if item.target not in (KEEP, LEAVE_OUT)]
    if len(set(targets)) != len(targets):
        reader.wrong("MAPPING_TARGET_TWICE", "column")
    if not set(mapping.one_case_by) <= set(filter(_is_number, targets)):
        reader.wrong("MAPPING_SHAPE_WRONG", "one_case_by")
    if mapping.register and mapping.register not in lists["external_registers"]:
        reader.wrong("VALUE_NOT_IN_LIST", "register")
    if mapping.heading_rows and mapping.first_row <= max(mapping.heading_rows):
        reader.wrong("MAPPING_SHAPE_WRONG", "first_row")
    if set(document) - set(mapping.document()):
        reader.wrong("MAPPING_SHAPE_WRONG", "mapping")
    if reader.problems:
        raise NotAccepted(tuple(reader.problems), "MAPPING_WRONG")
    return mapping


def _is_number(target: str) -> bool:
    """Say whether a target is a number that names a case elsewhere: anything else is shared by many persons."""
    return target == "LegalProcess.ob_number" or REFERENCE_TARGET.fullmatch(target) is not None


def is_target(target: str, lists: Mapping[str, CodeList]) -> bool:
    """Say whether a column may be read as this."""
    consent, reference = CONSENT_TARGET.fullmatch(target), REFERENCE_TARGET.fullmatch(target)
    return (
        target in _PLAIN_TARGETS
        or (consent is not None and consent[1] in lists["consent_scopes"])
        or (reference is not None and reference[1] in lists["external_registers"])
    )


def targets(lists: Mapping[str, CodeList]) -> tuple[str, ...]:
    """Return everything that a column may be read as, in the order of a list to choose from."""
    return (
        *sorted(_PLAIN_TARGETS - {KEEP, LEAVE_OUT}),
        *(f"Consent[{scope.code}].answer" for scope in lists["consent_scopes"]),
        *(f"Case.external_refs[{register.code}]" for register in lists["external_registers"]),
        "Case.external_refs[CPIMS ID]",
        KEEP,
        LEAVE_OUT,
    )


def _is_text(value: object, longest: int) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= longest and _CONTROL.search(value) is None


def _is_row(value: object) -> TypeGuard[int]:
    return type(value) is int and 1 <= value <= MAX_ROWS


class _Reader:
    """Takes a document's parts one by one and gathers what is wrong with them."""

    def __init__(self, document: Mapping[str, Any], lists: Mapping[str, CodeList]) -> None:
        self._document, self._lists = document, lists
        self.problems: list[Problem] = []

    def wrong(self, code: str, part: str) -> None:
        self.problems.append(Problem(code, f"mapping.{part}"))

    def text(self, part: str, *, needed: bool = True) -> str:
        value = self._document.get(part, "")
        if not _is_text(value, _LONGEST_NAME) or (needed and not value.strip()):
            self.wrong("MAPPING_SHAPE_WRONG", part)
            return ""
        return value.strip()

    def number(self, part: str) -> int:
        value = self._document.get(part)
        if not _is_row(value):
            self.wrong("MAPPING_SHAPE_WRONG", part)
            return 1
        return value

    def numbers(self, part: str) -> tuple[int, ...]:
        value = self._document.get(part)
        if not isinstance(value, list) or not 1 <= len(value) <= _MOST_HEADING_ROWS or not all(map(_is_row, value)):
            self.wrong("MAPPING_SHAPE_WRONG", part)
            return ()
        return tuple(value)

    def texts(self, part: str) -> tuple[str, ...]:
        value = self._document.get(part, [])
        right = isinstance(value, list) and len(value) <= _MOST_WORDS
        if not right or not all(item and _is_text(item, _LONGEST_NAME) for item in value):
            self.wrong("MAPPING_SHAPE_WRONG", part)
            return ()
        return tuple(value)

    def colours(self) -> dict[str, str]:
        value = self._document.get("colours", {})
        statuses = self._lists["case_statuses"]
        if not isinstance(value, dict) or not all(
            colour in _COLOURS and isinstance(status, str) and status in statuses for colour, status in value.items()
        ):
            self.wrong("MAPPING_SHAPE_WRONG", "colours")
            return {}
        return dict(value)

    def columns(self) -> tuple[MappedColumn, ...]:
        value = self._document.get("column")
        if not isinstance(value, list) or not 1 <= len(value) <= _MOST_COLUMNS:
            self.wrong("MAPPING_SHAPE_WRONG", "column")
            return ()
        found = []
        for item in value:
            parts = item if isinstance(item, dict) else {}
            letters, heading, target = (parts.get(name) for name in ("column", "heading", "target"))
            if not isinstance(letters, str) or not _LETTERS.fullmatch(letters):
                self.wrong("MAPPING_SHAPE_WRONG", "column")
            elif not _is_text(heading, LONGEST_WORDS):
                self.wrong("MAPPING_SHAPE_WRONG", letters)
            elif not isinstance(target, str) or not is_target(target, self._lists):
                self.wrong("MAPPING_TARGET_UNKNOWN", letters)
            else:
                found.append(MappedColumn(letters, heading, target))
        letters_seen = [item.column for item in found]
        if len(set(letters_seen)) != len(letters_seen):
            self.wrong("MAPPING_SHAPE_WRONG", "column")
        return tuple(sorted(found, key=lambda item: column_number(item.column)))
