"""Draw the notice of a breach to the Data Commissioner: s.43(5)(a) to (e), a line to write on where a fact is missing.

A pure function of its arguments, on as many A4 pages as the texts need. It holds no person of any case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from desktop.letters.layout import BOTTOM, HAIRLINE, HEAVY, LEFT, LINE, RIGHT, TICK, TOP, Blank, Sheet, width, wrap
from desktop.letters.notice_facts import NoticeFacts
from desktop.letters.phrases import phrases
from desktop.letters.scripts import Style
from desktop.rules import dates
from desktop.rules.codelists import CodeList
from desktop.rules.consent import instant
from desktop.rules.records import Missing, Value

_TITLE, _HEADING, _TEXT, _SMALL = 15.0, 10.5, 10.0, 8.0  # points
_LEAD, _BLANK_LEAD = 4.8, 8.0  # millimetres from line to line, and between lines to write on
_LABEL_WIDE = 52.0
_LIST_OF = {"kind": "breach_kinds", "locked": "breach_answers", "risk": "breach_answers"}
_SIGNING_HIGH = 34.0
_STAMP_WIDE, _STAMP_HIGH = 45.0, 25.0
_FOOT = BOTTOM - 6.0  # the foot of each page stands below


def render(facts: NoticeFacts, language: str, lists: Mapping[str, CodeList]) -> bytes:
    """Return the notice as PDF, in Kenyan time."""
    trial = _Notice(facts, language, lists, Blank(), 0)
    trial.draw()
    notice = _Notice(facts, language, lists, Sheet(language), trial.page)
    notice.draw()
    return notice.sheet.finish()


class _Notice:
    """The pages being drawn; `y` is the baseline of what was drawn last."""

    def __init__(
        self, facts: NoticeFacts, language: str, lists: Mapping[str, CodeList], sheet: Sheet, pages: int
    ) -> None:
        self._facts, self._language, self._lists = facts, language, lists
        self.sheet, self._pages, self.page = sheet, pages, 1
        self._words, self._head_words = phrases(language)["notice"], phrases(language)["head"]
        self.y = TOP

    def draw(self) -> None:
        """Draw all of it."""
        words = self._words
        self._head()
        for name in ("kind", "happened_on", "known_at"):
            self._line(words[name], self._answer(name))
        self._line(words["due"], _moment(self._facts.due.due, self._language))
        for name in ("persons", "locked", "risk"):
            self._line(words[name], self._answer(name))
        self._section("a", "facts", lines=3)
        self._heading(words["effects"])
        self._block(self._answer("effects"), 2)
        self._section("b", "action", lines=3)
        self._line(words["police_ob"], self._answer("police_ob"))
        self._section("c", "advice", lines=3)
        self._line(words["told_persons"], self._answer("told_persons"))
        self._line(words["told_persons_on"], self._answer("told_persons_on"))
        if delayed := self._answer("delayed_by"):
            self._line(words["delayed_by"], delayed)
        self._section("d", "unauthorised_person", lines=1)
        self._heading(words["e"])
        self._line(words["officer"], "")
        self._line(words["contact"], self._facts.head.office)
        self._line(words["phone"], self._facts.head.phone)
        if self._facts.due.clock in ("LATE", "TOLD_LATE"):
            self._heading(words["why_late"])
            self._block(self._answer("why_late"), 2)
        self._signing()
        self._foot()

    def _head(self) -> None:
        sheet, head = self.sheet, self._facts.head
        self._mark()
        sheet.text(LEFT, TOP, self._head_words["republic"], 9)
        sheet.lines(LEFT, TOP + 4.4, wrap(head.ministry, 9, RIGHT - LEFT)[:1], 9, Style.REGULAR, 4)
        sheet.lines(LEFT, TOP + 9.0, wrap(head.office, _HEADING, RIGHT - LEFT, Style.BOLD)[:1], _HEADING, Style.BOLD, 4)
        sheet.rule(LEFT, RIGHT, TOP + 12.0, HEAVY)
        sheet.text(LEFT, TOP + 20.0, self._words["title"], _TITLE, Style.BOLD)
        sheet.text(LEFT, TOP + 25.0, self._words["law"], _TEXT)
        sheet.text(LEFT, TOP + 31.5, self._words["to"], _TEXT)
        self.y = TOP + 33.5

    def _mark(self) -> None:
        if self._facts.practice and self._pages:  # the try that counts the pages has nothing to draw on
            self.sheet.mark(self._head_words["practice"], 60, (LEFT + RIGHT) / 2, 150, 35)
            self.sheet.text(LEFT, TOP - 4.5, self._head_words["practice_line"], _SMALL, Style.BOLD)

    def _foot(self) -> None:
        facts, words, sheet = self._facts, self._words, self.sheet
        sheet.rule(LEFT, RIGHT, BOTTOM - 4.0)
        made = f"{words['made']} {_moment(facts.made_at, self._language)} {words['by'].format(officer=facts.officer)}"
        left = f"{facts.head.code}   {words['reference']} {facts.reference}"
        page = words["page"].format(page=self.page, pages=self._pages)
        sheet.text(LEFT, BOTTOM, left, _SMALL)
        sheet.text(RIGHT, BOTTOM, page, _SMALL, right=True)
        room = RIGHT - LEFT - width(words["draft"], _SMALL, Style.BOLD) - 3
        sheet.text(LEFT, BOTTOM + 4.0, words["draft"], _SMALL, Style.BOLD)
        (line, _), *_ = wrap(made, _SMALL, room)
        sheet.text(RIGHT, BOTTOM + 4.0, line, _SMALL, right=True)

    def _room(self, high: float) -> None:
        """Go to the next page where there is not so much room left."""
        if self.y + high <= _FOOT:
            return
        self._foot()
        self.sheet.turn()
        self.page += 1
        self.y = TOP - 2.0
        self._mark()

    def _heading(self, text: str) -> None:
        self._room(9.0 + 2 * _LEAD)  # never alone at the foot of a page
        self.y += 8.0
        self.sheet.text(LEFT, self.y, text, _HEADING, Style.BOLD)
        self.y += 1.0

    def _section(self, letter: str, name: str, *, lines: int) -> None:
        self._heading(self._words[letter])
        self._block(self._answer(name), lines)

    def _block(self, text: str, lines: int) -> None:
        """Set a text over the whole width, or so many lines to write on."""
        if not text:
            for _ in range(lines):
                self._blank(LEFT)
            return
        for line in wrap(text, _TEXT, RIGHT - LEFT):
            self._room(_LEAD)
            self.y += _LEAD
            self.sheet.lines(LEFT, self.y, (line,), _TEXT, Style.REGULAR, _LEAD)

    def _line(self, label: str, text: str) -> None:
        """Set a label with its answer beside it, or with a line to write on."""
        labels = wrap(label, _TEXT, _LABEL_WIDE - 3)
        answers = wrap(text, _TEXT, RIGHT - LEFT - _LABEL_WIDE) if text else ()
        self._room((len(labels) - 1) * _LEAD + _BLANK_LEAD)
        self.y += 6.2
        self.sheet.lines(LEFT, self.y, labels, _TEXT, Style.REGULAR, _LEAD)
        if not answers:
            self.sheet.rule(LEFT + _LABEL_WIDE, RIGHT, self.y + 0.8, HAIRLINE)
        for index, line in enumerate(answers):
            if index:
                self._room(_LEAD)
                self.y += _LEAD
            self.sheet.lines(LEFT + _LABEL_WIDE, self.y, (line,), _TEXT, Style.BOLD, _LEAD)
        self.y += max(0, len(labels) - max(1, len(answers))) * _LEAD

    def _blank(self, start: float) -> None:
        self._room(_BLANK_LEAD)
        self.y += _BLANK_LEAD
        self.sheet.rule(start, RIGHT, self.y, HAIRLINE)

    def _signing(self) -> None:
        words, sheet = self._words, self.sheet
        self._room(12.0 + _SIGNING_HIGH)
        self.y += 9.0
        for name in ("whole", "parts"):
            sheet.text(sheet.tick_box(LEFT, self.y), self.y, words[name], _TEXT)
            self.y += TICK + 2.0
        top = self.y
        sheet.box(RIGHT - _STAMP_WIDE, top, _STAMP_WIDE, _STAMP_HIGH, LINE)
        sheet.text(RIGHT - _STAMP_WIDE + 1.5, top + 4.0, words["stamp"], _SMALL)
        end = RIGHT - _STAMP_WIDE - 8.0
        for name in ("signature", "signed_on"):
            self.y += 10.0
            sheet.rule(LEFT, end, self.y, LINE)
            sheet.text(LEFT, self.y + 3.4, words[name], _SMALL)
        self.y = top + _STAMP_HIGH

    def _answer(self, name: str) -> str:
        """Return an answer as it is printed, or an empty text where there is none."""
        value: Value = self._facts.fields.get(name)
        if isinstance(value, Missing):
            return self._words["not_known"] if value is Missing.DK else ""
        if isinstance(value, tuple):
            return ", ".join(self._lists["breach_telling"].label(code, self._language) for code in value)
        if isinstance(value, int):
            return str(value)
        if not isinstance(value, str):
            return ""
        if name in _LIST_OF:
            return self._lists[_LIST_OF[name]].label(value, self._language)
        if name == "known_at":
            return _moment(instant(value), self._language)
        return dates.spell(value, self._language) if dates.is_partial_date(value) else value


def _moment(moment: datetime | None, language: str) -> str:
    """Return a time with its month in words, or an empty text."""
    if moment is None:
        return ""
    return f"{dates.spell(f'{moment:%Y-%m-%d}', language)}, {moment:%H:%M}"
