"""Who works here and who did, and who of them was not here since the vault got new keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.rules.codelists import CodeList
from desktop.services.people_facts import Person
from ui.languages import plural
from ui.models.people_rows import PEOPLE_COLUMNS, names_of, people_rows
from ui.screens.sheet_card import SheetCard
from ui.theme import SMALL, TINY
from ui.widgets.basics import Words, frame
from ui.widgets.row_list import RowList


class PeopleList(QWidget):
    """The rows, and below them who would not be warned of old files put back (threat-model attack 6)."""

    def __init__(self, roles: CodeList) -> None:
        """Show nobody yet."""
        super().__init__()
        self._roles = roles
        self.list = RowList("people.list", PEOPLE_COLUMNS, "PEOPLE_TITLE")
        self._unseen = Words("", "warn", wraps=True)
        self._unseen.setObjectName("people.unseen")
        self._help = Words("PEOPLE_HELP", "help", wraps=True)
        self.sheet = SheetCard()
        card = frame("sheet")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SMALL)
        column.addWidget(card, 1)
        column.addWidget(self._unseen)
        column.addWidget(self._help)
        column.addWidget(frame("rule"))
        column.addWidget(self.sheet)

    def show_people(self, people: Sequence[Person]) -> None:
        """Show these people, in the language in force."""
        self.list.show_rows(people_rows(people, self._roles))
        unseen = [one for one in people if not (one.since_new_keys or one.left or one.suspended or one.shut_out)]
        self._unseen.put(plural("PEOPLE_UNSEEN", len(unseen), names=names_of(unseen)) if unseen else "")
        self._unseen.setVisible(bool(unseen))
        self._help.setVisible(not unseen)
