"""A list of the desk: whole rows, chosen by Enter or a double click, quick to paint, at home with the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from ui.languages import plain, words
from ui.models.rows import ID_ROLE, Cell, Column, Row, RowsModel
from ui.theme import ICON_PX, MEDIUM, SMALL, paint_icon, tokens
from ui.veil import paint_cover, veil

_AIR_PX = 19  # of a row, besides its lines
_HEAD_PX = 32
_KEPT_TEXTS = 4096
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_MARGINS_PX = MEDIUM + SMALL + 1
_LOOKED_AT = 30  # rows whose texts say how wide the columns must be
_LONG = 3  # a text longer than this part of the list may be cut short before a column is left out


class RowList(QTableView):
    """Rows under headings. `chosen` carries the id of a row that was opened, `came_near_end` asks for more rows."""

    chosen = Signal(str)
    came_near_end = Signal()

    def __init__(self, name: str, columns: Sequence[Column], label_code: str, *, lines: int = 1) -> None:
        """Be the list `name`; `label_code` are the words a screen reader says for it. A cell has 1 line, or 2."""
        super().__init__()
        self.setObjectName(name)
        self._label_code = label_code
        self._lines, self._kept_rows = lines, 0
        self._taken_away: set[int] = set()
        self._model = RowsModel(columns)
        self.setModel(self._model)
        self.setItemDelegate(_RowDelegate(self, self._model, lines))
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
        self.verticalHeader().setDefaultSectionSize(self.row_px())
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setHighlightSections(False)
        head.setDefaultAlignment(_LEFT | Qt.TextFlag.TextWordWrap)
        head.setSectionsClickable(False)
        self.doubleClicked.connect(lambda index: self.chosen.emit(index.data(ID_ROLE)))
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        veil().changed.connect(self._on_veil)
        self._name()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows; the one that was current stays so where it is still there."""
        current, was_empty = self.current_id(), not self._model.rows()
        self._model.replace(rows)
        if was_empty:  # and never while one searches: columns do not move then
            self._share_width()
        place = self._model.row_of(current) if current else -1
        if rows:
            self.selectRow(max(place, 0))

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Show more rows below."""
        self._model.extend(rows)

    def keep_rows(self, rows: int) -> None:
        """Be as high as so many rows and their headings."""
        self._kept_rows = rows
        self.setFixedHeight(self.horizontalHeader().height() + rows * self.row_px() + 2)

    def row_px(self) -> int:
        """Return the height of a row in pixels."""
        return self._lines * self.fontMetrics().lineSpacing() + _AIR_PX

    def show_column(self, place: int, shown: bool) -> None:
        """Show a column or take it away; the others share its room."""
        if (place in self._taken_away) == shown:
            self._taken_away ^= {place}
            self._share_width()

    def rows(self) -> Sequence[Row]:
        """Return the rows shown."""
        return self._model.rows()

    def go_to(self, row_id: str) -> None:
        """Make the row of this id the current one; none where there is no such row."""
        place = self._model.row_of(row_id)
        if place >= 0:
            self.selectRow(place)
        else:
            self.clearSelection()

    def current_id(self) -> str:
        """Return the id of the current row, or an empty text."""
        index = self.currentIndex()
        return str(index.data(ID_ROLE)) if index.isValid() else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the current row. Nothing is copied: a name would stay in the clipboard (attack 26)."""
        if event.matches(QKeySequence.StandardKey.Copy):
            return
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
            self._share_width()
            self._model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._model.columns) - 1)
        elif event.type() == QEvent.Type.FontChange:
            self.verticalHeader().setDefaultSectionSize(self.row_px())

    def _name(self) -> None:
        self.setAccessibleName(plain(self._label_code))
        self.setAccessibleDescription(words("ROW_LIST_HELP"))

    def _share_width(self) -> None:
        columns, room = self._model.columns, self.viewport().width()
        metrics = self.horizontalHeader().fontMetrics()
        places = [place for place in range(len(columns)) if place not in self._taken_away]
        text_px = {place: self._text_px(place) for place in places}
        head_px = {place: _two_lines_px(words(columns[place].code), metrics) + _MARGINS_PX for place in places}
        least = {place: max(min(text_px[place], room // _LONG), head_px[place]) for place in places}
        shown = [place for place in places if not columns[place].spare]
        for place in sorted(set(places) - set(shown), key=lambda place: columns[place].spare):
            if sum(least[one] for one in [*shown, place]) > room:
                break
            shown.append(place)
        shown.sort()
        for place in range(len(columns)):
            self.setColumnHidden(place, place not in shown)
        shares, needs = [columns[place].share for place in shown], [text_px[place] for place in shown]
        whole = [metrics.horizontalAdvance(words(columns[place].code)) + _MARGINS_PX for place in shown]
        broken = [head_px[place] for place in shown]
        # Where not all fits, headings are broken into lines before any but the longest texts are cut short.
        kept = [min(need, room // _LONG) for need in needs]
        heads = next((heads for heads in (whole, broken) if sum(map(max, heads, kept)) <= room), broken)
        widths = _widths(shares, list(map(max, heads, needs)), broken, room)
        for place, width in zip(shown, widths, strict=True):
            self.setColumnWidth(place, width)
        lines = 1 if all(head <= width for head, width in zip(whole, widths, strict=True)) else 2
        self.horizontalHeader().setFixedHeight(_HEAD_PX + (lines - 1) * metrics.lineSpacing())
        if self._kept_rows:
            self.keep_rows(self._kept_rows)

    def _text_px(self, place: int) -> int:
        """Return the width that the first rows need in a column, where texts are broken at most a part of the list."""
        font = self.font()
        font.setBold(True)
        plain_text, strong = self.fontMetrics(), QFontMetrics(font)
        widths = [0]
        for row in self._model.rows()[:_LOOKED_AT]:
            cell = row.cells[place]
            metrics, sign = strong if cell.strong else plain_text, ICON_PX + SMALL if cell.sign else 0
            width = metrics.horizontalAdvance if self._lines == 1 else partial(_two_lines_px, metrics=metrics)
            widths.append(width(cell.text) + sign)
        needed = max(widths) + _MARGINS_PX
        return needed if self._lines == 1 else min(needed, self.viewport().width() // _LONG)

    def _on_veil(self) -> None:
        self.viewport().update()

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if value >= bar.maximum() - bar.pageStep():
            self.came_near_end.emit()


class _RowDelegate(QStyledItemDelegate):
    """Draws a cell: ground, hairline, perhaps an icon, the text with dots where it is too long.

    Cells are read from the rows themselves, and fonts, colours and shortened texts are kept: a cell is drawn many
    times for each time it changes.
    """

    def __init__(self, list_: RowList, model: RowsModel, lines: int) -> None:
        """Draw for `list_` what stands in `model`."""
        super().__init__(list_)
        self._list, self._model, self._lines = list_, model, lines
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
        return QSize(0, self._list.row_px())

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
        if cell.text and self._model.columns[column].personal and veil().drawn:
            paint_cover(painter, QRectF(inner).adjusted(0, SMALL, 0, -SMALL))
        elif cell.text:
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
            found = self._short[key] = "\n".join(_lines(cell.text, width, metrics, self._lines))
        return found


def _widths(shares: Sequence[int], needs: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Divide the room by the shares; where that is too little for a column, by what each needs above its least.

    The first column says which record a row is and has all it needs: a number cut short would be no number.
    """
    widths = [room * share // sum(shares) for share in shares]
    if any(width < need for width, need in zip(widths, needs, strict=True)):
        least = [needs[0], *least[1:]]
        wishes = [need - low for need, low in zip(needs, least, strict=True)]
        short = [max(low, min(need, room // _LONG)) for need, low in zip(needs, least, strict=True)]
        more = room - sum(needs)
        if more >= 0:
            widths = [need + more * share // sum(shares) for need, share in zip(needs, shares, strict=True)]
        elif (rest := room - sum(short)) >= 0:  # long texts alone are cut
            long = [need - part for need, part in zip(needs, short, strict=True)]
            widths = [part + rest * wish // sum(long) for part, wish in zip(short, long, strict=True)]
        elif (rest := room - sum(least)) >= 0:
            widths = [low + rest * wish // sum(wishes) for low, wish in zip(least, wishes, strict=True)]
    return [*widths[:-1], room - sum(widths[:-1])]


def _two_lines_px(text: str, metrics: QFontMetrics) -> int:
    """Return the width in which a text stands in two lines, broken between words."""
    parts = text.split()
    breaks = range(1, max(2, len(parts)))
    return min(
        max(map(metrics.horizontalAdvance, (" ".join(parts[:place]), " ".join(parts[place:])))) for place in breaks
    )


def _lines(text: str, width: int, metrics: QFontMetrics, most: int) -> list[str]:
    """Break a text between words into at most so many lines; what has no room ends in dots."""
    line, rest = text, ""
    while most > 1 and " " in line and metrics.horizontalAdvance(line) > width:
        line, _, word = line.rpartition(" ")
        rest = f"{word} {rest}".rstrip()
    short = metrics.elidedText(line, Qt.TextElideMode.ElideRight, width)
    return [short, *(_lines(rest, width, metrics, most - 1) if rest else ())]


@cache
def _colour(token: str) -> QColor:
    return QColor(token)
