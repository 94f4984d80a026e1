"""What a table shall be: which, what for, whether with names; and in figures what would leave then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSpacerItem, QVBoxLayout, QWidget

from desktop.catalogue import Catalogue
from desktop.rules.codelists import CodeList
from desktop.services.tables import TableKind, WhatGoes
from desktop.wording import left_out_in_words
from ui.languages import current, number, plural, words
from ui.screens.tables_work import Wanted
from ui.theme import LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import Words, frame
from ui.widgets.one_of import OneOf

_PSEUDONYMOUS, _IDENTIFIED = "PSEUDONYMOUS", "IDENTIFIED"
_KIND_HELP = {TableKind.HTCDS: "TABLES_HTCDS_HELP", TableKind.CPIMS: "TABLES_CPIMS_HELP"}
# Room for the longest help and for most figures, so that what is below stays where it is.
_HELP_LINES, _FIGURES_LINES = 2, 4


class TableChoices(QWidget):
    """`counts_wanted`: the choice says now what would leave, or says something else than before."""

    counts_wanted = Signal()

    def __init__(self, catalogue: Catalogue) -> None:
        """Propose a workbook without names; a purpose has to be chosen."""
        super().__init__()
        self._purposes = catalogue.purposes
        self._goes: WhatGoes | None = None
        self._counted: tuple[int, int] | None = None  # how many cases were looked at, of how many
        self.kind = OneOf(
            *("tables.kind", "TABLES_KIND"),
            {TableKind.HTCDS: lambda: words("TABLES_HTCDS"), TableKind.CPIMS: lambda: words("TABLES_CPIMS")},
        )
        self.kind.choose(TableKind.HTCDS)
        self.purpose = OneOf("tables.purpose", "TABLES_PURPOSE", _labels(catalogue.lists["export_purposes"]))
        self.naming = OneOf(
            *("tables.naming", "TABLES_NAMING"),
            {
                _PSEUDONYMOUS: lambda: words("SENDING_PSEUDONYMOUS"),
                _IDENTIFIED: lambda: words("SENDING_IDENTIFIED"),
            },
        )
        self.naming.choose(_PSEUDONYMOUS)
        self._kind_help, self._naming_help = Words("", "help", wraps=True), Words("", "help", wraps=True)
        self._figures, self._staying = Words("", "figure", wraps=True), Words("", "muted", wraps=True)
        named = {"kind_help": self._kind_help, "naming_help": self._naming_help}
        named |= {"figures": self._figures, "staying": self._staying}
        for name, label in named.items():
            label.setObjectName(f"tables.{name}")
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._lay_out()
        self.kind.chosen.connect(self.say_again)
        self.purpose.chosen.connect(self._on_purpose)
        self.naming.chosen.connect(self._on_changed)
        self.say_again()

    def begin(self) -> None:
        """Begin with which table."""
        self.kind.buttons[TableKind.HTCDS].setFocus(Qt.FocusReason.OtherFocusReason)

    def wanted(self) -> Wanted | None:
        """Return what is chosen, None while no purpose is."""
        kind, purpose = self.kind.value(), self.purpose.value()
        if kind is None or purpose is None:
            return None
        return Wanted(TableKind(kind), purpose, self.naming.value() == _IDENTIFIED)

    def show_goes(self, goes: WhatGoes | None) -> None:
        """Show what would leave; None where that is not known."""
        self._goes, self._counted = goes, None
        self.say_again()

    def show_counted(self, done: int, of: int) -> None:
        """Show how far the counting is."""
        self._goes, self._counted = None, (done, of)
        self.say_again()

    def say_again(self) -> None:
        """Say helps and figures in the language in force."""
        kind = self.kind.value()
        self._kind_help.put(words(_KIND_HELP[TableKind(kind)]) if kind else "")
        self._naming_help.put(words(self._naming_code()))
        self._figures.put(self._figures_in_words())
        self._figures.setVisible(bool(self._figures.text()))
        self._staying.put("\n".join(self._lines()))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.say_again()

    def _may_name(self) -> bool:
        purpose = self._purposes.get(self.purpose.value() or "")
        return purpose is not None and purpose.may_name

    def _naming_code(self) -> str:
        if self.naming.value() == _IDENTIFIED:
            return "TABLES_IDENTIFIED_HELP"
        return "TABLES_NO_NAMES_HELP" if self.purpose.value() and not self._may_name() else "TABLES_PSEUDONYMOUS_HELP"

    def _figures_in_words(self) -> str:
        if self._goes is not None:
            return plural("TABLES_CASES", self._goes.cases) if self._goes.cases else words("TABLES_NO_CASE")
        return ""

    def _lines(self) -> list[str]:
        goes = self._goes
        if goes is None and self._counted is not None:
            done, of = self._counted
            return [words("TABLES_COUNTING", done=number(done), of=number(of))]
        if goes is None:
            return [words("TABLES_NO_PURPOSE")]
        named = [plural("TABLES_NAMED", goes.named) if goes.named else words("TABLES_NOBODY_NAMED")]
        staying = [left_out_in_words(reason, n, current()) for reason, n in sorted(goes.left_out.items())]
        return [line[0].upper() + line[1:] for line in ((*named, *staying) if goes.cases else staying)]

    def _on_purpose(self) -> None:
        may_name = self._may_name()
        self.naming.buttons[_IDENTIFIED].setEnabled(may_name)
        if not may_name:
            self.naming.choose(_PSEUDONYMOUS)
        self._on_changed()

    def _on_changed(self) -> None:
        self.say_again()
        self.counts_wanted.emit()

    def _lay_out(self) -> None:
        self.naming.buttons[_IDENTIFIED].setEnabled(False)
        line = self._staying.fontMetrics().lineSpacing()
        self._naming_help.setMinimumHeight(_HELP_LINES * line)
        well = frame("well")
        inside, leaving = QHBoxLayout(well), QVBoxLayout()
        inside.setContentsMargins(LARGE, SMALL, LARGE, SMALL)
        inside.setSpacing(MEDIUM)
        inside.addLayout(leaving, 2)
        inside.addWidget(self._staying, 3)
        inside.addSpacerItem(QSpacerItem(0, _FIGURES_LINES * line, vData=QSizePolicy.Policy.Minimum))
        leaving.setSpacing(0)
        for part in (Words("SENDING_LEAVES", "strong", wraps=True), self._figures):
            leaving.addWidget(part)
        leaving.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TINY)
        for code, choice, told in (
            ("TABLES_KIND", self.kind, self._kind_help),
            ("TABLES_PURPOSE", self.purpose, None),
            ("TABLES_NAMING", self.naming, self._naming_help),
        ):
            column.addWidget(Words(code, "strong", wraps=True))
            column.addWidget(choice)
            if told is not None:
                column.addWidget(told)
            if choice is not self.naming:  # the room of its help is seldom full
                column.addSpacing(SMALL)
        column.addWidget(well)


def _labels(codes: CodeList) -> Mapping[str, Callable[[], str]]:
    return {code.code: partial(_label, codes, code.code) for code in codes}


def _label(codes: CodeList, code: str) -> str:
    return codes.label(code, current()).replace("&", "&&")
