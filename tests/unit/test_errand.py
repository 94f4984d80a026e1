"""The courier as the desk starts it: a real process, real servers on this machine."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from desktop import errand
from desktop.confinement import start_child
from desktop.errand import Began, Courier, Errand, Moved, Pace, Task, Waiting, Word
from desktop.errors import DeskError, NotTrusted, Obstacle, Stopped
from tests.unit.courier.servers import BASE, Behaviour, Certificate, make_certificate, rude_server, tus_server

CONTENT = random.Random(2).randbytes(6_000_000)  # noqa: S311  the same bytes each time
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def sending(url: str, pin: bytes | None = None, *, resume: str | None = None) -> Errand:
    return Errand(Task.SEND, NOBODY, 1, url, pin, SHA256, CONTENT, resume)


def looking(url: str) -> Errand:
    return Errand(Task.RECEIPT, NOBODY, 1, url, None, SHA256)


def refusal(job: Errand) -> DeskError:
    with pytest.raises(DeskError) as raised:
        Courier().run(job)
    return raised.value


def test_a_bundle_arrives_and_its_way_is_told(certificate: Certificate) -> None:
    behaviour, words = Behaviour(cuts=[100_000]), list[Word]()
    with tus_server(behaviour, certificate) as url:
        assert Courier().run(sending(url, certificate.pin), words.append) is None
    assert bytes(behaviour.uploads[f"{BASE}/1"].content) == CONTENT
    assert words[0] == Began(f"{url}/1")
    assert words[-1] == Moved(len(CONTENT))
    assert [word for word in words if isinstance(word, Waiting)] == [Waiting(1, server=False)]


@pytest.mark.parametrize("way", ["stopped", "killed"])
def test_a_courier_that_ended_in_the_middle_is_followed_by_one_that_goes_on(way: str, certificate: Certificate) -> None:
    behaviour, courier, urls = Behaviour(), Courier(), list[str]()

    def end_it(received: int) -> None:
        if received > 2_000_000 and courier._child is not None:
            if way == "stopped":
                courier.stop()
            else:
                courier._child.kill()

    def note(word: Word) -> None:
        if isinstance(word, Began):
            urls.append(word.url)

    behaviour.on_received = end_it
    with tus_server(behaviour, certificate) as url:
        with pytest.raises(Stopped if way == "stopped" else Obstacle) as raised:
            courier.run(sending(url, certificate.pin), note)
        assert raised.value.code == ("SENDING_STOPPED" if way == "stopped" else "COURIER_FAILED")
        assert 2_000_000 < behaviour.received < len(CONTENT)
        behaviour.on_received = lambda received: None
        Courier().run(sending(url, certificate.pin, resume=urls[0]), note)
    assert bytes(behaviour.uploads[f"{BASE}/1"].content) == CONTENT
    assert behaviour.received == len(CONTENT), "what had arrived was not sent again"
    assert len(urls) == 1


def test_stop_before_the_beginning_sends_nothing() -> None:
    courier = Courier()
    courier.stop()
    with tus_server(behaviour := Behaviour()) as url, pytest.raises(Stopped):
        courier.run(sending(url))
    assert behaviour.requests == []


def test_a_receipt_is_brought_back_once_it_lies_there() -> None:
    with tus_server(behaviour := Behaviour()) as url:
        assert Courier().run(looking(url)) is None
        behaviour.receipts[SHA256] = CONTENT[: errand.MAX_RECEIPT_BYTES]
        assert Courier().run(looking(url)) == CONTENT[: errand.MAX_RECEIPT_BYTES]


def test_what_stands_in_the_way_is_told_by_its_code(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    with tus_server(Behaviour(answers={"POST": [403]}), certificate) as url:
        refused = refusal(sending(url, certificate.pin))
        assert (type(refused), refused.code, refused.facts) == (Obstacle, "SERVER_REFUSED", {"status": 403})
        other = refusal(sending(url, bytes(32)))
        assert (type(other), other.code) == (NotTrusted, "SERVER_NOT_OURS")
        assert refusal(sending(url)).code == "SERVER_NOT_OURS"
    monkeypatch.setattr(errand, "SEND_SECONDS", 2)
    assert refusal(sending(url, certificate.pin)).code == "LINE_GIVEN_UP"
    assert refusal(sending("http://receive.example/files")).code == "COURIER_FAILED"
    changed = Errand(Task.SEND, NOBODY, 1, url, None, SHA256, CONTENT[1:])
    assert refusal(changed).code == "COURIER_FAILED", "other bytes than those of the hash do not leave"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells")
def test_the_courier_has_no_environment_no_file_and_ends_with_its_master() -> None:
    child = start_child(errand._command())
    met = threading.Event()

    def answer(to: object) -> None:
        met.set()
        time.sleep(3)

    with rude_server(answer) as url, child:
        errand._give(child, sending(url))
        assert met.wait(10)
        place = Path(f"/proc/{child.pid}")
        environment = (place / "environ").read_bytes().split(b"\0")
        assert [entry for entry in environment if entry and not entry.startswith(b"LC_CTYPE=")] == []
        assert os.readlink(place / "cwd") == "/"
        held = {os.readlink(entry).split(":")[0] for entry in (place / "fd").iterdir()}
        assert held <= {"pipe", "socket", "/dev/null"}
        limits = (place / "limits").read_text(encoding="ascii")
        assert [line.split()[-3:-1] for line in limits.splitlines() if line.startswith("Max file size")] == [["0", "0"]]
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(10) == 7


@pytest.mark.parametrize(
    "script",
    [
        "print('x')",
        "print('[1]')",
        "print('{}')",
        "print('[' * 100000)",
        """print('{"word": "upload", "url": 1}')""",
        """print('{"word": "sent", "bytes": -1}')""",
        """print('{"word": "sent", "bytes": true}')""",
        """print('{"word": "receipt", "content": "?"}')""",
        """print('{"word": "receipt", "content": "' + 'AAAA' * 400000 + '"}')""",
        "while True: print('x' * 100000, end='')",
        "raise SystemExit(6)",
        "raise SystemExit(99)",
    ],
)
def test_a_courier_that_talks_nonsense_is_not_believed(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errand, "_command", lambda: [sys.executable, "-I", "-c", script])
    assert refusal(sending("https://receive.example/files")).code == "COURIER_FAILED"


def test_a_courier_that_is_not_there_is_an_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errand, "_command", lambda: ["/nowhere/rufaa-send"])
    assert refusal(sending("https://receive.example/files")).code == "COURIER_FAILED"


def test_the_frozen_program_starts_the_courier_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/rufaa/rufaa")
    assert errand._command() == ["/opt/rufaa/rufaa-send"]


def test_the_installed_command_is_the_courier() -> None:
    command = Path(sys.executable).with_name("rufaa-send")
    assert subprocess.run([command], input=b"{}\n", capture_output=True).returncode == 2


def test_the_pace_tells_what_is_left() -> None:
    pace = Pace(1000)
    assert pace.seconds_left(100, 5.0) is None
    assert pace.seconds_left(100, 6.0) is None
    assert pace.seconds_left(300, 9.0) == 14
    assert pace.seconds_left(50, 20.0) is None, "after a break it begins anew"
    assert pace.seconds_left(1000, 30.0) == 0
