"""How this laptop stands, one line a part: what is in order, what cannot be had, what should be put right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.system import Finding, State
from ui.languages import words
from ui.theme import SMALL, TINY
from ui.widgets.basics import Sign, Words

_SIGNS = {
    State.OK: ("circle-check", "accent", "HEALTH_STATE_OK"),
    State.NOT_POSSIBLE: ("info", "info", "HEALTH_STATE_NOT_POSSIBLE"),
    State.FAILED: ("triangle-alert", "warn", "HEALTH_STATE_FAILED"),
}


class HealthLines(QWidget):
    """The lines; empty until they are known."""

    def __init__(self) -> None:
        """Know nothing yet."""
        super().__init__()
        self.setObjectName("settings.health")
        self._found: dict[Words, Finding] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(SMALL)
        self._grid.setVerticalSpacing(SMALL + TINY)
        self._grid.setColumnStretch(1, 1)

    def show_findings(self, found: Sequence[Finding]) -> None:
        """Show what was found, what should be put right first."""
        order = list(reversed(State))
        for place, finding in enumerate(sorted(found, key=lambda one: order.index(one.state))):
            sign, colour, _ = _SIGNS[finding.state]
            line = Words("", wraps=True)
            line.setObjectName(f"settings.health.{finding.part}")
            self._grid.addWidget(Sign(sign, colour), place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(line, place, 1)
            self._found[line] = finding
        self._say()

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        for line, finding in self._found.items():
            line.put(words(finding.code))
            # The sign is not heard.
            line.setAccessibleName(f"{words(_SIGNS[finding.state][2])}: {line.text()}")
