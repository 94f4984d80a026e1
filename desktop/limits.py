"""What a child that parses foreign bytes gives up, for good, before it reads one: see `confinement`.

Linux: memory, time, new processes; the network, twice over; writing, running and all reading but the program's own
files (Landlock); looking into other processes (seccomp). macOS keeps time and processes. Windows: a job object.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import sys
from pathlib import Path

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # the same on every architecture we ship for
_READ_FILE, _READ_DIR = 0x4, 0x8
_NEW_USERS, _NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET
_CAPABILITY_VERSION = 0x20080522
_NO_NEW_PRIVS, _DUMPABLE, _SECCOMP = 38, 4, 22  # options of prctl(2)

# System calls answered with EPERM, by what `platform.machine` says: the architecture's audit number, then the calls.
_REFUSED_CALLS = {
    "x86_64": (0xC000003E, (41, 42, 53, 101, 165, 272, 308, 310, 311, 321, 425, 438)),
    "aarch64": (0xC00000B7, (198, 203, 199, 117, 40, 97, 268, 270, 271, 280, 425, 438)),
}
"""socket, connect, socketpair, ptrace, mount, unshare, setns, process_vm_readv, process_vm_writev, bpf, io_uring_setup
(it opens sockets without the call), pidfd_getfd (it fetches another process's)."""


def limit_this_process(memory_bytes: int, cpu_s: int) -> None:
    """Give up memory beyond `memory_bytes`, processor time beyond `cpu_s`, and the rest that this system can take."""
    if sys.platform == "win32":
        _enter_job(job_limits(memory_bytes, cpu_s))
    else:
        _limit_posix(memory_bytes, cpu_s)


def _limit_posix(memory_bytes: int, cpu_s: int) -> None:
    import resource  # POSIX only

    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        _leave_network(libc)
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
        libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)  # no program can raise rights again; the next two ask for it
        libc.prctl(_DUMPABLE, 0, 0, 0, 0)  # no other process of this user may look inside
        _enter_landlock(libc)
        _refuse_calls(libc)


def _leave_network(libc: ctypes.CDLL) -> None:
    """Move into a network of its own without any interface, where this user may; `_refuse_calls` does not rely on it.

    Without root that takes users of its own as well, in which a process has every capability; they are given back.
    """
    if os.geteuid() == 0:
        libc.unshare(_NEW_NETWORK)
    elif libc.unshare(_NEW_USERS | _NEW_NETWORK) == 0:
        libc.capset(struct.pack("=Ii", _CAPABILITY_VERSION, 0), bytes(24))


def landlock_version() -> int:
    """Return the version of Landlock that this kernel has; 0 or less where it has none."""
    if sys.platform != "linux":
        return 0
    return int(ctypes.CDLL(None).syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1))


def _enter_landlock(libc: ctypes.CDLL) -> None:
    """Give up all files but reading the program's own, where the kernel has Landlock (5.13 and later).

    With it go running programs, TCP, signals to others and abstract sockets, as far as its version knows them.
    RLIMIT_FSIZE alone still lets a process make an empty file or cut an existing one to nothing.
    """
    version = landlock_version()
    if version < 1:
        return
    files = 0x1FFF  # all rights of version 1: execute, write, read, list, and all ways to make or remove
    files |= 0x2000 if version >= 2 else 0  # rename between folders
    files |= 0x4000 if version >= 3 else 0  # truncate
    files |= 0x8000 if version >= 5 else 0  # commands to devices
    handled = (ctypes.c_uint64 * 3)(files, 0x3 if version >= 4 else 0, 0x3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = libc.syscall(_LANDLOCK_CREATE, handled, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock")
    for path in _own_files():
        with contextlib.suppress(OSError):  # what is not there needs no right
            _allow_reading(libc, ruleset, path)
    if libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) != 0:
        raise OSError(ctypes.get_errno(), "landlock")
    os.close(ruleset)


def _own_files() -> set[str]:
    """Return what the program and its parsers are loaded from: Python, packages, ourselves, the system's libraries."""
    # A frozen program's modules lie in its executable, above the folder of its libraries.
    own = {sys.executable, sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(__file__).parent), *sys.path}
    return (own - {""}) | {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom"}


def _allow_reading(libc: ctypes.CDLL, ruleset: int, path: str) -> None:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | _READ_DIR if os.path.isdir(path) else _READ_FILE
        beneath = struct.pack("=Qi", rights, handle)
        if libc.syscall(_LANDLOCK_ADD, ruleset, 1, beneath, 0) != 0:
            raise OSError(ctypes.get_errno(), "landlock")
    finally:
        os.close(handle)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """Return one instruction of the kernel's packet filter: where to go on is counted from the next instruction."""
    return struct.pack("=HBBI", code, yes, no, value)


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _refuse_calls(libc: ctypes.CDLL) -> None:
    """Have the kernel answer `_REFUSED_CALLS`, and every call of another architecture, with EPERM (seccomp)."""
    known = _REFUSED_CALLS.get(platform.machine())
    if known is None or sys.maxsize < 2**32:
        return
    architecture, calls = known
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    steps = [_step(load, 4), _step(equal, architecture, 0, len(calls) + 3)]  # seccomp_data.arch
    steps += [_step(load, 0), _step(at_least, 0x40000000, len(calls) + 1)]  # its number; the second set of x86_64
    steps += [_step(equal, call, len(calls) - index) for index, call in enumerate(calls)]
    steps += [_step(answer, 0x7FFF0000), _step(answer, 0x00050001)]  # allow; EPERM
    libc.prctl(_SECCOMP, 2, ctypes.byref(_Program(len(steps), b"".join(steps))), 0, 0)


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
