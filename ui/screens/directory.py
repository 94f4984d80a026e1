"""The directory of providers: who may be asked for what, found as one types, and kept up to date."""

from __future__ import annotations

from functools import cached_property

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout

from desktop.errors import DeskError, NotAccepted
from desktop.rules.records import Outcome, RecordDraft, Topic, Value
from desktop.rules.validation import check
from desktop.services.drafts import KeptDraft
from desktop.services.records import StoredRecord
from ui.languages import plain, words
from ui.models.provider_rows import PROVIDER_COLUMNS, found_by, provider_rows
from ui.screens.provider_form import ProviderForm
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.empty_state import EmptyState
from ui.widgets.field_form import FieldForm
from ui.widgets.problem_note import ProblemNote
from ui.widgets.row_list import RowList
from ui.widgets.search_field import SearchField

_KIND, _NEW = "provider", ""
_FRESH: dict[str, Value] = {"active": True}  # a provider is entered because it can be asked

Read = tuple[tuple[StoredRecord, ...], tuple[KeptDraft, ...]]


class Directory(Screen):
    """The list at the left, one provider at the right. Who may not save reads."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty frame; the providers come from the lane."""
        super().__init__(seat, place)
        self._providers: dict[str, StoredRecord] = {}
        self._kept: dict[str, RecordDraft] = {}
        self._shown: str | None = None  # the provider in the form: its id, empty for a new one, None for no form
        self._visited: set[str] = set()
        self._revision, self._wanted = 0, place.record_id
        self._tried = self._dirty = self._working = False
        self._filter = SearchField("directory.filter")
        self._note = ProblemNote("directory.filter.note", self._filter, "DIRECTORY_FILTER_HELP", lines=1)
        self._list = RowList("directory.list", PROVIDER_COLUMNS, "DIRECTORY_LIST")
        self._new = ActionButton("directory.new", "DIRECTORY_NEW", sign="plus")
        self._nothing = EmptyState("directory.empty", "building-2", "DIRECTORY_EMPTY_TITLE", "DIRECTORY_EMPTY_TEXT")
        self._no_hits = Words("DIRECTORY_NO_HITS", "muted", wraps=True)
        self._no_hits.setObjectName("directory.no_hits")
        self._no_hits.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._no_hits.setMargin(HUGE)
        self._stack, self._both = QStackedWidget(), QHBoxLayout()
        self._lay_out()
        self._new.setVisible(seat.may("provider.save"))
        self.say_again()
        self._filter.textEdited.connect(lambda _: self._show_list())
        self._filter.returnPressed.connect(self._go_into_list)
        self._filter.down_pressed.connect(self._go_into_list)
        self._list.chosen.connect(self._open)
        self._new.clicked.connect(lambda: self._open(_NEW))
        QTimer.singleShot(0, self, lambda: self._sheet)  # in a turn of its own: its many questions take a while

    @cached_property
    def _sheet(self) -> ProviderForm:
        sheet = ProviderForm(self.seat)
        self._both.addWidget(sheet, 4)
        sheet.form.edited.connect(self._on_edited)
        sheet.form.left.connect(self._on_left)
        sheet.form.done.connect(self._save)
        sheet.form.help_wanted.connect(self.help_wanted)
        sheet.save.clicked.connect(self._save)
        sheet.back.clicked.connect(self._put_back)
        return sheet

    @property
    def _form(self) -> FieldForm:
        return self._sheet.form

    def begin(self) -> None:
        """Begin in the filter field."""
        self._filter.setFocus(Qt.FocusReason.OtherFocusReason)
        self._read()

    def place(self) -> Place:
        """Return the provider one is at."""
        return Place("directory", record_id=self._shown or _NEW)

    def unsaved(self) -> tuple[RecordDraft, ...]:
        """Return the provider in the form as it was typed."""
        return (self._draft(),) if self._dirty else ()

    def on_changed(self, topics: frozenset[Topic]) -> None:
        """Read the providers again."""
        if topics & {Topic.PROVIDERS, Topic.IMPORTS}:
            self._read()

    def say_again(self) -> None:
        """Say labels and rows in the new language."""
        self._filter.setAccessibleName(plain("DIRECTORY_FILTER"))
        self._filter.setPlaceholderText(words("DIRECTORY_FILTER_HINT"))
        self._show_list()

    def _lay_out(self) -> None:
        label = Words("DIRECTORY_FILTER", "strong")
        label.setBuddy(self._filter)
        head = QHBoxLayout()
        head.addWidget(Words("DIRECTORY_TITLE", "title"), 1)
        head.addWidget(self._new)
        for part in (self._list, self._nothing, self._no_hits):
            self._stack.addWidget(part)
        # The empty state is wide; it must not take room from a provider's sheet.
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        card = frame("sheet")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, TINY, 1, TINY)
        inside.addWidget(self._stack)
        left = QVBoxLayout()
        left.setSpacing(TINY)
        for line in (label, self._filter, self._note):
            left.addWidget(line)
        left.addWidget(card, 1)
        self._both.setSpacing(LARGE)
        self._both.addLayout(left, 5)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        whole.setSpacing(MEDIUM)
        whole.addLayout(head)
        whole.addSpacing(SMALL)
        whole.addLayout(self._both, 1)
        self.setTabOrder(self._filter, self._list)

    def _read(self) -> None:
        directory, drafts = self.seat.desk.directory, self.seat.desk.drafts
        self.run(lambda: (directory.list(), drafts.of_case(None)), self._on_read)

    def _on_read(self, found: Read) -> None:
        self._providers = {one.record_id: one for one in found[0]}
        self._kept = {one.draft.record_id or _NEW: one.draft for one in found[1] if one.draft.kind == _KIND}
        self._show_list()
        if self._dirty:
            return
        wanted, self._wanted = self._wanted or self._shown, ""
        if wanted in self._providers:
            self._show(wanted)
        elif self._shown is None and _NEW in self._kept:
            self._show(_NEW)

    def _show_list(self) -> None:
        catalogue, text = self.seat.desk.vault.catalogue, self._filter.text()
        found = found_by(tuple(self._providers.values()), text, catalogue)
        self._list.show_rows(provider_rows(found, catalogue))
        empty = self._no_hits if self._providers else self._nothing
        self._stack.setCurrentWidget(self._list if found else empty)

    def _go_into_list(self) -> None:
        if self._list.rows():
            self._list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open(self, record_id: str) -> None:
        self._show(record_id)
        self._form.focus_first()

    def _show(self, record_id: str) -> None:
        """Put a provider into the form; work typed in another is kept as a draft first."""
        if self._dirty:
            if record_id == self._shown:
                return
            draft, drafts = self._draft(), self.seat.desk.drafts
            self._kept[draft.record_id or _NEW] = draft
            self.run(lambda: drafts.keep([draft]), lambda _: None)
        self._shown = record_id
        record, kept = self._providers.get(record_id), self._kept.get(record_id)
        self._dirty, self._tried, self._visited = kept is not None, False, set()
        self._revision = kept.revision if kept else record.revision if record else 0
        fields = kept.fields if kept else record.fields if record else _FRESH
        self._form.set_fields(fields, record.sealed if record else frozenset())
        self._form.set_read_only(not self.seat.may("provider.save") or bool(record and record.altered))
        self._form.show_problems(())
        self._sheet.show_heading(record.text("name") if record else "")
        self._sheet.setVisible(True)
        self._show_state()

    def _draft(self) -> RecordDraft:
        # A value that is None would take a sealed address away, and the list does not say which are sealed.
        fields = {name: value for name, value in self._form.fields().items() if value is not None}
        return RecordDraft(_KIND, fields, self._shown or None, None, self._revision)

    def _show_state(self) -> None:
        self._sheet.show_state(dirty=self._dirty, working=self._working)

    def _on_edited(self) -> None:
        self._dirty = True
        self._show_state()

    def _on_left(self, name: str) -> None:
        self._visited.add(name)
        vault = self.seat.desk.vault
        found = check(vault.catalogue.forms[_KIND], self._form.fields(), vault.catalogue.lists, vault.clock.now())
        seen = [one for one in found if self._tried or one.field.partition(".")[2] in self._visited]
        self._form.show_problems(seen)

    def _save(self) -> None:
        if self._working or not self._dirty:
            return
        self._working = self._tried = True
        draft, directory, drafts = self._draft(), self.seat.desk.directory, self.seat.desk.drafts

        def save() -> Outcome:
            outcome = directory.save(draft)
            drafts.drop(draft)
            return outcome

        self.run(save, self._on_saved, self._on_not_saved)
        self._show_state()

    def _on_saved(self, outcome: Outcome) -> None:
        self._kept.pop(self._shown or _NEW, None)
        self._working = self._dirty = False
        self._shown = outcome.record_ids[0]
        self._form.show_problems(())
        self._show_state()
        self.told.emit(Telling(lambda: words("DIRECTORY_SAVED")))
        self._read()

    def _on_not_saved(self, error: DeskError) -> None:
        self._working = False
        self._show_state()
        if isinstance(error, NotAccepted):
            self._form.show_problems(error.problems)
            self._form.focus_first()
        else:
            self.fail(error)

    def _put_back(self) -> None:
        draft, drafts, shown = self._draft(), self.seat.desk.drafts, self._shown or _NEW
        self._kept.pop(shown, None)
        self._dirty = False
        self.run(lambda: drafts.drop(draft), lambda _: self._read())
        self._show(shown)
