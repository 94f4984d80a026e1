"""Words that are shown once to be written down by hand, and typed back.

They are painted, never text: no clipboard, selection or other program can take them (threat-model 5.2).
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import MEDIUM, RADIUS, SMALL, TINY, tokens

_COLUMNS = 3


class WordCard(QWidget):
    """Numbered words on lines, three in a row, as they are copied onto paper; hidden, the numbered lines alone."""

    def __init__(self, name: str) -> None:
        """Be the card `name`, empty."""
        super().__init__()
        self.setObjectName(name)
        self._words: tuple[str, ...] = ()
        self._shown = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def put(self, words: str) -> None:
        """Show these words, parted by spaces."""
        self._words = tuple(words.split())
        self.updateGeometry()
        self.update()

    def show_words(self, shown: bool) -> None:
        """Show the words, or an empty card of the same size."""
        self._shown = shown
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for all lines."""
        lines = max(1, -(-len(self._words) // _COLUMNS))
        return QSize(300, round(lines * self._line_height() + 2 * MEDIUM))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card and, while they are shown, the words."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colours.line))
        painter.setBrush(QColor(colours.paper))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        strong = QFont(self.font())
        strong.setBold(True)
        width, line = (self.width() - 2 * MEDIUM) / _COLUMNS, self._line_height()
        for place, word in enumerate(self._words):
            row, column = divmod(place, _COLUMNS)
            box = QRectF(MEDIUM + column * width, MEDIUM + row * line, width, line)
            painter.setFont(self.font())
            painter.setPen(QColor(colours.muted))
            number = f"{place + 1}"
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, number)
            painter.setFont(strong)
            painter.setPen(QColor(colours.ink))
            inset = QFontMetricsF(self.font()).horizontalAdvance("12") + SMALL
            painter.drawText(box.adjusted(inset, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, word if self._shown else "…")
            painter.setPen(QColor(colours.line))
            painter.drawLine(box.bottomLeft() + QPointF(inset, -TINY), box.bottomRight() - QPointF(MEDIUM, TINY))
        painter.end()

    def _line_height(self) -> float:
        return QFontMetricsF(self.font()).lineSpacing() * 1.6
