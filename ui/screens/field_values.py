"""Stored values as a person reads them: labels for codes, days in words, and why there is no answer."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.rules.consent import instant
from desktop.rules.dates import is_partial_date
from desktop.rules.forms import YES_NO, Field, FieldType
from desktop.rules.records import Damaged, Missing, Value
from desktop.rules.validation import Lists
from ui.languages import current, day, words
from ui.widgets.answer_menu import MISSING_WORDS

_DATES = frozenset({FieldType.DATE, FieldType.PARTIAL_DATE})


def value_text(item: Field, value: Value, lists: Lists, refs: Mapping[str, str]) -> str:
    """Return a value in the language in force; `refs` are the labels of the records that references may name."""
    if value is None:
        return words("CASEFILE_NO_VALUE")
    if isinstance(value, Damaged):
        return words("CASEFILE_UNREADABLE")
    if isinstance(value, Missing):
        return words(MISSING_WORDS[value])
    if isinstance(value, bool):
        return lists[YES_NO].label("YES" if value else "NO", current())
    if isinstance(value, tuple):
        return "; ".join(_one(item, text, lists, refs) for text in value)
    return _one(item, str(value), lists, refs)


def _one(item: Field, text: str, lists: Lists, refs: Mapping[str, str]) -> str:
    if item.list_name is not None:
        return lists[item.list_name].label(text, current())
    if item.type in {FieldType.REF, FieldType.REFS}:
        return refs.get(text) or words("CASEFILE_OTHER_RECORD")
    if item.type in _DATES and is_partial_date(text):
        return day(text)
    if item.type is FieldType.DATETIME and (moment := instant(text)) is not None:
        return f"{day(moment.date().isoformat())}, {moment:%H:%M}"
    return text
