"""The practice office is whole or not there, opens with the sentence that is shown, and is marked for what it is."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from desktop import machine
from desktop.bootstrap import Door
from desktop.errors import Obstacle, Stopped
from desktop.services.practice import make_practice, practice_office, practice_sentence


@pytest.fixture(autouse=True)
def _small_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the power went during an earlier attempt."""
    folder = tmp_path_factory.mktemp("data")
    half_made = folder / "practice.partial" / "office" / "vault" / "g1"
    half_made.mkdir(parents=True)
    (half_made / "vault.db").write_bytes(bytes(4096))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "total_memory_bytes", lambda: 4_000_000_000)
        make_practice(folder)
    return folder


def test_the_practice_office_opens_with_the_sentence_that_is_shown_and_has_work_in_it(data: Path) -> None:
    folder = practice_office(data)
    sentence = practice_sentence(folder)
    assert sentence is not None
    desk = Door(folder).unlock(1, sentence)
    try:
        assert desk.vault.practice
        assert desk.cases.count() > 5
        assert [record.fields["name"] for record in desk.directory.list()] == ["Tumaini Clinic (practice)"]
        agreed = [case for case in desk.cases.list() if desk.cases.open(case.case_id).of("consent")]
        assert len(agreed) == 3
        desk.journal.verify()
    finally:
        desk.lock()


def test_its_bundle_is_taken_in_by_its_secretariat_and_answered(data: Path) -> None:
    folder = practice_office(data)
    national_folder = folder.with_name("secretariat")
    sentence, national_sentence = practice_sentence(folder), practice_sentence(national_folder)
    assert sentence is not None
    assert national_sentence is not None
    office, national = Door(folder).unlock(1, sentence), Door(national_folder).unlock(1, national_sentence)
    try:
        assert national.vault.practice
        sealed = office.exports.make()
        taken = national.intake.receive(office.exports.sealed_file(sealed.bundle_id)[1])
        office.exports.hand_over(sealed.bundle_id)
        assert office.receipts.take_in(taken.receipt).outcome == "RECEIVED"
    finally:
        office.lock()
        national.lock()


def test_nothing_of_an_attempt_is_left_and_making_it_again_changes_nothing(data: Path) -> None:
    assert {path.name for path in data.iterdir()} == {"practice"}
    before = practice_sentence(practice_office(data))
    calls: list[int] = []
    assert make_practice(data, report=lambda done, of: calls.append(done)) == practice_office(data)
    assert practice_sentence(practice_office(data)) == before
    assert calls == []


def test_the_steps_are_counted_to_their_end(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    make_practice(tmp_path / "data", report=lambda done, of: steps.append((done, of)))
    assert steps == [(n, 8) for n in range(9)]
    assert stat.S_IMODE((tmp_path / "data" / "practice" / "practice.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("last", [0, 2, 5, 8])
def test_stopped_at_any_step_it_leaves_nothing_behind(tmp_path: Path, last: int) -> None:
    def stop(done: int, of: int) -> None:
        if done == last:
            raise Stopped("STOPPED")

    with pytest.raises(Stopped):
        make_practice(tmp_path, report=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[]", b'{"office": 1}', b'{"other": "a"}', b"\xff", b"{" * 5000])
def test_a_data_folder_that_is_no_practice_vault_has_no_sentence_to_show(tmp_path: Path, content: bytes) -> None:
    assert practice_sentence(tmp_path / "office") is None
    (tmp_path / "practice.json").write_bytes(content)
    assert practice_sentence(tmp_path / "office") is None


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Obstacle, match="FOLDER_NOT_WRITABLE"):
        make_practice(tmp_path / "file" / "data")


def test_a_file_planted_beside_a_real_vault_puts_no_sentence_on_its_unlock_screen(tmp_path: Path) -> None:
    (tmp_path / "practice.json").write_text('{"office": "abandon ability able"}')
    assert practice_sentence(tmp_path / "office") is None
