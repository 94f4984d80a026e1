"""Records as values: what a screen hands down, what a service hands back, and how fields look in storage.

A record is a kind (a form's name), its fields and a revision. Nothing here knows a database; nothing here raises on
what a damaged store gives back, because one bad value must not keep a whole record shut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Missing(StrEnum):
    """Why a question that applies has no value (decisions 18). Three different facts, never an empty text."""

    DK = "DK"
    REFUSED = "REFUSED"
    NOT_ASKED = "NOT_ASKED"


@dataclass(frozen=True)
class Damaged:
    """A stored value that cannot be read as what its field holds. `raw` goes back into storage untouched."""

    raw: Any = field(repr=False)


Value = str | int | bool | tuple[str, ...] | Missing | Damaged | None

_MISSING_KEY = "missing"


@dataclass(frozen=True)
class RecordDraft:
    """One record as a person edits it.

    `revision` is the one the record was opened at, 0 for a new record; a save compares it. `record_id` is the
    record's own id and never changes, whichever version of the form is used.
    """

    kind: str
    fields: Mapping[str, Value] = field(repr=False)
    record_id: str | None = None
    case_id: str | None = None
    revision: int = 0


class Topic(StrEnum):
    """What changed, for screens that decide whether to fetch again."""

    CASES = "CASES"
    CONSENTS = "CONSENTS"
    REFERRALS = "REFERRALS"
    LETTERS = "LETTERS"
    PROVIDERS = "PROVIDERS"
    IMPORTS = "IMPORTS"
    BUNDLES = "BUNDLES"
    RECEIPTS = "RECEIPTS"
    OFFICE = "OFFICE"
    JOURNAL = "JOURNAL"
    DRAFTS = "DRAFTS"
    INTAKE = "INTAKE"
    TABLES = "TABLES"
    PEOPLE = "PEOPLE"
    BREACHES = "BREACHES"


@dataclass(frozen=True)
class Outcome:
    """The small answer of a use case: which records it wrote, the revision they stand at, and what changed."""

    record_ids: tuple[str, ...]
    revision: int
    topics: frozenset[Topic]


def encode_fields(fields: Mapping[str, Value]) -> dict[str, Any]:
    """Return fields as JSON values: `Missing` as `{"missing": code}`, several codes as a list, `None` left out."""
    return {name: _encode(value) for name, value in fields.items() if value is not None}


def _encode(value: Value) -> Any:
    if isinstance(value, Missing):
        return {_MISSING_KEY: value.value}
    if isinstance(value, Damaged):
        return value.raw
    if isinstance(value, tuple):
        return list(value)
    return value


def decode_fields(stored: object) -> dict[str, Value]:
    """Return stored JSON values as fields. A value of no known shape becomes `Damaged`; nothing raises.

    Whether a text is a real date or a number fits its field is the form's question: `validation.read_fields`.
    """
    if not isinstance(stored, dict):
        return {}
    return {str(name): _decode(value) for name, value in stored.items() if value is not None}


def _decode(value: object) -> Value:
    if isinstance(value, str | int):  # bool is an int
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if isinstance(value, dict) and set(value) == {_MISSING_KEY}:
        code = value[_MISSING_KEY]
        if isinstance(code, str) and code in Missing.__members__:
            return Missing(code)
    return Damaged(value)
