"""The pages of a PDF from memory: as wide as there is room, larger and smaller by keys."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtWidgets import QFrame, QVBoxLayout

from ui.languages import plain, words
from ui.veil import personal

_STEP = 1.2
_SMALLEST, _LARGEST = 0.3, 4.0


class LetterPages(QFrame):
    """Shows a PDF that never was a file."""

    def __init__(self, name: str, label_code: str, help_code: str) -> None:
        """Show nothing yet. The view inside is `name`; the codes are what a screen reader says of it."""
        super().__init__()
        self.setProperty("role", "well")
        self._label_code, self._help_code = label_code, help_code
        self.view = _PagesView(self)
        self.view.setObjectName(name)
        personal(self.view)
        # NOTE: after the view and beside it. A document inside its view outlives half of it and ends the program.
        self._shown = QPdfDocument(self)
        self._bytes = QBuffer(self._shown)
        self.view.setDocument(self._shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self.view)
        self._name()

    def show_pdf(self, pdf: bytes) -> None:
        """Show a PDF in the place of the one before; empty bytes show an empty sheet."""
        self._shown.close()
        self._bytes.close()
        self._bytes.setData(QByteArray(pdf))
        if pdf:
            self._bytes.open(QIODevice.OpenModeFlag.ReadOnly)
            self._shown.load(self._bytes)

    def text(self) -> str:
        """Return the words of the first page, or none."""
        return self._shown.getAllText(0).text() if self._shown.pageCount() else ""

    def changeEvent(self, event: QEvent) -> None:
        """Say the name in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._name()

    def _name(self) -> None:
        self.view.setAccessibleName(plain(self._label_code))
        self.view.setAccessibleDescription(words(self._help_code))


class _PagesView(QPdfView):
    """Qt's view with keys: Ctrl with plus or minus, and Ctrl+0 for as wide as there is room."""

    def __init__(self, parent: QFrame) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setPageMode(QPdfView.PageMode.MultiPage)
        self.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom, or leave the key to the view."""
        key = event.key() if event.modifiers() & Qt.KeyboardModifier.ControlModifier else None
        if key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            self._zoom(_STEP)
        elif key == Qt.Key.Key_Minus:
            self._zoom(1 / _STEP)
        elif key == Qt.Key.Key_0:
            self.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        else:
            super().keyPressEvent(event)

    def _zoom(self, times: float) -> None:
        factor = min(_LARGEST, max(_SMALLEST, self._scale() * times))
        self.setZoomMode(QPdfView.ZoomMode.Custom)
        self.setZoomFactor(factor)

    def _scale(self) -> float:
        """Return how large the page is shown: 1 is its size on paper."""
        document = self.document()
        if self.zoomMode() is QPdfView.ZoomMode.Custom or not document.pageCount():
            return self.zoomFactor()
        margins = self.documentMargins()
        room = self.viewport().width() - margins.left() - margins.right()
        return room / (document.pagePointSize(0).width() * self.logicalDpiX() / 72)
