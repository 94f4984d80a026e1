"""A form on screen, built from its declaration in `resources/forms/`: the same order, numbers and words as on paper.

The contract that screens rely on: `set_fields`, `fields`, `show_problems`, and the signals `edited` and `left`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop.clock import Clock
from desktop.errors import Problem
from desktop.rules.codelists import Code, CodeList
from desktop.rules.forms import YES_NO, Field, FieldType, Form, applies
from desktop.rules.records import Damaged, Value
from desktop.rules.validation import Lists
from ui.theme import HUGE, MEDIUM
from ui.widgets.choice_edit import ChoiceEdit
from ui.widgets.code_edit import CodeEdit
from ui.widgets.code_ticks import TicksEdit
from ui.widgets.date_edit import DateEdit
from ui.widgets.field_editor import Editor
from ui.widgets.field_editors import code_editor, plain_editor
from ui.widgets.field_row import FieldRow

WIDEST_PX = 640
_REFERENCES = frozenset({FieldType.REF, FieldType.REFS})
# Where a place lies: a column of its list, and the list that the column speaks of.
_PARENTS = {"sub_county_code": "sub_counties", "county_code": "counties"}
_SHORT_LABEL = 26  # letters that have room beside another question
_GAP_PX = 4  # besides the line that each question keeps for its note
# Answers that need half of the width, and those of them of which two in a row are one thought: from and to, and so on.
_SHORT = frozenset({FieldType.INTEGER, FieldType.DATE, FieldType.PARTIAL_DATE, FieldType.TIME, FieldType.PHONE})
_SPANS = _SHORT - {FieldType.PHONE}
_PLACES = frozenset({"iso3166", "counties", "sub_counties"})


@dataclass(frozen=True)
class RefChoice:
    """One record that a field of type `ref` may name: its id and how it is shown."""

    record_id: str
    label: str = field(repr=False)


class FieldForm(QWidget):
    """The questions of one record, with an editor, a label and a problem note each."""

    edited = Signal()  # somebody changed something; never by `set_fields`
    left = Signal(str)  # the focus left a field: its name
    done = Signal()  # Ctrl+Enter in any field
    help_wanted = Signal(object)  # F1 in a field: Callable[[], tuple[str, str]], its title and help

    def __init__(
        self,
        form: Form,
        lists: Lists,
        clock: Clock,
        *,
        name: str,
        only: Sequence[str] = (),
        refs: Mapping[str, Sequence[RefChoice]] | None = None,
        reasons: bool = True,
    ) -> None:
        """Build the editors. Object names are `name.field`, `name.field.problem`, `name.field.label`.

        Args:
            form: The declaration; computed fields and fields of type `key` get no editor.
            lists: The code lists by name.
            clock: Says which day `today` is when a date is typed.
            name: The first part of every object name, such as `person`.
            only: Names of the fields to show, in this order; empty for all of the form in its own order.
            refs: The choices of fields of type `ref`; without choices a reference is not shown.
            reasons: Whether F2 offers the reasons for no answer: not where no person's case is asked about.
        """
        super().__init__()
        self.setObjectName(name)
        self._form, self._lists, self._clock = form, lists, clock
        self._given: dict[str, Value] = {}
        self._sealed: frozenset[str] = frozenset()
        self._without_choices: set[str] = set()
        asked = [form[one] for one in only] if only else list(form.fields)
        self._asked = frozenset(item.name for item in asked)
        self._rows: dict[str, FieldRow] = {}
        self._reasons = reasons
        column = QWidget()
        column.setMaximumWidth(WIDEST_PX)
        self._column = QVBoxLayout(column)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(_GAP_PX)
        shown = [item for item in asked if not item.computed and item.type is not FieldType.KEY]
        while shown:
            beside = 2 if len(shown) > 1 and _is_one_thought(shown[0], shown[1]) else 1
            self._add_line(shown[:beside])
            del shown[:beside]
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(column, WIDEST_PX)
        across.addStretch()  # has what is left only where there is more than the widest
        for one in [row for row in self._rows.values() if row.item.type in _REFERENCES]:
            self.set_refs(one.item.name, (refs or {}).get(one.item.name, ()))
        self._arrange()

    def set_fields(self, fields: Mapping[str, Value], sealed: frozenset[str] = frozenset()) -> None:
        """Show values. `sealed` names hold a value that is not shown; typing there replaces it."""
        self._given, self._sealed = dict(fields), sealed
        for name, row in self._rows.items():
            row.put(fields.get(name), sealed=name in sealed and name not in fields)
        self._arrange()

    def fields(self) -> dict[str, Value]:
        """Return what stands there: the given fields with what was typed. A skipped question has no value.

        Until somebody changes something this is exactly what was given. A sealed value that was emptied is None,
        which takes it away; one that was left alone is not among the fields.
        """
        touched = {name: row.editor.value() for name, row in self._rows.items() if row.editor.touched}
        if not touched:
            return dict(self._given)
        found = self._without_skipped(self._given | touched)
        return {name: value for name, value in found.items() if value is not None or name in self._sealed}

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show a note at each field that has a problem, and none at the others."""
        for name, row in self._rows.items():
            row.show_problems(tuple(one for one in problems if one.field == f"{self._form.kind}.{name}"))

    def focus_field(self, name: str) -> None:
        """Put the focus into a field and bring it into view."""
        row = self._rows.get(name)
        if row is not None and not row.isHidden():
            row.focus()
            self._bring_into_view(row)

    def focus_first(self) -> None:
        """Put the focus into the first field, or the first with a blocking problem."""
        shown = self._shown_rows()
        for row in [row for row in shown if row.blocked()] or shown:
            self.focus_field(row.item.name)
            return

    def set_read_only(self, read_only: bool) -> None:
        """Let nothing be changed: an issued referral, a role that may only read."""
        for row in self._rows.values():
            row.set_read_only(read_only)

    def set_refs(self, name: str, choices: Sequence[RefChoice]) -> None:
        """Give a field of type `ref` or `refs` other choices."""
        row = self._rows[name]
        if isinstance(row.editor, CodeEdit | TicksEdit):
            row.editor.set_codes(_as_codes(name, choices))
        if choices:
            self._without_choices.discard(name)
        else:
            self._without_choices.add(name)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Say everything in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            for row in self._rows.values():
                row.say_again()

    def _add_line(self, items: Sequence[Field]) -> None:
        """Add one question, or two beside one another."""
        line = QHBoxLayout()
        line.setSpacing(MEDIUM)
        self._column.addLayout(line)
        for item in items:
            row = self._make_row(item, short=len(items) == 1 and item.type in _SHORT)
            line.addWidget(row, 1, Qt.AlignmentFlag.AlignTop)

    def _make_row(self, item: Field, *, short: bool) -> FieldRow:
        row = FieldRow(item, self._make_editor(item), short=short)
        self._rows[item.name] = row
        row.help_wanted.connect(self.help_wanted)
        editor = row.editor
        editor.reasons = self._reasons
        editor.edited.connect(lambda: self._changed(row))
        editor.entered.connect(lambda: self._bring_into_view(row))
        editor.left.connect(lambda: self.left.emit(item.name))
        editor.next_wanted.connect(lambda: self._go_on(row))
        editor.done.connect(self.done)
        if isinstance(editor, DateEdit):
            editor.age_told.connect(lambda age: self._take_age(item, age))
        return row

    def _make_editor(self, item: Field) -> Editor:
        name = f"{self.objectName()}.{item.name}"
        codes = self._lists[item.list_name] if item.list_name else None
        age = self._age_question(item)
        if codes is not None:
            return code_editor(item, name, codes, lambda: self._place_of(codes))
        if item.type is FieldType.BOOL:
            return ChoiceEdit(item, name, self._lists[YES_NO])
        if age is not None:
            return DateEdit(item, name, self._clock, is_birth=True, takes_age=age.name in self._asked)
        return plain_editor(item, name, self._clock)

    def _place_of(self, codes: CodeList) -> dict[str, str]:
        """Return where a place must lie by the nearest answer above it: the sub-county, else the county."""
        for column, list_name in _PARENTS.items():
            if codes.codes and column in codes.codes[0].extra:
                for row in self._rows.values():
                    value = row.editor.value() if row.item.list_name == list_name else None
                    if isinstance(value, str) and value in self._lists[list_name]:
                        return {column: value}
        return {}

    def _age_question(self, birth: Field) -> Field | None:
        ages = [item for item in self._form.fields if item.view_from == birth.name and item.type is FieldType.INTEGER]
        return ages[0] if ages else None

    def _take_age(self, birth: Field, age: int) -> None:
        question = self._age_question(birth)
        if question is not None:
            self._rows[question.name].editor.answer(age)

    def _changed(self, row: FieldRow) -> None:
        if row.item.list_name in _PARENTS.values():
            for other in self._rows.values():
                other.refresh()
        self._arrange()
        self.edited.emit()

    def _arrange(self) -> None:
        """Show the questions that apply."""
        found = self._without_skipped(self._given | {name: row.editor.value() for name, row in self._rows.items()})
        for name, row in self._rows.items():
            if row.item.show_when is not None or row.item.type in _REFERENCES:
                row.setVisible(applies(row.item, found) and name not in self._without_choices)

    def _without_skipped(self, found: dict[str, Value]) -> dict[str, Value]:
        for item in self._form.fields:
            skipped = not item.computed and not applies(item, found)
            if skipped and not isinstance(found.get(item.name), Damaged):
                found.pop(item.name, None)
        return found

    def _shown_rows(self) -> list[FieldRow]:
        return [row for row in self._rows.values() if not row.isHidden()]

    def _go_on(self, row: FieldRow) -> None:
        row.editor.finish()
        rows = self._shown_rows()
        after = rows[rows.index(row) + 1 :]
        if after:
            after[0].focus()
        else:
            row.editor.input().focusNextChild()

    def _bring_into_view(self, row: FieldRow) -> None:
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(row, 0, HUGE)


def _is_one_thought(one: Field, other: Field) -> bool:
    both = one, other
    if any(len(label) > _SHORT_LABEL for item in both for label in item.labels.values()):
        return False
    places = all(item.type is FieldType.CODE and item.list_name in _PLACES for item in both)
    return places or all(item.type in _SPANS for item in both)


def _as_codes(name: str, choices: Sequence[RefChoice]) -> CodeList:
    return CodeList(name, tuple(Code(one.record_id, {"en": one.label, "sw": one.label}) for one in choices))
