"""Back in with the recovery sheet: who is let in, what it costs, and what no cut loses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop import vault_files
from desktop.bootstrap import Door
from desktop.crypto.access_list import VaultKind
from desktop.crypto.header import serialise
from desktop.crypto.sealing import age_recipient, public_key
from desktop.crypto.slots import VaultSecrets, make_recovery_slot
from desktop.crypto.vaultkeys import create_vault_keys
from desktop.errors import DeskError, NotTrusted, Obstacle, VaultBusy, VaultSubstituted, WrongSentence
from desktop.services import access_lists
from desktop.services.recovery import SheetRecovery
from desktop.services.tables import TableKind
from tests.factory import Place, dump, file_hashes, make_case, make_secretariat, rows
from tests.unit.services.people_hands import WORD, acts, add, hashes, sealed_case, told, unlock
from tests.unit.services.sheet_hands import ANOTHER, let_in, new_sheet, opened_by, recovered, taken


def begin(place: Place, words: str) -> SheetRecovery:
    return Door(place.folder, place.clock).vaults.recover_with_sheet(words)


def refusal(attempt: Callable[[], object]) -> str:
    with pytest.raises(DeskError) as caught:
        attempt()
    return caught.value.code


# ------------------------------------------------------------------------------------------ let in


def test_a_supervisor_who_forgot_is_let_in_with_a_new_sentence_and_nothing_else_changes(place: Place) -> None:
    clerk, second, words = add(place), add(place, "SUPERVISOR"), new_sheet(place)
    case_id, before = sealed_case(place), hashes(place)
    lists = place.desk.vault.list_version
    place.desk.lock()
    found = begin(place, words)
    assert [(one.desk_number, one.name) for one in found.supervisors()] == [(1, "A. Supervisor"), (3, "Somebody")]
    sentence = found.offer_sentence()
    assert len(sentence.split()) == 6
    assert found.let_in(found.supervisors()[0].user_id, sentence.upper()) == 1
    with pytest.raises(WrongSentence):
        Door(place.folder, place.clock).unlock(1, place.sentence)
    unlock(place, clerk).lock()
    unlock(place, second).lock()
    place.desk = Door(place.folder, place.clock).unlock(1, sentence)
    assert place.desk.vault.list_version == lists + 1
    assert hashes(place) == before
    assert WORD in told(place, case_id)
    entry = next(row for row in rows(place.desk.vault, "journal") if row["act"] == "RECOVERED_BY_SHEET")
    assert (entry["user"], entry["object"]) == (place.desk.vault.user, place.desk.vault.user)
    assert place.desk.journal.verify()
    assert add(place).desk_number == 4  # who was let in signs lists


def test_the_words_still_open_after_they_let_somebody_in_and_may_let_in_the_other(place: Place) -> None:
    second, words = add(place, "SUPERVISOR"), new_sheet(place)
    place.desk.lock()
    let_in(place, words)
    desk, sentence = let_in(place, words, second.user_id)
    place.desk = Door(place.folder, place.clock).unlock(desk, sentence)
    assert acts(place).count("RECOVERED_BY_SHEET") == 2


def test_nobody_but_a_supervisor_of_the_list_is_let_in_and_only_with_a_sentence_offered(place: Place) -> None:
    clerk, gone = add(place), add(place, "SUPERVISOR")
    place.desk.people.suspend(gone.user_id)
    words = new_sheet(place)
    before = dump(place.desk.vault)
    place.desk.lock()
    files = file_hashes(place.folder / "vault" / "g1")
    found = begin(place, words)
    own, sentence = found.supervisors()[0].user_id, found.offer_sentence()
    assert len(found.supervisors()) == 1
    for user_id in (clerk.user_id, gone.user_id, "00000000-0000-4000-8000-000000000000"):
        assert refusal(lambda user_id=user_id: found.let_in(user_id, sentence)) == "USER_GONE"  # type: ignore[misc]
    assert refusal(lambda: found.let_in(own, place.sentence)) == "SENTENCE_NOT_OFFERED"
    assert refusal(lambda: found.let_in(own, "xyzzy")) == "WORD_UNKNOWN"
    assert {len(found.offer_sentence().split()) for _ in range(2)} == {6}
    assert refusal(found.offer_sentence) == "SENTENCES_OFFERED"
    found.close()
    found.close()
    after = file_hashes(place.folder / "vault" / "g1")
    assert {name: after[name] for name in ("key-header.a", "key-header.b")} == {
        name: files[name] for name in ("key-header.a", "key-header.b")
    }
    place.desk = Door(place.folder, place.clock).unlock(1, place.sentence)
    assert [row for row in dump(place.desk.vault)["journal"] if row["act"] != "UNLOCKED"] == [
        row for row in before["journal"] if row["act"] != "UNLOCKED"
    ]


def test_the_vault_is_held_for_as_long_as_it_lasts(place: Place) -> None:
    words = new_sheet(place)
    with pytest.raises(VaultBusy):
        begin(place, words)
    place.desk.lock()
    found = begin(place, words)
    with pytest.raises(VaultBusy):
        Door(place.folder, place.clock).unlock(1, place.sentence)
    found.close()
    place.desk = Door(place.folder, place.clock).unlock(1, place.sentence)


def test_wrong_words_count_and_wait_like_wrong_sentences_and_a_slip_of_the_hand_does_not(place: Place) -> None:
    words = new_sheet(place)
    place.desk.lock()
    vaults = Door(place.folder, place.clock).vaults
    assert refusal(lambda: vaults.recover_with_sheet("xyzzy " * 12)) == "WORD_UNKNOWN"
    assert not (place.folder / "attempts.json").exists()
    for _ in range(3):
        assert refusal(lambda: vaults.recover_with_sheet(ANOTHER)) == "SHEET_OTHER_VAULT"
    for _ in range(7):
        place.clock.instant = place.clock.now().replace(year=place.clock.instant.year + 1)
        assert refusal(lambda: vaults.recover_with_sheet("zoo " * 12)) == "SHEET_WORDS_WRONG"
    assert vaults.status().wait_seconds > 0
    assert refusal(lambda: vaults.recover_with_sheet(words)) == "WAIT_BEFORE_TRYING"
    assert refusal(lambda: vaults.unlock(1, place.sentence)) == "WAIT_BEFORE_TRYING"
    place.clock.instant = place.clock.now().replace(year=place.clock.instant.year + 1)
    recovered_desk, place.sentence = let_in(place, words)
    place.desk = Door(place.folder, place.clock).unlock(recovered_desk, place.sentence)
    assert rows(place.desk.vault, "journal")[-1]["reason"] == "AFTER_FAILURES_10"


def test_the_secretariats_own_store_is_opened_with_its_sheet_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def noted(*arguments: Any, **named: Any) -> Any:
        keys = create_vault_keys(*arguments, **named)
        shown.append(keys.sheet_words)
        return keys

    monkeypatch.setattr("desktop.services.vault.create_vault_keys", noted)
    national = make_secretariat(tmp_path / "national")
    recovered(national, shown[0])
    assert national.desk.vault.kind == VaultKind.SECRETARIAT
    assert national.desk.intake.counts() is not None
    national.lock()


# ------------------------------------------------------------------------------------------ new keys after it


def test_until_there_are_new_keys_nothing_goes_out_and_entry_goes_on(place: Place, tmp_path: Path) -> None:
    words = new_sheet(place)
    assert not place.desk.vault.recovery_due
    recovered(place, words)
    assert place.desk.vault.recovery_due
    assert place.desk.sheets.standing().recovery_due
    make_case(place)
    for attempt in (
        lambda: place.desk.exports.make(),
        lambda: place.desk.tables.export(TableKind.CPIMS, "PLANNING", [age_recipient(public_key(bytes(32)))]),
        lambda: place.desk.tables.export_plain(TableKind.CPIMS, "PLANNING", tmp_path),
    ):
        before = dump(place.desk.vault)
        assert refusal(attempt) == "RECOVERY_UNFINISHED"
        assert dump(place.desk.vault) == before
    place.reopen()
    assert place.desk.vault.recovery_due


def test_new_keys_after_a_recovery_keep_everybody_and_every_sentence_and_shut_out_the_used_words(
    place: Place, tmp_path: Path
) -> None:
    clerk, second, words = add(place), add(place, "SUPERVISOR"), new_sheet(place)
    case_id, before = sealed_case(place), hashes(place)
    recovered(place, words)
    with place.locked():
        shutil.copytree(place.folder, tmp_path / "copy")
    old_key, old_class = place.desk.vault.keys.dek, place.desk.vault.sealed_current
    new_words, sheet = taken(place.desk)
    made = place.desk.sheets.renew_with_new_keys(sheet)
    assert (made.keys_changed, made.sealing_due, made.sheet_due, made.sentence) == (True, True, False, None)
    assert not place.desk.people.seal_again().sealing_due
    assert not place.desk.vault.recovery_due
    assert place.desk.vault.keys.dek != old_key
    assert place.desk.vault.sealed_current != old_class
    entries = sorted(rows(place.desk.vault, "journal"), key=lambda row: row["n"])
    last = [row for row in entries if row["act"] in ("KEYS_CHANGED", "SHEET_REMADE")][-2:]
    assert [(row["act"], row["reason"]) for row in last] == [("KEYS_CHANGED", "AFTER_RECOVERY"), ("SHEET_REMADE", None)]
    make_case(place)
    place.reopen()
    with place.locked():
        unlock(place, clerk).lock()
        unlock(place, second).lock()
        with pytest.raises(WrongSentence, match="SHEET_OTHER_VAULT"):
            begin(place, words)
        assert opened_by(new_words, place.folder).dek == place.desk.vault.keys.dek
        assert opened_by(words, tmp_path / "copy").dek == old_key  # what was copied before stays readable
    assert all(row in hashes(place) for row in before)
    assert WORD in told(place, case_id)


@pytest.mark.parametrize("act", ["remove", "remove with sheet", "sheet alone"])
def test_what_changes_only_part_of_the_keys_does_not_end_a_recovery(place: Place, act: str) -> None:
    clerk, words = add(place), new_sheet(place)
    recovered(place, words)
    if act == "remove":
        place.desk.people.remove(clerk.user_id)
    elif act == "remove with sheet":
        place.desk.people.remove(clerk.user_id, sheet=taken(place.desk)[1])
    else:
        place.desk.sheets.renew(taken(place.desk)[1])
    assert place.desk.vault.recovery_due
    place.desk.sheets.renew_with_new_keys(taken(place.desk)[1])
    assert not place.desk.vault.recovery_due


# ------------------------------------------------------------------------------------------ the attacker


def test_a_recovery_slot_with_another_data_key_and_another_vaults_file_are_refused(
    place: Place, tmp_path: Path
) -> None:
    words = new_sheet(place)
    keys = place.desk.vault.keys
    place.desk.lock()
    slot = keys.header.recovery_slots[0]
    forged = make_recovery_slot(slot.keys, VaultSecrets(bytes(32), keys.r), keys.vault_id, 1)
    header = serialise(replace(keys.header, recovery_slots=(forged,), edit=keys.header.edit + 1), bytes(32))
    vault_files.write_header(vault_files.newest_generation(place.folder), header)
    with pytest.raises(VaultSubstituted):
        begin(place, words)
    vault_files.write_header(vault_files.newest_generation(place.folder), keys.header_bytes)
    begin(place, words).close()


def test_an_older_header_put_back_is_refused_with_the_sheet_as_with_a_sentence(place: Place) -> None:
    words = new_sheet(place)
    old = place.desk.vault.keys.header_bytes
    add(place)
    add(place)
    with place.locked() as folder:
        now = vault_files.read_header_copies(vault_files.newest_generation(folder))[0]
        vault_files.write_header(vault_files.newest_generation(folder), old)
        with pytest.raises(NotTrusted):
            begin(place, words)
        vault_files.write_header(vault_files.newest_generation(folder), now or b"")


def test_an_older_vault_under_a_higher_number_is_refused_with_the_sheet_too(place: Place, tmp_path: Path) -> None:
    words = new_sheet(place)
    with place.locked() as folder:
        shutil.copytree(folder / "vault" / "g1", tmp_path / "g2")
    add(place)
    place.desk.lock()
    shutil.copytree(tmp_path / "g2", place.folder / "vault" / "g2")
    with pytest.raises(VaultSubstituted):
        begin(place, words)


# ------------------------------------------------------------------------------------------ cut off


class Killed(BaseException):
    """The process ended here."""


def killed(*_: object, **__: object) -> None:
    raise Killed


def after(genuine: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        genuine(*arguments, **named)
        raise Killed

    return run


STEPS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "before copy A": (vault_files, "replace_file", killed),
    "after copy A": (vault_files, "replace_file", after(vault_files.replace_file)),
    "after copy B": (access_lists, "write_header", after(vault_files.write_header)),
    "after the note": (access_lists, "note_list", after(access_lists.note_list)),
}


@pytest.mark.parametrize("step", list(STEPS))
def test_cut_at_any_step_the_sheet_opens_as_before_and_from_copy_a_on_the_new_sentence_does(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    words, case_id = new_sheet(place), sealed_case(place)
    before = hashes(place)
    place.desk.lock()
    found = begin(place, words)
    user_id, sentence = found.supervisors()[0].user_id, found.offer_sentence()
    with monkeypatch.context() as patch:
        patch.setattr(*STEPS[step])
        with pytest.raises(Killed):
            found.let_in(user_id, sentence)
    found.close()
    assert opened_by(words, place.folder)
    old, new = (place.sentence, sentence) if step == "before copy A" else (sentence, place.sentence)
    with pytest.raises(WrongSentence):
        Door(place.folder, place.clock).unlock(1, new)
    place.desk = Door(place.folder, place.clock).unlock(1, old)
    assert place.desk.vault.recovery_due == (step != "before copy A")
    assert ("RECOVERED_BY_SHEET" in acts(place)) == (step != "before copy A")
    place.sentence = old
    place.reopen()
    assert (hashes(place), WORD in told(place, case_id)) == (before, True)
    assert place.desk.journal.verify()
    recovered(place, words)  # and once more, from where it was cut off
    place.desk.sheets.renew_with_new_keys(taken(place.desk)[1])
    assert not place.desk.vault.recovery_due


def test_a_full_disk_leaves_the_vault_as_it_was_and_it_may_be_tried_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = new_sheet(place)
    place.desk.lock()
    found = begin(place, words)
    user_id, sentence = found.supervisors()[0].user_id, found.offer_sentence()
    with monkeypatch.context() as patch:
        patch.setattr(access_lists, "write_header", lambda *_: (_ for _ in ()).throw(Obstacle("DISK_FULL")))
        assert refusal(lambda: found.let_in(user_id, sentence)) == "DISK_FULL"
    assert found.let_in(user_id, sentence) == 1
    place.desk = Door(place.folder, place.clock).unlock(1, sentence)


def test_where_a_copy_is_written_and_the_disk_fails_the_vault_is_let_go_and_opens(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = new_sheet(place)
    place.desk.lock()
    found = begin(place, words)
    user_id, sentence = found.supervisors()[0].user_id, found.offer_sentence()
    genuine, times = vault_files.replace_file, [0]

    def failing(path: Path, data: bytes) -> None:
        times[0] += 1
        if times[0] == 2:
            raise Obstacle("DISK_FULL")
        genuine(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(vault_files, "replace_file", failing)
        assert refusal(lambda: found.let_in(user_id, sentence)) == "HEADER_UNSURE"
    place.desk = Door(place.folder, place.clock).unlock(1, sentence)
