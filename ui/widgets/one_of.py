"""A few ways beside one another of which one is chosen; they go on in the next line where they do not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QLayout, QPushButton, QVBoxLayout, QWidget

from ui.languages import plain
from ui.theme import ICON_PX, TINY, icon
from ui.widgets.flow_layout import FlowLayout


class OneOf(QWidget):
    """One button a way; none is down before somebody chose. For Tab it is one stop once one is down."""

    chosen = Signal()  # by the person, not by `choose`

    def __init__(
        self, name: str, label_code: str, ways: Mapping[str, Callable[[], str]], *, column: bool = False
    ) -> None:
        """Be the choice `name`; `ways` are the codes to choose from, each with its words in the language in force.

        The words of `label_code` stand above, and a screen reader says them before each way. In a `column` each has a
        line of its own.
        """
        super().__init__()
        self.setObjectName(name)
        self._label_code, self._ways = label_code, ways
        self.buttons = {code: QPushButton() for code in ways}
        self._group = QButtonGroup(self)
        flow: QLayout = QVBoxLayout() if column else FlowLayout(TINY)
        flow.setContentsMargins(0, 0, 0, 0)
        flow.setSpacing(TINY)
        for code, button in self.buttons.items():
            button.setObjectName(f"{name}.{code.lower()}")
            button.setProperty("role", "choice")
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setIconSize(QSize(ICON_PX + TINY, ICON_PX))
            button.clicked.connect(self.chosen)
            self._group.addButton(button)
            flow.addWidget(button)
            if column:
                flow.setAlignment(button, Qt.AlignmentFlag.AlignLeft)
        self.setLayout(flow)
        self._group.buttonToggled.connect(lambda *_: self._draw())
        self._say()
        self._draw()

    def value(self) -> str | None:
        """Return what is chosen."""
        return next((code for code, button in self.buttons.items() if button.isChecked()), None)

    def choose(self, code: str) -> None:
        """Choose for the person."""
        self.buttons[code].setChecked(True)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language and the colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
        elif event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _say(self) -> None:
        for code, button in self.buttons.items():
            said = self._ways[code]()
            button.setText(said)
            button.setAccessibleName(f"{plain(self._label_code)}: {said.replace('&', '')}")

    def _draw(self) -> None:
        for button in self.buttons.values():
            down = button.isChecked()  # a sign says so without colour
            button.setIcon(icon("circle-check" if down else "circle", "accent" if down else "muted", gap_px=TINY))
