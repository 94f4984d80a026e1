"""Where the headings of a foreign list stand, where its cases begin, and which of its sheets are read."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop.services.lists import ListHeadings, ListSheet
from ui.languages import number, plain, words
from ui.models.import_columns import row_numbers
from ui.theme import LARGE, SMALL
from ui.widgets.basics import Words
from ui.widgets.clipboard import Line
from ui.widgets.problem_note import ProblemNote
from ui.widgets.some_of import Part, SomeOf

_ROWS_PX = 90
_CODES = (
    ("importWorkbook.heading_rows", "COLUMNS_HEADING_ROWS", "COLUMNS_HEADING_ROWS_HELP"),
    ("importWorkbook.first_row", "COLUMNS_FIRST_ROW", "COLUMNS_FIRST_ROW_HELP"),
)


class ImportSheets(QWidget):
    """`look_wanted`: what is shown stands elsewhere. `done`: Enter in the last line."""

    look_wanted = Signal(object, object)  # the place of a sheet or None, the rows of the headings
    done = Signal()

    def __init__(self) -> None:
        """Show nothing yet."""
        super().__init__()
        self._found: ListHeadings | None = None
        self._sheets: SomeOf | None = None
        self._headings, self._first = Line(), Line()
        self._note = ProblemNote("importWorkbook.first_row.problem", self._first, "COLUMNS_FIRST_ROW_HELP", 1)
        self._above = QVBoxLayout()
        self._lay_out()
        self._say()
        self._headings.editingFinished.connect(self._headings_stand)
        self._headings.textEdited.connect(lambda _: self._note.clear())
        self._headings.returnPressed.connect(lambda: self._first.setFocus(Qt.FocusReason.TabFocusReason))
        self._first.textEdited.connect(lambda _: self._note.clear())
        self._first.returnPressed.connect(self.done)

    def show_found(self, found: ListHeadings) -> None:
        """Show where the headings of a file are taken to stand."""
        self._found = found
        if found.mapping is not None:
            self._headings.setText(", ".join(map(str, found.mapping.heading_rows)))
            self._first.setText(str(found.mapping.first_row))
        self._note.clear()
        self._show_sheets(found.sheets)

    def no_headings(self) -> None:
        """Say that no headings stand where they were looked for."""
        if self._found is not None:
            self._show_sheets(self._found.sheets)
        self._note.tell(lambda: words("COLUMNS_HEADING_ROWS_EMPTY"))

    def fitting(self) -> frozenset[int]:
        """Return the places of the sheets to be read."""
        sheets = self._found.sheets if self._found else ()
        fitting = frozenset(at for at, sheet in enumerate(sheets) if sheet.fits)
        return fitting & self._sheets.chosen() if self._sheets else fitting

    def first_row(self) -> int | None:
        """Return where the cases begin; None, with a note and the focus there, where that cannot be."""
        if not self._headings_stand():
            return None
        rows = row_numbers(self._first.text())
        mapping = self._found.mapping if self._found else None
        if mapping is not None and len(rows) == 1 and rows[0] > max(mapping.heading_rows):
            return rows[0]
        self._note.tell(lambda: words("COLUMNS_FIRST_ROW_WRONG"))
        self._first.setFocus(Qt.FocusReason.TabFocusReason)
        return None

    def inputs(self) -> list[QWidget]:
        """Return what Tab reaches, in its order."""
        return [*(self._sheets.buttons if self._sheets else ()), self._headings, self._first]

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SMALL)
        for (name, code, _), line in zip(_CODES, (self._headings, self._first), strict=True):
            line.setObjectName(name)
            line.setFixedWidth(_ROWS_PX)
            row.addWidget(labelled(code, line))
            row.addWidget(line)
            row.addSpacing(LARGE)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SMALL)
        column.addLayout(self._above)
        column.addLayout(row)
        column.addWidget(self._note)

    def _say(self) -> None:
        for (_, code, help_code), line in zip(_CODES, (self._headings, self._first), strict=True):
            line.setAccessibleName(plain(code))
            line.setAccessibleDescription(words(help_code))
            line.setToolTip(words(help_code))

    def _show_sheets(self, sheets: tuple[ListSheet, ...]) -> None:
        """Offer the sheets where there are several; one with other headings can be looked at, but not with these."""
        old, self._sheets = self._sheets, None
        here = next((place for place, button in enumerate(old.buttons) if button.hasFocus()), None) if old else None
        take_away(self._above)
        if len(sheets) > 1:
            parts = [Part(partial(_sheet_in_words, sheet), sheet.fits, usable=sheet.rows > 0) for sheet in sheets]
            self._sheets = SomeOf("importWorkbook.sheet", "COLUMNS_SHEETS", "COLUMNS_SHEETS_HELP", parts)
            self._sheets.pressed.connect(self._on_sheet)
            self._above.addWidget(Words("COLUMNS_SHEETS", "strong"))
            self._above.addWidget(self._sheets)
            if here is not None:
                self._sheets.buttons[here].setFocus(Qt.FocusReason.OtherFocusReason)

    def _headings_stand(self) -> bool:
        """Say whether the headings shown are those of the rows typed; if not, look there."""
        rows = row_numbers(self._headings.text())
        if not rows:
            self._note.tell(lambda: words("COLUMNS_HEADING_ROWS_WRONG"))
            return False
        if self._found is not None and self._found.mapping is not None and rows != self._found.mapping.heading_rows:
            self.look_wanted.emit(min(self.fitting(), default=None), rows)
            return False
        return True

    def _on_sheet(self, place: int) -> None:
        """Read a sheet with the others or not; one with other headings is looked at in their place."""
        if self._found is None or self._sheets is None:
            return
        if not self._found.sheets[place].fits:
            self.look_wanted.emit(place, ())
        elif not self._sheets.chosen():
            self._sheets.buttons[place].setChecked(True)
            self._note.tell(lambda: words("COLUMNS_NO_SHEET"))


def labelled(code: str, line: QLineEdit, *, wraps: bool = False) -> Words:
    """Return the label of a line."""
    label = Words(code, "strong", wraps=wraps)
    label.setBuddy(line)
    return label


def take_away(layout: QVBoxLayout) -> None:
    """Empty a layout."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()


def _sheet_in_words(sheet: ListSheet) -> str:
    code = "COLUMNS_SHEET_HIDDEN" if sheet.hidden else "COLUMNS_SHEET"
    return words(code, name=sheet.name, rows=number(sheet.rows))
