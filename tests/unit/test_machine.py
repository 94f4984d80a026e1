from __future__ import annotations

import ctypes
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from desktop import machine

# Taken when the tests are collected: fixtures of other tests make this machine look small for a while.
total_memory_bytes = machine.total_memory_bytes


def test_the_memory_is_what_the_kernel_says() -> None:
    stated = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    assert stated is not None
    assert total_memory_bytes() == pytest.approx(int(stated[1]) * 1024, rel=0.01)


def test_a_system_that_does_not_tell_gives_nought(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "sysconf", refuse)
    assert total_memory_bytes() == 0


@pytest.mark.parametrize(("answers", "expected"), [(True, 8 * 2**30), (False, 0)])
def test_windows_is_asked_for_its_memory_status(answers: bool, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(pointer: object) -> int:
        status = pointer._obj  # type: ignore[attr-defined]
        assert status.length == ctypes.sizeof(status) == 64
        status.total = 8 * 2**30
        return int(answers)

    windll = SimpleNamespace(kernel32=SimpleNamespace(GlobalMemoryStatusEx=fill))
    monkeypatch.setattr(ctypes, "windll", windll, raising=False)
    monkeypatch.setattr("sys.platform", "win32")
    assert total_memory_bytes() == expected
