"""`rufaa-cli import` of lists: a suggestion one can edit, a mapping by file, kept and known."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import openpyxl
import pytest

from desktop.messages import LANGUAGES, Language, sentences
from tests.factory import LISTING, OLD_OFFICE, WORKBOOK, count, dump
from tests.unit.commands.desks import Desks, Ended


def suggested(desks: Desks, *, language: Language = "en") -> str:
    ended = desks.by_office("import", OLD_OFFICE, language=language)
    assert (ended.status, ended.err) == (0, "")
    return ended.out


def written(desks: Desks, text: str) -> Path:
    desks.stick.mkdir(exist_ok=True)
    path = desks.stick / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return path


def said(ended: Ended, code: str, language: Language = "en") -> bool:
    pattern = re.sub(r"\\\{\w+\\\}", r".+", re.escape(sentences()[code][language]))
    return re.search(pattern, ended.out + ended.err) is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_with_unknown_headings_is_not_read_and_a_mapping_is_suggested(desks: Desks, language: Language) -> None:
    with desks.open_office() as office:
        before = dump(office.desk.vault)
    out = suggested(desks, language=language)
    document = tomllib.loads(out)
    assert (document["heading_rows"], document["first_row"], document["colours"]) == ([5, 6], 7, {"GREY": "CLOSED"})
    assert {item["column"]: item["target"] for item in document["column"]}["H"] == "Case.county"
    assert sentences()["LIST_SUGGESTION"][language] in out
    assert "#   Consent[SHARE_POLICE].answer" in out
    with desks.open_office() as office:
        after = dump(office.desk.vault)
    assert [name for name in before if before[name] != after[name]] == ["journal"]  # that somebody unlocked
    assert "Nakiru" not in out


@pytest.mark.parametrize("wanted", [["--apply"], ["--keep-mapping", "Orodha ya zamani"]], ids=["apply", "keep"])
def test_what_was_asked_for_and_not_done_for_want_of_a_mapping_is_no_success(desks: Desks, wanted: list[str]) -> None:
    ended = desks.by_office("import", OLD_OFFICE, *wanted)
    assert ended.status == 3
    assert tomllib.loads(ended.out)["heading_rows"] == [5, 6]  # the suggestion is there all the same
    assert said(ended, "LIST_NOT_KNOWN")
    with desks.open_office() as office:
        assert (count(office.desk.vault, "case_row"), count(office.desk.vault, "column_mapping")) == (0, 0)


def test_the_suggestion_saved_and_edited_reads_the_list_and_is_kept_under_a_name(desks: Desks) -> None:
    path = written(desks, suggested(desks).replace("Referral[OUT].to_provider_name", "KEEP"))
    ended = desks.by_office("import", OLD_OFFICE, "--mapping", path, "--keep-mapping", "Orodha ya zamani")
    assert (ended.status, ended.err) == (0, "")
    assert said(ended, "LIST_MAPPING_KEPT")
    assert "Sheet 2, row 14: ADD" in ended.out
    assert "ADD 120, CHANGE 0, SKIP 0, REFUSE 0" in ended.out
    assert "    Column L of sheet 1 was hidden" in ended.out
    with desks.open_office() as office:
        assert count(office.desk.vault, "case_row") == 0
        (kept, _) = office.desk.lists.mappings()
        assert kept.mapping.name == "Orodha ya zamani"
    known = desks.by_office("import", OLD_OFFICE, "--apply")
    assert "Orodha ya zamani" in known.out
    assert known.out.endswith("120 cases taken in.\n")
    assert "ADD 0, CHANGE 0, SKIP 120, REFUSE 0" in desks.by_office("import", OLD_OFFICE).out


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cpims_listing_needs_no_mapping(desks: Desks, language: Language) -> None:
    ended = desks.by_office("import", LISTING, language=language)
    assert (ended.status, ended.err) == (0, "")
    for code in ("LIST_READ_BY", "SEX_MAY_BE_UNKNOWN", "TYPE_EMPTY", "COUNTY_EMPTY", "CASE_OF_LINES", "IMPORT_NOT_YET"):
        assert said(ended, code, language), code
    assert "{" not in ended.out


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("name = ", "MAPPING_NOT_TOML"),
        ("name = " + "[" * 2000, "MAPPING_NOT_TOML"),
        ("name = " + "[\n" * 20_000, "MAPPING_NOT_TOML"),
        ("name = " + "{a=" * 600, "MAPPING_NOT_TOML"),
        ("first_row = " + "9" * 2000, "MAPPING_SHAPE_WRONG"),
        ("first_row = 0b" + "1" * 2000, "MAPPING_SHAPE_WRONG"),
        ("first_row = " + "9" * 5000, "MAPPING_FILE_TOO_LARGE"),
        ("a" + ".a" * 20_000 + " = 1", "MAPPING_FILE_TOO_LARGE"),
        ("# a comment\n" * 6000, "MAPPING_FILE_TOO_LARGE"),
        ("name = 'x\x9b2J'", "MAPPING_SHAPE_WRONG"),
        ('name = "x\\u001b[2J"', "MAPPING_SHAPE_WRONG"),
        ("name = 'x'", "MAPPING_SHAPE_WRONG"),
        ("[[column]]\ncolumn = 'A'\nheading = 'x'\ntarget = 'Person.tribe'\n", "MAPPING_TARGET_UNKNOWN"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_told_and_nothing_is_read(desks: Desks, text: str, code: str) -> None:
    ended = desks.by_office("import", OLD_OFFICE, "--mapping", written(desks, text))
    assert (ended.status, ended.out) == (3, "")
    assert said(ended, code)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", ended.err)


def test_a_mapping_of_another_list_is_told(desks: Desks) -> None:
    ended = desks.by_office("import", LISTING, "--mapping", written(desks, suggested(desks)))
    assert ended.status == 3
    assert said(ended, "MAPPING_DOES_NOT_FIT")


def test_there_is_no_mapping_to_keep_for_the_published_workbook(desks: Desks) -> None:
    desks.stick.mkdir(exist_ok=True)
    (desks.stick / "book.xlsx").write_bytes(WORKBOOK)
    ended = desks.by_office("import", desks.stick / "book.xlsx", "--keep-mapping", "x", "--apply")
    assert ended.status == 3
    assert said(ended, "LIST_IS_HTCDS")
    with desks.open_office() as office:
        assert count(office.desk.vault, "case_row") == 0


def test_a_workbook_with_nothing_in_it_has_no_headings(desks: Desks) -> None:
    desks.stick.mkdir(exist_ok=True)
    openpyxl.Workbook().save(desks.stick / "empty.xlsx")
    ended = desks.by_office("import", desks.stick / "empty.xlsx")
    assert (ended.status, ended.out) == (3, "")
    assert said(ended, "LIST_HAS_NO_HEADINGS")
