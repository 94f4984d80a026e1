"""The program as a process: what it loads before the first paint, how it ends, what it says on the way."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop import VERSION
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


def start(action: str, folder: Path, script: str = SCRIPT) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script.replace("DO", action), str(folder)],
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


def test_before_the_first_paint_nothing_slow_is_loaded(office: Office) -> None:
    script = """
import sys
from ui import app
from ui.main_window import MainWindow

def look(self):
    print(self._painted, *sorted({name.split(".")[0] for name in sys.modules}))
    self.close()

MainWindow._look = look
sys.exit(app.main(["--data", sys.argv[1]]))
"""
    status, out, err = finish(start("", office.folder, script))
    assert (status, err) == (0, "")
    painted, *modules = out.split()
    assert painted == "True"
    assert "PySide6" in modules
    slow = {"sqlalchemy", "sqlcipher3", "alembic", "reportlab", "openpyxl", "cryptography", "pyrage", "uharfbuzz", "db"}
    assert slow & set(modules) == set()
    assert not {"socket", "segno", "zstandard", "phonenumbers", "pycountry"} & set(modules)


def test_closing_the_window_ends_the_program_with_0_and_without_a_word(office: Office) -> None:
    assert finish(start("window.close()", office.folder)) == (0, "", "")


def test_ctrl_q_closes_it_too(office: Office) -> None:
    keys = "from PySide6.QtTest import QTest; from PySide6.QtCore import Qt; "
    keys += "QTest.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)"
    assert finish(start(keys, office.folder)) == (0, "", "")


UNLOCK = """from PySide6.QtWidgets import QLineEdit
    window.findChild(QLineEdit, "unlock.sentence").setText(sys.stdin.readline().strip())
    window.findChild(QLineEdit, "unlock.sentence").sentence_entered.emit()
    def wait():
        if window._desk is None:
            QTimer.singleShot(20, wait)
        else:
            THEN
    wait()"""


def unlocked(then: str, office: Office) -> subprocess.Popen[str]:
    process = start(UNLOCK.replace("THEN", then), office.folder)
    assert process.stdin is not None
    process.stdin.write(office.sentence + "\n")
    process.stdin.flush()
    return process


def test_closing_an_open_desk_closes_the_vault_and_ends_with_0(office: Office) -> None:
    assert finish(unlocked("window.close()", office)) == (0, "", "")
    left = {file.name for file in (office.folder / "vault" / "g1").iterdir()}
    assert left == {"vault.db", "key-header.a", "key-header.b"}


def test_closing_while_the_vault_is_being_opened_ends_with_0(office: Office) -> None:
    action = UNLOCK.split("def wait", maxsplit=1)[0] + "QTimer.singleShot(0, window.close)"
    process = start(action, office.folder)
    assert process.stdin is not None
    process.stdin.write(office.sentence + "\n")
    assert finish(process) == (0, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_lock_puts_a_new_process_in_the_place_of_the_old_one(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", "secret")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    process = unlocked("window.lock()", office)
    about = Path("/proc") / str(process.pid)
    try:
        expected = [sys.executable, "-I", "-m", "ui", "--data", str(office.folder), "--language", "sw"]
        wait_until(
            lambda: (about / "cmdline").read_bytes().split(b"\0")[:-1] == [os.fsencode(part) for part in expected]
        )
        names = {part.split(b"=")[0].decode() for part in (about / "environ").read_bytes().split(b"\0") if part}
        assert names >= {"LC_ALL", "PYINSTALLER_RESET_ENVIRONMENT", "QT_QPA_PLATFORM"}
        assert not names & {"PLANTED", "LD_LIBRARY_PATH", "PYTHONPATH"}
        # The new window is up when it has loaded what opens a vault, and it has none open.
        wait_until(lambda: "sqlcipher3" in (about / "maps").read_text(encoding="utf-8"))
        assert not [path for path in open_files(about) if str(office.folder / "vault") in path]
        assert process.poll() is None
    finally:
        process.terminate()
        process.communicate(timeout=30)


def open_files(about: Path) -> list[str]:
    """Return what a process has open; what it closes meanwhile is left out."""
    found = []
    for entry in (about / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(entry))
    return found


def wait_until(is_so: object, seconds: float = 30) -> None:
    assert callable(is_so)
    late = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < late, "it did not happen in time"
        time.sleep(0.05)  # another process: there is nothing to be woken by


def test_a_fault_is_logged_without_its_words_and_locks_the_desk(tmp_path: Path, office: Office) -> None:
    then = """def fail():
                raise RuntimeError("Amina Wanjiru")
            def done():
                from PySide6.QtWidgets import QLabel
                shown = window.findChild(QLabel, "fault.number")
                if shown is None or window._desk is not None:
                    return QTimer.singleShot(20, done)
                print(shown.text())
                window.close()
            QTimer.singleShot(0, fail)
            done()"""
    status, out, err = finish(unlocked(then, office))
    assert status == 0
    number = out.strip()
    assert err == f"FAULT {number}\n"
    logged = [line for line in events(office.folder) if line["event"] == "fault"]
    assert [(line["fault"], line["error"]) for line in logged] == [(number, "builtins.RuntimeError")]
    assert "Amina" not in (office.folder / "log" / "rufaa.log").read_text(encoding="utf-8")


def test_a_fault_in_the_vault_lane_and_in_any_other_thread_takes_the_same_path(tmp_path: Path) -> None:
    for number, fail in enumerate(
        (
            "window._jobs.run(lambda: 1 // 0, owner=window, done=print, failed=print)",
            "import threading; threading.Thread(target=lambda: 1 // 0).start()",
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        action = f"""from PySide6.QtWidgets import QLabel
    def done():
        if window.findChild(QLabel, "fault.number") is None:
            return QTimer.singleShot(20, done)
        window.close()
    {fail}
    done()"""
        status, _, err = finish(start(action, folder))
        assert status == 0
        assert err.startswith("FAULT ")
        assert [line["error"] for line in events(folder)] == ["builtins.ZeroDivisionError"]


def test_what_qt_says_is_logged_by_category_without_its_words(tmp_path: Path) -> None:
    action = "from PySide6.QtCore import qWarning; qWarning('Amina Wanjiru'); window.close()"
    assert finish(start(action, tmp_path)) == (0, "", "")
    assert [(line["event"], line["code"]) for line in events(tmp_path)] == [("qt.QtWarningMsg", "default")]
    assert "Amina" not in (tmp_path / "log" / "rufaa.log").read_text(encoding="utf-8")


def test_the_program_tells_its_version() -> None:
    status, out, _ = finish(
        subprocess.Popen(
            [sys.executable, "-I", "-m", "ui", "--version"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    )
    assert (status, out) == (0, f"Rufaa {VERSION}\n")
