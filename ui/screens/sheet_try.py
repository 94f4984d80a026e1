"""The words of the recovery sheet, typed to try them (the yearly drill), or as the proof before the desk is closed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout

from desktop.errors import DeskError, HeaderDamaged, NotTrusted, WrongSentence
from desktop.services.sheets import SheetStanding
from ui.screens.page import on_paper
from ui.screens.screen import Screen
from ui.screens.sheet_card import standing_in_words
from ui.seat import Place, Seat
from ui.theme import HUGE, LARGE, MEDIUM, SMALL
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.sheet_words import SheetWords

_SHEET_PX = 620


class _WordsScreen(Screen):
    """A title, what it is for, the twelve words, and the button that does it."""

    def __init__(self, seat: Seat, place: Place, says: tuple[tuple[str, str], ...], main: str, leave: str) -> None:
        """Say `says`, codes with their roles; `main` is what is done with the words."""
        super().__init__(seat, place)
        self._working = False
        self._words = SheetWords(f"{place.screen}.words")
        self.main = ActionButton(f"{place.screen}.now", main, role="main")
        self._leave = ActionButton(f"{place.screen}.leave", leave, role="quiet")
        sheet = frame("sheet")
        self.column = QVBoxLayout(sheet)
        self.column.setContentsMargins(HUGE + SMALL, HUGE, HUGE + SMALL, HUGE)
        self.column.setSpacing(MEDIUM)
        for code, role in says:
            self.column.addWidget(Words(code, role, wraps=True))
        self.place_of_more = self.column.count()
        self.column.addWidget(self._words)
        foot = FlowLayout(LARGE)
        foot.addWidget(self.main)
        foot.addWidget(self._leave)
        self.column.addLayout(foot)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(on_paper(sheet, _SHEET_PX), 1)
        self.main.clicked.connect(self._on_main)
        self._words.entered.connect(self._on_main)
        self._leave.clicked.connect(lambda: self.place_wanted.emit(self.way_out()))

    def begin(self) -> None:
        """Begin in the words."""
        self._words.begin()

    def cover(self) -> None:
        """Leave no words of the sheet standing here."""
        if not self._working:
            self._words.clear()

    def way_out(self) -> Place:
        """Return where one goes from here."""
        raise NotImplementedError

    def do(self, typed: str) -> None:
        """Do it with twelve words of the list."""
        raise NotImplementedError

    def _on_main(self) -> None:
        if not self._working and self._words.settle():
            self._set_working(True)
            self.do(self._words.text())

    def on_failed(self, error: DeskError) -> None:
        """Tell at the words what is theirs."""
        self._set_working(False)
        if isinstance(error, WrongSentence | NotTrusted | HeaderDamaged) or error.code == "SHEET_COPY_DAMAGED":
            self._words.tell_error(error)
        else:
            self.fail(error)

    def _set_working(self, working: bool) -> None:
        self._working = working
        self._words.set_working(working)
        self.main.setEnabled(not working)
        self._leave.setEnabled(not working)


class SheetTry(_WordsScreen):
    """The drill: it proves the sheet and uses nothing up."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Say what is tried; how the sheet stands comes from the lane."""
        says = (("SHEET_TRY_TITLE", "title"), ("SHEET_TRY_WHY", ""))
        super().__init__(seat, place, says, "SHEET_TRY_NOW", "SHEET_TRY_LEAVE")
        self._standing: SheetStanding | None = None
        self._state, self._proved = Words("", "muted", wraps=True), Words("", "good", wraps=True)
        self._state.setObjectName("trySheet.standing")
        self._proved.setObjectName("trySheet.proved")
        self.column.insertWidget(self.place_of_more, self._state)
        self.column.insertWidget(self.column.indexOf(self._words) + 1, self._proved)
        self._proved.hide()

    def begin(self) -> None:
        """Begin in the words, and read how the sheet stands."""
        super().begin()
        self._read()

    def say_again(self) -> None:
        """Say how it stands in the new language."""
        self._state.put(standing_in_words(self._standing))

    def way_out(self) -> Place:
        """Return to the people."""
        return Place("people")

    def do(self, typed: str) -> None:
        """Try the words."""
        sheets = self.seat.desk.sheets
        self._proved.hide()
        self.run(lambda: sheets.prove(typed), self._on_proved, self.on_failed)

    def _read(self) -> None:
        self.run(self.seat.desk.sheets.standing, self._on_standing)

    def _on_standing(self, standing: SheetStanding) -> None:
        self._standing = standing
        self.say_again()

    def _on_proved(self, sealed: bool) -> None:
        self._set_working(False)
        self._words.clear()
        self._proved.show_code("SHEET_PROVED_WITH_VALUE" if sealed else "SHEET_PROVED_TOLD")
        self._proved.show()
        self._leave.setFocus(Qt.FocusReason.OtherFocusReason)
        self._read()


class CloseDesk(_WordsScreen):
    """Closing the desk: what it means in full, the words as proof that the way back is at hand, and then the lock."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Say all of it first."""
        says = (
            ("CLOSE_DESK_TITLE", "title"),
            ("CLOSE_DESK_FOR", ""),
            ("CLOSE_DESK_DOES", ""),
            ("CLOSE_DESK_NOT", "warn"),
            ("CLOSE_DESK_THEN", ""),
        )
        super().__init__(seat, place, says, "CLOSE_DESK_NOW", "CLOSE_DESK_LEAVE")

    def place(self) -> Place:
        """Come back elsewhere: nobody is to stand before this again by chance."""
        return Place("today")

    def way_out(self) -> Place:
        """Return to the settings."""
        return Place("settings")

    def do(self, typed: str) -> None:
        """Close, then lock."""
        sheets = self.seat.desk.sheets
        self.run(lambda: sheets.close_desk(typed), lambda _: self.lock_wanted.emit(), self._on_not_noted)

    def _on_not_noted(self, error: DeskError) -> None:
        """Lock as well where the desk is closed and only the disk refused to note it."""
        if error.code == "CHANGE_IN_FORCE":
            self.lock_wanted.emit()
        else:
            self.on_failed(error)
