"""The reply slip RUF-4: cut off, filled in with a ball pen by the receiver, typed in again at the office.

It carries numbers and codes and no name. Its lines are 8 mm apart and its decline reasons are numbered as in the code
list, so that a single figure is enough. It is as high as its services need: a long label takes two lines, never less
than 8 points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desktop.letters.content import LetterContent
from desktop.letters.layout import BOTTOM, HAIRLINE, LEFT, LINE, RIGHT, TICK, WIDTH, Sheet, width, wrap
from desktop.letters.phrases import other_language, phrases
from desktop.letters.scripts import Style

PITCH = 8.0

_FORM = "RUF-4 \N{MIDDLE DOT} 1"
_LABEL, _SECOND = 8.5, 6.5
_SMALL = 8.0  # a label that is longer still is broken
_STAMP = 40.0
_ROW, _LINE = 5.0, 3.2
_TWO_LABELS = 6.5  # the least height of the rows: their label stands there in two languages
_GIVEN = LEFT + 34.0
_FIGURE = 8.0
_REASON, _REASON_PITCH, _REASON_COLUMNS = 7.5, 3.4, 2
_HEIGHT = 68.5  # millimetres without the rows of services given


@dataclass(frozen=True)
class _Label:
    lines: tuple[tuple[str, bool], ...]
    size: float


def _given_rows(services: Sequence[str]) -> list[list[_Label]]:
    """Return the labels of the services row by row: beneath each other up to two, then in two columns."""
    columns = 1 if len(services) <= 2 else 2
    room = (RIGHT - _GIVEN) / columns - TICK - 3
    sizes = (_LABEL if width(service, _LABEL) <= room else _SMALL for service in services)
    labels = [_Label(wrap(service, size, room), size) for service, size in zip(services, sizes, strict=True)]
    return [labels[start : start + columns] for start in range(0, len(labels), columns)]


def _height(row: Sequence[_Label]) -> float:
    return _ROW + _LINE * (max(len(label.lines) for label in row) - 1)


def _rows_height(rows: Sequence[Sequence[_Label]]) -> float:
    return max(_TWO_LABELS, sum(_height(row) for row in rows))


def cut_line(services: Sequence[str]) -> float:
    """Return the height of the cut line in millimetres: the slip takes what its rows need, a third of the page."""
    return float(BOTTOM - _HEIGHT - _rows_height(_given_rows(services)))


def draw_slip(sheet: Sheet, content: LetterContent, cut: float) -> None:
    """Draw cut line and slip."""
    _Slip(sheet, content).draw(cut)


class _Slip:
    def __init__(self, sheet: Sheet, content: LetterContent) -> None:
        self._sheet, self._content = sheet, content
        self._own = phrases(content.language)["slip"]
        self._other = phrases(other_language(content.language))["slip"]

    def draw(self, cut: float) -> None:
        """Draw the slip from the cut line down to the margin."""
        sheet, content = self._sheet, self._content
        words = f"{self._own['cut']} \N{MIDDLE DOT} {self._other['cut']}"
        half = width(words, _SECOND) / 2 + 2
        middle = (LEFT + RIGHT) / 2
        sheet.rule(0, middle - half, cut, LINE, dashed=True)
        sheet.rule(middle + half, WIDTH, cut, LINE, dashed=True)
        sheet.text(middle - half + 2, cut + 0.8, words, _SECOND)

        y = cut + 5.8
        end = sheet.text(LEFT, y, self._own["title"], 12, Style.BOLD)
        sheet.text(end + 2.5, y, self._other["title"], _LABEL, Style.ITALIC)
        sheet.text(RIGHT, y, _FORM, 9, Style.BOLD, right=True)
        way = self._own["return" if content.reply_phone else "return_by_hand"]
        self._fitted(y, way.format(date=content.reply_by, phone=content.reply_phone), end=RIGHT - 17)
        y += 5.4
        end = self._field(LEFT, y, "number", content.number)
        end = self._field(end + 6, y, "code", content.reply_code)
        self._fitted(y, content.office, start=end + 4)

        y += PITCH
        self._line(LEFT, y, "received", LEFT + 74)
        x = LEFT + 80
        for key in ("accepted", "waiting"):
            x = self._choice(x, y, key) + 6
        y += PITCH - 0.8
        x = self._choice(LEFT, y, "declined") + 1.5
        sheet.rule(x, x + _FIGURE, y + 0.7, LINE)
        y = self._reasons(x + _FIGURE + 4, y)

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

    def _reasons(self, x: float, y: float) -> float:
        """Draw the numbered decline reasons beside their choice, numbered downwards; return their last baseline."""
        sheet, reasons = self._sheet, self._content.decline_reasons
        rows = -(-len(reasons) // _REASON_COLUMNS)
        figure = width("0", _REASON, Style.BOLD) + 1.2
        for first in range(0, len(reasons), rows):
            end = x
            for down, reason in enumerate(reasons[first : first + rows]):
                at_y = y + down * _REASON_PITCH
                sheet.text(x, at_y, str(first + down + 1), _REASON, Style.BOLD)
                end = max(end, sheet.text(x + figure, at_y, reason, _REASON))
            x = end + 4
        return y + (rows - 1) * _REASON_PITCH

    def _given(self, y: float) -> float:
        """Draw a box for each service asked; return the last baseline."""
        sheet, rows = self._sheet, _given_rows(self._content.services)
        end = y + _rows_height(rows) - _ROW
        sheet.text(LEFT, y, self._own["given"], _LABEL)
        sheet.text(LEFT, y + 2.7, self._other["given"], _SECOND, Style.ITALIC)
        for row in rows:
            wide = (RIGHT - _GIVEN) / len(rows[0])
            for index, label in enumerate(row):
                text_at = sheet.tick_box(_GIVEN + index * wide, y)
                sheet.lines(text_at, y, label.lines, label.size, Style.REGULAR, _LINE)
            y += _height(row)
        return end
