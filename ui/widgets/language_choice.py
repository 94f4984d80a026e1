"""English or Swahili, one key away on every screen that stands before the desk."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from ui.languages import current, plain, switch
from ui.theme import TINY
from ui.widgets.basics import ActionButton


class LanguageChoice(QWidget):
    """Two buttons, one of them down."""

    def __init__(self) -> None:
        """Show the language in force."""
        super().__init__()
        self._english = ActionButton("language.english", "LANGUAGE_ENGLISH", role="choice")
        self._swahili = ActionButton("language.swahili", "LANGUAGE_SWAHILI", role="choice")
        group = QButtonGroup(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(TINY)
        for button in (self._english, self._swahili):
            button.setCheckable(True)
            group.addButton(button)
            layout.addWidget(button)
        self._english.clicked.connect(lambda: switch("en"))
        self._swahili.clicked.connect(lambda: switch("sw"))
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a switch made elsewhere."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh()

    def _refresh(self) -> None:
        self.setAccessibleName(plain("LANGUAGE_GROUP"))
        (self._swahili if current() == "sw" else self._english).setChecked(True)
