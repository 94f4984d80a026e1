"""R30: all sentences of an office are lost, and two of three custodians let a supervisor in, by the real commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from desktop import bootstrap
from desktop.cli import main
from desktop.clock import SystemClock
from desktop.services.office_recovery import KEY_FILE
from tests.factory import make_case, make_office, send
from tests.flows.cli import COMMAND
from tests.flows.recovery_world import DAY, PHONE, acts, unlock


class Later(SystemClock):
    """The Secretariat's clock in the drill."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run `rufaa-cli` in this process, by a clock that can be set on; a sentence goes in on a descriptor."""
    monkeypatch.setattr(bootstrap, "SystemClock", Later)
    monkeypatch.setattr(Later, "ahead", timedelta())
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)

    def run(*words: object, sentence: str | None = None) -> tuple[int, str]:
        given = [str(word) for word in words]
        if sentence is None:
            status = main(given)
        else:
            reading, writing = os.pipe()
            os.write(writing, f"{sentence}\n".encode())
            os.close(writing)
            status = main([*given, "--sentence-fd", str(reading)])
            os.close(reading)
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


def ask_by_command(office: Path, out: Path) -> tuple[Path, str, str]:
    """`recover request` in a process of its own: the sentence is typed back only after it was shown."""
    reading, writing = os.pipe()
    words = [COMMAND, "recover", "request", "--data", str(office), "--out", str(out), "--typed-fd", str(reading)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, pass_fds=(reading,)) as process:
        assert process.stdout is not None
        said = process.stdout.readline() + process.stdout.readline()
        sentence = said.strip().splitlines()[-1].split(": ")[-1]
        os.write(writing, f"{sentence}\n".encode())
        os.close(writing)
        said = process.stdout.read()
    os.close(reading)
    assert process.returncode == 0, said
    return next(out.glob("Q-*.rufaa")), found(r"((?:\d{5} ){5}\d{5})", said), sentence


def test_R30_all_sentences_lost_two_of_three_custodians_let_a_supervisor_in(
    tmp_path: Path, command: Callable[..., tuple[int, str]]
) -> None:
    for name in "ABC":
        status, _ = command("secretariat", "custodian-key", "--out", tmp_path / name / "custodian.key")
        assert status == 0
    custodians = [word for name in "ABC" for word in ("--custodian", tmp_path / name / "custodian.key.pub")]
    status, said = command("secretariat", "recovery-identity", *custodians, "--out", tmp_path / "identity")
    assert status == 0
    shown = found(r"((?:\d{5} ){5}\d{5})", said)
    national = tmp_path / "national"
    status, said = command(
        *("secretariat", "init", "--data", national, "--keeper", "N. Keeper", "--keys-out", tmp_path / "keys"),
        *("--recovery", tmp_path / "identity" / "recovery.pub"),
    )
    assert status == 0
    assert shown in said
    keeper = found(r"(?m)^password sentence: (.*)$", said)

    # The office begins, is enrolled, and works.
    office = make_office(tmp_path / "office")
    case_id = make_case(office)
    assert office.desk.office_recovery.missing() == "RECOVERY_MISSING_NOT_ENROLLED"
    file = office.desk.enrolment.make_file("laptop 1")
    (tmp_path / file.file_name).write_bytes(file.content)
    status, said = command(
        *("secretariat", "enrol", tmp_path / file.file_name, "--data", national, "--digits", file.digits),
        *("--out", tmp_path / "trust"),
        sentence=keeper,
    )
    assert status == 0, said
    package = next((tmp_path / "trust").glob("T-*.rufaa"))
    office.desk.enrolment.take_in(package.read_bytes(), found(r"((?:\d{5} ){5}\d{5})", said))
    assert office.desk.office_recovery.missing() is None
    (tmp_path / "bundle.rufaa").write_bytes(send(office))
    assert (
        command(
            "secretariat", "intake", tmp_path / "bundle.rufaa", "--data", national, "--out", tmp_path, sentence=keeper
        )[0]
        == 0
    )
    office.lock()
    del office.sentence  # nobody knows it any more

    # Nobody can sign in.
    request, read_out, sentence = ask_by_command(office.folder, tmp_path / "stick")
    assert (office.folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    asked = ("secretariat", "recover-office", "--data", national, "--request", request)
    keys: tuple[object, ...] = ("--share", tmp_path / "identity" / "recovery-AC.age", "--out", tmp_path / "stick")
    keys += tuple(word for name in "CA" for word in ("--key", tmp_path / name / "custodian.key"))

    status, said = command(*asked, sentence=keeper)
    assert (status, "on file" in said) == (0, True)
    status, said = command(*asked, "--digits", read_out, sentence=keeper)
    assert (status, "RECOVERY_NUMBER_MISSING" in said) == (5, True)
    noted = ("secretariat", "coordinator", "--data", national, "--county", "030", "--phone", PHONE)
    assert command(*noted, sentence=keeper)[0] == 0
    status, said = command(*asked, sentence=keeper)
    assert (status, PHONE in said) == (0, True)
    status, said = command(*asked, *keys, sentence=keeper)
    assert (status, "RECOVERY_NOT_COMPARED" in said) == (5, True)
    assert command(*asked, "--digits", read_out, sentence=keeper)[0] == 0
    status, said = command(*asked, *keys, sentence=keeper)
    assert (status, "RECOVERY_DAY_NOT_OVER" in said, "24 hours" in said) == (5, True, True)
    Later.ahead = DAY
    status, said = command(*asked, *keys, sentence=keeper)
    assert status == 0, said
    answer = next((tmp_path / "stick").glob("V-*.rufaa"))

    taken = ("recover", "answer", answer, "--data", office.folder, "--name", "B. New", "--title", "Officer")
    status, said = command(*taken, sentence="zoo zoo zoo zoo zoo zoo")
    assert (status, "WRONG_SENTENCE" in said) == (10, True)
    status, said = command(*taken, sentence=sentence)
    assert (status, "desk 2" in said) == (0, True), said
    assert not (office.folder / KEY_FILE).exists()

    # A usual unlock works, and everything is there.
    unlock(office, 2, sentence)
    try:
        assert office.desk.cases.open(case_id, "OFFICER_AWAY").one("person") is not None
        signed_in = office.desk.office.signed_in()
        assert (signed_in.name, signed_in.title, signed_in.role) == ("B. New", "Officer", "SUPERVISOR")
        done = acts(office)
        assert (done.count("RECOVERED_BY_SECRETARIAT"), done.count("RECOVERY_KEYS_ADDED")) == (1, 1)
        office.desk.journal.verify()
        me = office.desk.people.list()[0]
        assert office.desk.people.readmit(me.id).sentence  # the one who forgot comes back
    finally:
        office.lock()
    status, said = command(*asked, sentence=keeper)
    assert (status, "was answered" in said) == (0, True)
