"""The recovery sheet of an open vault: made anew, alone or with new keys, tried out, and what is due."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from db.engine import open_engine
from db.errors import WrongKey
from db.store import Store
from desktop import vault_files
from desktop.bootstrap import Door
from desktop.crypto.encoding import Malformed
from desktop.crypto.header import parse_header
from desktop.crypto.sealing import open_sealed
from desktop.crypto.sheet import verify_pin
from desktop.errors import HeaderDamaged, NotPermitted, Obstacle, Stopped, WrongSentence
from tests.factory import Place, dump, file_hashes, make_case, rows
from tests.unit.services.people_hands import acts, add, sealed_case, sealed_files, unlock
from tests.unit.services.sheet_hands import ANOTHER, new_sheet, opened_by, recovered, taken
from tests.unit.services.test_recovery import STEPS, Killed, after, killed, refusal

# ------------------------------------------------------------------------------------------ typed back


def test_new_words_are_taken_only_as_they_were_shown_all_twelve_of_them(place: Place) -> None:
    sheets = place.desk.sheets
    assert refusal(lambda: sheets.take(ANOTHER)) == "SHEET_NOT_OFFERED"
    void, shown = sheets.offer(), sheets.offer()
    words = shown.split()
    for typed, position in (
        (void, 1),
        (" ".join(words[:11]), 12),
        (f"{shown} zoo", 13),
        (" ".join([*words[:6], "abandon" if words[6] != "abandon" else "zoo", *words[7:]]), 7),
    ):
        with pytest.raises(Obstacle, match="SHEET_NOT_AS_SHOWN") as caught:
            sheets.take(typed)
        assert int(caught.value.facts["position"]) <= position  # two sheets may share a word
    assert refusal(lambda: sheets.take("xyzzy")) == "WORD_UNKNOWN"
    header = place.desk.vault.keys.header_bytes
    sheet = sheets.take(" ".join(word[:4] for word in words))
    assert place.desk.vault.keys.header_bytes == header
    assert all(word not in repr(sheet) for word in words)
    assert refusal(lambda: sheets.take(shown)) == "SHEET_NOT_OFFERED"


# ------------------------------------------------------------------------------------------ made anew


def test_a_new_sheet_opens_the_vault_and_the_one_before_does_not(place: Place) -> None:
    first = new_sheet(place)
    old_header = place.desk.vault.keys.header_bytes
    second, sheet = taken(place.desk)
    made = place.desk.sheets.renew(sheet)
    assert (made.keys_changed, made.sentence, made.sheet_due) == (False, None, False)
    header = parse_header(place.desk.vault.keys.header_bytes).header
    assert len(header.sheet_pins) == len(header.recovery_slots) == 1
    assert verify_pin(header.sheet_pins[0], sheet.public().ed25519, header.vault_id).version == (
        place.desk.vault.list_version
    )
    assert place.desk.vault.keys.access_list.recovery == (sheet.public(),)
    assert acts(place)[-2:] == ["ACCESS_LIST_CHANGED", "SHEET_REMADE"]
    assert refusal(lambda: place.desk.sheets.renew(sheet)) == "SHEET_NOT_NEW"
    with place.locked() as folder:
        assert opened_by(second, folder).dek == place.desk.vault.keys.dek
        with pytest.raises(WrongSentence, match="SHEET_OTHER_VAULT"):
            opened_by(first, folder)
        newest = vault_files.newest_generation(folder)
        whole = vault_files.read_header_copies(newest)[0]
        vault_files.write_header(newest, old_header)  # what was copied before does not pass for the present
        assert opened_by(first, folder)
        assert refusal(lambda: Door(folder, place.clock).vaults.recover_with_sheet(first)) == "VAULT_SUBSTITUTED"
        vault_files.write_header(newest, whole or b"")


def test_words_that_somebody_may_know_open_nothing_new_after_new_keys(place: Place, tmp_path: Path) -> None:
    clerk, words = add(place), new_sheet(place)
    case_id = sealed_case(place)
    with place.locked():
        shutil.copytree(place.folder, tmp_path / "copy")
    made = place.desk.sheets.renew_with_new_keys(taken(place.desk)[1])
    assert made.sealing_due
    place.desk.people.seal_again()
    after = make_case(place)
    stolen = opened_by(words, tmp_path / "copy")
    for sealed in sealed_files(place):
        for half in stolen.r.values():
            with pytest.raises(Malformed):
                open_sealed(sealed, half)
    entry = next(row for row in rows(place.desk.vault, "journal") if row["act"] == "KEYS_CHANGED")
    assert (entry["reason"], entry["object"]) == ("SHEET_MAY_BE_KNOWN", place.desk.vault.vault.hex())
    with place.locked() as folder:
        with pytest.raises(WrongKey):
            Store(open_engine(vault_files.newest_generation(folder).database, stolen.dek)).close()
        with pytest.raises(WrongSentence):
            opened_by(words, folder)
        unlock(place, clerk).lock()
    assert place.desk.cases.open(case_id)
    assert place.desk.cases.open(after)


def test_a_removed_supervisor_with_the_sheet_in_hand_is_out_at_once_where_a_new_one_comes_with_the_removal(
    place: Place, tmp_path: Path
) -> None:
    second, words = add(place, "SUPERVISOR"), new_sheet(place)
    sealed_case(place)
    with place.locked():
        shutil.copytree(place.folder, tmp_path / "copy")
    lists = place.desk.vault.list_version
    new, sheet = taken(place.desk)
    made = place.desk.people.remove(second.user_id, sheet=sheet)
    assert (made.sheet_due, made.keys_changed, place.desk.vault.list_version) == (False, True, lists + 1)
    assert "SHEET_REMADE" in acts(place)
    assert not place.desk.sheets.standing().new_due
    place.desk.people.seal_again()
    stolen = opened_by(words, tmp_path / "copy")
    with place.locked() as folder:
        with pytest.raises(WrongSentence, match="SHEET_OTHER_VAULT"):
            Door(folder, place.clock).vaults.recover_with_sheet(words)
        with pytest.raises(WrongKey):
            Store(open_engine(vault_files.newest_generation(folder).database, stolen.dek)).close()
        assert opened_by(new, folder).dek == place.desk.vault.keys.dek
    for sealed in sealed_files(place):
        for half in stolen.r.values():
            with pytest.raises(Malformed):
                open_sealed(sealed, half)


@pytest.mark.parametrize("act", ["remove", "demote", "suspend"])
def test_without_a_new_sheet_one_is_due_until_it_is_made(place: Place, act: str) -> None:
    second = add(place, "SUPERVISOR")
    people = place.desk.people
    made = {
        "remove": lambda: people.remove(second.user_id),
        "demote": lambda: people.set_role(second.user_id, "CLERK"),
        "suspend": lambda: people.suspend(second.user_id),
    }[act]()
    assert made.sheet_due
    place.reopen()
    standing = place.desk.sheets.standing()
    assert (standing.new_due, standing.somebody_left) == (True, True)
    new_sheet(place)
    standing = place.desk.sheets.standing()
    assert (standing.new_due, standing.somebody_left) == (False, False)


def test_a_demoted_supervisor_and_one_whose_sentence_may_be_known_come_with_a_new_sheet_too(place: Place) -> None:
    second, third = add(place, "SUPERVISOR"), add(place, "SUPERVISOR")
    new, sheet = taken(place.desk)
    demoted = place.desk.people.set_role(second.user_id, "CLERK", sheet=sheet)
    assert (demoted.sheet_due, opened_by(new, place.folder).dek == place.desk.vault.keys.dek) == (False, True)
    newer, sheet = taken(place.desk)
    known = place.desk.people.may_know(third.user_id, sheet=sheet)
    assert (known.sheet_due, opened_by(newer, place.folder).dek == place.desk.vault.keys.dek) == (False, True)
    with place.locked():
        unlock(place, demoted).lock()
        unlock(place, known).lock()
    assert refusal(lambda: place.desk.people.set_role(second.user_id, "CASE_OFFICER", sheet=taken(place.desk)[1])) == (
        "SHEET_NOT_NEEDED"
    )


def test_a_change_that_was_stopped_or_refused_leaves_the_sheet_and_the_new_one_may_be_given_again(
    place: Place,
) -> None:
    words = new_sheet(place)
    new, sheet = taken(place.desk)

    def stop(_done: int, _of: int) -> None:
        raise Stopped("STOPPED")

    with pytest.raises(Stopped):
        place.desk.sheets.renew_with_new_keys(sheet, stop)
    assert opened_by(words, place.folder)
    place.desk.sheets.renew_with_new_keys(sheet)
    assert opened_by(new, place.folder)


@pytest.mark.parametrize("step", list(STEPS))
def test_cut_while_a_new_sheet_is_made_the_old_words_open_or_the_new_ones_do(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    old = new_sheet(place)
    new, sheet = taken(place.desk)
    with monkeypatch.context() as patch:
        patch.setattr(*STEPS[step])
        with pytest.raises(Killed):
            place.desk.sheets.renew(sheet)
    place.desk.vault.store.close()
    place.desk._keeper.release()
    opens, opens_not = (old, new) if step == "before copy A" else (new, old)
    with pytest.raises(WrongSentence):
        opened_by(opens_not, place.folder)
    recovered(place, opens)
    assert place.desk.journal.verify()
    assert acts(place).count("SHEET_REMADE") == (1 if step == "before copy A" else 2)
    place.desk.sheets.renew_with_new_keys(taken(place.desk)[1])


@pytest.mark.parametrize(("point", "new_opens"), [(killed, False), (after(os.rename), True)])
def test_cut_while_sheet_and_keys_are_made_anew_together_the_old_words_open_or_the_new_ones_do(
    place: Place, monkeypatch: pytest.MonkeyPatch, point: Callable[..., Any], new_opens: bool
) -> None:
    old = new_sheet(place)
    new, sheet = taken(place.desk)
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", point)
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # a killed process tidies up nothing
        with pytest.raises((Killed, Obstacle)):
            place.desk.sheets.renew_with_new_keys(sheet)
    place.desk.vault.store.close()
    place.desk._keeper.release()
    opens, opens_not = (new, old) if new_opens else (old, new)
    with pytest.raises(WrongSentence):
        opened_by(opens_not, place.folder)
    place.desk = Door(place.folder, place.clock).unlock(1, place.sentence)
    assert acts(place).count("SHEET_REMADE") == 1 + new_opens
    recovered(place, opens)
    assert place.desk.journal.verify()


# ------------------------------------------------------------------------------------------ the pin


def test_the_words_lead_on_from_their_pin_over_every_change_of_people_and_keys(place: Place) -> None:
    words = new_sheet(place)
    pins = place.desk.vault.keys.header.sheet_pins
    clerk, second = add(place), add(place, "SUPERVISOR")
    place.desk.people.suspend(clerk.user_id)
    place.desk.people.readmit(clerk.user_id)
    place.desk.people.set_role(clerk.user_id, "CASE_OFFICER")
    place.desk.people.remove(clerk.user_id)
    place.desk.people.remove(second.user_id)
    place.desk.people.seal_again()
    assert place.desk.vault.keys.header.sheet_pins == pins
    assert len(place.desk.vault.keys.access_list.r.in_use) == 1
    found = opened_by(words, place.folder)
    assert (found.dek, found.r) == (place.desk.vault.keys.dek, place.desk.vault.keys.r)
    assert place.desk.sheets.prove(words) is False
    recovered(place, words)
    assert add(place).sentence


# ------------------------------------------------------------------------------------------ tried out


def test_a_drill_shows_that_the_words_open_and_changes_only_the_journal(place: Place) -> None:
    words = new_sheet(place)
    assert place.desk.sheets.standing().proved_at is None
    assert place.desk.sheets.prove(words.upper()) is False
    sealed_case(place)
    before, files = dump(place.desk.vault), file_hashes(place.folder / "vault" / "g1")
    assert place.desk.sheets.prove(words) is True
    after = dump(place.desk.vault)
    assert {name for name in after if after[name] != before[name]} == {"journal"}
    assert acts(place)[-1] == "SHEET_PROVED"
    for name in ("key-header.a", "key-header.b"):
        assert file_hashes(place.folder / "vault" / "g1")[name] == files[name]
    assert place.desk.sheets.standing().proved_at == sorted(rows(place.desk.vault, "journal"), key=_n)[-1]["at"]


def _n(row: dict[str, Any]) -> int:
    return int(row["n"])


def test_wrong_words_in_a_drill_are_told_and_counted_nowhere(place: Place) -> None:
    words = new_sheet(place)
    before = dump(place.desk.vault)
    for typed, code in (
        ("xyzzy", "WORD_UNKNOWN"),
        (ANOTHER, "SHEET_OTHER_VAULT"),
        (" ".join(words.split()[:11]), "SHEET_WORDS_WRONG"),
    ):
        with pytest.raises(WrongSentence, match=code):
            place.desk.sheets.prove(typed)
    assert dump(place.desk.vault) == before
    assert not (place.folder / "attempts.json").exists()


@pytest.mark.parametrize("copy", [0, 1])
def test_a_drill_looks_at_both_copies_of_the_key_header(place: Place, copy: int) -> None:
    words = new_sheet(place)
    path = place.desk.vault.generation.header_copies[copy]
    path.write_bytes(path.read_bytes()[:-1])
    assert refusal(lambda: place.desk.sheets.prove(words)) == "SHEET_COPY_DAMAGED"
    assert "SHEET_PROVED" not in acts(place)
    place.reopen()
    assert place.desk.sheets.prove(words) is False


def test_a_drill_with_both_copies_gone_is_refused(place: Place) -> None:
    words = new_sheet(place)
    for path in place.desk.vault.generation.header_copies:
        path.write_bytes(b"")
    with pytest.raises(HeaderDamaged):
        place.desk.sheets.prove(words)
    vault_files.write_header(place.desk.vault.generation, place.desk.vault.keys.header_bytes)


def test_a_drill_tries_sealed_values_and_passes_over_damaged_ones(place: Place) -> None:
    words = new_sheet(place)
    sealed_case(place)
    with place.desk.vault.writing() as session:
        session.execute(text("UPDATE revision SET sealed = x'00' WHERE sealed IS NOT NULL"))
    assert refusal(lambda: place.desk.sheets.prove(words)) == "SHEET_OPENS_NO_VALUE"
    assert "SHEET_PROVED" not in acts(place)
    sealed_case(place)
    assert place.desk.sheets.prove(words) is True


# ------------------------------------------------------------------------------------------ what is due


def test_sheet_and_drill_are_due_after_a_year_and_not_before(place: Place) -> None:
    sheets = place.desk.sheets
    founded = sheets.standing()
    assert founded.made_at == sorted(rows(place.desk.vault, "journal"), key=_n)[0]["at"]
    assert (founded.new_due, founded.drill_due, founded.recovery_due) == (False, False, False)
    place.clock.instant += timedelta(days=364)
    assert (sheets.standing().new_due, sheets.standing().drill_due) == (False, False)
    place.clock.instant += timedelta(days=2)
    assert (sheets.standing().new_due, sheets.standing().drill_due) == (True, True)
    words = new_sheet(place)
    assert (sheets.standing().new_due, sheets.standing().drill_due) == (False, False)
    assert sheets.standing().made_at > founded.made_at
    place.clock.instant += timedelta(days=300)
    sheets.prove(words)
    place.clock.instant += timedelta(days=100)
    assert (sheets.standing().new_due, sheets.standing().drill_due) == (True, False)


def test_how_the_sheet_stands_is_read_from_its_own_entries_alone(place: Place) -> None:
    asked: list[str] = []
    engine = place.desk.vault.store.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _cu, statement, *_: asked.append(statement))
    place.desk.sheets.standing()
    (statement,) = (statement for statement in asked if "SHEET_PROVED" in statement)
    with place.desk.vault.reading() as session:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    assert "journal_of_sheet" in plan[0].detail


def test_only_a_supervisor_touches_the_sheet(place: Place) -> None:
    clerk = add(place)
    words, sheet = taken(place.desk)
    with place.locked():
        other = unlock(place, clerk)
        for attempt in (
            other.desk.sheets.offer,
            lambda: other.desk.sheets.take(words),
            lambda: other.desk.sheets.renew(sheet),
            lambda: other.desk.sheets.renew_with_new_keys(sheet),
            lambda: other.desk.sheets.prove(words),
        ):
            with pytest.raises(NotPermitted):
                attempt()
        assert other.desk.sheets.standing().made_at
        other.lock()
