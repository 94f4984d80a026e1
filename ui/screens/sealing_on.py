"""After a supervisor's keys were changed: sealed values wait for the new key, and a button goes on sealing them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.errors import DeskError
from desktop.services.people_facts import PeopleChanged
from ui.languages import words
from ui.screens.screen import Screen
from ui.seat import Telling
from ui.theme import SMALL
from ui.widgets.basics import ActionButton, Words
from ui.widgets.progress_strip import ProgressStrip


class SealingOn(QWidget):
    """A line, a button and the progress; seen only while there is something to seal again."""

    def __init__(self, screen: Screen) -> None:
        """Stand on a screen, which tells what became of it, and have nothing to seal yet."""
        super().__init__()
        self._screen, name = screen, screen.objectName()
        said = Words("TODAY_SEALING", "warn", wraps=True)
        said.setObjectName(f"{name}.sealing_due")
        self.button = ActionButton(f"{name}.seal_again", "TODAY_SEAL_ON", sign="lock", help_code="TODAY_SEALING")
        self._strip = ProgressStrip(f"{name}.sealing", "PEOPLE_STOP_HELP", screen.seat.jobs)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SMALL)
        column.addWidget(said)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._strip)
        self.button.clicked.connect(self.go_on)
        self.hide()

    def show_due(self, due: bool) -> None:
        """Say whether sealed values still wait."""
        self.setVisible(due)

    def go_on(self) -> None:
        """Seal what waits; stopped, it goes on from there the next time."""
        self.show_due(True)
        self.button.setEnabled(False)
        people, progress = self._screen.seat.desk.people, self._strip.start("TODAY_SEALING_WORKS")
        self._screen.run(lambda: people.seal_again(progress.report), self._on_done, self._on_failed)

    def _on_done(self, changed: PeopleChanged) -> None:
        self._rest()
        self.show_due(changed.sealing_due)
        code = "PEOPLE_SEALING" if changed.sealing_due else "TODAY_SEALED"
        self._screen.told.emit(Telling(lambda: words(code)))

    def _on_failed(self, error: DeskError) -> None:
        self._rest()
        self._screen.fail(error)

    def _rest(self) -> None:
        self._strip.end()
        self.button.setEnabled(True)
