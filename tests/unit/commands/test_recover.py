"""The recovery sheet by command: back in with it, made anew, tried out, and a supervisor removed together with it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.cli import main
from desktop.messages import LANGUAGES, Language
from desktop.services.sheets import SheetService
from tests.unit.commands.desks import Desks, Ended, run
from tests.unit.services.sheet_hands import ANOTHER

Say = Callable[..., "Ended"]


def talk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *words: object, given: dict[str, str], answers: dict[str, str]
) -> Ended:
    """Run a command that shows something once: `given` is piped in before, and what stands behind a line's beginning
    in `answers` is typed back into its descriptor."""
    out, err = tmp_path / "out", tmp_path / "err"
    with contextlib.ExitStack() as stack, monkeypatch.context() as patch:
        streams = [stack.enter_context(path.open("w", encoding="utf-8")) for path in (out, err)]
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        arguments, writers = [str(word) for word in words], {}
        for option in {**given, **{option: "" for option in answers.values()}}:
            reading, writing = os.pipe()
            stack.callback(os.close, reading)
            stack.callback(os.close, writing)
            arguments += [option, str(reading)]
            writers[option] = writing
            if option in given:
                os.write(writing, f"{given[option]}\n".encode())
        status: list[int] = []
        thread = threading.Thread(target=lambda: status.append(main(arguments)))
        thread.start()
        answered: set[str] = set()
        deadline = time.monotonic() + 60
        while thread.is_alive() and time.monotonic() < deadline:
            for line in out.read_text("utf-8").splitlines():
                for beginning, option in answers.items():
                    if line.startswith(beginning) and option not in answered and line.endswith(line.split()[-1]):
                        answered.add(option)
                        os.write(writers[option], f"{line.removeprefix(beginning)}\n".encode())
            time.sleep(0.01)
        thread.join(60)
    return Ended(status[0], out.read_text("utf-8"), err.read_text("utf-8"))


SHEET = {"recovery sheet: ": "--sheet-fd"}
SENTENCE = {"offered sentence: ": "--new-sentence-fd"}


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    def say(*words: object, given: dict[str, str] | None = None, answers: dict[str, str] | None = None) -> Ended:
        return talk(monkeypatch, tmp_path, *words, given=given or {}, answers=answers or {})

    return say


def on_office(desks: Desks, *words: object) -> tuple[object, ...]:
    return (*words, "--data", desks.office.folder)


def remade(desks: Desks, hands: Say, *words: object) -> str:
    ended = hands(
        *on_office(desks, "people", "sheet", "remake", *words),
        given={"--sentence-fd": desks.office.sentence},
        answers=SHEET,
    )
    assert (ended.status, ended.err) == (0, "")
    assert "new recovery sheet is in force" in ended.out
    return ended.told("recovery sheet")[0]


def test_an_office_whose_sentences_are_lost_is_back_at_work_by_its_sheet_and_commands_alone(
    desks: Desks, hands: Say
) -> None:
    words = remade(desks, hands)
    ended = hands(*on_office(desks, "recover", "sheet"), given={"--sheet-fd": words}, answers=SENTENCE)
    assert (ended.status, ended.err) == (0, "")
    assert "supervisor at desk 1: A. Supervisor" in ended.out
    (new,) = ended.told("offered sentence")
    assert run(*on_office(desks, "verify"), sentence=desks.office.sentence).status == 10
    again = replace(desks, office=replace(desks.office, sentence=new))
    assert again.by_office("verify").status == 0
    held = again.by_office("bundle", "--out", desks.stick)
    assert (held.status, "[RECOVERY_UNFINISHED]" in held.err) == (5, True)
    assert "New keys and a new sheet are due" in again.by_office("people", "sheet", "show").out
    newest = remade(again, hands)  # new keys without being asked for
    assert "[HANDOVER_DUE]" in again.by_office("bundle", "--out", desks.stick).err
    assert "are due" not in again.by_office("people", "sheet", "show").out
    used = hands(*on_office(desks, "recover", "sheet"), given={"--sheet-fd": words}, answers=SENTENCE)
    assert (used.status, "[SHEET_OTHER_VAULT]" in used.err) == (10, True)
    proved = hands(*on_office(desks, "people", "sheet", "prove"), given={"--sentence-fd": new, "--sheet-fd": newest})
    assert (proved.status, "words open the vault" in proved.out) == (0, True)


def test_one_of_several_supervisors_is_named_by_desk_number(desks: Desks, hands: Say) -> None:
    added = desks.by_office("people", "add", "--name", "N. Other", "--role", "SUPERVISOR")
    assert added.status == 0
    words = remade(desks, hands)
    for named, code in (((), "RECOVER_WHOM"), (("--desk", 7), "RECOVER_NO_SUPERVISOR")):
        ended = hands(*on_office(desks, "recover", "sheet"), *named, given={"--sheet-fd": words}, answers=SENTENCE)
        assert (ended.status, f"[{code}]" in ended.err, "offered" in ended.out) == (5, True, False)
    ended = hands(*on_office(desks, "recover", "sheet"), "--desk", 2, given={"--sheet-fd": words}, answers=SENTENCE)
    (new,) = ended.told("offered sentence")
    assert run(*on_office(desks, "verify"), "--desk", 2, sentence=new).status == 0
    assert desks.by_office("verify").status == 0  # nobody else was touched


def test_a_supervisor_is_removed_together_with_the_sheet_they_may_have_seen(desks: Desks, hands: Say) -> None:
    assert desks.by_office("people", "add", "--name", "N. Other", "--role", "SUPERVISOR").status == 0
    words = remade(desks, hands)
    ended = hands(
        *on_office(desks, "people", "remove"),
        2,
        "--new-sheet",
        given={"--sentence-fd": desks.office.sentence},
        answers=SHEET,
    )
    assert (ended.status, ended.err, "sheet is due" in ended.out) == (0, "", False)
    used = hands(*on_office(desks, "recover", "sheet"), given={"--sheet-fd": words}, answers=SENTENCE)
    assert "[SHEET_OTHER_VAULT]" in used.err


def test_a_supervisor_removed_without_a_new_sheet_leaves_one_due(desks: Desks, hands: Say) -> None:
    assert desks.by_office("people", "add", "--name", "N. Other", "--role", "SUPERVISOR").status == 0
    assert "people sheet remake" in desks.by_office("people", "remove", 2).out
    assert "new recovery sheet is due" in desks.by_office("people", "sheet", "show").out
    remade(desks, hands, "--new-keys")
    assert "sheet is due" not in desks.by_office("people", "sheet", "show").out


@pytest.mark.parametrize("typed", [ANOTHER, "", "xyzzy"])
def test_words_typed_back_wrong_change_nothing(desks: Desks, hands: Say, typed: str) -> None:
    words = remade(desks, hands)
    wrong = {"--sentence-fd": desks.office.sentence, "--sheet-fd": typed}
    assert hands(*on_office(desks, "people", "sheet", "remake"), given=wrong).status in (5, 10)
    proved = hands(*on_office(desks, "people", "sheet", "prove"), given=wrong)
    assert proved.status == 10
    right = {"--sentence-fd": desks.office.sentence, "--sheet-fd": words}
    assert hands(*on_office(desks, "people", "sheet", "prove"), given=right).status == 0


def test_wrong_words_end_as_a_wrong_sentence_does(desks: Desks, hands: Say) -> None:
    for typed, code in ((ANOTHER, "SHEET_OTHER_VAULT"), ("zoo zoo", "SHEET_WORDS_WRONG"), ("xyzzy", "WORD_UNKNOWN")):
        ended = hands(*on_office(desks, "recover", "sheet"), given={"--sheet-fd": typed}, answers=SENTENCE)
        assert (ended.status, f"[{code}]" in ended.err, ended.out) == (10, True, "")
    assert desks.by_office("verify").status == 0


def test_there_must_be_a_vault_and_a_terminal_or_descriptor(desks: Desks, tmp_path: Path) -> None:
    assert run("recover", "sheet", "--data", tmp_path / "none").status == 17
    ended = run("recover", "sheet", "--data", desks.office.folder)
    assert (ended.status, "[SENTENCE_NEEDS_TERMINAL]" in ended.err) == (5, True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_how_the_sheet_stands_is_told_in_the_language_chosen(
    desks: Desks, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = SheetService.standing
    monkeypatch.setattr(
        SheetService, "standing", lambda service: replace(genuine(service), new_due=True, drill_due=True)
    )
    told = desks.by_office("people", "sheet", "show", language=language).out.splitlines()
    assert len(told) == 3
    assert told[0].startswith("The recovery sheet" if language == "en" else "Karatasi ya kurejesha")
