"""The outcome of an action, at the top edge of the window: never a pop-up. It covers nothing that is being typed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPropertyAnimation, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QGraphicsOpacityEffect, QHBoxLayout, QWidget

from ui.theme import MEDIUM, SMALL
from ui.widgets.basics import ActionButton, Sign, Words

FADE_MS = 120
STAYS_MS = 8000
_WIDEST_PX = 720


class MessageBar(QFrame):
    """One message at a time; it stays until it is put away or another comes."""

    def __init__(self, window: QWidget) -> None:
        """Lie over the top edge of `window`."""
        super().__init__(window)
        self._window = window
        self.setProperty("role", "message")
        self._say: Callable[[], str] = str
        self._words = Words("", wraps=True)
        self._words.setObjectName("window.message")
        self._dismiss = ActionButton("window.message.dismiss", "MESSAGE_DISMISS", role="bare", sign="x")
        self._dismiss.clicked.connect(self.hide)
        self._row = layout = QHBoxLayout(self)
        layout.setContentsMargins(MEDIUM, SMALL, SMALL, SMALL)
        layout.setSpacing(SMALL)
        self._sign = Sign("triangle-alert", "warn")
        self._action = ActionButton("window.message.action", "MESSAGE_UNDO", role="quiet")
        self._act: Callable[[], object] | None = None
        self._action.clicked.connect(self._on_action)
        self._away = QTimer(self, singleShot=True, interval=STAYS_MS)
        self._away.timeout.connect(self.hide)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._words, 1)
        layout.addWidget(self._action, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._dismiss, 0, Qt.AlignmentFlag.AlignTop)
        self._veil = QGraphicsOpacityEffect(self)
        self.setGraphicsEffect(self._veil)
        self._fade = QPropertyAnimation(self._veil, b"opacity", self)
        self._fade.setDuration(FADE_MS)
        self._fade.setStartValue(0.0)
        self._fade.setEndValue(1.0)
        window.installEventFilter(self)
        self.hide()

    def tell(self, say: Callable[[], str]) -> None:
        """Show what is in the way: what `say` returns, asked again when the language changes. It stays."""
        self._show(say, "warn", "", None)

    def report(self, say: Callable[[], str], action_code: str, action: Callable[[], object] | None) -> None:
        """Show that something was done, perhaps with a way to undo it; it goes by itself after a while."""
        self._show(say, "done", action_code, action)
        self._away.start()

    def _show(self, say: Callable[[], str], kind: str, action_code: str, action: Callable[[], object] | None) -> None:
        self._away.stop()
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self._sign.show_sign(*(("circle-check", "accent") if kind == "done" else ("triangle-alert", "warn")))
        self._act = action
        self._action.setVisible(action is not None)
        if action is not None:
            self._action.turn_into(action_code, "")
        self._say = say
        self._words.put(say())
        self._place()
        self.show()
        self.raise_()
        self._fade.start()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self._words.text()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the top edge when the window changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc puts the message away."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._words.put(self._say())
            self._place()

    def _on_action(self) -> None:
        act, self._act = self._act, None
        self.hide()
        if act is not None:
            act()

    def _needed(self) -> int:
        """Return the width of the words in one line and of what stands beside them: a short message covers little."""
        beside = [part for part in (self._sign, self._action, self._dismiss) if not part.isHidden()]
        taken = sum(part.sizeHint().expandedTo(part.minimumSize()).width() + SMALL for part in beside)
        return self._words.fontMetrics().horizontalAdvance(self._words.text()) + taken + 2 * MEDIUM

    def _place(self) -> None:
        room = self._window.width()
        width = min(room - 2 * MEDIUM, _WIDEST_PX, self._needed())
        self.setGeometry((room - width) // 2, MEDIUM, width, self._row.totalHeightForWidth(width))
