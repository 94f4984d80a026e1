"""What a person agreed to as it stands, and taking it back: at any time, from then on (DPA s.32(2), L-14)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.clock import NAIROBI
from desktop.errors import Problem
from desktop.services.records import StoredRecord
from ui.languages import words
from ui.models.consent_rows import CONSENT_COLUMNS, can_be_withdrawn, consent_rows, standing
from ui.seat import Seat
from ui.theme import SMALL
from ui.widgets.basics import ActionButton, Words
from ui.widgets.field_form import FieldForm
from ui.widgets.row_list import RowList

_MOST_ROWS = 6


class ConsentStanding(QWidget):
    """The list; below it the button that is pressed twice to withdraw the row one stands on."""

    withdrawn = Signal(str, str)  # record id, from when
    help_wanted = Signal(object)  # Callable[[], tuple[str, str]]

    def __init__(self, seat: Seat, name: str) -> None:
        """Show that nothing is recorded yet."""
        super().__init__()
        self._vault = seat.desk.vault
        self._records: list[StoredRecord] = []
        self._names: dict[str, str] = {}
        self._asking = ""  # the row that is about to be withdrawn
        catalogue = self._vault.catalogue
        self.list = RowList(f"{name}.list", CONSENT_COLUMNS, "CONSENT_TITLE", lines=2)
        self._empty = Words("CONSENT_EMPTY", "muted", wraps=True)
        self._empty.setObjectName(f"{name}.empty")
        self._altered = Words("CONSENT_ALTERED_NOTE", "danger", wraps=True)
        self._altered.setObjectName(f"{name}.altered")
        self._whole = Words("", "muted", wraps=True)  # the row one stands on, however narrow its columns are
        self._whole.setObjectName(f"{name}.whole_row")
        self.withdraw = ActionButton(f"{name}.withdraw", "CONSENT_WITHDRAW", sign="undo-2")
        self._leave = ActionButton(f"{name}.leave", "CONSENT_LEAVE", role="quiet", sign="x", colour="accent")
        self._time = FieldForm(
            catalogue.forms["consent"], catalogue.lists, self._vault.clock, name=f"{name}.withdrawal", only=("at",)
        )
        self._question = Words("CONSENT_WITHDRAW_HELP", "help", wraps=True)
        buttons = QHBoxLayout()
        buttons.setSpacing(SMALL)
        buttons.addWidget(self.withdraw)
        buttons.addWidget(self._leave)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SMALL)
        column.addWidget(Words("CONSENT_TITLE", "heading", wraps=True))
        for part in (self._empty, self.list, self._altered, self._whole, self._question, self._time):
            column.addWidget(part)
        column.addLayout(buttons)
        for first, then in ((self.list, self._time), (self._time, self.withdraw), (self.withdraw, self._leave)):
            QWidget.setTabOrder(first, then)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._on_row())
        self.withdraw.clicked.connect(self._on_pressed)
        self._leave.clicked.connect(self.stop_asking)
        self._time.done.connect(self._on_pressed)
        self._time.help_wanted.connect(self.help_wanted)
        self.show_rows((), {})

    def show_rows(self, records: Sequence[StoredRecord], names: dict[str, str]) -> None:
        """Show what stands among the consent records of a case; `names` are the providers' by id."""
        self._records, self._names = standing(records), names
        self._altered.setVisible(any(record.altered for record in self._records))
        self._empty.setVisible(not self._records)
        self.list.setVisible(bool(self._records))
        self.list.keep_rows(min(len(self._records), _MOST_ROWS))
        self.say_again()

    def is_empty(self) -> bool:
        """Say whether nothing is recorded."""
        return not self._records

    def stop_asking(self) -> None:
        """Let everything stand as it does."""
        had_focus = bool(self._asking) and (self._leave.hasFocus() or self._time.isAncestorOf(self.focusWidget()))
        self._asking = ""
        self._arrange()
        if had_focus:
            self.withdraw.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show what is amiss with the time."""
        self._time.show_problems(problems)
        self._time.focus_first()

    def say_again(self) -> None:
        """Say the rows in the language in force."""
        self.list.show_rows(consent_rows(self._records, self._names, self._vault.catalogue))
        self._on_row()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves a consent as it stands."""
        if event.key() == Qt.Key.Key_Escape and self._asking:
            self.stop_asking()
        else:
            super().keyPressEvent(event)

    def _current(self) -> StoredRecord | None:
        current = self.list.current_id()
        return next((record for record in self._records if record.record_id == current), None)

    def _on_row(self) -> None:
        record = self._current()
        if self._asking and (record is None or record.record_id != self._asking or not can_be_withdrawn(record)):
            self._asking = ""
        said = [
            cell.text for row in self.list.rows() if record and row.row_id == record.record_id for cell in row.cells
        ]
        if record is not None and record.text("limits"):
            said.append(words("CONSENT_LIMITS", limits=record.text("limits")))
        self._whole.put("  ·  ".join(text for text in said if text))
        self._arrange()

    def _arrange(self) -> None:
        record, asking = self._current(), bool(self._asking)
        self._whole.setVisible(bool(self._records))
        self.withdraw.setVisible(bool(self._records))
        self.withdraw.setEnabled(record is not None and can_be_withdrawn(record))
        self.withdraw.turn_into("CONSENT_WITHDRAW_NOW" if asking else "CONSENT_WITHDRAW", "undo-2")
        for part in (self._question, self._time, self._leave):
            part.setVisible(asking)

    def _on_pressed(self) -> None:
        record = self._current()
        if record is None or not can_be_withdrawn(record):
            return
        if self._asking:
            self.withdrawn.emit(self._asking, str(self._time.fields().get("at") or ""))
            return
        self._asking = record.record_id
        minute = self._vault.clock.now().astimezone(NAIROBI).replace(second=0, microsecond=0)
        self._time.set_fields({"at": minute.isoformat()})
        self._time.show_problems(())
        self._arrange()
