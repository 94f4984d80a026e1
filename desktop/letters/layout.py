"""A4 sheets, measured in millimetres from the top left corner: text, rules, boxes, ticks, QR and marks.

Everything is black on white and carries its meaning by weight and place, so a worn printer and two photocopies do no
harm. No text is markup here; nothing is read from a file or an address while drawing.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from desktop.letters import scripts
from desktop.letters.scripts import Style

WIDTH, HEIGHT = A4[0] / mm, A4[1] / mm
LEFT, RIGHT = 25.0, WIDTH - 20.0  # the file punch needs the wider margin
TOP, BOTTOM = 20.0, HEIGHT - 20.0
HAIRLINE, LINE, HEAVY = 0.3, 0.5, 1.0  # points
TICK = 4.0

_AFTER_TICK = 1.8
_MARK_GREY = 0.62
_QR_QUIET = 4  # modules (ISO/IEC 18004)


class Sheet:
    """A page being drawn. Sizes of text are points, everything else is millimetres, `y` is a baseline."""

    def __init__(self, language: str) -> None:
        """Begin an empty page whose document says nothing about itself but its language."""
        self._file = io.BytesIO()
        self._canvas = Canvas(self._file, pagesize=A4, invariant=1, pageCompression=1, lang=language)
        self._canvas.setTitle("Document")
        for clear in (self._canvas.setAuthor, self._canvas.setSubject, self._canvas.setCreator):
            clear("")
        self._canvas.setProducer("")

    def finish(self) -> bytes:
        """Close the page and return the document."""
        self._canvas.showPage()
        self._canvas.save()
        return self._file.getvalue()

    def turn(self) -> None:
        """Go on with an empty page."""
        self._canvas.showPage()

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        style: Style = Style.REGULAR,
        *,
        right: bool = False,
        right_to_left: bool | None = None,
    ) -> float:
        """Draw one line from `x`, or up to `x` with `right`; return where it ends."""
        start = x - width(text, size, style) if right else x
        return float(self._put(start * mm, _up(y), text, style, size, right_to_left) / mm)

    def _put(self, x: float, y: float, text: str, style: Style, size: float, right_to_left: bool | None) -> float:
        """Draw one line at a place of the canvas, in points, and return where it ends."""
        return float(scripts.draw(self._canvas, x, y, text, style, size, right_to_left=right_to_left))

    def lines(
        self, x: float, y: float, lines: Sequence[tuple[str, bool]], size: float, style: Style, lead: float
    ) -> None:
        """Draw what `wrap` returned, the first baseline at `y`, `lead` millimetres apart."""
        for index, (line, right_to_left) in enumerate(lines):
            self.text(x, y + index * lead, line, size, style, right_to_left=right_to_left)

    def rule(self, x: float, end: float, y: float, weight: float = HAIRLINE, *, dashed: bool = False) -> None:
        """Draw a horizontal line."""
        self._canvas.setLineWidth(weight)
        self._canvas.setDash([3, 3] if dashed else [])
        self._canvas.line(x * mm, _up(y), end * mm, _up(y))
        self._canvas.setDash([])

    def upright(self, x: float, y: float, end: float, weight: float) -> None:
        """Draw a vertical line."""
        self._canvas.setLineWidth(weight)
        self._canvas.line(x * mm, _up(y), x * mm, _up(end))

    def box(self, x: float, y: float, wide: float, high: float, weight: float = HAIRLINE) -> None:
        """Draw an outline whose top left corner is `x`, `y`."""
        self._canvas.setLineWidth(weight)
        self._canvas.rect(x * mm, _up(y + high), wide * mm, high * mm, stroke=1, fill=0)

    def tick_box(self, x: float, y: float, *, ticked: bool = False) -> float:
        """Draw a 4 mm box standing on the baseline `y`, crossed when ticked; return where text may begin."""
        top = y + 0.7 - TICK
        self.box(x, top, TICK, TICK, LINE)
        if ticked:
            self._canvas.setLineWidth(HEAVY)
            near, far = 0.8, TICK - 0.8
            self._canvas.line((x + near) * mm, _up(top + near), (x + far) * mm, _up(top + far))
            self._canvas.line((x + near) * mm, _up(top + far), (x + far) * mm, _up(top + near))
        return x + TICK + _AFTER_TICK

    def qr(self, x: float, y: float, side: float, text: str) -> None:
        """Draw the QR of `text` as vectors; `side` includes the quiet zone."""
        import segno  # a draft has no QR, and the first letter one sees is a draft

        code = segno.make_qr(text, error="m")
        rows = [bytes(row) for row in code.matrix]
        module = side / (len(rows) + 2 * _QR_QUIET)
        path = self._canvas.beginPath()
        for down, row in enumerate(rows):
            bottom = _up(y + (down + _QR_QUIET + 1) * module)
            for start, length in _dark_stretches(row):
                path.rect((x + (start + _QR_QUIET) * module) * mm, bottom, length * module * mm, module * mm)
        self._canvas.drawPath(path, stroke=0, fill=1)

    def mark(self, text: str, size: float, x: float, y: float, angle: float) -> None:
        """Draw outlined letters across the page, centred on `x`, `y`: they survive a photocopy and hide no word."""
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(x * mm, _up(y))
        canvas.rotate(angle)
        canvas.setStrokeGray(_MARK_GREY)
        canvas.setLineWidth(LINE)
        canvas._code.append("1 Tr")  # outline only
        scripts.draw(canvas, -scripts.width(text, Style.BOLD, size) / 2, -size / 3, text, Style.BOLD, size)
        canvas._code.append("0 Tr")
        canvas.restoreState()


class Blank(Sheet):
    """A page that nothing is put on: a try at one density needs only where its texts end."""

    def __init__(self) -> None:
        """Begin without a document."""

    def turn(self) -> None:
        """Begin again at the top."""

    def _put(self, x: float, y: float, text: str, style: Style, size: float, right_to_left: bool | None) -> float:
        """Return where the line would end."""
        return float(scripts.line_end(x, text, style, size, right_to_left=right_to_left))

    def rule(self, x: float, end: float, y: float, weight: float = HAIRLINE, *, dashed: bool = False) -> None:
        """Draw nothing."""

    def upright(self, x: float, y: float, end: float, weight: float) -> None:
        """Draw nothing."""

    def box(self, x: float, y: float, wide: float, high: float, weight: float = HAIRLINE) -> None:
        """Draw nothing."""

    def tick_box(self, x: float, y: float, *, ticked: bool = False) -> float:
        """Return where text may begin."""
        return x + TICK + _AFTER_TICK


def _up(y: float) -> float:
    """Return the PDF coordinate (points from the foot) of a height from the top."""
    return float((HEIGHT - y) * mm)


def _dark_stretches(row: bytes) -> list[tuple[int, int]]:
    """Return (start, length) of every unbroken stretch of dark modules: drawn as one, no printer leaves a seam."""
    found: list[tuple[int, int]] = []
    for index, dark in enumerate(row):
        if dark and found and sum(found[-1]) == index:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((index, 1))
    return found


def width(text: str, size: float, style: Style = Style.REGULAR) -> float:
    """Return the width of one line in millimetres."""
    return float(scripts.width(text, style, size) / mm)


def wrap(
    text: str, size: float, wide: float, style: Style = Style.REGULAR, *, first: float | None = None
) -> tuple[tuple[str, bool], ...]:
    """Break `text` into lines of at most `wide` millimetres (the first of at most `first`), with their direction."""
    return scripts.wrap(text, style, size, wide * mm, None if first is None else first * mm)
