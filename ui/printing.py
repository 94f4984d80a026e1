"""Letters to the printer: from memory, under a neutral title, never through a file of ours.

Where there is `lp`, the PDF goes to it by standard input, from the vault lane. On Windows Qt draws the pages, and does
it on the window's thread, where its painters live.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QPageSize, QPainter
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from desktop.errors import DeskError, Obstacle

_TITLE = "Document"  # stands in the printer's queue and on its display: neither the letter nor whose program it is
_LONGEST_S = 60
_DPI = 300


class Run(Protocol):
    """How a screen does work in the vault lane: `Screen.run`."""

    def __call__(
        self,
        work: Callable[[], None],
        done: Callable[[None], None],
        failed: Callable[[DeskError], None] | None = None,
    ) -> None:
        """Do `work` and hand its answer to `done`."""
        ...


def print_pdf(
    pdf: bytes,
    copies: int,
    note: Callable[[], None],
    run: Run,
    done: Callable[[None], None],
    failed: Callable[[DeskError], None],
) -> None:
    """Print a PDF so many times on the usual printer, and `note` it in the vault lane once the printer took it.

    Both are one job where they can be: a lock in between must not leave a print that nobody noted. `failed` hears
    PRINTER_NONE or PRINTER_FAILED, or what kept it from being noted.
    """
    if sys.platform != "win32":

        def send_and_note() -> None:
            send_to_lp(pdf, copies)
            note()

        run(send_and_note, done, failed)
        return
    try:
        printer = usual_printer()
        printer.setCopyCount(copies)
        draw_pages(pdf, printer)
    except Obstacle as error:
        failed(error)
        return
    run(note, done, failed)


def send_to_lp(pdf: bytes, copies: int) -> None:
    """Hand a PDF to the print system by standard input.

    Raises:
        Obstacle: PRINTER_NONE where there is no print system, PRINTER_FAILED where it does not take the letter.
    """
    program = shutil.which("lp")
    if program is None:
        raise Obstacle("PRINTER_NONE")
    try:
        subprocess.run(  # noqa: S603  the system's own program by its absolute path, no shell, no foreign word
            [os.path.abspath(program), "-n", str(copies), "-t", _TITLE, "-"],
            input=pdf,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_LONGEST_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        raise Obstacle("PRINTER_FAILED") from None


def usual_printer() -> QPrinter:
    """Return the printer the system prints on unless told otherwise. Raises Obstacle PRINTER_NONE."""
    info = QPrinterInfo.defaultPrinter()
    if info.isNull():
        raise Obstacle("PRINTER_NONE")
    return QPrinter(info)


def draw_pages(pdf: bytes, printer: QPrinter) -> None:
    """Draw every page of a PDF on A4, at 300 dots an inch. Raises Obstacle PRINTER_FAILED."""
    printer.setDocName(_TITLE)
    printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    printer.setFullPage(True)
    printer.setResolution(_DPI)
    document = QPdfDocument()
    buffer = QBuffer(document)  # the document reads from it until its own end
    buffer.setData(QByteArray(pdf))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    document.load(buffer)
    painter = QPainter()
    try:
        if document.pageCount() == 0 or not painter.begin(printer):
            raise Obstacle("PRINTER_FAILED")
        for page in range(document.pageCount()):
            if page and not printer.newPage():
                raise Obstacle("PRINTER_FAILED")
            points = document.pagePointSize(page)
            size = QSize(round(points.width() * _DPI / 72), round(points.height() * _DPI / 72))
            picture = document.render(page, size)
            painter.drawImage(QRectF(0, 0, size.width(), size.height()), picture)
        if not painter.end():
            raise Obstacle("PRINTER_FAILED")
    finally:
        if painter.isActive():
            painter.end()
        document.close()
