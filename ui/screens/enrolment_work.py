"""What the lane does for the enrolment: write the file for the Secretariat, take in the package that answers it."""

from __future__ import annotations

from pathlib import Path

from desktop import sticks
from desktop.bootstrap import Desk
from desktop.bundles.codes import PACKAGES_PASSED_OVER
from desktop.bundles.trust import MAX_PACKAGE_FILE_BYTES
from desktop.errors import NotTrusted, Obstacle
from desktop.files import read_start
from desktop.rules.records import Outcome
from desktop.services.enrolment import EnrolmentFile

PACKAGES = "T-*.rufaa"


def save_to_stick(made: EnrolmentFile, wanted: Path | None) -> str:
    """Write an enrolment file to the stick that is chosen and return the stick's name. Raises Obstacle."""
    stick = sticks.chosen(sticks.found(), wanted)
    sticks.save_to(stick, made.file_name, made.content)
    return stick.name


def save_to_folder(made: EnrolmentFile, folder: Path) -> str:
    """Write an enrolment file to a folder and return the folder's name. Raises Obstacle."""
    sticks.save_to(sticks.at(folder), made.file_name, made.content)
    return folder.name


def take_in_from_sticks(desk: Desk, digits: str | None) -> Outcome:
    """Take in the trust package that lies on a stick. Raises Obstacle STICK_NONE, or as `take_in`."""
    found = sticks.found()
    if not found:
        raise Obstacle("STICK_NONE")
    return take_in(desk, sticks.files_on(found, PACKAGES), digits)


def take_in(desk: Desk, paths: tuple[Path, ...], digits: str | None) -> Outcome:
    """Take in trust packages; of several the newest counts.

    Raises:
        Obstacle: PACKAGE_NONE_FOUND where there is no file, FILE_NOT_READABLE, or what is wrong with the digits.
        NotTrusted: One does not verify, or none is for this laptop.
    """
    taken: Outcome | None = None
    refusal: NotTrusted | None = None
    for path in paths:
        try:
            taken = desk.enrolment.take_in(read_start(str(path), MAX_PACKAGE_FILE_BYTES), digits)
        except NotTrusted as error:
            if error.code not in PACKAGES_PASSED_OVER:
                raise
            refusal = error
    if taken is None:
        raise refusal or Obstacle("PACKAGE_NONE_FOUND")
    return taken
