"""The sheet of one record beside its list: what it is, its questions to scroll through, and the buttons at the foot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui.theme import LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import frame


class RecordSheet(QFrame):
    """An empty sheet; `lay_out` puts the parts in their places."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        super().__init__()
        self.setProperty("role", "sheet")
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def lay_out(
        self, head: Sequence[QWidget], body: Sequence[QWidget], state: QWidget, buttons: Sequence[QWidget]
    ) -> None:
        """Put the head above, the body where it scrolls, and state and buttons below a line."""
        inside = frame("plain")
        column = QVBoxLayout(inside)
        column.setContentsMargins(LARGE, SMALL, LARGE, LARGE)
        column.setSpacing(SMALL)
        for part in body:
            column.addWidget(part)
        column.addStretch(1)
        self.area.setWidget(inside)
        for ground in (self.area.viewport(), inside):
            ground.setAutoFillBackground(False)
        top = QVBoxLayout()
        top.setContentsMargins(LARGE, MEDIUM, LARGE, 0)
        for part in head:
            top.addWidget(part)
        row = QHBoxLayout()
        row.setSpacing(SMALL)
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        foot = QVBoxLayout()
        foot.setContentsMargins(LARGE, 0, LARGE, MEDIUM)
        foot.setSpacing(TINY)
        foot.addWidget(state)
        foot.addLayout(row)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 1, 1, 1)
        whole.setSpacing(SMALL)
        whole.addLayout(top)
        whole.addWidget(self.area, 1)
        whole.addWidget(frame("rule"))
        whole.addLayout(foot)
