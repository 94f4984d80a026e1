"""Cases as rows of a list: number, alias, perhaps the name, age and sex, stage, last touch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from desktop.catalogue import Catalogue
from desktop.clock import NAIROBI, parse_stamp
from desktop.rules.dates import age_from_statement, age_on, bounds
from desktop.services.cases import CaseSummary
from ui.languages import current, day
from ui.models.rows import Cell, Column, Row

NAME = 2  # the column that is hidden unless names are shown
CASE_COLUMNS = (
    Column("CASES_NUMBER", 18),
    Column("CASES_KNOWN_AS", 16, personal=True),
    Column("CASES_NAME", 22, personal=True),
    Column("CASES_AGE_SEX", 26),
    Column("CASES_STAGE", 22, spare=1),
    Column("CASES_TOUCHED", 18, spare=2),
)


def case_rows(cases: Sequence[CaseSummary], catalogue: Catalogue, on: date) -> list[Row]:
    """Return the rows, in the language in force; ages as of the day `on`."""
    return [
        Row(
            case.case_id,
            (
                Cell(case.case_ref, strong=True),
                Cell(case.shown_as),
                Cell(case.name),
                Cell(", ".join(filter(None, (age_text(case, on), _label(catalogue, "sex", case.sex))))),
                Cell(_label(catalogue, "case_stages", case.stage)),
                Cell(day(parse_stamp(case.touched_at).astimezone(NAIROBI).date().isoformat()), colour="muted"),
            ),
        )
        for case in cases
    ]


def age_text(case: CaseSummary, on: date) -> str:
    """Return the age in full years, or the two it may be; nothing where neither birth nor age is known."""
    if case.born:
        ages = age_on(case.born, on)
    elif case.age is not None and case.age_on:
        ages = age_from_statement(case.age, bounds(case.age_on)[0], on)
    else:
        return "" if case.age is None else str(case.age)
    low, high = ages
    return str(low) if low == high else f"{low}–{high}"


def _label(catalogue: Catalogue, list_name: str, code: str | None) -> str:
    return catalogue.lists[list_name].label(code, current()) if code else ""
