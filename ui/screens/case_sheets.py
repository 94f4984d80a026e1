"""The parts of a case file and the paper each stands on."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from ui.screens.section import Section
from ui.seat import Seat
from ui.theme import HUGE, LARGE
from ui.widgets.basics import frame
from ui.widgets.field_form import WIDEST_PX

IMPORT_NOTE = "import_note"
# The parts in the order of the file; the letter is that of the government's form.
PARTS: Mapping[str, str] = {
    "case": "",
    "person": "",
    "identity_document": "",
    "consent": "A",
    "recruitment": "",
    "journey_leg": "",
    "exploitation_episode": "",
    "determination": "D",
    "referral": "C",
    "referral_feedback": "",
    IMPORT_NOTE: "",
    "closure": "",
}
_SHEET_PX = WIDEST_PX + 2 * HUGE + 2  # a form, its margins, a hairline at either side


def make_section(seat: Seat, name: str) -> Section:
    """Make a part of a case file. Each is imported when one first goes there."""
    match name:
        case "case":
            from ui.screens.case_officers import CaseSection

            return CaseSection(seat, name)
        case "consent":
            from ui.screens.consent_section import ConsentSection

            return ConsentSection(seat, name)
        case "referral":
            from ui.screens.referral_section import ReferralSection

            return ReferralSection(seat, name)
        case _:
            from ui.screens.form_section import FormSection

            return FormSection(seat, name)


def put_on_sheet(section: Section, sheets: QStackedWidget) -> None:
    """Put the section on a sheet of its own, on paper, from the top; it scrolls.

    The section comes last: each part of a window that gets another parent is looked through and dressed again.
    """
    card = frame("sheet")
    card.setMaximumWidth(_SHEET_PX)
    inside = QVBoxLayout(card)
    inside.setContentsMargins(HUGE, LARGE, HUGE, HUGE)
    paper = QWidget()
    paper.setProperty("role", "paper")
    row = QHBoxLayout(paper)
    row.setContentsMargins(LARGE, LARGE, LARGE, LARGE)
    row.addStretch(1)
    row.addWidget(card, 100, Qt.AlignmentFlag.AlignTop)
    row.addStretch(1)
    scroll = QScrollArea()
    scroll.setProperty("role", "paper")
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(paper)
    sheets.addWidget(scroll)
    inside.addWidget(section)
    section.show()  # at once: it may be given the focus before the window comes to it
