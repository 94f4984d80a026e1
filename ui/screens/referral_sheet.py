"""The sheet of a case's referrals: their list or how to begin one, and one referral below it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from desktop.services.records import StoredRecord
from ui.languages import words
from ui.models.case_referrals import CASE_REFERRAL_COLUMNS, case_referral_rows
from ui.seat import Seat
from ui.theme import MEDIUM
from ui.widgets.basics import ActionButton, Words
from ui.widgets.empty_state import EmptyState
from ui.widgets.field_form import FieldForm, RefChoice
from ui.widgets.row_list import RowList

# In the order of the paper; what only one kind of receiver needs is shown for it alone.
ASKED = (
    *("to_provider", "to_person", "to_phone", "services", "reason", "urgency"),
    *("reason_short", "needs_short", "risk_note", "already_given"),
    *("suspect_annex", "bed_type", "arrival", "employer", "wages_claimed_kes", "papers_needed", "costs"),
    *("escort", "transport", "identity_mode", "background"),
)
BASIS = ("lawful_basis", "basis_reason")  # a supervisor's: urgent help waits for no consent (L-15, L-16)
_MOST_ROWS = 4


class ReferralSheet(QWidget):
    """What is seen of the section; which referral is in the form is the section's to say."""

    def __init__(self, seat: Seat, name: str) -> None:
        """Show that there is no referral yet."""
        super().__init__()
        self._catalogue = seat.desk.vault.catalogue
        self._record: StoredRecord | None = None
        self.new = ActionButton(f"{name}.new", "REFERRAL_NEW", sign="plus", help_code="REFERRAL_NEW_HELP")
        self.list = RowList(f"{name}.list", CASE_REFERRAL_COLUMNS, "REFERRAL_LIST", lines=2)
        self._empty = EmptyState(f"{name}.empty", "send", "REFERRAL_EMPTY_TITLE", "REFERRAL_EMPTY_TEXT")
        self._heading, self._note = Words("", "heading"), Words("REFERRAL_ISSUED_NOTE", "muted", wraps=True)
        self._heading.setObjectName(f"{name}.heading")
        self._note.setObjectName(f"{name}.note")
        self.form = FieldForm(
            self._catalogue.forms["referral"],
            self._catalogue.lists,
            seat.desk.vault.clock,
            name=name,
            only=(*ASKED, *BASIS) if seat.may("basis.record") else ASKED,
            refs={"to_provider": ()},
        )
        head = QHBoxLayout()
        head.addWidget(Words("REFERRAL_TITLE", "heading"), 1)
        head.addWidget(self.new)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(MEDIUM)
        column.addLayout(head)
        for part in (self.list, self._empty, self._heading, self._note, self.form):
            column.addWidget(part)
        column.addStretch(1)
        self.new.setVisible(seat.may("referral.create"))
        self.arrange(any_there=False, in_form=False, record=None, read_only=False)

    def show_list(self, referrals: Sequence[StoredRecord], providers: Sequence[StoredRecord]) -> None:
        """Show the referrals in the language in force."""
        self.list.show_rows(case_referral_rows(referrals, providers, self._catalogue))
        self.list.keep_rows(min(max(len(referrals), 1), _MOST_ROWS))

    def arrange(self, *, any_there: bool, in_form: bool, record: StoredRecord | None, read_only: bool) -> None:
        """Show the parts that apply; `record` is the referral in the form, None for a new one."""
        self._record = record
        self.list.setVisible(any_there)
        self._empty.setVisible(not any_there and not in_form)
        for part in (self._heading, self.form):
            part.setVisible(in_form)
        taken_over = record is not None and not record.text("referral_no")
        self._note.show_code("REFERRAL_TAKEN_OVER_NOTE" if taken_over else "REFERRAL_ISSUED_NOTE")
        self._note.setVisible(in_form and read_only)
        self.say_heading()

    def say_heading(self) -> None:
        """Say which referral is in the form."""
        number = self._record.text("referral_no") or words("REFERRAL_TAKEN_OVER") if self._record else ""
        self._heading.put(number or words("REFERRAL_NEW_HEADING"))


def provider_choices(providers: Sequence[StoredRecord], used: Collection[str]) -> list[RefChoice]:
    """Return the providers that work, and those that a referral names already, by name."""
    found = [item for item in providers if item.fields.get("active") is not False or item.record_id in used]
    return [RefChoice(item.record_id, item.text("name")) for item in sorted(found, key=lambda item: item.text("name"))]
