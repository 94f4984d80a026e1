"""Buttons for the records of one kind, such as the legs of a journey, and the one that adds another."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ui.languages import words
from ui.theme import SMALL, TINY
from ui.veil import personal, veil
from ui.widgets.basics import ActionButton

NEW = ""
_IN_A_ROW = 4
_LONGEST = 22


class RecordRow(QWidget):
    """One of the records is shown; `chosen` carries the id of another, or `NEW`."""

    chosen = Signal(str)
    add_wanted = Signal()

    def __init__(self, name: str, *, may_add: bool) -> None:
        """Be the buttons `name.record.1` and on, and `name.add`."""
        super().__init__()
        self._name = name
        self._group = QButtonGroup(self)
        self._buttons: list[QPushButton] = []
        self._shown: tuple[tuple[str, str], ...] = ()
        self.add = ActionButton(f"{name}.add", "CASEFILE_ADD", sign="plus", help_code="CASEFILE_ADD_HELP")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(TINY)
        self._grid.setVerticalSpacing(TINY)
        left = QVBoxLayout()
        left.addLayout(self._grid)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SMALL)
        row.addLayout(left)
        row.addStretch(1)
        row.addWidget(self.add, 0, Qt.AlignmentFlag.AlignTop)
        self.add.setVisible(may_add)
        self.add.clicked.connect(self.add_wanted)
        veil().changed.connect(self._say)

    def show_records(self, records: Sequence[tuple[str, str]], shown: str) -> None:
        """Show the records by id and summary, in order; a new one has the id `NEW`. `shown` is the one in the form."""
        if self._shown != tuple(records):
            self._shown = tuple(records)
            self._build()
        for button, (record_id, _) in zip(self._buttons, self._shown, strict=True):
            button.setChecked(record_id == shown)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if record_id == shown else Qt.FocusPolicy.ClickFocus)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _build(self) -> None:
        for button in self._buttons:
            self._group.removeButton(button)
            self._grid.removeWidget(button)
            button.deleteLater()
        self._buttons = []
        before: QWidget | None = None
        for place, (record_id, _) in enumerate(self._shown):
            button = QPushButton()
            button.setObjectName(f"{self._name}.record.{place + 1}")
            button.setProperty("role", "choice")
            personal(button)
            button.setAutoDefault(False)
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, record_id=record_id: self.chosen.emit(record_id))
            self._group.addButton(button)
            self._grid.addWidget(button, place // _IN_A_ROW, place % _IN_A_ROW)
            self._buttons.append(button)
            if before is not None:
                self.setTabOrder(before, button)
            before = button
        if before is not None:
            self.setTabOrder(before, self.add)
        self._say()

    def _say(self) -> None:
        for number, (button, (record_id, summary)) in enumerate(zip(self._buttons, self._shown, strict=True), start=1):
            text = summary if record_id != NEW else words("CASEFILE_NEW_RECORD")
            whole = f"{number}. {text}" if text else str(number)
            short = whole if len(whole) <= _LONGEST else f"{whole[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
            button.setText(short.replace("&", "&&"))
            button.setAccessibleName(whole)
            button.setAccessibleDescription(words("CASEFILE_RECORD_HELP"))
            button.setToolTip(
                "" if veil().drawn else f"<p>{escape(whole)}</p>"
            )  # marked up by us, so that no data is read as mark-up
