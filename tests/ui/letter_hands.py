"""A letter's screen alone on an open desk, and what its tests ask of it."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from sqlalchemy import select

from db.models.base import JournalEntry
from desktop.rules.journal_chain import Act
from desktop.rules.records import RecordDraft, Value
from tests.factory import CONSENT, PERSON, PROVIDER, REFERRAL
from tests.ui.desks import case_with, in_lane, show_alone
from tests.ui.screen_hands import hear
from ui.screens.letter import LetterScreen
from ui.seat import Place, Seat
from ui.widgets.letter_pages import LetterPages

Kind = TypeVar("Kind", bound=QObject)


def made_referral(seat: Seat, *, agreed: bool = True, **fields: Value) -> Place:
    case_id = case_with(seat, **PERSON)
    desk = seat.desk

    def make() -> str:
        clinic = desk.directory.save(RecordDraft("provider", PROVIDER)).record_ids[0]
        if agreed:
            desk.consents.record(case_id, [{**CONSENT, "scope": "SHARE_PROVIDER", "recipient": clinic}])
        return desk.referrals.create(case_id, {**REFERRAL, "to_provider": clinic, **fields}).record_ids[0]

    return Place("letter", case_id, in_lane(seat.jobs, make))


def shown(seat: Seat, place: Place) -> LetterScreen:
    screen = LetterScreen(seat, place)
    show_alone(screen)
    settled(seat)
    return screen


def settled(seat: Seat) -> None:
    """The lane's answers so far, and what they ask in turn."""
    for _ in range(2):
        in_lane(seat.jobs, lambda: None)


def part(screen: LetterScreen, kind: type[Kind], name: str) -> Kind:
    found = screen.findChild(kind, name)
    assert isinstance(found, kind), name
    return found


def page_words(screen: LetterScreen) -> str:
    (pages,) = screen.findChildren(LetterPages)
    return " ".join(pages.text().split())


def press(screen: LetterScreen, name: str) -> None:
    button = part(screen, QPushButton, name)
    assert button.isVisible()
    assert button.isEnabled()
    QTest.keyClick(button, Qt.Key.Key_Space)


def issued(seat: Seat) -> tuple[LetterScreen, str]:
    """A screen with a letter that was just issued on it, and its serial."""
    place = made_referral(seat)
    screen = shown(seat, place)
    press(screen, "letter.issue")
    settled(seat)
    (serial,) = in_lane(seat.jobs, lambda: seat.desk.referrals.letters_of(place.record_id))
    return screen, serial


def stored_pdf(seat: Seat, serial: str) -> bytes:
    return in_lane(seat.jobs, lambda: seat.desk.referrals.open_letter(serial)).pdf


def journal(seat: Seat, act: Act) -> list[tuple[str, str | None]]:
    def read() -> list[tuple[str, str | None]]:
        with seat.desk.vault.reading() as session:
            rows = session.scalars(select(JournalEntry).where(JournalEntry.act == act).order_by(JournalEntry.n))
            return [(row.object, row.reason) for row in rows]

    return in_lane(seat.jobs, read)


def heard(screen: LetterScreen) -> tuple[list[str], list[str]]:
    """What the screen tells and what hinders it, from now on."""
    told: list[str] = []
    hindered: list[str] = []
    hear(screen, told, hindered)
    return told, hindered
