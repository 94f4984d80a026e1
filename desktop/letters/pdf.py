"""Draw a referral letter (RUF-3) with its reply slip (RUF-4): one A4 page, a pure function of its arguments.

The letter takes the upper part, the slip the lower third below a cut line. Long texts are set closer in declared
steps, down to 9 points; what still does not fit is refused, never cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from desktop.errors import NotAccepted, Problem
from desktop.letters.body import LABEL, SECOND, STEPS, Body, Step
from desktop.letters.content import LetterContent
from desktop.letters.layout import BOTTOM, HAIRLINE, LEFT, LINE, RIGHT, TOP, Blank, Sheet, width, wrap
from desktop.letters.phrases import phrases
from desktop.letters.scripts import Style
from desktop.letters.slip import cut_line, draw_slip

QR_SIDE = 21.0
QR_LEFT, QR_TOP = RIGHT - QR_SIDE + 2.0, TOP - 3.0  # its quiet zone reaches into the margin, its modules do not

_PROOF_BYTES = 16
_SIGNATURE = 60.0
_ABOVE_CUT, _ABOVE_STAMP = 6.5, 1.0  # millimetres for the copy line, and between text and stamp
_AIRY = 2.8  # millimetres of white above and below the text of a row, at most


@dataclass(frozen=True)
class Stamp:
    """The stamp's box in millimetres; a wide one has the signatures beneath each other.

    `steps` is how many densities are tried before a smaller box is.
    """

    wide: float
    high: float
    stacked: bool
    steps: int


# Kenyan office stamps are up to 45 x 25 mm: the box grows upwards as long as the text stays easy to read.
STAMPS = (
    Stamp(45.0, 25.0, stacked=True, steps=2),
    Stamp(36.0, 25.0, stacked=False, steps=2),
    Stamp(45.0, 25.0, stacked=True, steps=3),
    Stamp(36.0, 19.0, stacked=False, steps=3),
    Stamp(36.0, 13.0, stacked=False, steps=len(STEPS)),
)


class CopyFor(StrEnum):
    """Who keeps this copy. The person's own has a neutral head (no state, no ministry, no office) and no slip."""

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
        ValueError: An issued letter without 16 bytes of proof, a draft with them, or a copy that does not exist: there
            are at most three, one for each of `CopyFor`.
    """
    proof = salt_digest_first16
    if (proof is None) != content.draft or (proof is not None and len(proof) != _PROOF_BYTES):
        raise ValueError("an issued letter carries 16 bytes of its digest, a draft none")
    if not 1 <= copy <= copies <= len(CopyFor):
        raise ValueError("copies are numbered from 1 and there are at most three")
    is_own = copy_for is CopyFor.PERSON
    foot = BOTTOM if is_own else cut_line(content.services)
    trials: list[Body] = []
    for stamp in STAMPS:
        for index, step in enumerate(STEPS[: stamp.steps]):
            if index == len(trials):
                trials.append(Body(content, step, step.white, Blank(), is_own=is_own))
            trial, signing = trials[index], _Signing(content, step, stamp)
            spare = foot - _ABOVE_CUT - trial.y - signing.height
            if spare >= 0:
                gap = min(_AIRY, step.white + spare / (2 * trial.rows + 1))
                body = Body(content, step, gap, Sheet(content.language), is_own=is_own)
                _Frame(body, content, copy_for, foot).draw(signing, proof, copy, copies)
                return body.sheet.finish()
    raise NotAccepted((Problem("LETTER_DOES_NOT_FIT", "referral.reason_short"),), "LETTER_DOES_NOT_FIT")


class _Signing:
    """Who signs, how the lines stand, and the stamp beside them."""

    def __init__(self, content: LetterContent, step: Step, stamp: Stamp) -> None:
        self.stamp = stamp
        # The person's own line is optional (forms.md RUF-3): it gives way where a second officer signs a long letter.
        own_line = () if step.compact and len(content.signatures) > 1 else ("acknowledged",)
        self.who = (*content.signatures, *own_line)
        self.rows = len(self.who) if stamp.stacked else -(-len(self.who) // 2)
        pitch = 9.0 if step.compact else 12.0
        self.pitch = max(pitch, stamp.high / self.rows)
        self.height = max(stamp.high, self.rows * pitch) + _ABOVE_STAMP


class _Frame:
    """What stands around the body: marks, head, signatures, copy line, slip."""

    def __init__(self, body: Body, content: LetterContent, copy_for: CopyFor, foot: float) -> None:
        self._body, self._content, self._copy_for, self._cut = body, content, copy_for, foot
        self._sheet, self._own = body.sheet, phrases(content.language)
        self._is_own = copy_for is CopyFor.PERSON

    def draw(self, signing: _Signing, proof: bytes | None, copy: int, copies: int) -> None:
        """Draw it, down to the copy line; the person's own copy ends there, right below its text."""
        content, sheet = self._content, self._sheet
        self._marks()
        self._head()
        if proof is not None:
            sheet.qr(QR_LEFT, QR_TOP, QR_SIDE, qr_text(content, proof))
        if self._is_own:
            self._cut = self._body.y + signing.height + _ABOVE_CUT
        self._signatures(signing)
        recipient = self._own["value"].get(f"copy_{self._copy_for}", content.to[0])
        words = self._own["value"]["copy_own" if self._is_own else "copy"]
        line = words.format(copy=copy, copies=copies, recipient=recipient)
        size = next((size for size in (LABEL, SECOND) if width(line, size) <= RIGHT - LEFT), 6.0)
        sheet.lines(LEFT, self._cut - 2.2, wrap(line, size, RIGHT - LEFT)[:1], size, Style.REGULAR, 0)
        if not self._is_own:
            draw_slip(sheet, content, self._cut)

    def _marks(self) -> None:
        head, content, sheet = self._own["head"], self._content, self._sheet
        middle = (LEFT + RIGHT) / 2
        if content.draft:
            sheet.mark(head["draft"], 110, middle, 120, 35)
        if content.practice:
            sheet.mark(head["practice"], 60, middle, 165 if content.draft else 120, 0 if content.draft else 35)
            if not self._is_own:
                sheet.mark(head["practice"], 48, middle, 246, 0)
            sheet.text(LEFT, TOP - 4.5, head["practice_line"], LABEL, Style.BOLD)

    def _head(self) -> None:
        content, sheet, head = self._content, self._sheet, self._own["head"]
        if not self._is_own:
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

    def _signatures(self, signing: _Signing) -> None:
        """Draw the lines to sign on and the stamp's box, standing on the same foot."""
        sheet, stamp, foot = self._sheet, signing.stamp, self._cut - _ABOVE_CUT
        columns = 1 if stamp.stacked else 2
        for index, who in enumerate(signing.who):
            down, across = divmod(index, columns)
            left = LEFT + across * (_SIGNATURE + 4.5)
            line = foot - 4 - (signing.rows - 1 - down) * signing.pitch
            sheet.rule(left, left + _SIGNATURE, line, LINE)
            room = _SIGNATURE + 4 if across < columns - 1 else RIGHT - stamp.wide - 2 - left
            self._body.label(left, line + 3.3, who, room)
        sheet.box(RIGHT - stamp.wide, foot - stamp.high, stamp.wide, stamp.high, HAIRLINE)
        self._body.label(RIGHT - stamp.wide + 1.5, foot - stamp.high + 3.8, "stamp", stamp.wide)
