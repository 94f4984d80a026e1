"""The screens of an open desk for `make screenshots`: the practice office and its Secretariat, with a draft referral.

One window is unlocked once; language, colours and size change under it, as they may in an office.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QLineEdit

from desktop.bootstrap import Desk, Door
from desktop.rules.records import RecordDraft, Value
from desktop.services.practice import make_practice, practice_sentence
from desktop.services.tables import TableKind
from ui.jobs import JobRunner
from ui.main_window import MainWindow
from ui.screens.desk_frame import DeskFrame
from ui.seat import Place
from ui.widgets.passphrase_edit import PassphraseEdit

# What is read once one is there: a list whose columns are asked about, and one that is known.
FILES = {
    name: Path(__file__).parent / "data" / "old_office" / file
    for name, file in {"import_columns": "old-office.xlsx", "import_rows": "cpims-ctip-listing.csv"}.items()
}
WITH_CONSENT_NAME = "ሰላም"
_PAGES_S = 2.0
BREACH: dict[str, Value] = {
    "kind": "LAPTOP_LOST",
    "known_at": "2026-01-05T08:00+03:00",
    "facts": "It was taken from a vehicle (invented).",
    "risk": "YES",
}
REFERRAL: dict[str, Value] = {
    "services": ("MEDICAL",),
    "reason": "SERVICE",
    "urgency": "URGENT",
    "reason_short": "Needs a check by a nurse.",
}


@dataclass(frozen=True)
class Known:
    """The case, the referral and the breach that the pictures show, and a case that is a colleague's."""

    case_id: str
    referral_id: str
    breach_id: str
    theirs_id: str = ""


def make_desks(folder: Path) -> tuple[Path, Path]:
    """Make the practice office and Secretariat and return their data folders."""
    office = make_practice(folder)
    return office, office.with_name("secretariat")


def open_window(folder: Path, jobs: JobRunner, wait_until: Callable[[Callable[[], bool]], None]) -> MainWindow:
    """Show a window on a practice vault and unlock it with its own sentence."""
    door = Door(folder)
    window = MainWindow(folder, lambda: door, jobs, lambda _: None)
    looked: list[bool] = []
    window.looked.connect(lambda: looked.append(True))
    window.show()
    wait_until(lambda: bool(looked))
    field = window.findChild(PassphraseEdit, "unlock.sentence")
    assert isinstance(field, PassphraseEdit)
    field.setText(practice_sentence(folder) or "")
    field.sentence_entered.emit()
    wait_until(lambda: window.findChild(DeskFrame) is not None)
    window._idle.rest()  # nobody touches it for as long as it is looked at
    return window


def know(desk: Desk) -> Known:
    """Make what the pictures need: a referral of a person who agreed, a table to delete; called in the lane."""
    case_id = next(row.case_id for row in desk.cases.list() if desk.cases.open(row.case_id).of("consent"))
    provider = desk.directory.list()[0].record_id
    officer = desk.people.add(name="Wanjiru Njoroge (invented)", role="CASE_OFFICER", trained_on="2026-10-01").user_id
    outcome = desk.referrals.create(case_id, {**REFERRAL, "to_provider": provider})
    desk.tables.export_plain(TableKind.CPIMS, "PLANNING", Path("/media/KINGSTON/Reports"))
    breach = desk.breaches.save(RecordDraft("breach", BREACH))
    theirs, _ = desk.cases.create([RecordDraft("case", {"officer": "W. Njoroge (invented)"})])
    desk.cases.assign(theirs, officer)
    desk.cases.unassign(theirs, desk.vault.user)
    return Known(case_id, outcome.record_ids[0], breach.record_ids[0], theirs)


def places(known: Known) -> dict[str, Place]:
    """Return the office's screens by the name of their picture."""
    sections = ("case", "person", "consent", "recruitment", "determination", "referral", "closure")
    return {
        "today": Place("today"),
        "cases": Place("cases"),
        **{f"case_{name}": Place("caseFile", known.case_id, section=name) for name in sections},
        "case_reason": Place("caseFile", known.theirs_id),
        "letter": Place("letter", known.case_id, known.referral_id),
        "referrals": Place("referrals"),
        "directory": Place("directory"),
        "breaches": Place("breaches", record_id=known.breach_id),
        "breach_notice": Place("breachNotice", record_id=known.breach_id),
        "import": Place("importWorkbook"),
        **{name: Place("importWorkbook") for name in FILES},
        "sending": Place("sending"),
        "tables": Place("tables"),
        "enrolment": Place("enrolment"),
        "settings": Place("settings"),
        "journal": Place("journal"),
        "people": Place("people"),
        "new_keys": Place("newKeys"),
        "new_sheet": Place("newSheet"),
        "try_sheet": Place("trySheet"),
        "close_desk": Place("closeDesk"),
        "sentence": Place("sentence"),
    }


NATIONAL_PLACES = {
    name: Place(name) for name in ("today", "intake", "offices", "lostLaptop", "receipts", "settings", "sentence")
}


def pictures(
    window: MainWindow, jobs: JobRunner, shown: dict[str, Place], wait_until: Callable[[Callable[[], bool]], None]
) -> Iterator[tuple[str, QPixmap]]:
    """Go to each place and take its picture once the lane has nothing more to do; the list also while searching."""
    frame = window.findChild(DeskFrame)
    assert isinstance(frame, DeskFrame)
    for name, place in shown.items():
        frame.go(place)
        settle(jobs, window, wait_until)
        if name in FILES:
            read_file(window, name)
            settle(jobs, window, wait_until)
        if name in {"letter", "breach_notice"}:
            drawn = time.monotonic() + _PAGES_S  # pages are drawn beside the window
            wait_until(lambda drawn=drawn: time.monotonic() > drawn)  # type: ignore[misc]
        yield name, window.grab()
        if name == "cases":
            screen = frame.current()
            field = screen.findChild(QLineEdit, "cases.search") if screen is not None else None
            assert isinstance(field, QLineEdit)
            for text, picture in (("a", "cases_search"), ("zzzz", "cases_no_hit")):
                field.setText(text)
                field.textEdited.emit(text)
                settle(jobs, window, wait_until)
                yield picture, window.grab()
            field.clear()
    window._help.show_keys()
    yield "keys", window.grab()
    window._help.put_away()


def read_file(window: MainWindow, name: str) -> None:
    """Have the file of a picture read, as somebody who types where it is."""
    line = window.findChild(QLineEdit, "importWorkbook.file")
    assert isinstance(line, QLineEdit)
    line.setText(str(FILES[name]))
    line.textEdited.emit(line.text())
    line.returnPressed.emit()


def settle(jobs: JobRunner, window: MainWindow, wait_until: Callable[[Callable[[], bool]], None]) -> None:
    """Let the lane answer, and what the answers ask again, twice over; then let the window lay itself out and paint."""
    for _ in range(3):
        answered: list[object] = []
        jobs.run(lambda: None, owner=window, done=answered.append, failed=answered.append)
        wait_until(lambda answered=answered: bool(answered))  # type: ignore[misc]
    for _ in range(3):  # a wider word asks its parents for another layout, and they theirs
        QApplication.processEvents()
