"""People and sentences by command: what a supervisor does, what is shown once, how one's own sentence is changed."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.cli import main
from desktop.messages import LANGUAGES, Language
from tests.unit.commands.desks import Desks, Ended, run

NAME = "Achieng Zephyrine"


def people(desks: Desks, act: str, *words: object, language: str = "en") -> Ended:
    return desks.by_office("people", act, *words, language=language)


def signs_in(desks: Desks, desk: int, sentence: str) -> int:
    return run("verify", "--data", desks.office.folder, "--desk", desk, sentence=sentence).status


def added(desks: Desks, *words: object) -> str:
    ended = people(desks, "add", "--name", NAME, "--role", "CLERK", *words)
    assert (ended.status, ended.err) == (0, "")
    (sentence,) = ended.told("password sentence")
    return sentence


def test_somebody_added_signs_in_and_is_listed_and_managed_by_supervisors_only(desks: Desks) -> None:
    sentence = added(desks, "--trained-on", "2026-10-01", "--undertaking-on", "2026-10-01")
    assert len(sentence.split()) == 5
    assert signs_in(desks, 2, sentence) == 0
    assert f"desk 2: {NAME}, County clerk" in people(desks, "list").out
    clerk = run("people", "list", "--data", desks.office.folder, "--desk", 2, sentence=sentence)
    assert (clerk.status, "[ROLE_NOT_PERMITTED]" in clerk.err, clerk.out) == (4, True, "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_is_told_in_the_language_chosen(desks: Desks, language: Language) -> None:
    ended = people(desks, "list", language=language)
    assert ("Msimamizi" in ended.out) == (language == "sw")


def test_a_person_is_renamed_suspended_readmitted_and_removed(desks: Desks) -> None:
    first = added(desks)
    assert people(desks, "rename", 2, "--name", "N. Other").status == 0
    assert people(desks, "training", 2, "--trained-on", "2026-10-01").status == 0
    assert people(desks, "role", 2, "CASE_OFFICER").status == 0
    assert people(desks, "suspend", 2).status == 0
    assert "N. Other, Case officer, suspended" in people(desks, "list").out
    assert signs_in(desks, 2, first) == 10
    second = people(desks, "readmit", 2).told("password sentence")[0]
    assert signs_in(desks, 2, second) == 0
    removed = people(desks, "remove", 2)
    assert removed.status == 0
    assert "new keys" in removed.out
    assert "sheet is due" not in removed.out
    assert signs_in(desks, 2, second) == 10
    assert "N. Other, Case officer, no longer here" in people(desks, "list").out
    for act in ("remove", "may-know"):
        gone = people(desks, act, 2)
        assert (gone.status, "[PEOPLE_NOBODY]" in gone.err) == (5, True)
    assert "[HANDOVER_DUE]" in desks.by_office("bundle", "--out", desks.stick).err


def test_the_last_supervisor_stays_and_a_sentence_that_may_be_known_is_replaced_once_typed_back(
    desks: Desks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "[LAST_SUPERVISOR]" in people(desks, "remove", 1).err
    with monkeypatch.context() as patch:
        dialogue = Dialogue(desks, patch, tmp_path, "people", "may-know", "1")
        new = dialogue.offer(1)
        dialogue.answer(new)
        assert dialogue.end() == 0
    assert signs_in(desks, 1, desks.office.sentence) == 10
    again = replace(desks, office=replace(desks.office, sentence=new))
    assert people(again, "seal-again").status == 0


def test_after_a_supervisor_left_everything_is_sealed_again_and_a_new_sheet_is_due(desks: Desks) -> None:
    assert people(desks, "add", "--name", NAME, "--role", "SUPERVISOR").status == 0
    made = people(desks, "role", 2, "CLERK")
    assert (made.status, made.err, len(made.told("password sentence"))) == (0, "", 1)
    assert "sheet is due" in made.out
    assert "seal-again" not in made.out  # it was done, after the sentence was shown


def test_the_secretariats_store_has_no_people_to_manage(desks: Desks) -> None:
    ended = run("people", "list", "--data", desks.national.folder, sentence=desks.national.sentence)
    assert "[WRONG_KIND_OF_VAULT]" in ended.err


def test_a_name_is_nowhere_but_in_the_vault(desks: Desks) -> None:
    added(desks)
    for path in desks.office.folder.rglob("*"):
        if path.is_file():
            assert NAME.encode() not in path.read_bytes(), path


class Dialogue:
    """A command in a thread, `change-sentence` unless told otherwise: what it offers is read while it waits."""

    def __init__(self, desks: Desks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *act: str) -> None:
        self.out = tmp_path / "out"
        old, self.old = os.pipe()
        new, self.answers = os.pipe()
        os.write(self.old, f"{desks.office.sentence}\n".encode())
        self.descriptors = (old, self.old, new, self.answers)
        self.stream = self.out.open("w", encoding="utf-8")
        monkeypatch.setattr(sys, "stdout", self.stream)
        words = (*(act or ("change-sentence",)), "--data", str(desks.office.folder))
        given = [*words, "--sentence-fd", str(old), "--new-sentence-fd", str(new)]
        self.status: list[int] = []
        self.thread = threading.Thread(target=lambda: self.status.append(main(given)))
        self.thread.start()

    def offer(self, number: int) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            offered = [line for line in self.out.read_text("utf-8").splitlines() if line.startswith("offered sentence")]
            if len(offered) >= number:
                return offered[number - 1].removeprefix("offered sentence: ")
            time.sleep(0.01)
        raise AssertionError("nothing was offered")

    def answer(self, words: str) -> None:
        os.write(self.answers, f"{words}\n".encode())

    def end(self) -> int:
        self.thread.join(60)
        self.stream.close()
        for descriptor in self.descriptors:
            os.close(descriptor)
        return self.status[0]


def test_one_takes_the_second_sentence_offered(desks: Desks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patch:
        dialogue = Dialogue(desks, patch, tmp_path)
        first = dialogue.offer(1)
        dialogue.answer("")
        second = dialogue.offer(2)
        dialogue.answer(second)
        assert dialogue.end() == 0
    assert first != second
    assert signs_in(desks, 1, desks.office.sentence) == 10
    assert signs_in(desks, 1, second) == 0


def test_what_was_not_offered_changes_nothing(desks: Desks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patch:
        dialogue = Dialogue(desks, patch, tmp_path)
        dialogue.offer(1)
        dialogue.answer("abandon ability able about above absent")
        assert dialogue.end() == 5
    assert signs_in(desks, 1, desks.office.sentence) == 0


def test_three_refused_offers_are_the_last(desks: Desks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patch:
        dialogue = Dialogue(desks, patch, tmp_path)
        for number in (1, 2, 3):
            dialogue.offer(number)
            dialogue.answer("")
        assert dialogue.end() == 5
    assert signs_in(desks, 1, desks.office.sentence) == 0
