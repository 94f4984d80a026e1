"""Why a question has no answer: not known, not wished, not asked; or an empty field again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from desktop.rules.records import Missing
from ui.languages import words
from ui.widgets.offer_list import OfferList

MISSING_WORDS: Mapping[Missing, str] = {
    Missing.DK: "FIELDS_DK",
    Missing.REFUSED: "FIELDS_REFUSED",
    Missing.NOT_ASKED: "FIELDS_NOT_ASKED",
}
_CLEAR = "CLEAR"
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class AnswerMenu(OfferList):
    """Four numbered entries; the field hands its keys over while they are shown."""

    def __init__(self, field: QWidget, name: str, choose: Callable[[Missing | None], None]) -> None:
        """Open below `field`; `choose` hears which reason was taken, None for an empty field."""
        super().__init__(field, name)
        self._choose = choose
        self._keys = [*(missing.value for missing in MISSING_WORDS), _CLEAR]
        texts = [*(words(code) for code in MISSING_WORDS.values()), words("FIELDS_CLEAR")]
        entries = [
            (key, f"{place}  {text}") for place, (key, text) in enumerate(zip(self._keys, texts, strict=True), 1)
        ]
        self.chosen.connect(self._take)
        self.show_entries(entries, current=self._keys[0])

    def take_key(self, event: QKeyEvent) -> bool:
        """Move, choose by Enter or a number, or go; False when the field is to have the key after all."""
        key, number = event.key(), event.text()
        if key in _STEPS:
            self.step(_STEPS[Qt.Key(key)])
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._take(self.current_key() or _CLEAR)
        elif number in {"1", "2", "3", "4"}:
            self._take(self._keys[int(number) - 1])
        else:
            self.put_away()
            return key in {Qt.Key.Key_Escape, Qt.Key.Key_F2}
        return True

    def _take(self, key: str) -> None:
        self.put_away()
        self._choose(None if key == _CLEAR else Missing(key))
