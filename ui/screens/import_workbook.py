"""Taking in a workbook or list: read it, say what its columns are where nobody knows, look at each row, take in."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from desktop.errors import DeskError, Stopped
from desktop.rules.records import Outcome, Topic
from desktop.services.lists import MappingSummary
from ui.languages import plural, words
from ui.screens import import_work as work
from ui.screens.import_columns import ImportColumns
from ui.screens.import_kept import KeptColumns
from ui.screens.import_preview import ImportPreviewSheet
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.empty_state import EmptyState
from ui.widgets.file_line import FileLine
from ui.widgets.progress_strip import ProgressStrip

_EMPTY, _NO_ROWS, _PREVIEW, _COLUMNS = range(4)  # in the stack


class ImportWorkbook(Screen):
    """The file above, what it would do below. Nothing is written before the main button is pressed."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show no preview yet."""
        super().__init__(seat, place)
        self._list: work.ListFile | None = None
        self._read_rows: work.Previewed | None = None
        self._working = self._looking = False
        self._title = Words("IMPORT_TITLE", "title")
        self._read = ActionButton("importWorkbook.read", "IMPORT_READ", sign="table-2", help_code="IMPORT_READ_HELP")
        self._file = FileLine(
            *("importWorkbook.file", ("IMPORT_FILE", "IMPORT_FILE_HELP", "IMPORT_BROWSE")),
            endings=("xlsx", "csv"),
            lines=2,
            beside=(self._read,),
        )
        self._strip = ProgressStrip("importWorkbook.progress", "IMPORT_STOP_HELP", seat.jobs)
        catalogue, may_take = seat.desk.vault.catalogue, seat.may("import.apply")
        self._sheet = ImportPreviewSheet(catalogue.lists["counties"], may_take=may_take)
        self._columns = ImportColumns(catalogue, may_keep=may_take)
        self._kept, self._stack = KeptColumns(), QStackedWidget()
        self._lay_out()
        self._show_state()
        self._file.edited.connect(self._show_state)
        self._file.entered.connect(self._on_read)
        self._read.clicked.connect(self._on_read)
        self._sheet.take_wanted.connect(self._on_take)
        self._sheet.columns_wanted.connect(self._open_columns)
        self._columns.wanted.connect(self._on_columns)
        self._columns.look_wanted.connect(self._on_look)
        self._columns.file_wanted.connect(self._open_file)
        self._columns.help_wanted.connect(self.help_wanted)
        self._kept.forget_wanted.connect(self._on_forget)

    def begin(self) -> None:
        """Begin in the line for the file."""
        self._file.setFocus(Qt.FocusReason.OtherFocusReason)
        self.on_changed(frozenset({Topic.IMPORTS}))

    def on_changed(self, topics: frozenset[Topic]) -> None:
        """Show which columns are remembered now."""
        if Topic.IMPORTS in topics and self.seat.may("import.apply"):
            self.run(self.seat.desk.lists.mappings, self._kept.show_kept)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(HUGE)
        head.addWidget(self._title)
        head.addWidget(self._strip, 1)
        empty = QWidget()
        beside = QHBoxLayout(empty)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(LARGE)
        beside.addWidget(_card("importWorkbook.empty", "IMPORT_EMPTY_TITLE", "IMPORT_EMPTY_TEXT"), 3)
        beside.addWidget(self._kept, 2)
        no_rows = _card("importWorkbook.no_rows", "IMPORT_NO_ROWS_TITLE", "IMPORT_NO_ROWS_TEXT")
        for page in (empty, no_rows, self._sheet, self._columns):
            self._stack.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        whole.setSpacing(SMALL)
        whole.addLayout(head)
        whole.addWidget(self._file)
        whole.addWidget(self._stack, 1)

    def _show(self, page: int) -> None:
        self._stack.setCurrentIndex(page)
        self._file.setVisible(page != _COLUMNS)
        self._title.show_code("COLUMNS_TITLE" if page == _COLUMNS else "IMPORT_TITLE")

    def _show_state(self) -> None:
        self._file.setEnabled(not self._working)
        self._read.setEnabled(not self._working and bool(self._file.path()))
        for part in (self._sheet, self._columns, self._kept):
            part.setEnabled(not self._working)

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
        path, desk = self._file.path(), self.seat.desk
        report = self._strip.start("IMPORT_READING").report
        self._begin_work()
        self.run(lambda: work.look(desk, path, report), self._on_looked, self._on_not_read)

    def _on_looked(self, answer: tuple[work.ListFile, work.Previewed | None]) -> None:
        self._end_work()
        self._list, read = answer
        self._read.turn_into("IMPORT_READ_AGAIN", "table-2")
        if read is None:
            self._open_columns()
        else:
            self._show_rows(read)

    def _show_rows(self, read: work.Previewed) -> None:
        self._read_rows = read
        self._sheet.show_preview(read, [sheet.name for sheet in self._list.found.sheets] if self._list else [])
        self._show(_PREVIEW if read.preview.rows or read.read_as is not None else _NO_ROWS)
        if read.preview.rows:
            self._sheet.list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._file.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_file(self) -> None:
        self._show(_PREVIEW if self._read_rows else _EMPTY)
        self._file.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_columns(self) -> None:
        if self._list is not None:
            self._columns.show_file(self._list)
            self._show(_COLUMNS)
            self._columns.begin()

    def _on_look(self, sheet: int | None, rows: tuple[int, ...]) -> None:
        """Show the columns of another sheet, or of headings elsewhere."""
        if self._list is None or self._looking:
            return
        data, desk, self._looking = self._list.data, self.seat.desk, True
        self.run(lambda: work.look_again(desk, data, sheet, rows), self._on_look_done, self._on_no_look)

    def _on_look_done(self, file: work.ListFile) -> None:
        self._looking = False
        if file.found.mapping is None:
            self._columns.no_headings()
        else:
            self._list = file
            self._columns.show_file(file)

    def _on_no_look(self, error: DeskError) -> None:
        self._looking = False
        self.fail(error)

    def _on_columns(self, wanted: work.Wanted) -> None:
        if self._list is None or self._working or self._looking:
            return
        data, desk = self._list.data, self.seat.desk
        report = self._strip.start("IMPORT_READING").report
        self._begin_work()
        self.run(lambda: work.read_columns(desk, data, wanted, report), self._on_columns_read, self._on_columns_failed)

    def _on_columns_read(self, answer: tuple[work.Previewed, Outcome | None]) -> None:
        self._end_work()
        self._show_rows(answer[0])
        if answer[1] is not None:
            self.told.emit(Telling(lambda: words("COLUMNS_NOW_KEPT")))

    def _on_columns_failed(self, error: DeskError) -> None:
        self._end_work()
        self._columns.begin()
        self._tell(error)

    def _on_not_read(self, error: DeskError) -> None:
        self._end_work()
        if isinstance(error, Stopped):
            self._file.setFocus(Qt.FocusReason.OtherFocusReason)
            self._tell(error)
        else:
            self._file.refuse(error)

    def _tell(self, error: DeskError) -> None:
        if isinstance(error, Stopped):
            self.told.emit(Telling(lambda: words("IMPORT_STOPPED")))
        else:
            self.fail(error)

    def _on_forget(self, kept: MappingSummary) -> None:
        lists, mapping = self.seat.desk.lists, kept.mapping

        def keep_again() -> None:
            self.run(lambda: lists.keep_mapping(mapping.name, mapping), lambda _: None)

        def forgotten(_: Outcome) -> None:
            said = partial(words, "COLUMNS_FORGOTTEN", name=mapping.name)
            self.told.emit(Telling(said, "COLUMNS_KEEP_AGAIN", keep_again))

        self.run(lambda: lists.forget_mapping(kept.id or ""), forgotten)

    def _on_take(self) -> None:
        read, imports = self._read_rows, self.seat.desk.imports
        if self._working or read is None:
            return
        preview, county, left_out = read.preview, self._sheet.county(), self._sheet.left_out()
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
        self._tell(error)


def _card(name: str, title_code: str, text_code: str) -> QWidget:
    card = frame("sheet")
    inside = QVBoxLayout(card)
    inside.setContentsMargins(1, TINY, 1, TINY)
    inside.addWidget(EmptyState(name, "table-2", title_code, text_code))
    return card
