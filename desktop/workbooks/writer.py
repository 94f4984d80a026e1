"""Tables written for other programs: the published HTCDS workbook filled in, and CSV. Same input, same bytes.

No cell can run: text is written as text, never as a formula (field report F01, threat-model 5.10).
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from desktop.paths import resource

# The columns of the published workbook are read and written by letter; column A counts the rows.
_COUNTER = "A"
_DATE_FORMAT = "yyyy-mm-dd"  # nobody can turn day and month round
_FIXED_TIME = datetime(2021, 12, 23, tzinfo=UTC)  # the day the workbook was published
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_PROPERTIES = "docProps/core.xml"
_TITLE = "Human Trafficking Case Data Standard 2.0"
_LICENCE = "Workbook published by IOM under CC BY 4.0; rows filled in. IOM does not endorse what is filled in."
# Signs a spreadsheet takes for the start of a formula, and their full-width forms.
_RUNS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
# What XML 1.0 has no place for (section 2.2, Char); a list has no use for it either.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fill_htcds(rows: Iterable[Mapping[str, str | date]], *, first_row: int) -> bytes:
    """Return the published plain workbook with cells by column letter filled in from `first_row` on."""
    import openpyxl
    from openpyxl.packaging.core import DocumentProperties

    with resource("htcds", "htcds-2.0.xlsx").open("rb") as published:
        book = openpyxl.load_workbook(io.BytesIO(published.read()))
    sheet = book.worksheets[0]
    for number, cells in enumerate(rows, start=1):
        row = first_row + number - 1
        sheet[f"{_COUNTER}{row}"] = number
        for column, value in cells.items():
            cell = sheet[f"{column}{row}"]
            if isinstance(value, date):
                cell.value, cell.number_format = value, _DATE_FORMAT
            else:
                text = _written(value)
                cell.value, cell.data_type = text, "s"
                cell.quotePrefix = text.startswith(_RUNS)  # it stays text also for somebody who edits the cell
    # The library stamps the hour of saving and keeps the last editor's name: both are written over below.
    properties = DocumentProperties(title=_TITLE, description=_LICENCE, created=_FIXED_TIME, modified=_FIXED_TIME)
    properties.creator = None
    made = io.BytesIO()
    book.save(made)
    return _with_fixed_times(made.getvalue(), {_PROPERTIES: _xml(properties.to_tree())})


def csv_table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    """Return lines as RFC 4180, in UTF-8 with a byte order mark, which spreadsheets need to read names right (F03)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([_guarded(value) for value in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _guarded(value: str) -> str:
    text = _written(value)
    return f"'{text}" if text.startswith(_RUNS) else text


def _written(value: str) -> str:
    """Return what of a text can be written. What it begins with is asked only of this: `\\0=1` would end as `=1`."""
    return _UNWRITABLE.sub("", value)


def _xml(tree: Any) -> bytes:
    from openpyxl.xml.functions import tostring

    written: bytes = tostring(tree)
    return written


def _with_fixed_times(archive: bytes, replaced: Mapping[str, bytes]) -> bytes:
    """Return a zip archive with the same parts in the same order, some of them replaced, without times of its own."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for part in source.infolist():
            fixed = zipfile.ZipInfo(part.filename, _ZIP_TIME)
            fixed.compress_type = zipfile.ZIP_DEFLATED
            fixed.external_attr = 0o600 << 16
            fixed.create_system = 3  # the same bytes from every system
            copy.writestr(fixed, replaced.get(part.filename, source.read(part)))
    return target.getvalue()
