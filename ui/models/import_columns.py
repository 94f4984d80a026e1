"""The columns of a foreign list and what each may be read as, in words: what the step between file and preview shows.

Examples are personal data. They go from here into the window and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from desktop.messages import LANGUAGES, sentences
from desktop.rules.codelists import Code, CodeList
from desktop.rules.columns import CONSENT_TARGET, KEEP, LEAVE_OUT, REFERENCE_TARGET, ColumnMapping, column_number
from desktop.services.lists import ListHeadings, ListSheet

LONGEST_NAME = 80

_EXAMPLES = 2
_EXAMPLE_CHARACTERS = 28
_MOST_HEADING_ROWS = 5
_RANGE = re.compile(r"(\d{1,7})\s*[-–]\s*(\d{1,7})|(\d{1,7})")
# In the order of the list to choose from: what is chosen most first, then group by group.
_WORDS = {
    KEEP: "TARGET_KEEP",
    LEAVE_OUT: "TARGET_LEAVE_OUT",
    "Person.name": "TARGET_NAME",
    "Person.first_name": "TARGET_FIRST_NAME",
    "Person.other_names": "TARGET_OTHER_NAMES",
    "Person.surname": "TARGET_SURNAME",
    "Person.sex": "TARGET_SEX",
    "Person.age_at_registration": "TARGET_AGE",
    "Person.dob": "TARGET_DOB",
    "Person.citizenship": "TARGET_CITIZENSHIP",
    "Person.phone": "TARGET_PHONE",
    "Case.date_opened": "TARGET_DATE_OPENED",
    "Case.county": "TARGET_COUNTY",
    "Case.sub_county": "TARGET_SUB_COUNTY",
    "Case.source": "TARGET_SOURCE",
    "Case.status": "TARGET_STATUS",
    "Case.officer": "TARGET_OFFICER",
    "ExploitationEpisode.exploitation_type": "TARGET_EXPLOITATION",
    "ExploitationEpisode.place": "TARGET_EXPLOITATION_PLACE",
    "Referral[OUT].to_provider_name": "TARGET_REFERRED_TO",
    "Referral[OUT].date": "TARGET_REFERRED_ON",
    "LegalProcess.ob_number": "TARGET_OB_NUMBER",
    "Case.external_refs[CPIMS ID]": "TARGET_CPIMS_PERSON",
}
_SAME = {"Case.external_refs[OB]": "LegalProcess.ob_number"}  # one number, offered once


@dataclass(frozen=True)
class ColumnToRead:
    """A column: its letter, the lines of its heading, a few of its texts, and what it is read as."""

    column: str
    heading: str
    target: str
    examples: tuple[str, ...] = field(repr=False)

    @property
    def heading_lines(self) -> tuple[str, ...]:
        """The heading as it stands in its rows."""
        return tuple(filter(None, self.heading.split(" | ")))


def target_list(targets: Iterable[str], lists: Mapping[str, CodeList]) -> CodeList:
    """Return everything a column may be read as, with its words: as a list of codes, because it is chosen like one."""
    given = tuple(targets)
    order = [*_WORDS, *(target for target in given if target not in _WORDS.keys() | _SAME.keys())]
    return CodeList("targets", tuple(Code(target, _labels(target, lists)) for target in order if target in given))


def _labels(target: str, lists: Mapping[str, CodeList]) -> dict[str, str]:
    consent, reference = CONSENT_TARGET.fullmatch(target), REFERENCE_TARGET.fullmatch(target)
    if target in _WORDS:
        return {language: sentences()[_WORDS[target]][language] for language in LANGUAGES}
    if consent is not None:
        return _grouped("TARGET_CONSENT", lists["consent_scopes"], consent[1])
    if reference is not None:
        return _grouped("TARGET_NUMBER", lists["external_registers"], reference[1])
    return dict.fromkeys(LANGUAGES, target)


def _grouped(group: str, codes: CodeList, code: str) -> dict[str, str]:
    return {language: sentences()[group][language].format(label=codes.label(code, language)) for language in LANGUAGES}


def columns_to_read(found: ListHeadings, chosen: Mapping[tuple[str, str], str]) -> tuple[ColumnToRead, ...]:
    """Return the columns of a list; what a person chose before for a column with this heading stands again."""
    if found.mapping is None:
        return ()
    read = tuple(sheet for sheet in found.sheets if sheet.fits)
    known = {item.column: (item.heading, _SAME.get(item.target, item.target)) for item in found.mapping.columns}
    # A column without a heading may be new in this file: no mapping speaks of it.
    unknown = {letters for sheet in read for letters in sheet.samples} - known.keys()
    columns = known | dict.fromkeys(unknown, ("", KEEP))
    return tuple(
        ColumnToRead(letters, heading, chosen.get((letters, heading), target), _examples(read, letters))
        for letters, (heading, target) in sorted(columns.items(), key=lambda item: column_number(item[0]))
    )


def _examples(sheets: Iterable[ListSheet], letters: str) -> tuple[str, ...]:
    texts = (" ".join(text.split()) for sheet in sheets for text in sheet.samples.get(letters, ()))
    return tuple(map(_shortened, dict.fromkeys(filter(None, texts))))[:_EXAMPLES]


def _shortened(text: str) -> str:
    return text if len(text) <= _EXAMPLE_CHARACTERS else f"{text[: _EXAMPLE_CHARACTERS - 1]}…"


def taken_twice(targets: Mapping[str, str]) -> dict[str, str]:
    """Return for each column that shares what it is read as the first other column that is read so too."""
    columns_of: dict[str, list[str]] = {}
    for column, target in targets.items():
        if target not in (KEEP, LEAVE_OUT):
            columns_of.setdefault(target, []).append(column)
    return {
        column: next(other for other in columns if other != column)
        for columns in columns_of.values()
        if len(columns) > 1
        for column in columns
    }


def mapping_document(
    before: ColumnMapping, columns: Iterable[ColumnToRead], *, first_row: int, name: str
) -> dict[str, Any]:
    """Return the plain values of a mapping as a person changed it; the service checks them."""
    chosen = tuple(columns)
    targets = {item.target for item in chosen}
    return before.document() | {
        "name": name,
        "first_row": first_row,
        # Without the columns that told the cases apart each row is a case of its own again.
        "one_case_by": list(before.one_case_by) if targets.issuperset(before.one_case_by) else [],
        "column": [{"column": item.column, "heading": item.heading, "target": item.target} for item in chosen],
    }


def row_numbers(text: str) -> tuple[int, ...]:
    """Return the rows that a person typed, such as `5, 6` or `5-6`; none where it is no such thing or too many."""
    found: set[int] = set()
    if _RANGE.sub("", text).strip(" ,;"):
        return ()
    for first, last, alone in _RANGE.findall(text):
        start = int(alone or first)
        found.update(range(start, min(int(alone or last), start + _MOST_HEADING_ROWS) + 1))
    return tuple(sorted(found)) if len(found) <= _MOST_HEADING_ROWS and 0 not in found else ()
