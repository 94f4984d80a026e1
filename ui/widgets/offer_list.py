"""A list below a field, from which one chooses while the field keeps the focus and every key."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QAbstractScrollArea, QListWidget, QListWidgetItem, QWidget

from ui.languages import words
from ui.theme import HUGE, TINY

MOST_LINES, _FEWEST_LINES = 9, 4


class OfferList(QListWidget):
    """Lies over the window, never in one of its own: the lock covers it, and no other program sees it come."""

    chosen = Signal(str)  # an entry was clicked: its key

    def __init__(self, field: QWidget, name: str) -> None:
        """Be `name` and lie below `field`, or above it where there is more room."""
        super().__init__(field.window())
        self._field = field
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(field.accessibleName())
        self.itemClicked.connect(self._clicked)
        field.destroyed.connect(self.deleteLater)
        above = field.parentWidget()
        while above is not None:
            if isinstance(above, QAbstractScrollArea):
                above.verticalScrollBar().valueChanged.connect(self._follow)
            above = above.parentWidget()

    def show_entries(self, entries: Sequence[tuple[str, str]], *, current: str | None) -> None:
        """Show entries, each with its key and its words, with the mark on one of them or on none."""
        self.clear()
        for key, text in entries:
            item = QListWidgetItem(text, self)
            item.setData(Qt.ItemDataRole.UserRole, key)
            if key == current:
                self.setCurrentItem(item)
        if not entries:
            QListWidgetItem(words("FIELDS_NOTHING_FOUND"), self).setFlags(Qt.ItemFlag.NoItemFlags)
        self._place()
        self.show()
        self.raise_()
        if self.currentItem():
            self.scrollToItem(self.currentItem())

    def current_key(self) -> str | None:
        """Return the key of the entry under the mark."""
        item = self.currentItem() if self.isVisible() else None
        return None if item is None else item.data(Qt.ItemDataRole.UserRole)

    def step(self, lines: int) -> None:
        """Move the mark."""
        if self.item(0).flags():
            self.setCurrentRow(max(0, min(self.count() - 1, self.currentRow() + lines)))
            said = QAccessibleAnnouncementEvent(self._field, self.currentItem().text())
            QAccessible.updateAccessibility(said)

    def put_away(self) -> None:
        """Go, for good."""
        self.hide()
        self.deleteLater()

    def _follow(self) -> None:
        if self._field.visibleRegion().isEmpty():
            self.hide()
        elif self.isVisible():
            self._place()

    def _place(self) -> None:
        field, window = self._field, self._field.window()
        top_left = field.mapTo(window, QPoint(0, 0))
        row = max(1, self.sizeHintForRow(0))
        below = window.height() - top_left.y() - field.height() - 2 * TINY
        above = top_left.y() - 2 * TINY
        room = below if below >= min(self.count(), _FEWEST_LINES) * row or below >= above else above
        edge = 2 * self.frameWidth() + 2
        height = min(min(self.count(), MOST_LINES) * row + edge, max(row + edge, room))
        y = top_left.y() + field.height() + TINY if room == below else top_left.y() - TINY - height
        self.setGeometry(top_left.x(), y, max(field.width(), self.sizeHintForColumn(0) + HUGE), height)

    def _clicked(self, item: QListWidgetItem) -> None:
        key = item.data(Qt.ItemDataRole.UserRole)
        if key is not None:
            self.chosen.emit(key)
