"""A list of the desk: whole rows, chosen by Enter or a double click, quick to paint, at home with the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

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
from ui.models.rows import ID_ROLE, Cell, Column, Row, RowsModel
from ui.theme import ICON_PX, MEDIUM, SMALL, paint_icon, tokens

_ROW_PX = 38
_HEAD_PX = 32
_KEPT_TEXTS = 4096


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
        self.setItemDelegate(_RowDelegate(self, self._model))
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

    def show_column(self, place: int, shown: bool) -> None:
        """Show a column or take it away; the others share its room."""
        if self.isColumnHidden(place) == shown:
            self.setColumnHidden(place, not shown)
            self._share_width()

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
        shown = [place for place in range(len(columns)) if not self.isColumnHidden(place)]
        shares, given = sum(columns[place].share for place in shown), 0
        for place in shown:
            width = room - given if place == shown[-1] else room * columns[place].share // shares
            self.setColumnWidth(place, width)
            given += width

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if value >= bar.maximum() - bar.pageStep():
            self.came_near_end.emit()


class _RowDelegate(QStyledItemDelegate):
    """Draws a cell: ground, hairline, perhaps an icon, the text with dots where it is too long.

    Cells are read from the rows themselves, and fonts, colours and shortened texts are kept: a cell is drawn many
    times for each time it changes.
    """

    def __init__(self, list_: RowList, model: RowsModel) -> None:
        """Draw for `list_` what stands in `model`."""
        super().__init__(list_)
        self._list, self._model = list_, model
        self._sides = tuple(
            (Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft)
            | Qt.AlignmentFlag.AlignVCenter
            for column in model.columns
        )
        self._base: QFont | None = None
        self._fonts: dict[bool, tuple[QFont, QFontMetrics]] = {}
        self._short: dict[tuple[str, int, bool], str] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return a fixed height: rows never jump."""
        return QSize(0, _ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one cell."""
        colours = tokens()
        box: QRect = option.rect
        column = index.column()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(box, _colour(colours.accent_soft if chosen else colours.raised))
        painter.setPen(_colour(colours.line))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        if chosen and self._list.hasFocus():
            accent = _colour(colours.accent)
            painter.setPen(accent)
            painter.drawLine(box.topLeft(), box.topRight())
            painter.drawLine(box.bottomLeft(), box.bottomRight())
            if column == 0:
                painter.fillRect(QRect(box.left(), box.top(), 3, box.height()), accent)
        cell = self._model.rows()[index.row()].cells[column]
        inner = box.adjusted(MEDIUM, 0, -SMALL, 0)
        if cell.sign:
            top = inner.center().y() - ICON_PX / 2 + 1
            paint_icon(painter, cell.sign, cell.colour or "muted", QRectF(inner.left(), top, ICON_PX, ICON_PX))
            inner.setLeft(inner.left() + ICON_PX + SMALL)
        if cell.text:
            font, metrics = self._font(option.font, strong=cell.strong)
            painter.setFont(font)
            painter.setPen(_colour(getattr(colours, cell.colour or "ink")))
            painter.drawText(inner, self._sides[column], self._shortened(cell, inner.width(), metrics))

    def _font(self, base: QFont, *, strong: bool) -> tuple[QFont, QFontMetrics]:
        if base != self._base:
            self._base = QFont(base)
            self._short.clear()
            for bold in (False, True):
                font = QFont(base)
                font.setBold(bold)
                self._fonts[bold] = font, QFontMetrics(font)
        return self._fonts[strong]

    def _shortened(self, cell: Cell, width: int, metrics: QFontMetrics) -> str:
        key = (cell.text, width, cell.strong)
        found = self._short.get(key)
        if found is None:
            if len(self._short) >= _KEPT_TEXTS:
                self._short.clear()
            found = self._short[key] = metrics.elidedText(cell.text, Qt.TextElideMode.ElideRight, width)
        return found


@cache
def _colour(token: str) -> QColor:
    return QColor(token)
