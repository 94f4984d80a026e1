"""`make bench`: every measurement as one JSON line with goal, figure, limit or anchor, ratio, N and versions."""

from __future__ import annotations

import json
import platform
import sys

from bench import line_size, window
from desktop import VERSION


def main() -> int:
    """Run every measurement."""
    versions = {"rufaa": VERSION, "python": platform.python_version(), "machine": platform.machine()}
    for part in (line_size, window):
        for result in part.measure():
            sys.stdout.write(json.dumps({**result, **versions}, sort_keys=True) + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
