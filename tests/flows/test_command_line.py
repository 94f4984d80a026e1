"""The whole job by `rufaa-cli` alone: two data folders, files in between, sentences on descriptors."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from desktop.bootstrap import Door
from desktop.cli import main
from desktop.messages import sentences
from tests.factory import DATA, Place, TickingClock, count, file_hashes, make_case


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str

    def told(self, what: str) -> str:
        """What stands behind `what: ` on a line of its own."""
        return str(re.findall(rf"^ *{re.escape(what)}: (.+)$", self.out, re.MULTILINE)[-1])


def run(*words: object, sentence: str | None = None) -> Ended:
    """Run one command in this process, the sentence read from a descriptor."""
    out, err = io.StringIO(), io.StringIO()
    arguments = [str(word) for word in words]
    with contextlib.ExitStack() as stack:
        if sentence is not None:
            reading, writing = os.pipe()
            stack.callback(os.close, reading)
            os.write(writing, f"{sentence}\n".encode())
            os.close(writing)
            arguments += ["--sentence-fd", str(reading)]
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        status = main(arguments)
    return Ended(status, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Desks:
    """Two data folders made by the command, with their sentences, and the folder the files travel through."""

    office: Path
    office_sentence: str
    national: Path
    national_sentence: str
    stick: Path


@pytest.fixture(scope="module", autouse=True)
def _own_hooks() -> Iterator[None]:
    """A command sets the hooks of its process and opens its log; both are put back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "excepthook", sys.excepthook)
        patch.setattr(threading, "excepthook", threading.excepthook)
        yield
    for handler in logging.getLogger("rufaa").handlers:
        handler.close()


@pytest.fixture(scope="module")
def enrolled_desks(tmp_path_factory: pytest.TempPathFactory) -> Desks:
    base = tmp_path_factory.mktemp("desks")
    office, national, stick = base / "office", base / "national", base / "stick"
    made = run(
        *("init", "--data", office, "--county", "030", "--office-code", "030-01"),
        *("--office-name", "County office (invented)", "--supervisor", "A. Supervisor"),
    )
    founded = run("secretariat", "init", "--data", national, "--keeper", "N. Keeper", "--keys-out", base / "keys")
    assert (made.status, founded.status) == (0, 0)
    assert len(made.told("password sentence").split()) == 6
    assert len(made.told("recovery sheet").split()) == 12
    assert len(list((base / "keys").glob("K-*.rufaa"))) == 4
    desks = Desks(office, made.told("password sentence"), national, founded.told("password sentence"), stick)
    file = run("enrol-file", "--data", office, "--out", stick, sentence=desks.office_sentence)
    enrolled = run(
        *("secretariat", "enrol", "--data", national, "--out", stick),
        *(file.told("enrolment file"), "--digits", file.told("digits")),
        sentence=desks.national_sentence,
    )
    assert enrolled.told("root digits to read out") == founded.told("root digits")
    trusted = run(
        *(
            "trust",
            "--data",
            office,
            enrolled.told("trust package"),
            "--digits",
            enrolled.told("root digits to read out"),
        ),
        sentence=desks.office_sentence,
    )
    assert (file.status, enrolled.status, trusted.status) == (0, 0, 0)
    return desks


@pytest.fixture
def desks(enrolled_desks: Desks, tmp_path: Path) -> Desks:
    """A copy of both folders, and an empty stick."""
    shutil.copytree(enrolled_desks.office, tmp_path / "office")
    shutil.copytree(enrolled_desks.national, tmp_path / "national")
    return replace(enrolled_desks, office=tmp_path / "office", national=tmp_path / "national", stick=tmp_path / "stick")


def test_the_whole_job_by_command(desks: Desks) -> None:
    workbook = DATA / "htcds-2.0-filled.xlsx"
    looked = run("import", "--data", desks.office, workbook, sentence=desks.office_sentence)
    assert looked.status == 0
    assert "ADD 40, CHANGE 0, SKIP 0, REFUSE 1" in looked.out
    assert "Nothing was written" in looked.out
    applied = run("import", "--data", desks.office, workbook, "--apply", sentence=desks.office_sentence)
    assert "40 cases taken in" in applied.out
    again = run("import", "--data", desks.office, workbook, "--apply", sentence=desks.office_sentence)
    assert "0 cases taken in" in again.out

    sealed = run("bundle", "--data", desks.office, "--out", desks.stick, sentence=desks.office_sentence)
    bundle = Path(sealed.told("bundle"))
    assert bundle.is_file()
    taken = run(
        *("secretariat", "intake", "--data", desks.national, "--out", desks.stick, bundle),
        sentence=desks.national_sentence,
    )
    assert (taken.status, taken.out.split(":")[0]) == (0, "RECEIVED")
    receipt = Path(taken.told("receipt"))
    answered = run("receipt", "--data", desks.office, receipt, sentence=desks.office_sentence)
    assert "bundle number 1: RECEIVED" in answered.out

    first = receipt.read_bytes()
    receipt.unlink()
    listed = run(
        *("secretariat", "receipts", "--data", desks.national, "--out", desks.stick, "--save", receipt.name),
        sentence=desks.national_sentence,
    )
    assert listed.status == 0
    assert receipt.read_bytes() == first
    unknown = run(
        *("secretariat", "receipts", "--data", desks.national, "--save", "../A-AAAAAAAAAA.rufaa"),
        sentence=desks.national_sentence,
    )
    assert (unknown.status, "RECEIPT_UNKNOWN" in unknown.err) == (5, True)

    for folder, sentence in ((desks.office, desks.office_sentence), (desks.national, desks.national_sentence)):
        verified = run("verify", "--data", folder, sentence=sentence)
        assert (verified.status, verified.err) == (0, "")
    nothing = run("bundle", "--data", desks.office, "--out", desks.stick, sentence=desks.office_sentence)
    assert (nothing.status, "NOTHING_TO_SEND" in nothing.err) == (5, True)
    for path in desks.stick.iterdir():
        assert re.fullmatch(r"[REAT]-[A-Z2-7]{10}\.rufaa", path.name), path


@pytest.fixture
def bundles(desks: Desks) -> list[Path]:
    """Three bundles on the stick."""
    paths = []
    for number in range(3):
        desk = Door(desks.office).unlock(1, desks.office_sentence)
        make_case(Place(desks.office, desks.office_sentence, desk, TickingClock()), surname=f"Otieno {number}")
        desk.lock()
        sealed = run("bundle", "--data", desks.office, "--out", desks.stick, sentence=desks.office_sentence)
        paths.append(Path(sealed.told("bundle")))
    return paths


def test_L07_one_bad_file_among_several_does_not_keep_the_others_out(desks: Desks, bundles: list[Path]) -> None:
    damaged = desks.stick / "damaged.rufaa"
    damaged.write_bytes(bundles[0].read_bytes()[:-1])
    taken = run(
        *("secretariat", "intake", "--data", desks.national, "--out", desks.stick),
        *(bundles[1], damaged, desks.stick / "not there", bundles[0], bundles[2]),
        sentence=desks.national_sentence,
    )
    # A command that refused something does not end as if all were well.
    assert taken.status != 0
    told = [line.split(":")[0] for line in taken.out.splitlines() if not line.startswith("receipt")]
    assert told == ["HELD", "refused", "refused", "RECEIVED", "RECEIVED"]
    assert sentences()["NOT_FOR_US_OR_DAMAGED"]["en"] in taken.out
    assert len(list(desks.stick.glob("A-*.rufaa"))) == 3


def test_J11_a_renamed_bundle_still_opens_and_another_stores_is_named_as_such(
    desks: Desks, bundles: list[Path], tmp_path: Path
) -> None:
    renamed = tmp_path / "IMG-20261125-WA0003 (2).jpg"
    shutil.copy(bundles[0], renamed)
    taken = run(
        *("secretariat", "intake", "--data", desks.national, "--out", desks.stick, renamed),
        sentence=desks.national_sentence,
    )
    assert (taken.status, taken.out.split(":")[0]) == (0, "RECEIVED")
    wrong_way = run("receipt", "--data", desks.office, bundles[1], sentence=desks.office_sentence)
    assert (wrong_way.status, "RECEIPT_NOT_FOR_US_OR_DAMAGED" in wrong_way.err) == (6, True)


def test_a_refused_command_writes_nothing_and_says_its_sentence(desks: Desks, tmp_path: Path) -> None:
    before = file_hashes(desks.office)
    again = run(
        *("--language", "sw", "init", "--data", desks.office, "--county", "030", "--office-code", "030-01"),
        *("--office-name", "x", "--supervisor", "y"),
    )
    assert (again.status, again.err) == (5, f"{sentences()['VAULT_EXISTS']['sw']} [VAULT_EXISTS]\n")
    assert file_hashes(desks.office) == before
    for county, code, name, field in (
        ("099", "099-01", "x", "office.county"),
        ("030", "a b", "x", "office.code"),
        ("030", "030-01", "", "office.name"),
        ("030", "030-01", "x\u202ey", "office.name"),
    ):
        made = run(
            *("init", "--data", tmp_path / "new", "--county", county, "--office-code", code),
            *("--office-name", name, "--supervisor", "y"),
        )
        assert (made.status, field in made.err) == (3, True)
        assert not (tmp_path / "new").exists()


def test_every_command_that_unlocks_closes_the_vault_again(desks: Desks) -> None:
    for _ in range(2):
        assert run("receipt", "--data", desks.office, desks.office, sentence=desks.office_sentence).status == 5
    place = Place(
        desks.office,
        desks.office_sentence,
        Door(desks.office).unlock(1, desks.office_sentence),
        TickingClock(),
    )
    assert count(place.desk.vault, "outgoing_bundle") == 0
    place.lock()
