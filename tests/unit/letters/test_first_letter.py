"""What draws letters is not in memory before the first letter."""

from __future__ import annotations

import subprocess
import sys


def test_services_are_there_without_what_draws_letters() -> None:
    loaded = "import sys, desktop.bootstrap; print(*{name.partition('.')[0] for name in sys.modules})"
    said = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert "sqlalchemy" in said
    assert not {"reportlab", "PIL", "segno", "uharfbuzz", "arabic_reshaper"} & set(said)
