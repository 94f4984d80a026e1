"""Where the 30 digits heard by telephone are typed: six groups of five, parted by themselves."""

from __future__ import annotations

from ui.widgets.clipboard import Line

_GROUP = 5
_MOST = 60  # more than the digits needed: typing one too many must be seen, not swallowed


class DigitsField(Line):
    """Whatever is typed or pasted, its digits stand in groups of five."""

    gives = False

    def __init__(self, name: str) -> None:
        """Be the field `name`."""
        super().__init__()
        self.setObjectName(name)
        self.textEdited.connect(self._on_edited)

    def count(self) -> int:
        """Return how many digits are there."""
        return len(_digits(self.text()))

    def _on_edited(self, text: str) -> None:
        before = len(_digits(text[: self.cursorPosition()]))
        self.setText(_grouped(_digits(text)[:_MOST]))
        self.setCursorPosition(len(_grouped(_digits(text)[:before])))


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")


def _grouped(digits: str) -> str:
    return " ".join(digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP))
