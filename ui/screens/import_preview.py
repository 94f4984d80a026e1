"""What a workbook would do, row by row, before anything is written: counts, rows, remarks, and the rows left out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.rules.codelists import CodeList
from desktop.services.imports import ImportPreview, PlannedRow
from ui.languages import current, plain, words
from ui.models.import_rows import (
    IMPORT_COLUMNS,
    SHEET,
    WHOLE_FILE,
    counts,
    import_row,
    in_words,
    remarks,
    whole_file_row,
)
from ui.screens.import_take import StillChoice, TakeButton
from ui.screens.import_work import Previewed
from ui.theme import LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.clipboard import Paper
from ui.widgets.row_list import RowList

_DETAIL_LINES, _LOW_PX = 4, 400
_COUNTY_PX = 320


class ImportPreviewSheet(QWidget):
    """The rows of one preview. `take_wanted` is the wish to take in what is not left out."""

    take_wanted = Signal()
    columns_wanted = Signal()  # the wish to change how the columns are read

    def __init__(self, counties: CodeList, *, may_take: bool) -> None:
        """Show no row yet; who may not take rows in reads only."""
        super().__init__()
        self._counties, self._may_take = counties, may_take
        self._preview: ImportPreview | None = None
        self._read_as: str | None = None
        self._sheets: Sequence[str] = ()
        self._rows: dict[str, PlannedRow] = {}
        self._left_out: set[str] = set()
        self._counts, self._whole = Words("", "strong", wraps=True), Words("", "help", wraps=True)
        self._counts.setObjectName("importWorkbook.counts")
        self._whole.setObjectName("importWorkbook.whole_file")
        self._read_by = Words("", "muted", wraps=True)
        self._read_by.setObjectName("importWorkbook.read_by")
        self._read_by.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._change = ActionButton(
            *("importWorkbook.change_columns", "COLUMNS_CHANGE"), role="quiet", help_code="COLUMNS_CHANGE_HELP"
        )
        self.list = RowList("importWorkbook.rows", IMPORT_COLUMNS, "IMPORT_LIST")
        self._details = Paper()
        self._details.setObjectName("importWorkbook.remarks")
        self._details.setReadOnly(True)
        self._details.setTabChangesFocus(True)
        self._county = StillChoice()
        self._county.setObjectName("importWorkbook.county")
        self._leave = ActionButton(
            "importWorkbook.leave_out", "IMPORT_LEAVE_OUT", sign="circle-dashed", help_code="IMPORT_LEAVE_OUT_HELP"
        )
        self._take = TakeButton()
        self._lay_out()
        self._leave.setVisible(may_take)
        self._take.setVisible(may_take)
        self._say()
        space = QShortcut(QKeySequence(Qt.Key.Key_Space), self.list)
        space.setContext(Qt.ShortcutContext.WidgetShortcut)
        space.activated.connect(self._on_leave)
        self.list.selectionModel().currentRowChanged.connect(lambda *_: self._show_current())
        self._change.clicked.connect(self.columns_wanted)
        self._leave.clicked.connect(self._on_leave)
        self._take.clicked.connect(self.take_wanted)

    def show_preview(self, read: Previewed, sheets: Sequence[str]) -> None:
        """Show a preview of a file with these sheets; rows left out of the same file before stay so."""
        preview = read.preview
        if self._preview is None or self._preview.file_sha256 != preview.file_sha256:
            self._left_out.clear()
        self._preview, self._read_as, self._sheets = preview, read.read_as, sheets
        self._rows = {row.key: row for row in preview.rows}
        self._left_out &= {row.key for row in preview.rows if row.takes_in}
        self.list.show_column(SHEET, len({row.reading.sheet for row in preview.rows}) > 1)
        self._where.setVisible("COUNTY_MISSING" in preview.sheet.asks_once)
        self._show_counties(read.county)
        self._say()

    def left_out(self) -> frozenset[str]:
        """Return the keys of the rows not to be taken in."""
        return frozenset(self._left_out)

    def county(self) -> str:
        """Return the code of the county that new cases get whose file has no column for it."""
        return str(self._county.currentData())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the remarks fewer lines in a low window: they scroll, and the rows are worth more."""
        super().resizeEvent(event)
        lines = _DETAIL_LINES if self.height() >= _LOW_PX else 1
        self._details.setFixedHeight(lines * self.fontMetrics().lineSpacing() + LARGE + SMALL)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show_counties(self.county())
            self._say()

    def _lay_out(self) -> None:
        card = frame("sheet")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self.list)
        details, county = Words("IMPORT_DETAILS", "strong"), Words("IMPORT_COUNTY_CHOICE", "strong")
        details.setBuddy(self._details)
        county.setBuddy(self._county)
        left = QVBoxLayout()
        left.setSpacing(TINY)
        left.addWidget(details)
        left.addWidget(self._details)
        left.addStretch(1)
        self._county.setFixedSize(_COUNTY_PX, self._leave.sizeHint().height())
        county_help = Words("IMPORT_COUNTY_HELP", "help", wraps=True)
        county_help.setFixedWidth(_COUNTY_PX)
        self._where = QWidget()
        right = QVBoxLayout(self._where)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(TINY)
        right.addWidget(county)
        right.addWidget(self._county)
        right.addWidget(county_help)
        right.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(LARGE)
        below.addLayout(left, 1)
        below.addWidget(self._where)
        foot = QHBoxLayout()
        foot.setSpacing(MEDIUM)
        foot.addWidget(self._leave)
        foot.addStretch(1)
        if not self._may_take:
            only = Words("IMPORT_ONLY_OFFICERS", "muted")
            only.setObjectName("importWorkbook.only_officers")
            foot.addWidget(only)
        foot.addWidget(self._take)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(SMALL)
        head = QHBoxLayout()
        head.setSpacing(MEDIUM)
        head.addWidget(self._counts, 3)
        head.addWidget(self._read_by, 2)
        head.addWidget(self._change)
        whole.addLayout(head)
        whole.addWidget(self._whole)
        whole.addWidget(card, 1)
        whole.addLayout(below)
        whole.addLayout(foot)
        for first, second in zip(
            (self._change, self.list, self._details, self._county, self._leave),
            (self.list, self._details, self._county, self._leave, self._take),
            strict=True,
        ):
            self.setTabOrder(first, second)

    def _show_counties(self, county: str) -> None:
        self._county.clear()
        for code in self._counties.codes:
            self._county.addItem(f"{code.code} {code.labels[current()]}", code.code)
        self._county.setCurrentIndex(self._county.findData(county))

    def _say(self) -> None:
        self._details.setAccessibleName(plain("IMPORT_DETAILS"))
        self._details.setAccessibleDescription(words("IMPORT_DETAILS_HELP"))
        self._county.setAccessibleName(plain("IMPORT_COUNTY_CHOICE"))
        self._county.setAccessibleDescription(words("IMPORT_COUNTY_HELP"))
        asked = self._preview.sheet.asks_once if self._preview else ()
        self._whole.put(" ".join(words(code) for code in asked if code != "COUNTY_MISSING"))
        self._whole.setVisible(bool(self._whole.text()))
        self._read_by.put(
            words("COLUMNS_READ_BY", name=self._read_as) if self._read_as else words("COLUMNS_READ_BY_CHOICE")
        )
        for part in (self._read_by, self._change):
            part.setVisible(self._read_as is not None)
        self._show_rows()

    def _show_rows(self) -> None:
        bar = self.list.verticalScrollBar()
        place = bar.value()
        above = [whole_file_row(self._preview)] if self._preview and self._preview.sheet.remarks else []
        self.list.show_rows(
            [
                *above,
                *(
                    import_row(row, left_out=key in self._left_out, sheet=self._sheet_of(row))
                    for key, row in self._rows.items()
                ),
            ]
        )
        bar.setValue(place)
        if self._preview is not None:
            self._counts.put(counts(self._preview, self._left_out))
        self._take.show_count(sum(row.takes_in and key not in self._left_out for key, row in self._rows.items()))
        self._show_current()

    def _sheet_of(self, row: PlannedRow) -> str:
        return self._sheets[row.reading.sheet - 1] if 0 < row.reading.sheet <= len(self._sheets) else ""

    def _show_current(self) -> None:
        row = self._rows.get(self.list.current_id())
        said = remarks(row) if row is not None else ()
        if self._preview is not None and self.list.current_id() == WHOLE_FILE:
            said = in_words(self._preview.sheet.remarks)
        self._details.setPlainText("\n".join(said) if said else words("IMPORT_NO_REMARKS") if row else "")
        self._leave.setEnabled(row is not None and row.takes_in)
        if row is not None and row.key in self._left_out:
            self._leave.turn_into("IMPORT_PUT_BACK", "undo-2")
        else:
            self._leave.turn_into("IMPORT_LEAVE_OUT", "circle-dashed")

    def _on_leave(self) -> None:
        row = self._rows.get(self.list.current_id())
        if self._may_take and row is not None and row.takes_in:
            self._left_out ^= {row.key}
            self._show_rows()
