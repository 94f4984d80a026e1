"""The section consent of a case file: what stands, taking it back, and a new paper."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout

from desktop.errors import DeskError, NotAccepted
from desktop.rules.records import Outcome, RecordDraft
from desktop.rules.validation import blocking
from desktop.services.records import StoredRecord
from ui.languages import plural, words
from ui.screens.consent_paper import ConsentPaper
from ui.screens.consent_standing import ConsentStanding
from ui.screens.referral_sheet import provider_choices
from ui.screens.section import FootButton, FootWords, OpenCase, Section, SectionState
from ui.seat import Seat, Telling
from ui.theme import HUGE
from ui.widgets.basics import frame

_KIND = "consent"


class ConsentSection(Section):
    """Rows are never changed: a paper adds new ones, a withdrawal is one of them."""

    def __init__(self, seat: Seat, name: str) -> None:
        """Show nothing yet; the case comes by `show_case`."""
        super().__init__(seat, name)
        self._case: OpenCase | None = None
        self._dirty = self._working = False
        self._problems = 0
        self._standing = ConsentStanding(seat, name)
        self._paper = ConsentPaper(seat, name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HUGE)
        column.addWidget(self._standing)
        column.addWidget(frame("rule"))
        column.addWidget(self._paper)
        column.addStretch(1)
        self._standing.withdrawn.connect(self._withdraw)
        self._standing.help_wanted.connect(self.help_wanted)
        self._paper.edited.connect(self._on_edited)
        self._paper.left.connect(self._check)
        self._paper.done.connect(self._on_done)
        self._paper.help_wanted.connect(self.help_wanted)

    def show_case(self, case: OpenCase, record_id: str) -> None:
        """Show the consents of a case and the draft of a paper; the names of receivers come from the lane."""
        self._case = case
        kept = next((one.draft for one in case.drafts if one.draft.kind == _KIND and one.draft.record_id is None), None)
        if not self._dirty and kept is not None:
            self._paper.put(kept.fields)
            self._dirty = True
        self.seat.jobs.run(self.seat.desk.directory.list, owner=self, done=self._on_providers, failed=self._fail)
        self.changed.emit()

    def begin(self) -> None:
        """Begin with what stands, or with the paper."""
        if self._standing.is_empty():
            self._paper.common.focus_first()
        else:
            self._standing.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def unsaved(self) -> tuple[RecordDraft, ...]:
        """Return the paper as it was typed."""
        return (self._draft(),) if self._dirty and self._case is not None else ()

    def state(self) -> SectionState:
        """Return what the spine shows."""
        if self._problems:
            return SectionState.PROBLEM
        if self._dirty:
            return SectionState.DRAFT
        return SectionState.COMPLETE if self._case and self._case.file.of(_KIND) else SectionState.EMPTY

    def foot(self) -> FootWords:
        """Offer to save the paper or to clear it."""
        usable = self._dirty and not self._working
        save = FootButton("CONSENT_SAVE", self._save, enabled=usable)
        if not self._dirty:
            return FootWords(main=save)
        clear = FootButton("CONSENT_CLEAR", self._clear, enabled=usable)
        return FootWords(lambda: words("CONSENT_NOT_SAVED"), self._problems, save, clear)

    def say_again(self) -> None:
        """Say rows and questions in the new language."""
        self._standing.say_again()
        self._paper.say_again()

    def _draft(self) -> RecordDraft:
        return RecordDraft(_KIND, self._paper.fields(), None, self._case.file.case_id if self._case else None, 0)

    def _on_providers(self, providers: tuple[StoredRecord, ...]) -> None:
        self._paper.set_providers(provider_choices(providers, ()))
        names = {provider.record_id: provider.text("name") for provider in providers}
        records = self._case.file.of(_KIND) if self._case else ()
        self._standing.show_rows(records, names)

    def _on_edited(self) -> None:
        self._dirty = True
        self.changed.emit()

    def _check(self) -> None:
        if self._dirty:
            self._problems = len(blocking(self._paper.check()))
            self.changed.emit()

    def _on_done(self) -> None:
        if self._dirty:
            self._save(and_go_on=True)
        else:
            self.next_wanted.emit()

    def _save(self, *, and_go_on: bool = False) -> None:
        if self._working or not self._dirty or self._case is None:
            return
        if not self._paper.try_to_save():
            self._problems = len(blocking(self._paper.check())) or 1
            self.changed.emit()
            return
        self._working = True
        desk, case_id, rows, draft = self.seat.desk, self._case.file.case_id, self._paper.rows(), self._draft()

        def record() -> Outcome:
            outcome = desk.consents.record(case_id, rows)
            desk.drafts.drop(draft)
            return outcome

        self.seat.jobs.run(
            record,
            owner=self,
            done=lambda outcome: self._on_saved(len(outcome.record_ids), and_go_on=and_go_on),
            failed=self._on_not_saved,
        )
        self.changed.emit()

    def _on_saved(self, answers: int, *, and_go_on: bool) -> None:
        self._empty_paper()
        self.told.emit(Telling(lambda: plural("CONSENT_SAVED", answers)))
        self.reading_wanted.emit()
        if and_go_on:
            self.next_wanted.emit()

    def _on_not_saved(self, error: DeskError) -> None:
        self._working = False
        if isinstance(error, NotAccepted) and self._paper.show_refused(error.problems):
            self._problems = len(blocking(error.problems))
            self._paper.common.focus_first()
        else:
            self.hindered.emit(error)
        self.changed.emit()

    def _clear(self) -> None:
        draft, drafts = self._draft(), self.seat.desk.drafts
        self._empty_paper()
        self.seat.jobs.run(
            lambda: drafts.drop(draft), owner=self, done=lambda _: self.reading_wanted.emit(), failed=self._fail
        )
        self._paper.common.focus_first()

    def _empty_paper(self) -> None:
        self._working = self._dirty = False
        self._problems = 0
        self._paper.put({})
        self.changed.emit()

    def _withdraw(self, record_id: str, at: str) -> None:
        if self._working or self._case is None:
            return
        self._working = True
        consents, case_id = self.seat.desk.consents, self._case.file.case_id
        self.seat.jobs.run(
            lambda: consents.withdraw(case_id, record_id, at),
            owner=self,
            done=lambda _: self._on_withdrawn(),
            failed=self._on_not_withdrawn,
        )

    def _on_withdrawn(self) -> None:
        self._working = False
        self._standing.stop_asking()
        self._standing.list.setFocus(Qt.FocusReason.OtherFocusReason)
        self.told.emit(Telling(lambda: words("CONSENT_WITHDRAWN_TOLD")))
        self.reading_wanted.emit()

    def _on_not_withdrawn(self, error: DeskError) -> None:
        self._working = False
        if isinstance(error, NotAccepted):
            self._standing.show_problems(error.problems)
        else:
            self._fail(error)

    def _fail(self, error: DeskError) -> None:
        self.hindered.emit(error)
