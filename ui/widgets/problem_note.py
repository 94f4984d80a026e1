"""A note under the field it concerns: what happened, what is safe, what to do. Its space is kept when it is empty."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui.languages import plain
from ui.theme import ICON_PX, SMALL
from ui.widgets.basics import Sign, Words


class ProblemNote(QWidget):
    """An icon and a few lines. It is the accessible description of its field as well, and is read out when it comes."""

    def __init__(self, name: str, field: QWidget, help_code: str, lines: int = 2) -> None:
        """Be `name` and belong to `field`, which `help_code` explains otherwise; keep room for `lines` lines."""
        super().__init__()
        self._field, self._help_code = field, help_code
        self._say: Callable[[], str] = str
        self._sign = Sign("", "danger", ICON_PX + 2)
        self._words = Words("", wraps=True)
        self._words.setObjectName(name)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SMALL)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._words, 1)
        self._refresh()
        self.setMinimumHeight(lines * self.fontMetrics().lineSpacing())

    def text(self) -> str:
        """Return what stands there."""
        return self._words.text()

    def tell(self, say: Callable[[], str], sign: str = "circle-alert", colour: str = "danger") -> None:
        """Show what `say` returns; it is asked again when the language changes."""
        self._say = say
        self._sign.show_sign(sign, colour)
        self._refresh()
        from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent  # after the first paint

        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._field, self.text()))

    def clear(self) -> None:
        """Show nothing; the room stays."""
        self._say = str
        self._sign.show_sign("", "danger")
        self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._refresh()

    def _refresh(self) -> None:
        self._words.put(self._say())
        self._field.setAccessibleDescription(self.text() or plain(self._help_code))
