"""Where a foreign list has its headings, which sheets are read, and its columns remembered and forgotten."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton

from desktop.messages import sentence
from desktop.rules.columns import ColumnMapping
from tests.factory import OLD_OFFICE
from tests.ui.desks import in_lane
from tests.ui.import_hands import (
    OFFICE_COUNTS,
    OFFICE_LIST,
    choose_row,
    column,
    fill,
    go_on,
    in_step,
    say,
)
from tests.ui.screen_hands import focus_name, part, press, settle, text
from tests.ui.test_import_workbook import cases, keys, read, rows, shown
from ui.models.import_columns import row_numbers
from ui.seat import Seat, Telling
from ui.widgets.row_list import RowList


def book_of(**sheets: Sequence[tuple[object, ...]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_columns_that_were_named_are_read_again_without_the_step_and_can_be_forgotten(seat: Seat) -> None:
    screen, heard = shown(seat)
    assert not part(screen, RowList, "importWorkbook.kept").isVisible()
    read(screen, OFFICE_LIST)
    fill(screen, "importWorkbook.columns_name", "Orodha ya zamani")
    go_on(screen)
    assert heard.told == [sentence("COLUMNS_NOW_KEPT", "en")]
    assert text(screen, "importWorkbook.read_by") == "Read as “Orodha ya zamani”"

    again, heard = shown(seat)
    tellings: list[Telling] = []
    again.told.connect(tellings.append)
    settle(seat)
    assert [row.cells[0].text for row in part(again, RowList, "importWorkbook.kept").rows()] == ["Orodha ya zamani"]
    read(again, OFFICE_LIST)
    assert not in_step(again)
    assert text(again, "importWorkbook.counts") == OFFICE_COUNTS
    assert text(again, "importWorkbook.read_by") == "Read as “Orodha ya zamani”"
    press(again, "importWorkbook.change_columns")
    assert part(again, QLineEdit, "importWorkbook.columns_name").text() == "Orodha ya zamani"

    once_more, _ = shown(seat)
    once_more.told.connect(tellings.append)
    settle(seat)
    press(once_more, "importWorkbook.forget")
    settle(seat)
    assert tellings[-1].say() == "The columns of “Orodha ya zamani” are forgotten."
    assert not part(once_more, RowList, "importWorkbook.kept").isVisible()
    lists = seat.desk.lists
    assert [item for item in in_lane(seat.jobs, lists.mappings) if item.id] == []
    assert tellings[-1].action is not None
    tellings[-1].action()
    settle(seat)
    assert [item.mapping.name for item in in_lane(seat.jobs, lists.mappings) if item.id] == ["Orodha ya zamani"]


def test_rows_of_the_same_number_on_two_sheets_are_left_out_apart(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen, OFFICE_LIST)
    go_on(screen)
    choose_row(screen, "2!8")
    keys(screen, Qt.Key.Key_Space)
    left_out = [row[:2] for row in rows(screen) if row[2] == "Left out by you"]
    assert left_out == [["2 · 2022", "8"]]
    assert part(screen, QPushButton, "importWorkbook.take").text() == "Take &in 119 rows"
    choose_row(screen, "1!8")
    keys(screen, Qt.Key.Key_Space)
    press(screen, "importWorkbook.take")
    settle(seat)
    assert cases(seat) == 118
    again = in_lane(seat.jobs, lambda: seat.desk.imports.preview(OLD_OFFICE.read_bytes(), suggested(seat)))
    assert [row.key for row in again.rows if row.takes_in] == ["1!8", "2!8"]


def suggested(seat: Seat) -> ColumnMapping | None:
    return seat.desk.lists.headings(OLD_OFFICE.read_bytes()).mapping


def test_sheets_are_left_out_but_never_all_of_them(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen, OFFICE_LIST)
    assert not part(screen, QPushButton, "importWorkbook.sheet.d").isEnabled()  # it is empty
    for letter in "abc":
        press(screen, f"importWorkbook.sheet.{letter}")
    assert text(screen, "importWorkbook.first_row.problem") == sentence("COLUMNS_NO_SHEET", "en")
    assert part(screen, QPushButton, "importWorkbook.sheet.c").isChecked()
    go_on(screen)
    assert text(screen, "importWorkbook.counts").startswith("36 new cases")
    assert rows(screen)[1][0] == "7"


def test_a_sheet_with_other_headings_is_shown_with_its_own_columns(seat: Seat, tmp_path: Path) -> None:
    file = tmp_path / "two.xlsx"
    people = [("Jina", "Umri", "Jinsia"), ("Wanjiru", 12, "F"), ("Otieno", 30, "M")]
    file.write_bytes(book_of(People=people, Others=[("Name", "Sex"), ("Mutua", "M")]))
    screen, _ = shown(seat)
    read(screen, str(file))
    assert column(screen, "c").text() == "Person: sex"
    press(screen, "importWorkbook.sheet.b")
    settle(seat)
    assert [part(screen, QPushButton, f"importWorkbook.sheet.{letter}").isChecked() for letter in "ab"] == [False, True]
    assert column(screen, "b").text() == "Person: sex"
    assert focus_name() == "importWorkbook.sheet.b"
    go_on(screen)
    assert [row[2] for row in rows(screen)] == ["Mutua"]


def test_heading_rows_are_put_right_and_the_columns_follow(seat: Seat) -> None:
    screen, _ = shown(seat)
    read(screen, OFFICE_LIST)
    say(screen, "s", "leave")
    fill(screen, "importWorkbook.heading_rows", "5")
    assert column(screen, "b").accessibleName() == "B: Jina / NAME"
    assert part(screen, QLineEdit, "importWorkbook.first_row").text() == "6"
    fill(screen, "importWorkbook.first_row", "7")
    fill(screen, "importWorkbook.heading_rows", "some")
    assert text(screen, "importWorkbook.first_row.problem") == sentence("COLUMNS_HEADING_ROWS_WRONG", "en")
    fill(screen, "importWorkbook.heading_rows", "4")  # an empty row
    assert text(screen, "importWorkbook.first_row.problem") == sentence("COLUMNS_HEADING_ROWS_EMPTY", "en")
    fill(screen, "importWorkbook.heading_rows", "5-6")
    assert column(screen, "s").text() == "Leave out"
    fill(screen, "importWorkbook.first_row", "6")
    go_on(screen)
    assert text(screen, "importWorkbook.first_row.problem") == sentence("COLUMNS_FIRST_ROW_WRONG", "en")
    assert focus_name() == "importWorkbook.first_row"
    fill(screen, "importWorkbook.first_row", "7")
    go_on(screen)
    assert text(screen, "importWorkbook.counts") == OFFICE_COUNTS


def test_a_file_without_headings_is_refused_with_its_sentence(seat: Seat, tmp_path: Path) -> None:
    file = tmp_path / "empty.xlsx"
    file.write_bytes(book_of(Nothing=[]))
    screen, _ = shown(seat)
    read(screen, str(file))
    assert text(screen, "importWorkbook.file.note") == sentence("LIST_HAS_NO_HEADINGS", "en")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("5, 6", (5, 6)),
        ("6 5", (5, 6)),
        ("3-5", (3, 4, 5)),
        ("1; 3–4", (1, 3, 4)),
        ("", ()),
        ("0", ()),
        ("five", ()),
        ("5-", ()),
        ("1-6", ()),
        ("1-9999999", ()),
    ],
)
def test_rows_are_understood_as_they_are_typed(typed: str, found: tuple[int, ...]) -> None:
    assert row_numbers(typed) == found
