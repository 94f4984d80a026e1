"""The frozen folder, made by the task that makes it for everybody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tasks


@pytest.fixture(scope="session")
def frozen() -> Path:
    """dist/rufaa, made anew where a source is newer than it."""
    folder = tasks.ROOT / "dist" / "rufaa"
    sources = [tasks.ROOT / "build.spec", tasks.lock_file("build")]
    for name in ("desktop", "ui", "db", "resources", "packaging"):
        sources += [path for path in (tasks.ROOT / name).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    newest = max(path.stat().st_mtime for path in sources)
    if not (folder / "rufaa").exists() or (folder / "rufaa").stat().st_mtime < newest:
        subprocess.run([sys.executable, "tasks.py", "build"], cwd=tasks.ROOT, check=True)
    return folder
