"""What other programs find on an X server while a person copies in fields of the window; run by test_clipboard.py.

With `read` it is such a program: it prints what it finds in both buffers, or copies the text it is given.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QClipboard
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from ui import languages
from ui.widgets import clipboard
from ui.widgets.basics import Quote
from ui.widgets.clipboard import Line, Paper

NAME = "Mwajuma Rono"
CONTROL = Qt.KeyboardModifier.ControlModifier


def other_program(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, __file__, "read", *arguments], stdout=subprocess.PIPE, text=True)


def found_by_others() -> dict[str, list[str]]:
    """Let another program read both buffers while this one answers."""
    with other_program() as reader:
        while reader.poll() is None:
            QTest.qWait(20)
        assert reader.stdout is not None
        return dict(json.loads(reader.stdout.read()))


def read() -> None:
    buffers = QApplication.clipboard()
    found = {}
    for mode in (QClipboard.Mode.Clipboard, QClipboard.Mode.Selection):
        content = buffers.mimeData(mode)
        found[mode.name] = [*content.formats(), *([content.text()] if content.hasText() else [])]
    sys.stdout.write(json.dumps(found))


def hold(text: str) -> None:
    """Copy as another program and stay until the standard input ends."""
    QApplication.clipboard().setText(text)
    QApplication.processEvents()
    sys.stdout.write("held\n")
    sys.stdout.flush()
    while True:
        QTest.qWait(20)


def double_click(field: QWidget) -> None:
    """Select a word as a person does, with all that Qt does at it."""
    at = QPoint(12, 12)
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(field, Qt.MouseButton.LeftButton, pos=at)


def shown(*fields: QWidget) -> QWidget:
    window = QWidget()
    column = QVBoxLayout(window)
    for field in fields:
        column.addWidget(field)
    window.show()
    window.activateWindow()
    assert QTest.qWaitForWindowExposed(window)
    return window


def main() -> None:
    languages.switch("en")
    told: dict[str, object] = {}
    clipboard.KEPT_MS = 2_000
    line, paper, goal, quote = Line(), Paper(), Line(), Quote("quote", "12345", "code")
    bare_line, bare_paper = QLineEdit(NAME), QPlainTextEdit(NAME)
    window = shown(line, paper, goal, quote, bare_line, bare_paper)
    line.setText(NAME)
    paper.setPlainText(NAME)

    def after(name: str, act: Callable[[], object]) -> None:
        QApplication.clipboard().clear()
        act()
        told[name] = found_by_others()

    after("line.selected", lambda: double_click(line))
    after("line.selected by keys", lambda: QTest.keyClick(line, Qt.Key.Key_A, CONTROL))
    after("paper.selected", lambda: double_click(paper.viewport()))
    after("bare line.selected", lambda: double_click(bare_line))
    after("bare paper.selected", lambda: double_click(bare_paper.viewport()))
    after("quote.selected", lambda: double_click(quote))
    copied: dict[str, Line | Paper] = {"line": line, "paper": paper}
    for name, field in copied.items():
        field.selectAll()
        for act, key in {"copy": Qt.Key.Key_C, "insert key": Qt.Key.Key_Insert, "cut": Qt.Key.Key_X}.items():
            after(f"{name}.{act}", partial(QTest.keyClick, field, key, CONTROL))
    QTest.keyClick(goal, Qt.Key.Key_V, CONTROL)
    told["pasted"] = goal.text()
    goal.home(False)
    after("line.cut to its end", lambda: QTest.keyClick(goal, Qt.Key.Key_K, CONTROL))
    QTest.keyClick(goal, Qt.Key.Key_V, CONTROL)
    after("line.cut whole", lambda: QTest.keyClick(goal, Qt.Key.Key_U, CONTROL))
    told["taken out"] = goal.text()

    QTest.qWait(clipboard.KEPT_MS + 500)
    QTest.keyClick(goal, Qt.Key.Key_V, CONTROL)
    told["pasted too late"] = goal.text()
    told["after the time"] = found_by_others()
    double_click(quote)
    after("quote.copy", lambda: QTest.keyClick(quote, Qt.Key.Key_C, CONTROL))
    QTest.qWait(clipboard.KEPT_MS + 500)
    told["quote after the time"] = found_by_others()

    line.setText(NAME)
    line.selectAll()
    line.copy()
    with other_program("from outside") as outside:
        assert outside.stdout is not None
        assert outside.stdout.readline() == "held\n"
        QTest.qWait(200)
        QTest.keyClick(goal, Qt.Key.Key_V, CONTROL)
        told["pasted from outside"] = goal.text()
        clipboard.empty()
        told["at lock, of others"] = found_by_others()
        outside.terminate()
    line.copy()
    clipboard.empty()
    told["at lock, own"] = found_by_others()
    sys.stdout.write(json.dumps(told))
    window.close()


if __name__ == "__main__":
    program = QApplication([])
    if sys.argv[1:] == ["read"]:
        read()
    elif sys.argv[1:]:
        hold(sys.argv[2])
    else:
        main()
