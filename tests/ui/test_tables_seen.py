"""The screen of tables in the whole window: its main button is seen without scrolling, in any office and language."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from shiboken6 import delete

from desktop import machine
from tests import desk_stages, factory, screenshots
from tests.sticks import make_rack
from tests.ui.desks import in_lane
from tests.ui.every_screen import frame_of
from tests.ui.screen_hands import part
from ui import languages, theme
from ui.jobs import JobRunner
from ui.seat import Place

LAPTOP_PX = (1366, 738)


@pytest.mark.parametrize("practice", [False, True])
def test_the_button_that_seals_is_seen_without_scrolling(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, practice: bool
) -> None:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)  # the cheap key derivation
    (tmp_path / "rack").mkdir()
    rack = make_rack(tmp_path / "rack", monkeypatch)
    theme.set_up(qapp)
    languages.switch("en")
    office = factory.make_office(tmp_path / "office", practice=practice)
    _, draft, double, guarded = (factory.make_case(office) for _ in range(4))
    factory.change(office, draft, "case", status="DRAFT")
    factory.change(office, double, "case", status="DUPLICATE")
    factory.change(office, guarded, "case", restricted=True, restricted_reason="An officer of this office.")
    office.lock()
    monkeypatch.setattr(desk_stages, "practice_sentence", lambda _: office.sentence)
    jobs = JobRunner()
    window = desk_stages.open_window(office.folder, jobs, screenshots.wait_until)
    frame = frame_of(window)
    window.resize(*LAPTOP_PX)
    desk_stages.settle(jobs, window, screenshots.wait_until)
    rack.put_in("OFISI")
    for language in ("en", "sw"):
        languages.switch(language)
        frame.go(Place("tables"))
        desk_stages.settle(jobs, window, screenshots.wait_until)
        screen = frame.current()
        assert screen is not None
        seal = part(screen, QPushButton, "tables.seal")
        assert seal.visibleRegion().boundingRect() == seal.rect()
        for choice in ("purpose.secretariat", "naming.identified", "purpose.research"):
            part(screen, QPushButton, f"tables.{choice}").click()
            desk_stages.settle(jobs, window, screenshots.wait_until)
            assert seal.visibleRegion().boundingRect() == seal.rect(), choice
    languages.switch("en")
    in_lane(jobs, window.close_vault)
    assert jobs.stop(within_s=30)
    delete(window)
    delete(jobs)
