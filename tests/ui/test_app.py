"""The program as a process: what it loads before the first paint, how it ends, what it says on the way."""

from __future__ import annotations

import os
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from desktop import VERSION
from tests.ui.conftest import Office
from tests.ui.processes import UNLOCK, command_line, events, finish, open_files, start, unlocked, wait_until


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
        wait_until(lambda: command_line(about) == expected)
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


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_fault_is_logged_without_its_words_and_a_new_process_shows_its_number(office: Office) -> None:
    then = """def fail():
                raise RuntimeError("Amina Wanjiru")
            QTimer.singleShot(0, fail)"""
    number, err, left = after_fault(unlocked(then, office))
    assert err == f"FAULT {number}\n"
    assert not [path for path in left if str(office.folder / "vault") in path]
    logged = [line for line in events(office.folder) if line["event"] == "fault"]
    assert [(line["fault"], line["error"]) for line in logged] == [(number, "builtins.RuntimeError")]
    assert "Amina" not in (office.folder / "log" / "rufaa.log").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize(
    "fail",
    [
        "window._jobs.run(lambda: 1 // 0, owner=window, done=print, failed=print)",
        "import threading; threading.Thread(target=lambda: 1 // 0).start()",
    ],
)
def test_a_fault_in_the_vault_lane_and_in_any_other_thread_takes_the_same_path(tmp_path: Path, fail: str) -> None:
    number, err, _ = after_fault(start(fail, tmp_path))
    assert err == f"FAULT {number}\n"
    assert [line["error"] for line in events(tmp_path)] == ["builtins.ZeroDivisionError"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_fault_does_not_wait_for_a_busy_lane(office: Office) -> None:
    then = """import threading
            window._jobs.run(threading.Event().wait, owner=window, done=print, failed=print)
            window.show_fault("7K2M")"""
    number, _, left = after_fault(unlocked(then, office))
    assert number == "7K2M"
    assert not [path for path in left if str(office.folder / "vault") in path]


def after_fault(process: subprocess.Popen[str]) -> tuple[str, str, list[str]]:
    """Return the number a new process was given, what was said on standard error, and what that process has open."""
    about = Path("/proc") / str(process.pid)
    try:
        wait_until(lambda: command_line(about)[-2:-1] == ["--fault"])
        number, left = command_line(about)[-1], open_files(about)
    finally:
        process.terminate()
        _, err = process.communicate(timeout=30)
    return number, err, left


def test_what_does_not_look_like_the_number_of_a_fault_is_not_shown() -> None:
    for given in ("7K2", "7K2MM", "7k2m", "Amin", "7K2\n"):
        command = [sys.executable, "-I", "-m", "ui", "--fault", given]
        status, out, err = finish(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        assert (status, out) == (2, "")
        assert err.splitlines()[-1] == "rufaa: error: argument --fault: not the number of a fault"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no exec")
def test_a_lock_ends_the_process_when_an_update_has_taken_the_program_away(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "gone", symlinks=True, with_pip=False)
    program = tmp_path / "gone" / "bin" / "python"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path.cwd()), *site.getsitepackages()]))
    process = unlocked(f"import os; os.unlink({str(program)!r}); window.lock()", office, program=str(program))
    try:
        assert process.wait(timeout=30) == 1
    finally:
        finish(process)


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
