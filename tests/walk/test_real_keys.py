"""The whole walk by real keys on the real window, under an X server of its own and without a window manager."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_WALK_S = 540
# What the screens ask for between an empty folder and a printed letter; a form that asks more is to be noticed.
MOST_KEYS, MOST_STEPS = 550, 130

LP = """#!/bin/sh
printf '%s\\n' "$*" > "$0.arguments"
/bin/cat > "$0.pdf"
"""


@pytest.mark.heavy
def test_the_walk_by_real_keys_prints_the_letter_and_ends_in_order(tmp_path: Path, display: str) -> None:
    (tmp_path / "stick").mkdir()
    lp = tmp_path / "lp"
    lp.write_text(LP)
    lp.chmod(0o755)
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    walk = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.walk.run", str(tmp_path), str(lp)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_WALK_S,
    )

    assert walk.returncode == 0, walk.stderr
    assert walk.stderr == ""
    told = json.loads(walk.stdout)
    assert told["qt"] == []
    printed = lp.with_suffix(".pdf")
    assert list(told["letters"].values()) == [hashlib.sha256(printed.read_bytes()).hexdigest()]
    assert lp.with_suffix(".arguments").read_text() == "-n 1 -t Document -\n"
    pages = subprocess.run(["pdfinfo", str(printed)], capture_output=True, text=True, check=True).stdout
    assert "Pages:           1\n" in pages
    assert told["keys"] <= MOST_KEYS
    assert told["steps"] <= MOST_STEPS
