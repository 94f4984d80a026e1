"""Windows stay out of captures, copies out of histories, and the next process keeps to itself as the one before."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QMenu, QWidget
from shiboken6 import delete

from desktop import system
from ui import capture
from ui.capture import CaptureGuard
from ui.widgets import clipboard
from ui.widgets.clipboard import Line


@pytest.fixture
def asked(application: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    found: list[int] = []
    monkeypatch.setattr(capture, "exclude_from_capture", found.append)
    guard = CaptureGuard(application)
    yield found
    delete(guard)


def test_every_window_is_kept_out_of_captures_menus_and_dialogs_too(asked: list[int]) -> None:
    window = QWidget()
    window.setMinimumSize(1, 1)
    chooser, menu, dialog = QComboBox(window), QMenu(window), QDialog(window)
    chooser.addItem("x")
    menu.addAction("x")
    dialog.setMinimumSize(1, 1)
    window.show()
    dialog.show()  # the platform of the tests shows no menus; asking for their handles makes their windows
    ids = {int(one.winId()) for one in (window, menu, dialog, chooser.view().window())}
    assert ids <= set(asked)
    assert len(asked) == len(set(asked))
    delete(window)


@pytest.mark.parametrize("platform", ["win32", "linux"])
def test_what_leaves_for_the_clipboard_is_marked_to_be_kept_nowhere(
    platform: str, application: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    marks = system.clipboard_marks()
    line = Line()
    line.setText("Mwajuma Rono")
    line.selectAll()
    line.copy()
    held = QGuiApplication.clipboard().mimeData()
    assert {name: held.data(name).data() for name in marks} == dict(marks)
    assert not held.hasText()
    clipboard.empty()
    QGuiApplication.clipboard().clear()  # what Python made must not outlive it
    delete(line)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_process_that_a_lock_puts_in_its_place_is_protected_anew(tmp_path: Path) -> None:
    """What exec brings back: core dumps where the person's limits allow them, and memory that may be swapped out."""
    script = "import sys\nfrom ui import app\napp.replace_process(sys.argv[1])"
    child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while "libQt6Widgets" not in facts(child.pid, "maps") or b"-m\0ui" not in command(child.pid):
            assert time.monotonic() < until
            assert child.poll() is None
            time.sleep(0.05)
        (line,) = [line for line in facts(child.pid, "limits").splitlines() if line.startswith("Max core file size")]
        assert line.split()[4:6] == ["0", "0"]
        sizes = dict(line.split(":", 1) for line in facts(child.pid, "status").splitlines())
        locked, size = (int(sizes[name].split()[0]) for name in ("VmLck", "VmSize"))
        assert (locked > size // 2) == system._may_lock_memory()
    finally:
        child.kill()
        child.wait()


def facts(process: int, name: str) -> str:
    return Path(f"/proc/{process}/{name}").read_text(encoding="utf-8")


def command(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()
