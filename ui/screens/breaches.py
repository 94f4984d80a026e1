"""What got lost or was seen: recorded at once, with its two clocks, what to do, and the notice (DPA s.43)."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout

from desktop.errors import DeskError, NotAccepted
from desktop.rules.breach import closing_problems
from desktop.rules.records import Outcome, RecordDraft, Topic
from desktop.rules.validation import check
from desktop.services.breaches import Breach
from desktop.services.drafts import KeptDraft
from ui.languages import words
from ui.models.breach_rows import BREACH_COLUMNS, breach_rows
from ui.screens.breach_sheet import BreachSheet
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, MEDIUM, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.empty_state import EmptyState
from ui.widgets.row_list import RowList

_KIND, _NEW = "breach", ""
_MINUTE_MS = 60_000

Read = tuple[tuple[Breach, ...], tuple[KeptDraft, ...]]


class Breaches(Screen):
    """The list at the left, one breach at the right. `place.section` "new" begins one where none is open."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty frame; the breaches come from the lane."""
        super().__init__(seat, place)
        self._breaches: dict[str, Breach] = {}
        self._kept: dict[str, RecordDraft] = {}
        self._shown: str | None = None  # the breach in the form: its id, empty for a new one, None for no form
        self._visited: set[str] = set()
        self._revision, self._wanted, self._begins = 0, place.record_id, place.section == "new"
        self._tried = self._close_tried = self._dirty = self._working = False
        self._new = ActionButton("breaches.new", "BREACHES_NEW", sign="plus")
        self._list = RowList("breaches.list", BREACH_COLUMNS, "BREACHES_LIST", lines=2)
        self._nothing = EmptyState("breaches.empty", "shield-check", "BREACHES_EMPTY_TITLE", "BREACHES_EMPTY_TEXT")
        self._stack, self._both = QStackedWidget(), QHBoxLayout()
        self._sheet = BreachSheet(seat)
        self._form = self._sheet.form
        self._lay_out()
        self._list.chosen.connect(self._open)
        self._new.clicked.connect(lambda: self._open(_NEW))
        self._form.edited.connect(self._on_edited)
        self._form.left.connect(self._on_left)
        self._form.done.connect(self._save)
        self._form.help_wanted.connect(self.help_wanted)
        self._sheet.save.clicked.connect(self._save)
        self._sheet.back.clicked.connect(self._put_back)
        self._sheet.close_it.clicked.connect(self._close)
        self._sheet.notice.clicked.connect(self._on_notice)
        minute = QTimer(self, interval=_MINUTE_MS)  # the clocks run while one looks at them
        minute.timeout.connect(self._read)
        minute.start()

    def begin(self) -> None:
        """Begin at the way to record something."""
        self._new.setFocus(Qt.FocusReason.OtherFocusReason)
        self._read()

    def place(self) -> Place:
        """Return the breach one is at."""
        return Place("breaches", record_id=self._shown or _NEW)

    def unsaved(self) -> tuple[RecordDraft, ...]:
        """Return the breach in the form as it was typed."""
        return (self._draft(),) if self._dirty else ()

    def on_changed(self, topics: frozenset[Topic]) -> None:
        """Read the breaches again."""
        if Topic.BREACHES in topics:
            self._read()

    def say_again(self) -> None:
        """Say rows, clocks and steps in the new language."""
        self._show_list()
        self._sheet.say_again()
        self._show_kind()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(Words("BREACHES_TITLE", "title"), 1)
        head.addWidget(self._new)
        self._stack.addWidget(self._list)
        self._stack.addWidget(self._nothing)
        # The empty state is wide; it must not take room from the sheet.
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        card = frame("sheet")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self._stack)
        self._both.setSpacing(LARGE)
        self._both.addWidget(card, 5)
        self._both.addWidget(self._sheet, 5)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        whole.setSpacing(MEDIUM)
        whole.addLayout(head)
        whole.addLayout(self._both, 1)
        self.setTabOrder(self._new, self._list)

    def _read(self) -> None:
        breaches, drafts = self.seat.desk.breaches, self.seat.desk.drafts
        self.run(lambda: (breaches.list(), drafts.of_case(None)), self._on_read)

    def _on_read(self, found: Read) -> None:
        self._breaches = {one.record.record_id: one for one in found[0]}
        self._kept = {one.draft.record_id or _NEW: one.draft for one in found[1] if one.draft.kind == _KIND}
        self._show_list()
        begins, self._begins = self._begins, False
        wanted, self._wanted = self._wanted or self._shown, ""
        if self._dirty:
            self._sheet.show_breach(self._breaches.get(self._shown or _NEW))
            self._show_kind()
        elif wanted in self._breaches:
            self._show(wanted)
        elif self._shown is None and (_NEW in self._kept or (begins and not self._are_open())):
            self._open(_NEW)

    def _are_open(self) -> bool:
        return any(not one.is_closed for one in self._breaches.values())

    def _show_list(self) -> None:
        self._list.show_rows(breach_rows(tuple(self._breaches.values()), self.seat.desk.vault.catalogue))
        self._stack.setCurrentWidget(self._list if self._breaches else self._nothing)

    def _open(self, record_id: str) -> None:
        self._show(record_id)
        self._form.focus_first()

    def _show(self, record_id: str) -> None:
        """Put a breach into the form; work typed in another is kept as a draft first."""
        if self._dirty:
            if record_id == self._shown:
                return
            draft, drafts = self._draft(), self.seat.desk.drafts
            self._kept[draft.record_id or _NEW] = draft
            self.run(lambda: drafts.keep([draft]), lambda _: None)
        again = record_id == self._shown
        self._shown = record_id
        breach, kept = self._breaches.get(record_id), self._kept.get(record_id)
        if breach is not None and breach.is_closed:
            kept = None
        self._dirty = kept is not None
        self._sheet.show_breach(breach)
        revision = kept.revision if kept else breach.record.revision if breach else 0
        if not (again and revision == self._revision):  # what is looked at stays as it lies while the clocks go on
            self._tried = self._close_tried = False
            self._visited, self._revision = set(), revision
            self._form.set_fields(kept.fields if kept else breach.record.fields if breach else {})
            self._form.show_problems(())
        self._form.set_read_only(breach is not None and (breach.is_closed or breach.record.altered))
        self._sheet.setVisible(True)
        self._show_kind()
        self._show_state()

    def _draft(self) -> RecordDraft:
        fields = {name: value for name, value in self._form.fields().items() if value is not None}
        return RecordDraft(_KIND, fields, self._shown or None, None, self._revision)

    def _show_kind(self) -> None:
        kind = self._form.fields().get("kind")
        self._sheet.show_kind(kind if isinstance(kind, str) else "")

    def _show_state(self) -> None:
        self._sheet.show_state(dirty=self._dirty, working=self._working)

    def _on_edited(self) -> None:
        self._dirty = True
        self._show_kind()
        self._show_state()

    def _on_left(self, name: str) -> None:
        self._visited.add(name)
        vault, fields = self.seat.desk.vault, self._form.fields()
        found = check(vault.catalogue.forms[_KIND], fields, vault.catalogue.lists, vault.clock.now())
        seen = [one for one in found if self._tried or one.field.partition(".")[2] in self._visited]
        if self._close_tried:  # what keeps it open stays in sight until it is settled
            seen += closing_problems(fields, vault.clock.now())
        self._form.show_problems(seen)

    def _save(self) -> None:
        if self._working or not self._dirty:
            return
        self._working = self._tried = True
        draft, breaches = self._draft(), self.seat.desk.breaches
        self.run(lambda: breaches.save(draft), lambda done: self._on_done(done, "BREACHES_SAVED"), self._on_not_done)
        self._show_state()

    def _close(self) -> None:
        self._working = self._close_tried = True
        shown, revision, breaches = self._shown or _NEW, self._revision, self.seat.desk.breaches
        self.run(
            lambda: breaches.close(shown, revision),
            lambda done: self._on_done(done, "BREACHES_CLOSED_DONE"),
            self._on_not_done,
        )
        self._show_state()

    def _on_done(self, outcome: Outcome, code: str) -> None:
        self._kept.pop(self._shown or _NEW, None)
        self._working = self._dirty = False
        self._shown, self._revision = outcome.record_ids[0], 0  # shown anew as it is stored
        self._form.show_problems(())
        self.told.emit(Telling(lambda: words(code)))
        self._read()

    def _on_not_done(self, error: DeskError) -> None:
        self._working = False
        self._show_state()
        if isinstance(error, NotAccepted):
            self._form.show_problems(error.problems)
            self._form.focus_first()
        if not isinstance(error, NotAccepted) or error.code == "BREACH_NOT_READY":
            self.fail(error)

    def _put_back(self) -> None:
        draft, drafts, shown = self._draft(), self.seat.desk.drafts, self._shown or _NEW
        self._kept.pop(shown, None)
        self._dirty, self._revision = False, -1
        self.run(lambda: drafts.drop(draft), lambda _: self._read())
        self._show(shown)

    def _on_notice(self) -> None:
        self.place_wanted.emit(Place("breachNotice", record_id=self._shown or _NEW))
