"""Sleep, a locked screen and another user, said by a logind of our own on a real bus."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui import login1
from tests.ui.conftest import Office
from tests.ui.processes import command_line, events, finish, open_files, start, unlocked, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="D-Bus and logind are Linux's")

# Listens as the window does, and says so once the bus knows what it listens to.
LISTENER = """
from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtDBus import QDBusConnection
from ui.suspend import SystemWatch

def wait():
    if not watch._session:
        return QTimer.singleShot(10, wait)
    for bus in (QDBusConnection.systemBus(), QDBusConnection.sessionBus()):
        bus.interface().isServiceRegistered("org.freedesktop.login1")
    print("listening", flush=True)

application = QCoreApplication([])
watch = SystemWatch(application)
watch.leaving.connect(lambda: print("leaving", flush=True))
watch.delay_sleep()
wait()
application.exec()
"""


class Talk:
    """A process one speaks with, line by line."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.strip())

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)

    def hear(self) -> str:
        return self._lines.get(timeout=20)

    def rest(self, seconds: float) -> list[str]:
        """Return what is said until nothing was for some seconds."""
        heard = []
        try:
            while True:
                heard.append(self._lines.get(timeout=seconds))
        except queue.Empty:
            return heard

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    where = f"unix:path={tmp_path / 'bus'}"
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nosyslog", f"--address={where}", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert daemon.stdout is not None
        assert daemon.stdout.readline().decode().startswith(where)
        for kind in ("SYSTEM", "SESSION"):
            monkeypatch.setenv(f"DBUS_{kind}_BUS_ADDRESS", where)
        yield where
    finally:
        daemon.kill()
        daemon.communicate()


@pytest.fixture
def logind(address: str) -> Iterator[Talk]:
    made = Talk(sys.executable, login1.__file__, address)
    try:
        assert made.hear() == "True"
        yield made
    finally:
        made.end()


@pytest.fixture
def listener(logind: Talk) -> Iterator[Talk]:
    made = Talk(sys.executable, "-c", LISTENER)
    try:
        assert made.hear() == "listening"
        yield made
    finally:
        made.end()


def test_each_way_of_leaving_the_laptop_is_heard_and_nothing_else(logind: Talk, listener: Talk) -> None:
    assert logind.hear() == "sleep|Rufaa|Closing files|delay"
    for said, back in (
        ("lock", "awake"),
        ("locked", "unlocked"),
        ("another user", "this user"),
        ("screen saver 0", "screen saver off"),
        ("screen saver 1", "screen saver off"),
        ("lock", "lock another"),
        ("sleep", "awake"),
    ):
        logind.say(said)
        assert listener.hear() == "leaving", said
        logind.say(back)
        assert listener.rest(0.3) == [], back
    assert logind.rest(0) == []  # the inhibitor is held, and was asked for once


def test_sleep_waits_until_the_process_with_the_vault_is_gone(office: Office, logind: Talk) -> None:
    process = unlocked("pass", office)
    about = Path("/proc") / str(process.pid)
    try:
        assert logind.hear() == "sleep|Rufaa|Closing files|delay"
        assert [path for path in open_files(about) if str(office.folder / "vault") in path]
        assert logind.rest(0.5) == []
        logind.say("sleep")
        assert logind.hear() == "released"
        wait_until(lambda: "-I" in command_line(about))
        assert not [path for path in open_files(about) if str(office.folder / "vault") in path]
    finally:
        process.terminate()
        process.communicate(timeout=30)


WORDS = """
    page = window._pages.currentWidget()
    def wait():
        if len(page._steps) == 1:
            return QTimer.singleShot(20, wait)
        page._place = 3
        page._sentence.put("one two three")
        page._idle.watch(5)
        tell(None)
    def tell(said):
        if said != page._sentence._typing:
            print(page._sentence._typing, flush=True)
        QTimer.singleShot(20, lambda said=page._sentence._typing: tell(said))
    wait()"""


def test_sleep_covers_the_words_of_the_first_run_and_waits_no_longer(tmp_path: Path, logind: Talk) -> None:
    process = start(WORDS, tmp_path / "data")
    try:
        assert process.stdout is not None
        assert logind.hear() == "sleep|Rufaa|Closing files|delay"
        assert process.stdout.readline() == "False\n"
        logind.say("sleep")
        assert process.stdout.readline() == "True\n"
        assert "released" in (logind.hear(), logind.hear())
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("where", ["unix:path=/nowhere", "private"])
def test_without_a_bus_or_a_logind_the_desk_opens_and_the_log_says_so_once(
    office: Office, address: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where != "private":
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", where)
    before = len(events(office.folder)) if (office.folder / "log" / "rufaa.log").exists() else 0
    then = "window._idle.watch(5); QTimer.singleShot(500, window.close)"
    assert finish(unlocked(then, office)) == (0, "", "")
    said = [line["code"] for line in events(office.folder)[before:] if line["event"] == "system.unheard"]
    assert said == ["no_bus" if where != "private" else "org.freedesktop.DBus.Error.ServiceUnknown"]
