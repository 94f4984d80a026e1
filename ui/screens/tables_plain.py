"""Tables without a seal: saving one, asked once more; and the list of those that still have to be deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop.clock import NAIROBI, Clock, parse_stamp, today
from desktop.errors import DeskError
from desktop.services.tables import KEEP_DAYS, PlainCopySummary
from ui.languages import day, words
from ui.models.plain_copy_rows import PLAIN_COPY_COLUMNS, plain_copy_rows
from ui.theme import HUGE, LARGE, SMALL
from ui.widgets.basics import ActionButton, Words
from ui.widgets.file_line import FileLine
from ui.widgets.row_list import RowList

_MOST_ROWS = 5
_BREAK = "\N{ZERO WIDTH SPACE}"  # a long path may go on in the next line after each of its parts


class PlainSave(QWidget):
    """A quiet button; behind it what a table without a seal means, the folder, and the button that saves it."""

    asked = Signal()  # it takes more room now
    save_wanted = Signal(str)  # the folder

    def __init__(self, clock: Clock) -> None:
        """Ask nothing yet."""
        super().__init__()
        self._clock = clock
        self._asking, self._ready = False, False
        self._way = ActionButton("tables.plain", "TABLES_PLAIN", role="quiet", help_code="TABLES_PLAIN_HELP")
        self._means = Words("", "warn", wraps=True)
        self._means.setObjectName("tables.plain_means")
        self.folder = FileLine(
            "tables.plain_folder",
            ("TABLES_PLAIN_FOLDER", "TABLES_PLAIN_FOLDER_HELP", "TABLES_PLAIN_BROWSE"),
            folder=True,
            lines=2,
        )
        self._save = ActionButton("tables.plain_save", "TABLES_PLAIN_NOW", sign="save")
        self._leave = ActionButton("tables.plain_leave", "TABLES_PLAIN_LEAVE", role="quiet", sign="x", colour="accent")
        buttons = _row(self._save, self._leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SMALL)
        column.addWidget(self._way, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._means)
        column.addWidget(self.folder)
        column.addLayout(buttons)
        self._way.clicked.connect(self._on_way)
        self._leave.clicked.connect(self.leave)
        self._save.clicked.connect(self._on_save)
        self.folder.entered.connect(self._on_save)
        self.folder.edited.connect(self._arrange)
        self._arrange()

    def ask(self) -> None:
        """Say what it means, and ask for the folder."""
        self._asking = True
        self._arrange()

    def leave(self) -> None:
        """Save nothing without a seal."""
        had_focus = self.isAncestorOf(self.focusWidget())
        self._asking = False
        self._arrange()
        if had_focus:
            self._way.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_ready(self, ready: bool) -> None:
        """Say whether there is a table to save."""
        self._ready = ready
        self._arrange()

    def refuse(self, error: DeskError) -> None:
        """Say what is in the way at the folder."""
        self.folder.refuse(error)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves it."""
        if event.key() == Qt.Key.Key_Escape and self._asking:
            self.leave()
        else:
            super().keyPressEvent(event)

    def _arrange(self) -> None:
        delete_by = today(self._clock) + timedelta(days=KEEP_DAYS)
        self._means.put(words("TABLES_PLAIN_MEANS", day=day(delete_by.isoformat())))
        self._way.setVisible(not self._asking)
        for part in (self._means, self.folder, self._save, self._leave):
            part.setVisible(self._asking)
        self._save.setEnabled(self._ready and bool(self.folder.path()))

    def _on_way(self) -> None:
        self.ask()
        self.folder.setFocus(Qt.FocusReason.OtherFocusReason)
        self.asked.emit()

    def _on_save(self) -> None:
        if self._save.isEnabled():
            self.save_wanted.emit(self.folder.path())


class PlainCopies(QFrame):
    """The list, the first due in front; below it the button that is pressed twice to cross off what one stands on."""

    deleted = Signal(object)  # PlainCopySummary

    def __init__(self) -> None:
        """Know of no copy yet."""
        super().__init__()
        self.setProperty("role", "sheet")
        self._copies: tuple[PlainCopySummary, ...] = ()
        self._asking = ""  # the copy that is about to be crossed off
        self.list = RowList("tables.copies", PLAIN_COPY_COLUMNS, "TABLES_COPIES")
        self._some = QWidget()
        self._none = Words("PLAIN_COPIES_NONE", "muted", wraps=True)
        self._none.setObjectName("tables.copies_none")
        self._place, self._question = Words("", "muted", wraps=True), Words("TABLES_COPY_QUESTION", "warn", wraps=True)
        self._place.setObjectName("tables.copy_place")
        self._question.setObjectName("tables.copy_question")
        self._deleted = ActionButton("tables.copy_deleted", "TABLES_COPY_DELETED", sign="check")
        self._leave = ActionButton("tables.copy_leave", "TABLES_COPY_LEAVE", role="quiet", sign="x", colour="accent")
        column = QVBoxLayout(self)
        column.setContentsMargins(HUGE + SMALL, LARGE, HUGE + SMALL, LARGE)
        column.setSpacing(SMALL)
        column.addWidget(Words("TABLES_COPIES", "heading", wraps=True))
        column.addWidget(self._none)
        column.addWidget(self._some)
        within = QVBoxLayout(self._some)
        within.setContentsMargins(0, 0, 0, 0)
        within.setSpacing(SMALL)
        for part in (self.list, self._place, self._question):
            within.addWidget(part)
        within.addLayout(_row(self._deleted, self._leave))
        kept = self._question.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # the button stays where it is when it asks
        self._question.setSizePolicy(kept)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._on_row())
        self.list.chosen.connect(lambda _: self._deleted.setFocus(Qt.FocusReason.OtherFocusReason))
        self._deleted.clicked.connect(self._on_pressed)
        self._leave.clicked.connect(self.stop_asking)
        self.show_copies(())

    def show_copies(self, copies: Sequence[PlainCopySummary]) -> None:
        """Show the copies that nobody has said to have deleted."""
        self._copies = tuple(copies)
        self.list.keep_rows(min(len(self._copies), _MOST_ROWS))
        self.say_again()

    def stop_asking(self) -> None:
        """Keep the copy in the list."""
        had_focus = self._leave.hasFocus() or self._deleted.hasFocus()
        self._asking = ""
        self._arrange()
        if had_focus:
            self._deleted.setFocus(Qt.FocusReason.OtherFocusReason)

    def say_again(self) -> None:
        """Say the rows in the language in force."""
        self.list.show_rows(plain_copy_rows(self._copies))
        self._on_row()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.say_again()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc keeps the copy in the list."""
        if event.key() == Qt.Key.Key_Escape and self._asking:
            self.stop_asking()
        else:
            super().keyPressEvent(event)

    def _current(self) -> PlainCopySummary | None:
        current = self.list.current_id()
        return next((copy for copy in self._copies if copy.copy_id == current), None)

    def _on_row(self) -> None:
        copy = self._current()
        if copy is None or copy.copy_id != self._asking:
            self._asking = ""
        self._place.put(_saved_in_words(copy) if copy else "")
        self._arrange()

    def _arrange(self) -> None:
        asking = bool(self._asking)
        self._none.setVisible(not self._copies)
        self._some.setVisible(bool(self._copies))
        self._deleted.turn_into("TABLES_COPY_DELETED_NOW" if asking else "TABLES_COPY_DELETED", "check")
        for part in (self._question, self._leave):
            part.setVisible(asking)

    def _on_pressed(self) -> None:
        copy = self._current()
        if copy is None:
            return
        if self._asking:
            self.deleted.emit(copy)
            return
        self._asking = copy.copy_id
        self._arrange()


def _saved_in_words(copy: PlainCopySummary) -> str:
    made = parse_stamp(copy.made_at).astimezone(NAIROBI).date().isoformat()
    place = re.sub(r"[/\\]", lambda mark: f"{mark[0]}{_BREAK}", copy.place)
    return words("TABLES_COPY_PLACE", day=day(made), place=place)


def _row(*buttons: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(SMALL)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row
