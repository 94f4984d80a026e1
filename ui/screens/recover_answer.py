"""The Secretariat's answer: its file, the sentence of the request, who the new supervisor is, and the desk opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.errors import DeskError, NotAccepted, NotTrusted, WrongSentence
from desktop.messages import explain, explain_problem
from ui.jobs import JobRunner
from ui.languages import current, plain, words
from ui.screens.recover import WayPage, requests
from ui.theme import SMALL, TINY
from ui.widgets.basics import ActionButton, Words
from ui.widgets.clipboard import Line
from ui.widgets.file_dialogs import ask_file
from ui.widgets.passphrase_edit import PassphraseEdit, SentenceStrip
from ui.widgets.problem_note import ProblemNote

if TYPE_CHECKING:
    from desktop.bootstrap import Desk, Door

ANSWERS = "V-*.rufaa"
_LINES = {"name": "PEOPLE_NAME", "title": "PEOPLE_JOB_TITLE", "phone": "PEOPLE_PHONE"}


@dataclass(frozen=True)
class _Given:
    """What was typed."""

    path: Path = field(repr=False)
    sentence: str = field(repr=False)
    name: str = field(repr=False)
    title: str
    phone: str = field(repr=False)


class RecoverAnswer(WayPage):
    """One sheet: file, sentence, name, title and phone; the last three stand on papers and stay inside the vault."""

    def __init__(self, door: Callable[[], Door], jobs: JobRunner) -> None:
        """Ask for them."""
        super().__init__("recoverAnswer", door, jobs)
        self._path: Path | None = None
        self._choose = ActionButton("recoverAnswer.file", "RECOVER_ANSWER_FILE", sign="folder-open")
        self._named = Words("RECOVER_ANSWER_NONE", "muted", wraps=True)
        self._named.setObjectName("recoverAnswer.file_name")
        self._sentence = PassphraseEdit("recoverAnswer.sentence")
        strip = SentenceStrip(self._sentence, "UNLOCK_SENTENCE_HELP")
        self._sentence.textChanged.connect(lambda text: strip.show_words(bool(text)))
        self._edits = {part: Line() for part in _LINES}
        self._notes = {
            "file": ProblemNote("recoverAnswer.file.problem", self._choose, "RECOVER_ANSWER_HELP", lines=3),
            "sentence": ProblemNote("recoverAnswer.sentence.problem", self._sentence, "UNLOCK_SENTENCE_HELP"),
        }
        self.sheet.addWidget(Words("RECOVER_ANSWER_TITLE", "title", wraps=True))
        self.sheet.addWidget(Words("RECOVER_ANSWER_WHY", "muted", wraps=True))
        self.sheet.addWidget(_column(self._choose, self._named, self._notes["file"]))
        label = Words("RECOVER_ANSWER_SENTENCE", "strong", wraps=True)
        label.setBuddy(self._sentence)
        self.sheet.addWidget(_column(label, self._sentence, strip, self._notes["sentence"]))
        for part, edit in self._edits.items():
            edit.setObjectName(f"recoverAnswer.{part}")
            edit.setMaxLength(200)
            help_code = "PEOPLE_NAME_HELP" if part == "name" else "PEOPLE_ON_LETTERS"
            self._notes[part] = ProblemNote(f"recoverAnswer.{part}.problem", edit, help_code, lines=1)
            label = Words(_LINES[part], "strong")
            label.setBuddy(edit)
            self.sheet.addWidget(_column(label, edit, self._notes[part]))
        self._next.turn_into("RECOVER_ANSWER_TAKE", "")
        self._name()
        order = (self._choose, self._sentence, *self._edits.values(), self._back, self._next)
        for first, then in pairwise(order):
            self.setTabOrder(first, then)
        following = [*self._edits.values(), None]
        self._sentence.sentence_entered.connect(self._edits["name"].setFocus)
        for edit, after in zip(self._edits.values(), following[1:], strict=True):
            edit.returnPressed.connect(self._on_next if after is None else after.setFocus)
        self._choose.clicked.connect(
            lambda: ask_file(self, "recoverAnswer.file_choice", "RECOVER_ANSWER_FILE", ANSWERS, self.take_file)
        )

    def begin(self) -> None:
        """Begin at the file."""
        self._choose.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_file(self, path: Path) -> None:
        """Note which file was chosen."""
        self._path = path
        self._notes["file"].clear()
        self._named.put(path.name)
        self._sentence.setFocus(Qt.FocusReason.OtherFocusReason)

    def changeEvent(self, event: QEvent) -> None:
        """Name the fields in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._name()

    def _name(self) -> None:
        self._sentence.setAccessibleName(plain("RECOVER_ANSWER_SENTENCE"))
        for part, edit in self._edits.items():
            edit.setAccessibleName(plain(_LINES[part]))

    def _on_back(self) -> None:
        self.way_wanted.emit("")

    def _on_next(self) -> None:
        if self._working:
            return
        for note in self._notes.values():
            note.clear()
        if self._path is None:
            self._tell("file", self._choose, lambda: words("RECOVER_ANSWER_FIRST"))
        elif not self._sentence.text().strip():
            self._tell("sentence", self._sentence, lambda: words("UNLOCK_SENTENCE_EMPTY"))
        else:
            texts = {part: edit.text().strip() for part, edit in self._edits.items()}
            given = _Given(self._path, self._sentence.text(), **texts)
            self._work("RECOVER_OPENING")
            self._jobs.run(
                lambda: _take(self._door(), given), owner=self, done=self.unlocked.emit, failed=self._on_not_taken
            )

    def _on_not_taken(self, error: DeskError) -> None:
        if isinstance(error, NotAccepted):
            self._rest()
            for problem in reversed(error.problems):
                part = problem.field.removeprefix("user.")
                self._tell(part, self._edits[part], partial(explain_problem, problem, current()))
        elif isinstance(error, WrongSentence) or error.code == "WAIT_BEFORE_TRYING":
            self._rest()
            self._tell("sentence", self._sentence, lambda: explain(error, current()))
        elif isinstance(error, NotTrusted) and error.code.startswith("RECOVERY_"):
            self._rest()
            self._tell("file", self._choose, lambda: explain(error, current()))
        else:
            self._fail(error)

    def _tell(self, part: str, field_: QWidget, say: Callable[[], str]) -> None:
        self._notes[part].tell(say)
        field_.setFocus(Qt.FocusReason.OtherFocusReason)


def _take(door: Door, given: _Given) -> Desk:
    """Take the answer in, unlock with its sentence, and note who it is; called in the lane.

    Raises:
        NotAccepted: A name is not right; nothing was read.
        As `RecoveryRequests.take` and `Door.unlock`.
    """
    from desktop.bundles.recovery_files import MAX_ANSWER_BYTES
    from desktop.files import read_start
    from desktop.services.people_facts import check_facts

    check_facts(given.name, given.title, given.phone)
    desk_number = requests(door).take(read_start(str(given.path), MAX_ANSWER_BYTES), given.sentence)
    desk = door.unlock(desk_number, given.sentence)
    try:
        desk.people.rename(desk.vault.user, name=given.name, title=given.title, phone=given.phone)
    except BaseException:
        desk.lock()
        raise
    return desk


def _column(*parts: QWidget) -> QWidget:
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, SMALL)
    column.setSpacing(TINY)
    for part in parts:
        column.addWidget(part, 0, Qt.AlignmentFlag.AlignLeft) if isinstance(part, ActionButton) else column.addWidget(
            part
        )
    return whole
