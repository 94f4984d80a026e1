from __future__ import annotations

import ctypes
import os
import platform
import signal
import socket
import string
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop import confinement, limits
from desktop.confinement import MIB, TASKS, Task, probe_network, run_confined
from desktop.errors import NotTrusted, Obstacle
from desktop.limits import job_limits
from desktop.messages import sentences

LITTLE = {"ARCHIVE_DAMAGED": frozenset[str](), "WORKBOOK_OUT_OF_ORDER": frozenset({"row", "sheet"})}


def test_a_child_answers_byte_for_byte() -> None:
    payload = bytes(range(256)) * 8_000  # more than a pipe holds, in both directions
    assert run_confined("probe-echo", payload) == payload


def test_a_child_may_use_memory_below_its_limit_and_not_two_gibibytes() -> None:
    assert run_confined("probe-memory", str(100 * MIB).encode()) == str(100 * MIB).encode()
    with pytest.raises(NotTrusted) as caught:
        run_confined("probe-memory", str(2_048 * MIB).encode())
    assert caught.value.code == "FILE_TOO_DEMANDING"


def test_a_smaller_memory_limit_bites_sooner() -> None:
    with pytest.raises(NotTrusted) as caught:
        run_confined("probe-memory", str(100 * MIB).encode(), memory_bytes=90 * MIB)
    assert caught.value.code == "FILE_TOO_DEMANDING"


@pytest.mark.parametrize("limits", [{"cpu_s": 1}, {"wall_s": 0.5}], ids=["processor", "wall"])
def test_an_endless_child_is_stopped(limits: dict[str, int]) -> None:
    began = time.monotonic()
    with pytest.raises(NotTrusted) as caught:
        run_confined("probe-time", b"for ever", **limits)
    assert caught.value.code == "FILE_TOO_DEMANDING"
    assert time.monotonic() - began < 5


def test_an_answer_beyond_its_bound_is_not_taken() -> None:
    assert len(run_confined("probe-echo", b"x" * 1_000, output_bytes=1_000)) == 1_000
    with pytest.raises(NotTrusted) as caught:
        run_confined("probe-echo", b"x" * 1_001, output_bytes=1_000)
    assert caught.value.code == "FILE_TOO_DEMANDING"


def test_a_child_cannot_write_a_file(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(b"kept")
    for name in (tmp_path / "new", kept):
        assert run_confined("probe-write", str(name).encode()) == b"REFUSED"
    assert kept.read_bytes() == b"kept" or not limits.landlock_version()
    assert not (tmp_path / "new").exists() or not limits.landlock_version()


def test_a_child_reads_the_program_and_nothing_else(tmp_path: Path) -> None:
    kept = tmp_path / "vault.db"
    kept.write_bytes(b"kept")
    for name in (kept, Path("/etc/passwd"), Path("/proc/self/mem")):
        assert run_confined("probe-read", str(name).encode()) == b"REFUSED" or not limits.landlock_version()
    assert run_confined("probe-read", limits.__file__.encode()) == b"READ"


def test_a_child_reaches_nobody_by_udp_tcp_or_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "listening")
    with (
        socket.socket(type=socket.SOCK_DGRAM) as udp,
        socket.socket() as tcp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        udp.bind(("127.0.0.1", 0))
        tcp.bind(("127.0.0.1", 0))
        unix.bind(path)
        tcp.listen()
        unix.listen()
        ways = f"{udp.getsockname()[1]}\n{tcp.getsockname()[1]}\n{path}".encode()
        assert (
            probe_network(ways) == b"UDP TCP UNIX"
        )  # from here all three are open, so that the next line says something
        assert run_confined("probe-network", ways) == b""


def test_each_wall_before_the_network_stands_without_the_other() -> None:
    if sys.platform != "linux" or platform.machine() not in limits._REFUSED_CALLS:
        pytest.skip("no such walls here")
    libc = ctypes.CDLL(None, use_errno=True)

    def by_calls() -> bool:
        libc.prctl(38, 1, 0, 0, 0)
        limits._refuse_calls(libc)
        os.kill(os.getpid(), 0)  # what is not on the list goes on
        return all(refused(way) for way in (socket.socket, socket.socketpair, attach))

    def attach() -> None:
        if libc.ptrace(0, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def refused(way: Callable[[], object]) -> bool:
        try:
            way()
        except PermissionError:
            return True
        return False

    def by_namespace() -> bool:
        limits._leave_network(libc)
        interfaces = [line.split(":")[0].strip() for line in Path("/proc/self/net/dev").read_text().splitlines()[2:]]
        return interfaces == ["lo"]

    assert in_a_fork(by_calls)
    if os.geteuid() == 0:  # without root the system's policy decides
        assert in_a_fork(by_namespace)


def in_a_fork(act: Callable[[], bool]) -> bool:
    """Say whether `act` holds in a fork, so that the tests themselves keep their rights."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if act() else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_child_knows_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    monkeypatch.setenv("QT_PLUGIN_PATH", "/nowhere")
    assert confinement._environment() == {}
    assert run_confined("probe-echo", b"still here") == b"still here"


def test_an_unknown_task_is_our_own_mistake() -> None:
    with pytest.raises(KeyError):
        run_confined("read-anything", b"")


def test_a_child_that_does_not_start_does_not_blame_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(Obstacle) as caught:
        run_confined("probe-echo", b"")
    assert caught.value.code == "READER_NOT_STARTED"
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(Obstacle) as caught:
        run_confined("probe-echo", b"x" * MIB)
    assert caught.value.code == "READER_NOT_STARTED"


def test_the_frozen_window_asks_the_tool_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/rufaa/rufaa")
    assert confinement._command("probe-echo", 1, 2) == ["/opt/rufaa/rufaa-cli", "child", "probe-echo", "1", "2"]


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (b"READY\nREFUSED ARCHIVE_DAMAGED\n", 0, "ARCHIVE_DAMAGED"),
        (b"READY\nREFUSED FILE_TOO_LARGE\n", 0, "FILE_UNREADABLE"),  # not one of this task's codes
        (b"READY\nREFUSED ARCHIVE_DAMAGED name=Wambui\n", 0, "FILE_UNREADABLE"),  # not a number or a code
        (b"READY\nREFUSED ARCHIVE_DAMAGED row=12\n", 0, "FILE_UNREADABLE"),  # a fact this code has not
        (b"READY\nREFUSED WORKBOOK_OUT_OF_ORDER\n", 0, "FILE_UNREADABLE"),  # without its facts
        (b"READY\nREFUSED WORKBOOK_OUT_OF_ORDER row=1\n", 0, "FILE_UNREADABLE"),
        (b"READY\nREFUSED WORKBOOK_OUT_OF_ORDER row=1 sheet=2 row=3\n", 0, "FILE_UNREADABLE"),
        (b"READY\nREFUSED WORKBOOK_OUT_OF_ORDER row=1 language=2\n", 0, "FILE_UNREADABLE"),
        (b"READY\nREFUSED WORKBOOK_OUT_OF_ORDER code=1 self=2\n", 0, "FILE_UNREADABLE"),
        (b"READY\nREFUSED ARCHIVE_DAMAGED\nmore", 0, "FILE_UNREADABLE"),
        (b"READY\nREFUSED ARCHIVE_DAMAGED\n", 1, "FILE_UNREADABLE"),
        (b"READY\nANSWER\nhalf", 1, "FILE_UNREADABLE"),
        (b"READY\n", 0, "FILE_UNREADABLE"),
        (b"READY\n", 70, "FILE_TOO_DEMANDING"),
        (b"READY\nANSWER\n", -signal.SIGXCPU, "FILE_TOO_DEMANDING"),
        (b"ANSWER\nx", 0, "READER_NOT_STARTED"),
        (b"", 1, "READER_NOT_STARTED"),
    ],
)
def test_what_a_childs_words_and_status_mean(words: bytes, status: int, code: str) -> None:
    with pytest.raises((NotTrusted, Obstacle)) as caught:
        confinement._verdict(words, status, LITTLE, stopped=False)
    assert caught.value.code == code


def test_a_refusal_brings_numbers_and_codes_only() -> None:
    with pytest.raises(NotTrusted) as caught:
        confinement._verdict(b"READY\nREFUSED WORKBOOK_OUT_OF_ORDER row=12 sheet=AG\n", 0, LITTLE, stopped=False)
    assert caught.value.facts == {"row": 12, "sheet": "AG"}


def test_every_refusal_brings_exactly_the_facts_that_its_sentences_name() -> None:
    for task in TASKS.values():
        for code, names in task.refusals.items():
            for text in sentences()[code].values():
                assert {name for _, name, _, _ in string.Formatter().parse(text) if name} <= names, code


def test_every_task_names_something_that_exists() -> None:
    for task in TASKS.values():
        assert isinstance(task, Task)
        module, _, function = task.target.partition(":")
        assert callable(getattr(__import__(module, fromlist=[function]), function))


def test_the_windows_job_has_the_layout_of_the_64_bit_header() -> None:
    limits = job_limits(512 * MIB, 20)
    assert ctypes.sizeof(limits) == 144
    raw = bytes(limits)
    assert int.from_bytes(raw[0:8], "little") == 200_000_000  # PerProcessUserTimeLimit, 20 s in units of 100 ns
    assert int.from_bytes(raw[16:20], "little") == 0x250A  # LimitFlags
    assert int.from_bytes(raw[40:44], "little") == 1  # ActiveProcessLimit
    assert int.from_bytes(raw[112:120], "little") == 512 * MIB  # ProcessMemoryLimit
    assert int.from_bytes(raw[120:128], "little") == 0  # JobMemoryLimit


def test_the_child_sets_every_limit_of_its_own() -> None:
    import resource

    wanted = {
        resource.RLIMIT_AS: (512 * MIB, 512 * MIB),
        resource.RLIMIT_CPU: (3, 4),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NOFILE: (32, 32),
        resource.RLIMIT_NPROC: (0, 0),
    }

    def limited() -> bool:
        limits.limit_this_process(512 * MIB, 3)
        kept = all(resource.getrlimit(which) == pair for which, pair in wanted.items())
        return kept and ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 1  # PR_GET_NO_NEW_PRIVS

    assert in_a_fork(limited)
