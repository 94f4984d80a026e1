"""Settings of this laptop's window (language, colours, size of text, idle time), and the office's letterhead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop import system
from desktop.errors import DeskError, NotAccepted, Problem
from desktop.messages import explain_problem
from desktop.services.office import OfficeSheet
from desktop.services.session import OpenVault
from desktop.settings import IDLE_MINUTES, TEXT_PERCENTS, THEMES, Settings
from ui.languages import current, plain, words
from ui.screens.page import on_paper
from ui.screens.screen import Screen
from ui.screens.settings_health import HealthLines
from ui.seat import Place, Seat, Telling
from ui.theme import HUGE, LARGE, SMALL, TINY
from ui.widgets.basics import ActionButton, Words, frame
from ui.widgets.clipboard import Line
from ui.widgets.flow_layout import FlowLayout
from ui.widgets.problem_note import ProblemNote

_SHEET_PX = 720
_PARTS = ("name", "ministry", "phone")
_LABELS = {"name": "SETTINGS_OFFICE_NAME", "ministry": "SETTINGS_MINISTRY", "phone": "SETTINGS_PHONE"}


class SettingsScreen(Screen):
    """Everything takes effect at once; only the letterhead is saved by a button."""

    def __init__(self, seat: Seat, place: Place) -> None:
        """Show the settings in force."""
        super().__init__(seat, place)
        self._first: QWidget | None = None
        self._edits = {part: Line() for part in _PARTS}
        self._notes: dict[str, ProblemNote] = {}
        self._save = ActionButton("settings.save", "SETTINGS_SAVE", role="main")
        self._save.clicked.connect(self._on_save)
        sheet = frame("sheet")
        column = QVBoxLayout(sheet)
        column.setContentsMargins(HUGE + SMALL, HUGE, HUGE + SMALL, HUGE)
        column.setSpacing(LARGE)
        column.addWidget(Words("SETTINGS_TITLE", "title"))
        column.addLayout(self._choices())
        column.addLayout(self._ways())
        if seat.desk.vault.kind == "OFFICE" and seat.may("office.save"):
            column.addWidget(frame("rule"))
            column.addWidget(self._letterhead())
        self._health = HealthLines()
        for part in (frame("rule"), Words("HEALTH_TITLE", "heading"), Words("HEALTH_HELP", "help", wraps=True)):
            column.addWidget(part)
        column.addWidget(self._health)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(on_paper(sheet, _SHEET_PX), 1)
        self.say_again()

    def begin(self) -> None:
        """Begin at the first choice, and read the letterhead."""
        if self._first is not None:
            self._first.setFocus(Qt.FocusReason.OtherFocusReason)
        vault = self.seat.desk.vault
        self.run(lambda: _health(vault), self._health.show_findings)
        if self.seat.desk.vault.kind == "OFFICE":
            self.run(self.seat.desk.office.sheet, self._on_sheet)

    def say_again(self) -> None:
        """Name the fields in the new language."""
        for part, edit in self._edits.items():
            edit.setAccessibleName(plain(_LABELS[part]))

    def _choices(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(HUGE)
        grid.setVerticalSpacing(LARGE)
        grid.setColumnStretch(1, 1)
        now = self.seat.settings()
        rows: Sequence[tuple[str, str, Sequence[str | int], str | int, Callable[[Settings, str | int], Settings]]] = (
            ("language", "SETTINGS_LANGUAGE", ("en", "sw"), current(), lambda s, v: replace(s, language=str(v))),
            ("theme", "SETTINGS_THEME", THEMES, now.theme, lambda s, v: replace(s, theme=str(v))),
            ("text", "SETTINGS_TEXT", TEXT_PERCENTS, now.text_percent, lambda s, v: replace(s, text_percent=int(v))),
            ("idle", "SETTINGS_IDLE", IDLE_MINUTES, now.idle_minutes, lambda s, v: replace(s, idle_minutes=int(v))),
        )
        for place, (name, code, values, chosen, change) in enumerate(rows):
            choice = _Choice(f"settings.{name}", code, values, chosen)
            choice.connect_to(partial(self._on_chosen, change))
            grid.addWidget(Words(code, "muted", wraps=True), place, 0)
            grid.addWidget(choice, place, 1)
            self._first = self._first or choice.first()
        return grid

    def _ways(self) -> FlowLayout:
        """Return the ways to what is not of this laptop alone, for who may go there."""
        ways = [("sentence", ActionButton("settings.sentence", "SETTINGS_SENTENCE", sign="key-round"))]
        if self.seat.desk.vault.kind == "OFFICE":
            if self.seat.may("people.manage"):
                people = ActionButton("settings.people", "SETTINGS_PEOPLE", sign="users", help_code="PEOPLE_HELP")
                ways.append(("people", people))
            if self.seat.may("journal.read"):
                journal = ActionButton("settings.journal", "SETTINGS_JOURNAL", sign="history", help_code="JOURNAL_HELP")
                ways.append(("journal", journal))
            if self.seat.may("people.manage"):
                close = ActionButton("settings.close_desk", "CLOSE_DESK", sign="ban", help_code="CLOSE_DESK_HELP")
                ways.append(("closeDesk", close))
        flow = FlowLayout(SMALL)
        for screen, button in ways:
            button.clicked.connect(lambda _=False, screen=screen: self.place_wanted.emit(Place(screen)))
            flow.addWidget(button)
        return flow

    def _letterhead(self) -> QFrame:
        part = QFrame()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(TINY)
        column.addWidget(Words("SETTINGS_LETTERHEAD", "heading"))
        column.addWidget(Words("SETTINGS_LETTERHEAD_HELP", "help", wraps=True))
        for name, edit in self._edits.items():
            edit.setObjectName(f"settings.{name}")
            edit.returnPressed.connect(self._save.click)
            label = Words(_LABELS[name], "strong")
            label.setBuddy(edit)
            self._notes[name] = ProblemNote(f"settings.{name}.problem", edit, "SETTINGS_LETTERHEAD_HELP", lines=1)
            column.addSpacing(SMALL)
            column.addWidget(label)
            column.addWidget(edit)
            column.addWidget(self._notes[name])
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self._save)
        column.addLayout(foot)
        return part

    def _on_chosen(self, change: Callable[[Settings, str | int], Settings], value: str | int) -> None:
        self.seat.change_settings(change(self.seat.settings(), value))

    def _on_sheet(self, sheet: OfficeSheet) -> None:
        for part, edit in self._edits.items():
            edit.setText(getattr(sheet, part))

    def _on_save(self) -> None:
        for note in self._notes.values():
            note.clear()
        name, ministry, phone = (self._edits[part].text().strip() for part in _PARTS)
        office = self.seat.desk.office
        self.run(lambda: office.save(name=name, ministry=ministry, phone=phone), self._on_saved, self._on_not_saved)

    def _on_saved(self, _: object) -> None:
        self.told.emit(Telling(lambda: words("SETTINGS_SAVED")))

    def _on_not_saved(self, error: DeskError) -> None:
        if not isinstance(error, NotAccepted):
            self.fail(error)
            return
        for problem in error.problems:
            part = problem.field.removeprefix("office.")
            if part in self._notes:
                self._notes[part].tell(partial(_in_words, problem))
                self._edits[part].setFocus(Qt.FocusReason.OtherFocusReason)


def _in_words(problem: Problem) -> str:
    return explain_problem(problem, current())


class _Choice(QWidget):
    """A row of buttons, one of them down."""

    def __init__(self, name: str, code: str, values: Sequence[str | int], chosen: str | int) -> None:
        super().__init__()
        self.setObjectName(name)
        self._code = code
        self._buttons = {
            value: ActionButton(f"{name}.{value}", _value_code(name, value), role="choice") for value in values
        }
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(TINY)
        for value, button in self._buttons.items():
            button.setCheckable(True)
            button.setChecked(value == chosen)
            group.addButton(button)
            row.addWidget(button)
        row.addStretch(1)
        self.setAccessibleName(plain(code))

    def first(self) -> QWidget:
        """Return the button that is down, or the first."""
        return next(
            (button for button in self._buttons.values() if button.isChecked()), next(iter(self._buttons.values()))
        )

    def connect_to(self, chosen: Callable[[str | int], None]) -> None:
        """Call `chosen` with the value of a button that was pressed."""
        for value, button in self._buttons.items():
            button.clicked.connect(lambda _=False, value=value: chosen(value))

    def changeEvent(self, event: QEvent) -> None:
        """Say it in the new language."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.setAccessibleName(plain(self._code))


def _value_code(name: str, value: str | int) -> str:
    """Return the code of the words of one value."""
    return _VALUE_CODES[f"{name.removeprefix('settings.')}.{value}"]


_VALUE_CODES = {
    "language.en": "SETTINGS_ENGLISH",
    "language.sw": "SETTINGS_SWAHILI",
    "theme.system": "SETTINGS_THEME_SYSTEM",
    "theme.light": "SETTINGS_THEME_LIGHT",
    "theme.dark": "SETTINGS_THEME_DARK",
    "text.90": "SETTINGS_TEXT_SMALL",
    "text.100": "SETTINGS_TEXT_USUAL",
    "text.115": "SETTINGS_TEXT_LARGE",
    "text.130": "SETTINGS_TEXT_LARGEST",
    "idle.1": "SETTINGS_IDLE_A",
    "idle.2": "SETTINGS_IDLE_B",
    "idle.3": "SETTINGS_IDLE_C",
    "idle.5": "SETTINGS_IDLE_D",
    "idle.10": "SETTINGS_IDLE_E",
    "idle.15": "SETTINGS_IDLE_F",
}


def _health(vault: OpenVault) -> tuple[system.Finding, ...]:
    """Return how the laptop stands, and what lies beside the vault that is not ours."""
    found = system.health(vault.generation.data)
    if not vault.foreign_vaults:
        return found
    return (*found, system.Finding("foreign_vault", system.State.FAILED, "HEALTH_FOREIGN_VAULT"))
