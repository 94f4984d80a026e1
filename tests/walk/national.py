"""The Secretariat's side of the walk: founded and enrolling by its services, taking bundles in by key."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from desktop.bootstrap import Door
from desktop.clock import SystemClock
from desktop.services.secretariat import Enrolled, found_secretariat
from tests.walk.keys import Eyes, Hands


@dataclass(frozen=True)
class National:
    """A Secretariat's vault at rest."""

    folder: Path
    sentence: str = field(repr=False)

    def enrol(self, file: bytes, digits: str) -> Enrolled:
        """Enrol an office's laptop, as the Secretariat's own screen does."""
        desk = Door(self.folder).unlock(1, self.sentence)
        try:
            return desk.secretariat.enrol(file, digits)
        finally:
            desk.lock()


def found(folder: Path) -> National:
    door = Door(folder)
    made = found_secretariat(door.vaults, SystemClock(), name="Secretariat", person=("N. Keeper", "Keeper", ""))
    return National(folder, made.created.sentence)


def take_in_a_bundle(eyes: Eyes, hands: Hands, national: National, stick: Path) -> None:
    """Unlock, take in what lies on the stick, write the receipt beside it, close."""
    (bundle,) = stick.glob("R-*.rufaa")
    hands.take_window()
    eyes.wait_for("unlock.unlock")
    hands.go_to("unlock.sentence")
    hands.enter(national.sentence)
    eyes.wait_for("today.lock")
    hands.key("alt+2")
    eyes.wait_for("intake.files")
    hands.go_to("intake.files")
    hands.enter(str(bundle))
    eyes.wait_focus("intake.list")
    hands.go_to("intake.folder", by="Tab")
    hands.enter(str(stick))
    eyes.wait("no receipt was saved", lambda: bool(list(stick.glob("A-*.rufaa"))))
    hands.close_window()
