"""Making a vault, looking after it, and how every failure of a command ends: a sentence and its status."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop.cli import FAULT_STATUS, main
from desktop.commands import office as office_commands
from desktop.commands.common import read_sentence
from desktop.errors import Obstacle
from desktop.messages import LANGUAGES, Language, sentences
from tests.unit.commands.desks import NOT_A_FOLDER, Desks, Ended, run

CANARY = "Achieng Zephyrine"
GOOD = {"county": "030", "office-code": "030-01", "office-name": "Office", "supervisor": "A. Supervisor"}


def init(folder: object, **changed: str) -> Ended:
    given = GOOD | {name.replace("_", "-"): value for name, value in changed.items()}
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    return run("init", "--data", folder, *words)


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"county": "999", "office_code": "999-01"}, "office.county", "VALUE_NOT_IN_LIST"),
        ({"office_code": "030-1"}, "office.code", "OFFICE_CODE_WRONG"),
        ({"office_code": "031-01"}, "office.code", "OFFICE_CODE_WRONG"),
        ({"office_code": "030-\u0660\u0661"}, "office.code", "OFFICE_CODE_WRONG"),
        ({"office_name": ""}, "office.name", "LABEL_WRONG"),
        ({"office_name": "x\u202ey"}, "office.name", "LABEL_WRONG"),
        ({"office_name": "x" * 121}, "office.name", "TEXT_TOO_LONG"),
        ({"supervisor": " "}, "office.supervisor", "LABEL_WRONG"),
        ({"supervisor": "x" * 121}, "office.supervisor", "TEXT_TOO_LONG"),
        ({"phone": "x" * 121}, "office.phone", "TEXT_TOO_LONG"),
        ({"title": "\u200b"}, "office.title", "LABEL_WRONG"),
        ({"ministry": "a\nb"}, "office.ministry", "LABEL_WRONG"),
    ],
)
def test_an_office_that_cannot_be_is_told_by_field_and_nothing_is_made(
    tmp_path: Path, changed: dict[str, str], field: str, code: str
) -> None:
    ended = init(tmp_path / "data", **changed)
    assert (ended.status, ended.out) == (3, "")
    assert re.search(rf"^  {re.escape(field)}: .+ \[{code}\]$", ended.err, re.MULTILINE)
    assert not (tmp_path / "data").exists()


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    ended = init(tmp_path / "data", county="999", office_name="", supervisor="")
    assert re.findall(r"^  (\S+):", ended.err, re.MULTILINE) == [
        *("office.county", "office.code", "office.name", "office.supervisor"),
    ]


def test_names_of_120_letters_in_any_script_are_taken(tmp_path: Path) -> None:
    ended = init(tmp_path / "data", office_name="ሰ" * 120, supervisor="x" * 120)
    assert (ended.status, ended.err) == (0, "")


def test_a_data_folder_that_cannot_be_made_is_told() -> None:
    ended = init(NOT_A_FOLDER)
    assert (ended.status, "[FOLDER_NOT_WRITABLE]" in ended.err) == (5, True)


def test_a_demo_folder_that_cannot_be_made_is_told() -> None:
    ended = run("demo", "--out", NOT_A_FOLDER)
    assert (ended.status, ended.out) == (5, "")
    assert "[OUT_NOT_WRITABLE]" in ended.err


def test_a_file_in_the_place_of_the_data_folder_is_no_vault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert run("verify", "--data", tmp_path / "file").status == 17


@pytest.mark.parametrize(
    ("language", "day"), [("en", r"[A-Z][a-z]+day \d+ [A-Z][a-z]+ 2026"), ("sw", r"[JIA][a-z]+ \d+ [A-Z][a-z]+ 2026")]
)
def test_verify_says_when_in_nairobi_and_who(desks: Desks, language: Language, day: str) -> None:
    ended = desks.by_office("verify", language=language)
    assert (ended.status, ended.err) == (0, "")
    assert re.search(rf"{day}, \d\d:\d\d \(Nairobi\), (by|na) A\. Supervisor\.$", ended.out, re.MULTILINE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_command_on_the_other_kind_of_vault_says_so(desks: Desks, language: Language) -> None:
    told = f"{sentences()['WRONG_KIND_OF_VAULT'][language]} [WRONG_KIND_OF_VAULT]\n"
    at_national, at_office = desks.national, desks.office
    of_an_office = [["bundle"], ["enrol-file"], ["receipt", __file__], ["trust", __file__], ["import", __file__]]
    of_the_secretariat = [["digits"], ["receipts"], ["intake", __file__], ["enrol", __file__, "--digits", "1"]]
    for words, place in (
        *((words, at_national) for words in of_an_office),
        *((["secretariat", *words], at_office) for words in of_the_secretariat),
    ):
        ended = run(*words, "--data", place.folder, sentence=place.sentence, language=language)
        assert (ended.status, ended.out, ended.err) == (5, "", told), words


def test_commas_points_and_capitals_around_the_words_do_no_harm(desks: Desks) -> None:
    typed = ", ".join(word.capitalize() for word in desks.office.sentence.split())
    ended = run("verify", "--data", desks.office.folder, sentence=f"  “{typed}.”")
    assert ended.status == 0


def test_a_closed_or_empty_descriptor_is_told_and_costs_no_attempt(desks: Desks) -> None:
    reading, writing = os.pipe()
    os.close(writing)
    for descriptor in (reading, 1_000, -1, 2**40):
        ended = run("verify", "--data", desks.office.folder, "--sentence-fd", descriptor)
        assert (ended.status, "[SENTENCE_NEEDS_TERMINAL]" in ended.err) == (5, True), descriptor
    os.close(reading)
    assert not (desks.office.folder / "attempts.json").exists()


@pytest.mark.parametrize(("language", "prompt"), [("en", "Password sentence: "), ("sw", "Sentensi ya siri: ")])
def test_ctrl_d_at_the_question_is_told(desks: Desks, language: Language, prompt: str) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.execv(  # noqa: S606  # our own program, on a terminal of its own
            sys.executable,
            [sys.executable, "-m", "desktop", "--language", language, "verify", "--data", str(desks.office.folder)],
        )
    said = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            said += os.read(terminal, 4096)
        except OSError:
            break
        if said.endswith(prompt.encode()):
            os.write(terminal, b"\x04")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert prompt.encode() in said
    assert "SENTENCE_NEEDS_TERMINAL" in said.decode()
    assert os.waitstatus_to_exitcode(status) == 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fault_is_told_by_its_number_and_logged_without_its_message(
    desks: Desks, monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    def broken(_: object) -> None:
        raise LookupError(CANARY)

    monkeypatch.setattr(office_commands, "parse_stamp", broken)
    ended = desks.by_office("verify", language=language)
    number = re.search(r"FAULT ([A-Z2-9]{4})\n$", ended.err)
    assert ended.status == FAULT_STATUS == 70
    assert number is not None
    assert ended.err == sentences()["FAULT_TOLD"][language].format(number=number[1]) + "\n"
    logged = (desks.office.folder / "log" / "rufaa.log").read_text(encoding="utf-8")
    assert number[1] in logged
    assert CANARY not in logged + ended.err + ended.out


def test_a_fault_before_the_vault_was_opened_is_logged_too(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise LookupError(CANARY)

    monkeypatch.setattr(office_commands, "door", broken)
    ended = init(desks.office.folder)
    number = ended.err.split()[-1]
    assert ended.status == FAULT_STATUS
    assert number in (desks.office.folder / "log" / "rufaa.log").read_text(encoding="utf-8")


def test_an_interrupted_command_ends_with_130(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(office_commands, "door", interrupted)
    assert init(tmp_path).status == 130


def test_a_name_that_the_terminal_cannot_show_is_no_fault(tmp_path: Path) -> None:
    code = "import sys; from desktop.cli import main; sys.exit(main(['list', 'fields']))"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("words", [("--help",), ("init", "--help"), ("secretariat", "init", "--help")])
def test_help_is_given(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 0
    assert "usage: rufaa-cli" in capsys.readouterr().out


def test_no_terminal_and_no_descriptor_is_told() -> None:
    with pytest.raises(Obstacle, match="SENTENCE_NEEDS_TERMINAL"):
        read_sentence(None)
