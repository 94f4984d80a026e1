"""The draft notice of a breach to the Data Commissioner: read, then printed from memory."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop.errors import DeskError, NotAccepted, Problem
from desktop.messages import LANGUAGES, Language, explain_problem
from desktop.services.breaches import Notice
from ui.languages import current, words
from ui.printing import Order, print_letter
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words
from ui.widgets.letter_pages import LetterPages

_SIDE_PX = 340


class BreachNotice(Screen):
    """`place.record_id` is the breach."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty sheet; the notice comes from the lane."""
        super().__init__(seat, place)
        self._notice = Notice(b"", (), ())
        self._asked = 0  # counts looks, so that only the newest is shown
        self._pages = LetterPages("breachNotice.pages", "BREACH_NOTICE_PAGES", "BREACH_NOTICE_PAGES_HELP")
        self._back = ActionButton(
            "breachNotice.back", "BREACH_NOTICE_BACK", role="quiet", sign="arrow-left", colour="accent"
        )
        self._english = ActionButton("breachNotice.english", "BREACH_NOTICE_ENGLISH", role="choice")
        self._swahili = ActionButton("breachNotice.swahili", "BREACH_NOTICE_SWAHILI", role="choice")
        self._stops, self._looks = Words("", "danger", wraps=True), Words("", "warn", wraps=True)
        self._stops.setObjectName("breachNotice.problems")
        self._looks.setObjectName("breachNotice.warnings")
        self._print = ActionButton(
            "breachNotice.print", "BREACH_NOTICE_PRINT", role="main", sign="printer", colour="on_accent"
        )
        self._print.set_key("Ctrl+P")
        self._print.setEnabled(False)
        self._lay_out()
        (self._swahili if current() == "sw" else self._english).setChecked(True)
        for choice in (self._english, self._swahili):
            choice.clicked.connect(self._look)
        self._back.clicked.connect(lambda: self.place_wanted.emit(Place("breaches", record_id=place.record_id)))
        self._print.clicked.connect(self._on_print)

    def begin(self) -> None:
        """Begin at the language, and look at the notice."""
        (self._swahili if self._swahili.isChecked() else self._english).setFocus(Qt.FocusReason.OtherFocusReason)
        self._look()

    def say_again(self) -> None:
        """Say in the new language what stops the notice, and what to look at."""
        for label, problems in ((self._stops, self._notice.problems), (self._looks, self._notice.warnings)):
            label.put("\n".join(self._said(problem) for problem in problems))
            label.setVisible(bool(problems))

    def _language(self) -> Language:
        return LANGUAGES[1] if self._swahili.isChecked() else LANGUAGES[0]

    def _look(self) -> None:
        self._asked += 1
        self._print.setEnabled(False)
        asked, breaches, breach, language = (
            self._asked,
            self.seat.desk.breaches,
            self._place.record_id,
            self._language(),
        )
        self.run(lambda: breaches.notice(breach, language), lambda notice: self._on_notice(asked, notice))

    def _on_notice(self, asked: int, notice: Notice) -> None:
        if asked != self._asked:
            return
        self._notice = notice
        self._pages.show_pdf(notice.pdf)
        self._print.setEnabled(bool(notice.pdf))
        self.say_again()

    def _on_print(self) -> None:
        breaches, breach, language = self.seat.desk.breaches, self._place.record_id, self._language()
        self._print.setEnabled(False)
        order = Order(
            owner=self,
            copies=1,
            hand_out=lambda: breaches.hand_out_notice(breach, language),
            note_failed=lambda: breaches.note_not_printed(breach),
            done=self._on_printed,
            failed=self._on_not_printed,
        )
        print_letter(self.seat.jobs, order)

    def _on_printed(self) -> None:
        self._print.setEnabled(True)
        self._print.setFocus(Qt.FocusReason.OtherFocusReason)
        self.told.emit(Telling(lambda: words("BREACH_NOTICE_PRINTED")))

    def _on_not_printed(self, error: DeskError) -> None:
        if isinstance(error, NotAccepted):  # somebody saved the breach meanwhile
            self._look()
        else:
            self._print.setEnabled(True)
            self._print.setFocus(Qt.FocusReason.OtherFocusReason)
        self.fail(error)

    def _said(self, problem: Problem) -> str:
        field = self.seat.desk.vault.catalogue.forms["breach"].get(problem.field.partition(".")[2])
        said = explain_problem(problem, current())
        return f"{field.labels[current()]}: {said}" if field else said

    def _lay_out(self) -> None:
        group, choices = QButtonGroup(self), QHBoxLayout()
        choices.setSpacing(TINY)
        for choice in (self._english, self._swahili):
            choice.setCheckable(True)
            group.addButton(choice)
            choices.addWidget(choice)
        choices.addStretch(1)
        beside = QWidget()
        beside.setProperty("role", "paper")
        column = QVBoxLayout(beside)
        column.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        column.setSpacing(MEDIUM)
        column.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(Words("BREACH_NOTICE_TITLE", "title", wraps=True))
        column.addWidget(Words("BREACH_NOTICE_HOW", "muted", wraps=True))
        column.addWidget(Words("BREACH_NOTICE_LANGUAGE", "strong"))
        column.addLayout(choices)
        for part in (self._stops, self._looks):
            part.hide()
            column.addWidget(part)
        column.addSpacing(SMALL)
        column.addWidget(self._print)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setProperty("role", "paper")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(_SIDE_PX)
        scroll.setWidget(beside)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(LARGE, LARGE, 0, LARGE)
        whole.setSpacing(0)
        whole.addWidget(self._pages, 1)
        whole.addWidget(scroll)
