"""G9: a letter beside its own strings on a bare ReportLab canvas, and a hundred of them beside an office suite.

The office suite is given ready documents with the same strings, which is less than a mail merge does.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from bench.figures import ROUNDS, Pairs, Result, child, figure, in_turn, told, unlocked
from bench.full_offices import full_office
from bench.storage import FEW
from desktop.bootstrap import Desk
from desktop.errors import NotAccepted
from desktop.letters import content as letter_content
from desktop.letters import layout, pdf, scripts
from desktop.letters.content import LetterContent
from desktop.letters.scripts import Style
from desktop.paths import resource
from desktop.services import records
from desktop.services.letter_source import gather

_HUNDRED = 100
_SUITE_ROUNDS = 3  # a hundred documents each
_PROOF = bytes(range(16))
_FACES = {Style.REGULAR: "NotoSans-Regular", Style.BOLD: "NotoSans-Bold", Style.ITALIC: "NotoSans-Italic"}
_DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document office:version="1.3"'
    ' office:mimetype="application/vnd.oasis.opendocument.text"'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    "<office:body><office:text>{}</office:text></office:body></office:document>"
)


@dataclass
class _Drawn:
    """What one letter puts on its page, in points: texts with their place, face and size, lines and boxes."""

    texts: list[tuple[float, float, str, Style, float]] = field(default_factory=list)
    lines: list[tuple[float, ...]] = field(default_factory=list)
    boxes: list[tuple[float, ...]] = field(default_factory=list)


def measure() -> Iterator[Result]:
    """Yield every part of G9."""
    made = full_office(FEW).office
    with unlocked(made) as desk:
        found = dict(islice(_letters(desk), _HUNDRED))
        referrals, contents = list(found), list(found.values())
        drawn = [_recorded(content) for content in contents]
        yield _beside_canvas(contents, drawn)
        yield _hundred(desk, referrals)
        yield {
            "goal": "G9-same",
            "figure": len({_rendered(content) for content in contents[:1] * ROUNDS}),
            "limit": 1,
            "N": ROUNDS,
        }
        suite = _beside_office_suite(contents, drawn)
    yield suite
    first = [child("first_letter", told(made, referral=referrals[0]))["ms"] for _ in range(ROUNDS)]
    yield {"goal": "G9-first", "figure": figure(median(first)), "limit": 120, "N": ROUNDS}


def _letters(desk: Desk) -> Iterator[tuple[str, LetterContent]]:
    """Yield draft referrals and what their letters say; those that need another paper's consent are passed over."""
    with desk.vault.reading() as session:
        drafts = session.connection().exec_driver_sql(
            "SELECT referral_id FROM referral_row WHERE status = 'DRAFT' ORDER BY referral_id"
        )
        for (referral_id,) in drafts.all():
            referral = records.load(session, desk.vault, referral_id)
            try:
                found = gather(session, desk.vault, referral, None, draft=False)
            except NotAccepted:  # a child's consent is another person's to give
                continue
            yield referral_id, letter_content.build(found.source, "en", found.mode, desk.vault.catalogue)


def _rendered(content: LetterContent) -> bytes:
    return pdf.render(content, salt_digest_first16=_PROOF, copy=1, copies=1)


def _recorded(content: LetterContent) -> _Drawn:
    """Return what the finished page of a letter holds; pages tried and given up do not count."""
    pages: dict[int, _Drawn] = {}
    finished: list[Any] = []
    draw, line, rect, finish = scripts.draw, Canvas.line, Canvas.rect, layout.Sheet.finish

    def on(canvas: Canvas) -> _Drawn:
        return pages.setdefault(id(canvas), _Drawn())

    def drawn(canvas: Canvas, x: float, y: float, text: str, style: Style, size: float, **more: Any) -> float:
        on(canvas).texts.append((x, y, text, style, size))
        return draw(canvas, x, y, text, style, size, **more)

    def lined(canvas: Canvas, *ends: float) -> None:
        on(canvas).lines.append(ends)
        line(canvas, *ends)

    def boxed(canvas: Canvas, *extent: float, **more: Any) -> None:
        on(canvas).boxes.append(extent)
        rect(canvas, *extent, **more)

    def done(sheet: layout.Sheet) -> bytes:
        finished.append(sheet)
        return finish(sheet)

    with (
        patch.object(scripts, "draw", drawn),
        patch.object(Canvas, "line", lined),
        patch.object(Canvas, "rect", boxed),
        patch.object(layout.Sheet, "finish", done),
    ):
        _rendered(content)
    return pages[id(finished[0]._canvas)]


def _raw(page: _Drawn) -> bytes:
    """Draw the same strings, lines and boxes on a bare canvas, each string by one font."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1, pageCompression=1)
    for x, y, text, style, size in page.texts:
        canvas.setFont(f"Anchor-{style}", size)
        canvas.drawString(x, y, text)
    for ends in page.lines:
        canvas.line(*ends)
    for extent in page.boxes:
        canvas.rect(*extent)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def _beside_canvas(contents: list[LetterContent], pages: list[_Drawn]) -> Result:
    """G9: letters and their raw pages, letter by letter in turn."""
    for style, name in _FACES.items():
        pdfmetrics.registerFont(TTFont(f"Anchor-{style}", io.BytesIO(resource("fonts", f"{name}.ttf").read_bytes())))
    _rendered(contents[0])
    _raw(pages[0])
    pairs = Pairs([], [])
    for content, page in zip(contents, pages, strict=True):
        began = time.perf_counter()
        _rendered(content)
        between = time.perf_counter()
        _raw(page)
        pairs.anchor.append((time.perf_counter() - between) * 1000)
        pairs.ours.append((between - began) * 1000)
    return pairs.result("G9", 1.3, texts=len(pages[0].texts))


def _hundred(desk: Desk, referrals: list[str]) -> Result:
    """G9: a hundred letters from the vault to their bytes, each of another case."""
    taken = []
    for _ in range(_SUITE_ROUNDS):
        began = time.perf_counter()
        for referral in referrals:
            desk.referrals.preview_letter(referral, "en")
        taken.append(time.perf_counter() - began)
    return {"goal": "G9-hundred", "figure": figure(median(taken)), "limit": 0.7, "N": len(taken)}


def _beside_office_suite(contents: list[LetterContent], pages: list[_Drawn]) -> Result:
    """G9: a hundred letters drawn and kept as files, and an office suite turning as many ready documents into PDF."""
    suite = shutil.which("soffice")
    if suite is None:
        return {"goal": "G9-merge", "figure": "not run", "limit": 3}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for number, page in enumerate(pages):
            paragraphs = "".join(f"<text:p>{escape(text)}</text:p>" for _, _, text, _, _ in page.texts)
            (folder / "in" / f"{number}.fodt").write_text(_DOCUMENT.format(paragraphs), encoding="utf-8")
        sources = sorted(map(str, (folder / "in").iterdir()))
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        command = [suite, "--headless", profile, "--convert-to", "pdf", "--outdir", str(folder / "out"), *sources]

        def ours() -> float:
            began = time.perf_counter()
            for number, content in enumerate(contents):
                (folder / f"{number}.pdf").write_bytes(_rendered(content))
            return time.perf_counter() - began

        def anchor() -> float:
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=os.environ | {"HOME": name})
            return time.perf_counter() - began

        pairs = in_turn(ours, anchor, _SUITE_ROUNDS)
    return pairs.faster("G9-merge", 3)
