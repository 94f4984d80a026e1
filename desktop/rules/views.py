"""What of a record leaves in a bundle, computed from the form's declaration alone (data dictionary, column Out).

Pseudonymous: class P, banded or left out as declared. Identified: P and I as they stand. Classes N and A never leave,
nor does a value that its field cannot hold, because nobody knows what stands in it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from desktop.rules import dates
from desktop.rules.dates import AgeGroup
from desktop.rules.forms import Field, Form, Out, View, applies
from desktop.rules.records import Missing, Value
from desktop.rules.validation import shape_problem

# The bands of the monthly return. No other scheme may travel beside it: crossed bands give single years (trap 14).
AGE_SCHEME = "RETURN"
_MONEY_BANDS = (0, 1, 5_000, 10_000, 20_000, 50_000, 100_000)  # lower bounds in KES


def pseudonymous_view(
    form: Form,
    fields: Mapping[str, Value],
    as_of: date,
    age_groups: Sequence[AgeGroup],
    *,
    opened: date | None = None,
) -> dict[str, Value]:
    """Return what a pseudonymous bundle carries of this record.

    `as_of` is the day of the bundle, on which a person is a child or not. `opened` is the day the case was opened, on
    which the age is counted: counted on the day of each bundle, the change of band would tell the birthday. Without it
    no age is counted.
    """
    seen: dict[str, Value] = {}
    for item, value in _leaving(form, fields, _Days(as_of, opened), {Out.PSEUDONYMOUS}):
        name = item.view_as or item.name
        shown = _show(item, value, age_groups)
        # Several fields may share one name: a difficulty in any domain is a disability.
        if shown is not None and (name not in seen or shown == "YES"):
            seen[name] = shown
    return seen


def identified_view(
    form: Form, fields: Mapping[str, Value], as_of: date, *, opened: date | None = None
) -> dict[str, Value]:
    """Return what an identified bundle carries. The caller has made sure that the person's identity may leave."""
    classes = {Out.PSEUDONYMOUS, Out.IDENTIFIED}
    return dict((item.name, value) for item, value in _leaving(form, fields, _Days(as_of, opened), classes))


@dataclass(frozen=True)
class _Days:
    as_of: date
    opened: date | None


def _leaving(form: Form, fields: Mapping[str, Value], days: _Days, classes: set[Out]) -> Iterator[tuple[Field, Value]]:
    for item in form.fields:
        if item.out in classes and applies(item, fields):
            value = _counted(item, fields, days)
            if value is not None and shape_problem(item, value) is None:
                yield item, value


def _counted(item: Field, fields: Mapping[str, Value], days: _Days) -> Value:
    """Return the stored value, or what the birth date, else the age, says on the day that counts."""
    value = fields.get(item.name)
    dob = _real_date(fields.get(item.view_from)) if item.view_from else None
    if item.view is View.CHILD_ON_DAY:
        return _is_child(fields, dob, days.as_of)
    if value is None and dob and days.opened:
        # In doubt the lower age: a person who may be a child is counted as one.
        return dates.age_on(dob, days.opened)[0]
    return value


def _is_child(fields: Mapping[str, Value], dob: str | None, as_of: date) -> bool:
    """Return the answer of the day, never a stored one: a birthday changes it, and with nothing known it is yes."""
    age, said_on = fields.get("age_at_registration"), _real_date(fields.get("age_said_on"))
    return dates.is_child(
        as_of,
        dob=dob,
        dob_estimated=fields.get("dob_estimated") is True,
        age=age if isinstance(age, int) else None,
        age_said_on=dates.bounds(said_on)[0] if said_on else None,
    )


def _real_date(value: Value) -> str | None:
    return value if isinstance(value, str) and dates.is_partial_date(value) else None


def _show(item: Field, value: Value, age_groups: Sequence[AgeGroup]) -> Value:
    if item.view is View.OMIT_TEXT:
        return None
    if isinstance(value, Missing):
        return value
    if item.view is View.COUNT:
        return len(value) if isinstance(value, tuple) else None
    if item.view is View.YES_NO:
        return "YES" if value in item.yes_codes else "NO"
    if isinstance(value, str) and item.view is View.MONTH:
        return value[: len("YYYY-MM")]
    if isinstance(value, int) and item.view is View.AGE_BAND:
        return dates.age_band(age_groups, AGE_SCHEME, value)
    if isinstance(value, int) and item.view is View.MONEY_BAND:
        return _money_band(value)
    return value


def _money_band(amount: int) -> str:
    index = bisect_right(_MONEY_BANDS, amount)
    low = _MONEY_BANDS[index - 1]
    if index == len(_MONEY_BANDS):
        return f"{low}+"
    high = _MONEY_BANDS[index] - 1
    return str(low) if high == low else f"{low}-{high}"
