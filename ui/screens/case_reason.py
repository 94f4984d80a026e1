"""Why somebody opens a case that is not assigned to them (L-03): stands in its place until a reason is given.

A case that is hidden never comes here: it is gone, as one that never was.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from desktop.errors import DeskError
from desktop.rules.codelists import CodeList
from ui.languages import current, words
from ui.screens.page import on_paper
from ui.theme import HUGE, MEDIUM, SMALL
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.one_of import OneOf
from ui.widgets.problem_note import ProblemNote

_SHEET_PX = 600
_ENTER = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class CaseReason(QWidget):
    """The number of the case, the reasons to choose from, the way in and the way back; hidden until it is asked.

    The screen whose `content` it stands for opens the case with the reason given, and puts this away once it is open.
    """

    given = Signal(str)
    back_wanted = Signal()

    def __init__(self, screen: str, reasons: CodeList, content: QWidget) -> None:
        """Be `screen.view_reason`, and ask nothing yet."""
        super().__init__()
        name = f"{screen}.view_reason"
        self.setObjectName(name)
        self._reasons, self._content = reasons, content
        self._before: QWidget | None = None  # where the focus was
        self._number = Words("", "strong")
        self._number.setObjectName(f"{name}.case_ref")
        ways = {
            code.code: lambda n=n, code=code: f"{n}  {code.labels[current()]}"
            for n, code in enumerate(reasons, start=1)
        }
        self._list = OneOf(f"{name}.list", "REASON_LIST", ways, column=True)
        self._first = next(iter(self._list.buttons.values()))
        self._help = Words("REASON_HELP", "help", wraps=True)
        self._note = ProblemNote(f"{name}.problem", self._first, "REASON_HELP", lines=1)
        self._open = ActionButton(f"{name}.open", "REASON_OPEN", role="main")
        self._back = ActionButton(f"{name}.back", "REASON_BACK", role="quiet", sign="arrow-left", colour="accent")
        self._lay_out()
        self._list.chosen.connect(lambda: self._ask_first(asking=False))
        self._open.clicked.connect(self._give)
        self._back.clicked.connect(self.back_wanted)
        self.hide()

    def takes(self, error: DeskError) -> bool:
        """Say whether an error asks for a reason; if so, it is asked."""
        if error.code != "VIEW_REASON_NEEDED":
            return False
        if self.isHidden():
            self._before = QApplication.focusWidget()
        self._number.show_code("REASON_NUMBER", case_ref=error.facts.get("case_ref", ""))
        self._ask_first(asking=False)
        self._open.setEnabled(True)
        self._content.hide()
        self.show()
        self._first.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def let_again(self) -> None:
        """Let the reason be given again: the case was not opened."""
        self._open.setEnabled(True)

    def put_away(self) -> None:
        """Show again what it stood for, with the focus where it was."""
        if self.isHidden():
            return
        self.hide()
        self._content.show()
        if self._before is not None and isValid(self._before):
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose by a number or a first letter; Enter opens, or goes back where the focus is on that, as Esc does."""
        if event.key() in _ENTER:
            if self._back.hasFocus():
                self._back.click()
            else:
                self._give()
        elif event.key() == Qt.Key.Key_Escape:
            self.back_wanted.emit()
        elif event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self._choose(event.text().casefold()):
            super().keyPressEvent(event)

    def _choose(self, typed: str) -> bool:
        """Choose what was typed, the next after the one with the focus where several begin so."""
        codes = [code.code for code in self._reasons]
        if not typed.strip():
            return False
        if typed.isdecimal() and 0 < int(typed) <= len(codes):
            found = codes[int(typed) - 1]
        else:
            here = next((place for place, code in enumerate(codes) if self._list.buttons[code].hasFocus()), 0)
            start = here + 1 if self._list.value() else here
            after = codes[start:] + codes[:start]
            labels = {code.code: code.labels[current()].casefold() for code in self._reasons}
            match = next((code for code in after if labels[code].startswith(typed)), None)
            if match is None:
                return False
            found = match
        self._list.choose(found)
        self._list.buttons[found].setFocus(Qt.FocusReason.OtherFocusReason)
        self._ask_first(asking=False)
        return True

    def _give(self) -> None:
        reason = self._list.value()
        if reason is None:
            self._ask_first(asking=True)
        elif self._open.isEnabled():
            self._open.setEnabled(False)  # one view for one press
            self.given.emit(reason)

    def _ask_first(self, *, asking: bool) -> None:
        """Say in the place of the help that nothing is chosen yet, or the help again."""
        self._help.setVisible(not asking)
        self._note.setVisible(asking)
        if asking:
            self._note.tell(lambda: words("REASON_MISSING"))
        else:
            self._note.clear()

    def _lay_out(self) -> None:
        card = frame("sheet")
        column = QVBoxLayout(card)
        column.setContentsMargins(HUGE, HUGE, HUGE, HUGE)
        column.setSpacing(MEDIUM)
        buttons = QHBoxLayout()
        buttons.setSpacing(SMALL)
        buttons.addWidget(self._back)
        buttons.addStretch(1)
        buttons.addWidget(self._open)
        for part in (Words("REASON_TITLE", "title", wraps=True), self._number, Words("REASON_TEXT", wraps=True)):
            column.addWidget(part)
        asked = QVBoxLayout()
        asked.setSpacing(0)
        asked.addWidget(Words("REASON_LIST", "strong"))
        asked.addWidget(self._help)
        asked.addWidget(self._note)
        column.addLayout(asked)
        column.addWidget(self._list)
        column.addLayout(buttons)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(on_paper(card, _SHEET_PX))
        self.setTabOrder(self._open, self._back)
