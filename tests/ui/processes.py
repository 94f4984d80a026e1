"""The program as a process of its own, with one thing done to its window."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.ui.conftest import Office

# Runs `main` and does one thing with the window once the vault lane has looked; DO is put in its place.
SCRIPT = """
import sys
from ui import app
from ui.main_window import MainWindow
from PySide6.QtCore import QTimer

def look(self):
    real(self)
    self.looked.connect(lambda: act(self))

def act(window):
    DO

real = MainWindow._look
MainWindow._look = look
sys.exit(app.main(["--data", sys.argv[1], "--language", "sw"]))
"""


def start(action: str, folder: Path, script: str = SCRIPT, *, program: str = sys.executable) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [program, "-c", script.replace("DO", action), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    return process.returncode, out, err


def events(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "log" / "rufaa.log").read_text(encoding="utf-8").splitlines()]


UNLOCK = """from PySide6.QtWidgets import QLineEdit
    window.findChild(QLineEdit, "unlock.sentence").setText(sys.stdin.readline().strip())
    window.findChild(QLineEdit, "unlock.sentence").sentence_entered.emit()
    def wait():
        if window._desk is None:
            QTimer.singleShot(20, wait)
        else:
            THEN
    wait()"""


def unlocked(then: str, office: Office, *, program: str = sys.executable) -> subprocess.Popen[str]:
    process = start(UNLOCK.replace("THEN", then), office.folder, program=program)
    assert process.stdin is not None
    process.stdin.write(office.sentence + "\n")
    process.stdin.flush()
    return process


def open_files(about: Path) -> list[str]:
    """Return what a process has open; what it closes meanwhile is left out."""
    found = []
    for entry in (about / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(entry))
    return found


def command_line(about: Path) -> list[str]:
    """Return what a process was started with, by its folder in /proc."""
    return [os.fsdecode(part) for part in (about / "cmdline").read_bytes().split(b"\0")[:-1]]


def wait_until(is_so: object, seconds: float = 30) -> None:
    assert callable(is_so)
    late = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < late, "it did not happen in time"
        time.sleep(0.05)  # another process: there is nothing to be woken by
