"""Where one's desk number is typed; it may be empty, so that nobody's number waits for the next person."""

from __future__ import annotations

from PySide6.QtGui import QValidator

from ui.widgets.basics import StillSpinBox


class DeskNumber(StillSpinBox):
    """A desk number, or nothing (0) before somebody typed one."""

    def __init__(self, name: str, highest: int) -> None:
        """Be the field `name`; an office with one person has desk 1."""
        super().__init__(name, 0, highest)
        self.setValue(1)

    def textFromValue(self, value: int) -> str:
        """Show no number for nothing."""
        return str(value) if value else ""

    def valueFromText(self, text: str) -> int:
        """Read no text as nothing."""
        return int(text) if text else 0

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """Let the line be empty."""
        return (QValidator.State.Acceptable, text, at) if not text else super().validate(text, at)
