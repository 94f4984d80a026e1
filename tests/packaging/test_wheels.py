"""Every package of the program can be had for 64-bit Windows and each Python we name, by the lock's hashes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tasks


@pytest.mark.heavy
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_can_be_installed_on_windows(python: str, tmp_path: Path) -> None:
    # pip asks this machine what Windows needs besides, so here the question is taken out.
    lock = tmp_path / "lock.txt"
    text = tasks.lock_file("build").read_text(encoding="utf-8")
    assert "pefile" in text
    lock.write_text(text.replace(" ; sys_platform == 'win32'", ""), encoding="utf-8")
    # Nothing is installed: pip finds each wheel and compares its hash.
    asked = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--dry-run", "--no-deps"),
            *("--require-hashes", "--only-binary=:all:", "--ignore-installed", "--target", str(tmp_path)),
            *("--platform", "win_amd64", "--implementation", "cp", "--python-version", python),
            *("--report", str(tmp_path / "report.json"), "--quiet", "--requirement", str(lock)),
        ],
        capture_output=True,
        text=True,
    )
    assert asked.returncode == 0, asked.stderr
    report = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert report.count("win_amd64.whl") > 10
    assert "/pefile-" in report
    assert "manylinux" not in report
