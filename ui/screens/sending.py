"""Sending: what will leave, the bundles made so far and where each stands, the stick, the Secretariat's answers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from desktop import sticks
from desktop.errors import DeskError
from desktop.rules.records import Outcome, Topic
from desktop.services.exports import BundleSummary, SealedBundle
from ui.languages import number, words
from ui.models.bundle_rows import BUNDLE_COLUMNS, bundle_rows
from ui.screens import sending_work as work
from ui.screens.screen import Screen
from ui.screens.sending_line import LinePart
from ui.screens.sending_side import BundleInHand, NewBundle, ReceiptPart
from ui.screens.sending_words import answers_in_words, sealed_in_words
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.empty_state import EmptyState
from ui.widgets.file_dialogs import ask_file, ask_folder
from ui.widgets.row_list import RowList

_SIDE_PX = 360
_TOPICS = frozenset(
    {Topic.BUNDLES, Topic.RECEIPTS, Topic.OFFICE, Topic.CASES, Topic.CONSENTS, Topic.REFERRALS, Topic.IMPORTS}
)


class Sending(Screen):
    """The list at the left; beside it what will leave, the bundle in hand and the receipts."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty frame; where things stand comes from the lane."""
        super().__init__(seat, place)
        self._bundles: tuple[BundleSummary, ...] = ()
        self._made = ""  # the bundle just made: it comes to hand when the list has it
        self._list = RowList("sending.list", BUNDLE_COLUMNS, "SENDING_LIST")
        self._nothing = EmptyState("sending.empty", "send", "SENDING_EMPTY_TITLE", "SENDING_EMPTY_TEXT")
        self._stack = QStackedWidget()
        self._in_hand, self._line = BundleInHand(), LinePart(self)
        self._new, self._receipts = NewBundle(seat.desk.vault.catalogue.forms), ReceiptPart()
        self._table = ActionButton(
            *("sending.table", "TABLES_OPEN"),
            role="quiet",
            sign="table-2",
            colour="accent",
            help_code="TABLES_OPEN_HELP",
        )
        self._lay_out()
        self._new.setVisible(seat.may("bundle.make"))
        self._table.setVisible(seat.may("table.export"))
        self._table.clicked.connect(lambda: self.place_wanted.emit(Place("tables")))
        self._list.selectionModel().currentRowChanged.connect(lambda *_: self._on_current())
        self._list.chosen.connect(lambda _: self._in_hand.save.setFocus(Qt.FocusReason.OtherFocusReason))
        self._new.seal.clicked.connect(self._on_seal)
        self._new.enrol.clicked.connect(lambda: self.place_wanted.emit(Place("enrolment")))
        self._new.fields.clicked.connect(
            lambda: self.help_wanted.emit(lambda: (words("SENDING_FIELDS_TITLE"), self._new.fields_in_words()))
        )
        self._in_hand.stick.look_wanted.connect(self._look)
        self._in_hand.save.clicked.connect(self._on_save)
        self._in_hand.folder.clicked.connect(
            lambda: ask_folder(self, "sending.folder_choice", "FOLDER_SAVE", self._on_folder)
        )
        self._receipts.take.clicked.connect(self._on_take)
        self._receipts.file.clicked.connect(
            lambda: ask_file(self, "sending.receipt_choice", "RECEIPT_FILE", work.RECEIPTS, self._on_file)
        )

    def begin(self) -> None:
        """Begin in the list; look where things stand and which sticks are in."""
        self._list.setFocus(Qt.FocusReason.OtherFocusReason)
        self._read()
        self._look()

    def on_changed(self, topics: frozenset[Topic]) -> None:
        """Look again what would leave and where the bundles stand."""
        if topics & _TOPICS:
            self._read()

    def say_again(self) -> None:
        """Say figures and rows in the new language."""
        self._list.show_rows(bundle_rows(self._bundles))
        self._new.say_again()
        self._in_hand.say_again()

    def _lay_out(self) -> None:
        self._stack.addWidget(self._list)
        self._stack.addWidget(self._nothing)
        sheet = frame("sheet")
        inside = QVBoxLayout(sheet)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self._stack)
        left = QVBoxLayout()
        left.setSpacing(MEDIUM)
        left.addWidget(sheet, 1)
        left.addWidget(self._in_hand)
        left.addWidget(self._line)
        row = QHBoxLayout()
        row.setSpacing(MEDIUM)
        row.addLayout(left, 1)
        row.addWidget(_scrolling(self._new, self._receipts, self._line.look))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        whole.setSpacing(SMALL)
        head = QHBoxLayout()
        head.addWidget(Words("SENDING_TITLE", "title"), 1)
        head.addWidget(self._table)
        whole.addLayout(head)
        whole.addLayout(row, 1)

    def _read(self) -> None:
        desk, may_make = self.seat.desk, self.seat.may("bundle.make")
        self.run(lambda: work.read(desk, may_make=may_make), self._on_read)

    def _on_read(self, standing: work.Standing) -> None:
        self._bundles = standing.bundles
        self._new.show_standing(standing)
        self._line.show_standing(standing)
        self._list.show_rows(bundle_rows(self._bundles))
        had_focus = self.focusWidget() is self._list
        self._stack.setCurrentWidget(self._list if self._bundles else self._nothing)
        if had_focus and not self._bundles:
            self._first_button().setFocus(Qt.FocusReason.OtherFocusReason)
        if self._made and self._bundles:
            self._made = ""
            self._list.selectRow(0)
            self._in_hand.save.setFocus(Qt.FocusReason.OtherFocusReason)
        self._on_current()

    def _first_button(self) -> QWidget:
        """Return where the work begins while there is no bundle."""
        choices = (self._new.enrol, self._new.seal, self._receipts.take)
        return next(button for button in choices if button.isVisible() and button.isEnabled())

    def _on_current(self) -> None:
        current_id = self._list.current_id()
        bundle = next((bundle for bundle in self._bundles if bundle.bundle_id == current_id), None)
        self._in_hand.show_bundle(bundle if self.seat.may("bundle.hand_over") else None)
        self._line.show_bundle(bundle)

    def _look(self) -> None:
        self.run(sticks.found, self._in_hand.stick.show_sticks)

    def _on_seal(self) -> None:
        desk, identity = self.seat.desk, self._new.identity()
        self._new.show_working(True)
        self.run(lambda: work.seal(desk, identity), self._on_sealed, self._on_not_sealed)

    def _on_sealed(self, answer: tuple[SealedBundle, Outcome]) -> None:
        made, _ = answer
        self._made = made.bundle_id
        self._new.show_working(False)
        expired = made.roster_expired
        self.told.emit(Telling(lambda: sealed_in_words(made.sequence, expired=expired)))

    def _on_not_sealed(self, error: DeskError) -> None:
        self._new.show_working(False)
        self.fail(error)

    def _on_save(self) -> None:
        desk, bundle_id, wanted = self.seat.desk, self._list.current_id(), self._in_hand.stick.wanted()
        self._begin_saving()
        self.run(lambda: work.save_to_stick(desk, bundle_id, wanted), self._on_saved, self._on_not_saved)

    def _on_folder(self, folder: Path) -> None:
        desk, bundle_id = self.seat.desk, self._list.current_id()
        self._begin_saving()
        self.run(lambda: work.save_to_folder(desk, bundle_id, folder), self._on_saved, self._on_not_saved)

    def _begin_saving(self) -> None:
        self._in_hand.stick.clear()
        self._in_hand.show_working(True)

    def _on_saved(self, saved: work.Saved) -> None:
        self._in_hand.show_working(False)
        self._in_hand.save.setFocus(Qt.FocusReason.OtherFocusReason)
        self.told.emit(Telling(lambda: words("SENDING_SAVED", n=number(saved.sequence), place=saved.place)))
        self._look()

    def _on_not_saved(self, error: DeskError) -> None:
        self._in_hand.show_working(False)
        self._in_hand.save.setFocus(Qt.FocusReason.OtherFocusReason)
        self._in_hand.stick.tell(error)
        self._look()

    def _on_take(self) -> None:
        desk = self.seat.desk
        self.run(lambda: work.take_in_from_sticks(desk), self._on_taken)

    def _on_file(self, path: Path) -> None:
        desk = self.seat.desk
        self.run(lambda: work.take_in(desk, (path,)), self._on_taken)

    def _on_taken(self, answers: work.Answers) -> None:
        self.told.emit(Telling(lambda: answers_in_words(answers)))


def _scrolling(*parts: QWidget) -> QFrame:
    """Return a sheet of fixed width with these parts below one another, which scrolls where the window is low."""
    inner = QWidget()
    inner.setProperty("role", "raised")
    column = QVBoxLayout(inner)
    column.setContentsMargins(LARGE, LARGE, LARGE, LARGE)
    column.setSpacing(MEDIUM)
    for part in parts:
        column.addWidget(part)
    column.addStretch(1)
    scroll = QScrollArea()
    scroll.setProperty("role", "raised")
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(inner)
    sheet = frame("sheet")
    sheet.setFixedWidth(_SIDE_PX)
    around = QVBoxLayout(sheet)
    around.setContentsMargins(1, TINY, 1, TINY)
    around.addWidget(scroll)
    return sheet
