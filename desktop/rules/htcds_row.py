"""One row of the HTCDS 2.0 workbook, read cell by cell into named facts. Nothing in it is lost without a word.

Every cell ends in one of four ways: accepted under its field, kept as text, refused with a code, or all three in part;
whatever the person at the desk must see or settle stands as a remark beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from desktop.rules import dates
from desktop.rules.cells import Cell, CellKind, Row
from desktop.rules.codelists import LANGUAGES, CodeList
from desktop.rules.forms import Form
from desktop.rules.htcds_cells import cell_text, read_date_cell
from desktop.rules.htcds_labels import Labels, squeezed, standard_name
from desktop.rules.phones import PHONE_NOT_UNDERSTOOD, PHONE_WITH_WORDS, read_phones
from desktop.rules.records import Missing, Value

# column -> accepted field, and for lists whether several answers may stand in one cell
_CHOICES: Mapping[str, tuple[str, bool]] = {
    "H": ("Person.sex", False),
    "I": ("Person.citizenship", True),
    "S": ("Determination.status", False),
    "T": ("Determination.decided_by_type", False),
    "U": ("Recruitment.method", False),
    "W": ("ExploitationEpisode.control", True),
    "X": ("ExploitationEpisode.exploitation_type", True),
    "Y": ("ExploitationEpisode.sector", True),
    "Z": ("ExploitationEpisode.sex_forms", True),
    "AB": ("Case.status", False),
    "AF": ("Referral[IN].reason", False),
    "AJ": ("Referral[OUT].reason", False),
}
_TEXTS: Mapping[str, tuple[str, str, str]] = {  # column -> accepted field, record kind, its field
    "B": ("Case.officer", "case", "officer"),
    "D": ("Person.first_name", "person", "first_name"),
    "E": ("Person.surname", "person", "surname"),
    "V": ("JourneyLeg[RECRUITMENT].place", "journey_leg", "place"),
    "AA": ("ExploitationEpisode.place", "exploitation_episode", "place"),
    "AE": ("Case.source_name", "case", "source_name"),
    "AG": ("Referral[IN].reason_short", "referral", "reason_short"),
    "AH": ("Referral[OUT].to_provider_name", "referral", "to_provider_name"),
    "AI": ("Referral[OUT].to_person", "referral", "to_person"),
    "AL": ("Referral[OUT].reason_short", "referral", "reason_short"),
}
_DATES = {"G": "Person.dob", "AD": "Case.incoming_date", "AK": "Referral[OUT].date"}
_TO_NARRATIVE = frozenset({"AG", "AL"})  # details too long for a letter are background
_ADDRESS = frozenset("NOPQR")
_LONGEST_CHOICE = 4_000  # characters; all labels of a list together are shorter
_PLAIN_KEPT = frozenset("CJKL")  # salutation, job title, e-mail, home phone: no field of ours


@dataclass(frozen=True)
class Remark:
    """A message code with harmless facts: column letters, row numbers, counts, codes."""

    code: str
    facts: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class KeptText:
    """A text that becomes a note of the case. `question` is the code of what is still to be settled, if anything."""

    heading: str
    text: str = field(repr=False)
    question: str | None = None


@dataclass
class RowFacts:
    """What one row says, gathered cell by cell. `accepted` is keyed `Entity.field`."""

    row: int
    accepted: dict[str, Value] = field(default_factory=dict, repr=False)
    kept_as_text: dict[str, str] = field(default_factory=dict, repr=False)
    warnings: list[Remark] = field(default_factory=list)
    asks: list[Remark] = field(default_factory=list)
    refused_cells: dict[str, str] = field(default_factory=dict)
    notes: list[KeptText] = field(default_factory=list, repr=False)
    dob_not_known: bool = False

    def warn(self, code: str, **facts: int | str) -> None:
        """Add something to show."""
        self.warnings.append(Remark(code, facts))

    def ask(self, code: str, **facts: int | str) -> None:
        """Add something to settle."""
        self.asks.append(Remark(code, facts))

    def refuse(self, column: str, code: str, text: str) -> None:
        """Refuse a cell; its text, if it has any, is kept as a note."""
        self.refused_cells[column] = code
        if text:
            self.notes.append(KeptText(standard_name(column), text, code))

    def keep(self, column: str, text: str, question: str | None = None) -> None:
        """Keep a cell as text for which we have no field or no code."""
        self.kept_as_text[standard_name(column)] = text
        self.notes.append(KeptText(standard_name(column), text, question))

    def text(self, name: str) -> str | None:
        """Return an accepted text or code."""
        value = self.accepted.get(name)
        return value if isinstance(value, str) else None

    def codes(self, name: str) -> tuple[str, ...]:
        """Return the accepted codes of a list field."""
        value = self.accepted.get(name)
        return value if isinstance(value, tuple) else ()


@dataclass(frozen=True)
class RowReader:
    """Reads rows with the shipped words: `labels` by standard field, `lists` and `forms` from the catalogue."""

    labels: Mapping[str, Labels]
    lists: Mapping[str, CodeList]
    forms: Mapping[str, Form]
    today: date
    date1904: bool

    def read(self, row: Row) -> RowFacts | None:
        """Return what the row says, or None when it holds nothing but the row counter of column A."""
        facts = RowFacts(row.number)
        read_any = False
        for column in sorted(row.cells, key=lambda letters: (len(letters), letters)):
            cell = row.cells[column]
            has_no_value = cell.kind in (CellKind.FORMULA, CellKind.ERROR)
            if column == "A" or not (has_no_value or cell.text.strip()):
                continue
            read_any = True
            if has_no_value:
                code = "FORMULA_NOT_READ" if cell.kind is CellKind.FORMULA else "CELL_ERROR"
                facts.ask(code, cell=f"{column}{row.number}")
                facts.refuse(column, code, "")
            else:
                self._read_cell(facts, column, cell)
        if not read_any:
            return None
        self._look_across(facts)
        return facts

    def _read_cell(self, facts: RowFacts, column: str, cell: Cell) -> None:
        text = cell_text(cell)
        if cell.kind is CellKind.TEXT and text.startswith("="):
            facts.warn("LOOKS_LIKE_FORMULA", column=column)
        if column in _CHOICES:
            self._read_choice(facts, column, text)
        elif column in _TEXTS:
            self._read_text(facts, column, text)
        elif column in _DATES:
            self._read_date(facts, column, cell)
        elif column == "M":
            _read_phone(facts, cell)
        elif column == "AC":
            self._read_source(facts, text)
        elif column == "AM":
            self._read_closure(facts, text)
        elif column == "F":
            facts.keep(column, text, "CONSENT_ONE_TICK")
            facts.warn("CONSENT_ONE_TICK")
        elif column in _ADDRESS:
            facts.keep(column, text, "ADDRESS_COLUMNS")
            if all(remark.code != "ADDRESS_COLUMNS" for remark in facts.asks):
                facts.ask("ADDRESS_COLUMNS")
        elif column in _PLAIN_KEPT:
            facts.keep(column, text)
        else:
            facts.keep(column, text, "COLUMN_UNKNOWN")
            facts.ask("COLUMN_UNKNOWN", column=column)

    def _read_choice(self, facts: RowFacts, column: str, text: str) -> None:
        name, several = _CHOICES[column]
        hits, rest = self.labels[standard_name(column)].find(text) if len(text) <= _LONGEST_CHOICE else ((), (text,))
        if rest:
            facts.ask("VALUE_NOT_IN_LIST", column=column)
        if rest and not hits:
            facts.refuse(column, "VALUE_NOT_IN_LIST", text)
            return
        if len(hits) > 1 and not several:
            facts.ask("VALUE_NOT_SINGLE", column=column)
            facts.refuse(column, "VALUE_NOT_SINGLE", text)
            return
        if any(hit.folded for hit in hits):
            facts.warn("LABEL_FOLDED", column=column)
        lost = [hit.label for hit in hits if hit.loses_meaning]
        if lost:
            facts.warn("MEANING_LOST", column=column)
        if lost or rest:
            facts.keep(column, "; ".join([*lost, *rest]), "VALUE_NOT_IN_LIST" if rest else "MEANING_LOST")
        if hits and hits[0].list_name == "gender_identity":
            facts.accepted["Person.sex"] = "U"
            facts.accepted["Person.gender_identity"] = hits[0].code
            facts.warn("GENDER_IDENTITY")
        elif hits:
            facts.accepted[name] = tuple(hit.code for hit in hits) if several else hits[0].code

    def _read_text(self, facts: RowFacts, column: str, text: str) -> None:
        name, kind, field_name = _TEXTS[column]
        limit = self.forms[kind][field_name].max_length
        if limit is None or len(text) <= limit:
            facts.accepted[name] = text
            return
        narrative = "\n\n".join(filter(None, (facts.text("Case.narrative"), text)))
        room = self.forms["case"]["narrative"].max_length
        if column in _TO_NARRATIVE and (room is None or len(narrative) <= room):
            facts.accepted["Case.narrative"] = narrative
            facts.warn("TEXT_LONGER_THAN_FIELD", column=column, characters=len(text), limit=limit)
        else:
            facts.ask("TEXT_TOO_LONG", column=column, characters=len(text), limit=limit)
            facts.refuse(column, "TEXT_TOO_LONG", text)

    def _read_date(self, facts: RowFacts, column: str, cell: Cell) -> None:
        name = _DATES[column]
        is_birth = column == "G"
        found = read_date_cell(cell, today=self.today, date1904=self.date1904)
        read = found.read
        problem = read.problem or ("DATE_NOT_UNDERSTOOD" if read.age is not None and not is_birth else None)
        if problem:
            if problem != "DATE_IN_FUTURE":  # the refused cell itself is the question
                facts.ask(problem, column=column)
            facts.refuse(column, problem, cell_text(cell))
            return
        for note in read.notes:
            facts.warn(note, column=column, **({} if found.serial is None else {"serial": found.serial}))
        if read.missing is Missing.DK:
            facts.warn("DOB_NOT_KNOWN" if is_birth else "DATE_NOT_KNOWN", column=column)
            facts.dob_not_known |= is_birth
        elif read.age is not None:
            facts.accepted["Person.age_at_registration"] = read.age
        else:
            facts.accepted[name] = read.value
            if is_birth and read.estimated:
                facts.accepted["Person.dob_estimated"] = True

    def _code_of(self, list_name: str, text: str) -> tuple[str | None, bool]:
        """Return the code whose English or Swahili label the text is, and whether its case differed."""
        wanted = squeezed(text)
        folded = wanted.casefold()
        for code in self.lists[list_name]:
            for language in LANGUAGES:
                label = code.labels[language]
                if label.casefold() == folded:
                    return code.code, label != wanted
        return None, False

    def _read_source(self, facts: RowFacts, text: str) -> None:
        code, folded = self._code_of("referral_sources", text)
        if code is None:
            facts.keep("AC", text, "SOURCE_NOT_IN_LIST")
            facts.ask("SOURCE_NOT_IN_LIST")
            return
        facts.accepted["Case.source"] = code
        if folded:
            facts.warn("LABEL_FOLDED", column="AC")

    def _read_closure(self, facts: RowFacts, text: str) -> None:
        code, folded = self._code_of("closure_reasons", text)
        limit = self.forms["closure"]["reason_text"].max_length
        if code is not None:
            facts.accepted["Closure.reason"] = code
            if folded:
                facts.warn("LABEL_FOLDED", column="AM")
        elif limit is not None and len(text) > limit:
            facts.ask("TEXT_TOO_LONG", column="AM", characters=len(text), limit=limit)
            facts.refuse("AM", "TEXT_TOO_LONG", text)
        else:
            facts.accepted["Closure.reason_text"] = text
            facts.ask("CLOSURE_REASON_TEXT")

    def _look_across(self, facts: RowFacts) -> None:
        """Draw what follows from several cells of the row together."""
        types = facts.codes("ExploitationEpisode.exploitation_type")
        incoming, outgoing = facts.text("Case.incoming_date"), facts.text("Referral[OUT].date")
        if "FORCED_MARRIAGE" in types and self._was_child(facts):
            facts.accepted["ExploitationEpisode.exploitation_type"] = tuple(
                "CHILD_MARRIAGE" if code == "FORCED_MARRIAGE" else code for code in types
            )
            facts.warn("MAPPED_BY_AGE")
        if "SERVITUDE" in types and "T" in facts.codes("ExploitationEpisode.sector"):
            facts.warn("SERVITUDE_WITH_T")
        sex_forms = facts.codes("ExploitationEpisode.sex_forms")
        if sex_forms and "SEXUAL" not in types:
            # No episode of this row may hold it: the question applies to sexual exploitation only.
            facts.ask("SEX_FORM_WITHOUT_TYPE")
            facts.notes.append(KeptText(standard_name("Z"), "; ".join(sex_forms), "SEX_FORM_WITHOUT_TYPE"))
        if incoming and outgoing and dates.bounds(outgoing)[1] < dates.bounds(incoming)[0]:
            facts.warn("DATES_OUT_OF_ORDER", column="AK")
        closing = {"Closure.reason", "Closure.reason_text"} & facts.accepted.keys()
        if closing and facts.text("Case.status") not in (None, "CLOSED", "TRANSFERRED"):
            facts.ask("CLOSURE_OF_OPEN_CASE")
        has_age = {"Person.dob", "Person.age_at_registration"} & facts.accepted.keys()
        if not has_age:
            facts.ask("AGE_UNKNOWN")
        has_name = {"Person.first_name", "Person.surname"} & facts.accepted.keys()
        if has_name and not has_age and not types and "Person.sex" not in facts.accepted:
            facts.ask("DRAFT")

    def _was_child(self, facts: RowFacts) -> bool:
        """Say whether the person was under 18, or may have been, when the case came in: what happened lies before.

        Without any age the answer is no: the published label then stays as it is, and the age is asked.
        """
        incoming, dob = facts.text("Case.incoming_date"), facts.text("Person.dob")
        age = facts.accepted.get("Person.age_at_registration")
        if dob is None and not isinstance(age, int):
            return False
        return dates.is_child(
            dates.bounds(incoming)[0] if incoming else self.today,
            dob=dob,
            dob_estimated=facts.accepted.get("Person.dob_estimated") is True,
            age=age if isinstance(age, int) else None,
        )


def _read_phone(facts: RowFacts, cell: Cell) -> None:
    text = cell_text(cell)
    read = read_phones(text, from_number_cell=cell.kind is CellKind.NUMBER)
    problem = read.problem or (None if read.numbers else PHONE_NOT_UNDERSTOOD)
    if problem:
        facts.ask(problem, column="M")
        facts.refuse("M", problem, text)
        return
    facts.accepted["Person.phone"] = read.numbers[0]
    for note in read.notes:
        if note == PHONE_WITH_WORDS:
            facts.ask(note, column="M")
        else:
            facts.warn(note, column="M")
    if len(read.numbers) > 1:
        facts.ask("PHONE_TWO", column="M", numbers=len(read.numbers))
    if len(read.numbers) > 1 or PHONE_WITH_WORDS in read.notes:
        question = PHONE_WITH_WORDS if PHONE_WITH_WORDS in read.notes else "PHONE_TWO"
        facts.notes.append(KeptText(standard_name("M"), text, question))
