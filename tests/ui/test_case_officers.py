"""Whose case it is, as its part "Case" shows it: read by all, changed by a supervisor, L-03 and L-06."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox

from desktop import machine
from tests.ui.case_files import Held, hold
from tests.ui.colleagues import COLLEAGUE, NAMES, add_colleague, give_away
from tests.ui.conftest import SUPERVISOR, Office
from tests.ui.desks import case_with, in_lane, open_desk
from tests.ui.screen_hands import focus_name
from ui.languages import words
from ui.seat import Place, Seat

PART = "case.officers"


@pytest.fixture(scope="module", autouse=True)
def _small_laptop() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
        yield


def officers(held: Held) -> str:
    return held.text(f"{PART}.names")


def mine(seat: Seat) -> list[bool]:
    found = in_lane(seat.jobs, seat.desk.cases.list)
    return [one.restricted for one in found]


def test_a_supervisor_adds_an_officer_and_takes_one_off_by_keys(seat: Seat) -> None:
    case_id = case_with(seat, **NAMES)
    user, _ = add_colleague(seat)
    add_colleague(seat, "CLERK", "Otieno Were")
    held = hold(seat, case_id)
    assert officers(held) == f"{SUPERVISOR}, desk 1"
    assert held.text("case.officers.names")
    who = held.part(f"{PART}.who")
    assert isinstance(who, QComboBox)
    assert [who.itemText(place) for place in range(who.count())] == [f"{COLLEAGUE}, desk 2", "Otieno Were, desk 3"]
    held.press(f"{PART}.add")
    assert officers(held) == f"{SUPERVISOR}, desk 1; {COLLEAGUE}, desk 2"
    assert held.told == [words("OFFICERS_ADDED", name=COLLEAGUE)]
    assert focus_name() == f"{PART}.who"
    assert who.count() == 1
    held.press(f"{PART}.take.2")
    assert officers(held) == f"{SUPERVISOR}, desk 1"
    assert held.told[1:] == [words("OFFICERS_TAKEN", name=COLLEAGUE)]
    found = in_lane(seat.jobs, lambda: seat.desk.cases.officers(case_id))
    assert [one.since is not None for one in found if one.user == user] == [False]
    assert held.hindered == []


@pytest.mark.parametrize("restricted", [False, True])
def test_taking_oneself_off_asks_once_says_what_it_means_and_leaves_the_case(seat: Seat, restricted: bool) -> None:
    case_id = case_with(seat, **NAMES)
    held = hold(seat, case_id)
    if restricted:
        held.put(restricted=True)
        held.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        held = hold(seat, case_id)
        assert held.visible("caseFile.band.restricted")
    places: list[Place] = []
    held.screen.place_wanted.connect(places.append)
    held.press(f"{PART}.take.1")
    assert focus_name() == f"{PART}.self_leave"
    assert held.text(f"{PART}.self") == words("OFFICERS_SELF_RESTRICTED" if restricted else "OFFICERS_SELF")
    held.press(f"{PART}.self_now")
    assert held.hindered == ["LAST_OFFICER"]  # nobody else would be left to it
    assert officers(held) == f"{SUPERVISOR}, desk 1"
    assert places == []
    add_colleague(seat)
    held = hold(seat, case_id)
    held.screen.place_wanted.connect(places.append)
    held.press(f"{PART}.add")
    held.press(f"{PART}.take.1")
    held.press(f"{PART}.self_leave")
    assert not held.visible(f"{PART}.self")
    assert officers(held) == f"{SUPERVISOR}, desk 1; {COLLEAGUE}, desk 2"
    held.press(f"{PART}.take.1")
    held.press(f"{PART}.self_now")
    assert places == [Place("cases")]
    assert mine(seat) == ([] if restricted else [False])


def test_others_read_only_and_the_officer_of_a_restricted_case_names_another_one(
    application: QApplication, at_rest: Office, tmp_path: Path
) -> None:
    shutil.copytree(at_rest.folder, tmp_path / "vault")
    with open_desk(tmp_path / "vault", at_rest.sentence) as seat:
        user, sentence = add_colleague(seat)
        plain = case_with(seat, **NAMES)
        restricted = case_with(seat, **NAMES)
        in_lane(seat.jobs, lambda: seat.desk.cases.assign(plain, user))
        give_away(seat, restricted, user, restricted=True)
    with open_desk(tmp_path / "vault", sentence, 2) as seat:
        held = hold(seat, plain)
        assert officers(held) == f"{SUPERVISOR}, desk 1; {COLLEAGUE}, desk 2"
        assert not held.visible(f"{PART}.add")
        assert not held.visible(f"{PART}.take.1")
        held = hold(seat, restricted)
        assert officers(held) == f"{COLLEAGUE}, desk 2"
        assert not held.visible(f"{PART}.take.1")
        held.press(f"{PART}.add")
        assert officers(held) == f"{SUPERVISOR}, desk 1; {COLLEAGUE}, desk 2"


def test_restricting_a_case_says_hidden_and_not_sealed(seat: Seat) -> None:
    form = seat.desk.vault.catalogue.forms["case"]["restricted"]
    for language, hidden, sealed in (
        ("en", "Hidden, not sealed", "technical"),
        ("sw", "Imefichwa, haijafungwa", "utaalamu"),
    ):
        assert form.help[language].startswith(hidden)
        assert sealed in form.help[language]
