from __future__ import annotations

import csv
import io
import re
import subprocess
import unicodedata
from pathlib import Path

import pypdf
import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from desktop.letters.scripts import Style, draw, is_right_to_left, line_runs, missing_glyphs, paragraphs, width, wrap
from desktop.paths import resource

# Every name of the filled HTCDS workbook.
WORKBOOK_NAMES = (
    "Achieng Odhiambo",
    "Achieng' Odhiambo",
    "Apio Ocen-Odur",
    "Atieno Owuor",
    "Barasa Ambani",
    "Bosibori Ong'era",
    "Brian Waweru",
    "Dama Nyevu",
    "Faith Kyalo",
    "Furaha Mbuyi-Kalala",
    "Halima Al-Amry",
    "Hodan Jaamac",
    "Juma Shirima",
    "Kadzo Katana",
    "Kamau Ng’ang’a",
    "Kibet Lang'at",
    "Kwamboka Momanyi",
    "Lokwawi Lotieng'",
    "Mary-Anne Nyamweya-Oseko",
    "Mogaka Onsongo",
    "Mumbua Kiilu",
    "Mutua Nzioka",
    "Naserian Ole Mapeena",
    "Neema Ng'wandu",
    "Nekesa Wanyama",
    "Njeri Ng'ang'a",
    "Okello Byaruhanga",
    "Otieno Oloo",
    "Purity Njagi",
    "Resiato Parsitau",
    "Riziki",
    "Shee Famau",
    "Simiyu Lusweti",
    "Tigist Bekele",
    "Upendo",
    "Wafula Makokha",
    "Wambui Gachanja",
    "Zuhura Binti Hamadi",
    "فاطمة أبوزيد",
    "ሰላም ገብረመድህን",
)
_BIDI_CONTROLS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def practice_names() -> list[str]:
    text = resource("codelists", "practice_names.csv").read_text(encoding="utf-8")
    return [row["name"] for row in csv.DictReader(io.StringIO(text))]


def plain(text: str) -> str:
    return _BIDI_CONTROLS.sub("", unicodedata.normalize("NFKC", text))


def pdf_of(lines: list[str]) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, invariant=1)
    for index, line in enumerate(lines):
        draw(canvas, 60, 800 - 17 * (index % 45), line, Style.REGULAR, 11)
        if index % 45 == 44:
            canvas.showPage()
    canvas.save()
    return file.getvalue()


def poppler_text(pdf: bytes, folder: Path) -> str:
    file = folder / "page.pdf"
    file.write_bytes(pdf)
    run = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True)
    return plain(run.stdout.decode("utf-8"))


def pypdf_text(pdf: bytes) -> str:
    return plain("\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages))


def test_poppler_gives_every_practice_and_workbook_name_back(tmp_path: Path) -> None:
    names = [*practice_names(), *WORKBOOK_NAMES]
    assert len(names) > 300
    # On a page that runs left to right poppler turns the halves of a hyphenated Arabic name round (see scripts.py).
    pages = [[name for name in names if is_right_to_left(name) is direction] for direction in (False, True)]
    text = "".join(poppler_text(pdf_of(page), tmp_path) for page in pages)
    assert [name for name in names if plain(name) not in text] == []


def test_pypdf_gives_every_practice_and_workbook_name_back() -> None:
    names = [*practice_names(), *WORKBOOK_NAMES]
    text = pypdf_text(pdf_of(names))
    assert [name for name in names if plain(name) not in text] == []


def test_no_practice_or_workbook_name_needs_a_box() -> None:
    assert [name for name in (*practice_names(), *WORKBOOK_NAMES) if missing_glyphs(name)] == []


def test_G05_arabic_is_shaped_and_runs_from_the_right() -> None:
    (run,) = line_runs("محمد علي", Style.REGULAR)
    assert run.font == "NotoNaskhArabic-Regular"
    assert all("\ufe70" <= sign <= "\ufeff" for sign in run.text.replace(" ", ""))
    assert unicodedata.normalize("NFKC", run.text[::-1]) == "محمد علي"


def test_O03_arabic_with_brackets_and_a_phone_number_keeps_the_number(tmp_path: Path) -> None:
    line = "محمد (Ali) 0729 351 383"
    drawn = "".join(run.text for run in line_runs(line, Style.REGULAR))
    assert drawn.startswith("(Ali) 0729 351 383 ")
    assert line in poppler_text(pdf_of([line]), tmp_path)


def test_number_after_arabic_in_a_latin_line_keeps_its_groups() -> None:
    drawn = "".join(run.text for run in line_runs("Ali محمد 0729 351 383", Style.REGULAR))
    assert drawn.startswith("Ali ")
    assert drawn.endswith(" 0729 351 383")


def test_brackets_turned_round_in_arabic_keep_their_sense_in_the_text_layer(tmp_path: Path) -> None:
    assert "محمد (علي)" in poppler_text(pdf_of(["محمد (علي)"]), tmp_path)


def test_marks_without_a_composed_form_stay_in_the_text_layer(tmp_path: Path) -> None:
    name = "Akɔ̈l Ɛ̈ŋ"
    assert plain(name) in poppler_text(pdf_of([name]), tmp_path)


def test_marks_are_placed_by_the_font_and_do_not_move_the_next_letter() -> None:
    assert draw(Canvas(io.BytesIO()), 0, 0, "Akɔ̈l", Style.REGULAR, 10) == pytest.approx(
        width("Akɔl", Style.REGULAR, 10)
    )


def test_decomposed_and_composed_accents_are_drawn_alike() -> None:
    assert line_runs("Gi\u0303ku\u0303yu\u0303", Style.REGULAR) == line_runs("G\u0129k\u0169y\u0169", Style.REGULAR)


def test_mixed_scripts_change_font_and_never_fall_into_a_hole() -> None:
    runs = line_runs("ሰላም Selam سلام", Style.BOLD)
    assert [run.font for run in runs] == ["NotoSansEthiopic-Bold", "NotoSans-Bold", "NotoNaskhArabic-Bold"]


def test_G07_emoji_become_boxes_and_are_listed_without_joiners() -> None:
    text = "ok 👩🏽\u200d⚕\ufe0f"
    assert missing_glyphs(text) == ("👩", "🏽", "⚕")
    assert line_runs(text, Style.REGULAR)[-1].is_box
    assert len(pdf_of([text])) > 1000


def test_wrap_keeps_every_word_within_the_limit_and_breaks_a_word_without_blanks() -> None:
    text = "moja mbili " * 20 + "x" * 200
    lines = [line for line, _ in wrap(text, Style.REGULAR, 10, 120)]
    assert all(width(line, Style.REGULAR, 10) <= 120 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_wrap_gives_the_first_line_its_own_room() -> None:
    text = "moja mbili tatu nne tano " * 4
    first, *rest = [line for line, _ in wrap(text, Style.REGULAR, 10, 120, 60)]
    assert width(first, Style.REGULAR, 10) <= 60
    assert max(width(line, Style.REGULAR, 10) for line in rest) > 60
    assert " ".join((first, *rest)) == text.strip()


def test_wrap_leaves_the_first_line_empty_when_its_first_word_needs_a_whole_one() -> None:
    assert [line for line, _ in wrap("Nyamweya-Oseko", Style.REGULAR, 10, 120, 20)] == ["", "Nyamweya-Oseko"]


def test_wrapped_lines_carry_the_direction_of_their_paragraph() -> None:
    assert {direction for _, direction in wrap("محمد علي " * 10, Style.REGULAR, 10, 80)} == {True}


def test_paragraphs_drop_empty_lines_and_double_blanks() -> None:
    assert paragraphs("one  two\n\n three\t\n") == ("one two", "three")


def test_width_is_that_of_the_fonts_to_the_last_digit() -> None:
    text, size = "Anahitaji uchunguzi kamili – 0729 351 383", 9.7
    for style, font in ((Style.REGULAR, "NotoSans-Regular"), (Style.BOLD, "NotoSans-Bold")):
        assert width(text, style, size) == pdfmetrics.stringWidth(text, font, size)


def test_latin_line_of_an_arabic_paragraph_keeps_its_order_and_turns_its_brackets() -> None:
    (run,) = line_runs("Ali (Omar)", Style.REGULAR)
    assert run.text == "Ali (Omar)"
    assert "".join(run.text for run in line_runs("Ali (12)", Style.REGULAR, right_to_left=True)) == "Ali (12)"
    assert "".join(run.text for run in line_runs("Ali -", Style.REGULAR, right_to_left=True)) == "- Ali"
