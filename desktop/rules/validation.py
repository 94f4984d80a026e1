"""What is wrong with one record, as problems with codes. Few things block: a case must be savable early (A07).

Blocking: a value that is not what its field holds, a code that is in no list, a text too long, a date that cannot be,
and what the law does not let stand: a finding without its grounds (L-20, L-33), a consent that proves nothing (L-13).
Everything else is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from desktop.errors import Problem, Severity
from desktop.rules import breach, dates
from desktop.rules.codelists import CodeList
from desktop.rules.consent import (
    CONSENT,
    GIVERS_FOR_CHILD,
    GIVING,
    NAIROBI,
    NAMED_ONLY,
    SHARE_ABROAD,
    consent_row,
    instant,
    local_day,
)
from desktop.rules.forms import Field, FieldType, Form, applies, stored_value
from desktop.rules.records import Damaged, Missing, Value, decode_fields

_TEXTS = frozenset({FieldType.TEXT, FieldType.LONG_TEXT, FieldType.PHONE, FieldType.KEY})
_TUPLES = frozenset({FieldType.TEXTS, FieldType.CODES, FieldType.REFS})
_DATED = frozenset({FieldType.DATE, FieldType.PARTIAL_DATE, FieldType.DATETIME})
_UNREADABLE = frozenset({"VALUE_WRONG_TYPE", "DATE_IMPOSSIBLE"})
_MOST_SERVICES = 6  # the tick list of RUF-3
_ANSWERED = frozenset({"GIVEN", "LIMITED", "REFUSED", "WITHDRAWN"})
_SHARING = "SHARE_"  # how the scopes begin under which facts go to somebody else
_PROOF = ("given_by", "method", "language", "explained_items")  # what DPA s.32(1) lets the office prove
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)
_MINUTE = timedelta(minutes=1)

# A reference is the id of a record or user, an office's code, or a paper's serial; never words a person typed, since
# references of class P leave the laptop.
_REFERENCE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|[0-9]{3}-[0-9]{2}|L-[0-9A-Z]{10}", re.ASCII
)

Lists = Mapping[str, CodeList]


@dataclass(frozen=True)
class Surroundings:
    """What the rules of one record need to know of others.

    `was_child`: under 18 when it happened. `taken_over`: the record repeats what another register says, so a finding
    in it is reported, not made here; its missing grounds warn until an officer of this office saves it.
    """

    was_child: bool = False
    taken_over: bool = False


@dataclass(frozen=True)
class _Scene:
    lists: Lists
    now: datetime
    today: date
    around: Surroundings


Rule = Callable[[Mapping[str, Value], _Scene], Iterator[Problem]]


def read_fields(form: Form, stored: object) -> dict[str, Value]:
    """Return stored values as fields; one that its field cannot hold becomes `Damaged`, the others stay usable (B03).

    Fields this version does not know are kept as they are.
    """
    fields = decode_fields(stored)
    for name, value in fields.items():
        item = form.get(name)
        if item is not None and shape_problem(item, value) in _UNREADABLE and isinstance(stored, dict):
            fields[name] = Damaged(stored[name])
    return fields


def shape_problem(item: Field, value: Value) -> str | None:
    """Return the code of what keeps `value` from being this field's, or None. Lists and the calendar day not asked."""
    if value is None or isinstance(value, Missing):
        return None
    if isinstance(value, Damaged):
        return "FIELD_DAMAGED"
    if item.type is FieldType.BOOL:
        return None if isinstance(value, bool) else "VALUE_WRONG_TYPE"
    if item.type is FieldType.INTEGER:
        return _integer_problem(item, value)
    if item.type in _TUPLES:
        if not isinstance(value, tuple) or not value:
            return "VALUE_WRONG_TYPE"
        if item.type is FieldType.REFS and not all(_REFERENCE.fullmatch(one) for one in value):
            return "VALUE_WRONG_TYPE"
        return _texts_problem(item, value)
    if not isinstance(value, str) or not value:
        return "VALUE_WRONG_TYPE"
    if item.type in _TEXTS:
        return _texts_problem(item, (value,))
    if item.type is FieldType.TIME:
        return None if _TIME.fullmatch(value) else "VALUE_WRONG_TYPE"
    if item.type is FieldType.REF:
        return None if _REFERENCE.fullmatch(value) else "VALUE_WRONG_TYPE"
    if item.type is FieldType.DATETIME:
        return None if local_day(value) else "DATE_IMPOSSIBLE"
    if item.type in (FieldType.DATE, FieldType.PARTIAL_DATE):
        whole = item.type is FieldType.PARTIAL_DATE or len(value) == len("YYYY-MM-DD")
        return None if whole and dates.is_partial_date(value) else "DATE_IMPOSSIBLE"
    return None


def _integer_problem(item: Field, value: Value) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return "VALUE_WRONG_TYPE"
    too_small = item.smallest is not None and value < item.smallest
    too_large = item.largest is not None and value > item.largest
    return "NUMBER_OUT_OF_RANGE" if too_small or too_large else None


def _texts_problem(item: Field, texts: tuple[str, ...]) -> str | None:
    too_long = item.max_length is not None and max(map(len, texts)) > item.max_length
    return "TEXT_TOO_LONG" if too_long else None


def check(
    form: Form,
    fields: Mapping[str, Value],
    lists: Lists,
    now: datetime,
    surroundings: Surroundings | None = None,
) -> tuple[Problem, ...]:
    """Return every problem of one record, in the order of its form, then those of the record as a whole.

    `now` is the present instant, with its time zone: what has not happened yet is not written down as done.
    """
    scene = _Scene(lists, now, now.astimezone(NAIROBI).date(), surroundings or Surroundings())
    found: list[Problem] = []
    for item in form.fields:
        found.extend(_field_problems(form.kind, item, fields, scene))
    rules = _RECORD_RULES.get(form.kind)
    if rules is not None:
        found.extend(rules(fields, scene))
    return tuple(found)


def blocking(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return the problems that stop a save."""
    return tuple(problem for problem in problems if problem.severity is Severity.BLOCKING)


def _field_problems(kind: str, item: Field, fields: Mapping[str, Value], scene: _Scene) -> Iterator[Problem]:
    where, value = f"{kind}.{item.name}", fields.get(item.name)
    if value is None:
        if item.required and not item.computed and applies(item, fields):
            yield Problem("ANSWER_MISSING", where, Severity.WARNING)
        return
    if not applies(item, fields):
        yield Problem("QUESTION_SKIPPED", where, Severity.WARNING)
    code = shape_problem(item, value)
    if code == "FIELD_DAMAGED":
        # It was damaged before this save and goes back untouched; blocking would keep the rest from being saved.
        yield Problem(code, where, Severity.WARNING)
    elif code == "TEXT_TOO_LONG":
        yield Problem(code, where, limit=item.max_length)
    elif code == "NUMBER_OUT_OF_RANGE":
        yield Problem(code, where, limit=item.largest)
    elif code:
        yield Problem(code, where)
    elif not isinstance(value, Missing):
        yield from _value_problems(where, item, value, scene)


def _value_problems(where: str, item: Field, value: Value, scene: _Scene) -> Iterator[Problem]:
    if item.list_name is not None:
        codes = value if isinstance(value, tuple) else (str(value),)
        allowed = scene.lists[item.list_name]
        if any(code not in allowed or isinstance(stored_value(item, code), Missing) for code in codes):
            yield Problem("VALUE_NOT_IN_LIST", where)
        if len(set(codes)) != len(codes):
            yield Problem("VALUE_TWICE", where)
    elif item.type in _DATED and not item.may_be_future and _not_yet(item, str(value), scene):
        yield Problem("DATE_IN_FUTURE", where)


def _not_yet(item: Field, text: str, scene: _Scene) -> bool:
    """Say whether a date or time lies ahead: a day after today, a time after the present minute."""
    if item.type is not FieldType.DATETIME:
        return dates.bounds(text)[0] > scene.today
    moment = instant(text)
    return moment is not None and moment >= scene.now.replace(second=0, microsecond=0) + _MINUTE


def _given(fields: Mapping[str, Value], name: str) -> Value:
    """Return a real answer, or None where the field is empty, unanswered or damaged."""
    value = fields.get(name)
    return None if isinstance(value, Missing | Damaged) or value == "" or value == () else value


def _text(fields: Mapping[str, Value], name: str) -> str:
    value = _given(fields, name)
    return value if isinstance(value, str) else ""


def _warn(code: str, where: str) -> Problem:
    return Problem(code, where, Severity.WARNING)


def _case(fields: Mapping[str, Value], scene: _Scene) -> Iterator[Problem]:
    if _given(fields, "restricted") is True and not _text(fields, "restricted_reason").strip():
        yield _warn("RESTRICTED_REASON_MISSING", "case.restricted_reason")
    if _later(fields, "incoming_date", "date_opened"):
        yield _warn("DATES_OUT_OF_ORDER", "case.incoming_date")
    others = _given(fields, "external_refs")
    if isinstance(others, tuple) and not all(_names_register(text, scene) for text in others):
        yield _warn("EXTERNAL_REF_KIND", "case.external_refs")


def _names_register(text: str, scene: _Scene) -> bool:
    kind, _, number = text.partition(" ")
    return kind in scene.lists["external_registers"] and bool(number.strip())


def _later(fields: Mapping[str, Value], earlier: str, later: str) -> bool:
    """Say whether the date that should come first certainly lies after the other."""
    first, second = _text(fields, earlier), _text(fields, later)
    if not (dates.is_partial_date(first) and dates.is_partial_date(second)):
        return False
    return dates.bounds(first)[0] > dates.bounds(second)[1]


def _period(kind: str) -> Rule:
    def rule(fields: Mapping[str, Value], _scene: _Scene) -> Iterator[Problem]:
        if _later(fields, "start", "end"):
            yield _warn("DATES_OUT_OF_ORDER", f"{kind}.end")

    return rule


def _person(fields: Mapping[str, Value], scene: _Scene) -> Iterator[Problem]:
    names = ("first_name", "other_names", "surname")
    if all(fields.get(name) is None for name in names):
        yield _warn("NAME_MISSING", "person.first_name")
    dob, age = _text(fields, "dob"), _given(fields, "age_at_registration")
    if dates.is_partial_date(dob):
        ages = dates.age_on(dob, scene.today)
        if ages[0] > dates.OLDEST_AGE:
            yield _warn("AGE_OUT_OF_RANGE", "person.dob")
        if dates.majority(ages, estimated=_given(fields, "dob_estimated") is True) is dates.Majority.CHECK:
            yield _warn("AGE_AT_LIMIT", "person.dob")
    elif age is None:
        yield _warn("AGE_UNKNOWN", "person.dob")
    elif isinstance(age, int) and dates.majority((age, age), estimated=True) is dates.Majority.CHECK:
        yield _warn("AGE_AT_LIMIT", "person.age_at_registration")


def _consent(fields: Mapping[str, Value], scene: _Scene) -> Iterator[Problem]:
    answer, scope = _text(fields, "answer"), _text(fields, "scope")
    needed = ["scope", "answer", "at"]
    if answer in GIVING and scope.startswith(_SHARING):
        needed.extend(_PROOF)
    elif answer in _ANSWERED:
        needed.append("method")
    for name in needed:
        if _given(fields, name) is None:
            yield Problem("CONSENT_PROOF_MISSING", f"consent.{name}")
    if answer == "LIMITED" and not _text(fields, "limits").strip():
        yield Problem("CONSENT_LIMITS_MISSING", "consent.limits")
    if answer in GIVING:
        yield from _consent_given(fields, scene)
        return
    basis = consent_row(fields).lawful_basis
    if basis is not None and basis.code != CONSENT and not basis.is_complete:
        yield Problem("LAWFUL_BASIS_INCOMPLETE", "consent.basis_reason")


def _consent_given(fields: Mapping[str, Value], scene: _Scene) -> Iterator[Problem]:
    scope = _text(fields, "scope")
    if scope in NAMED_ONLY and _given(fields, "recipient") is None:
        yield _warn("RECIPIENT_MISSING", "consent.recipient")
    if _text(fields, "method") == "VERBAL" and _given(fields, "witness") is None:
        yield _warn("WITNESS_MISSING", "consent.witness")
    if _text(fields, "given_by") in GIVERS_FOR_CHILD and fields.get("child_assent") is None:
        yield _warn("CHILD_ASSENT_MISSING", "consent.child_assent")
    told, items = _given(fields, "explained_items"), scene.lists["explained_items"]
    to_tell = {item.code for item in items if item.code != "ABROAD" or scope == SHARE_ABROAD}
    if told is not None and not to_tell <= set(told if isinstance(told, tuple) else ()):
        yield _warn("EXPLAINED_ITEMS_MISSING", "consent.explained_items")


def _determination(fields: Mapping[str, Value], scene: _Scene) -> Iterator[Problem]:
    status = _text(fields, "status")
    severity = Severity.WARNING if scene.around.taken_over else Severity.BLOCKING
    if status in ("IDENTIFIED", "NOT_VICTIM") and not _text(fields, "justification").strip():
        yield Problem("JUSTIFICATION_MISSING", "determination.justification", severity)
    if status in ("IDENTIFIED", "NOT_VICTIM") and not _text(fields, "decided_by").strip():
        yield Problem("DECIDED_BY_MISSING", "determination.decided_by", severity)
    if status != "IDENTIFIED":
        return
    if _given(fields, "acts") is None:
        yield Problem("ACTS_MISSING", "determination.acts", severity)
    if _given(fields, "purposes") is None:
        yield Problem("PURPOSES_MISSING", "determination.purposes", severity)
    means = _given(fields, "means")
    shown = set(means) - {"CHILD_NOT_NEEDED"} if isinstance(means, tuple) else set()
    if not shown and not scene.around.was_child:
        yield Problem("MEANS_MISSING", "determination.means", severity)


def _referral(fields: Mapping[str, Value], _scene: _Scene) -> Iterator[Problem]:
    services = _given(fields, "services")
    if isinstance(services, tuple) and len(services) > _MOST_SERVICES:
        yield Problem("SERVICES_TOO_MANY", "referral.services", Severity.WARNING, _MOST_SERVICES)


def _feedback(fields: Mapping[str, Value], _scene: _Scene) -> Iterator[Problem]:
    if _text(fields, "decision") == "DECLINED" and _given(fields, "decline_reason") is None:
        yield Problem("DECLINE_REASON_MISSING", "referral_feedback.decline_reason")


def _provider(fields: Mapping[str, Value], _scene: _Scene) -> Iterator[Problem]:
    # `address` may be printed; a safe house has `hidden_address`, which is sealed, and nothing else.
    if _text(fields, "type") == "SAFE_HOUSE" and fields.get("address") is not None:
        yield Problem("SAFE_HOUSE_ADDRESS", "provider.address")


def _breach(fields: Mapping[str, Value], scene: _Scene) -> Iterator[Problem]:
    for problem in breach.remarks(fields, scene.now):
        yield replace(problem, severity=Severity.WARNING)


_RECORD_RULES: Mapping[str, Rule] = {
    "breach": _breach,
    "case": _case,
    "person": _person,
    "consent": _consent,
    "determination": _determination,
    "exploitation_episode": _period("exploitation_episode"),
    "journey_leg": _period("journey_leg"),
    "referral": _referral,
    "referral_feedback": _feedback,
    "provider": _provider,
}
