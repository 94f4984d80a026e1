"""A button with a person's name and desk number, one of several to choose from."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QPushButton

from ui.languages import words


class PersonChoice(QPushButton):
    """Says who it is in the language in force."""

    def __init__(self, name: str, person: str, desk_number: int) -> None:
        """Be `name`, for this person."""
        super().__init__()
        self._person, self._desk_number = person, desk_number
        self.setObjectName(name)
        self.setProperty("role", "choice")
        self.setCheckable(True)
        self.setAutoDefault(False)
        self._say()

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        said = words("PEOPLE_NAMED", name=self._person or words("PEOPLE_NAMELESS"), n=self._desk_number)
        self.setText(said.replace("&", "&&"))
        self.setAccessibleName(said)
