"""What stands beside the list of bundles: what will leave, the bundle in hand, the receipts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from desktop.bundles.manifest import Identity
from desktop.messages import sentence
from desktop.rules.forms import Form
from desktop.rules.states import BundleState
from desktop.services.exports import BundleSummary, WhatLeaves
from ui.languages import current, number, plural, words
from ui.screens.sending_work import Standing
from ui.theme import LARGE, MEDIUM, SMALL
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.stick_choice import StickChoice


class NewBundle(QWidget):
    """What the next bundle carries, in words and figures; how persons are named in it; the sealing itself."""

    def __init__(self, forms: Mapping[str, Form]) -> None:
        """Know nothing yet."""
        super().__init__()
        self._forms = forms
        self._standing: Standing | None = None
        self._working = False
        self.fields = ActionButton("sending.fields", "SENDING_FIELDS", role="quiet", help_code="SENDING_FIELDS_HELP")
        self.enrol = ActionButton("sending.enrol", "SENDING_ENROL", role="main", help_code="SENDING_ENROL_HELP")
        self.seal = ActionButton(
            *("sending.seal", "SENDING_SEAL"),
            role="main",
            sign="lock",
            colour="on_accent",
            help_code="SENDING_SEAL_HELP",
        )
        self._figures, self._kinds = Words("", "figure", wraps=True), Words("", "muted", wraps=True)
        self._drafts, self._not_enrolled = Words("", "warn", wraps=True), Words("OFFICE_NOT_ENROLLED", wraps=True)
        self._naming = Words("SENDING_PSEUDONYMOUS_HELP", "help", wraps=True)
        named = {"figures": self._figures, "kinds": self._kinds, "drafts": self._drafts}
        named |= {"not_enrolled": self._not_enrolled, "naming": self._naming}
        for name, label in named.items():
            label.setObjectName(f"sending.{name}")
        self._names = {
            Identity.PSEUDONYMOUS: ActionButton("sending.pseudonymous", "SENDING_PSEUDONYMOUS", role="choice"),
            Identity.IDENTIFIED: ActionButton("sending.identified", "SENDING_IDENTIFIED", role="choice"),
        }
        self._choice = QWidget()
        self._lay_out()
        self.show_standing(None)

    def identity(self) -> Identity:
        """Return how persons are to be named."""
        return next(identity for identity, button in self._names.items() if button.isChecked())

    def show_standing(self, standing: Standing | None) -> None:
        """Show what would leave now."""
        self._standing = standing
        handover_due = standing is not None and standing.handover_due
        enrolled = standing is None or (standing.enrolled and not handover_due)
        self._not_enrolled.show_code("HANDOVER_DUE" if handover_due else "OFFICE_NOT_ENROLLED")
        self._not_enrolled.setVisible(not enrolled)
        self.enrol.setVisible(not enrolled)
        self._choice.setVisible(enrolled)
        self.say_again()

    def show_working(self, working: bool) -> None:
        """Show that a bundle is being sealed, or is no longer."""
        self._working = working
        self.say_again()

    def say_again(self) -> None:
        """Say the figures in the language in force."""
        standing = self._standing
        leaves = standing.leaves if standing else None
        waiting = leaves is not None and bool(leaves.records)
        self.seal.turn_into("SENDING_SEALING" if self._working else "SENDING_SEAL", "lock")
        self.seal.setEnabled(waiting and not self._working)
        self.fields.setVisible(waiting)
        self._figures.put(_figures(leaves) if leaves is not None else "")
        self._figures.setVisible(waiting)
        self._kinds.put(self._by_kind(leaves) if leaves is not None else "")
        drafts = standing.drafts if standing else 0
        self._drafts.put(plural("SENDING_DRAFTS", drafts) if drafts else "")
        self._drafts.setVisible(drafts > 0)

    def fields_in_words(self) -> str:
        """Return which fields of each kind leave under a pseudonym."""
        leaves = self._standing.leaves if self._standing else None
        lines = [words("SENDING_FIELDS_TEXT")]
        for kind, names in (leaves.fields if leaves else {}).items():
            form = self._forms[kind]
            labels = ", ".join(form[name].labels[current()] for name in names)
            lines.append(f"{form.title[current()]}\n{labels}")
        return "\n\n".join(lines)

    def _by_kind(self, leaves: WhatLeaves) -> str:
        lines = (
            words("SENDING_KIND", title=self._forms[kind].title[current()], n=number(n))
            for kind, n in leaves.records.items()
        )
        return "\n".join(sorted(lines)) or words("SENDING_NOTHING")

    def _on_named(self) -> None:
        codes = {Identity.PSEUDONYMOUS: "SENDING_PSEUDONYMOUS_HELP", Identity.IDENTIFIED: "SENDING_IDENTIFIED_HELP"}
        self._naming.show_code(codes[self.identity()])

    def _lay_out(self) -> None:
        group = QButtonGroup(self)
        for identity, button in self._names.items():
            button.setCheckable(True)
            button.setChecked(identity is Identity.PSEUDONYMOUS)
            button.clicked.connect(self._on_named)
            group.addButton(button)
        choice = _column(self._choice, Words("SENDING_NAMING", "strong"))
        for button in self._names.values():
            choice.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        choice.addWidget(self._naming)
        choice.addSpacing(SMALL)
        choice.addWidget(self.seal)
        column = _column(self, Words("SENDING_LEAVES", "heading"), self._figures, self._kinds)
        column.addWidget(self.fields, 0, Qt.AlignmentFlag.AlignLeft)
        for part in (self._drafts, self._not_enrolled, self.enrol, self._choice, frame("rule")):
            column.addWidget(part)
        self._naming.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._naming.setMinimumHeight(4 * self._naming.fontMetrics().lineSpacing())  # what is below stays where it is


class BundleInHand(QFrame):
    """The bundle one is at in the list: where it stands and why, and writing it to a stick or a folder."""

    def __init__(self) -> None:
        """Have no bundle in hand."""
        super().__init__()
        self.setProperty("role", "sheet")
        self._bundle: BundleSummary | None = None
        self._title, self._text = Words("", "heading", wraps=True), Words("", "muted", wraps=True)
        self._title.setObjectName("sending.bundle")
        self._text.setObjectName("sending.bundle.state")
        self.stick = StickChoice("sending.stick")
        self.save = ActionButton("sending.save", "STICK_SAVE", sign="usb", help_code="STICK_SAVE_HELP")
        self.folder = ActionButton("sending.folder", "FOLDER_SAVE", sign="folder-open", help_code="FOLDER_SAVE_HELP")
        told, saving = QWidget(), QWidget()
        _column(told, self._title, self._text).addStretch(1)
        _column(saving, self.stick, self.save, self.folder).addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        row.setSpacing(LARGE)
        row.addWidget(told, 2)
        row.addWidget(saving, 3)
        self.show_bundle(None)

    def show_bundle(self, bundle: BundleSummary | None) -> None:
        """Show a bundle, or that there is none."""
        self._bundle = bundle
        self.say_again()

    def show_working(self, working: bool) -> None:
        """Take no second order while one is under way."""
        self.save.setEnabled(not working)
        self.folder.setEnabled(not working)

    def say_again(self) -> None:
        """Say it in the language in force."""
        bundle = self._bundle
        self.setVisible(bundle is not None)
        if bundle is None:
            return
        self._title.put(words("SENDING_BUNDLE", n=number(bundle.sequence)))
        self._text.put("\n".join(_standing_of(bundle)))


class ReceiptPart(QWidget):
    """Taking in what the Secretariat answered."""

    def __init__(self) -> None:
        """Offer both ways; the note below says what stood in the way of the one or the other."""
        super().__init__()
        self.take = ActionButton("sending.receipt", "RECEIPT_TAKE", sign="inbox", help_code="RECEIPT_TAKE_HELP")
        self.file = ActionButton("sending.receipt_file", "RECEIPT_FILE", help_code="RECEIPT_FILE_HELP")
        _column(
            self, Words("RECEIPT_HEADING", "heading"), Words("RECEIPT_TEXT", "muted", wraps=True), self.take, self.file
        )


def _figures(leaves: WhatLeaves) -> str:
    cases, records = plural("SENDING_CASES_N", leaves.cases), plural("SENDING_RECORDS_N", sum(leaves.records.values()))
    return words("SENDING_FIGURES", cases=cases, records=records)


def _standing_of(bundle: BundleSummary) -> Sequence[str]:
    codes = {
        BundleState.MADE: "SENDING_NOW_MADE",
        BundleState.HANDED_OVER: "SENDING_NOW_HANDED_OVER",
        BundleState.RECEIVED: "SENDING_NOW_RECEIVED",
        BundleState.RETURNED: "SENDING_NOW_RETURNED",
    }
    lines = [bundle.file_name, words(codes[bundle.state])]
    if bundle.reason is not None:
        lines.append(sentence(bundle.reason, current()))
    return lines


def _column(owner: QWidget, *parts: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(owner)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SMALL)
    for part in parts:
        column.addWidget(part)
    return column
