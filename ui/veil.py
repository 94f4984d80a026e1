"""The veil: while somebody stands where they see the screen, what is personal on it is covered and the work goes on.

A courtesy against eyes, not against hands: what is covered is still in the program, and one key shows it again.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QApplication, QGraphicsEffect, QWidget

from desktop.rules.forms import Field, Sensitivity
from ui.theme import TINY, tokens

KEY = "F9"
_PROPERTY = "personal"
_RING_PX = 2
_COVERED = frozenset({Sensitivity.S3, Sensitivity.S4})  # what may harm the person where others read it


class Veil(QObject):
    """Whether the veil is drawn, one for the whole program. A new process begins without it."""

    changed = Signal(bool)

    def __init__(self) -> None:
        """Show everything."""
        super().__init__()
        self.drawn = False

    def toggle(self) -> None:
        """Cover what is personal in every window, or show it again."""
        self.drawn = not self.drawn
        for widget in QApplication.allWidgets():
            if widget.property(_PROPERTY):
                _cover(widget, covered=self.drawn)
        self.changed.emit(self.drawn)


@cache
def veil() -> Veil:
    """Return the veil of this program."""
    return Veil()


def personal(widget: QWidget) -> None:
    """Say that a widget shows what the veil covers."""
    widget.setProperty(_PROPERTY, True)
    _cover(widget, covered=veil().drawn)


def is_personal(item: Field) -> bool:
    """Say whether the answers to a question are covered."""
    return item.sensitivity in _COVERED


def paint_cover(painter: QPainter, box: QRectF, *, focused: bool = False) -> None:
    """Paint what stands in the place of words: as long whatever the words are, so that it tells nothing of them."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens().accent), _RING_PX) if focused else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens().line))
    painter.drawRoundedRect(box.adjusted(1, TINY, -1, -TINY), TINY, TINY)
    painter.restore()


def _cover(widget: QWidget, *, covered: bool) -> None:
    widget.setGraphicsEffect(_Cover(widget) if covered else None)  # type: ignore[arg-type]  # None takes it away


class _Cover(QGraphicsEffect):
    """Paints the cover in the place of a widget and everything in it."""

    def draw(self, painter: QPainter) -> None:
        """Paint the cover, with the ring of the focus where one types."""
        here, covered = QApplication.focusWidget(), self.parent()
        focused = isinstance(covered, QWidget) and here is not None and (covered is here or covered.isAncestorOf(here))
        paint_cover(painter, self.boundingRect(), focused=focused)
