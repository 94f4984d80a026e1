"""What leaves the office is never lost to the clerk: not by a bad stick, and not without a word."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from desktop.messages import LANGUAGES, Language, sentences
from desktop.rules.records import RecordDraft
from tests.factory import PERSON, Place, change, make_case
from tests.unit.commands.desks import NOT_A_FOLDER, Desks, Ended


def enter(desks: Desks, surname: str = "Gachanja") -> str:
    with desks.open_office() as office:
        return make_case(office, surname=surname)


def refuse_files(monkeypatch: pytest.MonkeyPatch, beginning: str) -> None:
    """A stick that takes everything but the last step of files whose name begins so."""
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name.startswith(beginning):
            raise OSError(5, "x")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)


def states(desks: Desks) -> list[str]:
    with desks.open_office() as office:
        return [bundle.state.value for bundle in office.desk.exports.list()]


def test_a_folder_that_takes_nothing_is_told_before_a_bundle_is_made(desks: Desks) -> None:
    enter(desks)
    ended = desks.by_office("bundle", "--out", NOT_A_FOLDER)
    assert (ended.status, ended.out) == (5, "")
    assert ended.err == f"{sentences()['OUT_NOT_WRITABLE']['en']} [OUT_NOT_WRITABLE]\n"
    assert states(desks) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bundle_that_could_not_be_written_is_written_by_the_same_command_again(
    desks: Desks, language: Language
) -> None:
    case_id = enter(desks)
    with pytest.MonkeyPatch.context() as patch:
        refuse_files(patch, "R-")
        failed = desks.by_office("bundle", "--out", desks.stick, language=language)
    assert (failed.status, failed.out) == (5, "")
    assert failed.err == f"{sentences()['BUNDLE_KEPT'][language]} [BUNDLE_KEPT]\n"
    assert list(desks.stick.iterdir()) == []
    assert states(desks) == ["MADE"]

    with desks.open_office() as office:
        change(office, case_id, surname="Wanjiru")
    second = desks.by_office("bundle", "--out", desks.stick, language=language)
    assert (second.status, second.err) == (0, "")
    assert sentences()["BUNDLE_WAITED"][language].format(n=1) in second.out
    assert states(desks) == ["HANDED_OVER"]
    (first,) = desks.stick.iterdir()

    # What was changed since leaves with the command after that, and both are taken in.
    third = desks.by_office("bundle", "--out", desks.stick, language=language)
    assert third.status == 0
    assert states(desks) == ["HANDED_OVER", "HANDED_OVER"]
    (other,) = set(desks.stick.iterdir()) - {first}
    taken = desks.by_national("intake", "--out", desks.stick, first, other)
    assert [line.split(":")[0] for line in taken.out.splitlines()] == ["RECEIVED", "receipt"] * 2


def test_an_earlier_bundle_is_written_once_more_byte_for_byte(desks: Desks) -> None:
    enter(desks)
    (path,) = desks.by_office("bundle", "--out", desks.stick).told("bundle")
    content = Path(path).read_bytes()
    Path(path).unlink()
    ended = desks.by_office("bundle", "--again", 1, "--out", desks.stick)
    assert (ended.status, ended.told("bundle")) == (0, [path])
    assert Path(path).read_bytes() == content
    assert "Bundle 1 is written once more" in ended.out
    assert states(desks) == ["HANDED_OVER"]
    unknown = desks.by_office("bundle", "--again", 2, "--out", desks.stick)
    assert (unknown.status, "[BUNDLE_UNKNOWN]" in unknown.err) == (5, True)


@pytest.mark.parametrize(("drafts", "sentence"), [(1, "1 case is still a draft"), (2, "2 cases are still drafts")])
def test_drafts_that_stay_are_counted_even_where_there_is_nothing_else(
    desks: Desks, drafts: int, sentence: str
) -> None:
    with desks.open_office() as office:
        for _ in range(drafts):
            office.desk.cases.create((RecordDraft("case", {"status": "DRAFT"}), RecordDraft("person", PERSON)))
    ended = desks.by_office("bundle", "--out", desks.stick)
    assert (ended.status, "[NOTHING_TO_SEND]" in ended.err) == (5, True)
    assert sentence in ended.out
    enter(desks)
    sent = desks.by_office("bundle", "--out", desks.stick)
    assert sent.status == 0
    assert sentence in sent.out
    assert "number 1, 1 case, " in sent.out


def sent(desks: Desks, *surnames: str) -> list[Path]:
    paths = []
    for surname in surnames:
        enter(desks, surname)
        paths += desks.by_office("bundle", "--out", desks.stick).told("bundle")
    return [Path(path) for path in paths]


def answer(desks: Desks, ended: Ended, number: int, language: Language = "en") -> Ended:
    """The office takes in one of the receipts that an intake wrote."""
    label = {"en": "receipt", "sw": "stakabadhi"}[language]
    return desks.by_office("receipt", ended.told(label)[number], language=language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bundle_that_waits_is_explained_with_the_missing_numbers_on_both_sides(
    desks: Desks, language: Language
) -> None:
    bundles = sent(desks, "Wanjiku", "Wairimu", "Njeri")
    why = sentences()["SEQUENCE_GAP"][language]
    numbers = sentences()["MISSING_NUMBERS"][language].format(numbers="1, 2")
    held = desks.by_national("intake", "--out", desks.stick, bundles[2], language=language)
    (line,) = [line for line in held.out.splitlines() if bundles[2].name in line]
    outcome = sentences()["OUTCOME_HELD"][language]
    assert line.startswith(f"{outcome}: ")
    assert why in line
    assert numbers in line
    told = answer(desks, held, 0, language)
    assert why in told.out
    assert numbers in told.out
    # The same file again says the same, less what has come since.
    desks.by_national("intake", "--out", desks.stick, bundles[0])
    again = desks.by_national("intake", "--out", desks.stick, bundles[2], language=language)
    assert why in again.out
    assert sentences()["MISSING_NUMBERS"][language].format(numbers="2") in again.out


def test_two_bundles_of_one_number_are_explained_on_both_sides(desks: Desks, tmp_path: Path) -> None:
    """A copy of the office's disk was used: both bundles are number 1."""
    clone = Place(tmp_path / "clone", desks.office.sentence, desks.office.desk, desks.office.clock)
    shutil.copytree(desks.office.folder, clone.folder)
    copied = Desks(clone, desks.national, tmp_path / "other stick")
    enter(copied)  # the longer journal is the one the receipt anchors
    (first,), (second,) = sent(desks, "Wanjiku"), sent(copied, "Wairimu")
    ended = desks.by_national("intake", "--out", desks.stick, first, second)
    why = sentences()["SEQUENCE_FORKED"]["en"]
    lines = ended.out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["RECEIVED", "receipt", "DISPUTED", "receipt"]
    assert why in lines[2]
    assert second.name in lines[2]
    told = answer(copied, ended, 1)
    assert told.status == 0
    assert re.search(r"bundle number 1: DISPUTED, [0-9]+ records? taken, 0 sent back\.", told.out)
    assert why in told.out


def test_a_file_that_is_refused_is_named(desks: Desks) -> None:
    (bundle,) = sent(desks, "Wanjiku")
    (desks.stick / "other.rufaa").write_bytes(b"x" * 100)
    ended = desks.by_national("intake", "--out", desks.stick, desks.stick / "other.rufaa", bundle)
    assert ended.status == 6
    lines = ended.out.splitlines()
    assert lines[0] == f"refused: other.rufaa: {sentences()['NOT_A_SEALED_FILE']['en']} [NOT_A_SEALED_FILE]"
    assert lines[1].startswith(f"RECEIVED: {bundle.name}, ")


def test_a_receipt_that_could_not_be_written_comes_with_the_same_command_again(desks: Desks) -> None:
    (bundle,) = sent(desks, "Wanjiku")
    with pytest.MonkeyPatch.context() as patch:
        refuse_files(patch, "A-")
        failed = desks.by_national("intake", "--out", desks.stick, bundle)
    assert (failed.status, "[RECEIPT_KEPT]" in failed.err) == (5, True)
    again = desks.by_national("intake", "--out", desks.stick, bundle)
    assert again.status == 0
    assert again.out.startswith(f"RECEIVED, seen before: {bundle.name}, ")
    assert answer(desks, again, 0).status == 0
    probed = desks.by_national("intake", "--out", NOT_A_FOLDER, bundle)
    assert (probed.status, "[OUT_NOT_WRITABLE]" in probed.err) == (5, True)
