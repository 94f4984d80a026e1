"""Hands that type by the X server alone, and eyes that only look: what the walk does and sees on the real window.

The hands are the program `xdotool`, whose keys come to the window through the X server like those of a keyboard. The
eyes are called in the walk's own thread and look in the window's; they read what is on screen and change nothing.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QWidget,
)

Answer = TypeVar("Answer")

LONGEST_WAIT_S = 60.0  # making an office's keys, on a busy machine
SECONDS_A_KEY = 0.2  # a person at the keyboard: five keys a second
_LOOK_EVERY_S = 0.02
_MOST_FIELDS = 60
_STEPS = frozenset({"Return", "Tab", "shift+Tab", "Escape", "Down", "Up", "Left", "Right"})
_HELD = frozenset({Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta})


class Stuck(AssertionError):
    """The screen did not come to show what a person would have waited for."""


class Eyes(QObject):
    """Lives in the window's thread and answers the walk's."""

    _asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.released = 0  # keys that arrived at a window and were let go again
        self._asked.connect(self._on_asked, Qt.ConnectionType.QueuedConnection)

    def look(self, at: Callable[[], Answer]) -> Answer:
        """Look at something in the window's thread; called in the walk's."""
        answer: Future[Answer] = Future()

        def ask() -> None:
            try:
                answer.set_result(at())
            except Exception as error:  # noqa: BLE001  it is raised where it was asked
                answer.set_exception(error)

        self._asked.emit(ask)
        return answer.result(timeout=LONGEST_WAIT_S)

    def wait(self, what: str, until: Callable[[], bool]) -> None:
        """Wait until something is so on screen."""
        end = time.monotonic() + LONGEST_WAIT_S
        while not self.look(until):
            if time.monotonic() > end:
                raise Stuck(f"{what}; the focus is on {self.focus()!r}; on screen: {self.look(_everything_said)}")
            time.sleep(_LOOK_EVERY_S)

    def wait_for(self, name: str) -> None:
        """Wait until a part of the window can be seen and used."""
        self.wait(f"{name} is not there", lambda: (found := _visible(name)) is not None and found.isEnabled())

    def wait_words(self, name: str, part: str) -> None:
        """Wait until a label or line says something."""
        self.wait(f"{name} does not say {part!r}", lambda: part in _said(_visible(name)))

    def wait_focus(self, name: str) -> None:
        """Wait until a part takes the keys."""
        self.wait(f"{name} has no focus", lambda: _focus_name() == name)

    def entries(self, name: str) -> list[str]:
        """Read the lines of a list of boxes."""
        return self.look(lambda: _entries(_visible(name)))

    def words(self, name: str) -> str:
        """Read what a label, a line or a button says."""
        return self.look(lambda: _said(_visible(name)))

    def number_of(self, name: str, label: str) -> str:
        """Read the number that stands before an answer in a list of boxes."""
        entries = self.entries(name)
        found = [entry.split()[0] for entry in entries if label in entry]
        assert len(found) == 1, (label, entries)
        return found[0]

    def focus(self) -> str:
        """Return the name of the part that takes the keys."""
        return self.look(_focus_name)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count the keys that arrive at a window, and let them pass."""
        if isinstance(watched, QWindow) and event.type() == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            self.released += event.key() not in _HELD
        return False

    def _on_asked(self, ask: Callable[[], None]) -> None:
        ask()


class Hands:
    """Types; counts keys, and among them the steps from field to field and place to place."""

    def __init__(self, eyes: Eyes, *, human: bool) -> None:
        """Type as fast as the window takes it, or at the speed of a person."""
        self._eyes, self.human = eyes, human
        self.keys = self.steps = 0

    def take_window(self) -> None:
        """Point the keyboard at the window in front, as a window manager would."""

        def front() -> int:
            window = QApplication.activeModalWidget() or next(
                one for one in QApplication.topLevelWidgets() if one.isVisible() and one.objectName() == "window"
            )
            window.windowHandle().installEventFilter(self._eyes)
            return int(window.winId()) if window.windowHandle().isExposed() else 0

        self._eyes.wait("no window is exposed", lambda: front() != 0)
        _run("windowfocus", "--sync", str(self._eyes.look(front)))
        self._eyes.wait("no window has the keyboard", lambda: QApplication.focusWindow() is not None)

    def key(self, *chords: str) -> None:
        """Press keys or chords such as `alt+n`, one after another."""
        for chord in chords:
            began, before = time.monotonic(), self._eyes.released
            _run("key", chord)
            self.keys += 1
            self.steps += chord in _STEPS or "+" in chord
            self._arrive(before + 1, began, 1)

    def close_window(self) -> None:
        """Close the window by key: the event loop ends with it, so there is nothing to wait for."""
        _run("key", "ctrl+q")

    def type(self, text: str) -> None:
        """Type a text into the field with the focus."""
        began, before = time.monotonic(), self._eyes.released
        _run("type", "--delay", str(round(SECONDS_A_KEY * 1000)) if self.human else "2", "--", text)
        self.keys += len(text)
        self._arrive(before + len(text), began, len(text))

    def enter(self, text: str) -> None:
        """Type a text and press Enter."""
        self.type(text)
        self.key("Return")

    def press(self, name: str) -> None:
        """Press a button or a stop by the letter that is underlined on it."""
        self._eyes.wait_for(name)
        words = self._eyes.words(name)
        letter = re.search("&([^&])", words)
        assert letter, f"{name} ({words!r}) has no letter to press"
        self.key(f"alt+{letter[1].lower()}")

    def go_to(self, name: str, by: str = "Return") -> None:
        """Go on from field to field until the focus is in this one; in a note of many lines Enter makes a line."""
        for _ in range(_MOST_FIELDS):
            if f"{self._eyes.focus()}.".startswith(f"{name}."):  # a row of buttons: one of them
                return
            self.key("Tab" if self._eyes.look(_in_many_lines) else by)
        raise Stuck(f"{by} does not lead to {name}; the focus is on {self._eyes.focus()}")

    def fill(self, name: str, text: str) -> None:
        """Go on to a field and type into it."""
        self.go_to(name)
        self.type(text)

    def tick(self, name: str, *labels: str) -> None:
        """Go on to a list of boxes and type the numbers beside the answers; Enter ends a number and goes on."""
        self.go_to(name)
        for place, label in enumerate(labels):
            if place:
                self.key("shift+Tab")
            self.enter(self._eyes.number_of(name, label))

    def name_in_dialog(self, name: str, path: str) -> None:
        """Type a path into the dialog of this name and choose it."""
        self._eyes.wait_for(name)
        self.take_window()
        self._eyes.wait("the line of the dialog has no focus", lambda: _focus_name() == "fileNameEdit")
        self.key("ctrl+a")
        self.enter(path)
        self._eyes.wait(f"{name} does not close", lambda: _visible(name) is None)
        self.take_window()

    def _arrive(self, released: int, began: float, keys: int) -> None:
        """Wait until the window had the keys; a dialog that one of them closed never sees it let go."""
        end = time.monotonic() + 1.0
        while self._eyes.released < released and time.monotonic() < end:
            time.sleep(_LOOK_EVERY_S / 4)
        self._eyes.look(lambda: None)
        if self.human:
            time.sleep(max(0.0, began + keys * SECONDS_A_KEY - time.monotonic()))


def _run(*arguments: str) -> None:
    subprocess.run(["xdotool", *arguments], check=True, capture_output=True, timeout=600)


def _visible(name: str) -> QWidget | None:
    for window in QApplication.topLevelWidgets():
        for found in (window, *window.findChildren(QWidget, name)):
            if found.objectName() == name and found.isVisible():
                return found
    return None


def _said(widget: QWidget | None) -> str:
    if isinstance(widget, QLabel | QLineEdit | QAbstractButton):
        return widget.text()
    return widget.toPlainText() if isinstance(widget, QPlainTextEdit) else ""


def _entries(widget: QWidget | None) -> list[str]:
    return [widget.item(n).text() for n in range(widget.count())] if isinstance(widget, QListWidget) else []


def _focus_name() -> str:
    """Return the name of the part with the focus; the line inside a field answers for the field."""
    widget = QApplication.focusWidget()
    while widget is not None and (not widget.objectName() or widget.objectName().startswith("qt_")):
        widget = widget.parentWidget()
    return widget.objectName() if widget is not None else ""


def _in_many_lines() -> bool:
    return isinstance(QApplication.focusWidget(), QPlainTextEdit)


def _everything_said() -> list[str]:
    labels = [label for window in QApplication.topLevelWidgets() for label in window.findChildren(QLabel)]
    return [label.text() for label in labels if label.isVisible() and label.text()]
