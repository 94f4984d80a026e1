from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from desktop import confinement
from desktop.confinement import MIB, TASKS, Task, job_limits, run_confined
from desktop.errors import NotTrusted, Obstacle

LITTLE = frozenset({"ARCHIVE_DAMAGED"})


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
    assert kept.read_bytes() == b"kept" or not confinement.landlock_version()
    assert not (tmp_path / "new").exists() or not confinement.landlock_version()


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
        confinement._verdict(b"READY\nREFUSED ARCHIVE_DAMAGED row=12 column=AG\n", 0, LITTLE, stopped=False)
    assert caught.value.facts == {"row": 12, "column": "AG"}


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
    """In a fork, so that the tests themselves keep their rights."""
    import resource

    child = os.fork()
    if child == 0:
        try:
            confinement.limit_this_process(512 * MIB, 3)
            wanted = {
                resource.RLIMIT_AS: (512 * MIB, 512 * MIB),
                resource.RLIMIT_CPU: (3, 4),
                resource.RLIMIT_FSIZE: (0, 0),
                resource.RLIMIT_CORE: (0, 0),
                resource.RLIMIT_NOFILE: (32, 32),
                resource.RLIMIT_NPROC: (0, 0),
            }
            kept = all(resource.getrlimit(which) == pair for which, pair in wanted.items())
            no_new_privileges = ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 1
            os._exit(0 if kept and no_new_privileges else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
