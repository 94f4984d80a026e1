"""Help beside the work: what a field asks for (F1), every key of the desk (Ctrl+/), and what the program cannot do.

Esc puts it away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui.languages import words
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words

_WIDEST_PX = 400

# What each key does; a key's own name is the same in every language.
KEYS: Sequence[tuple[str, str]] = (
    ("Ctrl+L", "KEYS_LOCK"),
    ("F9", "KEYS_SOMEONE"),
    ("Alt+1 … 7", "KEYS_RAIL"),
    ("Ctrl+F", "KEYS_FIND"),
    ("Ctrl+N", "KEYS_NEW"),
    ("Tab, Shift+Tab", "KEYS_TAB"),
    ("Enter", "KEYS_ENTER"),
    ("Ctrl+Enter", "KEYS_SAVE"),
    ("Ctrl+1 … 9", "KEYS_FORMS"),
    ("Ctrl+G", "KEYS_PARTS"),
    ("F2", "KEYS_NO_ANSWER"),
    ("Ctrl+P", "KEYS_PRINT"),
    ("Esc", "KEYS_ESC"),
    ("F1", "KEYS_HELP"),
    ("Ctrl+/", "KEYS_KEYS"),
    ("Ctrl+Q", "KEYS_QUIT"),
)

# The twelve limits of docs/threat-model.md, in its order and its words.
NOT_PROMISED = (
    *("NOT_PROMISED_1", "NOT_PROMISED_2", "NOT_PROMISED_3", "NOT_PROMISED_4", "NOT_PROMISED_5", "NOT_PROMISED_6"),
    *("NOT_PROMISED_7", "NOT_PROMISED_8", "NOT_PROMISED_9", "NOT_PROMISED_10", "NOT_PROMISED_11", "NOT_PROMISED_12"),
)


class HelpSheet(QFrame):
    """A sheet over the right edge of the window."""

    def __init__(self, window: QWidget) -> None:
        """Lie over the right edge of `window`, hidden until it is asked for."""
        super().__init__(window)
        self._window = window
        self.setObjectName("help")
        self.setProperty("role", "aside")
        self._say: Callable[[], tuple[str, str]] | None = None
        self._before: QWidget | None = None
        self._title, self._text = Words("", "heading", wraps=True), Words("", wraps=True)
        self._title.setObjectName("help.title")
        self._text.setObjectName("help.text")
        self._close = ActionButton("help.close", "HELP_CLOSE", role="bare", sign="x")
        self._close.clicked.connect(self.put_away)
        self._keys, self._limits = _key_table(), _limits()
        self._more = ActionButton(
            "help.not_promised", "NOT_PROMISED_OPEN", sign="info", help_code="NOT_PROMISED_OPEN_HELP"
        )
        self._more.clicked.connect(self.show_not_promised)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        inner = QWidget()
        inner.setProperty("role", "raised")
        column = QVBoxLayout(inner)
        column.setContentsMargins(LARGE, LARGE, LARGE, LARGE)
        column.setSpacing(MEDIUM)
        column.addLayout(head)
        column.addWidget(self._text)
        column.addWidget(self._keys)
        column.addWidget(self._limits)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        scroll = self._scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 1, 1, 1)
        whole.addWidget(scroll)
        window.installEventFilter(self)
        self.hide()

    def explain(self, say: Callable[[], tuple[str, str]]) -> None:
        """Show the title and text that `say` returns; it is asked again when the language changes."""
        self._say = say
        self._open(self._text)

    def show_keys(self) -> None:
        """Show what every key does, or put the sheet away where it shows that already."""
        if self._keys.isVisible():
            self.put_away()
            return
        self._say = None
        self._open(self._keys)

    def show_not_promised(self) -> None:
        """Show what the program does not promise."""
        self._say = lambda: (words("NOT_PROMISED_TITLE"), "")
        self._open(self._limits)

    def put_away(self) -> None:
        """Hide, and give the focus back to where it was."""
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the right edge when the window changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc puts the sheet away; the keys that turn pages do so."""
        bar = self._scroll.verticalScrollBar()
        steps = {
            Qt.Key.Key_Down: bar.singleStep(),
            Qt.Key.Key_Up: -bar.singleStep(),
            Qt.Key.Key_PageDown: bar.pageStep(),
            Qt.Key.Key_PageUp: -bar.pageStep(),
            Qt.Key.Key_End: bar.maximum(),
            Qt.Key.Key_Home: -bar.maximum(),
        }
        if event.key() == Qt.Key.Key_Escape:
            self.put_away()
        elif step := steps.get(Qt.Key(event.key())):
            bar.setValue(bar.value() + step)
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh()

    def _open(self, shown: QWidget) -> None:
        focused = self._window.focusWidget()
        if focused is not None and not self.isAncestorOf(focused):
            self._before = focused
        for part in (self._text, self._keys, self._limits):
            part.setVisible(part is shown)
        self._more.setVisible(shown is not self._limits)
        self._scroll.verticalScrollBar().setValue(0)
        self._refresh()
        self._place()
        self.show()
        self.raise_()
        self._close.setFocus(Qt.FocusReason.OtherFocusReason)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, f"{self._title.text()}. {self._heard()}"))

    def _refresh(self) -> None:
        title, text = self._say() if self._say is not None else (words("KEYS_TITLE"), "")
        self._title.put(title)
        self._text.put(text)

    def _heard(self) -> str:
        """Return what a screen reader says of the sheet beside its title: the text, or all that is not promised."""
        return " ".join(map(words, NOT_PROMISED)) if self._limits.isVisibleTo(self) else self._text.text()

    def _place(self) -> None:
        width = min(_WIDEST_PX, self._window.width() - 2 * SMALL)
        self.setGeometry(self._window.width() - width, 0, width, self._window.height())


def _key_table() -> QWidget:
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(HUGE)
    grid.setVerticalSpacing(SMALL + TINY)
    grid.setColumnStretch(1, 1)
    for place, (key, code) in enumerate(KEYS):
        name = Words("", "strong")
        name.put(key)
        grid.addWidget(name, place, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(Words(code, wraps=True), place, 1)
    return table


def _limits() -> QWidget:
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(MEDIUM)
    grid.setVerticalSpacing(MEDIUM)
    grid.setColumnStretch(1, 1)
    for place, code in enumerate(NOT_PROMISED, start=1):
        figure, limit = Words("", "strong"), Words(code, wraps=True)
        figure.put(f"{place}.")
        limit.setObjectName(f"help.not_promised.{_letter(place)}")
        grid.addWidget(figure, place, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(limit, place, 1)
    return table


def _letter(place: int) -> str:
    """Return the letter for a place: object names hold no figures."""
    return chr(ord("a") + place - 1)
