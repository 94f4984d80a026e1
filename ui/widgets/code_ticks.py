"""A tick list as on paper: a number beside each box, which one types to tick it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from desktop.rules.codelists import CodeList
from desktop.rules.forms import Field
from desktop.rules.records import Value
from ui.languages import current, words
from ui.theme import TINY, paint_icon, tokens
from ui.widgets.basics import Words
from ui.widgets.field_editor import Editor, is_form_key

LONG = 12  # answers, above which the list scrolls in a well of fixed height
_WELL_LINES = 8
_BOX_RADIUS = 3
_PAUSE_MS = 700  # how long a further digit or letter belongs to the one before
_ON, _OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked


class TicksEdit(Editor):
    """Several answers of a list."""

    def __init__(self, item: Field, name: str, codes: CodeList) -> None:
        """Show every code with its number on paper."""
        super().__init__(item, name, "FIELDS_HOW_TICKS")
        self._codes, self._extra = codes, tuple[str, ...]()
        self.list = _TickList(self)
        self.column.addWidget(self.list)
        self.column.setSpacing(TINY)
        self._summary = Words("", "muted", wraps=True)
        self._summary.setObjectName(f"{name}.ticked")
        self.column.addWidget(self._summary)
        self.set_codes(codes)

    def set_codes(self, codes: CodeList) -> None:
        """Offer other codes; what is ticked stays."""
        ticked = self._ticked()
        self._codes = codes
        self._fill(ticked)
        self._summary.setVisible(len(codes) > LONG)

    def input(self) -> QListWidget:
        """Return the list."""
        return self.list

    def show_value(self, value: Value) -> None:
        """Tick the codes of the value; one that the list does not know stands at its end as itself."""
        self._fill(value if isinstance(value, tuple) else ())

    def read(self) -> Value:
        """Return the codes that are ticked, in the order of the list."""
        return self._ticked() or None

    def say_missing(self) -> None:
        """Show what is ticked, or why nothing is."""
        labels = "; ".join(self._codes.label(code, current()) for code in self._ticked())
        nothing = self.placeholder() or words("FIELDS_CHOSEN_NONE")
        self._summary.put(words("FIELDS_CHOSEN", labels=labels) if labels else nothing)

    def say_again(self) -> None:
        """Say the labels in the new language."""
        for place in range(self.list.count()):
            self._name(self.list.item(place), place)
        self.say_missing()
        self.list.fit()

    def finish(self) -> None:
        """Take the number that was typed last."""
        self.list.take_number()

    def toggle(self, item: QListWidgetItem) -> None:
        """Tick or untick an answer."""
        if not self.read_only:
            item.setCheckState(_OFF if item.checkState() is _ON else _ON)
            self.typed()

    def label(self, item: QListWidgetItem) -> tuple[str, ...]:
        """Return what an answer is called, in both languages."""
        code = self._codes.get(item.data(Qt.ItemDataRole.UserRole))
        return tuple(code.labels.values()) if code else ()

    def _ticked(self) -> tuple[str, ...]:
        items = [self.list.item(place) for place in range(self.list.count())]
        return tuple(item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() is _ON)

    def _fill(self, ticked: tuple[str, ...]) -> None:
        self.list.clear()
        known = [code.code for code in self._codes]
        for place, code in enumerate([*known, *(code for code in ticked if code not in self._codes)]):
            item = QListWidgetItem()
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            item.setData(Qt.ItemDataRole.UserRole, code)
            item.setCheckState(_ON if code in ticked else _OFF)
            self._name(item, place)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.show_mark()
        self.list.fit()
        self.say_missing()

    def _name(self, item: QListWidgetItem, place: int) -> None:
        item.setText(f"{place + 1}  {self._codes.label(item.data(Qt.ItemDataRole.UserRole), current())}")


class _BoxDelegate(QStyledItemDelegate):
    """Draws the boxes in the colours in force: the style's own all but vanish on dark paper."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        shown, colours = QStyleOptionViewItem(option), tokens()
        self.initStyleOption(shown, index)
        place = shown.widget.style().subElementRect(
            QStyle.SubElement.SE_ItemViewItemCheckIndicator, shown, shown.widget
        )
        on = shown.checkState is _ON
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(shown.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(place, QColor(colours.accent_soft if chosen else colours.raised))
        painter.setPen(QPen(QColor(colours.accent if on else colours.edge), 1))
        painter.setBrush(QColor(colours.accent if on else colours.raised))
        box = QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, _BOX_RADIUS, _BOX_RADIUS)
        if on:
            paint_icon(painter, "check", "on_accent", box.adjusted(1, 1, -1, -1))
        painter.restore()


class _TickList(QListWidget):
    """The boxes. The wheel moves the list only once one is in it, and never a tick (field report N03)."""

    def __init__(self, editor: TicksEdit) -> None:
        super().__init__()
        self._editor = editor
        self._number = self._letters = ""
        self.setObjectName(editor.name)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setItemDelegate(_BoxDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setWordWrap(True)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._paused)

    def fit(self) -> None:
        """Be as high as all boxes of a short list need, or as the well of a long one."""
        if self.count() > LONG:
            height = _WELL_LINES * self.sizeHintForRow(0)
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        else:
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            height = sum(self.visualItemRect(self.item(place)).height() for place in range(self.count()))
        self.setFixedHeight(height + 2 * self.frameWidth() + 2)

    def show_mark(self) -> None:
        """Mark the box that Space would tick, while one is in the list."""
        item = self.currentItem()
        if item is not None:
            item.setSelected(self.hasFocus())

    def take_number(self) -> None:
        """Tick the box whose number was typed."""
        number, self._number = self._number, ""
        if number and 1 <= int(number) <= self.count():
            item = self.item(int(number) - 1)
            self.setCurrentItem(item)
            self._editor.toggle(item)

    def event(self, event: QEvent) -> bool:
        if is_form_key(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        typed = event.text()
        plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.take_number()
        if self._editor.take_key(event):
            return
        if event.key() == Qt.Key.Key_Space:
            self._letters = ""
            if self.currentItem():
                self._editor.toggle(self.currentItem())
        elif plain and typed.isascii() and typed.isdigit():
            self._type_digit(typed)
        elif plain and typed.isalpha():
            self._type_letter(typed.casefold())
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        item = self.itemAt(event.position().toPoint())
        if item is not None and item is self.currentItem() and event.button() is Qt.MouseButton.LeftButton:
            self._editor.toggle(item)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus() and self.count() > LONG:
            super().wheelEvent(event)
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.show_mark()
        self._editor.entered.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.show_mark()
        self._editor.focus_left(event)

    def _type_digit(self, digit: str) -> None:
        self._number += digit
        if int(self._number) * 10 > self.count():
            self.take_number()
        else:
            self._pause.start()

    def _type_letter(self, letter: str) -> None:
        self._letters += letter
        self._pause.start()
        for place in range(self.count()):
            if any(label.casefold().startswith(self._letters) for label in self._editor.label(self.item(place))):
                self.setCurrentRow(place)
                return

    def _paused(self) -> None:
        self._letters = ""
        self.take_number()
