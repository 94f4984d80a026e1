"""Where `rufaa-send` begins: one job on standard input, words on standard output, the end in the exit status.

The job is a line of JSON, then, for SEND, the bytes to carry. Standard input stays open: when it ends, the one who gave
the job wants no more, or is gone, and so is the courier. Nothing is written to a disk or a log.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import threading
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

from desktop.courier.address import Address, WrongAddress, WrongServer, parse_address
from desktop.courier.line import Line
from desktop.courier.patience import GaveUp, Patience
from desktop.courier.upload import Refused, Upload, fetch_receipt

MAX_BYTES = 66 * 1024 * 1024
_MAX_JOB_BYTES = 16 * 1024
_MAX_SECONDS = 7 * 24 * 3600
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MEMBERS = frozenset({"task", "url", "pin", "sha256", "size", "resume", "chunk", "seconds"})


class End(IntEnum):
    """The exit status: how the errand ended."""

    DONE = 0
    JOB_WRONG = 2
    GAVE_UP = 3
    REFUSED = 4
    WRONG_SERVER = 5
    NO_RECEIPT_YET = 6
    STOPPED = 7


@dataclass(frozen=True)
class Job:
    """What to carry where; `content` is None for a receipt to fetch."""

    address: Address
    sha256: str
    content: bytes | None
    resume: str | None
    piece: int
    seconds: int


def read_job(source: BinaryIO) -> Job:
    """Read a job and its bytes. Raises ValueError where it is not as it must be."""
    line = source.readline(_MAX_JOB_BYTES)
    said = json.loads(line)
    if not isinstance(said, dict) or said.keys() != _MEMBERS or said["task"] not in {"SEND", "RECEIPT"}:
        raise ValueError
    size, piece, seconds = (_whole(said, name) for name in ("size", "chunk", "seconds"))
    url, sha256, pin, resume = said["url"], said["sha256"], said["pin"], said["resume"]
    if not all(isinstance(text, str) for text in (url, sha256)):
        raise ValueError
    if not all(text is None or isinstance(text, str) for text in (pin, resume)):
        raise ValueError
    if not _SHA256.fullmatch(sha256) or (pin is not None and not _SHA256.fullmatch(pin)):
        raise ValueError
    if not 0 <= size <= MAX_BYTES or not 0 < seconds <= _MAX_SECONDS:
        raise ValueError
    try:
        address = parse_address(url, bytes.fromhex(pin) if pin else None)
    except WrongAddress:
        raise ValueError from None
    content = source.read(size) if said["task"] == "SEND" else None
    if content is not None and (not content or hashlib.sha256(content).hexdigest() != sha256):
        raise ValueError
    return Job(address, sha256, content, resume, piece, seconds)


def _whole(said: Mapping[str, object], name: str) -> int:
    value = said[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError
    return value


def run(job: Job) -> End:
    """Do the errand, telling how it goes."""
    line = Line(job.address)
    patience = Patience(job.seconds, lambda seconds, why: _tell("waiting", seconds=round(seconds), why=why))
    try:
        if job.content is not None:
            Upload(
                line,
                job.address,
                job.content,
                job.sha256,
                resume=job.resume,
                piece=job.piece,
                told_url=lambda url: _tell("upload", url=url),
                told_sent=lambda sent: _tell("sent", bytes=sent),
            ).carry(patience)
            return End.DONE
        receipt = fetch_receipt(line, job.address, job.sha256, patience)
    except GaveUp:
        return End.GAVE_UP
    except WrongServer:
        return End.WRONG_SERVER
    except Refused as refusal:
        _tell("refused", status=refusal.status)
        return End.REFUSED
    finally:
        line.close()
    if receipt is None:
        return End.NO_RECEIPT_YET
    _tell("receipt", content=b64encode(receipt).decode("ascii"))
    return End.DONE


def main() -> int:
    """Read the job and do it."""
    _limit_this_process()
    try:
        job = read_job(sys.stdin.buffer)
    except (ValueError, RecursionError):
        return End.JOB_WRONG
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        return run(job)
    except BrokenPipeError:
        return End.STOPPED


def _end_with_input() -> None:
    # By the descriptor: a thread that waits inside of `sys.stdin` keeps Python from ending.
    while os.read(0, 4096):
        pass
    os._exit(End.STOPPED)


def _tell(word: str, **facts: int | str) -> None:
    sys.stdout.write(json.dumps({"word": word, **facts}) + "\n")
    sys.stdout.flush()


def _limit_this_process() -> None:
    """Write no file and leave no picture of the memory behind."""
    if sys.platform != "win32":
        import resource  # POSIX only

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
