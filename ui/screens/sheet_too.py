"""Whether a new recovery sheet is made in the same step, where somebody goes who may have seen the present one."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from ui.theme import SMALL, TINY
from ui.widgets.basics import ActionButton, Words
from ui.widgets.flow_layout import FlowLayout


class SheetToo(QWidget):
    """What is recommended and why, and two buttons, the recommended one down."""

    def __init__(self) -> None:
        """Recommend it."""
        super().__init__()
        self._with = ActionButton("people.with_sheet", "SHEET_TOO", role="choice")
        without = ActionButton("people.without_sheet", "SHEET_NOT_TOO", role="choice")
        group, row = QButtonGroup(self), FlowLayout(TINY)
        for button in (self._with, without):
            button.setCheckable(True)
            group.addButton(button)
            row.addWidget(button)
        why = Words("SHEET_TOO_WHY", wraps=True)
        why.setObjectName("people.with_sheet_why")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SMALL)
        column.addWidget(why)
        column.addLayout(row)
        self.recommend()

    def recommend(self) -> None:
        """Have the recommended one down."""
        self._with.setChecked(True)

    def wanted(self) -> bool:
        """Say whether it is made."""
        return self._with.isChecked()
