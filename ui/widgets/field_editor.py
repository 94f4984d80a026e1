"""What every editor of a form is: it shows a value, gives back what was typed, and says what is amiss with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from desktop.errors import Severity
from desktop.rules.forms import Field
from desktop.rules.records import Damaged, Missing, Value
from ui.languages import words
from ui.widgets.answer_menu import MISSING_WORDS, AnswerMenu

# Another window or a menu takes the keys for a while; the person has not left the field.
_ASIDE = {Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason, Qt.FocusReason.MenuBarFocusReason}


@dataclass(frozen=True)
class Note:
    """What is to be said under a field; without a severity it is only worth knowing."""

    code: str
    severity: Severity | None = None
    facts: Mapping[str, int | str] = field(default_factory=dict, repr=False)


def is_form_key(event: QEvent) -> bool:
    """Say whether a key is about to go to the window that means something in a form: there F1 explains the field."""
    return (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and event.key() in {Qt.Key.Key_F1, Qt.Key.Key_F2}
    )


class Editor(QWidget):
    """One answer on screen. Nothing a person did not do is ever `touched`: an untouched value goes back as it came."""

    edited = Signal()
    noted = Signal()  # what is to be said under the field may have changed
    entered = Signal()
    left = Signal()
    next_wanted = Signal()
    done = Signal()
    help_wanted = Signal()

    def __init__(self, item: Field, name: str, how: str) -> None:
        """Answer `item`; `name` is the object name of its input, `how` the code of the words that explain its keys."""
        super().__init__()
        self.item, self.name, self.how = item, name, how
        self.touched = False
        self.sealed = self.read_only = False
        self.reasons = True  # whether a person may say why there is no answer
        self.menu: AnswerMenu | None = None
        self.missing: Missing | None = None
        self._given: Value = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)

    def input(self) -> QWidget:
        """Return what takes the focus."""
        raise NotImplementedError

    def show_value(self, value: Value) -> None:
        """Show a value that is neither missing nor damaged; None shows nothing."""
        raise NotImplementedError

    def read(self) -> Value:
        """Return what stands there, as it is stored; what is not understood as it was typed."""
        raise NotImplementedError

    def finish(self) -> None:
        """Understand what was typed, as the field is left, and show it in one clear form."""

    def notes(self) -> tuple[Note, ...]:
        """Return what is to be said of what stands there."""
        return ()

    def set_read_only(self, read_only: bool) -> None:
        """Let nothing be changed."""
        self.read_only = read_only

    def say_again(self) -> None:
        """Set the words again in another language."""

    def say_missing(self) -> None:
        """Show in the input why there is no answer, or that it is sealed."""

    def shows_missing(self) -> bool:
        """Say whether the input itself shows plainly why there is no answer."""
        return False

    def describe(self, label: str, description: str) -> None:
        """Say to a screen reader what is asked, and how to answer or what is amiss."""
        self.input().setAccessibleName(label)
        self.input().setAccessibleDescription(description)

    def put(self, value: Value, *, sealed: bool = False) -> None:
        """Show a stored value; it is given back as it is until somebody changes it."""
        self._given, self.touched, self.sealed = value, False, sealed
        self._show(value)

    def answer(self, value: Value) -> None:
        """Show a value that a person chose."""
        self.touched = True
        self._show(value)
        self.edited.emit()

    def value(self) -> Value:
        """Return the value as it is stored."""
        if not self.touched:
            return self._given
        return self.missing or self.read()

    def hides_health(self) -> bool:
        """Say whether there is a health fact that this person is not shown."""
        return self.item.health and self.sealed and not self.touched

    def damaged(self) -> bool:
        """Say whether the stored value could not be read and still stands."""
        return not self.touched and isinstance(self._given, Damaged)

    def placeholder(self) -> str:
        """Return the words that stand in an empty input."""
        if self.missing:
            return words(MISSING_WORDS[self.missing])
        if not self.sealed or self.touched:
            return ""
        return words("HEALTH_REPLACES" if self.item.health else "FIELDS_SEALED")

    def typed(self) -> None:
        """Take note that a person changed the input."""
        self.touched = True
        self.missing = None
        self.say_missing()
        self.edited.emit()

    def take_key(self, event: QKeyEvent, *, many_lines: bool = False) -> bool:
        """Do what a key means in every field; False when it means nothing here."""
        key = event.key()
        if self.menu is not None:
            menu, self.menu = self.menu, None
            taken = menu.take_key(event)
            if not menu.isHidden():
                self.menu = menu
            return taken
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.finish()
                self.done.emit()
            elif many_lines:
                return False
            else:
                self.next_wanted.emit()
        elif key == Qt.Key.Key_F1:
            self.help_wanted.emit()
        elif key == Qt.Key.Key_F2:
            self.offer_answers()
        else:
            return False
        return True

    def offer_answers(self) -> None:
        """Open the menu of reasons for no answer."""
        self.close_answers()
        if self.reasons and not self.read_only:
            self.input().setFocus(Qt.FocusReason.OtherFocusReason)
            self.menu = AnswerMenu(self.input(), f"{self.name}.answers", self._answer)

    def close_answers(self) -> None:
        """Put the menu away."""
        if self.menu is not None:
            self.menu.put_away()
            self.menu = None

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave no menu behind."""
        self.close_answers()
        super().hideEvent(event)

    def focus_left(self, event: QFocusEvent) -> None:
        """Understand what was typed once the focus is elsewhere in the window."""
        to = QApplication.focusWidget()
        if event.reason() not in _ASIDE and not (to and self.isAncestorOf(to)):
            self.close_answers()
            self.finish()
            self.noted.emit()
            self.left.emit()

    def _answer(self, missing: Missing | None) -> None:
        self.menu = None
        self.answer(missing)

    def _show(self, value: Value) -> None:
        self.missing = value if isinstance(value, Missing) else None
        self.show_value(None if isinstance(value, Missing | Damaged) else value)
        self.say_missing()
        self.noted.emit()
