"""The preview of a workbook: every row with what would happen, and every remark in a sentence of its own."""

from __future__ import annotations

import io
import json
import re

import openpyxl
import pytest

from desktop.messages import LANGUAGES, Language, sentences
from tests.factory import DATA, WORKBOOK, count
from tests.unit.commands.desks import Desks

FILE = DATA / "htcds-2.0-filled.xlsx"
EXPECTED = json.loads((DATA / "htcds-2.0-filled.expected.json").read_text(encoding="utf-8"))


def told_of_row(out: str, row: int, word: str = "row") -> list[str]:
    """The lines of one row: its action first."""
    lines = out.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith(f"{word} {row}: "))
    following = lines[first + 1 :]
    remarks = next((n for n, line in enumerate(following) if not line.startswith("    ")), len(following))
    return [lines[first].partition(": ")[2], *(line.strip() for line in following[:remarks])]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_is_told_with_a_sentence_for_every_remark(desks: Desks, language: Language) -> None:
    ended = desks.by_office("import", FILE, language=language)
    assert (ended.status, ended.err) == (0, "")
    for row in EXPECTED["rows"]:
        action, *remarks = told_of_row(ended.out, row["row"], {"en": "row", "sw": "safu"}[language])
        refused = row["outcome"] == "REFUSE"
        assert action == sentences()["ACTION_REFUSE" if refused else "ACTION_ADD"][language]
        codes = {row["refused_row"].partition(":")[0]} if refused else set()
        if not refused:
            said = (*row["warnings"], *row["ask"], *row["refused_cells"].values())
            codes = {str(code).partition(":")[0] for code in said} - {"COUNTY_MISSING"}
        for code in codes:
            pattern = re.sub(r"\\\{\w+\\\}", r".+", re.escape(sentences()[code][language]))
            assert any(re.search(pattern, line) for line in remarks), (row["row"], code)
        assert bool(codes) == bool(remarks), row["row"]
        assert "{" not in "".join(remarks)
    # The county is not asked for: the office's is used, and said.
    assert sentences()["COUNTY_MISSING"][language] not in ended.out
    assert sentences()["ADDRESS_COLUMNS"][language] in ended.out
    assert sentences()["IMPORT_COUNTY"][language].format(county="030", name="Baringo") in ended.out
    assert sentences()["IMPORT_NOT_YET"][language] in ended.out


def test_a_row_taken_in_before_and_a_number_the_office_knows_are_told(desks: Desks) -> None:
    assert desks.by_office("import", FILE, "--apply", "--county", "047").out.endswith("40 cases taken in.\n")
    again = desks.by_office("import", FILE)
    assert told_of_row(again.out, 3) == ["SKIP", sentences()["ROW_ALREADY_TAKEN_IN"]["en"]]
    book = openpyxl.load_workbook(io.BytesIO(WORKBOOK))
    sheet = book["Sheet1"]
    with_phone = next(row["row"] for row in EXPECTED["rows"] if "Person.phone" in row["accepted"])
    sheet["D700"], sheet["E700"], sheet["M700"] = "Nobody", "Else", sheet[f"M{with_phone}"].value
    sheet["AA3"] = "Kitale"
    desks.stick.mkdir()
    book.save(desks.stick / "changed.xlsx")
    changed = desks.by_office("import", desks.stick / "changed.xlsx")
    assert told_of_row(changed.out, 3)[0] == "CHANGE"
    action, *remarks = told_of_row(changed.out, 700)
    assert action == "ADD"
    assert sentences()["POSSIBLE_DUPLICATE_IN_OFFICE"]["en"] in remarks
    assert "ADD 1, CHANGE 1, SKIP 39, REFUSE 1" in changed.out


@pytest.mark.parametrize("county", ["999", "", "47"])
def test_a_county_that_is_none_is_told_before_the_preview(desks: Desks, county: str) -> None:
    ended = desks.by_office("import", FILE, "--apply", "--county", county)
    assert (ended.status, ended.out) == (3, "")
    assert "  case.county: " in ended.err
    with desks.open_office() as office:
        assert count(office.desk.vault, "case_row") == 0


def test_a_workbook_that_is_too_large_is_told_with_its_limit(desks: Desks) -> None:
    desks.stick.mkdir()
    (desks.stick / "large.xlsx").write_bytes(b"x" * (20 * 1024 * 1024 + 1))
    ended = desks.by_office("import", desks.stick / "large.xlsx")
    assert (ended.status, "larger than 20 MiB" in ended.err) == (5, True)
