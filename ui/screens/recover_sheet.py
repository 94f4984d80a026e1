"""Back in with the recovery sheet: its twelve words, who one is, a new sentence, and the desk opens.

Nothing is written before the new sentence was typed back; going back until then leaves the vault as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout

from desktop.errors import DeskError, WrongSentence
from ui.jobs import JobRunner
from ui.languages import words
from ui.screens.first_run_steps import Step
from ui.screens.first_run_words import WordsStep
from ui.screens.recover import WayPage
from ui.theme import SMALL
from ui.widgets.basics import ActionButton, Words
from ui.widgets.countdown import Countdown
from ui.widgets.person_choice import PersonChoice
from ui.widgets.sheet_words import SheetWords

if TYPE_CHECKING:
    from desktop.bootstrap import Desk, Door
    from desktop.services.recovery import Recoverable, SheetRecovery

_MOST_OFFERED = 3  # `services.offers`, which is not imported before somebody opened the vault


class _TypeStep(Step):
    """The words of the sheet."""

    def __init__(self) -> None:
        super().__init__("RECOVER_WORDS_TITLE", "RECOVER_WORDS_WHY")
        self.words = SheetWords("recoverSheet.words")
        self.words.entered.connect(self.finished)
        self.column.addWidget(self.words)

    def begin(self) -> None:
        self.words.begin()

    def settle(self) -> bool:
        return self.words.settle()


class _WhoStep(Step):
    """The supervisors of the signed list; the only one is chosen already."""

    def __init__(self) -> None:
        super().__init__("RECOVER_WHO_TITLE", "RECOVER_WHO_WHY")
        self._group = QButtonGroup(self)
        self._choices: dict[str, PersonChoice] = {}
        self._note = Words("RECOVER_WHO_FIRST", "danger", wraps=True)
        self._note.setObjectName("recoverSheet.who.problem")
        self._people = QVBoxLayout()
        self._people.setSpacing(SMALL)
        self.column.addLayout(self._people)
        self.column.addWidget(self._note)
        self._note.hide()

    def show_people(self, found: Sequence[Recoverable]) -> None:
        """Offer these."""
        for one in found:
            choice = PersonChoice(f"recoverSheet.who.{one.desk_number}", one.name, one.desk_number)
            choice.setChecked(len(found) == 1)
            choice.toggled.connect(self._note.hide)
            self._group.addButton(choice)
            self._people.addWidget(choice, 0, Qt.AlignmentFlag.AlignLeft)
            self._choices[one.user_id] = choice

    def chosen(self) -> str:
        """Return who it is, or an empty text."""
        return next((user for user, choice in self._choices.items() if choice.isChecked()), "")

    def begin(self) -> None:
        choices = list(self._choices.values())
        next((choice for choice in choices if choice.isChecked()), choices[0]).setFocus(Qt.FocusReason.OtherFocusReason)

    def settle(self) -> bool:
        self._note.setVisible(not self.chosen())
        return bool(self.chosen())


class RecoverSheet(WayPage):
    """Three steps, one at a time on the paper."""

    def __init__(self, door: Callable[[], Door], jobs: JobRunner) -> None:
        """Ask for the words."""
        super().__init__("recoverSheet", door, jobs)
        self._recovery: SheetRecovery | None = None
        self._sentence, self._typed_back = "", False
        self._let_in = 0  # the desk number, once the new sentence opens it
        self._offers, self._place = 0, 0
        self._type, self._who = _TypeStep(), _WhoStep()
        self._new = WordsStep(
            *("recoverSheet.new", "RECOVER_NEW_TITLE", "RECOVER_NEW_WHY"),
            *("FIRST_SENTENCE_WRITTEN", "PEOPLE_WORDS_AGAIN"),
        )
        self._other = ActionButton(
            "recoverSheet.other", "SENTENCE_OTHER", role="quiet", help_code="SENTENCE_OFFER_HELP"
        )
        self._new.column.addWidget(self._other, 0, Qt.AlignmentFlag.AlignLeft)
        self._steps: tuple[Step, ...] = (self._type, self._who, self._new)
        self._count = Words("", "muted")
        self._count.setObjectName("recoverSheet.step")
        self.sheet.addWidget(self._count)
        for step in self._steps:
            step.finished.connect(self._on_next)
            self.sheet.addWidget(step)
        self._wait = Countdown(self)
        self._wait.ticked.connect(self._on_tick)
        self._other.clicked.connect(self._offer)
        self._show_step()

    def begin(self) -> None:
        """Begin in the words."""
        self._steps[self._place].begin()

    def cover(self) -> None:
        """Hide the new sentence."""
        if self._place == 2:
            self._new.cover()

    def _go(self, place: int) -> None:
        self._place = place
        self._show_step()
        self.begin()

    def _show_step(self) -> None:
        place = self._place
        for number, step in enumerate(self._steps):
            step.setVisible(number == place)
        self._count.show_code("FIRST_STEP", n=place + 1, of=len(self._steps))
        self._next.turn_into("RECOVER_LET_IN" if place == 2 else "FIRST_NEXT", "")
        self._back.turn_into("RECOVER_STOP" if place == 1 else "FIRST_BACK", "")

    def _on_next(self) -> None:
        if self._working or self._wait.left_s() or not (self._typed_back or self._steps[self._place].settle()):
            return
        if self._place == 0:
            typed = self._type.words.text()
            self._type.words.set_working(True)
            self._work("UNLOCK_WORKING")
            self._run(lambda: _open(self._door(), typed), self._on_opened, self._on_not_opened)
        elif self._place == 2:
            self._enter()
        elif self._sentence:
            self._go(2)
        else:
            self._offer()

    def _on_back(self) -> None:
        if self._place == 0:
            self.way_wanted.emit("")
        elif self._place == 1 or self._typed_back:
            self.left.emit()  # the process goes with what it holds
        else:
            self._new.cover()
            self._go(1)

    def _run(self, work: Callable[[], object], done: Callable[..., None], failed: Callable[[DeskError], None]) -> None:
        self._jobs.run(work, owner=self, done=done, failed=failed)

    def _on_opened(self, answer: tuple[SheetRecovery, tuple[Recoverable, ...]]) -> None:
        self._recovery, found = answer
        self.held.emit(self._recovery.close)
        self._type.words.clear()
        self._rest()
        self._who.show_people(found)
        self._go(1)

    def _on_not_opened(self, error: DeskError) -> None:
        self._type.words.set_working(False)
        if isinstance(error, WrongSentence):
            self._rest()
            self._type.words.tell_error(error)
            self._run(lambda: self._door().vaults.status().wait_seconds, self._hold, self.hindered.emit)
        elif error.code == "WAIT_BEFORE_TRYING":
            self._rest()
            self._hold(int(error.facts["seconds"]))
        else:
            self._fail(error)

    def _hold(self, seconds: int) -> None:
        """Count down before the next try; the words stay free for correcting."""
        if seconds <= 0:
            return
        if not self._type.words.note.text():
            self._type.words.note.tell(lambda: words("UNLOCK_WAITING"), "hourglass", "warn")
        self._wait.begin(seconds)

    def _on_tick(self) -> None:
        wait_s = self._wait.left_s()
        self._next.setEnabled(not (wait_s or self._working))
        if wait_s:
            self._state.show_code("UNLOCK_NEXT_TRY", clock=self._wait.clock())
        else:
            self._state.put("")

    def _offer(self) -> None:
        if self._recovery is not None and not self._working:
            self._work("PEOPLE_WORKING")
            self._run(self._recovery.offer_sentence, self._on_offered, self._fail)

    def _on_offered(self, sentence: str) -> None:
        self._rest()
        self._offers += 1
        self._other.setEnabled(self._offers < _MOST_OFFERED)
        self._sentence = sentence
        self._new.put(sentence)
        self._go(2)

    def _enter(self) -> None:
        self._typed_back = True  # tried again, it is not asked for again
        self._other.setEnabled(False)
        self._work("RECOVER_OPENING")
        user_id, sentence = self._who.chosen(), self._sentence
        self._run(partial(self._let_in_and_unlock, user_id, sentence), self.unlocked.emit, self._on_not_entered)

    def _let_in_and_unlock(self, user_id: str, sentence: str) -> Desk:
        """Done in the lane: the one act that writes, and then the usual unlock."""
        if not self._let_in and self._recovery is not None:
            self._let_in = self._recovery.let_in(user_id, sentence)
        return self._door().unlock(self._let_in, sentence)

    def _on_not_entered(self, error: DeskError) -> None:
        if error.code == "HEADER_UNSURE":  # the vault was closed: what counts is seen from outside
            self.refused.emit(error)
        else:
            self._fail(error)


def _open(door: Door, typed: str) -> tuple[SheetRecovery, tuple[Recoverable, ...]]:
    """Open the vault with the words and return whom they can let in."""
    recovery = door.vaults.recover_with_sheet(typed)
    try:
        return recovery, recovery.supervisors()
    except BaseException:
        recovery.close()
        raise
