"""What every screen of an open desk is: a widget that says what happened, what is in the way and where to go.

A screen reaches no other screen. It asks the desk's services through the lane, shows what comes back, and tells the
frame the rest by signals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QWidget

from desktop.errors import DeskError, Stopped
from desktop.rules.records import RecordDraft, Topic
from ui.seat import Place, Seat

Answer = TypeVar("Answer")


class Screen(QWidget):
    """A screen of the desk. Subclasses build their widgets in `__init__`, and begin reading in `begin`."""

    told = Signal(object)  # Telling: an outcome for the message bar
    hindered = Signal(object)  # DeskError: what is in the way
    place_wanted = Signal(object)  # Place: where to go
    lock_wanted = Signal()
    help_wanted = Signal(object)  # Callable[[], tuple[str, str]]: title and text for the help sheet (F1)

    def __init__(self, seat: Seat, place: Place) -> None:
        """Be the screen of `place`; its object name is the screen's name."""
        super().__init__()
        self.seat, self._place = seat, place
        self.setObjectName(place.screen)
        self.setProperty("role", "paper")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def begin(self) -> None:
        """Put the focus where the work begins and start reading; called once the screen is shown."""

    def place(self) -> Place:
        """Return where one is, so that one comes back here after a lock."""
        return self._place

    def unsaved(self) -> tuple[RecordDraft, ...]:
        """Return the work that is not saved, to be kept as drafts: every ten seconds, on leaving, and at the lock."""
        return ()

    def cover(self) -> None:
        """Hide what must not be seen while nobody is at the desk; asked half a minute before the lock."""

    def on_changed(self, topics: frozenset[Topic]) -> None:
        """Hear what an act anywhere on the desk changed; read again what concerns this screen."""

    def say_again(self) -> None:
        """Set the words again that do not follow the language by themselves."""

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.say_again()

    def run(
        self,
        work: Callable[[], Answer],
        done: Callable[[Answer], None],
        failed: Callable[[DeskError], None] | None = None,
    ) -> None:
        """Do work in the vault lane. What fails is shown in the message bar unless `failed` takes it."""
        self.seat.jobs.run(work, owner=self, done=done, failed=failed or self.fail)

    def fail(self, error: DeskError) -> None:
        """Show what is in the way in the message bar; what the person stopped needs no words."""
        if not isinstance(error, Stopped):
            self.hindered.emit(error)
