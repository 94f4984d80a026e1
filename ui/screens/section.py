"""What every part of a case file is: one entry of the spine, the sheet that shows it, and what the foot says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QWidget

from desktop.rules.records import RecordDraft
from desktop.services.cases import CaseFile
from desktop.services.drafts import KeptDraft
from ui.seat import Seat


class SectionState(StrEnum):
    """What the spine shows beside a section, as a mark and in words."""

    EMPTY = "EMPTY"
    DRAFT = "DRAFT"
    COMPLETE = "COMPLETE"
    PROBLEM = "PROBLEM"


@dataclass(frozen=True)
class OpenCase:
    """A case as it was read, and this person's drafts of it."""

    file: CaseFile
    drafts: tuple[KeptDraft, ...] = field(repr=False)


@dataclass(frozen=True)
class FootButton:
    """A button of the foot: the code of its words and what it does."""

    code: str
    act: Callable[[], object]
    enabled: bool = True


@dataclass(frozen=True)
class FootWords:
    """What the foot says: what is saved or kept and when, how many problems are left, at most two buttons."""

    say: Callable[[], str] = str
    problems: int = 0
    main: FootButton | None = None
    second: FootButton | None = None


class Section(QWidget):
    """One part of a case file. The case file shows it, keeps its drafts and lets the foot speak for it."""

    told = Signal(object)  # Telling
    hindered = Signal(object)  # DeskError
    place_wanted = Signal(object)  # Place
    help_wanted = Signal(object)  # Callable[[], tuple[str, str]]
    changed = Signal()  # state or foot are to be asked again
    reading_wanted = Signal()  # records were written: the case is to be read again
    next_wanted = Signal()  # done here (Ctrl+Enter): go to the next section

    def __init__(self, seat: Seat, name: str) -> None:
        """Be the section `name`: a record kind, and the first part of its object names."""
        super().__init__()
        self.seat, self.name = seat, name
        self.setObjectName(name)

    def show_case(self, case: OpenCase, record_id: str) -> None:
        """Show the case as it was read; `record_id` says which record of the kind, empty for the first or a new one.

        Called on entering the section and each time the case was read again. Typed work that is not saved stays.
        """
        raise NotImplementedError

    def begin(self) -> None:
        """Put the focus where the work begins."""

    def unsaved(self) -> tuple[RecordDraft, ...]:
        """Return the work that is not saved."""
        return ()

    def state(self) -> SectionState:
        """Return what the spine shows."""
        return SectionState.EMPTY

    def foot(self) -> FootWords:
        """Return what the foot says and offers."""
        return FootWords()

    def record_id(self) -> str:
        """Return which record is shown, for coming back after a lock; empty for a new one."""
        return ""

    def say_again(self) -> None:
        """Set the words again that do not follow the language by themselves."""

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.say_again()
