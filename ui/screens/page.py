"""What every screen before the desk looks like: the program's name, the language, one sheet that scrolls if it must."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop import PRODUCT
from ui.theme import HUGE, LARGE, MEDIUM, SMALL
from ui.widgets.basics import Sign, Words, frame
from ui.widgets.language_choice import LanguageChoice

SHEET_PX = 520


class Page(QWidget):
    """Paper with one sheet in the middle. Subclasses fill `sheet`."""

    def __init__(self, name: str) -> None:
        """Be the screen `name`."""
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "paper")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

        product = Words("", "strong")
        product.put(PRODUCT)
        self._language = LanguageChoice()
        top = QHBoxLayout()
        top.setContentsMargins(LARGE, MEDIUM, LARGE, 0)
        top.setSpacing(SMALL)
        top.addWidget(Sign("mark", "accent", 24))
        top.addWidget(product)
        top.addStretch(1)
        top.addWidget(self._language)

        card = frame("sheet")
        self.sheet = QVBoxLayout(card)
        self.sheet.setContentsMargins(HUGE + SMALL, HUGE, HUGE + SMALL, HUGE)
        self.sheet.setSpacing(MEDIUM)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(top)
        whole.addWidget(on_paper(card, SHEET_PX), 1)

    def begin(self) -> None:
        """Put the focus where the work begins; called once the page is on screen."""

    def order_after(self, last: QWidget) -> None:
        """Let the language buttons come after `last` in the order of Tab: the work comes first."""
        for button in self._language.findChildren(QWidget):
            self.setTabOrder(last, button)
            last = button


def centred(part: QWidget, widest_px: int) -> QHBoxLayout:
    """Return a line with `part` in its middle, at most so wide."""
    part.setMaximumWidth(widest_px)
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.addStretch(1)
    row.addWidget(part, 100)
    row.addStretch(1)
    return row


def on_paper(card: QFrame, widest_px: int) -> QScrollArea:
    """Return paper with `card` in its middle, at most so wide; it scrolls where the window is too low."""
    middle = QWidget()
    middle.setProperty("role", "paper")
    column = QVBoxLayout(middle)
    column.setContentsMargins(LARGE, SMALL, LARGE, SMALL)
    # A little above the middle, where the eye rests.
    column.addStretch(2)
    column.addLayout(centred(card, widest_px))
    column.addStretch(3)

    scroll = QScrollArea()
    scroll.setProperty("role", "paper")
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(middle)
    return scroll
