"""The small parts every screen is made of: words, buttons and icons that follow language and colours by themselves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut, QWheelEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QSpinBox, QWidget

from ui.languages import plain, words
from ui.theme import icon, paint_icon, paint_mark


class Words(QLabel):
    """A piece of the window's own words. Always plain text, so that no data is ever read as mark-up."""

    def __init__(self, code: str, role: str = "", *, wraps: bool = False) -> None:
        """Show the words of `code`; an empty code shows what `put` is given."""
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wraps)
        self._code = code
        self._facts: dict[str, int | str] = {}
        if code:
            self.show_code(code)

    def show_code(self, code: str, **facts: int | str) -> None:
        """Show the words of another code."""
        self._code, self._facts = code, facts
        self.setText(words(code, **facts))

    def put(self, text: str) -> None:
        """Show text that is not the window's own: a sentence, a name, a number."""
        self._code = ""
        self.setText(text)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and self._code:
            self.setText(words(self._code, **self._facts))


class ActionButton(QPushButton):
    """A button: a verb with its object, an icon in the colour of its words, perhaps a key."""

    def __init__(
        self, name: str, code: str, *, role: str = "", sign: str = "", colour: str = "ink", help_code: str = ""
    ) -> None:
        """Be `name` (screen.action) with the words of `code`; `sign` is an icon, `help_code` says more.

        With the role `bare` only the icon is drawn, and a screen reader says the words.
        """
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", role)
        self.setAutoDefault(False)
        self._code, self._sign, self._colour, self._help_code = code, sign, colour, help_code
        self._say()
        self._draw()

    def set_key(self, key: str) -> None:
        """Let a key press this button from anywhere in its window."""
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.activated.connect(self.click)

    def set_sign(self, sign: str) -> None:
        """Show another icon."""
        self._sign = sign
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language, the colours and whether the button can be used."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
        elif event.type() in {QEvent.Type.PaletteChange, QEvent.Type.EnabledChange}:
            self._draw()

    def _say(self) -> None:
        if self.property("role") == "bare":
            self.setToolTip(plain(self._code))
        else:
            self.setText(words(self._code))
        self.setAccessibleName(plain(self._code))
        if self._help_code:
            self.setToolTip(words(self._help_code))
            self.setAccessibleDescription(words(self._help_code))

    def _draw(self) -> None:
        if self._sign:
            self.setIcon(icon(self._sign, self._colour if self.isEnabled() else "muted"))


class Sign(QWidget):
    """A line icon beside words; it says nothing of its own, so a screen reader passes it by."""

    def __init__(self, sign: str, colour: str, side: int = 18) -> None:
        """Show the icon `sign` in the token `colour`, `side` pixels wide. The sign `mark` is the program's own."""
        super().__init__()
        self._sign, self._colour = sign, colour
        self.setFixedSize(side, side)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_sign(self, sign: str, colour: str) -> None:
        """Show another icon; an empty one keeps the space."""
        self._sign, self._colour = sign, colour
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon in the colours in force."""
        painter = QPainter(self)
        if self._sign == "mark":
            paint_mark(painter, QRectF(self.rect()))
        elif self._sign:
            paint_icon(painter, self._sign, self._colour, QRectF(self.rect()))
        painter.end()


class StillSpinBox(QSpinBox):
    """A number that the wheel does not change: scrolling past a field must not alter it (field report N03)."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()


def frame(role: str) -> QFrame:
    """Return an empty frame in one of the style sheet's roles: sheet, band, rule."""
    made = QFrame()
    made.setProperty("role", role)
    return made
