"""Whether two rows or records may tell of one person. Nothing is joined here: it is only said what speaks against it.

What was not said, not known, not asked or not recorded speaks neither for nor against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Generic, TypeVar

from desktop.rules import dates
from desktop.rules.names import name_keys
from desktop.rules.records import Missing, Value

_MOST_COMPARED = 25  # names under one number: more is an office's own telephone
_NEAR = 0.85  # likeness of two folded names; one letter more or less in a name of six or more
_SEX_NOT_RECORDED = "U"
T = TypeVar("T")


class NamesByPhone(Generic[T]):
    """Finds earlier rows with the same phone number and a near name. A phone alone is often a family's."""

    def __init__(self) -> None:
        """Know no row yet."""
        self._earlier: dict[str, list[tuple[str, T]]] = {}

    def find_and_add(self, phone: str, name: str, row: T) -> T | None:
        """Return the first earlier row that is like this one, and know this one from now on."""
        earlier = self._earlier.setdefault(phone, [])
        found = next((other for said, other in earlier if SequenceMatcher(None, said, name).ratio() >= _NEAR), None)
        if len(earlier) < _MOST_COMPARED:
            earlier.append((name, row))
        return found


def names_of(person: Mapping[str, Value]) -> frozenset[str]:
    """Return the folded words of all names of a person's fields."""
    return frozenset(name_keys(*(person.get(part) for part in ("first_name", "other_names", "surname"))))


def is_said(value: Value) -> bool:
    """Say whether a value says anything of a person."""
    return value is not None and not isinstance(value, Missing) and value != _SEX_NOT_RECORDED


def contradict(one: Mapping[str, Value], other: Mapping[str, Value], facts: Iterable[str]) -> bool:
    """Say whether two persons' fields contradict each other in the name or one of the facts.

    A name left out or put in another place is none; a birth date less exact than the other is none either.
    """
    fewer, more = sorted((names_of(one), names_of(other)), key=len)
    return not fewer <= more or any(_differ(name, one.get(name), other.get(name)) for name in facts)


def _differ(name: str, one: Value, other: Value) -> bool:
    if not is_said(one) or not is_said(other):
        return False
    if name != "dob" or not isinstance(one, str) or not isinstance(other, str):
        return one != other
    (first, last), (other_first, other_last) = dates.bounds(one), dates.bounds(other)
    return last < other_first or other_last < first
