"""The small parts every screen is made of: words, buttons and icons that follow language and colours by themselves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeySequence, QPainter, QPaintEvent, QPen, QShortcut, QWheelEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QSpinBox, QWidget

from ui.languages import plain, words
from ui.theme import ICON_PX, RADIUS, SMALL, TINY, icon, paint_icon, paint_mark, tokens
from ui.widgets.clipboard import Line

_RING_PX = 1.5


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


class Quote(Words):
    """Something to read out or copy: a code or a command, and nothing else with it."""

    def __init__(self, name: str, text: str, role: str) -> None:
        """Be `name` and show `text`; the role is `code` or `command`."""
        super().__init__("", role)
        self.setObjectName(name)
        self.put(text)
        self.setAccessibleName(text)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)


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
        self._facts: dict[str, int | str] = {}
        self._say()
        self._draw()

    def set_key(self, key: str) -> None:
        """Let a key press this button from anywhere in its window."""
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.activated.connect(self.click)

    def turn_into(self, code: str, sign: str, **facts: int | str) -> None:
        """Say and show something else."""
        self._code, self._sign, self._facts = code, sign, facts
        self._say()
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language, the colours and whether the button can be used."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
        elif event.type() in {QEvent.Type.PaletteChange, QEvent.Type.EnabledChange}:
            self._draw()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button; the main one gets its focus ring inside, where it stands out from the accent."""
        super().paintEvent(event)
        if self.hasFocus() and self.property("role") == "main":
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(tokens().on_accent), _RING_PX))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(TINY, TINY, -TINY, -TINY), RADIUS / 2, RADIUS / 2)
            painter.end()

    def _say(self) -> None:
        if self.property("role") == "bare":
            self.setToolTip(plain(self._code))
        else:
            self.setText(words(self._code, **self._facts))
        self.setAccessibleName(plain(self._code, **self._facts))
        if self._help_code:
            self.setToolTip(words(self._help_code))
            self.setAccessibleDescription(words(self._help_code))

    def _draw(self) -> None:
        if self._sign:
            gap = 0 if self.property("role") == "bare" else TINY
            self.setIconSize(QSize(ICON_PX + gap, ICON_PX))
            self.setIcon(icon(self._sign, self._colour if self.isEnabled() else "muted", gap_px=gap))


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
    """A number that the wheel does not change: scrolling past a field must not alter it (field report N03).

    It is typed, or changed by the arrow keys; there are no small buttons to aim at.
    """

    def __init__(self, name: str, lowest: int, highest: int) -> None:
        """Be the field `name` for whole numbers from `lowest` to `highest`."""
        super().__init__()
        self.setObjectName(name)
        self.setRange(lowest, highest)
        self.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.setLineEdit(Line())
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # it would be Qt's own, in English
        self.lineEdit().setTextMargins(SMALL, 0, SMALL, 0)  # the style sheet does not reach into the field

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()


def frame(role: str) -> QFrame:
    """Return an empty frame in one of the style sheet's roles: sheet, band, rule."""
    made = QFrame()
    made.setProperty("role", role)
    return made
