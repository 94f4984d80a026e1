"""A foreign list read by its column mapping into a preview: every case, every question, and every row that is none.

Rows that share what names a case are lines of one case, as long as they tell of one person. Two rows that say the same
are asked about, never joined.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from desktop.errors import NotAccepted
from desktop.rules.cells import Workbook
from desktop.rules.codelists import CodeList
from desktop.rules.columns import LEAVE_OUT, REFERENCE_TARGET, ColumnMapping, column_number, sheets_that_fit
from desktop.rules.foreign_words import ForeignWords
from desktop.rules.forms import Form
from desktop.rules.htcds import RowReading, SheetReading, reading_of
from desktop.rules.htcds_records import drafts_of
from desktop.rules.htcds_row import Remark
from desktop.rules.likeness import NamesByPhone, contradict, names_of
from desktop.rules.list_cells import CellReader
from desktop.rules.list_rows import ListFacts, ListRowReader, was_opened
from desktop.rules.names import name_keys
from desktop.rules.records import Missing, RecordDraft, Value

_MOST_LINES = 50  # of one number; a case has a handful, so a number that stands more often names something else
_TWO_CASES = "NUMBER_OF_TWO_CASES"
_APART = ("sex", "dob")  # with the name, what two lines of one case cannot say differently
_NAME_AND_DAY = 3  # what is always compared; two rows that say no more are no more than namesakes
_TYPES = "ExploitationEpisode.exploitation_type"
T = TypeVar("T")
_NUMBER, _PERSON_ID = "Case.external_refs[CPIMS]", "Case.external_refs[CPIMS ID]"


def read_list(
    book: Workbook,
    mapping: ColumnMapping,
    *,
    words: ForeignWords,
    lists: Mapping[str, CodeList],
    forms: Mapping[str, Form],
    today: date,
    report: Callable[[int, int], object],
    only: Collection[int] | None = None,
) -> SheetReading:
    """Read every sheet that carries the headings of the mapping, or `only` those of them at these places, from 0.

    `report` is called before each row with 0 of all rows, so that whoever waits can stop by raising from it.

    Raises:
        NotAccepted: MAPPING_DOES_NOT_FIT, no sheet carries them.
    """
    fitting = [at for at in sheets_that_fit(book, mapping) if only is None or at in only]
    if not fitting:
        raise NotAccepted((), "MAPPING_DOES_NOT_FIT")
    cells = CellReader(words, lists, today, book.date1904)
    found: list[ListFacts] = []
    remarks: list[Remark] = []
    of = sum(len(book.sheets[at].rows) for at in fitting)

    def heard() -> None:
        report(0, of)

    for at in fitting:
        reader = ListRowReader(mapping, cells, forms, book.sheets[at], at + 1)
        read, beside = _sheet(reader, heard)
        found += read
        remarks += beside
    cases = _cases(found, lists["exploitation_types"], heard)
    _ask_of_duplicates(cases, heard)
    _tell_of_shared_keys(cases, mapping)
    has_county = any(item.target == "Case.county" for item in mapping.columns)
    asks_once = ["COUNTY_MISSING"] if cases and not has_county else []
    if any(sheet.rows for at, sheet in enumerate(book.sheets) if at not in fitting):
        asks_once.append("SHEETS_NOT_READ")
    if book.letters_guessed:
        asks_once.append("LETTERS_GUESSED")
    list_key = mapping.register or " ".join(" ".join(part) for part in mapping.headings())
    rows = []
    for facts in cases:
        heard()
        rows.append(_reading(facts, mapping, list_key))
    return SheetReading(mapping.name, tuple(rows), tuple(asks_once), (), tuple(remarks))


def _sheet(reader: ListRowReader, heard: Callable[[], object]) -> tuple[list[ListFacts], list[Remark]]:
    """Return the cases of one sheet, row by row, and what stands beside them."""
    sheet, position = reader.sheet, reader.position
    remarks = [
        Remark("SHEET_HIDDEN", {"sheet": position}) if sheet.hidden else None,
        *(
            Remark("COLUMN_HIDDEN", {"sheet": position, "column": letters})
            for letters in sorted(sheet.hidden_columns, key=column_number)
            if column_number(letters) <= sheet.last_column
        ),
    ]
    cases: list[ListFacts] = []
    for row in sheet.rows:
        heard()
        reason = reader.not_a_case(row)
        if reason is not None:
            remarks.append(Remark(reason, {"sheet": position, "row": row.number}))
        elif row.number >= reader.mapping.first_row and (facts := reader.read(row)) is not None:
            cases.append(facts)
    noted_elsewhere = reader.noted_rows() - {facts.row for facts in cases}
    remarks += (Remark("NOTE_ELSEWHERE", {"sheet": position, "row": number}) for number in sorted(noted_elsewhere))
    return cases, [remark for remark in remarks if remark is not None]


def _cases(rows: Iterable[ListFacts], kinds: CodeList, heard: Callable[[], object]) -> list[ListFacts]:
    """Put the lines of one case together: the first line's facts, every line's kinds of exploitation and notes."""
    place = {code.code: at for at, code in enumerate(kinds)}
    cases: list[ListFacts] = []
    of_key: dict[tuple[str, ...], list[ListFacts]] = {}
    for row in rows:
        heard()
        if not row.is_numbered or (first := _joined(of_key.setdefault(row.key, []), row)) is None:
            cases.append(row)
        else:
            _add_line(first, row)
    for case in cases:
        if len(case.lines) > 1:
            case.warn("CASE_OF_LINES", lines=len(case.lines))
            case.warnings, case.asks = _once(case.warnings, _said), _once(case.asks, _said)
            case.notes = _once(case.notes, lambda note: (note.heading, note.text))
            # In the order of our list: the next listing may bring the same lines in another order.
            if found := tuple(sorted(case.codes(_TYPES), key=place.__getitem__)):
                case.accepted[_TYPES] = found
    return cases


def _joined(alike: list[ListFacts], row: ListFacts) -> ListFacts | None:
    """Return the case of the same number that a row is a line of, None where it begins one itself."""
    if sum(len(case.lines) for case in alike) >= _MOST_LINES:
        row.ask("NUMBER_ON_MANY_LINES", lines=_MOST_LINES)
        row.key = ()
        return None
    first = next((case for case in alike if not contradict(case.person(), row.person(), _APART)), None)
    if first is None:
        if alike:
            row.ask(_TWO_CASES, row=alike[0].row)
            row.key_is_shared = alike[0].key_is_shared = True
        alike.append(row)
    return first


def _add_line(first: ListFacts, line: ListFacts) -> None:
    first.lines += line.lines
    if kinds := tuple(dict.fromkeys((*first.codes(_TYPES), *line.codes(_TYPES)))):
        first.accepted[_TYPES] = kinds
    for name, value in line.accepted.items():
        if name != _TYPES and first.accepted.setdefault(name, value) != value:
            first.ask("LINES_DIFFER", row=line.row)
            first.note(f"{name} ({line.row})", str(value), "LINES_DIFFER")
    first.warnings += line.warnings
    first.asks += line.asks
    first.refused_cells |= line.refused_cells
    first.notes += line.notes


def _said(remark: Remark) -> tuple[object, ...]:
    return (remark.code, *sorted(remark.facts.items()))


def _once(items: Iterable[T], what: Callable[[T], object]) -> list[T]:
    """Return the items without those that say what an earlier one did."""
    found: dict[object, T] = {}
    for item in items:
        found.setdefault(what(item), item)
    return list(found.values())


def _ask_of_duplicates(cases: Sequence[ListFacts], heard: Callable[[], object]) -> None:
    """Ask of a row that says the same of a person as an earlier one, and tell of a like name under one number."""
    same: dict[tuple[object, ...], ListFacts] = {}
    by_phone: NamesByPhone[ListFacts] = NamesByPhone()
    for case in cases:
        heard()
        name = " ".join(name_keys(case.accepted.get("Person.first_name"), case.accepted.get("Person.surname")))
        phone = case.text("Person.phone")
        if not name:
            continue
        said = {key: value for key, value in case.accepted.items() if key.startswith("Person.")}
        said |= {"Case.date_opened": case.text("Case.date_opened"), "Person.first_name": name, "Person.surname": None}
        first = same.setdefault(tuple(sorted((key, str(value)) for key, value in said.items())), case)
        if first is not case and len(said) > _NAME_AND_DAY:
            case.ask("SAME_AS_ROW", sheet=first.sheet, row=first.row)
        elif phone and (other := by_phone.find_and_add(phone, name, case)) is not None:
            case.warn("LIKE_ROW", sheet=other.sheet, row=other.row)


def _tell_of_shared_keys(cases: Sequence[ListFacts], mapping: ColumnMapping) -> None:
    """Tell of a number that stands for two cases, and of a person with two, where a register numbers both."""
    if not {_NUMBER, _PERSON_ID} <= set(mapping.one_case_by):
        return
    for target, code in ((_NUMBER, _TWO_CASES), (_PERSON_ID, "PERSON_OF_TWO_CASES")):
        seen: dict[str, ListFacts] = {}
        for case in cases:
            value = case.text(target)
            first = seen.setdefault(value, case) if value else case
            if first is not case and all(ask.code != _TWO_CASES for ask in case.asks):
                case.warn(code, row=first.row)


def _reading(facts: ListFacts, mapping: ColumnMapping, list_key: str) -> RowReading:
    made = reading_of(facts, lambda facts: _drafts(facts, mapping))
    names = name_keys(facts.accepted.get("Person.first_name"), facts.accepted.get("Person.surname"))
    key = (list_key, *(facts.key if facts.is_numbered else (str(facts.sheet), str(facts.row), *names)))
    other_key = key
    if facts.is_numbered:
        person = facts.person()
        other_key = (*key, *sorted(names_of(person)), *(str(person.get(fact, "")) for fact in _APART))
    if facts.key_is_shared:
        key, other_key = other_key, key
    return replace(
        made,
        sheet=facts.sheet,
        key=key,
        other_key=other_key,
        lines=tuple(facts.lines),
        numbered=facts.is_numbered,
    )


def _drafts(facts: ListFacts, mapping: ColumnMapping) -> tuple[RecordDraft, ...]:
    """Return the drafts of a case: those of an HTCDS row, with what only lists have."""
    more = {"case": _case(facts, mapping), "person": _person(facts)}
    return tuple(
        replace(draft, fields={**draft.fields, **more[draft.kind]}) if draft.kind in more else draft
        for draft in drafts_of(facts)
    )


def _case(facts: ListFacts, mapping: ColumnMapping) -> dict[str, Value]:
    mapped = {item.target for item in mapping.columns if item.target != LEAVE_OUT}
    fields: dict[str, Value] = {}
    # What the list has a column for and this row does not say is an open question, never this office's own answer.
    for name in ("date_opened", "county"):
        if f"Case.{name}" in mapped:
            fields[name] = facts.accepted.get(f"Case.{name}", Missing.NOT_ASKED)
    if "Case.sub_county" in facts.accepted:
        fields["sub_county"] = facts.accepted["Case.sub_county"]
    if any(remark.code == "SOURCE_NOT_IN_LIST" for remark in facts.asks):
        fields["source"] = Missing.NOT_ASKED
    references = [
        f"{target.partition('[')[2].rstrip(']')} {value}"
        for target, value in facts.accepted.items()
        if REFERENCE_TARGET.fullmatch(target)
    ]
    if number := facts.text("LegalProcess.ob_number"):
        # The occurrence book's numbers begin with its own short name, which is the register's too.
        references.append(f"OB {number.removeprefix('OB').lstrip(' /.:')}")
    if references:
        fields["external_refs"] = tuple(references)
    return fields


def _person(facts: ListFacts) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    if "Person.other_names" in facts.accepted:
        fields["other_names"] = facts.accepted["Person.other_names"]
    if "Person.dob" in facts.accepted:
        fields["dob_estimated"] = facts.accepted.get("Person.dob_estimated") is True
    opened = was_opened(facts)
    if "Person.age_at_registration" in facts.accepted and opened is not None:
        # An age in an old list was told when the case came in: without the day a child of then would never grow up.
        fields["age_said_on"] = opened.isoformat()
    return fields
