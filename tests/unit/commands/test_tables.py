"""`rufaa-cli export` and `plain-copies`: the figures first, then the file, and what is still to delete."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from desktop.crypto import sealing
from desktop.messages import LANGUAGES, Language, sentences
from tests.factory import DATA, count, make_case, rows
from tests.unit.commands.desks import NOT_A_FOLDER, Desks

FILE = DATA / "htcds-2.0-filled.xlsx"


@pytest.fixture
def filled(desks: Desks) -> Desks:
    assert desks.by_office("import", FILE, "--apply").status == 0
    return desks


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plain_table_is_told_written_listed_and_noted_as_deleted(filled: Desks, language: Language) -> None:
    ended = filled.by_office("export", "htcds", "--purpose", "PLANNING", "--plain", filled.stick, language=language)
    assert (ended.status, ended.err) == (0, "")
    (file,) = filled.stick.iterdir()
    assert sentences()["TABLE_LINE"][language].format(path=file) in ended.out
    assert sentences()["TABLE_STAYS_DRAFT"][language].format(n=1) in ended.out
    assert file.stat().st_mode & 0o777 == 0o600
    again = filled.by_office("import", file)
    assert "ADD 0, CHANGE 0, SKIP 39, REFUSE 0" in again.out
    listed = filled.by_office("plain-copies", language=language).out
    assert str(file) in listed
    copy_id = listed.split()[0]
    assert copy_id in ended.out
    early = filled.by_office("plain-copies", "--deleted", copy_id, language=language)
    assert (early.status, "[PLAIN_COPY_STILL_THERE]" in early.err) == (5, True)
    assert copy_id in filled.by_office("plain-copies").out
    file.unlink()
    assert filled.by_office("plain-copies", "--deleted", copy_id).out == "Noted that the copy is deleted.\n"
    none = filled.by_office("plain-copies", language=language)
    assert none.out == sentences()["PLAIN_COPIES_NONE"][language] + "\n"
    assert filled.by_office("plain-copies", "--deleted", copy_id).status == 5


def test_a_plain_copy_past_its_day_is_told_so(filled: Desks) -> None:
    filled.by_office("export", "cpims", "--purpose", "PLANNING", "--plain", filled.stick)
    with filled.open_office() as office, office.desk.vault.writing() as session:
        session.connection().exec_driver_sql("UPDATE plain_copy SET delete_by = '2026-11-24'")
    assert sentences()["PLAIN_COPY_OVERDUE"]["en"] in filled.by_office("plain-copies").out


def test_a_sealed_table_goes_to_the_folder_named_and_leaves_no_plain_copy(filled: Desks) -> None:
    secret = sealing.generate_secret()
    key = sealing.age_recipient(sealing.public_key(secret))
    ended = filled.by_office("export", "cpims", "--purpose", "CPIMS", "--to", key, "--out", filled.stick)
    (file,) = filled.stick.iterdir()
    assert (ended.status, ended.told("table")) == (0, [str(file)])
    assert file.name.startswith("X-")
    assert "padding.bin" in ended.out
    archive = zipfile.ZipFile(io.BytesIO(sealing.open_sealed(file.read_bytes(), secret)))
    table = archive.read(archive.namelist()[0]).decode("utf-8-sig")
    assert table.startswith("SERIAL,CASE NUMBER,CPIMS_ID,")
    assert filled.by_office("plain-copies").out == sentences()["PLAIN_COPIES_NONE"]["en"] + "\n"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--purpose", "NONE", "--plain", "STICK"), 3),
        (("--purpose", "PLANNING", "--plain", "STICK", "--identified"), 3),
        (("--purpose", "PLANNING", "--to", "age1qqq", "--out", "STICK"), 3),
        (("--purpose", "RESEARCH", "--plain", "STICK"), 5),
    ],
)
def test_what_is_refused_writes_no_file_and_no_entry(filled: Desks, words: tuple[str, ...], status: int) -> None:
    given = [str(filled.stick) if word == "STICK" else word for word in words]
    ended = filled.by_office("export", "htcds", *given)
    assert ended.status == status
    assert ended.err
    assert not filled.stick.exists() or list(filled.stick.iterdir()) == []
    with filled.open_office() as office:
        assert count(office.desk.vault, "plain_copy") == 0
        assert not [entry for entry in rows(office.desk.vault, "journal") if entry["act"].startswith("TABLE_")]


def test_a_folder_that_takes_nothing_is_told_before_anything_is_made(filled: Desks) -> None:
    ended = filled.by_office("export", "htcds", "--purpose", "PLANNING", "--plain", NOT_A_FOLDER)
    assert (ended.status, "[OUT_NOT_WRITABLE]" in ended.err) == (5, True)
    with filled.open_office() as office:
        assert count(office.desk.vault, "plain_copy") == 0


def test_a_copy_of_which_nobody_knows_whether_it_arrived_stays_to_be_deleted(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desks.open_office() as office:
        make_case(office)
    monkeypatch.setattr("desktop.commands.tables.probe_out", lambda folder: None)  # the stick is pulled after it
    ended = desks.by_office("export", "cpims", "--purpose", "PLANNING", "--plain", Path(NOT_A_FOLDER))
    assert (ended.status, "[PLAIN_COPY_REMAINS]" in ended.err) == (5, True)
    listed = desks.by_office("plain-copies").out
    assert NOT_A_FOLDER in listed
    assert desks.by_office("plain-copies", "--deleted", listed.split()[0]).status == 0


@pytest.mark.parametrize("words", [("--plain", ""), ("--plain", "", "--to", "age1"), ()])
def test_no_way_out_and_an_empty_one_are_a_mistake_in_the_command(desks: Desks, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        desks.by_office("export", "htcds", "--purpose", "PLANNING", *words)
    assert ended.value.code == 2


def test_an_empty_number_is_no_copy(desks: Desks) -> None:
    ended = desks.by_office("plain-copies", "--deleted", "")
    assert (ended.status, "[PLAIN_COPY_UNKNOWN]" in ended.err) == (5, True)
