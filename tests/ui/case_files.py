"""A case file on screen without the window, and what a test asks of its vault."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QPushButton, QWidget
from sqlalchemy import select

from db.models.base import JournalEntry
from desktop.clock import NAIROBI, parse_stamp
from desktop.rules.journal_chain import Act
from desktop.rules.records import RecordDraft, Value
from desktop.services.cases import CaseFile
from tests.ui.desks import in_lane, show_alone
from tests.ui.screen_hands import hear
from ui import languages
from ui.screens.case_file import CaseFileScreen
from ui.seat import Place, Seat
from ui.widgets.field_form import FieldForm

CTRL = Qt.KeyboardModifier.ControlModifier


@dataclass
class Held:
    """A case file on screen, and what it told the window."""

    screen: CaseFileScreen
    told: list[str] = field(default_factory=list)
    hindered: list[str] = field(default_factory=list)

    def settle(self) -> None:
        for _ in range(5):
            in_lane(self.screen.seat.jobs, lambda: None)

    def part(self, name: str) -> QWidget:
        found = [widget for widget in self.screen.findChildren(QWidget, name) if not isinstance(widget, FieldForm)]
        assert found, name
        return found[-1]

    def visible(self, name: str) -> bool:
        return any(widget.isVisible() for widget in self.screen.findChildren(QWidget, name))

    def text(self, name: str) -> str:
        found = self.part(name)
        assert isinstance(found, QLabel)
        return found.text()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is, as the window gets it."""
        target = self.screen.focusWidget() or self.screen
        QTest.keyClick(target, key, modifiers)
        self.settle()

    def type_in(self, name: str, typed: str) -> None:
        found = self.part(name)
        assert isinstance(found, QLineEdit)
        found.setFocus()
        found.selectAll()
        QTest.keyClicks(found, typed)

    def put(self, **fields: Value) -> None:
        """What a person does to fields that are not plain lines, by the form's own contract."""
        form = self.form()
        form.set_fields({**form.fields(), **fields})
        form.edited.emit()

    def form(self) -> FieldForm:
        (found,) = (form for form in self.screen.findChildren(FieldForm) if form.isVisible())
        return found

    def press(self, name: str) -> None:
        button = self.part(name)
        assert isinstance(button, QAbstractButton)
        assert button.isVisible()
        assert button.isEnabled()
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Space)
        self.settle()

    def offered(self) -> tuple[str, str]:
        """The words of the main and the second button, where they are there."""
        found = [self.part(f"caseFile.foot.{one}") for one in ("main", "second")]
        main, second = (
            button.text() if isinstance(button, QPushButton) and button.isVisible() else "" for button in found
        )
        return main, second

    def state(self, name: str) -> str:
        """What a screen reader says of a part of the spine."""
        return self.part(f"caseFile.spine.{name}").accessibleName()

    def open_part(self) -> str:
        return self.screen.place().section


def hold(seat: Seat, case_id: str, section: str = "", record_id: str = "") -> Held:
    screen = CaseFileScreen(seat, Place("caseFile", case_id, record_id, section))
    held = Held(screen)
    hear(screen, held.told, held.hindered)
    show_alone(screen)
    held.settle()
    while not screen.isActiveWindow():  # keys that reach the whole window need it
        screen.activateWindow()
        QApplication.processEvents()
    return held


def stored(seat: Seat, case_id: str) -> CaseFile:
    return in_lane(seat.jobs, lambda: seat.desk.cases.open(case_id))


def save(seat: Seat, case_id: str, kind: str, record_id: str | None = None, revision: int = 0, **fields: Value) -> str:
    draft = RecordDraft(kind, fields, record_id, case_id, revision)
    return in_lane(seat.jobs, lambda: seat.desk.cases.save(draft)).record_ids[0]


def change_person(seat: Seat, case_id: str, **fields: Value) -> None:
    """What another desk, or another window, saves meanwhile."""
    person = stored(seat, case_id).one("person")
    assert person is not None
    save(seat, case_id, "person", person.record_id, person.revision, **{**person.fields, **fields})


def drafts(seat: Seat, case_id: str) -> list[tuple[str, Value]]:
    found = in_lane(seat.jobs, lambda: seat.desk.drafts.of_case(case_id))
    return [(kept.draft.kind, kept.draft.fields.get("first_name")) for kept in found]


def views(seat: Seat, case_id: str) -> int:
    def count() -> int:
        with seat.desk.vault.reading() as session:
            acts = session.scalars(select(JournalEntry.act).where(JournalEntry.object == case_id)).all()
        return sum(act == Act.CASE_VIEWED for act in acts)

    return in_lane(seat.jobs, count)


def saved_at(seat: Seat, case_id: str) -> dict[str, str]:
    person = stored(seat, case_id).one("person")
    assert person is not None
    at = parse_stamp(person.at).astimezone(NAIROBI)
    return {"day": languages.day(at.date().isoformat()), "time": f"{at:%H:%M}"}
