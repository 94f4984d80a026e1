"""Foreign files are parsed here: in a child process that cannot take much memory or time (what else: `limits`).

The child limits itself before it reads a byte and before it imports a parser, says that it is ready, does one named
task on what comes through standard input and answers on standard output. Its words are untrusted: the parent bounds
the answer's length and takes a refusal only by a code that the task may use, with that code's facts. Standard error is
thrown away, since a parser's message can hold content. On Windows and macOS this bounds damage by bombs; it is no
boundary against code that has already taken over the child.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from desktop.errors import NotTrusted, Obstacle
from desktop.limits import limit_this_process

MIB = 1024 * 1024

_READY = b"READY\n"
_ANSWER = b"ANSWER\n"
_REFUSED = re.compile(rb"REFUSED ([A-Z][A-Z0-9_]{2,40})((?: [a-z_]{1,20}=[A-Z0-9_]{1,20}){0,4})\n")
_OUT_OF_MEMORY = 70  # exit status: the task ran into the memory limit
_WINDOWS_QUOTA = 1816  # ERROR_NOT_ENOUGH_QUOTA: the job's time was used up


@dataclass(frozen=True)
class Task:
    """Something the child can do: `module:function` from bytes to bytes, and the refusals it may answer with.

    Each refusal is a message code and the names of its facts, exactly those that its sentence needs.
    """

    target: str
    refusals: Mapping[str, frozenset[str]] = field(default_factory=dict)


def _refusals(**facts: str) -> dict[str, frozenset[str]]:
    """Return fact names by code; they are written in one text with blanks between."""
    return {code: frozenset(names.split()) for code, names in facts.items()}


_WORKBOOK_REFUSALS = _refusals(
    FILE_TOO_LARGE="limit_mib",
    FILE_NOT_XLSX="",
    FILE_HAS_PASSWORD="",
    ARCHIVE_DAMAGED="",
    ARCHIVE_TOO_MANY_PARTS="limit",
    ARCHIVE_PART_TWICE="",
    ARCHIVE_PART_NAME="",
    ARCHIVE_TOO_DENSE="",
    WORKBOOK_HAS_MACROS="",
    WORKBOOK_HAS_LINKS="",
    WORKBOOK_HAS_OBJECTS="",
    WORKBOOK_HAS_DOCTYPE="",
    WORKBOOK_TOO_MANY_SHEETS="limit",
    WORKBOOK_TOO_MANY_ROWS="limit sheet",
    WORKBOOK_TOO_MANY_COLUMNS="limit sheet",
    WORKBOOK_TOO_MANY_CELLS="limit",
    WORKBOOK_TOO_MANY_NOTES="limit",
    WORKBOOK_CELL_TOO_LONG="limit sheet",
    WORKBOOK_OUT_OF_ORDER="row sheet",
)

TASKS = {
    "read-workbook": Task("desktop.workbooks.reader:cells_of_workbook", _WORKBOOK_REFUSALS),
    "read-table": Task(
        "desktop.workbooks.delimited:cells_of_table",
        {**_WORKBOOK_REFUSALS, **_refusals(TABLE_NOT_TEXT="", TABLE_LETTERS_BROKEN="", TABLE_QUOTES_WRONG="")},
    ),
    "open-sealed": Task("desktop.bundles.confined:open_in_child", _refusals(NOT_FOR_US_OR_DAMAGED="")),
    "decompress": Task("desktop.bundles.confined:decompress_in_child", _refusals(COMPRESSION_WRONG="")),
    # The probes prove on the machine at hand that the limits bite; the tests and the self-test run them.
    "probe-echo": Task("desktop.confinement:probe_echo"),
    "probe-memory": Task("desktop.confinement:probe_memory"),
    "probe-time": Task("desktop.confinement:probe_time"),
    "probe-write": Task("desktop.confinement:probe_write"),
    "probe-read": Task("desktop.confinement:probe_read"),
    "probe-network": Task("desktop.confinement:probe_network"),
}


def run_confined(
    task: str,
    payload: bytes,
    *,
    memory_bytes: int = 512 * MIB,
    cpu_s: int = 20,
    wall_s: float = 40,
    output_bytes: int = 64 * MIB,
) -> bytes:
    """Do one of `TASKS` with `payload` in a limited child and return its answer, at most `output_bytes` long.

    Raises:
        NotTrusted: The task's own refusal, FILE_TOO_DEMANDING when a limit stopped it, else FILE_UNREADABLE.
        Obstacle: READER_NOT_STARTED, the child did not get as far as setting its limits; the file is not to blame.
    """
    known = TASKS[task]
    late = threading.Event()
    try:
        child = start_child(_command(task, memory_bytes, cpu_s))
    except OSError as error:
        raise Obstacle("READER_NOT_STARTED") from error
    with child:
        assert child.stdin is not None  # noqa: S101 - both are pipes, for the type checker
        assert child.stdout is not None  # noqa: S101
        timer = threading.Timer(wall_s, _stop_late, (child, late))
        feeder = threading.Thread(target=_feed, args=(child.stdin, payload), daemon=True)
        timer.start()
        feeder.start()
        words = child.stdout.read(len(_READY) + len(_ANSWER) + output_bytes + 1)
        too_long = len(words) > len(_READY) + len(_ANSWER) + output_bytes
        if too_long:
            _stop(child)
        status = child.wait()
        timer.cancel()
        feeder.join()
    return _verdict(words, status, known.refusals, stopped=late.is_set() or too_long)


def _verdict(words: bytes, status: int, refusals: Mapping[str, frozenset[str]], *, stopped: bool) -> bytes:
    """Return the answer in the child's `words`, or raise what its words and its exit status mean."""
    if stopped or status in _spent_statuses():
        raise NotTrusted("FILE_TOO_DEMANDING")
    if not words.startswith(_READY):
        raise Obstacle("READER_NOT_STARTED")
    said = words[len(_READY) :]
    if status == 0 and said.startswith(_ANSWER):
        return said[len(_ANSWER) :]
    refusal = _REFUSED.fullmatch(said) if status == 0 else None
    if refusal:
        code = refusal[1].decode("ascii")
        pairs = [fact.split("=") for fact in refusal[2].decode("ascii").split()]
        facts: dict[str, int | str] = {name: int(fact) if fact.isdigit() else fact for name, fact in pairs}
        if facts.keys() == refusals.get(code) and len(facts) == len(pairs):
            raise NotTrusted(code, **facts)
    raise NotTrusted("FILE_UNREADABLE")


def _spent_statuses() -> frozenset[int]:
    if sys.platform == "win32":
        return frozenset({_OUT_OF_MEMORY, _WINDOWS_QUOTA})
    # The kernel ends a child out of time with SIGXCPU, then SIGKILL; one out of memory may also die of SIGSEGV.
    return frozenset({_OUT_OF_MEMORY, -signal.SIGXCPU, -signal.SIGKILL, -signal.SIGSEGV})


def _command(task: str, memory_bytes: int, cpu_s: int) -> list[str]:
    words = ["child", task, str(memory_bytes), str(cpu_s)]
    if getattr(sys, "frozen", False):
        # The window program has no command line of its own; the tool beside it does the reading.
        suffix = ".exe" if sys.platform == "win32" else ""
        return [str(Path(sys.executable).with_name("rufaa-cli" + suffix)), *words]
    # -I: neither the environment nor the working folder says where modules come from; -B: no byte code is written.
    return [sys.executable, "-I", "-B", "-m", "desktop", *words]


def _environment() -> dict[str, str]:
    """Return what the child may know of ours: on Windows where the system lies, elsewhere nothing."""
    wanted = ("SYSTEMROOT", "WINDIR") if sys.platform == "win32" else ()
    return {name: os.environ[name] for name in wanted if name in os.environ}


def start_child(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a program of ours that gets two pipes and nothing else: no environment, no other handle, no folder."""
    if sys.platform == "win32":
        neutral, flags = os.environ.get("SYSTEMROOT", "C:\\"), subprocess.CREATE_NO_WINDOW
    else:
        neutral, flags = "/", 0
    return subprocess.Popen(  # noqa: S603 - our own program, no shell, no foreign word in the command
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        cwd=neutral,
        close_fds=True,
        start_new_session=sys.platform != "win32",
        creationflags=flags,
    )


def _feed(pipe: IO[bytes], payload: bytes) -> None:
    try:
        with pipe:
            pipe.write(payload)
    except OSError:
        return  # the child went away early: its exit status tells why


def _stop(child: subprocess.Popen[bytes]) -> None:
    """End the child, and on POSIX whatever it may have started, while its process id is still its own."""
    if child.returncode is not None:
        return
    if sys.platform == "win32":
        child.kill()
    else:
        os.killpg(child.pid, signal.SIGKILL)


def _stop_late(child: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    _stop(child)


def child_main(words: list[str]) -> int:
    """Be the child: `words` are task, memory limit in bytes and processor time in seconds. Return the exit status."""
    name, memory_bytes, cpu_s = words[0], int(words[1]), int(words[2])
    sys.dont_write_bytecode = True
    limit_this_process(memory_bytes, cpu_s)
    module, _, function = TASKS[name].target.partition(":")
    out = sys.stdout.buffer
    out.write(_READY)
    out.flush()
    try:
        work: Callable[[bytes], bytes] = getattr(importlib.import_module(module), function)
        said = _ANSWER + work(sys.stdin.buffer.read())
    except NotTrusted as refusal:
        facts = "".join(f" {name}={fact}" for name, fact in refusal.facts.items())
        said = f"REFUSED {refusal.code}{facts}\n".encode("ascii")
    except MemoryError:
        return _OUT_OF_MEMORY
    out.write(said)
    out.flush()
    return 0


def probe_echo(payload: bytes) -> bytes:
    """Return `payload`: shows that a child starts and answers."""
    return payload


def probe_memory(payload: bytes) -> bytes:
    """Take as many bytes as `payload` says in digits, and touch them: shows that the memory limit bites."""
    taken = b"\xff" * int(payload)
    return str(len(taken)).encode("ascii")


def probe_time(payload: bytes) -> bytes:
    """Never return: shows that the time limits bite."""
    while True:
        payload = payload[::-1]


def probe_write(payload: bytes) -> bytes:
    """Try to write one byte to the file that `payload` names: shows that the child cannot write (POSIX)."""
    try:
        Path(payload.decode("utf-8")).write_bytes(b"x")
    except OSError:
        return b"REFUSED"
    return b"WRITTEN"


def probe_read(payload: bytes) -> bytes:
    """Try to read the file that `payload` names: shows that the child reads nothing but the program (Linux)."""
    try:
        Path(payload.decode("utf-8")).read_bytes()
    except OSError:
        return b"REFUSED"
    return b"READ"


def probe_network(payload: bytes) -> bytes:
    """Try to reach the listeners that `payload` names, and tell which ways were open: shows that there is no network.

    `payload` holds a UDP port, a TCP port of this machine and the path of a unix socket, one a line.
    """
    import _socket  # without the library's conveniences: it must do no more than ask the kernel

    udp, tcp, path = payload.decode("utf-8").split("\n")
    here = "127.0.0.1"
    ways: dict[str, tuple[int, int, tuple[str, int] | str]] = {
        "UDP": (_socket.AF_INET, _socket.SOCK_DGRAM, (here, int(udp))),
        "TCP": (_socket.AF_INET, _socket.SOCK_STREAM, (here, int(tcp))),
        "UNIX": (getattr(_socket, "AF_UNIX", -1), _socket.SOCK_STREAM, path),
    }
    open_ways = []
    for name, (family, kind, address) in ways.items():
        with contextlib.suppress(OSError), contextlib.closing(_socket.socket(family, kind)) as way:
            way.connect(address)
            way.send(b"x")
            open_ways.append(name)
    return " ".join(open_ways).encode("ascii")
