"""Draw a referral letter (RUF-3) with its reply slip (RUF-4): one A4 page, a pure function of its arguments.

The letter takes the upper part, the slip the lower third below a cut line. Long texts are set closer in declared
steps, down to 9 points; what still does not fit is refused, never cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from desktop.errors import NotAccepted, Problem
from desktop.letters.content import Fact, LetterContent
from desktop.letters.layout import HAIRLINE, HEAVY, LEFT, LINE, RIGHT, TICK, TOP, Sheet, width, wrap
from desktop.letters.phrases import other_language, phrases
from desktop.letters.scripts import Style
from desktop.letters.slip import cut_line, draw_slip

LABEL, SECOND = 8.5, 7.0  # points: label in the paper's language, and in the other one
QR_SIDE = 21.0
QR_LEFT, QR_TOP = RIGHT - QR_SIDE + 2.0, TOP - 3.0  # its quiet zone reaches into the margin, its modules do not

_MM_PER_POINT = 25.4 / 72
_TEXT = LEFT + 38.0  # where the right-hand column begins
_PROOF_BYTES = 16
_SIGNATURE, _STAMP = 60.0, 36.0


@dataclass(frozen=True)
class Step:
    """One density: type size in points, leading as a multiple of it, and whether small facts run on in one line."""

    size: float
    leading: float
    compact: bool


STEPS = (
    Step(10.5, 1.28, compact=False),
    Step(10.0, 1.26, compact=False),
    Step(10.0, 1.24, compact=True),
    Step(9.5, 1.2, compact=True),
    Step(9.0, 1.1, compact=True),
)
_FACT_SIZES = (10.5, 10.0, 9.5, 9.0)  # number, dates: one line if at all possible
_CELL_GAP = 3.0
_TIGHT, _AIRY = 0.7, 2.2  # millimetres of white above and below the text of a row


class CopyFor(StrEnum):
    """Who keeps this copy. The person's own has a neutral head: no state, no ministry, no office."""

    RECEIVER = "RECEIVER"
    FILE = "FILE"
    PERSON = "PERSON"


def qr_text(content: LetterContent, salt_digest_first16: bytes) -> str:
    """Return what the QR says: serial, 16 bytes of the digest in hex, office code (threat-model 5.10)."""
    return f"{content.serial} {salt_digest_first16.hex().upper()} {content.office_code}"


def render(
    content: LetterContent,
    *,
    salt_digest_first16: bytes | None,
    copy: int,
    copies: int,
    copy_for: CopyFor = CopyFor.RECEIVER,
) -> bytes:
    """Return the letter as PDF. The proof is None on a draft only, which then carries no QR.

    Raises:
        NotAccepted: LETTER_DOES_NOT_FIT: the texts are too long for one page.
        ValueError: An issued letter without 16 bytes of proof, or a draft with them.
    """
    proof = salt_digest_first16
    if (proof is None) != content.draft or (proof is not None and len(proof) != _PROOF_BYTES):
        raise ValueError("an issued letter carries 16 bytes of its digest, a draft none")
    for step in STEPS:
        trial = _Letter(content, step, copy_for, _TIGHT)
        spare = trial.draw_body()
        if spare >= 0:
            page = _Letter(content, step, copy_for, min(_AIRY, _TIGHT + spare / (2 * trial.rows + 1)))
            page.draw_body()
            page.draw_frame(proof, copy, copies)
            return page.sheet.finish()
    raise NotAccepted((Problem("LETTER_DOES_NOT_FIT", "referral.reason_short"),), "LETTER_DOES_NOT_FIT")


class _Letter:
    """One try at one density; `draw_body` says whether it fits, and `rows` over how many rows white can be shared."""

    def __init__(self, content: LetterContent, step: Step, copy_for: CopyFor, gap: float) -> None:
        self.sheet = Sheet(content.language)
        self._content, self._copy_for = content, copy_for
        self._size, self._compact = step.size, step.compact
        self._own, self._other = phrases(content.language), phrases(other_language(content.language))
        self._lead = step.size * step.leading * _MM_PER_POINT
        self._gap = gap
        self._above, self._below = step.size * 0.76 * _MM_PER_POINT, step.size * 0.24 * _MM_PER_POINT
        self._cut = cut_line(len(content.services))
        # The person's own line is optional (forms.md RUF-3): it gives way where a second officer signs a long letter.
        own_line = () if step.compact and len(content.signatures) > 1 else ("acknowledged",)
        self._signing = (*content.signatures, *own_line)
        self._signing_rows = -(-len(self._signing) // 2)
        self._signing_pitch = 9.0 if step.compact else 12.0
        self._y = self._low = 0.0
        self.rows = 2  # the first and the closing one have no label

    @property
    def _signing_top(self) -> float:
        return self._cut - 9.5 - self._signing_rows * self._signing_pitch

    # ------------------------------------------------------------------------------------------ the frame

    def draw_frame(self, proof: bytes | None, copy: int, copies: int) -> None:
        """Draw what stands at a fixed place: marks, head, signatures, copy line, slip."""
        content, sheet = self._content, self.sheet
        self._marks()
        self._head()
        if proof is not None:
            sheet.qr(QR_LEFT, QR_TOP, QR_SIDE, qr_text(content, proof))
        self._signatures()
        recipient = self._own["value"].get(f"copy_{self._copy_for}", content.to[0])
        line = self._own["value"]["copy"].format(copy=copy, copies=copies, recipient=recipient)
        size = next((size for size in (LABEL, SECOND) if width(line, size) <= RIGHT - LEFT), 6.0)
        sheet.lines(LEFT, self._cut - 2.2, wrap(line, size, RIGHT - LEFT)[:1], size, Style.REGULAR, self._lead)
        draw_slip(sheet, content, self._cut, with_office=self._copy_for is not CopyFor.PERSON)

    def _marks(self) -> None:
        head, content, sheet = self._own["head"], self._content, self.sheet
        middle = (LEFT + RIGHT) / 2
        if content.draft:
            sheet.mark(head["draft"], 110, middle, 120, 35)
        if content.practice:
            sheet.mark(head["practice"], 60, middle, 165 if content.draft else 120, 0 if content.draft else 35)
            sheet.mark(head["practice"], 48, middle, 246, 0)
            sheet.text(LEFT, TOP - 4.5, head["practice_line"], LABEL, Style.BOLD)

    def _head(self) -> None:
        content, sheet, head = self._content, self.sheet, self._own["head"]
        if self._copy_for is not CopyFor.PERSON:
            left = LEFT + 20  # the office's coat of arms goes here
            sheet.text(left, TOP + 3, head["republic"], 9)
            ministry = wrap(content.ministry, 9, QR_LEFT - left - 40)[:2]
            sheet.lines(left, TOP + 7.4, ministry, 9, Style.REGULAR, 4)
            office = wrap(content.office, 10.5, QR_LEFT - left - 40, Style.BOLD)[:1]
            sheet.lines(left, TOP + 8.4 + 4 * len(ministry), office, 10.5, Style.BOLD, 4)
        right = QR_LEFT - 1
        form, version = content.template.split("/")
        sheet.text(right, TOP + 3, f"{form} \N{MIDDLE DOT} {version}", 9, Style.BOLD, right=True)
        sheet.text(right, TOP + 7.4, head["page"], LABEL, right=True)
        if content.serial:
            sheet.text(right, TOP + 12, head["serial"], SECOND, Style.ITALIC, right=True)
            sheet.text(right, TOP + 15.6, content.serial, LABEL, right=True)

    def _signatures(self) -> None:
        sheet, top = self.sheet, self._signing_top
        for index, who in enumerate(self._signing):
            left = LEFT + (index % 2) * (_SIGNATURE + 4.5)
            line = top + (index // 2 + 1) * self._signing_pitch - 2
            sheet.rule(left, left + _SIGNATURE, line, LINE)
            self._label(left, line + 3.3, who, _SIGNATURE)
        sheet.box(RIGHT - _STAMP, top + 1, _STAMP, self._signing_rows * self._signing_pitch + 1, HAIRLINE)
        self._label(RIGHT - _STAMP + 1.5, top + 4.8, "stamp", _STAMP)

    # ------------------------------------------------------------------------------------------- the body

    def draw_body(self) -> float:
        """Draw title and rows; return how many millimetres are left above the signatures, negative when too long."""
        content = self._content
        self._title()
        when = (
            ("number", content.number),
            ("issued", content.issued),
            ("act_by", content.act_by),
            ("reply_by", content.reply_by),
        )
        room = RIGHT - LEFT
        fitting = (
            size for size in _FACT_SIZES if sum(self._cell_width(fact, size) for fact in when) <= room + _CELL_GAP
        )
        self._y = self._cells(LEFT, self._y, room, when, min(self._size, next(fitting, _FACT_SIZES[-1])))
        self._receiver()
        self._paragraph("from", content.sender[:1] if self._copy_for is CopyFor.PERSON else content.sender)
        self._person()
        self._services()
        for key, text in content.notes:
            self._paragraph(key, (text,), heavy=key in ("safety", "flag72"))
        self._closing()
        return self._signing_top - self._y

    def _title(self) -> None:
        content, sheet = self._content, self.sheet
        y = TOP + (18 if self._compact else 20)
        sheet.rule(LEFT, RIGHT, y, HEAVY)
        key = "title_COURT" if content.variant == "COURT" else "title"
        end = sheet.text(LEFT, y + 7.6, self._own["head"][key], 16, Style.BOLD)
        sheet.text(end + 3, y + 7.6, self._other["head"][key], 9, Style.ITALIC)
        wide = width(content.urgency, 11, Style.BOLD) + 8
        sheet.box(RIGHT - wide, y + 2.2, wide, 7, HEAVY)
        sheet.text(RIGHT - 4, y + 7.1, content.urgency, 11, Style.BOLD, right=True)
        self._y = y + 8 + 1.4 * self._gap

    def _label(self, x: float, y: float, key: str, wide: float) -> float:
        """Draw a label in the paper's language and, beside it or below, in the other; return the lowest baseline."""
        own, other = self._own["label"][key], self._other["label"][key]
        end = self.sheet.text(x, y, own, LABEL)
        if end + 1.4 + width(other, SECOND, Style.ITALIC) <= x + wide:
            self.sheet.text(end + 1.4, y, other, SECOND, Style.ITALIC)
            return y
        self.sheet.text(x, y + 3.1, other, SECOND, Style.ITALIC)
        return y + 3.1

    def _label_width(self, key: str) -> float:
        own, other = self._own["label"][key], self._other["label"][key]
        return width(own, LABEL) + 1.4 + width(other, SECOND, Style.ITALIC)

    def _row(self, key: str) -> float:
        """Begin a row with its hairline and label; return the first baseline of its text."""
        self.rows += 1
        self.sheet.rule(LEFT, RIGHT, self._y)
        base = self._y + self._gap + self._above
        self._low = self._label(LEFT, base, key, _TEXT - LEFT - 1.5)
        return base

    def _end_row(self, last_baseline: float) -> None:
        self._y = max(last_baseline, self._low) + self._below + self._gap

    def _set(self, x: float, base: float, text: str, style: Style = Style.REGULAR) -> float:
        """Set a paragraph up to the right margin; return its last baseline."""
        lines = wrap(text, self._size, RIGHT - x, style)
        self.sheet.lines(x, base, lines, self._size, style, self._lead)
        return base + (len(lines) - 1) * self._lead

    def _paragraph(self, key: str, texts: Sequence[str], *, heavy: bool = False) -> None:
        top, base = self._y, self._row(key)
        last = self._set(_TEXT, base, texts[0])
        for text in texts[1:]:
            last = self._set(_TEXT, last + self._lead, text)
        self._end_row(last)
        if heavy:
            self.sheet.upright(_TEXT - 2, top + 1, self._y - 1, 2.0)

    def _receiver(self) -> None:
        """Set the provider bold and whom to ask for beside it, or below when the line is full."""
        provider, *rest = self._content.to
        base = self._row("to")
        last = self._set(_TEXT, base, provider, Style.BOLD)
        beside = _TEXT + width(provider, self._size, Style.BOLD) + 3
        for text in rest:
            if last == base and beside + width(text, self._size) <= RIGHT:
                self.sheet.text(beside, base, text, self._size)
            else:
                last = self._set(_TEXT, last + self._lead, text)
        self._end_row(last)

    def _person(self) -> None:
        """Set the name, alias or reference large, the other facts small beneath."""
        (key, heading), *facts = self._content.person
        base = self._row("person")
        lines = wrap(heading, self._size + 1, RIGHT - _TEXT - self._label_width(key) - 2, Style.BOLD)
        self.sheet.lines(_TEXT, base, lines, self._size + 1, Style.BOLD, self._lead * 1.08)
        self._label(RIGHT - self._label_width(key), base, key, RIGHT)
        last = base + (len(lines) - 1) * self._lead * 1.08
        if self._compact:
            self._low = max(self._low, last)
            self._end_row(self._run_on(_TEXT, last + self._lead, facts))
        else:
            self._y = self._cells(_TEXT, last + 1.4, RIGHT - _TEXT, facts, self._size)

    def _cell_width(self, fact: Fact, size: float) -> float:
        return max(self._label_width(fact[0]), width(fact[1], size)) + _CELL_GAP

    def _cells(self, left: float, top: float, wide: float, facts: Sequence[Fact], size: float) -> float:
        """Set small labelled values side by side; return where the next row begins."""
        x, y, deepest = left, top + 3.4, top
        for fact in facts:
            taken = min(self._cell_width(fact, size), wide)
            if x > left and x + taken > left + wide + _CELL_GAP:
                x, y = left, deepest + 1.2 + 3.4
            self._label(x, y, fact[0], taken)
            lines = wrap(fact[1], size, taken)
            self.sheet.lines(x, y + self._lead, lines, size, Style.REGULAR, self._lead)
            deepest = max(deepest, y + len(lines) * self._lead)
            x += taken
        return deepest + self._below + self._gap

    def _run_on(self, left: float, base: float, facts: Sequence[Fact]) -> float:
        """Set label and value one after the other in running lines; return the last baseline."""
        x = left
        for key, text in facts:
            label = self._label_width(key) + 1.5
            if x > left and x + label + width(text, self._size) > RIGHT:
                x, base = left, base + self._lead
            self._label(x, base, key, label)
            lines = wrap(text, self._size, RIGHT - x - label)
            self.sheet.lines(x + label, base, lines, self._size, Style.REGULAR, self._lead)
            base += (len(lines) - 1) * self._lead
            x += label + max(width(line, self._size) for line, _ in lines) + 4
        return base

    def _services(self) -> None:
        services = self._content.services
        base = self._row("services")
        half = (RIGHT - _TEXT) / 2
        is_wide = any(width(service, self._size) > half - TICK - 3 for service in services)
        columns = 1 if len(services) == 1 or (is_wide and len(services) <= 3) else 2
        wide = (RIGHT - _TEXT) / columns
        pitch = max(self._lead, TICK + 0.8)
        last = base
        for start in range(0, len(services), columns):
            used = 1
            for index, service in enumerate(services[start : start + columns]):
                left = _TEXT + index * wide
                text_at = self.sheet.tick_box(left, base, ticked=True)
                lines = wrap(service, self._size, left + wide - text_at - 1)
                self.sheet.lines(text_at, base, lines, self._size, Style.REGULAR, self._lead)
                used = max(used, len(lines))
            last = base + (used - 1) * self._lead
            base = last + pitch
        self._end_row(last + 0.4)

    def _closing(self) -> None:
        """Set the ground on which facts are shared and how to keep them, across the page."""
        self.sheet.rule(LEFT, RIGHT, self._y)
        last = self._set(LEFT, self._y + self._gap + self._above, self._content.basis)
        self._low = self._set(LEFT, last + self._lead, self._own["value"]["keep"], Style.BOLD)
        self._end_row(self._low)
