"""One case as a row of the plain HTCDS 2.0 workbook, by column letter: the mirror of `htcds_row`.

Values are the published labels byte for byte, several in one cell joined by `;` (decisions 29; data dictionary, mapping
traps 8 to 13). A code for which the standard has no value is an empty cell, never a guess. Address columns, the one
consent tick and all free text stay empty; so does the age of a person who is not named, for it has no column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from desktop.rules.codelists import ENGLISH, CodeList
from desktop.rules.htcds_labels import standard_name
from desktop.rules.records import Value
from desktop.rules.table_cases import TableCase, codes, said

FIRST_ROW = 3  # beneath the two rows of headings
JOIN = ";"

CellValue = str | date
Cells = Mapping[str, CellValue]

_COUNTRIES = ("nationality_frequent", "iso3166")
# A code list's part in a column; citizenship is spread over two lists.
_LISTS: Mapping[str, tuple[str, ...]] = {
    "H": ("sex",),
    "I": _COUNTRIES,
    "S": ("trafficking_status",),
    "T": ("status_decision_makers",),
    "U": ("recruitment_methods",),
    "W": ("means_of_control",),
    "X": ("exploitation_types",),
    "Y": ("labour_sectors",),
    "Z": ("sexual_exploitation_forms",),
    "AB": ("case_statuses",),
    "AF": ("referral_reasons",),
    "AJ": ("referral_reasons",),
}
_ENDED = frozenset({"CLOSED", "TRANSFERRED"})


@dataclass(frozen=True)
class WorkbookWords:
    """The published labels by standard field, list and code, and our own lists where the workbook takes free words."""

    labels: Mapping[tuple[str, str, str], str] = field(repr=False)
    lists: Mapping[str, CodeList] = field(repr=False)

    def value(self, column: str, found: Iterable[str]) -> str:
        """Return the labels of codes as one cell, each once; empty where the standard has none."""
        labels = {
            label: None
            for code in found
            for name in _LISTS[column]
            if (label := self.labels.get((standard_name(column), name, code)))
        }
        return JOIN.join(labels)

    def own(self, list_name: str, code: str) -> str:
        """Return our English label, or an empty text for no code and for one that the list does not hold."""
        return self.lists[list_name].label(code, ENGLISH) if code in self.lists[list_name] else ""


def workbook_words(map_rows: Iterable[Mapping[str, str]], lists: Mapping[str, CodeList]) -> WorkbookWords:
    """Return the words of the way out; `map_rows` are those of `htcds_map.csv`."""
    labels = {
        (row["htcds_field"], row["our_list"], row["our_code"]): row["workbook_value"]
        for row in map_rows
        if row["direction"] in ("both", "export") and row["fit"] != "none" and row["workbook_value"]
    }
    return WorkbookWords(labels, lists)


def htcds_cells(case: TableCase, words: WorkbookWords) -> dict[str, CellValue]:
    """Return the filled cells of one case. Whole dates are dates, partial ones text that the import reads back."""
    head, person = case.newest("case"), case.newest("person")
    came, went = case.newest("referral", "date", direction="IN"), case.newest("referral", "date", direction="OUT")
    cells: dict[str, CellValue] = {
        "B": said(head, "officer"),
        "D": said(person, "first_name"),
        "E": said(person, "surname"),
        "G": _birth(person),
        "H": words.value("H", codes(person, "sex")),
        "I": words.value("I", codes(person, "citizenship")),
        "M": said(person, "phone"),
        "V": JOIN.join(_places(case, "journey_leg", words, type="RECRUITMENT")),
        "AA": JOIN.join(_places(case, "exploitation_episode", words)),
        "AB": words.value("AB", codes(head, "status")),
        "AC": words.own("referral_sources", said(head, "source")),
        "AD": _date(said(head, "incoming_date")),
        "AF": words.value("AF", codes(came, "reason")),
        "AH": words.own("nrm_actors", said(went, "to_actor")),
        "AJ": words.value("AJ", codes(went, "reason")),
        "AK": _date(said(went, "date")),
        **_what_happened(case, words),
    }
    if said(head, "status") in _ENDED:  # of a case opened again the old reason would be wrong
        cells["AM"] = words.own("closure_reasons", said(case.newest("closure", "date"), "reason"))
    return {column: value for column, value in cells.items() if value != ""}


def _what_happened(case: TableCase, words: WorkbookWords) -> dict[str, CellValue]:
    finding = case.newest("determination", "date")
    episodes = case.all("exploitation_episode")
    types = (*codes(finding, "purposes"), *(code for view in episodes for code in codes(view, "exploitation_type")))
    control = [code for view in episodes for code in codes(view, "control")]
    sectors = [code for view in episodes for code in codes(view, "sector")]
    # What the standard's types do not tell apart, it tells by a second value (notes of htcds_map.csv).
    if "DEBT_BONDAGE" in types:
        control.append("DEBT_BONDAGE")
    if "DOMESTIC_SERVITUDE" in types:
        sectors.append("T")
    return {
        "S": words.value("S", codes(finding, "status")),
        "T": words.value("T", codes(finding, "decided_by_type")),
        "U": words.value("U", codes(case.newest("recruitment"), "method")),
        "W": words.value("W", control),
        "X": words.value("X", types),
        "Y": words.value("Y", sectors),
        "Z": words.value("Z", (code for view in episodes for code in codes(view, "sex_forms"))),
    }


def _places(case: TableCase, kind: str, words: WorkbookWords, **wanted: str) -> dict[str, None]:
    """Return county and country of each view as text, each once; the place itself never leaves."""
    places: dict[str, None] = {}
    for view in case.all(kind):
        if all(view.get(name) == code for name, code in wanted.items()):
            parts = (words.own("counties", said(view, "county")), words.own("iso3166", said(view, "country")))
            places |= dict.fromkeys(filter(None, (", ".join(filter(None, parts)),)))
    return places


def _birth(person: Mapping[str, Value]) -> CellValue:
    """Return the birth date of a named person, else what she or he said of the age; of others nothing leaves."""
    if said(person, "dob"):
        return _date(said(person, "dob"))
    age = person.get("age_at_registration")
    return f"about {age}" if isinstance(age, int) else ""  # a band is a text


def _date(text: str) -> CellValue:
    return date.fromisoformat(text) if len(text) == len("YYYY-MM-DD") else text
