"""What a workbook would do, row by row, before anything is written: counts, rows, remarks, and the rows left out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from desktop.rules.codelists import CodeList
from desktop.services.imports import ImportPreview, PlannedRow
from ui.languages import current, plain, plural, words
from ui.models.import_rows import IMPORT_COLUMNS, counts, import_row, remarks
from ui.theme import LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.clipboard import Paper
from ui.widgets.row_list import RowList

_DETAIL_LINES = 4
_COUNTY_PX = 320


class ImportPreviewSheet(QWidget):
    """The rows of one preview. `take_wanted` is the wish to take in what is not left out."""

    take_wanted = Signal()

    def __init__(self, counties: CodeList, *, may_take: bool) -> None:
        """Show no row yet; who may not take rows in reads only."""
        super().__init__()
        self._counties, self._may_take = counties, may_take
        self._preview: ImportPreview | None = None
        self._rows: dict[str, PlannedRow] = {}
        self._left_out: set[int] = set()
        self._counts, self._whole = Words("", "strong", wraps=True), Words("", "help", wraps=True)
        self._counts.setObjectName("importWorkbook.counts")
        self._whole.setObjectName("importWorkbook.whole_file")
        self.list = RowList("importWorkbook.rows", IMPORT_COLUMNS, "IMPORT_LIST")
        self._details = Paper()
        self._details.setObjectName("importWorkbook.remarks")
        self._details.setReadOnly(True)
        self._details.setTabChangesFocus(True)
        self._details.setFixedHeight(_DETAIL_LINES * self.fontMetrics().lineSpacing() + LARGE + SMALL)
        self._county = _StillChoice()
        self._county.setObjectName("importWorkbook.county")
        self._leave = ActionButton(
            "importWorkbook.leave_out", "IMPORT_LEAVE_OUT", sign="circle-dashed", help_code="IMPORT_LEAVE_OUT_HELP"
        )
        self._take = _TakeButton()
        self._lay_out()
        self._leave.setVisible(may_take)
        self._take.setVisible(may_take)
        self._say()
        space = QShortcut(QKeySequence(Qt.Key.Key_Space), self.list)
        space.setContext(Qt.ShortcutContext.WidgetShortcut)
        space.activated.connect(self._on_leave)
        self.list.selectionModel().currentRowChanged.connect(lambda *_: self._show_current())
        self._leave.clicked.connect(self._on_leave)
        self._take.clicked.connect(self.take_wanted)

    def show_preview(self, preview: ImportPreview, county: str) -> None:
        """Show a preview; rows left out of the same file before stay so."""
        if self._preview is None or self._preview.file_sha256 != preview.file_sha256:
            self._left_out.clear()
        self._preview = preview
        self._rows = {str(row.reading.row): row for row in preview.rows}
        self._left_out &= {row.reading.row for row in preview.rows if row.takes_in}
        self._show_counties(county)
        self._say()

    def left_out(self) -> frozenset[int]:
        """Return the numbers of the rows not to be taken in."""
        return frozenset(self._left_out)

    def county(self) -> str:
        """Return the code of the county that new cases get."""
        return str(self._county.currentData())

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
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(TINY)
        left.addWidget(details)
        left.addWidget(self._details)
        self._county.setFixedSize(_COUNTY_PX, self._leave.sizeHint().height())
        county_help = Words("IMPORT_COUNTY_HELP", "help", wraps=True)
        county_help.setFixedWidth(_COUNTY_PX)
        right.addWidget(county)
        right.addWidget(self._county)
        right.addWidget(county_help)
        right.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(LARGE)
        below.addLayout(left, 1)
        below.addLayout(right)
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
        whole.addWidget(self._counts)
        whole.addWidget(self._whole)
        whole.addWidget(card, 1)
        whole.addLayout(below)
        whole.addLayout(foot)
        for first, second in zip(
            (self.list, self._details, self._county, self._leave),
            (self._details, self._county, self._leave, self._take),
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
        self._show_rows()

    def _show_rows(self) -> None:
        bar = self.list.verticalScrollBar()
        place = bar.value()
        self.list.show_rows(
            [import_row(row, left_out=row.reading.row in self._left_out) for row in self._rows.values()]
        )
        bar.setValue(place)
        if self._preview is not None:
            self._counts.put(counts(self._preview, self._left_out))
        self._take.show_count(
            sum(row.takes_in and row.reading.row not in self._left_out for row in self._rows.values())
        )
        self._show_current()

    def _show_current(self) -> None:
        row = self._rows.get(self.list.current_id())
        said = remarks(row) if row is not None else ()
        self._details.setPlainText("\n".join(said) if said else words("IMPORT_NO_REMARKS") if row else "")
        self._leave.setEnabled(row is not None and row.takes_in)
        if row is not None and row.reading.row in self._left_out:
            self._leave.turn_into("IMPORT_PUT_BACK", "undo-2")
        else:
            self._leave.turn_into("IMPORT_LEAVE_OUT", "circle-dashed")

    def _on_leave(self) -> None:
        row = self._rows.get(self.list.current_id())
        if self._may_take and row is not None and row.takes_in:
            self._left_out ^= {row.reading.row}
            self._show_rows()


class _StillChoice(QComboBox):
    """A choice that the wheel does not change: scrolling past a field must not alter it (field report N03)."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class _TakeButton(ActionButton):
    """The main button says how many rows it takes in."""

    def __init__(self) -> None:
        super().__init__("importWorkbook.take", "IMPORT_TAKE", role="main", sign="download", colour="on_accent")
        self._rows = 0

    def show_count(self, rows: int) -> None:
        self._rows = rows
        self.setEnabled(rows > 0)
        self._count()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._count()

    def _count(self) -> None:
        said = plural("IMPORT_TAKE", self._rows) if self._rows else words("IMPORT_TAKE")
        self.setText(said)
        self.setAccessibleName(said.replace("&", ""))
