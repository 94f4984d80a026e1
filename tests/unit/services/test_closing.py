"""A closed desk: no sentence opens it, the sheet does, copies from before open as they did (attack 35)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from desktop.bootstrap import Door
from desktop.crypto.header import parse_header
from desktop.errors import WrongSentence
from tests.factory import Place, make_case
from tests.unit.services.people_hands import acts, add
from tests.unit.services.sheet_hands import ANOTHER, let_in, new_sheet
from tests.unit.services.test_recovery import refusal


def test_a_closed_desk_opens_by_the_sheet_alone_and_copies_from_before_as_they_did(
    place: Place, tmp_path: Path
) -> None:
    clerk, words, case_id = add(place), new_sheet(place), make_case(place)
    with place.locked() as folder:
        shutil.copytree(folder, tmp_path / "copy")
    lists = place.desk.vault.list_version
    place.desk.sheets.close_desk(words)
    assert parse_header(place.desk.vault.keys.header_bytes).header.user_slots == ()
    assert place.desk.vault.list_version == lists
    assert acts(place)[-2:] == ["SHEET_PROVED", "DESK_CLOSED"]
    place.desk.lock()
    door = Door(place.folder, place.clock)
    assert (door.vaults.status().desks, door.vaults.status().closed) == ((), True)
    for number, sentence in ((1, place.sentence), (clerk.desk_number, clerk.sentence or "")):
        with pytest.raises(WrongSentence, match="WRONG_SENTENCE"):
            door.unlock(number, sentence)
        Door(tmp_path / "copy", place.clock).unlock(number, sentence).lock()
    desk, sentence = let_in(place, words)
    assert not door.vaults.status().closed
    place.desk = Door(place.folder, place.clock).unlock(desk, sentence)
    assert [row.case_id for row in place.desk.cases.list()] == [case_id]
    assert place.desk.people.readmit(clerk.user_id).desk_number == clerk.desk_number
    assert place.desk.journal.verify() > 0


def test_words_that_are_not_the_sheets_close_nothing(place: Place) -> None:
    header = place.desk.vault.keys.header_bytes
    assert refusal(lambda: place.desk.sheets.close_desk(ANOTHER)) == "SHEET_OTHER_VAULT"
    assert refusal(lambda: place.desk.sheets.close_desk("abandon ability")) == "SHEET_WORDS_WRONG"
    assert place.desk.vault.keys.header_bytes == header
    assert "DESK_CLOSED" not in acts(place)


def test_a_damaged_header_is_not_taken_for_a_closed_desk(place: Place, tmp_path: Path) -> None:
    with place.locked() as folder:
        shutil.copytree(folder, tmp_path / "copy")
    copies = list((tmp_path / "copy").rglob("key-header.*"))
    assert len(copies) == 2
    for copy in copies:
        copy.write_bytes(b"no header")
    status = Door(tmp_path / "copy", place.clock).vaults.status()
    assert (status.exists, status.desks, status.closed) == (True, (), False)


def test_a_desk_is_not_closed_while_the_vault_from_before_new_keys_would_still_open(place: Place) -> None:
    words = new_sheet(place)
    place.desk.people.remove(add(place).user_id)
    assert refusal(lambda: place.desk.sheets.close_desk(words)) == "EARLIER_VAULT_LEFT"
    assert "DESK_CLOSED" not in acts(place)
    place.reopen()
    place.desk.sheets.close_desk(words)
