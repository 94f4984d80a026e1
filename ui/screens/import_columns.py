"""The step between a foreign list and its preview: what each column is read as, where its headings stand, which sheets.

A suggestion is filled in; a person looks at every column. What was chosen stays for as long as the screen does.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop.catalogue import Catalogue
from ui.languages import plain, words
from ui.models.import_columns import LONGEST_NAME, columns_to_read, mapping_document, taken_twice, target_list
from ui.screens.import_sheets import ImportSheets, labelled, take_away
from ui.screens.import_work import ListFile, Wanted
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.clipboard import Line
from ui.widgets.column_row import LINES, ColumnRow, head_grid

_LEAST_NAME_PX, _NAME_PX = 120, 260


class ImportColumns(QWidget):
    """`wanted` is the wish to read the list so; `look_wanted` to look at another sheet, or for headings elsewhere."""

    wanted = Signal(object)  # Wanted
    look_wanted = Signal(object, object)  # the place of a sheet or None, the rows of the headings
    file_wanted = Signal()
    help_wanted = Signal(object)  # Callable[[], tuple[str, str]]

    def __init__(self, catalogue: Catalogue, *, may_keep: bool) -> None:
        """Show no column yet; who may not take rows in has no choice remembered."""
        super().__init__()
        self._catalogue, self._may_keep = catalogue, may_keep
        self._file: ListFile | None = None
        self._rows: list[ColumnRow] = []
        self._chosen: dict[tuple[str, str], str] = {}
        self._sheets, self._name = ImportSheets(), Line()
        self._name.setObjectName("importWorkbook.columns_name")
        self._name.setMaxLength(LONGEST_NAME)
        self._other = ActionButton("importWorkbook.other_file", "COLUMNS_OTHER_FILE", sign="arrow-left")
        self._go = ActionButton(
            *("importWorkbook.show_rows", "COLUMNS_SHOW_ROWS"),
            role="main",
            sign="table-2",
            colour="on_accent",
            help_code="IMPORT_READ_HELP",
        )
        self._scroll, self._below = QScrollArea(), QVBoxLayout()
        self._lay_out()
        self._say()
        self._sheets.look_wanted.connect(self.look_wanted)
        self._sheets.done.connect(self.begin)
        self._name.returnPressed.connect(self._go.click)
        self._other.clicked.connect(self.file_wanted)
        self._go.clicked.connect(self._on_go)

    def show_file(self, file: ListFile) -> None:
        """Show the columns of a file, with what was chosen before for columns of these headings."""
        before, self._file = self._file, file
        if before is None or before.data != file.data:
            self._name.setText(file.found.mapping.name if file.kept and file.found.mapping else "")
        if before is not file:
            self._sheets.show_found(file.found)
            self._show_columns(file)

    def no_headings(self) -> None:
        """Say that no headings stand where they were looked for; the columns shown stay."""
        self._sheets.no_headings()

    def begin(self) -> None:
        """Begin in the first column."""
        self._go_to(0)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
            for row in self._rows:
                row.say_again()

    def _lay_out(self) -> None:
        page = QWidget()
        page.setProperty("role", "raised")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(page)
        column.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        column.setSpacing(SMALL)
        column.addWidget(Words("COLUMNS_TEXT", "muted", wraps=True))
        column.addWidget(self._sheets)
        column.addLayout(self._below)
        column.addStretch(1)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(page)
        card = frame("sheet")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self._scroll)
        foot = QHBoxLayout()
        foot.setSpacing(MEDIUM)
        foot.addWidget(self._other)
        foot.addSpacing(LARGE)
        label = labelled("COLUMNS_NAME", self._name, wraps=True)
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(label, 1)
        if not self._may_keep:
            label.hide()
        else:
            self._name.setMinimumWidth(_LEAST_NAME_PX)
            self._name.setMaximumWidth(_NAME_PX)
            foot.addWidget(self._name, 1)
        foot.addWidget(self._go)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(MEDIUM)
        whole.addWidget(card, 1)
        whole.addLayout(foot)

    def _show_columns(self, file: ListFile) -> None:
        targets = target_list(file.found.targets, self._catalogue.lists)
        columns = columns_to_read(file.found, self._chosen)
        here = next((at for at, row in enumerate(self._rows) if row.line.hasFocus()), None)
        take_away(self._below)
        self._rows = [ColumnRow(item, targets, f"importWorkbook.column.{item.column.lower()}") for item in columns]
        held = QWidget()
        grid = head_grid(held)
        for at, row in enumerate(self._rows, start=1):
            row.setParent(held)
            row.place_in(grid, at * LINES)
            row.edited.connect(partial(self._on_edited, row))
            row.editor.next_wanted.connect(partial(self._go_to, at))
            row.editor.done.connect(self._on_go)
            row.editor.help_wanted.connect(lambda: self.help_wanted.emit(_help))
        self._below.addWidget(held)
        self._order_tabs()
        self._check()
        if here is not None:
            self._go_to(min(here, len(self._rows) - 1))

    def _order_tabs(self) -> None:
        order = [*self._sheets.inputs(), *(row.line for row in self._rows), self._other]
        order += [self._name, self._go] if self._may_keep else [self._go]
        for one, then in pairwise(order):
            self.setTabOrder(one, then)

    def _say(self) -> None:
        self._name.setAccessibleName(plain("COLUMNS_NAME"))
        self._name.setAccessibleDescription(words("COLUMNS_NAME_HELP"))
        self._name.setToolTip(words("COLUMNS_NAME_HELP"))
        self._name.setPlaceholderText(words("COLUMNS_NAME_EMPTY"))

    def _go_to(self, at: int) -> None:
        """Go to a column, or behind the last to what comes after."""
        line = self._rows[at].line if at < len(self._rows) else self._name if self._may_keep else self._go
        line.setFocus(Qt.FocusReason.TabFocusReason)
        if at < len(self._rows):
            QTimer.singleShot(0, line, lambda: self._scroll.ensureWidgetVisible(line, 0, HUGE))

    def _on_edited(self, row: ColumnRow) -> None:
        if row.editor.touched and (target := row.target()):
            self._chosen[row.column.column, row.column.heading] = target
        self._check()

    def _check(self) -> None:
        twice = taken_twice({row.column.column: row.target() for row in self._rows if row.target()})
        for row in self._rows:
            row.show_other(twice.get(row.column.column, ""))

    def _on_go(self) -> None:
        for row in self._rows:
            row.editor.finish()
        self._check()
        first_row, mapping = self._sheets.first_row(), self._file.found.mapping if self._file else None
        if first_row is None or mapping is None:
            return
        unsettled = next((at for at, row in enumerate(self._rows) if not row.is_settled()), None)
        if unsettled is not None:
            self._go_to(unsettled)
            return
        columns = [replace(row.column, target=row.target()) for row in self._rows]
        name = self._name.text().strip() if self._may_keep else ""
        # A mapping has a name always; that of one which is not remembered is never seen.
        document = mapping_document(mapping, columns, first_row=first_row, name=name or words("COLUMNS_TITLE"))
        self.wanted.emit(Wanted(document, self._sheets.fitting(), name))


def _help() -> tuple[str, str]:
    return words("COLUMNS_TITLE"), words("COLUMNS_HELP")
