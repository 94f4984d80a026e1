"""The letter of a referral: looked at as a draft, issued once, printed and copied from memory afterwards."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from desktop.errors import DeskError, NotAccepted, NotTrusted, Obstacle, Problem
from desktop.files import write_out
from desktop.services.assignments import REASONS
from desktop.services.referrals import IssuedLetter, LetterPreview, Way
from ui.languages import plural, words
from ui.printing import Order, print_letter
from ui.screens.case_reason import CaseReason
from ui.screens.letter_side import DraftSide, IssuedSide
from ui.screens.screen import Screen
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, MEDIUM
from ui.widgets.basics import ActionButton, Words
from ui.widgets.file_dialogs import ask_folder
from ui.widgets.letter_pages import LetterPages

_SIDE_PX = 372


class LetterScreen(Screen):
    """`place.record_id` is the referral. Its letter is shown: the issued one, else how it would be issued now."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show an empty sheet; the letter comes from the lane."""
        super().__init__(seat, place)
        self._letter: IssuedLetter | None = None
        self._asked = 0  # counts looks at the draft, so that only the newest is shown
        self._noted = False  # the journal has it that the draft was looked at here
        self._pages = LetterPages("letter.pages", "LETTER_PAGES", "LETTER_PAGES_HELP")
        self._draft = DraftSide(seat.desk.vault.catalogue)
        self._issued = IssuedSide(seat.desk.vault.catalogue)
        self._number = Words("", "muted")
        self._number.setObjectName("letter.number")
        self._back = ActionButton("letter.back", "LETTER_BACK", role="quiet", sign="arrow-left", colour="accent")
        self._sides, self._sheet = QStackedWidget(), QWidget()
        self._why = CaseReason("letter", seat.desk.vault.catalogue.lists[REASONS], self._sheet)
        self._lay_out()
        self._why.given.connect(self._on_reason)
        self._why.back_wanted.connect(lambda: self.place_wanted.emit(Place("cases")))
        self._draft.chosen.connect(self._look)
        self._draft.issue_wanted.connect(self._on_issue)
        self._issued.print_wanted.connect(self._on_print)
        self._issued.save_wanted.connect(self._on_save)
        self._back.clicked.connect(self._on_back)

    def begin(self) -> None:
        """Open the letter where one was issued; else look at it as a draft."""
        self._draft.begin()
        self.run(lambda: _newest_letter(self.seat, self._place.record_id), self._on_opened)

    def say_again(self) -> None:
        """Say both sides in the new language."""
        self._draft.say_again()
        self._issued.say_again()

    def _lay_out(self) -> None:
        for side in (self._draft, self._issued):
            self._sides.addWidget(side)
        beside = QWidget()
        beside.setProperty("role", "paper")
        column = QVBoxLayout(beside)
        column.setContentsMargins(HUGE, LARGE, HUGE, LARGE)
        column.setSpacing(MEDIUM)
        column.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(Words("LETTER_TITLE", "title"))
        column.addWidget(self._number)
        column.addWidget(self._sides, 1)
        scroll = QScrollArea()
        scroll.setProperty("role", "paper")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(_SIDE_PX)
        scroll.setWidget(beside)
        inside = QHBoxLayout(self._sheet)
        inside.setContentsMargins(LARGE, LARGE, 0, LARGE)
        inside.setSpacing(0)
        inside.addWidget(self._pages, 1)
        inside.addWidget(scroll)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._sheet)
        whole.addWidget(self._why)

    def fail(self, error: DeskError) -> None:
        """Ask for the reason that is missing, or show what else is in the way."""
        if not self._why.takes(error):
            super().fail(error)

    def _on_reason(self, reason: str) -> None:
        """Open the case with the reason; then the letter goes on as it would have."""
        cases, case_id = self.seat.desk.cases, self._place.case_id

        def refused(error: DeskError) -> None:
            self._why.let_again()
            self.fail(error)

        self.run(lambda: cases.open(case_id, reason), lambda _: self._on_allowed(), refused)

    def _on_allowed(self) -> None:
        self._why.put_away()
        self.begin()

    def _on_opened(self, letter: IssuedLetter | None) -> None:
        if letter is None:
            self._look()
        else:
            self._show_letter(letter)

    def _look(self) -> None:
        """Look at the letter as it would be issued now; an answer to an older question is dropped."""
        self._asked += 1
        asked, referrals, referral = self._asked, self.seat.desk.referrals, self._place.record_id
        language, mode, noted = self._draft.language(), self._draft.mode(), self._noted
        self._draft.issue.setEnabled(False)

        def look_and_note() -> LetterPreview:
            preview = referrals.preview_letter(referral, language, mode)
            if preview.pdf and not noted:
                referrals.note_previewed(referral)
            return preview

        self.run(
            look_and_note,
            lambda preview: self._on_preview(asked, preview),
            lambda error: self._on_no_preview(asked, error),
        )

    def _on_preview(self, asked: int, preview: LetterPreview) -> None:
        self._noted = self._noted or bool(preview.pdf)
        if asked != self._asked or self._letter is not None:
            return
        self._number.put(preview.referral_no)
        self._pages.show_pdf(preview.pdf)
        self._draft.show_preview(preview)

    def _on_no_preview(self, asked: int, error: DeskError) -> None:
        if asked != self._asked:
            return
        self._pages.show_pdf(b"")
        if isinstance(error, NotAccepted | NotTrusted):
            self._draft.show_refusal(_problems(error))
        else:
            self.fail(error)

    def _on_issue(self) -> None:
        self._draft.issue.setEnabled(False)  # one letter for one press
        referrals, referral = self.seat.desk.referrals, self._place.record_id
        language, mode = self._draft.language(), self._draft.mode()
        self.run(lambda: referrals.issue_letter(referral, language, mode), self._on_issued, self._on_not_issued)

    def _on_issued(self, letter: IssuedLetter) -> None:
        self._show_letter(letter)
        self.told.emit(Telling(lambda: words("LETTER_WAS_ISSUED", serial=letter.serial)))

    def _on_not_issued(self, error: DeskError) -> None:
        self.fail(error)
        self._look()

    def _show_letter(self, letter: IssuedLetter) -> None:
        self._letter = letter
        self._number.put(letter.referral_no)
        self._pages.show_pdf(letter.pdf)
        self._issued.show_letter(letter)
        self._sides.setCurrentWidget(self._issued)
        (self._back if letter.withheld else self._issued.print).setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_print(self) -> None:
        letter = self._letter
        if letter is None:
            return
        serial, referrals = letter.serial, self.seat.desk.referrals
        copies, reason = self._issued.copies.value(), self._issued.reason()
        self._issued.print.setEnabled(False)
        order = Order(
            owner=self,
            copies=copies,
            hand_out=lambda: referrals.hand_out(serial, Way.PRINTER, copies=copies, reason=reason),
            note_failed=lambda: referrals.note_failed(serial, Way.PRINTER),
            done=lambda: self._on_out(Telling(lambda: plural("LETTER_PRINTED", copies))),
            failed=self._on_not_out,
        )
        print_letter(self.seat.jobs, order)

    def _on_out(self, telling: Telling) -> None:
        self._issued.ready()
        self._issued.print.setFocus(Qt.FocusReason.OtherFocusReason)
        self.told.emit(telling)

    def _on_not_out(self, error: DeskError) -> None:
        """Ask for the reason that is missing, keep back what may not go out, or let it be tried again."""
        if error.code == "LETTER_REASON_MISSING":
            self._issued.ask_reason()
        elif isinstance(error, NotAccepted | NotTrusted):
            self._issued.withhold(_problems(error))
            self._back.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._issued.print.setEnabled(True)
            self._issued.print.setFocus(Qt.FocusReason.OtherFocusReason)
        self.fail(error)

    def _on_save(self) -> None:
        if self._issued.reason() is None:
            self._on_not_out(NotAccepted((), "LETTER_REASON_MISSING"))
        else:
            ask_folder(self, "letter.folder", "LETTER_FOLDER", self._on_folder)

    def _on_folder(self, folder: Path) -> None:
        letter, reason, referrals = self._letter, self._issued.reason(), self.seat.desk.referrals
        if letter is None:
            return

        def save() -> None:
            pdf = referrals.hand_out(letter.serial, Way.FILE, reason=reason)
            try:
                write_out(folder, letter.file_name, pdf, private=True)
            except Obstacle:
                referrals.note_failed(letter.serial, Way.FILE)
                raise

        self.run(save, lambda _: self._on_out(Telling(lambda: words("LETTER_COPY_SAVED"))), self._on_not_out)

    def _on_back(self) -> None:
        place = self._place
        self.place_wanted.emit(Place("caseFile", place.case_id, place.record_id, section="referral"))


def _problems(error: DeskError) -> tuple[Problem, ...]:
    return error.problems if isinstance(error, NotAccepted) else (Problem(error.code),)


def _newest_letter(seat: Seat, referral_id: str) -> IssuedLetter | None:
    serials = seat.desk.referrals.letters_of(referral_id)
    return seat.desk.referrals.open_letter(serials[-1]) if serials else None
