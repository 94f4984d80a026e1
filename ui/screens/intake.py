"""Taking in the bundles of offices: each through every gate, its outcome in words, its receipt to carry back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout

from desktop.bundles.sizes import MAX_FILE_BYTES
from desktop.errors import DeskError, Stopped
from desktop.files import read_start, write_out
from desktop.services.intake import IntakeService
from ui.jobs import Progress
from ui.languages import plain, plural, words
from ui.models.intake_rows import INTAKE_COLUMNS, Dealt, intake_details, intake_row
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.clipboard import Paper
from ui.widgets.empty_state import EmptyState
from ui.widgets.file_line import FileLine
from ui.widgets.progress_strip import ProgressStrip
from ui.widgets.row_list import RowList

_DETAIL_LINES = 6


class Intake(Screen):
    """The files above, below them what became of each since this screen was opened; Receipts keeps all receipts."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Have dealt with no file yet."""
        super().__init__(seat, place)
        self._dealt: list[Dealt] = []
        self._brought = self._pending = self._left = self._taken = 0  # files brought last: to do, stopped, taken in
        self._take = ActionButton("intake.take", "INTAKE_TAKE", role="main", sign="inbox", colour="on_accent")
        self._files = FileLine(
            "intake.files",
            ("INTAKE_FILES", "INTAKE_FILES_HELP", "INTAKE_BROWSE"),
            several=True,
            beside=(self._take,),
        )
        self._strip = ProgressStrip("intake.progress", "INTAKE_STOP_HELP", seat.jobs)
        self._list = RowList("intake.list", INTAKE_COLUMNS, "INTAKE_LIST")
        self._stack = QStackedWidget()
        self._details = Paper()
        self._details.setObjectName("intake.details")
        self._details.setReadOnly(True)
        self._details.setTabChangesFocus(True)
        line = self.fontMetrics().lineSpacing()
        self._details.setMaximumHeight(_DETAIL_LINES * line + LARGE + SMALL)
        self._details.setMinimumHeight(line + LARGE + SMALL)  # in a low window it scrolls
        self._save = ActionButton("intake.save", "INTAKE_SAVE", sign="save", help_code="INTAKE_SAVE_HELP")
        self._folder = FileLine(
            "intake.folder",
            ("INTAKE_FOLDER", "INTAKE_FOLDER_HELP", "INTAKE_FOLDER_BROWSE"),
            folder=True,
            beside=(self._save,),
        )
        self._lay_out()
        self.say_again()
        self._files.edited.connect(self._show_state)
        self._files.entered.connect(self._on_take)
        self._take.clicked.connect(self._on_take)
        self._list.selectionModel().currentRowChanged.connect(lambda *_: self._show_current())
        self._folder.edited.connect(self._show_state)
        self._folder.entered.connect(self._on_save)
        self._save.clicked.connect(self._on_save)

    def begin(self) -> None:
        """Begin in the line for the files."""
        self._files.setFocus(Qt.FocusReason.OtherFocusReason)

    def say_again(self) -> None:
        """Say the rows in the new language."""
        self._details.setAccessibleName(plain("INTAKE_DETAILS"))
        self._details.setAccessibleDescription(words("INTAKE_DETAILS_HELP"))
        self._show_list()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(HUGE)
        head.addWidget(Words("INTAKE_TITLE", "title"))
        head.addWidget(self._strip, 1)
        self._stack.addWidget(self._list)
        self._stack.addWidget(EmptyState("intake.empty", "inbox", "INTAKE_EMPTY_TITLE", "INTAKE_EMPTY_TEXT"))
        card = frame("sheet")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self._stack)
        self._about = Words("INTAKE_DETAILS", "strong")
        self._about.setBuddy(self._details)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        whole.setSpacing(SMALL)
        whole.addLayout(head)
        whole.addWidget(self._files)
        whole.addWidget(card, 1)
        whole.addWidget(self._about)
        whole.addWidget(self._details)
        whole.addWidget(self._folder)

    def _current(self) -> Dealt | None:
        place = self._list.current_id()
        return self._dealt[int(place)] if place else None

    def _show_list(self) -> None:
        self._list.show_rows([intake_row(place, dealt) for place, dealt in reversed([*enumerate(self._dealt)])])
        self._stack.setCurrentIndex(0 if self._dealt else 1)
        for part in (self._about, self._details):
            part.setVisible(bool(self._dealt))
        self._show_current()

    def _show_current(self) -> None:
        dealt = self._current()
        self._details.setPlainText(intake_details(dealt) if dealt is not None else "")
        self._show_state()

    def _show_state(self) -> None:
        dealt, working = self._current(), self._pending > 0
        self._files.setEnabled(not working)
        self._take.setEnabled(not working and bool(self._files.path()))
        self._folder.setEnabled(not working)
        self._save.setEnabled(bool(self._folder.path()) and dealt is not None and dealt.taken is not None)

    def _on_take(self) -> None:
        paths = self._files.paths()
        if self._pending or not paths:
            return
        self._brought = self._pending = len(paths)
        self._left = self._taken = 0
        intake, progress = self.seat.desk.intake, self._strip.start("INTAKE_TAKING")
        # All at once into the lane: one file that is refused never keeps the others out (field report L07).
        for place, path in enumerate(paths):
            self.run(
                lambda path=path, place=place: _deal_with(intake, path, progress, place, len(paths)),  # type: ignore[misc]
                self._on_dealt,
                self._on_stopped,
            )
        self._show_state()
        self._strip.stop.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_dealt(self, dealt: Dealt) -> None:
        self._dealt.append(dealt)
        self._taken += dealt.taken is not None
        self._show_list()
        self._list.selectRow(0)
        self._one_less()

    def _on_stopped(self, error: DeskError) -> None:
        self._left += 1
        self._one_less()

    def _one_less(self) -> None:
        self._pending -= 1
        if self._pending:
            return
        self._strip.end()
        self._show_state()
        if self._taken == self._brought:
            self._files.empty()
        taken, left = self._taken, self._left
        if left:
            self.told.emit(Telling(lambda: plural("INTAKE_STOPPED", left)))
        elif taken:
            self.told.emit(Telling(lambda: plural("INTAKE_DONE", taken)))
        if self._dealt:
            self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._files.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_save(self) -> None:
        dealt, folder = self._current(), self._folder.path()
        if self._pending or dealt is None or dealt.taken is None or not folder:
            return
        name, receipt = dealt.taken.receipt_name, dealt.taken.receipt
        self.run(
            lambda: write_out(Path(folder), name, receipt),
            lambda _: self.told.emit(Telling(lambda: words("INTAKE_SAVED", file=name))),
            self._folder.refuse,
        )


def _deal_with(intake: IntakeService, path: str, progress: Progress, place: int, of: int) -> Dealt:
    """Take in one file, in the lane. What keeps it out is its outcome."""
    progress.report(place, of)
    file, issued = Path(path).name, len(intake.receipts())
    try:
        taken = intake.receive(read_start(path, MAX_FILE_BYTES))
    except Stopped:
        raise
    except DeskError as error:
        return Dealt(file, error=error)
    own = 0 if taken.repeated else 1
    return Dealt(file, taken, answered_again=len(intake.receipts()) - issued - own)
