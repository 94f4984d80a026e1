"""Taking in an HTCDS workbook: read it, look at what each row would do, leave rows out, take the others in."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout

from desktop.commands.workbook import MAX_WORKBOOK_BYTES
from desktop.errors import DeskError, Stopped
from desktop.files import read_file
from desktop.rules.records import Outcome
from desktop.services.imports import ImportPreview
from ui.languages import plural, words
from ui.screens.import_preview import ImportPreviewSheet
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.empty_state import EmptyState
from ui.widgets.file_line import FileLine
from ui.widgets.progress_strip import ProgressStrip

_NO_ROWS, _PREVIEW = 1, 2  # in the stack; first stands that nothing was read yet


class ImportWorkbook(Screen):
    """The file above, what it would do below. Nothing is written before the main button is pressed."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show no preview yet."""
        super().__init__(seat, place)
        self._preview: ImportPreview | None = None
        self._working = False
        self._read = ActionButton("importWorkbook.read", "IMPORT_READ", sign="table-2", help_code="IMPORT_READ_HELP")
        self._file = FileLine(
            "importWorkbook.file",
            ("IMPORT_FILE", "IMPORT_FILE_HELP", "IMPORT_BROWSE"),
            ending="xlsx",
            lines=2,
            beside=(self._read,),
        )
        self._strip = ProgressStrip("importWorkbook.progress", "IMPORT_STOP_HELP", seat.jobs)
        self._sheet = ImportPreviewSheet(seat.desk.vault.catalogue.lists["counties"], may_take=seat.may("import.apply"))
        self._stack = QStackedWidget()
        self._lay_out()
        self._show_state()
        self._file.edited.connect(self._show_state)
        self._file.entered.connect(self._on_read)
        self._read.clicked.connect(self._on_read)
        self._sheet.take_wanted.connect(self._on_take)

    def begin(self) -> None:
        """Begin in the line for the file."""
        self._file.setFocus(Qt.FocusReason.OtherFocusReason)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(HUGE)
        head.addWidget(Words("IMPORT_TITLE", "title"))
        head.addWidget(self._strip, 1)
        for part in (
            EmptyState("importWorkbook.empty", "table-2", "IMPORT_EMPTY_TITLE", "IMPORT_EMPTY_TEXT"),
            EmptyState("importWorkbook.no_rows", "table-2", "IMPORT_NO_ROWS_TITLE", "IMPORT_NO_ROWS_TEXT"),
        ):
            card = frame("sheet")
            inside = QVBoxLayout(card)
            inside.setContentsMargins(1, TINY, 1, TINY)
            inside.addWidget(part)
            self._stack.addWidget(card)
        self._stack.addWidget(self._sheet)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        whole.setSpacing(SMALL)
        whole.addLayout(head)
        whole.addWidget(self._file)
        whole.addWidget(self._stack, 1)

    def _show_state(self) -> None:
        self._file.setEnabled(not self._working)
        self._read.setEnabled(not self._working and bool(self._file.path()))
        self._sheet.setEnabled(not self._working)

    def _begin_work(self) -> None:
        self._working = True
        self._show_state()
        self._strip.stop.setFocus(Qt.FocusReason.OtherFocusReason)

    def _end_work(self) -> None:
        self._working = False
        self._strip.end()
        self._show_state()

    def _on_read(self) -> None:
        if self._working or not self._file.path():
            return
        path, imports = self._file.path(), self.seat.desk.imports
        report = self._strip.start("IMPORT_READING").report
        self._begin_work()
        self.run(
            lambda: (imports.preview(read_file(path, MAX_WORKBOOK_BYTES), report=report), imports.county()),
            self._on_previewed,
            self._on_not_read,
        )

    def _on_previewed(self, found: tuple[ImportPreview, str]) -> None:
        self._end_work()
        self._preview, county = found
        self._read.turn_into("IMPORT_READ_AGAIN", "table-2")
        self._sheet.show_preview(self._preview, county)
        self._stack.setCurrentIndex(_PREVIEW if self._preview.rows else _NO_ROWS)
        if self._preview.rows:
            self._sheet.list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._file.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_not_read(self, error: DeskError) -> None:
        self._end_work()
        if isinstance(error, Stopped):
            self._file.setFocus(Qt.FocusReason.OtherFocusReason)
            self.told.emit(Telling(lambda: words("IMPORT_STOPPED")))
        else:
            self._file.refuse(error)

    def _on_take(self) -> None:
        preview, imports = self._preview, self.seat.desk.imports
        if self._working or preview is None:
            return
        county, left_out = self._sheet.county(), self._sheet.left_out()
        report = self._strip.start("IMPORT_TAKING").report
        self._begin_work()
        self.run(
            lambda: imports.apply(preview, county=county, leave_out=left_out, report=report),
            self._on_taken,
            self._on_not_taken,
        )

    def _on_taken(self, outcome: Outcome) -> None:
        self._end_work()
        rows = len(outcome.record_ids)
        self.told.emit(Telling(lambda: plural("IMPORT_TAKEN", rows)))
        self.place_wanted.emit(Place("cases"))

    def _on_not_taken(self, error: DeskError) -> None:
        self._end_work()
        if error.code == "IMPORT_PREVIEW_OLD":
            self._file.refuse(error)
            self._read.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._sheet.list.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(error, Stopped):
            self.told.emit(Telling(lambda: words("IMPORT_STOPPED")))
        else:
            self.fail(error)
