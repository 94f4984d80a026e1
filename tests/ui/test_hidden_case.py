"""L-06: a supervisor who is not among the officers of a restricted case finds nothing of it on any screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from shiboken6 import delete

from desktop import machine
from desktop.bootstrap import Desk
from desktop.paths import resource
from desktop.rules.records import RecordDraft, Value
from desktop.services.practice import make_practice
from tests import desk_stages, screenshots
from tests.ui import every_screen as look
from tests.ui.colleagues import NAMES
from tests.ui.desks import in_lane
from ui import languages, theme
from ui.jobs import JobRunner
from ui.main_window import MainWindow
from ui.screens.case_sheets import PARTS
from ui.seat import Place

PHONE = "+254799811223"
SEARCHES = ("Zuberi", "mbarikiwa", "nyota", "0799811223")
WORKBOOK = "htcds-2.0-filled.xlsx"
# The screens that show a case by its number while it is not hidden: the walk would find it there.
TELLING = {"cases", "referrals", "today", "journal", "caseFile", "letter"}


@dataclass
class Walk:
    """A window of the practice office, and what is not to be found in it."""

    window: MainWindow
    jobs: JobRunner
    places: dict[str, Place]
    case_id: str
    others: str  # a case that came from a workbook
    secret: set[str] = field(default_factory=set)

    @property
    def desk(self) -> Desk:
        return look.frame_of(self.window)._seat.desk

    def settle(self) -> None:
        desk_stages.settle(self.jobs, self.window, screenshots.wait_until)

    def press(self, name: str) -> None:
        button = self.window.findChild(QPushButton, name)
        assert isinstance(button, QPushButton)
        button.click()
        self.settle()

    def type_in(self, name: str, typed: str, *, entered: bool = False) -> None:
        line = self.window.findChild(QLineEdit, name)
        assert isinstance(line, QLineEdit)
        line.setText(typed)
        line.textEdited.emit(typed)
        if entered:
            line.returnPressed.emit()
        self.settle()

    def found(self) -> dict[str, set[str]]:
        """Go everywhere and return what of the secret stands there, by screen."""
        seen: dict[str, set[str]] = {}

        def look_here(name: str, *, but: str = "") -> None:
            texts = [text.casefold() for widget, text in look.texts(self.window) if not (but and but in widget)]
            told = {word for word in self.secret if any(word.casefold() in text for text in texts)}
            if told:
                seen[name] = seen.get(name, set()) | told

        for name, place in self.places.items():
            look.frame_of(self.window).go(place)
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            self.settle()
            if name in desk_stages.FILES:
                desk_stages.read_file(self.window, name)
                self.settle()
            look_here(place.screen)
            if place.screen == "referrals":
                self.press("referrals.with_closed")
                look_here(place.screen)
            elif place.screen == "cases":
                self.press("cases.show_names")
                look_here(place.screen)
                for typed in SEARCHES:
                    self.type_in("cases.search", typed)
                    look_here(place.screen, but="cases.search")
            elif name == "import":
                self.type_in("importWorkbook.file", str(resource("practice", WORKBOOK)), entered=True)
                look_here(place.screen)
        return seen


def make_hidden_story(desk: Desk, example: str) -> tuple[str, str, str]:
    """Make a case as a supervisor may: with the consents of another, a letter, and a draft. Called in the lane."""
    provider = desk.directory.list()[0].record_id
    person: dict[str, Value] = {**NAMES, "phone": PHONE, "dob": "1986-03-22"}
    case_id, _ = desk.cases.create([RecordDraft("case", {}), RecordDraft("person", person)])
    given = [dict(row.fields) for row in desk.cases.open(example).of("consent")]
    desk.consents.record(case_id, given)
    referral = desk.referrals.create(case_id, {**desk_stages.REFERRAL, "to_provider": provider}).record_ids[0]
    serial = desk.referrals.issue_letter(referral, "en").serial
    desk.drafts.keep([RecordDraft("recruitment", {"place_entered": "Likoni"}, None, case_id)])
    return case_id, referral, serial


def hide(desk: Desk, *case_ids: str) -> None:
    """Give cases to an officer, restrict them and take oneself off; called in the lane."""
    officer = next(person.id for person in desk.people.list() if not person.is_self)
    for case_id in case_ids:
        desk.cases.assign(case_id, officer)
        head = desk.cases.open(case_id).one("case")
        assert head is not None
        fields = {**head.fields, "restricted": True}
        desk.cases.save(RecordDraft("case", fields, head.record_id, case_id, head.revision))
        desk.cases.unassign(case_id, desk.vault.user)


@pytest.fixture(scope="module")
def walk(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
        theme.set_up(qapp)
        languages.switch("en")
        office = make_practice(tmp_path_factory.mktemp("desks"))
        jobs = JobRunner()
        window = desk_stages.open_window(office, jobs, screenshots.wait_until)
    frame = look.frame_of(window)
    frame._keeping.stop()
    desk = frame._seat.desk
    known = in_lane(jobs, partial(desk_stages.know, desk))
    case_id, referral, serial = in_lane(jobs, partial(make_hidden_story, desk, known.case_id))
    there = in_lane(jobs, desk.cases.list)
    others = next(row.case_id for row in there if row.case_id not in {case_id, known.case_id, known.theirs_id})
    refs = {row.case_id: row.case_ref for row in there}
    places = {
        **desk_stages.places(known),
        **{f"case_{name}": Place("caseFile", known.case_id, section=name) for name in PARTS},
        "hidden_case": Place("caseFile", case_id, section="person"),
        "hidden_referral": Place("caseFile", case_id, referral, section="referral"),
        "hidden_letter": Place("letter", case_id, referral),
        "hidden_import": Place("caseFile", others),
    }
    secret = {"Zuberi", "Mbarikiwa", "Nyota", PHONE, serial, refs[case_id], refs[others]}
    yield Walk(window, jobs, places, case_id, others, secret)
    in_lane(jobs, window.close_vault)
    assert jobs.stop(within_s=30)
    delete(window)
    delete(jobs)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_no_screen_betrays_a_hidden_case_to_a_supervisor(walk: Walk) -> None:
    before = in_lane(walk.jobs, walk.desk.cases.count)
    shown = walk.found()
    assert shown.keys() >= TELLING
    assert shown["cases"] >= {"Zuberi", "Mbarikiwa", "Nyota"}
    in_lane(walk.jobs, partial(hide, walk.desk, walk.case_id, walk.others))
    assert in_lane(walk.jobs, walk.desk.cases.count) == before - 2
    assert walk.found() == {}
