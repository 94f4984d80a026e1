"""Single cells of a foreign list read as what our fields hold: a value, a question, or both. Nothing is guessed.

A question without a value leaves the field as it is and keeps the cell's text as a note of the case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, wraps
from typing import Concatenate, ParamSpec

from desktop.rules import dates
from desktop.rules.cells import Cell, CellKind
from desktop.rules.codelists import CodeList
from desktop.rules.foreign_words import (
    LONGEST_WORDS,
    ForeignWords,
    Word,
    codes_by_label,
    compact,
    in_brackets,
    without_brackets,
    word_key,
)
from desktop.rules.htcds_cells import cell_text, read_date_cell
from desktop.rules.htcds_labels import squeezed
from desktop.rules.phones import PHONE_NOT_UNDERSTOOD, PHONE_WITH_WORDS, read_phones
from desktop.rules.records import Value

_FIRST_YEAR = 1900
_ABOUT = r"(?P<about>about|abt|around|approx\.?|kama|karibu|takriban|~)?\s*"
_AGE = re.compile(
    _ABOUT + r"(?:miaka|umri|aged?|years?)?\s*(?P<years>\d{1,3})\s*(?:yrs?\.?|years?(?: old)?|y/?o|miaka)?",
    re.ASCII | re.IGNORECASE,
)
_MONTHS_OLD = re.compile(r"(?:miezi\s*(\d{1,2})|(\d{1,2})\s*(?:months?|mths?|miezi))", re.ASCII | re.IGNORECASE)
_AGES = re.compile(r"(\d{1,3})\s*(?:/|-|\N{EN DASH}|to|or|hadi|au)\s*(\d{1,3})(?:\s*yrs?)?", re.ASCII | re.IGNORECASE)
_DECADE = re.compile(r"(\d)0'?s", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_SHEET_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)", re.ASCII)

_SEVERAL = re.compile(r"[+;,&/\n]|\b(?:na|and)\b", re.IGNORECASE)
_BUT = re.compile(r"\b(?:lakini|ila|isipokuwa|but|except|only)\b", re.IGNORECASE)
_LETTER_FOR_ZERO = str.maketrans("OoQ", "000")
_DIGIT_LETTERS = re.compile(r"\d\s*[OoQ]|[OoQ]\s*\d", re.ASCII)
_SHORT_MOBILE = re.compile(r"(?:\+?254|0)?[17]\d{4,7}", re.ASCII)
_OF_COUNTY = re.compile(r"\bcounty\b|\bkaunti ya\b|\bkaunti\b", re.IGNORECASE)
_OF_PROVINCE = re.compile(r"\bprovince\b|\bmkoa wa\b|\bmkoa\b", re.IGNORECASE)


@dataclass(frozen=True)
class CellReading:
    """What a cell says. `notes` are things to show; a `question` is to be settled, with the facts its sentence names.

    `whole`: the value says all that the cell does, so its text need not be kept beside the question.
    """

    value: Value = None
    question: str | None = None
    facts: Mapping[str, int | str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    estimated: bool = False
    whole: bool = True


def unsettled(code: str, value: Value = None, **facts: int | str) -> CellReading:
    """Return a reading that must be settled; the cell's text is kept."""
    return CellReading(value, code, facts, whole=False)


def sheet_year(name: str) -> int | None:
    """Return the year that a sheet is named for, or None when its name holds none or several."""
    years = set(_SHEET_YEAR.findall(name))
    return int(years.pop()) if len(years) == 1 else None


P = ParamSpec("P")


def _of_words(
    read: Callable[Concatenate[CellReader, Cell, P], CellReading],
) -> Callable[Concatenate[CellReader, Cell, P], CellReading]:
    """Let a reader see only cells of words, their blanks squeezed: its searching would be slow on a long text."""

    @wraps(read)
    def guarded(reader: CellReader, cell: Cell, /, *more: P.args, **named: P.kwargs) -> CellReading:
        said = "\n".join(filter(None, map(squeezed, cell.text.split("\n"))))  # a new line stands between two words
        if len(said) > LONGEST_WORDS:
            return unsettled("TEXT_TOO_LONG", characters=len(said), limit=LONGEST_WORDS)
        return read(reader, replace(cell, text=said), *more, **named)

    return guarded


@dataclass(frozen=True)
class CellReader:
    """Reads cells with the shipped words and lists. `today` decides two-digit years and what lies ahead."""

    words: ForeignWords
    lists: Mapping[str, CodeList]
    today: date
    date1904: bool

    @cached_property
    def _labels(self) -> Mapping[str, Mapping[str, str]]:
        used = ("sex", "case_statuses", "referral_sources", "exploitation_types", "iso3166")
        return {name: codes_by_label(self.lists[name]) for name in used}

    @cached_property
    def _short_names(self) -> Mapping[str, str]:
        # Two letters only of the countries met often: "NO" is an answer, not Norway.
        frequent = {code.extra["iso_alpha2"].casefold(): code.code for code in self.lists["nationality_frequent"]}
        return {code.code.casefold(): code.code for code in self.lists["iso3166"]} | frequent

    @cached_property
    def _counties(self) -> Mapping[str, str]:
        spellings = {compact(label): code.code for code in self.lists["counties"] for label in code.labels.values()}
        return spellings | {key: word.means for key, word in self._county_words.items() if not word.question}

    @cached_property
    def _county_words(self) -> Mapping[str, Word]:
        return {compact(name): word for name, word in self.words.of("county").items()}

    @cached_property
    def _regions(self) -> frozenset[str]:
        names = ("region_en", "region_sw")
        return frozenset(compact(code.extra[name]) for code in self.lists["counties"] for name in names)

    @cached_property
    def _sub_counties(self) -> Mapping[str, Mapping[str, str]]:
        """Sub-county codes by county, by name."""
        found: dict[str, dict[str, str]] = {}
        for code in self.lists["sub_counties"]:
            found.setdefault(compact(code.labels["en"]), {})[code.extra["county_code"]] = code.code
        return found

    def says_none(self, cell: Cell) -> bool:
        """Say whether the cell says in words that there is nothing: hana, N/A, a dash."""
        return self.words.find("none", cell_text(cell)) is not None

    @_of_words
    def age(self, cell: Cell) -> CellReading:
        """Read an age in years. Words, ranges and years of birth are questions."""
        text = " ".join(cell_text(cell).split())
        word = self.words.find("age", text)
        if word is not None:
            return unsettled(word.question or "AGE_NOT_UNDERSTOOD", word.means or None)
        if cell.kind not in (CellKind.TEXT, CellKind.NUMBER):
            return unsettled("AGE_NOT_UNDERSTOOD")
        if match := _AGE.fullmatch(text):
            years = int(match["years"])
            if years > dates.OLDEST_AGE:
                return unsettled("AGE_OUT_OF_RANGE")
            return CellReading(years, estimated=match["about"] is not None)
        if match := _MONTHS_OLD.fullmatch(text):
            return CellReading(int(match[1] or match[2]) // 12)
        if match := _AGES.fullmatch(text):
            low, high = sorted((int(match[1]), int(match[2])))
            return unsettled("AGE_AT_LIMIT" if low < dates.ADULT_AGE <= high else "AGE_RANGE")
        if _DECADE.fullmatch(text):
            return unsettled("AGE_AT_LIMIT" if text.startswith("1") else "AGE_RANGE")
        if _YEAR.fullmatch(text) and _FIRST_YEAR <= int(text) <= self.today.year:
            return unsettled("AGE_IS_YEAR")
        return unsettled("AGE_NOT_UNDERSTOOD")

    @_of_words
    def sex(self, cell: Cell) -> CellReading:
        """Read a sex. A question mark is "not recorded" and a question."""
        return self._by_word("sex", "sex", cell)

    @_of_words
    def status(self, cell: Cell) -> CellReading:
        """Read the state of a case."""
        return self._by_word("status", "case_statuses", cell)

    @_of_words
    def source(self, cell: Cell) -> CellReading:
        """Read who brought the case."""
        found = self._by_word("source", "referral_sources", cell)
        return unsettled("SOURCE_NOT_IN_LIST") if found.question == "VALUE_NOT_IN_LIST" else found

    def _by_word(self, use: str, list_name: str, cell: Cell) -> CellReading:
        text = cell_text(cell)
        word = self.words.find(use, text)
        if word is not None:
            return unsettled(word.question, word.means or None) if word.question else CellReading(word.means)
        code = self._labels[list_name].get(word_key(text))
        return CellReading(code) if code else unsettled("VALUE_NOT_IN_LIST")

    @_of_words
    def answer(self, cell: Cell) -> CellReading:
        """Read an answer to a consent question; "yes, but" is an answer with limits that must be written down."""
        text = cell_text(cell)
        word = self.words.find("answer", text)
        if word is not None:
            return unsettled(word.question) if word.question else CellReading(word.means)
        if cell.kind is CellKind.TRUTH:
            return CellReading("GIVEN" if cell.text == "true" else "REFUSED")
        limited = _BUT.search(text)
        first = self.words.find("answer", text[: limited.start()].strip(" ,.;-")) if limited else None
        if first is not None and first.means == "GIVEN":
            return unsettled("CONSENT_HAS_LIMITS", "LIMITED")
        return unsettled("YES_NO_UNCLEAR")

    @_of_words
    def phone(self, cell: Cell) -> CellReading:
        """Read the person's own number. Letters, missing digits and words beside it are questions (E.164 else)."""
        text = cell_text(cell)
        if _DIGIT_LETTERS.search(text) and read_phones(text.translate(_LETTER_FOR_ZERO)).numbers:
            return unsettled("PHONE_LETTERS")
        if _SHORT_MOBILE.fullmatch(re.sub(r"[\s().\-]", "", text)):
            return unsettled("PHONE_SHORT")
        read = read_phones(text, from_number_cell=cell.kind is CellKind.NUMBER)
        if read.problem or not read.numbers:
            return unsettled(PHONE_NOT_UNDERSTOOD)
        if PHONE_WITH_WORDS in read.notes:
            return unsettled(PHONE_WITH_WORDS)
        if len(read.numbers) > 1:
            return CellReading(read.numbers[0], "PHONE_TWO", {"numbers": len(read.numbers)}, read.notes, whole=False)
        return CellReading(read.numbers[0], notes=read.notes)

    @_of_words
    def day(self, cell: Cell, year: int | None) -> CellReading:
        """Read a date, day first. `year` is the one the sheet is named for, None for none."""
        text = cell_text(cell)
        if cell.kind is CellKind.TEXT and text.isalpha() and dates.parse_typed(f"{text} 2000", self.today).value:
            return unsettled("DATE_WITHOUT_YEAR")
        found = read_date_cell(cell, today=self.today, date1904=self.date1904)
        read = found.read
        if read.problem or read.value is None:
            return unsettled(read.problem or "DATE_NOT_UNDERSTOOD")
        facts = {} if found.serial is None else {"serial": found.serial}
        # A case of the year before is carried over; one that lies further off is more likely a slip of the pen.
        apart = abs(int(read.value[:4]) - year) if year is not None else 0
        if apart > 1:
            return unsettled("DATE_OTHER_YEAR")
        notes = (*read.notes, *(("DATE_OTHER_YEAR",) if apart else ()))
        return CellReading(read.value, facts=facts, notes=notes, estimated=read.estimated)

    @_of_words
    def countries(self, cell: Cell) -> CellReading:
        """Read one or several nationalities. What may be a community or two countries is a question."""
        text = cell_text(cell)
        found = self._several(text, self._country)
        return CellReading(tuple(dict.fromkeys(found))) if isinstance(found, list) else unsettled(found)

    def _country(self, text: str) -> tuple[str | None, str | None]:
        word = self.words.find("country", text)
        if word is not None:
            return word.means or None, word.question
        key = word_key(text)
        return self._labels["iso3166"].get(key) or self._short_names.get(key), None

    @_of_words
    def types(self, cell: Cell) -> CellReading:
        """Read one or several kinds of exploitation. A place or an offence is no kind of exploitation."""
        text = cell_text(cell)
        found = self._several(text, self._type)
        if isinstance(found, str):
            return unsettled(found)
        kinds = tuple(dict.fromkeys(found))
        return CellReading(kinds) if len(kinds) == 1 else unsettled("TYPE_TWO", kinds)

    def _type(self, text: str) -> tuple[str | None, str | None]:
        labels = self._labels["exploitation_types"]
        for said in (text, without_brackets(text)):
            word = self.words.find("type", said)
            if word is not None:
                return word.means or None, word.question
            if code := labels.get(word_key(said)):
                return code, None
        is_place = self._country(text) != (None, None) or self.county(Cell(CellKind.TEXT, text)).value is not None
        return None, "TYPE_IS_PLACE" if is_place else None

    def _several(self, text: str, one: Callable[[str], tuple[str | None, str | None]]) -> list[str] | str:
        """Return the codes of a cell, read as a whole or else in parts, or the question it raises."""
        code, question = one(text)
        if code is not None and question is None:
            return [code]
        parts = [part.strip() for part in _SEVERAL.split(text) if part.strip()]
        if question is None and len(parts) > 1:
            read = [one(part) for part in parts]
            codes = [found for found, asked in read if found is not None and asked is None]
            question = next((asked for _, asked in read if asked), None)
            if len(codes) == len(parts):
                return codes
        return question or "VALUE_NOT_IN_LIST"

    @_of_words
    def county(self, cell: Cell) -> CellReading:
        """Read a county in any spelling we know. A town, a former province or a short form is a question."""
        text = cell_text(cell)
        said = [text, without_brackets(text), *in_brackets(text)]
        sure = {code for part in said if (code := self._county(part))}
        if len(sure) == 1:
            return CellReading(sure.pop())
        if len({self._county(part) for part in _SEVERAL.split(text)} - {None}) > 1:
            return unsettled("COUNTY_TWO")
        if compact(_OF_PROVINCE.sub(" ", text)) in self._regions:
            return unsettled("COUNTY_IS_PROVINCE")
        for word in filter(None, (self._place(part) for part in said)):
            code, question = word
            return unsettled(question, county=code)
        return unsettled("VALUE_NOT_IN_LIST")

    def _county(self, text: str) -> str | None:
        return self._counties.get(compact(_OF_COUNTY.sub(" ", text)))

    def _place(self, text: str) -> tuple[str, str] | None:
        """Return the county that a short form or a town lies in, and the question it raises."""
        word = self._county_words.get(compact(text))
        if word is not None and word.question:
            return word.means, word.question
        within = self._sub_counties.get(compact(text), {})
        return (next(iter(within)), "COUNTY_IS_TOWN") if len(within) == 1 else None

    @_of_words
    def sub_county(self, cell: Cell, county: str | None) -> CellReading:
        """Read a sub-county of the county of the same row."""
        code = self._sub_counties.get(compact(cell_text(cell)), {}).get(county or "")
        return CellReading(code) if code else unsettled("VALUE_NOT_IN_LIST")
