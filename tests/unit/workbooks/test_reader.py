"""Hostile and odd workbooks, made here, through the limited child."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from datetime import datetime

import openpyxl
import pytest

from desktop import messages
from desktop.errors import NotTrusted
from desktop.rules.cells import CellKind
from desktop.workbooks.sheets import parse_answer, read_workbook

CANARY = "Kanari-Mwangaza-7731"
MIB = 1024 * 1024

TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>
{more}</Types>"""
RELATIONS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"
 Target="{target}"/>{more}
</Relationships>"""
BOOK = """<?xml version="1.0" encoding="UTF-8"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="Cases" sheetId="1" r:id="r1"/></sheets></workbook>"""
STYLES = """<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<fonts count="1"><font/></fonts>
<fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>
<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="1"><xf/></cellXfs></styleSheet>"""
SHEET = """<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<dimension ref="{size}"/><sheetData>{rows}</sheetData></worksheet>"""


def parts(rows: str = "", *, size: str = "A1") -> dict[str, str]:
    """The parts of a workbook with one sheet whose rows are given as XML."""
    return {
        "[Content_Types].xml": TYPES.format(more=""),
        "_rels/.rels": RELATIONS.format(kind="officeDocument", target="xl/workbook.xml", more=""),
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml", more=""),
        "xl/styles.xml": STYLES,
        "xl/worksheets/sheet1.xml": SHEET.format(rows=rows, size=size),
    }


def packed(content: dict[str, str] | dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return out.getvalue()


def text_cell(at: str, text: str) -> str:
    return f'<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>'


def one_row(*cells: str) -> str:
    return f'<row r="1">{"".join(cells)}</row>'


def refused(data: bytes) -> NotTrusted:
    """Assert a refusal without content in the error."""
    with pytest.raises(NotTrusted) as caught:
        read_workbook(data)
    assert CANARY not in repr((caught.value, caught.value.args, caught.value.facts, caught.value.__cause__))
    assert all(CANARY not in messages.explain(caught.value, language) for language in messages.LANGUAGES)
    return caught.value


def test_the_hand_made_workbook_is_read() -> None:
    book = read_workbook(packed(parts(one_row(text_cell("A1", CANARY)))))
    (sheet,) = book.sheets
    assert sheet.name == "Cases"
    assert (sheet.hidden, sheet.last_row, sheet.last_column, book.date1904) == (False, 1, 1, False)
    assert {name: cell.text for name, cell in sheet.rows[0].cells.items()} == {"A": CANARY}


def test_every_kind_of_cell_comes_out_as_it_is() -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet["A3"], sheet["B3"], sheet["C3"] = "Ng'ang'a ፀሐይ", 700000512, 1.5
    sheet["D3"] = datetime(1998, 4, 1)  # noqa: DTZ001 - a spreadsheet date has no zone
    sheet["E3"], sheet["F3"], sheet["G3"] = True, '=CONCATENATE("a","b")', "#REF!"
    sheet["H3"] = "=1+1 in words"
    sheet["H3"].data_type = "s"
    made.create_sheet("Zilizofichwa").sheet_state = "hidden"
    out = io.BytesIO()
    made.save(out)
    first, hidden = read_workbook(out.getvalue()).sheets
    assert hidden.hidden
    assert not first.hidden
    assert (first.last_row, first.last_column) == (3, 8)
    assert [(row.number, {k: (c.kind, c.text) for k, c in row.cells.items()}) for row in first.rows] == [
        (
            3,
            {
                "A": (CellKind.TEXT, "Ng'ang'a ፀሐይ"),
                "B": (CellKind.NUMBER, "700000512"),
                "C": (CellKind.NUMBER, "1.5"),
                "D": (CellKind.DATE, "1998-04-01T00:00:00"),
                "E": (CellKind.TRUTH, "true"),
                "F": (CellKind.FORMULA, ""),
                "G": (CellKind.ERROR, "#REF!"),
                "H": (CellKind.TEXT, "=1+1 in words"),
            },
        )
    ]
    assert first.rows[0].cells["D"].number_format == "yyyy-mm-dd h:mm:ss"


def test_the_1904_date_system_is_said() -> None:
    content = parts(one_row(text_cell("A1", "x")))
    content["xl/workbook.xml"] = BOOK.replace("<sheets>", '<workbookPr date1904="1"/><sheets>')
    assert read_workbook(packed(content)).date1904


def test_a_stated_size_of_the_whole_sheet_costs_nothing() -> None:
    row = f'<row r="1048576">{text_cell("B1048576", "last")}</row>'
    (sheet,) = read_workbook(packed(parts(row, size="A1:XFD1048576"))).sheets
    assert [(row.number, list(row.cells)) for row in sheet.rows] == [(1_048_576, ["B"])]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"prs_FirstName,prs_SecondName\nKanari-Mwangaza-7731,x\n", "FILE_NOT_XLSX"),
        (b"", "FILE_NOT_XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512, "FILE_NOT_XLSX"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 90,
            "FILE_HAS_PASSWORD",
        ),
        (b"PK\x03\x04" + b"\x00" * (20 * MIB), "FILE_TOO_LARGE"),
        (packed({"mimetype": "application/zip", "a.txt": CANARY}), "FILE_NOT_XLSX"),
    ],
    ids=["csv", "empty", "xls", "encrypted-xlsx", "20-MiB", "other-zip"],
)
def test_what_is_no_workbook_is_refused(data: bytes, code: str) -> None:
    assert refused(data).code == code


def test_a_bomb_is_refused_by_its_density() -> None:
    content = parts()
    content["xl/worksheets/sheet1.xml"] = SHEET.format(size="A1", rows="<row/>" * (6 * MIB))
    assert refused(packed(content)).code == "ARCHIVE_TOO_DENSE"


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    content = parts()
    content["xl/worksheets/sheet1.xml"] = " " * (64 * MIB)
    data = bytearray(packed(content))
    directory = data.rfind(b"PK\x01\x02")
    struct.pack_into("<L", data, directory + 24, 1000)  # uncompressed size in the directory
    assert refused(bytes(data)).code in {"ARCHIVE_DAMAGED", "ARCHIVE_TOO_DENSE"}


def test_parts_that_share_their_bytes_are_refused() -> None:
    data = bytearray(packed(parts(one_row(text_cell("A1", CANARY)))))
    first = data.find(b"PK\x01\x02")
    second = data.find(b"PK\x01\x02", first + 4)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]  # both point at the same local header
    assert refused(bytes(data)).code == "ARCHIVE_DAMAGED"


BILLION = (
    '<!DOCTYPE lolz [<!ENTITY a "Kanari-Mwangaza-7731">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml"]
)
def test_a_document_type_is_refused_in_every_part(part: str) -> None:
    content = parts(one_row(text_cell("A1", "&i;")))
    head, _, body = content[part].rpartition("?>")
    content[part] = head + ("?>" if head else "") + BILLION + body
    assert refused(packed(content)).code == "WORKBOOK_HAS_DOCTYPE"


def test_a_document_type_across_two_pieces_is_seen() -> None:
    content = parts()
    noise = "".join(f"<!-- {number} -->" for number in range(40_000))
    for shift in (0, 3, 5):
        body = noise[: 256 * 1024 - shift]
        content["xl/worksheets/sheet1.xml"] = body + BILLION + SHEET
        assert refused(packed(content)).code == "WORKBOOK_HAS_DOCTYPE"


def test_utf_16_cannot_hide_a_document_type() -> None:
    content = {name: text.encode() for name, text in parts().items()}
    content["xl/worksheets/sheet1.xml"] = (BILLION + SHEET).encode("utf-16")
    assert refused(packed(content)).code == "FILE_UNREADABLE"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("xl/vbaProject.bin", "WORKBOOK_HAS_MACROS"),
        ("xl/macrosheets/sheet1.xml", "WORKBOOK_HAS_MACROS"),
        ("xl/externalLinks/externalLink1.xml", "WORKBOOK_HAS_LINKS"),
        ("xl/connections.xml", "WORKBOOK_HAS_LINKS"),
        ("xl/embeddings/oleObject1.bin", "WORKBOOK_HAS_OBJECTS"),
        ("xl/activeX/activeX1.xml", "WORKBOOK_HAS_OBJECTS"),
        ("../evil.xml", "ARCHIVE_PART_NAME"),
        ("/etc/evil.xml", "ARCHIVE_PART_NAME"),
        ("C:\\evil.xml", "ARCHIVE_PART_NAME"),
        ("xl/..\\evil.xml", "ARCHIVE_PART_NAME"),
        ("XL/WORKBOOK.xml", "ARCHIVE_PART_TWICE"),
    ],
)
def test_a_forbidden_part_is_refused(name: str, code: str) -> None:
    assert refused(packed({**parts(), name: CANARY})).code == code


def test_macros_under_another_name_are_refused_by_their_type() -> None:
    content = parts()
    kind = "application/vnd.ms-office.vbaProject"
    content["[Content_Types].xml"] = TYPES.format(more=f'<Override PartName="/xl/a.bin" ContentType="{kind}"/>')
    assert refused(packed({**content, "xl/a.bin": CANARY})).code == "WORKBOOK_HAS_MACROS"


def test_an_outside_relation_is_refused_but_a_hyperlink_is_not() -> None:
    content = parts(one_row(text_cell("A1", "x")))
    name = "xl/worksheets/_rels/sheet1.xml.rels"
    outside = '<Relationship Id="r2" Type="http://x/{}" Target="http://192.0.2.1/a" TargetMode="External"/>'
    linked = {**content, name: RELATIONS.format(kind="comments", target="c.xml", more=outside.format("image"))}
    assert refused(packed(linked)).code == "WORKBOOK_HAS_LINKS"
    linked[name] = RELATIONS.format(kind="comments", target="c.xml", more=outside.format("hyperlink"))
    assert len(read_workbook(packed(linked)).sheets[0].rows) == 1


def test_the_same_part_twice_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts().items():
            archive.writestr(name, text)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("xl/worksheets/sheet1.xml", CANARY)
    assert refused(out.getvalue()).code == "ARCHIVE_PART_TWICE"


def test_an_encrypted_archive_is_refused() -> None:
    data = bytearray(packed(parts()))
    for mark, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = data.find(mark)
        while at >= 0:
            data[at + flags] |= 1
            at = data.find(mark, at + 4)
    assert refused(bytes(data)).code == "FILE_HAS_PASSWORD"


def test_every_truncation_is_refused() -> None:
    data = packed(parts(one_row(text_cell("A1", CANARY))))
    for length in range(4, len(data), 97):
        assert refused(data[:length]).code == "ARCHIVE_DAMAGED"


def test_bytes_before_or_after_the_archive_are_refused() -> None:
    data = packed(parts())
    assert refused(b"%PDF-1.7\n" + data).code == "FILE_NOT_XLSX"
    assert refused(data + b"<script>").code == "ARCHIVE_DAMAGED"
    assert refused(data[:4] + data).code == "ARCHIVE_DAMAGED"


def test_a_damaged_part_is_refused() -> None:
    data = bytearray(packed(parts(one_row(text_cell("A1", CANARY * 50)))))
    data[data.rfind(b"xl/worksheets/sheet1.xml", 0, data.find(b"PK\x01\x02")) + 60] ^= 0x55
    assert refused(bytes(data)).code == "ARCHIVE_DAMAGED"


def test_a_hundred_thousand_parts_are_refused() -> None:
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * 100_000
    for claimed in (0xFFFF, 100_000 & 0xFFFF, 9):
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, claimed, claimed, len(directory), len(local), 0)
        assert refused(local + directory + end).code == "ARCHIVE_TOO_MANY_PARTS"


_MEASURE = """
import resource, sys
from desktop.errors import NotTrusted
from desktop.workbooks.sheets import read_workbook
try:
    read_workbook(sys.stdin.buffer.read())
except NotTrusted as refusal:
    print(refusal.code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


def test_a_bomb_costs_the_child_little_memory() -> None:
    content = parts()
    content["xl/worksheets/sheet1.xml"] = SHEET.format(size="A1", rows="<row/>" * (6 * MIB))
    # In a small process of its own: a child's peak counts what its parent held when it was started.
    run = subprocess.run([sys.executable, "-c", _MEASURE], input=packed(content), capture_output=True, check=True)
    code, peak = run.stdout.decode().split()
    assert code == "ARCHIVE_TOO_DENSE"
    assert int(peak) < 256 * MIB


def test_a_million_rows_are_refused() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n * 7919 % 1000003}</v></c></row>' for n in range(1, 1_000_001))
    assert refused(packed(parts(rows))).code == "WORKBOOK_TOO_MANY_ROWS"


def test_too_many_columns_cells_sheets_and_too_long_texts_are_refused() -> None:
    assert refused(packed(parts(one_row(text_cell("OK1", CANARY))))).code == "WORKBOOK_TOO_MANY_COLUMNS"
    long = refused(packed(parts(one_row(text_cell("AG1", "x" * 32_768)))))
    assert (long.code, long.facts) == ("WORKBOOK_CELL_TOO_LONG", {"limit": 32_767, "sheet": 1})
    made = openpyxl.Workbook()
    for _ in range(50):
        made.create_sheet()
    out = io.BytesIO()
    made.save(out)
    assert refused(out.getvalue()).code == "WORKBOOK_TOO_MANY_SHEETS"


def test_a_row_or_cell_that_comes_twice_is_refused_not_dropped() -> None:
    twice = one_row(text_cell("A1", "first"), text_cell("A1", CANARY))
    assert refused(packed(parts(twice))).code == "WORKBOOK_OUT_OF_ORDER"
    assert refused(packed(parts(one_row(text_cell("A1", "x")) * 2))).code == "WORKBOOK_OUT_OF_ORDER"
    assert refused(packed(parts(one_row(text_cell("A7", CANARY))))).code == "WORKBOOK_OUT_OF_ORDER"


def test_a_sheet_whose_part_is_missing_is_refused() -> None:
    content = parts()
    del content["xl/worksheets/sheet1.xml"]
    assert refused(packed(content)).code == "ARCHIVE_DAMAGED"


def test_broken_xml_with_content_is_refused_without_saying_the_content() -> None:
    content = parts()
    content["xl/worksheets/sheet1.xml"] = f"<worksheet><{CANARY}"
    assert refused(packed(content)).code == "FILE_UNREADABLE"
    assert refused(packed(parts(one_row(f'<c r="A1"><v>{CANARY}</v></c>')))).code == "FILE_UNREADABLE"


def test_cells_without_a_position_are_counted() -> None:
    cells = "".join(f"<c><v>{number}</v></c>" for number in range(401))
    assert refused(packed(parts(f"<row>{cells}</row>"))).code == "WORKBOOK_TOO_MANY_COLUMNS"


HEAD = b'{"date1904":false}\n{"sheet":{"name":"a","hidden":false}}\n'


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b'{"date1904":1}\n{"cells":0,"sheets":0}\n',
        b'{"date1904":false}\n{"cells":1,"sheets":0}\n',
        b'{"date1904":false}\n{"cells":0,"sheets":0}\n{}\n',
        b'{"date1904":false}\n{"sheet":{"name":"a","hidden":false}}\n',
        b'{"date1904":false}\n{"sheet":{"name":"a","hidden":false}}\n{"row":1,"cells":{"A":{"t":"x","v":""}}}\n',
        b'{"date1904":false}\n{"sheet":{"name":"a","hidden":false}}\n{"row":1,"cells":{"a1":{"t":"s","v":""}}}\n',
        b'{"date1904":false}\n{"sheet":{"name":"a","hidden":false}}\n{"row":true,"cells":{}}\n',
        b'{"date1904":false}\n{"sheet":{"name":"a","hidden":false}}\n{"row":0,"cells":{}}\n',
        b'{"date1904":false}\n{"sheet":{"name":"a","hidden":false}}\n{"row":1,"cells":{"A":{"t":"s","v":1}}}\n',
        *(
            HEAD + b'{"row":1,"cells":%b}\n' % cells
            for cells in (b"[]", b"1", b'"AB"', b"null", b'{"A":"s"}', b'{"A":[]}')
        ),
        *(
            HEAD + b'{"row":1,"cells":{"A":{"t":%b,"v":%b}}}\n' % (kind, text)
            for kind, text in (
                (b"[]", b'""'),
                (b"{}", b'""'),
                (b'"n"', b'""'),
                (b'"n"', b'"nan"'),
                (b'"n"', '"\u0661"'.encode()),
                (b'"b"', b'"TRUE"'),
                (b'"d"', b'""'),
                (b'"d"', b'"soon"'),
                (b'"s"', b'"' + b"x" * 32_768 + b'"'),
            )
        ),
        b'{"date1904":false}\n{"sheet":[]}\n{"rows":0,"columns":0}\n{"cells":0,"sheets":1}\n',
        b'{"date1904":false}\n[]\n',
        b"{" * 100_000,
    ],
)
def test_a_childs_answer_that_is_not_as_agreed_is_refused(answer: bytes) -> None:
    with pytest.raises(NotTrusted) as caught:
        parse_answer(answer)
    assert caught.value.code == "FILE_UNREADABLE"


def test_an_answer_of_every_kind_as_agreed_is_taken() -> None:
    cells = b'{"A":{"t":"n","v":"-1.5e-07"},"B":{"t":"b","v":"true"},"C":{"t":"d","v":"08:30:00"},"D":{"t":"f","v":""}}'
    tail = b'{"rows":1,"columns":4}\n{"cells":4,"sheets":1}\n'
    (row,) = parse_answer(HEAD + b'{"row":1,"cells":%b}\n' % cells + tail).sheets[0].rows
    assert [cell.text for cell in row.cells.values()] == ["-1.5e-07", "true", "08:30:00", ""]
