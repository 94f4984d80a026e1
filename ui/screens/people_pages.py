"""The people, and in their place, one at a time, what has to be written down before anything else is done."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from ui.screens.new_sentence import WIDEST_PX, NewSentence
from ui.screens.new_sheet import NewSheet
from ui.screens.page import on_paper


class PeoplePages(QStackedWidget):
    """The first page is the people's; the others are made when they are needed."""

    back = Signal()  # the people are to be seen again

    def __init__(self) -> None:
        """Have no page yet."""
        super().__init__()
        self._on_sheet: Callable[[str], None] | None = None
        self._on_left: Callable[[], None] | None = None

    @cached_property
    def _sentence(self) -> NewSentence:
        sheet = NewSentence()
        self.addWidget(on_paper(sheet, WIDEST_PX))
        sheet.done.connect(self._return)
        return sheet

    @cached_property
    def _sheet(self) -> NewSheet:
        sheet = NewSheet("people")
        self.addWidget(on_paper(sheet, WIDEST_PX))
        sheet.typed_back.connect(self._on_typed_back)
        sheet.left.connect(self._on_sheet_left)
        return sheet

    def show_sentence(self, sentence: str, name: str, desk_number: int, then: Callable[[], None]) -> None:
        """Show somebody's sentence; `then` is done once it is in their hands."""
        page = self._sentence
        self._turn_to(page)
        page.put(sentence, name, desk_number, then)

    def show_sheet(self, shown: str, then: Callable[[str], None], left: Callable[[], None]) -> None:
        """Show the words of a new sheet; `then` gets them once they were typed back, `left` where they were not."""
        self._on_sheet, self._on_left = then, left
        page = self._sheet
        self._turn_to(page)
        page.put(shown)

    def cover(self) -> None:
        """Hide words that stand here."""
        for name in ("_sentence", "_sheet"):
            if name in vars(self):
                vars(self)[name].cover()

    def _turn_to(self, page: QWidget) -> None:
        around = page.parentWidget()
        while around is not None and self.indexOf(around) < 0:
            around = around.parentWidget()
        if around is not None:
            self.setCurrentWidget(around)

    def _return(self) -> None:
        self.setCurrentIndex(0)
        self.back.emit()

    def _on_typed_back(self, shown: str) -> None:
        self._return()
        if self._on_sheet is not None:
            self._on_sheet(shown)

    def _on_sheet_left(self) -> None:
        self._return()
        if self._on_left is not None:
            self._on_left()
