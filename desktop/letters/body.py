"""Draw the body of a referral letter, from its title to the line on how to keep it, at one density.

White is shared between the rows; a density counts as fitting only while its least white remains. In the closest ones
a text runs on from its label across the whole page, which keeps it at a readable size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desktop.letters.content import Fact, LetterContent
from desktop.letters.layout import HEAVY, LEFT, RIGHT, TICK, TOP, Sheet, width, wrap
from desktop.letters.phrases import other_language, phrases
from desktop.letters.scripts import Style

LABEL, SECOND = 8.5, 7.0  # points: label in the paper's language, and in the other one

_MM_PER_POINT = 25.4 / 72
_COLUMN = 38.0  # millimetres kept for the labels
_FACT_SIZES = (10.5, 10.0, 9.5, 9.0)  # number, dates: one line if at all possible
_CELL_GAP = 3.0
# The person's own copy says where to go, when and for what: nothing else that a finder could read (forms.md RUF-3).
_PERSONS_OWN_NOTES = frozenset({"arrival", "escort"})
_NOT_THE_PERSONS_OWN = frozenset({"phone", "nationality", "id_number", "birth_date"})


@dataclass(frozen=True)
class Step:
    """One density: type size in points, leading as a multiple of it, least white around a row's text in millimetres.

    `compact` lets small facts run on in one line, `run_in` every text follow its label across the page.
    """

    size: float
    leading: float
    white: float
    compact: bool = False
    run_in: bool = False


STEPS = (
    Step(10.5, 1.28, 1.2),
    Step(10.0, 1.26, 1.2),
    Step(10.0, 1.24, 1.2, compact=True),
    Step(10.0, 1.24, 1.2, compact=True, run_in=True),
    Step(9.5, 1.2, 1.2, compact=True, run_in=True),
    Step(9.0, 1.1, 0.7, compact=True, run_in=True),
)


class Body:
    """One try at one density; `y` is where it ends, `rows` over how many rows white can be shared."""

    def __init__(self, content: LetterContent, step: Step, gap: float, sheet: Sheet, *, is_own: bool) -> None:
        """Draw it on `sheet` with `gap` millimetres of white; `is_own` is the person's own copy."""
        self.sheet = sheet
        self._content, self._is_own = content, is_own
        self._size, self._compact, self._run_in = step.size, step.compact, step.run_in
        self._own, self._other = phrases(content.language), phrases(other_language(content.language))
        self._lead = step.size * step.leading * _MM_PER_POINT
        self._gap = gap
        self._above, self._below = step.size * 0.76 * _MM_PER_POINT, step.size * 0.24 * _MM_PER_POINT
        self._first = self._left = LEFT
        self._low = 0.0
        self.y = 0.0
        self.rows = 2  # the first and the closing one have no label
        self._draw()

    def _draw(self) -> None:
        content = self._content
        self._title()
        when = (
            ("number", content.number),
            ("issued", content.issued),
            ("act_by", content.act_by),
            *(() if self._is_own else (("reply_by", content.reply_by),)),
        )
        room = RIGHT - LEFT
        fitting = (
            size for size in _FACT_SIZES if sum(self._cell_width(fact, size) for fact in when) <= room + _CELL_GAP
        )
        self.y = self._cells(LEFT, self.y, room, when, min(self._size, next(fitting, _FACT_SIZES[-1])))
        self._receiver()
        self._paragraph("from", content.sender[:1] if self._is_own else content.sender)
        self._person()
        self._services()
        for key, text in content.notes:
            if self._is_own and key not in _PERSONS_OWN_NOTES:
                continue
            self._paragraph(key, (text,), heavy=key in ("safety", "flag72"))
        self._closing()

    def _title(self) -> None:
        content, sheet = self._content, self.sheet
        y = TOP + (18 if self._compact else 20)
        sheet.rule(LEFT, RIGHT, y, HEAVY)
        key = "title_COURT" if content.variant == "COURT" else "title"
        end = sheet.text(LEFT, y + 7.2, self._own["head"][key], 16, Style.BOLD)
        sheet.text(end + 3, y + 7.2, self._other["head"][key], 9, Style.ITALIC)
        wide = width(content.urgency, 11, Style.BOLD) + 8
        sheet.box(RIGHT - wide, y + 1.9, wide, 6.6, HEAVY)
        sheet.text(RIGHT - 4, y + 6.6, content.urgency, 11, Style.BOLD, right=True)
        self.y = y + 7.4 + 1.4 * self._gap

    def label(self, x: float, y: float, key: str, wide: float) -> float:
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

    def _row(self, key: str, indent: float = 0.0, above: float = 0.0) -> float:
        """Begin a row with its hairline and label; return the first baseline, at least `above` below the hairline.

        Sets where its first line and its other lines begin, and how low the label reaches.
        """
        self.rows += 1
        self.sheet.rule(LEFT, RIGHT, self.y)
        base = self.y + max(self._gap + self._above, above)
        if self._run_in:
            self._left = LEFT + indent
            self._first = self._left + self._label_width(key) + 2.5
            self._low = self.label(self._left, base, key, RIGHT)
        else:
            self._first = self._left = LEFT + _COLUMN
            self._low = self.label(LEFT, base, key, _COLUMN - 1.5)
        return base

    def _end_row(self, last_baseline: float) -> None:
        self.y = max(last_baseline, self._low) + self._below + self._gap

    def _set(self, first: float, base: float, text: str, style: Style = Style.REGULAR) -> float:
        """Set a paragraph from `first` up to the right margin; return its last baseline."""
        return self._set_sized(first, RIGHT, base, text, style, self._size)

    def _set_sized(self, first: float, end: float, base: float, text: str, style: Style, size: float) -> float:
        """Set a paragraph whose first line goes from `first` to `end`; return its last baseline."""
        lead = self._lead * size / self._size
        lines = wrap(text, size, RIGHT - self._left, style, first=end - first)
        self.sheet.lines(first, base, lines[:1], size, style, lead)
        self.sheet.lines(self._left, base + lead, lines[1:], size, style, lead)
        return base + (len(lines) - 1) * lead

    def _paragraph(self, key: str, texts: Sequence[str], *, heavy: bool = False) -> None:
        """Set a row of text; a heavy one has a bar at its side."""
        top, base = self.y, self._row(key, indent=2.5 if heavy else 0.0)
        joined = " \N{MIDDLE DOT} ".join(texts)
        fits = self._run_in and width(joined, self._size) <= RIGHT - self._first
        first, *rest = (joined,) if fits else texts
        last = self._set(self._first, base, first)
        for text in rest:
            last = self._set(self._left, last + self._lead, text)
        self._end_row(last)
        if heavy:
            self.sheet.upright(self._left - 2, top + 1, self.y - 1, 2.0)

    def _receiver(self) -> None:
        """Set the provider bold and whom to ask for beside it, or below when the line is full."""
        provider, *rest = self._content.to
        base = self._row("to")
        last = self._set(self._first, base, provider, Style.BOLD)
        beside = self._first + width(provider, self._size, Style.BOLD) + 3
        for text in rest:
            if last == base and beside + width(text, self._size) <= RIGHT:
                self.sheet.text(beside, base, text, self._size)
            else:
                last = self._set(self._left, last + self._lead, text)
        self._end_row(last)

    def _person(self) -> None:
        """Set the name, alias or reference large, the other facts small beneath."""
        (key, heading), *facts = self._content.person
        if self._is_own:
            facts = [fact for fact in facts if fact[0] not in _NOT_THE_PERSONS_OWN]
        base = self._row("person")
        beside = RIGHT - self._label_width(key)
        self.label(beside, base, key, RIGHT)
        room = beside - 2 - self._first
        # Larger than the text, unless only the text's own size keeps a long name on one line.
        large = self._size + 1
        wide = width(heading, 1, Style.BOLD)
        size = self._size if large * wide > room >= self._size * wide else large
        last = self._set_sized(self._first, beside - 2, base, heading, Style.BOLD, size)
        self._low = max(self._low, last)
        if self._compact:
            self._end_row(self._run_on(last + self._lead, facts) if facts else last)
        else:
            self.y = self._cells(self._left, last + 1.4, RIGHT - self._left, facts, self._size)

    def _cell_width(self, fact: Fact, size: float) -> float:
        return max(self._label_width(fact[0]), width(fact[1], size)) + _CELL_GAP

    def _cells(self, left: float, top: float, wide: float, facts: Sequence[Fact], size: float) -> float:
        """Set small labelled values side by side; return where the next row begins."""
        x, y, deepest = left, top + 3.4, top
        for fact in facts:
            taken = min(self._cell_width(fact, size), wide)
            if x > left and x + taken > left + wide + _CELL_GAP:
                x, y = left, deepest + 1.2 + 3.4
            self.label(x, y, fact[0], taken)
            lines = wrap(fact[1], size, taken)
            self.sheet.lines(x, y + self._lead, lines, size, Style.REGULAR, self._lead)
            deepest = max(deepest, y + len(lines) * self._lead)
            x += taken
        return deepest + self._below + self._gap

    def _run_on(self, base: float, facts: Sequence[Fact]) -> float:
        """Set label and value one after the other, each on the first line with room; return the last baseline."""
        ends: list[float] = []  # where each line ends
        for key, text in facts:
            label = self._label_width(key) + 1.5
            taken = label + width(text, self._size)
            at = next((line for line, end in enumerate(ends) if end + 4 + taken <= RIGHT), len(ends))
            y = base + at * self._lead
            if at < len(ends):
                self.label(ends[at] + 4, y, key, label)
                ends[at] = self.sheet.text(ends[at] + 4 + label, y, text, self._size)
                continue
            self.label(self._left, y, key, label)
            lines = wrap(text, self._size, RIGHT - self._left - label)
            self.sheet.lines(self._left + label, y, lines, self._size, Style.REGULAR, self._lead)
            ends += [self._left + taken] if len(lines) == 1 else [RIGHT] * len(lines)
        return base + (len(ends) - 1) * self._lead

    def _services(self) -> None:
        services = self._content.services
        base = self._row("services", above=self._gap + TICK - 0.5)
        left = self._first if self._run_in else self._left
        half = (RIGHT - left) / 2
        is_wide = any(width(service, self._size) > half - TICK - 3 for service in services)
        columns = 1 if len(services) == 1 or (is_wide and len(services) <= 3) else 2
        wide = (RIGHT - left) / columns
        pitch = max(self._lead, TICK + 0.8)
        last = base
        for start in range(0, len(services), columns):
            used = 1
            for index, service in enumerate(services[start : start + columns]):
                box = left + index * wide
                text_at = self.sheet.tick_box(box, base, ticked=True)
                lines = wrap(service, self._size, box + wide - text_at - 1)
                self.sheet.lines(text_at, base, lines, self._size, Style.REGULAR, self._lead)
                used = max(used, len(lines))
            last = base + (used - 1) * self._lead
            base = last + pitch
        self._end_row(last)

    def _closing(self) -> None:
        """Set the ground on which facts are shared and how to keep them, across the page."""
        self.sheet.rule(LEFT, RIGHT, self.y)
        self._left = LEFT
        keep = self._own["value"]["keep_PERSON" if self._is_own else "keep"]
        lines = ((self._content.basis, Style.REGULAR), (keep, Style.BOLD))
        widest = max(width(text, 1, style) for text, style in lines)
        size = next((size for size in (self._size, 10.0, 9.5, 9.0) if size * widest <= RIGHT - LEFT), self._size)
        last = self.y + self._gap + self._above - self._lead
        for text, style in lines:
            last = self._set_sized(LEFT, RIGHT, last + self._lead, text, style, min(size, self._size))
        self._low = last
        self._end_row(last)
