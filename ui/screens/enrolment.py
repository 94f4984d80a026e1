"""Enrolment: the Secretariat comes to know this laptop by a file and 30 digits, and this laptop the Secretariat."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop import sticks
from desktop.errors import DeskError, NotAccepted
from desktop.messages import explain, explain_problem
from desktop.rules.records import Outcome
from desktop.services.enrolment import EnrolmentFile
from desktop.services.office import OfficeSheet
from ui.languages import current, plain, words
from ui.screens import enrolment_work as work
from ui.screens.page import on_paper
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Quote, Words, frame
from ui.widgets.clipboard import Line
from ui.widgets.file_dialogs import ask_file, ask_folder
from ui.widgets.problem_note import ProblemNote
from ui.widgets.stick_choice import StickChoice

_SHEET_PX = 720
_MOST_CHARACTERS = 200
_OF_DIGITS = frozenset({"ROOT_DIGITS_NEEDED", "DIGITS_INCOMPLETE", "DIGITS_DIFFER"})


class EnrolmentScreen(Screen):
    """Two steps on one sheet; days may lie between them."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show both steps; whether the laptop is enrolled already comes from the lane."""
        super().__init__(seat, place)
        self._made: tuple[str, EnrolmentFile] | None = None  # the label, and the file made for it
        self._label, self._heard = Line(), Line()
        self._label.setText(words("ENROL_LABEL_FIRST"))
        self._label_note = _field("enrolment.label", self._label, "ENROL_LABEL_HELP", lines=2)
        self._heard_note = _field("enrolment.digits", self._heard, "ENROL_HEARD_HELP", lines=2)
        self._stick = StickChoice("enrolment.stick", note_lines=3)
        self._save = ActionButton(
            *("enrolment.save", "STICK_SAVE"), role="main", sign="usb", colour="on_accent", help_code="STICK_SAVE_HELP"
        )
        self._folder = ActionButton("enrolment.folder", "FOLDER_SAVE", sign="folder-open", help_code="FOLDER_SAVE_HELP")
        self._take = ActionButton("enrolment.take", "ENROL_TAKE", sign="inbox", help_code="ENROL_TAKE_HELP")
        self._file = ActionButton("enrolment.file", "ENROL_FILE_TAKE", help_code="ENROL_FILE_TAKE_HELP")
        self._read_out = Words("ENROL_READ_OUT", wraps=True)
        self._own_digits = Quote("enrolment.own_digits", "", "code")
        self._enrolled = Words("ENROL_ENROLLED", "good", wraps=True)
        self._enrolled.setObjectName("enrolment.enrolled")
        for part in (self._read_out, self._own_digits, self._enrolled):
            part.hide()
        self._lay_out()
        self.say_again()
        self._label.returnPressed.connect(self._save.click)
        self._heard.returnPressed.connect(self._take.click)
        self._stick.look_wanted.connect(self._look)
        self._save.clicked.connect(self._on_save)
        self._folder.clicked.connect(
            lambda: ask_folder(self, "enrolment.folder_choice", "FOLDER_SAVE", self._on_folder)
        )
        self._take.clicked.connect(self._on_take)
        self._file.clicked.connect(
            lambda: ask_file(self, "enrolment.file_choice", "ENROL_FILE_TAKE", work.PACKAGES, self._on_file)
        )

    def begin(self) -> None:
        """Begin with the name of the laptop."""
        if not self.seat.may("office.enrol"):
            return
        self._label.setFocus(Qt.FocusReason.OtherFocusReason)
        self.run(self.seat.desk.office.sheet, self._on_sheet)
        self._look()

    def say_again(self) -> None:
        """Name the fields in the new language."""
        self._label.setAccessibleName(plain("ENROL_LABEL"))
        self._heard.setAccessibleName(plain("ENROL_HEARD"))

    def _lay_out(self) -> None:
        sheet = frame("sheet")
        column = QVBoxLayout(sheet)
        column.setContentsMargins(HUGE + SMALL, HUGE, HUGE + SMALL, HUGE)
        column.setSpacing(SMALL)
        column.addWidget(Words("ENROL_TITLE", "title", wraps=True))
        if self.seat.may("office.enrol"):
            column.addWidget(Words("ENROL_TEXT", "muted", wraps=True))
            column.addWidget(self._enrolled)
            column.addSpacing(MEDIUM)
            self._lay_out_steps(column)
        else:
            column.addWidget(Words("ENROL_NOT_YOURS", wraps=True))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(on_paper(sheet, _SHEET_PX), 1)

    def _lay_out_steps(self, column: QVBoxLayout) -> None:
        column.addWidget(Words("ENROL_FIRST", "heading", wraps=True))
        column.addWidget(Words("ENROL_FIRST_TEXT", "muted", wraps=True))
        column.addLayout(_labelled("ENROL_LABEL", self._label, self._label_note))
        column.addWidget(self._stick)
        column.addLayout(_row(self._save, self._folder))
        column.addWidget(self._read_out)
        column.addWidget(self._own_digits)
        column.addSpacing(SMALL)
        column.addWidget(frame("rule"))
        column.addSpacing(SMALL)
        column.addWidget(Words("ENROL_SECOND", "heading", wraps=True))
        column.addWidget(Words("ENROL_SECOND_TEXT", "muted", wraps=True))
        column.addLayout(_labelled("ENROL_HEARD", self._heard, self._heard_note))
        column.addLayout(_row(self._take, self._file))

    def _on_sheet(self, sheet: OfficeSheet) -> None:
        self._enrolled.setVisible(sheet.enrolled)

    def _look(self) -> None:
        self.run(sticks.found, self._stick.show_sticks)

    def _on_save(self) -> None:
        wanted = self._stick.wanted()
        self._make(lambda made: work.save_to_stick(made, wanted))

    def _on_folder(self, folder: Path) -> None:
        self._make(lambda made: work.save_to_folder(made, folder))

    def _make(self, save: Callable[[EnrolmentFile], str]) -> None:
        """Make the file, once for each label, and save it: another file has other digits."""
        label, enrolment = self._label.text().strip(), self.seat.desk.enrolment
        self._label_note.clear()
        self._stick.clear()
        self._let_save(False)
        made = self._made[1] if self._made and self._made[0] == label else None
        if made is not None:
            self._write(made, save)
        else:
            self.run(lambda: enrolment.make_file(label), partial(self._on_made, label, save), self._on_not_saved)

    def _on_made(self, label: str, save: Callable[[EnrolmentFile], str], made: EnrolmentFile) -> None:
        self._made = (label, made)
        self._write(made, save)

    def _write(self, made: EnrolmentFile, save: Callable[[EnrolmentFile], str]) -> None:
        self.run(lambda: save(made), partial(self._on_saved, made), self._on_not_saved)

    def _on_saved(self, made: EnrolmentFile, place: str) -> None:
        self._let_save(True)
        self._own_digits.put(made.digits)
        self._own_digits.setAccessibleName(made.digits)
        self._read_out.show()
        self._own_digits.show()
        self._own_digits.setFocus(Qt.FocusReason.OtherFocusReason)
        self.told.emit(Telling(lambda: words("ENROL_SAVED", name=made.file_name, place=place)))
        self._look()

    def _on_not_saved(self, error: DeskError) -> None:
        self._let_save(True)
        if isinstance(error, NotAccepted):
            problem = error.problems[0]
            self._label_note.tell(lambda: explain_problem(problem, current()))
            self._label.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._stick.tell(error)
        self._save.setFocus(Qt.FocusReason.OtherFocusReason)
        self._look()

    def _let_save(self, may: bool) -> None:
        self._save.setEnabled(may)
        self._folder.setEnabled(may)

    def _on_take(self) -> None:
        desk, heard = self.seat.desk, self._heard.text().strip() or None
        self._take_in(lambda: work.take_in_from_sticks(desk, heard))

    def _on_file(self, path: Path) -> None:
        desk, heard = self.seat.desk, self._heard.text().strip() or None
        self._take_in(lambda: work.take_in(desk, (path,), heard))

    def _take_in(self, take: Callable[[], Outcome]) -> None:
        self._heard_note.clear()
        self.run(take, self._on_taken, self._on_not_taken)

    def _on_taken(self, _: Outcome) -> None:
        self.told.emit(Telling(lambda: words("ENROL_DONE")))
        self.place_wanted.emit(Place("sending"))

    def _on_not_taken(self, error: DeskError) -> None:
        if error.code in _OF_DIGITS:
            self._heard_note.tell(lambda: explain(error, current()))
            self._heard.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.fail(error)


def _field(name: str, edit: QLineEdit, help_code: str, lines: int) -> ProblemNote:
    edit.setObjectName(name)
    edit.setMaxLength(_MOST_CHARACTERS)
    return ProblemNote(f"{name}.problem", edit, help_code, lines)


def _labelled(code: str, edit: QLineEdit, note: ProblemNote) -> QVBoxLayout:
    label = Words(code, "strong")
    label.setBuddy(edit)
    column = QVBoxLayout()
    column.setSpacing(TINY)
    for part in (label, edit, note):
        column.addWidget(part)
    return column


def _row(*buttons: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(LARGE)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row
