"""Enrolling an office's laptop: its file, the digits heard by telephone, and the trust package that goes back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from desktop.bundles.enrolment import DIGITS, MAX_ENROLMENT_BYTES
from desktop.errors import DeskError, NotPermitted
from desktop.files import probe_out, read_start, write_out
from desktop.messages import explain
from desktop.services.secretariat import Enrolled, SecretariatService
from ui.languages import current, plain, words
from ui.screens.page import on_paper
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, LARGE_PT, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Quote, Words, frame
from ui.widgets.digits_field import DigitsField
from ui.widgets.file_line import FileLine
from ui.widgets.problem_note import ProblemNote

_SHEET_PX = 820
_DIGITS_PX = 380
_READ_OUT_PT = LARGE_PT + 4


class Offices(Screen):
    """One sheet: what came from the office above, what is read out to it below."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Have enrolled nothing yet."""
        super().__init__(seat, place)
        self._working = False
        self._enrolled: Enrolled | None = None
        self._file = FileLine("offices.file", ("OFFICES_FILE", "OFFICES_FILE_HELP", "OFFICES_BROWSE"), lines=2)
        self._digits = DigitsField("offices.digits")
        self._digits.setFixedWidth(_DIGITS_PX)
        self._typed = Words("", "muted")
        self._typed.setObjectName("offices.digits.count")
        self._note = ProblemNote("offices.digits.note", self._digits, "OFFICES_DIGITS_HELP")
        self._folder = FileLine(
            "offices.folder", ("OFFICES_FOLDER", "OFFICES_FOLDER_HELP", "OFFICES_FOLDER_BROWSE"), folder=True
        )
        self._enrol = ActionButton(
            "offices.enrol", "OFFICES_ENROL", role="main", sign="shield-check", colour="on_accent"
        )
        self._outcome = Words("", wraps=True)
        self._outcome.setObjectName("offices.outcome")
        self._show = ActionButton(
            "offices.show_digits", "OFFICES_SHOW_DIGITS", sign="eye", help_code="OFFICES_SHOW_DIGITS_HELP"
        )
        self._lost = ActionButton(
            "offices.lost", "OFFICES_LOST", role="quiet", sign="ban", help_code="OFFICES_LOST_HELP"
        )
        self._root = Quote("offices.root_digits", "", "code")
        font = self._root.font()
        font.setPointSizeF(_READ_OUT_PT)
        self._root.setFont(font)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(on_paper(self._sheet(), _SHEET_PX), 1)
        self.say_again()
        self._show_state()
        self._file.edited.connect(self._show_state)
        self._folder.edited.connect(self._show_state)
        self._digits.textEdited.connect(self._on_digits)
        for part in (self._file.entered, self._digits.returnPressed, self._folder.entered):
            part.connect(self._on_enrol)
        self._enrol.clicked.connect(self._on_enrol)
        self._show.clicked.connect(self._on_show)
        self._lost.setVisible(seat.may("secretariat.lost_device"))
        self._lost.clicked.connect(lambda: self.place_wanted.emit(Place("lostLaptop")))

    def begin(self) -> None:
        """Begin in the line for the file."""
        self._file.setFocus(Qt.FocusReason.OtherFocusReason)

    def say_again(self) -> None:
        """Say in the new language what was typed and what became of it."""
        self._digits.setAccessibleName(plain("OFFICES_DIGITS"))
        self._digits.setPlaceholderText(words("OFFICES_DIGITS_HELP"))
        self._typed.put(words("OFFICES_DIGITS_COUNT", n=self._digits.count(), of=DIGITS))
        done = self._enrolled
        if done is None:
            self._outcome.put("" if self._root.text() else words("OFFICES_NOT_YET"))
        else:
            self._outcome.put(
                words("OFFICES_ENROLLED", office=done.office, version=done.roster_version, file=done.file_name)
            )

    def _sheet(self) -> QFrame:
        label = Words("OFFICES_DIGITS", "strong")
        label.setBuddy(self._digits)
        typed = QHBoxLayout()
        typed.setSpacing(MEDIUM)
        typed.addWidget(self._digits)
        typed.addWidget(self._typed, 1)
        digits = QVBoxLayout()
        digits.setSpacing(TINY)
        digits.addWidget(label)
        digits.addLayout(typed)
        digits.addWidget(self._note)
        press = QHBoxLayout()
        press.addStretch(1)
        press.addWidget(self._enrol)
        head = QHBoxLayout()
        head.addWidget(Words("OFFICES_READ_OUT", "heading"), 1)
        head.addWidget(self._show)
        well = frame("well")
        inside = QVBoxLayout(well)
        inside.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        inside.setSpacing(SMALL)
        inside.addLayout(head)
        inside.addWidget(self._outcome)
        inside.addWidget(self._root)
        self._outcome.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        sheet = frame("sheet")
        column = QVBoxLayout(sheet)
        column.setContentsMargins(HUGE + SMALL, HUGE, HUGE + SMALL, HUGE)
        column.setSpacing(SMALL)
        top = QHBoxLayout()
        top.addWidget(Words("OFFICES_TITLE", "title", wraps=True), 1)
        top.addWidget(self._lost, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(top)
        column.addWidget(Words("OFFICES_HOW", "muted", wraps=True))
        column.addSpacing(SMALL)
        column.addWidget(self._file)
        column.addLayout(digits)
        column.addWidget(self._folder)
        column.addLayout(press)
        column.addSpacing(SMALL)
        column.addWidget(well)
        return sheet

    def _ready(self) -> bool:
        return bool(not self._working and self._file.path() and self._folder.path() and self._digits.count())

    def _show_state(self) -> None:
        self._enrol.setEnabled(self._ready())

    def _on_digits(self) -> None:
        self._note.clear()
        self.say_again()
        self._show_state()

    def _on_enrol(self) -> None:
        if not self._ready():
            self.focusNextChild()  # Enter goes on to what is still empty
            return
        path, digits, folder = self._file.path(), self._digits.text(), Path(self._folder.path())
        service = self.seat.desk.secretariat
        self._working = True
        self._note.clear()
        self._show_state()
        self.run(lambda: _enrol(service, path, digits, folder), self._on_enrolled, self._on_not_enrolled)

    def _on_enrolled(self, enrolled: Enrolled) -> None:
        self._working = False
        self._enrolled = enrolled
        self._file.empty()
        self._digits.clear()
        self._show_root(enrolled.root_digits)
        self.told.emit(Telling(lambda: words("OFFICES_DONE", office=enrolled.office)))

    def _on_not_enrolled(self, error: DeskError) -> None:
        self._working = False
        self._show_state()
        if error.code in {"DIGITS_INCOMPLETE", "DIGITS_DIFFER"}:
            self._note.tell(lambda: explain(error, current()))
            self._digits.setFocus(Qt.FocusReason.OtherFocusReason)
        elif error.code == "OUT_NOT_WRITABLE":
            self._folder.refuse(error)
        elif isinstance(error, NotPermitted):
            self.fail(error)
        else:
            self._file.refuse(error)

    def _on_show(self) -> None:
        self.run(self.seat.desk.secretariat.root_digits, self._show_root)

    def _show_root(self, digits: str) -> None:
        self._root.put(digits)
        self._root.setAccessibleName(digits)
        self._root.setFocus(Qt.FocusReason.OtherFocusReason)
        self.say_again()
        self._show_state()


def _enrol(service: SecretariatService, path: str, digits: str, folder: Path) -> Enrolled:
    """Enrol and write the package, in the lane. The folder is tried first; the same file again gives a package anew."""
    content = read_start(path, MAX_ENROLMENT_BYTES)
    probe_out(folder)
    enrolled = service.enrol(content, digits)
    write_out(folder, enrolled.file_name, enrolled.package)
    return enrolled
