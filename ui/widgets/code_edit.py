"""One answer of a long list: one types part of its name in either language, or its code, and chooses below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeyEvent

from desktop.errors import Severity
from desktop.rules.codelists import Code, CodeList
from desktop.rules.forms import Field
from desktop.rules.records import Missing, Value
from ui.languages import current
from ui.widgets.field_editor import Note
from ui.widgets.line_editor import LineEditor
from ui.widgets.offer_list import MOST_LINES, OfferList

_MOST_OFFERED = 300
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: MOST_LINES, Qt.Key.Key_PageUp: -MOST_LINES}

# What the other answers say of a place: a column of the list and the code that must stand there.
Within = Callable[[], Mapping[str, str]]


class CodeEdit(LineEditor):
    """A line over a list that follows each key. The wheel changes nothing (field report N03)."""

    def __init__(self, item: Field, name: str, codes: CodeList, within: Within) -> None:
        """Offer the codes that lie in what `within` says."""
        super().__init__(item, name, "FIELDS_HOW_CODE")
        self._codes, self._within = codes, within
        self._shown: tuple[str, str] | None = None  # the label in the line, and the code it stands for
        self._left = True
        self._before: tuple[bool, Missing | None] | None = None  # what Esc brings back
        self._offer: OfferList | None = None
        self.line.textEdited.connect(lambda _: self._open())

    def set_codes(self, codes: CodeList) -> None:
        """Offer other codes; what stands there stays."""
        self._codes = codes
        if self._shown:
            self._show_code(self._shown[1])

    def show_value(self, value: Value) -> None:
        """Show the label of a code."""
        self.close_offer()
        self._left, self._before, self._shown = True, None, None
        if isinstance(value, str):
            self._show_code(value)
        else:
            self.line.setText("")

    def read(self) -> Value:
        """Return the code, or what was typed when it is none."""
        text = self.text()
        if self._shown and self._shown[0] == text:
            return self._shown[1]
        exact = self._exact(text) if text else None
        return exact.code if exact else text or None

    def finish(self) -> None:
        """Take the only answer that what was typed can mean; keep the words when there are several or none."""
        self.close_offer()
        self._left, self._before = True, None
        text = self.text()
        if not self.touched or not text or (self._shown and self._shown[0] == text):
            return
        found = self.offers(text)
        only = self._exact(text) or (found[0] if len(found) == 1 else None)
        if only:
            self._show_code(only.code)
            self.edited.emit()

    def notes(self) -> tuple[Note, ...]:
        """Say that the words are not in the list, or that a place lies elsewhere."""
        text, code = self.text(), self.read()
        if not self._left or not text or not isinstance(code, str):
            return ()
        found = self._codes.get(code)
        if found is None:
            return (Note("VALUE_NOT_IN_LIST", Severity.BLOCKING),)
        return () if _lies_in(found, self._within()) else (Note("FIELDS_PLACE_ELSEWHERE", Severity.WARNING),)

    def typed(self) -> None:
        """Say nothing of words that are still being typed."""
        self._left = False
        self._before = self._before or (self.touched, self.missing)
        super().typed()
        self.noted.emit()

    def say_again(self) -> None:
        """Say the label in the new language."""
        super().say_again()
        self.close_offer()
        if self._shown and self._shown[0] == self.text():
            self._show_code(self._shown[1])

    def offers(self, text: str) -> list[Code]:
        """Return the codes that may be meant: those that begin so first, each part in the order of the list."""
        there, sought = self._there(), text.casefold()
        ranked = [(rank, code) for code in there if (rank := _rank(code, sought)) is not None]
        return [code for _, code in sorted(ranked, key=lambda pair: pair[0])][:_MOST_OFFERED]

    def close_offer(self) -> None:
        """Put the list away."""
        if self._offer is not None:
            self._offer.put_away()
            self._offer = None

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave no list behind."""
        self.close_offer()
        super().hideEvent(event)

    def choose(self, code: str) -> None:
        """Answer with a code."""
        self.close_offer()
        self._show_code(code)
        self._left, self._before = True, None
        super().typed()
        self.noted.emit()

    def take_key(self, event: QKeyEvent, *, many_lines: bool = False) -> bool:
        """Move in the list, choose from it or put it away."""
        key = event.key()
        if self.read_only or self.menu is not None:
            return super().take_key(event, many_lines=many_lines)
        if key in _STEPS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            if self._offer is None:
                self._open()
            else:
                self._offer.step(_STEPS[Qt.Key(key)])
            return True
        if self._offer is not None and key == Qt.Key.Key_Escape:
            self._put_back()
            return True
        chosen = self._offer.current_key() if self._offer else None
        if chosen and key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.choose(chosen)
        return super().take_key(event, many_lines=many_lines)

    def _put_back(self) -> None:
        self.close_offer()
        self.line.replace(self._shown[0] if self._shown else "")
        self.touched, self.missing = self._before or (self.touched, self.missing)
        self._left, self._before = True, None
        self.say_missing()
        self.edited.emit()
        self.noted.emit()

    def _open(self) -> None:
        text = self.text()
        as_shown = self._shown is not None and self._shown[0] == text
        found = self.offers("" if as_shown else text)
        labels = Counter(code.labels[current()] for code in found)
        standing = self._shown[1] if self._shown and as_shown else None
        first = found[0].code if found and text else None
        if self._offer is None:
            self._offer = OfferList(self.line, f"{self.name}.choices")
            self._offer.chosen.connect(self.choose)
        self._offer.show_entries([(code.code, _named(code, labels)) for code in found], current=standing or first)

    def _show_code(self, code: str) -> None:
        label = self._codes.label(code, current())
        self._shown = (label, code)
        self.line.replace(label)
        self.line.setCursorPosition(0)

    def _exact(self, text: str) -> Code | None:
        there, sought = self._there(), text.casefold()
        named = [code for code in there if sought in {label.casefold() for label in code.labels.values()}]
        coded = [code for code in there if code.code.casefold() == sought]
        return coded[0] if coded else named[0] if len(named) == 1 else None

    def _there(self) -> list[Code]:
        place = self._within()
        return [code for code in self._codes if _lies_in(code, place)]


def _lies_in(code: Code, place: Mapping[str, str]) -> bool:
    return all(code.extra.get(column) == parent for column, parent in place.items())


def _rank(code: Code, sought: str) -> int | None:
    labels = [label.casefold() for label in code.labels.values()]
    if code.code.casefold() == sought:
        return 0
    if any(label.startswith(sought) for label in labels):
        return 1
    if any(f" {sought}" in label for label in labels):
        return 2
    found = any(sought in label for label in labels) or code.code.casefold().startswith(sought)
    return 3 if found else None


def _named(code: Code, labels: Counter[str]) -> str:
    label = code.labels[current()]
    return f"{label} ({code.code})" if labels[label] > 1 else label
