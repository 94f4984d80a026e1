from __future__ import annotations

import csv
import io
import re
import subprocess
import time
import zipfile
from datetime import date
from itertools import product
from pathlib import Path

import openpyxl
import pytest

from desktop.paths import resource
from desktop.rules.cells import CellKind
from desktop.workbooks.sheets import read_workbook
from desktop.workbooks.writer import csv_table, fill_htcds

FORMULAS = ("=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1", "\t=1", "\n=1", "\r=1", "\uff1d1", "\uff0b1", "=1+1;2")
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
ROWS: list[dict[str, str | date]] = [
    {"D": "Wambui", "G": date(1986, 3, 22), "M": "+254700000864", "W": "Debt bondage ;Other"},
    {"AB": "Active"},
]


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_published_headings_and_row_numbers_stay_and_the_cells_are_filled() -> None:
    before = openpyxl.load_workbook(io.BytesIO(resource("htcds", "htcds-2.0.xlsx").read_bytes())).worksheets[0]
    after = openpyxl.load_workbook(io.BytesIO(fill_htcds(ROWS, first_row=3))).worksheets[0]
    assert (after.title, after.dimensions) == (before.title, before.dimensions)
    filled = {"D3": "Wambui", "M3": "+254700000864", "W3": "Debt bondage ;Other", "AB4": "Active"}
    for row in before.iter_rows():
        for cell in row:
            if cell.coordinate != "G3":
                assert after[cell.coordinate].value == filled.get(cell.coordinate, cell.value), cell.coordinate
    assert (after["G3"].value.date(), after["G3"].number_format) == (date(1986, 3, 22), "yyyy-mm-dd")


def test_the_limited_reader_reads_what_was_written() -> None:
    rows = {row.number: row.cells for row in read_workbook(fill_htcds(ROWS, first_row=3)).sheets[0].rows}
    assert (rows[3]["W"].kind, rows[3]["W"].text) == (CellKind.TEXT, "Debt bondage ;Other")
    assert (rows[3]["G"].kind, rows[3]["G"].text) == (CellKind.DATE, "1986-03-22T00:00:00")
    assert (rows[3]["M"].kind, rows[3]["M"].text) == (CellKind.TEXT, "+254700000864")


def test_same_rows_same_bytes_whenever_they_are_written() -> None:
    first = fill_htcds(ROWS, first_row=3)
    time.sleep(1.05)  # the library stamps whole seconds
    assert fill_htcds(ROWS, first_row=3) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_properties_name_nobody_but_the_publisher_of_the_form() -> None:
    found = parts(fill_htcds(ROWS, first_row=3))
    properties = found["docProps/core.xml"].decode()
    assert not re.search("creator|lastModifiedBy|Bennett", properties)
    assert "CC BY 4.0" in properties
    assert b"Bennett" not in b"".join(found.values())


def test_F01_no_text_of_a_workbook_is_a_formula() -> None:
    content = fill_htcds([{"D": text} for text in FORMULAS], first_row=3)
    sheet = parts(content)["xl/worksheets/sheet1.xml"].decode()
    assert "<f>" not in sheet
    assert "<f " not in sheet
    book = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    for number, text in enumerate(FORMULAS, start=3):
        cell = book[f"D{number}"]
        assert (cell.data_type, cell.value.replace("\r", "\n")) == ("s", text.replace("\r", "\n"))
        assert cell.quotePrefix
    assert not book["A3"].quotePrefix


def test_signs_that_xml_cannot_hold_are_left_out() -> None:
    content = fill_htcds([{"D": "Wam\x00bui\x0b"}], first_row=3)
    assert openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["D3"].value == "Wambui"


@pytest.mark.parametrize("text", ["\x00=1+1", "\x08\x1f@SUM(1)", "\ufffe+1", "\uffff\ud800-1"])
def test_F01_what_begins_like_a_formula_once_unwritable_signs_are_gone_stays_text_too(text: str) -> None:
    bare = text.lstrip("\x00\x08\x1f\ufffe\uffff\ud800")
    cell = openpyxl.load_workbook(io.BytesIO(fill_htcds([{"D": text}], first_row=3))).worksheets[0]["D3"]
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", bare, True)
    assert _body(csv_table(["A"], [[text]])) == f"'{bare}\r\n"


def test_a_csv_holds_no_sign_that_ends_a_text_early() -> None:
    assert _body(csv_table(["A"], [["Wam\x00bui\x0b"]])) == "Wambui\r\n"


def test_rows_beyond_the_published_ones_go_on_counting() -> None:
    content = fill_htcds([{"AB": "Active"}] * 1005, first_row=3)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert [sheet[f"A{row}"].value for row in (3, 1002, 1007)] == [1, 1000, 1005]


@pytest.mark.parametrize("text", FORMULAS)
def test_F01_no_text_of_a_csv_begins_like_a_formula(text: str) -> None:
    assert next(csv.reader(io.StringIO(_body(csv_table(["A"], [[text]])), newline=""))) == [f"'{text}"]


def test_F03_a_csv_has_its_byte_order_mark_quotes_and_line_ends() -> None:
    content = csv_table(["A", "B"], [["Ng’ang’a", 'said "yes", twice'], ["two\nlines", ""]])
    assert content.startswith(b"\xef\xbb\xbfA,B\r\n")
    assert content.endswith(b"\r\n")
    body = list(csv.reader(io.StringIO(_body(content), newline="")))
    assert body == [["Ng’ang’a", 'said "yes", twice'], ["two\nlines", ""]]


def _body(content: bytes) -> str:
    return content.decode("utf-8-sig").partition("\r\n")[2]


@pytest.mark.heavy
@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_F01_two_thousand_formulas_stay_text_in_libreoffice(tmp_path: Path, ending: str) -> None:
    bodies = ("1+1", "SUM(1;2)", 'HYPERLINK("http://x.invalid";"x")', "cmd|' /C calc'!A0", "A1", "1", "TRUE()")
    signs = ["".join(mixed) for length in (1, 2, 3) for mixed in product(STARTS, repeat=length)]
    texts = [f"{start}{body}" for start in signs for body in bodies][::5]
    assert len(texts) > 2_000
    rows: list[dict[str, str | date]] = [{"D": text} for text in texts]
    written = fill_htcds(rows, first_row=3) if ending == "xlsx" else csv_table(["D"], [[text] for text in texts])
    (tmp_path / f"table.{ending}").write_bytes(written)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    command += ["--outdir", str(tmp_path / "calc"), str(tmp_path / f"table.{ending}")]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    sheet = openpyxl.load_workbook(tmp_path / "calc" / "table.xlsx").worksheets[0]
    first, column = (3, "D") if ending == "xlsx" else (2, "A")
    kinds = {sheet[f"{column}{first + number}"].data_type for number in range(len(texts))}
    assert kinds == {"s"}
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
