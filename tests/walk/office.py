"""The office's side of the walk, by keys alone: what is typed is what the screen asks for, in the order it asks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtWidgets import QApplication

from desktop.bootstrap import Door
from tests.walk.keys import Eyes, Hands
from tests.walk.national import National
from ui.widgets.typed_words import WordCard

CLINIC, FIRST_NAME, SURNAME, ALIAS = "Tumaini Clinic (invented)", "Wambui", "Gachanja", "Neema"


@dataclass
class Office:
    """An office's laptop and who works at it."""

    eyes: Eyes
    hands: Hands
    folder: Path
    stick: Path
    sentence: str = field(default="", repr=False)  # on the sheet in the supervisor's pocket
    counted: dict[str, float] = field(default_factory=dict)

    def letters(self) -> dict[str, str]:
        """Return the SHA-256 of every issued letter from the vault at rest, by its serial."""
        desk = Door(self.folder).unlock(1, self.sentence)
        try:
            serials = [serial for one in desk.referrals.list() for serial in desk.referrals.letters_of(one.referral_id)]
            return {one: hashlib.sha256(desk.referrals.open_letter(one).pdf).hexdigest() for one in serials}
        finally:
            desk.lock()


def from_nothing_to_the_stick(office: Office, national: National, replaced: Callable[[], int]) -> None:
    """From nothing to the printed letter, which is counted; then as fast as may be to a bundle on the stick."""
    began = time.monotonic()
    for part in (set_up, unlock, enter_provider, open_case, record_consent, refer, print_letter):
        part(office)
    hands = office.hands
    office.counted |= {"keys": hands.keys, "steps": hands.steps, "minutes": (time.monotonic() - began) / 60}
    hands.human = False
    lock_and_come_back(office, replaced)
    enrol(office, national)
    seal(office)
    hands.close_window()


def to_the_receipt(office: Office) -> None:
    """Take in what the Secretariat answered; close."""
    eyes, hands = office.eyes, office.hands
    unlock(office)
    hands.key("alt+5")
    eyes.wait_words("sending.bundle.state", "on its way")
    hands.press("sending.receipt_file")
    (receipt,) = office.stick.glob("A-*.rufaa")
    hands.name_in_dialog("sending.receipt_choice", str(receipt))
    eyes.wait_words("sending.bundle.state", "received")
    hands.close_window()


def set_up(office: Office) -> None:
    """The five steps of the first run."""
    eyes, hands = office.eyes, office.hands
    hands.take_window()
    hands.press("firstRun.next")
    eyes.wait_focus("firstRun.county")
    hands.enter("Kilif")
    eyes.wait_focus("firstRun.office_number")
    hands.key("Return")
    hands.enter("Kilifi Children's Office")
    hands.key("Return")  # the ministry stands there already
    hands.enter("0799 999 001")
    eyes.wait_focus("firstRun.supervisor")
    hands.enter("Asha Mwakio")
    hands.enter("Children's officer")
    hands.enter("0799 999 002")
    office.sentence = write_down_and_type_back(office, "sentence")
    write_down_and_type_back(office, "sheet")


def write_down_and_type_back(office: Office, name: str) -> str:
    """Copy the painted words from the card, hide them, and type four letters of each."""
    eyes, hands = office.eyes, office.hands
    eyes.wait_focus(f"firstRun.{name}_written")
    on_paper = eyes.look(lambda: _painted(f"firstRun.{name}_words"))
    hands.press(f"firstRun.{name}_written")
    eyes.wait_focus(f"firstRun.{name}")
    hands.enter(" ".join(word[:4] for word in on_paper))
    return " ".join(on_paper)


def unlock(office: Office) -> None:
    """Type the sentence into the window that follows; it goes to where one was."""
    eyes, hands = office.eyes, office.hands
    eyes.wait_for("unlock.unlock")
    hands.take_window()
    eyes.wait_focus("unlock.sentence")
    hands.enter(" ".join(word[:4] for word in office.sentence.split()))
    eyes.wait_for("desk")


def enter_provider(office: Office) -> None:
    """A clinic in the directory."""
    eyes, hands = office.eyes, office.hands
    eyes.wait_for("today.lock")
    hands.key("alt+4")
    hands.press("directory.new")
    eyes.wait_focus("provider.name")
    hands.enter(CLINIC)
    hands.enter("Health fac")
    hands.enter("Public health")
    hands.tick("provider.services", "Medical check and treatment")
    hands.fill("provider.phone", "0799 999 031")
    hands.key("ctrl+Return")
    eyes.wait_words("window.message", "The provider is saved")


def open_case(office: Office) -> None:
    """Search, then a new case, and who the person is."""
    eyes, hands = office.eyes, office.hands
    hands.key("ctrl+n")
    eyes.wait_focus("cases.search")
    hands.type(FIRST_NAME)
    eyes.wait_for("cases.no_hits")
    hands.press("cases.new")
    eyes.wait_focus("person.first_name")
    hands.enter(FIRST_NAME)
    hands.fill("person.surname", SURNAME)
    hands.fill("person.safe_alias", ALIAS)
    hands.key("Return")
    hands.key("f")
    hands.fill("person.dob", "22/3/1986")
    hands.key("Return")
    hands.key("n")
    hands.go_to("person.citizenship")
    hands.type("kenya")
    hands.key("space")
    hands.tick("person.languages", "Swahili")
    hands.key("n")
    hands.key("ctrl+Return")
    eyes.wait_words("window.message", "Saved: Person")


def record_consent(office: Office) -> None:
    """The facts of form A, and the answers to services and to sharing with the clinic."""
    eyes, hands = office.eyes, office.hands
    hands.key("ctrl+1")
    eyes.wait_focus("consent.given_by")
    hands.enter("The adult")
    hands.fill("consent.method", "s")
    hands.fill("consent.language", "Swah")
    hands.go_to("consent.explained_items")
    for place in range(len(eyes.entries("consent.explained_items"))):
        hands.key(*(["Down"] if place else []), "space")
    hands.fill("consent.at", "now")
    hands.fill("consent.paper_copy_location", "Shelf A")
    for question in ("services", "share_provider"):
        hands.go_to(f"consent.{question}.not_asked")
        hands.key("Left", "Left", "Left")
        eyes.wait_focus(f"consent.{question}.given")
    hands.key("Tab")
    hands.enter(CLINIC[:4])
    hands.key("ctrl+Return")
    eyes.wait_words("window.message", "answers are saved")


def refer(office: Office) -> None:
    """A referral to the clinic."""
    eyes, hands = office.eyes, office.hands
    hands.key("ctrl+3")
    hands.press("referral.new")
    eyes.wait_focus("referral.to_provider")
    hands.enter(CLINIC[:4])
    hands.tick("referral.services", "Medical check and treatment")
    hands.enter("A service")
    hands.fill("referral.urgency", "u")
    hands.fill("referral.reason_short", "Needs a check by a nurse.")
    hands.go_to("referral.identity_mode")
    hands.key("s")
    hands.press("caseFile.foot.main")
    eyes.wait_words("caseFile.foot.main", "letter")


def print_letter(office: Office) -> None:
    """Look at the letter, issue it, print it."""
    eyes, hands = office.eyes, office.hands
    hands.press("caseFile.foot.main")
    hands.press("letter.issue")
    eyes.wait_focus("letter.print")
    hands.key("ctrl+p")
    eyes.wait_words("window.message", "went to the printer")


def lock_and_come_back(office: Office, replaced: Callable[[], int]) -> None:
    """Lock while a word stands unsaved in the case file; the next window comes back to the field's part and text."""
    eyes, hands = office.eyes, office.hands
    hands.press("letter.back")
    hands.press("referral.new")
    hands.fill("referral.reason_short", "Half a th")
    before = replaced()
    hands.key("ctrl+l")
    eyes.wait("no window follows the lock", lambda: replaced() == before + 1)
    unlock(office)
    eyes.wait_words("referral.reason_short", "Half a th")
    hands.press("caseFile.foot.second")


def enrol(office: Office, national: National) -> None:
    """Write the enrolment file, read the digits out, type those of the Secretariat, take its package in."""
    eyes, hands = office.eyes, office.hands
    hands.key("alt+5")
    hands.press("sending.enrol")
    eyes.wait_focus("enrolment.label")
    hands.press("enrolment.folder")
    hands.name_in_dialog("enrolment.folder_choice", str(office.stick))
    eyes.wait_focus("enrolment.own_digits")
    (file,) = office.stick.iterdir()
    answer = national.enrol(file.read_bytes(), eyes.words("enrolment.own_digits"))
    package = office.stick / answer.file_name
    package.write_bytes(answer.package)
    hands.go_to("enrolment.digits", by="Tab")
    hands.type(answer.root_digits)
    hands.press("enrolment.file")
    hands.name_in_dialog("enrolment.file_choice", str(package))
    eyes.wait_for("sending.seal")


def seal(office: Office) -> None:
    """Seal a bundle and save it to the folder that stands for the stick."""
    eyes, hands = office.eyes, office.hands
    hands.press("sending.seal")
    eyes.wait_focus("sending.save")
    hands.press("sending.folder")
    hands.name_in_dialog("sending.folder_choice", str(office.stick))
    eyes.wait_words("sending.bundle.state", "on its way")


def _painted(name: str) -> tuple[str, ...]:
    """Return the words that are painted on a card now."""
    windows = QApplication.topLevelWidgets()
    (card,) = (card for one in windows for card in one.findChildren(WordCard, name) if card.isVisible())
    return card._words if card._shown else ()
