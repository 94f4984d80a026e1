"""The receipts issued, the newest first; each can be written to a folder or stick once more."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout

from desktop.errors import DeskError, Obstacle
from desktop.files import write_out
from desktop.services.intake import IntakeService, ReceiptSummary
from ui.languages import words
from ui.models.intake_rows import RECEIPT_COLUMNS, receipt_rows
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.empty_state import EmptyState
from ui.widgets.file_line import FileLine
from ui.widgets.row_list import RowList


class Receipts(Screen):
    """The list, and below it where the receipt that is marked goes."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty frame; the receipts come from the lane."""
        super().__init__(seat, place)
        self._receipts: tuple[ReceiptSummary, ...] = ()
        self._list = RowList("receipts.list", RECEIPT_COLUMNS, "RECEIPTS_LIST")
        self._stack = QStackedWidget()
        self._save = ActionButton("receipts.save", "RECEIPTS_SAVE", role="main", sign="save", colour="on_accent")
        self._folder = FileLine(
            "receipts.folder",
            ("RECEIPTS_FOLDER", "RECEIPTS_FOLDER_HELP", "RECEIPTS_BROWSE"),
            folder=True,
            beside=(self._save,),
        )
        self._lay_out()
        self._show_state()
        self._list.chosen.connect(lambda _: self._folder.setFocus(Qt.FocusReason.OtherFocusReason))
        self._list.selectionModel().currentRowChanged.connect(lambda *_: self._show_state())
        self._folder.edited.connect(self._show_state)
        self._folder.entered.connect(self._on_save)
        self._save.clicked.connect(self._on_save)

    def begin(self) -> None:
        """Begin in the list."""
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        self.run(self.seat.desk.intake.receipts, self._on_read)

    def say_again(self) -> None:
        """Say the rows in the new language."""
        self._list.show_rows(receipt_rows(self._receipts))

    def _lay_out(self) -> None:
        self._stack.addWidget(self._list)
        self._stack.addWidget(EmptyState("receipts.empty", "file-check", "RECEIPTS_EMPTY_TITLE", "RECEIPTS_EMPTY_TEXT"))
        card = frame("sheet")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self._stack)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        whole.setSpacing(SMALL)
        whole.addWidget(Words("RECEIPTS_TITLE", "title"))
        whole.addWidget(card, 1)
        whole.addSpacing(SMALL)
        whole.addWidget(self._folder)

    def _show_state(self) -> None:
        self._folder.setVisible(bool(self._receipts))
        self._save.setEnabled(bool(self._folder.path() and self._list.current_id()))

    def _on_read(self, receipts: tuple[ReceiptSummary, ...]) -> None:
        self._receipts = receipts
        self.say_again()
        self._stack.setCurrentIndex(0 if receipts else 1)
        self._show_state()

    def _on_save(self) -> None:
        name, folder, intake = self._list.current_id(), self._folder.path(), self.seat.desk.intake
        if name and folder:
            self.run(
                lambda: _write_again(intake, name, Path(folder)),
                lambda _: self.told.emit(Telling(lambda: words("RECEIPTS_SAVED", file=name))),
                self._on_not_saved,
            )

    def _on_not_saved(self, error: DeskError) -> None:
        if error.code == "OUT_NOT_WRITABLE":
            self._folder.refuse(error)
        else:
            self.fail(error)


def _write_again(intake: IntakeService, name: str, folder: Path) -> None:
    content = intake.receipt_file(name)
    if content is None:
        raise Obstacle("RECEIPT_UNKNOWN")
    write_out(folder, name, content)
