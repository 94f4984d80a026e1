"""Enrolment by command: several packages at once, and files that are too long told in their own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.messages import LANGUAGES, Language, sentences
from tests.factory import make_office
from tests.unit.commands.desks import NOT_A_FOLDER, Desks, Ended


def package(desks: Desks, other: Path | None = None) -> Path:
    """A trust package of the roster in force, for this office or for another one that is enrolled now."""
    if other is None:
        file = desks.by_office("enrol-file", "--out", desks.stick)
    else:
        stranger = make_office(other, "047")
        stranger.lock()
        file = Desks(stranger, desks.national, desks.stick).by_office("enrol-file", "--out", desks.stick)
    (path,), (digits,) = file.told("enrolment file"), file.told("digits")
    enrolled = desks.by_national("enrol", path, "--digits", digits, "--out", desks.stick)
    return Path(enrolled.told("trust package")[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_several_packages_the_newest_counts_in_any_order(desks: Desks, tmp_path: Path, language: Language) -> None:
    old = package(desks)
    theirs = package(desks, tmp_path / "other office")
    new = package(desks)
    ended = desks.by_office("trust", new, theirs, old, language=language)
    assert (ended.status, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [theirs.name, old.name, new.name]
    assert sentences()["PACKAGE_NOT_FOR_US_OR_DAMAGED"][language] in lines[0]
    assert sentences()["ROSTER_OLDER"][language] in lines[1]
    alone = desks.by_office("trust", old, language=language)
    assert (alone.status, alone.out) == (6, "")
    assert "[ROSTER_OLDER]" in alone.err
    none = desks.by_office("trust", theirs, old)
    assert none.status == 6


def fits(ended: Ended, code: str) -> bool:
    return ended.status == 6 and ended.out == "" and f"[{code}]" in ended.err


def test_a_file_that_is_too_long_is_refused_in_the_words_of_its_kind(desks: Desks) -> None:
    desks.stick.mkdir()
    long = desks.stick / "long"
    with long.open("wb") as file:
        file.truncate(67 * 1024 * 1024)
    assert fits(desks.by_office("trust", long), "PACKAGE_WRONG")
    assert fits(desks.by_office("receipt", long), "RECEIPT_NOT_FOR_US_OR_DAMAGED")
    assert fits(desks.by_national("enrol", long, "--digits", "1", "--out", desks.stick), "ENROLMENT_WRONG")
    taken = desks.by_national("intake", long, "--out", desks.stick)
    assert (taken.status, "[BUNDLE_FILE_TOO_LARGE]" in taken.out) == (6, True)


def test_a_label_that_is_empty_and_a_folder_that_takes_nothing_are_told(desks: Desks) -> None:
    empty = desks.by_office("enrol-file", "--label", "", "--out", desks.stick)
    assert (empty.status, "  office.label: " in empty.err) == (3, True)
    assert list(desks.stick.glob("E-*")) == []
    nowhere = desks.by_office("enrol-file", "--out", NOT_A_FOLDER)
    assert (nowhere.status, "[OUT_NOT_WRITABLE]" in nowhere.err) == (5, True)
