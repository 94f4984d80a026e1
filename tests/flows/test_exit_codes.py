"""What an IT person tells apart by exit status: each refusal its own number and sentence, and no file touched."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2

from desktop.bootstrap import Door
from desktop.crypto.header import serialise
from desktop.crypto.vaultkeys import unlock
from desktop.errors import Obstacle, WrongSentence
from desktop.messages import LANGUAGES, Language, sentences
from desktop.vault_files import newest_generation, read_header_copies, write_header
from desktop.wordlists import load
from tests.factory import (
    Place,
    TickingClock,
    dek_of,
    enrol,
    file_hashes,
    make_case,
    make_office,
    make_secretariat,
    rows,
)
from tests.flows.cli import rufaa

WRONG = "abandon ability able about above absent"


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the office's headers of yesterday are kept."""
    return tmp_path_factory.mktemp("older")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, older: Path) -> Place:
    """An enrolled office at rest, with the headers it had before: enrolment wrote its second access list."""
    made, national = (make(tmp_path_factory.mktemp("place") / "data") for make in (make_office, make_secretariat))
    for copy in ("key-header.a", "key-header.b"):
        shutil.copy(generation(made.folder) / copy, older / copy)
    enrol(made, national)
    make_case(made)
    made.lock()
    national.lock()
    return made


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Another office's vault."""
    made = make_office(tmp_path_factory.mktemp("stranger") / "data", "031")
    made.lock()
    return made


@pytest.fixture
def data(office: Place, tmp_path: Path) -> Path:
    """A copy of the office's folder, for a test to harm."""
    folder = tmp_path / "data"
    shutil.copytree(office.folder, folder)
    return folder


def generation(folder: Path) -> Path:
    return folder / "vault" / "g1"


def damage_both_headers(data: Path, *_: Place) -> None:
    for copy in ("key-header.a", "key-header.b"):
        path = generation(data) / copy
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


def remove_both_headers(data: Path, *_: Place) -> None:
    for copy in ("key-header.a", "key-header.b"):
        (generation(data) / copy).unlink()


def put_plain_sqlite(data: Path, *_: Place) -> None:
    (generation(data) / "vault.db").unlink()
    plain = sqlite3.connect(generation(data) / "vault.db")
    plain.execute("CREATE TABLE note (text)")
    plain.commit()
    plain.close()


def put_their_database(data: Path, _: Place, stranger: Place) -> None:
    shutil.copy(generation(stranger.folder) / "vault.db", generation(data) / "vault.db")


def put_their_headers(data: Path, _: Place, stranger: Place) -> None:
    for copy in ("key-header.a", "key-header.b"):
        shutil.copy(generation(stranger.folder) / copy, generation(data) / copy)


def put_back_older_headers(data: Path, *_: Place, older: Path) -> None:
    for copy in ("key-header.a", "key-header.b"):
        shutil.copy(older / copy, generation(data) / copy)


def remove_database(data: Path, *_: Place) -> None:
    (generation(data) / "vault.db").unlink()


def empty_database(data: Path, *_: Place) -> None:
    (generation(data) / "vault.db").write_bytes(b"")


def damage_database(data: Path, *_: Place) -> None:
    path = generation(data) / "vault.db"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


def with_key(data: Path, office: Place, statement: str) -> None:
    database = dbapi2.connect(str(generation(data) / "vault.db"), isolation_level=None)
    database.execute("PRAGMA cipher_log_level = NONE")
    database.execute(f"PRAGMA key = \"x'{dek_of(office).hex()}'\"")
    database.execute(statement)
    database.close()


def write_newer_schema(data: Path, office: Place, _: Place) -> None:
    with_key(data, office, "PRAGMA user_version = 2")


def drop_a_trigger(data: Path, office: Place, _: Place) -> None:
    with_key(data, office, "DROP TRIGGER journal_no_delete")


def take_the_vault_away(data: Path, *_: Place) -> None:
    shutil.rmtree(data)


REFUSALS: list[tuple[Callable[..., None], int, str]] = [
    (damage_both_headers, 11, "HEADER_DAMAGED"),
    (remove_both_headers, 11, "HEADER_DAMAGED"),
    (put_plain_sqlite, 12, "VAULT_NOT_ENCRYPTED"),
    (put_back_older_headers, 13, "VAULT_SUBSTITUTED"),
    (put_their_database, 14, "VAULT_DAMAGED"),
    (remove_database, 14, "VAULT_DAMAGED"),
    (empty_database, 14, "VAULT_DAMAGED"),
    (damage_database, 14, "VAULT_DAMAGED"),
    (drop_a_trigger, 14, "VAULT_DAMAGED"),
    (write_newer_schema, 16, "VAULT_NEWER"),
    (take_the_vault_away, 17, "VAULT_NONE"),
    # The sentence opens no slot of another office's header.
    (put_their_headers, 10, "WRONG_SENTENCE"),
]


@pytest.mark.parametrize(("harm", "status", "code"), REFUSALS, ids=lambda value: getattr(value, "__name__", None))
def test_each_refusal_has_its_own_status_and_sentence_and_changes_nothing(
    office: Place, stranger: Place, older: Path, data: Path, harm: Callable[..., None], status: int, code: str
) -> None:
    if harm is put_back_older_headers:
        harm = partial(harm, older=older)
    harm(data, office, stranger)
    before = file_hashes(data)
    language: Language = "sw"
    ended = rufaa("--language", language, "verify", "--data", data, sentence=office.sentence)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert ended.stderr == f"{sentences()[code][language]} [{code}]\n"
    after = file_hashes(data)
    after.pop("attempts.json", None)
    assert after == before
    assert data.exists() == (code != "VAULT_NONE")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_sentence_ends_with_10_and_only_the_count_of_attempts_is_written(
    data: Path, language: Language
) -> None:
    before = file_hashes(data)
    ended = rufaa("--language", language, "verify", "--data", data, sentence=WRONG)
    assert (ended.returncode, ended.stdout) == (10, "")
    assert ended.stderr == f"{sentences()['WRONG_SENTENCE'][language]} [WRONG_SENTENCE]\n"
    after = file_hashes(data)
    assert after.keys() - before.keys() == {"attempts.json"}
    after.pop("attempts.json")
    assert after == before


def test_a_word_of_no_list_is_told_at_once_and_costs_no_attempt(office: Place, data: Path) -> None:
    before = file_hashes(data)
    ended = rufaa("verify", "--data", data, sentence=office.sentence.replace(" ", " qqqq ", 1))
    assert (ended.returncode, ended.stdout) == (10, "")
    assert file_hashes(data) == before


def test_the_right_sentence_ends_with_0_and_says_how_the_vault_stands(office: Place, data: Path) -> None:
    ended = rufaa("verify", "--data", data, sentence=office.sentence)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "journal entries verified" in ended.stdout


def test_a_wrong_desk_number_ends_as_a_wrong_sentence_does(office: Place, data: Path) -> None:
    ended = rufaa("verify", "--data", data, "--desk", 7, sentence=office.sentence)
    assert ended.returncode == 10


@pytest.fixture
def held(office: Place, data: Path) -> Iterator[Path]:
    """The folder while this process has it open."""
    desk = Door(data).unlock(1, office.sentence)
    yield data
    desk.lock()


def test_H07_a_second_process_is_told_who_has_the_vault_and_touches_nothing(office: Place, held: Path) -> None:
    before = file_hashes(held)
    ended = rufaa("--language", "sw", "verify", "--data", held, sentence=office.sentence)
    assert ended.returncode == 15
    assert ended.stderr == f"{sentences()['VAULT_BUSY']['sw']} [VAULT_BUSY]\n"
    assert file_hashes(held) == before


def test_a_header_written_just_before_the_vault_noted_it_is_caught_up(office: Place, data: Path) -> None:
    """The program was killed between the header and the vault's own note."""
    made = newest_generation(data)
    opened = unlock(*read_header_copies(made), 1, office.sentence, load())
    write_header(made, serialise(replace(opened.header, edit=opened.header.edit + 1), opened.dek))
    for _ in range(2):
        assert rufaa("verify", "--data", data, sentence=office.sentence).returncode == 0


def test_one_damaged_header_copy_is_no_obstacle_and_is_mended(office: Place, data: Path) -> None:
    copy_a, copy_b = (generation(data) / name for name in ("key-header.a", "key-header.b"))
    copy_a.write_bytes(copy_b.read_bytes()[:-1])
    assert rufaa("verify", "--data", data, sentence=office.sentence).returncode == 0
    assert copy_a.read_bytes() == copy_b.read_bytes()
    copy_b.unlink()
    assert rufaa("verify", "--data", data, sentence=office.sentence).returncode == 0
    assert copy_a.read_bytes() == copy_b.read_bytes()


def test_after_five_wrong_sentences_one_has_to_wait_and_the_right_one_works_afterwards(
    office: Place, data: Path
) -> None:
    clock = TickingClock()
    door = Door(data, clock)
    for _ in range(6):
        with pytest.raises(WrongSentence):
            door.unlock(1, WRONG)
        clock.instant += timedelta(minutes=10)
    clock.instant -= timedelta(minutes=10)
    with pytest.raises(Obstacle) as wait:
        door.unlock(1, office.sentence)
    assert wait.value.code == "WAIT_BEFORE_TRYING"
    assert 0 < int(wait.value.facts["seconds"]) <= 300
    clock.instant += timedelta(minutes=10)
    desk = door.unlock(1, office.sentence)
    unlocked = [row for row in rows(desk.vault, "journal") if row["act"] == "UNLOCKED"]
    desk.lock()
    reason = max(unlocked, key=lambda row: int(row["n"]))["reason"]
    assert reason == "AFTER_FAILURES_6"
