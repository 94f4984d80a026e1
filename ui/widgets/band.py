"""The band over a case: which case it is, never whose name. The name stands inside, on the person's section."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.theme import HUGE, LARGE, SMALL
from ui.veil import personal
from ui.widgets.basics import Sign, Words

# The facts of a case from left to right, with the code of the words over each.
FACTS = (
    ("case_ref", "CASEFILE_NUMBER"),
    ("shown_as", "CASEFILE_KNOWN_AS"),
    ("age_sex", "CASEFILE_AGE_SEX"),
    ("stage", "CASEFILE_STAGE"),
    ("status", "CASEFILE_STATUS"),
)
# How the width is shared: the number has what it needs, age and sex need most.
_SHARES = {"case_ref": 0, "shown_as": 2, "age_sex": 4, "stage": 3, "status": 2}


class Band(QFrame):
    """A line of facts, each under its own words, and the mark of a restricted case."""

    def __init__(self, name: str) -> None:
        """Be `name`; `name.part` are the facts. It is empty until `show_facts`."""
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "band")
        self._facts: dict[str, Words] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(LARGE, SMALL, LARGE, SMALL)
        row.setSpacing(HUGE)
        for part, code in FACTS:
            fact = Words("", "strong", wraps=part != "case_ref")
            fact.setObjectName(f"{name}.{part}")
            self._facts[part] = fact
            if part == "shown_as":
                personal(fact)
            pair = QVBoxLayout()
            pair.setSpacing(0)
            pair.addWidget(Words(code, "help"))
            pair.addWidget(fact)
            pair.addStretch(1)
            row.addLayout(pair, _SHARES[part])
        self._restricted = QWidget()
        self._restricted.setObjectName(f"{name}.restricted")
        mark = QHBoxLayout(self._restricted)
        mark.setContentsMargins(0, 0, 0, 0)
        mark.setSpacing(SMALL)
        mark.addWidget(Sign("lock", "warn"))
        mark.addWidget(Words("CASEFILE_RESTRICTED", "mark"))
        row.addWidget(self._restricted, 0, Qt.AlignmentFlag.AlignVCenter)
        self._restricted.hide()

    def show_facts(self, facts: dict[str, str], *, restricted: bool) -> None:
        """Show the facts by the names in `FACTS`; an empty one shows a dash."""
        for part, fact in self._facts.items():
            fact.put(facts[part] or "\N{EN DASH}")
        self._restricted.setVisible(restricted)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Give the number the room its size of text needs."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        number = self._facts["case_ref"]
        number.setMinimumWidth(number.sizeHint().width())
