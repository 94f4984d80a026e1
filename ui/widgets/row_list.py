"""A list of the desk: whole rows, chosen by Enter or a double click, quick to paint, at home with the keyboard."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from ui.languages import plain
from ui.models.rows import ID_ROLE, MARK_ROLE, Cell, Column, Row, RowsModel
from ui.theme import ICON_PX, MEDIUM, SMALL, paint_icon, tokens

_ROW_PX = 38
_HEAD_PX = 32


class RowList(QTableView):
    """Rows under headings. `chosen` carries the id of a row that was opened, `came_near_end` asks for more rows."""

    chosen = Signal(str)
    came_near_end = Signal()

    def __init__(self, name: str, columns: Sequence[Column], label_code: str) -> None:
        """Be the list `name`; `label_code` are the words a screen reader says for it."""
        super().__init__()
        self.setObjectName(name)
        self._label_code = label_code
        self._model = RowsModel(columns)
        self.setModel(self._model)
        self.setItemDelegate(_RowDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setFixedHeight(_HEAD_PX)
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        self.doubleClicked.connect(lambda index: self.chosen.emit(index.data(ID_ROLE)))
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self._name()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows; the one that was current stays so where it is still there."""
        current = self.current_id()
        self._model.replace(rows)
        place = self._model.row_of(current) if current else -1
        if rows:
            self.selectRow(max(place, 0))

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Show more rows below."""
        self._model.extend(rows)

    def rows(self) -> Sequence[Row]:
        """Return the rows shown."""
        return self._model.rows()

    def current_id(self) -> str:
        """Return the id of the current row, or an empty text."""
        index = self.currentIndex()
        return str(index.data(ID_ROLE)) if index.isValid() else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the current row."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.current_id():
            self.chosen.emit(self.current_id())
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width among the columns."""
        super().resizeEvent(event)
        self._share_width()

    def changeEvent(self, event: QEvent) -> None:
        """Say the headings in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._name()
            self._model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._model.columns) - 1)

    def _name(self) -> None:
        self.setAccessibleName(plain(self._label_code))

    def _share_width(self) -> None:
        columns, room = self._model.columns, self.viewport().width()
        shares, given = sum(column.share for column in columns), 0
        for place, column in enumerate(columns):
            width = room - given if place == len(columns) - 1 else room * column.share // shares
            self.setColumnWidth(place, width)
            given += width

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if value >= bar.maximum() - bar.pageStep():
            self.came_near_end.emit()


class _RowDelegate(QStyledItemDelegate):
    """Draws a cell: ground, hairline, perhaps an icon, the text with dots where it is too long."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return a fixed height: rows never jump."""
        return QSize(0, _ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one cell."""
        colours = tokens()
        box: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(box, QColor(colours.accent_soft if chosen else colours.raised))
        painter.setPen(QColor(colours.line))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        list_ = self.parent()
        if chosen and isinstance(list_, RowList) and list_.hasFocus():
            painter.setPen(QColor(colours.accent))
            painter.drawLine(box.topLeft(), box.topRight())
            painter.drawLine(box.bottomLeft(), box.bottomRight())
            if index.column() == 0:
                painter.fillRect(QRect(box.left(), box.top(), 3, box.height()), QColor(colours.accent))
        cell: Cell = index.data(MARK_ROLE)
        inner = box.adjusted(MEDIUM, 0, -SMALL, 0)
        if cell.sign:
            top = inner.center().y() - ICON_PX / 2 + 1
            paint_icon(painter, cell.sign, cell.colour or "muted", QRectF(inner.left(), top, ICON_PX, ICON_PX))
            inner.setLeft(inner.left() + ICON_PX + SMALL)
        font = QFont(option.font)
        font.setBold(cell.strong)
        painter.setFont(font)
        painter.setPen(QColor(getattr(colours, cell.colour or "ink")))
        text = QFontMetrics(font).elidedText(cell.text, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, index.data(Qt.ItemDataRole.TextAlignmentRole), text)
