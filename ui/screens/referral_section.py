"""The referrals of a case: their list, the one that is being written, and the way to its letter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout

from desktop.errors import DeskError, NotAccepted, Problem
from desktop.rules.records import Outcome, RecordDraft, Value
from desktop.rules.validation import blocking, check
from desktop.services.records import StoredRecord
from ui.languages import words
from ui.screens.referral_sheet import ASKED, BASIS, ReferralSheet, provider_choices
from ui.screens.section import FootButton, FootWords, OpenCase, Section, SectionState
from ui.seat import Place, Seat, Telling

_KIND, _DRAFT, _NEW = "referral", "DRAFT", ""

Answer = TypeVar("Answer")


class ReferralSection(Section):
    """Above the list, below it one referral. What is typed and not saved stays until it is saved or put back."""

    def __init__(self, seat: Seat, name: str) -> None:
        """Show nothing yet; the case comes by `show_case`."""
        super().__init__(seat, name)
        self._case: OpenCase | None = None
        self._providers: tuple[StoredRecord, ...] = ()
        self._kept: dict[str, RecordDraft] = {}
        self._shown: str | None = None  # the referral in the form: its id, empty for a new one, None for no form
        self._given = self._wanted = ""
        self._problems: tuple[Problem, ...] = ()
        self._dirty = self._saving = False
        self._actor: Value = None
        self._revision = 0  # at which the referral in the form was opened
        self._sheet = ReferralSheet(seat, name)
        self._form, self._list, self._new = self._sheet.form, self._sheet.list, self._sheet.new
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._sheet)
        self._new.clicked.connect(self._on_new)
        self._list.chosen.connect(self._show)
        self._form.edited.connect(self._on_edited)
        self._form.left.connect(lambda _: self._check())
        self._form.done.connect(self._on_done)
        self._form.help_wanted.connect(self.help_wanted)

    def show_case(self, case: OpenCase, record_id: str) -> None:
        """Show the referrals of a case; the providers they may go to come from the lane."""
        self._case = case
        self._kept = {kept.draft.record_id or _NEW: kept.draft for kept in case.drafts if kept.draft.kind == _KIND}
        if record_id and record_id != self._given:
            self._given = self._wanted = record_id
        self._run(self.seat.desk.directory.list, self._on_providers)

    def begin(self) -> None:
        """Begin in the list, or on what begins one."""
        (self._list if self._referrals() else self._new).setFocus(Qt.FocusReason.OtherFocusReason)

    def unsaved(self) -> tuple[RecordDraft, ...]:
        """Return the referral in the form as it was typed."""
        return (self._draft(),) if self._dirty and self._case is not None else ()

    def state(self) -> SectionState:
        """Return what the spine shows."""
        if any(blocking(self._problems)):
            return SectionState.PROBLEM
        if self._dirty or self._kept:
            return SectionState.DRAFT
        return SectionState.COMPLETE if self._referrals() else SectionState.EMPTY

    def foot(self) -> FootWords:
        """Offer to save what was typed, else to go to the letter."""
        if self._shown is None:
            return FootWords()
        if self._dirty:
            return FootWords(
                lambda: words("REFERRAL_NOT_SAVED"),
                len(blocking(self._problems)),
                FootButton("REFERRAL_SAVE", self._save, enabled=not self._saving),
                FootButton("REFERRAL_PUT_BACK", self._put_back, enabled=not self._saving),
            )
        if self._shown == _NEW or not self.seat.may("letter.open"):
            return FootWords(main=None if self._read_only() else FootButton("REFERRAL_SAVE", self._save, enabled=False))
        record = self._record()
        if record is not None and not record.text("referral_no"):
            return FootWords()  # taken over from another register: this office writes no letter for it
        return FootWords(main=FootButton("REFERRAL_TO_LETTER", self._to_letter))

    def record_id(self) -> str:
        """Return which referral is shown."""
        return self._shown or _NEW

    def say_again(self) -> None:
        """Say the list and the heading in the new language."""
        self._show_list()
        self._sheet.say_heading()

    def _run(self, work: Callable[[], Answer], done: Callable[[Answer], None]) -> None:
        self.seat.jobs.run(work, owner=self, done=done, failed=self._on_failed)

    def _referrals(self) -> tuple[StoredRecord, ...]:
        return self._case.file.of(_KIND) if self._case is not None else ()

    def _record(self) -> StoredRecord | None:
        return next((record for record in self._referrals() if record.record_id == self._shown), None)

    def _read_only(self) -> bool:
        record = self._record()
        return record is not None and (record.altered or record.text("status") != _DRAFT)

    def _draft(self) -> RecordDraft:
        case_id = self._case.file.case_id if self._case is not None else None
        return RecordDraft(_KIND, self._form.fields(), self._shown or None, case_id, self._revision)

    def _on_providers(self, providers: tuple[StoredRecord, ...]) -> None:
        self._providers = providers
        used = {record.text("to_provider") for record in self._referrals()}
        self._form.set_refs("to_provider", provider_choices(providers, used))
        self._show_list()
        if self._dirty:
            self.changed.emit()
            return
        ids = [record.record_id for record in self._referrals()]
        wanted, self._wanted = self._wanted, ""
        if wanted in ids:
            self._show(wanted)
        elif self._shown in ids or self._shown == _NEW:
            self._show(self._shown or _NEW)
        elif _NEW in self._kept or ids:
            self._show(_NEW if _NEW in self._kept else ids[0])
        else:
            self._arrange()
            self.changed.emit()

    def _show(self, record_id: str) -> None:
        """Put a referral into the form; work typed in another is kept as a draft first."""
        if self._dirty and record_id != self._shown:
            draft, drafts = self._draft(), self.seat.desk.drafts
            self._kept[draft.record_id or _NEW] = draft
            self._run(lambda: drafts.keep([draft]), lambda _: None)
        self._shown = record_id
        record, kept = self._record(), self._kept.get(record_id)
        fields = kept.fields if kept else record.fields if record else {"direction": "OUT"}
        self._dirty, self._problems = kept is not None and not self._read_only(), ()
        self._revision = kept.revision if kept else record.revision if record else 0
        self._actor = fields.get("to_provider")
        self._form.set_fields(fields, record.sealed if record else frozenset())
        self._form.set_read_only(self._read_only())
        self._form.show_problems(())
        self._arrange()
        self.changed.emit()

    def _show_list(self) -> None:
        self._sheet.show_list(self._referrals(), self._providers)

    def _arrange(self) -> None:
        self._sheet.arrange(
            any_there=bool(self._referrals()),
            in_form=self._shown is not None,
            record=self._record(),
            read_only=self._read_only(),
        )

    def _on_new(self) -> None:
        self._show(_NEW)
        self._form.focus_first()

    def _on_edited(self) -> None:
        self._dirty = True
        fields = self._form.fields()
        receiver = fields.get("to_provider")
        chosen = next((item for item in self._providers if item.record_id == receiver), None)
        if receiver != self._actor and (chosen is not None or receiver is None):
            # What is asked depends on the kind of receiver; a name that is still being typed changes nothing yet.
            self._actor = receiver
            self._form.set_fields({**fields, "to_actor": chosen.text("actor") if chosen else None})
        self.changed.emit()

    def _check(self) -> None:
        vault = self.seat.desk.vault
        found = check(vault.catalogue.forms[_KIND], self._form.fields(), vault.catalogue.lists, vault.clock.now())
        self._show_problems(found)

    def _show_problems(self, problems: Sequence[Problem]) -> None:
        self._problems = tuple(item for item in problems if item.field.partition(".")[2] in {*ASKED, *BASIS})
        self._form.show_problems(self._problems)
        self.changed.emit()

    def _save(self, *, and_go_on: bool = False) -> None:
        if self._saving or not self._dirty:
            return
        self._saving = True
        draft, desk = self._draft(), self.seat.desk
        case_id = draft.case_id or ""
        self._run(
            lambda: desk.cases.save(draft) if draft.record_id else desk.referrals.create(case_id, draft.fields),
            lambda outcome: self._on_saved(outcome, and_go_on=and_go_on),
        )
        self.changed.emit()

    def _on_saved(self, outcome: Outcome, *, and_go_on: bool) -> None:
        self._kept.pop(self._shown or _NEW, None)
        self._saving = self._dirty = False
        self._problems = ()
        self._shown = self._wanted = outcome.record_ids[0]
        self.told.emit(Telling(lambda: words("REFERRAL_SAVED")))
        self.reading_wanted.emit()
        if and_go_on:
            self.next_wanted.emit()

    def _on_failed(self, error: DeskError) -> None:
        self._saving = False
        if isinstance(error, NotAccepted):
            self._show_problems(error.problems)
            if self._problems:
                self._form.focus_first()
                return
        self.hindered.emit(error)
        self.changed.emit()

    def _put_back(self) -> None:
        draft, drafts = self._draft(), self.seat.desk.drafts
        self._kept.pop(self._shown or _NEW, None)
        self._dirty = False
        self._run(lambda: drafts.drop(draft), lambda _: self.reading_wanted.emit())
        if self._shown == _NEW:
            self._shown = None
        self._wanted = self._shown or ""

    def _on_done(self) -> None:
        if self._dirty:
            self._save(and_go_on=True)
        else:
            self.next_wanted.emit()

    def _to_letter(self) -> None:
        if self._case is not None and self._shown:
            self.place_wanted.emit(Place("letter", self._case.file.case_id, self._shown))
