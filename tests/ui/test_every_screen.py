"""Every screen of the practice office and its Secretariat: heard, named, reached by keys, whole, in any language."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

from desktop import machine
from desktop.bootstrap import Desk
from desktop.errors import Obstacle
from desktop.messages import LANGUAGES, Language, sentences
from desktop.services.records import StoredRecord
from tests import desk_stages, screenshots
from tests.ui import every_screen as look
from tests.ui.desks import in_lane
from ui import languages, theme
from ui.jobs import JobRunner
from ui.main_window import MainWindow
from ui.models.import_columns import columns_to_read
from ui.screens.case_sheets import PARTS
from ui.screens.screen import Screen
from ui.seat import Place

ALL, AT_150 = (1366, 738), (910, 482)
SIZES = (ALL, AT_150)
OFFICE, NATIONAL = "office", "secretariat"


def office_places(known: desk_stages.Known) -> dict[str, Place]:
    sections = {f"case_{name}": Place("caseFile", known.case_id, section=name) for name in PARTS}
    return {**desk_stages.places(known), **sections}


STAGES = [
    *((OFFICE, name) for name in office_places(desk_stages.Known("", "", ""))),
    *((NATIONAL, name) for name in desk_stages.NATIONAL_PLACES),
]


@dataclass
class Stages:
    """Both desks, open, and every place in them."""

    windows: dict[str, MainWindow]
    jobs: dict[str, JobRunner]
    places: dict[str, dict[str, Place]]
    data: set[str]

    def go(self, stage: tuple[str, str]) -> MainWindow:
        """Go to a screen in English and return its window, in front and at rest."""
        desk, name = stage
        window = self.windows[desk]
        window.activateWindow()
        look.frame_of(window).go(self.places[desk][name])
        # The screen one left would go with the next turn of the event loop, which stands still between tests.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.settle(desk)
        if name in desk_stages.FILES:
            desk_stages.read_file(window, name)
            self.settle(desk)
        return window

    def settle(self, desk: str) -> None:
        """Wait until the lane has nothing more to say and the window is painted."""
        desk_stages.settle(self.jobs[desk], self.windows[desk], screenshots.wait_until)

    def say(self, desk: str, language: Language) -> None:
        """Switch the language while the screen stands."""
        languages.switch(language)
        self.settle(desk)

    def resize(self, desk: str, size: tuple[int, int]) -> None:
        """Give the window another size."""
        self.windows[desk].resize(*size)
        self.settle(desk)


@pytest.fixture(scope="module")
def stages(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)  # the cheap key derivation
        theme.set_up(qapp)
        languages.switch("en")
        folders = dict(zip((OFFICE, NATIONAL), desk_stages.make_desks(tmp_path_factory.mktemp("desks")), strict=True))
        jobs = {name: JobRunner() for name in folders}
        windows = {
            name: desk_stages.open_window(folder, jobs[name], screenshots.wait_until)
            for name, folder in folders.items()
        }
    desk = look.frame_of(windows[OFFICE])._seat.desk
    known = in_lane(jobs[OFFICE], lambda: desk_stages.know(desk))
    places = {OFFICE: office_places(known), NATIONAL: desk_stages.NATIONAL_PLACES}
    data = look.days_and_months()
    for name, window in windows.items():
        look.frame_of(window)._keeping.stop()
        data |= in_lane(jobs[name], partial(written, look.frame_of(window)._seat.desk))
    yield Stages(windows, jobs, places, data)
    for name, window in windows.items():
        in_lane(jobs[name], window.close_vault)
        assert jobs[name].stop(within_s=30)
        delete(window)
        delete(jobs[name])
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(autouse=True)
def _in_english_and_light(stages: Stages, qapp: QApplication) -> Iterator[None]:
    yield
    if languages.current() != "en":
        languages.switch("en")
    if theme.tokens() is theme.DARK:
        theme.wear(qapp, dark=False)
    for window in stages.windows.values():
        window.resize(*ALL)


def written(desk: Desk) -> set[str]:
    """Everything on a desk that persons wrote; called in the lane."""
    me = desk.office.signed_in()
    found = {me.name, me.title, sentences()["ENROL_LABEL_FIRST"]["en"]}
    if desk.vault.kind == "OFFICE":
        forms, sheet = desk.vault.catalogue.forms, desk.office.sheet()
        found |= {sheet.name, sheet.ministry, *(person.name for person in desk.people.list())}
        found |= {part for copy in desk.tables.plain_copies() for part in Path(copy.place).parts}
        found |= {text for path in desk_stages.FILES.values() for text in in_file(desk, path)}
        records = [record for row in desk.cases.list() for record in records_of(desk, row.case_id)]
        found |= {row.case_ref for row in desk.cases.list()}
        breaches = [breach.record for breach in desk.breaches.list()]
        for record in (*records, *desk.directory.list(), *breaches):
            found |= look.values(record.fields, forms[record.kind])
    return found - {""}


def records_of(desk: Desk, case_id: str) -> tuple[StoredRecord, ...]:
    """The records of a case, of one that is a colleague's none: its screen asks for the reason."""
    with contextlib.suppress(Obstacle):
        return desk.cases.open(case_id).records
    return ()


def in_file(desk: Desk, path: Path) -> set[str]:
    """What stands on screen of a foreign list, and where it lies."""
    file = desk.lists.headings(path.read_bytes())
    found = {str(path), file.mapping.name if file.mapping else "", *(sheet.name for sheet in file.sheets)}
    for column in columns_to_read(file, {}):
        found |= {column.column, *column.heading_lines, *column.examples}
    return found


every_screen = pytest.mark.parametrize("stage", STAGES, ids="-".join)


@every_screen
def test_every_input_is_named_labelled_and_has_a_letter_of_its_own(stages: Stages, stage: tuple[str, str]) -> None:
    window = stages.go(stage)
    assert look.inputs(window)
    found = []
    for language in LANGUAGES:
        stages.say(stage[0], language)
        for check in (look.misnamed, look.unlabelled, look.twice_used_letters):
            found += [f"{language} {what}" for what in check(window)]
    assert found == []


@every_screen
def test_tab_reaches_everything_and_comes_round(stages: Stages, stage: tuple[str, str]) -> None:
    assert look.unreached(stages.go(stage)) == []


@every_screen
def test_no_words_are_cut_in_either_language_at_either_size(stages: Stages, stage: tuple[str, str]) -> None:
    window, found = stages.go(stage), []
    for language in LANGUAGES:
        stages.say(stage[0], language)
        for size in SIZES:
            stages.resize(stage[0], size)
            found += [f"{language} {size} {what}" for what in look.cut(window)]
    assert found == []


@every_screen
def test_a_longer_language_is_not_cut_and_leaves_no_english_behind(stages: Stages, stage: tuple[str, str]) -> None:
    frame = look.frame_of(stages.windows[stage[0]])
    with look.pseudo_language(frame._seat.desk.vault.catalogue):
        window = stages.go(stage)
        stages.resize(stage[0], AT_150)
        stages.say(stage[0], "sw")
        found = [*look.cut(window), *look.plain_english(window, stages.data)]
        stages.say(stage[0], "en")
    assert found == []


@every_screen
def test_the_wheel_changes_no_answer(stages: Stages, stage: tuple[str, str]) -> None:
    assert look.changed_by_wheel(stages.go(stage)) == []


@every_screen
def test_language_and_colours_change_and_what_was_typed_stays(
    stages: Stages, stage: tuple[str, str], qapp: QApplication
) -> None:
    window = stages.go(stage)
    screen = look.frame_of(window).current()
    assert isinstance(screen, Screen)
    for field in look.typing_fields(window):
        field.setFocus()
        QTest.keyClicks(field, "7 q")
    stages.settle(stage[0])
    typed = {field.objectName(): look.state(field) for field in look.typing_fields(window)}
    focus = QApplication.focusWidget()
    for language, dark in (("sw", True), ("en", False)):
        languages.switch(language)  # type: ignore[arg-type]
        theme.wear(qapp, dark=dark)
        stages.settle(stage[0])
        assert {field.objectName(): look.state(field) for field in look.typing_fields(window)} == typed
        assert QApplication.focusWidget() is focus
        assert look.frame_of(window).current() is screen
    screen.unsaved = tuple  # type: ignore[method-assign]  # the next test finds no drafts of this one
