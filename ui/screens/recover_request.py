"""Asking the Secretariat for the way back: a new sentence on paper, a file for the stick, thirty digits to read out.

The keys that wait for the answer are thrown away again where no file of the request was ever saved.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop import sticks
from desktop.errors import DeskError
from ui.jobs import JobRunner
from ui.languages import words
from ui.screens.first_run_words import WordsStep
from ui.screens.recover import WayPage, requests
from ui.theme import SMALL
from ui.widgets.basics import ActionButton, Quote, Words
from ui.widgets.file_dialogs import ask_folder
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.stick_choice import StickChoice

if TYPE_CHECKING:
    from desktop.bootstrap import Door
    from desktop.services.office_recovery import PreparedRequest, RequestFile


class RecoverRequest(WayPage):
    """Three steps: what it is, the sentence, the file and its digits."""

    def __init__(self, door: Callable[[], Door], jobs: JobRunner) -> None:
        """Say what it is; nothing is made yet."""
        super().__init__("recoverRequest", door, jobs)
        self._prepared: PreparedRequest | None = None
        self._made: RequestFile | None = None
        self._saved = False
        self._first, self._file = QWidget(), QWidget()
        self._step = WordsStep(
            *("recoverRequest.sentence", "RECOVER_KEEP_TITLE", "RECOVER_KEEP_WHY"),
            *("FIRST_SENTENCE_WRITTEN", "PEOPLE_WORDS_AGAIN"),
        )
        self._stick = StickChoice("recoverRequest.stick")
        self._save = ActionButton("recoverRequest.save", "RECOVER_SAVE", sign="usb", help_code="STICK_SAVE_HELP")
        self._folder = ActionButton(
            "recoverRequest.folder", "FOLDER_SAVE", sign="folder-open", help_code="FOLDER_SAVE_HELP"
        )
        self._told = Words("", "good", wraps=True)
        self._told.setObjectName("recoverRequest.saved")
        self._lay_out()
        for part in (self._first, self._step, self._file):
            self.sheet.addWidget(part)
        self._step.finished.connect(self._on_next)
        self._stick.look_wanted.connect(self._look)
        self._save.clicked.connect(self._on_save)
        self._folder.clicked.connect(
            lambda: ask_folder(self, "recoverRequest.folder_choice", "FOLDER_SAVE", self._on_folder)
        )
        self._show_part(self._first)

    def begin(self) -> None:
        """Begin on the way on."""
        self._next.setFocus(Qt.FocusReason.OtherFocusReason)

    def cover(self) -> None:
        """Hide the sentence."""
        if self._step.isVisible():
            self._step.cover()

    def _lay_out(self) -> None:
        first = QVBoxLayout(self._first)
        first.setContentsMargins(0, 0, 0, 0)
        first.addWidget(Words("RECOVER_ASK_TITLE", "title", wraps=True))
        for code in ("RECOVER_ASK_WHAT", "RECOVER_ASK_HOW", "RECOVER_ASK_AFTER"):
            first.addWidget(Words(code, wraps=True))
        self._whole = QVBoxLayout(self._file)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._whole.setSpacing(SMALL)
        self._whole.addWidget(Words("RECOVER_FILE_TITLE", "title", wraps=True))
        self._whole.addWidget(Words("RECOVER_FILE_WHY", "muted", wraps=True))
        self._whole.addWidget(self._stick)
        buttons = FlowLayout(SMALL)
        buttons.addWidget(self._save)
        buttons.addWidget(self._folder)
        self._whole.addLayout(buttons)
        self._whole.addWidget(self._told)

    def _show_part(self, part: QWidget) -> None:
        for one in (self._first, self._step, self._file):
            one.setVisible(one is part)
        self._next.turn_into("RECOVER_FINISH" if part is self._file else "FIRST_NEXT", "")
        self._back.setVisible(not self._saved)

    def _on_next(self) -> None:
        if self._working:
            return
        if self._prepared is None:
            self._work("FIRST_MAKING_KEYS")
            self._run(lambda: requests(self._door()).prepare(), self._on_prepared, self._fail)
        elif self._made is None:
            if self._step.settle():
                prepared = self._prepared
                self._work("FIRST_MAKING_KEYS")
                self._run(lambda: prepared.write(prepared.sentence), self._on_made, self._fail)
        elif self._saved:
            self.left.emit()
        else:
            self._stick.note.tell(lambda: words("RECOVER_FILE_FIRST"))
            self._save.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_back(self) -> None:
        if self._prepared is None:
            self.way_wanted.emit("")
        elif self._made is None:
            self.left.emit()
        else:  # keys that wait for the answer to a file nobody has
            self._work("PEOPLE_WORKING")
            self._run(lambda: requests(self._door()).give_up(), lambda _: self.left.emit(), self._fail)

    def _run(self, work: Callable[[], object], done: Callable[..., None], failed: Callable[[DeskError], None]) -> None:
        self._jobs.run(work, owner=self, done=done, failed=failed)

    def _on_prepared(self, prepared: PreparedRequest) -> None:
        self._rest()
        self._prepared = prepared
        self.held.emit(_nothing)
        self._step.put(prepared.sentence)
        self._show_part(self._step)
        self._step.begin()

    def _on_made(self, made: RequestFile) -> None:
        self._rest()
        self._made = made
        self._step.put("")
        self._whole.addWidget(Words("RECOVER_DIGITS_WHY", wraps=True))
        self._whole.addWidget(Quote("recoverRequest.digits", made.digits, "code"))
        self._whole.addWidget(Words("RECOVER_DIGITS_NEXT", "muted", wraps=True))
        self._show_part(self._file)
        self._save.setFocus(Qt.FocusReason.OtherFocusReason)
        self._look()

    def _look(self) -> None:
        self._run(sticks.found, self._stick.show_sticks, self.hindered.emit)

    def _on_save(self) -> None:
        wanted = self._stick.wanted()
        self._write(lambda: sticks.chosen(sticks.found(), wanted))

    def _on_folder(self, folder: Path) -> None:
        self._write(lambda: sticks.at(folder))

    def _write(self, where: Callable[[], sticks.Stick]) -> None:
        if self._made is not None and not self._working:
            self._stick.clear()
            self._work("PEOPLE_WORKING")
            self._run(partial(_save, self._made, where), self._on_saved, self._on_not_saved)

    def _on_saved(self, place: str) -> None:
        self._rest()
        self._saved = True
        self._told.show_code("RECOVER_SAVED", place=place)
        self._show_part(self._file)
        self._next.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_not_saved(self, error: DeskError) -> None:
        self._rest()
        self._stick.tell(error)
        self._look()


def _save(made: RequestFile, where: Callable[[], sticks.Stick]) -> str:
    """Write the file and return the name of the place. Raises Obstacle as `sticks.save_to`."""
    place = where()
    sticks.save_to(place, made.file_name, made.content)
    return place.name


def _nothing() -> None:
    """There is no vault to let go of; the process goes with the sentence all the same."""
