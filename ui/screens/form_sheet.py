"""What is seen of one plain part of a case file: its title, its records, one of them in a form, or its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.rules.forms import FieldType
from desktop.rules.records import Damaged, Missing, Value
from desktop.services.history import Change
from desktop.services.records import StoredRecord
from ui.languages import current
from ui.screens.conflict_panel import ConflictPanel, fields_at
from ui.screens.field_values import value_text
from ui.screens.history_panel import HistoryPanel
from ui.seat import Seat
from ui.theme import LARGE, MEDIUM, SMALL
from ui.widgets.basics import ActionButton, Sign, Words
from ui.widgets.field_form import FieldForm, RefChoice
from ui.widgets.record_row import NEW, RecordRow

# A record is told from the others of its kind by the first of these that it has.
_TELLING = (FieldType.CODE, FieldType.PARTIAL_DATE, FieldType.TEXT)
_MADE_ELSEWHERE = frozenset({"import_note"})
_REFERRING = {"referral_feedback": "referral"}  # the kinds that name another record of the case, and which kind


class FormSheet(QWidget):
    """Which record is shown, and what becomes of what is typed, is the section's to say."""

    aside = Signal()  # history or two versions came into the place of the form, or went
    hindered = Signal(object)  # DeskError

    def __init__(self, seat: Seat, name: str, *, may_save: bool) -> None:
        """Show an empty form."""
        super().__init__()
        self._seat, self._record = seat, ""
        catalogue = seat.desk.vault.catalogue
        self.spec, self._lists, self._name = catalogue.forms[name], catalogue.lists, name
        self._refers_to = _REFERRING.get(name, "")
        self.refs: dict[str, str] = {}
        self._records_shown: Sequence[StoredRecord] = ()
        self.form = FieldForm(
            self.spec,
            catalogue.lists,
            seat.desk.vault.clock,
            name=name,
            refs={self._refers_to: ()} if self._refers_to else None,
        )
        self._title = Words("", "title", wraps=True)
        self._title.setObjectName(f"{name}.title")
        self.history_button = ActionButton(
            f"{name}.history",
            "CASEFILE_HISTORY",
            role="quiet",
            sign="history",
            colour="accent",
            help_code="CASEFILE_HISTORY_HELP",
        )
        self.history_button.set_key("Ctrl+H")
        self.records = RecordRow(name, may_add=may_save and self.spec.repeats and name not in _MADE_ELSEWHERE)
        self._altered = _note(f"{name}.altered", "CASEFILE_ALTERED", "shield-alert", "danger")
        self._reader = _note(f"{name}.read_only", "CASEFILE_READ_ONLY", "lock", "muted")
        self._health = _note(f"{name}.health", "HEALTH_WHY", "lock", "muted")
        self.questions = QWidget()
        self.history = HistoryPanel(f"{name}.revisions", self.spec, catalogue.lists)
        self.conflict: ConflictPanel | None = None
        self._lay_out()
        self._reader.setVisible(not may_save)
        self.form.set_read_only(not may_save)
        self.history.hide()
        self.history_button.clicked.connect(self._ask_history)
        self.history.put_away.connect(lambda: self._show_history(shown=False))
        self._say()

    def changeEvent(self, event: QEvent) -> None:
        """Say the title in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def show_refs(self, records: Sequence[StoredRecord]) -> None:
        """Let a question that names another record of the case choose among `records` of the case."""
        if self._refers_to:
            others = [record for record in records if record.kind == self._refers_to]
            self.refs = {one.record_id: f"{one.text('referral_no')} {one.text('to_provider_name')}" for one in others}
            self.form.set_refs(self._refers_to, [RefChoice(key, text.strip()) for key, text in self.refs.items()])

    def show_records(self, records: Sequence[StoredRecord], shown: str) -> None:
        """Show which records there are and which one is in the form."""
        self._records_shown = records
        given = [(record.record_id, self._summary(record)) for record in records]
        if shown == NEW:
            given.append((NEW, ""))
        self.records.show_records(given, shown)
        self.records.setVisible(self.spec.repeats and bool(records))
        self.records.add.setEnabled(shown != NEW)
        record = next((record for record in records if record.record_id == shown), None)
        self._record = record.record_id if record is not None else ""
        self._altered.setVisible(record is not None and record.altered)
        self._health.setVisible(record is not None and bool(record.hidden))
        self._arrange()

    def is_aside(self) -> bool:
        """Say whether the history or a conflict stands in the place of the form."""
        return self.conflict is not None or not self.history.isHidden()

    def compare(self, theirs: StoredRecord, mine: Mapping[str, Value], opened_at: int) -> None:
        """Show both versions; what this person changed is told by what the record was at the revision they opened."""
        cases = self._seat.desk.cases

        def show(changes: tuple[Change, ...]) -> None:
            opened = fields_at(changes, opened_at)
            panel = ConflictPanel(f"{self._name}.conflict", self.spec, self._lists, self.refs, mine, theirs, opened)
            panel.put_away.connect(self.go_back)
            self.show_conflict(panel)
            self.aside.emit()

        self._seat.jobs.run(lambda: cases.history(theirs.record_id), owner=self, done=show, failed=self.hindered.emit)

    def go_back(self) -> None:
        """Show the form again, as it was typed."""
        self.show_conflict(None)
        self.aside.emit()

    def show_conflict(self, panel: ConflictPanel | None) -> None:
        """Show two versions in the place of the form, or the form again."""
        self.history.hide()
        old, self.conflict = self.conflict, panel
        if old is not None:
            old.hide()
            old.deleteLater()
        self.questions.setVisible(panel is None)
        self._arrange()
        if panel is not None:
            self._column.insertWidget(self._column.count() - 1, panel)

    def _arrange(self) -> None:
        self.history_button.setVisible(bool(self._record) and not self.is_aside())

    def _ask_history(self) -> None:
        record_id, cases = self._record, self._seat.desk.cases
        self._seat.jobs.run(
            lambda: cases.history(record_id), owner=self, done=self._on_history, failed=self.hindered.emit
        )

    def _on_history(self, changes: tuple[Change, ...]) -> None:
        if self.conflict is None:
            self._show_history(shown=True)
            self.history.show_changes(changes, self.refs)

    def _show_history(self, *, shown: bool) -> None:
        self.history.setVisible(shown)
        self.questions.setVisible(not shown)
        self._arrange()
        self.aside.emit()

    def _lay_out(self) -> None:
        self.inside = QVBoxLayout(self.questions)
        self.inside.setContentsMargins(0, 0, 0, 0)
        self.inside.setSpacing(MEDIUM)
        for part in (self._altered, self._reader, self._health, self.records, self.form):
            self.inside.addWidget(part)
        head = QHBoxLayout()
        head.setSpacing(SMALL)
        head.addWidget(self._title, 1)
        head.addWidget(self.history_button, 0, Qt.AlignmentFlag.AlignTop)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(LARGE)
        self._column.addLayout(head)
        self._column.addWidget(self.questions)
        self._column.addWidget(self.history)
        self._column.addStretch(1)

    def _say(self) -> None:
        self._title.put(self.spec.title[current()])
        self.history.say_again()
        if self.conflict is not None:
            self.conflict.say_again()

    def _summary(self, record: StoredRecord) -> str:
        for kind in _TELLING:
            for item in self.spec.fields:
                value = record.fields.get(item.name)
                if item.type is kind and value is not None and not isinstance(value, Missing | Damaged):
                    return value_text(item, value, self._lists, self.refs)
        return ""


def _note(name: str, code: str, sign: str, colour: str) -> QWidget:
    note = QWidget()
    said = Words(code, colour, wraps=True)
    said.setObjectName(name)
    row = QHBoxLayout(note)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(SMALL)
    row.addWidget(Sign(sign, colour), 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(said, 1)
    note.hide()
    return note
