"""What can be done about a person that changes keys or a sentence: said in full first, then pressed once more.

Each act says what it does, what it does not do (threat-model attack 6), and what is left to do by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.crypto.access_list import SUPERVISOR
from desktop.services.people_facts import Person
from ui.jobs import JobRunner, Progress
from ui.languages import words
from ui.models.people_rows import names_of
from ui.screens.people_work import Act, Wish, is_own, may_have_seen_the_sheet
from ui.screens.sheet_too import SheetToo
from ui.theme import LARGE, MEDIUM, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.progress_strip import ProgressStrip

_WAYS = {  # the button, its icon and its help
    Act.READMIT: ("PEOPLE_READMIT", "key-round", "PEOPLE_READMIT_DOES"),
    Act.SUSPEND: ("PEOPLE_SUSPEND", "ban", "PEOPLE_SUSPEND_DOES"),
    Act.MAY_KNOW: ("PEOPLE_MAY_KNOW", "eye", "PEOPLE_MAY_KNOW_DOES"),
    Act.REMOVE: ("PEOPLE_REMOVE", "x", "PEOPLE_REMOVE_DOES"),
}
_SAID = {  # the question, what it does, what it does not do, what is left to do
    Act.READMIT: ("PEOPLE_READMIT_ASK", "PEOPLE_READMIT_DOES", "PEOPLE_READMIT_NOT", "PEOPLE_BESIDE_YOU"),
    Act.SUSPEND: ("PEOPLE_SUSPEND_ASK", "PEOPLE_SUSPEND_DOES", "PEOPLE_SUSPEND_NOT", "PEOPLE_SUSPEND_THEN"),
    Act.MAY_KNOW: ("PEOPLE_MAY_KNOW_ASK", "PEOPLE_MAY_KNOW_DOES", "PEOPLE_KEYS_NOT", "PEOPLE_MAY_KNOW_THEN"),
    Act.REMOVE: ("PEOPLE_REMOVE_ASK", "PEOPLE_REMOVE_DOES", "PEOPLE_KEYS_NOT", "PEOPLE_REMOVE_THEN"),
    Act.PROMOTE: ("PEOPLE_PROMOTE_ASK", "PEOPLE_PROMOTE_DOES", "PEOPLE_PROMOTE_NOT", "PEOPLE_BESIDE_YOU"),
    Act.DEMOTE: ("PEOPLE_DEMOTE_ASK", "PEOPLE_DEMOTE_DOES", "PEOPLE_KEYS_NOT", "PEOPLE_MAY_KNOW_THEN"),
}
_NOW = {
    Act.READMIT: "PEOPLE_READMIT_NOW",
    Act.SUSPEND: "PEOPLE_SUSPEND_NOW",
    Act.MAY_KNOW: "PEOPLE_MAY_KNOW_NOW",
    Act.REMOVE: "PEOPLE_REMOVE_NOW",
    Act.PROMOTE: "PEOPLE_ROLE_NOW",
    Act.DEMOTE: "PEOPLE_ROLE_NOW",
}
_NEW_KEYS = frozenset({Act.MAY_KNOW, Act.REMOVE, Act.DEMOTE})
_STAYS_AWAY = frozenset({Act.REMOVE})  # gets none of the new keys


class PeopleActs(QWidget):
    """Four quiet buttons; behind each the question, the button that does it and the one that leaves it."""

    wished = Signal(object)  # Wish, pressed twice
    asked = Signal()  # it takes more room now
    left = Signal()  # nothing is to be done

    def __init__(self, jobs: JobRunner) -> None:
        """Know of nobody yet."""
        super().__init__()
        self._person: Person | None = None
        self._people: Sequence[Person] = ()
        self._wish: Wish | None = None
        self._ways = {
            act: ActionButton(f"people.{act}", code, role="quiet", sign=sign, colour="accent", help_code=help_code)
            for act, (code, sign, help_code) in _WAYS.items()
        }
        self._well = frame("well")
        self._texts = [Words("", role, wraps=True) for role in ("heading", "", "warn", "", "muted", "warn")]
        names = ("question", "does", "does_not", "then", "keys_go_to", "own")
        for name, label in zip(names, self._texts, strict=True):
            label.setObjectName(f"people.{name}")
        self._sheet_too = SheetToo()
        self.now = ActionButton("people.now", "PEOPLE_REMOVE_NOW", role="main")
        self._leave = ActionButton("people.leave", "PEOPLE_LEAVE", role="quiet", sign="x", colour="accent")
        self.strip = ProgressStrip("people.progress", "PEOPLE_STOP_HELP", jobs)
        self._lay_out()
        for act, button in self._ways.items():
            button.clicked.connect(lambda _=False, act=act: self._on_way(act))
        self.now.clicked.connect(self._on_now)
        self._leave.clicked.connect(self.leave)

    def show_person(self, person: Person | None, people: Sequence[Person]) -> None:
        """Offer what can be done about a person; a question about the same one stays."""
        if self._person is None or person is None or person.id != self._person.id:
            self._wish = None
        self._person, self._people = person, people
        self._arrange()

    def ask(self, wish: Wish) -> None:
        """Ask whether this is to be done."""
        self._wish = wish
        self._sheet_too.recommend()
        self._arrange()
        self.now.setFocus(Qt.FocusReason.OtherFocusReason)
        self.asked.emit()

    def leave(self) -> None:
        """Do nothing."""
        act = self._wish.act if self._wish else None
        self.settle()
        if act in self._ways:
            self._ways[act].setFocus(Qt.FocusReason.OtherFocusReason)
        self.left.emit()

    def settle(self) -> None:
        """Ask nothing any more."""
        self._wish = None
        self._arrange()

    def start(self) -> Progress:
        """Show that it is being done, and return what the work reports to."""
        for button in (self.now, self._leave):
            button.setEnabled(False)
        progress = self.strip.start("PEOPLE_WORKING")
        self.strip.stop.setFocus(Qt.FocusReason.OtherFocusReason)
        return progress

    def end(self) -> None:
        """Show that it is done, or was not."""
        self.strip.end()
        for button in (self.now, self._leave):
            button.setEnabled(True)

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves it, unless it is being done."""
        if event.key() == Qt.Key.Key_Escape and self._wish is not None and self.now.isEnabled():
            self.leave()
        else:
            super().keyPressEvent(event)

    def _on_way(self, act: Act) -> None:
        if self._person is not None:
            self.ask(Wish(act, self._person))

    def _on_now(self) -> None:
        if self._wish is not None:
            with_sheet = may_have_seen_the_sheet(self._wish) and self._sheet_too.wanted()
            self.wished.emit(replace(self._wish, with_sheet=with_sheet))

    def _offered(self) -> frozenset[Act]:
        person = self._person
        if person is None or person.left:
            return frozenset()
        if person.is_self:
            return frozenset({Act.MAY_KNOW})  # whoever makes the new keys knows them
        return frozenset(_WAYS) - ({Act.SUSPEND} if person.suspended else set())

    def _arrange(self) -> None:
        offered = self._offered() if self._wish is None else frozenset()
        for act, button in self._ways.items():
            button.setVisible(act in offered)
        self._well.setVisible(self._wish is not None)
        self.strip.setVisible(self._wish is not None)
        if self._wish is not None:
            self._say(self._wish)

    def _say(self, wish: Wish) -> None:
        question, does, does_not, then = _SAID[wish.act]
        person = wish.person
        knew_sealed = wish.act in _NEW_KEYS and person.role == SUPERVISOR
        lines = [words(does), *([words("PEOPLE_SEALED_TOO")] if knew_sealed else [])]
        keys_go = wish.act in _NEW_KEYS
        said = (
            words(question, name=person.name or words("PEOPLE_NAMELESS")),
            words("PEOPLE_DOES", text=" ".join(lines)),
            words("PEOPLE_DOES_NOT", text=words(does_not)),
            words("PEOPLE_THEN", text=words("PEOPLE_OWN_THEN" if is_own(wish) else then)),
            words("PEOPLE_KEYS_GO_TO", names=names_of(self._receivers(wish))) if keys_go else "",
            words("PEOPLE_OWN_WORDS") if is_own(wish) else "",
        )
        for label, text in zip(self._texts, said, strict=True):
            label.put(text)
            label.setVisible(bool(text))
        self._sheet_too.setVisible(may_have_seen_the_sheet(wish))
        self.now.turn_into(_NOW[wish.act], "")

    def _receivers(self, wish: Wish) -> list[Person]:
        """Return who gets the new keys: the supervisor sees it before (threat-model 5.2)."""
        away = {wish.person.id} if wish.act in _STAYS_AWAY else set()
        return [one for one in self._people if not (one.left or one.suspended or one.shut_out or one.id in away)]

    def _lay_out(self) -> None:
        inside = QVBoxLayout(self._well)
        inside.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        inside.setSpacing(SMALL)
        for text in self._texts:
            inside.addWidget(text)
        inside.addWidget(self._sheet_too)
        buttons = FlowLayout(SMALL)
        buttons.addWidget(self.now)
        buttons.addWidget(self._leave)
        inside.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TINY)
        for button in self._ways.values():
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._well)
        column.addWidget(self.strip)
