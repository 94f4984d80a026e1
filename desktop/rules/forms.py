"""Field declarations: what a record kind holds, once, for screen, import, storage, bundle and paper.

The declarations lie in `resources/forms/*.toml`. Parsing is strict, because a forgotten class of what may leave the
laptop is not a detail: an unknown key, type or class, or a missing label, stops the program at start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

from desktop.rules.codelists import LANGUAGES
from desktop.rules.records import Missing, Value

YES_NO = "yes_no"


class FieldType(StrEnum):
    """What a field holds. `key` is made by the program, `ref` is the id of another record, `time` is HH:MM."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    TEXTS = "texts"
    PHONE = "phone"
    KEY = "key"
    INTEGER = "integer"
    BOOL = "bool"
    CODE = "code"
    CODES = "codes"
    DATE = "date"
    PARTIAL_DATE = "partial_date"
    DATETIME = "datetime"
    TIME = "time"
    REF = "ref"
    REFS = "refs"


class Sensitivity(StrEnum):
    """`sensitivity_levels.csv`: from public (S0) to a matter of life and death (S4)."""

    S0 = "S0"
    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"


class Out(StrEnum):
    """What may leave the laptop: in any bundle, in an identified one, only inside counts, or never."""

    PSEUDONYMOUS = "P"
    IDENTIFIED = "I"
    COUNTED = "A"
    NEVER = "N"


class View(StrEnum):
    """How a field of class P appears in a pseudonymous bundle."""

    AS_IS = "as_is"
    AGE_BAND = "age_band"
    MONEY_BAND = "money_band"
    MONTH = "month"
    YES_NO = "yes_no"
    CHILD_ON_DAY = "child_on_day"
    COUNT = "count"
    OMIT_TEXT = "omit_text"


@dataclass(frozen=True)
class ShowWhen:
    """When a question applies: another field holds one of `codes` (or, negated, has an answer that is none of them)."""

    field: str
    codes: frozenset[str]
    negated: bool = False


@dataclass(frozen=True)
class Field:
    """One question. `htcds` and `cpims` are the names other systems use, `question` the number on paper.

    `health`: the answer is a health fact, or may be one (DPA s.46, L-04); its value leaves as its class says.
    """

    name: str
    labels: Mapping[str, str]
    type: FieldType
    sensitivity: Sensitivity
    out: Out
    help: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    list_name: str | None = None
    required: bool = False
    sealed: bool = False
    health: bool = False
    computed: bool = False
    max_length: int | None = None
    smallest: int | None = None
    largest: int | None = None
    may_be_future: bool = False
    view: View = View.AS_IS
    view_as: str | None = None
    view_from: str | None = None
    yes_codes: frozenset[str] = frozenset()
    question: str | None = None
    htcds: str | None = None
    htcds_columns: tuple[str, ...] = ()
    cpims: str | None = None
    show_when: ShowWhen | None = None


@dataclass(frozen=True)
class Form:
    """The declaration of one record kind. `repeats` says whether a case may hold several."""

    kind: str
    version: int
    title: Mapping[str, str]
    repeats: bool
    fields: tuple[Field, ...]
    _by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the fields by name."""
        object.__setattr__(self, "_by_name", MappingProxyType({item.name: item for item in self.fields}))

    def get(self, name: str) -> Field | None:
        """Return the field's declaration, or None when this version does not know it."""
        return self._by_name.get(name)

    def __getitem__(self, name: str) -> Field:
        """Return the field's declaration. Raises KeyError when this version does not know it."""
        return self._by_name[name]

    @property
    def sealed_names(self) -> frozenset[str]:
        """The fields that are stored only inside the sealed value of a revision."""
        return frozenset(item.name for item in self.fields if item.sealed)

    @cached_property
    def health_names(self) -> frozenset[str]:
        """The fields whose values only who is bound to secrecy is shown."""
        return frozenset(item.name for item in self.fields if item.health)


class FormError(ValueError):
    """A declaration breaks a rule. The message names kind and field; declarations hold no personal data."""


_DEFAULT_LENGTH = {
    FieldType.TEXT: 200,
    FieldType.LONG_TEXT: 4_000,
    FieldType.TEXTS: 200,
    FieldType.PHONE: 16,
    FieldType.KEY: 40,
    FieldType.REF: 64,
    FieldType.REFS: 64,
}
_LISTED = frozenset({FieldType.CODE, FieldType.CODES})
_DATES = frozenset({FieldType.DATE, FieldType.PARTIAL_DATE})
_HEALTH = frozenset({Sensitivity.S3, Sensitivity.S4})
_FREE_TEXT = frozenset({FieldType.TEXT, FieldType.LONG_TEXT, FieldType.TEXTS, FieldType.PHONE})
_FORM_KEYS = frozenset({"kind", "version", "title", "repeats", "field"})
_FIELD_KEYS: Mapping[str, type] = {
    "name": str,
    "label": dict,
    "help": dict,
    "type": str,
    "list": str,
    "required": bool,
    "sensitivity": str,
    "out": str,
    "sealed": bool,
    "health": bool,
    "computed": bool,
    "max_length": int,
    "min": int,
    "max": int,
    "may_be_future": bool,
    "view": str,
    "view_as": str,
    "view_from": str,
    "yes_codes": list,
    "question": str,
    "htcds": str,
    "htcds_columns": list,
    "cpims": str,
    "show_when": dict,
}


def parse_form(table: Mapping[str, Any]) -> Form:
    """Build a form from its parsed TOML.

    Raises:
        FormError: Something unknown, missing or against the rules of the classes.
    """
    kind = table.get("kind")
    if not isinstance(kind, str) or set(table) != _FORM_KEYS:
        raise FormError(f"form {kind}: needs exactly {sorted(_FORM_KEYS)}")
    fields = tuple(_field(kind, row) for row in table["field"])
    names = [item.name for item in fields]
    if len(set(names)) != len(names):
        raise FormError(f"form {kind}: a field name stands twice")
    for item in fields:
        for other in (item.show_when.field if item.show_when else None, item.view_from):
            if other is not None and other not in names:
                raise FormError(f"{kind}.{item.name}: refers to unknown field {other}")
    return Form(kind, table["version"], _words(f"form {kind}", table["title"]), table["repeats"], fields)


def _words(where: str, words: Any) -> Mapping[str, str]:
    if not isinstance(words, dict) or set(words) != set(LANGUAGES) or not all(words.values()):
        raise FormError(f"{where}: needs words in {LANGUAGES}")
    return MappingProxyType(dict(words))


def _field(kind: str, row: Mapping[str, Any]) -> Field:
    where = f"{kind}.{row.get('name')}"
    for key, value in row.items():
        if key not in _FIELD_KEYS or not isinstance(value, _FIELD_KEYS[key]):
            raise FormError(f"{where}: {key} is unknown or of the wrong type")
    for key in ("name", "label", "type", "sensitivity", "out"):
        if key not in row:
            raise FormError(f"{where}: {key} is missing")
    try:
        field_type, sensitivity, out = FieldType(row["type"]), Sensitivity(row["sensitivity"]), Out(row["out"])
        view = View(row.get("view", "as_is"))
    except ValueError as error:
        raise FormError(f"{where}: {error}") from None
    made = Field(
        name=row["name"],
        labels=_words(where, row["label"]),
        type=field_type,
        sensitivity=sensitivity,
        out=out,
        help=_words(where, row["help"]) if "help" in row else MappingProxyType({}),
        list_name=row.get("list"),
        required=row.get("required", False),
        sealed=row.get("sealed", False),
        health=row.get("health", False),
        computed=row.get("computed", False),
        max_length=row.get("max_length", _DEFAULT_LENGTH.get(field_type)),
        smallest=row.get("min"),
        largest=row.get("max"),
        may_be_future=row.get("may_be_future", False),
        view=view,
        view_as=row.get("view_as"),
        view_from=row.get("view_from"),
        yes_codes=frozenset(row.get("yes_codes", ())),
        question=row.get("question"),
        htcds=row.get("htcds"),
        htcds_columns=tuple(row.get("htcds_columns", ())),
        cpims=row.get("cpims"),
        show_when=_show_when(where, row["show_when"]) if "show_when" in row else None,
    )
    _check_classes(where, made)
    return made


def _show_when(where: str, table: Mapping[str, Any]) -> ShowWhen:
    if set(table) not in ({"field", "in"}, {"field", "not_in"}):
        raise FormError(f"{where}: show_when needs field and in or not_in")
    negated = "not_in" in table
    return ShowWhen(table["field"], frozenset(table["not_in" if negated else "in"]), negated)


def _check_classes(where: str, made: Field) -> None:
    if (made.list_name is not None) != (made.type in _LISTED):
        raise FormError(f"{where}: a list belongs to code and codes, and only there")
    if made.sealed and (made.out is not Out.NEVER or made.sensitivity is not Sensitivity.S4):
        raise FormError(f"{where}: a sealed field is S4 and never leaves")
    if made.health and (made.sealed or made.computed or made.required or made.sensitivity not in _HEALTH):
        raise FormError(f"{where}: a health fact is S3 or S4, answered by a person, optional, hidden and not sealed")
    if made.sensitivity is Sensitivity.S4 and made.out is Out.PSEUDONYMOUS:
        raise FormError(f"{where}: S4 never leaves under a pseudonym")
    if made.out is not Out.PSEUDONYMOUS and made.view is not View.AS_IS:
        raise FormError(f"{where}: a view belongs to fields of class P")
    if made.out is Out.PSEUDONYMOUS and made.type in _FREE_TEXT and made.view not in (View.OMIT_TEXT, View.COUNT):
        raise FormError(f"{where}: free text of class P needs the view omit_text or count")
    if made.view is View.MONTH and made.type not in _DATES:
        raise FormError(f"{where}: the view month belongs to dates")
    if (made.view is View.YES_NO) != bool(made.yes_codes):
        raise FormError(f"{where}: yes_codes belong to the view yes_no")


def applies(item: Field, fields: Mapping[str, Value]) -> bool:
    """Say whether the question applies, given the other answers. A skipped question stores nothing (decisions 18)."""
    if item.show_when is None:
        return True
    answer = fields.get(item.show_when.field)
    given = set(answer) if isinstance(answer, tuple) else {_as_code(answer)} - {None}
    if item.show_when.negated:
        return bool(given) and not given & item.show_when.codes
    return bool(given & item.show_when.codes)


def stored_value(item: Field, code: str) -> Value:
    """Return what choosing `code` stores: the three "no answer" codes of the yes/no list are `Missing` (decisions 18).

    Other lists keep their codes even where they sound alike: a consent REFUSED is an answer.
    """
    return Missing(code) if item.list_name == YES_NO and code in Missing.__members__ else code


def _as_code(answer: Value) -> str | None:
    if isinstance(answer, bool):
        return "YES" if answer else "NO"
    return str(answer) if isinstance(answer, str | int) else None
