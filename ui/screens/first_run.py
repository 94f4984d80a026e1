"""The first run: five steps from an empty laptop to an office's vault, each saying why it is asked.

Nothing is on disk until the sentence and the recovery sheet's words were typed back: at no moment is there a vault
whose words nobody wrote down. The desk is then opened by a new process, so that no memory holds the words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from desktop.errors import DeskError, NotAccepted
from ui.idle import IdleWatch
from ui.jobs import JobRunner
from ui.languages import current
from ui.screens.first_run_steps import FieldsStep, OfficeStep, Step, WelcomeStep
from ui.screens.first_run_words import WordsStep
from ui.screens.page import Page
from ui.theme import ICON_PX, LARGE, SMALL
from ui.widgets.basics import ActionButton, Sign, Words, frame
from ui.widgets.practice_way import PracticeWay

if TYPE_CHECKING:
    from desktop.bootstrap import Door
    from desktop.services.vault import OfficeFacts, Prepared

_SUPERVISOR, _SENTENCE, _LAST = 2, 3, 4
_WORDS_MINUTES = 5  # so long words stay on the screen of a laptop that nobody touches
# Which step and line a problem of the desk belongs to.
_LINES = {
    "office.county": (1, "county"),
    "office.code": (1, "county"),
    "office.name": (1, "office_name"),
    "office.ministry": (1, "ministry"),
    "office.phone": (1, "office_phone"),
    "office.supervisor": (_SUPERVISOR, "supervisor"),
    "office.title": (_SUPERVISOR, "job_title"),
}


class FirstRun(Page):
    """The wizard of a laptop without a vault."""

    made = Signal()  # the vault is there: a new process opens it
    practice_wanted = Signal()  # the practice office is there: a new process opens it
    hindered = Signal(object)  # DeskError

    def __init__(self, door: Callable[[], Door], jobs: JobRunner) -> None:
        """Stand before `door`, which is called in the vault lane only."""
        super().__init__("firstRun")
        self._door, self._jobs = door, jobs
        self._prepared: Prepared | None = None
        self._working = False
        self._place = 0
        self._idle = IdleWatch(self)
        self._idle.gone.connect(self._on_gone)
        self._shown = QVBoxLayout()
        practice = PracticeWay("firstRun", door, jobs)
        practice.reached.connect(self.practice_wanted)
        practice.hindered.connect(self.hindered)
        practice.working.connect(self._on_practice_working)
        self._steps: list[Step] = [WelcomeStep(practice)]
        self._count = Words("", "muted")
        self._count.setObjectName("firstRun.step")
        self._sign = Sign("", "muted", ICON_PX)
        self._back = ActionButton("firstRun.back", "FIRST_BACK")
        self._next = ActionButton("firstRun.next", "FIRST_SET_UP", role="main")
        self._back.clicked.connect(lambda: self._go(self._place - 1))
        self._next.clicked.connect(self._on_next)
        self._shown.addWidget(self._steps[0])
        self.sheet.addLayout(self._shown)
        self._add_foot()
        self.order_after(self._next)
        self._go(0)

    def _add_foot(self) -> None:
        """Put the way on below the paper, where it is in sight however long a step is."""
        foot = frame("foot")
        middle = QHBoxLayout(foot)
        middle.setContentsMargins(LARGE, SMALL, LARGE, SMALL)
        middle.setSpacing(SMALL)
        middle.addWidget(self._count)
        middle.addWidget(self._sign)
        middle.addStretch(1)
        for button in (self._back, self._next):
            middle.addWidget(button)
        whole = self.layout()
        if whole is not None:
            whole.addWidget(foot)

    def begin(self) -> None:
        """Begin on Next, and read the counties meanwhile."""
        self._next.setFocus()
        self._next.setEnabled(False)
        self._jobs.run(lambda: _counties(self._door()), owner=self, done=self._on_counties, failed=self.hindered.emit)

    def _on_counties(self, counties: dict[str, dict[str, str]]) -> None:
        supervisor = (
            ("supervisor", "FIRST_SUPERVISOR", "FIRST_SUPERVISOR_WHY", True),
            ("job_title", "FIRST_TITLE", "FIRST_SUPERVISOR_WHY", False),
            ("phone", "FIRST_PHONE", "FIRST_SUPERVISOR_WHY", False),
        )
        self._office = OfficeStep({code: labels[current()] for code, labels in counties.items()})
        self._supervisor = FieldsStep("FIRST_SUPERVISOR_TITLE", "FIRST_SUPERVISOR_WHY", supervisor)
        self._sentence = WordsStep(
            *("firstRun.sentence", "FIRST_SENTENCE_TITLE", "FIRST_SENTENCE_WHY"),
            *("FIRST_SENTENCE_WRITTEN", "FIRST_SENTENCE_AGAIN"),
        )
        self._sheet = WordsStep(
            "firstRun.sheet", "FIRST_SHEET_TITLE", "FIRST_SHEET_WHY", "FIRST_SHEET_WRITTEN", "FIRST_SHEET_AGAIN"
        )
        for step in (self._office, self._supervisor, self._sentence, self._sheet):
            step.finished.connect(self._on_next)
            self._steps.append(step)
            step.hide()
            self._shown.addWidget(step)
        self._next.setEnabled(True)
        self._next.setFocus()

    def _go(self, place: int) -> None:
        if not 0 <= place < len(self._steps) or self._working:
            return
        if place < _SENTENCE:
            self._prepared = None  # the words belonged to what was typed before
            for step in self._steps:
                if isinstance(step, WordsStep):
                    step.put("")
        self._place = place
        for number, step in enumerate(self._steps):
            step.setVisible(number == place)
        self._back.setVisible(place > 0)
        self._next.turn_into({0: "FIRST_SET_UP", _LAST: "FIRST_FINISH"}.get(place, "FIRST_NEXT"), "")
        self._count.show_code("FIRST_STEP", n=place + 1, of=_LAST + 1)
        self._steps[place].begin()

    def _on_next(self) -> None:
        place = self._place
        if self._working or len(self._steps) == 1 or not self._steps[place].settle():
            return
        if place == _SUPERVISOR:
            facts = self._facts()
            self._work("FIRST_MAKING_KEYS")
            self._jobs.run(
                lambda: self._door().vaults.prepare_office(facts),
                owner=self,
                done=self._on_prepared,
                failed=self._on_failed,
            )
        elif place == _LAST:
            self._write()
        else:
            self._go(place + 1)

    def _facts(self) -> OfficeFacts:
        from desktop.services.vault import OfficeFacts

        county = self._office.county()
        return OfficeFacts(
            county=county,
            code=f"{county}-{self._office.number.value():02d}",
            name=self._office.text("office_name"),
            ministry=self._office.text("ministry"),
            phone=self._office.text("office_phone"),
            supervisor_name=self._supervisor.text("supervisor"),
            supervisor_title=self._supervisor.text("job_title"),
            supervisor_phone=self._supervisor.text("phone"),
            language=current(),
        )

    def _on_prepared(self, prepared: Prepared) -> None:
        self._rest()
        self._prepared = prepared
        self._sentence.put(prepared.sentence)
        self._sheet.put(prepared.sheet_words)
        self._idle.watch(_WORDS_MINUTES)
        self._go(_SENTENCE)

    def _on_gone(self) -> None:
        """Nobody is here: no word stays on the screen, and the laptop may sleep."""
        step = self._steps[self._place]
        if isinstance(step, WordsStep):
            step.cover()
        self.repaint()
        self._idle.let_sleep()
        self._idle.watch(_WORDS_MINUTES)

    def _write(self) -> None:
        if self._prepared is not None:
            self._work("FIRST_WRITING")
            self._jobs.run(self._prepared.write, owner=self, done=self._on_written, failed=self._on_failed)

    def _on_written(self, _: object) -> None:
        self._prepared = None
        self.made.emit()

    def _on_failed(self, error: DeskError) -> None:
        self._rest()
        if not isinstance(error, NotAccepted):
            self.hindered.emit(error)
            return
        for problem in error.problems:
            place, line = _LINES.get(problem.field, (1, "office_name"))
            self._go(place)
            step = self._steps[place]
            if isinstance(step, FieldsStep):
                step.show_problem(line, problem)

    def _on_practice_working(self, working: bool) -> None:
        self._working = working
        self._next.setEnabled(not working and len(self._steps) > 1)

    def _work(self, code: str) -> None:
        self._working = True
        self._sign.show_sign("hourglass", "muted")
        self._count.show_code(code)
        for button in (self._back, self._next):
            button.setEnabled(False)

    def _rest(self) -> None:
        self._working = False
        self._sign.show_sign("", "muted")
        self._count.show_code("FIRST_STEP", n=self._place + 1, of=_LAST + 1)
        for button in (self._back, self._next):
            button.setEnabled(True)


def _counties(door: Door) -> dict[str, dict[str, str]]:
    return {code.code: dict(code.labels) for code in door.catalogue.lists["counties"].codes}
