"""Two versions of one record side by side: a person decides field by field which one stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QPushButton, QVBoxLayout, QWidget

from desktop.rules.forms import Field, FieldType, Form
from desktop.rules.records import Value
from desktop.rules.validation import Lists
from desktop.services.history import Change
from desktop.services.records import StoredRecord
from ui.languages import current, words
from ui.screens.field_values import value_text
from ui.theme import ICON_PX, LARGE, MEDIUM, SMALL, TINY, icon
from ui.veil import is_personal, personal
from ui.widgets.basics import Words, frame


@dataclass(frozen=True)
class Difference:
    """One field that both versions answer otherwise. `mine`: the person at the desk changed it.

    `unseen`: theirs is sealed, or a health fact that is hidden from the person at the desk.
    """

    item: Field
    my_value: Value = field(repr=False)
    their_value: Value = field(repr=False)
    mine: bool
    unseen: bool = False


def fields_at(changes: Sequence[Change], revision: int) -> dict[str, Value]:
    """Return the values a record had at a revision that are shown, from its history, the newest first."""
    found: dict[str, Value] = {}
    for change in reversed(changes):
        if change.revision <= revision:
            found.update((item.name, item.after) for item in change.fields if not item.sealed and not item.hidden)
    return found


def differences(
    form: Form, mine: Mapping[str, Value], theirs: StoredRecord, opened: Mapping[str, Value]
) -> tuple[Difference, ...]:
    """Return the fields a person can answer and that differ, in the order of the form."""
    found = []
    for item in form.fields:
        my_value, their_value = mine.get(item.name), theirs.fields.get(item.name)
        if item.computed or item.type is FieldType.KEY:
            continue
        if item.sealed or item.name in theirs.hidden:
            if item.name in mine and item.name in theirs.sealed | theirs.hidden:
                found.append(Difference(item, my_value, None, mine=True, unseen=True))
        elif my_value != their_value:
            found.append(Difference(item, my_value, their_value, mine=my_value != opened.get(item.name)))
    return tuple(found)


class ConflictPanel(QWidget):
    """Stands in the place of a form until one keeps what was chosen or goes back, which Esc does too."""

    put_away = Signal()

    def __init__(
        self, name: str, form: Form, lists: Lists, refs: Mapping[str, str], mine: Mapping[str, Value],
        theirs: StoredRecord, opened: Mapping[str, Value],
    ) -> None:  # fmt: skip
        """Be `name`; each field is `name.field.mine` and `name.field.theirs`, reached by Tab, chosen by the arrows."""
        super().__init__()
        self.setObjectName(name)
        self._lists, self._refs, self._mine, self.theirs = lists, refs, mine, theirs
        self._rows = [_Row(name, item, *self._texts(item)) for item in differences(form, mine, theirs, opened)]
        head = Words("CASEFILE_CONFLICT_TITLE" if self._rows else "CASEFILE_CONFLICT_SAME", "heading", wraps=True)
        head.setObjectName(f"{name}.title")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(MEDIUM)
        column.addWidget(head)
        column.addWidget(Words("CASEFILE_CONFLICT_TEXT", "muted", wraps=True))
        for row in self._rows:
            column.addWidget(frame("rule"))
            column.addWidget(row)

    def begin(self) -> None:
        """Put the focus on the first choice."""
        if self._rows:
            self._rows[0].take_focus()
        else:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setFocus(Qt.FocusReason.OtherFocusReason)

    def chosen(self) -> dict[str, Value]:
        """Return the fields as chosen, to be saved over the newest revision."""
        known = {row.difference.item.name: row for row in self._rows}
        # What no form shows is theirs: nobody changed it here. What only I typed and is sealed stands in neither.
        fields = {**self._mine, **self.theirs.fields}
        for name, row in known.items():
            fields[name] = row.difference.my_value if row.is_mine() else row.difference.their_value
            if row.difference.unseen and not row.is_mine():
                del fields[name]  # with no value given, what stands there stays
        return fields

    def say_again(self) -> None:
        """Say labels and values in the language in force."""
        for row in self._rows:
            row.say(*self._texts(row.difference))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back to the form; nothing typed is lost."""
        if event.key() == Qt.Key.Key_Escape:
            self.put_away.emit()
        else:
            super().keyPressEvent(event)

    def _texts(self, row: Difference) -> tuple[str, str]:
        mine, theirs = (value_text(row.item, one, self._lists, self._refs) for one in (row.my_value, row.their_value))
        unseen = words("CASEFILE_SEALED" if row.item.sealed else "HEALTH_THEIRS")
        return mine, unseen if row.unseen else theirs


class _Row(QWidget):
    def __init__(self, name: str, difference: Difference, mine: str, theirs: str) -> None:
        super().__init__()
        self.difference = difference
        self._label = Words("", "strong", wraps=True)
        self._mine, self._theirs = _Side(), _Side()
        self._my_text, self._their_text = Words("", wraps=True), Words("", wraps=True)
        group = QButtonGroup(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(LARGE)
        grid.setVerticalSpacing(SMALL)
        grid.addWidget(self._label, 0, 0, 1, 2)
        sides = (("mine", self._mine, self._my_text), ("theirs", self._theirs, self._their_text))
        for place, (side, button, text) in enumerate(sides):
            button.setObjectName(f"{name}.{difference.item.name}.{side}")
            text.setObjectName(f"{name}.{difference.item.name}.{side}_value")
            if is_personal(difference.item):
                personal(text)
            group.addButton(button)
            grid.addWidget(button, 1, place, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(text, 2, place, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(place, 1)
        (self._mine if difference.mine else self._theirs).setChecked(True)
        self.say(mine, theirs)

    def is_mine(self) -> bool:
        return self._mine.isChecked()

    def take_focus(self) -> None:
        (self._mine if self.is_mine() else self._theirs).setFocus(Qt.FocusReason.OtherFocusReason)

    def say(self, mine: str, theirs: str) -> None:
        label = self.difference.item.labels[current()]
        self._label.put(label)
        sides = (
            (self._mine, self._my_text, words("CASEFILE_MINE"), mine),
            (self._theirs, self._their_text, words("CASEFILE_THEIRS"), theirs),
        )
        for button, text, side, value in sides:
            button.setText(side)
            button.setAccessibleName(f"{label}. {side}: {value}")
            text.put(value)


class _Side(QPushButton):
    """One of the two answers; the one that stands is down."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "choice")
        self.setAutoDefault(False)
        self.setCheckable(True)
        self.toggled.connect(self._draw)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        sign, colour = ("circle-check", "accent") if self.isChecked() else ("circle", "muted")
        self.setIconSize(QSize(ICON_PX + TINY, ICON_PX))
        self.setIcon(icon(sign, colour, gap_px=TINY))
