"""Which cases go into a table for others, and what of each (decisions 28; data dictionary, column Out).

A table holds one case a row, so it is looked at case by case: drafts, duplicates and restricted cases never go, and
where the purpose is not the office's own task only cases of persons who agreed to it. What a record shows is its
bundle view, so a table never says more than a bundle would.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from desktop.errors import NotAccepted, Problem
from desktop.rules import dates
from desktop.rules.access import is_restricted
from desktop.rules.codelists import Code, CodeList
from desktop.rules.consent import STATS, ConsentRow, may_be_studied
from desktop.rules.dates import AgeGroup, Majority
from desktop.rules.forms import Form
from desktop.rules.records import Missing, Value
from desktop.rules.views import identified_view, pseudonymous_view


class LeftOut(StrEnum):
    """Why a case is not in a table."""

    DRAFT = "DRAFT"
    DUPLICATE = "DUPLICATE"
    RESTRICTED = "RESTRICTED"
    HEADLESS = "HEADLESS"  # its case record is not there or is void
    ALTERED = "ALTERED"  # a record of it is not as it was saved
    NOT_AGREED = "NOT_AGREED"


# Leave to name persons is asked for one receiver (scope SHARE_SECRETARIAT_ID), so one purpose alone may use it.
_NAMING = "SECRETARIAT"


@dataclass(frozen=True)
class Purpose:
    """Why a table is made (`export_purposes.csv`): whether it may name persons, and whether it needs a yes to STATS."""

    code: str
    may_name: bool
    needs_stats: bool


@dataclass(frozen=True)
class TableCase:
    """A case as it may leave: the views of its records by kind, the one saved last at the end.

    `child_when_opened` is true only for a person known to have been under 18 on the day the case was opened.
    """

    records: Mapping[str, Sequence[Mapping[str, Value]]] = field(repr=False)
    named: bool
    child_when_opened: bool

    def all(self, kind: str) -> Sequence[Mapping[str, Value]]:
        """Return the views of one kind."""
        return self.records.get(kind, ())

    def newest(self, kind: str, by: str = "", **wanted: str) -> Mapping[str, Value]:
        """Return the last view of a kind with the wanted codes, by the date in field `by`; empty where there is none.

        One without a date stands before all that have one.
        """
        fitting = [view for view in self.all(kind) if all(view.get(name) == code for name, code in wanted.items())]
        newest: Mapping[str, Value] = {}
        for view in fitting:
            if not newest or said(view, by) >= said(newest, by):
                newest = view
        return newest


def parse_purposes(codes: CodeList) -> dict[str, Purpose]:
    """Turn `export_purposes.csv` into purposes by code.

    Raises:
        ValueError: A row asks for what the rules below do not look at: another scope, or names for another receiver.
    """
    return {code.code: _purpose(code) for code in codes}


def _purpose(code: Code) -> Purpose:
    names, scope = code.extra["names"], code.extra["needs_scope"]
    if names not in ("yes", "no") or (names == "yes" and code.code != _NAMING):
        raise ValueError(f"export_purposes: {code.code} may not name persons by {names!r}")
    if scope not in ("", STATS):
        raise ValueError(f"export_purposes: {code.code} needs {scope!r}, a scope that is not looked at")
    return Purpose(code.code, names == "yes", scope == STATS)


def purpose_of(purposes: Mapping[str, Purpose], code: str, *, identified: bool) -> Purpose:
    """Return the purpose of a code.

    Raises:
        NotAccepted: PURPOSE_UNKNOWN, or PURPOSE_WITHOUT_NAMES where names were asked for.
    """
    purpose = purposes.get(code)
    if purpose is None:
        raise NotAccepted((Problem("PURPOSE_UNKNOWN", "table.purpose"),))
    if identified and not purpose.may_name:
        raise NotAccepted((Problem("PURPOSE_WITHOUT_NAMES", "table.purpose"),))
    return purpose


def left_out(
    case: Mapping[str, Value], consents: Iterable[ConsentRow], purpose: Purpose, *, is_child: bool
) -> LeftOut | None:
    """Return why a case does not go, or None. `case` are the fields of its case record."""
    status = said(case, "status")
    if status in ("DRAFT", ""):
        return LeftOut.DRAFT
    if status == "DUPLICATE":
        return LeftOut.DUPLICATE
    if is_restricted(case):
        return LeftOut.RESTRICTED
    if purpose.needs_stats and not may_be_studied(consents, is_child=is_child):
        return LeftOut.NOT_AGREED
    return None


def table_case(
    records: Iterable[tuple[str, Mapping[str, Value]]],
    forms: Mapping[str, Form],
    age_groups: Sequence[AgeGroup],
    *,
    named: bool,
    as_of: date,
    opened: date | None,
) -> TableCase:
    """Return what of a case may stand in a table. `records` are kind and fields, the one saved last at the end."""
    views: dict[str, list[Mapping[str, Value]]] = {}
    child = False
    for kind, fields in records:
        if named:
            view = identified_view(forms[kind], fields, as_of, opened=opened)
        else:
            view = pseudonymous_view(forms[kind], fields, as_of, age_groups, opened=opened)
        views.setdefault(kind, []).append(view)
        if kind == "person" and opened is not None:
            child = _was_known_child(fields, opened)
    return TableCase(views, named, child)


def said(view: Mapping[str, Value], name: str) -> str:
    """Return a text or code, or an empty text where nothing is known."""
    value = view.get(name)
    return value if isinstance(value, str) and not isinstance(value, Missing) else ""


def codes(view: Mapping[str, Value], name: str) -> tuple[str, ...]:
    """Return the codes of a list value; a single code counts as a list of one."""
    value = view.get(name)
    if isinstance(value, tuple):
        return value
    one = said(view, name)
    return (one,) if one else ()


def _was_known_child(person: Mapping[str, Value], opened: date) -> bool:
    dob, age, said_on = said(person, "dob"), person.get("age_at_registration"), said(person, "age_said_on")
    found = dates.majority_on(
        opened,
        dob=dob if dates.is_partial_date(dob) else None,
        dob_estimated=person.get("dob_estimated") is True,
        age=age if isinstance(age, int) else None,
        age_said_on=dates.bounds(said_on)[0] if dates.is_partial_date(said_on) else None,
    )
    return found is Majority.CHILD
