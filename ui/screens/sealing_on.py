"""After a supervisor's keys were changed: sealed values wait for the new key, and a button goes on sealing them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.errors import DeskError
from desktop.services.people_facts import PeopleChanged
from desktop.wording import sealed_left_in_words
from ui.languages import current, words
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
        self.button.clicked.connect(lambda: self.go_on())
        self.hide()

    def show_due(self, due: bool) -> None:
        """Say whether sealed values still wait."""
        self.setVisible(due)

    def go_on(self, given_up: tuple[str, ...] = ()) -> None:
        """Seal what waits; stopped, it goes on from there the next time.

        `given_up`: values that no key opens and that may stay so.
        """
        self.show_due(True)
        self.button.setEnabled(False)
        people, progress = self._screen.seat.desk.people, self._strip.start("TODAY_SEALING_WORKS")
        self._screen.run(lambda: people.seal_again(progress.report, given_up), self._on_done, self._on_failed)

    def _on_done(self, changed: PeopleChanged) -> None:
        self._rest()
        self.show_due(changed.sealing_due)
        self._screen.told.emit(self._telling(changed))

    def _telling(self, changed: PeopleChanged) -> Telling:
        if not changed.sealing_due:
            return Telling(lambda: words("TODAY_SEALED"))
        if changed.for_trust:
            return Telling(lambda: words("SEALING_FOR_TRUST", count=changed.for_trust))
        if not changed.unopened:
            return Telling(lambda: words("PEOPLE_SEALING"))
        named, catalogue = (
            [(one.case_ref, one.kind) for one in changed.unopened],
            self._screen.seat.desk.vault.catalogue,
        )
        values = tuple(one.value for one in changed.unopened)
        return Telling(
            lambda: words("SEALING_UNOPENED", cases=sealed_left_in_words(named, catalogue, current())),
            "SEALING_LET_GO",
            lambda: self.go_on(values),
        )

    def _on_failed(self, error: DeskError) -> None:
        self._rest()
        self._screen.fail(error)

    def _rest(self) -> None:
        self._strip.end()
        self.button.setEnabled(True)
