"""The real command in a process of its own, with the sentence on a descriptor as a person's script would hand it in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("rufaa-cli"))


def rufaa(*arguments: object, sentence: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `rufaa-cli`; where a sentence is given, `--sentence-fd N` is added after the arguments."""
    words = [COMMAND, *map(str, arguments)]
    settings = {**os.environ, **environment}
    if sentence is None:
        return subprocess.run(words, capture_output=True, text=True, env=settings, stdin=subprocess.DEVNULL)
    reading, writing = os.pipe()
    try:
        os.write(writing, f"{sentence}\n".encode())
        os.close(writing)
        return subprocess.run(
            [*words, "--sentence-fd", str(reading)],
            capture_output=True,
            text=True,
            env=settings,
            stdin=subprocess.DEVNULL,
            pass_fds=(reading,),
        )
    finally:
        os.close(reading)
