"""The foot under a sheet: what is saved or kept, how much is left to settle, and at most two buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout

from ui.languages import plural
from ui.theme import LARGE, MEDIUM, SMALL
from ui.widgets.basics import ActionButton, Sign, Words

_NARROW_PX = 760


class Foot(QFrame):
    """Says what it is given; the main button stands right, in a line of its own where the window is narrow."""

    def __init__(self, name: str) -> None:
        """Be `name`; `name.state`, `name.problems`, `name.main` and `name.second` are its parts."""
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "foot")
        self._say: Callable[[], str] = str
        self._problems = 0
        self._acts: dict[ActionButton, Callable[[], object]] = {}
        self._state = Words("", "muted", wraps=True)
        self._state.setObjectName(f"{name}.state")
        self._left = Words("", "danger")
        self._left.setObjectName(f"{name}.problems")
        self._sign = Sign("", "danger")
        self.second = ActionButton(f"{name}.second", "CASEFILE_PUT_BACK", role="quiet")
        self.main = ActionButton(f"{name}.main", "CASEFILE_SAVE", role="main")
        told, buttons = QHBoxLayout(), QHBoxLayout()
        for line in (told, buttons):
            line.setSpacing(MEDIUM)
        told.addWidget(self._state, 1)
        told.addWidget(self._sign)
        told.addWidget(self._left)
        buttons.addStretch(1)
        buttons.addWidget(self.second)
        buttons.addWidget(self.main)
        self._whole = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._whole.setContentsMargins(LARGE, SMALL, LARGE, SMALL)
        self._whole.setSpacing(SMALL)
        self._whole.addLayout(told, 1)
        self._whole.addLayout(buttons)
        self.setMinimumHeight(self.main.sizeHint().height() + 2 * SMALL)  # also where no button is there
        for button in (self.second, self.main):
            button.hide()
            button.clicked.connect(lambda _=False, button=button: self._acts[button]())

    def say(self, say: Callable[[], str], problems: int) -> None:
        """Show what `say` returns, asked again when the language changes, and the number of problems left."""
        self._say, self._problems = say, problems
        self._refresh()

    def offer(self, button: ActionButton, code: str, act: Callable[[], object] | None, *, enabled: bool = True) -> None:
        """Let `main` or `second` do something; without an act it is not there."""
        if act is not None:
            self._acts[button] = act
            button.turn_into(code, "")
            button.setEnabled(enabled)
        button.setVisible(act is not None)

    def press_main(self) -> None:
        """Do what the main button does, where it can be pressed."""
        if self.main.isVisible():
            self.main.click()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons under the words where both have no room beside one another."""
        super().resizeEvent(event)
        narrow = self.width() < _NARROW_PX
        self._whole.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh()

    def _refresh(self) -> None:
        self._state.put(self._say())
        self._sign.show_sign("circle-alert" if self._problems else "", "danger")
        self._left.put(plural("CASEFILE_PROBLEMS", self._problems) if self._problems else "")
