"""Today says, once an office is enrolled, that the Secretariat could not help it back in, until it could."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from desktop import machine
from desktop.bootstrap import Door
from desktop.crypto import recovery
from tests import factory
from tests.ui.desks import in_lane, open_desk, show_alone
from tests.ui.screen_hands import part
from ui.screens.today import Today
from ui.seat import Place

SMALL_LAPTOP_BYTES = 4_000_000_000


def shown(folder: Path, sentence: str) -> tuple[bool, str]:
    with open_desk(folder, sentence) as seat:
        screen = Today(seat, Place("today"))
        show_alone(screen)
        for _ in range(2):
            in_lane(seat.jobs, lambda: None)
        label = part(screen, QLabel, "today.recovery_missing")
        assert part(screen, QPushButton, "today.recovery").isVisible() == label.isVisible()  # it leads where that ends
        return label.isVisible(), label.text()


def test_today_says_who_has_to_do_what_before_the_secretariat_could_help(
    application: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
    office, national = factory.make_office(tmp_path / "office"), factory.make_secretariat(tmp_path / "national")
    office.lock()
    assert not shown(office.folder, office.sentence)[0]  # that it is not enrolled says it already
    office.desk = Door(office.folder, office.clock).unlock(1, office.sentence)
    factory.enrol(office, national)
    file = office.desk.enrolment.make_file("laptop 1")
    national.desk.national_recovery.name_identity(recovery.public_file(recovery.new_identity().public()))
    package = national.desk.secretariat.enrol(file.content, file.digits).package
    office.lock()
    seen, said = shown(office.folder, office.sentence)
    assert (seen, "has not named its recovery custodians" in said) == (True, True)
    office.desk = Door(office.folder, office.clock).unlock(1, office.sentence)
    office.desk.enrolment.take_in(package)
    office.lock()
    assert not shown(office.folder, office.sentence)[0]
    national.lock()
    shutil.rmtree(national.folder)
