"""Foreign files are parsed here: in a child process that cannot take much memory or time and cannot write.

The child limits itself before it reads a byte and before it imports a parser, says that it is ready, does one named
task on what comes through standard input and answers on standard output. Its words are untrusted: the parent bounds
the answer's length and takes a refusal only by a code that the task may use. Standard error is thrown away, since a
parser's message can hold content. On Windows this bounds damage by bombs; it is no boundary against code that has
already taken over the child.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from desktop.errors import NotTrusted, Obstacle

MIB = 1024 * 1024

_READY = b"READY\n"
_ANSWER = b"ANSWER\n"
_REFUSED = re.compile(rb"REFUSED ([A-Z][A-Z0-9_]{2,40})((?: [a-z_]{1,20}=[A-Z0-9_]{1,20}){0,4})\n")
_OUT_OF_MEMORY = 70  # exit status: the task ran into the memory limit
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446  # system calls; the same numbers on every architecture we ship for
_WINDOWS_QUOTA = 1816  # ERROR_NOT_ENOUGH_QUOTA: the job's time was used up


@dataclass(frozen=True)
class Task:
    """Something the child can do: `module:function` from bytes to bytes, and the refusal codes it may answer with."""

    target: str
    refusals: frozenset[str] = frozenset()


TASKS = {
    "read-workbook": Task(
        "desktop.workbooks.reader:cells_of_workbook",
        frozenset(
            {
                "FILE_TOO_LARGE",
                "FILE_NOT_XLSX",
                "FILE_HAS_PASSWORD",
                "ARCHIVE_DAMAGED",
                "ARCHIVE_TOO_MANY_PARTS",
                "ARCHIVE_PART_TWICE",
                "ARCHIVE_PART_NAME",
                "ARCHIVE_TOO_DENSE",
                "WORKBOOK_HAS_MACROS",
                "WORKBOOK_HAS_LINKS",
                "WORKBOOK_HAS_OBJECTS",
                "WORKBOOK_HAS_DOCTYPE",
                "WORKBOOK_TOO_MANY_SHEETS",
                "WORKBOOK_TOO_MANY_ROWS",
                "WORKBOOK_TOO_MANY_COLUMNS",
                "WORKBOOK_TOO_MANY_CELLS",
                "WORKBOOK_CELL_TOO_LONG",
                "WORKBOOK_OUT_OF_ORDER",
            }
        ),
    ),
    "open-sealed": Task("desktop.bundles.confined:open_in_child", frozenset({"NOT_FOR_US_OR_DAMAGED"})),
    "decompress": Task("desktop.bundles.confined:decompress_in_child", frozenset({"COMPRESSION_WRONG"})),
    # The probes prove on the machine at hand that the limits bite; the tests and the self-test run them.
    "probe-echo": Task("desktop.confinement:probe_echo"),
    "probe-memory": Task("desktop.confinement:probe_memory"),
    "probe-time": Task("desktop.confinement:probe_time"),
    "probe-write": Task("desktop.confinement:probe_write"),
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
        child = _start(_command(task, memory_bytes, cpu_s))
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


def _verdict(words: bytes, status: int, refusals: frozenset[str], *, stopped: bool) -> bytes:
    """Return the answer in the child's `words`, or raise what its words and its exit status mean."""
    if stopped or status in _spent_statuses():
        raise NotTrusted("FILE_TOO_DEMANDING")
    if not words.startswith(_READY):
        raise Obstacle("READER_NOT_STARTED")
    said = words[len(_READY) :]
    if status == 0 and said.startswith(_ANSWER):
        return said[len(_ANSWER) :]
    refusal = _REFUSED.fullmatch(said)
    if status == 0 and refusal and refusal[1].decode("ascii") in refusals:
        pairs = (fact.split("=") for fact in refusal[2].decode("ascii").split())
        facts: dict[str, int | str] = {name: int(fact) if fact.isdigit() else fact for name, fact in pairs}
        raise NotTrusted(refusal[1].decode("ascii"), **facts)
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


def _start(command: list[str]) -> subprocess.Popen[bytes]:
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


def limit_this_process(memory_bytes: int, cpu_s: int) -> None:
    """Give up memory beyond `memory_bytes`, time beyond `cpu_s`, core dumps, new processes and writing, for good.

    On Linux also the network. Windows keeps memory, time and processes only; macOS keeps no memory limit.
    """
    if sys.platform == "win32":
        _enter_job(job_limits(memory_bytes, cpu_s))
    else:
        _limit_posix(memory_bytes, cpu_s)


def _limit_posix(memory_bytes: int, cpu_s: int) -> None:
    import resource  # POSIX only

    wanted = {
        resource.RLIMIT_CPU: (cpu_s, cpu_s + 1),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NOFILE: (32, 32),
        resource.RLIMIT_NPROC: (0, 0),
    }
    if sys.platform != "darwin":  # macOS does not keep this limit; there the time limits and the caps must do
        wanted[resource.RLIMIT_AS] = (memory_bytes, memory_bytes)
    for which, (soft, hard) in wanted.items():
        present = resource.getrlimit(which)[1]
        ceiling = hard if present == resource.RLIM_INFINITY else min(hard, present)
        resource.setrlimit(which, (min(soft, ceiling), ceiling))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS: no program can raise rights again
        libc.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: no other process of this user may look inside
        _enter_landlock(libc)


def landlock_version() -> int:
    """Return the version of Landlock that this kernel has; 0 or less where it has none."""
    if sys.platform != "linux":
        return 0
    return int(ctypes.CDLL(None).syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1))


def _enter_landlock(libc: ctypes.CDLL) -> None:
    """Give up changing any file or folder, running programs and TCP, where the kernel has Landlock (5.13 and later).

    RLIMIT_FSIZE alone still lets a process make an empty file or cut an existing one to nothing.
    """
    version = landlock_version()
    if version < 1:
        return
    files = 0x1FF3  # execute, write, and all ways to make or remove, of version 1
    files |= 0x2000 if version >= 2 else 0  # rename between folders
    files |= 0x4000 if version >= 3 else 0  # truncate
    network = 0x3 if version >= 4 else 0  # bind and connect
    handled = (ctypes.c_uint64 * 2)(files, network)
    ruleset = libc.syscall(_LANDLOCK_CREATE, handled, ctypes.c_size_t(16 if network else 8), 0)
    if ruleset < 0 or libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) != 0:
        raise OSError(ctypes.get_errno(), "landlock")
    os.close(ruleset)


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION of winnt.h."""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),  # in units of 100 ns
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class JobLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION of winnt.h."""

    _fields_ = (
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


def job_limits(memory_bytes: int, cpu_s: int) -> JobLimits:
    """Return the Windows job's limits: memory, processor time, one process, no error box, killed with its handle."""
    limits = JobLimits()
    limits.BasicLimitInformation.PerProcessUserTimeLimit = cpu_s * 10_000_000
    limits.BasicLimitInformation.ActiveProcessLimit = 1
    limits.BasicLimitInformation.LimitFlags = (
        0x0002  # JOB_OBJECT_LIMIT_PROCESS_TIME
        | 0x0008  # JOB_OBJECT_LIMIT_ACTIVE_PROCESS
        | 0x0100  # JOB_OBJECT_LIMIT_PROCESS_MEMORY
        | 0x0400  # JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION
        | 0x2000  # JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
    )
    limits.ProcessMemoryLimit = memory_bytes
    return limits


def _enter_job(limits: JobLimits) -> None:
    """Put this process into a Windows job with `limits`. Not run where the tests run; see docs/windows-checklist.md.

    The handle stays open on purpose: the system closes it when the process ends.
    """
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        handle, whole = ctypes.c_void_p, ctypes.c_int
        kernel.CreateJobObjectW.argtypes, kernel.CreateJobObjectW.restype = (handle, ctypes.c_wchar_p), handle
        kernel.SetInformationJobObject.argtypes = (handle, whole, handle, ctypes.c_uint32)
        kernel.AssignProcessToJobObject.argtypes = (handle, handle)
        kernel.GetCurrentProcess.restype = handle
        job = kernel.CreateJobObjectW(None, None)
        extended_limit_information = 9
        if (
            not job
            or not kernel.SetInformationJobObject(
                job, extended_limit_information, ctypes.byref(limits), ctypes.sizeof(limits)
            )
            or not kernel.AssignProcessToJobObject(job, kernel.GetCurrentProcess())
        ):
            raise ctypes.WinError(ctypes.get_last_error())


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
