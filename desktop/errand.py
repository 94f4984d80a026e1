"""Errands: the one place that starts the courier, `rufaa-send`, gives it a job and hears how it goes.

The process that holds the vault opens no socket. It hands sealed bytes and the address of the roster to a process with
two pipes and no environment, and believes nothing of what that one says: its words are bounded, a receipt is verified
as one from a stranger's stick.
"""

from __future__ import annotations

import base64
import contextlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from subprocess import Popen
from typing import Any

from desktop.confinement import start_child
from desktop.errors import DeskError, NotTrusted, Obstacle, Stopped

MAX_RECEIPT_BYTES = 1024 * 1024
SEND_SECONDS = 6 * 3600
RECEIPT_SECONDS = 90
_FIRST_PIECE_BYTES = 256 * 1024
_MAX_WORD_BYTES = 2 * MAX_RECEIPT_BYTES
_MAX_URL = 4096
# The courier's exit statuses: desktop/courier/__main__.py, of which nothing is imported.
_DONE, _NO_RECEIPT_YET = 0, 6
_ENDS: dict[int, Callable[[], DeskError]] = {
    3: lambda: Obstacle("LINE_GIVEN_UP"),
    5: lambda: NotTrusted("SERVER_NOT_OURS"),
    7: lambda: Stopped("SENDING_STOPPED"),
}


class Task(StrEnum):
    """What the courier is sent for."""

    SEND = "SEND"
    RECEIPT = "RECEIPT"


@dataclass(frozen=True)
class Errand:
    """One job: to bring a bundle, or to look for its receipt. `resume` is where an earlier one stopped."""

    task: Task
    bundle_id: str
    sequence: int
    url: str
    pin: bytes | None
    sha256: str
    content: bytes = field(default=b"", repr=False)
    resume: str | None = None


@dataclass(frozen=True)
class Began:
    """The server keeps a place for the file: to be noted, so that a later errand goes on there."""

    url: str


@dataclass(frozen=True)
class Moved:
    """How many bytes have left. After a break it can be fewer than before."""

    sent: int


@dataclass(frozen=True)
class Waiting:
    """The line or the server fails; it is tried again in so many seconds."""

    seconds: int
    server: bool


Word = Began | Moved | Waiting


class Courier:
    """One errand at a time; `stop` may be called from another thread."""

    def __init__(self) -> None:
        """Be ready."""
        self._child: Popen[bytes] | None = None
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Call the courier back. What arrived stays there."""
        self._stopped.set()
        child = self._child
        if child is not None:
            child.kill()

    def run(self, errand: Errand, told: Callable[[Word], None] = lambda _: None) -> bytes | None:
        """Do an errand and return the receipt, None where it is none's or there is none yet. `told` hears on the way.

        Raises:
            Obstacle: LINE_GIVEN_UP, SERVER_REFUSED or COURIER_FAILED.
            NotTrusted: SERVER_NOT_OURS.
            Stopped: SENDING_STOPPED.
        """
        try:
            child = start_child(_command())
        except OSError as error:
            raise Obstacle("COURIER_FAILED") from error
        self._child = child
        receipt: bytes | None = None
        refused = 0
        feeder = threading.Thread(target=_give, args=(child, errand), daemon=True)
        with child:
            try:
                if self._stopped.is_set():
                    raise Stopped("SENDING_STOPPED")
                feeder.start()
                for word in _words(child):
                    if word.get("word") == "receipt":
                        receipt = _receipt(word)
                    elif word.get("word") == "refused":
                        refused = _whole(word, "status")
                    else:
                        told(_word(word))
                status = child.wait()
            finally:
                child.kill()
                self._child = None
                if feeder.ident is not None:
                    feeder.join()
                with contextlib.suppress(OSError):
                    _pipe(child.stdin).close()
        if self._stopped.is_set():
            raise Stopped("SENDING_STOPPED")
        if status in (_DONE, _NO_RECEIPT_YET) and (errand.task is Task.SEND) <= (status == _DONE):
            return receipt if status == _DONE else None
        if status == 4:
            raise Obstacle("SERVER_REFUSED", status=refused)
        raise _ENDS.get(status, lambda: Obstacle("COURIER_FAILED"))()


class Pace:
    """How long what is left will take, by the pace since the errand began to move."""

    def __init__(self, of: int) -> None:
        """Know the size alone, in bytes."""
        self._of = of
        self._first: tuple[float, int] | None = None

    def seconds_left(self, sent: int, now: float) -> int | None:
        """Return the seconds left when `sent` bytes have left at `now` seconds; None while it cannot be said."""
        if self._first is None or sent < self._first[1]:
            self._first = (now, sent)
        began, first = self._first
        if sent == first or now <= began:
            return None
        return round((self._of - sent) * (now - began) / (sent - first))


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        suffix = ".exe" if sys.platform == "win32" else ""
        return [str(Path(sys.executable).with_name("rufaa-send" + suffix))]
    return [sys.executable, "-I", "-B", "-m", "desktop.courier"]


def _give(child: Popen[bytes], errand: Errand) -> None:
    job = {
        "task": errand.task.value,
        "url": errand.url,
        "pin": errand.pin.hex() if errand.pin else None,
        "sha256": errand.sha256,
        "size": len(errand.content),
        "resume": errand.resume,
        "chunk": _FIRST_PIECE_BYTES,
        "seconds": SEND_SECONDS if errand.task is Task.SEND else RECEIPT_SECONDS,
    }
    pipe = _pipe(child.stdin)
    with contextlib.suppress(OSError):  # it went away early: its exit status tells why
        pipe.write(json.dumps(job).encode("ascii") + b"\n" + errand.content)
        pipe.flush()


def _words(child: Popen[bytes]) -> Iterator[dict[str, Any]]:
    """Return what the courier says, word by word. Raises Obstacle COURIER_FAILED for what is none."""
    pipe = _pipe(child.stdout)
    while line := pipe.readline(_MAX_WORD_BYTES):
        try:
            word = json.loads(line)
        except (ValueError, RecursionError):
            word = None
        if not isinstance(word, dict):
            raise Obstacle("COURIER_FAILED")
        yield word


def _word(said: dict[str, Any]) -> Word:
    kind = said.get("word")
    if kind == "upload" and isinstance(said.get("url"), str) and len(said["url"]) <= _MAX_URL:
        return Began(said["url"])
    if kind == "sent":
        return Moved(_whole(said, "bytes"))
    if kind == "waiting":
        return Waiting(_whole(said, "seconds"), said.get("why") == "SERVER")
    raise Obstacle("COURIER_FAILED")


def _whole(said: dict[str, Any], name: str) -> int:
    value = said.get(name)
    if type(value) is not int or not 0 <= value < 2**40:
        raise Obstacle("COURIER_FAILED")
    return value


def _receipt(said: dict[str, Any]) -> bytes:
    try:
        content = base64.b64decode(said.get("content", ""), validate=True)
    except (ValueError, TypeError):
        raise Obstacle("COURIER_FAILED") from None
    if len(content) > MAX_RECEIPT_BYTES:
        raise Obstacle("COURIER_FAILED")
    return content


def _pipe(pipe: Any) -> Any:
    assert pipe is not None  # noqa: S101  both were asked for; for the type checker
    return pipe
