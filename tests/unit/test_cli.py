"""`rufaa-cli` as acceptance, translators and IT use it: lists, self-test, rehearsal, safe writing, help."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from desktop import PRODUCT, VERSION
from desktop.catalogue import load
from desktop.cli import main
from desktop.commands.common import read_sentence
from desktop.errors import Obstacle
from desktop.files import read_file, write_file
from desktop.messages import sentences
from desktop.rules.access import ACTIONS
from tests.flows.cli import rufaa

FIELD_NAMES = {"form", "name", "type", "sensitivity", "out", "sealed", "en", "sw"}


@pytest.fixture(autouse=True)
def _own_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)


def listed(what: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert main(["list", what, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert isinstance(rows, list)
    assert rows
    return rows


def test_the_list_of_messages_holds_every_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    rows = listed("messages", capsys)
    assert {row["code"] for row in rows} == set(sentences())
    assert all(row["en"] and row["sw"] for row in rows)


def test_the_list_of_fields_holds_every_field_with_its_class_and_labels(capsys: pytest.CaptureFixture[str]) -> None:
    rows = listed("fields", capsys)
    assert {(row["form"], row["name"]) for row in rows} == {
        (form.kind, item.name) for form in load().forms.values() for item in form.fields
    }
    assert all(set(row) >= FIELD_NAMES and row["en"] and row["sw"] for row in rows)


def test_the_list_of_actions_names_the_roles_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    rows = listed("actions", capsys)
    assert [row["action"] for row in rows] == list(ACTIONS)
    assert all(row["roles"] == sorted(row["roles"]) and row["roles"] for row in rows)


def test_the_list_of_code_lists_counts_their_codes(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {row["list"]: row["codes"] for row in listed("codelists", capsys)}
    assert rows["counties"] == 47
    assert rows == {name: len(found.codes) for name, found in load().lists.items()}


def test_the_list_of_screens_names_each_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert all({"screen", "en", "sw"} <= set(row) for row in listed("screens", capsys))


@pytest.mark.parametrize("what", ["messages", "fields", "actions", "screens", "codelists"])
def test_every_list_is_also_shown_as_lines(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    count = len(listed(what, capsys))
    assert main(["list", what]) == 0
    assert len(capsys.readouterr().out.splitlines()) == count


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"{PRODUCT} {VERSION}\n"


@pytest.mark.parametrize("words", [[], ["nothing"], ["verify", "--sentence", "abc"], ["--language", "fr", "list"]])
def test_what_is_no_command_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


def test_the_rehearsal_leaves_letter_bundle_and_receipt_where_it_says(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = rufaa("--language", "sw", "demo", "--out", out)
    assert (ended.returncode, ended.stderr) == (0, "")
    told = dict(re.findall(r"^(letter|bundle|receipt): (/\S+)$", ended.stdout, re.MULTILINE))
    assert set(told) == {"letter", "bundle", "receipt"}
    letter, bundle, receipt = (Path(told[name]) for name in ("letter", "bundle", "receipt"))
    assert letter.suffix == ".pdf"
    assert letter.read_bytes().startswith(b"%PDF-")
    for path in (bundle, receipt):
        assert path.suffix == ".rufaa"
        assert path.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert "another receipt" not in ended.stdout.lower()
    readme = (out / "README.txt").read_text(encoding="utf-8")
    sentence = re.search(r"office's practice vault; password sentence: (.+)", readme)
    assert sentence is not None
    # The vault it left opens with the sentence it wrote down, in the language asked for.
    verified = rufaa("verify", "--data", out / "office", sentence=sentence.group(1))
    assert verified.returncode == 0
    # Nothing is ever written over.
    again = rufaa("--language", "sw", "demo", "--out", out)
    assert (again.returncode, again.stdout) == (5, "")
    assert again.stderr == f"{sentences()['FOLDER_NOT_EMPTY']['sw']} [FOLDER_NOT_EMPTY]\n"


def test_the_self_test_exercises_every_part() -> None:
    ended = rufaa("self-test", "--json")
    told = json.loads(ended.stdout)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert told["ok"] is True
    assert told["version"] == VERSION
    assert {check["check"] for check in told["checks"]} >= {
        *("vocabulary", "encrypted storage", "signatures", "sealing", "limited child", "fonts", "window"),
        "the whole walk",
    }
    assert [check for check in told["checks"] if check["ok"] is not True] == []
    assert told["health"]["core_dumps"] == "OK"  # the program itself, started as people start it
    parts = {"core_dumps", "memory", "folder", "disk", "swap", "capture", "clipboard"}
    assert told["health"].keys() == parts
    assert set(told["health"].values()) <= {"OK", "NOT_POSSIBLE", "FAILED"}


def test_a_part_that_fails_makes_the_self_test_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from desktop.commands import selftest

    def broken() -> str:
        raise LookupError("Achieng")

    monkeypatch.setattr(selftest, "_CHECKS", {"fonts": broken, "sealing": selftest._sealing})
    assert main(["self-test", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert [(check["check"], check["ok"], check["found"]) for check in told["checks"]] == [
        ("fonts", False, "LookupError"),
        ("sealing", True, "age, X25519"),
    ]
    assert main(["self-test"]) == 1
    assert "1 of 2 parts work" in capsys.readouterr().out


def test_a_closed_pipe_ends_quietly() -> None:
    code = "from desktop.cli import main; import sys; sys.exit(main(['list', 'messages']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        said = child.stderr.read()
    assert "Traceback" not in said
    assert "FAULT" not in said


def test_a_sentence_comes_from_a_descriptor_or_a_terminal_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"mojo safari\nsecond line\n")
    os.close(writing)
    assert read_sentence(reading) == "mojo safari"
    os.close(reading)
    monkeypatch.setenv("RUFAA_SENTENCE", "mojo safari")
    ended = rufaa("verify", "--data", "nowhere")
    assert "mojo" not in ended.stdout + ended.stderr
    with pytest.raises(Obstacle, match="SENTENCE_NEEDS_TERMINAL"):
        read_sentence(None)


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert read_file(str(path), 100) == b"x" * 100
    path.write_bytes(b"x" * (1024 * 1024 + 1))
    with pytest.raises(Obstacle, match="FILE_TOO_LARGE") as large:
        read_file(str(path), 1024 * 1024)
    assert large.value.facts == {"limit_mib": 1}
    for missing in (tmp_path / "none", tmp_path):
        with pytest.raises(Obstacle, match="FILE_NOT_READABLE"):
            read_file(str(missing), 100)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = write_file(tmp_path / "new" / "stick", "R-AAAAAAAAAA.rufaa", b"one")
    assert path.read_bytes() == b"one"
    assert write_file(path.parent, path.name, b"another").read_bytes() == b"another"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "DISK_FULL"),
        (errno.EDQUOT, "DISK_FULL"),
        (errno.EROFS, "FOLDER_NOT_WRITABLE"),
        (errno.EIO, "FOLDER_NOT_WRITABLE"),
    ],
)
def test_K01_a_full_or_failing_stick_is_told_and_the_older_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    path = write_file(tmp_path, "R-AAAAAAAAAA.rufaa", b"older")

    def fails(_: int) -> None:
        raise OSError(number, "x")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(Obstacle, match=code):
        write_file(tmp_path, path.name, b"newer and longer")
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_what_reads_back_otherwise_never_gets_its_final_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"other bytes")
    with pytest.raises(Obstacle, match="WRITE_FAILED"):
        write_file(tmp_path, "R-AAAAAAAAAA.rufaa", b"right bytes")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Obstacle, match="FOLDER_NOT_WRITABLE"):
        write_file(tmp_path / "file", "R-AAAAAAAAAA.rufaa", b"x")
