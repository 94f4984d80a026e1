"""Sending over the line that the roster names: the bundle in hand goes by the courier, receipts come back by it.

The courier is another process; it is waited for beside the lane, so that the desk works on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from desktop.errand import Began, Courier, Errand, Moved, Word
from desktop.errors import DeskError, Stopped
from desktop.rules.states import BundleState
from desktop.services.exports import BundleSummary
from ui.jobs import Progress
from ui.languages import number, words
from ui.screens import sending_work as work
from ui.screens.screen import Screen
from ui.screens.sending_words import answers_in_words
from ui.seat import Telling
from ui.theme import LARGE, MEDIUM, SMALL
from ui.widgets.basics import ActionButton, Words
from ui.widgets.progress_strip import ProgressStrip

_KIB = 1024
_TO_SEND = frozenset({BundleState.MADE, BundleState.HANDED_OVER})


class _Ear(QObject):
    """Brings the courier's words to the window's thread. It belongs to the lane's owner, which outlives any screen."""

    heard = Signal(str, object)  # the bundle, the word


class LinePart(QFrame):
    """The order to send, how far the courier is, and Stop. Not there where the roster names no line.

    `look`, the order to look for receipts, stands with the other ways that receipts come.
    """

    def __init__(self, screen: Screen) -> None:
        """Belong to the screen of sending, through which it works and speaks."""
        super().__init__()
        self.setProperty("role", "sheet")
        self._screen = screen
        self._bundle: BundleSummary | None = None
        self._working = False
        self._courier: Courier | None = None
        self._ear = _Ear(screen.seat.jobs)
        self._ear.heard.connect(self._on_heard)
        self._send = ActionButton("sending.line", "LINE_SEND", sign="send", help_code="LINE_SEND_HELP")
        self.look = ActionButton("sending.line_receipts", "LINE_LOOK", sign="inbox", help_code="LINE_LOOK_HELP")
        self._state = Words("", "muted", wraps=True)
        self._state.setObjectName("sending.line_state")
        self._strip = ProgressStrip("sending.line_progress", "LINE_STOP_HELP", screen.seat.jobs)
        self._lay_out()
        self._send.clicked.connect(self._on_send)
        self.look.clicked.connect(self._on_look)
        self._strip.stop.clicked.connect(self._on_stop)
        self.hide()
        self.look.hide()

    def show_standing(self, standing: work.Standing) -> None:
        """Be there where there is a line."""
        self.setVisible(standing.line)
        self.look.setVisible(standing.line)
        self._show_orders()

    def show_bundle(self, bundle: BundleSummary | None) -> None:
        """Take the bundle in hand."""
        self._bundle = bundle
        self._show_orders()

    def _show_orders(self) -> None:
        in_hand = self._bundle is not None and self._bundle.state in _TO_SEND
        self._send.setVisible(self._screen.seat.may("bundle.hand_over"))
        self._send.setEnabled(in_hand and not self._working)
        self.look.setEnabled(not self._working)

    def _on_send(self) -> None:
        if self._bundle is not None:
            sending, bundle_id = self._screen.seat.desk.sending, self._bundle.bundle_id
            self._begin()
            self._screen.run(lambda: sending.errand(bundle_id), self._on_errand, self._on_failed)

    def _on_errand(self, errand: Errand) -> None:
        self._go((errand,), "LINE_SENDING", lambda _: self._on_carried(errand))

    def _on_carried(self, errand: Errand) -> None:
        sending = self._screen.seat.desk.sending
        self._screen.run(
            lambda: sending.note_sent(errand.bundle_id), lambda _: self._on_sent(errand.sequence), self._on_failed
        )

    def _on_sent(self, sequence: int) -> None:
        self._end()
        self._screen.told.emit(Telling(lambda: words("SEND_DONE", n=number(sequence))))

    def _on_look(self) -> None:
        self._begin()
        self._screen.run(self._screen.seat.desk.sending.receipt_errands, self._on_errands, self._on_failed)

    def _on_errands(self, errands: tuple[Errand, ...]) -> None:
        self._go(errands, "LINE_LOOKING", self._on_brought)

    def _on_brought(self, contents: list[bytes]) -> None:
        desk = self._screen.seat.desk
        self._screen.run(lambda: work.take_in_contents(desk, contents), self._on_taken, self._on_failed)

    def _on_taken(self, answers: work.Answers) -> None:
        self._end()
        say = (lambda: answers_in_words(answers)) if answers.new else (lambda: words("LINE_NO_RECEIPT"))
        self._screen.told.emit(Telling(say))

    def _go(self, errands: Sequence[Errand], code: str, done: Callable[[list[bytes]], None]) -> None:
        """Let the courier do errands one after another; `done` gets what it brought back."""
        courier, progress, ear = Courier(), self._strip.start(code), self._ear
        self._courier = courier
        self.destroyed.connect(courier.stop)  # nobody could see it or stop it any more
        self._screen.seat.jobs.run_beside(
            lambda: _carry(courier, errands, progress, ear), owner=self, done=done, failed=self._on_failed
        )

    def _on_stop(self) -> None:
        if self._courier is not None:
            self._courier.stop()

    def _on_heard(self, bundle_id: str, word: Word) -> None:
        if isinstance(word, Began):
            sending, url = self._screen.seat.desk.sending, word.url
            self._screen.run(lambda: sending.note_begun(bundle_id, url), lambda _: None)
        elif isinstance(word, Moved):
            self._state.put("")
        else:
            code = "LINE_WAITING_SERVER" if word.server else "LINE_WAITING_LINE"
            self._state.show_code(code, seconds=number(word.seconds))

    def _on_failed(self, error: DeskError) -> None:
        self._end()
        if isinstance(error, Stopped):
            self._state.show_code("SENDING_STOPPED")
        self._screen.fail(error)

    def _begin(self) -> None:
        self._working = True
        self._state.put("")
        self._show_orders()

    def _end(self) -> None:
        self._working, self._courier = False, None
        self._state.put("")
        self._strip.end()
        self._show_orders()

    def _lay_out(self) -> None:
        orders = QHBoxLayout()
        orders.setSpacing(MEDIUM)
        orders.addWidget(self._send)
        orders.addWidget(self._state, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        whole.setSpacing(SMALL)
        whole.addLayout(orders)
        whole.addWidget(self._strip)


def _carry(courier: Courier, errands: Sequence[Errand], progress: Progress, ear: _Ear) -> list[bytes]:
    """Do errands beside the lane and return what was brought back. Raises as `Courier.run`."""
    brought = []
    for errand in errands:
        first: list[int] = []  # where this errand began: what an earlier one sent says nothing of the pace

        def told(word: Word, errand: Errand = errand, first: list[int] = first) -> None:
            if isinstance(word, Moved):
                first[:] = [min([word.sent, *first])]
                progress.report((word.sent - first[0]) // _KIB, -(-(len(errand.content) - first[0]) // _KIB))
            ear.heard.emit(errand.bundle_id, word)

        content = courier.run(errand, told)
        if content is not None:
            brought.append(content)
    return brought
