"""Letters to the printer: from memory, under a neutral title, never through a file of ours.

The lane only notes: first that the letter goes, which is when its bytes come out of the vault, and afterwards that it
did not arrive, if so. Between the two the PDF goes to `lp` by standard input, in a process beside the lane, so that
saves do not wait for a printer. On Windows Qt draws the pages, on the window's thread, where its painters live.

Qt's printing and PDF parts are loaded where they are used: the window's start and a lock do not wait for them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer
from shiboken6 import isValid

from desktop.errors import DeskError, Obstacle
from ui.jobs import JobRunner

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

LP_PROGRAMS: tuple[str, ...] = (
    "/usr/bin/lp",
    "/usr/local/bin/lp",
)  # never from PATH, which says what somebody else wants run

_TITLE = "Document"  # stands in the printer's queue and on its display: neither the letter nor whose program it is
_LONGEST_MS = 60_000
_LONGEST_END_MS = 500
_DPI = 300
# What `lp` may know: whose usual printer, and in which language to speak. No CUPS_*: it would name another server.
_TOLD_TO_LP = ("HOME", "USER", "LOGNAME", "LANG", "LC_ALL")


@dataclass(frozen=True)
class Order:
    """A letter to print. `hand_out` and `note_failed` are done in the lane, the other two on the window's thread.

    `hand_out` returns the PDF and has journaled that it goes; `note_failed` journals that it did not arrive.
    `done` and `failed` are left out when `owner`, the screen that asked, is gone.
    """

    owner: QObject
    copies: int
    hand_out: Callable[[], bytes]
    note_failed: Callable[[], None]
    done: Callable[[], None]
    failed: Callable[[DeskError], None]


def print_letter(jobs: JobRunner, order: Order) -> None:
    """Print a letter on the usual printer.

    `failed` hears PRINTER_NONE before anything was noted, PRINTER_FAILED, or what kept it from being handed out or
    noted.
    """
    try:
        send = _way_to_printer(order.copies)
    except Obstacle as error:
        order.failed(error)
        return
    print_ = _Print(jobs, order, send)
    _under_way.add(print_)
    jobs.run(order.hand_out, owner=print_, done=print_.send, failed=print_.end)


def stop_printing() -> None:
    """Kill what still takes a letter: it would otherwise print the half that it has once this process is gone."""
    for print_ in tuple(_under_way):
        if isValid(print_):
            print_.kill()
    _under_way.clear()


class _Print(QObject):
    """One letter on its way. It belongs to the desk, not to the screen that asked, which may be left meanwhile."""

    def __init__(self, jobs: JobRunner, order: Order, way: Callable[[_Print, bytes], None]) -> None:
        super().__init__(jobs)
        self._jobs, self._order, self._way = jobs, order, way
        self._process: QProcess | None = None

    def send(self, pdf: bytes) -> None:
        self._way(self, pdf)

    def send_to_lp(self, program: str, pdf: bytes) -> None:
        environment = QProcessEnvironment()
        for name in _TOLD_TO_LP:
            if name in os.environ:
                environment.insert(name, os.environ[name])
        process = self._process = QProcess(self)
        process.setProcessEnvironment(environment)
        process.setUnixProcessParameters(QProcess.UnixProcessFlag.CreateNewSession)  # a group of its own, to be killed
        process.setStandardOutputFile(QProcess.nullDevice())
        process.setStandardErrorFile(QProcess.nullDevice())
        process.started.connect(lambda: _write(process, pdf))
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        QTimer.singleShot(_LONGEST_MS, self, self.kill)
        process.start(program, ["-n", str(self._order.copies), "-t", _TITLE, "-"])

    def fail(self, error: DeskError) -> None:
        self._jobs.run(self._order.note_failed, owner=self, done=lambda _: self.end(error), failed=self.end)

    def end(self, error: DeskError | None = None) -> None:
        _under_way.discard(self)
        self.deleteLater()
        if not isValid(self._order.owner):
            return
        if error is None:
            self._order.done()
        else:
            self._order.failed(error)

    def kill(self) -> None:
        """Kill `lp` with all that it started, and hear of its end."""
        process = self._process
        if process is None or process.state() is QProcess.ProcessState.NotRunning:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.processId(), signal.SIGKILL)
        process.waitForFinished(_LONGEST_END_MS)

    def _on_finished(self, status: int, how: QProcess.ExitStatus) -> None:
        if how is QProcess.ExitStatus.NormalExit and status == 0:
            self.end()
        else:
            self.fail(Obstacle("PRINTER_FAILED"))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:  # after every other error it finishes
            self.fail(Obstacle("PRINTER_FAILED"))


_under_way: set[_Print] = set()


def _way_to_printer(copies: int) -> Callable[[_Print, bytes], None]:
    """Return how a letter gets to the usual printer. Raises Obstacle PRINTER_NONE."""
    if sys.platform != "win32":
        program = next((path for path in LP_PROGRAMS if os.access(path, os.X_OK)), None)
        if program is None:
            raise Obstacle("PRINTER_NONE")
        return lambda print_, pdf: print_.send_to_lp(program, pdf)
    printer = usual_printer()
    printer.setCopyCount(copies)

    def draw(print_: _Print, pdf: bytes) -> None:
        try:
            draw_pages(pdf, printer)
        except Obstacle as error:
            print_.fail(error)
        else:
            print_.end()

    return draw


def _write(process: QProcess, pdf: bytes) -> None:
    process.write(pdf)
    process.closeWriteChannel()


def usual_printer() -> QPrinter:
    """Return the printer the system prints on unless told otherwise. Raises Obstacle PRINTER_NONE."""
    from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

    info = QPrinterInfo.defaultPrinter()
    if info.isNull():
        raise Obstacle("PRINTER_NONE")
    return QPrinter(info)


def draw_pages(pdf: bytes, printer: QPrinter) -> None:
    """Draw every page of a PDF on A4, at 300 dots an inch. Raises Obstacle PRINTER_FAILED."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
    from PySide6.QtGui import QPageSize, QPainter
    from PySide6.QtPdf import QPdfDocument

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
