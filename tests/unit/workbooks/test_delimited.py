"""Text tables as programs write them and as somebody hostile would, through the limited child."""

from __future__ import annotations

import codecs
import io
from collections.abc import Mapping

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Color, Font, GradientFill, PatternFill

from desktop import messages
from desktop.crypto.encoding import canonical_json
from desktop.errors import NotTrusted
from desktop.rules.cells import MAX_ROWS, CellKind, Sheet
from desktop.workbooks.reader import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_NOTES
from desktop.workbooks.sheets import parse_answer, read_table, read_workbook

CANARY = "Kanari-Mwangaza-7731"
MIB = 1024 * 1024
ROWS = "Jina,Umri\nNg'ang'a,12\nWambũi,30\n"


def sheet_of(data: bytes) -> Sheet:
    (sheet,) = read_table(data).sheets
    return sheet


def texts(data: bytes) -> list[dict[str, str]]:
    return [{name: cell.text for name, cell in row.cells.items()} for row in sheet_of(data).rows]


def refused(data: bytes) -> NotTrusted:
    with pytest.raises(NotTrusted) as caught:
        read_table(data)
    assert CANARY not in repr((caught.value, caught.value.args, caught.value.facts, caught.value.__cause__))
    assert all(messages.explain(caught.value, language) for language in messages.LANGUAGES)
    return caught.value


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte-mark"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_F05_a_text_table_is_one_sheet_of_texts_whatever_writes_it(mark: bytes, delimiter: str, ending: str) -> None:
    data = mark + ROWS.replace(",", delimiter).replace("\n", ending).encode()
    assert texts(data) == [{"A": "Jina", "B": "Umri"}, {"A": "Ng'ang'a", "B": "12"}, {"A": "Wambũi", "B": "30"}]
    sheet = sheet_of(data)
    assert (sheet.name, sheet.hidden, sheet.last_row, sheet.last_column) == ("", False, 3, 2)
    assert {cell.kind for row in sheet.rows for cell in row.cells.values()} == {CellKind.TEXT}


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_read_where_a_byte_mark_says_so(order: str) -> None:
    data = "\ufeffJina;Umri\nWambũi;12\n".encode(order)
    assert texts(data) == [{"A": "Jina", "B": "Umri"}, {"A": "Wambũi", "B": "12"}]
    assert not read_table(data).letters_guessed


def test_only_letters_that_no_mark_or_rule_explains_are_told_to_be_guessed() -> None:
    assert read_table("Jina\nRené\n".encode("cp1252")).letters_guessed
    assert not read_table("Jina\nRené\n".encode()).letters_guessed
    assert not read_table(b"Jina\nAmani\n").letters_guessed
    # One pair of letters that by chance looks like one of UTF-8, among others that do not.
    assert read_table("Jina\nÃ©, René, Zoë, Ñu\n".encode("cp1252")).letters_guessed


def test_windows_1252_is_read() -> None:
    assert texts("Jina;Umri\nNg’ang’a;12\nRené;3\n".encode("cp1252"))[1:] == [
        {"A": "Ng’ang’a", "B": "12"},
        {"A": "René", "B": "3"},
    ]


def test_quoted_cells_hold_delimiters_quotes_and_lines() -> None:
    data = b'name;note\n"Otieno; Amani";"said ""no""\nand left"\n'
    assert texts(data)[1] == {"A": "Otieno; Amani", "B": 'said "no"\nand left'}
    assert sheet_of(data).rows[1].number == 2


def test_commas_inside_cells_of_a_semicolon_table_do_not_divide_it() -> None:
    data = b"name;kind\nA;house help, locked in\nB;online scam, forced, far away\nC;x\n"
    assert texts(data)[1] == {"A": "A", "B": "house help, locked in"}


def test_empty_rows_and_cells_keep_the_numbers_of_the_others() -> None:
    sheet = sheet_of(b"a,b,c\n,,\n\n1,,3\n")
    assert [(row.number, list(row.cells)) for row in sheet.rows] == [(1, ["A", "B", "C"]), (4, ["A", "C"])]


def test_one_column_is_a_table_too() -> None:
    assert texts(b"Jina\nAmani\n") == [{"A": "Jina"}, {"A": "Amani"}]


def test_what_looks_like_a_formula_stays_text() -> None:
    (cell,) = sheet_of(b"=cmd|' /C calc'!A0\n").rows[0].cells.values()
    assert (cell.kind, cell.text) == (CellKind.TEXT, "=cmd|' /C calc'!A0")


def test_a_workbook_is_read_by_the_same_door_and_refused_by_its_own_rules() -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "Jina"  # type: ignore[index]
    out = io.BytesIO()
    book.save(out)
    assert texts(out.getvalue()) == [{"A": "Jina"}]
    assert refused(b"PK\x03\x04 and no more").code == "ARCHIVE_DAMAGED"
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old").code == "FILE_NOT_XLSX"


@pytest.mark.parametrize(
    ("data", "code", "facts"),
    [
        (b"", "TABLE_NOT_TEXT", {}),
        (b"\xef\xbb\xbf  \n", "TABLE_NOT_TEXT", {}),
        (f"{CANARY}\x00,1\n".encode(), "TABLE_NOT_TEXT", {}),
        (f"{CANARY},1\n".encode("utf-16-le"), "TABLE_NOT_TEXT", {}),
        (codecs.BOM_UTF16_LE + b"\x00\xd8,", "TABLE_NOT_TEXT", {}),
        (f"{CANARY},1\n".encode("utf-32"), "TABLE_NOT_TEXT", {}),
        (f"{CANARY},Wambũi,Ng’ang’a,".encode() + b"\xff\n", "TABLE_LETTERS_BROKEN", {}),
        (f"{CANARY},\x81\x8d\n".encode("latin-1"), "TABLE_NOT_TEXT", {}),
        (b"%PDF-1.7\x1a\x00\x01", "TABLE_NOT_TEXT", {}),
        (f'a,b\n"{CANARY}\n'.encode(), "TABLE_QUOTES_WRONG", {}),
        (f'a,b\n"{CANARY}"x,1\n'.encode(), "TABLE_QUOTES_WRONG", {}),
        (b"," * 1_000_000 + b"\n", "WORKBOOK_TOO_MANY_COLUMNS", {"limit": MAX_COLUMNS, "sheet": 1}),
        (b"a\n" * (MAX_ROWS + 1), "WORKBOOK_TOO_MANY_ROWS", {"limit": MAX_ROWS, "sheet": 1}),
        (b"x" * (MAX_CELL_CHARACTERS + 1), "WORKBOOK_CELL_TOO_LONG", {"limit": MAX_CELL_CHARACTERS, "sheet": 1}),
        (b"x" * (100 * MIB), "FILE_TOO_LARGE", {"limit_mib": 20}),
        (b"x," * (10 * MIB - 1), "WORKBOOK_TOO_MANY_COLUMNS", {"limit": MAX_COLUMNS, "sheet": 1}),
        (b'"' + b"x\n" * (9 * MIB), "WORKBOOK_CELL_TOO_LONG", {"limit": MAX_CELL_CHARACTERS, "sheet": 1}),
    ],
    ids=[
        *(
            "empty",
            "blank",
            "NUL",
            "UTF-16-without-byte-mark",
            "half-a-letter-of-UTF-16",
            "UTF-32",
            "damaged-UTF-8",
            "no-encoding",
            "PDF",
            "open-quote",
            "text-behind-quote",
            "million-columns",
        ),
        *("too-many-rows", "long-cell", "line-of-100-MB", "line-of-20-MB", "quote-of-18-MB"),
    ],
)
def test_a_hostile_text_is_refused_by_its_code(data: bytes, code: str, facts: Mapping[str, int]) -> None:
    error = refused(data)
    assert (error.code, error.facts) == (code, facts)


def book_with_looks() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Name", None, "hidden"])
    sheet.append(["Amani", 1])
    sheet.append(["Otieno", 2])
    sheet.append(["plain", 3])
    sheet.merge_cells("A1:B1")
    sheet["A2"].fill = PatternFill("solid", fgColor="FF9999")
    sheet["B2"].fill = PatternFill("solid", fgColor="FFFFFF")  # white is what paper is
    sheet["C2"].fill = GradientFill(stop=("FF0000", "0000FF"))
    sheet["A3"].font = Font(strike=True)
    sheet["B3"].comment = Comment("ask her", "office")
    sheet["C9"].comment = Comment("no cell here", "office")
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["C"].hidden = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_what_is_no_value_comes_out_as_facts() -> None:
    (sheet,) = read_workbook(book_with_looks()).sheets
    assert sheet.merged == ("A1:B1",)
    assert sheet.hidden_columns == {"C"}
    assert sheet.notes == {"B3": "ask her", "C9": "no cell here"}
    assert [(row.number, row.hidden, row.fills) for row in sheet.rows] == [
        (1, False, ()),
        (2, False, ("FF9999", "OTHER")),
        (3, True, ()),
        (4, False, ()),
    ]
    struck = [(row.number, name) for row in sheet.rows for name, cell in row.cells.items() if cell.struck]
    assert struck == [(3, "A")]


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        (Color(rgb="FFBFBFBF"), ("BFBFBF",)),
        (Color(indexed=10), ("FF0000",)),
        (Color(theme=0, tint=-0.249977111117893), ("BFBFBF",)),  # "White, darker 25 %"
        (Color(theme=1), ("000000",)),
        (Color(theme=5), ("C0504D",)),
        (Color(theme=5, tint=0.5999938962981048), ("E6B9B8",)),  # "Accent 2, lighter 60 %"
        (Color(theme=0), ()),
        (Color(theme=99), ("OTHER",)),
        (Color(indexed=64), ("OTHER",)),  # "as the system has it"
    ],
)
def test_colours_of_the_theme_and_of_the_old_palette_come_out_as_digits(colour: Color, expected: tuple[str]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "Amani"
    sheet["A1"].fill = PatternFill("solid", fgColor=colour)
    out = io.BytesIO()
    book.save(out)
    assert read_workbook(out.getvalue()).sheets[0].rows[0].fills == expected


def test_a_note_longer_than_a_cell_and_too_many_notes_are_refused() -> None:
    for notes, text, code in (
        (1, "x" * (MAX_CELL_CHARACTERS + 1), "CELL_TOO_LONG"),
        (MAX_NOTES + 1, "x", "MANY_NOTES"),
    ):
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet["A1"] = "Jina"
        for row in range(1, notes + 1):
            sheet.cell(row, 2).comment = Comment(text, "office")
        out = io.BytesIO()
        book.save(out)
        assert refused(out.getvalue()).code.endswith(code)


HEAD = [{"date1904": False}, {"sheet": {"name": "s", "hidden": False}}]
END = {"rows": 1, "columns": 1}
ROW = {"row": 1, "cells": {"A": {"t": "s", "v": "x"}}}


@pytest.mark.parametrize(
    "lines",
    [
        [ROW | {"fills": ["red"]}, END],
        [ROW | {"fills": ["FF9999"] * 9}, END],
        [ROW | {"hidden": 1}, END],
        [{"row": 1, "cells": {"A": {"t": "s", "v": "x", "struck": "yes"}}}, END],
        [ROW, END | {"hidden": ["A1"]}],
        [ROW, END | {"hidden": "A"}],
        [ROW, END | {"merged": ["A1:"]}],
        [ROW, END | {"merged": ["A1:B1"] * 501}],
        [ROW, {"note": {"cell": "A", "text": "x"}}, END],
        [ROW, {"note": {"cell": "A1", "text": 1}}, END],
        [ROW, {"note": {"cell": "A1", "text": "x" * (MAX_CELL_CHARACTERS + 1)}}, END],
        [ROW, *({"note": {"cell": f"A{at}", "text": "x"}} for at in range(1, MAX_NOTES + 2)), END],
    ],
)
def test_an_answer_whose_facts_are_not_as_agreed_is_not_believed(lines: list[dict[str, object]]) -> None:
    whole = [*HEAD, *lines, {"sheets": 1, "cells": 1}]
    with pytest.raises(NotTrusted, match="FILE_UNREADABLE"):
        parse_answer(b"".join(canonical_json(line) + b"\n" for line in whole))
