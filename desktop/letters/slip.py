"""The reply slip RUF-4: cut off, filled in with a ball pen by the receiver, typed in again at the office.

It carries numbers and codes and no name. Its lines are 8 mm apart and its decline reasons are numbered as in the code
list, so that a single figure is enough.
"""

from __future__ import annotations

from desktop.letters.content import LetterContent
from desktop.letters.layout import BOTTOM, HAIRLINE, LEFT, LINE, RIGHT, WIDTH, Sheet, width, wrap
from desktop.letters.phrases import other_language, phrases
from desktop.letters.scripts import Style

PITCH = 8.0

_FORM = "RUF-4 \N{MIDDLE DOT} 1"
_LABEL, _SECOND = 8.5, 6.5
_STAMP = 40.0
_ROW = 5.0
_HEIGHT = 60.0  # millimetres without the rows of services given


def _rows(services: int) -> int:
    return services if services <= 2 else -(-services // 2)


def cut_line(services: int) -> float:
    """Return the height of the cut line in millimetres: the slip takes what its rows need, a third of the page."""
    return float(BOTTOM - _HEIGHT - _ROW * _rows(services))


def draw_slip(sheet: Sheet, content: LetterContent, cut: float, *, with_office: bool) -> None:
    """Draw cut line and slip. `with_office` False leaves the office's name out (the person's own copy)."""
    _Slip(sheet, content).draw(cut, with_office=with_office)


class _Slip:
    def __init__(self, sheet: Sheet, content: LetterContent) -> None:
        self._sheet, self._content = sheet, content
        self._own = phrases(content.language)["slip"]
        self._other = phrases(other_language(content.language))["slip"]

    def draw(self, cut: float, *, with_office: bool) -> None:
        """Draw the slip from the cut line down to the margin."""
        sheet, content = self._sheet, self._content
        words = f"{self._own['cut']} \N{MIDDLE DOT} {self._other['cut']}"
        half = width(words, _SECOND) / 2 + 2
        middle = (LEFT + RIGHT) / 2
        sheet.rule(0, middle - half, cut, LINE, dashed=True)
        sheet.rule(middle + half, WIDTH, cut, LINE, dashed=True)
        sheet.text(middle - half + 2, cut + 0.8, words, _SECOND)

        y = cut + 6
        end = sheet.text(LEFT, y, self._own["title"], 12, Style.BOLD)
        sheet.text(end + 2.5, y, self._other["title"], _LABEL, Style.ITALIC)
        sheet.text(RIGHT, y, _FORM, 9, Style.BOLD, right=True)
        self._fitted(y, self._own["return"].format(date=content.reply_by, phone=content.reply_phone), end=RIGHT - 17)
        y += 5.4
        end = self._field(LEFT, y, "number", content.number)
        end = self._field(end + 6, y, "code", content.reply_code)
        if with_office:
            self._fitted(y, content.office, start=end + 4)

        y += PITCH
        self._line(LEFT, y, "received", LEFT + 54)
        x = LEFT + 58
        for key in ("accepted", "waiting", "declined"):
            x = self._choice(x, y, key) + 4
        sheet.rule(x - 3, RIGHT, y + 0.7, LINE)
        y = self._reasons(y + 5.6)

        y += PITCH - 1
        self._line(LEFT, y, "start", LEFT + 60)
        self._line(LEFT + 63, y, "next", LEFT + 113)
        self._choice(LEFT + 116, y, "onward")
        y = self._given(y + PITCH - 0.8)

        left_of_stamp = RIGHT - _STAMP - 4
        top = y + 1.5
        y += PITCH - 1
        self._line(LEFT, y, "remark", left_of_stamp, f"({self._own['remark_help']})")
        y += PITCH
        self._line(LEFT, y, "name", LEFT + 72)
        self._line(LEFT + 75, y, "title_of_signer", left_of_stamp)
        y += PITCH
        self._line(LEFT, y, "signature", LEFT + width(self._own["signature"], _LABEL) + 2 + 60)
        sheet.box(RIGHT - _STAMP, top, _STAMP, y - top + 0.7, HAIRLINE)
        sheet.text(RIGHT - _STAMP + 1.5, top + 3.6, self._own["stamp"], _LABEL)

    def _field(self, x: float, y: float, key: str, value: str) -> float:
        end = self._sheet.text(x, y, self._own[key], _LABEL)
        second = self._sheet.text(x, y + 2.7, self._other[key], _SECOND, Style.ITALIC)
        return self._sheet.text(max(end, second) + 2, y, value, 10, Style.BOLD)

    def _fitted(self, y: float, text: str, *, start: float = LEFT + 58, end: float = RIGHT) -> None:
        """Set one line up to `end`, smaller when it would begin before `start`; a last resort ends it there."""
        size = next((size for size in (_LABEL, 8.0, 7.5, 7.0, 6.5) if width(text, size) <= end - start), 6.0)
        line, right_to_left = wrap(text, size, end - start)[0]
        self._sheet.text(end, y, line, size, right=True, right_to_left=right_to_left)

    def _line(self, x: float, y: float, key: str, end: float, help_text: str = "") -> None:
        """Draw a label with the other language below it, and a writing line up to `end`."""
        after = self._sheet.text(x, y, self._own[key], _LABEL)
        if help_text:
            after = self._sheet.text(after + 1.5, y, help_text, _SECOND)
        below = self._sheet.text(x, y + 2.7, self._other[key], _SECOND, Style.ITALIC)
        self._sheet.rule(max(after, below) + 1.5, end, y + 0.7, LINE)

    def _choice(self, x: float, y: float, key: str) -> float:
        text_at = self._sheet.tick_box(x, y)
        below = self._sheet.text(text_at, y + 2.7, self._other[key], _SECOND, Style.ITALIC)
        return max(below, self._sheet.text(text_at, y, self._own[key], _LABEL))

    def _reasons(self, y: float) -> float:
        """Draw the numbered decline reasons; return their last baseline."""
        reasons = enumerate(self._content.decline_reasons, start=1)
        words = "   ".join(f"{number}\N{NO-BREAK SPACE}{reason}" for number, reason in reasons)
        lines = wrap(words, 7.5, RIGHT - LEFT)
        self._sheet.lines(LEFT, y, lines, 7.5, Style.REGULAR, 3.4)
        return y + 3.4 * (len(lines) - 1)

    def _given(self, y: float) -> float:
        """Draw a box for each service asked; return the baseline of the last row."""
        sheet, services = self._sheet, self._content.services
        sheet.text(LEFT, y, self._own["given"], _LABEL)
        sheet.text(LEFT, y + 2.7, self._other["given"], _SECOND, Style.ITALIC)
        left = LEFT + 34
        rows = _rows(len(services))
        columns = -(-len(services) // rows)
        wide = (RIGHT - left) / columns
        for index, service in enumerate(services):
            at_x, at_y = left + (index % columns) * wide, y + (index // columns) * _ROW
            text_at = sheet.tick_box(at_x, at_y)
            room = at_x + wide - text_at - 1
            size = next((size for size in (_LABEL, 7.5, 7.0, 6.5) if width(service, size) <= room), 6.0)
            sheet.lines(text_at, at_y, wrap(service, size, room)[:1], size, Style.REGULAR, 3)
        return y + (rows - 1) * _ROW
