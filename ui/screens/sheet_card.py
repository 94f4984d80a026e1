"""How the recovery sheet stands, for who looks after people, and the ways to a new one and to trying it."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.clock import NAIROBI, parse_stamp
from desktop.services.sheets import SheetStanding
from ui.languages import day, words
from ui.theme import SMALL, TINY
from ui.widgets.basics import ActionButton, Words
from ui.widgets.flow_layout import FlowLayout


class SheetCard(QWidget):
    """A heading, when it was made and tried and by whom, what is due, and two buttons."""

    def __init__(self) -> None:
        """Know nothing yet."""
        super().__init__()
        self._standing: SheetStanding | None = None
        self._state, self._due = Words("", "muted", wraps=True), Words("", "warn", wraps=True)
        self._state.setObjectName("people.sheet_state")
        self._due.setObjectName("people.sheet_due")
        self.new = ActionButton("people.sheet_new", "SHEET_NEW", sign="key-round", help_code="SHEET_NEW_HELP")
        self.prove = ActionButton("people.sheet_try", "SHEET_TRY", sign="check", help_code="SHEET_TRY_HELP")
        buttons = FlowLayout(SMALL)
        buttons.addWidget(self.new)
        buttons.addWidget(self.prove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TINY)
        for part in (Words("SHEET_HEADING", "heading"), self._state, self._due):
            column.addWidget(part)
        column.addLayout(buttons)
        self._due.hide()

    def show_standing(self, standing: SheetStanding) -> None:
        """Show how it stands."""
        self._standing = standing
        self._say()

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        self._state.put(standing_in_words(self._standing))
        code = due_code(self._standing)
        self._due.put(words(code) if code else "")
        self._due.setVisible(bool(code))


def standing_in_words(standing: SheetStanding | None) -> str:
    """Return when the sheet was made and tried, and by whom; nothing while it is not known."""
    if standing is None:
        return ""
    lines = [words("SHEET_MADE_BY", day=_day(standing.made_at), name=standing.made_by or words("PEOPLE_NAMELESS"))]
    if standing.proved_at is None:
        lines.append(words("SHEET_NEVER_TRIED"))
    else:
        name = standing.proved_by or words("PEOPLE_NAMELESS")
        lines.append(words("SHEET_TRIED_BY", day=_day(standing.proved_at), name=name))
    return " ".join(lines)


def _day(at: str) -> str:
    return day(parse_stamp(at).astimezone(NAIROBI).date().isoformat())


def due_code(standing: SheetStanding | None) -> str:
    """Return the code of what is due most, or an empty text."""
    if standing is None:
        return ""
    if standing.recovery_due:
        return "RECOVERY_DUE"
    if standing.somebody_left:
        return "PEOPLE_SHEET_DUE"
    if standing.new_due:
        return "SHEET_OLD"
    return "SHEET_DRILL_DUE" if standing.drill_due else ""
