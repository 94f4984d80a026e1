"""What became of one record: when, by whom, which field, from what to what. The newest stands first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from desktop.rules.forms import Form
from desktop.rules.validation import Lists
from desktop.services.history import Change, FieldChange
from ui.languages import current, words
from ui.screens.field_values import value_text
from ui.screens.section_states import local
from ui.theme import LARGE, MEDIUM, SMALL, TINY
from ui.veil import is_personal, personal
from ui.widgets.basics import ActionButton, Words, frame


class HistoryPanel(QWidget):
    """Stands in the place of a form until it is put away, by its button or Esc."""

    put_away = Signal()

    def __init__(self, name: str, form: Form, lists: Lists) -> None:
        """Be `name` and show nothing yet."""
        super().__init__()
        self.setObjectName(name)
        self._name, self._form, self._lists = name, form, lists
        self._changes: Sequence[Change] = ()
        self._refs: Mapping[str, str] = {}
        self._list: QWidget | None = None
        self.back = ActionButton(f"{name}.back", "CASEFILE_HISTORY_BACK", sign="arrow-left")
        self.back.clicked.connect(self.put_away)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(MEDIUM)
        self._column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)

    def show_changes(self, changes: Sequence[Change], refs: Mapping[str, str]) -> None:
        """Show the revisions of a record; `refs` are the labels of what its references name."""
        self._changes, self._refs = changes, refs
        self.say_again()
        self.back.setFocus(Qt.FocusReason.OtherFocusReason)

    def say_again(self) -> None:
        """Build the list anew in the language in force."""
        if self._list is not None and isValid(self._list):
            self._column.removeWidget(self._list)
            self._list.hide()
            self._list.deleteLater()
        self._list = QWidget()
        column = QVBoxLayout(self._list)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SMALL)
        for change in self._changes:
            column.addWidget(frame("rule"))
            self._add(column, change)
        self._column.addWidget(self._list)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc puts the history away."""
        if event.key() == Qt.Key.Key_Escape:
            self.put_away.emit()
        else:
            super().keyPressEvent(event)

    def _add(self, column: QVBoxLayout, change: Change) -> None:
        name = f"{self._name}.revision.{change.revision}"
        head = Words("", "strong", wraps=True)
        head.setObjectName(name)
        head.put(self._heading(change))
        column.addWidget(head)
        if change.altered:
            altered = Words("CASEFILE_HISTORY_ALTERED", "danger", wraps=True)
            altered.setObjectName(f"{name}.altered")
            column.addWidget(altered)
        grid = QGridLayout()
        grid.setContentsMargins(LARGE, 0, 0, TINY)
        grid.setHorizontalSpacing(LARGE)
        grid.setVerticalSpacing(TINY)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        for place, field in enumerate(change.fields):
            label, what = Words("", "muted", wraps=True), Words("", wraps=True)
            item = self._form.get(field.name)
            label.put(item.labels[current()] if item else field.name)
            what.setObjectName(f"{name}.{field.name}")
            what.put(self._what(field))
            if item is None or is_personal(item):
                personal(what)
            grid.addWidget(label, place, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(what, place, 1, Qt.AlignmentFlag.AlignTop)
        column.addLayout(grid)

    def _heading(self, change: Change) -> str:
        if not change.at:
            return words("CASEFILE_HISTORY_UNREAD", n=change.revision)
        on, time = local(change.at)
        return words("CASEFILE_HISTORY_LINE", n=change.revision, day=on, time=time, name=change.by or "\N{EN DASH}")

    def _what(self, field: FieldChange) -> str:
        if field.sealed or field.hidden:
            return words("CASEFILE_HISTORY_SEALED" if field.sealed else "HEALTH_HISTORY")
        item = self._form.get(field.name)
        if item is None:
            return words("CASEFILE_HISTORY_UNKNOWN")
        after = value_text(item, field.after, self._lists, self._refs)
        if field.before is None:
            return after
        return words(
            "CASEFILE_HISTORY_CHANGE", before=value_text(item, field.before, self._lists, self._refs), after=after
        )
