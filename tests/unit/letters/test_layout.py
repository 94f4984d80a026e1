"""No word of a paper may stand on another, whatever is printed."""

from __future__ import annotations

import html
import re
import subprocess
from pathlib import Path

import pytest

from desktop.letters.layout import Blank, Sheet
from desktop.letters.pdf import CopyFor
from desktop.letters.scripts import Style
from desktop.letters.source import VariantFacts
from desktop.rules.consent import IdentityMode
from tests.unit.letters.samples import letter
from tests.unit.letters.test_pdf import LONG, longest, printed

Box = tuple[float, float, float, float]
WORD = re.compile(r'<word xMin="(\S+)" yMin="(\S+)" xMax="(\S+)" yMax="(\S+)">(.*?)</word>')


def words(pdf: bytes, folder: Path) -> list[tuple[str, Box]]:
    """Return every word with the box of its capitals, from their top down to the baseline."""
    file = folder / "page.pdf"
    file.write_bytes(pdf)
    run = subprocess.run(["pdftotext", "-bbox", str(file), "-"], capture_output=True, check=True)
    found = []
    for left, top, right, bottom, text in WORD.findall(run.stdout.decode("utf-8")):
        high = float(bottom) - float(top)
        # Noto Sans: ascent 1.069, capitals 0.714, descent 0.293 of the size.
        box = (float(left), float(top) + 0.26 * high, float(right), float(bottom) - 0.215 * high)
        found.append((html.unescape(text), box))
    return found


def collisions(pdf: bytes, folder: Path) -> list[tuple[str, str]]:
    placed = words(pdf, folder)
    assert len(placed) > 40
    return [
        (one, other)
        for index, (one, a) in enumerate(placed)
        for other, b in placed[index + 1 :]
        if min(a[2], b[2]) - max(a[0], b[0]) > 0.5 and min(a[3], b[3]) - max(a[1], b[1]) > 0.3
    ]


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize(
    "actor", ["NGO", "HEALTH_PUBLIC", "SHELTER", "POLICE", "COURT", "EMBASSY", "NATF", "DCS", "LABOUR", "CHIEF"]
)
def test_no_word_stands_on_another(actor: str, language: str, tmp_path: Path) -> None:
    for services in (
        ("TRANSPORT",),
        ("DOCUMENTS", "REPATRIATION"),
        ("PSYCHOSOCIAL", "SKILLS", "LIVELIHOOD", "MEDICAL"),
    ):
        facts = VariantFacts(papers_needed="Travel paper home", costs="Transport", employer="Practice Farm Ltd")
        content = letter(language=language, actor=actor, services=services, variant_facts=facts)
        assert collisions(printed(content), tmp_path) == []
        assert collisions(printed(content, CopyFor.PERSON, 3), tmp_path) == []


@pytest.mark.parametrize("language", ["en", "sw"])
@pytest.mark.parametrize("length", [60, 120, 180, 240])
def test_no_word_stands_on_another_at_any_density(length: int, language: str, tmp_path: Path) -> None:
    for actor in ("HEALTH_PUBLIC", "EMBASSY"):
        content = letter(
            IdentityMode.NAME,
            language,
            actor,
            reason_short=LONG[:length],
            needs_short=LONG[:length],
            risk_note=LONG[: length // 2],
            variant_facts=VariantFacts(within_72_hours=True, papers_needed=LONG[: length // 3]),
        )
        assert collisions(printed(content), tmp_path) == []


@pytest.mark.parametrize("actor", ["HEALTH_PUBLIC", "POLICE"])
def test_no_word_of_the_longest_letter_stands_on_another(actor: str, tmp_path: Path) -> None:
    assert collisions(printed(longest(actor)), tmp_path) == []


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("text", ["Needs a check", "Selam ሰላም", "محمد (Ali) 0729 351 383", "Lɛ̈ɛ̈k 😀"])
def test_text_on_a_blank_page_ends_where_it_ends_on_a_sheet(text: str, style: Style) -> None:
    for right in (False, True):
        ends = {page.text(100.0, 40.0, text, 9.5, style, right=right) for page in (Sheet("en"), Blank())}
        assert len(ends) == 1
    assert Sheet("en").tick_box(30.0, 40.0) == Blank().tick_box(30.0, 40.0)
