"""Text of any script on paper: which font draws which stretch, in which order, how wide it is and where it breaks.

ReportLab neither falls back to another font nor orders right-to-left text, and what a font lacks silently vanishes.
Here every line becomes `Run`s in the order of the eye; a sign that no shipped font holds becomes a visible box.

The order is decided word by word: a stretch of Arabic words is shaped and reversed as a whole, a stretch of Latin
words or digit groups is never touched. So `محمد (Ali) 0729 351 383` keeps its number, which the plain bidirectional
algorithm would turn round group by group. No markup exists here: `<b>` is four signs.

Arabic is drawn in the order of the eye and mapped to its presentation forms in the text layer. Readers of PDF order
such text themselves and give the stored name back (after NFKC); an ActualText span in logical order would be
reversed a second time by poppler. One gap is left: on a page that runs left to right poppler takes a hyphen inside an
Arabic name for a number sign and gives the two halves in the order of the eye.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from itertools import groupby

import arabic_reshaper
import uharfbuzz
from bidi.algorithm import get_display
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.textobject import PDFTextObject

from desktop.paths import resource

BOX_WIDTH_EM = 0.6
# What a letter tries while it breaks its lines, many times over: some 600 lines and as many runs. They hold names until
# the vault is locked and the process replaced, as the letter itself does.
_KEPT_LINES = 4096
_ARABIC_SCALE = 1.2  # Naskh at the same size looks a fifth smaller beside Latin
_BOX = ""  # the font of a run that no font can draw
_PAIRS = ("()", "[]", "{}", "<>", "\u00ab\u00bb", "\u2039\u203a")
_LATIN = (*range(0x20, 0x250), *range(0x2010, 0x2028))  # none of them right to left
_MARKED = re.compile("(.[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff]+)")  # a letter with Latin marks
_MIRRORED = {pair[i]: pair[1 - i] for pair in _PAIRS for i in (0, 1)}


class Style(StrEnum):
    """The three faces of our paper; Ethiopic and Arabic have no italic and stay upright."""

    REGULAR = "REGULAR"
    BOLD = "BOLD"
    ITALIC = "ITALIC"


_FILES = {
    Style.REGULAR: ("NotoSans-Regular", "NotoSansEthiopic-Regular", "NotoNaskhArabic-Regular"),
    Style.BOLD: ("NotoSans-Bold", "NotoSansEthiopic-Bold", "NotoNaskhArabic-Bold"),
    Style.ITALIC: ("NotoSans-Italic", "NotoSansEthiopic-Regular", "NotoNaskhArabic-Regular"),
}


@dataclass(frozen=True)
class Run:
    """Signs drawn by one font, in the order of the eye. An empty font means: draw a box for each sign.

    `actual` is what the text layer shall say where the drawn sign is another: a bracket turned round in Arabic.
    """

    font: str
    text: str
    actual: str = ""

    @property
    def is_box(self) -> bool:
        """Whether no shipped font holds these signs."""
        return self.font == _BOX


@cache
def _font(name: str) -> TTFont:
    data = resource("fonts", f"{name}.ttf").read_bytes()
    font = TTFont(name, io.BytesIO(data))
    face = font.face
    if 0x2010 in face.charToGlyph and 0x2D not in face.charToGlyph:
        # Naskh draws a hyphen but not for the key everybody types. A name like Wad-al-Sheikh must stay one stretch of
        # one font, or readers of the text layer turn its two halves round.
        face.charToGlyph[0x2D] = face.charToGlyph[0x2010]
        face.charWidths[0x2D] = face.charWidths[0x2010]
    pdfmetrics.registerFont(font)
    return font


@cache
def _shaping_font(name: str) -> uharfbuzz.Font:
    return uharfbuzz.Font(uharfbuzz.Face(resource("fonts", f"{name}.ttf").read_bytes()))


@cache
def _reshaper() -> arabic_reshaper.ArabicReshaper:
    # Vowel signs are part of a name as it was given; the library's default drops them.
    return arabic_reshaper.ArabicReshaper({"delete_harakat": False, "support_zwj": True})


def _holds(name: str, sign: str) -> bool:
    return ord(sign) in _font(name).face.charToGlyph


def _is_invisible(sign: str) -> bool:
    """Whether a sign only steers its neighbours: joiners, direction marks, variation selectors, control codes."""
    return (
        unicodedata.category(sign) in ("Cf", "Cc")
        or "\ufe00" <= sign <= "\ufe0f"
        or "\U000e0100" <= sign <= "\U000e01ef"
    )


def _side(word: str) -> str:
    kinds = {unicodedata.bidirectional(sign) for sign in word}
    if kinds & {"R", "AL"}:
        return "R"
    return "L" if kinds & {"L", "EN", "AN"} else ""


def is_right_to_left(text: str) -> bool:
    """Return whether the first strong sign of `text` runs right to left."""
    for sign in text:
        kind = unicodedata.bidirectional(sign)
        if kind in ("R", "AL"):
            return True
        if kind == "L":
            return False
    return False


def paragraphs(text: str) -> tuple[str, ...]:
    """Return the composed (NFC) paragraphs of `text`, inner blanks made one; empty paragraphs are left out."""
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", text).splitlines())
    return tuple(line for line in lines if line)


def _visual(line: str, *, right_to_left: bool) -> Iterator[tuple[str, str]]:
    """Yield the signs of one line in the order of the eye, each with what it stands for when it was turned round."""
    base = "R" if right_to_left else "L"
    stretches: list[list[tuple[str, str]]] = []
    for side, words in groupby(line.split(" "), key=lambda word: _side(word) or base):
        stretch = " ".join(words)
        if side == "R":
            shaped = get_display(_reshaper().reshape(stretch), base_dir="R")
            stretches.append([(sign, _MIRRORED.get(sign, "")) for sign in shaped])
        else:
            stretches.append([(sign, "") for sign in stretch])
    for index, signs in enumerate(reversed(stretches) if right_to_left else stretches):
        if index:
            yield " ", ""
        yield from signs


def _font_for(sign: str, previous: str, style: Style) -> str:
    """Return the font for a sign that follows one drawn in `previous`; empty when none holds it."""
    latin, ethiopic, arabic = _FILES[style]
    order = [latin, ethiopic, arabic]
    # Blanks, points and marks stay with the letters before them: fewer changes, and marks sit on their own base.
    if previous and (unicodedata.category(sign)[0] in "ZPM" or sign == " "):
        order.insert(0, previous)
    return next((name for name in order if _holds(name, sign)), _BOX)


@cache
def _plain_signs(style: Style) -> frozenset[str]:
    """Return the Latin letters and points of a style's first font, which stand in a line as they were typed."""
    held = _font(_FILES[style][0]).face.charToGlyph
    return frozenset(sign for sign in map(chr, _LATIN) if ord(sign) in held and not _is_invisible(sign))


@lru_cache(_KEPT_LINES)
def line_runs(line: str, style: Style, *, right_to_left: bool | None = None) -> tuple[Run, ...]:
    """Return the runs of one line in the order of the eye.

    `right_to_left` is the direction of the paragraph the line belongs to; by default the line's own.
    """
    text = unicodedata.normalize("NFC", line)
    if right_to_left is None:
        right_to_left = is_right_to_left(text)
    if text and not right_to_left and _plain_signs(style).issuperset(text):
        return (Run(_FILES[style][0], text),)
    runs: list[Run] = []
    previous = _BOX
    for sign, actual in _visual(text, right_to_left=right_to_left):
        if _is_invisible(sign):
            continue
        previous = _font_for(sign, previous, style)
        if runs and runs[-1].font == previous and not actual and not runs[-1].actual:
            runs[-1] = Run(previous, runs[-1].text + sign)
        else:
            runs.append(Run(previous, sign, actual))
    return tuple(runs)


def missing_glyphs(text: str) -> tuple[str, ...]:
    """Return the signs of `text` that paper can only show as a box, each once, in order of appearance."""
    found: dict[str, None] = {}
    for paragraph in paragraphs(text):
        for run in line_runs(paragraph, Style.REGULAR):
            if run.is_box:
                found.update(dict.fromkeys(unicodedata.normalize("NFKC", run.text)))
    return tuple(found)


def _run_width(run: Run, size: float) -> float:
    if run.is_box:
        return len(run.text) * BOX_WIDTH_EM * size
    return 0.001 * _scaled(run.font, size) * _advance(run.font, run.text)


@lru_cache(_KEPT_LINES)
def _advance(font: str, text: str) -> float:
    """Return the width of `text` in thousandths of its size."""
    return float(_font(font).stringWidth(text, 1000))


def _scaled(font: str, size: float) -> float:
    return size * _ARABIC_SCALE if font.startswith("NotoNaskh") else size


def width(text: str, style: Style, size: float) -> float:
    """Return the width in points of `text` on one line."""
    return sum(_run_width(run, size) for run in line_runs(text, style))


def _pieces(word: str, style: Style, size: float, limit: float) -> Iterator[str]:
    """Cut a word wider than `limit` points at whole signs; most words come back as they are."""
    if width(word, style, size) <= limit:
        yield word
        return
    piece = ""
    for sign in word:
        is_mark = unicodedata.category(sign)[0] == "M"
        if piece and not is_mark and width(piece + sign, style, size) > limit:
            yield piece
            piece = ""
        piece += sign
    yield piece


def wrap(
    text: str, style: Style, size: float, limit: float, first: float | None = None
) -> tuple[tuple[str, bool], ...]:
    """Break `text` into lines of at most `limit` points; each comes with the direction of its paragraph.

    `first` is the limit of the very first line where that is shorter; the line stays empty when no word fits into it.
    """
    lines: list[tuple[str, bool]] = []
    first = limit if first is None else first
    for paragraph in paragraphs(text):
        right_to_left = is_right_to_left(paragraph)
        line = ""
        for word in paragraph.split(" "):
            for piece in _pieces(word, style, size, limit):
                longer = f"{line} {piece}" if line else piece
                room = limit if lines else first
                if (line or room < limit) and width(longer, style, size) > room:
                    lines.append((line, right_to_left))
                    longer = piece
                line = longer
        lines.append((line, right_to_left))
    return tuple(lines)


def line_end(x: float, line: str, style: Style, size: float, *, right_to_left: bool | None = None) -> float:
    """Return where `draw` ends a line that begins at `x`."""
    for run in line_runs(line, style, right_to_left=right_to_left):
        x += _run_width(run, size)
    return x


def draw(
    canvas: Canvas, x: float, y: float, line: str, style: Style, size: float, *, right_to_left: bool | None = None
) -> float:
    """Draw one line from `x` on the baseline `y` (points) and return where it ends; the fill colour is the caller's.

    `right_to_left` is the direction of its paragraph; by default the line's own.
    """
    end = x
    pen = canvas.beginText(x, y)
    for run in line_runs(line, style, right_to_left=right_to_left):
        if run.is_box:
            canvas.drawText(pen)
            for _ in run.text:
                canvas.rect(end + 0.08 * size, y, (BOX_WIDTH_EM - 0.16) * size, 0.7 * size, stroke=1, fill=0)
                end += BOX_WIDTH_EM * size
            pen = canvas.beginText(end, y)
            continue
        _font(run.font)
        pen.setFont(run.font, _scaled(run.font, size))
        if run.actual:
            pen._code.append(f"/Span <</ActualText <FEFF{ord(run.actual):04X}>>> BDC")
        for index, piece in enumerate(_MARKED.split(run.text)):
            if index % 2:
                _draw_marked(pen, piece, run.font, size)
            elif piece:
                pen.textOut(piece)
        if run.actual:
            pen._code.append("EMC")
        end += _run_width(run, size)
    canvas.drawText(pen)
    return end


def _draw_marked(pen: PDFTextObject, cluster: str, font_name: str, size: float) -> None:
    """Draw a letter whose marks have no composed form, as in Dinka: each mark where the font's own table puts it."""
    font = _shaping_font(font_name)
    per_em = 1000 / font.face.upem  # PDF counts thousandths of the size
    buffer = uharfbuzz.Buffer()
    buffer.add_str(cluster)
    buffer.guess_segment_properties()
    # Without composition and ligatures every glyph is still the one its sign maps to, so the text layer holds.
    uharfbuzz.shape(font, buffer, {"ccmp": False, "liga": False, "kern": False})
    for sign, at in zip(cluster, buffer.glyph_positions, strict=True):
        drawn_advance = _font(font_name).stringWidth(sign, 1000)
        right, rise = at.x_offset * per_em, at.y_offset * per_em * size / 1000
        if right or rise:
            pen._code.append(f"[{-right:.2f}] TJ {rise:.3f} Ts")
        pen.textOut(sign)
        if right or rise:
            pen._code.append(f"0 Ts [{drawn_advance + right - at.x_advance * per_em:.2f}] TJ")
