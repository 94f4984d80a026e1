"""Which editor a question gets."""

from __future__ import annotations

from desktop.clock import Clock
from desktop.rules.codelists import CodeList
from desktop.rules.forms import YES_NO, Field, FieldType
from ui.widgets.choice_edit import ChoiceEdit
from ui.widgets.code_edit import CodeEdit, Within
from ui.widgets.code_ticks import TicksEdit
from ui.widgets.date_edit import DateEdit, MomentEdit, TimeEdit
from ui.widgets.field_editor import Editor
from ui.widgets.long_text_edit import LinesEdit, LongTextEdit
from ui.widgets.text_edits import NumberEdit, PhoneEdit, TextEdit

_FEW_CODES = 5
_NOTHING = CodeList("", ())  # references get their choices later


def code_editor(item: Field, name: str, codes: CodeList, within: Within) -> Editor:
    """Return the editor of a question with a list: buttons for a few codes, a line to search many, boxes to tick."""
    if item.type is FieldType.CODES:
        return TicksEdit(item, name, codes)
    if len(codes) <= _FEW_CODES or item.list_name == YES_NO:
        return ChoiceEdit(item, name, codes)
    return CodeEdit(item, name, codes, within)


def plain_editor(item: Field, name: str, clock: Clock) -> Editor:
    """Return the editor of a question without a list."""
    match item.type:
        case FieldType.LONG_TEXT:
            return LongTextEdit(item, name)
        case FieldType.TEXTS:
            return LinesEdit(item, name)
        case FieldType.INTEGER:
            return NumberEdit(item, name)
        case FieldType.PHONE:
            return PhoneEdit(item, name)
        case FieldType.DATE | FieldType.PARTIAL_DATE:
            return DateEdit(item, name, clock)
        case FieldType.DATETIME:
            return MomentEdit(item, name, clock)
        case FieldType.TIME:
            return TimeEdit(item, name, clock)
        case FieldType.REF:
            return CodeEdit(item, name, _NOTHING, dict)
        case FieldType.REFS:
            return TicksEdit(item, name, _NOTHING)
        case _:
            return TextEdit(item, name)
