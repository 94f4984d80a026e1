"""What Today, People and Settings say of sealed values that do not open, of sentences that may be known, and of vaults
of somebody else: on real vaults."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from sqlalchemy import text as sql

from desktop import machine
from desktop.rules.records import RecordDraft
from tests.flows.conftest import SMALL_LAPTOP_BYTES
from tests.ui.conftest import Office, make_office
from tests.ui.desks import in_lane, open_desk, show_alone
from tests.ui.people_hands import add, at_desk, do, is_seen
from tests.ui.screen_hands import Heard, settle, text
from ui.screens.settings import SettingsScreen
from ui.screens.today import Today
from ui.seat import Place, Seat, Telling


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: SMALL_LAPTOP_BYTES)
    return make_office(tmp_path / "office", practice=False)


def today(seat: Seat) -> tuple[Today, Heard]:
    screen = Today(seat, Place("today"))
    heard = Heard(screen)
    show_alone(screen)
    settle(seat)
    return screen, heard


def test_today_names_what_no_key_opens_and_lets_the_earlier_keys_go_when_told_to(
    application: QApplication, place: Office
) -> None:
    with open_desk(place.folder, place.sentence) as seat:
        desk, other = seat.desk, add(seat, "SUPERVISOR")

        def spoil_one() -> str:
            drafts = [RecordDraft("case", {"narrative": "Kiambatisho"}), RecordDraft("person", {"first_name": "N"})]
            desk.cases.create(drafts)
            with desk.vault.writing() as session:
                session.execute(sql("UPDATE revision SET sealed = x'00' WHERE sealed IS NOT NULL"))
            desk.people.remove(other.user_id)
            return desk.cases.list()[0].case_ref

        case_ref = in_lane(seat.jobs, spoil_one)
        screen, heard = today(seat)
        tellings: list[Telling] = []
        screen.told.connect(tellings.append)
        do(screen, "today.seal_again")
        settle(seat)
        (told,) = tellings
        assert case_ref in told.say()
        assert (told.action_code, is_seen(screen, "today.seal_again")) == ("SEALING_LET_GO", True)
        assert in_lane(seat.jobs, desk.people.sealing_due)
        assert told.action is not None
        told.action()
        settle(seat)
        assert heard.told[-1] == "All sealed facts have the new key."
        assert not in_lane(seat.jobs, desk.people.sealing_due)


def test_today_says_whose_sentence_may_be_known_to_supervisors_only(application: QApplication, place: Office) -> None:
    with at_desk(place.folder, 1, place.sentence) as desk:
        made = desk.people.add(name="Otieno Were", role="CLERK")
    with open_desk(place.folder, made.sentence or "", 2) as seat:
        in_lane(seat.jobs, seat.desk.people.report_known)
        assert not is_seen(today(seat)[0], "today.reported")
    with open_desk(place.folder, place.sentence) as seat:
        screen, _ = today(seat)
        assert text(screen, "today.reported").startswith("Desk 2 says that somebody may know their sentence.")
        in_lane(seat.jobs, lambda: seat.desk.people.may_know(made.user_id))
        assert not is_seen(today(seat)[0], "today.reported")


def test_settings_say_that_a_vault_lies_there_that_is_not_ours(application: QApplication, place: Office) -> None:
    with open_desk(place.folder, place.sentence) as seat:
        seat.desk.vault.foreign_vaults = ("g1",)
        screen = SettingsScreen(seat, Place("settings"))
        show_alone(screen)
        settle(seat)
        assert text(screen, "settings.health.foreign_vault").startswith("The vault folder also holds")
