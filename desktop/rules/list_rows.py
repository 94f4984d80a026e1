"""One row of a foreign list, read cell by cell by its column mapping into the facts that an HTCDS row is read into.

What a reader of values does not see - colours, strike-through, notes, hidden cells - stands beside as remarks. Nothing
is done because of it, and no cell is passed over without a word.
"""

from __future__ import annotations

import colorsys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from desktop.rules import dates
from desktop.rules.cells import Cell, CellKind, Row, Sheet
from desktop.rules.columns import CONSENT_TARGET, KEEP, LEAVE_OUT, REFERENCE_TARGET, ColumnMapping, column_number
from desktop.rules.foreign_words import LONGEST_WORDS, word_key
from desktop.rules.forms import Form
from desktop.rules.htcds_cells import cell_text
from desktop.rules.htcds_row import KeptText, RowFacts
from desktop.rules.list_cells import CellReader, CellReading, sheet_year
from desktop.rules.records import Value

ROW_COLOURS: Mapping[str, str] = {
    "RED": "ROW_IS_RED",
    "ORANGE": "ROW_IS_ORANGE",
    "YELLOW": "ROW_IS_YELLOW",
    "GREEN": "ROW_IS_GREEN",
    "BLUE": "ROW_IS_BLUE",
    "PURPLE": "ROW_IS_PURPLE",
    "GREY": "ROW_IS_GREY",
    "OTHER": "ROW_IS_COLOURED",
}
_HUES = ((20, "RED"), (48, "ORANGE"), (70, "YELLOW"), (170, "GREEN"), (260, "BLUE"), (335, "PURPLE"), (361, "RED"))
_GREY_CHROMA = 0.08  # largest less smallest part of red, green and blue, of 1
_TEXTS: Mapping[str, tuple[str, str]] = {  # target -> record kind, its field
    "Person.first_name": ("person", "first_name"),
    "Person.other_names": ("person", "other_names"),
    "Person.surname": ("person", "surname"),
    "Case.officer": ("case", "officer"),
    "ExploitationEpisode.place": ("exploitation_episode", "place"),
    "Referral[OUT].to_provider_name": ("referral", "to_provider_name"),
}
# Words that begin the second part of a name and stay with it.
_WITH_NEXT = frozenset({"ole", "arap", "wa", "bin", "binti", "ibn", "abu", "abd", "al", "el", "de", "van"})
_DATES = frozenset({"Case.date_opened", "Person.dob", "Referral[OUT].date"})
_AFTER_OTHERS = "Case.sub_county"  # read once the county is known


@dataclass
class ListFacts(RowFacts):
    """A row's facts, where it stands, and what makes it a line of the same case as another.

    `key_is_shared`: another case of the file has the same key and tells of somebody else.
    """

    sheet: int = 1
    key: tuple[str, ...] = field(default=(), repr=False)
    lines: list[int] = field(default_factory=list)
    key_is_shared: bool = False

    @property
    def is_numbered(self) -> bool:
        """Whether every number that names the case stands in the row."""
        return bool(self.key) and all(self.key)

    def person(self) -> dict[str, Value]:
        """Return what the row says of the person, by field."""
        return {
            name.removeprefix("Person."): value for name, value in self.accepted.items() if name.startswith("Person.")
        }

    def note(self, heading: str, text: str, question: str | None) -> None:
        """Keep a text as a note of the case."""
        self.kept_as_text[heading] = text
        self.notes.append(KeptText(heading, text, question))


def colour_word(fill: str) -> str:
    """Return the plain name of a colour given as six hexadecimal digits; OTHER for one that has no digits."""
    if fill == "OTHER":
        return fill
    red, green, blue = (int(fill[at : at + 2], 16) / 255 for at in (0, 2, 4))
    if max(red, green, blue) - min(red, green, blue) < _GREY_CHROMA:
        return "GREY"
    hue = colorsys.rgb_to_hsv(red, green, blue)[0] * 360
    return next(name for below, name in _HUES if hue < below)


@dataclass(frozen=True)
class ListRowReader:
    """Reads the rows of one sheet; `position` counts the file's sheets from 1."""

    mapping: ColumnMapping
    cells: CellReader
    forms: Mapping[str, Form]
    sheet: Sheet
    position: int

    @cached_property
    def _notes(self) -> Mapping[int, list[tuple[str, str]]]:
        """Column and text of the cell notes by row."""
        found: dict[int, list[tuple[str, str]]] = {}
        for at, text in self.sheet.notes.items():
            letters = at.rstrip("0123456789")
            if text.strip():
                found.setdefault(int(at.removeprefix(letters)), []).append((letters, text.strip()))
        return found

    def noted_rows(self) -> frozenset[int]:
        """Return the numbers of the rows with a cell note."""
        return frozenset(self._notes)

    @cached_property
    def _headings(self) -> Mapping[str, str]:
        """What the notes of each column are called: its heading, with the letter where two columns have the same."""
        room = (self.forms["import_note"]["heading"].max_length or 0) - len(" (ABC) *")
        short = {item.column: item.heading[:room] for item in self.mapping.columns if item.heading}
        twice = {heading for heading, times in Counter(short.values()).items() if times > 1}
        return {
            letters: f"{heading} ({letters})" if heading in twice else heading for letters, heading in short.items()
        }

    def _heading(self, letters: str) -> str:
        return self._headings.get(letters, f"column {letters}")

    def not_a_case(self, row: Row) -> str | None:
        """Return why a row is no case: a title above the list, a total or a signature below it. None for a case."""
        if row.number < self.mapping.first_row:
            return None if row.number in self.mapping.heading_rows else "ROW_IS_TITLE"
        texts = (row.cells[letters].text.strip() for letters in sorted(row.cells, key=column_number))
        said = word_key(next(filter(None, texts), "")[:LONGEST_WORDS]).split()
        return "ROW_IS_TOTAL" if any(said[: len(words)] == words for words in self._not_cases) else None

    @cached_property
    def _not_cases(self) -> Sequence[list[str]]:
        return [words for text in self.mapping.not_cases if (words := word_key(text).split())]

    @cached_property
    def _year(self) -> int | None:
        return sheet_year(self.sheet.name)

    def read(self, row: Row) -> ListFacts | None:
        """Return what the row says, or None when nothing stands in it but what is left out."""
        facts = ListFacts(row.number, sheet=self.position, lines=[row.number])
        columns = {item.column: item for item in self.mapping.columns}
        read_any = False
        order = sorted(
            row.cells,
            key=lambda name: (columns[name].target == _AFTER_OTHERS if name in columns else False, column_number(name)),
        )
        for letters in order:
            item, cell = columns.get(letters), row.cells[letters]
            if item is not None and item.target == LEAVE_OUT:
                continue
            has_no_value = cell.kind in (CellKind.FORMULA, CellKind.ERROR)
            if not (has_no_value or cell.text.strip()):
                continue
            read_any = True
            heading = self._heading(letters)
            if has_no_value:
                code = "FORMULA_NOT_READ" if cell.kind is CellKind.FORMULA else "CELL_ERROR"
                facts.ask(code, cell=f"{letters}{row.number}")
                facts.refused_cells[letters] = code
            elif item is None:
                facts.ask("COLUMN_NOT_MAPPED", column=letters)
                facts.note(heading, cell_text(cell), "COLUMN_NOT_MAPPED")
            else:
                self._read_cell(facts, letters, heading, item.target, cell)
        if not read_any:
            return None
        self._look_across(facts)
        self._look_beside(facts, row)
        facts.key = tuple(str(facts.accepted.get(target, "")) for target in self.mapping.one_case_by)
        return facts

    def _read_cell(self, facts: ListFacts, letters: str, heading: str, target: str, cell: Cell) -> None:
        text = cell_text(cell)
        if cell.kind is CellKind.TEXT and text.startswith("="):
            facts.warn("LOOKS_LIKE_FORMULA", column=letters)
        if target == KEEP:
            facts.note(heading, text, None)
        elif target == "Person.name":
            self._read_name(facts, letters, heading, text)
        elif target in _TEXTS:
            self._read_text(facts, letters, heading, target, text)
        elif target == "LegalProcess.ob_number" or REFERENCE_TARGET.fullmatch(target):
            self._read_reference(facts, letters, heading, target, text)
        elif self.cells.says_none(cell) and not CONSENT_TARGET.fullmatch(target) and target != "Person.sex":
            facts.warn("CELL_SAYS_NONE", column=letters)
        else:
            self._take(facts, letters, heading, target, cell, self._reading(facts, target, cell))

    def _reading(self, facts: ListFacts, target: str, cell: Cell) -> CellReading:
        if target in _DATES:
            return self.cells.day(cell, None if target == "Person.dob" else self._year)
        if target == _AFTER_OTHERS:
            return self.cells.sub_county(cell, facts.text("Case.county"))
        if CONSENT_TARGET.fullmatch(target):
            return self.cells.answer(cell)
        readers: Mapping[str, Callable[[Cell], CellReading]] = {
            "Person.age_at_registration": self.cells.age,
            "Person.sex": self.cells.sex,
            "Person.phone": self.cells.phone,
            "Person.citizenship": self.cells.countries,
            "Case.county": self.cells.county,
            "Case.source": self.cells.source,
            "Case.status": self.cells.status,
            "ExploitationEpisode.exploitation_type": self.cells.types,
        }
        return readers[target](cell)

    def _take(
        self, facts: ListFacts, letters: str, heading: str, target: str, cell: Cell, reading: CellReading
    ) -> None:
        value: Value = reading.value
        if value == "CHILD" and target == "Person.age_at_registration":
            target, value = "Person.is_child", True
        if value is not None:
            facts.accepted[target] = value
        if reading.estimated and target in ("Person.age_at_registration", "Person.dob"):
            facts.accepted["Person.dob_estimated"] = True
        for note in reading.notes:
            facts.warn(note, column=letters, **reading.facts)
        if reading.question:
            facts.ask(reading.question, column=letters, **reading.facts)
            if value is None:
                facts.refused_cells[letters] = reading.question
        if not reading.whole:
            facts.note(heading, cell_text(cell), reading.question)
        elif CONSENT_TARGET.fullmatch(target):
            # Who gave it, how and after what was explained is not known, so no consent row can be made of it.
            facts.note(heading, cell_text(cell), "CONSENT_ANSWER_ONLY")
            facts.warn("CONSENT_ANSWER_ONLY", column=letters)

    def _read_name(self, facts: ListFacts, letters: str, heading: str, text: str) -> None:
        """Take one cell with all names apart; the whole is kept, since families differ in what comes first."""
        parts: list[str] = []
        if len(text) > LONGEST_WORDS:  # no name has room for it, and it is not worth taking apart
            self._read_text(facts, letters, heading, "Person.first_name", text)
            return
        for word in text.split():
            joins = bool(parts) and word_key(parts[-1].split()[-1]) in _WITH_NEXT
            parts[-1:] = [f"{parts[-1]} {word}"] if joins else [*parts[-1:], word]
        self._read_text(facts, letters, heading, "Person.first_name", parts[0])
        if len(parts) > 1:
            self._read_text(facts, letters, heading, "Person.surname", parts[-1])
            facts.note(heading, text, None)
            facts.warn("NAME_TAKEN_APART", column=letters)
        if len(parts) > 2:
            self._read_text(facts, letters, heading, "Person.other_names", " ".join(parts[1:-1]))

    def _read_text(self, facts: ListFacts, letters: str, heading: str, target: str, text: str) -> None:
        kind, name = _TEXTS[target]
        limit = self.forms[kind][name].max_length
        if limit is None or len(text) <= limit:
            facts.accepted[target] = text
            return
        facts.ask("TEXT_TOO_LONG", column=letters, characters=len(text), limit=limit)
        facts.refused_cells[letters] = "TEXT_TOO_LONG"
        facts.note(heading, text, "TEXT_TOO_LONG")

    def _read_reference(self, facts: ListFacts, letters: str, heading: str, target: str, text: str) -> None:
        limit = self.forms["case"]["external_refs"].max_length
        if limit is not None and len(text) > limit - len("CPIMS ID "):
            facts.ask("TEXT_TOO_LONG", column=letters, characters=len(text), limit=limit)
            facts.refused_cells[letters] = "TEXT_TOO_LONG"
            facts.note(heading, text, "TEXT_TOO_LONG")
        else:
            facts.accepted[target] = text

    def _look_across(self, facts: ListFacts) -> None:
        """Draw what follows from several cells of the row together."""
        accepted, mapped = facts.accepted, {item.target for item in self.mapping.columns}
        age, dob = accepted.get("Person.age_at_registration"), facts.text("Person.dob")
        if isinstance(age, int) and dob is not None:
            low, high = dates.age_on(dob, was_opened(facts) or self.cells.today)
            if not low <= age <= high:
                facts.ask("AGE_AND_BIRTH_DIFFER")
        known = {"Person.age_at_registration", "Person.dob", "Person.is_child"} & accepted.keys()
        asked = any(remark.code.startswith("AGE_") for remark in facts.asks)
        if not known and not asked:
            facts.ask("AGE_UNKNOWN")
        if self.mapping.register == "CPIMS" and facts.text("Person.sex") == "M":
            # Its listing prints Male for whatever is not the code for female.
            facts.warn("SEX_MAY_BE_UNKNOWN")
        types = "ExploitationEpisode.exploitation_type"
        if types in mapped and types not in accepted and not self._asked_of(facts, types):
            facts.ask("TYPE_EMPTY")
        if "Case.county" in mapped and "Case.county" not in accepted and not self._asked_of(facts, "Case.county"):
            facts.ask("COUNTY_EMPTY")
        has_name = {"Person.first_name", "Person.surname"} & accepted.keys()
        if has_name and not known and types not in accepted and "Person.sex" not in accepted:
            facts.ask("DRAFT")

    def _asked_of(self, facts: ListFacts, target: str) -> bool:
        return any(item.target == target and item.column in facts.refused_cells for item in self.mapping.columns)

    def _look_beside(self, facts: ListFacts, row: Row) -> None:
        """Tell of what is no value: it is listed and never acted on."""
        if row.hidden:
            facts.warn("ROW_HIDDEN")
        for letters in sorted(row.cells, key=column_number):
            if row.cells[letters].struck:
                facts.ask("STRUCK_OUT", column=letters)
        for letters, text in self._notes.get(row.number, ()):
            facts.ask("CELL_NOTE", column=letters)
            facts.note(f"{self._heading(letters)} *", text, "CELL_NOTE")
        colours = dict.fromkeys(colour_word(fill) for fill in row.fills)
        for colour in colours:
            facts.warn(ROW_COLOURS[colour])
            means, status = self.mapping.colours.get(colour), facts.text("Case.status")
            if means is not None and status not in (None, means):
                facts.ask("COLOUR_AGAINST_STATUS")


def was_opened(facts: RowFacts) -> date | None:
    """Return the day the case was opened, None where no whole day is known."""
    opened = facts.text("Case.date_opened")
    return date.fromisoformat(opened) if opened and len(opened) == len("YYYY-MM-DD") else None
