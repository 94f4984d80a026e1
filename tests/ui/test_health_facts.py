"""Health facts in a case file: hidden from who is not bound to secrecy, typed anew, never lost (L-04, DPA s.46)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from PySide6.QtCore import Qt

from desktop import machine
from desktop.rules.records import RecordDraft, Value
from desktop.services.records import load
from tests.ui import every_screen as look
from tests.ui.case_files import CTRL, Held, hold, save, stored
from tests.ui.colleagues import NAMES
from tests.ui.desks import case_with, in_lane
from ui.languages import words
from ui.seat import Seat

FACTS: Mapping[str, Value] = {
    "disability_see": "3",
    "disability_help": "Msaidizi wa kumwongoza",
    "vulnerabilities": ("PREGNANT", "POVERTY"),
}


@pytest.fixture(scope="module", autouse=True)
def _small_laptop() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
        yield


def train(seat: Seat) -> None:
    me, people = seat.desk.vault.user, seat.desk.people
    in_lane(seat.jobs, lambda: people.set_training(me, trained_on="2026-10-01", undertaking_on="2026-10-01"))


def facts(seat: Seat, case_id: str) -> dict[str, Value]:
    """What stands in the vault, whoever looks."""

    def read() -> Mapping[str, Value]:
        person = seat.desk.cases.open(case_id).one("person")
        assert person is not None
        with seat.desk.vault.reading() as session:
            return load(session, seat.desk.vault, person.record_id).fields

    found = in_lane(seat.jobs, read)
    return {name: found[name] for name in FACTS if name in found}


def told(held: Held) -> str:
    return "\n".join(text for _, text in look.texts(held.screen))


def says_hidden(held: Held) -> set[str]:
    return {name for name in FACTS if held.text(f"person.{name}.answer") == words("HEALTH_HIDDEN")}


def test_they_are_hidden_with_the_reason_and_stay_when_something_else_is_saved(seat: Seat) -> None:
    case_id = case_with(seat, **NAMES, **FACTS)
    held = hold(seat, case_id, "person")
    assert says_hidden(held) == set(FACTS)
    assert held.text("person.health") == words("HEALTH_WHY")
    assert "kumwongoza" not in told(held)
    assert not held.part("person.disability_see.c").isChecked()  # type: ignore[attr-defined]
    assert "kumwongoza" not in repr(held.form().fields())
    held.type_in("person.known_as", "Zu")
    held.key(Qt.Key.Key_Return, CTRL)
    assert held.told == [words("CASEFILE_SAVED", part="Person")]
    assert facts(seat, case_id) == FACTS
    train(seat)
    held = hold(seat, case_id, "person")
    assert says_hidden(held) == set()
    assert not held.visible("person.health")
    assert "kumwongoza" in told(held)


def test_one_is_typed_anew_seen_until_it_is_saved_and_hidden_then(seat: Seat) -> None:
    case_id = case_with(seat, **NAMES, **FACTS)
    held = hold(seat, case_id, "person")
    held.type_in("person.disability_help", "Kiti cha magurudumu")
    assert says_hidden(held) == {"disability_see", "vulnerabilities"}
    in_lane(seat.jobs, lambda: seat.desk.drafts.keep(held.screen.unsaved()))
    held = hold(seat, case_id, "person")  # after a lock: what one typed is one's own
    assert "Kiti cha magurudumu" in told(held)
    held.type_in("person.known_as", "Zu")
    held.key(Qt.Key.Key_Return, CTRL)
    assert facts(seat, case_id) == {**FACTS, "disability_help": "Kiti cha magurudumu"}
    held = hold(seat, case_id, "person")
    assert "magurudumu" not in told(held)
    assert says_hidden(held) == set(FACTS)


def test_a_draft_begun_while_they_were_hidden_shows_them_once_one_may_see_them(seat: Seat) -> None:
    case_id = case_with(seat, **NAMES, **FACTS)
    held = hold(seat, case_id, "person")
    held.type_in("person.known_as", "Zu")
    in_lane(seat.jobs, lambda: seat.desk.drafts.keep(held.screen.unsaved()))
    train(seat)
    held = hold(seat, case_id, "person")
    assert held.form().fields()["disability_help"] == FACTS["disability_help"]
    held.type_in("person.disability_help", "")
    held.key(Qt.Key.Key_Delete)
    held.key(Qt.Key.Key_Return, CTRL)
    assert facts(seat, case_id) == {name: FACTS[name] for name in ("disability_see", "vulnerabilities")}


def test_history_and_two_versions_do_not_tell_them_either(seat: Seat) -> None:
    case_id = case_with(seat, **NAMES, **FACTS)
    held = hold(seat, case_id, "person")
    held.press("person.history")
    assert held.text("person.revisions.revision.1.disability_help") == words("HEALTH_HISTORY")
    assert "kumwongoza" not in told(held)
    held.press("person.revisions.back")
    held.type_in("person.disability_help", "Kiti")
    person = stored(seat, case_id).one("person")
    assert person is not None
    theirs: dict[str, Value] = {**person.fields, "disability_help": "Fimbo nyeupe"}
    save(seat, case_id, "person", person.record_id, person.revision, **theirs)
    held.key(Qt.Key.Key_Return, CTRL)
    panel = "person.conflict.disability_help"
    assert held.text(f"{panel}.mine_value") == "Kiti"
    assert held.text(f"{panel}.theirs_value") == words("HEALTH_THEIRS")
    assert "nyeupe" not in told(held)
    held.press(f"{panel}.theirs")
    held.press("caseFile.foot.main")
    assert facts(seat, case_id) == {**FACTS, "disability_help": "Fimbo nyeupe"}


def test_a_draft_names_a_hidden_fact_only_where_it_was_typed(seat: Seat) -> None:
    case_id = case_with(seat, **NAMES, **FACTS)
    held = hold(seat, case_id, "person")
    held.type_in("person.known_as", "Zu")
    (draft,) = held.screen.unsaved()
    assert isinstance(draft, RecordDraft)
    assert not set(draft.fields) & set(FACTS)
