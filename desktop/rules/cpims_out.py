"""A case as lines of the CPIMS listing of trafficking cases: its 14 headings, one line per sub-category.

Our codes become the listing's words by way of `cpims_map.csv`; what CPIMS has no code for is an empty cell. The listing
prints "Male" for everything but female and its top band for an unknown age: here both stay empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from desktop.rules.codelists import ENGLISH, CodeList
from desktop.rules.dates import AgeGroup
from desktop.rules.records import Value
from desktop.rules.table_cases import TableCase, codes, said
from desktop.rules.views import AGE_SCHEME

HEADINGS = (
    *("SERIAL", "CASE NUMBER", "CPIMS_ID", "COUNTY", "SUBCOUNTY", "DATE", "CASE CATEGORY", "CASE SUB CATEGORY"),
    *("SEX", "DATE OF BIRTH", "AGE", "AGERANGE", "CASE INTERVENTION", "OVCCOUNT"),
)

_CHILD, _PERSON = "Child victim of human trafficking", "Trafficked person"
# CPIMS's words for the codes of its list trafficking_id.
_SUB_CATEGORIES: Mapping[str, str] = {
    "CTSL": "Slavery",
    "CTIS": "Involuntary servitude",
    "CTFL": "Forced labour",
    "CTCL": "Child labour",
    "CTSE": "Sexual exploitation",
    "CTCM": "Child marriage",
    "CTFM": "Forced marriage",
    "CTVE": "Violent extremism",
    "CTDB": "Debt Bondage",
    "CTBG": "Begging",
    "CTOR": "Organ / tissue removal",
    "CTAC": "Armed conflict",
    "CTSS": "Practices similar to slavery",
}
_SEX = {"SFEM": "Female", "SMAL": "Male"}
_BANDS = ((5, "a.[0 - 5 yrs]"), (9, "b.[6 - 9 yrs]"), (15, "c.[10 - 15 yrs]"), (18, "d.[16 - 18 yrs]"))
_OLDEST_BAND = "e.[18+ yrs]"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SPELLING = "source spelling: "  # how the notes of counties.csv give the older one, which CPIMS prints

CodesByList = Mapping[tuple[str, str], str]


def cpims_codes(map_rows: Iterable[Mapping[str, str]]) -> CodesByList:
    """Return the codes of the lists trafficking_id and sex_id by that list and our code (rows of `cpims_map.csv`)."""
    return {
        (row["cpims_list"], row["our_code"]): row["cpims_code"]
        for row in map_rows
        if row["cpims_list"] in ("trafficking_id", "sex_id") and row["direction"] in ("both", "export")
    }


def cpims_lines(
    case: TableCase, foreign: CodesByList, lists: Mapping[str, CodeList], age_groups: Iterable[AgeGroup]
) -> list[tuple[str, ...]]:
    """Return a case's lines without the serial number: at least one, with an empty sub-category where none is known.

    An unnamed person's case is known by its pseudonym. Her or his age stands in the band of the monthly return, for
    two schemes of bands side by side give single years (mapping trap 14).
    """
    head, person = case.newest("case"), case.newest("person")
    dob, age = said(person, "dob"), person.get("age_at_registration")
    before = (
        said(head, "case_ref") or said(head, "pseudonym"),
        _cpims_id(codes(head, "external_refs")),
        _county(lists["counties"], said(head, "county")),
        _label(lists["sub_counties"], said(head, "sub_county")),
        said(head, "date_opened"),
        _CHILD if case.child_when_opened else _PERSON,
    )
    after = (
        _SEX.get(foreign.get(("sex_id", said(person, "sex")), ""), ""),
        _printed(dob),
        str(age) if isinstance(age, int) else "",
        _band(age, age_groups),
        "",
        "1",
    )
    return [(*before, words, *after) for words in _sub_categories(case, foreign)]


def _sub_categories(case: TableCase, foreign: CodesByList) -> list[str]:
    types = (
        *codes(case.newest("determination", "date"), "purposes"),
        *(code for view in case.all("exploitation_episode") for code in codes(view, "exploitation_type")),
    )
    found = dict.fromkeys(foreign.get(("trafficking_id", code), "") for code in types)
    return [_SUB_CATEGORIES[code] for code in found if code] or [""]


def _cpims_id(references: Iterable[str]) -> str:
    """Return the number behind `CPIMS` among the numbers in other registers."""
    return next((text.partition(" ")[2].strip() for text in references if text.startswith("CPIMS ")), "")


def _label(codelist: CodeList, code: str) -> str:
    return codelist.label(code, ENGLISH) if code in codelist else ""


def _county(counties: CodeList, code: str) -> str:
    entry = counties.get(code)
    notes = entry.extra["notes"] if entry else ""
    return notes.removeprefix(_SPELLING) if notes.startswith(_SPELLING) else _label(counties, code)


def _printed(day: str) -> str:
    """Return a birth date as CPIMS prints it, 04-Sep-2012; a partial one as it is stored."""
    if len(day) != len("YYYY-MM-DD"):
        return day
    born = date.fromisoformat(day)
    return f"{born.day:02}-{_MONTHS[born.month - 1]}-{born.year}"


def _band(age: Value, groups: Iterable[AgeGroup]) -> str:
    if isinstance(age, int):
        return next((band for oldest, band in _BANDS if age <= oldest), _OLDEST_BAND)
    # Spelt as CPIMS spells its own: of a bare 10-14 a spreadsheet makes the 14th of October.
    known = (group for group in groups if group.scheme == AGE_SCHEME and group.youngest is not None)
    return next((_spelt(group) for group in known if group.code == age), "")


def _spelt(group: AgeGroup) -> str:
    return f"[{group.youngest}+ yrs]" if group.oldest is None else f"[{group.youngest} - {group.oldest} yrs]"
