"""A plain part of a case file: the records of one kind, one of them in its form, saved over the revision one opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout

from desktop.errors import DeskError, NotAccepted, Obstacle
from desktop.rules.records import Outcome, RecordDraft, Value
from desktop.services import health
from desktop.services.records import RevisionConflict, StoredRecord
from ui.languages import current, words
from ui.screens.form_problems import FormProblems
from ui.screens.form_sheet import FormSheet
from ui.screens.kept_work import KeptWork
from ui.screens.section import FootButton, FootWords, OpenCase, Section, SectionState
from ui.screens.section_states import problems_of, saved_words, state_of
from ui.seat import Seat, Telling
from ui.widgets.record_row import NEW


class FormSection(Section):
    """What is typed and not saved stays in the form, and as a draft, until it is saved or put back."""

    def __init__(self, seat: Seat, name: str) -> None:
        """Show an empty form; the case comes by `show_case`."""
        super().__init__(seat, name)
        self._case: OpenCase | None = None
        self._shown = NEW
        self._revision = 0  # at which the record in the form was opened
        self._dirty = self._working = self._conflicted = False
        self._may_save = seat.may("determination.record" if name == "determination" else "case.save")
        self._sheet = FormSheet(seat, name, may_save=self._may_save)
        self._form = self._sheet.form
        self._kept = KeptWork(self, repeats=self._sheet.spec.repeats)
        self._problems = FormProblems(self._form, self._sheet.spec)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._sheet)
        self._form.edited.connect(self._on_edited)
        self._form.left.connect(self._on_left)
        self._form.done.connect(self._save)
        self._form.help_wanted.connect(self.help_wanted)
        self._sheet.records.chosen.connect(self._go_to)
        self._sheet.records.add_wanted.connect(lambda: self._go_to(NEW))
        self._sheet.aside.connect(self._on_aside)
        self._sheet.hindered.connect(self.hindered)

    def show_case(self, case: OpenCase, record_id: str) -> None:
        """Show the records of the case; a record with a draft of this person continues as it was typed."""
        if case is self._case:
            if record_id:
                self._go_to(record_id)
            return
        self._case = case
        self._kept.take(case)
        self._sheet.show_refs(case.file.records)
        if self._conflicted:
            self._compare()
        elif self._dirty:
            self._arrange()
        else:
            ids = [record.record_id for record in self._records()]
            wanted = next((one for one in (record_id, self._shown) if one in ids), None)
            self._put(wanted or (NEW if self._kept.of(NEW) or not ids else ids[0]))

    def begin(self) -> None:
        """Put the focus into the first question, or where a decision waits."""
        if self._sheet.conflict is not None:
            self._sheet.conflict.begin()
        elif self._sheet.is_aside():
            self._sheet.history.back.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._form.focus_first()

    def unsaved(self) -> tuple[RecordDraft, ...]:
        """Return the record in the form as it was typed."""
        return (self._draft(),) if self._dirty and self._case is not None else ()

    def state(self) -> SectionState:
        """Return what the spine shows."""
        if self._case is None:
            return SectionState.EMPTY
        if self._problems.stopping() or self._conflicted:
            return SectionState.PROBLEM
        standing = state_of(self.seat.desk.vault, self._case, self.name)
        begun = self._dirty or self._kept.any()
        return SectionState.DRAFT if begun and standing is not SectionState.PROBLEM else standing

    def foot(self) -> FootWords:
        """Say what is saved or kept, and offer to save it or to put back what was saved."""
        usable = not self._working
        if self._sheet.conflict is not None:
            keep = FootButton("CASEFILE_KEEP_CHOSEN", self._keep_chosen, enabled=usable)
            return FootWords(
                lambda: words("CASEFILE_BOTH_SAFE"), 0, keep, FootButton("CASEFILE_GO_BACK", self._sheet.go_back)
            )
        if self._sheet.is_aside():
            return FootWords(self._said)
        if not self._dirty:
            return FootWords(self._said, self._problems.stopping(), FootButton("CASEFILE_GO_ON", self.next_wanted.emit))
        return FootWords(
            self._said,
            self._problems.stopping(),
            FootButton("CASEFILE_SAVE", self._save, enabled=usable),
            FootButton("CASEFILE_PUT_BACK", self._put_back, enabled=usable),
        )

    def record_id(self) -> str:
        """Return which record is shown."""
        return self._shown

    def say_again(self) -> None:
        """Say the summaries of the records in the new language."""
        self._arrange()

    def _records(self) -> Sequence[StoredRecord]:
        found = self._case.file.of(self.name) if self._case is not None else ()
        return found if self._sheet.spec.repeats else found[:1]

    def _record(self) -> StoredRecord | None:
        return next((record for record in self._records() if record.record_id == self._shown), None)

    def _draft(self) -> RecordDraft:
        case_id = self._case.file.case_id if self._case is not None else None
        return RecordDraft(self.name, self._form.fields(), self._shown or None, case_id, self._revision)

    def _said(self) -> str:
        return saved_words(self._record(), self._kept.of(self._shown), dirty=self._dirty)

    def _put(self, record_id: str) -> None:
        """Put a record into the form: this person's draft of it, else as it is stored."""
        self._shown = record_id
        kept, record = self._kept.of(record_id), self._record()
        self._dirty = kept is not None
        self._revision = kept.draft.revision if kept else record.revision if record else 0
        fields = kept.draft.fields if kept else record.fields if record else {}
        if kept and record:  # with what was hidden as the draft was begun and is shown now
            fields = {**health.shown(self._sheet.spec, record), **fields}
        self._fill(fields, record)

    def _fill(self, fields: Mapping[str, Value], record: StoredRecord | None) -> None:
        self._form.set_fields(fields, health.staying(self._sheet.spec, record) if record else frozenset())
        self._problems.reset()
        self._sheet.show_conflict(None)
        self._arrange()

    def _arrange(self) -> None:
        self._sheet.show_records(self._records(), self._shown)
        self.changed.emit()

    def _go_to(self, record_id: str) -> None:
        """Show another record; what was typed into this one is kept as a draft first."""
        if self._working or record_id == self._shown or self._sheet.conflict is not None:
            self._arrange()
            return
        if self._dirty:
            self._kept.keep(self._draft())
        self._put(record_id)
        self._form.focus_first()

    def _on_edited(self) -> None:
        if not self._dirty:
            self._dirty = True
            self.changed.emit()

    def _on_left(self, name: str) -> None:
        self._problems.leave(name)
        self._check()

    def _check(self) -> None:
        if self._case is not None:
            self._problems.show(problems_of(self.seat.desk.vault, self._case, self._draft()))
            self.changed.emit()

    def _save(self) -> None:
        """Save what was typed and go on; with nothing typed, go on."""
        if self._working or self._case is None or self._sheet.is_aside():
            return
        if not self._dirty:
            self.next_wanted.emit()
            return
        draft, desk = self._draft(), self.seat.desk
        self._problems.leave_all()
        self._check()
        if self._problems.stopping():
            self._form.focus_first()
            return
        self._working = True
        self.changed.emit()
        self.seat.jobs.run(
            lambda: desk.cases.save(draft),
            owner=self,
            done=lambda outcome: self._on_saved(draft, outcome),
            failed=self._on_not_saved,
        )

    def _on_saved(self, draft: RecordDraft, outcome: Outcome) -> None:
        typed_on = self._form.fields() != draft.fields
        self._working, self._dirty = False, typed_on
        self._kept.drop(draft)  # it may have been kept once more while it was being saved
        self._shown, self._revision = outcome.record_ids[0], outcome.revision
        title = self._sheet.spec.title
        self.told.emit(Telling(lambda: words("CASEFILE_SAVED", part=title[current()])))
        self.reading_wanted.emit()
        if not typed_on:
            self.next_wanted.emit()

    def _on_not_saved(self, error: DeskError) -> None:
        self._working = False
        if isinstance(error, RevisionConflict):
            self._conflicted = True
            self.reading_wanted.emit()
        elif isinstance(error, NotAccepted):
            if not self._problems.show(error.problems):
                self.hindered.emit(error)
            self._form.focus_first()
        else:
            self.hindered.emit(error)
        self.changed.emit()

    def _compare(self) -> None:
        self._conflicted = False
        theirs = self._record()
        if theirs is None:
            self.hindered.emit(Obstacle("RECORD_GONE"))
            self._arrange()
        else:
            self._sheet.compare(theirs, self._form.fields(), self._revision)

    def _keep_chosen(self) -> None:
        panel = self._sheet.conflict
        if panel is None or self._working:
            return
        self._revision = panel.theirs.revision
        self._fill(panel.chosen(), panel.theirs)
        self._save()

    def _put_back(self) -> None:
        self._kept.drop(self._draft())
        self._put(self._shown)
        self._form.focus_first()

    def _on_aside(self) -> None:
        if self.isVisible():
            self.begin()
        self.changed.emit()
