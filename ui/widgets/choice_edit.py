"""A few answers beside one another: yes, no, not known, declined, not asked, or a short list."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFocusEvent, QIcon, QKeyEvent
from PySide6.QtWidgets import QPushButton

from desktop.rules.codelists import CodeList
from desktop.rules.forms import Field, FieldType, stored_value
from desktop.rules.records import Missing, Value
from ui.languages import current
from ui.theme import ICON_PX, TINY, Tokens, icon, tokens
from ui.widgets.field_editor import Editor, is_form_key
from ui.widgets.flow_layout import FlowLayout

_STEPS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}
_TAKE_BACK = {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}
_TABS = {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason}
_LETTERS = str.maketrans("0123456789", "jabcdefghi")  # object names hold letters only


class ChoiceEdit(Editor):
    """A row of buttons of which none or one is down; for Tab it is one stop."""

    def __init__(self, item: Field, name: str, codes: CodeList) -> None:
        """Show the codes; a yes or no question offers its reasons for no answer, but not "does not apply"."""
        super().__init__(item, name, "FIELDS_HOW_CHOICE")
        self.setObjectName(name)
        self._list = codes
        self._chosen: str | None = None
        self.leaving = False  # Tab is on its way out of the row
        codes_shown = [code.code for code in codes if item.type is not FieldType.BOOL or code.code != "NA"]
        self.buttons = {code: _Choice(self, code) for code in codes_shown}
        flow = FlowLayout(TINY)
        for button in self.buttons.values():
            flow.addWidget(button)
        self.column.addLayout(flow)
        self.setFocusProxy(next(iter(self.buttons.values())))
        self.say_again()

    def input(self) -> QPushButton:
        """Return the button that is down, or the first."""
        return self.buttons.get(self._chosen or "") or next(iter(self.buttons.values()))

    def show_value(self, value: Value) -> None:
        """Press the button of the value."""
        self._press(
            ("YES" if value else "NO") if isinstance(value, bool) else value if isinstance(value, str) else None
        )

    def say_missing(self) -> None:
        """Press the button of the reason for no answer, where the list has one."""
        if self.missing and isinstance(self._stored(self.missing.value), Missing):
            self._press(self.missing.value)

    def shows_missing(self) -> bool:
        """Say whether a button is down for it."""
        return self._chosen is not None

    def read(self) -> Value:
        """Return what is chosen."""
        return None if self._chosen is None else self._stored(self._chosen)

    def describe(self, label: str, description: str) -> None:
        """Say the question with each answer."""
        self.setAccessibleName(label)
        self.setAccessibleDescription(description)
        for code, button in self.buttons.items():
            button.setAccessibleName(f"{label}: {self._list.label(code, current())}")
            button.setAccessibleDescription(description)

    def say_again(self) -> None:
        """Say the answers in the new language."""
        for code, button in self.buttons.items():
            button.setText(self._list.label(code, current()).replace("&", "&&"))

    def choose(self, code: str | None) -> None:
        """Choose an answer, or none."""
        if self.read_only:
            self._press(self._chosen)
            return
        self._press(code)
        self.typed()

    def press_key(self, button: _Choice, event: QKeyEvent) -> bool:
        """Do what a key means in the row."""
        if self.take_key(event):
            return True
        codes = list(self.buttons)
        place = codes.index(button.code)
        if event.key() in _STEPS:
            target = codes[(place + _STEPS[Qt.Key(event.key())]) % len(codes)]
        elif event.key() in _TAKE_BACK:
            self.choose(None)
            return True
        else:
            starts = event.text().casefold()
            after = [*codes[place + 1 :], *codes[: place + 1]]
            found = [code for code in after if starts and self._starts(code, starts)]
            if not starts.strip() or not found:
                return False
            fresh = self._chosen is None and self._starts(button.code, starts)
            target = button.code if fresh else found[0]
        if not self.read_only:
            self.choose(target)
        self.buttons[target].setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def leave(self, button: _Choice, *, forward: bool) -> bool:
        """Let Tab pass over the other buttons."""
        edge = list(self.buttons.values())[-1 if forward else 0]
        self.leaving = True
        edge.setFocus(Qt.FocusReason.OtherFocusReason)
        moved = edge.pass_on(forward)
        self.leaving = False
        if not moved:
            button.setFocus(Qt.FocusReason.OtherFocusReason)
        return moved

    def _stored(self, code: str) -> Value:
        if self.item.type is FieldType.BOOL:
            return Missing(code) if code in Missing.__members__ else code == "YES"
        return stored_value(self.item, code)

    def _starts(self, code: str, letters: str) -> bool:
        return self._list.label(code, current()).casefold().startswith(letters) or code.casefold() == letters

    def _press(self, code: str | None) -> None:
        self._chosen = code
        for other, button in self.buttons.items():
            button.press(other == code)
        self.setFocusProxy(self.input())


class _Choice(QPushButton):
    def __init__(self, editor: ChoiceEdit, code: str) -> None:
        super().__init__()
        self._editor, self.code = editor, code
        self.setObjectName(f"{editor.name}.{code.lower().translate(_LETTERS)}")
        self.setProperty("role", "choice")
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setIconSize(QSize(ICON_PX + TINY, ICON_PX))
        self.press(False)
        self.clicked.connect(lambda on: editor.choose(code if on else None))

    def press(self, down: bool) -> None:
        """Be down or up, with a sign that says so without colour."""
        self.setChecked(down)
        self.setIcon(_sign("circle-check" if down else "circle", "accent" if down else "muted", tokens()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.press(self.isChecked())

    def event(self, event: QEvent) -> bool:
        if is_form_key(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._editor.press_key(self, event):
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        target = self._editor.input()
        if event.reason() in _TABS and target is not self:
            target.setFocus(Qt.FocusReason.OtherFocusReason)
        elif not self._editor.leaving:
            self._editor.entered.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._editor.focus_left(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return self._editor.leave(self, forward=forward)

    def pass_on(self, forward: bool) -> bool:
        return super().focusNextPrevChild(forward)


@cache
def _sign(name: str, colour: str, _of: Tokens) -> QIcon:
    # A form has a hundred of these buttons and four signs.
    return icon(name, colour, gap_px=TINY)
