"""What a list shows while it is empty: what belongs there and how to begin."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ui.theme import HUGE, MEDIUM, SMALL
from ui.widgets.basics import Sign, Words

_SIGN_PX = 36
_TEXT_PX = 460


class EmptyState(QWidget):
    """An icon, a line, a sentence and the buttons to begin with, in the middle of the list's place."""

    def __init__(self, name: str, sign: str, title_code: str, text_code: str, *buttons: QPushButton) -> None:
        """Be `name`; the words are read from their codes and follow the language."""
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        title, text = Words(title_code, "heading"), Words(text_code, "muted", wraps=True)
        title.setObjectName(f"{name}.title")
        text.setObjectName(f"{name}.text")
        text.setMaximumWidth(_TEXT_PX)
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        line = QHBoxLayout()  # a line of its own, so that the text gets the height its width asks for
        line.addStretch(1)
        line.addWidget(text, 100)
        line.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(SMALL)
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        middle = Qt.AlignmentFlag.AlignHCenter
        column = QVBoxLayout(self)
        column.setContentsMargins(HUGE, SMALL, HUGE, SMALL)
        column.setSpacing(MEDIUM)
        column.addStretch(2)
        column.addWidget(Sign(sign, "edge", _SIGN_PX), 0, middle)
        column.addWidget(title, 0, middle)
        column.addLayout(line)
        column.addLayout(row)
        column.addStretch(3)
